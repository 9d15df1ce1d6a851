"""Which kind of model a file or folder is, by its content whatever it is called; and what to give instead."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

_ENDINGS = (  # of models; who names one of these means a model
    ".mlpackage", ".mlmodel", ".mlmodelc", ".mlpackage.zip", ".tflite", ".onnx", ".keras", ".h5", ".hdf5", ".pb", ".pt",
    ".pth", ".ckpt", ".safetensors",
)  # fmt: skip
READABLE = {  # kinds → what they are, of those that kit writes and reads
    "mlpackage": "a Core ML package", "mlmodel": "a Core ML model", "tflite": "a LiteRT model", "onnx": "an ONNX model",
}  # fmt: skip
_OTHERS = {  # kinds that it does not read → what they are, and what would make them readable
    "keras": ("a Keras model", "kit reads runs, and what kit export makes of them"),
    "hdf5": ("an HDF5 file, as Keras writes models", "kit reads runs, and what kit export makes of them"),
    "mlmodelc": ("a Core ML model compiled by Xcode", "give the .mlpackage or .mlmodel that it was made of"),
    "zipped": ("a zipped Core ML package", "unpack it first and give the .mlpackage"),
    "saved_model": ("a TensorFlow SavedModel", "kit reads runs, and what kit export makes of them"),
    "torch": ("a PyTorch model", "kit reads runs, and what kit export makes of them"),
    "unknown": ("no model that kit knows", "give a run, or what kit export wrote"),
}
_SAVE = 'save the Keras model itself, model.save("name.keras")'
_NO_NETWORKS = {  # what Keras models are mistaken for, or made into → what they are, and what to give instead
    "torch": ("a PyTorch model", "kit imports Keras models; build the network in Keras and copy its weights over"),
    "pickle": ("a pickle, as pickle or joblib writes it, which would run code out of the file", _SAVE),
    "json": ("JSON: a network without its weights, or one for TensorFlow.js", _SAVE),
    "unknown": ("no Keras model", "give a .keras or .h5 file, or a SavedModel folder"),
}
_MOST_FIELDS = 1000  # of a protocol buffer's outermost
_DIRECTORY = 2**20  # bytes at a zip's end in which its members' names are looked for


def kind_of(path: Path | str) -> str | None:
    """The kind of model that is there: a key of `READABLE`, another one, or None for what is no model at all."""
    try:
        path = Path(path)
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            return _kind_of_folder(path)
        return _kind_of_file(path, status.st_size) if stat.S_ISREG(status.st_mode) else None
    except (OSError, ValueError):  # not there, or not to be read: who opens it says why
        return None


def is_model(path: object) -> bool:
    """Whether a model of any kind is there, or what is there, or is not, is called like one."""
    if not isinstance(path, str | Path):
        return False
    return Path(path).name.lower().endswith(_ENDINGS) or kind_of(path) is not None


def instead_of_an_export(path: Path | str) -> str | None:
    """What this is and what to give instead; None for what kit reads, and for what is not there."""
    path = Path(path)
    kind = kind_of(path)
    if kind in READABLE or not os.path.lexists(path):
        return None
    if kind == "run":
        if (path / "settings.json").is_file():
            return "a run, where an exported model belongs: give what kit export made of it"
        return "a run without its settings.json: restore that file"
    what, advice = _OTHERS[kind or "unknown"]
    if kind == "keras" and (path.parent / "settings.json").is_file():
        advice = f"give its run instead, {path.parent}"
    return f"{what}: {advice}"


def instead_of_a_run(path: Path | str) -> str:
    """What this model is, and what to give where a run belongs."""
    kind = kind_of(path)
    if kind in READABLE:
        return f"{READABLE[kind]}, where a run belongs: give the run that it was made of"
    return instead_of_an_export(path) or "no such run, and no such file: kit runs lists what there is"


def instead_of_a_network(path: Path | str) -> str:
    """What this is, and what to give where a trained Keras model belongs."""
    path = Path(path)
    if not os.path.lexists(path):
        return "no such file: give a .keras or .h5 file, or a SavedModel folder"
    kind = kind_of(path) or _kind_of_start(path)
    if kind in READABLE:
        return f"{READABLE[kind]}, made of a network and no network itself: {_SAVE}"
    if kind in ("mlmodelc", "zipped"):
        return f"{_OTHERS[kind][0]}, made of a network and no network itself: {_SAVE}"
    what, advice = _NO_NETWORKS[kind if kind in _NO_NETWORKS else "unknown"]
    return f"{what}: {advice}"


def _kind_of_start(path: Path) -> str | None:
    """What a file is that nobody takes for a model of kit's, by how it begins."""
    try:
        with open(path, "rb") as file:
            start = file.read(10)
    except OSError:
        return None
    signs = {"torch": b"\x80\x02\x8a\nl\xfc\x9cF\xf9\x20", "pickle": b"\x80", "json": b"{"}
    return next((kind for kind, sign in signs.items() if start.startswith(sign)), None)


def _kind_of_folder(path: Path) -> str | None:
    signs = {
        "mlpackage": ("Manifest.json", "Data"), "mlmodelc": ("coremldata.bin",), "saved_model": ("saved_model.pb",),
        "run": ("model.keras",),
    }  # fmt: skip
    return next((kind for kind, names in signs.items() if all(os.path.lexists(path / name) for name in names)), None)


def _kind_of_file(path: Path, size: int) -> str | None:
    with open(path, "rb") as file:
        start = file.read(8)
        if start[4:] == b"TFL3":
            return "tflite"
        if start == b"\x89HDF\r\n\x1a\n":
            return "hdf5"
        if start[:4] == b"PK\x03\x04":
            file.seek(max(0, size - _DIRECTORY))
            return _kind_of_zip(file.read(_DIRECTORY))
        return _kind_of_message(_fields(file, size)) if start[:1] == b"\x08" else None  # its first field, a version


def _kind_of_zip(end: bytes) -> str | None:
    signs = {
        "keras": (b"config.json", b"metadata.json"), "zipped": (b"Manifest.json", b"com.apple.CoreML"),
        "torch": (b"/data.pkl",),
    }  # fmt: skip
    return next((kind for kind, names in signs.items() if all(name in end for name in names)), None)


def _kind_of_message(fields: set[int]) -> str | None:
    """Core ML has a description in field 2 and the model itself in one from 200 on, ONNX its graph in 7."""
    if 2 in fields and max(fields) >= 200:
        return "mlmodel"
    return "onnx" if {1, 7} <= fields <= set(range(1, 30)) else None


def _fields(file: BinaryIO, size: int) -> set[int]:
    """The numbers of a protocol buffer's outermost fields, as far as there are such."""
    found, place = set[int](), 0
    for _ in range(_MOST_FIELDS):
        file.seek(place)
        head = file.read(20)
        tag, used = _varint(head)
        number, kind = tag >> 3, tag & 7
        value, after = _varint(head[used:])
        length = {0: after, 1: 8, 2: after + value, 5: 4}.get(kind)
        if place >= size or not number or not length:
            break
        found.add(number)
        place += used + length
    return found


def _varint(content: bytes) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and how many bytes it takes; 0 of them where there is none."""
    value = 0
    for place, byte in enumerate(content[:10]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, place + 1
    return 0, 0
