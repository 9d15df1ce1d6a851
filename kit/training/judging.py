"""A network in kit's form on labelled pictures: what it says of them, its loss and its accuracy."""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from kit import backend
from kit.run.prediction import predictor
from kit.run.validation import Validation

if TYPE_CHECKING:
    import keras

_FLOAT16 = float(np.finfo(np.float16).max)
# Natural logarithms of factors; a tenth smoothed wants 2.2 or so, and rows that are all read right would want no end.
_SHARPEST = (-1.25, 1.25)


@dataclass(frozen=True)
class Judged:
    """What a network says of pictures: mean loss, with the penalties that Keras adds, and accuracy.

    Attributes:
        logits: float64 (n, classes).
        features: (n, units) of the last hidden layer.
    """

    loss: float
    accuracy: float
    logits: np.ndarray
    features: np.ndarray

    @property
    def probabilities(self) -> np.ndarray:
        """float32 (n, classes)."""
        return softmax(self.logits, axis=1).astype(np.float32)

    def validation(self, rows: np.ndarray, labels: np.ndarray) -> Validation:
        """The same as a run stores it, of these rows."""
        features = np.clip(self.features, -_FLOAT16, _FLOAT16).astype(np.float16)
        return Validation(rows, labels, self.probabilities, features)


class Judge:
    """Compiles a network once, to be judged any number of times with whatever weights it has then.

    Args:
        model: A network in kit's form.
        label_smoothing: Share of each label that the loss spreads over all classes, as in its training.
    """

    def __init__(self, model: "keras.Model", label_smoothing: float = 0.0) -> None:
        self._smoothing = label_smoothing
        keras = backend.keras()
        last = model.get_layer("logits")
        both = keras.layers.Concatenate()([last.output, last.input])  # one pass gives logits and last hidden layer
        self._model = model
        self._logits_and_features = predictor(keras.Model(model.input, both))

    def __call__(self, images: np.ndarray, labels: np.ndarray) -> Judged:
        """What the network says of pictures (n, size, size, 1), 0 to 255, whose labels (n,) are known.

        The loss is of the logits, as Keras has it: a probability that float32 rounds to 0 would have no loss.
        """
        found = self._logits_and_features(images).astype(np.float64)
        logits, features = np.split(found, [self._model.output_shape[-1]], axis=1)
        logs = log_softmax(logits, axis=1)
        log_of_truth = logs[np.arange(len(labels)), labels]
        entropy = -(1 - self._smoothing) * log_of_truth.mean() - self._smoothing * logs.mean()
        loss = float(sum(float(loss) for loss in self._model.losses) + entropy)
        accuracy = float((logits.argmax(axis=1) == labels).mean())
        return Judged(loss, accuracy, logits, features)


def sharpened(model: "keras.Model", judged: Judged, labels: np.ndarray) -> Judged:
    """Makes a network as sure as it is right: its logits are multiplied by the factor that makes labels likeliest.

    What it reads stays (C. Guo et al., On Calibration of Modern Neural Networks, 2017). Smoothed labels teach a network
    to be unsure. One whose logits are no layer of their own stays as it is.

    Args:
        model: A network in kit's form; the weights of its logits change.
        judged: What it says of pictures.
        labels: (n,) of these pictures.

    Returns:
        What it says of them now; the loss is that of the training, which stays.
    """
    last = model.get_layer("logits")
    if not last.weights:
        return judged

    def loss(logarithm: float) -> float:
        logs = log_softmax(judged.logits * math.exp(logarithm), axis=1)
        return -float(logs[np.arange(len(labels)), labels].mean())

    factor = math.exp(minimize_scalar(loss, bounds=_SHARPEST, method="bounded").x)
    last.set_weights([weights * np.float32(factor) for weights in last.get_weights()])
    return replace(judged, logits=judged.logits * factor)
