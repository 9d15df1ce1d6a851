"""The networks against what their sources publish, and the options against what they claim."""

import inspect

import numpy as np
import pytest

from kit import KitError
from kit.task import CAMERA, ROWS
from kit.training import networks

# Parameters as the sources print them, or by hand from their layers; written down here a second time on purpose.
PUBLISHED = {
    "dense": 784 * 20 + 20 + 20 * 15 + 15 + 15 * 10 + 10,
    "dense-wide": 669_706,
    "malireddi": 94_602,
    "chollet": 1_199_882,
    "liip": 158_086,
}
LAYERS = {  # the layers that compute or drop something, from input to output
    "dense": "Flatten Dense20 Dense15 Dense10",
    "dense-wide": "Flatten Dense512 Dropout0.2 Dense512 Dropout0.2 Dense10",
    "malireddi": (
        "Conv32x5valid Pool Dropout0.5 Conv64x3valid Pool Dropout0.2 Conv128x1valid Pool Dropout0.2 "
        "Flatten Dense128 Dense10"
    ),
    "chollet": "Conv32x3valid Conv64x3valid Pool Dropout0.25 Flatten Dense128 Dropout0.5 Dense10",
    "liip": ("Conv32x3same Pool Conv32x2same Pool Conv32x2same Pool Dropout0.3 Flatten Dense500 Dropout0.4 Dense10"),
}
RECIPES = {
    "dense": ("adam", 0.001, 128, 50, None),
    "dense-wide": ("rmsprop", 0.001, 128, 20, None),
    "malireddi": ("adam", 0.001, 200, 10, 1),
    "chollet": ("adam", 0.001, 200, 10, 1),
    "liip": ("adadelta", 1.0, 512, 6, None),
}


def described(layer) -> str:  # type: ignore[no-untyped-def]
    return {
        "Flatten": lambda: "Flatten",
        "Dense": lambda: f"Dense{layer.units}",
        "Dropout": lambda: f"Dropout{layer.rate}",
        "Conv2D": lambda: f"Conv{layer.filters}x{layer.kernel_size[0]}{layer.padding}",
        "MaxPooling2D": lambda: "Pool",
    }.get(type(layer).__name__, lambda: "")()


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_the_table_says_what_the_network_has(name: str) -> None:
    network = networks.NETWORKS[name]
    model = networks.build(name, task=network.task)
    kinds = {type(layer).__name__ for layer in model.layers}
    assert model.count_params() == network.parameters == PUBLISHED.get(name, network.parameters)
    assert ("Dropout" in kinds) == network.has_dropout and ("Rescaling" in kinds) == network.scaled
    assert (network.kind == "convolutional") == ("Conv2D" in kinds)
    assert model.input_shape == (None, network.task.size, network.task.size, 1)
    assert model.output_shape == (None, network.task.classes)
    assert inspect.getdoc(network.builder)


@pytest.mark.parametrize("name", PUBLISHED)
def test_layers_and_recipe_are_the_sources(name: str) -> None:
    layers = [text for layer in networks.build(name).layers if (text := described(layer))]
    assert " ".join(layers) == LAYERS[name]
    recipe = networks.NETWORKS[name].recipe
    found = (recipe.optimizer, recipe.learning_rate, recipe.batch_size, recipe.epochs, recipe.patience)
    assert found == RECIPES[name] and not recipe.augment and recipe.schedule == "constant"


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_probabilities_sum_to_1_for_pixels_0_to_255(name: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 28, 28, 1)).astype(np.float32)
    for precision in ("float32", "mixed_bfloat16"):
        probabilities = networks.build(name, precision=precision)(pixels).numpy()
        assert probabilities.dtype == np.float32 and np.allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_dense_is_numpys_matrix_products_on_pixels_as_they_come() -> None:
    model = networks.build("dense", seed=5)
    x = np.random.default_rng(1).integers(0, 256, (4, 28, 28, 1)).astype(np.float32)
    hidden = x.reshape(4, 784)
    weights = model.get_weights()
    for number in (0, 2):
        hidden = np.maximum(hidden @ weights[number] + weights[number + 1], 0)
    logits = hidden @ weights[4] + weights[5]
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    assert np.allclose(model(x).numpy(), expected, atol=1e-5)


def test_dense_penalises_every_kernel_and_no_bias() -> None:
    model = networks.build("dense")
    kernels = [array for array in model.get_weights() if array.ndim == 2]
    assert len(kernels) == 3
    assert sum(map(float, model.losses)) == pytest.approx(0.01 * sum((kernel**2).sum() for kernel in kernels), rel=1e-5)


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_l2_reaches_every_kernel_of_every_network(name: str) -> None:
    model = networks.build(name, l2=0.5)
    kernels = [variable for variable in model.trainable_variables if variable.name.endswith("kernel")]
    assert len(model.losses) == len(kernels) > 2
    assert not networks.build(name, l2=0.0).losses


def test_dropout_sets_every_rate_or_is_refused() -> None:
    rates = [layer.rate for layer in networks.build("malireddi", dropout=0.33).layers if hasattr(layer, "rate")]
    assert rates == [0.33] * 3
    with pytest.raises(KitError, match="--dropout: dense has no dropout layer"):
        networks.build("dense", dropout=0.1)


@pytest.mark.parametrize("name", ["malireddi", networks.DEFAULTS[ROWS.examples]])
def test_the_seed_decides_the_starting_weights_and_no_two_layers_share_them(name: str) -> None:
    first, same, other = (networks.build(name, seed=seed).get_weights() for seed in (3, 3, 4))
    assert all((a == b).all() for a, b in zip(first, same, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))
    kernels = [array.ravel()[:10] / array.std() for array in first if array.ndim > 1]
    assert len({tuple(np.round(kernel, 3)) for kernel in kernels}) == len(kernels)


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_every_network_can_be_built_for_the_camera(name: str) -> None:
    assert networks.build(name, task=CAMERA).output_shape == (None, 11)


def test_an_unknown_network_is_answered_with_the_nearest() -> None:
    with pytest.raises(KitError, match=r"--arch malliredi: no such network: did you mean malireddi\?"):
        networks.named("malliredi")
    with pytest.raises(KitError, match="choose from dense, dense-wide"):
        networks.named("xyzzy")


def test_the_camera_network_is_light_enough_for_every_frame() -> None:
    """Multiply-accumulates counted from the shapes: a kernel is applied at every place of its output."""
    model = networks.build("camera", task=CAMERA)
    count = 0
    for layer in model.layers:
        if hasattr(layer, "kernel"):
            places = np.prod(layer.output.shape[1:-1]) if len(layer.output.shape) > 2 else 1
            count += int(np.prod(layer.kernel.shape) * places)
    assert 12_800_000 < count < 15_000_000
    assert model.count_params() < 300_000
