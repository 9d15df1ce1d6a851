"""S. R. Malireddi's network, as a newcomer writes it: pictures divided by 255, softmax."""

import keras
import numpy as np
import pandas as pd
from keras import layers

keras.utils.set_random_seed(1)
train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
x = train.drop(columns="label").values.reshape(-1, 28, 28, 1).astype("float32") / 255
y = keras.utils.to_categorical(train["label"].values, 10)

model = keras.Sequential()
model.add(keras.Input((28, 28, 1)))
for filters, size, rate in ((32, 5, 0.5), (64, 3, 0.2), (128, 1, 0.2)):
    model.add(layers.Conv2D(filters, size, activation="relu"))
    model.add(layers.MaxPooling2D(2))
    model.add(layers.Dropout(rate))
model.add(layers.Flatten())
model.add(layers.Dense(128, activation="relu"))
model.add(layers.Dense(10, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x, y, epochs=2, batch_size=128, verbose=0)
model.save("malireddi.keras")
model.save("malireddi.h5")
np.save(
    "malireddi.npy",
    model.predict(test.values.reshape(-1, 28, 28, 1).astype("float32") / 255, verbose=0, batch_size=500),
)
