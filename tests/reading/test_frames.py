"""Crop, drawing and centring against Pillow, counting by hand and real digits."""

import math
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from kit.data import loading
from kit.reading.frames import PEN, Region, centred, drawn, guide_region, reduced, rounded


@pytest.mark.parametrize(("width", "height"), [(640, 480), (481, 333), (1, 1), (7, 90)])
@pytest.mark.parametrize("view", [None, (390, 844), (844, 390)])
def test_turning_the_sensor_changes_nothing_that_is_read(width: int, height: int, view: tuple[int, int] | None) -> None:
    """The same scene, however the phone is held: NumPy turns the whole frame, the code only its square."""
    upright = np.random.default_rng(3).integers(0, 256, (height, width)).astype(np.uint8)
    expected = reduced(upright, guide_region(width, height, 0, view), 16)
    for turns in range(1, 4):
        sensor = np.rot90(upright, turns)  # anticlockwise: so many clockwise turns bring it upright
        region = guide_region(sensor.shape[1], sensor.shape[0], turns, view)
        assert (reduced(sensor, region, 16, turns) == expected).all()


def test_the_guide_box_is_in_the_middle_and_seen_whole() -> None:
    assert guide_region(100, 200) == Region(20, 70, 60)
    assert guide_region(1080, 1920, view=(320, 1024)) == Region(360, 780, 360)  # of which 600 × 1920 are seen
    assert guide_region(100, 200, view=(0, 50)) == guide_region(100, 200)


@pytest.mark.parametrize(("side", "size"), [(640, 64), (333, 64), (64, 64), (50, 28), (20, 64), (1, 4)])
def test_areas_are_averaged_exactly(side: int, size: int) -> None:
    frame = np.random.default_rng(side).integers(0, 256, (side + 9, side + 5)).astype(np.uint8)
    ours = reduced(frame, Region(3, 7, side), size).astype(int)
    cut = frame[7 : 7 + side, 3 : 3 + side].astype(float)
    lines = np.repeat(cut, size, axis=0).reshape(size, side, side).mean(axis=1)
    theirs = np.repeat(lines, size, axis=1).reshape(size, size, side).mean(axis=2)
    assert np.abs(ours - theirs).max() <= 0.5 + 1e-9
    if side % size == 0:
        picture = Image.fromarray(cut.astype(np.float32)).resize((size, size), Image.Resampling.BOX)
        assert np.abs(ours - np.asarray(picture)).max() <= 0.5 + 1e-3


def test_a_stroke_is_as_wide_as_the_pen_and_smooth() -> None:
    """Counted on a grid twenty times as fine."""
    size, fine = 64, 20
    stroke = [(0.2, 0.3), (0.7, 0.45), (0.5, 0.85)]
    ours = drawn([stroke], size, paper=0, ink=1)
    y, x = (np.mgrid[: size * fine, : size * fine] + 0.5) / fine
    inside = np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in pairwise(stroke):
        a, b = complex(ax, ay) * size, complex(bx, by) * size
        place = x + 1j * y
        along = np.clip(((place - a) * (b - a).conjugate()).real / abs(b - a) ** 2, 0, 1)
        inside |= np.abs(place - (a + along * (b - a))) <= PEN * size / 2
    theirs = inside.reshape(size, fine, size, fine).mean(axis=(1, 3))
    assert np.abs(ours - theirs).max() < 0.13  # distance to the middle of a pixel stands for its area
    assert ours.sum() == pytest.approx(theirs.sum(), rel=0.02)


def test_a_dot_is_round_and_an_empty_pad_is_paper() -> None:
    dot = drawn([[(0.5, 0.5)]], 50, paper=0, ink=1)
    assert dot.sum() == pytest.approx(math.pi * 2**2, rel=0.03)
    assert (dot == dot.T).all() and (dot == dot[::-1]).all()
    assert (drawn([], 9) == 235).all() and (drawn([[]], 9) == 235).all()


def test_strokes_outside_of_the_pad_leave_it_empty() -> None:
    assert (drawn([[(1.5, 0.5), (3, 3)], [(-9, 0), (-1, 1)]], 20) == 235).all()


@pytest.fixture(scope="module")
def digits(sample: object) -> np.ndarray:
    return loading.load("train", sample).images[:200, :, :, 0]  # type: ignore[arg-type]


@pytest.mark.parametrize("paper_and_ink", [(0, 255), (210, 40), (90, 200)])
def test_a_real_digit_on_paper_comes_back_as_the_competition_has_it(
    digits: np.ndarray, paper_and_ink: tuple[int, int]
) -> None:
    """The competition's own digits, enlarged, moved and laid on paper: centring undoes all of it."""
    paper, ink = paper_and_ink
    errors = []
    for digit in digits:
        big = np.asarray(Image.fromarray(digit).resize((112, 112), Image.Resampling.BICUBIC), float) / 255
        square = np.full((170, 170), paper, float)
        square[9:121, 47:159] += (ink - paper) * big
        back = centred(square.astype(np.uint8))
        errors.append(np.abs(back - digit).mean() / digit.mean())
    assert np.median(errors) < 0.25 and np.mean(np.array(errors) > 0.6) < 0.05


def test_the_ink_fills_twenty_pixels_around_its_mass(digits: np.ndarray) -> None:
    for digit in digits[:50]:
        back = centred(np.kron(digit, np.ones((4, 4), np.uint8)))
        rows, columns = np.nonzero(back >= 128)
        longest = max(rows.max() - rows.min(), columns.max() - columns.min()) + 1
        assert 19 <= longest <= 21
        grid = np.arange(28) + 0.5
        middle = (back.sum(axis=0) @ grid / back.sum(), back.sum(axis=1) @ grid / back.sum())
        assert middle == pytest.approx((14.5, 14.5), abs=0.1)


def test_a_square_without_ink_is_black() -> None:
    noise = np.random.default_rng(0).integers(100, 120, (64, 64)).astype(np.uint8)
    assert (centred(noise) == 0).all() and (centred(np.full((9, 9), 255, np.uint8)) == 0).all()


def test_rounding_is_upwards() -> None:
    assert rounded(np.array([0.0, 0.49, 0.5, 1.5, 2.5, 254.6])).tolist() == [0, 0, 1, 2, 3, 255]
