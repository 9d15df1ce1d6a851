"""Folds on Dask's real scheduler and workers, processes on this computer: the same bits, whatever is killed."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from conftest import KILLED, needs
from dask_processes import Processes
from test_folds import same_as

from kit import KitError, find, sweep, train
from kit.run.folder import Run

pytestmark = needs("distributed", "cryptography", "os.killpg")

FOLDS, EPOCHS = 5, 3
NETWORK = """
import keras

RECIPE = dict(epochs=3, batch_size=50)

def network(x):
    x = keras.layers.Conv2D(4, 5, strides=3, activation="relu")(x)
    return keras.layers.Dropout(0.3)(keras.layers.Flatten()(x))
"""


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A scheduler and two workers, which nannies start anew when they are killed."""
    with Processes(tmp_path_factory.mktemp("dask")) as made:
        made.scheduler()
        made.worker("--nworkers", 2)
        yield made


@pytest.fixture(scope="module")
def options(small: Path) -> dict[str, Any]:
    return {"arch": "dense", "l2": 0.001, "epochs": EPOCHS, "folds": FOLDS, "data": small}


@pytest.fixture(scope="module")
def here(options: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What comes out one after the other, on this computer alone."""
    return train(**options, runs=tmp_path_factory.mktemp("here"), progress=False)


def versions_of(run: Run) -> list[dict[str, str]]:
    return [fold.versions for fold in run.folds]


def test_five_folds_on_two_workers_are_the_same_bit_for_bit(
    dask: Processes, options: dict[str, Any], here: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = train(**options, runs=tmp_path, cluster=dask.file)
    assert same_as(there, here) and versions_of(there) == versions_of(here)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith(f"2 at once on {dask.file}, see http://127.0.0.1:")
    told = [line for line in lines if line.startswith("fold ")]
    assert len(told) == FOLDS * EPOCHS and len({line.split("  on ")[1] for line in told}) == 2
    assert [path.name for path in there.folder.rglob(".tmp-*")] == []
    assert len([*dask.cache.glob("sha256-*.npz")]) == 1  # the rows, which both workers have from there


def when(
    happened: Callable[[], bool], do: Callable[[], object], unless: Callable[[], object] = lambda: None
) -> threading.Thread:
    """Does something, beside the test, as soon as something has happened."""

    def wait() -> None:
        until = time.monotonic() + 120
        while not happened() and unless() is None and time.monotonic() < until:
            time.sleep(0.02)
        do()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_a_loss_that_becomes_nan_ends_the_run_once_with_its_line(dask: Processes, small: Path, tmp_path: Path) -> None:
    """The network is somebody's own, which its workers have from its run."""
    (tmp_path / "mine.py").write_text(NETWORK, encoding="utf-8", newline="")
    line = r"01-mine[/\\]folds[/\\]\d: the loss became NaN in epoch 1, nothing is kept: lower --learning-rate"
    with pytest.raises(KitError, match=f"^{re.escape(str(tmp_path))}.{line}"):
        train(
            tmp_path / "mine.py", folds=2, learning_rate=1e30, optimizer="sgd", data=small, runs=tmp_path,
            cluster=dask.file, progress=False,
        )  # fmt: skip
    run = find(1, tmp_path)
    assert run.finished and run.metrics["stopped"] == "diverged"
    with pytest.raises(KitError, match="its loss became NaN: start a new"):
        train(resume=run, cluster=dask.file, progress=False)


def test_a_sweep_whose_worker_is_killed_has_the_trials_that_it_would_have_had(
    dask: Processes, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space = {"epochs": EPOCHS, "augment": False, "optimizer": "adam", "batch_size": [50, 100], "l2": 0}
    given: dict[str, Any] = {"arch": "dense", "data": small, "folds": 2, "space": space}
    here = sweep(**given, trials=1, sweeps=tmp_path / "here", progress=False)
    begun = tmp_path / "there" / "dense" / "trials" / "01" / "folds" / "1" / "history.csv"
    killed = when(begun.exists, dask.kill_a_worker)
    there = sweep(**given, trials=2, sweeps=tmp_path / "there", cluster=dask.address)
    killed.join()
    said = capsys.readouterr().err
    assert "is lost, another goes on after epoch" in said
    assert re.search(r"trial 1  \d+\.\d\d%  .*  on tcp://127\.0\.0\.1:\d+", said)
    assert [trial.state for trial in there.trials] == ["finished"] * 2
    first, alone = there.trials[0], here.trials[0]
    assert (first.values, first.accuracies, first.reported) == (alone.values, alone.accuracies, alone.reported)


def test_whatever_is_killed_what_is_finished_is_kept_and_the_weights_are_the_same(
    dask: Processes, options: dict[str, Any], here: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The client in the first folds, then a worker, then the scheduler. The cluster is gone afterwards."""
    words = [part for name, value in options.items() for part in (f"--{name}", value)]
    command = [sys.executable, "-m", "kit", "train", *map(str, words), "--cluster", dask.address]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        when((tmp_path / "runs/01-dense/folds/1/history.csv").exists, process.kill, unless=process.poll).join()
        assert process.wait() == KILLED, process.stderr and process.stderr.read()
    run = find(1, tmp_path / "runs")
    assert not run.finished

    killed = [
        when((run.folder / "folds/3/history.csv").exists, dask.kill_a_worker),
        when((run.folder / "folds/5/history.csv").exists, dask.schedulers.kill),
    ]
    line = f"--cluster {dask.file}: its scheduler has gone away; then go on with: kit train --resume {run.folder}"
    with pytest.raises(KitError, match=f"^{line} --cluster {dask.file}$") as raised:
        train(resume=run, cluster=dask.file)
    for thread in killed:
        thread.join()
    assert raised.value.exit_code == 1
    said = capsys.readouterr().err
    assert re.search(r"01-dense/folds/\d: worker tcp://\S+ is lost, another goes on after epoch \d", said)
    kept = {fold: written(fold) for fold in run.folds if fold.finished}
    assert kept and same_as(train(resume=run, progress=False), here)
    assert all(written(fold) == when for fold, when in kept.items())


def written(run: Run) -> int:
    return (run.folder / "model.keras").stat().st_mtime_ns


def interrupted(moment: Callable[[psutil.Process], object], options: dict[str, Any], folder: Path) -> list[str]:
    """What is said where Ctrl-C comes then to folds on processes of this computer, which have all ended afterwards."""
    words = [part for name, value in options.items() for part in (f"--{name}", value)]
    command = [sys.executable, "-m", "kit", "train", *map(str, words), "--cluster", "local:2"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        it = psutil.Process(process.pid)
        when(lambda: bool(moment(it)), lambda: None, unless=process.poll).join()
        children = it.children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it
        lines = process.communicate()[1].splitlines()
    assert process.returncode == 130, lines
    assert psutil.wait_procs(children, timeout=10)[1] == []
    return lines


def test_ctrl_c_before_the_processes_are_up_is_silent(options: dict[str, Any], tmp_path: Path) -> None:
    """The first child keeps track of what the others share."""
    assert interrupted(lambda process: len(process.children()) > 1, options, tmp_path) == []
    assert [*tmp_path.iterdir()] == []


def test_ctrl_c_ends_the_processes_of_this_computer_and_says_how_to_go_on(
    options: dict[str, Any], tmp_path: Path
) -> None:
    begun = (tmp_path / "runs/01-dense/folds/1/history.csv").exists
    first, *lines = interrupted(lambda process: begun(), options, tmp_path)
    assert first.startswith("2 at once on local:2, see http")
    way_on = "kit train --resume 01-dense --cluster local:2"
    assert re.fullmatch(
        rf"stopped: \d of 5 folds (is|are) finished, \d+ epochs? (is|are) saved .*; go on with: {way_on}", lines[-1]
    )
    assert all(re.match(r"fold \d/5  epoch \d/3  loss .*  on tls://127.0.0.1:\d+$", line) for line in lines[:-1])
