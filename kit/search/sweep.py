"""`kit sweep`: which settings of a network are best, searched by Optuna; one that was stopped is gone on with."""

import contextlib
import dataclasses
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kit import KitError
from kit.data.loading import load
from kit.files import staging, write_text
from kit.names import check_name
from kit.options import about, command, default_of, parameters_of
from kit.reporting.viewer import SWEEP as FILE
from kit.run.folder import Run, versions
from kit.run.runs import runs
from kit.run.settings import Settings
from kit.search.arguments import TRIALS, SweepArguments
from kit.search.journal import Journal, check_installed
from kit.search.local import Engine, Local
from kit.search.page import write_page
from kit.search.results import TABLE, Sweep, Trial
from kit.search.space import space_of
from kit.search.trials import Task, Trials, trials_of
from kit.stored import json_of
from kit.system import in_plain_words, patiently
from kit.training import networks
from kit.training.arguments import Arguments
from kit.training.cluster import connect
from kit.training.own_network import OwnNetwork
from kit.training.progress import Several
from kit.training.time_limit import Clock, seconds_of
from kit.training.trainer import train

_REMEDY = "restore the file, or remove the folder and search anew"
_DRAW_EVERY = 60  # seconds between pages of a sweep that goes on, each of which costs one or two


@parameters_of(SweepArguments)
def sweep(given: dict[str, Any]) -> Sweep:
    """Searches the settings of a network that read most rows right, and keeps every trial in `sweeps/NAME/`.

    Optuna proposes settings, the first trial is the network's own recipe. Each is judged by trainings in folds, so on
    rows that were not learned from, the same for all; a hopeless one is stopped early. Settings that are closer than
    the noise are called equal, and the cheapest of them is the best. The same call goes on with a sweep that was
    stopped or killed, and several processes may make it at once.

    Raises:
        KitError: The data, the space or an option is wrong (nothing is written then), the folder holds another sweep,
            or a training failed.
        KeyboardInterrupt: Ctrl-C; what was trained is kept.
    """
    check_installed()
    asked = SweepArguments(**given)
    clock, watch = Clock(asked.started), Several(asked.progress)
    limit = None if asked.time_limit is None else seconds_of(asked.time_limit)
    most = TRIALS if asked.trials is None and limit is None else asked.trials
    task = _task(asked)
    with _engine(task, asked.cluster, watch) as engine:
        folder = _folder(asked, task)
        for line in _announced(folder, task):
            watch.say(line)
        first, patience = task.space.first(), max(1, round(task.space.most_epochs / 3))
        journal = Journal(folder, task.space.searched, first, task.seed, patience)
        results = _Results(folder, task, journal)
        trials = Trials(task, journal, engine, watch, results.trial_ended)
        _search(lambda: trials.go(most, limit, clock), results, watch, _again(given))
    found = results.write()
    if asked.train_best and found.best:
        return _with_its_best(found, asked, task, results, journal, watch)
    return found


def _with_its_best(
    found: Sweep, asked: SweepArguments, task: Task, results: "_Results", journal: Journal, watch: Several
) -> Sweep:
    """The sweep with its best trained, unless another process does that, or is at a trial that may be better."""
    best = found.best
    assert best
    with _by_one_process(found.folder, best.number) as alone:
        if not alone or (elsewhere := journal.held_elsewhere()):
            number = elsewhere[0] + 1 if alone else best.number
            watch.say(f"trial {number} is at work in another process, to which --train-best is left")
            return found
        found = results.write()  # what others have ended meanwhile counts
        if found.best == best:
            return dataclasses.replace(found, run=_trained(asked, task, best, watch))
    return _with_its_best(found, asked, task, results, journal, watch)


@contextlib.contextmanager
def _by_one_process(folder: Path, number: int) -> Iterator[bool]:
    """Whether no other process makes a run of this trial; none does in the block then."""
    import filelock

    lock = filelock.FileLock(folder / f".best-{number}-lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _trained(asked: SweepArguments, task: Task, best: Trial, watch: Several) -> Run:
    """The run of the best trial: one that is there, gone on with where it was stopped, or a new one."""
    where: dict[str, Any] = {"progress": asked.progress, "cluster": asked.cluster}
    run = next((run for run in runs(asked.runs) if _is_of(run, task.settings(best.given))), None)
    if run is None:
        return train(**_training(task, best.given), runs=asked.runs, **where)
    if not run.finished:
        return train(resume=run, **where)
    watch.say(f"trial {best.number} is trained already: {run.folder}")
    return run


def _is_of(run: Run, settings: Settings) -> bool:
    """Whether a run is of these settings; a damaged one is of none."""
    try:
        return run.settings == settings
    except KitError:
        return False


def _task(asked: SweepArguments) -> Task:
    """Everything is checked that can be before something is written."""
    network = networks.find(asked.arch)
    if isinstance(network, OwnNetwork) and network.code is None:
        raise KitError(f"the source of {network.name} cannot be had, and each trial keeps it: put it into a FILE.py")
    space = space_of(
        network.recipe,
        has_dropout=network.has_dropout,
        declared=network.search if isinstance(network, OwnNetwork) else None,
        declared_in=network.code.path if isinstance(network, OwnNetwork) and network.code else "",
        given=asked.space,
    )
    digits = load("train", asked.data)
    given = {"arch": asked.arch or network.name, "data": asked.data}
    task = Task(network, digits, space, asked.folds, asked.seed, given)
    task.settings(space.given(space.first()))
    _ = task.weights
    return task


@contextlib.contextmanager
def _engine(task: Task, cluster: Path | str | None, watch: Several) -> Iterator[Engine]:
    """What trains: the workers of a cluster, or this process."""
    if cluster is None:
        yield Local(task.network)
        return
    with connect(str(cluster), say=watch.say) as engine:
        watch.say(f"{engine.workers} trials at once on {cluster}, see {engine.dashboard}")
        yield engine


class _Results:
    """What a sweep comes to, in its folder: a table, and once a trial is finished pictures and a page.

    They are there while it goes on too, so that a killed one leaves them no older than `_DRAW_EVERY`.
    """

    def __init__(self, folder: Path, task: Task, journal: Journal) -> None:
        self._folder, self._task, self._journal = folder, task, journal
        self._written = -math.inf  # when, on the monotonic clock

    @property
    def done(self) -> int:
        """How many trials have ended."""
        return sum(trial.state.is_finished() for trial in self._journal.trials())

    def trial_ended(self) -> None:
        """Writes them, where that was a while ago."""
        if time.monotonic() - self._written > _DRAW_EVERY:
            self.write()

    def write(self) -> Sweep:
        task, trials = self._task, trials_of(self._journal, self._task)
        found = Sweep(
            folder=self._folder,
            arch=task.network.name,
            folds=task.folds,
            rows=len(task.digits),
            space=task.space,
            trials=trials,
            importance=self._journal.importance(),
            commands={trial.number: _call("train", Arguments, _training(task, trial.given)) for trial in trials},
            page=None,
        )
        write_text(self._folder / TABLE, found.csv())
        found = dataclasses.replace(found, page=write_page(found) if found.finished else None)
        self._written = time.monotonic()
        return found


def _search(go: Callable[[], bool], results: _Results, watch: Several, again: str) -> None:
    """The trials that are left; whatever ends them too early, what comes out says how to go on."""
    try:
        with watch:
            late = go()
    except KitError as error:
        with contextlib.suppress(KitError):  # the disk may be full
            results.write()
        raise KitError(f"{error}; then go on with: {again}", error.exit_code) from error
    except KeyboardInterrupt:
        done = results.done
        watch.say(f"stopped: {done} trial{'s are' if done != 1 else ' is'} done; go on with: {again}")
        with contextlib.suppress(KitError):
            results.write()
        raise
    if late:
        watch.say(f"time is up; for more: {again}")


def _announced(folder: Path, task: Task) -> list[str]:
    """What is searched, before it begins."""
    network, space = task.network, task.space
    lines = [f"{network.name} in {task.folds} folds of {len(task.digits):,} rows, in {folder}; searched:"]
    lines += [f"  {name.replace('_', ' ')}: {words}" for name, words in space.described().items()]
    if outside := space.outside():
        names = ", ".join(name.replace("_", " ") for name in outside)
        lines.append(f"the network's own {names} lies outside: the first trial has the nearest")
    return lines


def _folder(asked: SweepArguments, task: Task) -> Path:
    """The sweep's folder: made whole, or one of the same sweep.

    Raises:
        KitError: It holds something else.
    """
    import filelock

    name = check_name(asked.name, task.network.name.replace(".py", "").replace(":", "-"))
    home, is_now = Path(asked.sweeps), _identity(task)
    folder = home / name
    try:
        home.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(home / ".lock"):
            if not folder.exists():
                with staging(home) as made:
                    (made / name).mkdir()
                    content = {"sweep": is_now, "versions": versions()}
                    write_text(made / name / FILE, json.dumps(content, indent=2) + "\n")
                    patiently((made / name).rename, folder)
    except OSError as error:
        raise in_plain_words(error, folder) from error
    if not (folder / FILE).exists():
        raise KitError(f"{folder}: is there and holds no sweep: give another --name")
    was = json_of(folder / FILE, _REMEDY).get("sweep")
    if not isinstance(was, dict) or was.keys() != is_now.keys():
        raise KitError(f"{folder / FILE}: damaged, or written by another version of kit: {_REMEDY}")
    if difference := _difference(was, is_now):
        raise KitError(f"{folder}: a sweep of {difference}: give another --name, or remove the folder")
    return folder


def _identity(task: Task) -> dict[str, Any]:
    """What must be the same for a sweep to go on; as JSON gives it back."""
    network = task.network
    own = network if isinstance(network, OwnNetwork) else None
    return {
        "network": network.name,
        "function": own and own.function,
        "code": own and own.code and own.code.digest,
        "data": task.digits.fingerprint,
        "folds": task.folds,
        "seed": task.seed,
        "recipe": dataclasses.asdict(network.recipe),
        "space": task.space.described(),
    }


def _difference(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What a folder's sweep has otherwise, in words; "" where it is the same."""
    name = next((name for name in now if was[name] != now[name]), None)
    match name:
        case None:
            return ""
        case "network" | "function":
            return f"the network {was[name]}, not of {now[name]}"
        case "code":
            return f"another content of {now['network']}"
        case "data":
            return "other rows"
        case "space":
            return f"another space, {_other_setting(was[name], now[name])}"
        case "recipe":
            return f"another recipe of {now['network']}, {_other_setting(was[name], now[name])}"
    return f"--{name} {was[name]}, not {now[name]}"


def _other_setting(was: Any, now: Mapping[str, Any]) -> str:
    if not isinstance(was, dict):
        return "which cannot be read"
    name = next(name for name in {**was, **now} if was.get(name) != now.get(name))
    return f"{name} {was.get(name, 'not searched')!s}, not {now.get(name, 'not searched')!s}"


def _training(task: Task, given: dict[str, Any]) -> dict[str, Any]:
    """What `train` is given to repeat a trial."""
    own = {name: value for name, value in task.given.items() if value is not None}
    seed = {"seed": task.seed} if task.seed else {}
    return {**own, "folds": task.folds, **seed, **given}


def _again(given: dict[str, Any]) -> str:
    """The call that goes on with a sweep: the same."""
    fields = {field.name: field for field in dataclasses.fields(SweepArguments)}
    shown = {name: value for name, value in given.items() if about(fields[name]).help}
    own = {name: value for name, value in shown.items() if value != default_of(fields[name])}
    if isinstance(own.get("time_limit"), (int, float)):
        own["time_limit"] = f"{math.ceil(own['time_limit'])}s"
    return _call("sweep", SweepArguments, own)


def _call(name: str, options: Any, given: dict[str, Any]) -> str:
    """A command line, or a call in Python where a value has no form on one."""
    if not any(callable(value) or isinstance(value, Mapping) for value in given.values()):
        return command(name, options, given)
    words = {key: getattr(value, "__name__", None) or repr(value) for key, value in given.items()}
    return f"{name}({', '.join(f'{key}={word}' for key, word in words.items())})"
