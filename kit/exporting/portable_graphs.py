"""Graphs of LiteRT and ONNX, looked at before their runtimes get them: known operations alone, and none too large.

What the runtimes do with a graph that somebody has tampered with is not known: they are large programs in C++.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from kit import KitError
from kit.exporting.shapes import MOST_NUMBERS, MOST_VALUES

_MOST_OPERATIONS = 10_000
_MOST_WORK = 2**31  # multiply-accumulates of one picture; kit's largest network has 40 million
_MOST_OPTION = 2**16  # a stride, a dilation, a border, an axis

# What becomes of the layers of kit's networks, and of the usual activations and arithmetic in others'.
_ONNX = {
    "Abs", "Clip", "Div", "Elu", "Erf", "Exp", "HardSigmoid", "LeakyRelu", "Log", "Max", "Min", "Neg", "Pow",
    "Reciprocal", "ReduceMax", "ReduceSum", "Selu", "Sigmoid", "Softplus", "Softsign", "Sqrt", "Sub", "Tanh",
    "Add", "AveragePool", "Concat", "Conv", "Flatten", "Gemm", "GlobalAveragePool", "Identity", "MatMul", "MaxPool",
    "Mul", "ReduceMean", "Relu", "Reshape", "Softmax", "Squeeze", "Transpose",
}  # fmt: skip
_BINARY = {"ADD", "DIV", "MAXIMUM", "MINIMUM", "MUL", "SQUARED_DIFFERENCE", "SUB"}
_TFLITE = _BINARY | {
    "ABS", "ELU", "EXP", "GELU", "HARD_SWISH", "LEAKY_RELU", "LOG", "LOGISTIC", "NEG", "RELU6", "RSQRT", "SQRT",
    "SQUARE", "TANH",
    "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DEQUANTIZE", "FULLY_CONNECTED",
    "MAX_POOL_2D", "MEAN", "RELU", "RESHAPE", "SOFTMAX", "SQUEEZE", "TRANSPOSE",
}  # fmt: skip
_KERNELS = {"CONV_2D": (1, 2, 3), "DEPTHWISE_CONV_2D": (1, 2), "FULLY_CONNECTED": (1,)}  # axes of what one value sums


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
    shapes = {
        value.name: [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
        for value in (*inferred.input, *inferred.value_info, *inferred.output)
    }
    work = 0
    for node in graph.node:
        size = max(_size(node.op_type, shapes.get(name, [0])) for name in node.output)
        summed = [constants[name].dims[1:] for name in node.input if name in constants]
        summed += [attribute.ints for attribute in node.attribute if attribute.name == "kernel_shape"]
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
    _check_total(math.prod(shape) for shape, known in zip(shapes, constant, strict=True) if known)
    work = 0
    for operator in graph.operators:
        kind = tflite_kind(model, operator)
        _check_known(kind, _TFLITE)
        options = vars(operator.builtinOptions).values() if operator.builtinOptions else ()
        _check_options(kind, [value for value in options if isinstance(value, int)])
        taken = [shapes[number] for number in operator.inputs if number >= 0]
        sizes = [_size(kind, shapes[number]) for number in operator.outputs]
        if kind in _BINARY and [*np.broadcast_shapes(*taken)] != shapes[operator.outputs[0]]:
            raise KitError(f"its {kind} is of another size than it says")
        across = [taken[1][axis] for axis in _KERNELS[kind]] if kind in _KERNELS else [1]
        window = [getattr(operator.builtinOptions, name, 1) for name in ("filterHeight", "filterWidth")]
        work += max(sizes) * math.prod(across) * math.prod(window)
    _check_work(work)


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
    size = math.prod(shape)
    if min(shape, default=1) < 1 or size > MOST_VALUES:
        raise KitError(f"its {kind} gives a result of shape {shape}: none that a network for digits has")
    return size
