"""Every compressed form against coremltools' own arithmetic, bit for bit."""

from typing import Any

import numpy as np
import pytest

from kit import backend
from kit.exporting.compressed import uncompressed
from kit.exporting.shapes import UnknownError
from kit.exporting.tensors import Element, TensorType

DRAW = np.random.default_rng(3)
SHAPE = (6, 4, 5)
PLACES = DRAW.integers(0, 16, SHAPE).astype(np.uint8)
WHERE = DRAW.integers(0, 2, SHAPE).astype(np.uint8)
KEPT = int(WHERE.sum())
SIGNED = DRAW.integers(-128, 128, SHAPE).astype(np.int8)
SCALES = DRAW.normal(size=(3, 2, 1))


def half(*shape: int) -> np.ndarray:
    return DRAW.normal(size=shape).astype(np.float16)


def low_first(numbers: np.ndarray, bits: int) -> np.ndarray:
    digits = np.unpackbits(numbers.reshape(-1, 1), axis=1, bitorder="little")[:, :bits]
    return np.packbits(digits.reshape(-1), bitorder="little")


OLDER = "iOS16.constexpr_ops"
NEWER = "iOS18.compression"
CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "scaled": (OLDER, "constexpr_affine_dequantize", {
        "quantized_data": SIGNED, "zero_point": DRAW.integers(-9, 9, 4).astype(np.int8), "scale": half(4),
        "axis": np.int32(1)}),
    "scaled by one": (OLDER, "constexpr_affine_dequantize", {
        "quantized_data": SIGNED, "zero_point": np.int8(3), "scale": np.float32(0.01), "axis": np.int32(-1)}),
    "packed places": (OLDER, "constexpr_lut_to_dense", {
        "lut": half(64), "indices": low_first(DRAW.integers(0, 64, SHAPE).astype(np.uint8), 6),
        "shape": np.array(SHAPE, np.uint32)}),
    "a bit mask": (OLDER, "constexpr_sparse_to_dense", {
        "nonzero_data": half(KEPT), "mask": low_first(WHERE, 1), "shape": np.array(SHAPE, np.uint32)}),
    "shifted": (NEWER, "constexpr_blockwise_shift_scale", {
        "data": SIGNED, "scale": SCALES.astype(np.float16), "offset": DRAW.integers(-9, 9, (3, 2, 1)).astype(np.int8)}),
    "not shifted": (NEWER, "constexpr_blockwise_shift_scale", {
        "data": SIGNED, "scale": SCALES.astype(np.float32), "offset": None}),
    "one table": (NEWER, "constexpr_lut_to_dense", {
        "indices": PLACES, "lut": half(1, 1, 1, 16, 1), "vector_axis": None}),
    "tables of blocks": (NEWER, "constexpr_lut_to_dense", {
        "indices": PLACES, "lut": half(3, 2, 1, 16, 1), "vector_axis": None}),
    "a mask": (NEWER, "constexpr_sparse_to_dense", {"nonzero_data": half(KEPT), "mask": WHERE}),
    "kept in tables": (NEWER, "constexpr_lut_to_sparse", {
        "indices_mask": WHERE, "indices_nonzero_data": PLACES[WHERE != 0], "lut": half(2, 1, 5, 16, 1),
        "vector_axis": None}),
    "kept and shifted": (NEWER, "constexpr_sparse_blockwise_shift_scale", {
        "data_mask": WHERE, "nonzero_data": SIGNED[WHERE != 0], "scale": half(6, 1, 1),
        "offset": DRAW.integers(-9, 9, (6, 1, 1)).astype(np.int8)}),
}  # fmt: skip


def types_of(made: tuple[np.ndarray, ...]) -> list[TensorType]:
    return [TensorType(Element(one.dtype, 8 * one.itemsize, ""), one.shape) for one in made]


def theirs(module: str, kind: str, arguments: dict[str, Any]) -> tuple[np.ndarray, ...]:
    backend.coremltools()
    import importlib

    form = getattr(importlib.import_module(f"coremltools.converters.mil.mil.ops.defs.{module}"), kind)
    made = form.decompress(**arguments)
    return made if isinstance(made, tuple) else (made,)


@pytest.mark.parametrize("case", CASES)
def test_it_is_what_coremltools_makes_of_it(case: str) -> None:
    module, kind, arguments = CASES[case]
    expected = theirs(module, kind, arguments)
    given = {name: np.asarray(value) for name, value in arguments.items() if value is not None}
    found = uncompressed(kind, given, types_of(expected))
    for ours, other in zip(found, expected, strict=True):
        assert (ours.dtype, ours.shape) == (other.dtype, other.shape)
        assert ours.tobytes() == other.tobytes()


def test_a_cast() -> None:
    [found] = uncompressed("constexpr_cast", {"source_val": half(3)}, types_of((np.zeros(3, np.float32),)))
    assert found.dtype == np.float32


@pytest.mark.parametrize(
    ("case", "change"),
    [
        ("scaled", {"axis": np.int32(3)}), ("scaled", {"scale": half(5)}), ("scaled", {"zero_point": half(2, 2)}),
        ("packed places", {"shape": np.array([2**31, 2**31], np.uint32)}), ("packed places", {"lut": half(63)}),
        ("packed places", {"indices": PLACES.reshape(-1)}), ("a bit mask", {"nonzero_data": half(1)}),
        ("a bit mask", {"mask": low_first(WHERE, 1)[:-1]}), ("shifted", {"scale": half(4, 2, 1)}),
        ("shifted", {"scale": half(0, 2, 1)}), ("shifted", {"scale": half(3, 2)}),
        ("shifted", {"offset": half(3, 1, 1)}), ("one table", {"lut": half(1, 1, 1, 8, 1)}),
        ("one table", {"lut": half(16, 1)}), ("one table", {"lut": half()}),
        ("a mask", {"nonzero_data": half(1)}), ("kept in tables", {"indices_nonzero_data": PLACES[0, 0]}),
    ],
)  # fmt: skip
def test_parameters_that_do_not_fit_are_refused(case: str, change: dict[str, np.ndarray]) -> None:
    module, kind, arguments = CASES[case]
    wanted = types_of(theirs(module, kind, arguments))
    given = {name: np.asarray(value) for name, value in arguments.items() if value is not None}
    with pytest.raises((ValueError, IndexError, KeyError)):
        uncompressed(kind, given | change, wanted)


def test_what_kit_does_not_know_is_said_to_be_unknown() -> None:
    given = {"indices": PLACES, "lut": half(1, 1, 1, 16, 2), "vector_axis": np.int32(0)}
    for kind in ("constexpr_lut_to_dense", "constexpr_of_tomorrow"):
        with pytest.raises(UnknownError, match="which kit cannot evaluate"):
            uncompressed(kind, given, types_of((half(12, 4, 5),)))
