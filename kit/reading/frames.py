"""What lies between a camera or a pen and the network: a frame or a drawing becomes the grey square that it takes.

The iPhone app (mobile/DigitKit) does the same in Swift, operation by operation; mobile/golden holds the two together.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

GUIDE_SHARE = 0.6  # the guide box's side, of the shorter side of what the preview shows
PEN = 0.08  # the pen's width, of the pad's side
PAPER, INK = 235, 30  # what a drawing's paper and ink look like to a camera network
CENTRED_SCALE = 4  # a network of centred ink sees the ink found in a square of so many times its size
FAINTEST_INK = 24  # grey levels between paper and ink below which a square counts as empty

Stroke = Sequence[tuple[float, float]]
"""Points of one pen stroke, from (0, 0) at the pad's top left to (1, 1) at its bottom right."""


@dataclass(frozen=True)
class Region:
    """A square of whole pixels in a frame."""

    x: int
    y: int
    side: int


def guide_region(width: int, height: int, turns: int = 0, view: tuple[float, float] | None = None) -> Region:
    """Where the guide box lies in a frame as the sensor has it.

    Args:
        width: The frame's, in pixels.
        height: The frame's, in pixels.
        turns: Clockwise quarter turns that bring the frame upright, 0 to 3.
        view: Width and height, in any unit, of the preview that the upright frame fills and overflows evenly (aspect
            fill); the whole frame is seen without it.
    """
    across, down = (height, width) if turns % 2 else (width, height)
    seen_across, seen_down = float(across), float(down)
    if view and min(view) > 0:
        scale = max(view[0] / across, view[1] / down)
        seen_across, seen_down = min(seen_across, view[0] / scale), min(seen_down, view[1] / scale)
    side = max(1, math.floor(GUIDE_SHARE * min(seen_across, seen_down)))
    x, y = (across - side) // 2, (down - side) // 2
    return [
        Region(x, y, side),
        Region(y, height - x - side, side),
        Region(width - x - side, height - y - side, side),
        Region(width - y - side, x, side),
    ][turns]


def reduced(frame: np.ndarray, region: Region, size: int, turns: int = 0) -> np.ndarray:
    """The region of a grey frame, upright, reduced by area averaging in exact integers.

    Args:
        frame: uint8 (height, width).
        region: Lies inside the frame.
        size: Side of the result in pixels.
        turns: Clockwise quarter turns that bring the frame upright.

    Returns:
        uint8 (size, size), halves rounded up.
    """
    pixels = frame[region.y : region.y + region.side, region.x : region.x + region.side]
    area = region.side * region.side
    square = (2 * _sums(_sums(pixels, size).T, size).T + area) // (2 * area)
    return np.rot90(square, -turns).astype(np.uint8)


def _sums(pixels: np.ndarray, size: int) -> np.ndarray:
    """The rows' sums over `size` equal parts of them, int64 (size, width), in units of a size-th of a pixel.

    No matrix product: for pictures of this size its threads cost many times what they compute. No reduceat: it makes
    int64 of all pixels first, 800 MB of the largest pictures.
    """
    rows = len(pixels)
    whole, part = np.divmod(np.arange(size + 1) * rows, size)  # an edge lies `part` size-ths into row `whole`
    sums = size * np.stack([pixels[low:high].sum(axis=0, dtype=np.int64) for low, high in pairwise(whole)])
    beyond = part[:, None] * pixels[np.minimum(whole, rows - 1)].astype(np.int64)
    return np.asarray(sums + beyond[1:] - beyond[:-1])


def drawn(strokes: Sequence[Stroke], size: int, paper: float = PAPER, ink: float = INK) -> np.ndarray:
    """A round pen's strokes on paper, smooth at their edges.

    A pixel is covered by the share `radius + 1/2 - distance`, between 0 and 1, of its centre from the nearest stroke.

    Returns:
        float64 (size, size), not yet rounded, between `ink` and `paper`.
    """
    covered = np.zeros((size, size))
    radius = PEN * size / 2
    reach = radius + 1
    for stroke in strokes:
        points = [(x * size, y * size) for x, y in stroke]
        for (ax, ay), (bx, by) in zip(points, points[1:] or points, strict=False):
            rows = slice(*_span(min(ay, by) - reach, max(ay, by) + reach, size))
            columns = slice(*_span(min(ax, bx) - reach, max(ax, bx) + reach, size))
            x, y = np.arange(size)[None, columns] + 0.5, np.arange(size)[rows, None] + 0.5
            dx, dy = bx - ax, by - ay
            length = dx * dx + dy * dy
            along = np.clip(((x - ax) * dx + (y - ay) * dy) / length, 0, 1) if length > 0 else 0.0
            off_x, off_y = x - (ax + along * dx), y - (ay + along * dy)
            distance = np.sqrt(off_x * off_x + off_y * off_y)
            covered[rows, columns] = np.maximum(covered[rows, columns], np.clip(radius - distance + 0.5, 0, 1))
    return paper + (ink - paper) * covered


def _span(low: float, high: float, size: int) -> tuple[int, int]:
    """The pixels between two places, none outside of the square."""
    return int(min(max(math.floor(low), 0), size)), int(min(max(math.ceil(high), 0), size))


def rounded(values: np.ndarray) -> np.ndarray:
    """uint8, halves rounded up."""
    return np.floor(values + 0.5).astype(np.uint8)


def centred(square: np.ndarray, size: int = 28) -> np.ndarray:
    """The ink of a grey square as the competition has it: white on black, centred by its mass.

    The longer side of the ink's box becomes 20 of 28 pixels, and its mass comes to the middle of pixel 14, counted from
    0, as it does in MNIST. Paper is the median grey; ink is what is furthest from
    it, darker or lighter, faint below a quarter of that distance and full above three quarters. A square without ink
    is black. This is no more than the way in for a competition network: shadows and lines count as ink.

    Args:
        square: uint8 (side, side).
        size: Side of the result in pixels.

    Returns:
        float64 (size, size), not yet rounded, 0 to 255.
    """
    levels = square.astype(np.int64)
    paper = int(np.searchsorted(np.cumsum(np.bincount(square.ravel(), minlength=256)) * 2, square.size))
    below, above = paper - int(levels.min()), int(levels.max()) - paper
    contrast = max(below, above)
    if contrast < FAINTEST_INK:
        return np.zeros((size, size))
    distance = np.maximum(paper - levels if below >= above else levels - paper, 0)
    weight = np.clip(4 * distance - contrast, 0, 2 * contrast)
    rows, columns = np.nonzero(2 * distance >= contrast)
    longest = int(max(rows.max() - rows.min(), columns.max() - columns.min())) + 1
    odd, mass = 2 * np.arange(len(square)) + 1, int(weight.sum())
    step = longest / (size * 20 / 28)
    shares = [
        _shares(int((weight.sum(axis=axis) * odd).sum()) / (2 * mass), step, size, len(square)) for axis in (1, 0)
    ]
    return np.asarray(255 * (shares[0] @ weight @ shares[1].T) / (2 * contrast * step * step))


def _shares(centre: float, step: float, size: int, side: int) -> np.ndarray:
    """(size, side): how much of each pixel falls into each of the result's, which are `step` wide.

    `centre` falls on the middle of the result's pixel size / 2.
    """
    low = centre + (np.arange(size)[:, None] - size / 2 - 0.5) * step
    pixels = np.arange(side)[None]
    return np.maximum(np.minimum(low + step, pixels + 1) - np.maximum(low, pixels), 0)
