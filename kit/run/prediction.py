"""Runs → probabilities."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kit import KitError, backend
from kit.run.folder import RUNS, Run, find

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


def predict(
    runs: Sequence[str | Path | Run] | str | Path | Run, images: np.ndarray, folder: Path | str = RUNS
) -> np.ndarray:
    """What the runs' networks say of the images; several are averaged.

    Args:
        runs: Names, numbers, paths or Run objects.
        images: (n, size, size, 1), pixels 0 to 255; for a competition run 28 × 28, white ink on black.
        folder: Where the runs are.

    Returns:
        float32 probabilities (n, classes).
    """
    chosen = [runs] if isinstance(runs, str | Path | Run) else runs
    found = [find(run, Path(folder)) for run in chosen]
    for run in found:
        if run.settings.size != images.shape[1]:
            size = run.settings.size
            raise KitError(
                f"{run}: sees {size} × {size} pixels, not {images.shape[1]} × {images.shape[2]}: choose another"
            )
    each = [predictor(run.model())(images) for run in found]
    return np.asarray(np.mean(each, axis=0, dtype=np.float64), np.float32)
