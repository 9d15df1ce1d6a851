"""Somebody's own network: found in a file or a function, trained like kit's, and refused by its own line."""

import dataclasses
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import HOME_OF_DATA, KILLED, KitCommand, assert_one_line, killed_training
from test_trainer import same_weights, without_seconds

from kit import KitError, backend, export, networks, predict, train, verify
from kit.run import network_code
from kit.run.runs import runs
from kit.task import CAMERA
from kit.training import own_network
from kit.training.own_network import read, read_all
from kit.training.pixels import PIXELS
from kit.training.source_code import source_of

keras, tf = backend.keras(), backend.tensorflow()
layers, tf_keras = keras.layers, tf.keras

HEAD = "import keras\nfrom keras import layers, ops\n\n"
HIDDEN = """
RECIPE = dict(epochs=3, batch_size=100, optimizer="adam")

def block(x):
    return layers.MaxPooling2D()(layers.Conv2D(4, 5, strides=3, activation="relu")(x))

def network(x):
    \"\"\"Five by five, halved.

    More about it.
    \"\"\"
    x = layers.Dropout(0.3)(block(x))
    return layers.Flatten()(x)
"""
WHOLE = """
def network():
    return keras.Sequential([
        keras.Input((784,)), layers.Reshape((28, 28, 1)), layers.RandomTranslation(0.1, 0.1), layers.Rescaling(1 / 255),
        layers.Conv2D(4, 5, strides=3), layers.BatchNormalization(), layers.Flatten(), layers.GaussianNoise(0.1),
        layers.Dense(10, activation="softmax"),
    ])
"""
OWN_LAYER = """
class Swish(layers.Layer):
    def __init__(self, steepness=1.0, **kwargs):
        super().__init__(**kwargs)
        self.steepness = steepness

    def call(self, x):
        return x * ops.sigmoid(self.steepness * x)

def bent(x):
    return ops.tanh(x)

def network(x):
    x = layers.Conv2D(4, 5, strides=3, activation=bent)(x)
    return layers.Flatten()(Swish(2.0)(x))
"""
FORMS = {"hidden": HIDDEN, "whole": WHOLE, "own layer": OWN_LAYER}


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(body: str, name: str = "mine.py") -> Path:
        (tmp_path / name).write_text(HEAD + body)
        return tmp_path / name

    return write


def test_the_first_function_that_fits_or_the_one_that_is_named(write: Any) -> None:
    path = write(
        "def _hidden(x): return x\ndef two(x, y): return x\ndef number(): return 3\n"
        "def picture(x): return layers.Conv2D(3, 5)(x)\n"
        "def good(x): return layers.Flatten()(picture(x))\n"
        "def sized(input_shape, classes): return keras.Sequential(\n"
        "    [keras.Input(input_shape), layers.Flatten(), layers.Dense(classes)])\n"
    )
    assert (read(path).function, read(path).name) == ("good", "mine.py")
    assert (read(f"{path}:sized").function, read(f"{path}:sized").name) == ("sized", "mine.py:sized")
    assert [own.name for own in read_all(path)] == ["mine.py:good", "mine.py:sized"]
    assert read(f"{path}:sized").build(task=CAMERA).output_shape == (None, 11)


def test_recipe_and_docstring_are_the_files_and_options_override(write: Any, small: Path, tmp_path: Path) -> None:
    path = write(HIDDEN)
    own = read(path)
    assert own.source == "Five by five, halved." and own.kind == "convolutional" and own.parameters == 754
    assert (own.recipe.epochs, own.recipe.batch_size, own.recipe.learning_rate) == (3, 100, 0.001)
    run = train(path, data=small, runs=tmp_path, batch_size=200, l2=0.1, dropout=0.2, epochs=1, progress=False)
    settings = run.settings
    assert (settings.arch, settings.function) == ("mine.py", "network") and run.name == "01-mine"
    assert (settings.batch_size, settings.l2, settings.dropout) == (200, 0.1, 0.2)
    model = run.model()
    assert model.get_layer("dropout").rate == 0.2
    assert len(model.losses) == 2  # conv2d, logits
    assert (run.folder / "network.py").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("form", FORMS)
def test_a_training_killed_ends_as_if_it_had_not_been_though_the_file_is_gone(
    form: str, small: Path, tmp_path: Path, write: Any, sceneries: Path
) -> None:
    path = write(FORMS[form])
    options = {"arch": str(path), "epochs": 3, "batch_size": 100, "seed": 4, "data": small, "progress": False}
    whole = train(**options, runs=tmp_path / "whole")
    moment = {"hidden": 8, "whole": 13, "own layer": 10}[form]
    assert killed_training(moment, "half", sceneries, **options, runs=tmp_path / "killed") == KILLED
    [run] = runs(tmp_path / "killed")
    path.write_text("raise AssertionError('the file is not what was trained')\n")
    resumed = train(resume=run, progress=False)
    assert same_weights(resumed, whole) and without_seconds(resumed) == without_seconds(whole)
    assert (resumed.validation.probabilities == whole.validation.probabilities).all()


def test_it_is_trained_in_folds_and_exported_with_its_proof(write: Any, small: Path, tmp_path: Path) -> None:
    run = train(write(OWN_LAYER), folds=2, epochs=1, data=small, runs=tmp_path, progress=False)
    pictures = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1)).astype(np.float32)
    each = [np.asarray(fold.model()(pictures)) for fold in run.folds]
    assert np.abs(np.asarray(run.model()(pictures)) - np.mean(each, axis=0)).max() < 1e-6
    for one in (run, run.folds[0]):
        made = export(one, precision="float32", data=small, to=tmp_path / "exports")
        assert made.proof.disagreements == () and verify(made.path).problems == ()


def test_the_camera_and_transfer_work_for_it(write: Any, small: Path, tmp_path: Path) -> None:
    path = write(HIDDEN)
    options = {"data": small, "runs": tmp_path, "epochs": 1, "progress": False}
    source = train(path, **options)
    scenes = train(path, camera=True, size=40, **options)
    assert scenes.model().input_shape == (None, 40, 40, 1) and scenes.model().output_shape == (None, 11)
    scenes.write_metrics({**scenes.metrics, "finished": False})
    assert same_weights(train(resume=scenes, progress=False), scenes)
    taken = train(path, from_run=source, learning_rate=1e-30, **options)
    ours, theirs = (run.model().get_layer("conv2d").get_weights()[0] for run in (taken, source))
    assert np.abs(ours - theirs).max() < 1e-6


def test_a_run_with_layers_of_its_own_is_read_only_where_its_code_is_known(
    write: Any, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kit_here: KitCommand
) -> None:
    run = train(write(OWN_LAYER), data=small, runs=tmp_path / "runs", epochs=1, progress=False)
    [picture] = predict(run, [_picture(tmp_path)]).labels
    assert picture in [*"0123456789", ""]
    for name in HOME_OF_DATA:
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setattr(network_code, "_TRUSTED", set())
    finished = kit_here("submit", run.folder, "--data", small)
    assert_one_line(finished, "network.py: code from elsewhere", "KIT_TRUST=")
    shutil.rmtree(tmp_path / "home", ignore_errors=True)
    plain = train(write(HIDDEN), data=small, runs=tmp_path / "runs", epochs=1, progress=False)
    monkeypatch.setattr(network_code, "is_trusted", lambda digest: False)
    assert plain.model().count_params() == 754  # of Keras' layers alone: no code is needed


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        (r"C:\nets\mine.py:build", (r"C:\nets\mine.py", "build")),
        (r"C:\nets\mine.py", (r"C:\nets\mine.py", None)),
        (r"\\server\share\mine.py:build", (r"\\server\share\mine.py", "build")),
        ("C:mine.py:build", ("C:mine.py", "build")),
    ],
)
def test_the_colon_of_a_drive_is_none_in_front_of_a_function(given: str, parts: tuple[str, str | None]) -> None:
    assert own_network._parts(given) == parts


def _picture(folder: Path) -> Path:
    from PIL import Image

    ground = np.zeros((28, 28), np.uint8)
    ground[4:24, 13:16] = 255
    Image.fromarray(ground).save(folder / "one.png")
    return folder / "one.png"


RANDOM_LAYER = """
class Noisy(layers.Layer):
    def call(self, x, training=False):
        return x + keras.random.normal(ops.shape(x)) if training else x

def network(x):
    return layers.Flatten()(Noisy()(x))
"""
RANDOM_START = """
import os

class Start(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None):
        return ops.full(shape, int.from_bytes(os.urandom(2), "big") / 65536)

class Dense(layers.Layer):
    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], 5), initializer=Start())
    def call(self, x):
        return x @ self.w

def network(x):
    return Dense()(layers.Flatten()(x))
"""
SEEDED_LAYER = """
class Noisy(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seeds = keras.random.SeedGenerator()

    def call(self, x, training=False):
        return x + keras.random.normal(ops.shape(x), seed=self.seeds) if training else x

def network(x):
    return layers.Dense(8, activation="relu")(layers.Flatten()(Noisy()(x)))
"""


def test_a_layer_that_no_seed_decides_is_named_and_one_with_a_seed_is_trained(
    write: Any, small: Path, tmp_path: Path
) -> None:
    options = {"data": small, "epochs": 1, "progress": False}
    for body, said in ((RANDOM_LAYER, r"layer noisy \(Noisy\) draws numbers that no seed decides"),
                       (RANDOM_START, r"layer dense \(Dense\) starts with other weights each time")):  # fmt: skip
        with pytest.raises(KitError, match=said):
            train(write(body), runs=tmp_path / "none", **options)
    assert not (tmp_path / "none").exists()
    one, other = (train(write(SEEDED_LAYER), runs=tmp_path / name, **options) for name in ("one", "other"))
    assert same_weights(one, other)


def test_channels_first_is_trained_with_its_channels_last(write: Any) -> None:
    """TensorFlow cannot compute it on a processor as it is."""
    body = """
def network(x):
    x = layers.Permute((3, 1, 2))(x)
    x = layers.Conv2D(3, 5, strides=3, data_format="channels_first", name="first")(x)
    return layers.Flatten()(layers.MaxPooling2D(2, data_format="channels_first")(x))
"""
    own = read(write(body))
    model, pictures = own.build(seed=1), np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1))
    own.check_same(model, own.build(seed=1))
    plain = read(
        write(body.replace(', data_format="channels_first"', "").replace("    x = layers.Permute((3, 1, 2))(x)\n", ""))
    )
    other = plain.build(seed=1)
    other.get_layer("first").set_weights(model.get_layer("first").get_weights())
    kernel, bias = model.get_layer("logits").get_weights()
    other.get_layer("logits").set_weights([kernel.reshape(3, 4, 4, 10).transpose(1, 2, 0, 3).reshape(48, 10), bias])
    np.testing.assert_allclose(model(pictures), other(pictures), atol=1e-5)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("class Own(layers.Layer):\n    def call(self, x):\n"
         "        return x + ops.sum(ops.inv(0 * x[0, :2, :2, 0]))\n"  # a word of TensorFlow's, on every processor
         "def network(x): return layers.Flatten()(Own()(x))\n",
         "layer own (Own) cannot be computed here: Input is not invertible"),
        ("def network(x): return layers.Flatten()(layers.RandomShear(0.1)(x))\n",
         "layer random_shear (RandomShear) cannot be loaded again, once it is saved: The `factor` argument"),
        ("class Own(layers.Layer):\n    def build(self, shape):\n        self.scale = [self.add_weight()]\n"
         "        self.other = keras.Variable(2.0)\n        self.kept = dict(a=keras.Variable(3.0))\n"
         "    def call(self, x):\n        return x * self.kept['a']\n"
         "def network(x): return layers.Flatten()(Own()(x))\n",
         "it cannot be loaded again, once it is saved: You are attempting to create a variable"),
        ("class Own(layers.Layer):\n    def __init__(self, times=2.0, **options):\n"
         "        super().__init__(**options)\n        self.times = times\n"
         "    def call(self, x):\n        return self.times * x\n    def get_config(self):\n"
         "        return {**super().get_config(), 'times': self.times + 1}\n"
         "def network(x): return layers.Flatten()(Own()(x))\n", "layer own (Own) computes something else when"),
        ("class Own(layers.Layer):\n    def call(self, x, training=None):\n"
         "        return x.flatten() if training else x\n"
         "def network(x): return layers.Flatten()(Own()(x))\n", ", in call: AttributeError: "),
    ],
    ids=["not here", "not again", "variables of its own kind", "another", "not in training"],
)  # fmt: skip
def test_a_network_is_computed_and_stored_once_before_it_is_trained(
    body: str, said: str, write: Any, small: Path, tmp_path: Path, kit_here: KitCommand
) -> None:
    write(body)
    finished = kit_here("train", "--arch", "mine.py", "--data", small, "--epochs", 1)
    assert_one_line(finished, "mine.py", said)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("layer", ["RandomBrightness(0.1)", "RandomContrast(0.1)", "RandomZoom(0.1)"])
def test_what_moves_or_changes_pictures_in_training_may_be_in_a_network(layer: str, write: Any) -> None:
    own = read(write(f"def network(x): return layers.Flatten()(layers.{layer}(x))\n"))
    own.check_same(own.build(seed=1), own.build(seed=1))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def network(x:\n", "mine.py, line 4: SyntaxError"),
        ("def network(x):\n    return layers.Dense('ten')(x)\n", "mine.py, line 5, in network: ValueError: "),
        ("def network(x):\n    return missing(x)\n", "line 5, in network: NameError: name 'missing' is not defined"),
        ("model = keras.Sequential()\nraise AssertionError('executed')\n", "there is no function in it"),
        ("def network(x, y): ...\n", "no function in it takes one tensor or nothing: def"),
        ("def network(x): return 3\n", "in network: it returns a int, where a tensor"),
        ("def network(): ...\n", "in network: it returns nothing, where a keras.Model belongs"),
        ("def network(x): return layers.Conv2D(3, 5)(x)\n", "it returns a tensor of 24 x 24 x 3: flatten"),
        ("def network(): return keras.Sequential([keras.Input((784,)), layers.Dense(12)])\n", "gives 12 numbers"),
        ("def network(x): return layers.Flatten()(layers.Rescaling(1 / 255)(layers.Rescaling(1 / 255)(x)))\n",
         "in network: its first layers turn pixels from 0 to 255 into 0 to 0.0039: they are scaled twice"),
        ("PIXELS = '0-1'\ndef network(x): return layers.Flatten()(layers.Rescaling(1 / 255)(x))\n", "scaled twice"),
        ("PIXELS = '0-2'\ndef network(x): return layers.Flatten()(x)\n", "PIXELS = '0-2': choose from 0-255"),
        ("RECIPE = 3\ndef network(x): return layers.Flatten()(x)\n", "RECIPE: a int, where a dictionary belongs"),
        ("RECIPE = dict(epoch=3)\ndef network(x): return layers.Flatten()(x)\n",
         "'epoch' is no setting of a training: did you mean epochs?"),
        ("RECIPE = dict(epochs='3')\ndef network(x): return layers.Flatten()(x)\n", "RECIPE: epochs: input should be"),
        ("RECIPE = dict(epochs=0)\ndef network(x): return layers.Flatten()(x)\n", "RECIPE: --epochs 0: give 1 or more"),
        ("def network(x): return layers.Flatten()(layers.Lambda(lambda x: x)(x))\n", "is a Lambda"),
        ("from helpers import net\ndef network(x): return net(x)\n", "line 4: ModuleNotFoundError: No module"),
        ("class Own(layers.Layer):\n    def __init__(self, f):\n        super().__init__()\n        self.f = f\n"
         "    def call(self, x):\n        return x\n"
         "def network(x): return layers.Flatten()(Own(lambda x: x)(x))\n", "cannot be stored: Object Own"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line_before_anything_is_written(
    body: str, said: str, write: Any, small: Path, tmp_path: Path, kit_here: KitCommand
) -> None:
    write(body)
    finished = kit_here("train", "--arch", "mine.py", "--data", small)
    assert_one_line(finished, "mine.py", said)
    assert not (tmp_path / "runs").exists()


def test_what_will_not_become_core_ml_is_said_before_the_training(
    write: Any, small: Path, kit_here: KitCommand
) -> None:
    write(
        "class Fourier(layers.Layer):\n    def call(self, x):\n"
        "        return ops.fft2((x[..., 0], ops.zeros_like(x[..., 0])))[0]\n"
        "def network(x): return layers.Dense(8)(layers.Flatten()(Fourier()(x)))\n"
    )
    trained = kit_here("train", "--arch", "mine.py", "--data", small, "--epochs", 1)
    said = "layer fourier (Fourier): Core ML has no operation FFT2D"
    assert trained.returncode == 0
    assert trained.stderr.splitlines()[0] == f"kit export will not make Core ML of it: {said}"
    assert_one_line(kit_here("export", "1", "--data", small), f"01-mine: not exported, {said}", code=1)


def test_files_and_functions_that_are_not_there(write: Any, small: Path, kit_here: KitCommand) -> None:
    write(HIDDEN)
    assert_one_line(kit_here("train", "--arch", "none.py"), "none.py: no such file")
    assert_one_line(kit_here("train", "--arch", "mine.py:netwrk"), "no such function in it: did you mean network?")
    assert_one_line(kit_here("train", "--arch", "mine"), "--arch mine: no such network: did you mean mine.py?")
    assert_one_line(kit_here("train", "--arch", "mine.py", "--dropout", "0.5", "--epochs", "0"), "--epochs 0")
    write("def network(x): return layers.Flatten()(x)\n")
    assert_one_line(
        kit_here("train", "--arch", "mine.py", "--dropout", "0.5", "--data", small), "--dropout: mine.py has no"
    )


def test_kit_networks_lists_a_file_and_prints_one_of_kits(write: Any, tmp_path: Path, kit_here: KitCommand) -> None:
    write(HIDDEN + "\ndef eleven(): return keras.Sequential([keras.Input((784,)), layers.Dense(11)])\n")
    listed = kit_here("networks", "mine.py")
    assert listed.returncode == 0
    assert re.search(
        r"mine.py:network  convolutional  28 x 28 +754  adam 0.001, batch 100, 3 epochs  Five by", listed.stdout
    )
    assert listed.stderr.strip() == "error: mine.py, in eleven: it gives 11 numbers, where 10 classes belong"
    (tmp_path / "shown.py").write_text(kit_here("networks", "--show", "dense").stdout)
    assert read(tmp_path / "shown.py").recipe == dataclasses.replace(read(tmp_path / "shown.py").recipe, l2=0.01)
    assert_one_line(kit_here("networks", "--show", "denze"), "did you mean dense?")
    assert_one_line(kit_here("networks", "mine.py", "--show", "dense"), "leave FILE.py and --json out")
    assert len(networks()) == 12 and networks(tmp_path / "mine.py")[0].name == "mine.py:network"


WIDTH = 6


def _pooled(x: Any) -> Any:
    return layers.MaxPooling2D()(x)


def in_a_notebook(x: Any) -> Any:
    """Of a cell."""
    x = _pooled(layers.Conv2D(WIDTH, 5, strides=3, activation="relu")(x))
    return keras.layers.Flatten()(x)


def test_a_function_is_trained_and_its_source_kept(small: Path, tmp_path: Path) -> None:
    options = {"data": small, "epochs": 2, "progress": False}
    run = train(in_a_notebook, runs=tmp_path / "one", **options)
    assert run.name == "01-in_a_notebook" and run.settings.function == "in_a_notebook"
    text = (run.folder / "network.py").read_text()
    assert "WIDTH = 6" in text and "def _pooled" in text and "import keras" in text and "test_" not in text
    again = train(run.folder / "network.py", runs=tmp_path / "two", **options)
    assert same_weights(run, again)


def _réseau(x: Any) -> Any:
    return keras.layers.Flatten()(_pooled(x))


def test_a_function_may_have_any_name_that_python_knows(small: Path, tmp_path: Path) -> None:
    """TensorFlow's scopes have fewer letters, and none begins with an underscore."""
    run = train(_réseau, data=small, runs=tmp_path, epochs=1, progress=False)
    assert run.finished and run.model().name == "r_seau"


def test_a_function_without_a_source_is_trained_and_said_to_be_one(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    side = object()

    def closed(x: Any) -> Any:
        assert side
        return layers.Flatten()(layers.Conv2D(2, 5, strides=5)(x))

    run = train(closed, data=small, epochs=1, runs=tmp_path)
    assert "the source of closed cannot be had" in capsys.readouterr().err
    assert run.settings.code is None and not (run.folder / "network.py").exists()
    run.write_metrics({**run.metrics, "finished": False})
    with pytest.raises(
        KitError, match=r"01-closed: its network was a function.*train\(arch=closed, resume='01-closed'\)"
    ):
        train(resume=run, progress=False)
    assert train(closed, resume=run, data=small, progress=False).finished


x = inputs = np.arange(9)  # as a notebook has them, whose cells use the names of a network's own


def named_as_others(x: Any) -> Any:
    inputs = keras.layers.Rescaling(2.0)(x)
    return keras.layers.Flatten()(layers.AveragePooling2D(7)(inputs))


def by_tensorflows_keras(x: Any) -> Any:
    return tf.keras.layers.Flatten()(tf_keras.layers.AveragePooling2D(7)(x))


def test_what_a_function_calls_its_own_is_not_looked_for_around_it() -> None:
    for function in (named_as_others, by_tensorflows_keras):
        code = source_of(function)
        assert code and "arange" not in code.content.decode()


def test_another_function_than_the_runs_is_none_to_go_on_with(small: Path, tmp_path: Path) -> None:
    run = train(in_a_notebook, data=small, epochs=2, runs=tmp_path, progress=False)
    run.write_metrics({**run.metrics, "finished": False})
    with pytest.raises(KitError, match="arch cannot be changed by resume: the run has a network of its own"):
        train(named_as_others, resume=run, progress=False)
    assert train(in_a_notebook, resume=run, progress=False).finished
    kits = train("dense", data=small, epochs=1, runs=tmp_path, progress=False)
    with pytest.raises(KitError, match="arch cannot be changed by resume"):
        train(in_a_notebook, resume=kits, progress=False)


def test_other_generators_are_left_as_they_are(write: Any) -> None:
    import random

    random.seed(1)
    np.random.seed(1)
    before = random.getstate(), np.random.get_state()[1].tolist()
    read(write(HIDDEN)).build(seed=3)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


def test_what_a_file_sets_for_all_of_keras_does_not_stay(write: Any) -> None:
    path = write(
        "keras.config.set_image_data_format('channels_first')\nkeras.mixed_precision.set_global_policy('float16')\n"
        "def network(x):\n    keras.config.set_epsilon(0.5)\n    return layers.Flatten()(x)\n"
    )
    own_network.read(path).build()
    assert keras.config.image_data_format() == "channels_last" and keras.config.epsilon() == 1e-7
    assert keras.config.dtype_policy().name == "float32"


def test_the_examples_of_the_page_are_networks(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/own.md").read_text(encoding="utf-8")
    minimal, full, notebook = re.findall(r"```python\n(.*?)```", page, re.S)
    found = []
    for number, example in enumerate((minimal, full, notebook.replace("run = train", "# "))):
        (tmp_path / f"example{number}.py").write_text(example)
        found += [(own.function, own.source) for own in read_all(tmp_path / f"example{number}.py")]
    whole = "A dense network, sequential; parameters of these names get the size and the classes of the task."
    blocks = "Two blocks, each on half the size of the one before."
    assert found == [("network", ""), ("residual", blocks), ("whole", whole), ("network", "")]
    assert read(tmp_path / "example1.py").pixels is PIXELS["-1-1"]
