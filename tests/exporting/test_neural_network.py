"""Layers of the older format against the operations that they are, and their weights against coremltools' reading."""

from typing import Any

import numpy as np
import pytest
from test_operations import CASES, X, ours

from kit import backend
from kit.exporting import graph, neural_network
from kit.exporting.operations import KINDS, OPERANDS, need


@pytest.mark.parametrize("bits", [1, 2, 4, 6, 7, 8])
@pytest.mark.parametrize("linear", [True, False], ids=["linear", "table"])
def test_weights_of_few_bits_are_what_coremltools_reads(bits: int, linear: bool) -> None:
    backend.coremltools()
    from coremltools.models.neural_network import quantization_utils
    from coremltools.proto import NeuralNetwork_pb2

    generator = np.random.default_rng(bits)
    shape = (6, 5, 3, 2)
    stored = NeuralNetwork_pb2.WeightParams()
    numbers = generator.integers(0, 2**bits, np.prod(shape)).astype(np.uint8)
    packed = numbers if bits == 8 else quantization_utils._convert_array_to_nbit_quantized_bytes(numbers, bits)
    stored.rawValue = packed.tobytes()
    stored.quantization.numberOfBits = bits
    if linear:
        stored.quantization.linearQuantization.scale.extend(generator.normal(size=6))
        stored.quantization.linearQuantization.bias.extend(generator.normal(size=6))
    else:
        stored.quantization.lookupTableQuantization.floatValue.extend(generator.normal(size=2**bits))
    found = neural_network.weights(stored, shape)
    quantization_utils._dequantize_wp(stored, shape)
    np.testing.assert_allclose(found, np.reshape(stored.floatValue, shape), rtol=1e-6, atol=1e-6)


def test_float16_and_float32_are_read_as_they_are() -> None:
    backend.coremltools()
    from coremltools.proto import NeuralNetwork_pb2

    values = np.linspace(-1, 1, 12, dtype=np.float16)
    stored = NeuralNetwork_pb2.WeightParams(float16Value=values.tobytes())
    assert np.array_equal(neural_network.weights(stored, (3, 4)), values.reshape(3, 4))
    stored = NeuralNetwork_pb2.WeightParams(floatValue=values.tolist())
    assert np.array_equal(neural_network.weights(stored, (3, 4)), values.reshape(3, 4))
    with pytest.raises(ValueError, match="12 weights where a layer of shape"):
        neural_network.weights(stored, (3, 5))


KINDS_OF_LAYERS = (
    "acos add asin atan atanh band_part batch_norm ceil clamped_relu clip cos cosh cumsum elu equal erf exp exp2 "
    "floor floor_div gelu greater greater_equal inverse l2_norm layer_norm leaky_relu less less_equal "
    "linear_activation local_response_norm log maximum minimum mod mul not_equal pad prelu real_div reduce_l1_norm "
    "reduce_l2_norm reduce_log_sum reduce_log_sum_exp reduce_max reduce_mean reduce_min reduce_prod reduce_sum "
    "reduce_sum_square relu6 resize_bilinear reverse round rsqrt scaled_tanh sigmoid_hard sign sin sinh "
    "slice_by_index sliding_windows softmax softplus_parametric space_to_depth depth_to_space split sqrt squeeze tan "
    "tanh threshold thresholded_relu tile topk upsample_bilinear upsample_nearest_neighbor instance_norm argsort "
    "flatten2d pixel_shuffle reduce_argmax reduce_argmin crop"
)


def last_cases() -> list[tuple[str, dict[str, Any]]]:
    """The last of each kind in which x is a tensor of numbers."""
    usual = {
        kind: arguments
        for kind, arguments in CASES
        if np.ndim(arguments.get("x", 0)) and np.asarray(arguments["x"]).dtype == np.float32
    }
    of_lines = {"axes": np.array([-1], np.int32), "gamma": X[0, 0, 0], "beta": X[0, 0, 1]}
    others = [  # which become layers of their own
        ("softmax", {"x": X, "axis": np.int32(1)}),
        ("layer_norm", {"x": X[0], **of_lines, "epsilon": np.float32(0.1)}),
    ]
    return [(kind, usual[kind]) for kind in KINDS_OF_LAYERS.split()] + others


def made_of(cases: list[tuple[str, dict[str, Any]]]) -> tuple[Any, list[str]]:
    """The older format's model of these operations, each of an input of its own, and the names of what they give."""
    ct = backend.coremltools()
    from coremltools.converters.mil.mil import Builder, Function, Placeholder, Program

    program, results = Program(), []
    inputs = {f"x{number}": Placeholder(arguments["x"].shape) for number, (_, arguments) in enumerate(cases)}
    with Function(inputs, opset_version=ct.target.iOS14) as function:
        for number, (kind, arguments) in enumerate(cases):
            given = {name: value for name, value in arguments.items() if name != "part"}
            found = getattr(Builder, kind)(**given | {"x": function.inputs[f"x{number}"]})
            results.append(found[int(arguments["part"])] if "part" in arguments else found)
        function.set_outputs(results)
    program.add_function("main", function)
    names = [result.name for result in results]
    with backend.quiet():
        return ct.convert(program, source="milinternal", convert_to="neuralnetwork").get_spec().neuralNetwork, names


def test_layers_are_what_they_were_made_of() -> None:
    """Against the operations of the ML program, which are tested against coremltools' own definition of them."""
    cases = last_cases()
    network, names = made_of(cases)
    values = {f"x{number}": arguments["x"][None] for number, (_, arguments) in enumerate(cases)}
    constants = dict[str, tuple[np.ndarray, int]]()

    def given(value: Any) -> Any:
        return values[value.text] if isinstance(value, graph.Name) else np.asarray(value)[None]

    for layer in network.layers:
        kind = str(layer.WhichOneof("layer"))
        if kind == "loadConstantND":
            constant = layer.loadConstantND
            constants[layer.output[0]] = neural_network.weights(constant.data, tuple(constant.shape)), 0
            continue
        for operation in graph._layer(layer, kind, {}, constants):
            arguments = {
                name: given(value) if name in OPERANDS else value for name, value in operation.arguments.items()
            }
            values[operation.output] = KINDS[operation.kind].compute(arguments)
    for (kind, arguments), name in zip(cases, names, strict=True):
        np.testing.assert_allclose(values[name], ours(kind, arguments)[None], rtol=1e-4, atol=1e-4, err_msg=kind)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("constantPad", {"padAmounts": [10**6] * 8}),
        ("tile", {"reps": [1, 1, 10**4, 10**4]}),
        ("upsample", {"scalingFactor": [10**4, 10**4]}),
        ("resizeBilinear", {"targetSize": [10**5, 10**5]}),
        ("oneHot", {"oneHotVectorSize": 10**9}),
        ("pooling", {"kernelSize": [2, 2], "stride": [1, 1], "valid": {"paddingAmounts": {"borderAmounts": [
            {"startEdgeSize": 10**6, "endEdgeSize": 1}, {"startEdgeSize": 10**6, "endEdgeSize": 1}]}}}),
        ("sliceStatic", {"beginIds": [0] * 4, "endIds": [2**40] * 4, "strides": [1] * 4}),
        ("expandDims", {"axes": list(range(1000, 2000))}),
        ("splitND", {"axis": 1, "numSplits": 10**9}),
    ],
)  # fmt: skip
def test_a_layer_that_would_take_too_much_is_refused_before_it_is_computed(kind: str, options: dict[str, Any]) -> None:
    backend.coremltools()
    from coremltools.proto import NeuralNetwork_pb2

    layer = NeuralNetwork_pb2.NeuralNetworkLayer(name="large", input=["x"], output=["y"], **{kind: options})
    with pytest.raises((ValueError, OverflowError)):
        for operation in graph._layer(layer, kind, {}, {}):
            named = operation.arguments.items()
            need(operation.kind, {key: X.shape if isinstance(value, graph.Name) else value for key, value in named})
