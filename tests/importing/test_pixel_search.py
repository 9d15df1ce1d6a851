"""Which pixels a network wants, found out by what it reads."""

from pathlib import Path

import foreign
import numpy as np
import pytest

from kit import load
from kit.importing import pixel_search
from kit.importing.pixel_search import Tried, _moved, try_all
from kit.training.pixels import PIXELS

ROWS, LABELS = 400, np.arange(400) % 10


@pytest.mark.parametrize("wanted", PIXELS)
def test_the_pixels_that_a_network_was_fitted_to_are_found(small: Path, wanted: str) -> None:
    model = foreign.classifier(small, PIXELS[wanted], [foreign.layers.AveragePooling2D(4)])
    digits = load("train", small)
    tried = try_all(lambda x: np.asarray(model(x)), digits.images, digits.labels, PIXELS.values())
    assert tried[0].pixels.name == wanted and tried[0].reads
    assert {one.pixels.name for one in tried} == PIXELS.keys()


def test_a_network_that_knows_its_rows_by_heart_is_judged_on_moved_ones() -> None:
    """Rows that are all read right are read the more surely the larger their pixels are; moved, some are read wrong."""
    images = np.zeros((ROWS, 28, 28, 1), np.uint8)
    images[np.arange(ROWS), 4 + 2 * LABELS, 14, 0] = 255  # moved up, it is the place of the digit before

    def predict(x: np.ndarray) -> np.ndarray:
        places = x[:, 4:24, 13:16, 0].astype(np.float64).reshape(len(x), 10, 6)
        logits = 8 * places.sum(axis=2)
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    tried = try_all(predict, images, LABELS, [PIXELS["0-255"], PIXELS["0-1"]])
    found = {one.pixels.name: one for one in tried}
    assert found["0-255"].right.all() and found["0-1"].right.all() and found["0-255"].loss < found["0-1"].loss
    assert tried[0].pixels.name == "0-1"


def test_pictures_are_moved_by_a_pixel_in_every_direction() -> None:
    images = np.zeros((4, 28, 28, 1), np.uint8)
    images[:, 10, 10] = 9
    assert [tuple(map(int, np.argwhere(image[..., 0])[0])) for image in _moved(images)] == [
        (9, 10), (11, 10), (10, 9), (10, 11),
    ]  # fmt: skip


def tried(right: int, loss: float, rows: int = 1000) -> Tried:
    return Tried(PIXELS["0-1"], np.arange(rows) < right, loss)


def test_reading_is_more_than_guessing() -> None:
    assert tried(980, 0.1).reads and tried(290, 1.85).reads
    assert tried(850, 2.6).reads  # far too sure, but right
    assert not tried(130, 2.31).reads and not tried(107, 2.0).reads
    assert not tried(400, 3.5).reads  # digits turned over their diagonal, say
    assert not tried(2, 0.5, rows=10).reads  # of ten rows, two may be luck


def test_numbers_that_are_none_are_not_read() -> None:
    images = np.zeros((ROWS, 28, 28, 1), np.uint8)
    found = try_all(lambda x: np.full((len(x), 10), np.nan), images, LABELS, PIXELS.values())
    assert not found[0].reads and np.isfinite(found[0].loss)


def test_a_hundred_of_each_digit_are_tried(sample: Path) -> None:
    digits = load("train", sample)
    rows = pixel_search.sample(digits)
    assert (np.bincount(digits.labels[rows]) == 100).all() and (np.diff(rows) > 0).all()
