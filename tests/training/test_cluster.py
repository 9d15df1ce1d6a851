"""Folds on Dask's real scheduler and workers, processes on this computer: the same bits, whatever is killed."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from conftest import KILL, assert_one_line, needs
from test_folds import same_as

import kit
from kit import KitError, backend, find, train
from kit.data import loading
from kit.data.cache import cache_folder
from kit.data.loading import LabelledDigits
from kit.run.folder import Run
from kit.training import cluster, cluster_address, cluster_worker, parcels
from kit.training.cluster import Begun, Engine, Epoch, Failed, Finished
from kit.training.cluster_address import difference
from kit.training.loop import DivergedError
from kit.training.teaching import Lessons

pytestmark = needs("distributed", "cryptography", "os.killpg")

FOLDS, EPOCHS = 5, 4
NETWORK = """
import keras

RECIPE = dict(epochs=4, batch_size=50)

def network(x):
    x = keras.layers.Conv2D(4, 5, strides=3, activation="relu")(x)
    return keras.layers.Dropout(0.3)(keras.layers.Flatten()(x))
"""


class Processes:
    """`dask scheduler` and `dask worker`, which end with the test."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.file = folder / "scheduler.json"
        self._log = open(folder / "log", "ab")
        self._environment = os.environ | {"KIT_THREADS": str(backend.threads())} | environment
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, *command: object, **environment: str) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "dask", *map(str, command)]
        process = subprocess.Popen(
            words, env=self._environment | environment, stdout=self._log, stderr=self._log, start_new_session=True
        )
        self._started.append(process)
        return process

    def scheduler(self, *options: object) -> subprocess.Popen[bytes]:
        given = ("--host", "127.0.0.1", "--port", 0, "--no-dashboard", "--scheduler-file", self.file)
        process = self.schedulers = self.start("scheduler", *given, *options)
        while not self.file.exists() or not self.file.stat().st_size:
            assert process.poll() is None, (self.file.parent / "log").read_text()
            time.sleep(0.05)
        return process

    def worker(self, *options: object, **environment: str) -> subprocess.Popen[bytes]:
        given = (
            "--scheduler-file",
            self.file,
            "--nthreads",
            1,
            "--no-dashboard",
            "--local-directory",
            self.file.parent,
        )
        self.nannies = self.start("worker", *given, *options, **environment)
        return self.nannies

    def kill_a_worker(self) -> None:
        """One of the processes that train; another is started in its place."""
        children = psutil.Process(self.nannies.pid).children()
        next(child for child in children if any("spawn_main" in word for word in child.cmdline())).kill()

    @property
    def address(self) -> str:
        return str(json.loads(self.file.read_text())["address"])

    def end(self) -> None:
        for process in self._started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._log.close()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    (tmp_path / "dask").mkdir()
    made = Processes(tmp_path / "dask")
    yield made
    made.end()


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A scheduler and two workers, which nannies start anew when they are killed."""
    made = Processes(tmp_path_factory.mktemp("dask"))
    made.scheduler()
    made.worker("--nworkers", 2)
    yield made
    made.end()


@pytest.fixture(scope="module")
def options(small: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("own") / "mine.py"
    file.write_text(NETWORK, encoding="utf-8", newline="")
    return {"arch": str(file), "folds": FOLDS, "data": small}


@pytest.fixture(scope="module")
def here(options: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What comes out one after the other, on this computer alone."""
    return train(**options, runs=tmp_path_factory.mktemp("here"), progress=False)


@pytest.fixture(scope="module")
def digits(small: Path) -> LabelledDigits:
    return loading.load("train", small)


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
    sent = list((cache_folder() or tmp_path).glob("sha256-*.npz"))
    assert len(sent) == 1  # the rows, which both workers have from there


def when(happened: Callable[[], bool], do: Callable[[], object]) -> threading.Thread:
    """Does something, beside the test, as soon as something has happened."""

    def wait() -> None:
        until = time.monotonic() + 120
        while not happened() and time.monotonic() < until:
            time.sleep(0.02)
        do()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_a_worker_that_is_killed_costs_no_more_than_its_epoch(
    dask: Processes, options: dict[str, Any], here: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killed = when((tmp_path / "01-mine/folds/2/history.csv").exists, dask.kill_a_worker)
    there = train(**options, runs=tmp_path, cluster=dask.address)
    killed.join()
    assert same_as(there, here)
    told = capsys.readouterr().err
    assert re.search(r"01-mine/folds/\d: worker tcp://\S+ is lost, another goes on after epoch \d", told)
    assert told.count("\nfold ") == FOLDS * EPOCHS  # what was finished is not done again


def test_a_loss_that_becomes_nan_ends_the_run_once_with_its_line(
    dask: Processes, options: dict[str, Any], tmp_path: Path
) -> None:
    line = r"01-mine[/\\]folds[/\\]\d: the loss became NaN in epoch 1, nothing is kept: lower --learning-rate"
    with pytest.raises(KitError, match=f"^{re.escape(str(tmp_path))}.{line}"):
        train(
            **options | {"folds": 2},
            learning_rate=1e30,
            optimizer="sgd",
            runs=tmp_path,
            cluster=dask.file,
            progress=False,
        )
    run = find(1, tmp_path)
    assert run.finished and run.metrics["stopped"] == "diverged"
    with pytest.raises(KitError, match="its loss became NaN: start a new"):
        train(resume=run, cluster=dask.file, progress=False)


def test_what_is_finished_when_client_or_scheduler_goes_is_kept_and_the_rest_is_trained(
    dask: Processes, options: dict[str, Any], here: Run, tmp_path: Path
) -> None:
    """The client is killed in the first folds, then the scheduler in the third. The cluster is gone afterwards."""
    words = ["train", "--arch", options["arch"], "--folds", FOLDS, "--data", options["data"], "--cluster", dask.file]
    command = [sys.executable, "-m", "kit", *map(str, words), "--runs", "runs"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        when((tmp_path / "runs/01-mine/folds/1/history.csv").exists, process.kill).join()
    run = find(1, tmp_path / "runs")
    assert not run.finished

    killed = when((run.folder / "folds/3/history.csv").exists, dask.schedulers.kill)
    line = f"--cluster {dask.file}: its scheduler has gone away; then go on with: kit train --resume {run.folder}"
    with pytest.raises(KitError, match=f"^{line} --cluster {dask.file}$") as raised:
        train(resume=run, cluster=dask.file, progress=False)
    killed.join()
    assert raised.value.exit_code == 1
    kept = {fold: written(fold) for fold in run.folds if fold.finished}
    assert same_as(train(resume=run, progress=False), here)
    assert all(written(fold) == when for fold, when in kept.items())


def written(run: Run) -> int:
    return (run.folder / "model.keras").stat().st_mtime_ns
