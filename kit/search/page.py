"""The page of a sweep, one file of HTML, and its pictures as PNG."""

from functools import partial
from pathlib import Path
from typing import Any

from kit import plots
from kit.files import write_text
from kit.reporting.charts import svg
from kit.reporting.template import filled
from kit.search.results import PAGE, RUNNING, Sweep
from kit.search.space import Choice, shown

_WIDE = 6.8, 3.6  # inches of a chart that has a line of its own
_TEMPLATE = Path(__file__).with_name("sweep.html")


def write_page(found: Sweep) -> Path:
    """Draws the pictures of a sweep with a finished trial, and writes its page; returns where that is."""
    assert found.best
    title = f"{found.folder}: {len(found.trials)} trials of {found.arch}"
    course, slices = _course(found), _slices(found)
    accuracies, best = [trial.accuracy for trial in found.finished], found.finished.index(found.best)
    plots.save(plots.course(*course, title), found.folder / "course.png")
    plots.save(plots.slices(slices, accuracies, best, title), found.folder / "slices.png")
    shares = [(_words(name), share) for name, share in found.importance.items()]
    if shares:
        plots.save(plots.importance(shares, f"{title}: what matters"), found.folder / "importance.png")
    charts = [
        _chart(f"accuracy by {one.name}", partial(plots.draw_slice, setting=one, accuracies=accuracies, best=best))
        for one in slices
    ]
    headings, *rows = found.table()
    page = filled(
        _TEMPLATE,
        {
            "name": str(found.folder),
            "arch": found.arch,
            "sentences": found.sentences(),
            "command": found.command,
            "course": _chart("course", lambda axis: plots.draw_course(axis, *course), _WIDE),
            "importance": _chart("importance", partial(plots.draw_importance, shares=shares), _WIDE)
            if shares
            else None,
            "slices": charts,
            "headings": headings,
            "rows": [
                {"cells": row, "kind": _kind(found, int(row[0])), "command": found.commands[int(row[0])]}
                for row in rows
            ],
            "space": [[_words(name), words] for name, words in found.space.described().items()],
            "folds": found.folds,
            "first": found.first,
            "judged": f"{found.rows:,}",
        },
    )
    path = found.folder / PAGE
    write_text(path, page)
    return path


def _course(found: Sweep) -> tuple[list[tuple[int, float]], list[int], int, float, str]:
    """What `plots.course` draws."""
    assert found.best and found.noise is not None
    finished = sorted((trial.number, trial.accuracy) for trial in found.finished)
    others = [trial.number for trial in found.trials if not trial.finished and trial.state != RUNNING]
    return finished, others, found.best.number, found.noise, found.first


def _slices(found: Sweep) -> list[plots.Slice]:
    """The finished trials by each setting that was searched, and that says something in one of them."""
    slices = []
    for name, one in found.space.searched.items():
        values = [trial.values.get(name) for trial in found.finished]
        if all(value is None for value in values):
            continue  # how far pictures are moved, where none are
        if isinstance(one, Choice):
            words = [None if value is None else shown(value) for value in values]
            slices.append(plots.Slice(_words(name), words, words=list(map(shown, one.values))))
        else:
            numbers = [None if value is None else float(value) for value in values]
            slices.append(plots.Slice(_words(name), numbers, log=one.log))
    return slices


def _kind(found: Sweep, number: int) -> str:
    """How the table shows a trial's row."""
    if found.best and number == found.best.number:
        return "best"
    return "equal" if number in {trial.number for trial in found.equals} else ""


def _words(name: str) -> str:
    return name.replace("_", " ")


def _chart(name: str, draw: Any, inches: tuple[float, float] = plots.CHART) -> Any:
    from markupsafe import Markup

    return Markup(svg(name, draw, inches))
