"""Any classifier in kit's form: it says of pixels 0 to 255 what it said of its own, whatever its shape and its end."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from kit import KitError, backend
from kit.task import CAMERA, ROWS
from kit.training.canonical import Copies, canonical, seed_states
from kit.training.layers import Layers
from kit.training.pixels import AS_THEY_COME, PIXELS, UNIT

keras = backend.keras()
layers, ops = keras.layers, keras.ops
IMAGES = np.random.default_rng(3).integers(0, 256, (5, 28, 28, 1)).astype(np.float32)
SHAPES = [(28, 28, 1), (28, 28), (784,), (1, 28, 28)]


def of(shape: tuple[int, ...], *body: Any) -> Any:
    return keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(12, "relu"), *body])


ENDS: dict[str, tuple[Callable[[], list[Any]], bool]] = {  # the last layers, and whether they give probabilities
    "softmax": (lambda: [layers.Dense(10, "softmax")], True),
    "logits": (lambda: [layers.Dense(10)], False),
    "a softmax of its own": (lambda: [layers.Dense(10), layers.Softmax()], True),
    "an activation": (lambda: [layers.Dense(10), layers.Activation("softmax")], True),
    "log_softmax": (lambda: [layers.Dense(10, "log_softmax")], False),
    "linear twice": (lambda: [layers.Dense(10), layers.Activation("linear")], False),
    "relu": (lambda: [layers.Dense(10, "relu")], False),
    "no dense layer": (
        lambda: [layers.Dense(90), layers.Reshape((3, 3, 10)), layers.GlobalAveragePooling2D(), layers.Softmax()],
        True,
    ),
    "axes of one": (lambda: [layers.Dense(10), layers.Reshape((1, 1, 10)), layers.Softmax()], True),
    "a softmax of a softmax": (lambda: [layers.Dense(10, "softmax"), layers.Softmax()], True),
    "dropout": (lambda: [layers.Dense(10, "softmax"), layers.Dropout(0.5)], True),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("pixels", PIXELS)
def test_every_shape_and_scaling_comes_to_the_same(shape: tuple[int, ...], pixels: str) -> None:
    model, wanted = of(shape, layers.Dense(10, "softmax")), PIXELS[pixels]
    expected = np.asarray(model(IMAGES.reshape(-1, *shape) * np.float32(wanted.scale) + np.float32(wanted.offset)))
    made = canonical(model, ROWS, Copies(), name="one", pixels=wanted)
    assert made.input_shape == (None, 28, 28, 1) and made.input.name == "pixels"
    assert np.abs(np.asarray(made(IMAGES)) - expected).max() < 1e-5


@pytest.mark.parametrize("end", ENDS)
def test_every_end_becomes_logits_and_their_softmax(end: str) -> None:
    build, gives_probabilities = ENDS[end]
    model = of((784,), *build())
    found = np.asarray(model(IMAGES.reshape(-1, 784) / 255), np.float64).reshape(-1, 10)
    made = canonical(model, ROWS, Copies(), name="one", pixels=UNIT)
    assert np.abs(np.asarray(made(IMAGES)) - (found if gives_probabilities else softmax(found, axis=1))).max() < 1e-6
    logits = made.get_layer("logits")
    assert made.layers[-1].name == "probabilities" and len(logits.input.shape) == 2
    assert np.abs(softmax(np.asarray(keras.Model(made.input, logits.output)(IMAGES)), 1) - made(IMAGES)).max() < 1e-6


def test_networks_inside_networks_lie_side_by_side_and_shared_layers_stay_shared() -> None:
    base = keras.Sequential([keras.Input((28, 28, 1)), layers.Conv2D(3, 5, strides=5), layers.Flatten()])
    inner = keras.Model(given := keras.Input((28, 28, 1)), keras.Sequential([base, layers.Dense(4)])(given))
    taken = keras.Input((28, 28))
    x = layers.Reshape((28, 28, 1))(taken)
    joined = ops.concatenate([inner(x), inner(1 - x), ops.mean(x, axis=(1, 2))], axis=-1)
    model = keras.Model(taken, layers.Dense(10, "softmax")(joined))
    made = canonical(model, ROWS, Copies(), name="one", pixels=UNIT)
    assert not any(isinstance(layer, keras.Model) for layer in made.layers)
    assert made.count_params() == model.count_params() == (5 * 5 + 1) * 3 + (75 + 1) * 4 + (9 + 1) * 10
    assert np.abs(np.asarray(made(IMAGES)) - np.asarray(model(IMAGES[..., 0] / 255))).max() < 1e-6


def test_names_follow_from_the_place_alone() -> None:
    def names() -> list[str]:
        body = [layers.Dense(8), layers.Dense(8, name="mine"), layers.Dense(8, name="pixels"), layers.Dense(10)]
        return [layer.name for layer in canonical(of((784,), *body), ROWS, Copies(), name="one", pixels=UNIT).layers]

    expected = ["pixels", "scale", "shape", "flatten", "dense", "dense_1", "mine", "pixels_1", "logits"]
    assert names() == names() == [*expected, "probabilities"]


def test_ten_sigmoids_are_taken_only_where_that_is_meant() -> None:
    model = of((784,), layers.Dense(10, "sigmoid"))
    with pytest.raises(KitError, match=r"ends in a sigmoid.* end it in a softmax or in none"):
        canonical(model, ROWS, Copies(), name="one", pixels=UNIT)
    made = canonical(model, ROWS, Copies(), name="one", pixels=UNIT, sigmoid=True)
    found = np.asarray(model(IMAGES.reshape(-1, 784) / 255), np.float64)
    assert np.abs(np.asarray(made(IMAGES)) - softmax(np.log(found / (1 - found)), axis=1)).max() < 1e-5


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (lambda: of((784,), layers.Dense(11)), "it gives 11 numbers, where 10 classes belong"),
        (lambda: of((32, 32, 1), layers.Dense(10)), "it takes 32 x 32 x 1, where pictures of 28 x 28 x 1 pixels"),
        (lambda: of((28, 28, 3), layers.Dense(10)), "it takes 28 x 28 x 3, where pictures of 28 x 28 x 1 pixels"),
        (lambda: of((784,), layers.Lambda(lambda x: x), layers.Dense(10)), "is a Lambda: kit stores no code inside"),
        (
            lambda: keras.Sequential(
                [keras.Input((784,)), layers.Rescaling(1 / 255), layers.Rescaling(1 / 255), layers.Dense(10)]
            ),
            "pixels from 0 to 255 into 0 to 0.0039: they are scaled twice",
        ),
        (
            lambda: keras.Model(
                [one := keras.Input((784,)), two := keras.Input((784,))], layers.Dense(10)(layers.Add()([one, two]))
            ),
            "it has 2 inputs and 1 outputs, where one of each belongs",
        ),
    ],
)
def test_what_is_no_classifier_of_digits_is_refused_with_what_was_seen(model: Callable[[], Any], said: str) -> None:
    with pytest.raises(KitError, match=said):
        canonical(model(), ROWS, Copies(), name="one")


def test_a_subclassed_model_is_told_how_it_can_be_built() -> None:
    class Mine(keras.Model):
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(KitError, match=r"Mine is a subclass of keras\.Model, whose layers cannot be seen: build it as"):
        canonical(Mine(), ROWS, Copies(), name="one")


@pytest.mark.parametrize(
    ("front", "scale"),
    [
        ([], 1 / 255),
        ([layers.Rescaling(1 / 255)], 1),
        ([layers.Rescaling(1 / 127.5, -1)], 1),
        ([layers.Reshape((28, 28, 1)), layers.Normalization(mean=33.3, variance=78.6**2)], 1),
        ([layers.Reshape((28, 28, 1)), layers.RandomRotation(0.1), layers.Rescaling(1 / 255)], 1),
        ([layers.BatchNormalization()], 1 / 255),
    ],
)
def test_pixels_are_divided_by_255_unless_the_network_scales_them(front: list[Any], scale: float) -> None:
    body = [layers.Flatten(), layers.Dense(10, "softmax")]
    model = keras.Sequential([keras.Input((784,)), *front, *body])
    made = canonical(model, ROWS, Copies(), name="one")
    expected = np.asarray(model(IMAGES.reshape(-1, 784) * scale, training=False))
    assert np.abs(np.asarray(made(IMAGES, training=False)) - expected).max() < 1e-6
    if scale == 1:
        with pytest.raises(KitError, match="scaled twice"):
            canonical(model, ROWS, Copies(Layers(0, None, 1, "float32")), name="one", pixels=UNIT)


def fresh(body: Callable[[], list[Any]], seed: int = 1, precision: str = "float32", **options: Any) -> Any:
    copies = Copies(Layers(0, None, seed, precision), **options)
    return canonical(of((28, 28, 1), *body()), ROWS, copies, name="one", pixels=AS_THEY_COME)


def test_fresh_weights_follow_from_the_seed_and_keep_what_has_one_of_its_own() -> None:
    def body() -> list[Any]:
        own = keras.initializers.HeNormal(seed=5)
        return [layers.Dense(8), layers.Dense(8, kernel_initializer=own), layers.Dropout(0.5), layers.Dense(10)]

    one, same, other = fresh(body), fresh(body), fresh(body, seed=2)
    assert all((a == b).all() for a, b in zip(one.get_weights(), same.get_weights(), strict=True))
    differ = [(a != b).any() for a, b in zip(one.get_weights()[::2], other.get_weights()[::2], strict=True)]
    assert differ == [True, True, False, True]  # dense, dense_1, the one with a seed of its own, logits
    assert len(seed_states(one)) == 1


def test_penalty_dropout_and_precision_hold_for_the_whole_network() -> None:
    def body() -> list[Any]:
        return [layers.Reshape((6, 2, 1)), layers.SeparableConv2D(4, 2), layers.SpatialDropout2D(0.2), layers.Flatten(),
                layers.Dropout(0.1), layers.Dense(10, "softmax")]  # fmt: skip

    made = fresh(body, l2=0.5, dropout=0.4, precision="mixed_bfloat16")
    kernels = [weight for weight in made.trainable_variables if "kernel" in weight.name]
    assert len(made.losses) == len(kernels) == 4
    assert sum(map(float, made.losses)) == pytest.approx(0.5 * sum(np.square(k).sum() for k in kernels), rel=1e-5)
    assert [layer.rate for layer in made.layers if hasattr(layer, "rate")] == [0.4, 0.4]
    policies = {layer.name: layer.dtype_policy.name for layer in made.layers}
    assert policies.pop("pixels") and policies.pop("probabilities") == "float32"
    assert set(policies.values()) == {"mixed_bfloat16"}


def test_a_layer_of_layers_does_not_give_all_of_them_the_same_weights() -> None:
    made = fresh(lambda: [layers.Reshape((3, 4)), layers.Bidirectional(layers.SimpleRNN(4)), layers.Dense(10)])
    forward, _, backward, _ = [array for array in made.get_layer("bidirectional").get_weights() if array.ndim == 2]
    assert forward.shape == backward.shape and (forward != backward).any()


def test_the_cameras_size_and_classes_are_the_tasks() -> None:
    model = keras.Sequential([layers.Conv2D(2, 9, strides=9), layers.Flatten(), layers.Dense(11)])
    assert canonical(model, CAMERA, Copies(), name="one").input_shape == (None, 96, 96, 1)
