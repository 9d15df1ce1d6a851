"""Keras layers with the options that hold for a whole network applied: what kit's builders are made of."""

from typing import Any


class Layers:
    """Each method takes a tensor and returns one.

    Args:
        l2: Penalty on every kernel; 0 for none.
        dropout: One rate for every dropout layer; None takes each layer's own.
        seed: Draws the starting weights: a seed of its own for each layer follows from it.
        precision: Keras' policy: "float32", or "mixed_bfloat16" to compute in bfloat16 with float32 weights.
    """

    def __init__(self, l2: float, dropout: float | None, seed: int, precision: str) -> None:
        from keras import layers, regularizers

        self._keras = layers
        self._l2 = regularizers.L2(l2) if l2 else None
        self._dropout = dropout
        self._seed = seed * 1000  # room for a seed per layer
        self.precision = precision
        self._counts: dict[str, int] = {}

    def conv(
        self, x: Any, filters: int, size: int, *, padding: str = "valid", strides: int = 1, relu: bool = True,
        bias: bool = True,
    ) -> Any:  # fmt: skip
        return self._keras.Conv2D(
            filters, size, strides, padding, activation="relu" if relu else None, use_bias=bias, **self._weights("conv")
        )(x)

    def conv_norm(self, x: Any, filters: int, size: int, *, padding: str = "same", strides: int = 1) -> Any:
        """Convolution, batch normalisation, relu."""
        return self.relu(
            self.norm(self.conv(x, filters, size, padding=padding, strides=strides, relu=False, bias=False))
        )

    def depthwise(self, x: Any, size: int, *, strides: int = 1) -> Any:
        """One kernel a channel, without bias."""
        options = self._weights("depthwise", kernel="depthwise")
        return self._keras.DepthwiseConv2D(size, strides, "same", use_bias=False, **options)(x)

    def dense(self, x: Any, units: int, *, relu: bool = True) -> Any:
        return self._keras.Dense(units, activation="relu" if relu else None, **self._weights("dense"))(x)

    def dropout(self, x: Any, rate: float) -> Any:
        rate = rate if self._dropout is None else self._dropout
        return self._keras.Dropout(rate, seed=self.next_seed(), **self._named("dropout"))(x)

    def norm(self, x: Any) -> Any:
        """Batch normalisation with a short memory: an epoch has few steps here."""
        return self._keras.BatchNormalization(momentum=0.9, **self._named("norm"))(x)

    def relu(self, x: Any) -> Any:
        return self._keras.Activation("relu", **self._named("relu"))(x)

    def max_pool(self, x: Any) -> Any:
        return self._keras.MaxPooling2D(2, **self._named("pool"))(x)

    def average_pool(self, x: Any, size: int) -> Any:
        """In steps of one pixel: the picture keeps its size."""
        return self._keras.AveragePooling2D(size, 1, "same", **self._named("pool"))(x)

    def global_average(self, x: Any) -> Any:
        return self._keras.GlobalAveragePooling2D(**self._named("average"))(x)

    def flatten(self, x: Any) -> Any:
        return self._keras.Flatten(**self._named("flatten"))(x)

    def add(self, *branches: Any) -> Any:
        return self._keras.Add(**self._named("add"))(list(branches))

    def concatenate(self, *branches: Any) -> Any:
        return self._keras.Concatenate(**self._named("concatenate"))(list(branches))

    def rescale(self, x: Any) -> Any:
        """0 to 255 → 0 to 1."""
        return self._keras.Rescaling(1 / 255, **self._named("scale"))(x)

    def probabilities(self, x: Any, classes: int) -> Any:
        """The last layer; in float32 whatever the precision, because a softmax in bfloat16 does not sum to 1."""
        logits = self._keras.Dense(classes, **self._weights("dense") | {"name": "logits"})(x)
        return self._keras.Softmax(name="probabilities", dtype="float32")(logits)

    def _named(self, kind: str) -> dict[str, Any]:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return {"name": f"{kind}{self._counts[kind]}", "dtype": self.precision}

    def _weights(self, kind: str, kernel: str = "kernel") -> dict[str, Any]:
        from keras import initializers

        start = initializers.GlorotUniform(seed=self.next_seed())  # Keras' default, with a seed of its own
        return {f"{kernel}_initializer": start, f"{kernel}_regularizer": self._l2, **self._named(kind)}

    def next_seed(self) -> int:
        """The seed of the next layer that draws."""
        self._seed += 1
        return self._seed % 2**31
