"""MIL's operations that go along axes of a tensor: sums and the like, norms, softmax, order."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from kit.exporting.elementwise import of_channels
from kit.exporting.shapes import (
    Arguments,
    Kind,
    Need,
    UnknownError,
    axes_of,
    axis_of,
    behind_rows,
    constant,
    of_shape,
    operand,
    whole,
)


def _axes(arguments: Arguments) -> tuple[int, ...]:
    """Those that an operation goes along, as axes of the rows' tensor; all but the rows where it names none."""
    x, axes = arguments["x"], arguments.get("axes")
    return tuple(range(1, x.ndim)) if axes is None else tuple(behind_rows(axis, x) for axis in np.atleast_1d(axes))


def _left(shape: tuple[int, ...], axes: list[int], kept: bool) -> tuple[int, ...]:
    return tuple(1 if axis in axes else length for axis, length in enumerate(shape) if kept or axis not in axes)


def _reduce(compute: Callable[..., np.ndarray]) -> Kind:
    """One number of all along the axes, by a function that takes x, axis and keepdims."""

    def need(arguments: Arguments) -> Need:
        shape = operand(arguments["x"])
        left = _left(shape, axes_of(arguments.get("axes"), shape), bool(arguments.get("keep_dims", False)))
        return Need(left, math.prod(shape), math.prod(shape))

    def run(arguments: Arguments) -> np.ndarray:
        return compute(arguments["x"], axis=_axes(arguments), keepdims=bool(arguments.get("keep_dims", False)))

    return Kind(need, run)


def _argument(compute: Callable[..., np.ndarray]) -> Kind:
    """Where the largest or smallest is along an axis."""

    def need(arguments: Arguments) -> Need:
        shape = operand(arguments["x"])
        axis = axis_of(arguments.get("axis", -1), shape)
        return Need(_left(shape, [axis], bool(arguments.get("keep_dims", False))), math.prod(shape), math.prod(shape))

    def run(arguments: Arguments) -> np.ndarray:
        x, kept = arguments["x"], bool(arguments.get("keep_dims", False))
        return compute(x, axis=behind_rows(arguments.get("axis", -1), x), keepdims=kept).astype(np.int32)

    return Kind(need, run)


def _along(compute: Callable[[Arguments, int], np.ndarray], default: int = -1) -> Kind:
    """What goes along one axis and leaves the shape as it is; it is given that axis of the rows' tensor."""

    def need(arguments: Arguments) -> Need:
        shape = operand(arguments["x"])
        axis_of(arguments.get("axis", default), shape)
        return of_shape(shape, 4 * math.prod(shape))

    return Kind(need, lambda arguments: compute(arguments, behind_rows(arguments.get("axis", default), arguments["x"])))


def _cumsum(arguments: Arguments, axis: int) -> np.ndarray:
    x, turned = arguments["x"], bool(arguments.get("reverse", False))
    x = np.flip(x, axis) if turned else x
    total = np.cumsum(x, axis=axis, dtype=x.dtype)
    total = total - x if arguments.get("exclusive", False) else total
    return np.flip(total, axis) if turned else total


def _order(arguments: Arguments, axis: int) -> np.ndarray:
    x = arguments["x"] if arguments.get("ascending", False) else -arguments["x"]
    return np.argsort(x, axis=axis, kind="stable").astype(np.int32)


def _topk_need(arguments: Arguments) -> Need:
    shape = operand(arguments["x"])
    axis, count = axis_of(arguments.get("axis", -1), shape), whole(arguments.get("k", 1))
    if count > shape[axis]:
        raise ValueError(f"it wants {count} of {shape[axis]}")
    if not arguments.get("sort", True):
        raise UnknownError("its results are in no order")
    if whole(arguments["part"], 0) > 1:
        raise ValueError("it has two results")
    return Need((*shape[:axis], count, *shape[axis + 1 :]), 8 * math.prod(shape), 2 * math.prod(shape))


def _topk(arguments: Arguments) -> np.ndarray:
    """The largest or smallest, in order; their places are its second part."""
    x = arguments["x"]
    axis = behind_rows(arguments.get("axis", -1), x)
    places = _order(arguments, axis).take(np.arange(int(arguments.get("k", 1))), axis=axis)
    return places if int(arguments["part"]) else np.take_along_axis(x, places, axis=axis)


def _norm(x: np.ndarray, axes: tuple[int, ...], epsilon: Any) -> np.ndarray:
    apart = x - x.mean(axis=axes, keepdims=True)
    return apart / np.sqrt(np.square(apart).mean(axis=axes, keepdims=True) + epsilon)


def _layer_norm_need(arguments: Arguments) -> Need:
    shape = operand(arguments["x"])
    axes = axes_of(arguments.get("axes"), shape)
    for name in ("gamma", "beta"):
        constant(arguments, name, tuple(shape[axis] for axis in sorted(axes)))
    constant(arguments, "epsilon", (), (1,))
    return Need(shape, 4 * math.prod(shape), 3 * math.prod(shape))


def _layer_norm(arguments: Arguments) -> np.ndarray:
    x, axes = arguments["x"], _axes(arguments)
    result = _norm(x, axes, arguments.get("epsilon", np.float32(1e-5)))
    lengths = [x.shape[axis] if axis in axes else 1 for axis in range(1, x.ndim)]
    if "gamma" in arguments:
        result = result * arguments["gamma"].reshape(lengths)
    return result + arguments["beta"].reshape(lengths) if "beta" in arguments else result


def _instance_norm_need(arguments: Arguments) -> Need:
    shape = operand(arguments["x"])
    if len(shape) < 3:
        raise ValueError("it takes no picture")
    for name in ("gamma", "beta"):
        constant(arguments, name, shape[1:2])
    constant(arguments, "epsilon", (), (1,))
    return Need(shape, 4 * math.prod(shape), 3 * math.prod(shape))


def _instance_norm(arguments: Arguments) -> np.ndarray:
    x = arguments["x"]
    result = _norm(x, tuple(range(3, x.ndim)), arguments.get("epsilon", np.float32(1e-5)))
    if "gamma" in arguments:
        result = result * of_channels(arguments["gamma"], x)
    return result + of_channels(arguments["beta"], x) if "beta" in arguments else result


def _l2_norm_need(arguments: Arguments) -> Need:
    shape = operand(arguments["x"])
    if len(shape) < 3:
        raise ValueError("it takes a tensor of fewer than three axes")
    constant(arguments, "epsilon", (), (1,))
    return Need(shape, 2 * math.prod(shape), 2 * math.prod(shape))


def _l2_norm(arguments: Arguments) -> np.ndarray:
    """Over the last three axes."""
    x = arguments["x"]
    length = np.sqrt(np.square(x).sum(axis=(-3, -2, -1), keepdims=True) + arguments.get("epsilon", np.float32(1e-6)))
    return x / length


KINDS: dict[str, Kind] = {
    "argsort": _along(_order),
    "cumsum": _along(_cumsum, default=0),
    "instance_norm": Kind(_instance_norm_need, _instance_norm),
    "l2_norm": Kind(_l2_norm_need, _l2_norm),
    "layer_norm": Kind(_layer_norm_need, _layer_norm),
    "reduce_argmax": _argument(np.argmax),
    "reduce_argmin": _argument(np.argmin),
    "reduce_l1_norm": _reduce(lambda x, **where: np.abs(x).sum(**where)),
    "reduce_l2_norm": _reduce(lambda x, **where: np.sqrt(np.square(x).sum(**where))),
    "reduce_log_sum": _reduce(lambda x, **where: np.log(x.sum(**where))),
    "reduce_log_sum_exp": _reduce(special.logsumexp),
    "reduce_max": _reduce(np.max),
    "reduce_mean": _reduce(np.mean),
    "reduce_min": _reduce(np.min),
    "reduce_prod": _reduce(np.prod),
    "reduce_sum": _reduce(np.sum),
    "reduce_sum_square": _reduce(lambda x, **where: np.square(x).sum(**where)),
    "softmax": _along(lambda arguments, axis: special.softmax(arguments["x"], axis=axis)),
    "topk": Kind(_topk_need, _topk),
}
