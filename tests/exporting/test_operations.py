"""Every operation that kit evaluates: against coremltools' own definition of it, and against TensorFlow."""

import copy
import itertools
from typing import Any

import numpy as np
import pytest

from kit import backend
from kit.exporting.operations import KINDS, OPERANDS, need

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(1, 4, 6, 8)).astype(np.float32)
Y = GENERATOR.normal(size=(1, 4, 6, 8)).astype(np.float32)
ABOVE = np.abs(X) + np.float32(0.1)
WITHIN = np.tanh(X)
YES, NO = X > 0, Y > 0
WHOLE = GENERATOR.integers(0, 4, X.shape).astype(np.int32)
ALPHA, BETA = {"alpha": np.float32(0.3)}, {"alpha": np.float32(0.3), "beta": np.float32(0.7)}
OF_CHANNELS = GENERATOR.uniform(0.5, 1.5, 4).astype(np.float32)


def axes(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int32)


def windows() -> list[dict[str, Any]]:
    return [
        {
            "pad_type": kind, "pad": axes(0, 1, 2, 1), "strides": axes(stride, 1), "dilations": axes(1, dilation),
        }
        for kind, stride, dilation in itertools.product(("valid", "same", "same_lower", "custom"), (1, 2, 3), (1, 2))
    ]  # fmt: skip


def without(options: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in names}


def kernel(*shape: int) -> np.ndarray:
    return GENERATOR.normal(size=shape).astype(np.float32)


UNARY = (
    "abs", "atan", "ceil", "cos", "cosh", "erf", "exp", "exp2", "floor", "identity", "relu", "relu6", "round",
    "sigmoid",
    "sign", "silu", "sin", "sinh", "softplus", "softsign", "square", "tan", "tanh",
)  # fmt: skip
BINARY = (
    "add", "equal", "floor_div", "greater", "greater_equal", "less", "less_equal", "maximum", "minimum", "mod", "mul",
    "not_equal", "real_div", "sub",
)  # fmt: skip
REDUCTIONS = ("l1_norm", "l2_norm", "log_sum_exp", "max", "mean", "min", "prod", "sum", "sum_square")
CASES: list[tuple[str, dict[str, Any]]] = [
    *((kind, {"x": X}) for kind in UNARY),
    *((kind, {"x": WITHIN}) for kind in ("acos", "asin", "atanh")),
    *((kind, {"x": ABOVE}) for kind in ("sqrt", "log", "rsqrt", "inverse")),
    *((kind, {"x": ABOVE, "epsilon": np.float32(0.2)}) for kind in ("log", "rsqrt", "inverse")),
    *((kind, {"x": X, "y": Y}) for kind in BINARY),
    *((kind, {"x": X, "y": Y[0, :, :1]}) for kind in BINARY),
    *((kind, {"x": np.float32(0.5), "y": X}) for kind in BINARY),
    ("pow", {"x": ABOVE, "y": Y}), ("pow", {"x": X, "y": np.float32(2)}), ("add", {"x": WHOLE, "y": WHOLE}),
    *((kind, {"x": YES, "y": NO}) for kind in ("logical_and", "logical_or", "logical_xor")),
    ("logical_not", {"x": YES}), ("select", {"cond": YES, "a": X, "b": Y}),
    *((kind, {"x": X} | ALPHA) for kind in ("elu", "leaky_relu", "threshold", "thresholded_relu")),
    *((kind, {"x": X} | BETA) for kind in ("clamped_relu", "clip", "linear_activation", "scaled_tanh", "sigmoid_hard")),
    *(("gelu", {"x": X, "mode": mode}) for mode in ("EXACT", "TANH_APPROXIMATION", "SIGMOID_APPROXIMATION")),
    ("prelu", {"x": X, "alpha": OF_CHANNELS}),
    ("softplus_parametric", {"x": X, "alpha": OF_CHANNELS, "beta": OF_CHANNELS + 1}),
    *(("cast", {"x": value, "dtype": kind}) for value in (X * 3, WHOLE, YES) for kind in ("fp32", "int32", "bool")),
    ("batch_norm", {"x": X, "mean": OF_CHANNELS, "variance": OF_CHANNELS + 1, "gamma": OF_CHANNELS,
     "beta": OF_CHANNELS}),
    ("local_response_norm", {"x": X, "size": np.int32(3)}),
    *(("conv", {"x": X, "weight": kernel(6, 4, 3, 2), "bias": kernel(6)} | one) for one in windows()),
    *(("conv", {"x": X, "weight": kernel(8, 2, 3, 3), "groups": np.int32(2)} | one) for one in windows()),
    *(("conv", {"x": X, "weight": kernel(4, 1, 2, 3), "groups": np.int32(4)} | one) for one in windows()),
    ("conv", {"x": X[0], "weight": kernel(5, 6, 3), "strides": axes(2), "pad_type": "same"}),
    ("conv", {"x": X[None], "weight": kernel(5, 4, 2, 3, 3)[:, :1]}),
    *(("conv_transpose", {"x": X, "weight": kernel(4, 3, 3, 2)} | without(one, "dilations"))
      for one in windows() if one["pad_type"] != "same_lower"),
    ("conv_transpose", {"x": X, "weight": kernel(4, 3, 3, 2), "groups": np.int32(2), "bias": kernel(6)}),
    ("conv_transpose", {"x": X, "weight": kernel(4, 3, 3, 2), "dilations": axes(2, 3)}),
    *((kind, {"x": X, "kernel_sizes": axes(2, 3)} | without(one, "dilations"))
      for one in windows() for kind in ("max_pool", "avg_pool", "l2_pool")),
    ("max_pool", {"x": X[0], "kernel_sizes": axes(2), "strides": axes(2), "pad_type": "valid"}),
    ("sliding_windows", {"x": X, "axis": np.int32(2), "size": np.int32(3), "stride": np.int32(2)}),
    *(("upsample_bilinear", {"x": X, "scale_factor_height": 2.0, "scale_factor_width": 1.5, "align_corners": corners})
      for corners in (False, True)),
    ("upsample_nearest_neighbor", {"x": X, "scale_factor_height": 2, "scale_factor_width": 3}),
    ("resize_nearest_neighbor", {"x": X, "target_size_height": 12, "target_size_width": 8}),
    *(("resize_bilinear", {"x": X, "target_size_height": 9, "target_size_width": 5, "sampling_mode": mode})
      for mode in ("STRICT_ALIGN_CORNERS", "ALIGN_CORNERS", "UNALIGN_CORNERS", "DEFAULT", "OFFSET_CORNERS")),
    ("linear", {"x": X[0, 0], "weight": kernel(5, 8), "bias": kernel(5)}), ("linear", {"x": X, "weight": kernel(5, 8)}),
    ("matmul", {"x": X, "y": Y, "transpose_y": True}), ("matmul", {"x": X, "y": Y, "transpose_x": True}),
    ("matmul", {"x": X, "y": kernel(8, 3)}), ("matmul", {"x": kernel(3, 6), "y": X}),
    ("einsum", {"values": (X, kernel(1, 8, 6, 5)), "equation": "nchw,nwhu->nchu"}),
    ("einsum", {"values": (X[0], kernel(8, 1, 5)), "equation": "chw,whr->chr"}),
    *((f"reduce_{kind}", {"x": X, "axes": axes(2, -1), "keep_dims": kept}) for kind in REDUCTIONS for kept in (0 > 1,
      1 > 0)),
    *((f"reduce_{kind}", {"x": X}) for kind in REDUCTIONS), ("reduce_log_sum", {"x": ABOVE, "axes": axes(1)}),
    *((f"reduce_{kind}", {"x": X, "axis": np.int32(axis)}) for kind in ("argmax", "argmin") for axis in (1, -1)),
    *(("softmax", {"x": X, "axis": np.int32(axis)}) for axis in (1, -1)),
    *(("cumsum", {"x": X, "axis": np.int32(2), "reverse": reverse}) for reverse in (False, True)),
    *(("argsort", {"x": X, "axis": np.int32(2), "ascending": ascending}) for ascending in (False, True)),
    ("layer_norm", {"x": X, "axes": axes(-1), "gamma": kernel(8), "beta": kernel(8), "epsilon": np.float32(0.1)}),
    ("layer_norm", {"x": X, "axes": axes(1, 3), "gamma": kernel(4, 8)}), ("layer_norm", {"x": X, "axes": axes(2)}),
    ("instance_norm", {"x": X, "gamma": OF_CHANNELS, "beta": OF_CHANNELS, "epsilon": np.float32(0.1)}),
    ("l2_norm", {"x": X, "epsilon": np.float32(0.1)}),
    *(("topk", {"x": X, "k": np.int32(3), "axis": np.int32(2), "ascending": up, "part": np.int32(part)})
      for up in (False, True) for part in (0, 1)),
    ("reshape", {"x": X, "shape": axes(4, -1, 8)}), ("flatten2d", {"x": X, "axis": np.int32(2)}),
    ("expand_dims", {"x": X[0], "axes": axes(0, -1)}), ("squeeze", {"x": X[:, :1], "axes": axes(0, 1)}),
    ("squeeze", {"x": X[:, :1]}), ("transpose", {"x": X, "perm": axes(0, 2, -1, 1)}),
    ("reverse", {"x": X, "axes": axes(1, -1)}), ("reverse", {"x": X}),
    ("concat", {"values": (X, Y, X[:, :2]), "axis": np.int32(1)}), ("stack", {"values": (X, Y), "axis": np.int32(-1)}),
    ("stack", {"values": (X, Y), "axis": np.int32(1)}),
    *(("split", {"x": X, "num_splits": np.int32(3), "axis": np.int32(2), "part": np.int32(part)}) for part in range(3)),
    ("split", {"x": X, "split_sizes": axes(1, 3), "axis": np.int32(1), "part": np.int32(1)}),
    ("pad", {"x": X, "pad": axes(1, 2, 0, 3), "constant_val": np.float32(0.7)}),
    *(("pad", {"x": X, "pad": axes(1, 2, 0, 3), "mode": mode}) for mode in ("reflect", "replicate")),
    ("tile", {"x": X, "reps": axes(1, 2, 1, 3)}),
    ("crop", {"x": X, "crop_height": axes(1, 2), "crop_width": axes(0, 3)}),
    ("slice_by_index", {"x": X, "begin": axes(0, 1, -1, 2), "end": axes(0, 3, 0, -1), "stride": axes(1, 1, -2, 3),
                        "begin_mask": np.array([1, 0, 0, 0], bool), "end_mask": np.array([1, 0, 1, 0], bool)}),
    ("slice_by_index", {"x": X, "begin": axes(0, -1, 2, 0), "end": axes(0, 0, 3, 0), "begin_mask": np.array([1, 0, 0,
     1], bool),
                        "end_mask": np.array([1, 0, 0, 1], bool), "squeeze_mask": np.array([0, 1, 1, 0], bool)}),
    ("slice_by_size", {"x": X, "begin": axes(0, 1, -3, 0), "size": axes(1, 2, 2, -1)}),
    ("gather", {"x": X, "indices": axes(3, 0, 1), "axis": np.int32(2)}),
    ("gather", {"x": kernel(5, 3), "indices": WHOLE, "axis": np.int32(0)}),
    ("gather_along_axis", {"x": X, "indices": WHOLE, "axis": np.int32(-1)}),
    *(("one_hot", {"indices": WHOLE, "one_hot_vector_size": np.int32(4), "axis": np.int32(axis),
                   "on_value": np.float32(2), "off_value": np.float32(-1)}) for axis in (-1, 1)),
    *(("band_part", {"x": X, "lower": np.int32(lower), "upper": np.int32(upper)}) for lower, upper in ((-1, 0),
    (1, 2))),
    ("depth_to_space", {"x": X, "block_size": np.int32(2)}), ("space_to_depth", {"x": X, "block_size": np.int32(2)}),
    ("pixel_shuffle", {"x": X, "upscale_factor": np.int32(2)}),
    ("pixel_unshuffle", {"x": X, "downscale_factor": np.uint32(2)}),
]  # fmt: skip


def theirs(kind: str, arguments: dict[str, Any]) -> tuple[tuple[int, ...], np.ndarray | None]:
    """The shape of the result by coremltools' definition, and its value where it defines one."""
    coremltools = backend.coremltools()
    from coremltools.converters.mil.mil import Builder, Function

    with backend.quiet(), Function({}, opset_version=coremltools.target.iOS16):
        options = without(arguments, "part")
        found = getattr(Builder, kind)(**options)
    if isinstance(found, (list, tuple)):
        found = found[int(arguments["part"])]
    return tuple(int(length) for length in found.shape), found.val


def ours(kind: str, arguments: dict[str, Any], rows: int = 1) -> np.ndarray:
    """The result of one row of several that are the same, and whether they all are."""

    def row(value: Any) -> Any:
        return (
            [row(part) for part in value] if isinstance(value, tuple) else np.repeat(np.asarray(value)[None], rows, 0)
        )

    given = {name: row(value) if name in OPERANDS else np.asarray(value) for name, value in arguments.items()}
    result = KINDS[kind].compute(given)
    assert len(result) == rows
    for other in result[1:]:
        np.testing.assert_array_equal(other, result[0])
    return result[0]


def test_every_operation_is_tried() -> None:
    assert {kind for kind, _ in CASES} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_an_operation_is_what_coremltools_says_it_is(kind: str) -> None:
    for arguments in (arguments for name, arguments in CASES if name == kind):
        shape, value = theirs(kind, copy.deepcopy(arguments))  # coremltools changes some in place
        shapes = {
            name: (list(map(np.shape, part)) if isinstance(part, tuple) else np.shape(part))
            if name in OPERANDS else np.asarray(part)
            for name, part in arguments.items()
        }  # fmt: skip
        result = ours(kind, arguments, rows=3)
        assert need(kind, shapes).shape == shape == result.shape, kind
        if value is not None:
            np.testing.assert_allclose(result, value, rtol=1e-5, atol=1e-5)
