"""Arrays in, figures out; the only file that imports matplotlib, and so the one that knows where its fonts lie.

Figures are drawn without pyplot, so that a notebook's own state is left alone; colours are Okabe and Ito's, which
survive colour blindness, and differ in marker or line style too, for grey print.
"""

import io
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kit import KitError
from kit.files import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Without a home matplotlib looks for fonts anew each time, and says so at length; that needs nobody's attention.
logging.getLogger("matplotlib").addFilter(
    lambda record: not record.msg.startswith(("Matplotlib created a temporary", "mkdir -p failed"))
)

CHART = 4.6, 3.3  # inches of one among several
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#595959"
_SERIES = [  # colour and marker of a class
    (BLUE, "o"), (ORANGE, "s"), ("#009E73", "^"), ("#CC79A7", "D"), ("#E69F00", "v"), ("#56B4E9", "P"),
    ("#7A6A00", "<"), (GREY, ">"), ("#882255", "h"), ("#44AA99", "*"), ("#999933", "p"),
]  # fmt: skip
_STAND_INS = {"cmti10": "cmmi10"}  # what matplotlib brings since 3.11 alone: the same letters, from formulas


def save(figure: "Figure", path: Path, *, what: str = "", replace: bool = True, parents: bool = False) -> Path:
    """Writes the figure as PNG, whole or not at all.

    Args:
        figure: Of matplotlib.
        path: Where it belongs.
        what: What `is_drawn` can tell it by.
        replace: As in `whole_file`.
        parents: As in `whole_file`.
    """
    with whole_file(path, replace=replace, parents=parents) as temporary:
        figure.savefig(temporary, dpi=110, metadata={"Description": what} if what else None)
    return path


def png(figure: "Figure") -> bytes:
    """The figure as a PNG, for a page."""
    written = io.BytesIO()
    figure.savefig(written, format="png", dpi=110)
    return written.getvalue()


def is_drawn(path: Path, what: str = "") -> bool:
    """Whether this file is a figure that `save` wrote as `what`, or any figure without that, rather than a picture."""
    with open(path, "rb") as file:
        head = file.read(1000)
    return b"Software\0Matplotlib" in head and (not what or f"Description\0{what}".encode() in head)


def font_file(name: str) -> Path:
    """Where a font lies that matplotlib brings along, or one like it where an older matplotlib lacks it.

    By its file's name, without the ending, because a search by family, style and weight may find another file of the
    same family among the system's fonts.

    Raises:
        KitError: There is no such font, or no matplotlib.
    """
    try:
        from matplotlib import get_data_path
    except ImportError as error:
        raise _missing(f"the font {name}") from error
    fonts = Path(get_data_path(), "fonts", "ttf")
    for known in (name, _STAND_INS.get(name, name)):
        if (path := fonts / f"{known}.ttf").is_file():
            return path
    raise _missing(f"the font {name}")


def sample_picture(name: str) -> Path:
    """Where one of the sample pictures lies that matplotlib brings along, such as `grace_hopper.jpg`.

    Raises:
        KitError: There is no such picture, or no matplotlib.
    """
    try:
        from matplotlib.cbook import get_sample_data
    except ImportError as error:
        raise _missing(f"the picture {name}") from error
    path = Path(str(get_sample_data(name, asfileobj=False)))
    if not path.is_file():
        raise _missing(f"the picture {name}")
    return path


def _missing(what: str) -> KitError:
    return KitError(f"{what} is missing: it comes with matplotlib: install the pinned matplotlib again", exit_code=1)


def history(rows: list[dict[str, float]], title: str) -> "Figure":
    """Loss and accuracy over the epochs, training and validation, the kept epoch marked.

    Args:
        rows: One dictionary an epoch with epoch, loss, accuracy, val_loss, val_accuracy; of a run in folds the means,
            with loss_low, loss_high and so on, between which a band is drawn. Each fold has kept an epoch of its own.
        title: What the figure says above.
    """
    figure = _figure(9.6, 4.0, title)
    for axis, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        draw_history(axis, rows, name)
    return figure


def draw_history(axis: "Axes", rows: list[dict[str, float]], name: str) -> None:
    """Draws "loss" or "accuracy" of training and validation, as `history` has them side by side."""
    from matplotlib.ticker import MaxNLocator

    epochs = [row["epoch"] for row in rows]
    in_folds = f"{name}_low" in rows[0]
    scale = 100 if name == "accuracy" else 1
    for key, label, colour, line, marker in (
        (name, "training", BLUE, "--", "o"),
        (f"val_{name}", "validation", ORANGE, "-", "s"),
    ):
        values = [row[key] * scale for row in rows]
        axis.plot(epochs, values, label=label, color=colour, linestyle=line, marker=marker, markersize=4)
        if in_folds:
            low, high = ([row[f"{key}_{end}"] * scale for row in rows] for end in ("low", "high"))
            axis.fill_between(epochs, low, high, color=colour, alpha=0.15, linewidth=0)
    if not in_folds:
        best = min(rows, key=lambda row: row["val_loss"])
        axis.axvline(best["epoch"], color=GREY, linewidth=1, linestyle=":", label=f"kept: epoch {best['epoch']:.0f}")
    axis.set_xlabel("epoch")
    axis.set_xlim(min(epochs) - 0.5, max(epochs) + 0.5)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.grid(alpha=0.25)
    axis.legend(frameon=False)
    if name == "loss":
        axis.set_ylim(bottom=0)
    axis.set_ylabel("loss" if name == "loss" else "accuracy, %")


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


def sheet(images: np.ndarray, captions: Sequence[str], title: str) -> "Figure":
    """Pictures as they are, side by side, each with what stands below it.

    Args:
        images: uint8 (n, side, side), 0 is black; n ≥ 1.
        captions: n short ones.
        title: What the figure says above.
    """
    columns = min(12, max(5, len(images)))
    rows = -(-len(images) // columns)
    figure, axis = _sheet(columns, 1.25 * rows, title.replace("$", r"\$"))
    for number, (image, caption) in enumerate(zip(images, captions, strict=True)):
        left, top = number % columns + 0.05, 1.25 * (number // columns)
        place = (left, left + 0.9, top + 0.9, top)
        axis.imshow(image, cmap="gray", vmin=0, vmax=255, extent=place, interpolation="none")
        axis.text(left + 0.45, top + 0.94, caption, ha="center", va="top", fontsize=9)
    return figure


def scene_grid(images: np.ndarray, names: Sequence[str], columns: int, title: str) -> "Figure":
    """uint8 scenes (n, size, size) side by side, `columns` in a row, as a camera has them, each with its name above."""
    figure, axis = _sheet(0.7 * columns, 0.86 * -(-len(images) // columns), title)
    for number, (image, name) in enumerate(zip(images, names, strict=True)):
        left, top = 0.7 * (number % columns) + 0.02, 0.86 * (number // columns) + 0.17
        axis.imshow(image, cmap="gray", vmin=0, vmax=255, extent=(left, left + 0.66, top + 0.66, top))
        axis.text(left + 0.33, top - 0.02, name, ha="center", va="bottom", fontsize=8)
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


def confusion(counts: np.ndarray, classes: Sequence[str], title: str) -> "Figure":
    """The confusion matrix (classes, classes), the truth in rows; only mistakes are coloured, by share of their row."""
    size = 1.6 + 0.62 * len(classes)
    figure = _figure(size + 0.6, size, title)
    _draw_confusion(figure.subplots(), counts, counts.sum(axis=1), classes)
    return figure


def study(
    counts: np.ndarray,
    rows: np.ndarray,
    names: Sequence[str],
    projections: Sequence[tuple[str, np.ndarray]],
    labels: np.ndarray,
    wrong: np.ndarray,
    title: str,
) -> "Figure":
    """A few classes: their part of the confusion matrix beside projections of their rows.

    Args:
        counts: (k, k) of these classes, the truth in rows.
        rows: (k,) all rows of each class, whatever they were taken for.
        names: k names.
        projections: For each its name and the (m, 2) points.
        labels: (m,) which of the k classes a point is of.
        wrong: (m,) bool, the points that the network has wrong.
        title: What the figure says above.
    """
    figure = _figure(4.2 * (1 + len(projections)), 4.4, title)
    matrix, *others = figure.subplots(1, 1 + len(projections))
    _draw_confusion(matrix, counts, rows, names)
    for axis, (name, points) in zip(others, projections, strict=True):
        draw_projection(axis, points, labels, wrong, names)
        axis.set_title(name, fontsize=10)
    return figure


def pairs(rows: Sequence[tuple[str, Sequence[tuple[np.ndarray | None, str]]]], title: str) -> "Figure":
    """One row of digits a pair of classes, each (height, width) image with a caption; None leaves a place empty."""
    columns = max(len(images) for _, images in rows)
    figure, axis = _sheet(columns + 1, 1.35 * len(rows), title)
    for line, (name, images) in enumerate(rows):
        top = 1.35 * line + 0.3
        axis.text(0.85, top + 0.5, name, ha="right", va="center", fontsize=10)
        for place, (image, caption) in enumerate(images, 1):
            if image is not None:
                _draw_digit(axis, image, place + 0.05, top)
                axis.text(place + 0.5, top - 0.06, caption, ha="center", va="bottom", fontsize=8)
    return figure


def predictions(
    images: np.ndarray,
    probabilities: np.ndarray,
    truths: np.ndarray,
    captions: Sequence[str],
    classes: Sequence[str],
    title: str,
) -> "Figure":
    """Digits with what the network thinks of them, the bar of the true class blue, that of the answer orange.

    Args:
        images: (n, height, width), up to some dozens; without any the figure says so.
        probabilities: (n, classes).
        truths: (n,) the true classes.
        captions: What stands above each digit.
        classes: Their names.
        title: What the figure says above.
    """
    if not len(images):
        figure = _figure(6.4, 1.4, title)
        figure.text(0.5, 0.35, "none", ha="center", fontsize=12, color=GREY)
        return figure
    columns = min(8, max(5, len(images)))
    figure, axis = _sheet(columns, 2.0 * -(-len(images) // columns), title)
    width = 0.9 / len(classes)
    for number, (image, shares, truth, caption) in enumerate(zip(images, probabilities, truths, captions, strict=True)):
        left, top = number % columns + 0.05, 2.0 * (number // columns) + 0.42
        axis.text(left + 0.45, top - 0.05, caption, ha="center", va="bottom", fontsize=9, linespacing=1.1)
        _draw_digit(axis, image, left, top)
        answer, floor = int(shares.argmax()), top + 1.45
        colours = [BLUE if at == truth else ORANGE if at == answer else "#8a8a8a" for at in range(len(classes))]
        places = left + width * (np.arange(len(classes)) + 0.5)
        axis.bar(places, -0.5 * shares, 0.85 * width, floor, color=colours)
        axis.plot([left, left + 0.9], [floor, floor], color=GREY, linewidth=0.8)
        for at in {int(truth), answer}:
            axis.text(places[at], floor + 0.03, _short(classes[at]), ha="center", va="top", fontsize=8)
    return figure


def confidence(bins: Sequence[tuple[float, float]], share: np.ndarray, accuracy: np.ndarray, title: str) -> "Figure":
    """The reliability curve beside the accuracy of the surest rows; arguments as in the two that draw them."""
    figure = _figure(9.6, 4.2, title)
    left, right = figure.subplots(1, 2)
    draw_reliability(left, bins)
    draw_coverage(right, share, accuracy)
    return figure


def draw_reliability(axis: "Axes", bins: Sequence[tuple[float, float]]) -> None:
    """Pairs of mean confidence and accuracy, 0 to 1, against the diagonal of a network that knows how sure to be."""
    axis.plot([0, 100], [0, 100], color=GREY, linestyle=":", label="as sure as right")
    confidences, accuracies = (np.array(values) * 100 for values in zip(*bins, strict=True))
    axis.plot(confidences, accuracies, color=BLUE, marker="o", markersize=4, label="this network")
    axis.set_xlabel("confidence, %")
    axis.set_ylabel("accuracy, %")
    axis.set_xlim(0, 102)
    axis.set_ylim(0, 102)
    axis.grid(alpha=0.25)
    axis.legend(frameon=False)


def draw_coverage(axis: "Axes", share: np.ndarray, accuracy: np.ndarray) -> None:
    """Accuracy of the surest rows against how many they are, both (n,) shares of 1."""
    chosen = np.unique(np.linspace(0, len(share) - 1, 400).astype(int))
    axis.plot(share[chosen] * 100, accuracy[chosen] * 100, color=BLUE)
    axis.set_xlabel("share of the rows, the surest first, %")
    axis.set_ylabel("accuracy among them, %")
    axis.set_xlim(0, 102)
    axis.grid(alpha=0.25)


def draw_projection(
    axis: "Axes", points: np.ndarray, labels: np.ndarray, wrong: np.ndarray, names: Sequence[str]
) -> None:
    """Points (m, 2) by class, a marker and colour each; the wrong ones as crosses."""
    for number, name in enumerate(names):
        colour, marker = _SERIES[number % len(_SERIES)]
        x, y = points[(labels == number) & ~wrong].T
        axis.scatter(x, y, s=9, color=colour, marker=marker, alpha=0.45, linewidths=0, label=name, rasterized=True)
        x, y = points[(labels == number) & wrong].T
        axis.scatter(x, y, s=34, color=colour, marker="x", linewidths=1.4)
    axis.set_xlabel("first component")
    axis.set_ylabel("second component")
    axis.set_xticks([])
    axis.set_yticks([])
    for handle in axis.legend(frameon=False, handletextpad=0.2, markerscale=1.8).legend_handles:
        if handle is not None:
            handle.set_alpha(1)


def occlusion(
    image: np.ndarray, changes: Sequence[tuple[str, np.ndarray]], shares: np.ndarray, classes: Sequence[str], title: str
) -> "Figure":
    """A digit, how its answer's probability changes where it is covered, and the probabilities.

    Args:
        image: (height, width).
        changes: For each kind of cover its name and the (height, width) changes, -1 to 1.
        shares: (classes,) probabilities of the uncovered digit.
        classes: Their names.
        title: What the figure says above.
    """
    figure = _figure(13.2, 3.9, title)
    digit, *maps, bars = figure.subplots(1, 2 + len(changes))
    digit.imshow(image, cmap="gray_r" if np.median(image) < 128 else "gray", interpolation="nearest")
    digit.set_axis_off()
    digit.set_title("the digit", fontsize=10)
    most = max(0.05, *(float(np.abs(change).max()) for _, change in changes))
    for axis, (name, change) in zip(maps, changes, strict=True):
        shown = axis.imshow(change * 100, cmap="PuOr", vmin=-most * 100, vmax=most * 100, interpolation="nearest")
        axis.contour(image, levels=[(float(image.max()) + float(image.min())) / 2], colors="black", linewidths=0.8)
        axis.set_title(name, fontsize=10)
        axis.set_axis_off()
    figure.colorbar(shown, ax=maps, label="change of the answer's probability, points", shrink=0.85)
    drawn = bars.bar(range(len(shares)), shares * 100, color=BLUE)
    drawn[int(shares.argmax())].set_color(ORANGE)
    bars.set_xticks(range(len(classes)), map(_short, classes))
    bars.set_ylim(0, 100)
    bars.set_ylabel("probability, %")
    _only_left_and_bottom(bars)
    return figure


def course(
    finished: Sequence[tuple[int, float]], others: Sequence[int], best: int, noise: float, first: str, title: str
) -> "Figure":
    """The accuracy of each trial of a search; arguments as in `draw_course`."""
    figure = _figure(9.6, 4.2, title)
    draw_course(figure.subplots(), finished, others, best, noise, first)
    return figure


def draw_course(
    axis: "Axes", finished: Sequence[tuple[int, float]], others: Sequence[int], best: int, noise: float, first: str
) -> None:
    """Draws each trial's accuracy by its number, the best so far as a line.

    Args:
        axis: Of matplotlib.
        finished: Number and accuracy, 0 to 1, of each trial that was finished, by their numbers; one or more. Those
            that would flatten the others stand at the lower edge.
        others: Numbers of those that were stopped before; they stand there too.
        best: The number of the best.
        noise: Below the highest accuracy, what is equal to it; a share of 1.
        first: What the first trial is.
    """
    from matplotlib.ticker import MaxNLocator

    numbers, accuracies = (np.array(values) for values in zip(*finished, strict=True))
    shares, highest = accuracies * 100, float(accuracies.max()) * 100
    axis.axhspan(highest - noise * 100, highest, color=GREY, alpha=0.15, linewidth=0, label="equal, within the noise")
    axis.step(numbers, np.maximum.accumulate(shares), where="post", color=GREY, linewidth=1, label="highest so far")
    axis.plot(numbers, shares, "o", color=BLUE, markersize=5, label="finished")
    axis.plot([best], shares[numbers == best], "*", color=ORANGE, markersize=14, label=f"best: trial {best}")
    low = _room_for(axis, shares)
    if (below := numbers[shares < low]).size:
        axis.plot(below, [low] * len(below), "v", color=BLUE, clip_on=False, label="finished, further down", zorder=3)
    if others:
        axis.plot(
            others, [low] * len(others), "x", color=GREY, clip_on=False, label="stopped early, diverged", zorder=3
        )
    axis.set_xlabel(f"trial; the first is {first}")
    axis.set_xlim(0.5, max([*numbers, *others]) + 0.5)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_ylabel("accuracy out of fold, %")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3)


def importance(shares: Sequence[tuple[str, float]], title: str) -> "Figure":
    """How much each setting of a search matters; arguments as in `draw_importance`."""
    figure = _figure(6.4, 1.2 + 0.36 * len(shares), title)
    draw_importance(figure.subplots(), shares)
    return figure


def draw_importance(axis: "Axes", shares: Sequence[tuple[str, float]]) -> None:
    """Draws a bar for the share, 0 to 1, of what the accuracies differ by that a setting makes up, the first on top."""
    names, values = zip(*shares, strict=True)
    places = np.arange(len(names))[::-1]
    bars = axis.barh(places, np.array(values) * 100, color=BLUE)
    axis.bar_label(bars, [f"{value:.0%}" for value in values], padding=3, fontsize=9)
    axis.set_yticks(places, names)
    axis.set_xlim(0, max(values) * 115)
    axis.set_xlabel("share of what the accuracies differ by, %")
    _only_left_and_bottom(axis)


@dataclass(frozen=True)
class Slice:
    """One setting of a search, to draw accuracies by.

    Attributes:
        name: For people.
        values: Of each trial; None where it says nothing.
        log: Whether its axis is a logarithm's.
        words: All values in their order where they are words or choices, else none.
    """

    name: str
    values: Sequence[float | str | None]
    log: bool = False
    words: Sequence[str] = ()


def slices(settings: Sequence[Slice], accuracies: Sequence[float], best: int, title: str) -> "Figure":
    """The accuracy of each trial by each of its settings.

    Args:
        settings: One or more.
        accuracies: Of the trials, 0 to 1.
        best: Which of the trials is the best.
        title: What the figure says above.
    """
    columns = min(3, len(settings))
    rows = -(-len(settings) // columns)
    figure = _figure(3.6 * columns + 0.6, 2.9 * rows + 0.5, title)
    axes = np.ravel(figure.subplots(rows, columns, squeeze=False))
    for axis in axes[len(settings) :]:
        axis.set_axis_off()
    for axis, setting in zip(axes, settings, strict=False):
        draw_slice(axis, setting, accuracies, best)
    return figure


def draw_slice(axis: "Axes", setting: Slice, accuracies: Sequence[float], best: int) -> None:
    """Draws accuracies, 0 to 1, by one setting: numbers along an axis, words side by side.

    Those that would flatten the others stand at the lower edge, as triangles.
    """
    shares, words = np.array(accuracies) * 100, setting.words
    if words:
        places = np.array([math.nan if value is None else words.index(str(value)) for value in setting.values])
        axis.set_xticks(range(len(words)), words, rotation=30 if len(words) > 4 else 0)
        axis.set_xlim(-0.5, len(words) - 0.5)
    else:
        places = np.array(setting.values, float)
        if setting.log:
            _logarithmic(axis, places)
    axis.plot(places, shares, "o", color=BLUE, markersize=5, alpha=0.7)
    axis.plot(places[best], shares[best], "*", color=ORANGE, markersize=13)
    low = _room_for(axis, shares)
    if (below := shares < low).any():
        axis.plot(places[below], np.full(below.sum(), low), "v", color=BLUE, markersize=5, clip_on=False)
    axis.set_xlabel(setting.name)
    axis.set_ylabel("accuracy, %")
    axis.grid(alpha=0.25)


def _logarithmic(axis: "Axes", places: np.ndarray) -> None:
    """Makes the horizontal axis a logarithm's, with labels that do not meet."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axis.set_xscale("log")
    wide = np.nanmax(places) > 200 * np.nanmin(places)
    axis.xaxis.set_major_locator(LogLocator(subs=(1,) if wide else (1, 3)))
    axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.tick_params("x", rotation=30)


def _room_for(axis: "Axes", shares: np.ndarray) -> float:
    """Limits a vertical axis to where most of these are, so that one that is far below does not flatten the others.

    Returns:
        Where its lower end is.
    """
    middle, high = float(np.median(shares)), float(shares.max())
    low = max(float(shares.min()), high - 6 * max(high - middle, 0.05))
    margin = max(0.08 * (high - low), 0.02)
    axis.set_ylim(low - margin, high + margin)
    return low - margin


def svg(name: str, draw: Callable[["Axes"], None], inches: tuple[float, float] = CHART) -> str:
    """A chart as matplotlib writes SVG, transparent and with its text as text.

    Args:
        name: What the identifiers in it follow from.
        draw: Draws on the axes.
        inches: Its width and height.
    """
    import matplotlib

    figure = _figure(*inches)
    draw(figure.subplots())
    written = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "savefig.dpi": 160}):
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    return written.getvalue()


def _draw_confusion(axis: "Axes", counts: np.ndarray, rows: np.ndarray, names: Sequence[str]) -> None:
    shares = counts / np.maximum(rows, 1)[:, None]
    mistakes = np.ma.masked_array(shares, np.eye(len(names), dtype=bool) | (counts == 0))
    most = max(float(mistakes.max()) if mistakes.count() else 0.0, 1e-9)
    axis.imshow(np.eye(len(names)), cmap="Greys", vmin=0, vmax=7)
    axis.imshow(mistakes, cmap="Oranges", vmin=-most / 6, vmax=most * 1.15)
    for (truth, taken), count in np.ndenumerate(counts):
        right = truth == taken
        dark = not right and shares[truth, taken] > 0.75 * most
        share = f"\n{shares[truth, taken]:.1%}" if count and len(names) < 8 else ""
        colour = "white" if dark else "black" if count else "#8a8a8a"
        axis.text(taken, truth, f"{count:,}{share}", ha="center", va="center", fontsize=10, color=colour)
    axis.set_xticks(range(len(names)), map(_short, names))
    axis.set_yticks(range(len(names)), map(_short, names))
    axis.tick_params(length=0)
    axis.set_xlabel("taken for")
    axis.set_ylabel("truth")


def _draw_digit(axis: "Axes", image: np.ndarray, left: float = 0, top: float = 0) -> None:
    """An image as a square of 0.9 with its upper left corner there, dark ink on light paper."""
    ink_is_light = np.median(image) < 128
    place = (left, left + 0.9, top + 0.9, top)
    axis.imshow(image, cmap="gray_r" if ink_is_light else "gray", vmin=0, vmax=255, extent=place, interpolation="none")


def _sheet(columns: float, rows: float, title: str) -> tuple["Figure", "Axes"]:
    """A figure with room for that many digits, and axes that count in digits from the upper left corner."""
    height = 1.3 * rows + 0.5
    figure = _figure(1.3 * columns, height, title)
    figure.set_layout_engine("none")  # the room is known: measuring every text would take longer than drawing
    axis = figure.add_axes((0, 0, 1, 1 - 0.5 / height))
    axis.set_axis_off()
    axis.set_autoscale_on(False)
    axis.set_xlim(0, columns)
    axis.set_ylim(rows, 0)
    return figure, axis


def _short(name: str) -> str:
    """A class' name where there is room for a character or two."""
    return name if len(name) < 3 else "bg"


def _figure(width: float, height: float, title: str = "") -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    if title:
        figure.suptitle(title, fontsize=12)
    return figure


def _only_left_and_bottom(axis: "Axes") -> None:
    axis.spines[["top", "right"]].set_visible(False)
