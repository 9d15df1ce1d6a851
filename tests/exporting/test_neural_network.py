"""Quantised weights against coremltools' own reading of them."""

import numpy as np
import pytest

from kit import KitError, backend
from kit.exporting import neural_network


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
    with pytest.raises(KitError, match="12 weights where a layer of shape"):
        neural_network.weights(stored, (3, 5))
