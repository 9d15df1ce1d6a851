"""TensorFlow's operations that coremltools lacks or converts into something else, in operations that Core ML has."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from kit import backend

_Conversion = Callable[[Any, Any], None]  # coremltools' context and one node of TensorFlow's graph


@cache
def register() -> None:
    """Has coremltools convert them; what it converts well stays its own."""
    backend.coremltools()
    from coremltools.converters.mil import register_tf_op
    from coremltools.converters.mil.frontend.tensorflow import ops as own

    conversions = {name: _elementwise(convert) for name, convert in _ELEMENTWISE.items()}
    conversions |= dict.fromkeys(("ResizeBicubic", "ResizeArea", "ScaleAndTranslate"), _resize)
    conversions["Roll"] = _roll
    conversions["MirrorPad"] = _mirror_pad(own.MirrorPad)
    conversions["ResizeNearestNeighbor"] = _resize_nearest(own.ResizeNearestNeighbor)
    for name, convert in conversions.items():
        register_tf_op(tf_alias=[name], override=True)(convert)


def _builder() -> Any:
    from coremltools.converters.mil import Builder

    return Builder


def _elementwise(convert: Callable[..., Any]) -> _Conversion:
    """The conversion by a function that takes what the node takes, and a name for the result."""

    def added(context: Any, node: Any) -> None:
        context.add(node.name, convert(*(context[name] for name in node.inputs), name=node.name))

    return added


def _zero_for_zero(x: Any, y: Any, name: str) -> Any:
    mb = _builder()
    return mb.select(cond=mb.equal(x=y, y=np.float32(0)), a=np.float32(0), b=mb.real_div(x=x, y=y), name=name)


# Exact gelu is a number times Erfc, celu takes Expm1. Core ML's own reciprocal adds 1e-4 to what it is of.
_ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "DivNoNan": _zero_for_zero,
    "Erfc": lambda x, name: _builder().sub(x=np.float32(1), y=_builder().erf(x=x), name=name),
    "Expm1": lambda x, name: _builder().sub(x=_builder().exp(x=x), y=np.float32(1), name=name),
    "IsInf": lambda x, name: _builder().equal(x=_builder().abs(x=x), y=np.float32(np.inf), name=name),
    "IsNan": lambda x, name: _builder().not_equal(x=x, y=x, name=name),
    "Reciprocal": lambda x, name: _builder().real_div(x=np.float32(1), y=x, name=name),
}


def _resize(context: Any, node: Any) -> None:
    """Each axis by a matrix of weights: TensorFlow's own, which are what it makes of a unit matrix."""
    mb, x = _builder(), context[node.inputs[0]]
    size, *places = (np.asarray(context[name].val) for name in node.inputs[1:])  # a scale and a translation, if any
    options = {name: value for name, value in node.attr.items() if name in _RESIZE_OPTIONS}
    resize = getattr(backend.tensorflow().raw_ops, node.op)

    def weights(axis: int, length: int) -> np.ndarray:
        moved = {"scale": [places[0][axis], 1], "translation": [places[1][axis], 0]} if places else {}
        unit = np.eye(length, dtype=np.float32)[None, :, :, None]
        return resize(images=unit, size=[size[axis], length], **moved, **options).numpy()[0, :, :, 0]

    height, width = x.shape[1:3]
    x = mb.transpose(x=x, perm=[0, 3, 1, 2])
    x = mb.matmul(x=weights(0, height), y=x)
    x = mb.matmul(x=x, y=np.ascontiguousarray(weights(1, width).T))
    context.add(node.name, mb.transpose(x=x, perm=[0, 2, 3, 1], name=node.name))


_RESIZE_OPTIONS = ("align_corners", "half_pixel_centers", "kernel_type", "antialias")


def _picked(context: Any, node: Any, places: dict[int, np.ndarray]) -> None:
    """Gives a tensor with these places of these axes, in this order."""
    mb, x = _builder(), context[node.inputs[0]]
    for axis, indices in places.items():
        x = mb.gather(x=x, indices=indices.astype(np.int32), axis=axis)
    context.add(node.name, mb.identity(x=x, name=node.name))


def _roll(context: Any, node: Any) -> None:
    shape = context[node.inputs[0]].shape
    shifts, axes = (np.atleast_1d(context[name].val) for name in node.inputs[1:])
    _picked(context, node, {
        int(axis) % len(shape): np.roll(np.arange(shape[axis]), shift) for shift, axis in zip(shifts, axes, strict=True)
    })  # fmt: skip


def _mirror_pad(own: _Conversion) -> _Conversion:
    """coremltools takes the symmetric kind, which repeats the edge itself, for the other."""

    def convert(context: Any, node: Any) -> None:
        if node.attr["mode"].lower() != "symmetric":
            return own(context, node)
        shape, pads = context[node.inputs[0]].shape, context[node.inputs[1]].val
        return _picked(context, node, {
            axis: np.pad(np.arange(shape[axis]), pad, mode="symmetric") for axis, pad in enumerate(pads) if any(pad)
        })  # fmt: skip

    return convert


def _resize_nearest(own: _Conversion) -> _Conversion:
    """coremltools' own where each pixel is repeated so many times; else it takes means, or other pixels."""

    def convert(context: Any, node: Any) -> None:
        lengths, size = context[node.inputs[0]].shape[1:3], context[node.inputs[1]].val
        if size is None or not any(after % before for before, after in zip(lengths, size, strict=True)):
            return own(context, node)
        middle = 0.5 if node.attr.get("half_pixel_centers", False) else 0.0
        return _picked(context, node, {
            axis + 1: np.minimum(np.floor((np.arange(after) + middle) * before / after), before - 1)
            for axis, (before, after) in enumerate(zip(lengths, size, strict=True))
        })  # fmt: skip

    return convert
