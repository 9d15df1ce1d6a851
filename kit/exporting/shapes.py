"""How large everything is that a graph computes, known before anything is computed.

A graph on disk may ask for a padding or a dilation of a million. Each function here takes an operation's arguments,
with shapes (of one picture) where tensors will stand, and returns the shape of the result and what it takes to compute
it; ValueError where they do not fit together.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Shape = tuple[int, ...]
MOST_NUMBERS = 2**27  # of all constants; ten folds of kit's largest network have 74 million
MOST_VALUES = 2**22  # numbers of one tensor; kit's largest network has 110 thousand
_MOST_WORKING = 2**25  # numbers that an operation holds meanwhile
_MOST_WORK = 2**31  # multiply-accumulates of an operation; kit's largest network has 40 million in all


@dataclass(frozen=True)
class Need:
    """What an operation gives and takes, for one picture.

    Attributes:
        shape: Of its result.
        work: Multiply-accumulates, or what comes near to them where there are none.
        working: Numbers that are held while it is computed, beside its arguments.
    """

    shape: Shape
    work: int
    working: int


def need(kind: str, arguments: dict[str, Any]) -> Need:
    """What an operation needs.

    Args:
        kind: Its name in MIL, one of `KINDS`.
        arguments: Parameter → a constant array, a tensor's shape as a tuple, or a list of such.

    Raises:
        ValueError: Its arguments do not fit together, or it would need more than kit gives to any.
    """
    found = KINDS[kind](arguments)
    if min(found.shape, default=1) < 1:
        raise ValueError("its result is empty")
    if max(math.prod(found.shape) / MOST_VALUES, found.working / _MOST_WORKING, found.work / _MOST_WORK) > 1:
        raise ValueError(f"its result of shape {found.shape} takes more than a digit's picture is worth")
    return found


def _same(arguments: dict[str, Any]) -> Need:
    shape = _tensor(arguments["x"])
    return Need(shape, math.prod(shape), math.prod(shape))


def _arithmetic(arguments: dict[str, Any]) -> Need:
    """A constant has no axis for the rows and must not be taken to have one."""
    x, y = arguments["x"], arguments["y"]
    constants, tensors = ([part for part in (x, y) if isinstance(part, tuple) is known] for known in (False, True))
    if len({len(part) for part in tensors}) != 1 or any(part.ndim > len(tensors[0]) for part in constants):
        raise ValueError("its arguments have another number of axes")
    shape = np.broadcast_shapes(*tensors, *(part.shape for part in constants))
    return Need(shape, math.prod(shape), math.prod(shape))


def _conv(arguments: dict[str, Any]) -> Need:
    weight, groups = arguments["weight"], int(arguments.get("groups", 1))
    channels, *size = _picture(arguments["x"])
    outputs, inputs, *kernel = weight.shape
    if groups < 1 or channels != inputs * groups or outputs % groups or weight.size < 1:
        raise ValueError("its weights are for another number of channels")
    if "bias" in arguments and np.size(arguments["bias"]) != outputs:
        raise ValueError("its bias is for another number of channels")
    padded, result = _slid(size, kernel, arguments)
    columns = math.prod(result) * math.prod(kernel) * channels
    shape = (1, outputs, *result)
    return Need(shape, math.prod(shape) * math.prod(weight.shape[1:]), max(channels * math.prod(padded), columns))


def _pool(arguments: dict[str, Any]) -> Need:
    if arguments.get("ceil_mode", False):
        raise ValueError("pooling in ceil mode is not an operation that kit can evaluate")
    channels, *size = _picture(arguments["x"])
    kernel = _numbers(arguments["kernel_sizes"], 2)
    padded, result = _slid(size, kernel, arguments)
    shape = (1, channels, *result)
    return Need(shape, math.prod(shape) * math.prod(kernel), channels * math.prod(padded))


def _slid(size: Sequence[int], kernel: Sequence[int], arguments: dict[str, Any]) -> tuple[list[int], list[int]]:
    """Height and width with borders, and of what a window that slides over them gives."""
    strides, dilations = (_numbers(arguments.get(key, (1, 1)), 2) for key in ("strides", "dilations"))
    if len(size) != 2 or min(*kernel, *strides, *dilations) < 1:
        raise ValueError("its window is none")
    extents = [(length - 1) * dilation + 1 for length, dilation in zip(kernel, dilations, strict=True)]
    pad_type = str(arguments.get("pad_type", "valid"))
    if pad_type == "custom":
        top, bottom, left, right = _numbers(arguments["pad"], 4)
        if min(top, bottom, left, right) < 0:
            raise ValueError("its borders are narrower than none")
        edges = [top + bottom, left + right]
    elif pad_type in ("same", "same_lower"):
        steps = zip(size, extents, strides, strict=True)
        edges = [
            max(0, (math.ceil(length / stride) - 1) * stride + extent - length) for length, extent, stride in steps
        ]
    elif pad_type == "valid":
        edges = [0, 0]
    else:
        raise ValueError(f"its borders are of the unknown kind {pad_type[:20]!r}")
    padded = [length + edge for length, edge in zip(size, edges, strict=True)]
    result = [(padded[i] - extents[i]) // strides[i] + 1 for i in range(2)]
    if min(result) < 1:
        raise ValueError("its window is larger than the picture")
    return padded, result


def _linear(arguments: dict[str, Any]) -> Need:
    x, weight = _tensor(arguments["x"]), arguments["weight"]
    if weight.ndim != 2 or not x or x[-1] != weight.shape[1]:
        raise ValueError("its weights are for another number of inputs")
    if "bias" in arguments and np.shape(arguments["bias"]) not in ((), (1,), weight.shape[:1]):
        raise ValueError("its bias is for another number of outputs")
    shape = (*x[:-1], weight.shape[0])
    return Need(shape, math.prod(shape) * x[-1], math.prod(shape))


def _matmul(arguments: dict[str, Any]) -> Need:
    sides = []
    for key in ("x", "y"):
        value = arguments[key]
        shape = value if isinstance(value, tuple) else value.shape
        if len(shape) < 2 or (not isinstance(value, tuple) and len(shape) > 2):
            raise ValueError("its arguments are no matrices")
        turned = bool(arguments.get(f"transpose_{key}", False))
        sides.append((*shape[:-2], shape[-1], shape[-2]) if turned else shape)
    x, y = sides
    if isinstance(arguments["x"], tuple) and isinstance(arguments["y"], tuple) and len(x) != len(y):
        raise ValueError("its arguments have another number of axes")
    if x[-1] != y[-2]:
        raise ValueError("its matrices are of other sizes")
    shape = (*np.broadcast_shapes(x[:-2], y[:-2]), x[-2], y[-1])
    return Need(shape, math.prod(shape) * x[-1], math.prod(shape))


def _reduce_mean(arguments: dict[str, Any]) -> Need:
    shape = _tensor(arguments["x"])
    axes = {_axis(axis, shape) for axis in _numbers(arguments["axes"])}
    if len(axes) != np.size(arguments["axes"]):
        raise ValueError("it names an axis twice")
    kept = bool(arguments.get("keep_dims", False))
    left = tuple(1 if axis in axes else length for axis, length in enumerate(shape) if kept or axis not in axes)
    return Need(left, math.prod(shape), math.prod(shape))


def _concat(arguments: dict[str, Any]) -> Need:
    shapes = [_tensor(value) for value in arguments["values"]]
    axis = _axis(int(arguments["axis"]), shapes[0])
    others = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes if len(shape) == len(shapes[0])}
    if len(others) != 1 or any(len(shape) != len(shapes[0]) for shape in shapes):
        raise ValueError("its arguments are of other sizes")
    shape = (*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :])
    return Need(shape, math.prod(shape), math.prod(shape))


def _reshape(arguments: dict[str, Any]) -> Need:
    size, shape = math.prod(_tensor(arguments["x"])), _numbers(arguments["shape"])
    if shape.count(-1) == 1 and (rest := -math.prod(shape)) > 0:
        shape[shape.index(-1)] = size // rest
    if math.prod(shape) != size or min(shape, default=1) < 1:
        raise ValueError("it holds another number of values")
    return Need(tuple(shape), size, size)


def _softmax(arguments: dict[str, Any]) -> Need:
    _axis(int(arguments.get("axis", -1)), _tensor(arguments["x"]))
    return _same(arguments)


def _transpose(arguments: dict[str, Any]) -> Need:
    shape = _tensor(arguments["x"])
    axes = [_axis(axis, shape) for axis in _numbers(arguments["perm"])]
    if sorted(axes) != list(range(len(shape))):
        raise ValueError("its axes are no order of those that there are")
    return Need(tuple(shape[axis] for axis in axes), math.prod(shape), math.prod(shape))


def _tensor(value: Any) -> Shape:
    if not isinstance(value, tuple):
        raise ValueError("a constant stands where a computed tensor belongs")
    return value


def _picture(value: Any) -> Shape:
    """Channels, height and width of one picture's tensor, which has an axis of length 1 in front."""
    shape = _tensor(value)
    if len(shape) != 4 or shape[0] != 1:
        raise ValueError(f"it takes a tensor of shape {shape}, which is no picture")
    return shape[1:]


def _numbers(values: Any, count: int | None = None) -> list[int]:
    """Whole numbers that an argument lists."""
    if isinstance(values, np.ndarray) and values.dtype.kind not in "iu":
        raise ValueError("it lists other things than whole numbers")
    found = [int(value) for value in np.atleast_1d(values)]
    if count not in (None, len(found)):
        raise ValueError(f"it lists {len(found)} numbers where {count} belong")
    return found


def _axis(axis: int, shape: Shape) -> int:
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"it has no axis {axis}")
    return axis % len(shape)


KINDS: dict[str, Callable[[dict[str, Any]], Need]] = {
    "add": _arithmetic,
    "avg_pool": _pool,
    "cast": _same,
    "concat": _concat,
    "conv": _conv,
    "linear": _linear,
    "matmul": _matmul,
    "max_pool": _pool,
    "mul": _arithmetic,
    "reduce_mean": _reduce_mean,
    "relu": _same,
    "reshape": _reshape,
    "softmax": _softmax,
    "transpose": _transpose,
}
"""The operations that kit can evaluate."""
