"""Somebody's file is read as it was saved, whatever version of Keras saved it, and nothing in it is run."""

import json
import pickle
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kit import KitError, backend
from kit.importing.foreign_file import read

keras = backend.keras()
layers = keras.layers


def sequential(*between: Any, takes: tuple[int, ...] = (28, 28, 1), last: Any = None) -> Any:
    return keras.Sequential(
        [keras.Input(takes), *between, layers.Flatten(), last or layers.Dense(10, activation="softmax")]
    )


def convolutional() -> Any:
    """What most tutorials have, and a model inside the model."""
    inner = keras.Sequential([layers.BatchNormalization(), layers.Activation("relu"), layers.MaxPooling2D()])
    inputs = keras.Input((28, 28, 1))
    x = layers.LeakyReLU(0.2)(layers.Conv2D(4, 3, kernel_regularizer="l2")(inputs))
    x = layers.Add()([layers.SeparableConv2D(4, 3, padding="same")(x), layers.DepthwiseConv2D(3, padding="same")(x)])
    x = layers.Dropout(0.5)(layers.Flatten()(inner(x)))
    return random_weights(keras.Model(inputs, layers.Dense(10, activation="softmax")(x)))


def random_weights(model: Any) -> Any:
    generator = np.random.default_rng(2)
    model.set_weights([generator.uniform(0.1, 1, weight.shape) for weight in model.get_weights()])
    return model


def same(one: Any, other: Any) -> bool:
    images = np.random.default_rng(1).random((5, *one.input_shape[1:])).astype(np.float32)
    return np.allclose(one(images, training=False), other(images, training=False), atol=1e-6)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("name", ["model", "noise.bin"])
def test_a_network_is_read_by_what_is_in_its_file(tmp_path: Path, suffix: str, name: str) -> None:
    model = convolutional()
    model.save(tmp_path / f"model{suffix}")
    path = (tmp_path / f"model{suffix}").rename(tmp_path / name)
    found = read(path)
    assert same(found.model, model)
    assert found.saved_by == f"Keras {keras.__version__}"


def rewritten(path: Path, change: Callable[[dict[str, Any]], Any], **attributes: Any) -> Path:
    """An HDF5 file whose network is described otherwise."""
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = json.dumps(change(json.loads(file.attrs["model_config"])))
        for name, value in attributes.items():
            file.attrs[name] = value
    return path


def as_keras_2_2(config: dict[str, Any]) -> dict[str, Any]:
    """A Sequential as Keras 2.2.0 described it: a list, the input's shape in its first layer, tuples as lists."""
    _, first, *others = config["config"]["layers"]
    for layer in (first, *others):
        layer.pop("module", None), layer.pop("registered_name", None), layer.pop("build_config", None)
        layer["config"] |= {"dtype": "float32", "trainable": True}
        if layer["class_name"] == "Conv2D":
            layer["config"]["kernel_initializer"] = {"class_name": "VarianceScaling", "config": {"mode": "fan_avg"}}
        if layer["class_name"] == "BatchNormalization":
            layer |= {"class_name": "BatchNormalizationV1"}
            layer["config"] |= {"axis": [3], "fused": None, "renorm": False}
    first["config"]["batch_input_shape"] = [32, 28, 28, 1]
    return {"class_name": "Sequential", "config": [first, *others]}


def as_tf_keras(config: dict[str, Any]) -> dict[str, Any]:
    """A Sequential as TensorFlow 2.1 described it: other names of the same, shapes as objects, a policy for numbers."""
    inputs, *others = config["config"]["layers"]
    shape = {"class_name": "__tuple__", "items": [None, 28, 28, 1]}
    inputs["config"] = {"batch_input_shape": shape, "dtype": "float32", "sparse": False, "ragged": False, "name": "in"}
    for layer in others:
        layer.pop("module", None), layer.pop("registered_name", None)
        layer["config"] |= {"dtype": {"class_name": "Policy", "config": {"name": "mixed_float16"}}}
        if layer["class_name"] == "Dense":
            layer["config"]["activation"] = "softmax_v2"
        for part in ("kernel_initializer", "bias_initializer"):
            if part in layer["config"]:
                layer["config"][part] = {"class_name": "Zeros", "config": {"dtype": "float32"}}
    return config


@pytest.mark.parametrize("older", [as_keras_2_2, as_tf_keras])
def test_descriptions_of_older_kerases_are_read(tmp_path: Path, older: Callable[..., Any]) -> None:
    model = random_weights(sequential(layers.Conv2D(4, 3), layers.BatchNormalization(), layers.MaxPooling2D()))
    model.save(tmp_path / "model.h5")
    rewritten(tmp_path / "model.h5", older, keras_version="2.2.4-tf")
    found = read(tmp_path / "model.h5")
    assert same(found.model, model) and found.saved_by == "Keras 2.2.4-tf"
    assert found.model.input_shape == (None, 28, 28, 1)  # whatever number of pictures it was made for


@pytest.mark.parametrize(
    "part", [layers.Activation("hard_sigmoid"), layers.TimeDistributed(layers.Dense(4, activation="hard_sigmoid"))]
)
def test_what_keras_2_computed_otherwise_is_refused_and_what_keras_3_wrote_is_read(tmp_path: Path, part: Any) -> None:
    """Keras 2: clip(0.2 x + 0.5). Keras 3: clip(x / 6 + 0.5)."""
    model = random_weights(sequential(part))
    model.save(tmp_path / "model.h5")
    model.save(tmp_path / "model.keras")
    assert same(read(tmp_path / "model.h5").model, model) and same(read(tmp_path / "model.keras").model, model)
    folder = saved_model(tmp_path / "model", model, as_tf_keras(json.loads(model.to_json())))
    rewritten(tmp_path / "model.h5", as_tf_keras, keras_version="2.2.4-tf")
    for path in (tmp_path / "model.h5", folder):
        with pytest.raises(KitError, match=r"has Keras 2's hard_sigmoid, .*: put Rescaling\(0\.2, 0\.5\) and ReLU"):
            read(path)


def test_a_keras_file_of_keras_2_is_read(tmp_path: Path) -> None:
    """Keras 2.13 called its store otherwise, and numbered what has weights 0, 2, 4."""
    model = random_weights(sequential(layers.Conv2D(3, 3), layers.Conv2D(4, 3), layers.Dense(5)))
    model.save(tmp_path / "new.keras")
    with zipfile.ZipFile(tmp_path / "new.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    (tmp_path / "weights.h5").write_bytes(members["model.weights.h5"])
    with h5py.File(tmp_path / "weights.h5", "r+") as file:
        for name in ("conv2d_1", "dense_1"):
            file["layers"].move(name, name.replace("_1", "_2"))
        file.move("layers", "_layer_checkpoint_dependencies")
    members["model.weights.h5"] = (tmp_path / "weights.h5").read_bytes()
    with zipfile.ZipFile(tmp_path / "old.keras", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert same(read(tmp_path / "old.keras").model, model)


def saved_model(folder: Path, model: Any, config: dict[str, Any]) -> Path:
    """A SavedModel folder with what kit reads of one that TensorFlow 2.11 wrote; the program itself is missing."""
    tf = backend.tensorflow()
    from tensorflow.core.protobuf import saved_model_pb2
    from tensorflow.python.keras.protobuf import saved_metadata_pb2

    root = tf.train.Checkpoint()
    for number, layer in enumerate(layer for layer in model.layers if layer.weights):
        node = tf.train.Checkpoint(**{weight.name: tf.Variable(weight.numpy()) for weight in layer.weights})
        setattr(root, f"layer_with_weights-{number}", node)
    root.write(str(folder / "variables" / "variables"))
    program = saved_model_pb2.SavedModel(saved_model_schema_version=1)
    graph = program.meta_graphs.add()
    graph.meta_info_def.tensorflow_version = "2.11.0"
    graph.object_graph_def.nodes.add().user_object.identifier = "_tf_keras_sequential"
    (folder / "saved_model.pb").write_bytes(program.SerializeToString())
    written = saved_metadata_pb2.SavedMetadata()
    written.nodes.add(node_id=0, metadata=json.dumps({**config, "keras_version": "2.11.0"}))
    (folder / "keras_metadata.pb").write_bytes(written.SerializeToString())
    return folder


def test_a_saved_model_folder_is_read_without_its_program(tmp_path: Path) -> None:
    model = random_weights(sequential(layers.Conv2D(4, 3), layers.BatchNormalization()))
    config = json.loads(model.to_json())
    folder = saved_model(tmp_path / "model", model, as_tf_keras(config))
    found = read(folder)
    assert same(found.model, model)
    assert found.saved_by == "Keras 2.11.0 in TensorFlow 2.11.0"
    next((folder / "variables").glob("*.index")).unlink()
    with pytest.raises(KitError, match=r"variables\.index: no such file"):
        read(folder)


def test_an_exported_saved_model_can_only_be_run(tmp_path: Path) -> None:
    with backend.quiet():
        sequential().export(tmp_path / "served")
    with pytest.raises(KitError, match="exported for serving, without its layers"):
        read(tmp_path / "served")


def test_weights_that_are_not_numbers_are_refused(tmp_path: Path) -> None:
    model = sequential()
    model.layers[-1].bias.assign(np.full(10, np.nan))
    model.save(tmp_path / "model.keras")
    with pytest.raises(KitError, match="bias are not all numbers"):
        read(tmp_path / "model.keras")


class Twice(layers.Layer):
    """Somebody's own layer."""

    def call(self, x: Any) -> Any:
        raise AssertionError("it was run")


def bent(x: Any) -> Any:
    """Somebody's own activation."""
    return x * 1.0


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize(
    ("between", "words"),
    [
        (lambda: layers.Lambda(lambda x: x / 255), "'Lambda', which runs code out of the file"),
        (lambda: layers.Activation(bent), "an activation of its own, 'bent'"),
    ],
    ids=["lambda", "activation"],
)
def test_what_holds_code_is_refused(tmp_path: Path, suffix: str, between: Callable[[], Any], words: str) -> None:
    sequential(between()).save(tmp_path / f"model{suffix}")
    with pytest.raises(KitError, match=words) as refused:
        read(tmp_path / f"model{suffix}")
    assert "\n" not in str(refused.value) and str(tmp_path) in str(refused.value)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"class_name": "Twice", "registered_name": "mine>Twice", "module": None}, "'Twice', no layer of Keras"),
        ({"class_name": "Dense", "registered_name": "mine>Dense"}, "'Dense', no layer of Keras"),
        ({"class_name": "Dense", "module": "os"}, "'Dense', no layer of Keras"),
        ({"class_name": "TFSMLayer"}, "runs code"),
        ({"class_name": "StringLookup"}, "no layer of Keras"),  # it opens a file of any name
        ({"class_name": "TFOpLambda"}, "an operation of TensorFlow"),
        ({"class_name": "TrueDivide", "module": None}, "'TrueDivide', no layer of Keras"),
        ({"class_name": 7}, "cannot be read"),
        ({"config": {"units": 10**9}}, "want 785,000,000,000 weights|more than kit computes"),
        ({"config": {"units": 10, "activation": {"class_name": "Twice", "config": {}}}}, "'Twice', no layer of Keras"),
        ({"config": {"units": 10, "name": "x", "warped": 3}}, "has no (option )?'warped'"),
    ],
)
def test_a_description_that_would_make_something_else_is_refused(
    tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    sequential().save(tmp_path / "model.h5")

    def change(config: dict[str, Any]) -> dict[str, Any]:
        config["config"]["layers"][-1] |= changed
        return config

    with pytest.raises(KitError, match=words):
        read(rewritten(tmp_path / "model.h5", change))


def test_operations_between_layers_are_kept_by_keras_files_alone(tmp_path: Path) -> None:
    inputs = keras.Input((28, 28, 1))
    x = layers.Flatten()(keras.ops.relu(inputs / 255.0 - 0.1))
    model = random_weights(keras.Model(inputs, layers.Dense(10, activation="softmax")(x)))
    model.save(tmp_path / "model.keras")
    assert same(read(tmp_path / "model.keras").model, model)
    model.save(tmp_path / "model.h5")
    with pytest.raises(KitError, match=r"an operation between layers, '\w+', which \.h5 files do not keep whole"):
        read(tmp_path / "model.h5")


def test_a_model_class_of_its_own_is_refused(tmp_path: Path) -> None:
    class Mine(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(10)

        def call(self, x: Any) -> Any:
            return self.dense(layers.Flatten()(x))

    model = Mine()
    model(np.zeros((1, 28, 28)))
    model.save(tmp_path / "model.keras")
    with pytest.raises(KitError, match="a model class of its own, 'Mine'"):
        read(tmp_path / "model.keras")


def external_link(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        del file["model_weights"]
        file["model_weights"] = h5py.ExternalLink("other.h5", "/model_weights")


def external_data(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        group = file["model_weights"].create_group("more")
        group.create_dataset("secrets", (4,), "u1", external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)])


def huge(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file.create_dataset("model_weights/more", (2**40,), "f4", chunks=(1024,), compression="gzip")


def pickled(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        content = np.frombuffer(pickle.dumps([1]), np.uint8).tobytes()
        file["model_weights"].create_dataset("more", data=np.void(content))


def no_json(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = "{" * 60_000


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (external_link, "'model_weights' is a link out of it"), (external_data, "'secrets' is no array of numbers"),
        (huge, "unpacked: save it without its optimizer"), (pickled, "'more' is no array of numbers"),
        (no_json, "not JSON|nested too deeply"),
        (lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]), "damaged"),
        (lambda path: rewritten(path, lambda config: config, keras_version="1.2.2"), "saved by Keras 1"),
    ],
)  # fmt: skip
def test_hdf5_leads_nowhere_and_is_no_larger_than_it_may_be(
    tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    sequential().save(tmp_path / "model.h5")
    spoil(tmp_path / "model.h5")
    with pytest.raises(KitError, match=words) as refused:
        read(tmp_path / "model.h5")
    assert "\n" not in str(refused.value)


def torch_file(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"")


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.write_text("hello"), "no Keras model: give a .keras or .h5 file"),
        (lambda path: path.write_bytes(b""), "no Keras model"),
        (lambda path: path.mkdir(), "no Keras model"),
        (lambda path: path.write_bytes(pickle.dumps([1])), "a pickle, as pickle or joblib writes it"),
        (lambda path: path.write_text(sequential().to_json()), "JSON: a network without its weights"),
        (lambda path: path.write_bytes(b"\x1c\x00\x00\x00TFL3" + bytes(20)), "a LiteRT model"),
        (torch_file, "a PyTorch model"),
        (lambda path: save_weights(path), "weights alone, without the network"),
    ],
)
def test_what_is_no_network_is_called_what_it_is(tmp_path: Path, write: Callable[[Path], Any], words: str) -> None:
    write(tmp_path / "model.h5")
    with pytest.raises(KitError, match=words) as refused:
        read(tmp_path / "model.h5")
    assert "\n" not in str(refused.value)


def save_weights(path: Path) -> None:
    sequential().save_weights(path.with_name("model.weights.h5"))
    shutil.move(path.with_name("model.weights.h5"), path)


def test_a_truncated_keras_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    sequential().save(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(KitError, match="damaged"):
        read(path)


def test_nothing_is_left_of_the_copy_that_keras_gets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sequential().save(tmp_path / "model.h5")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    read(tmp_path / "model.h5")
    assert not any(scratch.iterdir())
