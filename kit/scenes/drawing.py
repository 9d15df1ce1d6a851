"""Digits → what a phone's camera sees of them, and pictures that hold no digit, the eleventh class.

A scene is drawn at the camera network's own pixels, 64 × 64 or another number, but from distances: how much of a pixel
a stroke covers follows from how far its middle is from the stroke, which is what averaging an infinitely fine drawing
would give. So ink is smooth at any size and one warp a digit is enough. Everything follows from the seed.
"""

import math
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from functools import partial

import numpy as np

from kit.scenes import handwriting
from kit.scenes.chance import Chance
from kit.scenes.paper import Paper, photographs
from kit.scenes.proportions import (
    HANDS,
    KINDS,
    NEIGHBOURS,
    PADDING,
    PENS,
    SENSOR,
    SHEET,
    STOCK,
    TEXT,
    TEXT_PAGES,
    TOOLS,
    UNREADABLE,
    WRITING,
)
from kit.scenes.raster import FRAME, clipped
from kit.scenes.silhouettes import silhouettes
from kit.scenes.strokes import BOX, GRID, INSIDE, STEP, UNIT, blobs, doodles, glyphs, likeness, text_pages
from kit.scenes.things import Things
from kit.task import CAMERA

_CHUNK = 256  # scenes that share a generator
_STORED = np.arange(256, dtype=np.float32) / UNIT  # the distances that strokes can hold, in points
_HARD = np.arange(-128, 128, dtype=np.float32)  # the pressures that the scenery can hold, 0 the mean

_PRESSED = 32  # what one deviation of the hand's pressure is in the scenery, where 128 is the mean
_TOOL_SHARES = [tool.share for tool in TOOLS]

Forward = tuple[float, float, float, float]  # a, b, c, d: a point (x, y) lies at (ax + by, cx + dy) of the scene


@dataclass(frozen=True)
class Pen:
    """What draws.

    Attributes:
        radius: Half its width in 64ths of the frame; None for the width that the writer gave the stroke.
        offset: By which that is made wider on each side, in points.
        darkness: Share of the light that its ink takes.
        unevenness: Share of its ink that it leaves out where the grain is one deviation from its mean.
        pressure: Share of its ink by which a stroke is darker or fainter at one deviation of the hand's pressure.
        hollow: Share of its ink that is missing in the middle of a stroke.
    """

    radius: float | None
    offset: float
    darkness: float
    unevenness: float = 0.0
    pressure: float = 0.0
    hollow: float = 0.0


@dataclass(frozen=True)
class Scenery:
    """All that scenes are made of beside the digits; made once a training.

    Attributes:
        digits: uint8 (10, n, 2, GRID, GRID), digits as many countries write them and few of the competition's writers.
        letters: uint8 (n, 2, GRID, GRID), letters, symbols and doodles that look like no digit.
        pages: uint8 (n, 512, 512), coverage of printed and written text, 32 pixels a line, of letters that look like no
            digit; `small_pages` with all letters.
        photographs: Grey pictures of any size, uint8.
        silhouettes: uint8 (n, POINTS, POINTS), things on tables, as `silhouettes` has them.
        grain: float32 (3, 256, 256), noise of three coarsenesses with variance 1.
        bends: float32 (n, size, size, 2), smooth random displacements with variance 1.
        pressures: uint8 (n, size, size), how hard a hand presses: smooth, mean 128, deviation 32.
    """

    digits: np.ndarray
    letters: np.ndarray
    pages: np.ndarray
    small_pages: np.ndarray
    photographs: list[np.ndarray]
    silhouettes: np.ndarray
    grain: np.ndarray
    bends: np.ndarray
    pressures: np.ndarray

    @property
    def size(self) -> int:
        """Pixels of a scene's side."""
        return int(self.bends.shape[1])


def scenery(strokes: np.ndarray, generator: np.random.Generator, size: int = CAMERA.size) -> Scenery:
    """Gathers the scenery of scenes of so many pixels a side; `strokes` are digits that its letters must not look like.

    About 20 s.
    """
    by_rule = handwriting.digits(STOCK.digits, generator)
    models = by_rule[:, : STOCK.models].reshape(-1, *strokes.shape[1:])
    letters = _letters(np.concatenate([strokes, models]), generator)
    grain = generator.standard_normal((3, 256, 256), np.float32)
    for number, deviation in enumerate(STOCK.grain_blur, 1):
        grain[number] = _blurred(grain[number], deviation)
    coarse = generator.standard_normal((STOCK.bends, STOCK.bend_nodes, STOCK.bend_nodes, 2), np.float32)
    bends = np.stack([_enlarged(field, size) for field in coarse])
    coarse = generator.standard_normal((STOCK.bends, PENS.pressure_nodes, PENS.pressure_nodes), np.float32)
    pressures = np.stack([np.clip(128 + _PRESSED * _enlarged(field, size), 0, 255) for field in coarse])
    pages, small_pages = text_pages(letters, generator)
    return Scenery(
        by_rule, letters, pages, small_pages, photographs(), silhouettes(STOCK.silhouettes, generator), grain, bends,
        pressures.astype(np.uint8),
    )  # fmt: skip


def _letters(digits: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """What looks like none of these digits; of the alphabets, what does not look very much like one."""
    named = np.concatenate([glyphs(), handwriting.letters(STOCK.letters, generator)])
    found = []
    for drawn, least in (
        (named, STOCK.unlike_digits),
        (handwriting.alphabets(STOCK.alphabets, generator), STOCK.alphabets_unlike_digits),
        (doodles(STOCK.doodles, generator), STOCK.doodles_unlike_digits),
    ):
        found.append(drawn[likeness(drawn, digits) > least])
    return np.concatenate([*found, blobs(STOCK.blobs, generator)])


def _blurred(field: np.ndarray, deviation: float) -> np.ndarray:
    import cv2

    blurred = cv2.GaussianBlur(field, (0, 0), deviation, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred / blurred.std())


def _enlarged(field: np.ndarray, size: int) -> np.ndarray:
    import cv2

    return np.asarray(cv2.resize(field, (size, size), interpolation=cv2.INTER_CUBIC))


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
        uint8 (n + background, size, size, 1), those of the digits in their order, then the others; their labels, uint8.
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
        self.paper = Paper(generator, around.grain, around.photographs, around.size)
        self.things = Things(generator, self.paper, around.silhouettes)
        self.raster = self.paper.raster
        self.xy = np.dstack([self.raster.x, self.raster.y])
        self.kinds = [*(field.name for field in fields(KINDS)), "unreadable"]
        self.kind_bounds = np.cumsum(astuple(KINDS))

    def digit(self, number: int) -> np.ndarray:
        label = int(self.labels[number])
        by_rule = self.chance(HANDS.by_rule[label])
        strokes = self.pick(self.around.digits[label]) if by_rule else self.national(self.strokes[number], label)
        size, spread = self.framing()
        clean, plain = self.chance(SHEET.clean), self.chance(SHEET.plain)
        page = self.page(clean, plain, size)
        pen = self.pen(size, page, clean, PENS.widest_by_rule if by_rule else PENS.widest)
        far = spread == 1 and self.chance(WRITING.overhanging)
        overhang = self.uniform(*WRITING.far_overhang) if far else WRITING.overhang
        ink = self.write(strokes, size, pen, bend=1.0, overhang=overhang, spread=spread)
        if pen.darkness * float(np.vdot(page, ink)) < PENS.faintest * float(ink.sum()):  # it lies in the dark
            page = np.maximum(page, PENS.faintest / pen.darkness)
        whole = ink if clean or plain else self.perhaps_with_neighbours(ink, size, pen)
        return self.perhaps_padded(self.photographed(_inked(page, whole, pen), clean, size), ink)

    def background(self) -> np.ndarray:
        return self.perhaps_padded(*self.without_digit())

    def without_digit(self) -> tuple[np.ndarray, np.ndarray | None]:
        """A picture, and the ink of its letter, where there is one: bars cut it no more often than a digit."""
        kind = self.kinds[int(np.searchsorted(self.kind_bounds, self.generator.random()))]
        if kind == "things":
            return self.photographed(self.things.scene(), clean=False), None
        clean, plain = self.chance(SHEET.clean), self.chance(SHEET.plain_background)
        size, spread = self.framing()
        page = self.page(clean, plain, size)
        pen = self.pen(size, page, clean, PENS.widest)
        letter = None
        if kind == "paper":
            ink = self.neighbours(size, pen) if self.chance(NEIGHBOURS.on_bare_paper) else np.zeros_like(page)
        elif kind == "letter":
            letter = ink = self.letter(size, pen, spread)
            if not clean and not plain:
                ink = self.perhaps_with_neighbours(ink, size, pen)
        elif kind == "text":
            ink = self.text(pen)
        elif kind == "scraps":
            ink = self.neighbours(size, pen)
        else:
            ink = self.specks(pen) if self.chance(UNREADABLE.specks) else self.overwritten(size, pen)
        return self.photographed(_inked(page, ink, pen), clean, max(size, SENSOR.background_size)), letter

    def framing(self) -> tuple[float, float]:
        """The longer side of a character, in 64ths of the frame, and what share of the room around it it may use."""
        if self.chance(WRITING.framed):
            return self.log_uniform(*WRITING.framed_size), WRITING.framed_spread
        return self.log_uniform(*WRITING.size), 1.0

    def pen(self, size: float, page: np.ndarray, clean: bool, widest: float) -> Pen:
        """One of any width up to that share of a character's size."""
        any_pen = self.chance(PENS.any)
        tool = TOOLS[self.one_of(_TOOL_SHARES)]
        share = self.log_uniform(PENS.thinnest, widest) if any_pen else min(widest, self.log_uniform(*tool.width))
        width = max(PENS.least_clean_width if clean else PENS.least_width, size * share)
        light = float(page[::16, ::16].mean())
        faintest = max(PENS.faintest / (light * min(1.0, width)), PENS.beside_print * self.paper.printed)
        faintest = min(PENS.faintest_cap, faintest)
        if not any_pen:
            darkness = 1.0 if clean else max(faintest, self.uniform(*tool.darkness))
            uneven = self.uniform(*tool.unevenness) if not clean and self.chance(PENS.uneven_tools) else 0.0
            pressure = 0.0 if clean else self.uniform(*tool.pressure)
            return Pen(width / 2, 0.0, darkness, uneven, pressure, self.uniform(*tool.hollow))
        own = self.chance(PENS.writers_own)
        darkness = 1.0 if clean else max(faintest, self.uniform(*PENS.darkness) ** PENS.darkness_power)
        uneven = self.uniform(*PENS.unevenness) if not clean and self.chance(PENS.uneven) else 0.0
        return Pen(None if own else width / 2, self.uniform(*PENS.own_offset), darkness, uneven)

    def write(
        self, strokes: np.ndarray, size: float, pen: Pen, bend: float, overhang: float,
        spread: float = 1.0, middle: tuple[float, float] | None = None, stretch: float = 1.0,
    ) -> np.ndarray:  # fmt: skip
        """How much of each pixel a character covers, float32 (size, size).

        Its box may stand out of the frame by `overhang` of its size, and uses no more than the share `spread` of the
        room, unless `middle` says where it is. `bend` and `stretch` say how many times a digit's bends and stretch it
        has.
        """
        import cv2

        scale = size / BOX
        forward = self.slant(scale, stretch)
        middle = middle or self.place(strokes, forward, overhang * size, spread)
        at = cv2.transform(self.xy, _backward(forward, middle))
        if bend:
            at = cv2.scaleAdd(self.pick(self.around.bends), bend * self.uniform(*WRITING.bend), at)
        channel = 1 if pen.radius is None else 0
        warped = cv2.remap(
            strokes[channel], at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=255
        )
        if not pen.pressure or size < PENS.pressed_smallest:
            ink = cv2.LUT(warped, _coverage(pen, scale, self.raster.pixel))
        else:
            pressed = self.pick(self.around.pressures)
            wider = PENS.wider * UNIT / _PRESSED * (STEP if pen.radius is None else pen.radius / scale) * pen.pressure
            warped = cv2.addWeighted(warped, 1, pressed, -wider, 128 * wider)
            ink = cv2.LUT(warped, _coverage(pen, scale, self.raster.pixel))
            left = 1 + np.float32(pen.pressure / _PRESSED) * _HARD
            ink *= cv2.LUT(pressed, np.minimum(np.maximum(left, PENS.least_pressed), 1))
        if pen.unevenness:
            ink *= clipped(1 - np.float32(pen.unevenness) * np.abs(self.paper.grain()))
        return ink

    def slant(self, scale: float, stretch: float) -> Forward:
        """How a character is turned, sheared and stretched, `scale` 64ths of the frame a point."""
        deviations = WRITING.turn, WRITING.shear, WRITING.stretch * stretch
        angle, shear, wide = self.generator.normal(0, deviations).tolist()
        cosine, sine, wide = scale * math.cos(angle), scale * math.sin(angle), math.exp(wide)
        return cosine * wide, cosine * shear - sine / wide, sine * wide, sine * shear + cosine / wide

    def place(self, strokes: np.ndarray, forward: Forward, overhang: float, spread: float) -> tuple[float, float]:
        """Somewhere in the frame, within the share `spread` of it; a character larger than it in its middle."""
        import cv2

        a, b, c, d = forward
        left, top, width, height = cv2.boundingRect((strokes[0] < 1.5 * UNIT).view(np.uint8))
        across, down = left + (width - GRID) / 2, top + (height - GRID) / 2
        wide, high = abs(a) * width + abs(b) * height, abs(c) * width + abs(d) * height
        x = (FRAME - 1) / 2 - a * across - b * down + (FRAME - wide + 2 * overhang) * spread * self.uniform(-0.5, 0.5)
        y = (FRAME - 1) / 2 - c * across - d * down + (FRAME - high + 2 * overhang) * spread * self.uniform(-0.5, 0.5)
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

    def letter(self, size: float, pen: Pen, spread: float) -> np.ndarray:
        """A letter, a symbol or a doodle, written more freely than digits are."""
        return self.write(
            self.pick(self.around.letters), size, pen, WRITING.letter_bend, WRITING.letter_overhang,
            spread, stretch=WRITING.letter_stretch,
        )  # fmt: skip

    def perhaps_with_neighbours(self, ink: np.ndarray, size: float, pen: Pen) -> np.ndarray:
        """A character with other writing around it, or a line drawn below it, or as it is."""
        if self.chance(NEIGHBOURS.underlined):
            ink = np.maximum(ink, self.line_below(ink, size, pen))
        return np.maximum(ink, self.neighbours(size, pen)) if self.chance(NEIGHBOURS.around_a_character) else ink

    def line_below(self, ink: np.ndarray, size: float, pen: Pen) -> np.ndarray:
        """A line that the same pen draws below a character, about straight."""
        left, top, wide, high = _box(ink)
        pixel, width = self.raster.pixel, size * NEIGHBOURS.line_width if pen.radius is None else 2 * pen.radius
        beside = self.raster.x - np.float32((left + wide / 2) * pixel)
        foot = (top + high) * pixel + width / 2 + size * self.uniform(*NEIGHBOURS.line_below)
        slope = np.float32(self.generator.normal(0, NEIGHBOURS.line_slope))
        line = self.raster.coverage(np.abs(self.raster.y - np.float32(foot) - slope * beside), width)
        return line * (np.abs(beside) < size * self.uniform(*NEIGHBOURS.line_reach))

    def neighbours(self, size: float, pen: Pen) -> np.ndarray:
        """Other writing of about that size, most of each character outside the frame."""
        ink, pen = np.zeros_like(self.raster.x), Pen(pen.radius, pen.offset, pen.darkness)  # cut off, it may be plain
        for _ in range(self.count(*NEIGHBOURS.number)):
            strokes = self.pick(self.strokes if self.chance(NEIGHBOURS.digits) else self.around.letters)
            smallest, largest = NEIGHBOURS.limits
            own = min(largest, max(smallest, size * self.uniform(*NEIGHBOURS.size)))
            outside = own * self.uniform(*NEIGHBOURS.outside)
            along = self.uniform(0, FRAME)
            side, far = self.generator.integers(4), FRAME - 1 + outside
            middle = [(-outside, along), (far, along), (along, -outside), (along, far)]
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
        middle, reach, pixel = len(page) / 2, FRAME / scale / 2, self.raster.pixel
        x, y = (self.uniform(min(middle, reach), max(middle, len(page) - reach)) for _ in range(2))
        matrix = np.array(
            [[a * pixel, -b * pixel, x - (a - b) * FRAME / 2], [b * pixel, a * pixel, y - (a + b) * FRAME / 2]],
            np.float32,
        )
        if scale < 0.7 * pixel:  # the page's own area average first, or the warp would skip its pixels
            page = cv2.GaussianBlur(page, (0, 0), 0.45 * pixel / scale)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(page, matrix, self.raster.x.shape, flags=flags) * np.float32(1 / 255)

    def specks(self, pen: Pen) -> np.ndarray:
        """Digits too small to read."""
        ink = np.zeros_like(self.raster.x)
        for _ in range(self.count(*UNREADABLE.specks_number)):
            strokes, size = self.pick(self.strokes), self.uniform(*UNREADABLE.specks_size)
            ink = np.maximum(ink, self.write(strokes, size, pen, bend=0, overhang=0))
        return ink

    def overwritten(self, size: float, pen: Pen) -> np.ndarray:
        """Digits on top of each other."""
        size = max(size, UNREADABLE.overwritten_smallest)
        middle = self.uniform(*UNREADABLE.overwritten_middle), self.uniform(*UNREADABLE.overwritten_middle)
        ink = np.zeros_like(self.raster.x)
        for _ in range(UNREADABLE.overwritten_layers):
            strokes = self.pick(self.strokes)
            ink = np.maximum(ink, self.write(strokes, size, pen, bend=1.0, overhang=0, middle=middle))
        return ink

    def page(self, clean: bool, plain: bool, size: float) -> np.ndarray:
        """Paper with its light, float32 (size, size), 0 to 255; `plain` without lines, edges and other writing."""
        page = self.paper.page(clean, plain, size)
        if not clean and not plain and self.chance(SHEET.shows_through):
            faint = self.text(Pen(None, 0, 1))
            page *= 1 - np.float32(self.uniform(*SHEET.through_darkness)) * faint
        return np.minimum(page, 255, out=page)  # or too much light would swallow the ink

    def photographed(self, image: np.ndarray, clean: bool, size: float = FRAME) -> np.ndarray:
        """What camera and storage make of it, uint8; `size` of what is written on it, which has to stay readable."""
        if self.chance(SENSOR.light_on_dark):
            image = 255 - image
        image = self.perhaps_coarse(image.astype(np.float32, copy=False), size)
        image = self.scanned(image) if clean else self.exposed(image, size)
        np.maximum(image, 0, out=image)
        image = np.minimum(image, 255, out=image).astype(np.uint8)
        if self.chance(SENSOR.compressed):
            image = _compressed(image, self.count(*SENSOR.quality))
        return image

    def perhaps_coarse(self, image: np.ndarray, size: float) -> np.ndarray:
        """A share of the pictures as if from one of fewer pixels."""
        import cv2

        fewest, most = (int(side / self.raster.pixel) for side in SENSOR.coarse_side)
        fewest = max(fewest, int(FRAME * SENSOR.coarse_character / size))
        if fewest > most or not self.chance(SENSOR.coarse):
            return image
        side = self.count(fewest, most)
        image = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        enlarging = int(self.generator.choice((cv2.INTER_LINEAR, cv2.INTER_CUBIC)))
        return cv2.resize(image, self.raster.x.shape, interpolation=enlarging)

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
            deviation = self.uniform(least, min(most, least + size * SENSOR.blur_by_size)) / self.raster.pixel
            image = cv2.GaussianBlur(image, (0, 0), deviation)
        if size > SENSOR.moved_smallest and self.chance(SENSOR.moved):
            image = cv2.filter2D(image, -1, self.motion())
        if self.chance(SENSOR.noisy):
            noise = np.float32(self.uniform(*SENSOR.noise_root) ** 2 * SENSOR.noise_scale)
            image = image + noise * self.paper.grain()
        return image

    def motion(self) -> np.ndarray:
        """The path of a moving hand, float32 (side, side) that add up to 1."""
        import cv2

        pixel = self.raster.pixel
        middle = math.ceil(SENSOR.movement[1] / pixel)
        kernel = np.zeros((2 * middle + 1, 2 * middle + 1), np.float32)
        angle, reach = self.uniform(0, np.pi), self.uniform(*SENSOR.movement) / pixel
        end = np.rint(middle + reach * np.array([np.cos(angle), np.sin(angle)])).astype(int)
        start = 2 * middle - end
        cv2.line(kernel, [int(v) for v in start], [int(v) for v in end], 1.0)
        return kernel / kernel.sum()

    def perhaps_padded(self, image: np.ndarray, ink: np.ndarray | None) -> np.ndarray:
        """A share of the pictures as if they had not been square, on a square in the median grey of their border.

        Args:
            image: uint8 (size, size), changed in place.
            ink: What has to stay seen; None for nothing.
        """
        if not self.chance(PADDING.share):
            return image
        upright = self.chance(PADDING.upright)
        bar = int(self.uniform(*PADDING.bar) / self.raster.pixel)
        if ink is not None:
            bar = min(bar, _margins(ink)[0 if upright else 1])
        if bar < 1:
            return image
        turned = image if upright else image.T
        inner = turned[:, bar:-bar]
        border = np.concatenate([inner[0], inner[-1], inner[:, 0], inner[:, -1]])
        turned[:, :bar] = turned[:, -bar:] = np.partition(border, len(border) // 2)[len(border) // 2]
        return image


def _inked(page: np.ndarray, ink: np.ndarray, pen: Pen) -> np.ndarray:
    return page * (1 - ink * np.float32(pen.darkness))


def _margins(ink: np.ndarray) -> tuple[int, int]:
    """Pixels without ink at the left and right, whichever are fewer; the same of those above and below."""
    left, top, width, height = _box(ink)
    clear, side = int(PADDING.clear), len(ink)
    return min(left, side - left - width) - clear, min(top, side - top - height) - clear


def _box(ink: np.ndarray) -> tuple[int, int, int, int]:
    """Where the ink is, in pixels: from the left, from the top, its width and height."""
    import cv2

    left, top, width, height = cv2.boundingRect((ink > PADDING.trace).view(np.uint8))
    return left, top, width, height


def _backward(forward: Forward, middle: tuple[float, float]) -> np.ndarray:
    """From places in the scene to a character's points, (2, 3), when its grid's middle lies there in the scene."""
    a, b, c, d = forward
    (x, y), area, half = middle, a * d - b * c, (GRID - 1) / 2
    return np.array(
        [
            [d / area, -b / area, (b * y - d * x) / area + half],
            [-c / area, a / area, (c * x - a * y) / area + half],
        ]
    )


def _coverage(pen: Pen, scale: float, pixel: float) -> np.ndarray:
    """How much of a pixel is ink, for each distance that strokes can hold; float32 (256,).

    Args:
        pen: What draws.
        scale: 64ths of the frame a point.
        pixel: A pixel's side in them.
    """
    if pen.radius is None:
        return clipped(0.5 - (_STORED - np.float32(INSIDE + pen.offset)) * np.float32(scale / pixel))
    distance, radius = _STORED * np.float32(scale / pixel), pen.radius / pixel
    covered = clipped(np.float32(radius + 0.5) - distance) - clipped(np.float32(0.5 - radius) - distance)
    if pen.hollow:
        covered *= 1 - np.float32(pen.hollow) * clipped(1 - distance / np.float32(radius))
    return covered


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
