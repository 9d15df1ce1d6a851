"""Steps of the optimizers, against singular value decompositions by NumPy."""

from typing import Any

import numpy as np
import pytest

from kit import backend
from kit.run.settings import OPTIMIZERS
from kit.training import networks, optimizers

RATE = 0.01


def _after_one_step(arch: str) -> list[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """Path, values, random gradient and change of each variable."""
    generator = np.random.default_rng(0)
    variables = networks.build(arch).trainable_variables
    optimizer = optimizers.build("muon", RATE)
    before = [variable.numpy() for variable in variables]
    gradients = [generator.standard_normal(values.shape).astype(np.float32) for values in before]
    tensors = [backend.keras().ops.convert_to_tensor(gradient) for gradient in gradients]
    optimizer.apply(tensors, variables)
    paths = [variable.path for variable in variables]
    changes = [variable.numpy() - values for variable, values in zip(variables, before, strict=True)]
    return list(zip(paths, before, gradients, changes, strict=True))


@pytest.mark.parametrize(
    "name", ["adam", "adamw", "nadam", "adamax", "rmsprop", "sgd", "adagrad", "adadelta", "lion", "muon"]
)
def test_every_optimizer_is_kerass_with_its_default_rate(name: str) -> None:
    keras = backend.keras()
    usual: Any = keras.optimizers.Muon() if name == "muon" else keras.optimizers.get(name)  # 3.13 has no such name
    assert float(usual.learning_rate) == pytest.approx(OPTIMIZERS[name])
    built = optimizers.build(name, RATE)
    assert isinstance(built, type(usual)) and float(built.learning_rate) == pytest.approx(RATE)


@pytest.mark.parametrize("shape", [(90, 10), (10, 90), (16, 16)])
def test_muon_comes_to_the_same_by_gram_matrices_as_keras_without(shape: tuple[int, int]) -> None:
    matrix = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    keras, own = backend.keras().optimizers.Muon(), optimizers.build("muon", RATE)
    expected = np.asarray(keras.zeropower_via_newtonschulz5(matrix, 5))
    assert np.allclose(own.zeropower_via_newtonschulz5(matrix, 5), expected, atol=1e-4)


def test_muon_steps_along_the_singular_vectors_of_a_convolutions_gradient_by_equal_lengths() -> None:
    kernels = 0
    for path, values, gradient, change in _after_one_step("camera"):
        if values.ndim != 4:
            continue
        kernels += 1
        matrix = gradient.reshape(-1, values.shape[-1]).astype(float)
        left, _, right = np.linalg.svd(matrix, full_matrices=False)
        step = -(change + 0.05 * RATE * values).reshape(matrix.shape)  # without the weight decay
        along = np.diag(left.T @ step @ right.T) / (0.2 * RATE * max(matrix.shape) ** 0.5)
        assert along.min() > 0.6 and along.max() < 1.25, path  # Newton and Schulz come near 1
        across = left.T @ step @ right.T / (0.2 * RATE * max(matrix.shape) ** 0.5) - np.diag(along)
        assert np.abs(across).max() < 0.01, path
        assert np.sqrt((step**2).mean()) == pytest.approx(0.2 * RATE, rel=0.25)  # of Adam's size
    assert kernels == 7


@pytest.mark.parametrize("arch", ["camera", "mobilenet"])
def test_muon_leaves_the_last_layer_depthwise_kernels_and_vectors_to_adam(arch: str) -> None:
    adam = 0
    for path, values, gradient, change in _after_one_step(arch):
        if values.ndim == 4 and "depthwise" not in path:
            continue
        adam += 1
        first = -RATE * gradient / (np.abs(gradient) + 1e-7 / np.sqrt(1 - 0.999))  # Adam's first step
        assert np.allclose(change, first, atol=RATE / 1000), path
    assert adam > 15
