"""The networks: name → builder, with its source's recipe as defaults.

Every network takes grey pixels 0 to 255 as they come, (n, height, width, 1), and returns probabilities that sum to 1.
A builder reads from input to last hidden layer; the scaling before and the softmax after are the same for all. Layer
names and starting weights follow from the arguments alone, so the same seed builds the same network in any process.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kit import KitError, backend
from kit.run.settings import Recipe
from kit.task import CAMERA, ROWS, Task

if TYPE_CHECKING:
    import keras

DEFAULTS = {ROWS: "kit", CAMERA: "camera"}  # what is trained for a task where no other network is named


@dataclass(frozen=True)
class Network:
    """One entry of the table that `kit networks` prints."""

    name: str
    kind: str  # "dense" or "convolutional"
    parameters: int  # of the network for `task`
    source: str
    recipe: Recipe
    builder: Callable[["Layers", Any], Any]
    scaled: bool = True  # pixels are divided by 255 inside the network
    has_dropout: bool = True
    task: Task = ROWS  # what it is meant for; every network can be built for either


NETWORKS: dict[str, Network] = {}


def networks() -> list[Network]:
    """The networks that kit knows, the kit's own last."""
    return list(NETWORKS.values())


def find(name: str) -> Network:
    """The network of that name; KitError with the nearest name where there is none."""
    if name in NETWORKS:
        return NETWORKS[name]
    near = difflib.get_close_matches(name, NETWORKS, n=1, cutoff=0.4)
    advice = f"did you mean {near[0]}?" if near else f"choose from {', '.join(NETWORKS)}"
    raise KitError(f"--arch {name}: no such network: {advice}")


def build(
    name: str,
    *,
    task: Task = ROWS,
    l2: float | None = None,
    dropout: float | None = None,
    seed: int = 0,
    precision: str = "float32",
) -> "keras.Model":
    """Builds a network with fresh weights.

    Args:
        name: A key of NETWORKS.
        task: How large its pictures are, and which classes it tells apart.
        l2: Penalty on every kernel; None takes the recipe's.
        dropout: One rate for every dropout layer; None takes the network's own.
        seed: Draws the starting weights.
        precision: "float32", or "mixed_bfloat16" to compute in bfloat16 with float32 weights.

    Raises:
        KitError: No such network, or it has no dropout to set.
    """
    network = find(name)
    if dropout is not None and not network.has_dropout:
        raise KitError(f"--dropout: {name} has no dropout layer; leave the option out or choose another network")
    keras = backend.keras()
    layers = Layers(network.recipe.l2 if l2 is None else l2, dropout, seed, precision)
    inputs = keras.Input((task.size, task.size, 1), name="pixels")
    x = layers.rescale(inputs) if network.scaled else inputs
    outputs = layers.probabilities(network.builder(layers, x), task.classes)
    return keras.Model(inputs, outputs, name=name.replace("-", "_"))


class Layers:
    """Keras layers with the options that hold for a whole network applied: L2, dropout rate, seeds, precision.

    Each method takes a tensor and returns one.
    """

    def __init__(self, l2: float, dropout: float | None, seed: int, precision: str) -> None:
        from keras import layers, regularizers

        self._keras = layers
        self._l2 = regularizers.L2(l2) if l2 else None
        self._dropout = dropout
        self._seed = seed * 1000  # room for a seed per layer
        self.precision = precision
        self._counts: dict[str, int] = {}

    def conv(
        self, x: Any, filters: int, size: int, *, padding: str = "valid", strides: int = 1, relu: bool = True,
        bias: bool = True,
    ) -> Any:  # fmt: skip
        return self._keras.Conv2D(
            filters, size, strides, padding, activation="relu" if relu else None, use_bias=bias, **self._weights("conv")
        )(x)

    def conv_norm(self, x: Any, filters: int, size: int, *, padding: str = "same", strides: int = 1) -> Any:
        """Convolution, batch normalisation, relu."""
        return self.relu(
            self.norm(self.conv(x, filters, size, padding=padding, strides=strides, relu=False, bias=False))
        )

    def depthwise(self, x: Any, size: int, *, strides: int = 1) -> Any:
        """One kernel a channel, without bias."""
        options = self._weights("depthwise", kernel="depthwise")
        return self._keras.DepthwiseConv2D(size, strides, "same", use_bias=False, **options)(x)

    def dense(self, x: Any, units: int, *, relu: bool = True) -> Any:
        return self._keras.Dense(units, activation="relu" if relu else None, **self._weights("dense"))(x)

    def dropout(self, x: Any, rate: float) -> Any:
        rate = rate if self._dropout is None else self._dropout
        return self._keras.Dropout(rate, seed=self.next_seed(), **self._named("dropout"))(x)

    def norm(self, x: Any) -> Any:
        """Batch normalisation with a short memory: an epoch has few steps here."""
        return self._keras.BatchNormalization(momentum=0.9, **self._named("norm"))(x)

    def relu(self, x: Any) -> Any:
        return self._keras.Activation("relu", **self._named("relu"))(x)

    def max_pool(self, x: Any) -> Any:
        return self._keras.MaxPooling2D(2, **self._named("pool"))(x)

    def average_pool(self, x: Any, size: int) -> Any:
        """In steps of one pixel: the picture keeps its size."""
        return self._keras.AveragePooling2D(size, 1, "same", **self._named("pool"))(x)

    def global_average(self, x: Any) -> Any:
        return self._keras.GlobalAveragePooling2D(**self._named("average"))(x)

    def flatten(self, x: Any) -> Any:
        return self._keras.Flatten(**self._named("flatten"))(x)

    def add(self, *branches: Any) -> Any:
        return self._keras.Add(**self._named("add"))(list(branches))

    def concatenate(self, *branches: Any) -> Any:
        return self._keras.Concatenate(**self._named("concatenate"))(list(branches))

    def rescale(self, x: Any) -> Any:
        """0 to 255 → 0 to 1."""
        return self._keras.Rescaling(1 / 255, **self._named("scale"))(x)

    def probabilities(self, x: Any, classes: int) -> Any:
        """The last layer; in float32 whatever the precision, because a softmax in bfloat16 does not sum to 1."""
        logits = self._keras.Dense(classes, **self._weights("dense") | {"name": "logits"})(x)
        return self._keras.Softmax(name="probabilities", dtype="float32")(logits)

    def _named(self, kind: str) -> dict[str, Any]:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return {"name": f"{kind}{self._counts[kind]}", "dtype": self.precision}

    def _weights(self, kind: str, kernel: str = "kernel") -> dict[str, Any]:
        from keras import initializers

        start = initializers.GlorotUniform(seed=self.next_seed())  # Keras' default, with a seed of its own
        return {f"{kernel}_initializer": start, f"{kernel}_regularizer": self._l2, **self._named(kind)}

    def next_seed(self) -> int:
        """The seed of the next layer that draws."""
        self._seed += 1
        return self._seed % 2**31


def _network(
    name: str,
    kind: str,
    parameters: int,
    source: str,
    recipe: Recipe,
    *,
    scaled: bool = True,
    has_dropout: bool = True,
    task: Task = ROWS,
) -> Callable[[Callable[[Layers, Any], Any]], Callable[[Layers, Any], Any]]:
    def register(builder: Callable[[Layers, Any], Any]) -> Callable[[Layers, Any], Any]:
        NETWORKS[name] = Network(name, kind, parameters, source, recipe, builder, scaled, has_dropout, task)
        return builder

    return register


_MALIREDDI = Recipe(epochs=10, batch_size=200, patience=1, monitor="accuracy")


@_network(
    "dense", "dense", 16_175, "20-15-10 units, L2, pixels as they come",
    Recipe(epochs=50, batch_size=128, l2=0.01), scaled=False, has_dropout=False,
)  # fmt: skip
def _dense(layers: Layers, x: Any) -> Any:
    """784-20-15-10 with L2 0.01 on every layer, on pixels that are not scaled.

    Its source reports 96.48 % training and 94.63 % validation accuracy.
    """
    x = layers.flatten(x)
    x = layers.dense(x, 20)
    return layers.dense(x, 15)


@_network(
    "dense-wide", "dense", 669_706, "Keras' MLP example: 512-512-10 units, dropout",
    Recipe(epochs=20, batch_size=128, optimizer="rmsprop"),
)  # fmt: skip
def _dense_wide(layers: Layers, x: Any) -> Any:
    """784-512-512-10 with dropout 0.2 twice. Its source reports 98 %, 2.7 MB as Core ML."""
    x = layers.flatten(x)
    x = layers.dropout(layers.dense(x, 512), 0.2)
    return layers.dropout(layers.dense(x, 512), 0.2)


@_network("malireddi", "convolutional", 94_602, "S. R. Malireddi, Keras to Core ML", _MALIREDDI)
def _malireddi(layers: Layers, x: Any) -> Any:
    """Three convolutions, each with pooling and dropout. Its source reports 99.35 to 99.5 % after 20 to 30 epochs."""
    x = layers.dropout(layers.max_pool(layers.conv(x, 32, 5)), 0.5)
    x = layers.dropout(layers.max_pool(layers.conv(x, 64, 3)), 0.2)
    x = layers.dropout(layers.max_pool(layers.conv(x, 128, 1)), 0.2)
    return layers.dense(layers.flatten(x), 128)


@_network("chollet", "convolutional", 1_199_882, "F. Chollet, Keras' MNIST CNN example", _MALIREDDI)
def _chollet(layers: Layers, x: Any) -> Any:
    """Two convolutions and a large dense layer. Its source reports 4.8 MB, three times slower than malireddi."""
    x = layers.conv(layers.conv(x, 32, 3), 64, 3)
    x = layers.dropout(layers.max_pool(x), 0.25)
    return layers.dropout(layers.dense(layers.flatten(x), 128), 0.5)


@_network(
    "liip", "convolutional", 158_086, "Liip, Numbers recognition with Core ML",
    Recipe(epochs=6, batch_size=512, optimizer="adadelta", learning_rate=1.0),
)  # fmt: skip
def _liip(layers: Layers, x: Any) -> Any:
    """Three small convolutions and a wide dense layer. Its source reports 98 %."""
    x = layers.max_pool(layers.conv(x, 32, 3, padding="same"))
    x = layers.max_pool(layers.conv(x, 32, 2, padding="same"))
    x = layers.max_pool(layers.conv(x, 32, 2, padding="same"))
    x = layers.dense(layers.flatten(layers.dropout(x, 0.3)), 500)
    return layers.dropout(x, 0.4)


def _one_cycle(epochs: int, learning_rate: float = 0.004) -> Recipe:
    return Recipe(epochs=epochs, batch_size=128, learning_rate=learning_rate, schedule="one-cycle", augment=True)


@_network("vgg", "convolutional", 528_786, "Simonyan & Zisserman 2014: pairs of 3x3", _one_cycle(5, 0.003))
def _vgg(layers: Layers, x: Any) -> Any:
    """Pairs of 3 x 3 convolutions between pools, two dense layers of 512. Measured here: 99.2 % validation."""
    for filters, padding in ((8, "valid"), (24, "same"), (48, "same")):
        x = layers.conv_norm(layers.conv_norm(x, filters, 3, padding=padding), filters, 3, padding=padding)
        x = layers.max_pool(x)
    x = layers.dropout(layers.flatten(x), 0.2)
    x = layers.dropout(layers.dense(x, 512), 0.3)
    return layers.dropout(layers.dense(x, 512), 0.3)


@_network("inception", "convolutional", 43_106, "Szegedy et al. 2014: parallel branches", _one_cycle(6))
def _inception(layers: Layers, x: Any) -> Any:
    """1 x 1, 3 x 3, 5 x 5 and pooling side by side, reduced by 1 x 1 before. Measured here: 99.1 % validation."""

    def module(x: Any, ones: int, reduced: int, threes: int, fives: int, pooled: int) -> Any:
        return layers.concatenate(
            layers.conv_norm(x, ones, 1),
            layers.conv_norm(layers.conv_norm(x, reduced, 1), threes, 3),
            layers.conv_norm(layers.conv_norm(x, 8, 1), fives, 5),
            layers.conv_norm(layers.average_pool(x, 3), pooled, 1),
        )

    x = layers.max_pool(layers.conv_norm(layers.conv_norm(x, 24, 5, strides=2), 32, 3))  # 7 x 7
    x = module(x, ones=16, reduced=16, threes=32, fives=16, pooled=16)
    x = module(x, ones=32, reduced=24, threes=64, fives=16, pooled=16)
    return layers.dropout(layers.global_average(x), 0.3)


@_network("resnet", "convolutional", 152_922, "He et al. 2015: residual blocks", _one_cycle(6))
def _resnet(layers: Layers, x: Any) -> Any:
    """Residual blocks, skipping by identity or by a 1 x 1 projection. Measured here: 99.2 % validation."""

    def block(x: Any, filters: int, strides: int = 1) -> Any:
        keeps_shape = strides == 1 and x.shape[-1] == filters
        skip = x if keeps_shape else layers.norm(layers.conv(x, filters, 1, strides=strides, relu=False, bias=False))
        inner = layers.conv_norm(x, filters, 3, strides=strides)
        inner = layers.norm(layers.conv(inner, filters, 3, padding="same", relu=False, bias=False))
        return layers.relu(layers.add(inner, skip))

    x = layers.conv_norm(x, 16, 5, strides=2)  # 14 x 14
    for filters, strides in ((16, 1), (32, 2), (64, 2), (64, 1)):
        x = block(x, filters, strides)
    return layers.dropout(layers.global_average(x), 0.2)


@_network("mobilenet", "convolutional", 34_154, "Howard et al. 2017: depthwise separable", _one_cycle(7))
def _mobilenet(layers: Layers, x: Any) -> Any:
    """Depthwise separable convolutions: 3 x 3 a channel, then 1 x 1 across. Measured here: 99.0 % validation."""
    x = layers.conv_norm(x, 24, 5, strides=2)  # 14 x 14
    for filters, strides in ((48, 1), (96, 2), (96, 1), (128, 2)):
        x = layers.relu(layers.norm(layers.depthwise(x, 3, strides=strides)))
        x = layers.conv_norm(x, filters, 1)
    return layers.dropout(layers.global_average(x), 0.3)


@_network(
    "kit", "convolutional", 99_498, "this project: most accuracy per second of CPU",
    _one_cycle(7),
)  # fmt: skip
def _kit(layers: Layers, x: Any) -> Any:
    """Halves the picture in its first convolution, so that what follows works on a quarter of the pixels.

    Measured here: 99.4 to 99.6 % validation, by the rows drawn, in two thirds of the time of malireddi's recipe.
    """
    x = layers.conv_norm(x, 32, 5, strides=2)  # 14 x 14
    x = layers.max_pool(layers.conv_norm(x, 48, 3, padding="valid"))  # 6 x 6
    x = layers.conv_norm(x, 64, 3, padding="valid")
    x = layers.conv_norm(x, 96, 3, padding="valid")  # 2 x 2
    return layers.dropout(layers.global_average(x), 0.2)


@_network(
    "camera", "convolutional", 272_667, "this project: scenes as a phone sees them; at 64 x 64 with eleven classes",
    Recipe(epochs=40, batch_size=128, optimizer="muon", learning_rate=0.016, schedule="one-cycle", warm_up=0.12),
    has_dropout=False, task=CAMERA,
)  # fmt: skip
def _camera(layers: Layers, x: Any) -> Any:
    """Strides instead of pools: every convolution but the first works on a sixteenth of the pixels or less.

    No dropout: no scene comes twice. 13 million multiply-accumulates at 64 x 64.
    """
    x = layers.conv_norm(x, 16, 5, strides=2)  # 32 x 32
    for filters, strides in ((32, 2), (48, 1), (72, 2), (72, 1), (96, 2), (128, 1)):
        x = layers.conv_norm(x, filters, 3, strides=strides)
    return layers.global_average(x)
