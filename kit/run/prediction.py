"""Runs → probabilities."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kit import KitError, backend
from kit.run.folder import FOLDS, Run
from kit.run.runs import RUNS, RunName, chosen
from kit.run.validation import Validation, joined, order_of
from kit.run.views import check_views, moved

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
        with backend.computed("end what else has it"):
            for start in range(0, len(images), BATCH):
                part = slice(start, start + BATCH)
                probabilities[part] = forward(tf.constant(images[part], tf.float32))
        return probabilities

    return predict_images


def probabilities(
    run: RunName | Sequence[RunName], images: np.ndarray, *, views: int = 1, runs: Path | str = RUNS
) -> np.ndarray:
    """What a run's network says of images; several are averaged.

    Args:
        run: A run or several: names, numbers, paths or Run objects.
        images: (n, size, size, 1), pixels 0 to 255; for a competition run 28 × 28, white ink on black.
        views: Of each picture, 1, 5 or 9: as it is, and moved by a pixel each way; their average counts.
        runs: Where the runs are.

    Returns:
        float32 probabilities (n, classes).

    Raises:
        KitError: There is no such run, it sees pictures of another size, or there are not so many views.
    """
    found, shape = chosen(run, runs), np.shape(images)
    for one in found:
        size = one.task.size
        if len(shape) == 4 and shape[1:] != (size, size, 1) and shape[3] == 1:
            raise KitError(f"{one}: sees {size} × {size} pixels, not {shape[1]} × {shape[2]}: choose another")
        if shape[1:] != (size, size, 1):
            wanted = f"(n, {size}, {size}, 1)"
            raise KitError(f"{one}: takes images of shape {wanted}, not {shape}: images.reshape(-1, {size}, {size}, 1)")
    images = np.asarray(images)
    each = [viewed(predictor(one.model()), images, views) for one in found]
    return np.asarray(np.mean(each, axis=0, dtype=np.float64), np.float32)


def viewed(predict: Callable[[np.ndarray], np.ndarray], images: np.ndarray, views: int) -> np.ndarray:
    """What a network says of so many views of each image on average, float32 (n, classes); KitError as `moved`."""
    total = np.zeros((), np.float64)
    for view in moved(images, views):
        total = total + predict(view)
    return np.asarray(total / views, np.float32)


def viewed_validation(run: Run, images: np.ndarray, views: int) -> Validation:
    """What a run says of the examples that judge it, by so many views of each on average.

    Args:
        run: The run; in folds, each example is seen by the network that has not learned from it.
        images: What it was judged on, uint8 (n, size, size, 1), in the order of its stored predictions.
        views: How many.

    Raises:
        KitError: There are not so many views, or a network or stored predictions are missing or damaged.
    """
    check_views(views)
    if run.settings.folded and len(run.folds) != run.settings.folds:
        raise KitError(
            f"{run}: its folder {FOLDS} is not whole, and only the single networks there have not learned from the "
            f"rows that judge {views} views: put it back, or leave --views out"
        )
    parts = run.folds or [run]
    stored = [part.validation for part in parts]
    order = order_of(np.concatenate([validation.rows for validation in stored]))
    apart = np.empty_like(images)
    apart[order] = images
    ends = np.cumsum([len(validation.rows) for validation in stored])[:-1]
    found = [
        replace(validation, probabilities=viewed(predictor(part.model()), some, views))
        for part, validation, some in zip(parts, stored, np.split(apart, ends), strict=True)
    ]
    return joined(found) if run.folds else found[0]
