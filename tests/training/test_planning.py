"""What is trained in a given time, and what of it depends on the clock: nothing but the choice."""

import dataclasses
import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import KitCommand, assert_one_line, csv_of
from test_folds import same_as

from kit import KitError, find, train
from kit.cli.train import train as command_of_train
from kit.data import loading
from kit.data.loading import LabelledDigits
from kit.options import command
from kit.run.folder import Run
from kit.run.settings import Settings
from kit.training import folds, networks, planning, speed
from kit.training.arguments import Arguments
from kit.training.beginning import settings_with
from kit.training.loop import Training
from kit.training.planning import LADDER, Rung, choose
from kit.training.progress import Progress
from kit.training.speed import Speed
from kit.training.time_limit import Clock

PAGE = Path(__file__).parents[2] / "docs" / "time.md"


class Hand:
    """A clock whose hand is moved by the test, for all that look at one."""

    def __init__(self) -> None:
        self.at = 0.0

    def used(self, clock: Clock) -> float:
        return clock.before + self.at


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    made = Hand()
    monkeypatch.setattr(Clock, "used", lambda self: made.used(self))
    return made


@pytest.fixture
def measured(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which networks were measured: an epoch of `dense` takes 10 s, of others 20, and measuring one 5."""
    names = list[str]()

    def measure(digits: LabelledDigits, settings: Settings, network: networks.Network) -> Speed:
        names.append(network.name)
        hand.at += 5
        return Speed(once=1, epoch=10 if network.name == "dense" else 20, row=0, judged=0, picture=0)

    monkeypatch.setattr(planning, "measure", measure)
    return names


@pytest.fixture(scope="module")
def digits(small: Path) -> LabelledDigits:
    return loading.load("train", small)


def settings_of(recipe: dict[str, Any]) -> Settings:
    return settings_with(networks.named(recipe["arch"]), recipe, None, None)


@pytest.fixture
def ladder(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    return lambda *rungs: monkeypatch.setattr(planning, "LADDER", rungs)


def test_the_page_has_the_ladder() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (\d+) \| (\d+) \| (.*) \|$", page, re.MULTILINE)
    assert rows == [
        (rung.arch, str(rung.folds or "–"), str(rung.least), str(rung.most), f"`{options}`" if options else "")
        for rung in LADDER
        for options in [command("train", Arguments, rung.options).removeprefix("kit train").strip()]
    ]
    assert "no fewer than a quarter" in page and planning._TARGET == 0.95 and "fills 95 %" in page


def test_every_rung_is_a_command_that_can_be_given() -> None:
    for rung in LADDER:
        settings = settings_of({**rung.given, "epochs": rung.most})
        assert (settings.arch, settings.folds, settings.epochs) == (rung.arch, rung.folds, rung.most)
        assert 1 <= rung.least <= rung.most and rung.cost > 0
        assert rung.options.keys() <= command_of_train.__annotations__.keys()  # others have no option to repeat them by


@pytest.mark.parametrize(
    ("limit", "chosen"),
    [
        (60, ("dense", None, 4)),  # 57 s are filled: 5 measured, 1 once, 2 at the end
        (100, ("dense", None, 8)),
        (170, ("dense", 2, 7)),  # 161.5 - 5 - 2 - 2 * (1 + .5), two epochs cost 20
        (500, ("dense", 2, 20)),
        (1000, ("chollet", 3, 15)),  # 950 - 10 - 2 - 3 * 1.5, three epochs cost 60
        (1e9, ("chollet", 3, 40)),
    ],
)
def test_the_highest_rung_that_fits_gets_the_epochs_that_fit(
    limit: float, chosen: Any, digits: LabelledDigits, ladder: Any, measured: list[str], hand: Hand
) -> None:
    ladder(Rung("dense", None, 2, 10), Rung("dense", 2, 6, 20), Rung("chollet", 3, 12, 40, cost=2))
    plan = choose(limit, digits, settings_of, Clock())
    assert (plan.rung.arch, plan.rung.folds, plan.epochs) == chosen
    assert plan.seconds <= 0.95 * limit and hand.at == 5 * len(measured)
    left = 0.95 * limit - plan.seconds
    assert plan.epochs == plan.rung.most or left < plan.an_epoch * (plan.rung.folds or 1)


def test_a_network_is_measured_only_where_it_could_be_chosen(
    digits: LabelledDigits, ladder: Any, measured: list[str]
) -> None:
    ladder(Rung("dense", None, 2, 10), Rung("chollet", None, 10, 20, cost=2), Rung("vgg", 5, 10, 30, cost=4))
    for limit, networks_measured in ((60, ["dense"]), (180, ["dense", "chollet"]), (5000, ["dense", "vgg"])):
        measured.clear()
        choose(limit, digits, settings_of, Clock())
        assert measured == networks_measured, limit


def test_rungs_of_one_network_with_other_options_are_measured_apart(
    digits: LabelledDigits, ladder: Any, measured: list[str]
) -> None:
    ladder(Rung("dense", None, 1, 2), Rung("dense", 2, 1, 2, options={"optimizer": "muon"}))
    plan = choose(1000, digits, settings_of, Clock())
    assert measured == ["dense", "dense"]
    assert plan.given == {"arch": "dense", "folds": 2, "optimizer": "muon", "epochs": 2}
    last = plan.lines({"data": Path("my data"), "runs": Path("r"), "seed": 3})[1]
    assert last == "kit train --arch dense --folds 2 --optimizer muon --epochs 2 --data 'my data' --runs r --seed 3"


def test_what_is_too_short_says_the_least_and_the_least_will_do(
    digits: LabelledDigits, ladder: Any, measured: list[str], hand: Hand
) -> None:
    ladder(Rung("dense", None, 2, 10), Rung("dense", 2, 6, 20))
    hand.at = 7
    with pytest.raises(KitError, match=r"^--time-limit 20s: the least here is about 40s$"):
        choose(20, digits, settings_of, Clock())
    hand.at = 7
    assert choose(40, digits, settings_of, Clock()).epochs == 2


def test_rows_that_are_too_few_for_folds_are_trained_on_without(
    rows: np.ndarray, small: Path, digits: LabelledDigits, ladder: Any, measured: list[str], tmp_path: Path
) -> None:
    ladder(Rung("dense", None, 2, 10), Rung("dense", 2, 2, 10), Rung("dense", 20, 2, 10), Rung("chollet", 3, 2, 10))
    few = np.concatenate([np.flatnonzero(digits.labels == label)[:4] for label in range(10)])
    cut = dataclasses.replace(digits, images=digits.images[few], labels=digits.labels[few])
    assert choose(1e6, cut, settings_of, Clock()).rung.folds == 3
    few = few[np.arange(40) % 4 < 2]
    cut = dataclasses.replace(digits, images=digits.images[few], labels=digits.labels[few])
    assert choose(1e6, cut, settings_of, Clock()).rung.folds == 2  # though 20 % of 20 rows are too few to judge by
    (tmp_path / "train.csv").write_bytes(csv_of(rows))
    with pytest.raises(KitError, match="label 0 has 1 row"):
        choose(1e6, loading.load("train", tmp_path), settings_of, Clock())


def test_a_limit_and_the_command_that_it_prints_come_to_the_same_weights(
    small: Path, toy: str, ladder: Any, kit_here: KitCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measured as it really is, for so long a limit that the machine's speed decides nothing."""
    monkeypatch.setattr(speed, "_ENOUGH", 0.01)
    ladder(Rung(toy, 2, 1, 2, options={"augment": True, "learning_rate": 0.003}))
    data = tmp_path / "the data"
    data.symlink_to(small)
    asked = ["--data", data, "--runs", tmp_path / "runs", "--name", "planned", "--seed", 5, "--precision", "float32"]
    said = kit_here("train", "--time-limit", "1000000h", *asked).stderr.splitlines()
    machine = r"277,777 h 47 min on this machine \(\d+ threads?, \d+\.\d s an epoch\)"
    assert re.fullmatch(rf"{machine}: toy in 2 folds of 2 epochs, some .*s\. The same again, without a clock:", said[0])
    assert said[2].startswith("fold 1/2  epoch 1/2") and said[-2].startswith("took ")
    assert kit_here(*shlex.split(said[1])[1:]).returncode == 0
    planned, repeated = find(1, tmp_path / "runs"), find(2, tmp_path / "runs")
    assert (planned.name, repeated.name) == ("01-planned", "02-planned") and same_as(planned, repeated)
    assert planned.settings == dataclasses.replace(repeated.settings, time_limit=1e9)


@pytest.fixture
def rehearsed(hand: Hand, measured: list[str], ladder: Any, monkeypatch: pytest.MonkeyPatch) -> dict[int, float]:
    """Folds are trained in no time, by a hand that moves by the seconds of an epoch: so many by fold, else 1."""
    seconds = dict[int, float]()

    class Rehearsed:
        checkpoint, saved = Path("none"), 0

        def __init__(self, digits: LabelledDigits, settings: Settings, *others: Any) -> None:
            self.settings, self.run = settings, Run(Path("none"))

        def start(self) -> None:
            pass

        def train(self, progress: Progress) -> None:
            epochs = self.settings.epochs
            took = epochs * seconds.get(self.settings.fold or 0, 1.0)
            hand.at += took
            values = {"arch": "dense", "parameters": 1, "epochs": epochs, "epochs_done": epochs, "seconds": took}
            best = {"best_epoch": 1, "loss": 0, "accuracy": 0, "val_loss": 0, "val_accuracy": 0}
            self.run.write_metrics({**values, **best, "finished": True, "stopped": None})

    ladder(Rung("dense", 4, 1, 8))
    monkeypatch.setattr(planning, "measure", lambda *given: Speed(once=0, epoch=1, row=0, judged=0, picture=0))
    monkeypatch.setattr(folds, "Training", Rehearsed)
    monkeypatch.setattr(folds.Folds, "_check_size", lambda self: None)
    monkeypatch.setattr(folds.Folds, "_finish", lambda self: None)
    return seconds


def epochs_of(run: Run) -> list[int]:
    return [fold.settings.epochs for fold in run.folds]


@pytest.mark.parametrize(
    ("seconds", "epochs", "said"),
    [
        ({}, [8, 8, 8, 8], []),
        ({2: 1.2, 3: 1.2, 4: 1.2}, [8, 8, 8, 8], []),  # 36.8 s of 40
        # After the second fold 24 s are used, and an epoch takes 2: in 16 s there are 4 epochs of two folds.
        ({2: 2, 3: 2, 4: 2}, [8, 8, 4, 4], ["folds 3 to 4 get 4 epochs instead of 8"]),
        ({2: 2}, [8, 8, 4, 8], ["folds 3 to 4 get 4 epochs instead of 8", ""]),
        ({3: 2.3}, [8, 8, 8, 2], ["fold 4 gets 2 epochs instead of 8"]),
        ({2: 50}, [8, 8, 2, 2], ["folds 3 to 4 get 2 epochs instead of 8"]),  # late, and a quarter is the least
    ],
)
def test_a_slower_machine_shortens_what_is_yet_to_begin(
    seconds: dict[int, float],
    epochs: list[int],
    said: list[str],
    rehearsed: dict[int, float],
    small: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rehearsed |= seconds
    run = train(data=small, runs=tmp_path, time_limit="40s")
    assert epochs_of(run) == epochs and run.settings.epochs == 8 and run.settings.time_limit == 40
    assert (run.metrics["epochs"], run.metrics["epochs_done"]) == (32, sum(epochs))
    lines = capsys.readouterr().err.splitlines()[2:]
    again = "as fast as measured again: fold 4 gets all of its 8 epochs"
    assert lines[:-1] == [f"slower than measured: {line}" if line else again for line in said]
    assert lines[-1] == {
        (8, 8, 2, 2): "took 6 min 52 s, 6 min 12 s over the limit: the machine was slower than measured"
    }.get(tuple(epochs), f"took {run.metrics['seconds']:.0f} s of 40 s")


def test_after_a_stop_the_seconds_that_were_used_count(
    rehearsed: dict[int, float], small: Path, tmp_path: Path, hand: Hand, capsys: pytest.CaptureFixture[str]
) -> None:
    run = train(data=small, runs=tmp_path, time_limit="40s", progress=False)
    for number in (3, 4):
        shutil.rmtree(run.folder / "folds" / str(number))
    first = run.folds[0].folder / "metrics.json"
    first.write_text(first.read_text().replace('"seconds": 8', '"seconds": 24'))
    hand.at = 0.0
    assert epochs_of(train(resume=run)) == [8, 8, 4, 4]  # 8 s of 40 are left, and an epoch took 1
    assert capsys.readouterr().err.splitlines() == [
        "slower than measured: folds 3 to 4 get 4 epochs instead of 8",
        "took 40 s of 40 s",
    ]


@pytest.mark.parametrize(("limit", "epochs"), [(40.0, 9), (None, 4)])
def test_no_fold_is_longer_and_without_a_limit_none_is_shorter(
    limit: float | None, epochs: int, rehearsed: dict[int, float], small: Path, tmp_path: Path
) -> None:
    run = train(data=small, runs=tmp_path, time_limit="40s", progress=False)
    for part, changed in (
        (run, {}),
        *((fold, {"epochs": epochs} if fold == run.folds[1] else {}) for fold in run.folds),
    ):
        path = part.folder / "settings.json"
        content = json.loads(path.read_text())
        content["settings"] |= {"time_limit": limit} | changed
        path.write_text(json.dumps(content))
    with pytest.raises(KitError, match=r"folds[/\\]2: a training by other settings than this run's"):
        train(resume=run.name, runs=tmp_path, progress=False)


def test_a_fold_that_was_shortened_keeps_its_number_when_it_is_gone_on_with(
    toy: str, ladder: Any, measured: list[str], hand: Hand, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ladder(Rung(toy, 2, 1, 9))
    save, stop_at = Training._save, 0

    def slow(self: Training) -> None:
        hand.at += 25
        if self.settings.fold == 2 and self.state.epoch == stop_at:
            raise KeyboardInterrupt
        save(self)

    monkeypatch.setattr(Training, "_save", slow)
    options = {"data": small, "runs": tmp_path, "progress": False, "time_limit": 180}
    whole = train(**options)
    assert epochs_of(whole) == [4, 3]  # 105 s are used after the first fold, and an epoch takes 25
    assert [len(fold.history) for fold in whole.folds] == [4, 3] and len(whole.history) == 4
    hand.at, stop_at = 0, 2
    with pytest.raises(KeyboardInterrupt):
        train(**options)
    hand.at, stop_at = 1000, 0
    assert same_as(train(resume=2, runs=tmp_path, progress=False), whole)


def test_a_training_alone_that_is_late_goes_on_and_says_so(
    small: Path, toy: str, ladder: Any, measured: list[str], hand: Hand, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    ladder(Rung(toy, None, 1, 3))
    keep = Training._save

    def slow(self: Training) -> None:
        hand.at += 100
        keep(self)

    monkeypatch.setattr(Training, "_save", slow)
    run = train(data=small, runs=tmp_path, time_limit=60)
    assert run.settings.epochs == len(run.history) == 2
    first, again, *_, last = capsys.readouterr().err.splitlines()
    assert "s an epoch): toy, 2 epochs, some 48 s. The same again" in first
    assert again == shlex.join(
        ["kit", "train", "--arch", "toy", "--epochs", "2", "--data", str(small), "--runs", str(tmp_path)]
    )
    assert last == "took 3 min 25 s, 2 min 25 s over the limit: the machine was slower than measured"


BESIDE = {
    "time_limit",
    "data",
    "runs",
    "name",
    "seed",
    "precision",
    "resume",
    "progress",
    "inspect",
    "callbacks",
    "started",
}


@pytest.mark.parametrize("name", sorted({field.name for field in dataclasses.fields(Arguments)} - BESIDE))
def test_what_the_limit_decides_is_not_taken_beside_it(name: str, tmp_path: Path) -> None:
    of_functions = {"schedule", "warm_up", "monitor"}
    flag = "--from" if name == "from_run" else ("" if name in of_functions else "--") + name.replace("_", "-")
    options: dict[str, Any] = {name: True, "time_limit": "60m", "data": tmp_path, "runs": tmp_path}
    said = "(chooses network, folds, epochs and all else .*|plans by how fast this computer is): leave"
    with pytest.raises(KitError, match=f"^{flag}: --time-limit {said}"):
        train(**options)


def test_bad_times_and_options_end_in_one_line_before_the_data_is_read(kit_here: KitCommand, tmp_path: Path) -> None:
    for time in ("60x", "-5m", "0", "nan", "", "1h 30"):
        assert_one_line(kit_here("train", "--time-limit", time), f"--time-limit {time or repr(time)}: give a time such")
    assert_one_line(kit_here("train", "--time-limit", "1s"), "--time-limit 1s: too short to begin in: the least is")
    assert_one_line(kit_here("train", "--time-limit", "9m", "--seed", -1), "--seed -1: give a whole number")
    assert_one_line(kit_here("train", "--time-limit", "9m", "--precision", "half"), "--precision half: choose from")
    assert_one_line(kit_here("train", "--time-limit", "9m", "--no-augment"), "--augment: --time-limit chooses")
    assert_one_line(
        kit_here("train", "--time-limit", "9m", "--resume", 1), "--time-limit cannot be changed by --resume"
    )
    assert_one_line(kit_here("train", "--time-limit", "9m", "--data", "none"), "none: missing: fetch it")


def test_a_limit_that_is_too_short_here_leaves_nothing(
    small: Path, toy: str, ladder: Any, measured: list[str], kit_here: KitCommand, tmp_path: Path
) -> None:
    ladder(Rung(toy, None, 2, 3))
    ended = kit_here("train", "--time-limit", "20s", "--data", small)
    assert_one_line(ended, "--time-limit 20s: the least here is about")
    assert not (tmp_path / "runs").exists()
