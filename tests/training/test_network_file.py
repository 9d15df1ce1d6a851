"""A network of kit's as a file of one's own: the same network, and for the same seed the same weights."""

import numpy as np
import pytest

from kit.run.network_code import NetworkCode
from kit.training import networks, own_network
from kit.training.network_file import file_of


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_the_file_builds_the_network_bit_for_bit(name: str) -> None:
    network = networks.named(name)
    own = own_network.of_code(NetworkCode(file_of(network).encode(), f"{name}.py"), None, network.task)
    assert own.recipe == network.recipe and own.parameters == network.parameters and own.kind == network.kind
    assert own.source == (network.builder.__doc__ or "").partition("\n")[0]
    options = {"task": network.task, "seed": 5, "l2": 0.01, "dropout": 0.3 if network.has_dropout else None}
    one, other = network.build(**options), own.build(**options)
    assert all((a == b).all() for a, b in zip(one.get_weights(), other.get_weights(), strict=True))
    assert sum(map(float, one.losses)) == pytest.approx(sum(map(float, other.losses)), rel=1e-6)
    rates = [[layer.rate for layer in model.layers if hasattr(layer, "rate")] for model in (one, other)]
    assert rates[0] == rates[1]
    pictures = np.random.default_rng(0).integers(0, 256, (3, *one.input_shape[1:])).astype(np.float32)
    assert np.array_equal(one(pictures), other(pictures))
