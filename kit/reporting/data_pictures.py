"""Pictures of the competition's rows, and of the scenes that are drawn of them."""

from pathlib import Path

import numpy as np

from kit import KitError, plots
from kit.data.loading import DATA, LabelledDigits, load
from kit.scenes.drawing import scenery, scenes
from kit.scenes.strokes import trace
from kit.task import CAMERA

_SCENES = "scenes.png"


def show(
    data: Path | str | None = None, row: int = 1, to: Path | str = DATA / "show", *, camera: bool = False
) -> list[Path]:
    """Draws the training rows: a grid of digits, one digit with its pixel values in the cells, the class counts.

    Args:
        data: As in `load`.
        row: Which row to draw large, counted from 1.
        to: The folder for the pictures.
        camera: Draw scenes instead, as `kit train --camera` learns from them: one sheet, from the given row on.

    Returns:
        The PNG files written.
    """
    if camera:
        _require_own(Path(to) / _SCENES)
    digits = load("train", data)
    if not 1 <= row <= len(digits):
        raise KitError(f"--row {row}: {digits.name} has rows 1 to {len(digits):,}")
    if camera:
        return [_show_scenes(digits, row - 1, Path(to))]
    per_class = [np.flatnonzero(digits.labels == label)[:10] for label in range(10)]
    width = min(len(rows) for rows in per_class)
    grid = np.concatenate([rows[:width] for rows in per_class])
    name = Path(digits.name).name
    figures = {
        "digits.png": plots.digit_grid(
            digits.images[grid, :, :, 0], width, f"The first {width} of each class in {name}"
        ),
        f"digit-{row}.png": plots.pixel_values(
            digits.images[row - 1, :, :, 0], f"Row {row:,} of {name}: a {digits.labels[row - 1]}, pixels 0 to 255"
        ),
        "classes.png": plots.class_counts(
            np.bincount(digits.labels, minlength=10), f"{len(digits):,} rows of {name} by class"
        ),
    }
    for file in figures:
        _require_own(Path(to) / file)
    return [plots.save(figure, Path(to) / file, parents=True) for file, figure in figures.items()]


def _require_own(path: Path) -> None:
    """KitError where a picture of somebody's own has the name."""
    if path.is_file() and not plots.is_drawn(path):
        raise KitError(f"{path}: there is another picture under this name: give another folder with --to")


def _show_scenes(digits: LabelledDigits, first: int, to: Path) -> Path:
    """A sheet of scenes of the rows from `first` on, and of scenes without a digit."""
    generator = np.random.default_rng(first)
    around = scenery(trace(digits.images[:1000]), generator)
    strokes, labels = (array[first : first + 84] for array in (digits.images, digits.labels))
    images, classes = scenes(trace(strokes), labels, 56, around, [first])
    names = [CAMERA.labels[label] for label in classes]
    title = f"Scenes of the rows from {first + 1:,} of {Path(digits.name).name}, and of no digit"
    return plots.save(plots.scene_grid(images[..., 0], names, 14, title), to / _SCENES, parents=True)
