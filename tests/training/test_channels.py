"""Channels first and channels last compute the same."""

from typing import Any

import numpy as np

from kit import backend
from kit.training.channels import channels_last

keras = backend.keras()
layers = keras.layers


def network(order: str) -> Any:
    first = order == "channels_first"
    inner = keras.Sequential(
        [
            keras.Input((4, 13, 13) if first else (13, 13, 4)),
            layers.DepthwiseConv2D(3, padding="same", data_format=order),
            layers.AveragePooling2D(2, data_format=order),
        ]
    )
    return keras.Sequential(
        [
            keras.Input((1, 28, 28) if first else (28, 28, 1)),
            layers.Conv2D(4, 3, strides=2, data_format=order),
            layers.BatchNormalization(axis=1 if first else 3),
            inner,
            layers.Conv2D(3, 3, data_format=order, activation="relu"),
            layers.MaxPooling2D(2, data_format=order),
            layers.Flatten(data_format=order),
            layers.Dense(10),
        ]
    )


def test_a_network_with_its_channels_first_computes_what_its_twin_does() -> None:
    first, last = network("channels_first"), network("channels_last")
    generator = np.random.default_rng(0)
    last.set_weights([generator.uniform(0.1, 1, weight.shape) for weight in last.get_weights()])
    first.set_weights(last.get_weights())
    images = generator.random((5, 28, 28, 1)).astype(np.float32)
    found, expected = channels_last(first)(images.transpose(0, 3, 1, 2)), last(images)
    assert np.allclose(found, expected, rtol=1e-5) and np.ptp(expected) > 0


def test_a_network_without_them_stays_as_it_is() -> None:
    last = network("channels_last")
    assert channels_last(last) is last
