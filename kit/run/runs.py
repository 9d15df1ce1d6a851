"""Which runs there are in a folder: making one, finding one, the best one."""

import dataclasses
import difflib
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from kit import KitError
from kit.files import check_name, in_plain_words, staging, write_text
from kit.run.folder import Run, versions
from kit.run.settings import RUNS, Settings
from kit.task import Task

RunName = int | str | Path | Run
"""How a run is named: 07-dense, or dense where one alone is called so; 7 or 07; its path; the run itself."""


def create(settings: Settings, name: str | None = None, runs: Path = RUNS) -> Run:
    """Makes the folder of a new run, NN-NAME with the next free number, in one step.

    The folder is made aside and renamed while a lock is held, so that trainings started at once get folders of their
    own and nobody meets half a run.
    """
    import filelock

    name = check_name(name, settings.arch)
    try:
        runs.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(runs / ".lock"):
            numbers = [_number(path.name) or 0 for path in runs.iterdir()]
            run = Run(runs / f"{max(numbers, default=0) + 1:02d}-{name}")
            with staging(runs) as made:
                new = made / run.name
                new.mkdir()
                content = {"settings": dataclasses.asdict(settings), "versions": versions()}
                write_text(new / "settings.json", json.dumps(content, indent=2) + "\n")
                new.rename(run.folder)
    except OSError as error:
        raise in_plain_words(error, runs) from error
    return run


def find(run: RunName, runs: Path | str = RUNS) -> Run:
    """The run of that name, number or path.

    Raises:
        KitError: There is none, or several; the message names the nearest.
    """
    if isinstance(run, Run):
        return run
    run = str(run)
    if (Path(run) / "settings.json").is_file():
        return Run(Path(run))
    folder, names = Path(runs), _names(Path(runs))
    if run in names:
        return Run(folder / run)
    if run.isdecimal():
        numbered = [known for known in names if _number(known) == int(run)]
        if len(numbered) == 1:
            return Run(folder / numbered[0])
    called = [known for known in names if known.partition("-")[2] == run]
    if len(called) > 1:
        raise KitError(f"{folder / run}: several runs are called so: choose from {', '.join(called)}")
    if called:
        return Run(folder / called[0])
    near = difflib.get_close_matches(run, names, n=1, cutoff=0.4)
    advice = f"did you mean {near[0]}?" if near else "kit runs lists what there is"
    raise KitError(f"{folder / run}: no such run: {advice}")


def runs(runs: Path | str = RUNS) -> list[Run]:
    """All runs that finished an epoch or are at it, the highest validation accuracy first."""
    return _ranked(Path(runs))


def best(runs: Path | str = RUNS, *, task: Task | None = None, prefer: Task | None = None) -> Run:
    """The run with the highest validation accuracy that has a model.

    Args:
        runs: Where the runs are.
        task: Runs of this task alone; of any without it.
        prefer: Of this task where there is a run of it, else of any other.

    Raises:
        KitError: There is none.
    """
    trained = [run for run in _ranked(Path(runs)) if (run.folder / "model.keras").exists()]
    for wanted in (prefer, task) if prefer else (task,):
        for run in trained:
            if wanted in (None, run.task):
                return run
    raise KitError(f"{runs}: no trained run here yet: start with kit train")


def find_or_best(
    run: RunName | None,
    runs: Path | str = RUNS,
    *,
    task: Task | None = None,
    prefer: Task | None = None,
    notify: Callable[[str], None] = lambda line: None,
) -> Run:
    """The run of that name; without a name the best one, as `best` finds it, and `notify` gets a line that says so."""
    if run is not None:
        return find(run, runs)
    found = best(runs, task=task, prefer=prefer)
    notify(f"the best run is {found}")
    return found


def chosen(
    run: RunName | Sequence[RunName] | None,
    runs: Path | str = RUNS,
    *,
    task: Task | None = None,
    notify: Callable[[str], None] = lambda line: None,
) -> list[Run]:
    """The runs of one name or of several; without a name the best one, as in `find_or_best`."""
    names: list[RunName | None] = [run] if run is None or isinstance(run, RunName) else [*run]
    return [find_or_best(name, runs, task=task, notify=notify) for name in names or [None]]


def _ranked(folder: Path) -> list[Run]:
    def rank(run: Run) -> tuple[float, str]:
        try:
            return -run.metrics["val_accuracy"], run.name
        except (KitError, KeyError, TypeError):
            return 1.0, run.name  # nothing to show yet, or damaged: last

    return sorted((Run(folder / name) for name in _names(folder)), key=rank)


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    names = [path.parent.name for path in folder.glob("*/settings.json")]
    return sorted(name for name in names if _number(name) is not None)


def _number(name: str) -> int | None:
    """The number in front of a run's name; None where it has none."""
    number = re.match(r"(\d+)-", name)
    return int(number[1]) if number else None
