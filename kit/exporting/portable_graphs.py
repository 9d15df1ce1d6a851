"""Graphs of LiteRT and ONNX, looked at before their runtimes get them: known operations alone, and none too large.

What the runtimes do with a graph that somebody has tampered with is not known: they are large programs in C++.
"""

import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from kit import KitError
from kit.exporting.shapes import MOST_NUMBERS, MOST_VALUES

_MOST_OPERATIONS = 10_000
_MOST_WORK = 2**31  # multiply-accumulates of one picture; kit's largest network has 40 million
_MOST_OPTION = 2**16  # a stride, a dilation, a border, an axis

# What becomes of the layers of kit's networks and of Keras' own. ONNX' checks find the size of every result; of
# LiteRT's operations those whose result may be larger than what they take are in `_GROWING`.
_ONNX = {
    "Abs", "Acos", "Add", "And", "ArgMax", "ArgMin", "Asin", "Atan", "AveragePool", "Cast", "Ceil", "Clip", "Concat",
    "Conv", "ConvTranspose", "Cos", "Cosh", "CumSum", "DepthToSpace", "Div", "Elu", "Equal", "Erf", "Exp", "Expand",
    "Flatten", "Floor", "Gather", "Gemm", "GlobalAveragePool", "GlobalMaxPool", "Greater", "GreaterOrEqual",
    "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Less", "LessOrEqual", "Log", "LogSoftmax", "MatMul", "Max",
    "MaxPool", "Min", "Mod", "Mul", "Neg", "Not", "Or", "PRelu", "Pad", "Pow", "Reciprocal", "ReduceL2", "ReduceMax",
    "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "Relu", "Reshape", "Resize", "ReverseSequence", "Round",
    "Selu", "Shape", "Sigmoid", "Sign", "Sin", "Sinh", "Slice", "Softmax", "Softplus", "Softsign", "SpaceToDepth",
    "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tan", "Tanh", "ThresholdedRelu", "Tile", "TopK", "Transpose", "Trilu",
    "Unsqueeze", "Where", "Xor",
}  # fmt: skip
_TFLITE = {
    "ABS", "ARG_MAX", "ARG_MIN", "AVERAGE_POOL_2D", "CAST", "CEIL", "CONCATENATION", "CONV_2D", "CONV_3D", "COS",
    "CUMSUM", "DEPTHWISE_CONV_2D", "DEPTH_TO_SPACE", "DEQUANTIZE", "ELU", "EXP", "EXPAND_DIMS", "FLOOR",
    "FULLY_CONNECTED", "GELU", "HARD_SWISH", "L2_NORMALIZATION", "LEAKY_RELU", "LOG", "LOGICAL_NOT", "LOGISTIC",
    "LOG_SOFTMAX", "MAX_POOL_2D", "MEAN", "NEG", "PACK", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "RELU", "RELU6",
    "RELU_0_TO_1", "RELU_N1_TO_1", "RESHAPE", "REVERSE_V2", "ROUND", "RSQRT", "SIGN", "SIN", "SLICE", "SOFTMAX",
    "SPACE_TO_DEPTH", "SPLIT", "SPLIT_V", "SQRT", "SQUARE", "SQUEEZE", "STRIDED_SLICE", "SUM", "TANH", "TOPK_V2",
    "TRANSPOSE", "UNPACK",
}  # fmt: skip
_BROADCASTING = (
    "ADD", "ATAN2", "DIV", "EQUAL", "FLOOR_DIV", "FLOOR_MOD", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL",
    "LOGICAL_AND", "LOGICAL_OR", "MAXIMUM", "MINIMUM", "MUL", "NOT_EQUAL", "POW", "PRELU", "SELECT", "SELECT_V2",
    "SQUARED_DIFFERENCE", "SUB",
)  # fmt: skip
_KERNELS = {  # axes of what one value sums
    "CONV_2D": (1, 2, 3), "CONV_3D": (0, 1, 2, 3), "DEPTHWISE_CONV_2D": (1, 2), "FULLY_CONNECTED": (1,),
    "TRANSPOSE_CONV": (1, 2, 3),
}  # fmt: skip


def check_onnx(model: Any) -> None:
    """KitError, or what ONNX's own checks raise, where a graph is not one that kit writes."""
    import onnx

    graph = model.graph
    if model.functions or graph.sparse_initializer or len(graph.node) > _MOST_OPERATIONS:
        raise KitError("it has parts that kit does not write")
    constants = {constant.name: constant for constant in graph.initializer}
    if any(constant.data_location == onnx.TensorProto.EXTERNAL for constant in graph.initializer):
        raise KitError("its weights are in another file")
    _check_total(math.prod(constant.dims) for constant in graph.initializer)
    for node in graph.node:
        _check_known(node.op_type if node.domain in ("", "ai.onnx") else node.domain, _ONNX)
        for attribute in node.attribute:
            if attribute.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS, onnx.AttributeProto.TENSOR):
                raise KitError(f"its {node.op_type} has parts that kit does not write")
            _check_options(node.op_type, [attribute.i, *attribute.ints])
    onnx.checker.check_model(model)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    shapes = {name: list(constant.dims) for name, constant in constants.items()} | {
        value.name: [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
        for value in (*inferred.input, *inferred.value_info, *inferred.output)
    }
    work = 0
    for node in graph.node:
        size = max(_size(node.op_type, shapes.get(name, [0])) for name in node.output)
        summed = [constants[name].dims[1:] for name in node.input if name in constants]
        summed += [attribute.ints for attribute in node.attribute if attribute.name == "kernel_shape"]
        taken = shapes.get(node.input[0], []) if node.input else []
        if node.op_type == "MatMul":
            summed.append(taken[-1:])
        if node.op_type == "ConvTranspose":  # each value that it takes is written so many times
            size = max(size, math.prod(taken))
        work += size * max(map(math.prod, summed), default=1)
    _check_work(work)


def check_tflite(model: Any) -> None:
    """KitError where a graph is not one that kit writes."""
    if len(model.subgraphs) != 1 or len(model.subgraphs[0].operators) > _MOST_OPERATIONS:
        raise KitError("it has parts that kit does not write")
    if any(buffer.offset or buffer.size for buffer in model.buffers):
        raise KitError("its weights lie outside of it")
    [graph] = model.subgraphs
    shapes = [[int(length) for length in (() if tensor.shape is None else tensor.shape)] for tensor in graph.tensors]
    constant = [model.buffers[tensor.buffer].data is not None for tensor in graph.tensors]
    listed = [_integers(model.buffers[tensor.buffer].data, tensor.type) for tensor in graph.tensors]
    _check_total(math.prod(shape) for shape, known in zip(shapes, constant, strict=True) if known)
    work = 0
    for operator in graph.operators:
        kind = tflite_kind(model, operator)
        _check_known(kind, _TFLITE | _GROWING.keys())
        options = vars(operator.builtinOptions).values() if operator.builtinOptions else ()
        _check_options(kind, [value for value in options if isinstance(value, int)])
        taken = [shapes[number] for number in operator.inputs if number >= 0]
        sizes = [_size(kind, shapes[number]) for number in operator.outputs]
        if rule := _GROWING.get(kind):
            values = [listed[number] for number in operator.inputs if number >= 0]
            _check_shape(kind, partial(rule, taken, values, operator.builtinOptions), shapes[operator.outputs[0]])
        across = [taken[1][axis] for axis in _KERNELS[kind]] if kind in _KERNELS else [1]
        if kind == "BATCH_MATMUL":
            across = [max(taken[0][-2:])]
        window = [getattr(operator.builtinOptions, name, 1) for name in ("filterHeight", "filterWidth")]
        work += max(sizes) * math.prod(across) * math.prod(window)
    _check_work(work)


def _integers(data: Any, number: int) -> np.ndarray | None:
    """What a constant of LiteRT lists; None where it lists no whole numbers, or is none."""
    from ai_edge_litert import schema_py_generated as schema

    kind = {schema.TensorType.INT32: np.int32, schema.TensorType.INT64: np.int64}.get(number)
    return None if kind is None or data is None else np.asarray(data, np.uint8).view(kind)


_Rule = Callable[[list[list[int]], list[Any], Any], Iterable[int]]
"""Shapes of what an operation takes, the whole numbers in it where it is constant, options → shape of its result."""


def _padded(taken: list[list[int]], values: list[Any], options: Any) -> list[int]:
    borders = values[1].reshape(-1, 2)
    return [length + int(edges.sum()) for length, edges in zip(taken[0], borders, strict=True)]


def _resized(taken: list[list[int]], values: list[Any], options: Any) -> list[int]:
    count, *_, channels = taken[0]
    return [count, *values[1], channels]


def _multiplied(taken: list[list[int]], values: list[Any], options: Any) -> list[int]:
    x, y = taken
    rows, columns = x[-1 if options.adjX else -2], y[-2 if options.adjY else -1]
    return [*np.broadcast_shapes(x[:-2], y[:-2]), rows, columns]


def _gathered(taken: list[list[int]], values: list[Any], options: Any) -> list[int]:
    x, indices = taken
    axis = range(len(x))[options.axis]
    return [*x[: options.batchDims], *x[options.batchDims : axis], *indices[options.batchDims :], *x[axis + 1 :]]


_GROWING: dict[str, _Rule] = {
    **dict.fromkeys(_BROADCASTING, lambda taken, values, options: np.broadcast_shapes(*taken)),
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD"), _padded),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), _resized),
    "BATCH_MATMUL": _multiplied,
    "BROADCAST_TO": lambda taken, values, options: values[1],
    "GATHER": _gathered,
    "TILE": lambda taken, values, options: np.multiply(taken[0], values[1]),
    "TRANSPOSE_CONV": lambda taken, values, options: values[0],
}


def _check_shape(kind: str, found: Callable[[], Iterable[int]], said: list[int]) -> None:
    """KitError where a result is of another shape than the graph says, or the shape is not known beforehand."""
    try:
        same = [int(length) for length in found()] == said
    except (ValueError, TypeError, IndexError, AttributeError):
        same = False
    if not same:
        raise KitError(f"its {kind} is of another size than it says")


def tflite_kind(model: Any, operator: Any) -> str:
    """What an operator is called in LiteRT's schema."""
    from ai_edge_litert import schema_py_generated as schema

    code = model.operatorCodes[operator.opcodeIndex].builtinCode
    return next(name for name, value in vars(schema.BuiltinOperator).items() if value == code)


def told(value: Any) -> str:
    """A part of a LiteRT model in words, the same for every version of its schema: what has no value is left out."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list):
        return f"[{' '.join(map(told, value))}]"
    if hasattr(value, "__dict__"):
        parts = ((name, told(part)) for name, part in sorted(vars(value).items()))
        return f"({' '.join(f'{name}={part}' for name, part in parts if part not in ('', '[]', '()'))})"
    return repr(value) if value else ""


def _check_known(kind: str, known: set[str]) -> None:
    if kind not in known:
        raise KitError(f"it has a {kind}, which is no operation that kit writes")


def _check_options(kind: str, values: Iterable[int]) -> None:
    if largest := next((value for value in values if abs(value) > _MOST_OPTION), None):
        raise KitError(f"its {kind} has an option of {largest:,}, which is none that kit writes")


def _check_total(sizes: Iterable[int]) -> None:
    if (total := sum(sizes)) > MOST_NUMBERS:
        raise KitError(f"its constants hold {total:,} numbers: a network for digits has fewer")


def _check_work(work: int) -> None:
    if work > _MOST_WORK:
        raise KitError("it would compute longer than a network for digits may")


def _size(kind: str, shape: list[int]) -> int:
    """How many values a result of this shape has; KitError where they are none or too many."""
    if 0 in shape:
        raise KitError(f"its {kind} gives a result whose size is not known beforehand")
    size = math.prod(shape)
    if min(shape, default=1) < 1 or size > MOST_VALUES:
        raise KitError(f"its {kind} gives a result of shape {shape}: none that a network for digits has")
    return size
