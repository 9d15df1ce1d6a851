"""Digits → what a phone's camera sees of them, and pictures that hold no digit, the eleventh class.

A scene is drawn at the camera network's own 64 × 64 pixels, but from distances: how much of a pixel a stroke covers
follows from how far its middle is from the stroke, which is what averaging an infinitely fine drawing would give. So
ink is smooth at any size and one warp a digit is enough. Everything follows from the seed.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from kit.scenes import handwriting
from kit.scenes.paper import SIZE, Chance, Paper, clipped, photographs
from kit.scenes.strokes import BOX, GRID, INSIDE, STEP, UNIT, blobs, doodles, glyphs, likeness, text_pages

BACKGROUND = 10
SMALLEST, LARGEST = 8.5, 72.0  # pixels of the longer side of a digit
_WIDEST = 0.19  # of a character's size: a wider pen fills rings with ink
LIGHT_ON_DARK = 0.14  # share of all scenes
_KINDS = np.cumsum([0.08, 0.57, 0.09, 0.15, 0.07])  # paper, a letter, text, things, parts of writing; specks
_BY_HAND = (0.1, 0.15, 0.15, 0.15, 0.3, 0.15, 0.15, 0.3, 0.2, 0.25)  # share of each digit that is drawn by rule
_NATIONAL = {1: 0.3, 7: 0.35}  # share of the others that get a flag, a foot or a bar
_FAINTEST = 26  # grey levels between a digit and its paper
_CHUNK = 256  # scenes that share a generator
_XY = np.ascontiguousarray(np.moveaxis(np.mgrid[0:SIZE, 0:SIZE][::-1], 0, 2), np.float32)  # (x, y) of each pixel
_STORED = np.arange(256, dtype=np.float32) / UNIT  # the distances that strokes can hold, in points


@dataclass(frozen=True)
class Pen:
    """What draws: half its width in pixels of the scene (None: the writer's own), how dark, how uneven, how soft."""

    radius: float | None
    offset: float
    darkness: float
    unevenness: float


@dataclass(frozen=True)
class Scenery:
    """All that scenes are made of beside the digits; made once a training.

    Attributes:
        digits: uint8 (10, n, 2, GRID, GRID), digits as many countries write them and few of the competition's writers.
        letters: uint8 (n, 2, GRID, GRID), letters, symbols and doodles that look like no digit.
        pages: uint8 (n, 512, 512), coverage of printed and written text, 32 pixels a line, of letters that look like no
            digit; `small_pages` with all letters.
        photographs: Grey pictures of any size, uint8.
        grain: float32 (3, 256, 256), noise of three coarsenesses with variance 1.
        bends: float32 (256, SIZE, SIZE, 2), smooth random displacements with variance 1.
    """

    digits: np.ndarray
    letters: np.ndarray
    pages: np.ndarray
    small_pages: np.ndarray
    photographs: list[np.ndarray]
    grain: np.ndarray
    bends: np.ndarray


def scenery(strokes: np.ndarray, generator: np.random.Generator) -> Scenery:
    """Gathers the scenery; `strokes` are the digits that its letters must not look like. About 10 s."""
    import cv2

    named = np.concatenate([glyphs(), handwriting.letters(40, generator)])
    drawn = doodles(2500, generator)
    kept = named[likeness(named, strokes) > 1.0], drawn[likeness(drawn, strokes) > 1.4], blobs(350, generator)
    letters = np.concatenate(kept)
    grain = generator.standard_normal((3, 256, 256), np.float32)
    for number, deviation in ((1, 0.7), (2, 1.3)):
        blurred = cv2.GaussianBlur(grain[number], (0, 0), deviation, borderType=cv2.BORDER_REFLECT)
        grain[number] = blurred / blurred.std()
    coarse = generator.standard_normal((256, 5, 5, 2), np.float32)
    bends = np.stack([cv2.resize(field, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC) for field in coarse])
    pages, small_pages = text_pages(letters, generator)
    return Scenery(handwriting.digits(120, generator), letters, pages, small_pages, photographs(), grain, bends)


def scenes(
    strokes: np.ndarray, labels: np.ndarray, background: int, around: Scenery, seed: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Draws a scene of every digit, and some without a digit.

    Args:
        strokes: uint8 (n, 2, GRID, GRID), as `trace` has them.
        labels: (n,) 0 to 9.
        background: How many scenes without a digit.
        around: The scenery.
        seed: What every random choice follows from.

    Returns:
        uint8 (n + background, 64, 64, 1), those of the digits in their order, then the others; their labels, uint8.
    """
    images, drawn = zip(*[part() for part in drawing(strokes, labels, background, around, seed)], strict=True)
    return np.concatenate(images), np.concatenate(drawn)


def drawing(
    strokes: np.ndarray, labels: np.ndarray, background: int, around: Scenery, seed: list[int]
) -> list[Callable[[], tuple[np.ndarray, np.ndarray]]]:
    """The same in parts that follow from the seed and not from each other; each is called for its scenes and labels."""
    total = len(strokes) + background
    return [
        partial(_part, strokes, labels, range(start, min(start + _CHUNK, total)), around, [*seed, chunk])
        for chunk, start in enumerate(range(0, total, _CHUNK))
    ]


def _part(
    strokes: np.ndarray, labels: np.ndarray, numbers: range, around: Scenery, seed: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    import cv2

    cv2.setNumThreads(1)
    draw = _Draw(np.random.default_rng(seed), around, strokes, labels)
    images = [draw.digit(number) if number < len(strokes) else draw.background() for number in numbers]
    background = np.full(len(numbers), BACKGROUND, np.uint8)
    own = labels[numbers.start : numbers.stop].astype(np.uint8)
    background[: len(own)] = own
    return np.stack(images)[..., None], background


class _Draw(Chance):
    """Draws one scene after the other from one generator."""

    def __init__(
        self, generator: np.random.Generator, around: Scenery, strokes: np.ndarray, labels: np.ndarray
    ) -> None:
        super().__init__(generator)
        self.around, self.strokes, self.labels = around, strokes, labels
        self.paper = Paper(generator, around.grain, around.photographs)

    def digit(self, number: int) -> np.ndarray:
        label = int(self.labels[number])
        by_hand = self.chance(_BY_HAND[label])
        strokes = self.pick(self.around.digits[label]) if by_hand else self.national(self.strokes[number], label)
        size = self.size()
        clean, plain = self.chance(0.1), self.chance(0.5)
        page = self.page(clean, plain)
        pen = self.pen(size, page, clean, 0.14 if by_hand else _WIDEST)
        ink = self.write(strokes, size, pen, bend=1.0, overhang=self.uniform(0, 0.3) if self.chance(0.35) else 0.02)
        if pen.darkness * float(np.vdot(page, ink)) < _FAINTEST * float(ink.sum()):  # it lies in the dark
            page = np.maximum(page, _FAINTEST / pen.darkness)
        if not clean and not plain and self.chance(0.35):
            ink = np.maximum(ink, self.neighbours(size, pen))
        return self.photographed(page * (1 - ink * np.float32(pen.darkness)), clean, size)

    def background(self) -> np.ndarray:
        kind = int(np.searchsorted(_KINDS, self.generator.random()))
        if kind == 3:
            return self.photographed(self.paper.things(), clean=False)
        clean, plain = self.chance(0.1), self.chance(0.4)
        page, size = self.page(clean, plain), self.size()
        pen = self.pen(size, page, clean)
        if kind == 0:  # paper
            ink = self.neighbours(size, pen) if self.chance(0.2) else np.zeros_like(page)
        elif kind == 1:  # a letter, a symbol, a doodle
            ink = self.write(self.pick(self.around.letters), size, pen, bend=2.0, overhang=0.1, loose=2.0)
            if not clean and not plain and self.chance(0.35):
                ink = np.maximum(ink, self.neighbours(size, pen))
        elif kind == 2:
            ink = self.text(pen)
        elif kind == 4:  # only parts of writing
            ink = self.neighbours(size, pen)
        else:  # too small to read, or written over
            ink = self.specks(pen) if self.chance(0.5) else self.overwritten(size, pen)
        return self.photographed(page * (1 - ink * np.float32(pen.darkness)), clean, max(size, 12))

    def size(self) -> float:
        """The longer side of a character, in pixels."""
        return float(np.exp(self.uniform(np.log(SMALLEST), np.log(LARGEST))))

    def pen(self, size: float, page: np.ndarray, clean: bool, widest: float = _WIDEST) -> Pen:
        """One of any width up to that share of a character's size."""
        width = max(1.2 if clean else 0.6, size * float(np.exp(self.uniform(np.log(0.025), np.log(widest)))))
        own = self.chance(0.4)
        light = float(page[::16, ::16].mean())
        faintest = min(0.9, _FAINTEST / (light * min(1.0, width)))
        darkness = 1.0 if clean else max(faintest, self.uniform(0.15, 1.0) ** 0.7)
        uneven = self.uniform(0, 0.5) if not clean and self.chance(0.1) else 0.0
        return Pen(None if own else width / 2, self.uniform(-0.6, 0.8), darkness, uneven)

    def write(
        self, strokes: np.ndarray, size: float, pen: Pen, bend: float, overhang: float,
        middle: tuple[float, float] | None = None, loose: float = 1.0,
    ) -> np.ndarray:  # fmt: skip
        """How much of each pixel a character covers, float32 (SIZE, SIZE).

        Its box may stand out of the frame by `overhang` of its size, unless `middle` says where it is.
        """
        import cv2

        generator = self.generator
        scale = size / BOX
        angle, shear, stretch = generator.normal(0, (0.12, 0.12, 0.1 * loose)).tolist()
        cosine, sine, stretch = scale * math.cos(angle), scale * math.sin(angle), math.exp(stretch)
        a, b = cosine * stretch, cosine * shear - sine / stretch
        c, d = sine * stretch, sine * shear + cosine / stretch
        x, y = middle or self.place(strokes, (a, b, c, d), overhang * size)
        area, half = a * d - b * c, (GRID - 1) / 2
        back = np.array(
            [
                [d / area, -b / area, (b * y - d * x) / area + half],
                [-c / area, a / area, (c * x - a * y) / area + half],
            ]
        )
        at = cv2.transform(_XY, back)
        if bend:
            at = cv2.scaleAdd(self.pick(self.around.bends), bend * self.uniform(0, 1.3), at)
        channel = 1 if pen.radius is None else 0
        warped = cv2.remap(
            strokes[channel], at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=255
        )
        ink = cv2.LUT(warped, _coverage(pen, scale))
        if pen.unevenness:
            ink *= clipped(1 - np.float32(pen.unevenness) * np.abs(self.paper.grain()))
        return ink

    def place(
        self, strokes: np.ndarray, forward: tuple[float, float, float, float], overhang: float
    ) -> tuple[float, float]:
        """Somewhere in the frame; a character larger than it in its middle."""
        import cv2

        a, b, c, d = forward
        left, top, width, height = cv2.boundingRect((strokes[0] < 1.5 * UNIT).view(np.uint8))
        across, down = left + (width - GRID) / 2, top + (height - GRID) / 2
        wide, high = abs(a) * width + abs(b) * height, abs(c) * width + abs(d) * height
        x = (SIZE - 1) / 2 - a * across - b * down + (SIZE - wide + 2 * overhang) * self.uniform(-0.5, 0.5)
        y = (SIZE - 1) / 2 - c * across - d * down + (SIZE - high + 2 * overhang) * self.uniform(-0.5, 0.5)
        return x, y

    def national(self, strokes: np.ndarray, label: int) -> np.ndarray:
        """A 1 with flag and foot, a 7 with a bar."""
        if label not in _NATIONAL or not self.chance(_NATIONAL[label]):
            return strokes
        distance = strokes[0]
        rows = np.flatnonzero((distance < UNIT).any(axis=1))
        if len(rows) < 8:
            return strokes
        if label == 7:
            row = GRID // 2 + self.uniform(-3, 5)
            column = float(distance[int(row)].argmin())
            left, right, slope = self.uniform(3, 8), self.uniform(3, 8), self.uniform(-0.3, 0.3)
            return _with_line(strokes, (column - left, row + slope * left), (column + right, row - slope * right))
        top, foot = float(rows[0]), float(rows[-1])
        column = float(distance[rows[0]].argmin())
        length, angle = self.uniform(0.12, 0.42) * (foot - top), np.deg2rad(self.uniform(28, 70))  # flatter is a 7
        flagged = (column - length * np.cos(angle), top + length * np.sin(angle))
        strokes = _with_line(strokes, (column, top), flagged)
        if self.chance(0.4):
            column = float(distance[rows[-1]].argmin())
            strokes = _with_line(
                strokes, (column - self.uniform(3, 9), foot), (column + self.uniform(3, 9), foot + self.uniform(-2, 2))
            )
        return strokes

    def neighbours(self, size: float, pen: Pen) -> np.ndarray:
        """Other writing of about that size, most of each character outside the frame."""
        ink = np.zeros((SIZE, SIZE), np.float32)
        for _ in range(self.generator.integers(1, 4)):
            digit = self.chance(0.5)
            strokes = self.pick(self.strokes if digit else self.around.letters)
            own = float(np.clip(size * self.uniform(0.6, 1.4), 8, 50))
            outside = own * self.uniform(0.12, 0.45)  # from the frame's edge to its middle
            along = self.uniform(0, SIZE)
            side = self.generator.integers(4)
            middle = [(-outside, along), (SIZE - 1 + outside, along), (along, -outside), (along, SIZE - 1 + outside)]
            ink = np.maximum(ink, self.write(strokes, own, pen, bend=1.0, overhang=0, middle=middle[side]))
        return ink

    def text(self, pen: Pen) -> np.ndarray:
        """Lines of writing or print at any size; letters that alone could be a digit only where they are small."""
        import cv2

        small = self.chance(0.5)
        height = self.uniform(3, 14) if small else float(np.exp(self.uniform(np.log(8), np.log(56))))
        page = self.pick(self.around.small_pages if small else self.around.pages)
        scale = height / 22  # of a letter on the page
        angle = self.generator.normal(0, 0.12)
        a, b = np.cos(angle) / scale, np.sin(angle) / scale
        reach = SIZE / scale / 2
        x, y = (self.uniform(min(256, reach), max(256, 512 - reach)) for _ in range(2))
        matrix = np.array([[a, -b, x - (a - b) * SIZE / 2], [b, a, y - (a + b) * SIZE / 2]], np.float32)
        if scale < 0.7:  # the page's own area average first, or the warp would skip its pixels
            page = cv2.GaussianBlur(page, (0, 0), 0.45 / scale)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(page, matrix, (SIZE, SIZE), flags=flags) * np.float32(1 / 255)

    def specks(self, pen: Pen) -> np.ndarray:
        ink = np.zeros((SIZE, SIZE), np.float32)
        for _ in range(self.generator.integers(1, 5)):
            strokes = self.pick(self.strokes)
            ink = np.maximum(ink, self.write(strokes, self.uniform(1.5, 4.5), pen, bend=0, overhang=0))
        return ink

    def overwritten(self, size: float, pen: Pen) -> np.ndarray:
        """Three digits on one place."""
        size = max(size, 12)
        middle = self.uniform(16, 48), self.uniform(16, 48)
        ink = [self.write(self.pick(self.strokes), size, pen, bend=1.0, overhang=0, middle=middle) for _ in range(3)]
        return np.maximum(np.maximum(ink[0], ink[1]), ink[2])

    def page(self, clean: bool, plain: bool) -> np.ndarray:
        """Paper with its light, float32 (SIZE, SIZE), 0 to 255; `plain` without lines, edges and other writing."""
        page = self.paper.page(clean, plain)
        if not clean and not plain and self.chance(0.1):  # writing from the other side
            faint = self.text(Pen(None, 0, 1, 0))
            page *= 1 - np.float32(self.uniform(0.03, 0.15)) * faint
        return np.minimum(page, 255, out=page)  # or too much light would swallow the ink

    def photographed(self, image: np.ndarray, clean: bool, size: float = SIZE) -> np.ndarray:
        """What camera and storage make of it, uint8."""
        import cv2

        generator = self.generator
        if self.chance(LIGHT_ON_DARK):
            image = 255 - image
        image = image.astype(np.float32, copy=False)
        fewest = max(24, int(SIZE * 13 / size))
        if fewest < 56 and self.chance(0.2):  # from a picture of fewer pixels
            side = int(generator.integers(fewest, 56))
            image = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
            image = cv2.resize(
                image, (SIZE, SIZE), interpolation=int(generator.choice((cv2.INTER_LINEAR, cv2.INTER_CUBIC)))
            )
        if clean:
            if self.chance(0.5):
                image = np.where(image > 127, np.float32(255), np.float32(0))
        else:
            if self.chance(0.5):
                image = cv2.GaussianBlur(image, (0, 0), self.uniform(0.3, min(1.8, 0.3 + size / 32)))
            if size > 20 and self.chance(0.12):
                image = cv2.filter2D(image, -1, self.motion())
            if self.chance(0.6):
                image = image + np.float32(self.uniform(0.5, 2.4) ** 2 * 0.8) * self.paper.grain()
        image = np.clip(image, 0, 255).astype(np.uint8)
        if self.chance(0.25):
            image = _compressed(image, int(generator.integers(20, 90)))
        return image

    def motion(self) -> np.ndarray:
        import cv2

        kernel = np.zeros((7, 7), np.float32)
        angle, reach = self.uniform(0, np.pi), self.uniform(1, 3)
        end = np.rint(3 + reach * np.array([np.cos(angle), np.sin(angle)])).astype(int)
        start = 6 - end
        cv2.line(kernel, [int(v) for v in start], [int(v) for v in end], 1.0)
        return kernel / kernel.sum()


def _coverage(pen: Pen, scale: float) -> np.ndarray:
    """How much of a pixel is ink, for each distance that strokes can hold; float32 (256,)."""
    if pen.radius is None:
        return clipped(0.5 - (_STORED - np.float32(INSIDE + pen.offset)) * np.float32(scale))
    distance = _STORED * np.float32(scale)
    return clipped(np.float32(pen.radius + 0.5) - distance) - clipped(np.float32(0.5 - pen.radius) - distance)


def _compressed(image: np.ndarray, quality: int) -> np.ndarray:
    import cv2

    written = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(written, cv2.IMREAD_GRAYSCALE))


def _with_line(strokes: np.ndarray, start: tuple[float, float], end: tuple[float, float]) -> np.ndarray:
    """The strokes and a straight one from start to end (x, y), in points."""
    y, x = np.mgrid[0:GRID, 0:GRID].astype(np.float32)
    (x0, y0), (x1, y1) = start, end
    share = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / max((x1 - x0) ** 2 + (y1 - y0) ** 2, 1e-6)
    share = np.clip(share, 0, 1)
    distance = np.hypot(x - x0 - share * (x1 - x0), y - y0 - share * (y1 - y0))
    line = np.stack([distance * UNIT, (distance - STEP + INSIDE) * UNIT])
    return np.minimum(strokes, np.clip(line, 0, 255).astype(np.uint8))
