"""`kit train --arch malireddi` against a bare Keras script of the same network and recipe, whole processes.

python benchmarks/training.py FOLDER [ROUNDS] [EPOCHS]   (FOLDER holds train.csv)

The script does what a notebook does: pandas, a split, model.fit with validation data, a checkpoint of the best epoch
and early stopping. The cold cache is part of kit's time. EPOCHS shortens both alike; without it the recipe's ten.
"""

import os
import sys
import tempfile

from pairs import KIT, compare

BARE = """
import sys, pandas, keras
from keras import layers
from sklearn.model_selection import train_test_split
table = pandas.read_csv(sys.argv[1] + "/train.csv").to_numpy()
x, y = table[:, 1:].reshape(-1, 28, 28, 1).astype("float32") / 255, table[:, 0]
x, x_val, y, y_val = train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)
model = keras.Sequential([
    keras.Input((28, 28, 1)),
    layers.Conv2D(32, 5, activation="relu"), layers.MaxPooling2D(), layers.Dropout(0.5),
    layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(), layers.Dropout(0.2),
    layers.Conv2D(128, 1, activation="relu"), layers.MaxPooling2D(), layers.Dropout(0.2),
    layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=200, epochs=int(sys.argv[2]), validation_data=(x_val, y_val), callbacks=[
    keras.callbacks.ModelCheckpoint(sys.argv[3], save_best_only=True),
    keras.callbacks.EarlyStopping("accuracy", patience=int(sys.argv[2])),
])
"""


def main(folder: str, rounds: int = 2, epochs: int = 10) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["KIT_CACHE"] = f"{scratch}/cache"
        # The patience is out of reach on both sides: the same number of epochs is compared.
        kit = [*KIT, "train", "--arch", "malireddi", "--data", folder, "--runs", f"{scratch}/runs"]
        kit += ["--epochs", str(epochs), "--patience", str(epochs)]
        bare = [sys.executable, "-c", BARE, folder, str(epochs), f"{scratch}/best.keras"]
        compare(("kit train --arch malireddi", "bare Keras"), (kit, bare), rounds)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
