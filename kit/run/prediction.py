"""Runs → probabilities."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kit import KitError, backend
from kit.run.runs import RUNS, RunName, chosen

if TYPE_CHECKING:
    import keras

BATCH = 500  # what a core's caches like; larger ones are slower


def predictor(model: "keras.Model") -> Callable[[np.ndarray], np.ndarray]:
    """Compiles a network once, for any number of calls.

    Returns:
        A function from images (n, size, size, 1), 0 to 255, to float32 probabilities (n, classes).
    """
    tf = backend.tensorflow()
    shape = (None, *model.input_shape[1:])

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32)])
    def forward(images: Any) -> Any:
        return model(images, training=False)

    def predict_images(images: np.ndarray) -> np.ndarray:
        probabilities = np.empty((len(images), model.output_shape[-1]), np.float32)
        for start in range(0, len(images), BATCH):
            part = slice(start, start + BATCH)
            probabilities[part] = forward(tf.constant(images[part], tf.float32))
        return probabilities

    return predict_images


def probabilities(run: RunName | Sequence[RunName], images: np.ndarray, *, runs: Path | str = RUNS) -> np.ndarray:
    """What a run's network says of images; several are averaged.

    Args:
        run: A run or several: names, numbers, paths or Run objects.
        images: (n, size, size, 1), pixels 0 to 255; for a competition run 28 × 28, white ink on black.
        runs: Where the runs are.

    Returns:
        float32 probabilities (n, classes).

    Raises:
        KitError: There is no such run, or it sees pictures of another size.
    """
    found = chosen(run, runs)
    for one in found:
        if (size := one.task.size) != images.shape[1]:
            raise KitError(
                f"{one}: sees {size} × {size} pixels, not {images.shape[1]} × {images.shape[2]}: choose another"
            )
    each = [predictor(one.model())(images) for one in found]
    return np.asarray(np.mean(each, axis=0, dtype=np.float64), np.float32)
