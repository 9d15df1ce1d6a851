"""Written characters as distances, so that any pen can draw them again at any size.

A picture of 28 × 28 pixels holds a digit as one pen left it. Here it becomes two distances at every point of a grid: to
the middle line of the stroke, along which a pen of any width can be led anew, and to the stroke's own outline. Letters
and symbols of fonts, and lines that nobody would read as a digit, come in the same form.
"""

import functools
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from kit import plots
from kit.scenes.proportions import BLOBS, DOODLES, TEXT_PAGES

GRID = 48  # points a side; they span 32 pixels of the 28 × 28 pictures, two of them beyond each edge
STEP = 1.5  # points a pixel
BOX = 20 * STEP  # the longer side of a digit's bounding box, in points
UNIT = 16  # distances are stored in sixteenths of a point
INSIDE = 4  # points by which the outline's distance is raised, because inside the stroke it is negative
_CHUNK = 256

# Left out by hand: what a person, in some hand, would read as a digit. What merely looks like one of the competition's
# digits is found by `likeness`.
_AMBIGUOUS = set(
    "OoQDlI|!SsZzBbqgGyYPpJTtfi?&$%§/\\()[]{}j,.'`;:°∞∂δθΘσρτβεζξϵϑϱςοιΟΙΒΖΡΤΕΣΔЗзЭэЄєБбВвЬьЪъЫыЧчУуОоРрТтІіЅѕЈј∫∮øØ"
)
_RANGES = ((0x41, 0x5B), (0x61, 0x7B), (0x23, 0x41), (0x391, 0x3CA), (0x410, 0x450), (0x531, 0x588), (0x5D0, 0x5EB),
           (0x621, 0x64B), (0x10D0, 0x10F6), (0x2190, 0x21B0), (0x2200, 0x22A0), (0x2D30, 0x2D66), (0x1401, 0x1500),
           (0x25A0, 0x25D0), (0x2701, 0x2768), (0xE81, 0xEC5), (0x13A0, 0x13F5))  # fmt: skip
_FREQUENT = (
    "acdehkmnruvwxACEFHKLMNRUVWX" + "αγηλμνπφχψωΓΔΛΠΦΨΩ" + "+×÷=-±<>*#√≈≠" + "+×+πφλαij"
)  # what people write most
_FONTS = (
    "DejaVuSans",
    "DejaVuSans-Oblique",
    "DejaVuSansMono",
    "DejaVuSerif-Italic",
    "STIXGeneral",
    "STIXGeneralItalic",
)


def trace(images: np.ndarray) -> np.ndarray:
    """Finds the strokes of pictures.

    Args:
        images: uint8 (n, 28, 28) or (n, 28, 28, 1), white ink on black, a character in a box of 20 × 20.

    Returns:
        uint8 (n, 2, GRID, GRID): sixteenths of a grid point to the middle line, up to 16 points, and to the outline,
        from 4 inside to 12 outside. About 0.3 ms a picture.
    """
    import cv2

    cv2.setNumThreads(1)
    found = np.empty((len(images), 2, GRID, GRID), np.uint8)
    for number, image in enumerate(images.reshape(len(images), 28, 28)):
        large = cv2.resize(cv2.copyMakeBorder(image, 2, 2, 2, 2, cv2.BORDER_CONSTANT), (GRID, GRID), interpolation=2)
        large = cv2.GaussianBlur(large, (0, 0), 0.7)
        found[number] = distances(large > max(1, 0.45 * large.max()))
    return found


def distances(ink: np.ndarray) -> np.ndarray:
    """Both distances of one bool (GRID, GRID) picture of ink, uint8 (2, GRID, GRID)."""
    from skimage.morphology import skeletonize

    return np.stack([_stored(_distance(skeletonize(ink)) - 0.3, 0), _stored(_distance(ink) - _distance(~ink), INSIDE)])


def line_distances(line: np.ndarray) -> np.ndarray:
    """The same of one bool (GRID, GRID) picture of a line one point wide, as drawn by a pen of two pixels."""
    distance = _distance(line) - 0.3
    return np.stack([_stored(distance, 0), _stored(distance - STEP, INSIDE)])


def _distance(ink: np.ndarray) -> Any:
    import cv2

    if not ink.any():
        return np.full(ink.shape, 16.0, np.float32)
    return cv2.GaussianBlur(
        cv2.distanceTransform((~ink).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), (0, 0), 0.8
    )


def _stored(distance: np.ndarray, raised: float) -> np.ndarray:
    return np.clip((distance + raised) * UNIT, 0, 255).astype(np.uint8)


@functools.cache
def glyphs() -> np.ndarray:
    """Letters and symbols of matplotlib's fonts, in the form of `trace`; digits of any script are not among them.

    What people write most is there three times as often.
    """
    frequent = [ink for name in _TEXT_FONTS for ink in _all_drawn(name, _FREQUENT)]
    others = [ink for number, name in enumerate(_FONTS) for ink in _all_drawn(name, _characters(few=number > 0))]
    common = np.stack([distances(ink) for ink in frequent])
    return np.concatenate([common, common, common, np.stack([distances(ink) for ink in others])])


def _all_drawn(name: str, characters: Iterable[str]) -> list[np.ndarray]:
    """Those of the characters that the font has."""
    font = _font(name, 64)
    missing = _drawn(font, "\uffff")  # what it shows for others
    drawn = [ink for character in characters if (ink := _drawn(font, character)) is not None]
    return [ink for ink in drawn if missing is None or not np.array_equal(ink, missing)]


def _characters(few: bool) -> Iterator[str]:
    for first, end in _RANGES[:5] if few else _RANGES:
        for code in range(first, end):
            if unicodedata.category(chr(code))[0] in "LSP" and chr(code) not in _AMBIGUOUS:
                yield chr(code)


def _drawn(font: Any, character: str) -> np.ndarray | None:
    """The character as bool (GRID, GRID), in the middle and as large as a digit; None without ink."""
    import cv2

    mask = font.getmask(character, mode="L")
    width, height = mask.size
    if min(width, height) < 2:
        return None
    ink = np.asarray(mask, np.uint8).reshape(height, width)
    scale = BOX / max(width, height)
    ink = cv2.resize(ink, (max(2, round(width * scale)), max(2, round(height * scale))), interpolation=cv2.INTER_AREA)
    canvas = np.zeros((GRID, GRID), np.uint8)
    top, left = (GRID - ink.shape[0]) // 2, (GRID - ink.shape[1]) // 2
    canvas[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return canvas > 110


def doodles(count: int, generator: np.random.Generator) -> np.ndarray:
    """Lines led at random, one to four strokes of arcs and corners, like letters of no script; as `trace` has them."""
    import cv2

    found = np.empty((count, 2, GRID, GRID), np.uint8)
    for number in range(count):
        strokes = [_wander(generator) for _ in range(generator.choice(len(DOODLES.strokes), p=DOODLES.strokes) + 1)]
        points = np.concatenate(strokes)
        low, extent = points.min(axis=0), np.ptp(points, axis=0)
        scale = (BOX - 1) / max(extent)
        line = np.zeros((GRID, GRID), np.uint8)
        if generator.random() < DOODLES.barred:
            ends = np.array([-0.5, 0.5]) * extent[0] * scale * DOODLES.bar_length
            across = np.rint(GRID / 2 + ends).astype(int).tolist()
            height = round(GRID / 2 - extent[1] * scale / 2)
            cv2.line(line, (across[0], height), (across[1], height), 1)
        for stroke in strokes:
            placed = (stroke - low - extent / 2) * scale + GRID / 2
            cv2.polylines(line, [np.rint(placed).astype(np.int32)], False, 1)
        found[number] = line_distances(line > 0)
    return found


def blobs(count: int, generator: np.random.Generator) -> np.ndarray:
    """Filled shapes, round and irregular, in the form of `trace`."""
    y, x = np.mgrid[0:GRID, 0:GRID] - (GRID - 1) / 2
    found = np.empty((count, 2, GRID, GRID), np.uint8)
    angle = np.arctan2(y, x)
    for number in range(count):
        outline = np.ones_like(angle)
        for wave in range(1, BLOBS.waves + 1):
            height = generator.normal(0, BLOBS.roughness / wave)
            outline += height * np.cos(wave * angle + generator.uniform(0, 2 * np.pi))
        narrow = generator.uniform(*BLOBS.narrowness)
        distance = np.hypot(x, y / narrow) - BOX / 2 * outline
        found[number] = np.stack([_stored(np.maximum(distance, 0), 0), _stored(distance, INSIDE)])
    return found


def _wander(generator: np.random.Generator) -> np.ndarray:
    """A stroke, (25, 2): its curvature changes up to twice, and there may be corners."""
    curvature = np.repeat(generator.normal(0, DOODLES.curvature, 3) * generator.integers(0, 2, 3), 8)
    curvature[[8, 16]] += generator.normal(0, DOODLES.corner, 2) * generator.integers(0, 2, 2)
    heading = generator.uniform(0, 2 * np.pi) + np.cumsum(curvature)
    steps = np.stack([np.cos(heading), np.sin(heading)], axis=1) * generator.uniform(*DOODLES.stroke) / 24
    return np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)]) + generator.uniform(*DOODLES.start, 2)


def likeness(strokes: np.ndarray, digits: np.ndarray) -> np.ndarray:
    """How far each character is from the digit nearest to it, float32 (n,), in points.

    The mean distance from its middle line to the digit's, or from the digit's to its, whichever is larger (a chamfer
    distance): every part of the one must lie near the other.
    """
    flat = digits[:, 0].reshape(len(digits), -1).astype(np.float32) / UNIT
    lines = flat < 0.8
    lines = lines / np.maximum(lines.sum(axis=1, keepdims=True), 1, dtype=np.float32)
    nearest = np.empty(len(strokes), np.float32)
    for start in range(0, len(strokes), _CHUNK):
        own = strokes[start : start + _CHUNK, 0].reshape(-1, GRID * GRID).astype(np.float32) / UNIT
        line = own < 0.8
        line = line / np.maximum(line.sum(axis=1, keepdims=True), 1, dtype=np.float32)
        nearest[start : start + _CHUNK] = np.maximum(line @ flat.T, own @ lines.T).min(axis=1)
    return nearest


def text_pages(letters: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pages full of text, uint8 (n, 512, 512), 255 where there is ink, letters about `TEXT_PAGES.letter_height` high.

    Returns:
        Pages of letters that nobody reads as a digit, printed and hand-drawn, and pages of all letters, printed.
    """
    plain = "aacdeehkmnnruvwxAEHKMNRUVWXFL"
    pages = [_printed_page(name, plain, generator) for name in _TEXT_FONTS for _ in range(TEXT_PAGES.printed)]
    pages += [_written_page(letters, generator) for _ in range(TEXT_PAGES.written)]
    every = "aaabcdeeeefghiijklmnnoopqrrsttuvwxyzABCDEFGHIJKLMNOPRSTUW,.;-"
    small = [_printed_page(name, every, generator) for name in _TEXT_FONTS for _ in range(TEXT_PAGES.printed)]
    return np.stack(pages), np.stack(small)


_TEXT_FONTS = ("DejaVuSans", "DejaVuSerif", "DejaVuSerif-Italic", "STIXGeneral", "STIXGeneralItalic", "cmr10", "cmti10",
               "cmtt10", "cmss10", "DejaVuSans-Bold", "STIXGeneralBol")  # fmt: skip


def _printed_page(name: str, alphabet: str, generator: np.random.Generator) -> np.ndarray:
    from PIL import Image, ImageDraw

    page = Image.new("L", (512, 512))
    pen, font = ImageDraw.Draw(page), _font(name, TEXT_PAGES.font_size)
    pitch = int(generator.integers(*TEXT_PAGES.print_pitch, endpoint=True))
    start = -int(generator.integers(*TEXT_PAGES.print_start, endpoint=True))
    for top in range(start, 512, pitch):
        lengths = generator.integers(*TEXT_PAGES.word, 14, endpoint=True)
        words = ["".join(generator.choice(list(alphabet), length)) for length in lengths]
        seen = " ".join(words)[:64]  # what is farther right is outside
        pen.text((-int(generator.integers(*TEXT_PAGES.print_indent, endpoint=True)), top), seen, 255, font)
    return np.asarray(page)


def _written_page(letters: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    import cv2

    page = np.zeros((560, 560), np.uint8)
    radius = generator.uniform(*TEXT_PAGES.pen)
    for top in range(0, 512, int(generator.integers(*TEXT_PAGES.written_pitch, endpoint=True))):
        left = 0
        while left < 512:
            if generator.random() < TEXT_PAGES.gaps:
                left += TEXT_PAGES.gap
                continue
            distance = letters[generator.integers(len(letters)), 0].astype(np.float32) / UNIT
            side = int(generator.integers(*TEXT_PAGES.written_size, endpoint=True))
            distance = cv2.resize(distance, (side, side)) * (side / GRID)
            ink = (np.clip(radius - distance + 0.5, 0, 1) * 255).astype(np.uint8)
            part = page[top : top + side, left : left + side]
            np.maximum(part, ink[: part.shape[0], : part.shape[1]], out=part)
            left += int(side * generator.uniform(*TEXT_PAGES.written_step))
    return page[:512, :512]


def _font(name: str, size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.truetype(plots.font_file(name), size)
