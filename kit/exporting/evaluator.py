"""What a saved Core ML model computes, computed by NumPy: the proof of an export on any system, and its costs.

A saved graph is made for one picture. Here every tensor has one more axis in front, the rows, so that many pictures go
through at once; a constant gets one of length 1. Arithmetic is float32 on the weights as they are stored.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from kit import KitError
from kit.exporting.graph import Graph
from kit.exporting.operations import KINDS, OPERANDS, need
from kit.exporting.shapes import MISFITS, MOST_VALUES, Need, UnknownError, in_words
from kit.exporting.steps import Name, Operation
from kit.exporting.tensors import AGAIN

_CHUNK = 64 * 28 * 28  # pixels that go through at once; what a core's caches like
_WORKING = 2**25  # numbers that are held at once: fewer pictures go through where each needs many
_MOST_WORK = 2**31  # multiply-accumulates of one picture
_MULTIPLYING = {"conv", "conv_transpose", "einsum", "linear", "matmul"}  # whose work is multiply-accumulates


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
                every = np.broadcast_to(result, (len(chunk), *result.shape[1:]))  # of constants alone it is one row
                results.append(every.reshape(len(chunk), -1))
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
        except UnknownError as error:
            raise KitError(f"{where} is a {operation.kind} that kit cannot evaluate, {error}") from error
        except MISFITS as error:
            raise KitError(f"{where} cannot be computed, {in_words(error)}: damaged, {AGAIN}") from error
        if operation.shape not in (None, found[-1].shape):
            said, computed = (" x ".join(map(str, shape)) or "1" for shape in (operation.shape, found[-1].shape))
            raise KitError(f"{where} gives {computed} numbers where the model says {said}: damaged, {AGAIN}")
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
        work = part.work if operation.kind in _MULTIPLYING else 0
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
        arguments = {
            key: (_operand if key in OPERANDS else _value)(argument, tensors, graph)
            for key, argument in operation.arguments.items()
        }
        with np.errstate(all="ignore"):  # weights that are no numbers, or too large, give probabilities that are none
            result = KINDS[operation.kind].compute(arguments)
            if result.dtype == np.float64:
                result = result.astype(np.float32)
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


def _operand(argument: Any, tensors: dict[str, np.ndarray], graph: Graph) -> Any:
    """What an operation computes with: a tensor, or a constant with an axis for the rows, as tensors have it."""
    if isinstance(argument, list):
        return [_operand(part, tensors, graph) for part in argument]
    value = _value(argument, tensors, graph)
    return value if isinstance(argument, Name) else value[None]


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
