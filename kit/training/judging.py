"""A network in kit's form on labelled pictures: what it says of them, its loss and its accuracy."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_softmax, softmax

from kit import backend
from kit.run.prediction import predictor
from kit.run.validation import Validation

if TYPE_CHECKING:
    import keras

_FLOAT16 = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class Judged:
    """What a network says of pictures: mean loss, with the penalties that Keras adds, and accuracy."""

    loss: float
    accuracy: float
    probabilities: np.ndarray
    features: np.ndarray

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
        return Judged(loss, accuracy, softmax(logits, axis=1).astype(np.float32), features)
