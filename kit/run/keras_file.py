"""A run's `model.keras`, looked at before Keras opens it: what it would build, and how much of it."""

import contextlib
import io
import json
import math
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit import KitError, backend
from kit.stored import content_of, zip_of
from kit.task import Task

if TYPE_CHECKING:
    import keras

LARGEST = 2**29  # bytes of the file, and of what it holds; ten folds of kit's largest network take 300 million
LARGEST_CONFIG = 2**22  # bytes of what says how it is built; twenty folds of kit's largest take a million
_MOST_VALUES = 2**22  # numbers that a layer makes of one picture; of 224 pixels a side chollet's make 3 million
_MEMBERS = {"config.json", "metadata.json", "model.weights.h5"}
_REMEDY = "restore the file or train again"
_MODULES = {  # where what a network is made of may come from; nothing that runs code of its own or opens files
    "keras.layers", "keras.initializers", "keras.regularizers", "keras.constraints", "keras.activations",
    "keras.src.models.functional", "keras.src.models.sequential",
    "keras.src.ops.core", "keras.src.ops.image", "keras.src.ops.linalg", "keras.src.ops.math", "keras.src.ops.nn",
    "keras.src.ops.numpy",
}  # fmt: skip
RUN_CODE = frozenset({"Lambda", "TFSMLayer", "TorchModuleWrapper", "FlaxLayer", "JaxLayer"})
"""Keras' layers that run somebody's code when they are loaded or called."""
_NEVER = RUN_CODE | {  # what else does, though it comes from there
    "StringLookup", "IntegerLookup", "TextVectorization",  # files of words
    "AssociativeScan", "Cond", "ForiLoop", "JVP", "Map", "Scan", "Switch", "VectorizedMap", "WhileLoop",  # functions
}  # fmt: skip
_WINDOWS = ("kernel_size", "pool_size", "strides", "dilation_rate")
_LARGEST_WINDOW = 64  # pixels; of more, borders would be added that take more than the picture
_OTHERS = {
    ("keras", "DTypePolicy"), ("keras", "Sequential"), ("keras", "Functional"), (None, "__keras_tensor__"),
    (None, "__ellipsis__"), (None, "__numpy__"), (None, "__slice__"), (None, "__tensor__"),
}  # fmt: skip


def content(path: Path) -> bytes:
    """The file's bytes; KitError where it is missing or larger than a network is."""
    return content_of(path, LARGEST, _REMEDY)


def load(path: Path, task: Task, own: Callable[[], Mapping[str, Any]] = dict) -> "keras.Model":
    """The network of a run of this task, as Keras loads it.

    Args:
        path: The file.
        task: What the network reads.
        own: Gives the user's own classes and functions that may be in it, by name; asked where it has such.

    Raises:
        KitError: The file is missing or damaged, holds something else than the layers of Keras, would be larger than
            what is stored, or is a network for another task.
    """
    with zip_of(path, LARGEST, _REMEDY, "Keras") as archive:
        config, stored, objects = _looked_at(path, archive, own)
        keras = backend.keras()
        with shapes_alone():
            planned = keras.saving.deserialize_keras_object(config, custom_objects=objects, safe_mode=True)
        _check_sizes(path, planned, stored)
        _check_task(path, planned, task)
    try:
        return keras.saving.load_model(path, custom_objects=objects, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever its zip, JSON and HDF5 readers meet
        raise KitError(f"{path}: damaged, Keras cannot read it: {_REMEDY}") from error


@contextlib.contextmanager
def shapes_alone() -> Iterator[None]:
    """Has layers know the shapes of their weights and make none: not now, and not with the next network either.

    Keras keeps what is to be made in a list, and makes it all when it comes back from a scope like this.
    """
    keras = backend.keras()
    from keras.src.backend.common import global_state

    waiting = global_state.get_global_attribute("uninitialized_variables", [])
    global_state.set_global_attribute("uninitialized_variables", [])
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        global_state.set_global_attribute("uninitialized_variables", waiting)


def _looked_at(
    path: Path, archive: zipfile.ZipFile, own: Callable[[], Mapping[str, Any]]
) -> tuple[dict[str, Any], int, dict[str, Any]]:
    """The network's configuration, how many numbers are stored for it, and the user's own objects if it has such."""
    if set(archive.namelist()) != _MEMBERS or archive.getinfo("config.json").file_size > LARGEST_CONFIG:
        raise ValueError("other members than kit writes")
    config = json.loads(archive.read("config.json"))
    objects: dict[str, Any] = {}
    for part in parts_of(config):
        what = repr(str(part["class_name"])[:100])
        if not is_known(part) and not objects:
            objects = dict(own())
        if not (is_known(part) or _own_name(part) in objects):
            raise KitError(f"{path}: damaged, {what} is no layer that kit writes, and not opened: {_REMEDY}")
        options = part.get("config") or {}
        if isinstance(options, dict) and any(_is_wide(options.get(name, 1)) for name in _WINDOWS):
            raise KitError(f"{path}: damaged, a {what} that slides a window larger than a picture: {_REMEDY}")
    return config, _numbers(archive.read("model.weights.h5")), objects


def parts_of(config: Any) -> Iterator[dict[str, Any]]:
    """Every object of a configuration that stands for something to be made."""
    if isinstance(config, dict) and "class_name" in config:
        yield config
    for value in config.values() if isinstance(config, dict) else config if isinstance(config, list) else ():
        yield from parts_of(value)


def _own_name(part: dict[str, Any]) -> str:
    """What a class or function of somebody's own is called there; "" where it is not said in one way."""
    name, registered = str(part["class_name"]), str(part.get("registered_name")).rpartition(">")[2]
    return str(part.get("config")) if name == registered == "function" else name if name == registered else ""


def is_known(part: dict[str, Any]) -> bool:
    """Whether an object of a configuration is Keras' own, and neither runs code of another nor opens files."""
    module, name, registered = (part.get(key) for key in ("module", "class_name", "registered_name"))
    if (module, name) in _OTHERS:
        return True
    return module in _MODULES and name not in _NEVER and registered in (None, name)


def _is_wide(window: Any) -> bool:
    """Whether a window is larger than a picture: one number is that of each axis, several are an axis each."""
    if isinstance(window, list):
        return math.prod(map(abs, window)) > _LARGEST_WINDOW**2
    return window is not None and window > _LARGEST_WINDOW


def _numbers(weights: bytes) -> int:
    """How many numbers an HDF5 file holds; ValueError where it says more than its bytes can be."""
    import h5py

    sizes: list[int] = []

    def count(name: str, found: Any) -> None:
        if isinstance(found, h5py.Dataset):
            if found.chunks or found.is_virtual or found.external:
                raise ValueError(f"{name} is not stored as kit stores it")
            sizes.append(found.size)

    with h5py.File(io.BytesIO(weights), "r") as file:
        file.visititems(count)
    if sum(sizes) > len(weights):
        raise ValueError("more numbers than bytes")
    return sum(sizes)


def _check_sizes(path: Path, planned: Any, stored: int) -> None:
    """KitError where the network is not as large as what is stored for it, or no picture could be put through it."""
    wanted = sum(math.prod(weight.shape) for weight in planned.weights)
    wanted += sum(  # it saves the kernel of its layer a second time
        math.prod(step.kernel.shape) for step in planned.operations if type(step).__name__ == "SpectralNormalization"
    )
    keras = backend.keras()
    made = [output.shape[1:] for step in planned.operations for output in keras.tree.flatten(step.output)]
    made += [_attention(step) for step in planned.operations if "Attention" in type(step).__name__]
    if wanted != stored or max(map(math.prod, made)) > _MOST_VALUES:
        raise KitError(f"{path}: damaged, its layers are not those that its weights are of: {_REMEDY}")


def _attention(step: Any) -> tuple[int, ...]:
    """The shape of the weights by which a layer attends from each place to each other, which it gives to nobody."""
    places = [tensor.shape[1] for tensor in backend.keras().tree.flatten(step.input)[:2]]
    return (getattr(step, "num_heads", getattr(step, "num_query_heads", 1)), places[0], places[-1])


def _check_task(path: Path, planned: Any, task: Task) -> None:
    takes, gives = (None, task.size, task.size, 1), (None, task.classes)
    if planned.input_shape != takes or planned.output_shape != gives:
        raise KitError(
            f"{path}: damaged, a network for {task.size} x {task.size} pixels and {task.classes} classes belongs "
            f"there: {_REMEDY}"
        )
