"""What no operation may be asked for is refused before anything is computed."""

import time
from typing import Any

import numpy as np
import pytest

from kit.exporting.operations import need

PICTURE = (1, 4, 9, 8)


CONV: dict[str, Any] = {"x": PICTURE, "weight": np.zeros((6, 4, 3, 3), np.float32), "strides": np.array([1, 1])}
TRANSPOSED: dict[str, Any] = {"x": PICTURE, "weight": np.zeros((4, 6, 3, 3), np.float32)}
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
        ("conv", CONV | {"x": (1, 1, 4, 9, 8)}),
        ("conv", CONV | {"weight": (6, 4, 3, 3)}),
        ("conv", CONV | {"weight": np.zeros((6, 4))}),
        ("conv_transpose", TRANSPOSED | {"strides": np.array([10**4, 10**4])}),
        ("conv_transpose", TRANSPOSED | {"output_shape": np.array([1, 6, 10**6, 10**6])}),
        ("conv_transpose", TRANSPOSED | {"output_shape": np.array([1, 6, 0, 9])}),
        ("conv_transpose", TRANSPOSED | {"dilations": np.array([10**6, 1])}),
        ("conv_transpose", TRANSPOSED | CUSTOM | {"pad": np.array([9, 9, 0, 0])}),
        ("conv_transpose", TRANSPOSED | {"groups": np.int32(3)}),
        ("conv_transpose", TRANSPOSED | {"pad_type": np.array("x")}),
        ("conv", CONV | {"x": (4, 9, 8)}),
        ("conv", CONV | {"bias": np.zeros(7)}),
        ("max_pool", {"x": PICTURE, "kernel_sizes": np.array([10**6, 10**6]), "strides": np.array([1, 1]),
                      **CUSTOM, "pad": np.array([10**6] * 4)}),
        ("max_pool", {"x": PICTURE, "kernel_sizes": np.array([2.0, 2.0])}),
        ("add", {"x": PICTURE, "y": (1, 4, 9)}),
        ("max_pool", {"x": PICTURE, "kernel_sizes": np.array([2, 2]), "ceil_mode": np.bool_(1)}),
        ("select", {"cond": PICTURE, "a": PICTURE}),
        ("select", {"cond": (2**20, 1), "a": (1, 2**20), "b": (1, 1)}),
        ("cast", {"x": PICTURE, "dtype": np.array("object")}),
        ("gelu", {"x": PICTURE, "mode": np.array("x")}),
        ("elu", {"x": PICTURE, "alpha": np.zeros(9)}),
        ("elu", {"x": PICTURE}),
        ("clip", {"x": PICTURE, "alpha": np.float32(0), "beta": ()}),
        ("prelu", {"x": PICTURE, "alpha": np.zeros(5)}),
        ("batch_norm", {"x": PICTURE, "mean": np.zeros(4)}),
        ("layer_norm", {"x": PICTURE, "axes": np.array([3]), "gamma": np.zeros(7)}),
        ("local_response_norm", {"x": PICTURE, "size": np.int32(10**6 + 1)}),
        ("upsample_bilinear", {"x": PICTURE, "scale_factor_height": np.float32(1e6)}),
        ("upsample_bilinear", {"x": PICTURE, "scale_factor_height": np.float32("nan")}),
        ("upsample_nearest_neighbor", {"x": PICTURE, "scale_factor_height": np.int32(1000),
         "scale_factor_width": np.int32(1000)}),
        ("upsample_nearest_neighbor", {"x": PICTURE, "scale_factor_height": np.float32(1.5)}),
        ("resize_bilinear", {"x": PICTURE, "target_size_height": np.int32(10**5),
         "target_size_width": np.int32(10**5)}),
        ("resize_bilinear", {"x": PICTURE, "target_size_height": np.int32(-3)}),
        ("resize_bilinear", {"x": PICTURE, "sampling_mode": np.array("x")}),
        ("resize_nearest_neighbor", {"x": PICTURE, "target_size_height": np.int32(10),
         "target_size_width": np.int32(8)}),
        ("sliding_windows", {"x": PICTURE, "axis": np.int32(3), "size": np.int32(9)}),
        ("einsum", {"values": [PICTURE, PICTURE], "equation": np.array("nchw,nwhu->nchu")}),
        ("einsum", {"values": [PICTURE, (1, 8, 9, 4)], "equation": np.array("nchw,nwhu->nuhc")}),
        ("pad", {"x": PICTURE, "pad": np.array([10**6] * 4)}),
        ("pad", {"x": PICTURE, "pad": np.array([-1, 0])}),
        ("pad", {"x": PICTURE, "pad": np.array([1, 0, 1])}),
        ("pad", {"x": PICTURE, "pad": np.array([9, 0, 0, 0]), "mode": np.array("reflect")}),
        ("pad", {"x": PICTURE, "pad": (4,)}),
        ("tile", {"x": PICTURE, "reps": np.array([1, 1, 10**4, 10**4])}),
        ("tile", {"x": PICTURE, "reps": np.array([1, 0, 1, 1])}),
        ("tile", {"x": PICTURE, "reps": np.array([2, 2])}),
        ("one_hot", {"indices": PICTURE, "one_hot_vector_size": np.int32(2**31 - 1)}),
        ("gather", {"x": PICTURE, "indices": np.zeros(2**20, np.int32), "axis": np.int32(1)}),
        ("gather", {"x": PICTURE, "indices": np.zeros(2, np.int32), "axis": np.int32(4)}),
        ("gather", {"x": PICTURE, "indices": np.zeros(2, np.int32), "batch_dims": np.int32(1)}),
        ("gather_along_axis", {"x": PICTURE, "indices": (1, 4, 9, 7), "axis": np.int32(1)}),
        ("slice_by_index", {"x": PICTURE, "begin": np.array([0] * 4), "end": np.array([1] * 4),
         "stride": np.array([0] * 4)}),
        ("slice_by_index", {"x": PICTURE, "begin": np.array([0] * 4), "end": np.array([0] * 4)}),
        ("slice_by_index", {"x": PICTURE, "begin": np.array([9] * 4), "end": np.array([1] * 4),
         "squeeze_mask": np.ones(4, bool)}),
        ("slice_by_size", {"x": PICTURE, "begin": np.array([0, 0, 0, 7]), "size": np.array([1, 1, 1, 2])}),
        ("crop", {"x": PICTURE, "crop_height": np.array([5, 5]), "crop_width": np.array([0, 0])}),
        ("split", {"x": PICTURE, "num_splits": np.int32(2**31 - 1), "axis": np.int32(1), "part": np.int32(0)}),
        ("split", {"x": PICTURE, "split_sizes": np.array([1, 4]), "axis": np.int32(1), "part": np.int32(0)}),
        ("split", {"x": PICTURE, "num_splits": np.int32(2), "axis": np.int32(1), "part": np.int32(2)}),
        ("topk", {"x": PICTURE, "k": np.int32(9), "part": np.int32(0)}),
        ("topk", {"x": PICTURE, "k": np.int32(2), "sort": np.bool_(0), "part": np.int32(0)}),
        ("stack", {"values": [PICTURE, (1, 4, 9)], "axis": np.int32(0)}),
        ("stack", {"values": [(2**20,)] * 5, "axis": np.int32(0)}),
        ("expand_dims", {"x": PICTURE, "axes": np.array([7])}),
        ("squeeze", {"x": PICTURE, "axes": np.array([1])}),
        ("depth_to_space", {"x": PICTURE, "block_size": np.int32(3)}),
        ("space_to_depth", {"x": PICTURE, "block_size": np.int32(0)}),
        ("flatten2d", {"x": PICTURE, "axis": np.int32(9)}),
        ("reverse", {"x": PICTURE, "axes": np.array([1, 1])}),
        ("cumsum", {"x": PICTURE, "axis": np.int32(4)}),
        ("reduce_argmax", {"x": PICTURE, "axis": np.int32(4)}),
        ("band_part", {"x": (5,)}),
        ("l2_norm", {"x": (1, 5)}),
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
    ],
)  # fmt: skip
def test_what_does_not_fit_or_takes_too_much_is_refused_at_once(kind: str, arguments: dict[str, Any]) -> None:
    started = time.monotonic()
    with pytest.raises((ValueError, KeyError)):
        need(kind, arguments)
    assert time.monotonic() - started < 0.1
