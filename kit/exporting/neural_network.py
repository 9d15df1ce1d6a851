"""The layers of Core ML's older format, the neural network, in the operations of the newer one, the ML program.

A layer becomes one operation or a few, one after the other. Core ML's words for them are those of its protocol buffer.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from kit.exporting.shapes import MOST_NUMBERS, UnknownError

Steps = list[tuple[str, dict[str, Any]]]  # operations and their arguments; x of all but the first is the result before
_Converter = Callable[[Any, list[Any]], Steps]  # a layer's parameters and what it takes
_SAMPLINGS = ("STRICT_ALIGN_CORNERS", "ALIGN_CORNERS", "DEFAULT", "OFFSET_CORNERS")  # by the number that stands for it
_WEIGHTS = "WeightParams"  # what Core ML calls an array of them
_LEAST = 1e-6  # what a function adds to keep from zero where it says nothing, or zero


def convert(kind: str, layer: Any, inputs: Sequence[Any]) -> Steps:
    """The operations that a layer becomes.

    Args:
        kind: Which of Core ML's layers it is, one of `CONVERTERS`.
        layer: Its parameters, as Core ML's protocol buffer has them.
        inputs: What it takes, in its order.

    Raises:
        UnknownError: It uses an option that is not one that kit evaluates.
        ValueError: Its weights are damaged.
    """
    return CONVERTERS[kind](layer, list(inputs))


def stored(layer: Any) -> int:
    """Bytes on disk of a layer's weights."""
    return sum(
        4 * (len(part.floatValue) + len(part.quantization.lookupTableQuantization.floatValue))
        + 8 * len(part.quantization.linearQuantization.scale) + len(part.float16Value) + len(part.rawValue)
        for part in _weights_of(layer)
    )  # fmt: skip


def _weights_of(layer: Any) -> Iterator[Any]:
    return (part for field, part in layer.ListFields() if field.message_type and field.message_type.name == _WEIGHTS)


def weights(stored: Any, shape: Sequence[int]) -> np.ndarray:
    """A layer's weights as numbers: float16 or float32 where they are stored so, float32 where they are quantised.

    Quantised ones hold n bits each, the highest first, which index a table or are scaled a row of the first axis.
    """
    count = math.prod(shape)
    if count > MOST_NUMBERS:
        raise ValueError(f"a layer of shape {tuple(shape)} is larger than a network for digits has one")
    if stored.float16Value:
        values = np.frombuffer(stored.float16Value, np.float16)
    elif stored.rawValue:
        values = _quantized(stored, count)
    else:
        values = np.asarray(stored.floatValue, np.float32)
    if values.size != count:
        raise ValueError(f"{values.size:,} weights where a layer of shape {tuple(shape)} belongs")
    return values.reshape(shape)


def _quantized(stored: Any, count: int) -> np.ndarray:
    bits = stored.quantization.numberOfBits
    if not 1 <= bits <= 8:
        raise UnknownError(f"it has weights of {bits} bits")
    digits = np.unpackbits(np.frombuffer(stored.rawValue, np.uint8))[: count * bits].reshape(-1, bits)
    numbers = digits @ (1 << np.arange(bits)[::-1])
    if stored.quantization.WhichOneof("QuantizationType") == "lookupTableQuantization":
        return np.asarray(stored.quantization.lookupTableQuantization.floatValue, np.float32)[numbers]
    scale = np.asarray(stored.quantization.linearQuantization.scale, np.float32)
    bias = np.asarray(stored.quantization.linearQuantization.bias, np.float32)
    rows = numbers.reshape(len(scale), -1)
    return (rows * scale[:, None] + bias[:, None]).astype(np.float32)


def _numbers(parameter: Any) -> np.ndarray:
    """Weights of as many numbers as there are."""
    return weights(parameter, (len(parameter.floatValue) or len(parameter.float16Value) // 2,))


def _has(layer: Any, field: str) -> bool:
    return field in layer.DESCRIPTOR.fields_by_name and layer.HasField(field)


def _biased(layer: Any, outputs: int) -> dict[str, Any]:
    return {"bias": weights(layer.bias, (outputs,))} if layer.hasBias else {}


def _borders(paddings: Any) -> np.ndarray:
    """Before and after each axis."""
    return np.array([[border.startEdgeSize, border.endEdgeSize] for border in paddings.borderAmounts], np.int32)


def _padding(layer: Any, kind: str) -> dict[str, Any]:
    chosen = layer.WhichOneof(kind)
    if chosen == "same":
        same = layer.same.asymmetryMode  # 0: the odd pixel goes to the bottom and the right, as TensorFlow has it
        return {"pad_type": np.array("same_lower" if same else "same"), "pad": np.zeros(4, np.int32)}
    if chosen == "includeLastPixel":
        raise UnknownError("it pools in ceil mode")
    pad = _borders(layer.valid.paddingAmounts).reshape(-1)
    return {"pad_type": np.array("custom"), "pad": pad if pad.size else np.zeros(4, np.int32)}


def _three(layer: Any, name: str) -> np.ndarray:
    """What a layer for blocks says of each axis."""
    return np.array([getattr(layer, f"{name}{axis}") for axis in ("Depth", "Height", "Width")], np.int32)


def _block_padding(layer: Any) -> dict[str, Any]:
    sides = ("Front", "Back", "Top", "Bottom", "Left", "Right")
    pad = np.array([getattr(layer, f"customPadding{side}") for side in sides], np.int32)
    return {"pad_type": np.array(("custom", "valid", "same")[layer.paddingType]), "pad": pad}


def _convolution(layer: Any, inputs: list[Any]) -> Steps:
    [x] = _one(inputs)
    arguments = {
        "x": x, "groups": np.int32(layer.nGroups or 1), "strides": np.array(layer.stride or (1, 1), np.int32),
        "dilations": np.array(layer.dilationFactor or (1, 1), np.int32),
        **_padding(layer, "ConvolutionPaddingType"), **_biased(layer, layer.outputChannels),
    }  # fmt: skip
    if not layer.isDeconvolution:
        shape = (layer.outputChannels, layer.kernelChannels, *layer.kernelSize)
        return [("conv", arguments | {"weight": weights(layer.weights, shape)})]
    return [_transposed(layer, layer.kernelChannels, layer.kernelSize, arguments)]


def _block_convolution(layer: Any, inputs: list[Any]) -> Steps:
    [x], groups = _one(inputs), layer.nGroups or 1
    kernel = tuple(map(int, _three(layer, "kernel")))
    arguments = {
        "x": x, "groups": np.int32(groups), "strides": _three(layer, "stride"), "dilations": _three(layer, "dilation"),
        **_block_padding(layer), **_biased(layer, layer.outputChannels),
    }  # fmt: skip
    if not layer.isDeconvolution:
        shape = (layer.outputChannels, layer.inputChannels // groups, *kernel)
        return [("conv", arguments | {"weight": weights(layer.weights, shape)})]
    return [_transposed(layer, layer.inputChannels, kernel, arguments)]


def _transposed(layer: Any, channels: int, kernel: Sequence[int], arguments: dict[str, Any]) -> Any:
    shape = (channels, layer.outputChannels // int(arguments["groups"]), *kernel)
    if layer.outputShape:
        arguments["output_shape"] = np.array([1, layer.outputChannels, *layer.outputShape], np.int32)
    return "conv_transpose", arguments | {"weight": weights(layer.weights, shape)}


def _pooling(layer: Any, inputs: list[Any]) -> Steps:
    kind, [x] = ("max", "avg", "l2")[layer.type], _one(inputs)
    if layer.globalPooling:
        reduce = {"max": "reduce_max", "avg": "reduce_mean", "l2": "reduce_l2_norm"}[kind]
        return [(reduce, {"x": x, "axes": np.array([-2, -1], np.int32), "keep_dims": np.bool_(True)})]
    arguments = {
        "x": x, "kernel_sizes": np.array(layer.kernelSize, np.int32),
        "strides": np.array(layer.stride or (1, 1), np.int32), **_padding(layer, "PoolingPaddingType"),
    }  # fmt: skip
    if kind == "avg":
        arguments["exclude_padding_from_average"] = np.bool_(layer.avgPoolExcludePadding)
    return [(f"{kind}_pool", arguments)]


def _block_pooling(layer: Any, inputs: list[Any]) -> Steps:
    kind, [x] = ("max", "avg")[layer.type], _one(inputs)
    arguments = {
        "x": x, "kernel_sizes": _three(layer, "kernel"), "strides": _three(layer, "stride"), **_block_padding(layer),
    }  # fmt: skip
    if kind == "avg":
        arguments["exclude_padding_from_average"] = np.bool_(layer.countExcludePadding)
    return [(f"{kind}_pool", arguments)]


_ACTIVATIONS = {  # Core ML's name → MIL's, and the constants that both have
    "ELU": ("elu", "alpha"), "ReLU": ("relu",), "leakyReLU": ("leaky_relu", "alpha"),
    "linear": ("linear_activation", "alpha", "beta"), "scaledTanh": ("scaled_tanh", "alpha", "beta"),
    "sigmoid": ("sigmoid",), "sigmoidHard": ("sigmoid_hard", "alpha", "beta"), "softplus": ("softplus",),
    "softsign": ("softsign",), "tanh": ("tanh",), "thresholdedReLU": ("thresholded_relu", "alpha"),
    "PReLU": ("prelu", "alpha"), "parametricSoftplus": ("softplus_parametric", "alpha", "beta"),
}  # fmt: skip


def _activation(layer: Any, inputs: list[Any]) -> Steps:
    kind = layer.WhichOneof("NonlinearityType")
    operation, *names = _ACTIVATIONS[kind]
    given = {name: getattr(getattr(layer, kind), name) for name in names}
    constants = {
        name: np.float32(value) if isinstance(value, float) else _numbers(value) for name, value in given.items()
    }
    return [(operation, dict(zip("x", _one(inputs), strict=True)) | constants)]


def _unary(layer: Any, inputs: list[Any]) -> Steps:
    """A function of scale times x plus shift."""
    kind = ("sqrt", "rsqrt", "inverse", "pow", "exp", "log", "abs", "threshold")[layer.type]
    constants: dict[str, Any] = {}
    if kind in ("rsqrt", "inverse", "log"):
        constants["epsilon"] = np.float32(layer.epsilon or _LEAST)
    elif kind in ("pow", "threshold"):
        constants["y" if kind == "pow" else "alpha"] = np.float32(layer.alpha)
    [x] = _one(inputs)
    if (layer.scale, layer.shift) in ((1, 0), (0, 0)):
        return [(kind, {"x": x, **constants})]
    moved = {"x": x, "alpha": np.float32(layer.scale), "beta": np.float32(layer.shift)}
    return [("linear_activation", moved), (kind, constants)]


def _scale(layer: Any, inputs: list[Any]) -> Steps:
    """Times one array, plus another."""
    steps: Steps = [("mul", {"x": _one(inputs)[0], "y": _of_channels(layer.scale, layer.shapeScale)})]
    return [*steps, ("add", {"y": _of_channels(layer.bias, layer.shapeBias)})] if layer.hasBias else steps


def _of_channels(parameter: Any, shape: Sequence[int]) -> np.ndarray:
    """An array for the last axes of a tensor: one axis alone is that of the channels, the third last."""
    return weights(parameter, shape if len(shape) != 1 or shape[0] == 1 else (shape[0], 1, 1))


def _batched_matmul(layer: Any, inputs: list[Any]) -> Steps:
    if not _has(layer, "weights"):
        x, y = inputs
        turned = {"transpose_x": np.bool_(layer.transposeA), "transpose_y": np.bool_(layer.transposeB)}
        return [("matmul", {"x": x, "y": y, **turned})]
    outputs = layer.weightMatrixSecondDimension
    weight = weights(layer.weights, (outputs, layer.weightMatrixFirstDimension))
    return [("linear", dict(zip("x", _one(inputs), strict=True)) | {"weight": weight, **_biased(layer, outputs)})]


def _inner_product(layer: Any, inputs: list[Any]) -> Steps:
    weight = weights(layer.weights, (layer.outputChannels, layer.inputChannels))
    return [("linear", {"x": _one(inputs)[0], "weight": weight, **_biased(layer, layer.outputChannels)})]


def _batch_norm(layer: Any, inputs: list[Any]) -> Steps:
    arguments = {"x": _one(inputs)[0], "epsilon": np.float32(layer.epsilon or 1e-5)}
    parts = [name for name in ("gamma", "beta", "mean", "variance") if _has(layer, name)]
    arguments |= {name: weights(getattr(layer, name), (layer.channels,)) for name in parts}
    if layer.instanceNormalization != layer.computeMeanVar:
        raise UnknownError("it takes mean and variance of what it knows already")
    if layer.instanceNormalization:
        return [("instance_norm", {name: arguments[name] for name in arguments.keys() - {"mean", "variance"}})]
    return [("batch_norm", arguments)]


def _layer_norm(layer: Any, inputs: list[Any]) -> Steps:
    shape = tuple(layer.normalizedShape)
    arguments = {"x": _one(inputs)[0], "epsilon": np.float32(layer.eps or 1e-5)}
    arguments["axes"] = np.arange(-len(shape), 0, dtype=np.int32)
    parts = [name for name in ("gamma", "beta") if _has(layer, name)]
    return [("layer_norm", arguments | {name: weights(getattr(layer, name), shape) for name in parts})]


def _mean_variance(layer: Any, inputs: list[Any]) -> Steps:
    if not layer.normalizeVariance:
        raise UnknownError("it leaves the variance as it is")
    axes = np.array([-3, -2, -1] if layer.acrossChannels else [-2, -1], np.int32)
    return [("layer_norm", {"x": _one(inputs)[0], "axes": axes, "epsilon": np.float32(layer.epsilon or 1e-5)})]


def _upsample(layer: Any, inputs: list[Any]) -> Steps:
    height, width = layer.fractionalScalingFactor or layer.scalingFactor or (1, 1)
    factors = {"scale_factor_height": np.float32(height), "scale_factor_width": np.float32(width)}
    if layer.mode == 0:
        return [("upsample_nearest_neighbor", {"x": _one(inputs)[0], **factors})]
    if layer.linearUpsampleMode == 0:
        raise UnknownError("it does not say how it takes the corners")
    corners = {"align_corners": np.bool_(layer.linearUpsampleMode == 1)}
    return [("upsample_bilinear", {"x": _one(inputs)[0], **factors, **corners})]


def _resize_bilinear(layer: Any, inputs: list[Any]) -> Steps:
    height, width = layer.targetSize
    size = {"target_size_height": np.int32(height), "target_size_width": np.int32(width)}
    mode = {"sampling_mode": np.array(_SAMPLINGS[layer.mode.samplingMethod])}
    return [("resize_bilinear", {"x": _one(inputs)[0], **size, **mode})]


def _pad(layer: Any, inputs: list[Any]) -> Steps:
    """Of the last two axes."""
    mode = {"constant": "constant", "reflection": "reflect", "replication": "replicate"}[
        layer.WhichOneof("PaddingType") or "constant"
    ]
    pad = _borders(layer.paddingAmounts).reshape(-1)
    arguments = {"pad": pad, "mode": np.array(mode), "constant_val": np.float32(layer.constant.value)}
    return [("pad", {"x": _one(inputs)[0], **arguments})]


def _constant_pad(layer: Any, inputs: list[Any]) -> Steps:
    if layer.padToGivenOutputSizeMode:
        raise UnknownError("it pads to a size")
    arguments = {"pad": np.array(layer.padAmounts, np.int32), "constant_val": np.float32(layer.value)}
    return [("pad", {"x": _one(inputs)[0], **arguments})]


def _crop(layer: Any, inputs: list[Any]) -> Steps:
    height, width = _borders(layer.cropAmounts)
    return [("crop", {"x": _one(inputs)[0], "crop_height": height, "crop_width": width})]


def _slice(layer: Any, inputs: list[Any]) -> Steps:
    """Along one of the last three axes: those behind it are whole, and so are those before, which are not named."""
    behind = 2 - layer.axis
    places = {
        "begin": [layer.startIndex] + [0] * behind, "end": [layer.endIndex] + [0] * behind,
        "stride": [layer.stride or 1] + [1] * behind,
    }  # fmt: skip
    masks = dict.fromkeys(("begin_mask", "end_mask"), np.array([False] + [True] * behind))
    arguments = {name: np.array(values, np.int32) for name, values in places.items()}
    return [("slice_by_index", {"x": _one(inputs)[0], **arguments, **masks})]


def _slice_static(layer: Any, inputs: list[Any]) -> Steps:
    count = len(layer.beginIds)
    places = {"begin": layer.beginIds, "end": layer.endIds, "stride": layer.strides}
    masks = {"begin_mask": layer.beginMasks, "end_mask": layer.endMasks, "squeeze_mask": layer.squeezeMasks}
    arguments = {name: np.array(values, np.int32) for name, values in places.items()}
    arguments |= {name: np.array(values or [False] * count, np.bool_) for name, values in masks.items()}
    return [("slice_by_index", {"x": _one(inputs)[0], **arguments})]


def _split(layer: Any, inputs: list[Any]) -> Steps:
    sizes = {"split_sizes": np.array(layer.splitSizes, np.int32)} if layer.splitSizes else {}
    count = {} if sizes else {"num_splits": np.int32(layer.numSplits)}
    return [("split", {"x": _one(inputs)[0], "axis": np.int32(layer.axis), **sizes, **count})]


def _top(layer: Any, inputs: list[Any]) -> Steps:
    arguments = {"axis": np.int32(layer.axis), "k": np.int32(layer.K), "ascending": np.bool_(layer.useBottomK)}
    return [("topk", {"x": _one(inputs)[0], **arguments})]


def _reverse(layer: Any, inputs: list[Any]) -> Steps:
    axes = np.flatnonzero(list(layer.reverseDim)).astype(np.int32)
    return [("reverse", {"x": _one(inputs)[0], "axes": axes})]


def _squeeze(layer: Any, inputs: list[Any]) -> Steps:
    axes = {} if layer.squeezeAll else {"axes": np.array(layer.axes, np.int32)}
    return [("squeeze", {"x": _one(inputs)[0], **axes})]


def _concat(layer: Any, inputs: list[Any]) -> Steps:
    if layer.sequenceConcat:
        raise UnknownError("it joins sequences")
    return [("concat", {"values": inputs, "axis": np.int32(-3)})]


def _one_hot(layer: Any, inputs: list[Any]) -> Steps:
    return [("one_hot", {
        "indices": _one(inputs)[0], "one_hot_vector_size": np.int32(layer.oneHotVectorSize),
        "axis": np.int32(layer.axis), "on_value": np.float32(layer.onValue), "off_value": np.float32(layer.offValue),
    })]  # fmt: skip


def _reorganized(layer: Any, inputs: list[Any]) -> Steps:
    kind = ("space_to_depth", "depth_to_space", "pixel_shuffle")[layer.mode]
    factor = "upscale_factor" if kind == "pixel_shuffle" else "block_size"
    return [(kind, {"x": _one(inputs)[0], factor: np.int32(layer.blockSize)})]


def _gelu(layer: Any, inputs: list[Any]) -> Steps:
    mode = ("EXACT", "TANH_APPROXIMATION", "SIGMOID_APPROXIMATION")[layer.mode]
    return [("gelu", {"x": _one(inputs)[0], "mode": np.array(mode)})]


def _one(inputs: list[Any]) -> list[Any]:
    """All that it takes, which is one; UnknownError where a size or the weights are computed, too."""
    if len(inputs) != 1:
        raise UnknownError(f"it takes {len(inputs)} things")
    return inputs


def _plain(operation: str, **constants: Callable[[Any], Any]) -> _Converter:
    """An operation of one input, with constants that follow from the layer."""
    return lambda layer, inputs: [
        (operation, {"x": _one(inputs)[0], **{name: value(layer) for name, value in constants.items()}})
    ]


def _several(operation: str, axis: str = "axis") -> _Converter:
    return lambda layer, inputs: [(operation, {"values": inputs, "axis": np.int32(getattr(layer, axis))})]


def _arithmetic(operation: str) -> _Converter:
    """Of two inputs or more, or of one and the constant `alpha`."""

    def steps(layer: Any, inputs: list[Any]) -> Steps:
        first, *others = inputs
        seconds = others or [np.float32(layer.alpha)]
        return [(operation, {"x": first, "y": seconds[0]}), *((operation, {"y": other}) for other in seconds[1:])]

    return steps


def _comparison(operation: str, names: Sequence[str] = ("x", "y")) -> _Converter:
    """Of one, or two, or of one and the constant `alpha`; yes and no are the numbers 1 and 0."""

    def steps(layer: Any, inputs: list[Any]) -> Steps:
        given = inputs if len(inputs) == len(names) else [*inputs, np.float32(layer.alpha)]
        return [(operation, dict(zip(names, given, strict=True))), ("cast", {"dtype": np.array("fp32")})]

    return steps


def _reduce(operation: str) -> _Converter:
    def steps(layer: Any, inputs: list[Any]) -> Steps:
        axes = {} if layer.reduceAll or not layer.axes else {"axes": np.array(layer.axes, np.int32)}
        return [(operation, {"x": _one(inputs)[0], "keep_dims": np.bool_(layer.keepDims), **axes})]

    return steps


def _picked(operation: str) -> _Converter:
    def steps(layer: Any, inputs: list[Any]) -> Steps:
        x, indices = inputs
        return [(operation, {"x": x, "indices": indices, "axis": np.int32(layer.axis)})]

    return steps


def _where(layer: Any, inputs: list[Any]) -> Steps:
    condition, yes, no = inputs
    return [("select", {"cond": condition, "a": yes, "b": no})]


def _integer(name: str) -> Callable[[Any], np.int32]:
    return lambda layer: np.int32(getattr(layer, name))


def _integers(name: str) -> Callable[[Any], np.ndarray]:
    return lambda layer: np.array(getattr(layer, name), np.int32)


def _real(name: str) -> Callable[[Any], np.float32]:
    return lambda layer: np.float32(getattr(layer, name))


def _flag(name: str, *, negated: bool = False) -> Callable[[Any], np.bool_]:
    return lambda layer: np.bool_(getattr(layer, name) != negated)


_SAME_NAME = ("acos", "asin", "atan", "atanh", "ceil", "cos", "cosh", "erf", "exp2", "floor", "round", "sign", "sin",
              "sinh", "tan", "tanh")  # fmt: skip
_REDUCTIONS = {
    "reduceL1": "reduce_l1_norm", "reduceL2": "reduce_l2_norm", "reduceLogSum": "reduce_log_sum",
    "reduceLogSumExp": "reduce_log_sum_exp", "reduceMax": "reduce_max", "reduceMean": "reduce_mean",
    "reduceMin": "reduce_min", "reduceProd": "reduce_prod", "reduceSum": "reduce_sum",
    "reduceSumSquare": "reduce_sum_square",
}  # fmt: skip
_ARITHMETIC = {
    "add": "add", "addBroadcastable": "add", "divideBroadcastable": "real_div", "floorDivBroadcastable": "floor_div",
    "max": "maximum", "maxBroadcastable": "maximum", "min": "minimum", "minBroadcastable": "minimum",
    "modBroadcastable": "mod", "multiply": "mul", "multiplyBroadcastable": "mul", "powBroadcastable": "pow",
    "subtractBroadcastable": "sub",
}  # fmt: skip
_COMPARISONS = {
    "equal": "equal", "greaterEqual": "greater_equal", "greaterThan": "greater", "lessEqual": "less_equal",
    "lessThan": "less", "logicalAnd": "logical_and", "logicalOr": "logical_or", "logicalXor": "logical_xor",
    "notEqual": "not_equal",
}  # fmt: skip
CONVERTERS: dict[str, _Converter] = {
    **{name: _plain(name) for name in _SAME_NAME},
    **{name: _reduce(operation) for name, operation in _REDUCTIONS.items()},
    **{name: _arithmetic(operation) for name, operation in _ARITHMETIC.items()},
    **{name: _comparison(operation) for name, operation in _COMPARISONS.items()},
    "activation": _activation,
    "argMax": _plain("reduce_argmax", axis=_integer("axis"), keep_dims=_flag("removeDim", negated=True)),
    "argMin": _plain("reduce_argmin", axis=_integer("axis"), keep_dims=_flag("removeDim", negated=True)),
    "argSort": _plain("argsort", axis=_integer("axis"), ascending=_flag("descending", negated=True)),
    "batchedMatmul": _batched_matmul,
    "batchnorm": _batch_norm,
    "clampedReLU": _plain("clamped_relu", alpha=_real("alpha"), beta=_real("beta")),
    "clip": _plain("clip", alpha=_real("minVal"), beta=_real("maxVal")),
    "concat": _concat,
    "concatND": _several("concat"),
    "constantPad": _constant_pad,
    "convolution": _convolution,
    "convolution3d": _block_convolution,
    "copy": _plain("identity"),
    "crop": _crop,
    "cumSum": _plain("cumsum", axis=_integer("axis"), exclusive=_flag("excludeFinalSum"), reverse=_flag("reverse")),
    "expandDims": _plain("expand_dims", axes=_integers("axes")),
    "flattenTo2D": _plain("flatten2d", axis=_integer("axis")),
    "gather": _picked("gather"),
    "gatherAlongAxis": _picked("gather_along_axis"),
    "gelu": _gelu,
    "innerProduct": _inner_product,
    "l2normalize": _plain("l2_norm", epsilon=_real("epsilon")),
    "layerNormalization": _layer_norm,
    "logicalNot": _comparison("logical_not", ("x",)),
    "lrn": _plain(
        "local_response_norm", alpha=_real("alpha"), beta=_real("beta"), size=_integer("localSize"), k=_real("k")
    ),
    "matrixBandPart": _plain("band_part", lower=_integer("numLower"), upper=_integer("numUpper")),
    "mvn": _mean_variance,
    "oneHot": _one_hot,
    "padding": _pad,
    "pooling": _pooling,
    "pooling3d": _block_pooling,
    "reorganizeData": _reorganized,
    "reshapeStatic": _plain("reshape", shape=_integers("targetShape")),
    "resizeBilinear": _resize_bilinear,
    "reverse": _reverse,
    "scale": _scale,
    "slice": _slice,
    "sliceStatic": _slice_static,
    "slidingWindows": _plain(
        "sliding_windows", axis=_integer("axis"), size=_integer("windowSize"), stride=_integer("step")
    ),
    "softmax": _plain("softmax", axis=lambda layer: np.int32(-3)),
    "softmaxND": _plain("softmax", axis=_integer("axis")),
    "splitND": _split,
    "squeeze": _squeeze,
    "stack": _several("stack"),
    "tile": _plain("tile", reps=_integers("reps")),
    "topK": _top,
    "transpose": _plain("transpose", perm=_integers("axes")),
    "unary": _unary,
    "upsample": _upsample,
    "whereBroadcastable": _where,
}  # fmt: skip
