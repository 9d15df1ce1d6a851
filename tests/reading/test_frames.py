"""Crop, drawing, centring and decision against Pillow, counting by hand, real digits and plain rules."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kit import KitError
from kit.data import loading
from kit.reading.frames import (
    GAP,
    PEN,
    RELEASE,
    SETTLE,
    Decider,
    Reader,
    Region,
    centred,
    drawn,
    guide_region,
    reduced,
    rounded,
)

LABELS = (*map(str, range(10)), "background")


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


def reader(crop: str = "box", polarity: str = "any", size: int = 16, threshold: float = 0.6) -> Reader:
    """Answers with the digit whose number is a tenth of the first pixel; keeps what it was asked."""
    asked: list[np.ndarray] = []

    def network(images: np.ndarray) -> np.ndarray:
        asked.append(images)
        return np.where(np.arange(11) == images[0, 0, 0, 0] // 10, 0.9, 0.01).astype(np.float32)[None]

    made = Reader("fake", LABELS, "background", size, polarity, crop, threshold, network)
    object.__setattr__(made, "asked", asked)
    return made


def test_a_camera_network_gets_the_box_as_it_is() -> None:
    fake = reader()
    frame = np.full((160, 160), 70, np.uint8)
    assert fake.verdict(fake.read_frame(frame)) == "7"
    assert fake.asked[0].shape == (1, 16, 16, 1) and (fake.asked[0] == 70).all()  # type: ignore[attr-defined]
    assert fake.verdict(fake.read_frame(np.full((160, 160), 100, np.uint8))) is None  # background
    assert replace(fake, threshold=0.95).verdict(fake.read_frame(frame)) is None


def test_a_competition_network_gets_white_ink_on_black() -> None:
    fake = reader("centred", "white on black", 28)
    assert fake.side == 112
    drawing = fake.drawing([[(0.5, 0.3), (0.5, 0.7)]])
    assert drawing.shape == (112, 112) and drawing[0, 0] == 0 and drawing[56, 56] == 255
    fake.read_square(drawing)
    fake.read_frame(255 - np.kron(drawing, np.ones((3, 3), np.uint8)))
    first, second = fake.asked  # type: ignore[attr-defined]
    assert first.shape == second.shape == (1, 28, 28, 1)
    assert np.abs(first.astype(int) - second).max() <= 2  # dark on light, three times as large: the same ink


def test_rounding_is_upwards() -> None:
    assert rounded(np.array([0.0, 0.49, 0.5, 1.5, 2.5, 254.6])).tolist() == [0, 0, 1, 2, 3, 255]


def peaked(label: int, share: float) -> list[float]:
    return [share if other == label else (1 - share) / 10 for other in range(11)]


def watch(decider: Decider, label: int, share: float, start: float, seconds: float, rate: float = 30) -> list:
    return [
        decider.update(peaked(label, share), start + frame / rate) for frame in range(max(1, round(seconds * rate)))
    ]


@pytest.mark.parametrize("rate", [8, 30, 120])
def test_a_digit_is_shown_when_it_has_led_for_long_enough(rate: float) -> None:
    decisions = watch(Decider(LABELS, "background", 0.6), 7, 0.95, 10, 1, rate)
    shown = next(number for number, decision in enumerate(decisions) if decision.state == "shown")
    assert SETTLE - 1e-9 <= shown / rate <= SETTLE + 1 / rate + 1e-9
    assert [decision.announce for decision in decisions].count(True) == 1 and decisions[shown].announce
    assert all(decision.state == "candidate" and decision.label == "7" for decision in decisions[:shown])
    assert decisions[-1].confidence == pytest.approx(0.95)


def test_the_time_to_settle_counts_in_full() -> None:
    for last, state in ((SETTLE, "shown"), (SETTLE - 1e-9, "candidate")):
        decider = Decider(LABELS, "background", 0.6)
        decider.update(peaked(7, 0.95), 0)
        assert decider.update(peaked(7, 0.95), last).state == state


def test_it_is_held_against_flicker_and_let_go_below() -> None:
    decider = Decider(LABELS, "background", 0.6)
    watch(decider, 7, 0.95, 0, 1)
    assert decider.update(peaked(3, 0.95), 1.0).label == "7"
    assert {decision.label for decision in watch(decider, 7, 0.95, 1.03, 0.5)} == {"7"}
    assert watch(decider, 7, 0.6 * RELEASE + 0.02, 1.6, 2)[-1].state == "shown"
    assert watch(decider, 7, 0.6 * RELEASE - 0.02, 3.6, 1)[-1].state == "silent"
    watch(decider, 7, 0.95, 4.6, 1)
    assert watch(decider, 10, 0.9, 5.6, 0.5)[-1].state == "silent"
    assert [decision.label for decision in watch(decider, 3, 0.9, 6.1, 1) if decision.announce] == ["3"]


def test_a_pause_an_old_frame_and_nonsense() -> None:
    decider = Decider(LABELS, "background", 0.6)
    watch(decider, 7, 0.95, 0, 1)
    before = decider.update(peaked(7, 0.95), 1)
    assert decider.update(peaked(3, 0.95), 0.9) == before
    assert decider.update([0.5], 1.1) == before and decider.update([math.nan] * 11, 1.1) == before
    assert decider.update(peaked(3, 0.95), math.inf) == before
    assert decider.update(peaked(3, 0.95), 1 + GAP + 0.01).state == "candidate"
    with pytest.raises(KitError, match="between 0 and 1"):
        Decider(LABELS, "background", 1.2)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10), st.floats(0, 1), st.floats(0, 0.3)), max_size=80),
    st.floats(0.1, 1),
)
def test_whatever_is_seen_the_rules_hold(frames: list[tuple[int, float, float]], threshold: float) -> None:
    """Never background, never below the lower threshold, and nothing shown that was not announced."""
    decider, time, announced = Decider(LABELS, "background", threshold), 0.0, None
    for label, share, pause in frames:
        time += pause
        decision = decider.update(peaked(label, share), time)
        assert decision.label != "background" and (decision.label is None) == (decision.state == "silent")
        assert sum(decision.probabilities) == pytest.approx(1, abs=1e-9)
        if decision.announce:
            announced = decision.label
        if decision.state == "shown":
            assert decision.label == announced
            assert decision.confidence >= RELEASE * threshold - 1e-12
