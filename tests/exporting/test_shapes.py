"""How large results are, foretold: against what NumPy makes of the same arguments, and where it must be refused."""

import itertools
import time
from typing import Any

import numpy as np
import pytest

from kit.exporting import evaluator
from kit.exporting.shapes import KINDS, need

GENERATOR = np.random.default_rng(0)
PICTURE = (1, 4, 9, 8)


def computed(kind: str, arguments: dict[str, Any]) -> tuple[int, ...]:
    """The shape that the evaluator's own kernel comes to, for three pictures at once."""

    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(part) for part in value]
        return GENERATOR.normal(size=(3, *value)).astype(np.float32) if isinstance(value, tuple) else value

    result = evaluator._KERNELS[kind]({key: filled(value) for key, value in arguments.items()})
    assert len(result) == 3
    return result.shape[1:]


def windows() -> list[dict[str, Any]]:
    found = []
    for pad_type, stride, dilation in itertools.product(("valid", "same", "same_lower", "custom"), (1, 2, 3), (1, 2)):
        found.append({
            "pad_type": np.array(pad_type), "pad": np.array([0, 1, 2, 1]), "strides": np.array([stride, 1]),
            "dilations": np.array([1, dilation]),
        })  # fmt: skip
    return found


CASES: list[tuple[str, dict[str, Any]]] = [
    *(("conv", {"x": PICTURE, "weight": np.zeros((6, 4, 3, 2), np.float32)} | one) for one in windows()),
    *(("conv", {"x": PICTURE, "weight": np.zeros((8, 2, 3, 3)), "groups": np.int32(2)} | one) for one in windows()),
    *(("conv", {"x": PICTURE, "weight": np.zeros((4, 1, 2, 3)), "groups": np.int32(4)} | one) for one in windows()),
    *(("max_pool", {"x": PICTURE, "kernel_sizes": np.array([2, 3])} | one) for one in windows()),
    *(("avg_pool", {"x": PICTURE, "kernel_sizes": np.array([3, 2])} | one) for one in windows()),
    ("add", {"x": PICTURE, "y": PICTURE}), ("add", {"x": PICTURE, "y": np.zeros((4, 1, 1), np.float32)}),
    ("mul", {"x": np.float32(2) * np.ones(()), "y": PICTURE}), ("mul", {"x": (1, 4, 1, 1), "y": PICTURE}),
    ("cast", {"x": (5,)}), ("relu", {"x": PICTURE}), ("softmax", {"x": (1, 10), "axis": np.int32(-1)}),
    ("concat", {"values": [PICTURE, (1, 2, 9, 8)], "axis": np.int32(1)}),
    ("concat", {"values": [(3,), (4,)], "axis": -1}),
    ("linear", {"x": (1, 7), "weight": np.zeros((5, 7)), "bias": np.zeros(5)}),
    ("matmul", {"x": (2, 7), "y": np.zeros((7, 5))}),
    ("matmul", {"x": (2, 7), "y": (2, 7), "transpose_y": np.bool_(1)}),
    ("matmul", {"x": (7, 2), "y": np.zeros((5, 7)), "transpose_x": np.bool_(1), "transpose_y": np.bool_(1)}),
    ("reduce_mean", {"x": PICTURE, "axes": np.array([2, 3]), "keep_dims": np.bool_(1)}),
    ("reduce_mean", {"x": PICTURE, "axes": np.array([-1, -2])}),
    ("reshape", {"x": PICTURE, "shape": np.array([1, -1])}),
    ("reshape", {"x": PICTURE, "shape": np.array([4, 72])}),
    ("transpose", {"x": PICTURE, "perm": np.array([0, 2, -1, 1])}),
]  # fmt: skip


def test_every_operation_is_foretold_as_it_comes() -> None:
    assert {kind for kind, _ in CASES} == set(KINDS) == set(evaluator._KERNELS)
    for kind, arguments in CASES:
        assert need(kind, arguments).shape == computed(kind, arguments), (kind, arguments)


CONV: dict[str, Any] = {"x": PICTURE, "weight": np.zeros((6, 4, 3, 3), np.float32), "strides": np.array([1, 1])}
CUSTOM = {"pad_type": np.array("custom")}


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("conv", CONV | CUSTOM | {"pad": np.array([10**6, 0, 10**6, 0])}),
        ("conv", CONV | CUSTOM | {"pad": np.array([2**31 - 1] * 4)}),
        ("conv", CONV | CUSTOM | {"pad": np.array([-1, 0, 0, 0])}),
        ("conv", CONV | CUSTOM | {"pad": np.array([1, 1])}),
        ("conv", CONV | {"pad_type": np.array("same"), "dilations": np.array([10**6, 10**6])}),
        ("conv", CONV | {"dilations": np.array([10**6, 1])}),
        ("conv", CONV | {"dilations": np.array([0, 1])}),
        ("conv", CONV | {"strides": np.array([0, 1])}),
        ("conv", CONV | {"strides": np.array([-1, 1])}),
        ("conv", CONV | {"pad_type": np.array("x")}),
        ("conv", CONV | {"groups": np.int32(0)}),
        ("conv", CONV | {"groups": np.int32(3)}),
        ("conv", CONV | {"x": (2, 4, 9, 8)}),
        ("conv", CONV | {"x": (4, 9, 8)}),
        ("conv", CONV | {"bias": np.zeros(7)}),
        ("max_pool", {"x": PICTURE, "kernel_sizes": np.array([10**6, 10**6]), "strides": np.array([1, 1]),
                      **CUSTOM, "pad": np.array([10**6] * 4)}),
        ("max_pool", {"x": PICTURE, "kernel_sizes": np.array([2.0, 2.0])}),
        ("add", {"x": PICTURE, "y": (1, 4, 9)}),
        ("add", {"x": PICTURE, "y": np.zeros((5, 1, 1, 1, 1))}),
        ("add", {"x": np.zeros((3, 1)), "y": np.zeros((1, 3))}),
        ("mul", {"x": (1, 2000, 1, 1), "y": (1, 1, 1000, 1000)}),
        ("linear", {"x": (1, 7), "weight": np.zeros((5, 8))}),
        ("matmul", {"x": (2, 7), "y": (6, 5)}),
        ("matmul", {"x": (7,), "y": np.zeros((7, 5))}),
        ("reshape", {"x": PICTURE, "shape": np.array([-1, -1])}),
        ("reshape", {"x": PICTURE, "shape": np.array([0, -1])}),
        ("reshape", {"x": PICTURE, "shape": np.array([10**6])}),
        ("transpose", {"x": PICTURE, "perm": np.array([0, 1, 1, 2])}),
        ("transpose", {"x": PICTURE, "perm": np.array([0, 1, 2, 9])}),
        ("concat", {"values": [PICTURE, (1, 4, 9, 7)], "axis": np.int32(1)}),
        ("concat", {"values": [PICTURE], "axis": np.int32(10**6)}),
        ("softmax", {"x": (1, 10), "axis": np.int32(7)}),
        ("reduce_mean", {"x": PICTURE, "axes": np.array([1, -3])}),
        ("relu", {"x": np.zeros(3)}),
    ],
)  # fmt: skip
def test_what_does_not_fit_or_takes_too_much_is_refused_at_once(kind: str, arguments: dict[str, Any]) -> None:
    started = time.monotonic()
    with pytest.raises(ValueError):
        need(kind, arguments)
    assert time.monotonic() - started < 0.1
