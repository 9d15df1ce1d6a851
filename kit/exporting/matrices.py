"""MIL's operations that are products of matrices."""

import math

import numpy as np

from kit.exporting.shapes import Arguments, Kind, Need, aligned, constant, operand

_EQUATIONS = ("abcd,adce->abce", "abc,cbd->abd")  # which MIL has, their letters in the order in which they come


def _linear_need(arguments: Arguments) -> Need:
    x, weight = operand(arguments["x"]), arguments["weight"]
    if weight.ndim != 2 or not x or x[-1] != weight.shape[1]:
        raise ValueError("its weights are for another number of inputs")
    constant(arguments, "bias", (), (1,), weight.shape[:1])
    shape = (*x[:-1], weight.shape[0])
    return Need(shape, math.prod(shape) * x[-1], math.prod(shape))


def _linear(arguments: Arguments) -> np.ndarray:
    return arguments["x"] @ arguments["weight"].T + arguments.get("bias", np.float32(0))


def _matmul_need(arguments: Arguments) -> Need:
    sides = []
    for key in ("x", "y"):
        shape = operand(arguments[key])
        if len(shape) < 2:
            raise ValueError("its arguments are no matrices")
        turned = bool(arguments.get(f"transpose_{key}", False))
        sides.append((*shape[:-2], shape[-1], shape[-2]) if turned else shape)
    x, y = sides
    if x[-1] != y[-2]:
        raise ValueError("its matrices are of other sizes")
    shape = (*np.broadcast_shapes(x[:-2], y[:-2]), x[-2], y[-1])
    return Need(shape, math.prod(shape) * x[-1], math.prod(shape))


def _matmul(arguments: Arguments) -> np.ndarray:
    x, y = aligned(arguments["x"], arguments["y"])
    x = np.swapaxes(x, -1, -2) if arguments.get("transpose_x", False) else x
    y = np.swapaxes(y, -1, -2) if arguments.get("transpose_y", False) else y
    return np.matmul(x, y)


def _einsum_need(arguments: Arguments) -> Need:
    x, y = (operand(value) for value in arguments["values"])
    letters = [letter for letter in dict.fromkeys(str(arguments["equation"])) if letter.isalpha()]
    equation = str(arguments["equation"]).translate({ord(old): new for old, new in zip(letters, "abcde", strict=False)})
    if equation.replace(" ", "") not in _EQUATIONS or len(x) != len(y) or len(x) != equation.index(","):
        raise ValueError("its equation is none that Core ML has")
    if x[-1] != y[-3]:
        raise ValueError("its tensors are of other sizes")
    shape = (*np.broadcast_shapes(x[:-3], y[:-3]), x[-3], *np.broadcast_shapes(x[-2:-1], y[-2:-1]), y[-1])
    return Need(shape, math.prod(shape) * x[-1], 2 * math.prod(shape))


def _einsum(arguments: Arguments) -> np.ndarray:
    """(…, c, h, w) and (…, w, h, u) → (…, c, h, u)."""
    x, y = arguments["values"]
    return np.swapaxes(np.swapaxes(x, -3, -2) @ np.swapaxes(y, -3, -2), -3, -2)


KINDS: dict[str, Kind] = {
    "einsum": Kind(_einsum_need, _einsum),
    "linear": Kind(_linear_need, _linear),
    "matmul": Kind(_matmul_need, _matmul),
}
