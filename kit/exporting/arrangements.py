"""MIL's operations that only put numbers elsewhere: reshaped, joined, cut, repeated, picked."""

import math
from collections.abc import Callable

import numpy as np

from kit.exporting.shapes import (
    Arguments,
    Kind,
    Need,
    Shape,
    UnknownError,
    axes_of,
    axis_of,
    behind_rows,
    flags,
    numbers,
    of_shape,
    operand,
    whole,
)


def _reshape_need(arguments: Arguments) -> Need:
    size, shape = math.prod(operand(arguments["x"])), numbers(arguments["shape"])
    if shape.count(-1) == 1 and (rest := -math.prod(shape)) > 0:
        shape[shape.index(-1)] = size // rest
    if math.prod(shape) != size or min(shape, default=1) < 1:
        raise ValueError("it holds another number of values")
    return of_shape(tuple(shape))


def _flatten2d_need(arguments: Arguments) -> Need:
    shape, axis = operand(arguments["x"]), int(arguments.get("axis", 1))
    if not -len(shape) <= axis <= len(shape):
        raise ValueError(f"it has no axis {axis}")
    return of_shape((math.prod(shape[:axis]), math.prod(shape[axis:])))


def _expand_dims_need(arguments: Arguments) -> Need:
    shape, wanted = operand(arguments["x"]), numbers(arguments["axes"])
    axes = axes_of(wanted, (1,) * (len(shape) + len(wanted)))
    rest = iter(shape)
    return of_shape(tuple(1 if axis in axes else next(rest) for axis in range(len(shape) + len(axes))))


def _squeeze_need(arguments: Arguments) -> Need:
    shape = operand(arguments["x"])
    axes = axes_of(arguments["axes"], shape) if "axes" in arguments else [i for i, one in enumerate(shape) if one == 1]
    if any(shape[axis] != 1 for axis in axes):
        raise ValueError("it drops an axis that is longer than 1")
    return of_shape(tuple(length for axis, length in enumerate(shape) if axis not in axes))


def _reshaping(need: Callable[[Arguments], Need]) -> Kind:
    """What gives the numbers as they are another shape, which the rule says."""

    def compute(arguments: Arguments) -> np.ndarray:
        x = arguments["x"]
        return x.reshape(len(x), *need(arguments | {"x": x.shape[1:]}).shape)

    return Kind(need, compute)


def _transpose_need(arguments: Arguments) -> Need:
    shape = operand(arguments["x"])
    axes = [axis_of(axis, shape) for axis in numbers(arguments["perm"])]
    if sorted(axes) != list(range(len(shape))):
        raise ValueError("its axes are no order of those that there are")
    return of_shape(tuple(shape[axis] for axis in axes))


def _transpose(arguments: Arguments) -> np.ndarray:
    x = arguments["x"]
    return x.transpose(0, *(behind_rows(axis, x) for axis in arguments["perm"]))


def _reverse_need(arguments: Arguments) -> Need:
    shape = operand(arguments["x"])
    axes_of(arguments.get("axes"), shape)
    return of_shape(shape)


def _reverse(arguments: Arguments) -> np.ndarray:
    x, axes = arguments["x"], arguments.get("axes")
    wanted = range(1, x.ndim) if axes is None else (behind_rows(axis, x) for axis in np.atleast_1d(axes))
    return np.flip(x, tuple(wanted))


def _joined(arguments: Arguments) -> list[np.ndarray]:
    """The parts with as many rows each: a constant has one."""
    rows = max(map(len, arguments["values"]))
    return [np.broadcast_to(part, (rows, *part.shape[1:])) for part in arguments["values"]]


def _concat_need(arguments: Arguments) -> Need:
    shapes = [operand(value) for value in arguments["values"]]
    axis = axis_of(arguments["axis"], shapes[0])
    others = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes if len(shape) == len(shapes[0])}
    if len(others) != 1 or any(len(shape) != len(shapes[0]) for shape in shapes):
        raise ValueError("its arguments are of other sizes")
    if arguments.get("interleave", False):
        raise UnknownError("its parts take turns")
    return of_shape((*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :]))


def _concat(arguments: Arguments) -> np.ndarray:
    values = _joined(arguments)
    return np.concatenate(values, axis=behind_rows(arguments["axis"], values[0]))


def _stack_need(arguments: Arguments) -> Need:
    shapes = [operand(value) for value in arguments["values"]]
    if len(set(shapes)) != 1:
        raise ValueError("its arguments are of other sizes")
    axis = axis_of(arguments["axis"], (1, *shapes[0]))
    return of_shape((*shapes[0][:axis], len(shapes), *shapes[0][axis:]))


def _stack(arguments: Arguments) -> np.ndarray:
    values = _joined(arguments)
    return np.stack(values, axis=behind_rows(arguments["axis"], values[0][None]))


def _parts(arguments: Arguments, length: int) -> list[int]:
    """How long the parts are that an axis of this length is split into."""
    if "split_sizes" in arguments:
        sizes = numbers(arguments["split_sizes"])
    else:
        count = whole(arguments["num_splits"])
        if length % count:
            raise ValueError(f"{length} values are not split into {count} parts of one size")
        sizes = [length // count] * count
    if min(sizes) < 1 or sum(sizes) != length:
        raise ValueError("its parts are not all that there is")
    return sizes


def _split_need(arguments: Arguments) -> Need:
    shape = operand(arguments["x"])
    axis = axis_of(arguments.get("axis", 0), shape)
    sizes, part = _parts(arguments, shape[axis]), whole(arguments["part"], 0)
    if part >= len(sizes):
        raise ValueError(f"it has {len(sizes)} parts")
    return of_shape((*shape[:axis], sizes[part], *shape[axis + 1 :]))


def _split(arguments: Arguments) -> np.ndarray:
    x, part = arguments["x"], int(arguments["part"])
    axis = behind_rows(arguments.get("axis", 0), x)
    sizes = _parts(arguments, x.shape[axis])
    start = sum(sizes[:part])
    return x[(*[slice(None)] * axis, slice(start, start + sizes[part]))]


def _cut(index: list[slice | int], shape: Shape) -> Need:
    """What is left of a tensor by slices, and by places of which each drops its axis."""
    lengths = []
    for one, length in zip(index, shape, strict=True):
        if isinstance(one, slice):
            lengths.append(len(range(*one.indices(length))))
        elif not -length <= one < length:
            raise ValueError(f"it has no place {one}")
    return of_shape(tuple(lengths))


def _by_index(arguments: Arguments, shape: Shape) -> list[slice | int]:
    """By what is said of the last axes; those before, of which nothing is said, are left whole."""
    begins = numbers(arguments["begin"])
    count = len(begins)
    if not 0 < count <= len(shape):
        raise ValueError(f"it names {count} axes of {len(shape)}")
    ends = numbers(arguments["end"], count)
    strides = numbers(arguments.get("stride", (1,) * count), count)
    open_begins, open_ends, single = (
        flags(arguments, f"{name}_mask", count) for name in ("begin", "end", "squeeze")
    )  # fmt: skip
    named = [
        begins[i] if single[i] else slice(
            None if open_begins[i] else begins[i], None if open_ends[i] else ends[i], strides[i]
        )
        for i in range(count)
    ]  # fmt: skip
    return [*[slice(None)] * (len(shape) - count), *named]


def _by_size(arguments: Arguments, shape: Shape) -> list[slice | int]:
    count, found = len(shape), list[slice | int]()
    for length, begin, size in zip(
        shape, numbers(arguments["begin"], count), numbers(arguments["size"], count), strict=True
    ):
        start = begin + length if begin < 0 else begin
        end = length if size == -1 else start + size
        if not 0 <= start < end <= length:
            raise ValueError("it cuts out more than there is")
        found.append(slice(start, end))
    return found


def _cropped(arguments: Arguments, shape: Shape) -> list[slice | int]:
    if len(shape) < 3:
        raise ValueError("it takes no picture")
    found: list[slice | int] = [slice(None)] * len(shape)
    for axis, side in ((-2, "height"), (-1, "width")):
        before, after = numbers(arguments[f"crop_{side}"], 2)
        if min(before, after) < 0:
            raise ValueError("it cuts off less than nothing")
        found[axis] = slice(before, max(before, shape[axis] - after))
    return found


def _slice(index: Callable[[Arguments, Shape], list[slice | int]]) -> Kind:
    """What cuts out a part, by a function: arguments and shape → a slice or a place for each axis."""
    return Kind(
        lambda arguments: _cut(index(arguments, operand(arguments["x"])), operand(arguments["x"])),
        lambda arguments: arguments["x"][(slice(None), *index(arguments, arguments["x"].shape[1:]))],
    )


def _edges(arguments: Arguments, axes: int) -> list[list[int]]:
    """Numbers that are added before and after each axis; those that are not named come first."""
    pads = numbers(arguments["pad"])
    if len(pads) % 2 or len(pads) > 2 * axes or min(pads, default=0) < 0:
        raise ValueError("its borders are none")
    return [[0, 0]] * (axes - len(pads) // 2) + [pads[place : place + 2] for place in range(0, len(pads), 2)]


def _pad_need(arguments: Arguments) -> Need:
    shape, mode = operand(arguments["x"]), str(arguments.get("mode", "constant"))
    edges = _edges(arguments, len(shape))
    most = {"constant": math.inf, "reflect": -1, "replicate": 0}
    if mode not in most:
        raise ValueError(f"its borders are of the unknown kind {mode[:20]!r}")
    if mode != "constant" and any(max(edge) > length + most[mode] for edge, length in zip(edges, shape, strict=True)):
        raise ValueError("its borders are wider than what they repeat")
    return of_shape(tuple(length + sum(edge) for length, edge in zip(shape, edges, strict=True)))


def _pad(arguments: Arguments) -> np.ndarray:
    x, mode = arguments["x"], str(arguments.get("mode", "constant"))
    edges = [(0, 0), *_edges(arguments, x.ndim - 1)]
    if mode == "constant":
        return np.pad(x, edges, constant_values=arguments.get("constant_val", np.float32(0)))
    return np.pad(x, edges, mode="reflect" if mode == "reflect" else "edge")


def _tile_need(arguments: Arguments) -> Need:
    shape = operand(arguments["x"])
    repeats = numbers(arguments["reps"], len(shape))
    if min(repeats, default=1) < 1:
        raise ValueError("it repeats less than once")
    return of_shape(tuple(length * times for length, times in zip(shape, repeats, strict=True)))


def _tile(arguments: Arguments) -> np.ndarray:
    return np.tile(arguments["x"], (1, *numbers(arguments["reps"])))


def _gather_need(arguments: Arguments) -> Need:
    shape, indices = operand(arguments["x"]), operand(arguments["indices"])
    if int(arguments.get("batch_dims", 0)):
        raise UnknownError("it picks by batches")
    axis = axis_of(arguments.get("axis", 0), shape)
    return of_shape((*shape[:axis], *indices, *shape[axis + 1 :]))


def _inside(indices: np.ndarray, length: int) -> np.ndarray:
    """Places that there are: what points elsewhere is nobody's, and taken for the nearest."""
    places = indices.astype(np.int64)
    return np.clip(np.where(places < 0, places + length, places), 0, length - 1)


def _gather(arguments: Arguments) -> np.ndarray:
    x = arguments["x"]
    axis = behind_rows(arguments.get("axis", 0), x)
    indices = _inside(arguments["indices"], x.shape[axis])
    if len(indices) == 1:
        return x.take(indices[0], axis=axis)
    if len(x) == 1:
        return np.moveaxis(x[0].take(indices, axis=axis - 1), axis - 1, 0)
    return np.stack([row.take(places, axis=axis - 1) for row, places in zip(x, indices, strict=True)])


def _along_need(arguments: Arguments) -> Need:
    shape, indices = operand(arguments["x"]), operand(arguments["indices"])
    axis = axis_of(arguments.get("axis", 0), shape)
    if len(shape) != len(indices) or any(
        one != other for place, (one, other) in enumerate(zip(shape, indices, strict=True)) if place != axis
    ):
        raise ValueError("its places are for a tensor of another size")
    return of_shape(indices)


def _gather_along_axis(arguments: Arguments) -> np.ndarray:
    x = arguments["x"]
    axis = behind_rows(arguments.get("axis", 0), x)
    return np.take_along_axis(x, _inside(arguments["indices"], x.shape[axis]), axis=axis)


def _one_hot_need(arguments: Arguments) -> Need:
    shape, size = operand(arguments["indices"]), whole(arguments["one_hot_vector_size"])
    axis = axis_of(arguments.get("axis", -1), (1, *shape))
    return of_shape((*shape[:axis], size, *shape[axis:]))


def _one_hot(arguments: Arguments) -> np.ndarray:
    indices, size = arguments["indices"], int(arguments["one_hot_vector_size"])
    on, off = arguments.get("on_value", np.float32(1)), arguments.get("off_value", np.float32(0))
    result = np.asarray(np.where(indices[..., None] == np.arange(size), on, off))
    return np.moveaxis(result, -1, behind_rows(arguments.get("axis", -1), result))


def _band_part_need(arguments: Arguments) -> Need:
    shape = operand(arguments["x"])
    if len(shape) < 2:
        raise ValueError("it takes no matrix")
    numbers([arguments.get("lower", -1), arguments.get("upper", -1)], 2)
    return of_shape(shape)


def _band_part(arguments: Arguments) -> np.ndarray:
    """A matrix without what is further from its diagonal, below and above."""
    x, lower, upper = arguments["x"], int(arguments.get("lower", -1)), int(arguments.get("upper", -1))
    down = np.subtract.outer(np.arange(x.shape[-2]), np.arange(x.shape[-1]))
    kept = ((lower < 0) | (down <= lower)) & ((upper < 0) | (-down <= upper))
    return np.where(kept, x, x.dtype.type(0))


def _blocks(factor: str, *, into_space: bool, channels_first: bool) -> Kind:
    """Channels into blocks of pixels or back.

    Args:
        factor: The argument that says how long a block is.
        into_space: From channels into pixels.
        channels_first: A block's pixels are neighbours among the channels, as in PyTorch; TensorFlow has them apart.
    """

    def need(arguments: Arguments) -> Need:
        shape, block = operand(arguments["x"]), whole(arguments[factor])
        if len(shape) != 4:
            raise ValueError("it takes no picture")
        count, channels, height, width = shape
        if channels % block**2 if into_space else height % block or width % block:
            raise ValueError("its blocks are no whole number")
        if into_space:
            return of_shape((count, channels // block**2, height * block, width * block))
        return of_shape((count, channels * block**2, height // block, width // block))

    def compute(arguments: Arguments) -> np.ndarray:
        x, block = arguments["x"], int(arguments[factor])
        rows, count, channels, height, width = x.shape
        if into_space:
            inner = (channels // block**2, block, block) if channels_first else (block, block, channels // block**2)
            parts = x.reshape(rows * count, *inner, height, width)
            parts = parts.transpose(0, 1, 4, 2, 5, 3) if channels_first else parts.transpose(0, 3, 4, 1, 5, 2)
        else:
            parts = x.reshape(rows * count, channels, height // block, block, width // block, block)
            parts = parts.transpose(0, 1, 3, 5, 2, 4) if channels_first else parts.transpose(0, 3, 5, 1, 2, 4)
        return parts.reshape(rows, *need(arguments | {"x": x.shape[1:]}).shape)

    return Kind(need, compute)


KINDS: dict[str, Kind] = {
    "band_part": Kind(_band_part_need, _band_part),
    "concat": Kind(_concat_need, _concat),
    "crop": _slice(_cropped),
    "depth_to_space": _blocks("block_size", into_space=True, channels_first=False),
    "expand_dims": _reshaping(_expand_dims_need),
    "flatten2d": _reshaping(_flatten2d_need),
    "gather": Kind(_gather_need, _gather),
    "gather_along_axis": Kind(_along_need, _gather_along_axis),
    "one_hot": Kind(_one_hot_need, _one_hot),
    "pad": Kind(_pad_need, _pad),
    "pixel_shuffle": _blocks("upscale_factor", into_space=True, channels_first=True),
    "pixel_unshuffle": _blocks("downscale_factor", into_space=False, channels_first=True),
    "reshape": _reshaping(_reshape_need),
    "reverse": Kind(_reverse_need, _reverse),
    "slice_by_index": _slice(_by_index),
    "slice_by_size": _slice(_by_size),
    "space_to_depth": _blocks("block_size", into_space=False, channels_first=False),
    "split": Kind(_split_need, _split),
    "squeeze": _reshaping(_squeeze_need),
    "stack": Kind(_stack_need, _stack),
    "tile": Kind(_tile_need, _tile),
    "transpose": Kind(_transpose_need, _transpose),
}
