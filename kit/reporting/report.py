"""A run's analysis as pictures and one HTML page."""

import base64
import io
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np

from kit import KitError, plots
from kit.contract import BACKGROUND
from kit.data.loading import load_for
from kit.files import write_text
from kit.reading.labelled_photographs import (
    Failure,
    Photographs,
    judge,
    sentences,
    table_of_backgrounds,
    table_of_digits,
)
from kit.reading.reader import open_reader
from kit.reporting.occlusion import explain_row
from kit.reporting.sentences import (
    calibration_sentence,
    comparison_sentence,
    comparison_table,
    count_of,
    listed,
    percent,
    study_sentence,
    summarize,
    suspects_sentence,
    times,
)
from kit.run.folder import RUNS, Run, best, find
from kit.run.metrics import FOCUS, Analysis, Comparison, Pair, compare, project
from kit.training.examples import validation_images

_SHOWN = 24  # digits in a gallery
_PHOTOGRAPHS = 48  # in a gallery
_SHEET_PIXELS = 3_136_000  # of all digits on the page: 4,000 of 28 × 28, about a megabyte
_SHEET_COLUMNS = 64


@dataclass(frozen=True)
class Report:
    """What `analyze` found and wrote.

    Attributes:
        page: The HTML file.
        pictures: The PNG files.
        analysis: The numbers of the first run.
        comparisons: Of several runs, each against the most accurate.
        summary: The page's first sentences.
        focus: The classes studied.
        photographs: How it fares on photographs, where a folder of them was given.
    """

    page: Path
    pictures: list[Path]
    analysis: Analysis
    comparisons: list[Comparison]
    summary: list[str]
    focus: tuple[int, ...]
    photographs: Photographs | None


def analyze(
    runs: Sequence[str | Path | Run] | str | Path | Run | None = None,
    *,
    focus: Sequence[int] | str = FOCUS,
    explain: Sequence[int] = (),
    photos: Path | str | None = None,
    data: Path | str | None = None,
    folder: Path | str = RUNS,
) -> Report:
    """Studies a run's validation predictions and writes `report.html` and `analysis/*.png` into its folder.

    Args:
        runs: The run; with several the first is studied and compared with the others. Without it the best one.
        focus: The classes to study closely, such as (4, 7, 9) or "4,7,9".
        explain: Rows of the training file, from 1, to draw a map of what the network looks at (this loads TensorFlow).
        photos: A folder of labelled photographs to judge the first run on, laid out as `kit.photographs` has it (this
            loads TensorFlow too).
        data: Where the training rows are; where the run's own settings say without it.
        folder: Where the runs are.

    Raises:
        KitError: A run has no predictions, the data is not what it was trained on, the focus or a row is wrong, or
            there are no photographs in the folder.
    """
    chosen = [runs] if isinstance(runs, str | Path | Run) else list(runs or [best(folder)])
    found = [find(run, Path(folder)) for run in chosen]
    if twice := next((run.name for run in found if found.count(run) > 1), None):
        raise KitError(f"{twice}: named twice: compare different runs")
    run = found[0]
    validation = run.validation
    analysis = Analysis(run.name, validation)
    classes = parse_focus(focus, analysis)
    comparisons = compare(found) if len(found) > 1 else []
    digits = load_for(run, data)
    assert digits.labels is not None
    for row in explain:
        if not 1 <= row <= len(digits):
            raise KitError(f"--explain {row}: {digits.name} has rows 1 to {len(digits):,}")
        if run.settings.camera and row not in analysis.row_numbers:
            raise KitError(
                f"--explain {row}: {run} has a scene of its validation rows only: choose one of the report's"
            )
    photographs = judge(open_reader(run), photos) if photos is not None else None
    images = validation_images(run, digits)
    page = _Page(run, analysis, images[..., 0], validation.features, classes)
    pictures = page.pictures()
    shown = dict(zip(analysis.row_numbers.tolist(), images, strict=True)) if run.settings.camera else {}
    explained = [
        _explain(run, row, shown.get(row, digits.images[row - 1]), digits.labels[row - 1], analysis.classes)
        for row in explain
    ]
    html = page.html(found, comparisons, explained, photographs)
    write_text(run.folder / "report.html", html)
    return Report(
        run.folder / "report.html",
        [*pictures, *(path for path, _ in explained)],
        analysis,
        comparisons,
        page.summary,
        classes,
        photographs,
    )


def parse_focus(focus: Sequence[int] | str, analysis: Analysis) -> tuple[int, ...]:
    """The classes of "4,7,9" or (4, 7, 9), in that order.

    Raises:
        KitError: Fewer than two, one twice, or one that the run does not have.
    """
    given = focus if isinstance(focus, str) else ",".join(map(str, focus))
    last = analysis.classes[-1] if len(analysis.classes[-1]) > 1 else "9"
    classes = []
    for name in (part.strip() for part in given.split(",")):
        if name not in analysis.classes:
            raise KitError(f"--focus {given}: {name!r} is not a class of {analysis.name}: they are 0 to {last}")
        if (number := analysis.classes.index(name)) in classes:
            raise KitError(f"--focus {given}: {name} stands there twice")
        classes.append(number)
    if len(classes) < 2:
        raise KitError(f"--focus {given}: give two or more digits, such as 4,7,9")
    return tuple(classes)


class _Page:
    """One run's figures and page.

    Args:
        run: The run.
        analysis: Its numbers.
        images: uint8 (n, height, width), the validation rows' pixels.
        features: (n, units) of the last hidden layer.
        focus: The classes studied closely.
    """

    def __init__(
        self, run: Run, analysis: Analysis, images: np.ndarray, features: np.ndarray, focus: tuple[int, ...]
    ) -> None:
        self.run, self.analysis, self.images, self.focus = run, analysis, images, focus
        self.summary = summarize(analysis, focus)
        self.pairs = [analysis.pair(*pair) for pair in permutations(focus, 2)]
        inside = np.flatnonzero(np.isin(analysis.labels, focus))
        self.focus_labels = np.array([focus.index(label) for label in analysis.labels[inside]], int)
        self.focus_wrong = ~analysis.right[inside]
        self.projections = [
            ("principal components of the pixels", project(images[inside])),
            ("principal components of the last hidden layer", project(features[inside])),
        ]
        self.history = run.history

    def pictures(self) -> list[Path]:
        """Writes every figure as PNG."""
        analysis, focus, name = self.analysis, self.focus, self.run.name
        names = [analysis.classes[number] for number in focus]
        counts = analysis.confusion[np.ix_(focus, focus)]
        bins = [(bin_.confidence, bin_.accuracy) for bin_ in analysis.reliability]
        rows = count_of(len(analysis), "validation row")
        figures = {
            "confusion": plots.confusion(analysis.confusion, analysis.classes, f"{name}: confusions on {rows}"),
            f"study-{'-'.join(names)}": plots.study(
                counts, analysis.confusion[list(focus)].sum(axis=1), names, self.projections, self.focus_labels,
                self.focus_wrong, f"{name}: {listed(names)} among {rows}; crosses are wrong",
            ),
            f"pairs-{'-'.join(names)}": plots.pairs(
                [self._pair_row(pair) for pair in self.pairs],
                f"{name}: how {listed(names)} are confused (mean of the right ones, mean of the confused, the worst)",
            ),
            "confidence": plots.confidence(bins, *analysis.coverage, f"{name}: confidence on {rows}"),
            "right-and-wrong": self._gallery(
                np.array(analysis.sides, int).ravel(), f"{name}: a right one and the worst mistake of each class"
            ),
            "mistakes": self._gallery(analysis.mistakes, f"{name}: the worst mistakes on {rows}"),
            "uncertain": self._gallery(analysis.uncertain, f"{name}: the most uncertain of {rows}"),
            "suspects": self._gallery(analysis.suspects, f"{name}: labels that look wrong among {rows}"),
        }  # fmt: skip
        folder = self.run.folder / "analysis"
        return [plots.save(figure, folder / f"{file}.png") for file, figure in figures.items()]

    def html(
        self,
        runs: Sequence[Run],
        comparisons: Sequence[Comparison],
        explained: Sequence[tuple[Path, str]],
        photographs: Photographs | None,
    ) -> str:
        """The page, with everything that it shows in it."""
        from jinja2 import Environment, PackageLoader, StrictUndefined
        from markupsafe import Markup

        analysis, names = self.analysis, self.analysis.classes
        order = self._most_telling()
        sheet = _Sheet([self.images[position] for position in order])
        index_of = {int(position): index for index, position in enumerate(order)}
        pairs = [self._pair_section(pair, sheet, index_of) for pair in self.pairs]
        counts = analysis.confusion[np.ix_(self.focus, self.focus)]
        focus_names = [names[number] for number in self.focus]
        charts = {
            "history": Markup(
                '<div class="columns">'
                + plots.svg("loss over the epochs", partial(plots.draw_history, rows=self.history, name="loss"))
                + plots.svg("accuracy over the epochs", partial(plots.draw_history, rows=self.history, name="accuracy"))
                + "</div>"
            ),
            "projections": [
                Markup(f"<h3>{title.capitalize()}</h3>" + plots.svg(title, partial(self._projection, points)))
                for title, points in self.projections
            ],
            "reliability": Markup(plots.svg("reliability curve", partial(plots.draw_reliability, bins=[
                (bin_.confidence, bin_.accuracy) for bin_ in analysis.reliability
            ]))),
            "coverage": Markup(
                plots.svg("accuracy of the surest rows", lambda axis: plots.draw_coverage(axis, *analysis.coverage))
            ),
        }  # fmt: skip
        return Environment(
            loader=PackageLoader("kit.reporting", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        ).get_template("report.html").render(
            name=self.run.name,
            accuracy=f"{analysis.accuracy.value:.2%}",
            rows=f"{len(analysis):,}",
            summary=self.summary,
            inverted=bool(np.median(self.images) < 128),
            sheet=sheet,
            digits=[self._digit(position, sheet, index) for index, position in enumerate(order)],
            comparisons=[comparison_sentence(comparison) for comparison in comparisons],
            comparison_table=comparison_table(runs, comparisons) if comparisons else [],
            charts=charts,
            class_names=[name if len(name) < 3 else "bg" for name in names],
            class_titles=names,
            matrix=[[self._cell(truth, taken) for taken in range(len(names))] for truth in range(len(names))],
            scores=[
                [score.name, f"{score.rows:,}", percent(score.precision), percent(score.recall), percent(score.f1)]
                for score in analysis.scores
            ],
            focus_name=listed(focus_names),
            study_sentence=study_sentence(analysis, self.focus),
            study_table=[
                [f"taken for {name}" for name in focus_names] + ["for another"],
                *(
                    [name, *(f"{count:,}" for count in line), f"{analysis.scores[number].rows - line.sum():,}"]
                    for number, name, line in zip(self.focus, focus_names, counts, strict=True)
                ),
            ],
            pairs=pairs,
            calibration_sentence=calibration_sentence(analysis),
            thresholds=[
                [f"at least {threshold.confidence:.1%}", f"{threshold.share:.1%}", percent(threshold.accuracy),
                 percent(threshold.accuracy_below)]
                for threshold in analysis.thresholds
            ],
            legend="Blue bars stand for the true class, orange ones for the answer, 0 to 9 from the left.",
            sides=[(index_of[right], index_of[wrong]) for right, wrong in analysis.sides],
            mistakes=[index_of[position] for position in analysis.mistakes[:_SHOWN].tolist()],
            uncertain=[index_of[position] for position in analysis.uncertain[:_SHOWN].tolist()],
            suspects=[index_of[position] for position in analysis.suspects[:_SHOWN].tolist()],
            suspects_sentence=suspects_sentence(analysis, _SHOWN),
            explained=[{"png": _base64(path.read_bytes()), "words": words} for path, words in explained],
            explain_command=f"kit analyze {self.run.name} --explain {self._uncertain_row()}",
            photographs=_photographs_section(photographs) if photographs else None,
            about=self._about(),
            command=shlex.join(["kit", "analyze", *(run.name for run in runs), "--focus", ",".join(focus_names)]),
            cells={
                "classes": names,
                "digits": [self._packed(position, sheet, index) for index, position in enumerate(order)],
                "cells": self._cells(index_of),
            },
        )  # fmt: skip

    def _uncertain_row(self) -> int:
        """The row that the network is least sure of; scenes without a digit have none."""
        numbers = self.analysis.row_numbers[self.analysis.uncertain]
        return int(numbers[np.argmax(numbers > 0)])

    def _most_telling(self) -> np.ndarray:
        """Positions of the rows that the page shows: those of its galleries, all mistakes, then the least sure.

        A page of all rows would be too heavy; mistakes alone may be, for a network that has hardly learned.
        """
        analysis = self.analysis
        most = max(500, _SHEET_PIXELS // self.images[0].size)
        galleries = [analysis.mistakes[:_SHOWN], analysis.uncertain[:_SHOWN], analysis.suspects[:_SHOWN]]
        galleries += [np.array(analysis.sides, int).ravel()]
        galleries += [pair.where[:_SHOWN] for pair in self.pairs]
        unsure = np.argsort(analysis.confidence, kind="stable")
        order = np.concatenate([*galleries, analysis.mistakes, unsure])
        first = np.sort(np.unique(order, return_index=True)[1])
        return order[first][:most]

    def _digit(self, position: int, sheet: "_Sheet", index: int) -> dict[str, Any]:
        analysis = self.analysis
        truth, taken = int(analysis.labels[position]), int(analysis.predicted[position])
        names = analysis.classes
        return {
            **sheet.place(index),
            "truth": truth,
            "taken": taken,
            "p": _percents(analysis.probabilities[position]),
            "caption": names[truth] if truth == taken else f"{names[truth]} → {names[taken]}",
            "detail": f"{analysis.confidence[position]:.0%}, {analysis.row_name(position)}",
        }

    def _packed(self, position: int, sheet: "_Sheet", index: int) -> list[float]:
        analysis, place = self.analysis, sheet.place(index)
        row, label, taken = analysis.row_numbers[position], analysis.labels[position], analysis.predicted[position]
        return [int(row), place["x"], place["y"], int(label), int(taken), *_percents(analysis.probabilities[position])]

    def _cell(self, truth: int, taken: int) -> dict[str, Any]:
        analysis = self.analysis
        count, rate = int(analysis.confusion[truth, taken]), float(analysis.rates[truth, taken])
        mistakes = analysis.rates * (1 - np.eye(len(analysis.classes)))
        share = 0.0 if truth == taken or not count else 12 + 78 * rate / mistakes.max()
        return {
            "key": f"{truth}-{taken}",
            "count": count,
            "share": round(share),
            "kind": "right" if truth == taken else "zero" if not count else "hot" if share > 55 else "wrong",
            "says": self._says(truth, taken),
            "first": truth == taken == 0,
        }

    def _says(self, truth: int, taken: int) -> str:
        """A cell in words."""
        analysis, names = self.analysis, self.analysis.classes
        count, rows = int(analysis.confusion[truth, taken]), analysis.scores[truth].rows
        if not rows:
            return f"{names[truth]}: no validation row has this label."
        of = f"{count:,} of {count_of(rows, 'row')} ({analysis.rates[truth, taken]:.2%})"
        what = f"{names[truth]} read right" if truth == taken else f"{names[truth]} taken for {names[taken]}"
        return f"{what}: {of}."

    def _cells(self, index_of: dict[int, int]) -> dict[str, Any]:
        """What the page shows for each cell of the matrix: indices of its digits, and a heading that counts them."""
        analysis, found = self.analysis, {}
        for truth in range(len(analysis.classes)):
            for taken in range(len(analysis.classes)):
                pair = analysis.pair(truth, taken)
                shown = [index_of[position] for position in pair.where.tolist() if position in index_of]
                names = analysis.classes
                words = f"{names[truth]} → {names[taken]}" if truth != taken else f"{names[truth]}, read right"
                if len(shown) < pair.count:
                    words += f": {len(shown):,} of {pair.count:,}, those with the least confidence"
                found[f"{truth}-{taken}"] = {"shown": shown, "words": words}
        return found

    def _pair_section(self, pair: Pair, sheet: "_Sheet", index_of: dict[int, int]) -> dict[str, Any]:
        names = self.analysis.classes
        truth, taken = names[pair.truth], names[pair.taken_for]
        means = [(sheet.add(image), words) for image, words in self._means(pair) if image is not None]
        shown = pair.where[:_SHOWN].tolist()
        return {
            "key": f"{truth}-{taken}",
            "title": f"{truth} → {taken}: {times(pair.count)}, {pair.rate:.2%} of all {truth}s",
            "means": [(sheet.place(index), words) for index, words in means] if pair.count else [],
            "indices": [index_of[position] for position in shown],
            "empty": f"No {truth} was taken for a {taken}.",
            "more": pair.count > len(shown)
            and f"The worst {len(shown)} of {pair.count:,}; choose the cell in the matrix for more.",
        }

    def _means(self, pair: Pair) -> list[tuple[np.ndarray | None, str]]:
        """The mean digit of the right ones of either class, and of those confused."""
        names = self.analysis.classes
        truth, taken = names[pair.truth], names[pair.taken_for]
        right = [self.analysis.pair(number, number).where for number in (pair.truth, pair.taken_for)]
        groups = [
            (right[0], f"mean right {truth}"),
            (pair.where, f"mean {truth} → {taken}"),
            (right[1], f"mean right {taken}"),
        ]
        return [
            (self.images[where].mean(axis=0).round().astype(np.uint8) if len(where) else None, words)
            for where, words in groups
        ]

    def _pair_row(self, pair: Pair) -> tuple[str, list[tuple[np.ndarray | None, str]]]:
        names = self.analysis.classes
        worst = [(self.images[at], f"{self.analysis.confidence[at]:.0%}") for at in pair.where[:8]]
        heading = f"{names[pair.truth]} → {names[pair.taken_for]}\n{pair.count:,} ({pair.rate:.1%})"
        return heading, [*self._means(pair), *worst]

    def _gallery(self, where: np.ndarray, title: str) -> Any:
        analysis, names, shown = self.analysis, self.analysis.classes, where[:_SHOWN]
        captions = [
            f"{names[analysis.labels[at]]} → {names[analysis.predicted[at]]}\n{analysis.row_name(at)}"
            if not analysis.right[at]
            else f"{names[analysis.labels[at]]}\n{analysis.row_name(at)}"
            for at in shown
        ]
        return plots.predictions(
            self.images[shown], analysis.probabilities[shown], analysis.labels[shown], captions, names, title
        )

    def _projection(self, points: np.ndarray, axis: Any) -> None:
        names = [self.analysis.classes[number] for number in self.focus]
        plots.draw_projection(axis, points, self.focus_labels, self.focus_wrong, names)

    def _about(self) -> list[tuple[str, str]]:
        settings, metrics = self.run.settings, self.run.metrics
        epochs = f"{metrics['epochs_done']} of {settings.epochs} epochs, epoch {metrics['best_epoch']:.0f} kept"
        rate = f"learning rate {settings.learning_rate:g}, batch size {settings.batch_size}"
        versions = [f"{name} {version}" for name, version in self.run.versions.items() if name != "platform"]
        return [
            ("network", f"{settings.arch}, {metrics['parameters']:,} parameters"),
            ("trained", epochs),
            ("optimizer", f"{settings.optimizer}, {rate}"),
            ("augmentation", "yes" if settings.augment else "no"),
            ("seed", str(settings.seed)),
            ("data", f"{settings.data}, {settings.validation_split:.0%} held out"),
            ("versions", ", ".join(versions)),
        ]


class _Sheet:
    """All digits of a page in one picture, side by side."""

    def __init__(self, images: list[np.ndarray]) -> None:
        self._images = list(images)
        self.columns = _SHEET_COLUMNS

    def add(self, image: np.ndarray) -> int:
        """Appends an image and returns its index."""
        self._images.append(image)
        return len(self._images) - 1

    def place(self, index: int) -> dict[str, int]:
        return {"x": index % self.columns, "y": index // self.columns}

    @property
    def rows(self) -> int:
        return -(-len(self._images) // self.columns)

    @property
    def png(self) -> str:
        from PIL import Image

        height, width = self._images[0].shape
        sheet = np.zeros((self.rows * self.columns, height, width), np.uint8)
        sheet[: len(self._images)] = self._images
        picture = sheet.reshape(self.rows, self.columns, height, width).swapaxes(1, 2)
        written = io.BytesIO()
        Image.fromarray(picture.reshape(self.rows * height, -1)).save(written, "png", compress_level=6)
        return _base64(written.getvalue())


def _explain(run: Run, row: int, image: np.ndarray, label: int, classes: Sequence[str]) -> tuple[Path, str]:
    """Draws what the network looks at in a row or its scene; the picture and the same in words."""
    explanation = explain_row(run, image)
    answer, truth = classes[explanation.answer], classes[label]
    words = f"{run}: row {row:,}, a {truth} taken for {answer} ({explanation.probabilities.max():.1%})"
    if answer == truth:
        words = f"{run}: row {row:,}, a {truth} read right ({explanation.probabilities.max():.1%})"
    changes = [("covered with paper", explanation.without_ink), ("covered with ink", explanation.with_ink)]
    figure = plots.occlusion(image[..., 0], changes, explanation.probabilities, classes, words)
    return plots.save(figure, run.folder / "analysis" / f"explain-{row}.png"), words


def _photographs_section(found: Photographs) -> dict[str, Any]:
    """Tables, sentences and the surest failures, each group with its pictures."""
    groups: list[tuple[str, list[Failure]]] = [
        ("Digits not read right", [failure for failure in found.failures if failure.truth != BACKGROUND]),
        ("False alarms", [one for one in found.failures if one.truth == BACKGROUND and not one.lookalike]),
        ("False alarms on look-alikes", [one for one in found.failures if one.lookalike]),
    ]
    shown = [(title, failures, failures[:_PHOTOGRAPHS]) for title, failures in groups if failures]
    sheet = _Sheet([failure.pixels for _, _, some in shown for failure in some])
    places = (sheet.place(index) for index in range(sum(len(some) for _, _, some in shown)))
    return {
        "folder": str(found.folder),
        "sentences": sentences(found),
        "tables": [table for table in (table_of_digits(found), table_of_backgrounds(found)) if len(table) > 1],
        "sheet": sheet if shown else None,
        "unread": len(found.problems),
        "galleries": [
            {
                "title": f"{title}: {len(failures):,}"
                + ("" if len(some) == len(failures) else f", the surest {len(some)}"),
                "failures": [
                    {
                        **next(places),
                        "words": f"{_word(failure.truth)} → {_word(failure.taken)}",
                        "detail": f"{failure.probability:.0%}, {failure.file}",
                    }
                    for failure in some
                ],
            }
            for title, failures, some in shown
        ],
    }


def _word(label: str) -> str:
    return "nothing" if label == BACKGROUND else label


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _percents(probabilities: np.ndarray) -> list[float]:
    return [round(value, 1) for value in (probabilities * 100).tolist()]
