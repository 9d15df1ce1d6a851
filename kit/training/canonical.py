"""Any Keras classifier of single digits → the one form that kit trains, stores, judges and exports.

That form is a functional network of layers that lie side by side, none inside another: it takes grey pixels 0 to 255,
(n, size, size, 1), from a layer called pixels; scales them itself; and ends in logits, whose input is the last hidden
layer, and their softmax, probabilities.
"""

import copy
import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from kit import KitError, backend
from kit.run.keras_file import RUN_CODE
from kit.task import Task
from kit.training.channels import channels_last
from kit.training.layers import Layers
from kit.training.pixels import AS_THEY_COME, UNIT, Pixels

if TYPE_CHECKING:
    import keras

PIXELS, LOGITS, PROBABILITIES = "pixels", "logits", "probabilities"  # the layers that every network has
_FRONT_LAYERS = re.compile(
    "Rescaling|Normalization|Reshape|Flatten|Permute|Identity|Resizing|ZeroPadding2D|Cropping2D|CenterCrop|Random.*"
    "|Gaussian.*|(Spatial)?Dropout.*"
)
_FRONT_OPERATIONS = re.compile(
    "Add|Cast|Divide|ExpandDims|Flip|Multiply|Pad|Ravel|Reshape|Squeeze|Subtract|Transpose|TrueDivide"
)
_SHADES = np.array([0, 255])  # paper and ink
_ENOUGH = 1e-4  # how near to 1 probabilities sum
_LEAST = 1e-7  # of a probability, before its logarithm is taken
_NOT_STORED = "kit stores no code inside a network: use keras.ops or a layer class instead"

T = TypeVar("T")
Refusal = Callable[[str], KitError]
"""What is wrong with a network → the error that says whose network it is."""


class Copies:
    """The layers of a network made anew, with their weights or with fresh ones.

    Args:
        fresh: Draws the starting weights, and has the options that hold for the whole network; None keeps the weights.
        l2: Penalty on every kernel; 0 leaves those that the layers have.
        dropout: One rate for every dropout layer; None leaves theirs.
        prefix: Of every layer's name, so that copies of several networks in kit's form can lie in one.
    """

    def __init__(
        self, fresh: Layers | None = None, *, l2: float = 0, dropout: float | None = None, prefix: str = ""
    ) -> None:
        self.fresh, self.dropouts, self._prefix = fresh, 0, prefix
        self._l2, self._dropout = l2, dropout
        self._made: dict[int, Any] = {}  # a layer that is used twice is one layer
        self._names = {PIXELS, LOGITS, PROBABILITIES}
        self._counts: dict[str, int] = {}
        self._kept: list[tuple[Any, Any]] = []

    def of(self, operation: Any, *, name: str | None = None, **changed: Any) -> Any:
        """A layer or operation like this one, under a name that follows from its place alone."""
        if id(operation) not in self._made:
            config = _plain(operation.get_config()) | changed
            if "name" in config or name:
                config["name"] = name or self._name(operation)
            if self.fresh:
                self._refresh(operation, config)
            made = self._made[id(operation)] = type(operation).from_config(config)
            self._kept.append((made, operation))
        return self._made[id(operation)]

    def take_weights(self) -> None:
        """Gives every copy the weights of what it is a copy of."""
        for made, original in self._kept:
            if getattr(original, "weights", None):
                made.set_weights(original.get_weights())

    def _name(self, operation: Any) -> str:
        """Its own, or, where Keras made one of its class and a number, the same with the number counted here."""
        if self._prefix:  # what is in kit's form has been named already
            return self._prefix + str(operation.name)
        kind = _snake_case(type(operation).__name__)
        base = kind if re.fullmatch(rf"{kind}(_\d+)?", operation.name) else operation.name
        while True:
            self._counts[base] = self._counts.get(base, 0) + 1
            name = base if self._counts[base] == 1 else f"{base}_{self._counts[base] - 1}"
            if name not in self._names:
                self._names.add(name)
                return name

    def _refresh(self, layer: Any, config: dict[str, Any]) -> None:
        assert self.fresh
        policy = config.get("dtype")
        policy = policy["config"].get("name") if isinstance(policy, dict) else policy  # some layers say its name alone
        if policy == "float32" and hasattr(layer, "dtype_policy"):
            config["dtype"] = self.fresh.precision
        for key in config if self._l2 else ():
            if re.fullmatch("(.*kernel|depthwise|pointwise)_regularizer", key):
                config[key] = {"module": "keras.regularizers", "class_name": "L2", "config": {"l2": self._l2}}
        if re.fullmatch(r".*Dropout(\dD)?", type(layer).__name__):
            self.dropouts += 1
            if self._dropout is not None:
                config["rate"] = self._dropout
        # What has layers inside may give all of them one initializer, and with its seed the same weights.
        if len(list(getattr(layer, "_flatten_layers", list)())) == 1:
            for part in (config, *(value["config"] for value in config.values() if _is_object(value))):
                if "seed" in part and part["seed"] is None:
                    part["seed"] = self.fresh.next_seed()


def canonical(
    model: "keras.Model",
    task: Task,
    copies: Copies,
    *,
    name: str,
    pixels: Pixels | None = None,
    refused: Refusal = KitError,
    sigmoid: bool = False,
) -> "keras.Model":
    """A classifier in kit's form.

    Args:
        model: Functional or sequential; takes (n, size, size, 1), (n, size, size), (n, size × size) or
            (n, 1, size, size), and gives (n, classes) logits, or probabilities that sum to 1.
        task: Says size and classes.
        copies: Makes its layers anew.
        name: What the network is to be called.
        pixels: What is made of pixels before they reach it; by default they are divided by 255, unless it scales
            them itself.
        refused: Makes the error where the network is not what it must be.
        sigmoid: Take ten sigmoids too, for the softmax of what they are made of.

    Raises:
        KitError: Its inputs, outputs or scaling are not those of the task, or a layer cannot be made anew.
    """
    keras = backend.keras()
    model = channels_last(_functional(model, task, refused))
    check_shapes(model, task, refused)
    if pixels is None:
        pixels = wanted_pixels(model, refused)
    elif copies.fresh:  # one that was trained with a doubled scaling may have learned to live with it
        _check_span(model, pixels, refused)
    taken = keras.Input((task.size, task.size, 1), name=PIXELS)
    x = taken
    if pixels is not AS_THEY_COME:
        policy = copies.fresh.precision if copies.fresh else None
        x = keras.layers.Rescaling(pixels.scale, pixels.offset, name="scale", dtype=policy)(x)
    x = _shaped(x, model.input_shape[1:], task.size)
    try:
        logits = _logits(model, x, copies, task.classes, refused, sigmoid)
    except NotImplementedError as error:  # Keras' word where a class says nothing of its arguments
        raise refused(
            f"a layer cannot be stored: {str(error).split(' and therefore')[0].strip()}: give it get_config()"
        ) from error
    probabilities = keras.layers.Softmax(name=PROBABILITIES, dtype="float32")(logits)
    made = keras.Model(taken, probabilities, name=_scope(name))
    if not copies.fresh:
        copies.take_weights()
    return made


def _scope(name: str) -> str:
    """A name like this that TensorFlow takes for a scope: ASCII, a letter or digit first."""
    return re.sub(r"\W", "_", name, flags=re.ASCII).lstrip("_") or "network"


def averaged(models: Sequence["keras.Model"]) -> "keras.Model":
    """The network in kit's form whose probabilities are the mean of those of several networks in it.

    It has copies of their layers, with their weights; the first network's are called fold1_conv1 and so on.
    """
    keras = backend.keras()
    taken = keras.Input(models[0].input_shape[1:], name=PIXELS)
    each = []
    for number, model in enumerate(models, 1):
        copies = Copies(prefix=_prefix(number))
        each += _replayed(model.outputs, {id(model.inputs[0]): taken}, copies, KitError)
        copies.take_weights()
    together = keras.layers.Concatenate(name="together")(each)
    parted = keras.layers.Reshape((len(each), each[0].shape[-1]), name="parted")(together)
    mean = keras.layers.GlobalAveragePooling1D(name="mean")(parted)  # sums of tensors become other things in Core ML
    logits = keras.layers.Activation("linear", name=LOGITS)(_logarithm(mean))
    probabilities = keras.layers.Softmax(name=PROBABILITIES, dtype="float32")(logits)
    return keras.Model(taken, probabilities, name=models[0].name)


def member(model: "keras.Model", number: int) -> "keras.Model":
    """The network of that number, from 1, among those that `averaged` has put into one."""
    return backend.keras().Model(model.inputs[0], model.get_layer(_prefix(number) + PROBABILITIES).output)


def of_member(layers: dict[str, T], number: int) -> dict[str, T]:
    """What belongs to the layers of that network, by the names that they had before; by their names in the one."""
    prefix = _prefix(number)
    return {name.removeprefix(prefix): value for name, value in layers.items() if name.startswith(prefix)}


def wanted_pixels(model: "keras.Model", refused: Refusal = KitError) -> Pixels:
    """As they come for a network that scales them itself, from 0 to 1 for one that does not.

    Raises:
        KitError: It scales them twice.
    """
    return UNIT if _check_span(model, AS_THEY_COME, refused) > 20 else AS_THEY_COME


def calls(outputs: list[Any]) -> list[Any]:
    """The nodes of a graph that its outputs are computed by, in the order in which a reader would write them.

    A node is one call of a layer or operation. What comes first among the arguments comes first, whole.
    """
    order: list[Any] = []
    seen: set[int] = set()
    stack = [(_node(tensor), False) for tensor in reversed(outputs)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack += [(_node(tensor), False) for tensor in reversed(node.input_tensors)]
    return order


def seed_states(model: "keras.Model") -> list[Any]:
    """The variables that its random layers draw from, in the order of its layers."""
    weights = {id(weight) for weight in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights and variable.shape == (2,)]


def _node(tensor: Any) -> Any:
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index]


def _functional(model: Any, task: Task | None, refused: Refusal) -> Any:
    """A network whose graph can be walked; a sequential one that does not know its input gets the task's."""
    keras = backend.keras()
    if isinstance(model, keras.Sequential):
        if task and not model.built:
            model.build((None, task.size, task.size, 1))
        return keras.Model(model.inputs[0], model.outputs[0]) if len(model.inputs) == 1 else model
    if not hasattr(model, "operations"):
        raise refused(
            f"{type(model).__name__} is a subclass of keras.Model, whose layers cannot be seen: "
            "build it as keras.Model(inputs, outputs) or keras.Sequential"
        )
    return model


def check_shapes(model: Any, task: Task, refused: Refusal) -> None:
    """Raises what `refused` makes where a network does not take a task's pictures or give its classes."""
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise refused(f"it has {len(model.inputs)} inputs and {len(model.outputs)} outputs, where one of each belongs")
    size, taken, given = task.size, model.inputs[0].shape[1:], model.outputs[0].shape[1:]
    if taken not in ((size, size, 1), (size, size), (size * size,), (1, size, size)):
        raise refused(f"it takes {_words(taken)}, where pictures of {size} x {size} x 1 pixels belong")
    if None in given or math.prod(given) != task.classes or not given:
        raise refused(f"it gives {_words(given)} numbers, where {task.classes} classes belong")


def _check_span(model: Any, pixels: Pixels, refused: Refusal) -> float:
    """How far apart paper and ink are where the first layer with weights sees them."""
    span, where = 0.0, (0.0, 0.0)
    for tensor in _front(model):
        shades = np.stack(
            [np.full(model.inputs[0].shape[1:], shade * pixels.scale + pixels.offset) for shade in _SHADES]
        )
        seen = backend.keras().Model(model.inputs[0], tensor)(shades, training=False)
        low, high = np.asarray(seen, np.float32)
        centre = tuple(length // 2 for length in low.shape)  # borders may have been added
        if abs(high[centre] - low[centre]) >= span:
            span, where = float(abs(high[centre] - low[centre])), (float(low[centre]), float(high[centre]))
    if span < 0.2:
        raise refused(
            f"its first layers turn pixels from 0 to 255 into {where[0]:.2g} to {where[1]:.2g}: "
            "they are scaled twice: take one scaling out"
        )
    return span


def _front(model: Any) -> Iterator[Any]:
    """The tensors that the first layers with weights take: pixels, scaled and turned into shape by what is before."""
    front = {id(model.inputs[0])}
    found: dict[int, Any] = {}
    for node in calls(model.outputs):
        if node.is_input:
            continue
        taken = [tensor for tensor in node.input_tensors if id(tensor) in front]
        if taken and len(taken) == len(node.input_tensors) and _is_front(node.operation):
            front |= {id(tensor) for tensor in node.output_tensors}
        else:
            found |= {id(tensor): tensor for tensor in taken}
    return iter(found.values())


def _is_front(operation: Any) -> bool:
    keras = backend.keras()
    if isinstance(operation, keras.layers.Activation):
        return operation.get_config()["activation"] == "linear"
    names = _FRONT_LAYERS if isinstance(operation, keras.layers.Layer) else _FRONT_OPERATIONS
    return bool(names.fullmatch(type(operation).__name__))


def _shaped(x: Any, wanted: tuple[int, ...], size: int) -> Any:
    """Pictures (n, size, size, 1) in the shape that a network takes: their numbers lie in the same order."""
    keras = backend.keras()
    return x if wanted == (size, size, 1) else keras.layers.Reshape(wanted, name="shape")(x)


def _logits(model: Any, x: Any, copies: Copies, classes: int, refused: Refusal, sigmoid: bool) -> Any:
    """What the softmax is to be taken of, by the network's own layers on `x`; its layer is called logits."""
    keras = backend.keras()
    made = {id(model.inputs[0]): x}
    end, output = _end(model.outputs[0])
    if end == "sigmoid" and not sigmoid:
        raise refused("it ends in a sigmoid, whose numbers do not sum to 1: end it in a softmax or in none")
    node = _node(output)
    last = node.operation
    if isinstance(last, keras.layers.Dense) and len(node.input_tensors[0].shape) == 2:
        own = last.get_config()["activation"]
        if end in ("", "linear") or own == "linear":
            if own == "sigmoid" and not sigmoid:
                raise refused("it ends in a sigmoid, whose numbers do not sum to 1: end it in a softmax or in none")
            if own in ("linear", "softmax", "log_softmax", "sigmoid"):
                before = _replayed(node.input_tensors, made, copies, refused)
                return copies.of(last, name=LOGITS, activation="linear")(before[0])
        if own == "softmax" and copies.fresh:
            raise refused("it ends in a softmax of a softmax: take one out")
    [x] = _replayed([output], made, copies, refused)
    if len(x.shape) > 2:
        x = keras.layers.Flatten(name="classes")(x)
    if end in ("", "linear") and _sums_to_one(model):
        x = _logarithm(x)
    return keras.layers.Activation("linear", name=LOGITS)(x)


def _end(output: Any) -> tuple[str, Any]:
    """The activation that a network ends in, where it is a layer or operation of its own, and what it is taken of."""
    operation = _node(output).operation
    config = operation.get_config() if isinstance(operation, backend.keras().layers.Layer) else {}
    kind = type(operation).__name__
    kind = config["activation"] if kind == "Activation" else kind.lower().replace("logsoftmax", "log_softmax")
    if kind in ("softmax", "log_softmax", "linear", "identity", "sigmoid"):
        return kind.replace("identity", "linear"), _node(output).input_tensors[0]
    return "", output


def _sums_to_one(model: Any) -> bool:
    """Whether what it gives are probabilities, by what it says of pictures at random."""
    pictures = np.random.default_rng(0).uniform(size=(4, *model.inputs[0].shape[1:])).astype(np.float32)
    found = np.asarray(model(pictures, training=False), np.float64).reshape(len(pictures), -1)
    return bool((found >= 0).all() and (abs(found.sum(axis=1) - 1) < _ENOUGH).all())


def _replayed(outputs: list[Any], made: dict[int, Any], copies: Copies, refused: Refusal) -> list[Any]:
    """What a graph gives, computed by copies of its layers from the tensors that are made already."""
    keras = backend.keras()
    for node in calls(outputs):
        if all(id(tensor) in made for tensor in node.output_tensors):
            continue
        operation = node.operation
        if node.is_input:
            raise refused(f"it takes more than pictures: {node.output_tensors[0].name}")
        if type(operation).__name__ in RUN_CODE:
            raise refused(f"layer {operation.name} is a {type(operation).__name__}: {_NOT_STORED}")
        args, kwargs = node.arguments.fill_in(made)
        if isinstance(operation, keras.Model):
            inner = _functional(operation, None, refused)
            if kwargs.get("training") is not None:
                raise refused(f"{operation.name} is called with training={kwargs['training']}: set trainable=False")
            inside = dict(zip(map(id, inner.inputs), keras.tree.flatten((args, kwargs)), strict=False))
            results = _replayed(inner.outputs, inside, copies, refused)
        else:
            results = keras.tree.flatten(_again(operation, copies, refused)(*args, **kwargs))
        made.update(zip(map(id, node.output_tensors), results, strict=True))
    return [made[id(tensor)] for tensor in outputs]


def _again(operation: Any, copies: Copies, refused: Refusal) -> Any:
    try:
        return copies.of(operation)
    except NotImplementedError:  # it says so itself
        raise
    except Exception as error:  # whatever its class raises of what it gave as its configuration
        what = f"layer {operation.name} ({type(operation).__name__})"
        raise refused(f"{what} cannot be loaded again, once it is saved: {backend.reason(error)}") from error


def _prefix(number: int) -> str:
    return f"fold{number}_"


def _logarithm(probabilities: Any) -> Any:
    keras = backend.keras()
    return _named(keras.ops.log(_named(keras.ops.maximum(probabilities, _LEAST), "more_than_none")), "logarithm")


def _named(tensor: Any, name: str) -> Any:
    """The tensor, whose operation has a name of Keras' that counts on; now one that follows from its place alone."""
    tensor._keras_history.operation.name = name
    return tensor


def _plain(config: Any) -> Any:
    """A copy in plain containers: those that belong to a layer follow it, and cannot be copied."""
    if isinstance(config, dict):
        return {key: _plain(value) for key, value in config.items()}
    if isinstance(config, list):
        return [_plain(value) for value in config]
    return copy.deepcopy(config)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("config"), dict)


def _snake_case(name: str) -> str:
    """As Keras names the layers of a class."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _words(shape: tuple[int | None, ...]) -> str:
    return " x ".join("any" if length is None else str(length) for length in shape) or "single"
