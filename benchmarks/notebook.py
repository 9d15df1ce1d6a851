"""The network of the best honest Kaggle notebook as a bare Keras script, judged whenever so many minutes have gone.

python benchmarks/notebook.py FOLDER SEED MINUTES ...   (FOLDER holds train.csv)

C. Deotte's of 2018: seven convolutions with batch normalisation and dropout, rotation, zoom and shift, a learning rate
that falls by a twentieth an epoch; fifteen such networks, 45 epochs each, scored 0.99757 there. Here it is one, on four
fifths of the rows, and stands for what a copied notebook makes of the same minutes. A line of JSON for each of them:
minutes, epochs, accuracy on the fifth that was held out, seconds. Judging does not count as time.
"""

import json
import sys
import time

import keras
import numpy as np
import pandas
from keras import layers
from sklearn.model_selection import train_test_split


def network() -> keras.Model:
    model = keras.Sequential([keras.Input((28, 28, 1))])
    for filters in (32, 64):
        for size, strides in ((3, 1), (3, 1), (5, 2)):
            padding = "valid" if strides == 1 else "same"
            model.add(layers.Conv2D(filters, size, strides, padding, activation="relu"))
            model.add(layers.BatchNormalization())
        model.add(layers.Dropout(0.4))
    model.add(layers.Conv2D(128, 4, activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.4))
    model.add(layers.Dense(10, activation="softmax"))
    return model


def main(folder: str, seed: int, minutes: list[float]) -> None:
    started = time.monotonic()
    keras.utils.set_random_seed(seed)
    table = pandas.read_csv(f"{folder}/train.csv", dtype="uint8").to_numpy()
    x, y = table[:, 1:].reshape(-1, 28, 28, 1).astype("float32") / 255, table[:, 0]
    x, x_val, y, y_val = train_test_split(x, y, test_size=0.2, stratify=y, random_state=seed)
    moved = keras.Sequential(
        [
            layers.RandomRotation(10 / 360, "constant"),
            layers.RandomZoom(0.1, 0.1, "constant"),
            layers.RandomTranslation(0.1, 0.1, "constant"),
        ]
    )
    model = network()
    optimizer = keras.optimizers.Adam()
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    generator, epoch, waiting, batch = np.random.default_rng(seed), 0, sorted(minutes), 64
    steps = -(-len(y) // batch)
    while waiting:
        optimizer.learning_rate = 0.001 * 0.95**epoch
        order = generator.permutation(len(y))
        images = np.concatenate([moved(x[part], training=True) for part in np.array_split(order, 8)])
        for step in range(steps):
            part = slice(step * batch, (step + 1) * batch)
            model.train_on_batch(images[part], y[order][part])
            if waiting and time.monotonic() - started >= 60 * waiting[0]:
                before = time.monotonic()
                accuracy = float((model.predict(x_val, verbose=0).argmax(axis=1) == y_val).mean())
                line = {"minutes": waiting.pop(0), "epochs": round(epoch + (step + 1) / steps, 1), "accuracy": accuracy}
                print(json.dumps({**line, "seconds": round(before - started, 1)}), flush=True)
                started += time.monotonic() - before
        epoch += 1


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), [float(value) for value in sys.argv[3:]])
