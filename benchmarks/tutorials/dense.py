"""A tutorial's fully connected network, as a newcomer writes it: rows as they come, raw pixels, L2."""

import keras
import numpy as np
import pandas as pd
from keras import layers, regularizers

keras.utils.set_random_seed(1)
train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
x, y = train.drop(columns="label").values, keras.utils.to_categorical(train["label"], 10)

penalty = regularizers.L2(0.01)
model = keras.Sequential(
    [
        keras.Input((784,)),
        layers.Dense(20, activation="relu", kernel_regularizer=penalty),
        layers.Dense(15, activation="relu", kernel_regularizer=penalty),
        layers.Dense(10, activation="softmax", kernel_regularizer=penalty),
    ]
)
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=2, batch_size=128, verbose=0)
model.save("dense.keras")
model.save("dense.h5")
np.save("dense.npy", model.predict(test.values, verbose=0, batch_size=500))
