"""What a saved model computes, step by step, whichever format it has: operations, and what they take."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

SEVERAL = frozenset({"split", "topk"})  # operations of several results, each of which is a step of its own


@dataclass(frozen=True)
class Name:
    """A tensor computed by another operation, by its name."""

    text: str


Argument = Name | np.ndarray | list[Name | np.ndarray]


@dataclass(frozen=True)
class Operation:
    """One step.

    Attributes:
        kind: The operation's name in MIL, such as "conv".
        name: Its own name in the saved graph.
        arguments: Parameter → a tensor's name, a constant as it is stored (float16, float32, integers), or several of
            both. "part" says which of several results it gives, where MIL has them in one operation.
        output: The name of what it computes.
        half: Whether the saved graph asks for its result in float16.
        stored: Bytes on disk of its constants: fewer than their arrays' where they are compressed.
        shape: What the saved graph says of its result; None where it says nothing.
    """

    kind: str
    name: str
    arguments: dict[str, Argument]
    output: str
    half: bool = False
    stored: int = 0
    shape: tuple[int, ...] | None = None

    @property
    def weights(self) -> list[np.ndarray]:
        """What was learned: the arrays of a floating-point type."""
        constants = [value for _, value in self.constants() if value.ndim]
        return [value for value in constants if np.issubdtype(value.dtype, np.floating)]

    def constants(self) -> Iterator[tuple[str, np.ndarray]]:
        """What it takes that nothing computes, each with its parameter's name."""
        for parameter, value in self.arguments.items():
            parts = value if isinstance(value, list) else [value]
            yield from ((parameter, part) for part in parts if isinstance(part, np.ndarray))
