"""TensorFlow's operations that tf2onnx leaves as they are, in operations that ONNX has."""

from collections.abc import Callable
from typing import Any

import numpy as np

_Made = tuple[str, list[str]]  # the last operation, and what it takes


def handlers() -> dict[str, tuple[Callable[..., None], list[Any]]]:
    """What tf2onnx's `custom_op_handlers` takes."""
    return {kind: (_handler(made), []) for kind, made in _OPERATIONS.items()}


def _handler(made: Callable[[Any, str, str], _Made]) -> Callable[..., None]:
    def handle(graph: Any, node: Any, name: str, arguments: list[Any]) -> None:
        one = graph.make_const(f"{name}/one", np.array(1, np.float32)).output[0]
        kind, inputs = made(graph, node.input[0], one)
        shapes, types, outputs = node.output_shapes, node.output_dtypes, node.output
        graph.remove_node(name)
        graph.make_node(kind, inputs, name=name, outputs=outputs, shapes=shapes, dtypes=types)

    return handle


def _of(graph: Any, kind: str, *inputs: str) -> str:
    return str(graph.make_node(kind, list(inputs)).output[0])


_OPERATIONS: dict[str, Callable[[Any, str, str], _Made]] = {  # of the graph, what one takes, and the number 1
    "Erfc": lambda graph, x, one: ("Sub", [one, _of(graph, "Erf", x)]),  # in exact gelu
    "Expm1": lambda graph, x, one: ("Sub", [_of(graph, "Exp", x), one]),  # in celu
    "Log1p": lambda graph, x, one: ("Log", [_of(graph, "Add", x, one)]),
}
