"""Which pixels a network wants, found out by what it reads."""

import numpy as np
import pytest

from kit.training.pixel_search import Tried, try_all
from kit.training.pixels import PIXELS

ROWS, LABELS = 400, np.arange(400) % 10


def pictures() -> np.ndarray:
    """Ten digits that differ in where their ink is, each with noise: uint8 (400, 28, 28, 1)."""
    generator = np.random.default_rng(3)
    shapes = generator.random((10, 28, 28, 1)) > 0.8
    ink = shapes[LABELS] * generator.integers(100, 256, (ROWS, 28, 28, 1))
    return np.where(generator.random(ink.shape) < 0.15, generator.integers(0, 256, ink.shape), ink).astype(np.uint8)


def network(wanted: str) -> tuple[np.ndarray, np.ndarray]:
    """Weights and biases of a linear network that was fitted to such pixels."""
    x = (pictures().reshape(ROWS, -1) * PIXELS[wanted].scale + PIXELS[wanted].offset).astype(np.float64)
    x = np.hstack([x, np.ones((ROWS, 1))])
    ridge = ROWS * np.square(x).mean() * np.eye(785)
    weights = 10 * np.linalg.solve(x.T @ x + ridge, x.T @ (np.eye(10)[LABELS] - 0.1))
    return weights[:-1], weights[-1]


def predict(weights: np.ndarray, biases: np.ndarray, x: np.ndarray) -> np.ndarray:
    logits = x.reshape(len(x), -1).astype(np.float64) @ weights + biases
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("wanted", PIXELS)
def test_the_pixels_that_a_network_was_fitted_to_are_found(wanted: str) -> None:
    weights, biases = network(wanted)
    tried = try_all(lambda x: predict(weights, biases, x), pictures(), LABELS, PIXELS.values())
    assert tried[0].pixels.name == wanted and tried[0].reads
    assert {one.pixels.name for one in tried} == PIXELS.keys()


def test_of_scales_that_read_the_same_the_log_loss_decides() -> None:
    weights, _ = network("0-1")
    tried = try_all(lambda x: predict(weights, np.zeros(10), x), pictures(), LABELS, PIXELS.values())
    found = {one.pixels.name: one for one in tried}
    assert (found["0-255"].right == found["0-1"].right).all() and found["0-255"].ties_with(found["0-1"])
    assert tried[0].pixels.name == "0-1" and found["0-255"].loss > found["0-1"].loss


def tried(right: int, loss: float, rows: int = 1000) -> Tried:
    return Tried(PIXELS["0-1"], np.arange(rows) < right, loss)


def test_reading_is_more_than_guessing() -> None:
    assert tried(980, 0.1).reads and tried(290, 1.85).reads
    assert tried(850, 2.6).reads  # far too sure, but right
    assert not tried(130, 2.31).reads and not tried(107, 2.0).reads
    assert not tried(400, 3.5).reads  # digits turned over their diagonal, say
    assert not tried(3, 0.5, rows=10).reads  # of ten rows, three may be luck


def test_numbers_that_are_none_are_not_read() -> None:
    found = try_all(lambda x: np.full((len(x), 10), np.nan), pictures(), LABELS, PIXELS.values())
    assert not found[0].reads and np.isfinite(found[0].loss)
