"""Every named value is used, and a changed one changes the scenes."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kit.data import loading
from kit.scenes import drawing, handwriting, proportions, silhouettes, strokes
from kit.scenes.drawing import Scenery

SUBJECTS = {name: value for name, value in vars(proportions).items() if dataclasses.is_dataclass(value)}
VALUES = {name: value for name, value in SUBJECTS.items() if not isinstance(value, type)}


@pytest.fixture(scope="module")
def draw(small: Path) -> Callable[[], np.ndarray]:
    """Draws the same 100 scenes of 1s and 7s and 200 without a digit."""
    rows = loading.load("train", small)
    assert rows.labels is not None
    chosen = np.flatnonzero(np.isin(rows.labels, (1, 7)))[:100]
    traced, labels = strokes.trace(rows.images[chosen]), rows.labels[chosen]
    generator = np.random.default_rng(0)
    around = Scenery(
        handwriting.digits(5, generator),
        strokes.doodles(50, generator),
        generator.integers(0, 256, (2, 512, 512), np.uint8),
        generator.integers(0, 256, (2, 512, 512), np.uint8),
        [generator.integers(0, 256, (100, 120), np.uint8)],
        silhouettes.silhouettes(8, generator),
        generator.standard_normal((3, 256, 256), np.float32),
        generator.standard_normal((8, 64, 64, 2), np.float32),
        generator.integers(64, 192, (8, 64, 64), np.uint8),
    )
    return lambda: drawing.scenes(traced, labels, 200, around, [5])[0]


@pytest.mark.parametrize("subject", VALUES)
def test_every_value_is_used(subject: str) -> None:
    rooms = Path(proportions.__file__).parent
    source = "".join(path.read_text("utf-8") for path in rooms.glob("*.py") if path.stem != "proportions")
    for field in dataclasses.fields(VALUES[subject]):
        use = f'kind == "{field.name}"' if subject == "KINDS" else rf"\b{subject}\.{field.name}\b"
        assert re.search(use, source), f"{subject}.{field.name}"


def test_ranges_go_upwards_and_the_kinds_of_background_leave_room_for_the_last() -> None:
    for subject in VALUES.values():
        for field in dataclasses.fields(subject):
            if field.type in (proportions.Range, proportions.Count):
                low, high = getattr(subject, field.name)
                assert low < high, field.name
    assert 0.9 < sum(dataclasses.astuple(proportions.KINDS)) < 1
    for shares in (
        proportions.DOODLES.strokes,
        [tool.share for tool in proportions.TOOLS],
        [ruling.share for ruling in proportions.RULINGS],
    ):
        assert sum(shares) == pytest.approx(1)
    for tool in proportions.TOOLS:
        ranges = [getattr(tool, field.name) for field in dataclasses.fields(tool) if field.type == proportions.Range]
        assert all(low <= high for low, high in ranges)


@pytest.mark.parametrize(
    ("subject", "name", "value"),
    [
        ("KINDS", "letter", 0.3),
        ("WRITING", "size", (9.0, 60.0)),
        ("WRITING", "turn", 0.2),
        ("HANDS", "flag_angle", (30.0, 60.0)),
        ("HANDS", "bar_reach", (4.0, 9.0)),
        ("PENS", "darkness_power", 1.0),
        ("NEIGHBOURS", "number", (2, 3)),
        ("TEXT", "turn", 0.2),
        ("UNREADABLE", "specks_size", (2.0, 3.0)),
        ("LIGHT", "gradient", 0.2),
        ("SHEET", "rule_width", (0.5, 2.0)),
        ("THINGS", "ellipses", 0.1),
        ("THINGS", "relief", (50.0, 60.0)),
        ("BOOKS", "writing", (10.0, 12.0)),
        ("PADDING", "bar", (3.0, 5.0)),
        ("SENSOR", "noise_scale", 1.6),
    ],
)
def test_another_value_gives_other_scenes(
    draw: Callable[[], np.ndarray], subject: str, name: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = draw()
    monkeypatch.setitem(vars(VALUES[subject]), name, value)
    assert (draw() != usual).any()
    monkeypatch.undo()
    assert (draw() == usual).all()


def test_another_value_gives_other_doodles_blobs_pages_and_handwriting(monkeypatch: pytest.MonkeyPatch) -> None:
    def made() -> list[np.ndarray]:
        things = silhouettes.silhouettes(17, np.random.default_rng(4))
        doodles, blobs = (draw(9, np.random.default_rng(1)) for draw in (strokes.doodles, strokes.blobs))
        return [doodles, blobs, things, *strokes.text_pages(doodles, np.random.default_rng(2)),
                handwriting.digits(1, np.random.default_rng(3))]  # fmt: skip

    usual = made()
    for subject, name, value in (
        ("DOODLES", "curvature", 0.5), ("BLOBS", "roughness", 0.3), ("TEXT_PAGES", "written_step", (0.6, 0.8)),
        ("TEXT_PAGES", "word", (3, 5)), ("HANDS", "jitter", 0.8), ("OUTLINES", "handle", (0.06, 0.07)),
    ):  # fmt: skip
        monkeypatch.setitem(vars(VALUES[subject]), name, value)
    assert all((one != other).any() for one, other in zip(usual, made(), strict=True))
