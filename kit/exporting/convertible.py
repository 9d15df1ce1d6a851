"""What of somebody's own network will not become a model for an app, said of its layers, before anybody trains it."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kit import KitError, backend
from kit.exporting import coreml, evaluator, graph, portable
from kit.exporting.formats import DEFAULT_TARGETS, SUFFIXES, TARGETS
from kit.exporting.requirements import require
from kit.exporting.tensors import AGAIN
from kit.files import scratch
from kit.task import Task

if TYPE_CHECKING:
    import keras

_PICTURES = 4  # random ones, which both must read alike
_APART = 0.01  # of a probability; what float32 loses is far less, and another operation far more
_AUGMENTATION = "it is for training alone: leave it out, kit train moves the digits by its own options"
_REMEDIES = {  # a layer's class → what to take for it
    "Discretization": "scale the pixels by Rescaling",
    "Lambda": "write its function as a layer of its own, or by keras.ops",
    **dict.fromkeys(("RandomCrop", "RandomSharpness"), _AUGMENTATION),
}


@dataclass(frozen=True)
class Form:
    """What a network is to become: one of the formats and, of Core ML, the oldest system that must run it."""

    format: str = "mlprogram"
    target: str | None = None

    def __str__(self) -> str:
        return {"tflite": "LiteRT", "onnx": "ONNX"}.get(self.format, "Core ML")


def obstacles(model: "keras.Model", task: Task, form: Form = Form()) -> list[str]:
    """What keeps a network from becoming an app's model, one line for each layer that does; empty where nothing does.

    The whole network is converted in float32, read back and computed by NumPy for a few pictures, as an export is: some
    two seconds. Where that fails, its layers are tried on their own, the half of them at a time that fails.

    Args:
        model: Takes pixels (n, size, size, 1), 0 to 255; ends in the layers "logits" and "probabilities".
        task: What it reads.
        form: What it is to become.

    Raises:
        KitError: What makes such models is not here, so nothing can be said.
    """
    require(form.format)
    reason = _reason(model, task, form)
    if not reason:
        return []
    try:
        steps = _steps(model)
    except Exception:  # a layer of the user's own that cannot be made again from its configuration
        steps = []
    return [step.line(reason) for step, reason in _offending(steps, task, form)] or [f"the network: {reason}"]


@dataclass(frozen=True)
class _Step:
    """A layer or operation of a network, and what it takes there.

    Attributes:
        name: Its name in the network.
        layer: One like it, not built yet.
        given: What it is called with: arguments by place and by name.
    """

    name: str
    layer: Any
    given: tuple[Any, ...]

    @property
    def key(self) -> str:
        """What two steps share that become the same."""
        config = {name: value for name, value in self.layer.get_config().items() if name != "name"}
        return json.dumps([type(self.layer).__name__, config, self.given], default=_shown, sort_keys=True)

    def line(self, reason: str) -> str:
        kind = type(self.layer).__name__
        remedy = f": {_REMEDIES[kind]}" if kind in _REMEDIES else ""
        return f"layer {self.name} ({kind}): {reason}{remedy}"

    def after(self, pixels: Any) -> list[Any]:
        """What it makes of numbers that follow from the pixels: each of its results, flat."""
        keras = backend.keras()
        pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(pixels))

        def like(tensor: Any) -> Any:
            if not isinstance(tensor, keras.KerasTensor):
                return tensor
            shape = tensor.shape[1:]
            values = keras.layers.Dense(math.prod(shape), kernel_initializer=keras.initializers.RandomNormal(0, 1, 0))
            made = keras.layers.Reshape(shape)(values(pooled))
            return made if tensor.dtype == made.dtype else keras.ops.cast(made, tensor.dtype)

        arguments, options = keras.tree.map_structure(like, self.given)
        config = self.layer.get_config()
        if "name" in config:  # Keras may give its name to one of those around it
            config["name"] = f"tried_{self.name}"
        layer = type(self.layer).from_config(config)
        results = keras.tree.flatten(layer(*arguments, **options))
        return [keras.layers.Flatten()(keras.ops.cast(result, "float32")) for result in results]


def _shown(value: Any) -> str:
    """A value of a configuration, or a tensor by its shape, in words."""
    return f"{value.dtype} {value.shape}" if hasattr(value, "shape") else repr(value)


def _steps(model: "keras.Model") -> list[_Step]:
    """The layers of a network in order, those that are alike once; all but what gives the probabilities."""
    keras = backend.keras()
    found = dict[str, _Step]()

    def noted(layer: Any, *arguments: Any, **options: Any) -> Any:
        if layer.name not in ("logits", "probabilities"):
            step = _Step(layer.name, layer, (arguments, options))
            found.setdefault(step.key, step)
        return layer(*arguments, **options)

    keras.models.clone_model(model, call_function=noted, clone_function=_again)
    return list(found.values())


def _again(layer: Any) -> Any:
    return type(layer).from_config(layer.get_config())


def _offending(steps: Sequence[_Step], task: Task, form: Form) -> list[tuple[_Step, str]]:
    """The steps that do not convert on their own, each with the reason."""
    reason = _reason_of(steps, task, form) if steps else ""
    if not reason:
        return []
    if len(steps) == 1:
        return [(steps[0], reason)]
    middle = len(steps) // 2
    return [*_offending(steps[:middle], task, form), *_offending(steps[middle:], task, form)]


def _reason_of(steps: Sequence[_Step], task: Task, form: Form) -> str:
    """Why a network that has these steps side by side does not convert; empty where it does."""
    keras = backend.keras()
    pixels = keras.Input((task.size, task.size, 1), name="pixels")
    try:
        results = [result for step in steps for result in step.after(pixels)]
        joined = keras.layers.Concatenate()(results) if len(results) > 1 else results[0]
        logits = keras.layers.Dense(task.classes, name="logits")(joined)
        network = keras.Model(pixels, keras.layers.Softmax(name="probabilities")(logits))
    except Exception:  # it cannot stand alone; what is wrong is not known to be of Core ML
        return ""
    return _reason(network, task, form)


def _reason(model: "keras.Model", task: Task, form: Form) -> str:
    """Why a network does not become a model that computes the same; empty where it does."""
    pictures = np.random.default_rng(0).integers(0, 256, (_PICTURES, task.size, task.size, 1)).astype(np.uint8)
    try:
        found = (_by_core_ml if form.format in TARGETS else _by_others)(model, task, form, pictures)
    except KitError as error:
        return _in_words(str(error), form)
    with backend.quiet():
        expected = np.asarray(model(pictures.astype(np.float32), training=False))
    if np.abs(found - expected).max() <= _APART:
        return ""
    return f"in {form} its probabilities are up to {np.abs(found - expected).max():.2g} from Keras'"


def _by_core_ml(model: "keras.Model", task: Task, form: Form, pictures: np.ndarray) -> np.ndarray:
    target = form.target or DEFAULT_TARGETS[form.format]
    converted = coreml.convert(
        model, task.labels, format=form.format, target=target, precision="float32", array=False
    )  # fmt: skip
    with scratch() as folder:
        path = folder / f"model{SUFFIXES[form.format]}"
        coreml.save(converted, path, {}, None)
        try:
            return evaluator.evaluate(graph.read(path), pictures)
        except KitError as error:
            raise KitError(str(error).replace(f"{path}: ", "")) from error


def _by_others(model: "keras.Model", task: Task, form: Form, pictures: np.ndarray) -> np.ndarray:
    content = portable.convert(model, task.classes, form.format, "float32")
    return portable.evaluate(content, form.format, pictures)


def _in_words(message: str, form: Form) -> str:
    """The reason that a message gives, without what is said of files that are not the user's."""
    if lacking := re.search(r"TF op '(\w+)' not implemented|'tf[.](\w+)' op is neither", message):
        return f"{form} has no operation {lacking[1] or lacking[2]}"
    if unknown := re.search(r"is a (\w+),? (?:which|that) kit cannot evaluate(, it [^)]*)?", message):
        return f"it becomes a {unknown[1]} that kit cannot check{unknown[2] or ''}"
    if unknown := re.search(r"it has an? (\w+), which is no operation", message):
        return f"it becomes a {unknown[1]} that kit cannot check"
    return message.partition(" cannot be made of this network: ")[2] or message.replace(f": damaged, {AGAIN}", "")
