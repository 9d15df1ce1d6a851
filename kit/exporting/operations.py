"""Every operation of MIL that kit can evaluate: what it needs, and what it computes by NumPy.

What is left out is control flow, random numbers, recurrent layers, and what takes numbers for a tensor's shape.
"""

from kit.exporting import arrangements, elementwise, matrices, reductions, windows
from kit.exporting.shapes import Arguments, Kind, Need

KINDS: dict[str, Kind] = elementwise.KINDS | windows.KINDS | matrices.KINDS | reductions.KINDS | arrangements.KINDS
OPERANDS = frozenset({"x", "y", "cond", "a", "b", "values", "indices"})  # what may be tensors; all else is constant


def need(kind: str, arguments: Arguments) -> Need:
    """What an operation needs.

    Args:
        kind: Its name in MIL, one of `KINDS`.
        arguments: Parameter → a constant array, a tensor's shape as a tuple, or a list of such.

    Raises:
        ValueError: Its arguments do not fit together, or it would need more than kit gives to any.
    """
    for name, value in arguments.items():
        if name not in OPERANDS and isinstance(value, (tuple, list)):
            raise ValueError(f"its {name} is computed, where a constant belongs")
    found = KINDS[kind].need(arguments)
    if min(found.shape, default=1) < 1:
        raise ValueError("its result is empty")
    if found.too_much:
        raise ValueError(f"its result of shape {found.shape} takes more than a digit's picture is worth")
    return found
