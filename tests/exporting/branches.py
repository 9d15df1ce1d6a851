"""Keras' layers for pictures, each a branch of one network: as many conversions would take minutes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from kit import backend

keras = backend.keras()
layers, ops = keras.layers, keras.ops
Branch = Callable[[Any], Any]
PICTURES = np.random.default_rng(5).integers(0, 256, (6, 12, 12, 1)).astype(np.uint8)


def conv(x: Any) -> Any:
    return layers.Conv2D(4, 3)(x)


def lines(x: Any) -> Any:
    return layers.Reshape((12, 12))(x)


def blocks(x: Any) -> Any:
    return layers.Reshape((12, 6, 2, 1))(x)


def few(x: Any) -> Any:
    return layers.Reshape((3, 48))(x)


def windows(padding: str) -> dict[str, Branch]:
    options = {"padding": padding}
    return {
        "convolution": lambda x: layers.Conv2D(4, 3, strides=2, **options)(x),
        "dilated": lambda x: layers.Conv2D(4, 3, dilation_rate=2, use_bias=False, **options)(x),
        "groups": lambda x: layers.Conv2D(6, 3, groups=2, **options)(conv(x)),
        "depthwise": lambda x: layers.DepthwiseConv2D(3, depth_multiplier=2, **options)(conv(x)),
        "separable": lambda x: layers.SeparableConv2D(4, 3, strides=2, **options)(conv(x)),
        "transposed": lambda x: layers.Conv2DTranspose(3, 3, strides=2, **options)(x),
        "transposed, apart": lambda x: layers.Conv2DTranspose(3, 2, strides=3, **options)(x),
        "lines": lambda x: layers.Conv1D(4, 3, strides=2, **options)(lines(x)),
        "lines, dilated": lambda x: layers.Conv1D(4, 3, dilation_rate=2, **options)(lines(x)),
        "blocks": lambda x: layers.Conv3D(2, 2, **options)(blocks(x)),
        "blocks, transposed": lambda x: layers.Conv3DTranspose(2, 2, strides=2, **options)(blocks(x)),
        "largest of blocks": lambda x: layers.MaxPooling3D(2, **options)(blocks(x)),
        "largest": lambda x: layers.MaxPooling2D(3, 2, **options)(x),
        "mean": lambda x: layers.AveragePooling2D(3, 2, **options)(x),
        "mean of lines": lambda x: layers.AveragePooling1D(3, 2, **options)(lines(x)),
    }


def activations() -> dict[str, Branch]:
    names = (
        "relu6 leaky_relu elu selu gelu silu mish hard_sigmoid hard_silu sigmoid tanh softplus exponential "
        "softmax log_softmax celu hard_shrink"
    )
    if not backend.tensorflow().__version__.startswith("2.19."):  # whose LiteRT has none
        names += " softsign"
    return {name: lambda x, name=name: layers.Activation(name)(conv(x)) for name in names.split()}


def normalisations() -> dict[str, Branch]:
    return {
        "batch, in front": lambda x: conv(layers.BatchNormalization()(x)),
        "batch, behind": lambda x: layers.BatchNormalization()(layers.ReLU()(conv(x))),
        "batch, of blocks": lambda x: layers.BatchNormalization()(layers.ReLU()(blocks(x))),
        "layer": lambda x: layers.LayerNormalization()(conv(x)),
        "layer, of numbers": lambda x: layers.LayerNormalization()(layers.Dense(7)(layers.Flatten()(x))),
        "group": lambda x: layers.GroupNormalization(2)(conv(x)),
        "root mean square": lambda x: layers.RMSNormalization()(conv(x)),
        "unit": lambda x: layers.UnitNormalization()(conv(x)),
        "known": lambda x: layers.Normalization(mean=0.13, variance=0.095)(x),
    }


def functions() -> dict[str, Branch]:
    return {
        "of a number": lambda x: (lambda a: ops.sin(a) + ops.sqrt(ops.abs(a)) + ops.log1p(ops.exp(a)))(conv(x)),
        "steps": lambda x: (lambda a: ops.floor(a) + ops.sign(a) + ops.round(3 * a) + ops.square(a))(conv(x)),
        "of two": lambda x: (lambda a, b: ops.mod(a, 0.3) + ops.power(ops.abs(a) + 0.1, b) + a / (2 + ops.abs(b)))(
            conv(x), conv(x)
        ),
        "larger and smaller": lambda x: layers.Maximum()([conv(x), conv(x)]) + layers.Minimum()([conv(x), conv(x)]),
        "comparisons": lambda x: (
            ops.cast(ops.logical_and(conv(x) > 0, conv(x) <= 0.2), "float32") + 2.0 * x[:, 1:11, 1:11]
        ),
        "one or the other": lambda x: ops.where(conv(x) > 0.1, conv(x), 0.0),
        "limits": lambda x: ops.clip(conv(x), -0.1, 0.2),
        "sums": lambda x: ops.stack([one(conv(x), axis=1) for one in (ops.sum, ops.max, ops.min, ops.std)], axis=1),
        "sums so far": lambda x: ops.cumsum(conv(x), axis=1),
    }


def arrangements() -> dict[str, Branch]:
    return {
        "reflected": lambda x: ops.pad(x, [[0, 0], [1, 2], [2, 1], [0, 0]], mode="reflect"),
        "repeated": lambda x: ops.tile(layers.RepeatVector(3)(layers.Flatten()(x)), (1, 2, 1)),
        "slice of numbers": lambda x: layers.Flatten()(x)[:, 5:100:3],
        "borders": lambda x: layers.ZeroPadding2D(((1, 2), (3, 0)))(conv(x)),
        "cropped": lambda x: layers.Cropping2D(((1, 2), (3, 0)))(conv(x)),
        "nearest": lambda x: layers.UpSampling2D((2, 3))(conv(x)),
        "bilinear": lambda x: layers.UpSampling2D(2, interpolation="bilinear")(conv(x)),
        "resized": lambda x: layers.Resizing(7, 9)(x),
        "resized, bicubic": lambda x: layers.Resizing(17, 9, interpolation="bicubic")(x),
        "resized, nearest": lambda x: layers.Resizing(17, 9, interpolation="nearest")(x),
        "permuted": lambda x: layers.Dense(5)(layers.Permute((2, 1, 3))(x)),
        "channels first": lambda x: layers.MaxPooling2D(2, data_format="channels_first")(layers.Permute((3, 1, 2))(x)),
        "joined": lambda x: layers.Concatenate(axis=1)([conv(x), conv(x)]),
        "products": lambda x: layers.Dot(axes=2, normalize=True)([lines(x), lines(x)]),
        "parts": lambda x: (lambda parts: parts[0] * parts[2])(ops.split(layers.Conv2D(6, 3)(x), 3, axis=-1)),
        "slices": lambda x: conv(x)[:, 1:-1, ::2] + conv(x)[:, 3, None, :5],
        "mirrored": lambda x: ops.pad(conv(x), [[0, 0], [1, 2], [0, 3], [0, 0]], mode="symmetric"),
        "rolled": lambda x: ops.roll(ops.flip(conv(x), axis=1), 2, axis=2),
        "picked": lambda x: ops.take(conv(x), [1, 0, 3], axis=1),
        "in order": lambda x: ops.sort(conv(x), axis=-1),
        "with a constant": lambda x: ops.stack([x, ops.ones_like(x)], axis=1),
        "reciprocal": lambda x: 1 / (ops.abs(conv(x)) + 0.1) + ops.reciprocal(ops.exp(conv(x))),
        "in training alone": lambda x: layers.RandomRotation(0.1)(layers.GaussianNoise(0.1)(layers.Dropout(0.2)(x))),
        "attention": lambda x: layers.MultiHeadAttention(2, 4)(lines(x), lines(x)),
        "rows one after the other": lambda x: layers.Bidirectional(layers.LSTM(3))(few(x)),
        "rows, more simply": lambda x: layers.GRU(3, return_sequences=True)(few(x)),
        "slopes": lambda x: layers.PReLU(shared_axes=[1, 2])(conv(x)),
        "largest of all": lambda x: layers.GlobalMaxPooling2D(keepdims=True)(conv(x)),
        "sum of products": lambda x: ops.einsum("bhwc,bhwd->bcd", conv(x), conv(x)),
    }


FAMILIES: dict[str, dict[str, Branch]] = {
    "windows": windows("same") | {f"{name}, inside": branch for name, branch in windows("valid").items()},
    "activations": activations() | normalisations() | functions(),
    "arrangements": arrangements(),
}


def network(branches: dict[str, Branch]) -> Any:
    """One logit from each branch; weights, biases and normalisations as a trained network has them."""
    pixels = keras.Input((12, 12, 1), name="pixels")
    scaled = layers.Rescaling(1 / 255)(pixels)
    parts = [layers.Dense(1)(layers.Flatten()(branch(scaled))) for branch in branches.values()]
    logits = layers.Activation("linear", name="logits")(layers.Concatenate()(parts))
    model = keras.Model(pixels, layers.Softmax(name="probabilities")(logits))
    generator = np.random.default_rng(1)
    for weight in model.weights:
        if "float" in weight.dtype:
            apart = generator.normal(0, 0.1, weight.shape)
            value = weight.numpy() + (np.abs(apart) if "variance" in weight.path else apart)
            weight.assign(value)
    return model


def apart(model: Any, found: np.ndarray) -> np.ndarray:
    """How far what is found for the pictures is from what the network says of them, the most of each branch's logit.

    Args:
        model: From `network`.
        found: (6, branches) probabilities.
    """
    expected = model.predict(PICTURES.astype(np.float32), verbose=0)
    logits = np.log(found) - np.log(expected)
    return np.abs(logits - np.median(logits, axis=1, keepdims=True)).max(axis=0)  # but for what all share
