"""How large what an operation computes may be, known before it is computed, and how its arguments are read.

A graph on disk may ask for a padding or a dilation of a million. Each operation has a rule that takes its arguments,
with shapes (of one picture) where tensors will stand, and returns the shape of the result and what it takes to compute
it; ValueError where they do not fit together.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Shape = tuple[int, ...]
Arguments = dict[str, Any]
MOST_NUMBERS = 2**27  # of all constants; ten folds of kit's largest network have 74 million
MOST_VALUES = 2**22  # numbers of one tensor; kit's largest network has 110 thousand
_MOST_WORKING = 2**25  # numbers that an operation holds meanwhile
_MOST_WORK = 2**31  # multiply-accumulates of an operation; kit's largest network has 40 million in all


MISFITS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    ArithmeticError,
)  # of what does not fit together


class UnknownError(ValueError):
    """What Core ML knows and kit does not evaluate: an operation, an option of one, a type of numbers."""


def in_words(misfit: Exception) -> str:
    """What one of MISFITS says is wrong, in a line."""
    reason = str(misfit).partition("\n")[0] or type(misfit).__name__
    return f"it lacks {reason}" if isinstance(misfit, KeyError) else reason


@dataclass(frozen=True)
class Need:
    """What an operation gives and takes, for one picture.

    Attributes:
        shape: Of its result.
        work: Multiply-accumulates, or what comes near to them where there are none.
        working: Numbers that are held while it is computed, beside its arguments.
    """

    shape: Shape
    work: int
    working: int

    @property
    def too_much(self) -> bool:
        """Whether it is more than kit gives to any operation of a network for digits."""
        parts = math.prod(self.shape) / MOST_VALUES, self.working / _MOST_WORKING, self.work / _MOST_WORK
        return max(parts) > 1


class Kind(NamedTuple):
    """What kit knows of one of MIL's operations.

    Attributes:
        need: Arguments, with shapes where tensors will stand → what it gives and takes.
        compute: Arguments, with arrays (rows, *shape) for tensors → the result (rows, *shape).
    """

    need: Callable[[Arguments], Need]
    compute: Callable[[Arguments], np.ndarray]


def of_shape(shape: Shape, work: int | None = None) -> Need:
    """What gives so much takes: a number's work and room for each number, unless the work is more."""
    return Need(shape, math.prod(shape) if work is None else work, math.prod(shape))


def operand(value: Any) -> Shape:
    """The shape of what an operation computes with, a tensor or a constant."""
    return value if isinstance(value, tuple) else np.shape(value)


def picture(value: Any) -> tuple[int, int, Shape]:
    """How many pictures a tensor (n, channels, *size) of one to three spatial axes holds, their channels and size."""
    shape = operand(value)
    if not 3 <= len(shape) <= 5:
        raise ValueError(f"it takes a tensor of shape {shape}, which is no picture")
    return shape[0], shape[1], shape[2:]


def numbers(values: Any, count: int | None = None) -> list[int]:
    """Whole numbers that an argument lists."""
    if isinstance(values, np.ndarray) and values.dtype.kind not in "iu":
        raise ValueError("it lists other things than whole numbers")
    found = [int(value) for value in np.atleast_1d(values)]
    if count not in (None, len(found)):
        raise ValueError(f"it lists {len(found)} numbers where {count} belong")
    return found


def flags(arguments: Arguments, name: str, count: int) -> list[bool]:
    """Yes or no for each axis; no where the argument is not given."""
    found = [bool(value) for value in np.atleast_1d(arguments.get(name, [False] * count))]
    if len(found) != count:
        raise ValueError(f"its {name} is for {len(found)} axes, not {count}")
    return found


def axis_of(axis: Any, shape: Shape) -> int:
    """An axis of a tensor of this shape, counted from 0."""
    [axis] = numbers(axis, 1)
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"it has no axis {axis}")
    return axis % len(shape)


def axes_of(axes: Any, shape: Shape) -> list[int]:
    """Several of them, none of them twice; all of them without any."""
    found = list(range(len(shape))) if axes is None else [axis_of(axis, shape) for axis in numbers(axes)]
    if len(set(found)) != len(found):
        raise ValueError("it names an axis twice")
    return found


def constant(arguments: Arguments, name: str, *shapes: Shape, required: bool = False) -> None:
    """ValueError where a constant has none of these shapes, KeyError where one that is required is not given."""
    if (required or name in arguments) and np.shape(arguments[name]) not in shapes:
        raise ValueError(f"its {name} is for another number of values")


def whole(value: Any, least: int = 1) -> int:
    """A whole number that is no less than `least`."""
    [number] = numbers(value, 1)
    if number < least:
        raise ValueError(f"it takes {number} of what are at least {least}")
    return number


def aligned(*arrays: np.ndarray) -> list[np.ndarray]:
    """Arrays (rows, *shape) with as many axes each, so that they broadcast as their shapes do without the rows."""
    most = max(array.ndim for array in arrays)
    return [array.reshape(array.shape[:1] + (1,) * (most - array.ndim) + array.shape[1:]) for array in arrays]


def behind_rows(axis: Any, tensor: np.ndarray) -> int:
    """An axis of one picture's tensor as an axis of the rows'."""
    axis = int(np.reshape(axis, ()))
    return axis + 1 if axis >= 0 else axis + tensor.ndim
