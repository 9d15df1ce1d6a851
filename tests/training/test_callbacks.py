"""Keras callbacks hear of a training what one `fit` over all epochs would have told them."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from test_trainer import same_weights, without_seconds

from kit import train


class Recorder(keras.callbacks.Callback):
    """Notes the name and number of all that it is told, and what an epoch's logs are."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, int | None]] = []
        self.logs: list[dict[str, float]] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.told.append(("train begins", None))

    def on_train_end(self, logs: Any = None) -> None:
        self.told.append(("train ends", None))

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.told.append(("epoch begins", epoch))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.told.append(("epoch ends", epoch))
        self.logs.append(dict(logs))

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.told.append(("batch begins", batch))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.told.append(("batch ends", batch))


class Stopper(keras.callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.stop_training = epoch == 1


def test_they_hear_what_keras_own_fit_tells(toy: str, small: Path, tmp_path: Path) -> None:
    heard, expected = Recorder(), Recorder()
    options = {"arch": toy, "data": small, "runs": tmp_path, "epochs": 3, "progress": False}
    run = train(**options, callbacks=[heard])
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    rows = 400  # of 500, a hundred a step
    model.fit(np.zeros((rows, 1)), np.zeros(rows), batch_size=100, epochs=3, verbose=0, callbacks=[expected])
    assert heard.told == expected.told
    names = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
    assert heard.logs == [{name: row[name] for name in names} for row in run.history]
    plain = train(**options)
    assert same_weights(run, plain) and without_seconds(run) == without_seconds(plain)


def test_one_of_them_may_stop_a_training_and_hears_of_each_fold(toy: str, small: Path, tmp_path: Path) -> None:
    heard = Recorder()
    run = train(toy, data=small, runs=tmp_path, epochs=4, folds=2, progress=False, callbacks=[Stopper(), heard])
    assert [name for name, _ in heard.told].count("train begins") == 2
    assert [number for name, number in heard.told if name == "epoch ends"] == [0, 1, 0, 1]
    for fold in run.folds:
        assert fold.metrics["stopped"] == "stopped after epoch 2, as a callback asked" and len(fold.history) == 2


def test_keras_own_logger_writes_what_it_always_writes(toy: str, small: Path, tmp_path: Path) -> None:
    written = tmp_path / "log.csv"
    logger = keras.callbacks.CSVLogger(written)
    train(toy, data=small, runs=tmp_path / "runs", epochs=2, progress=False, callbacks=[logger])
    lines = written.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("epoch,") and "val_accuracy" in lines[0]
    assert [line.partition(",")[0] for line in lines[1:]] == ["0", "1"]
