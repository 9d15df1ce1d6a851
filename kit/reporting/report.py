"""`kit analyze`: a run's predictions studied, as pictures and one HTML page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kit import KitError, html
from kit.data.loading import LabelledDigits
from kit.files import write_text
from kit.reading.labelled_photographs import Photographs, judge
from kit.reading.reader import open_reader
from kit.reporting.figures import draw, draw_explanation
from kit.reporting.page import Found
from kit.reporting.page import page as page_of
from kit.reporting.sentences import ONE_VIEW, caveat, summarize, views_sentence
from kit.reporting.study import Study
from kit.run.comparison import Comparison, compare, compare_analyses
from kit.run.folder import Run
from kit.run.metrics import FOCUS, Analysis
from kit.run.prediction import viewed_validation
from kit.run.runs import RUNS, RunName, chosen, name_in
from kit.run.views import check_views
from kit.training.canonical import member
from kit.training.examples import validation_images
from kit.training.split import held_out_rows

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Report:
    """What `analyze` found and wrote.

    Attributes:
        page: The HTML file.
        pictures: The PNG files.
        runs: The run that was studied, then those it was compared with.
        analysis: The numbers of the first run.
        comparisons: Of several runs, each against the most accurate.
        summary: The page's first sentences.
        focus: The classes studied.
        photographs: How it fares on photographs, where a folder of them was given.
        views: Several views of each picture against one, where that was asked for.
    """

    page: Path
    pictures: list[Path]
    runs: list[Run]
    analysis: Analysis
    comparisons: list[Comparison]
    summary: list[str]
    focus: tuple[int, ...]
    photographs: Photographs | None
    views: Comparison | None

    def _repr_html_(self) -> str:
        """What a notebook shows: the page's first sentences and the confusion matrix; the page itself is a file."""
        pictures = [html.picture(path) for path in self.pictures if path.stem == "confusion"]
        return html.facts(str(self.page), [], *map(html.line, self.summary), *pictures)

    def numbers(self) -> dict[str, Any]:
        """Everything for a program: what `kit analyze --json` prints."""
        comparisons = [{**vars(comparison), "real": comparison.real} for comparison in self.comparisons]
        judged: dict[str, Any] = {"photographs": self.photographs.numbers()} if self.photographs else {}
        judged |= {"views": {**vars(self.views), "real": self.views.real}} if self.views else {}
        return {**self.analysis.numbers(self.focus), "comparisons": comparisons, **judged}


def analyze(
    run: RunName | Sequence[RunName] | None = None,
    *,
    focus: Sequence[int] | str = FOCUS,
    explain: Sequence[int] = (),
    photos: Path | str | None = None,
    views: int = 1,
    data: Path | str | None = None,
    runs: Path | str = RUNS,
    notify: Callable[[str], None] = lambda line: None,
) -> Report:
    """Studies a run's validation predictions and writes `report.html` and `analysis/*.png` into its folder.

    Args:
        run: The run; of several the first is studied and compared with the others. Without it the best one.
        focus: The classes to study closely, such as (4, 7, 9) or "4,7,9".
        explain: Rows of the training file, from 1, to draw a map of what the network looks at (this loads TensorFlow).
        photos: A folder or zip of labelled photographs to judge the first run on, laid out as `labelled_photographs`
            has it (this loads TensorFlow too).
        views: Also see what `kit submit --views` would gain, on the rows that judge the run (this loads TensorFlow).
        data: Where the training rows are; where the run's own settings say without it.
        runs: Where the runs are.
        notify: Called with a line that says which run is the best one.

    Raises:
        KitError: A run has no predictions, the data is not what it was trained on, the focus or a row is wrong, or
            there are no photographs in the folder.
    """
    found = chosen(run, runs, notify=notify)
    first = found[0]
    if twice := next((one.name for one in found if found.count(one) > 1), None):
        raise KitError(f"{twice}: named twice: compare different runs")
    classes = parse_focus(focus, first.analysis)
    comparisons = compare(found) if len(found) > 1 else []
    digits = first.digits(data)
    _check_rows(explain, first, digits)
    photographs = judge(open_reader(first), photos) if photos is not None else None
    images = validation_images(first, digits)
    by_views = _by_views(first, images, views)
    study = Study(first, images[..., 0], classes)
    pictures = draw(study)
    explained = _explain(explain, first, digits, images)
    page = first.folder / "report.html"
    summary = summarize(first.analysis, classes, caveat(first.settings))
    summary += [views_sentence(by_views, views)] if by_views else []
    given: list[object] = [word for row in explain for word in ("--explain", row)]
    given += ["--photos", photos] if photos is not None else []
    given += ["--views", views] if views > 1 else []
    where: list[object] = ["--data", data] if data is not None else []
    where += ["--runs", runs] if Path(runs) != RUNS else []
    names = [name_in(runs, one) for one in found]
    write_text(page, page_of(study, Found(summary, found, comparisons, explained, photographs, names, given, where)))
    return Report(
        page=page,
        pictures=[*pictures, *(path for path, _ in explained)],
        runs=found,
        analysis=first.analysis,
        comparisons=comparisons,
        summary=summary,
        focus=classes,
        photographs=photographs,
        views=by_views,
    )


def _by_views(run: Run, images: np.ndarray, views: int) -> Comparison | None:
    """So many views of each picture against one, on the rows that judge a run."""
    check_views(views)
    if views == 1:
        return None
    viewed = Analysis(f"{views} views", viewed_validation(run, images, views))
    return compare_analyses(viewed, Analysis(ONE_VIEW, run.validation))


def _check_rows(rows: Sequence[int], run: Run, digits: LabelledDigits) -> None:
    """KitError where there is no such row to explain."""
    for row in rows:
        if not 1 <= row <= len(digits):
            raise KitError(f"--explain {row}: {digits.name} has rows 1 to {len(digits):,}")
        if run.task.examples == "scenes" and row not in run.analysis.row_numbers:
            raise KitError(
                f"--explain {row}: {run} has a scene of its validation rows only: choose one of the report's"
            )


def _explain(rows: Sequence[int], run: Run, digits: LabelledDigits, images: np.ndarray) -> list[tuple[Path, str]]:
    """Draws what the network looks at in rows, or in the scenes that were drawn of them."""
    if run.task.examples == "rows":
        images, position = digits.images, {row: row - 1 for row in rows}
    else:
        position = {row: number for number, row in enumerate(run.analysis.row_numbers.tolist())}
    if not rows:
        return []
    network, labels = _networks(run, digits), digits.labels
    return [draw_explanation(run, network(row), row, images[position[row]], int(labels[row - 1])) for row in rows]


def _networks(run: Run, digits: LabelledDigits) -> Callable[[int], "keras.Model"]:
    """Which network is asked about a row, from 1: of a run in folds the one that has not learned from it."""
    model, settings = run.model(), run.settings
    if not settings.folded or not settings.folds:
        return lambda row: model
    held_out = held_out_rows(digits.labels, settings.folds, settings.split_seed)
    return lambda row: member(model, next(number for number, rows in enumerate(held_out, 1) if row - 1 in rows))


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
