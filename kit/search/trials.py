"""The trials of a sweep, one after the other or several at once: begun, reported by the epoch, ended."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kit import KitError
from kit.data.loading import LabelledDigits
from kit.files import remove
from kit.run.folder import FOLDS, Run
from kit.run.network_code import FILE
from kit.run.runs import create_fold
from kit.run.settings import Settings
from kit.search.journal import REPEATS, Held, Journal
from kit.search.local import Engine
from kit.search.results import DIVERGED, FAILED, FINISHED, RUNNING, STOPPED, Trial
from kit.search.space import Space, shown
from kit.training.beginning import settings_with
from kit.training.events import Begun, Epoch, Event, Failed, Finished, Quiet
from kit.training.loop import DIVERGED as NAN
from kit.training.loop import DivergedError
from kit.training.networks import Network
from kit.training.own_network import OwnNetwork
from kit.training.progress import Several
from kit.training.split import held_out_rows
from kit.training.time_limit import Clock

_NOTED, _LAST, _ENDED = "folds", "last", "ended"  # of a trial: folds that are done, the one that is not, its state
_COSTS = ("seconds", "epochs_done", "parameters")  # of a run's metrics
MOST_REPEATED = 50  # proposals one after the other that have been tried, at which a search ends
_MOST_FAILED = 3  # trials one after the other, at which a search ends: it is not their settings


@dataclass(frozen=True)
class Task:
    """What is searched, for which network, on which rows.

    Attributes:
        given: What every trial's training is given: network, data, folds, seed.
    """

    network: Network | OwnNetwork
    digits: LabelledDigits
    space: Space
    folds: int
    seed: int
    given: dict[str, Any]

    def settings(self, values: dict[str, Any]) -> Settings:
        """Of the run in folds that a trial is, and that `kit train` with these values makes."""
        given = {"folds": self.folds, "seed": self.seed, **values}
        settings = settings_with(self.network, given, self.given.get("data"))
        return dataclasses.replace(settings, fingerprint=self.digits.fingerprint)

    @property
    def weights(self) -> np.ndarray:
        """(folds,) how many rows each fold holds out."""
        return np.array([len(rows) for rows in held_out_rows(self.digits.labels, self.folds, self.seed)])


@dataclass
class _Active:
    """A trial that is being trained, and the fold that it is in."""

    held: Held
    settings: Settings
    fold: int = 0  # from 1
    epoch: int = 0  # of the fold, that is finished
    worker: str = ""  # that is at it; "" in this process
    run: Run | None = None
    best: dict[str, float] | None = None  # the epoch that would be kept
    accuracies: list[float] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"trial {self.held.number + 1}"

    @property
    def place(self) -> str:
        """Where it is trained, as a line's end."""
        return f"  on {self.worker}" if self.worker else ""

    @property
    def key(self) -> str:
        return f"{self.held.number + 1}-{self.fold}"


class Trials:
    """Trains what the journal proposes, as many at once as the engine has workers.

    Args:
        task: What is searched.
        journal: Of the sweep.
        engine: What trains.
        watch: Shows it.
        ended: Called after the end of each trial.
    """

    def __init__(
        self,
        task: Task,
        journal: Journal,
        engine: Engine,
        watch: Several,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self._task, self._journal, self._engine, self._watch, self._tell = task, journal, engine, watch, ended
        self._active = dict[str, _Active]()  # by the key of the training
        self._weights = task.weights
        self._failed = 0  # trials, one after the other
        self._points = task.space.points()  # what there is to try, where that can be counted
        self._same = list[_Active]()  # trials that wait for one under way with the same settings
        self._enough = ""  # why there are no more trials, where their number is not reached

    def go(self, most: int | None, limit: float | None, clock: Clock) -> bool:
        """Until there are `most` trials or `limit` seconds are over; whether it was the time that ended it.

        What is under way then stays in the journal, and whoever comes next goes on with it.

        Raises:
            KitError: The first trial failed, or several one after the other, or what is trained cannot be kept; what is
                under way stays as above.
        """

        def late() -> bool:
            return limit is not None and clock.used() > limit

        if late():
            return True
        try:
            if self._fill(most, late):
                return True
            events = self._engine.events() if self._active else iter(())
            for event in events:
                if not isinstance(event, Quiet) and event.key in self._active:
                    self._hear(event)
                if late():
                    return True
                if self._fill(most, late):
                    return True
                if not self._active:
                    break
            if self._enough:
                self._watch.say(self._enough)
            return False
        finally:
            for key in self._active:
                self._engine.stop(key)
            self._journal.let_go_all()

    def _fill(self, most: int | None, late: Callable[[], bool]) -> bool:
        """Begins trials until every worker has one; of a cluster all may be away for a moment. Whether it is late."""
        for active in [*self._same]:
            if before := self._ended_with(self._task.space.given(active.held.point)):
                self._take_over(active, before)
                self._same.remove(active)
                if late():
                    return True
        while len(self._active) < max(1, self._engine.workers) and (held := self._proposed(most)):
            try:
                given = self._task.space.given(held.point)
                active = _Active(held, self._task.settings(given))
                if before := self._ended_with(given):
                    self._take_over(active, before)
                    if late():
                        return True
                    continue
                if any(one.settings == active.settings for one in self._active.values()):
                    self._same.append(active)
                    continue
                active.accuracies = [fold["accuracy"] for fold in held.known.get(_NOTED, [])]
                self._next_fold(active)
            except BaseException:
                self._journal.let_go(held)
                raise
        return False

    def _proposed(self, most: int | None) -> Held | None:
        """The next trial; None where there are enough, or every point of the space has one.

        Optuna proposes what was good again and again: after such a proposal comes a point that nobody has tried, where
        points can be counted.
        """
        with self._journal.alone():
            if most is not None and len(self._journal.trials()) >= most:
                return self._journal.next(most)
            begun = [trial.given for trial in trials_of(self._journal, self._task)]
            repeats = _repeats_at_the_end(begun)
            if repeats >= MOST_REPEATED:  # a space so narrow that its numbers are the same when they are rounded
                self._enough, most = f"the last {repeats} proposals had been tried before: the search ends", 0
            elif self._points is not None:
                untried = [point for point in self._points if self._task.space.given(point) not in begun]
                if not untried:
                    self._enough, most = "every point of the space has its trial", 0
                elif repeats:
                    chosen = np.random.default_rng([self._task.seed, len(begun)]).integers(len(untried))
                    self._journal.propose(untried[chosen])
            return self._journal.next(most)

    def _take_over(self, active: _Active, before: Trial) -> None:
        """Ends a trial as an earlier one of the same settings: its trainings would give the same to the bit."""
        held = active.held
        earlier = next(one for one in self._journal.trials() if one.number == before.number - 1)
        for step, value in sorted(earlier.intermediate_values.items()):
            self._journal.report(held, step, value)
        for name, value in (earlier.user_attrs | {REPEATS: before.number}).items():
            self._journal.note(held, name, value)
        if before.finished:
            self._journal.finish(held, before.accuracy)
        else:
            self._journal.stop(held)
        self._said(active, f"  as trial {before.number}")

    def _ended_with(self, given: dict[str, Any]) -> Trial | None:
        """A trial with these settings that has ended."""
        return next((one for one in trials_of(self._journal, self._task) if one.is_end_of(given)), None)

    def _next_fold(self, active: _Active) -> None:
        """Trains the next fold, from where it stands; or ends the trial after the last."""
        if len(active.accuracies) == self._task.folds:
            self._finish(active)
            return
        active.fold = len(active.accuracies) + 1
        active.best = None
        active.run = self._run(active)
        self._active[active.key] = active
        active.epoch, active.worker = 0, ""
        self._stands(active)
        if (active.run.folder / "history.csv").exists():  # by a process that was killed, perhaps before it had judged
            for row in active.run.history:
                step = self._report(active, row)
            if active.best and self._is_hopeless(active, step):
                self._stop(active, STOPPED)
                return
        if active.run.judged and active.run.finished:
            self._ended(active)
        else:
            self._engine.start(active.key, active.run, self._task.digits)

    def _run(self, active: _Active) -> Run:
        """The folder of the fold that is trained, made where it is not there yet."""
        settings = active.settings.of_fold(active.fold)
        run = Run(active.held.folder / FOLDS / str(active.fold))
        if (run.folder / "settings.json").exists() and run.settings == settings:
            return run
        remove(run.folder)
        network = self._task.network
        code = network.code.content if isinstance(network, OwnNetwork) and network.code else None
        return create_fold(Run(active.held.folder), settings, {FILE: code} if code else {})

    def _hear(self, event: Event) -> None:
        active = self._active[event.key]
        if isinstance(event, Begun):
            active.worker = event.worker
            self._stands(active)
        elif isinstance(event, Epoch):
            if self._is_hopeless(active, self._report(active, event.row)):
                self._engine.stop(event.key)
                self._stop(active, STOPPED)
            else:
                self._stands(active)
        elif isinstance(event, Finished):
            self._ended(active)
        elif isinstance(event, Failed):
            if isinstance(event.error, DivergedError):
                self._stop(active, DIVERGED)
            else:
                self._fail(active, event.error)

    def _fail(self, active: _Active, error: Exception) -> None:
        """Ends a trial that cannot be trained with its settings; raises the error where it is not for these."""
        self._failed += 1
        of_its_settings = isinstance(error, KitError) and not isinstance(error.__cause__, OSError)
        if active.held.number == 0 or self._failed == _MOST_FAILED or not of_its_settings:
            raise error
        self._watch.say(f"{active.name}  {error}")
        self._stop(active, FAILED)

    def _ended(self, active: _Active) -> None:
        """A fold has come to its end: now, or in a process that was killed then."""
        assert active.run
        if active.run.metrics["stopped"] == NAN:
            self._stop(active, DIVERGED)
            return
        self._note(active)
        del self._active[active.key]
        self._next_fold(active)

    def _report(self, active: _Active, row: dict[str, float]) -> int:
        """Reports an epoch; its step, which counts the epochs of all folds."""
        if active.best is None or row["val_loss"] < active.best["val_loss"]:
            active.best = row
        so_far = [*active.accuracies, active.best["val_accuracy"]]
        value = float(np.average(so_far, weights=self._weights[: len(so_far)]))
        active.epoch = int(row["epoch"])
        step = (active.fold - 1) * self._task.space.most_epochs + active.epoch - 1
        self._journal.report(active.held, step, value)
        return step

    def _is_hopeless(self, active: _Active, step: int) -> bool:
        """Whether a trial may as well be stopped; not after its last epoch."""
        last = (self._task.folds - 1) * self._task.space.most_epochs + active.settings.epochs - 1
        return step < last and self._journal.is_hopeless(active.held, step)

    def _note(self, active: _Active) -> None:
        """Keeps what a fold came to; its folder is not needed any more."""
        assert active.run
        outcome = active.run.outcome
        active.accuracies.append(outcome["val_accuracy"])
        fold = {"accuracy": outcome["val_accuracy"]} | {name: outcome[name] for name in _COSTS}
        self._journal.note(active.held, _NOTED, [*active.held.known.get(_NOTED, []), fold])
        remove(active.run.folder)

    def _finish(self, active: _Active) -> None:
        self._failed = 0
        self._journal.note(active.held, _ENDED, FINISHED)
        self._journal.finish(active.held, float(np.average(active.accuracies, weights=self._weights)))
        self._said(active)

    def _stop(self, active: _Active, state: str) -> None:
        """Ends a trial before its last epoch; the seconds of the fold it was in count."""
        if state != FAILED:
            self._failed = 0
        del self._active[active.key]
        metrics = active.run.metrics if active.run and active.run.judged else {}
        self._journal.note(active.held, _LAST, {name: metrics.get(name, 0) for name in _COSTS})
        self._journal.note(active.held, _ENDED, state)
        self._journal.stop(active.held)
        self._said(active)

    def _stands(self, active: _Active) -> None:
        folds, epochs = self._task.folds, active.settings.epochs
        words = f"fold {active.fold}/{folds}, epoch {active.epoch}/{epochs}"
        words += f", {active.best['val_accuracy']:.2%}" if active.best else ""
        words += active.place
        self._watch.stands(active.name, (active.fold - 1) * epochs + active.epoch, folds * epochs, words)

    def _said(self, active: _Active, remark: str = "") -> None:
        """The line of a trial that has ended."""
        self._watch.ended(active.name)
        trial = next(one for one in trials_of(self._journal, self._task) if one.number == active.held.number + 1)
        what = f"{trial.accuracy:.2%}" if trial.finished else trial.state
        values = ", ".join(f"{name.replace('_', ' ')} {shown(value)}" for name, value in trial.values.items())
        self._watch.say(f"{active.name}  {what}  {trial.seconds:.0f} s  {values}{active.place}{remark}")
        self._tell()


def _repeats_at_the_end(begun: list[dict[str, Any]]) -> int:
    """How many trials, the last and those before it without a gap, have settings of an earlier one."""
    count = 0
    while count < len(begun) and begun[-1 - count] in begun[: -1 - count]:
        count += 1
    return count


def trials_of(journal: Journal, task: Task) -> list[Trial]:
    """The trials of a journal, as far as each has come."""
    found = []
    for trial in journal.trials():
        if trial.params.keys() != task.space.searched.keys():
            continue  # of a process that was killed while it was asked for
        noted = trial.user_attrs.get(_NOTED, [])
        costs = [*noted, trial.user_attrs.get(_LAST, dict.fromkeys(_COSTS, 0))]
        reported = tuple(trial.intermediate_values[step] for step in sorted(trial.intermediate_values))
        found.append(
            Trial(
                number=trial.number + 1,
                state=trial.user_attrs.get(_ENDED, RUNNING) if trial.state.is_finished() else RUNNING,
                values=task.space.values(trial.params),
                given=task.space.given(trial.params),
                accuracies=tuple(fold["accuracy"] for fold in noted),
                reported=reported,
                accuracy=trial.value if trial.state.name == "COMPLETE" else (reported[-1] if reported else 0.0),
                seconds=sum(cost["seconds"] for cost in costs),
                epochs=sum(cost["epochs_done"] for cost in costs),
                parameters=max(cost["parameters"] for cost in costs),
            )
        )
    return found
