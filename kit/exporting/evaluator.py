"""What a saved Core ML model computes, computed by NumPy: the proof of an export on any system, and its costs.

A saved graph is made for one picture. Here every tensor has one more axis in front, the rows, so that many pictures go
through at once; a constant has none and broadcasts. Arithmetic is float32 on the weights as they are stored.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import softmax

from kit import KitError
from kit.exporting.graph import AGAIN, Graph, Name, Operation
from kit.exporting.shapes import KINDS, MOST_VALUES, Need, need

_CHUNK = 64 * 28 * 28  # pixels that go through at once; what a core's caches like
_WORKING = 2**25  # numbers that are held at once: fewer pictures go through where each needs many
_MOST_WORK = 2**31  # multiply-accumulates of one picture

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Cost:
    """What one operation costs for one picture.

    Attributes:
        name: The operation's own name.
        kind: What it computes, such as "conv".
        shape: Of its result.
        parameters: Learned numbers.
        stored: Bytes on disk of its constants.
        operations: Multiply-accumulates.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    stored: int
    operations: int


@dataclass(frozen=True)
class Costs:
    """What one picture costs.

    Attributes:
        operations: Each operation, in the order of computation.
        peak: Bytes of the tensors that are alive at the worst moment, in the precision of the saved graph.
    """

    operations: tuple[Cost, ...]
    peak: int

    @property
    def parameters(self) -> int:
        return sum(cost.parameters for cost in self.operations)

    @property
    def multiply_accumulates(self) -> int:
        return sum(cost.operations for cost in self.operations)

    def table(self) -> list[list[str]]:
        """The operations that compute or hold something, the most expensive first, as people read them."""
        costly = [cost for cost in self.operations if cost.operations or cost.parameters]
        return [
            [
                cost.name, cost.kind, " x ".join(map(str, cost.shape[1:])), f"{cost.parameters:,}", f"{cost.stored:,}",
                f"{cost.operations:,}", f"{cost.operations / max(1, self.multiply_accumulates):.0%}",
            ]
            for cost in sorted(costly, key=lambda cost: -cost.operations)
        ]  # fmt: skip


def evaluate(graph: Graph, images: np.ndarray, *, half: bool = False) -> np.ndarray:
    """The probabilities that the saved model gives.

    Args:
        graph: A model read back from disk.
        images: (n, height, width, 1), pixels 0 to 255.
        half: Also round to float16 what the graph asks to be computed in it, as a phone's Neural Engine does.

    Returns:
        float32 (n, classes).

    Raises:
        KitError: The pictures have another size, or the graph an operation that is not known here.
    """
    needs = plan(graph)
    shape = graph.inputs[0].shape
    if images.shape[1] * images.shape[2] != math.prod(shape):
        size = f"{images.shape[1]} x {images.shape[2]}"
        raise KitError(f"{graph.path}: takes {' x '.join(map(str, shape))} pixels, not {size}")
    largest = max((part.working for part in needs), default=1)
    step = max(1, min(_CHUNK // math.prod(shape), _WORKING // largest))
    chunks = [images[start : start + step] for start in range(0, len(images), step)]
    results = [np.zeros((0, len(graph.labels)), np.float32)]
    for chunk in chunks:
        for operation, result in _compute(graph, chunk, half):
            if operation.output == graph.probabilities:
                results.append(result.reshape(len(chunk), -1))
    return np.concatenate(results)


def plan(graph: Graph) -> list[Need]:
    """What each operation will give and take for one picture, before anything is computed.

    Raises:
        KitError: There is no picture to begin with, an operation is not known here, takes what nothing computes before
            it or what does not fit, or all together need more than kit gives to a network for digits.
    """
    shapes, found = {graph.inputs[0].name: _first_shape(graph)} if graph.inputs else {}, list[Need]()
    for operation in graph.operations:
        where = f"{graph.path}: {operation.name!r}"
        if operation.kind not in KINDS:
            raise KitError(f"{where} is a {operation.kind}, which kit cannot evaluate")
        arguments = {key: _value(argument, shapes, graph) for key, argument in operation.arguments.items()}
        try:
            found.append(need(operation.kind, arguments))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
            reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
            raise KitError(f"{where} cannot be computed, {reason}: damaged, {AGAIN}") from error
        if operation.output in shapes:
            raise KitError(f"{graph.path}: {operation.output!r} is computed twice: damaged, {AGAIN}")
        shapes[operation.output] = found[-1].shape
    if sum(part.work for part in found) > _MOST_WORK:
        raise KitError(f"{graph.path}: it would compute longer than a network for digits may: damaged, {AGAIN}")
    if math.prod(shapes.get(graph.probabilities, (0,))) != len(graph.labels):
        raise KitError(f"{graph.path}: it gives no probability to each of its labels: damaged, {AGAIN}")
    return found


def costs(graph: Graph) -> Costs:
    """What the saved graph costs for one picture; KitError as `plan` has it."""
    needs = plan(graph)
    found, sizes = [], {graph.inputs[0].name: math.prod(graph.inputs[0].shape) * 4}
    for operation, part in zip(graph.operations, needs, strict=True):
        parameters = sum(weights.size for weights in operation.weights)
        work = _multiply_accumulates(operation, part.shape)
        found.append(Cost(operation.name, operation.kind, part.shape, parameters, operation.stored, work))
        sizes[operation.output] = math.prod(part.shape) * (2 if operation.half else 4)
    return Costs(tuple(found), _peak(graph, sizes))


def _first_shape(graph: Graph) -> tuple[int, ...]:
    """The shape of the picture that the graph takes, or of the array of its pixels."""
    feature = graph.inputs[0]
    if not feature.shape or min(feature.shape) < 1 or math.prod(feature.shape) > MOST_VALUES:
        raise KitError(f"{graph.path}: it takes no picture but {feature}: damaged, {AGAIN}")
    return (1, 1, *feature.shape) if feature.kind == "image" else feature.shape


def _compute(graph: Graph, images: np.ndarray, half: bool) -> Iterator[tuple[Operation, np.ndarray]]:
    """Each operation of a planned graph with its result, (rows, *shape) float32, dropped after its last use."""
    last_use = {name: index for index, operation in enumerate(graph.operations) for name in _reads(operation)}
    first = images.reshape(len(images), *_first_shape(graph)).astype(np.float32)
    tensors = {graph.inputs[0].name: first}
    for index, operation in enumerate(graph.operations):
        arguments = {key: _value(argument, tensors, graph) for key, argument in operation.arguments.items()}
        with np.errstate(all="ignore"):  # weights that are no numbers give probabilities that are none
            result = _KERNELS[operation.kind](arguments)
        if half and operation.half:
            result = result.astype(np.float16).astype(np.float32)
        tensors[operation.output] = result
        yield operation, result
        for name in _reads(operation):
            if last_use[name] == index:
                tensors.pop(name, None)


def _reads(operation: Operation) -> set[str]:
    arguments = operation.arguments.values()
    names = [name for value in arguments for name in (value if isinstance(value, list) else [value])]
    return {name.text for name in names if isinstance(name, Name)}


def _value(argument: Any, tensors: dict[str, Any], graph: Graph) -> Any:
    if isinstance(argument, list):
        return [_value(part, tensors, graph) for part in argument]
    if isinstance(argument, Name):
        if argument.text not in tensors:
            raise KitError(f"{graph.path}: damaged, nothing computes {argument.text!r}: {AGAIN}")
        return tensors[argument.text]
    return argument.astype(np.float32) if argument.dtype == np.float16 else argument


def _multiply_accumulates(operation: Operation, shape: tuple[int, ...]) -> int:
    """One for each weight that each number of the result is a sum of."""
    if operation.kind == "conv":
        weight = operation.arguments["weight"]
        assert isinstance(weight, np.ndarray)
        return math.prod(shape) * math.prod(weight.shape[1:])
    if operation.kind in ("linear", "matmul"):
        matrix = operation.weights[0] if operation.weights else np.zeros((0, 0))
        across = matrix.shape[1] if operation.kind == "linear" else matrix.size // max(1, shape[-1])
        return math.prod(shape) * across
    return 0


def _peak(graph: Graph, sizes: dict[str, int]) -> int:
    last_use = {name: index for index, operation in enumerate(graph.operations) for name in _reads(operation)}
    last_use[graph.probabilities] = len(graph.operations)
    alive = {graph.inputs[0].name}
    peak = 0
    for index, operation in enumerate(graph.operations):
        alive.add(operation.output)
        peak = max(peak, sum(sizes[name] for name in alive))
        alive = {name for name in alive if last_use.get(name, -1) > index}
    return peak


def _axis(axis: int, tensor: np.ndarray) -> int:
    """An axis of one picture's tensor as an axis of the rows'."""
    return axis + 1 if axis >= 0 else axis + tensor.ndim


def _padded(x: np.ndarray, arguments: Arguments, kernel: tuple[int, ...], fill: float) -> np.ndarray:
    """x (n, channels, height, width) with the borders that the operation asks for."""
    kind = str(arguments.get("pad_type", "valid"))
    dilations = arguments.get("dilations", (1, 1))
    if kind == "valid":
        return x
    if kind == "custom":
        top, bottom, left, right = (int(edge) for edge in arguments["pad"])
    else:  # "same": as many results as strides fit; an odd pixel goes below and to the right, or above and to the left
        edges = []
        for size, extent, stride, dilation in zip(x.shape[2:], kernel, arguments["strides"], dilations, strict=True):
            total = max(0, (math.ceil(size / stride) - 1) * int(stride) + (extent - 1) * int(dilation) + 1 - size)
            edges += [total // 2, total - total // 2] if kind == "same" else [total - total // 2, total // 2]
        top, bottom, left, right = edges
    return np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=fill)


def _windows(x: np.ndarray, kernel: tuple[int, ...], arguments: Arguments) -> np.ndarray:
    """Views (n, channels, height, width, *kernel) of what each number of the result is made from."""
    (down, across), (step, side) = (map(int, arguments.get(key, (1, 1))) for key in ("dilations", "strides"))
    extent = ((kernel[0] - 1) * down + 1, (kernel[1] - 1) * across + 1)
    return sliding_window_view(x, extent, axis=(2, 3))[:, :, ::step, ::side, ::down, ::across]


def _conv(arguments: Arguments) -> np.ndarray:
    x, weight, groups = arguments["x"], arguments["weight"], int(arguments.get("groups", 1))
    rows, kernel = x.shape[0], weight.shape[2:]
    padded = _padded(x[:, 0], arguments, kernel, 0.0)
    padded = np.ascontiguousarray(padded.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    windows = _windows(padded, kernel, arguments)
    if groups == x.shape[2] and weight.shape[1] == 1 and weight.shape[0] == groups:  # depthwise
        result = sum(
            windows[..., row, column] * weight[:, 0, row, column, None, None] for row, column in np.ndindex(*kernel)
        )
    else:
        outputs = []
        for part, filters in zip(np.split(windows, groups, axis=1), np.split(weight, groups), strict=True):
            columns = part.transpose(0, 2, 3, 4, 5, 1).reshape(-1, filters[0].size)  # channels last copies in long runs
            height, width = part.shape[2:4]
            matrix = filters.transpose(2, 3, 1, 0).reshape(filters[0].size, -1)
            outputs.append((columns @ matrix).reshape(rows, height, width, -1))
        result = np.concatenate(outputs, axis=-1).transpose(0, 3, 1, 2)
    if "bias" in arguments:
        result = result + arguments["bias"].reshape(1, -1, 1, 1)
    return result[:, None]


def _pool(arguments: Arguments, combine: np.ufunc, fill: float) -> np.ndarray:
    """Combines the pixels under the kernel, one offset at a time: much faster than over a view of windows."""
    kernel = tuple(map(int, arguments["kernel_sizes"]))
    windows = _windows(_padded(arguments["x"][:, 0], arguments, kernel, fill), kernel, arguments)
    result = windows[..., 0, 0].copy()
    for row, column in list(np.ndindex(*kernel))[1:]:
        combine(result, windows[..., row, column], out=result)
    return result[:, None]


def _max_pool(arguments: Arguments) -> np.ndarray:
    return _pool(arguments, np.maximum, -np.inf)


def _avg_pool(arguments: Arguments) -> np.ndarray:
    inside: Any = np.float32(math.prod(map(int, arguments["kernel_sizes"])))
    if arguments.get("exclude_padding_from_average", False):
        inside = _pool(arguments | {"x": np.ones_like(arguments["x"][:1, :, :1])}, np.add, 0.0)
    return _pool(arguments, np.add, 0.0) / inside


def _matmul(arguments: Arguments) -> np.ndarray:
    x, y = arguments["x"], arguments["y"]
    x = np.swapaxes(x, -1, -2) if arguments.get("transpose_x", False) else x
    y = np.swapaxes(y, -1, -2) if arguments.get("transpose_y", False) else y
    return np.matmul(x, y)


def _linear(arguments: Arguments) -> np.ndarray:
    return arguments["x"] @ arguments["weight"].T + arguments.get("bias", np.float32(0))


def _reduce_mean(arguments: Arguments) -> np.ndarray:
    axes = tuple(_axis(int(axis), arguments["x"]) for axis in np.atleast_1d(arguments["axes"]))
    return arguments["x"].mean(axis=axes, keepdims=bool(arguments.get("keep_dims", False)))


def _transpose(arguments: Arguments) -> np.ndarray:
    return arguments["x"].transpose(0, *(_axis(int(axis), arguments["x"]) for axis in arguments["perm"]))


def _concat(arguments: Arguments) -> np.ndarray:
    values = arguments["values"]
    return np.concatenate(values, axis=_axis(int(arguments["axis"]), values[0]))


def _softmax(arguments: Arguments) -> np.ndarray:
    return softmax(arguments["x"], axis=_axis(int(arguments.get("axis", -1)), arguments["x"]))


_KERNELS: dict[str, Callable[[Arguments], np.ndarray]] = {
    "add": lambda arguments: arguments["x"] + arguments["y"],
    "avg_pool": _avg_pool,
    "cast": lambda arguments: arguments["x"],
    "concat": _concat,
    "conv": _conv,
    "linear": _linear,
    "matmul": _matmul,
    "max_pool": _max_pool,
    "mul": lambda arguments: arguments["x"] * arguments["y"],
    "reduce_mean": _reduce_mean,
    "relu": lambda arguments: np.maximum(arguments["x"], np.float32(0)),
    "reshape": lambda arguments: arguments["x"].reshape(len(arguments["x"]), *map(int, arguments["shape"])),
    "softmax": _softmax,
    "transpose": _transpose,
}
