"""Somebody's Keras callbacks (TensorBoard, Weights & Biases, MLflow …), told of a training as `fit` tells them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kit import backend

if TYPE_CHECKING:
    import keras

_LOGGED = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")


class Audience:
    """Hands on what happens; each epoch of kit's is a `fit` of its own, of which callbacks would hear as a training.

    Args:
        callbacks: Keras'. They may watch, log, save and stop; the learning rate is the recipe's.
        model: What is trained.
        epochs: How many there will be.
    """

    def __init__(self, callbacks: "Sequence[keras.callbacks.Callback]", model: "keras.Model", epochs: int) -> None:
        self._model = model
        self._told = backend.keras().callbacks.CallbackList(list(callbacks), model=model, epochs=epochs, verbose=0)

    def start(self) -> None:
        """Before the first epoch."""
        self._told.on_train_begin()

    def start_epoch(self, epoch: int) -> None:
        """Before an epoch, counted from 0."""
        self._told.on_epoch_begin(epoch)

    def of_batches(self) -> Any:
        """The callback of an epoch's own `fit`."""
        return backend.keras().callbacks.LambdaCallback(
            on_train_batch_begin=self._told.on_train_batch_begin, on_train_batch_end=self._told.on_train_batch_end
        )

    def end_epoch(self, row: dict[str, float]) -> bool:
        """After an epoch, with its row of the history; whether one of them wants the training to stop."""
        self._told.on_epoch_end(int(row["epoch"]) - 1, {name: row[name] for name in _LOGGED})
        return bool(self._model.stop_training)

    def end(self) -> None:
        """After the last epoch."""
        self._told.on_train_end()
