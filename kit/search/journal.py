"""Optuna's journal of a sweep: which trial is next, what was said of each; the only file that imports Optuna.

Several processes may write to one journal. A trial is held by a lock that the system lets go when its process ends, so
one that was killed leaves a trial which the next process goes on with.
"""

import contextlib
import statistics
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit import KitError
from kit.files import remove
from kit.installation import pip_install_extra
from kit.search.space import Choice, Dimension, Value
from kit.system import in_plain_words

if TYPE_CHECKING:
    import filelock
    import optuna

FILE = "journal.log"
TRIALS = "trials"  # the folder of what is being trained
REPEATS = "repeats"  # of a trial: the number of the one whose outcome it took over
_BEFORE_PRUNING = 5  # trials that are finished before one is stopped early
_STUDY = "sweep"


@dataclass
class Held:
    """A trial that this process works on, and no other."""

    number: int  # from 0
    point: dict[str, Value]
    folder: Path
    reported: dict[int, float]  # step → value
    known: dict[str, Any]  # what was noted of it
    lock: "filelock.FileLock"
    handle: "optuna.Trial"


def check_installed() -> None:
    """KitError where Optuna is missing."""
    if find_spec("optuna") is None:
        raise KitError(f"kit sweep needs its extra: {pip_install_extra('sweep')}")


class Journal:
    """The trials of a sweep, as its folder has them.

    Args:
        folder: Of the sweep.
        dimensions: Setting → the values that it may have.
        first: The point that is tried first.
        seed: What each trial's point follows from, with the trials before it.
        patience: Steps that a trial has before it may be stopped.

    Raises:
        KitError: The file is damaged or cannot be written.
    """

    def __init__(
        self, folder: Path, dimensions: Mapping[str, Dimension], first: Mapping[str, Value], seed: int, patience: int
    ) -> None:
        import filelock

        self._folder, self._dimensions, self._seed, self._patience = folder, dimensions, seed, patience
        self._lock = filelock.FileLock(folder / ".lock")
        self._own = dict[int, Held]()  # trials that this process holds, by their number
        with self._quietly(), self._lock:
            self._study = self._opened()
            self._tidy()
            if not self._study.get_trials(deepcopy=False):
                self._study.enqueue_trial(dict(first))

    def _opened(self) -> "optuna.Study":
        import filelock
        import optuna
        from optuna.storages.journal import JournalFileBackend

        path = self._folder / FILE
        lock: Any = filelock.FileLock(self._folder / ".journal-lock")  # Optuna's own outlive a killed process
        with lock:  # or a line that another process is writing would look like one that was not ended
            _mend(path)
        pruner = optuna.pruners.NopPruner()  # of a value that falls when a fold begins its median rule goes by the best
        try:
            storage = optuna.storages.JournalStorage(JournalFileBackend(str(path), lock))
            return optuna.create_study(
                storage=storage, study_name=_STUDY, direction="maximize", load_if_exists=True, pruner=pruner
            )
        except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:  # whatever its lines say
            raise KitError(f"{path}: damaged: restore it, or remove {self._folder} and search anew") from error

    def next(self, most: int | None) -> Held | None:
        """A trial that no process works on, or a new one; None where there are as many as there may be."""
        with self._quietly(), self._lock:
            for left in self._running():
                if left.number not in self._own and (held := self._held(left.number, left._trial_id)):
                    return held
            trials = self._study.get_trials(deepcopy=False)
            number = sum(trial.state.name != "WAITING" for trial in trials)
            if most is not None and number >= most:
                return None
            asked = self._study.ask()
            held = self._held(asked.number, asked._trial_id)
            assert held
            return held

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """No other process begins a trial meanwhile."""
        with self._quietly(), self._lock:
            yield

    def propose(self, point: Mapping[str, Value]) -> None:
        """Makes a point that of the next new trial, unless one is meant for it already, or was and is not begun."""
        with self._quietly(), self._lock:
            trials = self._study.get_trials(deepcopy=False)
            torn = [
                one for one in trials if one.state.name == "RUNNING" and one.params.keys() != self._dimensions.keys()
            ]
            if not torn and all(one.state.name != "WAITING" for one in trials):
                self._study.enqueue_trial(dict(point))

    def report(self, trial: Held, step: int, value: float) -> None:
        """Notes how good a trial is so far, by its steps from 0."""
        with self._quietly():
            if step not in trial.reported:
                trial.handle.report(value, step)
                trial.reported[step] = value

    def is_hopeless(self, trial: Held, step: int) -> bool:
        """Whether it is worse there than half of the finished trials were at the same step (the median rule)."""
        if step < self._patience:
            return False
        finished = [one for one in self.trials() if one.state.name == "COMPLETE" and REPEATS not in one.user_attrs]
        then = [one.intermediate_values[step] for one in finished if step in one.intermediate_values]
        return len(then) >= _BEFORE_PRUNING and trial.reported[step] < statistics.median(then)

    def note(self, trial: Held, name: str, value: Any) -> None:
        """Notes something of a trial that JSON has a form for."""
        with self._quietly():
            trial.handle.set_user_attr(name, value)
            trial.known[name] = value

    def finish(self, trial: Held, value: float) -> None:
        """Ends a trial with how good it is."""
        with self._quietly():
            self._study.tell(trial.handle, value)
        self.let_go(trial, forever=True)

    def stop(self, trial: Held) -> None:
        """Ends a trial that is hopeless."""
        import optuna

        with self._quietly():
            self._study.tell(trial.handle, state=optuna.trial.TrialState.PRUNED)
        self.let_go(trial, forever=True)

    def let_go(self, trial: Held, *, forever: bool = False) -> None:
        """Leaves a trial to whoever goes on with it; `forever` removes what it was trained in."""
        trial.lock.release()
        self._own.pop(trial.number, None)
        if forever:
            remove(trial.folder)

    def let_go_all(self) -> None:
        """Leaves all that this process has begun and not ended."""
        for held in [*self._own.values()]:
            self.let_go(held)

    def trials(self) -> "list[optuna.trial.FrozenTrial]":
        """All that have begun."""
        with self._quietly():
            return [one for one in self._study.get_trials(deepcopy=False) if one.state.name != "WAITING"]

    def held_elsewhere(self) -> list[int]:
        """The numbers of the trials that other processes are at."""
        with self._quietly(), self._lock:
            found = []
            for trial in self._running():
                folder = self._folder_of(trial.number)
                lock = _taken(folder) if folder.exists() else None
                if lock:
                    lock.release()
                elif folder.exists():
                    found.append(trial.number)
            return found

    def importance(self) -> dict[str, float]:
        """Setting → its share of what the finished trials' accuracies differ by; empty where they are too few."""
        import optuna

        finished = [trial for trial in self.trials() if trial.state.name == "COMPLETE"]
        if len(finished) < _BEFORE_PRUNING or len({trial.value for trial in finished}) == 1:
            return {}
        with self._quietly():
            evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
            try:
                return dict(optuna.importance.get_param_importances(self._study, evaluator=evaluator))
            except RuntimeError:  # no setting tells them apart, as where its range is too narrow
                return {}

    def _running(self) -> "list[optuna.trial.FrozenTrial]":
        return [trial for trial in self._study.get_trials(deepcopy=False) if trial.state.name == "RUNNING"]

    def _held(self, number: int, identity: int) -> Held | None:
        """The trial of this number, unless another process has it."""
        folder = self._folder_of(number)
        folder.mkdir(parents=True, exist_ok=True)
        lock = _taken(folder)
        if lock is None:
            return None
        try:
            return self._with_point(number, identity, lock)
        except BaseException:  # or a notebook, which keeps what was going on, would hold it on
            lock.release()
            raise

    def _with_point(self, number: int, identity: int, lock: "filelock.FileLock") -> Held | None:
        import optuna

        folder = self._folder_of(number)
        if number not in {trial.number for trial in self._running()}:  # ended while it was looked at
            lock.release()
            remove(folder)
            return None
        handle = optuna.Trial(self._study, identity)
        point = dict[str, Value]()
        for place, (name, one) in enumerate(self._dimensions.items()):
            self._seeded(number, place)
            point[name] = _suggested(handle, name, one)  # or what it was, if a process was killed after that
        frozen = self._study.get_trials(deepcopy=False)[number]
        reported, known = dict(frozen.intermediate_values), dict(frozen.user_attrs)
        held = self._own[number] = Held(number, point, folder, reported, known, lock, handle)
        return held

    def _folder_of(self, number: int) -> Path:
        """Where a trial is trained."""
        return self._folder / TRIALS / f"{number + 1:02d}"

    def _tidy(self) -> None:
        """Removes what trials were trained in that had ended when their process was killed."""
        for trial in self._study.get_trials(deepcopy=False):
            folder = self._folder_of(trial.number)
            if trial.state.is_finished() and folder.exists() and (lock := _taken(folder)):
                lock.release()
                remove(folder)

    def _seeded(self, number: int, place: int) -> None:
        """A trial's point follows from seed, number and the trials before it: so from no process' past.

        Each of its settings is drawn anew, so that those which were drawn before a process was killed change nothing.
        """
        import numpy as np
        import optuna

        seed = int(np.random.SeedSequence(self._seed, spawn_key=(number, place)).generate_state(1)[0])
        self._study.sampler = optuna.samplers.TPESampler(seed=seed)

    @contextlib.contextmanager
    def _quietly(self) -> Iterator[None]:
        """Without Optuna's log and remarks; a file that cannot be read or written is one line."""
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        except OSError as error:
            raise in_plain_words(error, self._folder / FILE) from error


def _taken(folder: Path) -> "filelock.FileLock | None":
    """The lock of a trial's folder; None where another process has it."""
    import filelock

    lock = filelock.FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return None
    return lock


def _suggested(trial: "optuna.Trial", name: str, one: Dimension) -> Value:
    if isinstance(one, Choice):
        return trial.suggest_categorical(name, one.values)
    if one.whole:
        return trial.suggest_int(name, int(one.low), int(one.high), log=one.log)
    return trial.suggest_float(name, one.low, one.high, log=one.log)


def _mend(path: Path) -> None:
    """Cuts off a last line that a killed process did not end: Optuna would append to it."""
    if not path.exists():
        return
    with open(path, "rb+") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)
