"""Things without a digit, against measurements of their pixels."""

import numpy as np
import pytest

from kit.scenes import paper
from kit.scenes.paper import Paper
from kit.scenes.proportions import PENS, THINGS
from kit.scenes.silhouettes import _KINDS, BOX, INSIDE, POINTS, UNIT, silhouettes
from kit.scenes.things import Things

SIZE = 64


@pytest.fixture(scope="module")
def stock() -> np.ndarray:
    return silhouettes(3 * len(_KINDS), np.random.default_rng(0))


@pytest.fixture
def drawn(stock: np.ndarray) -> Things:
    generator = np.random.default_rng(0)
    grain = np.random.default_rng(1).standard_normal((3, 256, 256), np.float32)
    return Things(generator, Paper(generator, grain, paper.photographs()), stock)


def even(drawn: Things, grey: float, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """A table of that grey, on which whatever page is asked for."""
    page = np.full((SIZE, SIZE), grey, np.float32)
    monkeypatch.setattr(drawn._paper, "page", lambda *_, **__: page.copy())
    return page


def test_silhouettes_fill_their_box_and_follow_from_the_generator(stock: np.ndarray) -> None:
    assert stock.shape == (3 * len(_KINDS), POINTS, POINTS) and stock.dtype == np.uint8
    assert (stock == silhouettes(len(stock), np.random.default_rng(0))).all()
    assert len({one.tobytes() for one in stock}) == len(stock)
    for inside in stock < INSIDE * UNIT:
        sides = [np.ptp(np.flatnonzero(inside.any(axis=axis))) + 1 for axis in (0, 1)]
        assert max(sides) == pytest.approx(BOX, abs=3)


def test_silhouettes_are_somewhere_thicker_than_most_pens(stock: np.ndarray) -> None:
    """Against scipy's own distances: the widest circle inside."""
    from scipy.ndimage import distance_transform_edt

    thickest = np.array([2 * distance_transform_edt(one < INSIDE * UNIT).max() / BOX for one in stock])
    assert thickest.min() > THINGS.thinnest - 0.03
    assert np.median(thickest) > PENS.widest


def test_a_thing_stands_out_from_its_table_and_is_as_large_as_a_digit(
    drawn: Things, stock: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(THINGS), "shadow", (0.0, 1e-9))
    monkeypatch.setitem(vars(THINGS), "several", 0.0)
    table = even(drawn, 200, monkeypatch)
    sizes, middles, contrasts = [], [], []
    for _ in range(200):
        differs = np.abs(drawn.objects() - table)
        rows, columns = (np.flatnonzero((differs > 12).any(axis=axis)) for axis in (1, 0))
        sizes.append(max(np.ptp(rows), np.ptp(columns)) + 1)
        middles.append((rows.mean(), columns.mean()))
        contrasts.append(np.percentile(differs[differs > 12], 75))
    assert np.percentile(sizes, 5) < 16 and np.percentile(sizes, 95) > 45
    assert np.std(middles, axis=0).min() > 5 and np.median(contrasts) > THINGS.contrast


def test_a_thing_has_sheen_and_edges_where_ink_has_one_grey(drawn: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broad one of one thing alone: its greys differ from each other inside."""
    import cv2

    monkeypatch.setitem(vars(THINGS), "size", (50.0, 60.0))
    monkeypatch.setitem(vars(THINGS), "shadow", (0.0, 1e-9))
    table = even(drawn, 220, monkeypatch)
    box = silhouettes(1, np.random.default_rng(3))[0]
    spread = []
    for _ in range(60):
        image = drawn.laid(table, box)
        inside = cv2.erode((np.abs(image - table) > 25).astype(np.uint8), np.ones((5, 5)))  # without the blurred rim
        if inside.any():
            spread.append(np.ptp(image[inside > 0]))
    assert len(spread) > 40
    assert np.median(spread) > 30 and np.percentile(spread, 10) > 8


def test_a_handle_is_one_end_of_a_thing_in_another_grey(drawn: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {
        "shadow": (0.0, 1e-9),
        "relief": (0.0, 1e-9),
        "slope": (0.0, 1e-9),
        "rim": 0.0,
        "sheen": 0.0,
        "labelled": 0.0,
    }
    handle = {"handled": 1.0, "handle_end": (-0.01, 0.01), "handle_grey": (90.0, 91.0)}
    for name, value in {**plain, **handle, "size": (50.0, 60.0), "dark": 1.0, "dark_grey": (40.0, 41.0)}.items():
        monkeypatch.setitem(vars(THINGS), name, value)
    table = even(drawn, 220, monkeypatch)
    for _ in range(20):
        image = drawn.laid(table, silhouettes(1, np.random.default_rng(3))[0])
        thing, ends = image < 200, [np.argwhere(np.abs(image - grey) < 3) for grey in (40.5, 131)]
        assert sum(map(len, ends)) > 0.8 * thing.sum() and min(map(len, ends)) > 0.3 * thing.sum()
        places = np.concatenate(ends)
        side = np.repeat([-1.0, 1.0], [len(end) for end in ends])
        plane = np.column_stack([places, np.ones(len(places))])
        fitted = plane @ np.linalg.lstsq(plane, side, rcond=None)[0]
        assert (np.sign(fitted) == side).mean() > 0.97  # a straight line parts them


def test_a_shadow_lies_beside_the_thing_away_from_the_light(drawn: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(THINGS), "size", (30.0, 31.0))
    monkeypatch.setitem(vars(THINGS), "dark", 0.0)
    monkeypatch.setitem(vars(THINGS), "grey", (254.0, 255.0))  # a white thing: what is darker than the table is shadow
    monkeypatch.setitem(vars(THINGS), "shadow", (0.5, 0.51))
    monkeypatch.setitem(vars(THINGS), "shadow_reach", (0.17, 0.18))
    table = even(drawn, 150, monkeypatch)
    for name in ("relief", "slope", "rim_grey", "label_grey"):
        monkeypatch.setitem(vars(THINGS), name, (0.0, 1e-9))
    away = []
    for _ in range(30):
        image = drawn.laid(table, silhouettes(1, np.random.default_rng(3))[0])
        thing, shadow = np.argwhere(image > 200), np.argwhere(image < 140)
        away.append(np.hypot(*(thing.mean(axis=0) - shadow.mean(axis=0))))
        assert image.min() >= 150 * (1 - 0.51) - 1
    assert min(away) > 2


def test_shapes_are_too_broad_for_ink(drawn: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    """On black paper the white shapes hold a circle, or stand out of the frame: none is a stroke."""
    import cv2

    greys, broadest = [], []
    monkeypatch.setattr(drawn._paper, "page", lambda clean, plain: np.full((SIZE, SIZE), greys.pop(), np.float32))
    for _ in range(100):
        greys[:] = [255.0] * 4 + [0.0]
        white = cv2.copyMakeBorder((drawn.shapes() > 127).astype(np.uint8), 20, 20, 20, 20, cv2.BORDER_REPLICATE)
        if white.any():
            broadest.append(cv2.distanceTransform(white, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).max())
    assert len(broadest) > 90 and min(broadest) > 5


def test_things_are_objects_shapes_and_parts_of_photographs(drawn: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    called = {"objects": 0, "shapes": 0, "photograph": 0}
    for name in called:
        place = drawn._paper if name == "photograph" else drawn
        monkeypatch.setattr(place, name, lambda name=name: called.update({name: called[name] + 1}))
    for _ in range(1000):
        drawn.scene()
    assert called["objects"] == pytest.approx(1000 * THINGS.objects, abs=60) and sum(called.values()) == 1000
    assert called["shapes"] == pytest.approx(1000 * (1 - THINGS.objects) * THINGS.shapes, abs=50)
