"""Which layer of somebody's own network will not become Core ML: named, with the reason and what to do."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from kit import backend
from kit.exporting.convertible import Form, obstacles
from kit.exporting.operations import KINDS
from kit.task import ROWS

keras = backend.keras()
layers, ops = keras.layers, keras.ops


class Own(layers.Layer):
    """A layer of somebody's own, by an operation of TensorFlow that Core ML does not have."""

    def call(self, x: Any) -> Any:
        return backend.tensorflow().math.polygamma(1.0, x)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return shape


def network(middle: Callable[[Any], Any]) -> Any:
    x = pixels = keras.Input((28, 28, 1), name="pixels")
    x = layers.Conv2D(3, 3, strides=3, activation="relu", name="before")(layers.Rescaling(1 / 255)(x))
    x = layers.Flatten()(layers.Conv2D(3, 3, activation="relu", name="behind")(middle(x)))
    return keras.Model(pixels, layers.Softmax(name="probabilities")(layers.Dense(10, name="logits")(x)))


@pytest.mark.parametrize("activation", ["gelu", "celu", "mish", "hard_silu"])
def test_what_becomes_core_ml_has_no_obstacle(activation: str) -> None:
    assert obstacles(network(layers.Activation(activation)), ROWS) == []


def test_every_layer_in_the_way_is_named_once_with_its_reason() -> None:
    def middle(x: Any) -> Any:
        x = Own(name="mine")(layers.BatchNormalization()(x))
        steps = layers.Discretization([0.1, 0.5], name="steps")(x)
        return ops.cast(steps, "float32") + ops.cast(ops.argmax(x, axis=-1), "float32")[..., None]

    assert sorted(obstacles(network(middle), ROWS)) == [
        "layer argmax (Argmax): Core ML has no operation Bitcast",
        "layer mine (Own): Core ML has no operation Polygamma",
        "layer steps (Discretization): Core ML has no operation Bucketize: scale the pixels by Rescaling",
    ]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (Form("neuralnetwork"), "it takes what iOS14 brought: use --target iOS14"),
        (Form("tflite"), "LiteRT has no operation MaxPool3D"),
        (Form("onnx"), "its Slice gives a result whose size is not known beforehand"),
    ],
    ids=lambda value: getattr(value, "format", ""),
)
def test_what_another_format_has_not_is_named_there(form: Form, said: str) -> None:
    def middle(x: Any) -> Any:
        blocks = layers.MaxPooling3D(2, name="pool")(layers.Reshape((8, 8, 3, 1))(x[:, :8, :8]))
        return layers.Reshape((4, 4, 1))(blocks) + ops.roll(x, 2, axis=2)[:, :4, :4]

    layer = {"onnx": "roll (Roll)"}.get(form.format, "pool (MaxPooling3D)")
    [line] = obstacles(network(middle), ROWS, form)
    assert re.sub(r"_\d+ ", " ", line) == f"layer {layer}: {said}"
    if form.format == "neuralnetwork":
        assert obstacles(network(middle), ROWS, Form("neuralnetwork", "iOS14")) == []


def test_a_layer_that_computes_something_else_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "erf", KINDS["erf"]._replace(compute=lambda arguments: arguments["x"] + 9))
    [line] = obstacles(network(layers.Activation("gelu", name="wrong")), ROWS)
    assert re.match("layer wrong [(]Activation[)]: in Core ML its probabilities are up to 0[.].* from Keras'", line)


def test_the_network_is_as_it_was() -> None:
    model = network(Own())
    before = [(layer.name, layer.output.shape) for layer in model.layers]
    assert obstacles(model, ROWS)
    assert [(layer.name, layer.output.shape) for layer in model.layers] == before
