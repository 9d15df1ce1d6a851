"""A decoded picture of any depth, palette and transparency → grey levels of 0 to 255.

**Depth.** Of numbers of 16 or 32 bits, white is what the file declares (TIFF: SMaxSampleValue or MaxSampleValue; PNG:
sBIT; PGM: maxval), where that is less than the type holds and no pixel is brighter. Else the pixels say it: the least
of the largest numbers of 8, 10, 12, 14 and 16 bits that is not below the brightest one; above them all the brightest
itself. Only where each number is one of 8 bits widened to 16 (0x4141) white is 65,535, however dark the picture. Of
floating-point numbers it is 1 up to there, the brightest pixel as long as 255 would leave nothing to see, then as of
whole numbers.

**Transparency.** What lies on a transparent ground is ink and must be told from the ground that is put behind it: white
behind dark ink, black behind light ink. Where what is seen fills its box and has contrast of its own, it is a picture
of paper and ink, and its paper goes on: white behind light paper, black behind dark paper.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kit.reading.decoding import Decoded, pillow

if TYPE_CHECKING:
    from PIL.Image import Image

_WHITES = (2**8 - 1, 2**10 - 1, 2**12 - 1, 2**14 - 1, 2**16 - 1)
_WIDENED = 257  # an 8-bit number times this is the 16-bit number of the same grey
_SEEN = 16  # of 255 levels; a picture whose brightest pixel is no brighter would show nothing
_SOLID = 0.9  # of the greatest opacity: the core of ink, without its smooth edges
_FILLS = 0.5  # of its box: more than strokes do
_CONTRAST = 48  # levels between the darkest and the brightest hundredth
_AT_ONCE = 1_000_000  # numbers that are computed with, for memory's sake


def grey_levels(decoded: Decoded) -> np.ndarray:
    """uint8 (height, width), 0 is black."""
    picture = decoded.high
    if decoded.low:
        picture = _of_both_bytes(decoded, decoded.low)
    elif picture.mode.startswith("I") or picture.mode == "F":
        picture = _of_numbers(decoded)
    grey, alpha = _layers(picture)
    if alpha is None or alpha.getextrema()[0] == 255:
        return np.asarray(grey)
    ground = pillow().new("L", grey.size, ground_for(grey, alpha))
    return np.asarray(pillow().composite(grey, ground, alpha))


def ground_for(grey: "Image", alpha: "Image") -> int:
    """What to put behind a picture that is transparent in parts: 255, white, or 0, black.

    Args:
        grey: Of mode L.
        alpha: Of mode L and the same size, 255 is opaque.
    """
    most = int(max(np.ravel(alpha.getextrema())))
    if not most:
        return 255
    solid = alpha.point([255 * (opacity >= _SOLID * most) for opacity in range(256)])
    counts = np.array(grey.histogram(solid))
    shares = np.cumsum(counts) / counts.sum()
    dark, middle, light = np.searchsorted(shares, (0.01, 0.5, 0.99))
    left, top, right, bottom = solid.getbbox() or (0, 0, 0, 0)
    if light - dark >= _CONTRAST and counts.sum() >= _FILLS * (right - left) * (bottom - top):
        return 255 if middle > 127 else 0
    return 0 if counts @ np.arange(256) > 127.5 * counts.sum() else 255


def white_of(values: np.ndarray, declared: float | None = None) -> float:
    """Which number is white, by the rule above.

    Args:
        values: Of any number type and shape, without NaN or infinities.
        declared: As in `Decoded.brightest`.
    """
    brightest = float(values.max())
    if declared and brightest <= declared:
        return declared
    if values.dtype.kind == "f":
        if brightest <= 1:
            return 1
        if brightest <= _SEEN:
            return brightest
    elif 0 < brightest <= _WHITES[-2] and not (values % _WIDENED).any():
        return _WHITES[-1]
    return next((white for white in _WHITES if brightest <= white), brightest)


def _range_of(bands: Sequence[np.ndarray], decoded: Decoded) -> tuple[float, float]:
    """Which numbers are black and white in all bands: what the file declares, where its pixels agree, or the rule."""
    white = max(white_of(band, decoded.brightest) for band in bands)
    believed = white == decoded.brightest and all(decoded.darkest <= band.min() for band in bands)
    return decoded.darkest if believed else 0.0, white


def _layers(picture: "Image") -> tuple["Image", "Image | None"]:
    """Grey, and opacity where there is any transparency."""
    if picture.mode == "LAB":
        return picture.getchannel("L"), None
    if not picture.has_transparency_data:
        return picture.convert("L"), None
    if picture.mode == "La":
        picture = picture.convert("LA")
    elif picture.mode not in ("LA", "RGBA"):
        picture = picture.convert("RGBA")
    return picture.convert("L"), picture.getchannel("A")


def _of_numbers(decoded: Decoded) -> "Image":
    """A picture of numbers of 16 or 32 bits, with 8."""
    values = np.asarray(decoded.high)
    clear = decoded.high.info.get("transparency")
    if decoded.unsigned:
        values = values.view(np.uint32)
    if values.dtype.kind == "f":
        finite = np.isfinite(values)
        if not finite.all():
            most = values.max(where=finite, initial=0)
            values = np.nan_to_num(values, nan=0.0, posinf=most, neginf=0.0)
    levels = _scaled(values, *_range_of([values], decoded))
    grey = pillow().fromarray(255 - levels if decoded.white_is_zero else levels)
    if isinstance(clear, int):
        return pillow().merge("LA", (grey, pillow().fromarray(np.where(values == clear, 0, 255).astype(np.uint8))))
    return grey


def _scaled(values: np.ndarray, black: float, white: float) -> np.ndarray:
    """uint8, of numbers of any type."""
    scale = 255 / (white - black) if white > black else 0.0
    levels = np.empty(values.shape, np.uint8)
    step = max(1, _AT_ONCE // values.shape[1])
    for top in range(0, len(values), step):
        rows = slice(top, top + step)
        levels[rows] = np.clip((values[rows].astype(np.float64) - black) * scale, 0, 255).round()
    return levels


def _of_both_bytes(decoded: Decoded, low: "Image") -> "Image":
    """A picture with several channels of 16 bits, with 8."""
    names, clear = decoded.high.getbands(), decoded.high.info.get("transparency")
    bands = [
        np.asarray(upper).astype(np.uint16) << 8 | np.asarray(lower)
        for upper, lower in zip(decoded.high.split(), low.split(), strict=True)
    ]
    colours = [band for name, band in zip(names, bands, strict=True) if name != "A"]
    black, white = _range_of(colours, decoded)
    levels = [
        _scaled(band, 0, white_of(band)) if name == "A" else _scaled(band, black, white)
        for name, band in zip(names, bands, strict=True)
    ]
    mode = decoded.high.mode
    if clear is not None:
        opaque = np.any([band != value for band, value in zip(colours, clear, strict=True)], axis=0)
        mode, levels = f"{mode}A", [*levels, np.where(opaque, 255, 0).astype(np.uint8)]
    return pillow().merge(mode, [pillow().fromarray(band) for band in levels])
