"""Numbers as an ML program stores them: in the program itself, or in a file of weights beside it.

A file of weights is a header of 64 bytes and then, at multiples of 64, records of 64 bytes, each of which says where
its numbers lie, how many bytes they have and of which type they are. All is little-endian, and types of fewer than
eight bits are packed, the lowest bit first.
"""

import math
import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kit import KitError
from kit.exporting.shapes import Shape, UnknownError
from kit.stored import content_of

AGAIN = "export it again with kit export"
LARGEST = 2**29  # bytes of all files; ten folds of kit's largest network take 300 million
_ALIGNMENT = 64  # bytes
_HEADER = struct.Struct("<II")  # how many records, the format's version
_VERSION = 2  # the only one of ML programs
_RECORD = struct.Struct("<IIQQQ")  # the sign below, the type, bytes, where they begin, bits that the last byte has over
_SIGN = 0xDEADBEEF


class Element(NamedTuple):
    """A type of numbers.

    Attributes:
        dtype: What they are when they are read.
        bits: That each takes on disk.
        held: The field of the specification's TensorValue that holds them in a program.
        stored: What stands for the type in a file of weights; 0 where none has it.
    """

    dtype: np.dtype[Any]
    bits: int
    held: str
    stored: int = 0


_BYTES = "bytes"
ELEMENTS = {  # what stands for it in a program → the type
    1: Element(np.dtype(np.bool_), 8, "bools"),
    2: Element(np.dtype(np.str_), 0, "strings"),
    10: Element(np.dtype(np.float16), 16, _BYTES, 1),
    11: Element(np.dtype(np.float32), 32, "floats", 2),
    12: Element(np.dtype(np.float64), 64, "doubles"),
    21: Element(np.dtype(np.int8), 8, _BYTES, 4),
    22: Element(np.dtype(np.int16), 16, "ints", 6),
    23: Element(np.dtype(np.int32), 32, "ints", 14),
    24: Element(np.dtype(np.int64), 64, "longInts"),
    25: Element(np.dtype(np.int8), 4, _BYTES, 8),
    31: Element(np.dtype(np.uint8), 8, _BYTES, 3),
    32: Element(np.dtype(np.uint16), 16, "ints", 7),
    33: Element(np.dtype(np.uint32), 32, _BYTES, 15),
    35: Element(np.dtype(np.uint8), 4, _BYTES, 11),
    36: Element(np.dtype(np.uint8), 2, _BYTES, 10),
    37: Element(np.dtype(np.uint8), 1, _BYTES, 9),
    38: Element(np.dtype(np.uint8), 6, _BYTES, 13),
    39: Element(np.dtype(np.uint8), 3, _BYTES, 12),
}


class TensorType(NamedTuple):
    """What a program says of a tensor."""

    element: Element
    shape: Shape

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """That they take on disk."""
        return _bytes(self.size, self.element.bits)


def _bytes(count: int, bits: int) -> int:
    """That so many numbers of so many bits take."""
    return -(-count * bits // 8)


def tensor_type(declared: Any) -> TensorType:
    """The type that the specification's ValueType declares.

    Raises:
        UnknownError: It is no tensor, of numbers that kit does not know, or of a size that is not known.
        ValueError: It contradicts itself.
    """
    kind = declared.WhichOneof("type")
    if kind is None:
        raise ValueError("it is of no type")
    if kind != "tensorType":
        raise UnknownError("takes or gives something else than tensors, which kit cannot evaluate")
    tensor = declared.tensorType
    if tensor.dataType not in ELEMENTS:
        raise UnknownError(f"has numbers of the type {tensor.dataType}, which kit cannot evaluate")
    if tensor.rank != len(tensor.dimensions):
        raise ValueError(f"{len(tensor.dimensions)} dimensions where {tensor.rank} belong")
    if any(dimension.WhichOneof("dimension") != "constant" for dimension in tensor.dimensions):
        raise UnknownError("has a tensor whose size is not known, which kit cannot evaluate")
    return TensorType(ELEMENTS[tensor.dataType], tuple(dimension.constant.size for dimension in tensor.dimensions))


def unpacked(content: bytes | memoryview, bits: int, count: int) -> np.ndarray:
    """Whole numbers of one to eight bits: uint8 (count,)."""
    if len(content) != _bytes(count, bits):
        raise ValueError(f"{len(content):,} bytes where {count:,} numbers of {bits} bits belong")
    digits = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little", count=count * bits)
    return np.packbits(digits.reshape(count, bits), axis=1, bitorder="little").reshape(count)


def _numbers(content: bytes | memoryview, element: Element, count: int) -> np.ndarray:
    """Numbers as they lie on disk, flat."""
    if element.bits >= 8:
        return np.frombuffer(content, element.dtype.newbyteorder("<"))
    numbers = unpacked(content, element.bits, count)
    if element.dtype.kind == "u":
        return numbers
    highest = 1 << element.bits - 1  # the sign
    return (numbers ^ highest).astype(np.int8) - np.int8(highest)


class WeightFiles:
    """The files of weights in a package.

    Args:
        folder: Where they are.

    Raises:
        KitError: There is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise KitError(f"{folder}: missing, or no folder, where a package has its weights: {AGAIN}")
        self._files = {file.name: file for file in folder.iterdir()}
        self._contents = dict[str, bytes]()
        self._folder = folder

    def contents(self) -> list[bytes]:
        """What is in all of them, in the order of their names."""
        return [self._content(name) for name in sorted(self._files)]

    def numbers(self, name: str, offset: int, kind: TensorType) -> np.ndarray:
        """Numbers of a file, flat.

        Args:
            name: The file's name in the folder.
            offset: Where their record begins.
            kind: What they must be.

        Raises:
            KitError: The file is missing, or is damaged there: nothing is read by lengths that do not fit.
            ValueError: No file of weights has such numbers.
        """
        if not kind.element.stored:
            raise ValueError(f"numbers of the type {kind.element.dtype} in a file of weights, which has none")
        content = self._content(name)
        try:
            return _numbers(_record(content, offset, kind), kind.element, kind.size)
        except (ValueError, struct.error) as error:
            raise KitError(f"{self._folder / name}: damaged, {error}: {AGAIN}") from error

    def _content(self, name: str) -> bytes:
        if name not in self._files:
            raise KitError(f"{self._folder / name}: missing, though the model needs it: {AGAIN}")
        if name not in self._contents:
            self._contents[name] = content_of(self._files[name], LARGEST, AGAIN)
        return self._contents[name]


def _record(content: bytes, offset: int, kind: TensorType) -> memoryview:
    """The bytes of the numbers whose record begins there; ValueError where it is none, or of other numbers."""
    if len(content) < _ALIGNMENT or _HEADER.unpack_from(content)[1] != _VERSION:
        raise ValueError("it does not begin as a file of weights does")
    if offset % _ALIGNMENT or offset > len(content) - _ALIGNMENT:
        raise ValueError(f"{len(content):,} bytes, and none of its records can begin at {offset:,}")
    sign, stored, size, start, over = _RECORD.unpack_from(content, offset)
    if sign != _SIGN:
        raise ValueError(f"no record begins at {offset:,}")
    if stored != kind.element.stored or size != kind.bytes:
        raise ValueError(f"the record at {offset:,} is of other numbers than the model says")
    if kind.element.bits < 8 and over != 8 * size - kind.size * kind.element.bits:
        raise ValueError(f"the record at {offset:,} is of more or fewer numbers than the model says")
    if start % _ALIGNMENT or start > len(content) - size:
        raise ValueError(f"it ends before the numbers of the record at {offset:,} do")
    return memoryview(content)[start : start + size]


def value_of(value: Any, kind: TensorType, weights: WeightFiles) -> np.ndarray:
    """The array that the specification's Value holds, or points to.

    Args:
        value: The specification's Value.
        kind: Its type, by `tensor_type`.
        weights: Where it may point to.

    Raises:
        ValueError: It holds something else than its type says.
        KitError: As `WeightFiles.numbers` has it.
    """
    if value.WhichOneof("value") == "blobFileValue":
        stored = value.blobFileValue
        flat = weights.numbers(stored.fileName.rpartition("/")[2], stored.offset, kind)
    else:
        flat = _held(value.immediateValue.tensor, kind)
    if flat.size != kind.size:
        raise ValueError(f"{flat.size:,} numbers where {kind.size:,} belong")
    return flat.reshape(kind.shape)


def _held(tensor: Any, kind: TensorType) -> np.ndarray:
    """The numbers that the specification's TensorValue holds, flat."""
    held = tensor.WhichOneof("value")
    if held != kind.element.held:
        raise ValueError(f"{held or 'nothing'} where {kind.element.held} belong")
    values = getattr(tensor, held).values
    if held == _BYTES:
        return _numbers(values, kind.element, kind.size)
    numbers = np.array(values, kind.element.dtype)
    if held == "ints" and numbers.tolist() != list(values):
        raise ValueError(f"numbers that are too large for {kind.element.dtype}")
    return numbers
