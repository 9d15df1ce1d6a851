"""Graphs of ONNX and LiteRT that kit does not write are refused before a runtime gets them."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kit import KitError
from kit.exporting.portable_graphs import check_onnx, told

onnx = pytest.importorskip("onnx")
helper = onnx.helper


def model(*nodes: Any, size: int = 28, weights: Any = None) -> Any:
    """A graph from a picture to whatever comes out last, with weights `w` of four filters."""
    takes = helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, [1, 1, size, size])
    gives = helper.make_tensor_value_info(nodes[-1].output[0], onnx.TensorProto.FLOAT, [None] * 4)
    constant = onnx.numpy_helper.from_array(np.zeros((4, 1, 3, 3), np.float32) if weights is None else weights, "w")
    graph = helper.make_graph(list(nodes), "g", [takes], [gives], [constant])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def conv(**attributes: Any) -> Any:
    return helper.make_node("Conv", ["image", "w"], ["y"], **attributes)


def saying(filters: int, made: Any) -> Any:
    """A graph whose weights say that they are so many filters."""
    made.graph.initializer[0].dims[0] = filters
    return made


def test_a_convolution_is_known() -> None:
    check_onnx(model(conv()))
    check_onnx(model(conv(pads=[1, 1, 1, 1], strides=[2, 2], dilations=[2, 2])))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (model(conv(pads=[10**6] * 4)), "its Conv has an option of 1,000,000"),
        (model(conv(dilations=[10**6, 1])), "its Conv has an option of 1,000,000"),
        (model(conv(strides=[2**40, 1])), "an option of"),
        (model(conv(pads=[9000] * 4)), "gives a result of shape"),
        (model(conv(), size=100_000), "gives a result of shape"),
        (model(conv(pads=[900] * 4), weights=np.zeros((64, 1, 5, 5), np.float32)), "gives a result of shape"),
        (
            model(helper.make_node("OneHot", ["image", "w"], ["y"])),
            "it has a OneHot, which is no operation that kit",
        ),
        (model(helper.make_node("Loop", ["image", "w"], ["y"])), "it has a Loop"),
        (model(helper.make_node("Conv", ["image", "w"], ["y"], domain="mine")), "it has a mine"),
        (saying(2**28, model(conv())), "its constants hold 2,415,919,104 numbers"),
    ],
)
def test_what_kit_does_not_write_is_refused(made: Any, words: str) -> None:
    with pytest.raises(KitError, match=words):
        check_onnx(made)


def test_weights_in_another_file_are_not_looked_for() -> None:
    made = model(conv())
    made.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL
    with pytest.raises(KitError, match="its weights are in another file"):
        check_onnx(made)


def test_a_model_is_told_the_same_by_a_schema_that_knows_more() -> None:
    plain = SimpleNamespace(kind=3, shape=np.array([1, 0, 2]), name=b"x", parts=[SimpleNamespace(size=0)])
    later = SimpleNamespace(kind=3, shape=[1, 0, 2], name=b"x", parts=[SimpleNamespace(size=0, more=None)], later=[])
    assert told(plain) == told(later) != told(SimpleNamespace(**vars(plain) | {"shape": [1, 2, 0]}))
