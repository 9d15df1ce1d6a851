"""Weights that are stored compressed → the arrays that an ML program computes with, as coremltools has them.

Each form has a function of its parameters, by the names that MIL has for them. Those that keep only what is not zero
give two arrays, where that is and what it is. Nothing is larger than what it is made of says.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from kit.exporting.shapes import Shape, UnknownError, axis_of
from kit.exporting.tensors import TensorType, unpacked

_Given = Mapping[str, np.ndarray]
_Made = tuple[np.ndarray, ...]
_TABLES = {2: 1, 4: 2, 16: 4, 64: 6, 256: 8}  # how many values a table has → bits of a place in it


def uncompressed(kind: str, given: _Given, wanted: list[TensorType]) -> _Made:
    """What an operation of this kind gives.

    Args:
        kind: Its name in MIL, such as "constexpr_lut_to_dense".
        given: Parameter → array.
        wanted: What the program says of each of its results.

    Raises:
        UnknownError: Kit does not know this form.
        ValueError, KeyError, IndexError: Its parameters do not fit together, or with what the program says.
    """
    if kind not in _FORMS:
        raise UnknownError(f"is a {kind}, which kit cannot evaluate")
    if "shape" in given and tuple(given["shape"].tolist()) != wanted[0].shape:  # before anything of it is made
        raise ValueError("it has another shape than the model says")
    made = _FORMS[kind](given)
    if [(one.shape, one.dtype) for one in made] != [(one.shape, one.element.dtype) for one in wanted]:
        raise ValueError("its weights are of another shape or type than the model says")
    return made


def _scaled(given: _Given) -> _Made:
    """Whole numbers, each row along an axis with a scale and a zero point of its own, or all with the same."""
    data, scale, zero = given["quantized_data"], given["scale"], given["zero_point"]
    axis = axis_of(given["axis"], data.shape)

    def along(values: np.ndarray) -> np.ndarray:
        if values.ndim > 1:
            raise ValueError("it has scales or zero points along more than one axis")
        shape = [1] * data.ndim
        shape[axis] = values.size
        return values.reshape(shape)

    numbers = data.astype(np.float32)
    numbers -= along(zero).astype(np.float32)
    numbers *= along(scale)
    return (numbers.astype(scale.dtype),)


def _cast(given: _Given) -> _Made:
    return (given["source_val"].astype(np.float32),)


def _from_table(given: _Given) -> _Made:
    """Packed places in one table, or places of which each block has a table of its own."""
    table, places = given["lut"], given["indices"]
    if "shape" not in given:
        return (_looked_up(places, given),)
    shape = given["shape"].tolist()
    numbers = unpacked(places.tobytes(), _TABLES[table.size], math.prod(shape))
    return (table.reshape(-1)[numbers].reshape(shape),)


def _looked_up(places: np.ndarray, given: _Given) -> np.ndarray:
    """The values at places (*shape) of tables (*blocks, values, 1)."""
    tables = given["lut"]
    if tables.shape[-1:] != (1,):
        raise UnknownError("has tables of vectors, which kit cannot evaluate")
    sizes = _block_sizes(places.shape, tables.shape[:-2])
    blocks = [place // size for place, size in zip(np.ogrid[*map(slice, places.shape)], sizes, strict=True)]
    values: np.ndarray = tables[(*blocks, places, 0)]
    return values


def _block_sizes(shape: Shape, blocks: Shape) -> list[int]:
    """How long a block is along each axis of an array that has so many along it."""
    if len(blocks) != len(shape) or any(part < 1 or size % part for size, part in zip(shape, blocks, strict=True)):
        raise ValueError(f"weights of shape {shape} have no blocks of shape {blocks}")
    return [size // part for size, part in zip(shape, blocks, strict=True)]


def _shifted(data: np.ndarray, given: _Given) -> np.ndarray:
    """Whole numbers, each block with a scale and an offset of its own."""
    scale, offset = given["scale"], given.get("offset")
    sizes = _block_sizes(data.shape, scale.shape)
    if offset is not None and offset.shape != scale.shape:
        raise ValueError("it has more or fewer offsets than scales")

    def repeated(values: np.ndarray) -> np.ndarray:
        for axis, size in enumerate(sizes):
            values = np.repeat(values, size, axis) if size > 1 else values
        return values

    numbers = data.astype(scale.dtype)
    return repeated(scale) * (numbers if offset is None else numbers - repeated(offset))


def _filled(kept: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Zeros, but for what was kept."""
    if kept.shape != (np.count_nonzero(where),):
        raise ValueError("it keeps more or fewer weights than it has places for")
    dense = np.zeros(where.shape, kept.dtype)
    dense[where != 0] = kept
    return dense


def _from_kept(given: _Given) -> _Made:
    """What is not zero, and where that is: a bit for each weight."""
    where = given["mask"]
    if "shape" in given:
        shape = given["shape"].tolist()
        where = unpacked(where.tobytes(), 1, math.prod(shape)).reshape(shape)
    return (_filled(given["nonzero_data"], where),)


def _kept_from_table(given: _Given) -> _Made:
    where = given["indices_mask"]
    return where, _looked_up(_filled(given["indices_nonzero_data"], where), given)[where != 0]


def _kept_shifted(given: _Given) -> _Made:
    where = given["data_mask"]
    return where, _shifted(_filled(given["nonzero_data"], where), given)[where != 0]


_FORMS: dict[str, Callable[[_Given], _Made]] = {
    "constexpr_affine_dequantize": _scaled,
    "constexpr_blockwise_shift_scale": lambda given: (_shifted(given["data"], given),),
    "constexpr_cast": _cast,
    "constexpr_lut_to_dense": _from_table,
    "constexpr_lut_to_sparse": _kept_from_table,
    "constexpr_sparse_blockwise_shift_scale": _kept_shifted,
    "constexpr_sparse_to_dense": _from_kept,
}
