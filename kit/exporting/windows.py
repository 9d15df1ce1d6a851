"""MIL's operations that look at a pixel's neighbourhood: convolutions, pooling, resizing.

Each takes pictures (n, channels, *size) with one to three spatial axes.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from kit.exporting.shapes import (
    Arguments,
    Kind,
    Need,
    UnknownError,
    axis_of,
    behind_rows,
    numbers,
    of_shape,
    operand,
    picture,
    whole,
)


def _steps(arguments: Arguments, name: str, axes: int) -> list[int]:
    """Strides or dilations, of which each axis has one."""
    return numbers(arguments.get(name, (1,) * axes), axes)


def _borders(
    size: Sequence[int], extents: Sequence[int], strides: Sequence[int], arguments: Arguments
) -> list[list[int]]:
    """Pixels that are added before and after each axis of pictures of this size, for windows of these extents."""
    kind = str(arguments.get("pad_type", "valid"))
    if kind == "custom":
        pads = numbers(arguments["pad"], 2 * len(size))
        if min(pads) < 0:
            raise ValueError("its borders are narrower than none")
        return [pads[2 * axis : 2 * axis + 2] for axis in range(len(size))]
    if kind == "valid":
        return [[0, 0] for _ in size]
    if kind not in ("same", "same_lower"):
        raise ValueError(f"its borders are of the unknown kind {kind[:20]!r}")
    found = []
    for length, extent, stride in zip(size, extents, strides, strict=True):
        total = max(0, (math.ceil(length / stride) - 1) * stride + extent - length)
        before = (total + (kind == "same_lower")) // 2
        found.append([before, total - before])
    return found


def _slid(size: Sequence[int], kernel: Sequence[int], arguments: Arguments) -> tuple[list[int], list[int]]:
    """The size with borders, and that of what a window that slides over it gives."""
    strides, dilations = (_steps(arguments, name, len(kernel)) for name in ("strides", "dilations"))
    if len(size) != len(kernel) or min(*kernel, *strides, *dilations) < 1:
        raise ValueError("its window is none")
    extents = [(length - 1) * dilation + 1 for length, dilation in zip(kernel, dilations, strict=True)]
    borders = _borders(size, extents, strides, arguments)
    padded = [length + sum(border) for length, border in zip(size, borders, strict=True)]
    result = [(whole - extent) // step + 1 for whole, extent, step in zip(padded, extents, strides, strict=True)]
    if min(result) < 1:
        raise ValueError("its window is larger than the picture")
    return padded, result


def _conv_need(arguments: Arguments) -> Need:
    weight, groups = arguments["weight"], int(arguments.get("groups", 1))
    count, channels, size = picture(arguments["x"])
    outputs, inputs, *kernel = weight.shape
    if groups < 1 or channels != inputs * groups or outputs % groups or weight.size < 1:
        raise ValueError("its weights are for another number of channels")
    if "bias" in arguments and np.size(arguments["bias"]) != outputs:
        raise ValueError("its bias is for another number of channels")
    padded, result = _slid(size, kernel, arguments)
    columns = math.prod(result) * math.prod(kernel) * channels
    shape = (count, outputs, *result)
    work = math.prod(shape) * math.prod(weight.shape[1:])
    return Need(shape, work, count * max(channels * math.prod(padded), columns))


def _pool_need(arguments: Arguments) -> Need:
    if arguments.get("ceil_mode", False):
        raise UnknownError("it pools in ceil mode")
    count, channels, size = picture(arguments["x"])
    kernel = numbers(arguments["kernel_sizes"], len(size))
    padded, result = _slid(size, kernel, arguments)
    shape = (count, channels, *result)
    return Need(shape, math.prod(shape) * math.prod(kernel), count * channels * math.prod(padded))


def _pictures(x: np.ndarray) -> np.ndarray:
    """Rows (rows, n, channels, *size) as pictures (rows × n, channels, *size)."""
    return x.reshape(-1, *x.shape[2:])


def _rows(pictures: np.ndarray, x: np.ndarray) -> np.ndarray:
    """And back."""
    return pictures.reshape(*x.shape[:2], *pictures.shape[1:])


def _padded(x: np.ndarray, arguments: Arguments, kernel: Sequence[int], fill: float) -> np.ndarray:
    """Pictures with the borders that the operation asks for."""
    strides, dilations = (_steps(arguments, name, len(kernel)) for name in ("strides", "dilations"))
    extents = [(length - 1) * dilation + 1 for length, dilation in zip(kernel, dilations, strict=True)]
    borders = _borders(x.shape[2:], extents, strides, arguments)
    if not any(map(any, borders)):
        return x
    return np.pad(x, [(0, 0), (0, 0), *borders], constant_values=fill)


def _windows(x: np.ndarray, kernel: Sequence[int], arguments: Arguments) -> np.ndarray:
    """Views (n, channels, *size, *kernel) of what each number of the result is made from."""
    strides, dilations = (_steps(arguments, name, len(kernel)) for name in ("strides", "dilations"))
    extent = [(length - 1) * dilation + 1 for length, dilation in zip(kernel, dilations, strict=True)]
    views = sliding_window_view(x, extent, axis=tuple(range(2, x.ndim)))
    return views[(slice(None), slice(None), *(slice(None, None, step) for step in (*strides, *dilations)))]


def _conv(arguments: Arguments) -> np.ndarray:
    x, weight, groups = arguments["x"], arguments["weight"], int(arguments.get("groups", 1))
    kernel = weight.shape[2:]
    padded = _padded(_pictures(x), arguments, kernel, 0.0)
    padded = np.moveaxis(np.ascontiguousarray(np.moveaxis(padded, 1, -1)), -1, 1)
    windows = _windows(padded, kernel, arguments)
    if groups == x.shape[2] and weight.shape[1] == 1 and weight.shape[0] == groups:  # depthwise
        result: Any = sum(
            windows[..., *offset] * _of_channels(weight[:, 0, *offset], kernel) for offset in np.ndindex(*kernel)
        )
    else:
        outputs = []
        for part, filters in zip(np.split(windows, groups, axis=1), np.split(weight, groups), strict=True):
            columns = np.moveaxis(part, 1, -1)  # channels last copies in long runs
            matrix = np.moveaxis(filters, (0, 1), (-1, -2)).reshape(filters[0].size, -1)
            size = columns.shape[: 1 + len(kernel)]
            outputs.append((columns.reshape(-1, filters[0].size) @ matrix).reshape(*size, -1))
        result = np.moveaxis(np.concatenate(outputs, axis=-1), -1, 1)
    return _rows(_biased(result, arguments, kernel), x)


def _of_channels(values: np.ndarray, kernel: Sequence[int]) -> np.ndarray:
    return values.reshape(-1, *(1,) * len(kernel))


def _biased(result: np.ndarray, arguments: Arguments, kernel: Sequence[int]) -> np.ndarray:
    return result + _of_channels(arguments["bias"], kernel) if "bias" in arguments else result


def _transposed(size: Sequence[int], arguments: Arguments) -> tuple[list[int], list[int], list[int]]:
    """Of a transposed convolution: the size of all that is written, where the result begins in it, and its size.

    What its result would be the convolution of decides: "same" cuts off what a convolution adds, half on each side.
    """
    kernel, axes = arguments["weight"].shape[2:], len(size)
    strides, dilations = (_steps(arguments, name, axes) for name in ("strides", "dilations"))
    if len(kernel) != axes or min(*kernel, *strides, *dilations) < 1:
        raise ValueError("its window is none")
    steps = zip(size, kernel, strides, dilations, strict=True)
    written = [(length - 1) * stride + (across - 1) * dilation + 1 for length, across, stride, dilation in steps]
    kind = str(arguments.get("pad_type", "valid"))
    begins, ends = [0] * axes, written
    if kind == "custom":
        pads = _borders(size, kernel, strides, arguments)
        begins = [before for before, _ in pads]
        ends = [length - sum(pad) for length, pad in zip(written, pads, strict=True)]
    elif kind == "same":
        ends = [length * stride for length, stride in zip(size, strides, strict=True)]
    elif kind != "valid":
        raise ValueError(f"its borders are of the unknown kind {kind[:20]!r}")
    if "output_shape" in arguments:
        ends = numbers(arguments["output_shape"], 2 + axes)[2:]
    if kind == "same":
        begins = [max(0, length - end) // 2 for length, end in zip(written, ends, strict=True)]
    return written, begins, ends


def _conv_transpose_need(arguments: Arguments) -> Need:
    weight, groups = arguments["weight"], int(arguments.get("groups", 1))
    count, channels, size = picture(arguments["x"])
    if groups < 1 or channels != weight.shape[0] or channels % groups or weight.size < 1:
        raise ValueError("its weights are for another number of channels")
    outputs = weight.shape[1] * groups
    if "bias" in arguments and np.size(arguments["bias"]) != outputs:
        raise ValueError("its bias is for another number of channels")
    written, begins, ends = _transposed(size, arguments)
    canvas = [max(length, begin + end) for length, begin, end in zip(written, begins, ends, strict=True)]
    work = count * channels * math.prod(size) * math.prod(weight.shape[1:])
    return Need((count, outputs, *ends), work, count * outputs * (math.prod(canvas) + math.prod(size)))


def _conv_transpose(arguments: Arguments) -> np.ndarray:
    weight, groups = arguments["weight"], int(arguments.get("groups", 1))
    x, kernel = _pictures(arguments["x"]), weight.shape[2:]
    strides, dilations = (_steps(arguments, name, len(kernel)) for name in ("strides", "dilations"))
    size = x.shape[2:]
    written, begins, ends = _transposed(size, arguments)
    canvas = [max(length, begin + end) for length, begin, end in zip(written, begins, ends, strict=True)]
    result = np.zeros((len(x), weight.shape[1] * groups, *canvas), np.float32)
    parts = list(zip(np.split(x, groups, axis=1), np.split(weight, groups), strict=True))
    for offset in np.ndindex(*kernel):
        steps = zip(offset, size, strides, dilations, strict=True)
        places = [
            slice(step * dilation, step * dilation + (length - 1) * stride + 1, stride)
            for step, length, stride, dilation in steps
        ]
        made = [np.einsum("nc...,cd->nd...", part, filters[:, :, *offset]) for part, filters in parts]
        result[:, :, *places] += np.concatenate(made, axis=1)
    result = result[:, :, *(slice(begin, begin + end) for begin, end in zip(begins, ends, strict=True))]
    return _rows(_biased(result, arguments, kernel), arguments["x"])


def _pool(arguments: Arguments, combine: np.ufunc, fill: float) -> np.ndarray:
    """Combines the pixels under the kernel, one offset at a time: much faster than over a view of windows."""
    kernel = numbers(arguments["kernel_sizes"])
    windows = _windows(_padded(_pictures(arguments["x"]), arguments, kernel, fill), kernel, arguments)
    first, *others = np.ndindex(*kernel)
    result = windows[..., *first].copy()
    for offset in others:
        combine(result, windows[..., *offset], out=result)
    return _rows(result, arguments["x"])


def _max_pool(arguments: Arguments) -> np.ndarray:
    return _pool(arguments, np.maximum, -np.inf)


def _avg_pool(arguments: Arguments) -> np.ndarray:
    inside: Any = np.float32(math.prod(numbers(arguments["kernel_sizes"])))
    if arguments.get("exclude_padding_from_average", False):
        inside = _pool(arguments | {"x": np.ones_like(arguments["x"][:1, :1, :1])}, np.add, 0.0)
    return _pool(arguments, np.add, 0.0) / inside


def _l2_pool(arguments: Arguments) -> np.ndarray:
    return np.sqrt(_pool(arguments | {"x": np.square(arguments["x"])}, np.add, 0.0))


def _sliding_need(arguments: Arguments) -> Need:
    shape = operand(arguments["x"])
    axis, size, stride = axis_of(arguments["axis"], shape), whole(arguments["size"]), whole(arguments.get("stride", 1))
    if size > shape[axis]:
        raise ValueError("its window is larger than the tensor")
    return of_shape((*shape[:axis], (shape[axis] - size) // stride + 1, size, *shape[axis + 1 :]))


def _sliding_windows(arguments: Arguments) -> np.ndarray:
    x, stride = arguments["x"], int(arguments.get("stride", 1))
    axis = behind_rows(arguments["axis"], x)
    views = np.moveaxis(sliding_window_view(x, int(arguments["size"]), axis=axis), -1, axis + 1)
    return views[(*[slice(None)] * axis, slice(None, None, stride))]


Grid = Callable[[int, int, Arguments], np.ndarray]  # lengths before and after → where each new pixel lies in the old


def _corners(before: int, after: int, arguments: Arguments) -> np.ndarray:
    """The first pixel on the first, the last on the last."""
    return np.linspace(0, before - 1, after) if after > 1 else np.zeros(1)


def _centres(before: int, after: int, arguments: Arguments) -> np.ndarray:
    """The middle of each pixel on the same place of the picture."""
    return (np.arange(after) + 0.5) * before / after - 0.5


def _starts(before: int, after: int, arguments: Arguments) -> np.ndarray:
    """The first pixel on the first, the end of the last on the end of the last."""
    return np.arange(after) * before / after


def _upsampled(before: int, after: int, arguments: Arguments) -> np.ndarray:
    return (_corners if arguments.get("align_corners", True) else _centres)(before, after, arguments)


def _sampled(before: int, after: int, arguments: Arguments) -> np.ndarray:
    mode = str(arguments.get("sampling_mode", "DEFAULT"))
    if mode == "ALIGN_CORNERS" and after == 1:
        return np.full(1, (before - 1) / 2)
    if mode == "OFFSET_CORNERS":
        return (np.arange(after) + 0.5) * max(1, before - 1) / after
    return _SAMPLINGS[mode](before, after, arguments)


_SAMPLINGS: dict[str, Grid] = {
    "STRICT_ALIGN_CORNERS": _corners, "ALIGN_CORNERS": _corners, "UNALIGN_CORNERS": _centres, "DEFAULT": _starts,
    "OFFSET_CORNERS": _sampled,
}  # fmt: skip


def _by_factor(shape: Sequence[int], arguments: Arguments) -> tuple[int, int]:
    """Height and width by the factors that an operation names; ValueError where they are no such."""
    factors = [float(np.reshape(arguments.get(f"scale_factor_{side}", 1), ())) for side in ("height", "width")]
    if not all(0 < factor < 2**16 for factor in factors):  # which is false of what is no number, too
        raise ValueError("its factors are none")
    height, width = (math.floor(factor * length) for factor, length in zip(factors, shape[-2:], strict=True))
    return height, width


def _by_size(shape: Sequence[int], arguments: Arguments) -> tuple[int, int]:
    return whole(arguments.get("target_size_height", 1)), whole(arguments.get("target_size_width", 1))


def _resized(target: Callable[[Sequence[int], Arguments], tuple[int, int]], grid: Grid, *, nearest: bool) -> Kind:
    """What makes the last two axes longer or shorter, to a size by `target` with pixels from places by `grid`."""

    def need(arguments: Arguments) -> Need:
        shape = operand(arguments["x"])
        if len(shape) < 3:
            raise ValueError("it takes no picture")
        if str(arguments.get("sampling_mode", "DEFAULT")) not in _SAMPLINGS:
            raise ValueError("its sampling is of an unknown kind")
        size = target(shape, arguments)
        if nearest and any(after % before for before, after in zip(shape[-2:], size, strict=True)):
            raise UnknownError("it resizes to the nearest pixel by a factor that is no whole number")
        held = math.prod(shape[:-2]) * size[0] * max(shape[-1], size[1])
        return Need((*shape[:-2], *size), 4 * held, 4 * held)

    def compute(arguments: Arguments) -> np.ndarray:
        result = arguments["x"]
        for axis, after in zip((-2, -1), target(result.shape, arguments), strict=True):
            before = result.shape[axis]
            places = np.clip(grid(before, after, arguments), 0, before - 1)
            low = np.floor(places + (1e-9 if nearest else 0)).astype(int)
            upper = (places - low).astype(np.float32)
            part = result.take(low, axis=axis)
            if not nearest:
                upper = upper[:, None] if axis == -2 else upper
                part = part * (1 - upper) + result.take(np.minimum(low + 1, before - 1), axis=axis) * upper
            result = part
        return result

    return Kind(need, compute)


KINDS: dict[str, Kind] = {
    "avg_pool": Kind(_pool_need, _avg_pool),
    "conv": Kind(_conv_need, _conv),
    "conv_transpose": Kind(_conv_transpose_need, _conv_transpose),
    "l2_pool": Kind(_pool_need, _l2_pool),
    "max_pool": Kind(_pool_need, _max_pool),
    "resize_bilinear": _resized(_by_size, _sampled, nearest=False),
    "resize_nearest_neighbor": _resized(_by_size, _starts, nearest=True),
    "sliding_windows": Kind(_sliding_need, _sliding_windows),
    "upsample_bilinear": _resized(_by_factor, _upsampled, nearest=False),
    "upsample_nearest_neighbor": _resized(_by_factor, _starts, nearest=True),
}
