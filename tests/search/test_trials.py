"""The trials of a sweep on an engine that trains nothing: what it says happens follows from the settings alone."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit import KitError, plots
from kit.data.loading import LabelledDigits
from kit.run.folder import Run
from kit.run.settings import Recipe
from kit.search.journal import FILE, REPEATS, TRIALS, Held, Journal
from kit.search.page import write_page
from kit.search.results import Sweep, Trial
from kit.search.space import space_of
from kit.search.trials import MOST_REPEATED, Task, Trials, trials_of
from kit.training import networks
from kit.training.events import Epoch, Event, Failed, Finished, Happened, Quiet
from kit.training.loop import DivergedError
from kit.training.progress import Several
from kit.training.time_limit import Clock

EPOCHS = 3


class Pretended:
    """As many trainings at once as it is told, an epoch of each in turn; the accuracy peaks at a rate of 0.01."""

    def __init__(
        self, workers: int = 1, breaks: int | None = None, nan_above: float = 1.0, fails_above: float = 1.0
    ) -> None:
        self.workers, self._breaks, self._nan_above, self._fails_above = workers, breaks, nan_above, fails_above
        self.running = dict[str, tuple[Run, int]]()
        self.heard, self.most, self.epochs = 0, 0, 0
        self.error: Exception = KitError("there is too little memory: a smaller batch needs less", 1)

    def start(self, key: str, run: Run, digits: LabelledDigits) -> None:
        assert key not in self.running
        self.running[key] = run, len(run.history) if (run.folder / "history.csv").exists() else 0
        self.most = max(self.most, len(self.running))

    def stop(self, key: str) -> None:
        self.running.pop(key, None)

    def events(self) -> Iterator[Happened]:
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
        if run.settings.learning_rate > self._fails_above:
            del self.running[key]
            yield Failed(key, self.error)
            return
        yield Epoch(key, rows[-1], True, "a worker")


def row_of(run: Run, epoch: int) -> dict[str, float]:
    """In the first fold all settings come to the same."""
    rate, fold = run.settings.learning_rate, run.settings.fold or 0
    far = 0.05 * abs(np.log10(rate) + 2) * (fold > 1)
    accuracy = 0.95 - far + 0.01 * (epoch - EPOCHS) + 0.001 * fold
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
    assert trials[0].accuracy == pytest.approx((0.95 * 3 - 0.1 + 0.006) / 3) and trials[0].seconds == 3 * EPOCHS
    assert not list((tmp_path / "sweep" / TRIALS).iterdir())  # nothing is left of what was trained


def test_a_trial_is_stopped_where_it_falls_below_half_of_the_finished_ones_and_nowhere_else(
    tmp_path: Path, task: Task
) -> None:
    trials = trials_of(searched(tmp_path / "sweep", task, 24), task)
    stopped = 0
    for number, trial in enumerate(trials):
        before = [one.reported for one in trials[:number] if one.finished]
        for step, value in enumerate(trial.reported):
            hopeless = (
                len(before) >= 5 and 1 <= step < 3 * EPOCHS - 1 and value < np.median([one[step] for one in before])
            )
            last = step == len(trial.reported) - 1
            assert hopeless == (last and trial.state == "stopped early"), (number, step)
        stopped += trial.state == "stopped early"
        assert trial.finished == (len(trial.reported) == 3 * EPOCHS) and trial.epochs == len(trial.reported)
    assert stopped > 3 and all(trial.epochs > EPOCHS for trial in trials)


def test_a_setting_that_cannot_be_trained_is_its_trials_end_and_not_the_sweeps(tmp_path: Path, task: Task) -> None:
    trials = trials_of(searched(tmp_path / "sweep", task, 16, Pretended(fails_above=0.03)), task)
    failed = [trial for trial in trials if trial.state == "failed"]
    assert failed and all(trial.values["learning_rate"] > 0.03 for trial in failed)  # type: ignore[operator]
    assert len(trials) == 16 and sum(trial.finished for trial in trials) > 5


@pytest.mark.parametrize(("above", "ended"), [(0.0, 0), (0.0011, 3)])
def test_where_the_recipe_fails_or_several_do_it_is_not_their_settings(
    tmp_path: Path, task: Task, above: float, ended: int
) -> None:
    """Of rates above 0.0011 there are three one after the other among the first trials."""
    with pytest.raises(KitError, match="too little memory"):
        searched(tmp_path / "sweep", task, 60, Pretended(fails_above=above))
    states = [trial.state for trial in trials_of(journal_of(tmp_path / "sweep", task), task)]
    assert states[-1] == "running" and states[-ended:-1] == ["failed"] * (ended - 1) if ended else states == ["running"]


def test_failures_with_good_trials_between_them_are_of_their_settings(tmp_path: Path, task: Task) -> None:
    """A rate that fails, one that becomes NaN, and so on: never two that fail one after the other."""

    class Unlucky(Pretended):
        def start(self, key: str, run: Run, digits: LabelledDigits) -> None:
            even = int(key.split("-")[0]) % 2 == 0
            self._fails_above, self._nan_above = (0.0, 1.0) if even else (1.0, 0.0 if int(key[0]) > 1 else 1.0)
            super().start(key, run, digits)

    trials = trials_of(searched(tmp_path / "sweep", task, 9, Unlucky()), task)
    assert [trial.state for trial in trials] == ["finished", *["failed", "diverged"] * 4]


@pytest.fixture
def few(task: Task) -> Task:
    """A space of six points, two of which are one: nothing is moved where nothing is augmented."""
    given: dict[str, Any] = {
        "learning_rate": [0.001, 0.002], "augment": [False, True], "movements": [1.0, 1.5], "batch_size": 64,
        "optimizer": "adam", "l2": 0,
    }  # fmt: skip
    space = space_of(task.network.recipe, has_dropout=False, given=given)
    return dataclasses.replace(task, space=space)


def test_of_a_space_that_can_be_counted_each_point_is_trained_once_and_then_it_ends(tmp_path: Path, few: Task) -> None:
    engine = Pretended()
    points = few.space.points()
    assert points is not None and len(points) == 6
    journal = searched(tmp_path / "sweep", few, None, engine)
    trials = trials_of(journal, few)
    different = {str(trial.given) for trial in trials}
    assert len(different) == 6 and engine.epochs == sum(trial.epochs for trial in first_of(trials))
    for trial in trials:
        first = next(one for one in trials if one.given == trial.given)
        assert (first.state, first.accuracies, first.reported) == (trial.state, trial.accuracies, trial.reported)
    assert len(trials) <= 12
    assert told(searched(tmp_path / "sweep", few, None), few) == told(journal, few)


def first_of(trials: list[Trial]) -> list[Trial]:
    """Without those that an earlier one has the settings of."""
    return [one for number, one in enumerate(trials) if all(one.given != before.given for before in trials[:number])]


def test_of_equal_settings_under_way_at_once_one_is_trained(tmp_path: Path, few: Task) -> None:
    engine = Pretended(workers=4)
    trials = trials_of(searched(tmp_path / "sweep", few, None, engine), few)
    assert len({str(trial.given) for trial in trials}) == 6 and engine.most >= 2
    assert engine.epochs == sum(trial.epochs for trial in first_of(trials)) and all(trial.epochs for trial in trials)


@pytest.mark.parametrize(
    ("searched_for", "count", "most"),
    [
        ({"epochs": {"low": 2, "high": 4}}, 3, 6),  # which can be counted
        ({"learning_rate": {"low": 0.001, "high": 0.001002}}, 1, 1 + MOST_REPEATED),  # which are one when rounded
    ],
)
def test_a_space_of_few_numbers_ends_by_itself_too(
    tmp_path: Path, task: Task, searched_for: dict[str, Any], count: int, most: int
) -> None:
    given = {"learning_rate": 0.001, "batch_size": 64, "optimizer": "adam", "augment": False, "l2": 0, **searched_for}
    space = space_of(task.network.recipe, has_dropout=False, given=given)
    narrow = dataclasses.replace(task, space=space)
    trials = trials_of(searched(tmp_path / "sweep", narrow, None), narrow)
    different = {str(trial.given) for trial in trials}
    assert len(different) == count and len(trials) <= most
    assert len(trials_of(searched(tmp_path / "sweep", narrow, None), narrow)) == len(trials)


@pytest.mark.parametrize("moment", [1, 4, 8])
def test_whatever_waits_is_let_go_where_a_search_is_interrupted(tmp_path: Path, few: Task, moment: int) -> None:
    """A notebook keeps what was going on, and all that it held."""
    with pytest.raises(KeyboardInterrupt) as kept:
        searched(tmp_path / "sweep", few, None, Pretended(workers=4, breaks=moment))
    trials = trials_of(searched(tmp_path / "sweep", few, None, Pretended(workers=4)), few)
    assert kept.traceback and "running" not in {trial.state for trial in trials}
    assert len({str(trial.given) for trial in trials}) == 6


def test_a_search_that_only_repeats_itself_ends_with_its_time(tmp_path: Path, task: Task) -> None:
    class Late(Clock):
        late = False

        def used(self) -> float:
            return float(self.late)

    class Watched(Trials):
        def _take_over(self, *arguments: Any) -> None:
            super()._take_over(*arguments)
            clock.late = True

    given = {"learning_rate": {"low": 0.001, "high": 0.001002}, "batch_size": 64, "optimizer": "adam", "l2": 0}
    space = space_of(task.network.recipe, has_dropout=False, given={**given, "augment": False})
    narrow, clock = dataclasses.replace(task, space=space), Late()
    journal = journal_of(tmp_path / "sweep", narrow)
    assert Watched(narrow, journal, Pretended(), Several(False)).go(None, 0.5, clock)
    found = trials_of(journal, narrow)
    assert sum(one.given == found[-1].given for one in found) == 2


def test_of_repeats_the_median_rule_counts_one(tmp_path: Path, few: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = searched(tmp_path / "sweep", few, None)
    trials = journal.trials()
    repeats = [one.number + 1 for one in trials if REPEATS in one.user_attrs]
    assert repeats == sorted({trial.number for trial in trials_of(journal, few)} - numbers_of_first(journal, few))
    held = Held(99, {}, tmp_path, {8: 0.1}, {}, None, None)  # type: ignore[arg-type]
    finished = [one for one in trials if one.state.name == "COMPLETE" and REPEATS not in one.user_attrs]
    assert repeats and len(finished) >= 5 and journal.is_hopeless(held, 8)
    again = [one for one in trials if REPEATS in one.user_attrs] * 5
    monkeypatch.setattr(journal, "trials", lambda: [*finished[:4], *again])
    assert not journal.is_hopeless(held, 8)


def numbers_of_first(journal: Journal, task: Task) -> set[int]:
    return {trial.number for trial in first_of(trials_of(journal, task))}


def test_interrupted_in_a_space_that_can_be_counted_it_has_the_same_trials(tmp_path: Path, few: Task) -> None:
    whole = told(searched(tmp_path / "whole", few, None), few)
    for moment in (5, 12, 7):
        with pytest.raises(KeyboardInterrupt):
            searched(tmp_path / "stopped", few, None, Pretended(breaks=moment))
    assert told(searched(tmp_path / "stopped", few, None), few) == whole


def test_a_space_without_numbers_between_others_has_its_page(tmp_path: Path, few: Task) -> None:
    """Trials in which nothing is moved say nothing of how far; and what matters is drawn where there are enough."""
    journal = searched(tmp_path / "sweep", few, None)
    commands = {trial.number: "kit train" for trial in trials_of(journal, few)}
    found = Sweep(
        folder=tmp_path / "sweep", arch="dense", folds=3, rows=90, space=few.space, trials=trials_of(journal, few),
        importance=journal.importance(), commands=commands, page=None,
    )  # fmt: skip
    shares = found.importance
    assert shares.keys() == few.space.searched.keys() and sum(shares.values()) == pytest.approx(1)
    assert max(shares, key=lambda name: shares[name]) == "learning_rate"  # all that the pretended accuracy follows
    doubled = dataclasses.replace(found, trials=[*found.trials, dataclasses.replace(found.trials[0], number=99)])
    assert "trial 99" not in " ".join(doubled.sentences())  # it is what trial 1 is
    page = write_page(found).read_text(encoding="utf-8")
    assert (found.folder / "importance.png").read_bytes()[:4] == b"\x89PNG" and "importance.png" in page
    assert page.count("<svg") == 2 + len(few.space.searched)
    still = dataclasses.replace(found, trials=[one for one in found.trials if "movements" not in one.values])
    page = write_page(dataclasses.replace(still, importance={})).read_text(encoding="utf-8")
    assert page.count("<svg") == len(few.space.searched) and "importance" not in page


def test_what_is_far_below_stands_at_the_edge_and_the_legend_is_whole() -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.8, 3.6), layout="constrained")
    axis = figure.subplots()
    finished = [(1, 0.949), (2, 0.85), (3, 0.942), (4, 0.94), (5, 0.88), (6, 0.95), (9, 0.951)]
    plots.draw_course(axis, finished, [7, 8], 9, 0.002, "the recipe")
    figure.draw_without_rendering()
    legend, [low, _] = axis.get_legend(), axis.get_ylim()
    assert legend is not None and "finished, further down" in [text.get_text() for text in legend.get_texts()]
    below = next(line for line in axis.lines if line.get_label() == "finished, further down")
    assert [*below.get_xdata()] == [2, 5] and [*below.get_ydata()] == [low, low]  # type: ignore[arg-type]
    box, whole = legend.get_window_extent(), figure.bbox
    assert whole.x0 <= box.x0 and box.x1 <= whole.x1 and whole.y0 <= box.y0
    numbers = plots.Slice("rate", [0.1, 0.2, None, 0.3, 0.1, 0.2, 0.3])
    one = Figure().subplots()
    plots.draw_slice(one, numbers, [accuracy for _, accuracy in finished], 6)
    assert [*one.lines[-1].get_xdata()] == [0.2, 0.1]  # type: ignore[arg-type]


def test_a_cluster_of_which_nothing_is_heard_does_not_keep_a_search_beyond_its_time(tmp_path: Path, task: Task) -> None:
    class Silent(Pretended):
        def events(self) -> Iterator[Happened]:
            while self.running:
                yield Quiet()

    class Late(Clock):
        looked = 0

        def used(self) -> float:
            self.looked += 1
            return float(self.looked)

    engine = Silent()
    assert Trials(task, journal_of(tmp_path / "sweep", task), engine, Several(False)).go(None, 5, Late())
    assert engine.running == {}


def test_a_full_disk_ends_a_sweep_at_once(tmp_path: Path, task: Task) -> None:
    engine = Pretended(fails_above=0.0011)
    engine.error.__cause__ = OSError(28, "No space left on device")
    with pytest.raises(KitError, match="too little memory"):
        searched(tmp_path / "sweep", task, 60, engine)
    assert "failed" not in [trial.state for trial in trials_of(journal_of(tmp_path / "sweep", task), task)]


def test_a_loss_that_became_nan_ends_the_trial_and_not_the_sweep(tmp_path: Path, task: Task) -> None:
    trials = trials_of(searched(tmp_path / "sweep", task, 16, Pretended(nan_above=0.03)), task)
    diverged = [trial for trial in trials if trial.state == "diverged"]
    assert diverged and all(trial.values["learning_rate"] > 0.03 for trial in diverged)  # type: ignore[operator]
    assert len(trials) == 16


@pytest.mark.parametrize("moments", [[3, 5], [11, 14, 4], [9, 9, 9, 9, 9, 9]])
def test_interrupted_at_any_epoch_and_gone_on_with_it_has_the_same_trials(
    tmp_path: Path, task: Task, moments: list[int]
) -> None:
    whole = told(searched(tmp_path / "whole", task), task)
    for moment in moments:
        with pytest.raises(KeyboardInterrupt):
            searched(tmp_path / "stopped", task, engine=Pretended(breaks=moment))
    assert told(searched(tmp_path / "stopped", task), task) == whole


def test_interrupted_within_a_proposal_it_is_the_same_proposal(
    tmp_path: Path, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kit.search import journal

    wider = {"learning_rate": {"low": 0.0001, "high": 0.1}, "l2": {"low": 1e-6, "high": 1e-2, "log": True}}
    space = space_of(task.network.recipe, has_dropout=False, given={**wider, "batch_size": 64, "optimizer": "adam"})
    task = dataclasses.replace(task, space=space)
    whole = told(searched(tmp_path / "whole", task, 4), task)
    searched(tmp_path / "torn", task, 3)
    suggested, asked = journal._suggested, list[str]()

    def once(trial: Any, name: str, one: Any) -> Any:
        if asked:
            raise KeyboardInterrupt
        asked.append(name)
        return suggested(trial, name, one)

    monkeypatch.setattr(journal, "_suggested", once)
    with pytest.raises(KeyboardInterrupt):
        searched(tmp_path / "torn", task, 4)
    monkeypatch.undo()
    assert told(searched(tmp_path / "torn", task, 4), task) == whole


def test_what_an_ended_trial_was_trained_in_goes_with_the_next_call(tmp_path: Path, task: Task) -> None:
    searched(tmp_path / "sweep", task, 2)
    left = tmp_path / "sweep" / TRIALS / "01"
    left.mkdir()
    (left / ".lock").touch()
    journal_of(tmp_path / "sweep", task)
    assert not left.exists()


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
    assert Trials(task, journal, Pretended(), Several(False)).go(None, 17, Late())
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
