"""What was written here and is read back: regular files within a bound, JSON and arrays of the types that they must be.

A file of a run or a package may have been damaged, or made by somebody else. So nothing is read, unpacked or allocated
before it is known how much it is.
"""

import contextlib
import functools
import json
import math
import reprlib
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from kit import KitError
from kit.system import in_plain_words, patiently

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")
SMALL = 2**20  # bytes; far more than kit's JSON files have
_END = 22  # bytes of a zip's last record, which says where its directory is
_DIRECTORY = 2**20  # bytes that this directory may have; of a network with thousands of layers it is half of that


@dataclass(frozen=True)
class Declared:
    """What an array must be.

    Attributes:
        kinds: Letters of NumPy's kinds of type that it may have: "iu" for whole numbers, "f" for floating-point ones.
        shape: Its lengths; those that are called the same, such as "n", are the same in all arrays of a file.
    """

    kinds: str
    shape: tuple[int | str, ...]


def size_of(path: Path, at_most: int, remedy: str) -> int:
    """Bytes of a regular file; KitError where it is missing, something else, or larger than `at_most`."""
    try:
        status = path.stat()
    except OSError as error:
        raise in_plain_words(error, path) from error
    if not stat.S_ISREG(status.st_mode):
        what = "folder" if stat.S_ISDIR(status.st_mode) else "pipe or device"
        raise KitError(f"{path}: damaged, a {what} where a file belongs: {remedy}")
    if status.st_size > at_most:
        raise KitError(f"{path}: damaged, {status.st_size:,} bytes where at most {at_most:,} belong: {remedy}")
    return status.st_size


def content_of(path: Path, at_most: int, remedy: str) -> bytes:
    """The bytes of a regular file of at most so many; KitError as `size_of` has it."""
    size = size_of(path, at_most, remedy)
    try:
        with patiently(lambda: open(path, "rb")) as file:
            return file.read(size)  # room is made for as much as is asked for
    except OSError as error:
        raise in_plain_words(error, path) from error


def json_of(path: Path, remedy: str, at_most: int = SMALL) -> dict[str, Any]:
    """The object that a JSON file holds; KitError where it is missing, damaged or too large."""
    content = content_of(path, at_most, remedy)
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is a ValueError too
        raise KitError(f"{path}: damaged, not JSON: {remedy}") from error
    if not isinstance(value, dict):
        raise KitError(f"{path}: damaged, not a JSON object: {remedy}")
    return value


def checked(kind: type[T], value: Any, where: object, remedy: str, *, strict: bool = True, what: str = "") -> T:
    """What pydantic makes of a value for this type.

    Args:
        kind: A pydantic model, or any other type that pydantic knows.
        value: What was read.
        where: The file, for people.
        remedy: What to do about it.
        strict: Take no text for a number.
        what: What of the file it is, with its verb: "its contract is ".

    Raises:
        KitError: It is not of this type; the message names the field and says what is wrong with it.
    """
    from pydantic import ValidationError

    try:
        return _adapter(kind).validate_python(value, strict=strict)  # type: ignore[arg-type]
    except ValidationError as error:
        raise KitError(f"{where}: {what}damaged, {fault_of(error)}: {remedy}") from error


def fault_of(error: Any) -> str:
    """The first fault that pydantic found: the field, what is wrong with it, and what stands there."""
    first = error.errors(include_url=False)[0]
    said = first["msg"].removeprefix("Value error, ")
    said = said[0].lower() + said[1:]
    if first["type"] not in ("missing", "value_error"):
        said += f", not {reprlib.repr(first['input'])}"
    return ": ".join([".".join(map(str, first["loc"])), said] if first["loc"] else [said])


@functools.cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


@contextlib.contextmanager
def zip_of(path: Path, at_most: int, remedy: str, reader: str = "") -> Iterator[zipfile.ZipFile]:
    """Opens a zip archive whose members have at most so many bytes, packed and unpacked.

    Raises:
        KitError: It is missing or damaged, larger, or has a member twice; or the block raised something else, so that
            `reader`, if it has a name, cannot read it.
    """
    size_of(path, at_most, remedy)
    damaged = f"{path}: damaged"
    try:
        with patiently(lambda: open(path, "rb")) as file:
            _check_directory(file)
            with zipfile.ZipFile(file) as archive:
                names, total = archive.namelist(), sum(info.file_size for info in archive.infolist())
                if len(set(names)) < len(names):
                    raise KitError(f"{damaged}, it holds {_twice(names)} twice: {remedy}")
                if total > at_most:
                    raise KitError(f"{damaged}, {total:,} bytes unpacked, at most {at_most:,} belong there: {remedy}")
                yield archive
    except KitError:
        raise
    except Exception as error:  # whatever zipfile, zlib and NumPy's reader of headers meet
        raise KitError(f"{damaged}{reader and f', {reader} cannot read it'}: {remedy}") from error


def _twice(names: list[str]) -> str:
    return repr(next(name for name in names if names.count(name) > 1))


def _check_directory(file: Any) -> None:
    """BadZipFile where the directory is so large that to read it would take long: zipfile reads all of it.

    What was written here ends in a record without a comment, and needs none of the records for huge archives.
    """
    file.seek(0, 2)
    file.seek(max(0, file.tell() - _END - 20))
    tail = file.read()
    record = tail[-_END:]
    size = int.from_bytes(record[12:16], "little")
    if record[:4] != b"PK\x05\x06" or record[20:] != b"\0\0" or tail[:4] == b"PK\x06\x07" or size > _DIRECTORY:
        raise zipfile.BadZipFile("its directory is not one that is written here")


def arrays_of(path: Path, declared: Mapping[str, Declared], at_most: int, remedy: str) -> dict[str, "np.ndarray"]:
    """The arrays of an `.npz` file, those that are declared.

    Args:
        path: The file.
        declared: Name → what the array must be.
        at_most: Bytes that all arrays may have.
        remedy: What to do where the file is damaged.

    Raises:
        KitError: The file is missing, damaged or larger, or lacks an array that is as it must be.
    """
    import numpy as np

    found, lengths = {}, dict[str, int]()
    with zip_of(path, at_most, remedy) as archive:
        for name, wanted in declared.items():
            try:
                info = archive.getinfo(f"{name}.npy")
            except KeyError as error:
                raise KitError(f"{path}: damaged, it lacks {name}: {remedy}") from error
            with archive.open(info) as member:
                shape, fortran, dtype = _header(member)
                if dtype.kind not in wanted.kinds or not _fits(shape, wanted.shape, lengths):
                    raise KitError(f"{path}: damaged, {name} has another shape or type than it must have: {remedy}")
                if member.tell() + math.prod(shape) * dtype.itemsize != info.file_size:
                    raise KitError(f"{path}: damaged, {name} is longer or shorter than it says: {remedy}")
                flat = np.frombuffer(member.read(), dtype)
            array = flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)
            found[name] = array.astype(dtype.newbyteorder("="), copy=False)
    return found


def _header(member: Any) -> tuple[tuple[int, ...], bool, "np.dtype[Any]"]:
    """Shape, order and type that an array in NumPy's format says it has."""
    from numpy.lib import format as npy

    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    shape, fortran, dtype = read[npy.read_magic(member)](member)
    if dtype.hasobject or not dtype.itemsize or min(shape, default=0) < 0:
        raise ValueError("no array of numbers")
    return shape, fortran, dtype


def _fits(shape: tuple[int, ...], wanted: tuple[int | str, ...], lengths: dict[str, int]) -> bool:
    """Whether a shape is as wanted; `lengths` has those that were met by their names, and gets new ones."""
    if len(shape) != len(wanted):
        return False
    return all(
        length == (lengths.setdefault(name, length) if isinstance(name, str) else name)
        for length, name in zip(shape, wanted, strict=True)
    )
