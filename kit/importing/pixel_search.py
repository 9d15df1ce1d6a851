"""Which pixels a trained network wants, found out by what it reads with each kind of them."""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from kit.data.loading import LabelledDigits
from kit.training.pixels import Pixels

_OF_EACH = 100  # rows of each digit
GUESSED = math.log(10)  # the log loss of who says the same of every digit
_CLEARLY = 0.95  # of that log loss
_REAL = 0.05  # below this probability of luck, a difference counts as real
_LEAST = 1e-7  # of a probability, before its logarithm is taken

Predict = Callable[[np.ndarray], np.ndarray]
"""Pictures (n, 28, 28, 1) as the network itself wants them → probabilities (n, 10)."""


@dataclass(frozen=True)
class Tried:
    """What a network reads with one kind of pixels.

    Attributes:
        pixels: The kind.
        right: (n,) which rows are read right.
        loss: The mean log loss.
    """

    pixels: Pixels
    right: np.ndarray
    loss: float

    @property
    def accuracy(self) -> float:
        return float(self.right.mean())

    @property
    def reads(self) -> bool:
        """Whether this is reading, not guessing.

        Who guesses one of ten has log loss 2.30. A network that does no better, yet has more than a tenth right, is
        sure of what is wrong: it learned something else. One that has half right learned digits, however sure it is.
        """
        return self._more_than(0.5) or (self._more_than(0.1) and self.loss < _CLEARLY * GUESSED)

    def _more_than(self, share: float) -> bool:
        """Whether more is read right, and not by luck."""
        return bool(binomtest(int(self.right.sum()), len(self.right), share, "greater").pvalue < _REAL)

    def ties_with(self, better: "Tried") -> bool:
        """Whether luck alone may be what makes the better one better: McNemar's exact test."""
        only_one, only_other = int((self.right & ~better.right).sum()), int((better.right & ~self.right).sum())
        return not only_one + only_other or bool(binomtest(only_one, only_one + only_other).pvalue >= _REAL)

    def __str__(self) -> str:
        return f"{self.pixels.name} {self.accuracy:.1%} (log loss {self.loss:.3g})"


def sample(digits: LabelledDigits) -> np.ndarray:
    """Numbers of the rows that are tried: a hundred of each digit, or as many as there are."""
    order = np.random.default_rng(0).permutation(len(digits))
    labels = digits.labels[order]
    return np.sort(np.concatenate([order[labels == digit][:_OF_EACH] for digit in range(10)]))


def try_all(predict: Predict, images: np.ndarray, labels: np.ndarray, kinds: Collection[Pixels]) -> list[Tried]:
    """What a network reads of grey pixels 0 to 255 with each kind of them, the best first.

    The best is the most accurate. Of those that luck may have made less accurate, it is the one with the lowest log
    loss, on these rows and on the same moved by a pixel: pixels on another scale are often read the same, but by a
    network that is far too sure or unsure. On rows that it learned by heart no network can be too sure; moved, they
    are new to it.
    """
    found = [_tried(predict, pixels, images, labels) for pixels in kinds]
    found.sort(key=lambda one: -one.accuracy)
    ties = [one for one in found if one.ties_with(found[0])]
    if len(ties) > 1:
        moved = _moved(images)
        ties.sort(key=lambda one: one.loss + _tried(predict, one.pixels, moved, labels).loss)
    return [ties[0], *(one for one in found if one is not ties[0])]


def _moved(images: np.ndarray) -> np.ndarray:
    """Pictures moved by a pixel, in turn up, down, left and right."""
    moved = np.empty_like(images)
    for number, (step, axis) in enumerate([(-1, 1), (1, 1), (-1, 2), (1, 2)]):
        moved[number::4] = np.roll(images[number::4], step, axis)
    return moved


def _tried(predict: Predict, pixels: Pixels, images: np.ndarray, labels: np.ndarray) -> Tried:
    found = predict(images.astype(np.float32) * pixels.scale + pixels.offset).astype(np.float64)
    of_truth = found[np.arange(len(labels)), labels]
    loss = float(-np.log(np.maximum(np.nan_to_num(of_truth), _LEAST)).mean())
    return Tried(pixels, found.argmax(axis=1) == labels, loss)
