"""Numbers of an ML program and of its weight files: read as they lie there, and nothing read that does not fit."""

import math
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit import KitError
from kit.exporting import specification
from kit.exporting.shapes import UnknownError
from kit.exporting.tensors import ELEMENTS, TensorType, WeightFiles, tensor_type, unpacked, value_of

FLOAT16, FLOAT32, INT16, INT32, INT4, UINT1, STRING, BFLOAT16 = 10, 11, 22, 23, 25, 37, 2, 13


def weight_file(
    folder: Path, numbers: bytes = b"", *, count: int = 1, version: int = 2, sign: int = 0xDEADBEEF, kind: int = 2,
    size: int | None = None, start: int = 128, over: int = 0,
) -> WeightFiles:  # fmt: skip
    """A file of weights with one record, at 64."""
    record = struct.pack("<IIQQQ", sign, kind, len(numbers) if size is None else size, start, over)
    (folder / "weight.bin").write_bytes(struct.pack("<II", count, version).ljust(64, b"\0") + record.ljust(64, b"\0"))
    with open(folder / "weight.bin", "ab") as file:
        file.write(numbers)
    return WeightFiles(folder)


def packed(numbers: list[int], bits: int) -> bytes:
    """Bits one after the other, the lowest first, by Python's whole numbers."""
    whole = sum((number & (2**bits - 1)) << place * bits for place, number in enumerate(numbers))
    return whole.to_bytes(math.ceil(len(numbers) * bits / 8), "little")


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 6, 8])
def test_numbers_of_few_bits(bits: int) -> None:
    numbers = np.random.default_rng(bits).integers(0, 2**bits, 37).tolist()
    assert unpacked(packed(numbers, bits), bits, 37).tolist() == numbers
    with pytest.raises(ValueError, match="37 numbers"):
        unpacked(packed(numbers, bits)[:-1], bits, 37)


@pytest.mark.parametrize("number", [number for number, element in ELEMENTS.items() if element.stored])
def test_each_type_that_a_weight_file_has(number: int, tmp_path: Path) -> None:
    element = ELEMENTS[number]
    if element.dtype.kind == "f":
        values = np.linspace(-2, 2, 15).astype(element.dtype)
    else:
        least = -(2 ** (element.bits - 1)) if element.dtype.kind == "i" else 0
        values = np.random.default_rng(0).integers(least, least + 2**element.bits, 15).astype(element.dtype)
    content = packed(values.tolist(), element.bits) if element.bits < 8 else values.tobytes()
    over = 8 * len(content) - 15 * element.bits
    files = weight_file(tmp_path, content, kind=element.stored, over=over)
    found = files.numbers("weight.bin", 64, TensorType(element, (3, 5)))
    assert found.dtype == element.dtype and found.tolist() == values.tolist()


TWELVE = TensorType(ELEMENTS[FLOAT32], (3, 4))
CONTENT = np.arange(12, dtype=np.float32).tobytes()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"version": 3}, "does not begin as a file of weights"),
        ({"sign": 0xDEADBEEE}, "no record begins at 64"),
        ({"kind": 1}, "is of other numbers than the model says"),
        ({"size": 2**63}, "is of other numbers than the model says"),
        ({"start": 2**63}, "ends before the numbers"),
        ({"start": 192}, "ends before the numbers"),
        ({"start": 129}, "ends before the numbers"),
        ({"numbers": CONTENT[:-1], "size": 48}, "ends before the numbers"),
    ],
)
def test_a_damaged_record_names_its_file(changed: dict[str, Any], words: str, tmp_path: Path) -> None:
    files = weight_file(tmp_path, **{"numbers": CONTENT} | changed)
    with pytest.raises(KitError, match=rf"weight\.bin: damaged, .*{words}.*: export it again"):
        files.numbers("weight.bin", 64, TWELVE)


@pytest.mark.parametrize("offset", [0, 1, 63, 65, 128, 2**40, 2**64 - 64])
def test_a_wrong_offset_is_damage(offset: int, tmp_path: Path) -> None:
    with pytest.raises(KitError, match=r"weight\.bin: damaged"):
        weight_file(tmp_path, CONTENT).numbers("weight.bin", offset, TWELVE)


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(KitError, match=r"other\.bin: missing, though the model needs it"):
        weight_file(tmp_path, CONTENT).numbers("other.bin", 64, TWELVE)
    for name in ("..", "", "/etc/passwd"):
        with pytest.raises(KitError, match="missing"):
            weight_file(tmp_path, CONTENT).numbers(name, 64, TWELVE)
    with pytest.raises(KitError, match="none: missing, or no folder"):
        WeightFiles(tmp_path / "none")


def test_nothing_is_made_room_for_by_a_length_that_is_not_there(tmp_path: Path) -> None:
    files = weight_file(tmp_path, CONTENT)
    huge = [TensorType(ELEMENTS[kind], (2**20, 2**20)) for kind in (FLOAT32, INT4, UINT1)]
    tracemalloc.start()
    for kind in huge:
        with pytest.raises(KitError, match="damaged"):
            files.numbers("weight.bin", 64, kind)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def value(data_type: int, shape: tuple[int, ...], **held: Any) -> Any:
    made = specification.message("Value")()
    made.type.tensorType.dataType, made.type.tensorType.rank = data_type, len(shape)
    for length in shape:
        made.type.tensorType.dimensions.add().constant.size = length
    for name, values in held.items():
        field = getattr(made.immediateValue.tensor, name)
        field.SetInParent()
        if name == "bytes":
            field.values = values
        else:
            field.values.extend(values)
    return made


def read(made: Any, tmp_path: Path) -> np.ndarray:
    return value_of(made, tensor_type(made.type), WeightFiles(tmp_path))


def test_numbers_in_the_program_itself(tmp_path: Path) -> None:
    assert read(value(INT32, (2,), ints=[3, -1]), tmp_path).tolist() == [3, -1]
    assert read(value(INT16, (), ints=[-7]), tmp_path) == np.int16(-7)
    assert read(value(FLOAT16, (2, 1), bytes=np.float16([1, 2]).tobytes()), tmp_path).tolist() == [[1], [2]]
    assert read(value(INT4, (3,), bytes=packed([-8, 7, -1], 4)), tmp_path).tolist() == [-8, 7, -1]
    assert read(value(STRING, (), strings=["valid"]), tmp_path) == "valid"
    assert read(value(INT32, (0,), ints=[]), tmp_path).shape == (0,)
    for made in (
        value(INT32, (3,), ints=[1]), value(INT32, (1,), floats=[1]), value(INT32, (1,)),
        value(INT16, (1,), ints=[70_000]), value(FLOAT16, (2,), bytes=b"\0\0\0"),
        value(FLOAT16, (2**40, 2**40), bytes=b"\0\0"),
    ):  # fmt: skip
        with pytest.raises((ValueError, OverflowError)):
            read(made, tmp_path)


def test_what_is_no_tensor_that_kit_knows_is_said_to_be_unknown() -> None:
    open_ended = value(INT32, (1,))
    open_ended.type.tensorType.dimensions[0].unknown.SetInParent()
    listed = value(INT32, ())
    listed.type.listType.SetInParent()
    for made in (value(BFLOAT16, (1,)), open_ended, listed):
        with pytest.raises(UnknownError, match="which kit cannot evaluate"):
            tensor_type(made.type)
    contradictory = value(INT32, (1,))
    contradictory.type.tensorType.rank = 4
    with pytest.raises(ValueError, match="1 dimensions where 4 belong"):
        tensor_type(contradictory.type)
