"""Scenes against the digits that they are of: the ink is measured by drawing the same scene without it."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from conftest import csv_of

from kit.data import loading
from kit.data.loading import Digits
from kit.run.settings import Settings
from kit.scenes import drawing, strokes
from kit.scenes.drawing import Scenery
from kit.scenes.proportions import HANDS, LIGHT, NEIGHBOURS, PADDING, PENS, SENSOR, SHEET, STOCK, TOOLS
from kit.task import CAMERA
from kit.training.examples import SceneExamples, examples
from kit.training.split import split_rows

COUNT, SIZE = 400, 64  # so that a pixel is a 64th of the frame


@pytest.fixture(scope="module")
def digits(sample: Path) -> Digits:
    return loading.load("train", sample)


@pytest.fixture(scope="module")
def around(digits: Digits) -> Scenery:
    return drawing.scenery(strokes.trace(digits.images[:200]), np.random.default_rng(0), SIZE)


@pytest.fixture(scope="module")
def chosen(digits: Digits) -> tuple[np.ndarray, np.ndarray]:
    """Strokes and labels of digits that get no flag and no bar."""
    assert digits.labels is not None
    rows = np.flatnonzero(~np.isin(digits.labels, (1, 7)))[:COUNT]
    return strokes.trace(digits.images[rows]), digits.labels[rows]


@pytest.fixture(scope="module")
def pair(around: Scenery, chosen: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Scenes with their ink and the very same without it, float (n, 64, 64)."""
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(vars(HANDS), "by_rule", (0.0,) * 10)  # each of them, not another drawn by rule
        patch.setitem(vars(PADDING), "share", 0.0)  # bars, and lines below, go by where the ink is
        patch.setitem(vars(NEIGHBOURS), "underlined", 0.0)
        for traced in (chosen[0], np.full_like(chosen[0], 255)):
            images, _ = drawing.scenes(traced, chosen[1], 0, around, [5])
            found.append(images[..., 0].astype(float))
    return found[0], found[1]


def test_the_seed_decides_everything(around: Scenery, chosen: tuple[np.ndarray, np.ndarray]) -> None:
    one, same, other = (drawing.scenes(chosen[0][:300], chosen[1][:300], 60, around, [seed]) for seed in (1, 1, 2))
    assert one[0].shape == (360, SIZE, SIZE, 1) and one[0].dtype == np.uint8
    assert (one[0] == same[0]).all() and (one[1] == same[1]).all()
    assert np.mean([(a != b).any() for a, b in zip(one[0], other[0], strict=True)]) > 0.99
    assert one[1].tolist() == [*chosen[1][:300], *[CAMERA.background_class] * 60]


def test_the_ink_lies_inside_the_frame_and_its_size_is_in_range(pair: tuple[np.ndarray, np.ndarray]) -> None:
    ink = np.abs(pair[0] - pair[1]) > 12
    seen = ink.sum(axis=(1, 2)) > 6
    assert seen.mean() > 0.97
    heights = [np.ptp(np.flatnonzero(one.any(axis=1))) + 1 for one in ink[seen]]
    assert np.percentile(heights, 5) < 14 and np.percentile(heights, 50) < 40 and np.percentile(heights, 92) > 48
    middles = np.array([np.argwhere(one).mean(axis=0) for one in ink[seen]])
    assert middles.min() > 0 and middles.max() < SIZE - 1 and middles.std(axis=0).min() > 8  # anywhere in it


def test_the_ink_has_the_shape_of_the_digit(
    pair: tuple[np.ndarray, np.ndarray], chosen: tuple[np.ndarray, np.ndarray]
) -> None:
    """Cut out, the ink is nearest to pictures of its own label, by plain correlation."""
    import cv2

    def normed(picture: np.ndarray) -> np.ndarray:
        rows, columns = np.flatnonzero(picture.any(axis=1)), np.flatnonzero(picture.any(axis=0))
        cut = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)
        small = cv2.GaussianBlur(cv2.resize(cut, (20, 20), interpolation=cv2.INTER_AREA), (0, 0), 1)
        return (small - small.mean()) / small.std()

    plain = np.stack([normed(one < strokes.INSIDE * strokes.UNIT) for one in chosen[0][:, 1]])
    ink = np.abs(pair[0] - pair[1]) > 12
    large = np.flatnonzero(ink.sum(axis=(1, 2)) > 60)
    likeness = np.stack([normed(ink[number]) for number in large]).reshape(len(large), -1) @ plain.reshape(COUNT, -1).T
    likeness[np.arange(len(large)), large] = -np.inf  # not with itself
    found = chosen[1][likeness.argmax(axis=1)]
    assert (found == chosen[1][large]).mean() > 0.6


def test_one_scene_in_seven_is_light_on_dark(pair: tuple[np.ndarray, np.ndarray]) -> None:
    change = pair[0] - pair[1]
    lighter = np.array([one[np.abs(one) > 12].sum() > 0 for one in change])
    assert lighter.mean() == pytest.approx(SENSOR.light_on_dark, abs=0.06)


def test_as_many_digits_are_drawn_by_rule_as_are_meant_to_be(around: Scenery, digits: Digits) -> None:
    """Without ink in one of the two, those that show the difference are of the other."""
    assert digits.labels is not None
    traced, labels = strokes.trace(digits.images[:COUNT]), digits.labels[:COUNT]
    bare = dataclasses.replace(around, digits=np.full_like(around.digits, 255))
    full, without = (drawing.scenes(traced, labels, 0, scenery, [6])[0].astype(int) for scenery in (around, bare))
    differ = (np.abs(full - without) > 12).sum(axis=(1, 2, 3)) > 6
    assert differ.mean() == pytest.approx(np.take(HANDS.by_rule, labels).mean(), abs=0.06)


def test_a_pen_covers_the_area_that_its_width_says(around: Scenery) -> None:
    """A straight line of 20 of 32 pixels: its area is length times width, for widths below a pixel too."""
    line = np.zeros((strokes.GRID, strokes.GRID), bool)
    line[9:39, 24] = True
    draw = drawing._Draw(np.random.default_rng(0), around, np.empty((0, 2, 48, 48)), np.empty(0))
    for radius in (0.25, 0.5, 1.0, 2.0, 4.0):
        pen = drawing.Pen(radius, 0, 1)
        ink = draw.write(strokes.line_distances(line), 40, pen, bend=0, overhang=0, middle=(32.0, 32.0))
        assert ink.sum() == pytest.approx(2 * radius * 40 + np.pi * radius**2, rel=0.3)


def test_a_pen_on_binarised_paper_is_no_thinner_than_a_pixel(around: Scenery) -> None:
    """A thinner line breaks into specks there."""
    draw = drawing._Draw(np.random.default_rng(0), around, np.empty((0, 2, 48, 48)), np.empty(0))
    page = np.full((SIZE, SIZE), 250, np.float32)
    clean, usual = ([draw.pen(9, page, clean, PENS.widest).radius for _ in range(500)] for clean in (True, False))
    assert min(filter(None, clean)) > 0.5 > min(filter(None, usual))


def straight_down(around: Scenery) -> tuple[drawing._Draw, np.ndarray]:
    """What draws, and a straight line of 20 of 32 pixels."""
    line = np.zeros((strokes.GRID, strokes.GRID), bool)
    line[9:39, 24] = True
    return drawing._Draw(np.random.default_rng(0), around, np.empty((0, 2, 48, 48)), np.empty(0)), (
        strokes.line_distances(line)
    )


def test_a_hand_that_presses_unevenly_makes_a_stroke_darker_and_wider_in_places(around: Scenery) -> None:
    draw, line = straight_down(around)

    def along(pressure: float) -> tuple[np.ndarray, np.ndarray]:
        """Deviations of the darkness and of the width along each of 100 strokes."""
        pen = drawing.Pen(2.0, 0, 1, pressure=pressure)
        ink = np.stack([upright(draw, line, pen) for _ in range(100)])[:, 20:44]
        return ink.max(axis=2).std(axis=1), (ink > 0.25).sum(axis=2).std(axis=1)

    def upright(draw: drawing._Draw, line: np.ndarray, pen: drawing.Pen) -> np.ndarray:
        draw.slant = lambda scale, stretch: (scale, 0, 0, scale)  # type: ignore[method-assign]
        return draw.write(line, 40, pen, bend=0, overhang=0, middle=(32.0, 32.0))

    even, pressed = along(0.0), along(0.35)
    assert even[0].max() < 0.01 < 0.05 < np.median(pressed[0])
    assert np.median(pressed[1]) > 2 * np.median(even[1])


def test_a_hollow_stroke_is_lighter_in_its_middle(around: Scenery) -> None:
    full, hollow = (drawing._coverage(drawing.Pen(4.0, 0, 1, hollow=share), 1.0, 1.0) for share in (0.0, 0.5))
    assert hollow[0] == pytest.approx(0.5 * full[0]) and (hollow <= full).all()
    assert hollow[round(3.4 * strokes.UNIT)] > 0.9 * full[round(3.4 * strokes.UNIT)]


def test_tools_are_as_wide_and_as_dark_as_they_say(around: Scenery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(PENS), "any", 0.0)
    draw, _ = straight_down(around)
    page = np.full((SIZE, SIZE), 250, np.float32)
    pens = [draw.pen(50, page, False, PENS.widest) for _ in range(2000)]
    widths, darkness = np.array([(2 * (pen.radius or 0) / 50, pen.darkness) for pen in pens]).T
    assert sum(tool.share for tool in TOOLS) == pytest.approx(1)
    assert widths.min() < 1.1 * TOOLS[0].width[0] and widths.max() <= PENS.widest + 1e-6
    faint = darkness < TOOLS[1].darkness[0]
    assert 0.1 < faint.mean() < 0.2 and widths[faint].max() <= TOOLS[0].width[1]  # a hard pencil alone is as faint
    darker = np.full((SIZE, SIZE), 90, np.float32)  # on which the faintest tool would hardly be seen
    seen = [90 * draw.pen(50, darker, False, PENS.widest).darkness for _ in range(500)]
    assert PENS.faintest - 1e-6 <= min(seen) < 1.1 * PENS.faintest


def test_padding_covers_no_digit_and_has_the_median_of_the_border_beside_it(
    around: Scenery, chosen: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same scenes with and without it: what differs are two bars, of one grey."""
    drawn = {}
    for share in (0.0, 1.0):
        monkeypatch.setitem(vars(PADDING), "share", share)
        draw = drawing._Draw(np.random.default_rng(4), around, *chosen)
        slope = np.arange(SIZE, dtype=np.uint8)
        monkeypatch.setattr(draw, "without_digit", lambda slope=slope: (np.add.outer(slope, slope), None))
        drawn[share] = [draw.background() for _ in range(100)]
    upright = 0
    for plain, padded in zip(drawn[0.0], drawn[1.0], strict=True):
        turned = [padded.T, plain.T] if np.ptp(padded[0]) == 0 else [padded, plain]
        upright += np.ptp(padded[0]) != 0
        bars = np.flatnonzero((turned[0] != turned[1]).any(axis=0))
        width = (bars < SIZE / 2).sum()
        assert 1 < width <= PADDING.bar[1] and np.ptp(turned[0][:, :width]) == np.ptp(turned[0][:, -width:]) == 0
        inner = turned[1][:, width:-width]
        assert abs(int(turned[0][0, 0]) - np.median([*inner[0], *inner[-1], *inner[:, 0], *inner[:, -1]])) <= 1
    assert upright / 100 == pytest.approx(PADDING.upright, abs=0.12)


def test_bars_beside_a_digit_leave_its_ink(
    around: Scenery, chosen: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scenes of digits with bars and without, and without the digit, each from the same generator."""
    traced, labels = chosen
    monkeypatch.setitem(vars(HANDS), "by_rule", (0.0,) * 10)
    bright = (
        (SHEET, "clean", 0.0),
        (SHEET, "plain", 1.0),
        (LIGHT, "level", (200.0, 250.0)),
        (SENSOR, "compressed", 0.0),
    )
    for subject, name, value in bright:  # paper on which nothing follows from the ink but the ink
        monkeypatch.setitem(vars(subject), name, value)
    barred = 0
    for number in range(60):
        plain, padded, bare = (
            drawing._Draw(np.random.default_rng(number), around, strokes, labels).digit(number).astype(int)
            for strokes, share in ((traced, 0.0), (traced, 1.0), (np.full_like(traced, 255), 0.0))
            if not monkeypatch.setitem(vars(PADDING), "share", share)
        )
        ink = np.abs(plain - bare) > 12
        assert not ink.any() or (padded == plain)[ink].mean() > 0.97
        barred += (padded != plain).any()
    assert barred > 20


def test_ink_leaves_room_for_the_bars() -> None:
    ink = np.zeros((SIZE, SIZE), np.float32)
    ink[20:30, 15:60] = 1
    assert drawing._margins(ink) == (SIZE - 60 - PADDING.clear, 20 - PADDING.clear)


def test_a_line_below_leaves_the_digit_alone(around: Scenery, chosen: tuple[np.ndarray, np.ndarray]) -> None:
    draw, _ = straight_down(around)
    ink = np.zeros((SIZE, SIZE), np.float32)
    ink[10:30, 20:35] = 1
    for _ in range(50):
        line = draw.line_below(ink, 20, drawing.Pen(1.0, 0, 1))
        assert not line[:29].any() and line.max(axis=0).sum() > 0.5 * 20


def test_scenes_of_another_size_show_the_same_in_more_pixels(
    digits: Digits, around: Scenery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 96 pixels a side the ink covers the same share of the frame."""
    assert digits.labels is not None
    few = {"digits": 2, "letters": 1, "alphabets": 1, "doodles": 20, "blobs": 5, "silhouettes": 17, "bends": 4}
    for name, count in few.items():
        monkeypatch.setitem(vars(STOCK), name, count)
    large = drawing.scenery(strokes.trace(digits.images[:50]), np.random.default_rng(0), 96)
    _, line = straight_down(around)
    shares = []
    for scenery in (around, large):
        draw = drawing._Draw(np.random.default_rng(0), scenery, np.empty((0, 2, 48, 48)), np.empty(0))
        draw.slant = lambda scale, stretch: (scale, 0, 0, scale)  # type: ignore[method-assign]
        shares.append(draw.write(line, 40, drawing.Pen(1.5, 0, 1), bend=0, overhang=0, middle=(32.0, 32.0)).mean())
    assert shares[0] == pytest.approx(shares[1], rel=0.03)
    images, labels = drawing.scenes(strokes.trace(digits.images[:60]), digits.labels[:60], 60, large, [1])
    assert images.shape == (120, 96, 96, 1) and len(labels) == 120


def test_background_is_of_many_kinds_and_not_blank(around: Scenery, chosen: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = drawing.scenes(chosen[0], chosen[1], 300, around, [3])
    background = images[labels == CAMERA.background_class].astype(float)
    deviations = background.std(axis=(1, 2, 3))
    assert len(background) == 300 and np.percentile(deviations, 90) > 5 * np.percentile(deviations, 10)
    assert len({image.tobytes() for image in background}) > 290


def settings(share: float = 0.25) -> Settings:
    return Settings(
        arch="camera", epochs=1, batch_size=128, seed=3, split_seed=3, from_run=None, data="", fingerprint="",
        camera=True, background_share=share,
    )  # fmt: skip


def made(digits: Digits, share: float = 0.25) -> SceneExamples:
    assert digits.labels is not None
    found = examples(digits, settings(share), *split_rows(digits.labels, 0.2, 3))
    assert isinstance(found, SceneExamples)
    return found


@pytest.fixture(scope="module")
def few(small: Path) -> Digits:
    return loading.load("train", small)


def test_no_validation_digit_is_in_a_scene_of_the_training(few: Digits, tmp_path: Path) -> None:
    """Other pixels in the validation rows change the validation scenes and not one pixel of an epoch."""
    assert few.labels is not None
    _, validation_rows = split_rows(few.labels, 0.2, 3)
    images = few.images.copy()
    images[validation_rows] = images[validation_rows][:, ::-1]
    (tmp_path / "train.csv").write_bytes(csv_of(np.concatenate([few.labels[:, None], images.reshape(500, -1)], axis=1)))
    one, other = made(few), made(loading.load("train", tmp_path))
    assert (one.images != other.images).any()
    first, second = (found.epoch(2, np.random.default_rng(0)) for found in (one, other))
    assert (first[0] == second[0]).all() and (first[1] == second[1]).all()
    assert (one.epoch(3, np.random.default_rng(0))[0] != first[0]).any()  # fresh scenes every epoch


def test_the_share_of_background_is_what_was_asked_for(few: Digits) -> None:
    share = 0.4
    found = made(few, share)
    _, labels = found.epoch(0, np.random.default_rng(0))
    for seen in (labels, found.labels):
        assert (seen == CAMERA.background_class).mean() == pytest.approx(share, abs=0.01)
    assert few.labels is not None
    rows = found.numbers[found.numbers >= 0]
    assert (found.labels[: len(rows)] == few.labels[rows]).all()
    assert found.numbers[len(rows) :].tolist() == [-1 - number for number in range(len(found.labels) - len(rows))]
