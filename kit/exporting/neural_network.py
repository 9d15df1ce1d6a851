"""The layers of Core ML's older format, the neural network, in the operations of the newer one, the ML program."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kit import KitError
from kit.exporting.shapes import MOST_NUMBERS

Converted = tuple[str, dict[str, Any], int]  # operation, arguments but for the inputs, bytes on disk of the weights


def convert(kind: str, layer: Any) -> Converted:
    """One layer's operation and constants; its inputs are the caller's.

    Args:
        kind: Which of Core ML's layers it is, such as "batchedMatmul".
        layer: Its parameters, as Core ML's protocol buffer has them.

    Raises:
        KitError: No such layer is known, or it uses an option that is not.
    """
    if kind not in _CONVERTERS:
        raise KitError(f"the layer {kind} is not one that kit can evaluate")
    operation, arguments = _CONVERTERS[kind](layer)
    return operation, arguments, sum(_stored(getattr(layer, name)) for name in ("weights", "bias") if _has(layer, name))


def weights(stored: Any, shape: Sequence[int]) -> np.ndarray:
    """A layer's weights as numbers: float16 or float32 where they are stored so, float32 where they are quantised.

    Quantised ones hold n bits each, the highest first, which index a table or are scaled a row of the first axis.
    """
    count = math.prod(shape)
    if count > MOST_NUMBERS:
        raise KitError(f"a layer of shape {tuple(shape)} is larger than a network for digits has one")
    if stored.float16Value:
        values = np.frombuffer(stored.float16Value, np.float16)
    elif stored.rawValue:
        values = _quantized(stored, count)
    else:
        values = np.asarray(stored.floatValue, np.float32)
    if values.size != count:
        raise KitError(f"{values.size:,} weights where a layer of shape {tuple(shape)} belongs")
    return values.reshape(shape)


def _quantized(stored: Any, count: int) -> np.ndarray:
    bits = stored.quantization.numberOfBits
    if not 1 <= bits <= 8:
        raise KitError(f"weights of {bits} bits are not ones that kit can evaluate")
    digits = np.unpackbits(np.frombuffer(stored.rawValue, np.uint8))[: count * bits].reshape(-1, bits)
    numbers = digits @ (1 << np.arange(bits)[::-1])
    if stored.quantization.WhichOneof("QuantizationType") == "lookupTableQuantization":
        return np.asarray(stored.quantization.lookupTableQuantization.floatValue, np.float32)[numbers]
    scale = np.asarray(stored.quantization.linearQuantization.scale, np.float32)
    bias = np.asarray(stored.quantization.linearQuantization.bias, np.float32)
    rows = numbers.reshape(len(scale), -1)
    return (rows * scale[:, None] + bias[:, None]).astype(np.float32)


def _stored(parameter: Any) -> int:
    table = parameter.quantization.lookupTableQuantization.floatValue
    scales = parameter.quantization.linearQuantization.scale
    return (
        4 * (len(parameter.floatValue) + len(table) + 2 * len(scales))
        + len(parameter.float16Value) + len(parameter.rawValue)
    )  # fmt: skip


def _has(layer: Any, field: str) -> bool:
    return field in layer.DESCRIPTOR.fields_by_name and layer.HasField(field)


def _convolution(layer: Any) -> tuple[str, dict[str, Any]]:
    if layer.isDeconvolution:
        raise KitError("a transposed convolution is not an operation that kit can evaluate")
    shape = (layer.outputChannels, layer.kernelChannels, *layer.kernelSize)
    arguments = {
        "weight": weights(layer.weights, shape), "groups": np.int32(layer.nGroups),
        "strides": np.array(layer.stride, np.int32), "dilations": np.array(layer.dilationFactor or (1, 1), np.int32),
        **_padding(layer, "ConvolutionPaddingType"),
    }  # fmt: skip
    if layer.hasBias:
        arguments["bias"] = weights(layer.bias, (layer.outputChannels,))
    return "conv", arguments


def _padding(layer: Any, kind: str) -> dict[str, Any]:
    if layer.WhichOneof(kind) == "same":
        same = layer.same.asymmetryMode  # 0: the odd pixel goes to the bottom and the right, as TensorFlow has it
        return {"pad_type": np.array("same_lower" if same else "same"), "pad": np.zeros(4, np.int32)}
    borders = layer.valid.paddingAmounts.borderAmounts
    pad = [edge for border in borders for edge in (border.startEdgeSize, border.endEdgeSize)] or [0, 0, 0, 0]
    return {"pad_type": np.array("custom"), "pad": np.array(pad, np.int32)}


def _pooling(layer: Any) -> tuple[str, dict[str, Any]]:
    if layer.globalPooling or layer.type > 1:
        raise KitError("global and L2 pooling are not operations that kit can evaluate")
    arguments = {
        "kernel_sizes": np.array(layer.kernelSize, np.int32), "strides": np.array(layer.stride, np.int32),
        **_padding(layer, "PoolingPaddingType"),
    }  # fmt: skip
    if layer.type == 1:
        arguments["exclude_padding_from_average"] = np.bool_(layer.avgPoolExcludePadding)
    return {0: "max_pool", 1: "avg_pool"}[layer.type], arguments


def _activation(layer: Any) -> tuple[str, dict[str, Any]]:
    kind = layer.WhichOneof("NonlinearityType")
    if kind != "ReLU":
        raise KitError(f"the activation {kind} is not one that kit can evaluate")
    return "relu", {}


def _batched_matmul(layer: Any) -> tuple[str, dict[str, Any]]:
    if not _has(layer, "weights"):
        raise KitError("a product of two computed matrices is not an operation that kit can evaluate")
    shape = (layer.weightMatrixSecondDimension, layer.weightMatrixFirstDimension)
    arguments = {"weight": weights(layer.weights, shape)}
    if layer.hasBias:
        arguments["bias"] = weights(layer.bias, shape[:1])
    return "linear", arguments


def _inner_product(layer: Any) -> tuple[str, dict[str, Any]]:
    arguments = {"weight": weights(layer.weights, (layer.outputChannels, layer.inputChannels))}
    if layer.hasBias:
        arguments["bias"] = weights(layer.bias, (layer.outputChannels,))
    return "linear", arguments


def _unary(layer: Any) -> tuple[str, dict[str, Any]]:
    kind = layer.DESCRIPTOR.fields_by_name["type"].enum_type.values_by_number[layer.type].name
    if kind != "LOG" or layer.scale != 1 or layer.shift != 0:
        raise KitError(f"the function {kind} is not one that kit can evaluate")
    return "log", {"epsilon": np.float32(layer.epsilon)}


def _arithmetic(operation: str) -> Callable[[Any], tuple[str, dict[str, Any]]]:
    """Two inputs, or one and the constant `alpha`; the caller gives x, and y where there is a second."""
    return lambda layer: (operation, {"alpha": np.float32(layer.alpha)})


_CONVERTERS: dict[str, Callable[[Any], tuple[str, dict[str, Any]]]] = {
    "activation": _activation,
    "add": _arithmetic("add"),
    "batchedMatmul": _batched_matmul,
    "concat": lambda layer: ("concat", {"axis": np.int32(-3)}),
    "concatND": lambda layer: ("concat", {"axis": np.int32(layer.axis)}),
    "convolution": _convolution,
    "innerProduct": _inner_product,
    "maxBroadcastable": lambda layer: ("maximum", {}),
    "multiply": _arithmetic("mul"),
    "pooling": _pooling,
    "reduceMean": lambda layer: (
        "reduce_mean", {"axes": np.array(layer.axes, np.int32), "keep_dims": np.bool_(layer.keepDims)}
    ),
    "reshapeStatic": lambda layer: ("reshape", {"shape": np.array(layer.targetShape, np.int32)}),
    "softmaxND": lambda layer: ("softmax", {"axis": np.int32(layer.axis)}),
    "transpose": lambda layer: ("transpose", {"perm": np.array(layer.axes, np.int32)}),
    "unary": _unary,
}  # fmt: skip
