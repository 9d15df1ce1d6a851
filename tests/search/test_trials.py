"""The trials of a sweep on an engine that trains nothing: what it says happens follows from the settings alone."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit import KitError
from kit.data.loading import LabelledDigits
from kit.run.folder import Run
from kit.run.settings import Recipe
from kit.search.journal import FILE, TRIALS, Journal
from kit.search.space import space_of
from kit.search.trials import Task, Trials, trials_of
from kit.training import networks
from kit.training.cluster import Epoch, Event, Failed, Finished
from kit.training.loop import DivergedError
from kit.training.progress import Several
from kit.training.time_limit import Clock

EPOCHS = 3


class Pretended:
    """As many trainings at once as it is told, an epoch of each in turn; the accuracy peaks at a rate of 0.01."""

    def __init__(self, workers: int = 1, breaks: int | None = None, nan_above: float = 1.0) -> None:
        self.workers, self._breaks, self._nan_above = workers, breaks, nan_above
        self.running = dict[str, tuple[Run, int]]()
        self.heard, self.most, self.epochs = 0, 0, 0

    def start(self, key: str, run: Run, digits: LabelledDigits) -> None:
        assert key not in self.running
        self.running[key] = run, len(run.history) if (run.folder / "history.csv").exists() else 0
        self.most = max(self.most, len(self.running))

    def stop(self, key: str) -> None:
        self.running.pop(key, None)

    def events(self) -> Iterator[Event]:
        while self.running:
            for key, (run, done) in list(self.running.items()):
                if key not in self.running:
                    continue
                if done == run.settings.epochs:
                    del self.running[key]
                    yield Finished(key)
                    continue
                self.running[key] = run, done + 1
                yield from self._epoch(key, run, done + 1)

    def _epoch(self, key: str, run: Run, epoch: int) -> Iterator[Event]:
        self.epochs += 1
        rows = [row_of(run, number) for number in range(1, epoch + 1)]
        run.write_history(rows)
        run.write_metrics(metrics_of(run, rows))
        if self._breaks == self.epochs:
            raise KeyboardInterrupt
        if run.settings.learning_rate > self._nan_above:
            del self.running[key]
            run.write_metrics({**metrics_of(run, rows), "finished": True, "stopped": "diverged"})
            yield Failed(key, DivergedError("the loss became NaN", 1))
            return
        yield Epoch(key, rows[-1], True, "a worker")


def row_of(run: Run, epoch: int) -> dict[str, float]:
    rate = run.settings.learning_rate
    accuracy = 0.95 - 0.05 * abs(np.log10(rate) + 2) + 0.01 * (epoch - EPOCHS) + 0.001 * (run.settings.fold or 0)
    return {
        "epoch": float(epoch), "loss": 1.0, "accuracy": accuracy, "val_loss": 1 - accuracy, "val_accuracy": accuracy,
        "learning_rate": rate, "seconds": 1.0,
    }  # fmt: skip


def metrics_of(run: Run, rows: list[dict[str, float]]) -> dict[str, Any]:
    last = rows[-1]
    return {
        "arch": "dense", "parameters": 10, "epochs": run.settings.epochs, "epochs_done": len(rows),
        "seconds": float(len(rows)), "best_epoch": last["epoch"], "loss": 1.0, "accuracy": last["accuracy"],
        "val_loss": last["val_loss"], "val_accuracy": last["val_accuracy"],
        "finished": len(rows) == run.settings.epochs, "stopped": None,
    }  # fmt: skip


@pytest.fixture
def task() -> Task:
    labels = np.arange(90) % 10
    digits = LabelledDigits(
        images=np.zeros((90, 28, 28, 1), np.uint8), fingerprint="0", name="train.csv", labels=labels
    )
    network = dataclasses.replace(
        networks.named("dense"), recipe=Recipe(epochs=EPOCHS, batch_size=64, learning_rate=0.001)
    )
    rate = {"low": 0.0001, "high": 0.1}
    fixed = {"batch_size": 64, "optimizer": "adam", "augment": False, "dropout": "own", "l2": 0}
    own = {name: value for name, value in fixed.items() if name != "dropout" or network.has_dropout}
    space = space_of(network.recipe, has_dropout=network.has_dropout, given={"learning_rate": rate, **own})
    return Task(network, digits, space, 3, 0, {"arch": "dense", "data": None})


def journal_of(folder: Path, task: Task) -> Journal:
    folder.mkdir(exist_ok=True)
    return Journal(folder, task.space.searched, task.space.first(), task.seed, 1)


def searched(folder: Path, task: Task, most: int | None = 8, engine: Pretended | None = None) -> Journal:
    journal = journal_of(folder, task)
    Trials(task, journal, engine or Pretended(), Several(False)).go(most, None, Clock())
    return journal


def told(journal: Journal, task: Task) -> list[tuple[Any, ...]]:
    return [(one.state, one.values, one.accuracies, one.reported) for one in trials_of(journal, task)]


def test_the_first_trial_is_the_recipe_and_the_search_comes_nearer_to_the_best(tmp_path: Path, task: Task) -> None:
    trials = trials_of(searched(tmp_path / "sweep", task, 16), task)
    assert len(trials) == 16 and trials[0].given == {} and trials[0].values == {"learning_rate": 0.001}
    finished = [trial for trial in trials if trial.finished]
    best = max(finished, key=lambda trial: trial.accuracy)
    assert 0.005 < best.values["learning_rate"] < 0.02  # type: ignore[operator]
    assert trials[0].accuracy == pytest.approx(0.9 + 0.002) and trials[0].seconds == 3 * EPOCHS
    assert not list((tmp_path / "sweep" / TRIALS).iterdir())  # nothing is left of what was trained


def test_a_hopeless_trial_is_stopped_early_and_none_that_is_better_than_most(tmp_path: Path, task: Task) -> None:
    trials = trials_of(searched(tmp_path / "sweep", task, 16), task)
    stopped = [trial for trial in trials if trial.state == "stopped early"]
    finished = [trial for trial in trials if trial.finished]
    assert len(stopped) > 2
    for trial in stopped:
        assert trial.epochs < 3 * EPOCHS and trial.seconds == trial.epochs
        before = [one.reported[len(trial.reported) - 1] for one in finished if one.number < trial.number]
        assert len(before) >= 5 and trial.reported[-1] < np.median(before)
    for trial in finished:
        assert trial.epochs == 3 * EPOCHS and len(trial.accuracies) == 3


def test_a_loss_that_became_nan_ends_the_trial_and_not_the_sweep(tmp_path: Path, task: Task) -> None:
    trials = trials_of(searched(tmp_path / "sweep", task, 16, Pretended(nan_above=0.03)), task)
    diverged = [trial for trial in trials if trial.state == "diverged"]
    assert diverged and all(trial.values["learning_rate"] > 0.03 for trial in diverged)  # type: ignore[operator]
    assert len(trials) == 16


@pytest.mark.parametrize("moments", [[3, 5], [11, 14, 4]])
def test_interrupted_at_any_epoch_and_gone_on_with_it_has_the_same_trials(
    tmp_path: Path, task: Task, moments: list[int]
) -> None:
    whole = told(searched(tmp_path / "whole", task), task)
    for moment in moments:
        with pytest.raises(KeyboardInterrupt):
            searched(tmp_path / "stopped", task, engine=Pretended(breaks=moment))
    assert told(searched(tmp_path / "stopped", task), task) == whole


def test_more_trials_of_a_sweep_are_those_that_it_would_have_had(tmp_path: Path, task: Task) -> None:
    whole = told(searched(tmp_path / "whole", task, 8), task)
    for most in (1, 5, 8):
        found = told(searched(tmp_path / "grown", task, most), task)
        assert found == whole[:most]


def test_as_many_trials_at_once_as_there_are_workers(tmp_path: Path, task: Task) -> None:
    engine = Pretended(workers=4)
    trials = trials_of(searched(tmp_path / "sweep", task, 9, engine), task)
    assert engine.most == 4 and len(trials) == 9
    assert all(trial.state in ("finished", "stopped early", "diverged") for trial in trials)
    alone = Pretended()
    assert len(trials_of(searched(tmp_path / "sweep", task, 10, alone), task)) == 10 and alone.most == 1


def test_a_trial_that_another_process_holds_is_left_to_it(tmp_path: Path, task: Task) -> None:
    one, other = journal_of(tmp_path / "sweep", task), journal_of(tmp_path / "sweep", task)
    held = one.next(2)
    theirs = other.next(2)
    assert held and theirs and (held.number, theirs.number) == (0, 1)
    assert one.next(2) is None and other.next(2) is None
    other.let_go(theirs)  # as when its process was killed
    again = one.next(2)
    assert again and again.number == 1 and again.point == theirs.point


def test_time_ends_a_search_and_what_is_under_way_is_kept(tmp_path: Path, task: Task) -> None:
    class Late(Clock):
        looked = 0

        def used(self) -> float:
            self.looked += 1
            return float(self.looked)

    journal = journal_of(tmp_path / "sweep", task)
    assert Trials(task, journal, Pretended(), Several(False)).go(None, 16, Late())
    trials = trials_of(journal, task)
    assert [trial.state for trial in trials] == ["finished", "running"]
    assert len(trials[1].reported) == EPOCHS + 1  # after 12 events of the first and the end of a fold
    whole = searched(tmp_path / "whole", task, 4)
    assert told(searched(tmp_path / "sweep", task, 4), task) == told(whole, task)


def test_a_last_line_that_a_killed_process_did_not_end_is_cut_off(tmp_path: Path, task: Task) -> None:
    whole = told(searched(tmp_path / "whole", task, 6), task)
    searched(tmp_path / "torn", task, 3)
    with open(tmp_path / "torn" / FILE, "ab") as file:
        file.write(b'{"op_code":4,"wor')
    assert told(searched(tmp_path / "torn", task, 6), task) == whole


@pytest.mark.parametrize("content", [b"nonsense\n", b"[]\n", b'{"op_code": 0}\n', b"\xff\xfe\n", b"{}\n\n"])
def test_a_damaged_journal_is_one_line(tmp_path: Path, task: Task, content: bytes) -> None:
    searched(tmp_path / "sweep", task, 1)
    path = tmp_path / "sweep" / FILE
    path.write_bytes(content + path.read_bytes())
    with pytest.raises(KitError, match=r"journal\.log: damaged") as refused:
        journal_of(tmp_path / "sweep", task)
    assert "\n" not in str(refused.value)


def test_without_optuna_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from kit.search import journal

    monkeypatch.setattr(journal, "find_spec", lambda name: None)
    with pytest.raises(KitError, match=r"kit sweep needs its extra: pip install \"optuna>=5.0\""):
        journal.check_installed()
