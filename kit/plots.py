"""Arrays in, figures out; the only file that imports matplotlib.

Figures are drawn without pyplot, so that a notebook's own state is left alone; colours are Okabe and Ito's, which
survive colour blindness.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kit.files import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#595959"


def save(figure: "Figure", path: Path) -> Path:
    """Writes the figure as PNG, whole or not at all."""
    with whole_file(path) as temporary:
        figure.savefig(temporary, dpi=110)
    return path


def history(rows: list[dict[str, float]], title: str) -> "Figure":
    """Loss and accuracy over the epochs, training and validation, the kept epoch marked.

    Args:
        rows: One dictionary an epoch with epoch, loss, accuracy, val_loss, val_accuracy.
        title: What the figure says above.
    """
    figure = _figure(9.6, 4.0, title)
    axes = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in rows]
    best = min(rows, key=lambda row: row["val_loss"])
    for axis, name, scale in ((axes[0], "loss", 1), (axes[1], "accuracy", 100)):
        for key, label, style in (
            (name, "training", {"color": BLUE, "linestyle": "--", "marker": "o"}),
            (f"val_{name}", "validation", {"color": ORANGE, "linestyle": "-", "marker": "s"}),
        ):
            axis.plot(epochs, [row[key] * scale for row in rows], label=label, markersize=4, **style)
        axis.axvline(best["epoch"], color=GREY, linewidth=1, linestyle=":", label=f"kept: epoch {best['epoch']:.0f}")
        axis.set_xlabel("epoch")
        axis.set_xlim(min(epochs) - 0.5, max(epochs) + 0.5)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.25)
        axis.legend(frameon=False)
    axes[0].set_ylabel("loss")
    axes[0].set_ylim(bottom=0)
    axes[1].set_ylabel("accuracy, %")
    return figure


def digit_grid(images: np.ndarray, columns: int, title: str) -> "Figure":
    """uint8 images (n, 28, 28) side by side, `columns` in a row, black ink on white."""
    rows = -(-len(images) // columns)
    sheet = np.zeros((rows * columns, 30, 30), np.uint8)
    sheet[: len(images), 1:-1, 1:-1] = images
    sheet_rows = sheet.reshape(rows, columns, 30, 30).swapaxes(1, 2).reshape(rows * 30, columns * 30)
    width = max(4.0, 0.62 * columns)
    figure = _figure(width, 0.62 * rows + 0.5, title)
    axis = figure.subplots()
    axis.imshow(sheet_rows, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
    axis.set_axis_off()
    return figure


def pixel_values(image: np.ndarray, title: str) -> "Figure":
    """One uint8 image (28, 28) with every pixel's value written in its cell."""
    figure = _figure(11, 11.4, title)
    axis = figure.subplots()
    axis.imshow(image, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
    for (row, column), value in np.ndenumerate(image):
        colour = "white" if value > 127 else "black" if value else "#9a9a9a"
        axis.text(column, row, str(value), ha="center", va="center", fontsize=7, color=colour)
    axis.set_xticks(range(28))
    axis.set_yticks(range(28))
    axis.tick_params(labelsize=7, length=0, labeltop=True)
    axis.set_xlabel("column")
    axis.set_ylabel("row  (the pixel's number in the CSV is 28 × row + column)")
    return figure


def class_counts(counts: np.ndarray, title: str) -> "Figure":
    """How many rows each of the classes 0 to 9 has, (10,) whole numbers."""
    figure = _figure(7, 3.6, title)
    axis = figure.subplots()
    bars = axis.bar(range(len(counts)), counts, color=BLUE)
    axis.bar_label(bars, [f"{count:,}" for count in counts], fontsize=9)
    axis.set_xticks(range(len(counts)))
    axis.set_xlabel("digit")
    axis.set_ylabel("rows")
    _only_left_and_bottom(axis)
    return figure


def _figure(width: float, height: float, title: str) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(title, fontsize=12)
    return figure


def _only_left_and_bottom(axis: "Axes") -> None:
    axis.spines[["top", "right"]].set_visible(False)
