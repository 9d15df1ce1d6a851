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

from kit import KitError, backend
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


keras = backend.keras()


class Doubled(keras.layers.Layer):
    """A layer of somebody's own."""

    def call(self, x: Any) -> Any:
        return 2 * x


def swish(x: Any) -> Any:
    return x * keras.ops.sigmoid(x)


def saved_with(folder: Path, middle: Callable[[Any], Any]) -> Path:
    """A network of somebody's own in kit's form, as Keras saves it."""
    pixels = keras.Input((28, 28, 1), name="pixels")
    x = keras.layers.Flatten()(middle(keras.layers.Rescaling(1 / 255)(pixels)))
    network = keras.Model(pixels, keras.layers.Softmax(name="probabilities")(keras.layers.Dense(10, name="logits")(x)))
    network.save(folder / "model.keras")
    return folder / "model.keras"


def of_every_kind(x: Any) -> Any:
    layers, ops = keras.layers, keras.ops
    shared = layers.Conv2D(2, 3, padding="same")
    x = layers.RandomTranslation(0.1, 0.1)(layers.RandomZoom(0.1)(layers.RandomRotation(0.1)(x)))
    x = layers.MaxPooling2D(2)(layers.SpectralNormalization(layers.Conv2D(2, 3, padding="same"))(x))
    x = ops.concatenate([shared(x), shared(x / 2)[..., ::-1] - ops.mean(x, axis=(1, 2), keepdims=True)])
    x = layers.TimeDistributed(keras.Sequential([layers.Conv1D(3, 3), layers.Flatten()]))(x)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x) + np.float32([[0.5]])
    x = layers.MultiHeadAttention(2, 3)(x, x)
    return ops.sort(ops.tile(ops.clip(x, -1, 1), (1, 1, 2)), axis=-1)


def test_a_network_of_somebodys_own_is_opened_as_it_was_saved(tmp_path: Path) -> None:
    path = saved_with(tmp_path, of_every_kind)
    found, expected = keras_file.load(path, ROWS), keras.saving.load_model(path)
    pictures = np.random.default_rng(0).uniform(0, 255, (2, 28, 28, 1)).astype(np.float32)
    np.testing.assert_array_equal(found(pictures, training=False), expected(pictures, training=False))


def test_what_was_looked_at_leaves_nothing_that_keras_would_make_later(whole: Path) -> None:
    keras_file.load(whole, ROWS)
    Doubled()(keras.Input((3,)))  # Keras asks such a layer for its shape in a scope of its own, and then makes all


def test_somebodys_own_classes_and_functions_are_opened_where_they_are_given(tmp_path: Path) -> None:
    path = saved_with(tmp_path, lambda x: keras.layers.Activation(swish)(Doubled()(x)))
    assert keras_file.load(path, ROWS, lambda: {"Doubled": Doubled, "swish": swish}).count_params() == 7850
    for own in ({}, {"Doubled": Doubled}, {"swish": swish}):
        with pytest.raises(KitError, match="is no layer that kit writes, and not opened"):
            keras_file.load(path, ROWS, lambda own=own: own)


@pytest.mark.parametrize(
    ("name", "middle"),
    [
        ("Lambda", lambda x: keras.layers.Lambda(lambda z: z)(x)), ("Map", lambda x: keras.ops.map(lambda z: z, x)),
        ("IntegerLookup", lambda x: keras.layers.IntegerLookup(vocabulary=[1])(keras.ops.cast(x, "int32"))),
    ],
)  # fmt: skip
def test_what_runs_code_or_opens_files_is_not_opened(name: str, middle: Callable[[Any], Any], tmp_path: Path) -> None:
    with pytest.raises(KitError, match=f"'{name}' is no layer that kit writes, and not opened"):
        keras_file.load(saved_with(tmp_path, middle), ROWS)


@pytest.mark.parametrize(
    "middle",
    [
        lambda x: keras.ops.max(keras.ops.tile(x, (1, 100, 100, 1)), axis=(1, 2)),
        lambda x: keras.ops.max(keras.layers.Attention()([keras.layers.Reshape((3136, 4))(keras.ops.tile(x, (1, 4, 4,
        1)))] * 2), 1),
    ],
    ids=["between operations", "within attention"],
)  # fmt: skip
def test_what_takes_too_much_on_the_way_is_refused(middle: Callable[[Any], Any], tmp_path: Path) -> None:
    with pytest.raises(KitError, match="damaged, its layers are not those that its weights are of"):
        keras_file.load(saved_with(tmp_path, middle), ROWS)
