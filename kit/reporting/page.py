"""The report's page: what each section of report.html is filled with, and the page itself, one file of HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from kit import plots
from kit.reading.labelled_photographs import Failure, Photographs, sentences, table_of_backgrounds, table_of_digits
from kit.reporting.charts import svg
from kit.reporting.figures import caption
from kit.reporting.sentences import (
    calibration_sentence,
    comparison_sentence,
    comparison_table,
    count_of,
    listed,
    percent,
    rows_of,
    study_sentence,
    suspects_sentence,
    times,
)
from kit.reporting.sheet import Sheet, base64_of
from kit.reporting.study import SHOWN, Study
from kit.reporting.template import filled
from kit.run.comparison import Comparison
from kit.run.folder import Run
from kit.run.metrics import Pair
from kit.task import BACKGROUND
from kit.text import command_line

_SHOWN_PHOTOGRAPHS = 48  # in a gallery
_SHEET_PIXELS = 3_136_000  # of all digits on the page: 4,000 of 28 × 28, about a megabyte

Section = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What else was asked for and found.

    Attributes:
        summary: What a person is told first, a sentence each.
        runs: The run that is studied, then those it is compared with.
        comparisons: Of several runs, each against the most accurate.
        explained: Pictures of what the network looks at, each with its words.
        photographs: How it fares on photographs, where there are some.
        names: By which `kit analyze` finds the runs.
        given: The options of `kit analyze` that the page comes of, but for the focus.
        where: Those of them that say where things are.
    """

    summary: Sequence[str]
    runs: Sequence[Run]
    comparisons: Sequence[Comparison]
    explained: Sequence[tuple[Path, str]]
    photographs: Photographs | None
    names: Sequence[str]
    given: Sequence[object]
    where: Sequence[object]


def page(study: Study, found: Found) -> str:
    """The page, with everything that it shows in it; a browser runs and loads nothing else for it."""
    shown = _Shown(study)
    sections = {
        "head": _head(study, found),
        "comparison": _comparison(found),
        "training": None if study.run.settings.imported else _training(study),
        "matrix": _matrix(study),
        "study": _study(study, shown),
        "confidence": _confidence(study),
        "galleries": _galleries(study, shown),
        "explained": _explained(study, found),
        "photographs": _photographs(found.photographs) if found.photographs else None,
        "about": _about(study, found),
        "cells": _cells(study, shown),
        "digits": [shown.digit(position) for position in shown.order],
        "sheet": shown.sheet,
    }
    return filled(Path(__file__).with_name("report.html"), sections)


class _Shown:
    """The digits that the page shows, in the order of its sheet."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.order = _most_telling(study).tolist()
        self.sheet = Sheet([study.images[position] for position in self.order])
        self._index_of = {position: index for index, position in enumerate(self.order)}

    def indices(self, positions: np.ndarray) -> list[int]:
        """Where those of the digits that are shown stand in the sheet."""
        return [self._index_of[position] for position in positions.tolist() if position in self._index_of]

    def digit(self, position: int) -> Section:
        analysis = self.study.analysis
        return {
            **self.sheet.place(self._index_of[position]),
            "truth": int(analysis.labels[position]),
            "taken": int(analysis.predicted[position]),
            "p": _percents(analysis.probabilities[position]),
            "caption": caption(self.study, position),
            "detail": f"{analysis.confidence[position]:.0%}, {analysis.row_name(position)}",
        }

    def packed(self, position: int) -> list[float]:
        """The same as short as it goes: row, x, y, truth, answer, probabilities."""
        digit = self.digit(position)
        row = int(self.study.analysis.row_numbers[position])
        return [row, digit["x"], digit["y"], digit["truth"], digit["taken"], *digit["p"]]


def _most_telling(study: Study) -> np.ndarray:
    """Positions of the rows that the page shows: those of its galleries, all mistakes, then the least sure.

    A page of all rows would be too heavy; mistakes alone may be, for a network that has hardly learned.
    """
    analysis = study.analysis
    most = max(500, _SHEET_PIXELS // study.images[0].size)
    galleries = [analysis.mistakes[:SHOWN], analysis.uncertain[:SHOWN], analysis.suspects[:SHOWN]]
    galleries += [np.array(analysis.sides, int).ravel()]
    galleries += [pair.where[:SHOWN] for pair in study.pairs]
    unsure = np.argsort(analysis.confidence, kind="stable")
    order = np.concatenate([*galleries, analysis.mistakes, unsure])
    first = np.sort(np.unique(order, return_index=True)[1])
    return order[first][:most]


def _head(study: Study, found: Found) -> Section:
    analysis = study.analysis
    return {
        "name": study.run.name,
        "accuracy": f"{analysis.accuracy.value:.2%}",
        "rows": rows_of(analysis),
        "summary": found.summary,
        "inverted": bool(np.median(study.images) < 128),
    }


def _comparison(found: Found) -> Section | None:
    if not found.comparisons:
        return None
    return {
        "table": comparison_table(found.runs, found.comparisons),
        "sentences": [comparison_sentence(comparison) for comparison in found.comparisons],
    }


def _training(study: Study) -> Section:
    rows = study.run.history
    return {
        "charts": [
            _chart(f"{name} over the epochs", partial(plots.draw_history, rows=rows, name=name))
            for name in ("loss", "accuracy")
        ]
    }


def _matrix(study: Study) -> Section:
    analysis, names = study.analysis, study.analysis.classes
    mistakes = analysis.rates * (1 - np.eye(len(names)))
    most = float(mistakes.max())

    def cell(truth: int, taken: int) -> Section:
        count, right = int(analysis.confusion[truth, taken]), truth == taken
        share = 0.0 if right or not count else 12 + 78 * float(mistakes[truth, taken]) / most
        return {
            "key": f"{truth}-{taken}",
            "count": count,
            "share": round(share),
            "kind": "right" if right else "zero" if not count else "hot" if share > 55 else "wrong",
            "says": _says(study, truth, taken),
            "first": truth == taken == 0,
        }

    return {
        "names": [name if len(name) < 3 else "bg" for name in names],
        "titles": names,
        "cells": [[cell(truth, taken) for taken in range(len(names))] for truth in range(len(names))],
        "scores": [
            [score.name, f"{score.rows:,}", percent(score.precision), percent(score.recall), percent(score.f1)]
            for score in analysis.scores
        ],
    }


def _says(study: Study, truth: int, taken: int) -> str:
    """A cell of the matrix in words."""
    analysis, names = study.analysis, study.analysis.classes
    rows = analysis.scores[truth].rows
    if not rows:
        return f"{names[truth]}: no validation row has this label."
    of = f"{analysis.confusion[truth, taken]:,} of {count_of(rows, 'row')} ({analysis.rates[truth, taken]:.2%})"
    what = f"{names[truth]} read right" if truth == taken else f"{names[truth]} taken for {names[taken]}"
    return f"{what}: {of}."


def _study(study: Study, shown: _Shown) -> Section:
    names = study.focus_names
    rows = [study.analysis.scores[number].rows for number in study.focus]

    def projection(points: np.ndarray, axis: Any) -> None:
        plots.draw_projection(axis, points, study.focus_labels, study.focus_wrong, names)

    return {
        "name": listed(names),
        "sentence": study_sentence(study.analysis, study.focus),
        "table": [
            [f"taken for {name}" for name in names] + ["for another"],
            *(
                [name, *(f"{count:,}" for count in line), f"{total - line.sum():,}"]
                for name, line, total in zip(names, study.focus_counts, rows, strict=True)
            ),
        ],
        "charts": [
            {"title": title.capitalize(), "svg": _chart(title, partial(projection, points))}
            for title, points in study.projections
        ],
        "pairs": [_pair(study, pair, shown) for pair in study.pairs],
    }


def _pair(study: Study, pair: Pair, shown: _Shown) -> Section:
    names = study.analysis.classes
    truth, taken = names[pair.truth], names[pair.taken_for]
    means = [(shown.sheet.add(image), words) for image, words in study.means(pair) if image is not None]
    gallery = pair.where[:SHOWN]
    more = f"The worst {len(gallery)} of {pair.count:,}; choose the cell in the matrix for more."
    return {
        "key": f"{truth}-{taken}",
        "title": f"{study.arrow(pair.truth, pair.taken_for)}: {times(pair.count)}, {pair.rate:.2%} of all {truth}s",
        "means": [(shown.sheet.place(index), words) for index, words in means] if pair.count else [],
        "indices": shown.indices(gallery),
        "empty": f"No {truth} was taken for a {taken}.",
        "more": more if pair.count > len(gallery) else "",
    }


def _confidence(study: Study) -> Section:
    analysis = study.analysis
    return {
        "sentence": calibration_sentence(analysis),
        "charts": [
            _chart("reliability curve", partial(plots.draw_reliability, bins=study.reliability)),
            _chart("accuracy of the surest rows", lambda axis: plots.draw_coverage(axis, *analysis.coverage)),
        ],
        "thresholds": [
            [f"at least {threshold.confidence:.1%}", f"{threshold.share:.1%}", percent(threshold.accuracy),
             percent(threshold.accuracy_below)]
            for threshold in analysis.thresholds
        ],
    }  # fmt: skip


def _galleries(study: Study, shown: _Shown) -> Section:
    analysis = study.analysis
    return {
        "legend": "Blue bars stand for the true class, orange ones for the answer, 0 to 9 from the left.",
        "sides": [shown.indices(np.array(pair)) for pair in analysis.sides],
        "mistakes": shown.indices(analysis.mistakes[:SHOWN]),
        "uncertain": shown.indices(analysis.uncertain[:SHOWN]),
        "suspects": shown.indices(analysis.suspects[:SHOWN]),
        "suspects_sentence": suspects_sentence(analysis, SHOWN),
    }


def _explained(study: Study, found: Found) -> Section:
    numbers = study.analysis.row_numbers[study.analysis.uncertain]
    unsure = int(numbers[np.argmax(numbers > 0)])  # scenes without a digit have no row
    return {
        "pictures": [{"png": base64_of(path.read_bytes()), "words": words} for path, words in found.explained],
        "command": command_line(["kit", "analyze", found.names[0], "--explain", unsure, *found.where]),
    }


def _photographs(found: Photographs) -> Section:
    """Tables, sentences and the surest failures, each group with its pictures."""
    groups: list[tuple[str, list[Failure]]] = [
        ("Digits not read right", [failure for failure in found.failures if failure.truth != BACKGROUND]),
        ("False alarms", [one for one in found.failures if one.truth == BACKGROUND and not one.lookalike]),
        ("False alarms on look-alikes", [one for one in found.failures if one.lookalike]),
    ]
    shown = [(title, failures, failures[:_SHOWN_PHOTOGRAPHS]) for title, failures in groups if failures]
    sheet = Sheet([failure.pixels for _, _, some in shown for failure in some])
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
                "failures": [{**next(places), **_failure(failure)} for failure in some],
            }
            for title, failures, some in shown
        ],
    }


def _failure(failure: Failure) -> Section:
    truth, taken = ("nothing" if label == BACKGROUND else label for label in (failure.truth, failure.taken))
    return {"words": f"{truth} → {taken}", "detail": f"{failure.probability:.0%}, {failure.file}"}


def _about(study: Study, found: Found) -> Section:
    run = study.run
    versions = [f"{name} {version}" for name, version in run.versions.items() if name != "platform"]
    return {
        "table": [
            *(_imported(run) if run.settings.imported else _trained(run)),
            ("versions", ", ".join(versions)),
        ],
        "command": command_line(
            ["kit", "analyze", *found.names, "--focus", ",".join(study.focus_names), *found.given, *found.where]
        ),
    }


def _trained(run: Run) -> list[tuple[str, str]]:
    settings, metrics = run.settings, run.outcome
    rate = f"learning rate {settings.learning_rate:g}, batch size {settings.batch_size}"
    epochs = f"{metrics['epochs_done']} of {metrics['epochs']} epochs, epoch {metrics['best_epoch']:.0f} kept"
    held_out = f"{settings.validation_split:.0%} held out"
    if settings.folded:
        epochs = f"in {settings.folds} folds, {epochs} on average"
        held_out += " by each of them, in turn"
    return [
        ("network", f"{settings.arch}, {metrics['parameters']:,} parameters"),
        ("trained", epochs),
        ("optimizer", f"{settings.optimizer}, {rate}"),
        ("augmentation", "yes" if settings.augment else "no"),
        ("seed", str(settings.seed)),
        ("data", f"{settings.data}, {held_out}"),
    ]


def _imported(run: Run) -> list[tuple[str, str]]:
    settings = run.settings
    seen = "it may have been trained on these rows" if settings.seen else "it has not seen the rows that judge it"
    return [
        ("network", f"{settings.arch}, {run.metrics['parameters']:,} parameters"),
        ("trained", "elsewhere, by a recipe that is not known"),
        ("imported from", f"{settings.imported}, SHA-256 {settings.imported_sha256}"),
        ("pixels", f"0 to 255, made into {settings.pixels} inside"),
        ("data", f"{settings.data}; {seen}"),
    ]


def _cells(study: Study, shown: _Shown) -> Section:
    """For the page's script: its digits, and for each cell of the matrix which of them, under what heading."""
    analysis, names = study.analysis, study.analysis.classes
    cells = {}
    for truth in range(len(names)):
        for taken in range(len(names)):
            pair = analysis.pair(truth, taken)
            indices = shown.indices(pair.where)
            words = study.arrow(truth, taken) if truth != taken else f"{names[truth]}, read right"
            if len(indices) < pair.count:
                words += f": {len(indices):,} of {pair.count:,}, those with the least confidence"
            cells[f"{truth}-{taken}"] = {"shown": indices, "words": words}
    return {"classes": names, "digits": [shown.packed(position) for position in shown.order], "cells": cells}


def _chart(name: str, draw: Any) -> Any:
    from markupsafe import Markup

    return Markup(svg(name, draw))


def _percents(probabilities: np.ndarray) -> list[float]:
    return [round(value, 1) for value in (probabilities * 100).tolist()]
