"""A studied run as PNG pictures."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kit import plots
from kit.reporting.occlusion import explain_row
from kit.reporting.sentences import listed, rows_of
from kit.reporting.study import SHOWN, Study
from kit.run.folder import Run
from kit.run.metrics import Pair
from kit.system import in_plain_words

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure


def draw(study: Study) -> list[Path]:
    """Writes every figure into the run's folder `analysis`."""
    analysis, names, name = study.analysis, study.focus_names, study.run.name
    rows, files = rows_of(analysis), "-".join(names)
    figures = {
        "confusion": plots.confusion(analysis.confusion, analysis.classes, f"{name}: confusions on {rows}"),
        f"study-{files}": plots.study(
            study.focus_counts, analysis.confusion[list(study.focus)].sum(axis=1), names, study.projections,
            study.focus_labels, study.focus_wrong, f"{name}: {listed(names)} among {rows}; crosses are wrong",
        ),
        f"pairs-{files}": plots.pairs(
            [_pair_row(study, pair) for pair in study.pairs],
            f"{name}: how {listed(names)} are confused (mean of the right ones, mean of the confused, the worst)",
        ),
        "confidence": plots.confidence(study.reliability, *analysis.coverage, f"{name}: confidence on {rows}"),
        "right-and-wrong": _gallery(
            study, np.array(analysis.sides, int).ravel(), f"{name}: a right one and the worst mistake of each class"
        ),
        "mistakes": _gallery(study, analysis.mistakes, f"{name}: the worst mistakes on {rows}"),
        "uncertain": _gallery(study, analysis.uncertain, f"{name}: the most uncertain of {rows}"),
        "suspects": _gallery(study, analysis.suspects, f"{name}: labels that look wrong among {rows}"),
    }  # fmt: skip
    return [_save(figure, study.run, file) for file, figure in figures.items()]


def _save(figure: "Figure", run: Run, file: str) -> Path:
    folder = run.folder / "analysis"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise in_plain_words(error, folder) from error
    return plots.save(figure, folder / f"{file}.png")


def draw_explanation(run: Run, model: "keras.Model", row: int, image: np.ndarray, label: int) -> tuple[Path, str]:
    """Draws what a network looks at in a row or its scene, (height, width, 1); the picture and the same in words.

    Args:
        run: Whose picture it is.
        model: The run's network, or the one of its folds that has not learned from this row.
        row: Of the training file, from 1.
        image: What stands there.
        label: Its true class.
    """
    explanation, classes = explain_row(model, image), run.task.labels
    answer, truth, share = classes[explanation.answer], classes[label], explanation.probabilities.max()
    read = "read right" if answer == truth else f"taken for {answer}"
    words = f"{run}: row {row:,}, a {truth} {read} ({share:.1%})"
    changes = [("covered with paper", explanation.without_ink), ("covered with ink", explanation.with_ink)]
    figure = plots.occlusion(image[..., 0], changes, explanation.probabilities, classes, words)
    return _save(figure, run, f"explain-{row}"), words


def _pair_row(study: Study, pair: Pair) -> tuple[str, list[tuple[np.ndarray | None, str]]]:
    worst = [(study.images[at], f"{study.analysis.confidence[at]:.0%}") for at in pair.where[:8]]
    heading = f"{study.arrow(pair.truth, pair.taken_for)}\n{pair.count:,} ({pair.rate:.1%})"
    return heading, [*study.means(pair), *worst]


def _gallery(study: Study, where: np.ndarray, title: str) -> "Figure":
    analysis, shown = study.analysis, where[:SHOWN]
    captions = [f"{caption(study, at)}\n{analysis.row_name(at)}" for at in shown]
    return plots.predictions(
        study.images[shown], analysis.probabilities[shown], analysis.labels[shown], captions, analysis.classes, title
    )


def caption(study: Study, position: int) -> str:
    """4 where it is read right, else 4 → 9."""
    truth, taken = int(study.analysis.labels[position]), int(study.analysis.predicted[position])
    return study.analysis.classes[truth] if truth == taken else study.arrow(truth, taken)
