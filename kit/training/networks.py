"""The networks: name → builder, with its source's recipe as defaults.

Every network takes grey pixels 0 to 255 as they come, (n, height, width, 1), and returns probabilities that sum to 1.
A builder reads from input to last hidden layer; the scaling before and the softmax after are the same for all. Layer
names and starting weights follow from the arguments alone, so the same seed builds the same network in any process.
"""

import contextlib
import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit import KitError, backend
from kit.run.settings import Recipe
from kit.task import CAMERA, ROWS, Task
from kit.training.layers import Layers

if TYPE_CHECKING:
    import keras

    from kit.run.folder import Run
    from kit.training.own_network import OwnNetwork

DEFAULTS = {ROWS.examples: "kit", CAMERA.examples: "camera"}  # what is trained where no other network is named


@dataclass(frozen=True)
class Network:
    """One of kit's own networks."""

    name: str
    kind: str  # "dense" or "convolutional"
    parameters: int  # of the network for `task`
    source: str
    recipe: Recipe
    builder: Callable[[Layers, Any], Any]
    scaled: bool = True  # pixels are divided by 255 inside the network
    has_dropout: bool = True
    task: Task = ROWS  # what it is meant for; every network can be built for either

    def build(
        self,
        *,
        task: Task = ROWS,
        l2: float | None = None,
        dropout: float | None = None,
        seed: int = 0,
        precision: str = "float32",
    ) -> "keras.Model":
        """Builds it with fresh weights.

        Args:
            task: How large its pictures are, and which classes it tells apart.
            l2: Penalty on every kernel; None takes the recipe's.
            dropout: One rate for every dropout layer; None takes the network's own.
            seed: Draws the starting weights.
            precision: "float32", or "mixed_bfloat16" to compute in bfloat16 with float32 weights.

        Raises:
            KitError: It has no dropout to set.
        """
        if dropout is not None and not self.has_dropout:
            raise KitError(
                f"--dropout: {self.name} has no dropout layer; leave the option out or choose another network"
            )
        keras = backend.keras()
        layers = Layers(self.recipe.l2 if l2 is None else l2, dropout, seed, precision)
        inputs = keras.Input((task.size, task.size, 1), name="pixels")
        x = layers.rescale(inputs) if self.scaled else inputs
        outputs = layers.probabilities(self.builder(layers, x), task.classes)
        return keras.Model(inputs, outputs, name=self.name.replace("-", "_"))

    def check_same(self, one: "keras.Model", other: "keras.Model") -> None:
        """Each layer of kit's has a seed; tests see to it."""

    def blamed(self) -> Any:
        """A context that does nothing: no code in it is somebody's own."""
        return contextlib.nullcontext()

    def known(self) -> Any:
        """A context that does nothing: it has no classes but those of Keras."""
        return contextlib.nullcontext()


Arch = str | Path | Callable[..., Any]
"""A network: the name of one of kit's, a file that builds one, FILE.py or FILE.py:FUNCTION, or such a function."""

NETWORKS: dict[str, Network] = {}


def networks(
    file: Path | str | None = None, *, notify: Callable[[str], None] = lambda line: None
) -> "Sequence[Network | OwnNetwork]":
    """The networks that kit knows, the kit's own last; or those of a Python file that builds some.

    Raises:
        KitError: There is no such file, it fails, or it builds none; what is wrong with one beside others is told to
            `notify`.
    """
    if file is None:
        return list(NETWORKS.values())
    from kit.training import own_network  # imports NumPy, and a shell that completes a name waits for this file

    return own_network.read_all(file, notify)


def find(arch: Arch | None, task: Task = ROWS) -> "Network | OwnNetwork":
    """The network of that name, file or function; without any the one that is trained for the task.

    Raises:
        KitError: There is no such network, or it is none for this task; the message names the nearest, or the line.
    """
    from kit.training import own_network

    if callable(arch):
        return own_network.of_function(arch, task)
    if arch is not None and own_network.names_file(arch):
        return own_network.read(arch, task)
    return named(DEFAULTS[task.examples] if arch is None else str(arch))


def named(name: str) -> Network:
    """kit's own network of that name; KitError with the nearest name where there is none."""
    if name in NETWORKS:
        return NETWORKS[name]
    near = [f"{name}.py"] if Path(f"{name}.py").is_file() else []
    near += difflib.get_close_matches(name, NETWORKS, n=1, cutoff=0.4)
    advice = f"did you mean {near[0]}?" if near else f"choose from {', '.join(NETWORKS)}, or give a FILE.py"
    raise KitError(f"--arch {name}: no such network: {advice}")


def of_run(run: "Run", builder: Callable[..., Any] | None = None) -> "Network | OwnNetwork":
    """What a run's network is built by: the code that it keeps, where it is somebody's own.

    Args:
        run: The run.
        builder: The function, of a run whose code could not be kept.

    Raises:
        KitError: It keeps none and there is no function, or its code is not trusted here.
    """
    from kit.run import network_code
    from kit.training import own_network

    settings = run.settings
    if settings.function is None:
        return named(settings.arch)
    if settings.code is not None:
        return own_network.of_code(network_code.of_run(run.folder, settings.code), settings.function, run.task)
    if builder is None:
        raise KitError(
            f"{run}: its network was a function whose source could not be had: go on where it is defined, with "
            f"train(arch={settings.function}, resume={run.name!r}), or start a new training"
        )
    return own_network.of_function(builder, run.task)


def build(name: str, **options: Any) -> "keras.Model":
    """Builds the network of that name; options as `Network.build` has them."""
    return named(name).build(**options)


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
    """Pairs of 3 x 3 convolutions between pools, two dense layers of 512. Measured here: 99.3 % validation."""
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
    """Residual blocks, skipping by identity or by a 1 x 1 projection. Measured here: 99.3 % validation."""

    def block(x: Any, filters: int, strides: int = 1) -> Any:
        keeps_shape = strides == 1 and x.shape[-1] == filters
        skip = x if keeps_shape else layers.norm(layers.conv(x, filters, 1, strides=strides, relu=False, bias=False))
        inner = layers.conv_norm(x, filters, 3, strides=strides)
        inner = layers.norm(layers.conv(inner, filters, 3, padding="same", relu=False, bias=False))
        return layers.relu(layers.add(skip, inner))

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


def _measured(epochs: int) -> Recipe:
    """What the research of the best score came to: docs/networks.md."""
    return Recipe(
        epochs=epochs, batch_size=128, optimizer="muon", learning_rate=0.012, schedule="one-cycle", augment=True,
        label_smoothing=0.1,
    )  # fmt: skip


@_network("kit", "convolutional", 99_498, "this project: most accuracy per second of CPU", _measured(7))
def _kit(layers: Layers, x: Any) -> Any:
    """Halves the picture in its first convolution, so that what follows works on a quarter of the pixels.

    Measured here: 99.5 % out of fold, in less time than malireddi's recipe takes.
    """
    x = layers.conv_norm(x, 32, 5, strides=2)  # 14 x 14
    x = layers.max_pool(layers.conv_norm(x, 48, 3, padding="valid"))  # 6 x 6
    x = layers.conv_norm(x, 64, 3, padding="valid")
    x = layers.conv_norm(x, 96, 3, padding="valid")  # 2 x 2
    return layers.dropout(layers.global_average(x), 0.2)


@_network(
    "stack", "convolutional", 138_690, "this project: the most accurate, at three times the work of kit",
    _measured(14),
)  # fmt: skip
def _stack(layers: Layers, x: Any) -> Any:
    """Convolutions of 3 x 3 alone, the first two at full size, where the strokes are.

    8.6 million multiply-accumulates, three times those of kit.
    """
    x = layers.conv_norm(layers.conv_norm(x, 24, 3, padding="valid"), 32, 3, padding="valid")  # 24 x 24
    x = layers.max_pool(x)
    x = layers.conv_norm(layers.conv_norm(x, 64, 3, padding="valid"), 64, 3, padding="valid")  # 8 x 8
    x = layers.conv_norm(layers.max_pool(x), 128, 3, padding="valid")  # 2 x 2
    return layers.dropout(layers.global_average(x), 0.3)


@_network(
    "camera", "convolutional", 275_779, "this project: scenes as a phone sees them; at 96 x 96 with eleven classes",
    Recipe(epochs=26, batch_size=128, optimizer="muon", learning_rate=0.016, schedule="one-cycle", warm_up=0.12),
    has_dropout=False, task=CAMERA,
)  # fmt: skip
def _camera(layers: Layers, x: Any) -> Any:
    """Strides instead of pools: the first convolution sees every pixel, the others a ninth of them or less.

    No dropout: no scene comes twice. 14 million multiply-accumulates at 96 x 96.
    """
    x = layers.conv_norm(x, 24, 7, strides=3)  # 32 x 32
    for filters, strides in ((32, 2), (48, 1), (72, 2), (72, 1), (96, 2), (128, 1)):
        x = layers.conv_norm(x, filters, 3, strides=strides)
    return layers.global_average(x)
