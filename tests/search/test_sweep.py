"""kit sweep on real trainings, small ones: what it finds, repeats, goes on with, shows and refuses."""

import csv
import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import KILL, KILLED, KitCommand, _toy, assert_one_line

from kit import KitError, open_run, sweep, train
from kit.run.folder import Run
from kit.search.journal import FILE, TRIALS, Journal
from kit.search.results import Sweep
from kit.search.sweep import _by_one_process

MINE = '''
"""A network that is compiled in no time."""
from keras import layers
RECIPE = dict(epochs=1, batch_size=100, learning_rate=0.002)
SEARCH = {"l2": [0, 0.001], "movements": {"low": 0.5, "high": 1.5}}

def tiny(x):
    """Means of squares, and one layer."""
    return layers.Dropout(0.1)(layers.Dense(12, activation="relu")(layers.Flatten()(layers.AveragePooling2D(4)(x))))
'''
SPACE = {
    "batch_size": [100, 250], "optimizer": ["adam", "sgd"], "dropout": ["own", 0.0], "l2": [0, 0.001], "epochs": 2,
}  # fmt: skip
OPTIONS: dict[str, Any] = {"trials": 4, "folds": 2, "space": SPACE, "progress": False}


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mine") / "mine.py"
    path.write_text(MINE)
    return path


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweeps")


@pytest.fixture(scope="module")
def found(toy: str, small: Path, sweeps: Path) -> Sweep:
    return sweep(toy, data=small, sweeps=sweeps, name="whole", **OPTIONS)


def told(found: Sweep) -> list[tuple[Any, ...]]:
    return [(one.number, one.state, one.values, one.accuracies, one.reported, one.epochs) for one in found.trials]


def test_the_first_trial_is_the_recipe_and_all_are_of_the_space(found: Sweep) -> None:
    assert len(found.trials) == 4 and found.trials[0].given == {"epochs": 2}
    assert found.trials[0].values["learning_rate"] == 0.001 and "movements" not in found.trials[0].values
    assert found.space.searched.keys() == {
        "learning_rate", "batch_size", "optimizer", "l2", "augment", "movements", "dropout",
    }  # fmt: skip
    for trial in found.trials:
        assert trial.values["batch_size"] in (100, 250) and trial.values["optimizer"] in ("adam", "sgd")
        assert 0.0001 <= trial.values["learning_rate"] <= 0.01  # type: ignore[operator]
    assert len({json.dumps(trial.values) for trial in found.trials}) == 4


def test_the_command_repeats_the_best_to_the_bit(found: Sweep, toy: str, small: Path, tmp_path: Path) -> None:
    best = found.best
    assert best and found.command
    run = train(toy, data=small, folds=2, runs=tmp_path, progress=False, **best.given)
    assert run.outcome["val_accuracy"] == pytest.approx(best.accuracy, abs=1e-12)
    assert [fold.outcome["val_accuracy"] for fold in run.folds] == list(best.accuracies)
    assert run.outcome["epochs_done"] == best.epochs and best.seconds > 0
    words = found.command.split()
    assert words[:2] == ["kit", "train"] and "--folds" in words and toy in words
    for name in best.given:
        assert f"--{name.replace('_', '-')}" in found.command or f"--no-{name}" in found.command


def test_an_accuracy_is_of_rows_that_were_not_learned_from(found: Sweep) -> None:
    for trial in found.finished:
        assert trial.accuracy == pytest.approx(np.mean(trial.accuracies), abs=1e-9)  # folds of 250 rows each
        assert len(trial.accuracies) == 2 and len(trial.reported) == trial.epochs
        assert trial.reported[-1] == pytest.approx(trial.accuracy)


def test_nothing_is_left_but_what_is_of_the_sweep(found: Sweep) -> None:
    names = {path.name for path in found.folder.iterdir() if not path.name.startswith(".")}
    assert names >= {"sweep.json", FILE, "trials.csv", "report.html", "course.png", "slices.png", TRIALS}
    assert not list((found.folder / TRIALS).iterdir())


def test_the_table_has_every_trial_and_its_numbers(found: Sweep) -> None:
    rows = list(csv.DictReader((found.folder / "trials.csv").read_text().splitlines()))
    assert [int(row["trial"]) for row in rows] == [1, 2, 3, 4]
    for row, trial in zip(rows, found.trials, strict=True):
        assert row["state"] == trial.state and row["optimizer"] == trial.values["optimizer"]
        assert row["accuracy"] == (str(trial.accuracy) if trial.finished else "")
        assert row["command"] == found.commands[trial.number]
    headings, *shown = found.table()
    assert len(shown) == 4 and found.best and shown[0][0] == str(found.best.number) and headings[4] == "learning rate"


def test_the_same_call_trains_nothing_again(found: Sweep, toy: str, small: Path, sweeps: Path) -> None:
    again = sweep(toy, data=small, sweeps=sweeps, name="whole", **OPTIONS)
    assert again.trials == found.trials and again.numbers()["trials"] == found.numbers()["trials"]
    assert json.dumps(again.numbers())


def test_a_notebook_sees_what_came_out(found: Sweep) -> None:
    shown = found._repr_html_()
    assert "Noise" in shown and "kit train" in shown and "data:image/png" in shown and "<script" not in shown
    assert found.best and f"trial {found.best.number}" in shown


def test_kit_open_knows_a_sweep(found: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.reporting.viewer._has_display", lambda: False)
    assert open_run(found.folder) == found.folder / "report.html"
    assert open_run(str(found.folder), "course") == found.folder / "course.png"
    assert open_run(found.folder, "folder") == found.folder
    with pytest.raises(KitError, match=r"confusion: .* has nothing of that name: choose from course"):
        open_run(found.folder, "confusion")


def states_in(folder: Path) -> list[str]:
    """Of the trials in a sweep's table."""
    return [row["state"] for row in csv.DictReader((folder / "trials.csv").read_text().splitlines())]


def _swept(moment: tuple[str, int, str] | None, options: dict[str, Any], done: Path | None) -> None:
    """A sweep in a process of its own, which kills itself at the n-th call of a method of the journal."""
    _toy()
    count = 0
    if moment:
        method, number, when = moment
        call = getattr(Journal, method)

        def counted(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == number and when == "before":
                os.kill(os.getpid(), KILL)
            returned = call(*arguments, **named)
            if count == number:
                os.kill(os.getpid(), KILL)
            return returned

        setattr(Journal, method, counted)
    if done:
        finish = Journal.let_go

        def noted(self: Journal, trial: Any, *, forever: bool = False) -> None:
            finish(self, trial, forever=forever)
            with open(done, "a") as file:
                file.write(f"{trial.number + 1}\n")

        Journal.let_go = noted  # type: ignore[method-assign]
    sweep(**options)


def started(moment: tuple[str, int, str] | None, options: dict[str, Any], done: Path | None = None) -> Any:
    forks = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if forks else "spawn")
    if forks:
        context.set_forkserver_preload(["tensorflow", "keras", "kit.search.sweep"])
    process = context.Process(target=_swept, args=(moment, options, done))
    process.start()
    return process


def test_killed_at_any_moment_and_gone_on_with_it_has_the_same_trials(
    found: Sweep, toy: str, small: Path, tmp_path: Path
) -> None:
    options = {**OPTIONS, "arch": toy, "data": small, "sweeps": tmp_path, "name": "killed", "trials": 2}
    for moment in [("report", 3, "after"), ("note", 1, "before"), ("next", 2, "after")]:
        process = started(moment, options)
        process.join()
        assert process.exitcode == KILLED, moment
    assert states_in(tmp_path / "killed") == ["finished"]  # and the second had begun in the journal alone
    assert (tmp_path / "killed" / "report.html").exists() and (tmp_path / "killed" / "course.png").exists()
    assert told(sweep(**options)) == told(found)[:2]


def test_two_processes_share_one_sweep(toy: str, small: Path, tmp_path: Path) -> None:
    options = {**OPTIONS, "arch": toy, "data": small, "sweeps": tmp_path, "name": "shared", "trials": 4}
    lists = [tmp_path / "one", tmp_path / "other"]
    processes = [started(None, options, done) for done in lists]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    each = [done.read_text().split() if done.exists() else [] for done in lists]
    assert sorted(map(int, [*each[0], *each[1]])) == list(range(1, 5)), each  # each once, and none twice
    assert each[0] and each[1]
    shared = sweep(**options)
    assert [trial.number for trial in shared.trials] == list(range(1, 5))
    assert all(trial.state != "running" for trial in shared.trials) and shared.trials[0].given == {"epochs": 2}


def test_the_best_is_left_to_a_process_that_is_still_at_a_trial(
    toy: str, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {**OPTIONS, "arch": toy, "data": small, "sweeps": tmp_path / "sweeps", "progress": True}
    found = sweep(**{**options, "trials": 1})
    other = Journal(found.folder, found.space.searched, found.space.first(), 0, 1)
    held = other.next(2)
    assert held
    found = sweep(**{**options, "trials": 2}, train_best=True, runs=tmp_path / "runs")
    assert found.run is None and not (tmp_path / "runs").exists()
    assert "trial 2 is at work in another process, to which --train-best is left" in capsys.readouterr().err
    other.let_go(held)
    found = sweep(**{**options, "trials": 2})
    assert found.best
    number = found.best.number
    with _by_one_process(found.folder, number) as alone:
        assert alone
        found = sweep(**{**options, "trials": 2}, train_best=True, runs=tmp_path / "runs")
    assert found.run is None and not (tmp_path / "runs").exists()
    assert f"trial {number} is at work in another process, to which --train-best is left" in capsys.readouterr().err


def test_ctrl_c_says_how_to_go_on(
    toy: str, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report, count = Journal.report, 0

    def interrupted(self: Journal, *arguments: Any) -> None:
        nonlocal count
        count += 1
        if count == 6:
            raise KeyboardInterrupt
        report(self, *arguments)

    monkeypatch.setattr(Journal, "report", interrupted)
    space = tmp_path / "space.toml"
    space.write_text("batch_size = [100, 250]\naugment = false\nepochs = 2\n")
    with pytest.raises(KeyboardInterrupt):
        sweep(toy, data=small, sweeps=tmp_path, name="stopped", trials=2, time_limit=599.5, folds=2, space=space)
    assert states_in(tmp_path / "stopped") == ["finished", "running"]
    assert "2 trials: 1 finished, 1 running." in (tmp_path / "stopped" / "report.html").read_text()
    said = capsys.readouterr().err.splitlines()[-1]
    command = f"kit sweep --arch toy --data {small} --sweeps {tmp_path} --name stopped --trials 2 --folds 2"
    command += " --time-limit 600s"
    assert said.startswith("stopped: 1 trial is done; go on with: kit sweep ")
    assert set(f"{command} --space {space}".split()) == set(said.rpartition("go on with: ")[2].split())


def test_a_network_of_ones_own_is_searched_and_the_best_trained(
    kit_here: KitCommand, mine: Path, small: Path, tmp_path: Path
) -> None:
    space = tmp_path / "space.toml"
    space.write_text("learning_rate = [0.002, 0.004]\nbatch_size = 100\noptimizer = 'adam'\naugment = false\n")
    options = ["--data", small, "--folds", 2, "--trials", 2, "--space", space, "--train-best"]
    finished = kit_here("sweep", "--arch", mine, *options)
    assert finished.returncode == 0, finished.stderr
    lines = finished.stdout.splitlines()
    assert lines[0].split()[:4] == ["trial", "state", "accuracy", "seconds"]
    assert any(line.startswith(f"kit train --arch {mine}") for line in lines)
    assert lines[-2:] == [str(Path("runs", "01-mine")), str(Path("sweeps", "mine", "report.html"))]
    run = Run(tmp_path / "runs" / "01-mine")
    assert f"{run.outcome['val_accuracy']:.2%}" == lines[1].split()[2] and run.settings.folds == 2
    assert "searched:" in finished.stderr and "  learning rate: 0.002, 0.004" in finished.stderr
    assert "  l2: 0, 0.001" in finished.stderr and "movements" not in finished.stderr  # its SEARCH; nothing is moved
    assert "trial 2  " in finished.stderr and "Noise:" in finished.stderr
    again = kit_here("sweep", "--arch", mine, *options)
    assert again.returncode == 0 and again.stdout == finished.stdout
    assert f"is trained already: {Path('runs', '01-mine')}" in again.stderr
    assert [path.name for path in (tmp_path / "runs").iterdir() if path.name[0] != "."] == ["01-mine"]


@pytest.fixture(scope="module")
def browser(chromium: Callable[..., Any]) -> Iterator[Any]:
    opened = chromium()
    yield opened
    opened.close()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_the_page_in_a_browser(browser: Any, found: Sweep, width: int, dark: bool) -> None:
    assert found.page and found.best
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    problems, asked = list[str](), list[str]()
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(found.page.as_uri())
    assert problems == [] and all(url == found.page.as_uri() or url.startswith("data:") for url in asked)
    assert page.locator("h1").inner_text() == str(found.folder)
    assert page.locator("#best pre").inner_text() == found.command
    rows = page.locator("#trials tbody tr")
    assert rows.count() == 4 and rows.nth(0).get_attribute("class") == "best"
    assert rows.nth(0).locator("td").nth(0).inner_text() == str(found.best.number)
    assert rows.nth(0).get_attribute("title") == found.command
    assert page.locator("#slices svg").count() == len(found.space.searched)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for link in page.locator("nav a").all():
        assert page.locator(str(link.get_attribute("href"))).count() == 1
    page.close()


def test_what_is_wrong_with_what_was_asked_for_is_one_line(
    kit_here: KitCommand, found: Sweep, toy: str, small: Path, sweeps: Path, tmp_path: Path
) -> None:
    there = ["--arch", toy, "--data", small, "--sweeps", sweeps, "--name", "whole"]
    empty = tmp_path / "empty.toml"
    empty.write_text("learning_rate = { low = 0.01, high = 0.001 }")
    fine = tmp_path / "fine.toml"
    fine.write_text("".join(f"{name} = {value!r}\n" for name, value in SPACE.items()))
    (sweeps / "notes").mkdir()
    for arguments, words in [
        (["--trials", 0], ["--trials 0: give 1 or more"]),
        (["--folds", 1], ["--folds 1: give 2 to 20"]),
        (["--folds", 21], ["--folds 21"]),
        (["--seed", -1], ["--seed -1"]),
        (["--time-limit", "soon"], ["--time-limit soon: give a time"]),
        (["--arch", "dence"], ["--arch dence: no such network: did you mean dense?"]),
        (["--arch", "none.py"], ["none.py"]),
        (["--data", tmp_path / "nowhere"], ["nowhere"]),
        (["--space", tmp_path / "no.toml"], ["no.toml"]),
        (["--space", empty], ["empty.toml: learning_rate: empty"]),
        (["--name", "a/b"], ["--name a/b"]),
        (["--name", "notes"], ["notes: is there and holds no sweep"]),
        (["--space", fine, "--folds", 3], ["a sweep of --folds 2, not 3", "give another --name"]),
        (["--space", fine, "--folds", 2, "--seed", 7], ["a sweep of --seed 0, not 7"]),
        (["--folds", 2], ["a sweep of another space, batch_size 100, 250, not 25, 50, 100, 200, 400"]),
        (["--space", fine, "--folds", 2, "--arch", "inception"], ["a sweep of the network toy, not of inception"]),
    ]:
        assert_one_line(kit_here("sweep", *there, *arguments), *words)
    shutil.copytree(small, tmp_path / "data")
    lines = (small / "train.csv").read_bytes().splitlines(keepends=True)
    (tmp_path / "data" / "train.csv").write_bytes(b"".join(lines[:-1]))
    assert_one_line(
        kit_here("sweep", *there, "--space", fine, "--folds", 2, "--data", tmp_path / "data"), "a sweep of other rows"
    )
    assert {path.name for path in sweeps.iterdir() if path.name[0] != "."} == {"whole", "notes"}  # nothing was made


def test_a_sweep_of_another_content_of_the_same_file_is_refused(small: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    options: dict[str, Any] = {
        **OPTIONS,
        "space": {**SPACE, "epochs": 1},
        "data": small,
        "sweeps": tmp_path,
        "trials": 1,
    }
    sweep(path, **options)
    path.write_text(MINE + "# changed\n")
    with pytest.raises(KitError, match=r"mine: a sweep of another content of mine\.py: give another --name"):
        sweep(path, **options)


DAMAGED = ["", "[]", "{}", '{"sweep": 3}', '{"sweep": {"a": 1}}']


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_sweep_is_one_line(found: Sweep, toy: str, small: Path, tmp_path: Path, content: str) -> None:
    shutil.copytree(found.folder, tmp_path / "whole")
    (tmp_path / "whole" / "sweep.json").write_text(content)
    with pytest.raises(KitError, match=r"sweep\.json: damaged"):
        sweep(toy, data=small, sweeps=tmp_path, name="whole", **OPTIONS)


def test_a_function_of_a_notebook_is_searched_too(small: Path, tmp_path: Path) -> None:
    from keras import layers

    def flat(x: Any) -> Any:
        return layers.Flatten()(layers.AveragePooling2D(7)(x))

    space = {
        "learning_rate": [0.001, 0.01],
        "batch_size": 100,
        "optimizer": "adam",
        "augment": False,
        "l2": 0,
        "epochs": 1,
    }
    options: dict[str, Any] = {"trials": 2, "folds": 2, "space": {**space, "epochs": 1}, "progress": False}
    found = sweep(flat, data=small, sweeps=tmp_path, **options)
    assert [trial.state for trial in found.trials] == ["finished", "finished"]
    assert found.command and found.command.startswith("train(arch=flat, ")
