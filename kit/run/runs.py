"""Which runs there are in a folder: making one, finding one, the best one."""

import dataclasses
import difflib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kit import KitError
from kit.files import staging, write_text
from kit.model_files import instead_of_a_run, is_model
from kit.names import check_name, composed
from kit.run.folder import FOLDS, Run, versions
from kit.run.listing import Runs
from kit.run.settings import RUNS, Settings
from kit.system import in_plain_words, patiently
from kit.task import Task

_MOST = 999_999  # the last number of a run

RunName = int | str | Path | Run
"""How a run is named: 07-dense, or dense where one alone is called so; 7 or 07; its path; the run itself.

One of its folds is 07-dense/folds/2, or whatever names the run with /folds/2 behind.
"""


class NoRunError(KitError):
    """No run in a folder has finished an epoch yet."""


def create(
    settings: Settings, name: str | None = None, runs: Path = RUNS, files: Mapping[str, bytes] | None = None
) -> Run:
    """Makes the folder of a new run, NN-NAME with the next free number, in one step, with `files` in it by name.

    The folder is made aside and renamed while a lock is held, so that trainings started at once get folders of their
    own and nobody meets half a run.
    """
    import filelock

    name = check_name(name, settings.arch.replace(".py", "").replace(":", "-"))
    try:
        runs.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(runs / ".lock"):
            return _made(_free(runs, name), settings, files)
    except OSError as error:
        raise in_plain_words(error, runs) from error


def create_fold(run: Run, settings: Settings, files: Mapping[str, bytes] | None = None) -> Run:
    """Makes the folder of one of the trainings of a run in folds, in one step; its settings say which."""
    folder = run.folder / FOLDS / str(settings.fold)
    try:
        folder.parent.mkdir(exist_ok=True)
        return _made(folder, settings, files)
    except OSError as error:
        raise in_plain_words(error, folder) from error


def _made(folder: Path, settings: Settings, files: Mapping[str, bytes] | None) -> Run:
    with staging(folder.parent) as made:
        new = made / folder.name
        new.mkdir()
        content = {"settings": dataclasses.asdict(settings), "versions": versions()}
        write_text(new / "settings.json", json.dumps(content, indent=2) + "\n")
        for file, written in (files or {}).items():
            (new / file).write_bytes(written)
        patiently(new.rename, folder)
    return Run(folder)


def _free(folder: Path, name: str) -> Path:
    """The folder of the next run; numbers of runs that are gone but for the last come again, names never twice."""
    used = [found[0] for path in folder.iterdir() if path.is_dir() and (found := numbered(path.name))]
    for number in range(max(used, default=0) + 1, _MOST + 1):
        path = folder / f"{number:02d}-{name}"
        if not os.path.lexists(path):  # a file has the name, or a link to nowhere
            return path
    raise KitError(f"{folder}: a run has the number {_MOST:,}, the last one: rename it")


def numbered(name: str) -> tuple[int, str] | None:
    """Number and name of a run that is called so, 7 and dense of 07-dense; None where a folder's name is no run's.

    Up to 9 it has one digit or two, above as many as it needs.
    """
    found = re.fullmatch(r"(0?[1-9]|[1-9][0-9]{1,5})-(.+)", name)
    return (int(found[1]), found[2]) if found and name.isprintable() else None


def find(run: RunName, runs: Path | str = RUNS) -> Run:
    """The run of that name, number or path.

    Raises:
        KitError: There is none, or several; the message names the nearest.
    """
    if isinstance(run, Run):
        return run
    run, folder = str(run), Path(runs)
    if found := named(run, folder):
        if len(found) > 1:
            raise KitError(f"{folder / run}: several runs are called so: choose from {', '.join(map(str, found))}")
        return found[0]
    if is_model(run):
        raise KitError(f"{run}: {instead_of_a_run(run)}")
    near = difflib.get_close_matches(run, run_names(folder), n=1, cutoff=0.4)
    advice = f"did you mean {near[0]}?" if near else "kit runs lists what there is"
    raise KitError(f"{folder / run}: no such run: {advice}")


def name_in(runs: Path | str, run: Run) -> str:
    """What a run is found by again from that folder of runs: its name, or its path where it is not one of them."""
    here = numbered(run.name.partition("/")[0]) and run.home.resolve() == Path(runs).resolve()
    return run.name if here else run.folder.resolve().as_posix()


def named(run: str, folder: Path) -> list[Run]:
    """The runs that this may stand for: the one at that path or of that name, or those of that number or called so."""
    if (Path(run) / "settings.json").is_file():
        path = Path(run)
        is_short = not path.name.strip(".") or path.parts[:1] == (FOLDS,)  # "." and "folds/1" are no names
        return [Run(path.resolve() if is_short else path)]
    if fold := re.fullmatch(rf"(.+)/{FOLDS}/([0-9]{{1,3}})", run.replace(os.sep, "/")):
        whole = [part.folder / FOLDS / fold[2] for part in named(fold[1], folder)]
        return [Run(path) for path in whole if (path / "settings.json").is_file()]
    names, called = run_names(folder), composed(run)
    if exact := [known for known in names if known == run] or [known for known in names if composed(known) == called]:
        return [Run(folder / known) for known in exact]
    number = int(run) if re.fullmatch("[0-9]{1,10}", run) else None
    parts = {known: numbered(known) for known in names}
    found = [known for known, part in parts.items() if part and part[0] == number]
    found = found or [known for known, part in parts.items() if part and composed(part[1]) == called]
    return [Run(folder / known) for known in found]


def runs(runs: Path | str = RUNS) -> Runs:
    """All runs that finished an epoch or are at it, the highest validation accuracy first; a list.

    Networks that may have learned from the rows that judge them come after those that have not.
    """
    return Runs(_ranked(Path(runs)))


def best(
    runs: Path | str = RUNS,
    *,
    task: Task | None = None,
    prefer: Task | None = None,
    notify: Callable[[str], None] = lambda line: None,
) -> Run:
    """The run with the highest validation accuracy that has a model.

    Args:
        runs: Where the runs are.
        task: Runs of this task alone; of any without it.
        prefer: Of this task where there is a run of it, else of any other.
        notify: Called with a line about each run that is passed over, because a file of it is damaged.

    Raises:
        NoRunError: There is none.
    """
    trained = [run for run in _ranked(Path(runs)) if (run.folder / "model.keras").is_file() and _is_whole(run, notify)]
    for wanted in (prefer, task) if prefer else (task,):
        for run in trained:
            if wanted is None or wanted.of_size(run.task.size) == run.task:
                return run
    raise NoRunError(f"{runs}: no trained run here yet: start with kit train")


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
    found = best(runs, task=task, prefer=prefer, notify=notify)
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


def _is_whole(run: Run, notify: Callable[[str], None]) -> bool:
    """Whether its settings and metrics can be read; `notify` gets what is wrong with them."""
    try:
        _ = run.settings, run.finished
    except KitError as error:
        notify(f"{run} is passed over: {error}")
        return False
    return True


def _ranked(folder: Path) -> list[Run]:
    def rank(run: Run) -> tuple[bool, float, str]:
        try:
            metrics = run.metrics
            return bool(metrics.get("seen")), -metrics["val_accuracy"], run.name
        except (KitError, KeyError):
            return True, 1.0, run.name  # nothing to show yet, or damaged: last

    return sorted((Run(folder / name) for name in run_names(folder)), key=rank)


def run_names(folder: Path) -> list[str]:
    """The names of all runs in a folder, which are not looked into."""
    if not folder.is_dir():
        return []
    return sorted(path.parent.name for path in folder.glob("*/settings.json") if numbered(path.parent.name))
