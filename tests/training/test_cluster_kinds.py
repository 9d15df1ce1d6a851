"""Folds and trials of every kind on a scheduler behind certificates of one's own: what one after the other gives."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import small_scenery
from conftest import needs
from dask_processes import Processes
from test_cluster_address import refusal
from test_folds import same_as

from kit import KitError, sweep, train
from kit.run.folder import Run
from kit.training import cluster_address, examples

pytestmark = needs("distributed", "cryptography", "os.killpg")

NETWORK = """
import keras

RECIPE = dict(epochs=1, batch_size=50)

class Scaled(keras.layers.Layer):
    def build(self, shape):
        self.factor = self.add_weight(name="factor", shape=(), initializer="ones")

    def call(self, x, training=None):
        if training and x.shape[0] is None:
            pass  # in an epoch, and not when the network is tried before it
        return self.factor * x

def network(x):
    return keras.layers.Flatten()(Scaled()(keras.layers.AveragePooling2D(x.shape[1] // 4)(x)))
"""


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A scheduler and two workers, as docs/many-machines.md starts them behind TLS; here are Dask's settings for it."""
    from dask import config
    from distributed.security import Security

    folder, made, paths = tmp_path_factory.mktemp("dask"), Security.temporary(), dict[str, str]()
    for name in ("ca", "cert", "key"):
        text = made.tls_ca_file if name == "ca" else getattr(made, f"tls_client_{name}")
        paths[name] = str(folder / f"{name}.pem")
        Path(paths[name]).write_text(text, encoding="utf-8", newline="")
    tls = ["--tls-ca-file", paths["ca"], "--tls-cert", paths["cert"], "--tls-key", paths["key"]]
    client = {"cert": paths["cert"], "key": paths["key"]}
    settings = {"distributed.comm.tls.ca-file": paths["ca"], "distributed.comm.tls.client": client}
    with Processes(folder) as processes, config.set(settings):
        processes.scheduler("--protocol", "tls", *tls)
        processes.worker("--nworkers", 2, "--preload", small_scenery.__file__, *tls)
        yield processes


@pytest.fixture(scope="module")
def teacher(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train("dense", folds=2, epochs=1, data=small, runs=tmp_path_factory.mktemp("teacher"), progress=False)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(NETWORK, encoding="utf-8", newline="")
    return path


def test_without_certificates_a_scheduler_behind_tls_is_one_line(
    dask: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dask import config

    monkeypatch.setattr(cluster_address, "PATIENCE", 5.0)
    assert dask.address.startswith("tls://")
    with config.set({"distributed.comm.tls.ca-file": None, "distributed.comm.tls.client": {"cert": None, "key": None}}):
        assert re.fullmatch("no connection by TLS, .*: set distributed.comm.tls in Dask's .*", refusal(dask.address))


def test_what_a_teacher_says_and_the_weights_of_another_run_go_to_the_workers(
    dask: Processes, teacher: Run, small: Path, tmp_path: Path
) -> None:
    options: dict[str, Any] = {
        "folds": 2, "epochs": 1, "from_run": teacher, "teacher": teacher, "unlabelled": small, "data": small,
        "progress": False,
    }  # fmt: skip
    here = train("dense", **options, runs=tmp_path / "here")
    there = train("dense", **options, runs=tmp_path / "there", cluster=dask.file)
    assert same_as(there, here) and not same_as(there, teacher)
    assert len([*dask.cache.glob("sha256-*.npz")]) == 2  # the rows, and what the teacher says


def test_a_camera_network_of_ones_own_is_the_same_bit_for_bit(
    dask: Processes, mine: Path, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "scenery", small_scenery.scenery)
    options: dict[str, Any] = {"camera": True, "folds": 2, "data": small, "progress": False}
    here = train(mine, **options, runs=tmp_path / "here")
    there = train(mine, **options, runs=tmp_path / "there", cluster=dask.address)
    assert same_as(there, here)
    assert there.metrics["validation_scenes"] == here.metrics["validation_scenes"]


def test_what_fails_in_a_networks_own_code_is_said_once_as_it_is_here(
    dask: Processes, mine: Path, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = NETWORK.replace("pass  #", 'open("/nowhere/table.csv")  #')
    mine.write_text(broken, encoding="utf-8", newline="")
    number = broken[: broken.index("open(")].count("\n") + 1
    for where in ({}, {"cluster": dask.file}):
        runs = tmp_path / f"runs{len(where)}"
        with pytest.raises(KitError) as raised:
            train(mine, folds=2, data=small, runs=runs, **where)
        said, way_on = str(raised.value).split("; then go on with: ")
        assert said.startswith(f"{mine}, line {number}, in call: FileNotFoundError: [Errno 2] No such file")
        assert way_on.startswith(f"kit train --resume {runs / '01-mine'}")
        assert "another worker" not in capsys.readouterr().err


def test_a_sweep_has_a_trial_on_each_worker_at_once(
    dask: Processes, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space = {"epochs": 2, "augment": False, "optimizer": "adam", "batch_size": 100}
    given = {"arch": "dense", "data": small, "folds": 2, "space": space}
    there = sweep(**given, trials=2, sweeps=tmp_path / "there", cluster=dask.address)
    said = capsys.readouterr().err
    assert said.startswith(f"2 trials at once on {dask.address}, see ")
    assert len({line.split("  on ")[1] for line in said.splitlines() if line.startswith("trial ")}) == 2
    here = sweep(**given, trials=1, sweeps=tmp_path / "here", progress=False)
    assert [trial.state for trial in there.trials] == ["finished"] * 2
    first, alone = there.trials[0], here.trials[0]
    assert (first.values, first.accuracies, first.reported) == (alone.values, alone.accuracies, alone.reported)
