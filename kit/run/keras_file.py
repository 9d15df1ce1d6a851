"""A run's `model.keras`, looked at before Keras opens it: what it would build, and how much of it."""

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
_MOST_VALUES = 2**22  # numbers that a layer makes of one picture; kit's make up to 110 thousand
_MEMBERS = {"config.json", "metadata.json", "model.weights.h5"}
_REMEDY = "restore the file or train again"
_MODULES = {  # where what a network is made of may come from; nothing that runs code of its own or opens files
    "keras.layers", "keras.initializers", "keras.regularizers", "keras.constraints", "keras.activations",
    "keras.src.models.functional",
}  # fmt: skip
_NO_LAYERS = {"Lambda", "TFSMLayer", "TorchModuleWrapper", "FlaxLayer", "JaxLayer"}
_WINDOWS = ("kernel_size", "pool_size", "strides", "dilation_rate")
_LARGEST_WINDOW = 64  # pixels; of more, borders would be added that take more than the picture
_OTHERS = {
    ("keras", "DTypePolicy"), (None, "__keras_tensor__"),
    ("keras.src.ops.numpy", "Log"), ("keras.src.ops.numpy", "Maximum"),  # of an average's probabilities
}  # fmt: skip


def content(path: Path) -> bytes:
    """The file's bytes; KitError where it is missing or larger than a network is."""
    return content_of(path, LARGEST, _REMEDY)


def load(path: Path, task: Task, own: Callable[[], Mapping[str, Any]] = dict) -> "keras.Model":
    """The network of a run of this task, as Keras loads it.

    Args:
        path: The file.
        task: What it must be for.
        own: Classes and functions by name that may be in it beside those of Keras; asked for where there are others.

    Raises:
        KitError: The file is missing or damaged, holds something else than the layers of Keras, would be larger than
            what is stored, or is a network for another task.
    """
    with zip_of(path, LARGEST, _REMEDY, "Keras") as archive:
        config, stored, objects = _looked_at(path, archive, own)
        keras = backend.keras()
        with (
            keras.StatelessScope(initialize_variables=False),
            keras.saving.custom_object_scope(objects),
        ):  # shapes alone
            planned = keras.saving.deserialize_keras_object(config, safe_mode=True)
        _check_sizes(path, planned, stored)
        _check_task(path, planned, task)
    try:
        return keras.saving.load_model(path, custom_objects=objects, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever its zip, JSON and HDF5 readers meet
        raise KitError(f"{path}: damaged, Keras cannot read it: {_REMEDY}") from error


def _looked_at(
    path: Path, archive: zipfile.ZipFile, own: Callable[[], Mapping[str, Any]]
) -> tuple[dict[str, Any], int, dict[str, Any]]:
    """The network's configuration, how many numbers are stored for it, and what it has of the objects in `own`."""
    if set(archive.namelist()) != _MEMBERS or archive.getinfo("config.json").file_size > LARGEST_CONFIG:
        raise ValueError("other members than kit writes")
    config = json.loads(archive.read("config.json"))
    objects: dict[str, Any] = {}
    for part in _parts(config):
        what = repr(str(part["class_name"])[:100])
        if not _is_known(part):
            objects = objects or dict(own())
        if not (_is_known(part) or _own_name(part) in objects):
            raise KitError(f"{path}: damaged, {what} is no layer that kit writes, and not opened: {_REMEDY}")
        options = own_options if isinstance(own_options := part.get("config"), dict) else {}
        if any(length > _LARGEST_WINDOW for name in _WINDOWS for length in _listed(options.get(name, 1))):
            raise KitError(f"{path}: damaged, a {what} that slides a window larger than a picture: {_REMEDY}")
    return config, _numbers(archive.read("model.weights.h5")), objects


def _parts(config: Any) -> Iterator[dict[str, Any]]:
    """Every object of a configuration that stands for something to be made."""
    if isinstance(config, dict) and "class_name" in config:
        yield config
    for value in config.values() if isinstance(config, dict) else config if isinstance(config, list) else ():
        yield from _parts(value)


def _is_known(part: dict[str, Any]) -> bool:
    module, name, registered = (part.get(key) for key in ("module", "class_name", "registered_name"))
    if (module, name) in _OTHERS:
        return True
    return module in _MODULES and name not in _NO_LAYERS and registered in (None, name)


def _own_name(part: dict[str, Any]) -> str:
    """What a class or function of somebody's own is called there; "" where it is not said in one way."""
    name, registered = str(part["class_name"]), str(part.get("registered_name")).rpartition(">")[2]
    return str(part.get("config")) if name == registered == "function" else name if name == registered else ""


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
    most = max(math.prod(output.shape[1:]) for layer in planned.layers for output in _listed(layer.output))
    if wanted != stored or most > _MOST_VALUES:
        raise KitError(f"{path}: damaged, its layers are not those that its weights are of: {_REMEDY}")


def _check_task(path: Path, planned: Any, task: Task) -> None:
    takes, gives = (None, task.size, task.size, 1), (None, task.classes)
    if planned.input_shape != takes or planned.output_shape != gives:
        raise KitError(
            f"{path}: damaged, a network for {task.size} x {task.size} pixels and {task.classes} classes belongs "
            f"there: {_REMEDY}"
        )


def _listed(value: Any) -> list[Any]:
    """What may be one or several, as several."""
    return list(value) if isinstance(value, (list, tuple)) else [value]
