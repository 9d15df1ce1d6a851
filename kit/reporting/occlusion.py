"""What a network looks at: how its answer changes where a digit is covered (M. D. Zeiler, R. Fergus, 2014)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kit.run.prediction import predictor

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Explanation:
    """How one image's answer comes about.

    Attributes:
        answer: The most probable class.
        probabilities: float32 (classes,).
        without_ink: (height, width) change of the answer's probability, -1 to 1, when the place is covered with paper.
        with_ink: The same when it is covered with ink.
    """

    answer: int
    probabilities: np.ndarray
    without_ink: np.ndarray
    with_ink: np.ndarray


def explain_row(model: "keras.Model", image: np.ndarray) -> Explanation:
    """Covers each place of an image (height, width, 1), 0 to 255, in turn and asks the network again.

    The cover is a square of about a sixth of the width. What is paper and what is ink, the image says itself: its
    median is paper, for a digit covers less than half of it, and the farther end of its values is ink.
    """
    predict = predictor(model)
    probabilities = predict(image[None])[0]
    answer = int(probabilities.argmax())
    paper = np.median(image)
    ink = image.max() if image.max() - paper >= paper - image.min() else image.min()

    def changes(cover: float) -> np.ndarray:
        shares = predict(covered(image, cover))[:, answer]
        return (shares - probabilities[answer]).reshape(image.shape[:2])

    return Explanation(answer, probabilities, changes(paper), changes(ink))


def covered(image: np.ndarray, cover: float) -> np.ndarray:
    """(height · width, height, width, 1): the image with a square of that value around each of its pixels in turn."""
    height, width = image.shape[:2]
    reach = max(1, round(width / 12))
    copies = np.repeat(image[None], height * width, axis=0)
    for number, (row, column) in enumerate(np.ndindex(height, width)):
        rows = slice(max(0, row - reach), row + reach + 1)
        copies[number, rows, max(0, column - reach) : column + reach + 1] = cover
    return copies
