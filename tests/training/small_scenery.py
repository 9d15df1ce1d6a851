"""A scenery that is made in no time: for scenes in this process, and as a preload of Dask's in its workers'."""

import numpy as np

from kit.scenes import handwriting
from kit.scenes.drawing import Scenery
from kit.scenes.silhouettes import silhouettes
from kit.training import examples


def scenery(strokes: np.ndarray, generator: np.random.Generator, size: int) -> Scenery:
    """In the place of `kit.scenes.drawing.scenery`."""
    pages = generator.integers(0, 256, (3, 512, 512), np.uint8)
    grain = generator.standard_normal((3, 256, 256), np.float32)
    bends = generator.standard_normal((4, size, size, 2), np.float32)
    pressures = generator.integers(64, 192, (4, size, size), np.uint8)
    letters, digits = handwriting.letters(1, generator), handwriting.digits(4, generator)
    things = silhouettes(4, generator)
    return Scenery(digits, letters, pages[:1], pages[1:2], [pages[2]], things, grain, bends, pressures)


def dask_setup(worker: object) -> None:
    examples.scenery = scenery  # type: ignore[attr-defined]
