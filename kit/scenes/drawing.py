"""Digits → what a phone's camera sees of them, and pictures that hold no digit, the eleventh class.

A scene is drawn at the camera network's own 64 × 64 pixels, but from distances: how much of a pixel a stroke covers
follows from how far its middle is from the stroke, which is what averaging an infinitely fine drawing would give. So
ink is smooth at any size and one warp a digit is enough. Everything follows from the seed.
"""

import math
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from functools import partial

import numpy as np

from kit.scenes import handwriting
from kit.scenes.paper import SIZE, Chance, Paper, clipped, photographs
from kit.scenes.proportions import (
    HANDS,
    KINDS,
    NEIGHBOURS,
    PENS,
    SENSOR,
    SHEET,
    STOCK,
    TEXT,
    TEXT_PAGES,
    UNREADABLE,
    WRITING,
)
from kit.scenes.strokes import BOX, GRID, INSIDE, STEP, UNIT, blobs, doodles, glyphs, likeness, text_pages
from kit.task import CAMERA

_CHUNK = 256  # scenes that share a generator
_XY = np.ascontiguousarray(np.moveaxis(np.mgrid[0:SIZE, 0:SIZE][::-1], 0, 2), np.float32)  # (x, y) of each pixel
_STORED = np.arange(256, dtype=np.float32) / UNIT  # the distances that strokes can hold, in points

Forward = tuple[float, float, float, float]  # a, b, c, d: a point (x, y) lies at pixel (ax + by, cx + dy)


@dataclass(frozen=True)
class Pen:
    """What draws.

    Attributes:
        radius: Half its width in pixels of the scene; None for the width that the writer gave the stroke.
        offset: By which that is made wider on each side, in points.
        darkness: Share of the light that its ink takes.
        unevenness: Share of its ink that it leaves out where the grain is one deviation from its mean.
    """

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
        bends: float32 (n, SIZE, SIZE, 2), smooth random displacements with variance 1.
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

    named = np.concatenate([glyphs(), handwriting.letters(STOCK.letters, generator)])
    drawn = doodles(STOCK.doodles, generator)
    named = named[likeness(named, strokes) > STOCK.unlike_digits]
    drawn = drawn[likeness(drawn, strokes) > STOCK.doodles_unlike_digits]
    letters = np.concatenate([named, drawn, blobs(STOCK.blobs, generator)])
    grain = generator.standard_normal((3, 256, 256), np.float32)
    for number, deviation in enumerate(STOCK.grain_blur, 1):
        blurred = cv2.GaussianBlur(grain[number], (0, 0), deviation, borderType=cv2.BORDER_REFLECT)
        grain[number] = blurred / blurred.std()
    coarse = generator.standard_normal((STOCK.bends, STOCK.bend_nodes, STOCK.bend_nodes, 2), np.float32)
    bends = np.stack([cv2.resize(field, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC) for field in coarse])
    pages, small_pages = text_pages(letters, generator)
    by_rule = handwriting.digits(STOCK.digits, generator)
    return Scenery(by_rule, letters, pages, small_pages, photographs(), grain, bends)


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
    background = np.full(len(numbers), CAMERA.background_class, np.uint8)
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
        self.kinds = [*(field.name for field in fields(KINDS)), "unreadable"]
        self.kind_bounds = np.cumsum(astuple(KINDS))

    def digit(self, number: int) -> np.ndarray:
        label = int(self.labels[number])
        by_rule = self.chance(HANDS.by_rule[label])
        strokes = self.pick(self.around.digits[label]) if by_rule else self.national(self.strokes[number], label)
        size = self.size()
        clean, plain = self.chance(SHEET.clean), self.chance(SHEET.plain)
        page = self.page(clean, plain)
        pen = self.pen(size, page, clean, PENS.widest_by_rule if by_rule else PENS.widest)
        overhang = self.uniform(*WRITING.far_overhang) if self.chance(WRITING.overhanging) else WRITING.overhang
        ink = self.write(strokes, size, pen, bend=1.0, overhang=overhang)
        if pen.darkness * float(np.vdot(page, ink)) < PENS.faintest * float(ink.sum()):  # it lies in the dark
            page = np.maximum(page, PENS.faintest / pen.darkness)
        if not clean and not plain:
            ink = self.perhaps_with_neighbours(ink, size, pen)
        return self.photographed(_inked(page, ink, pen), clean, size)

    def background(self) -> np.ndarray:
        kind = self.kinds[int(np.searchsorted(self.kind_bounds, self.generator.random()))]
        if kind == "things":
            return self.photographed(self.paper.things(), clean=False)
        clean, plain = self.chance(SHEET.clean), self.chance(SHEET.plain_background)
        page, size = self.page(clean, plain), self.size()
        pen = self.pen(size, page, clean, PENS.widest)
        if kind == "paper":
            ink = self.neighbours(size, pen) if self.chance(NEIGHBOURS.on_bare_paper) else np.zeros_like(page)
        elif kind == "letter":
            ink = self.letter(size, pen)
            if not clean and not plain:
                ink = self.perhaps_with_neighbours(ink, size, pen)
        elif kind == "text":
            ink = self.text(pen)
        elif kind == "scraps":
            ink = self.neighbours(size, pen)
        else:
            ink = self.specks(pen) if self.chance(UNREADABLE.specks) else self.overwritten(size, pen)
        return self.photographed(_inked(page, ink, pen), clean, max(size, SENSOR.background_size))

    def size(self) -> float:
        """The longer side of a character, in pixels."""
        return self.log_uniform(*WRITING.size)

    def pen(self, size: float, page: np.ndarray, clean: bool, widest: float) -> Pen:
        """One of any width up to that share of a character's size."""
        width = size * self.log_uniform(PENS.thinnest, widest)
        width = max(PENS.least_clean_width if clean else PENS.least_width, width)
        own = self.chance(PENS.writers_own)
        light = float(page[::16, ::16].mean())
        faintest = min(PENS.faintest_cap, PENS.faintest / (light * min(1.0, width)))
        darkness = 1.0 if clean else max(faintest, self.uniform(*PENS.darkness) ** PENS.darkness_power)
        uneven = self.uniform(*PENS.unevenness) if not clean and self.chance(PENS.uneven) else 0.0
        return Pen(None if own else width / 2, self.uniform(*PENS.own_offset), darkness, uneven)

    def write(
        self, strokes: np.ndarray, size: float, pen: Pen, bend: float, overhang: float,
        middle: tuple[float, float] | None = None, stretch: float = 1.0,
    ) -> np.ndarray:  # fmt: skip
        """How much of each pixel a character covers, float32 (SIZE, SIZE).

        Its box may stand out of the frame by `overhang` of its size, unless `middle` says where it is. `bend` and
        `stretch` say how many times a digit's bends and stretch it has.
        """
        import cv2

        scale = size / BOX
        forward = self.slant(scale, stretch)
        at = cv2.transform(_XY, _backward(forward, middle or self.place(strokes, forward, overhang * size)))
        if bend:
            at = cv2.scaleAdd(self.pick(self.around.bends), bend * self.uniform(*WRITING.bend), at)
        channel = 1 if pen.radius is None else 0
        warped = cv2.remap(
            strokes[channel], at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=255
        )
        ink = cv2.LUT(warped, _coverage(pen, scale))
        if pen.unevenness:
            ink *= clipped(1 - np.float32(pen.unevenness) * np.abs(self.paper.grain()))
        return ink

    def slant(self, scale: float, stretch: float) -> Forward:
        """How a character is turned, sheared and stretched, `scale` pixels a point."""
        deviations = WRITING.turn, WRITING.shear, WRITING.stretch * stretch
        angle, shear, wide = self.generator.normal(0, deviations).tolist()
        cosine, sine, wide = scale * math.cos(angle), scale * math.sin(angle), math.exp(wide)
        return cosine * wide, cosine * shear - sine / wide, sine * wide, sine * shear + cosine / wide

    def place(self, strokes: np.ndarray, forward: Forward, overhang: float) -> tuple[float, float]:
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
        """Some 1s with flag and foot, some 7s with a bar; all others as they are."""
        share = {1: HANDS.ones_with_flag, 7: HANDS.sevens_with_bar}.get(label)
        if share is None or not self.chance(share):
            return strokes
        rows = np.flatnonzero((strokes[0] < UNIT).any(axis=1))
        if len(rows) < HANDS.shortest:
            return strokes
        return self.barred(strokes) if label == 7 else self.flagged(strokes, int(rows[0]), int(rows[-1]))

    def barred(self, strokes: np.ndarray) -> np.ndarray:
        """With a bar across the middle, as many a 7 has it."""
        row = GRID // 2 + self.uniform(*HANDS.bar_height)
        column = float(strokes[0][int(row)].argmin())
        left, right = self.uniform(*HANDS.bar_reach), self.uniform(*HANDS.bar_reach)
        slope = self.uniform(*HANDS.bar_slope)
        return _with_line(strokes, (column - left, row + slope * left), (column + right, row - slope * right))

    def flagged(self, strokes: np.ndarray, top: int, foot: int) -> np.ndarray:
        """With a flag from the `top` row and perhaps a line under the `foot`, as many a 1 has them."""
        distance = strokes[0]
        column = float(distance[top].argmin())
        length = self.uniform(*HANDS.flag_length) * (foot - top)
        angle = np.deg2rad(self.uniform(*HANDS.flag_angle))
        strokes = _with_line(strokes, (column, top), (column - length * np.cos(angle), top + length * np.sin(angle)))
        if not self.chance(HANDS.ones_with_foot):
            return strokes
        column = float(distance[foot].argmin())
        left, right = column - self.uniform(*HANDS.foot_reach), column + self.uniform(*HANDS.foot_reach)
        return _with_line(strokes, (left, foot), (right, foot + self.uniform(*HANDS.foot_tilt)))

    def letter(self, size: float, pen: Pen) -> np.ndarray:
        """A letter, a symbol or a doodle, written more freely than digits are."""
        return self.write(
            self.pick(self.around.letters), size, pen, WRITING.letter_bend, WRITING.letter_overhang,
            stretch=WRITING.letter_stretch,
        )  # fmt: skip

    def perhaps_with_neighbours(self, ink: np.ndarray, size: float, pen: Pen) -> np.ndarray:
        return np.maximum(ink, self.neighbours(size, pen)) if self.chance(NEIGHBOURS.around_a_character) else ink

    def neighbours(self, size: float, pen: Pen) -> np.ndarray:
        """Other writing of about that size, most of each character outside the frame."""
        ink = np.zeros((SIZE, SIZE), np.float32)
        for _ in range(self.count(*NEIGHBOURS.number)):
            strokes = self.pick(self.strokes if self.chance(NEIGHBOURS.digits) else self.around.letters)
            own = float(np.clip(size * self.uniform(*NEIGHBOURS.size), *NEIGHBOURS.limits))
            outside = own * self.uniform(*NEIGHBOURS.outside)
            along = self.uniform(0, SIZE)
            side = self.generator.integers(4)
            middle = [(-outside, along), (SIZE - 1 + outside, along), (along, -outside), (along, SIZE - 1 + outside)]
            ink = np.maximum(ink, self.write(strokes, own, pen, bend=1.0, overhang=0, middle=middle[side]))
        return ink

    def text(self, pen: Pen) -> np.ndarray:
        """Lines of writing or print at any size; letters that alone could be a digit only where they are small."""
        import cv2

        small = self.chance(TEXT.small)
        height = self.uniform(*TEXT.small_height) if small else self.log_uniform(*TEXT.height)
        page = self.pick(self.around.small_pages if small else self.around.pages)
        scale = height / TEXT_PAGES.letter_height
        angle = self.generator.normal(0, TEXT.turn)
        a, b = np.cos(angle) / scale, np.sin(angle) / scale
        middle, reach = len(page) / 2, SIZE / scale / 2
        x, y = (self.uniform(min(middle, reach), max(middle, len(page) - reach)) for _ in range(2))
        matrix = np.array([[a, -b, x - (a - b) * SIZE / 2], [b, a, y - (a + b) * SIZE / 2]], np.float32)
        if scale < 0.7:  # the page's own area average first, or the warp would skip its pixels
            page = cv2.GaussianBlur(page, (0, 0), 0.45 / scale)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(page, matrix, (SIZE, SIZE), flags=flags) * np.float32(1 / 255)

    def specks(self, pen: Pen) -> np.ndarray:
        """Digits too small to read."""
        ink = np.zeros((SIZE, SIZE), np.float32)
        for _ in range(self.count(*UNREADABLE.specks_number)):
            strokes, size = self.pick(self.strokes), self.uniform(*UNREADABLE.specks_size)
            ink = np.maximum(ink, self.write(strokes, size, pen, bend=0, overhang=0))
        return ink

    def overwritten(self, size: float, pen: Pen) -> np.ndarray:
        """Digits on top of each other."""
        size = max(size, UNREADABLE.overwritten_smallest)
        middle = self.uniform(*UNREADABLE.overwritten_middle), self.uniform(*UNREADABLE.overwritten_middle)
        ink = np.zeros((SIZE, SIZE), np.float32)
        for _ in range(UNREADABLE.overwritten_layers):
            strokes = self.pick(self.strokes)
            ink = np.maximum(ink, self.write(strokes, size, pen, bend=1.0, overhang=0, middle=middle))
        return ink

    def page(self, clean: bool, plain: bool) -> np.ndarray:
        """Paper with its light, float32 (SIZE, SIZE), 0 to 255; `plain` without lines, edges and other writing."""
        page = self.paper.page(clean, plain)
        if not clean and not plain and self.chance(SHEET.shows_through):
            faint = self.text(Pen(None, 0, 1, 0))
            page *= 1 - np.float32(self.uniform(*SHEET.through_darkness)) * faint
        return np.minimum(page, 255, out=page)  # or too much light would swallow the ink

    def photographed(self, image: np.ndarray, clean: bool, size: float = SIZE) -> np.ndarray:
        """What camera and storage make of it, uint8; `size` of what is written on it, which has to stay readable."""
        if self.chance(SENSOR.light_on_dark):
            image = 255 - image
        image = self.perhaps_coarse(image.astype(np.float32, copy=False), size)
        image = self.scanned(image) if clean else self.exposed(image, size)
        image = np.clip(image, 0, 255).astype(np.uint8)
        if self.chance(SENSOR.compressed):
            image = _compressed(image, self.count(*SENSOR.quality))
        return image

    def perhaps_coarse(self, image: np.ndarray, size: float) -> np.ndarray:
        """A share of the pictures as if from one of fewer pixels."""
        import cv2

        fewest, most = SENSOR.coarse_side
        fewest = max(fewest, int(SIZE * SENSOR.coarse_character / size))
        if fewest > most or not self.chance(SENSOR.coarse):
            return image
        side = self.count(fewest, most)
        image = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        enlarging = int(self.generator.choice((cv2.INTER_LINEAR, cv2.INTER_CUBIC)))
        return cv2.resize(image, (SIZE, SIZE), interpolation=enlarging)

    def scanned(self, image: np.ndarray) -> np.ndarray:
        """As it is, or in black and white."""
        if not self.chance(SENSOR.binarised):
            return image
        return np.where(image > SENSOR.threshold, np.float32(255), np.float32(0))

    def exposed(self, image: np.ndarray, size: float) -> np.ndarray:
        """Through a lens, perhaps out of focus, by a hand that perhaps moves, on a sensor that perhaps is noisy."""
        import cv2

        if self.chance(SENSOR.blurred):
            least, most = SENSOR.blur
            image = cv2.GaussianBlur(image, (0, 0), self.uniform(least, min(most, least + size * SENSOR.blur_by_size)))
        if size > SENSOR.moved_smallest and self.chance(SENSOR.moved):
            image = cv2.filter2D(image, -1, self.motion())
        if self.chance(SENSOR.noisy):
            noise = np.float32(self.uniform(*SENSOR.noise_root) ** 2 * SENSOR.noise_scale)
            image = image + noise * self.paper.grain()
        return image

    def motion(self) -> np.ndarray:
        """The path of a moving hand, float32 (side, side) that add up to 1."""
        import cv2

        middle = math.ceil(SENSOR.movement[1])
        kernel = np.zeros((2 * middle + 1, 2 * middle + 1), np.float32)
        angle, reach = self.uniform(0, np.pi), self.uniform(*SENSOR.movement)
        end = np.rint(middle + reach * np.array([np.cos(angle), np.sin(angle)])).astype(int)
        start = 2 * middle - end
        cv2.line(kernel, [int(v) for v in start], [int(v) for v in end], 1.0)
        return kernel / kernel.sum()


def _inked(page: np.ndarray, ink: np.ndarray, pen: Pen) -> np.ndarray:
    return page * (1 - ink * np.float32(pen.darkness))


def _backward(forward: Forward, middle: tuple[float, float]) -> np.ndarray:
    """From the scene's pixels to a character's points, (2, 3), when its grid's middle lies there in the scene."""
    a, b, c, d = forward
    (x, y), area, half = middle, a * d - b * c, (GRID - 1) / 2
    return np.array(
        [
            [d / area, -b / area, (b * y - d * x) / area + half],
            [-c / area, a / area, (c * x - a * y) / area + half],
        ]
    )


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
