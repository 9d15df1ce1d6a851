"""Somebody's trained network in a file or folder → a Keras model, without running anything that is in it."""

import contextlib
import copy
import json
import math
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit import KitError, backend
from kit.files import scratch
from kit.importing import saved_model_folder
from kit.importing.foreign_config import SAVE_AGAIN, ForeignError, translated
from kit.model_files import instead_of_a_network, kind_of
from kit.run.keras_file import shapes_alone
from kit.stored import SMALL, size_of, zip_of
from kit.system import in_plain_words
from kit.training.channels import channels_last

if TYPE_CHECKING:
    import h5py
    import keras

_LARGEST = 2**28  # bytes of a file, and of what it holds
_MOST_VALUES = 2**22  # numbers that a layer makes of one picture
_MOST_PARTS = 10_000  # groups and arrays of an HDF5 file
_LARGEST_WINDOW = 64  # pixels that a layer slides over a picture or adds to it
_WINDOWS = ("kernel_size", "pool_size", "strides", "dilation_rate", "padding", "cropping", "size")
_OLD_STORE = "_layer_checkpoint_dependencies"  # what Keras 2.12 to 2.15 called the layers of a .keras file
_WHOLE = f"{SAVE_AGAIN}, or download it again"


@dataclass(frozen=True)
class Foreign:
    """Somebody's network.

    Attributes:
        model: As it was, taking whatever it took; its weights are numbers.
        saved_by: "Keras 2.4.0"; what wrote it, as far as it says so.
    """

    model: "keras.Model"
    saved_by: str


def read(path: Path) -> Foreign:
    """The network in a `.keras` or HDF5 file or in a SavedModel folder, whatever it is called.

    Raises:
        KitError: It is missing, damaged, something else, larger than 256 MB, or holds what is no layer of Keras.
    """
    readers: dict[str | None, Callable[[Path], Foreign]] = {
        "keras": _keras_file, "hdf5": _hdf5_file, "saved_model": _folder,
    }  # fmt: skip
    kind = kind_of(path)
    if kind == "run":
        return read(path / "model.keras")
    if kind not in readers:
        raise KitError(f"{path}: {instead_of_a_network(path)}")
    try:
        found = readers[kind](path)
        _check_weights(found.model)
        return found
    except ForeignError as error:
        raise KitError(f"{path}: {error}") from error
    except RecursionError as error:
        raise KitError(f"{path}: damaged, its network is nested too deeply: {_WHOLE}") from error


def _keras_file(path: Path) -> Foreign:
    with zip_of(path, _LARGEST, _WHOLE, "Keras") as archive, scratch() as folder:
        names = archive.namelist()
        if "config.json" not in names or "model.weights.h5" not in names:
            raise ForeignError(f"lacks config.json or model.weights.h5: {_WHOLE}")
        if max(archive.getinfo(name).file_size for name in ("config.json", "metadata.json") if name in names) > SMALL:
            raise ForeignError(f"damaged, the description of its layers is too large: {_WHOLE}")
        config = _json(archive.read("config.json"))
        about = _json(archive.read("metadata.json")) if "metadata.json" in names else {}
        weights = folder / "model.weights.h5"
        weights.write_bytes(archive.read("model.weights.h5"))
        with _hdf5(weights, "r+") as file:
            stored = _look_over(file)
            _renumber(file)
        version = about.get("keras_version") if isinstance(about, dict) else None
        return Foreign(_made(config, stored, _loader(weights), _is_3(version)), _version(version))


def _hdf5_file(path: Path) -> Foreign:
    size_of(path, _LARGEST, _WHOLE)
    with scratch() as folder:
        copy = folder / "model.h5"  # what was looked at is what Keras gets, under a name that it takes
        try:
            shutil.copyfile(path, copy)
        except OSError as error:
            raise in_plain_words(error, path) from error
        with _hdf5(copy, "r") as file:
            stored = _look_over(file)
            config = _text(file, "model_config")
            if config is None:
                raise ForeignError(
                    "holds weights alone, without the network that they are of: build it, model.load_weights(...), and "
                    'save both, model.save("name.keras")'
                )
            version = _text(file, "keras_version") or _text(file.get("model_weights", file), "keras_version")
            if version is None or version.startswith("1"):
                raise ForeignError(f"saved by Keras 1, of before 2017, which is not read: {SAVE_AGAIN}")
        return Foreign(_made(_json(config), stored, _loader(copy), _is_3(version)), _version(version))


def _folder(path: Path) -> Foreign:
    found = saved_model_folder.read(path)
    return Foreign(_made(found.config, found.numbers, found.load, keras_3=False), found.saved_by)


def _made(config: Any, stored: int, load: Callable[["keras.Model"], None], keras_3: bool) -> "keras.Model":
    """The network of this configuration with its weights; how many numbers are stored is known before any is made."""
    keras = backend.keras()
    config = translated(config, keras_3)
    _check_windows(config)
    with _as_foreign("cannot make the network that it describes"):
        with shapes_alone():
            planned = keras.saving.deserialize_keras_object(copy.deepcopy(config), safe_mode=True)  # it takes it apart
        _check_sizes(planned, stored)
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    with _as_foreign("cannot put its weights into the network that it describes"):
        load(model)
    return channels_last(model)


@contextlib.contextmanager
def _as_foreign(what: str) -> Iterator[None]:
    """Whatever Keras raises as one line."""
    try:
        with backend.quiet():
            yield
    except KitError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ForeignError(f"Keras {what} ({reason}): {SAVE_AGAIN}") from error


def _check_windows(config: Any) -> None:
    """ForeignError where a layer would slide over, or add, more than a picture: it would take all memory."""
    for value in config.values() if isinstance(config, dict) else config if isinstance(config, list) else ():
        if isinstance(config, dict):
            for name in _WINDOWS:
                if any(length > _LARGEST_WINDOW for length in _numbers_in(config.get(name))):
                    raise ForeignError(f"holds a layer with a {name} of more than {_LARGEST_WINDOW} pixels")
        _check_windows(value)


def _numbers_in(value: Any) -> Iterator[float]:
    if isinstance(value, int | float):
        yield value
    for each in value if isinstance(value, list) else ():
        yield from _numbers_in(each)


def _check_sizes(planned: Any, stored: int) -> None:
    """ForeignError where it would take more numbers than are stored, or could not be put through with a picture."""
    ends = len(planned.inputs), len(planned.outputs)
    if ends != (1, 1):
        inputs, outputs = (
            f"{count} {what}{'s' * (count != 1)}" for count, what in zip(ends, ("input", "output"), strict=True)
        )
        raise ForeignError(
            f"it has {inputs} and {outputs}, where one of each belongs: save that part alone, "
            "keras.Model(inputs, outputs)"
        )
    wanted = sum(math.prod(weight.shape) for weight in planned.weights)
    if wanted > stored:
        raise ForeignError(f"damaged, its layers want {wanted:,} weights, and {stored:,} are stored: {_WHOLE}")
    for layer in planned.layers:
        for output in layer.output if isinstance(layer.output, list | tuple) else [layer.output]:
            if math.prod(size or 1 for size in output.shape[1:]) > _MOST_VALUES:
                raise ForeignError(f"layer {layer.name} makes {output.shape[1:]} of a picture, more than kit computes")


def _check_weights(model: "keras.Model") -> None:
    import numpy as np

    for weight in model.weights:
        if not np.isfinite(weight.numpy()).all():
            raise ForeignError(
                f"the weights of {weight.path} are not all numbers: its training diverged: train it again"
            )


@contextlib.contextmanager
def _hdf5(path: Path, mode: str) -> Iterator["h5py.File"]:
    """An HDF5 file; whatever goes wrong with reading it is one line."""
    import h5py

    try:
        with h5py.File(path, mode) as file:
            yield file
    except KitError:
        raise
    except Exception as error:  # whatever HDF5 meets in a damaged file
        raise ForeignError(f"damaged, its HDF5 cannot be read: {_WHOLE}") from error


def _look_over(file: "h5py.File") -> int:
    """How many numbers an HDF5 file holds; ForeignError where it leads out of itself or says more than it may."""
    import h5py

    seen, waiting, numbers, size = set[int](), [file["/"]], 0, 0
    while waiting:
        group = waiting.pop()
        seen.add(h5py.h5o.get_info(group.id).addr)
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ForeignError(f"its {name!r} is a link out of it, which is not followed: {SAVE_AGAIN}")
            found = group[name]
            if isinstance(found, h5py.Group) and h5py.h5o.get_info(found.id).addr not in seen:
                waiting.append(found)
            elif isinstance(found, h5py.Dataset):
                if found.external or found.is_virtual or found.dtype.kind not in "fiubS":
                    raise ForeignError(f"its {name!r} is no array of numbers, and not read: {SAVE_AGAIN}")
                numbers, size = numbers + found.size, size + found.size * found.dtype.itemsize
        if size > _LARGEST or len(seen) > _MOST_PARTS:
            raise ForeignError(f"more than {_LARGEST:,} bytes or {_MOST_PARTS:,} parts unpacked: save it without its "
                               "optimizer, model.save(..., include_optimizer=False)")  # fmt: skip
    return numbers


def _renumber(file: "h5py.File") -> None:
    """Numbers the layers of each class as Keras 3 does, dense, dense_1: Keras 2 left numbers out."""
    for group in [found for found in _groups(file) if _OLD_STORE in found]:
        layers, counts = group[_OLD_STORE], dict[str, int]()
        parts = [(*_numbered(name), name) for name in layers]
        for kind, _, name in sorted(parts, key=lambda part: part[:2]):
            number = counts[kind] = counts.get(kind, -1) + 1
            wanted = f"{kind}_{number}" if number else kind
            if wanted != name:
                layers.move(name, wanted)


def _groups(group: Any) -> list[Any]:
    found: list[Any] = [group]
    group.visititems(lambda name, each: found.append(each) if hasattr(each, "move") else None)
    return found


def _numbered(name: str) -> tuple[str, int]:
    """conv2d and 4 of conv2d_4; conv2d and 0 of conv2d."""
    kind, _, number = name.rpartition("_")
    return (kind, int(number)) if kind and number.isdigit() else (name, 0)


def _loader(weights: Path) -> Callable[["keras.Model"], None]:
    return lambda model: model.load_weights(weights)


def _json(text: bytes | str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ForeignError(f"damaged, the description of its layers is not JSON: {_WHOLE}") from error


def _text(group: Any, name: str) -> str | None:
    value = group.attrs.get(name)
    return value.decode() if isinstance(value, bytes) else None if value is None else str(value)


def _is_3(version: Any) -> bool:
    """Whether Keras 3 or a later one wrote it; a file that does not say is not of before, when all said it."""
    return not (isinstance(version, str) and re.match("[12][.]", version))


def _version(version: Any) -> str:
    return f"Keras {version}" if isinstance(version, str) else "an unknown Keras"
