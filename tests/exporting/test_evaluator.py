"""NumPy's word on saved models against Keras' own on the same network, for every network and both formats."""

from dataclasses import replace
from pathlib import Path

import branches
import numpy as np
import pytest

from kit import KitError, backend
from kit.exporting import coreml, evaluator, graph
from kit.exporting.formats import SUFFIXES
from kit.exporting.operations import KINDS
from kit.run.prediction import predictor
from kit.task import CAMERA, DIGITS
from kit.training import networks
from kit.training.networks import NETWORKS

PICTURES = np.random.default_rng(5).integers(0, 256, (70, 28, 28, 1)).astype(np.uint8)


def lively(name: str) -> object:
    """A network whose biases and normalisations are not the zeros and ones that a new one has.

    One that takes pixels unscaled starts with weights for pixels from 0 to 1: its logits would reach hundreds here, of
    which float32 keeps too few digits, and most probabilities would be 0 or 1.
    """
    model = networks.build(name, task=NETWORKS[name].task)
    generator = np.random.default_rng(6)
    weights = [
        array + generator.uniform(0.02, 0.2, array.shape) if array.ndim == 1 else array for array in model.get_weights()
    ]
    if not NETWORKS[name].scaled:
        weights[0] = weights[0] / 255
    model.set_weights(weights)
    return model


@pytest.mark.parametrize("name", NETWORKS)
def test_both_formats_of_every_network_give_what_keras_gives(name: str, tmp_path: Path) -> None:
    model = lively(name)
    size, labels = NETWORKS[name].task.size, CAMERA.labels[: NETWORKS[name].task.classes]
    pictures = np.random.default_rng(5).integers(0, 256, (70, size, size, 1)).astype(np.uint8)
    expected = predictor(model)(pictures)
    for format, target in (("mlprogram", "iOS17"), ("neuralnetwork", "iOS13")):  # noqa: A001
        converted = coreml.convert(model, labels, format=format, target=target, precision="float32", array=False)
        path = tmp_path / f"model{SUFFIXES[format]}"
        coreml.save(converted, path, {}, None)
        saved = graph.read(path)
        np.testing.assert_allclose(evaluator.evaluate(saved, pictures), expected, atol=1e-5)
        costs = evaluator.costs(saved)
        # Batch normalisation is folded into the convolutions: of its four numbers a channel one bias is left.
        norms = sum(layer.gamma.shape[0] for layer in model.layers if type(layer).__name__ == "BatchNormalization")
        assert costs.parameters == NETWORKS[name].parameters - 3 * norms
        assert costs.multiply_accumulates == multiply_accumulates(model)


@pytest.mark.parametrize("family", branches.FAMILIES)
def test_what_becomes_of_keras_layers_gives_what_keras_gives(family: str, tmp_path: Path) -> None:
    parts = branches.FAMILIES[family]
    model = branches.network(parts)
    for format, target in (("mlprogram", "iOS17"), ("neuralnetwork", "iOS14")):  # noqa: A001
        converted = coreml.convert(
            model, list(parts), format=format, target=target, precision="float32", array=False
        )  # fmt: skip
        path = tmp_path / f"model{SUFFIXES[format]}"
        coreml.save(converted, path, {}, None)
        apart = branches.apart(model, evaluator.evaluate(graph.read(path), branches.PICTURES))
        assert {name: by for name, by in zip(parts, apart, strict=True) if by > 1e-4} == {}, format


@pytest.mark.parametrize("ends_in", ["Dense", "Activation"])
def test_the_first_classes_alone_are_what_the_others_leave(ends_in: str, tmp_path: Path) -> None:
    layers = backend.keras().layers
    pixels = backend.keras().Input((12, 12, 1), name="pixels")
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(11, 3)(layers.Rescaling(1 / 255)(pixels)))
    last = layers.Dense(11, name="logits") if ends_in == "Dense" else layers.Activation("linear", name="logits")
    model = backend.keras().Model(pixels, layers.Softmax(name="probabilities")(last(x)))
    expected = model.predict(branches.PICTURES.astype(np.float32), verbose=0)[:, :10]
    for format, target in (("mlprogram", "iOS17"), ("neuralnetwork", "iOS13")):  # noqa: A001
        converted = coreml.convert(model, DIGITS, format=format, target=target, precision="float32", array=False)
        path = tmp_path / f"model{SUFFIXES[format]}"
        coreml.save(converted, path, {}, None)
        found = evaluator.evaluate(graph.read(path), branches.PICTURES)
        np.testing.assert_allclose(found, expected / expected.sum(axis=1, keepdims=True), atol=1e-6)


def multiply_accumulates(model: object) -> int:
    """Counted from Keras' layers: each number of a result is a sum over the kernel that made it."""
    total = 0
    for layer in model.layers:  # type: ignore[attr-defined]
        kernel = getattr(layer, "kernel", None)
        if kernel is None:
            continue
        places = int(np.prod(layer.output.shape[1:-1]))
        total += places * int(np.prod(kernel.shape))
    return total


def test_a_thousand_rows_at_once_are_a_thousand_rows_alone(package: Path) -> None:
    saved = graph.read(package)
    together = evaluator.evaluate(saved, PICTURES)
    alone = np.concatenate([evaluator.evaluate(saved, PICTURES[row : row + 1]) for row in range(0, 70, 9)])
    np.testing.assert_allclose(together[::9], alone, atol=1e-6)


def test_without_rows_there_are_no_probabilities(package: Path) -> None:
    assert evaluator.evaluate(graph.read(package), PICTURES[:0]).shape == (0, 10)


def test_an_unknown_operation_is_named(package: Path) -> None:
    saved = graph.read(package)
    strange = [
        replace(operation, kind="nothing") if operation.kind == "relu" else operation for operation in saved.operations
    ]
    with pytest.raises(KitError, match="nothing, which kit cannot evaluate"):
        evaluator.evaluate(replace(saved, operations=strange), PICTURES)


def test_pictures_of_another_size_are_refused(package: Path) -> None:
    with pytest.raises(KitError, match="takes 28 x 28 pixels, not 64 x 64"):
        evaluator.evaluate(graph.read(package), np.zeros((1, 64, 64, 1), np.uint8))


def test_pooling_and_padding_are_tensorflows() -> None:
    tf = backend.tensorflow()
    x = np.random.default_rng(7).normal(size=(3, 11, 9, 4)).astype(np.float32)
    tensor = x.transpose(0, 3, 1, 2)[:, None]
    for padding, strides in (("SAME", 1), ("SAME", 2), ("VALID", 2)):
        common = {"strides": np.array([strides, strides]), "pad_type": np.array(padding.lower())}
        size = {"kernel_sizes": np.array([3, 3])}
        average = KINDS["avg_pool"].compute({"x": tensor, "exclude_padding_from_average": True, **common, **size})
        theirs = tf.nn.avg_pool2d(x, 3, strides, padding).numpy()
        if padding == "VALID" or strides == 1:  # Core ML's "same" puts the odd pixel below, TensorFlow's as well
            np.testing.assert_allclose(average[:, 0].transpose(0, 2, 3, 1), theirs, atol=1e-6)
        largest = KINDS["max_pool"].compute({"x": tensor, **common, **size})
        np.testing.assert_allclose(
            largest[:, 0].transpose(0, 2, 3, 1), tf.nn.max_pool2d(x, 3, strides, padding).numpy(), atol=1e-6
        )
        kernel = np.random.default_rng(8).normal(size=(5, 3, 4, 6)).astype(np.float32)
        found = KINDS["conv"].compute({"x": tensor, "weight": kernel.transpose(3, 2, 0, 1), "groups": 1, **common})
        theirs = tf.nn.conv2d(x, kernel, strides, padding).numpy()
        np.testing.assert_allclose(found[:, 0].transpose(0, 2, 3, 1), theirs, atol=1e-4)


def test_grouped_and_depthwise_convolutions_are_tensorflows() -> None:
    tf = backend.tensorflow()
    generator = np.random.default_rng(9)
    x = generator.normal(size=(2, 8, 8, 6)).astype(np.float32)
    tensor = x.transpose(0, 3, 1, 2)[:, None]
    arguments = {"x": tensor, "strides": np.array([1, 1]), "pad_type": np.array("valid")}
    kernel = generator.normal(size=(3, 3, 2, 9)).astype(np.float32)
    found = KINDS["conv"].compute({**arguments, "weight": kernel.transpose(3, 2, 0, 1), "groups": 3})
    parts = [tf.nn.conv2d(x[..., 2 * g : 2 * g + 2], kernel[..., 3 * g : 3 * g + 3], 1, "VALID") for g in range(3)]
    np.testing.assert_allclose(found[:, 0].transpose(0, 2, 3, 1), np.concatenate(parts, axis=-1), atol=1e-4)
    depthwise = generator.normal(size=(3, 3, 6, 1)).astype(np.float32)
    found = KINDS["conv"].compute({**arguments, "weight": depthwise.transpose(2, 3, 0, 1), "groups": 6})
    theirs = tf.nn.depthwise_conv2d(x, depthwise, [1, 1, 1, 1], "VALID").numpy()
    np.testing.assert_allclose(found[:, 0].transpose(0, 2, 3, 1), theirs, atol=1e-4)


def test_half_rounds_what_the_graph_computes_in_float16(exportable, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    converted = coreml.convert(
        exportable.model(), DIGITS, format="mlprogram", target="iOS17", precision="float16", array=False
    )
    coreml.save(converted, tmp_path / "half.mlpackage", {}, None)
    saved = graph.read(tmp_path / "half.mlpackage")
    results = {
        half: {step.output: result for step, result in evaluator._compute(saved, PICTURES[:4], half)}
        for half in (True, False)
    }
    halves = [step.output for step in saved.operations if step.half]
    assert len(halves) > 10
    for name in halves:
        rounded = results[True][name]
        assert np.array_equal(rounded, rounded.astype(np.float16).astype(np.float32)), name
    assert any(not np.array_equal(results[True][name], results[False][name]) for name in halves)


def test_the_peak_counts_what_is_alive_at_once(package: Path) -> None:
    saved = graph.read(package)
    largest = max(np.prod(cost.shape) for cost in evaluator.costs(saved).operations) * 4
    everything = sum(np.prod(cost.shape) for cost in evaluator.costs(saved).operations) * 4
    assert largest < evaluator.costs(saved).peak < everything
