"""A run's network, tampered with: another one, one that runs code, one that is far too large."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kit import KitError
from kit.run import keras_file
from kit.task import CAMERA, ROWS, Task
from kit.training import networks


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("network") / "model.keras"
    networks.build("liip", seed=3).save(path)
    return path


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def changed(whole: Path, folder: Path, **changes: bytes | None) -> Path:
    """The file with other members; `config` is config.json, `weights` model.weights.h5, None takes one out."""
    names = {"config": "config.json", "metadata": "metadata.json", "weights": "model.weights.h5"}
    members: dict[str, bytes | None] = {**members_of(whole)}
    members |= {names.get(name, name): content for name, content in changes.items()}
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        for name, content in members.items():
            if content is not None:
                archive.writestr(name, content)
    return folder / "model.keras"


def layers_of(whole: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    config = json.loads(members_of(whole)["config.json"])
    return config, config["config"]["layers"]


def test_a_network_is_opened_as_it_was_saved(whole: Path) -> None:
    expected = networks.build("liip", seed=3).get_weights()
    assert all(map(np.array_equal, keras_file.load(whole, ROWS).get_weights(), expected))


@pytest.mark.parametrize(
    "part",
    [
        {"module": "keras.layers", "class_name": "Lambda"}, {"module": "keras.layers", "class_name": "TFSMLayer"},
        {"module": "builtins", "class_name": "exec"}, {"module": "os", "class_name": "system"},
        {"module": None, "class_name": "__lambda__"}, {"module": "keras.utils", "class_name": "get_file"},
        {"registered_name": "mine>Layer"}, {"module": "keras", "class_name": "Model"}, {"class_name": ["Dense"]},
    ],
)  # fmt: skip
def test_what_is_no_layer_of_keras_is_not_opened(part: dict[str, Any], whole: Path, tmp_path: Path) -> None:
    config, layers = layers_of(whole)
    layers[2].update(part)
    path = changed(whole, tmp_path, config=json.dumps(config).encode())
    with pytest.raises(KitError, match=r"model\.keras: damaged, .* restore the file or train again"):
        keras_file.load(path, ROWS)


@pytest.mark.parametrize("value", [10**6, 10**9, -1, 0, "many", None, [1, 2, 3]])
@pytest.mark.parametrize("field", ["filters", "kernel_size", "units", "strides", "dilation_rate"])
def test_a_layer_of_another_size_is_one_line(field: str, value: Any, whole: Path, tmp_path: Path) -> None:
    """A million filters of a million pixels each would be made before their weights are missed."""
    config, layers = layers_of(whole)
    for layer in layers:
        if field in layer["config"]:
            layer["config"][field] = value
    path = changed(whole, tmp_path, config=json.dumps(config).encode())
    with pytest.raises(KitError, match=r"model\.keras: damaged, .*restore the file or train again") as caught:
        keras_file.load(path, ROWS)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"config": None}, {"weights": None}, {"config": b"{"}, {"config": b"[" * 100_000}, {"config": b"7"},
        {"weights": b"\x89HDF\r\n\x1a\n"}, {"weights": b""}, {"../outside": b"x"}, {"config": b" " * 2**21},
    ],
)  # fmt: skip
def test_other_members_are_one_line(changes: dict[str, bytes | None], whole: Path, tmp_path: Path) -> None:
    with pytest.raises(KitError, match=r"model\.keras: damaged, Keras cannot read it: restore the file or train again"):
        keras_file.load(changed(whole, tmp_path, **changes), ROWS)


def test_weights_that_say_to_be_more_than_they_are_are_not_read(whole: Path, tmp_path: Path) -> None:
    content = io.BytesIO(members_of(whole)["model.weights.h5"])
    with h5py.File(content, "a") as file:
        names: list[str] = []
        file.visit(names.append)
        name = next(name for name in names if name.endswith("vars/0"))
        del file[name]
        file.create_dataset(name, (10**6, 10**6), np.float32, chunks=(100, 100))  # four terabytes, none of them there
    with pytest.raises(KitError, match="Keras cannot read it"):
        keras_file.load(changed(whole, tmp_path, weights=content.getvalue()), ROWS)


@pytest.mark.parametrize(("network", "task", "of"), [("dense", ROWS, CAMERA), ("dense", CAMERA, ROWS)])
def test_a_network_for_another_task_is_one_line(network: str, task: Task, of: Task, tmp_path: Path) -> None:
    networks.build(network, task=task, seed=0).save(tmp_path / "model.keras")
    with pytest.raises(KitError, match=f"a network for {of.size} x {of.size} pixels and {of.classes} classes belongs"):
        keras_file.load(tmp_path / "model.keras", of)


def test_weights_of_another_network_are_one_line(whole: Path, tmp_path: Path, saved: Callable[[str], Path]) -> None:
    other = members_of(saved("chollet"))["model.weights.h5"]
    with pytest.raises(KitError, match="its layers are not those that its weights are of"):
        keras_file.load(changed(whole, tmp_path, weights=other), ROWS)


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[str], Path]:
    def save(name: str) -> Path:
        networks.build(name, seed=0).save(tmp_path / f"{name}.keras")
        return tmp_path / f"{name}.keras"

    return save
