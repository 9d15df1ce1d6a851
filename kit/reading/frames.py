"""What lies between a camera or a pen and the network, and between the network and the eye.

The iPhone app (mobile/DigitKit) does the same in Swift, operation by operation; mobile/golden holds the two together.
A frame or a drawing becomes the grey square that a network takes, and the probabilities of frame after frame become
one calm answer: which digit to show, when to show it, when to let go.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kit import KitError

GUIDE_SHARE = 0.6  # the guide box's side, of the shorter side of what the preview shows
PEN = 0.08  # the pen's width, of the pad's side
PAPER, INK = 235, 30  # what a drawing's paper and ink look like to a camera network
CENTRED_SCALE = 4  # a network of centred ink sees the ink found in a square of so many times its size
FAINTEST_INK = 24  # grey levels between paper and ink below which a square counts as empty
HALF_LIFE = 0.15  # seconds after which a frame weighs half
SETTLE = 0.3  # seconds for which a digit must lead before it is shown
RELEASE = 0.75  # of the threshold: below that a shown digit is let go
GAP = 1.0  # seconds without a frame after which nothing before counts

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

    No matrix product: for pictures of this size its threads cost many times what they compute.
    """
    rows = len(pixels)
    whole, part = np.divmod(np.arange(size + 1) * rows, size)  # an edge lies `part` size-ths into row `whole`
    sums = size * np.add.reduceat(pixels, whole[:-1], axis=0, dtype=np.int64)
    sums[np.diff(whole) == 0] = 0  # reduceat gives one row where there is none between two edges
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


@dataclass(frozen=True)
class Reader:
    """A network that is ready to read, and what its contract says of it.

    Attributes:
        name: Of the run or the package.
        labels: What its outputs stand for, in order.
        background: The label of pictures without a digit; None where the network knows none.
        size: Side of the square that it takes, in pixels.
        polarity: "any" or "white on black".
        crop: "box", the guide box as the camera sees it, or "centred", the ink as `centred` makes it.
        threshold: The confidence below which nothing is shown.
        network: uint8 (n, size, size, 1) → probabilities (n, classes).
    """

    name: str
    labels: tuple[str, ...]
    background: str | None
    size: int
    polarity: str
    crop: str
    threshold: float
    network: Callable[[np.ndarray], np.ndarray]

    @property
    def side(self) -> int:
        """Side of the grey square to make of a frame, in pixels."""
        return self.size * CENTRED_SCALE if self.crop == "centred" else self.size

    def seen(self, frame: np.ndarray) -> np.ndarray:
        """What the network gets of a square grey uint8 picture of any size: uint8 (size, size)."""
        return self._seen(reduced(frame, Region(0, 0, len(frame)), self.side))

    def _seen(self, square: np.ndarray) -> np.ndarray:
        return rounded(centred(square, self.size)) if self.crop == "centred" else square

    def read(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 (n, size, size) as `seen` makes them → float32 probabilities (n, classes)."""
        return np.asarray(self.network(pixels[:, :, :, None]), np.float32)

    def read_square(self, square: np.ndarray) -> np.ndarray:
        """float64 probabilities of a grey uint8 square of `side` pixels."""
        return self.read(self._seen(square)[None])[0].astype(np.float64)

    def read_frame(self, frame: np.ndarray) -> np.ndarray:
        """float64 probabilities of a square grey uint8 picture of any size."""
        return self.read(self.seen(frame)[None])[0].astype(np.float64)

    def drawing(self, strokes: Sequence[Stroke]) -> np.ndarray:
        """The drawing as a grey uint8 square of `side` pixels, in the colours that the network knows."""
        if self.polarity == "white on black":
            return rounded(drawn(strokes, self.side, paper=0, ink=255))
        return rounded(drawn(strokes, self.side))

    def verdict(self, probabilities: np.ndarray) -> str | None:
        """The digit to show for one picture by itself; None for background and below the threshold."""
        best = int(probabilities.argmax())
        label = self.labels[best]
        return label if label != self.background and probabilities[best] >= self.threshold else None


@dataclass(frozen=True)
class Decision:
    """What to show after a frame.

    Attributes:
        state: "silent", "candidate" (a digit leads, and not for long enough yet) or "shown".
        label: Of the candidate or the shown digit; None when silent.
        confidence: The shown digit's smoothed probability; 0 otherwise.
        announce: Whether a digit has just been shown that was not before.
        probabilities: All of them, smoothed.
    """

    state: str
    label: str | None
    confidence: float
    announce: bool
    probabilities: tuple[float, ...]


class Decider:
    """Probabilities of frame after frame → one calm answer.

    Probabilities fade exponentially by the time between frames, so the answer does not depend on the frame rate. A
    digit that leads with at least `threshold` for SETTLE seconds is shown; it stays until it falls below RELEASE of the
    threshold, background leads, or another digit has settled in its place. After GAP seconds without a frame all is
    forgotten.
    """

    def __init__(self, labels: Sequence[str], background: str | None, threshold: float) -> None:
        if not labels or not 0 <= threshold <= 1:
            raise KitError(f"threshold {threshold}: give a probability between 0 and 1")
        self._labels = tuple(labels)
        self._background = labels.index(background) if background in labels else None
        self._threshold = threshold
        self._forget()

    def _forget(self) -> None:
        self._smoothed: list[float] = []
        self._time = -math.inf
        self._shown: int | None = None
        self._leader: int | None = None
        self._since = 0.0

    def update(self, probabilities: Sequence[float], time: float) -> Decision:
        """Takes one frame.

        A frame that is older than the one before, or whose probabilities are not finite numbers, one a label, changes
        nothing.

        Args:
            probabilities: One a label, in order.
            time: The frame's, in seconds of any clock.
        """
        whole = len(probabilities) == len(self._labels) and all(map(math.isfinite, probabilities))
        if not whole or not math.isfinite(time) or time < self._time:
            return self._decision(announce=False)
        if time - self._time > GAP:
            self._forget()
        self._smooth(probabilities, time)
        best = self._smoothed.index(max(self._smoothed))
        leads = best != self._background and self._smoothed[best] >= self._threshold
        if not leads or best == self._shown:
            self._leader = None
        elif best != self._leader:
            self._leader, self._since = best, time
        announce = self._leader is not None and time - self._since >= SETTLE
        if announce:
            self._shown, self._leader = self._leader, None
        elif self._shown is not None and (
            best == self._background or self._smoothed[self._shown] < RELEASE * self._threshold
        ):
            self._shown = None
        return self._decision(announce)

    def _smooth(self, probabilities: Sequence[float], time: float) -> None:
        if self._smoothed:
            kept = math.exp2((self._time - time) / HALF_LIFE)
            self._smoothed = [new + kept * (old - new) for old, new in zip(self._smoothed, probabilities, strict=True)]
        else:
            self._smoothed = [float(new) for new in probabilities]
        self._time = time

    def _decision(self, announce: bool) -> Decision:
        smoothed = tuple(self._smoothed)
        if self._shown is not None:
            return Decision("shown", self._labels[self._shown], smoothed[self._shown], announce, smoothed)
        if self._leader is not None:
            return Decision("candidate", self._labels[self._leader], 0.0, announce, smoothed)
        return Decision("silent", None, 0.0, announce, smoothed)
