"""A picture's file → its pixels, by the decoders that are meant and within bounds.

Pillow decodes, and picks the format by a file's content. What it knows beside the formats here is never tried: some of
it starts a program (EPS starts Ghostscript), reads other files or was not written for strangers' files.
"""

import contextlib
import ctypes
import importlib
import io
import logging
import math
import re
import sys
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from numbers import Rational
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from kit import KitError
from kit.reading import png_chunks

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

# Format → Pillow's module for it; TGA, which has no signature, comes last.
_DECODERS = {
    "JPEG": "Jpeg", "PNG": "Png", "WEBP": "WebP", "TIFF": "Tiff", "GIF": "Gif", "BMP": "Bmp", "DIB": "Bmp",
    "AVIF": "Avif", "JPEG2000": "Jpeg2K", "PPM": "Ppm", "SGI": "Sgi", "PCX": "Pcx", "ICO": "Ico", "TGA": "Tga",
}  # fmt: skip
MOST_BYTES = 500_000_000  # of a file: 100 megapixels of 4 bytes and what is said of them
MOST_PIXELS = 100_000_000
_MOST_PIXELS = dict.fromkeys(("AVIF", "HEIF", "JPEG2000", "WEBP"), MOST_PIXELS // 2)  # up to 20 bytes for one
_MOST_SCANS = 20  # of MOST_PIXELS: a progressive JPEG of few bytes may go over its pixels many thousand times
_LARGE = 12_000_000  # pixels of a picture that is decoded alone, so that many at once fit into memory
_LARGE_FILE = 50_000_000  # bytes
_decodes_a_large_one = threading.RLock()

_DARK = 64  # no channel's high byte is as large: the picture uses 14 bits of its 16 or fewer
_DEEP = re.compile("(R|G|B|A|RGB|RGBA|RGBX);16[BLN]")  # rawmodes of which Pillow takes the high bytes
_OTHER_ORDER = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}


@dataclass(frozen=True)
class Decoded:
    """What was in a file.

    Attributes:
        high: The first picture in it, upright, in any mode of Pillow's. Of several channels of 16 bits it has the high
            bytes alone.
        low: The low bytes, in the same mode, where the high ones are dark or a 16-bit colour is transparent.
        darkest: The value that the file declares as black.
        brightest: The value that the file declares as white; None where it says no more than the type does.
        unsigned: Whether numbers of 32 bits have no sign, though the picture's type has one.
        white_is_zero: Whether small values are bright, in modes of 16 or 32 bits; Pillow turns the others round.
    """

    high: "Image"
    low: "Image | None" = None
    darkest: float = 0
    brightest: float | None = None
    unsigned: bool = False
    white_is_zero: bool = False


@contextlib.contextmanager
def decoded(file: BinaryIO, least: int | None = None) -> Iterator[Decoded]:
    """The picture in an opened file; while a large one is in use, no other is decoded.

    Args:
        file: Is at its beginning, and can be gone about in.
        least: So many pixels a side are enough; a larger JPEG may be decoded at a half, a quarter or an eighth.

    Raises:
        KitError: The picture has more pixels than are read; that is seen before they are decoded.
        Exception: Pillow's decoders raise whatever they meet.
    """
    with contextlib.ExitStack() as stack:
        if file.seek(0, io.SEEK_END) > _LARGE_FILE:
            stack.enter_context(_decodes_a_large_one)
        picture = stack.enter_context(_opened(file))
        pixels = _pixels(picture)
        if least:
            picture.draft("L", (least, least))
        if not picture.info.get("progressive"):  # which keeps all its coefficients, whatever size it is decoded at
            pixels = _pixels(picture)
        if pixels > _LARGE:
            stack.enter_context(_decodes_a_large_one)
        rawmode, declared = _rawmode(picture), _declared(picture)
        if rawmode == "LA;16B":  # of which Pillow takes the high bytes, in two bands twice; these are all four
            picture.tile = [_with_rawmode(tile, "RGBA") for tile in picture.tile]
            yield Decoded(*_of_pairs(_upright(picture)), **declared)
            return
        high = _upright(picture)
        if _DEEP.fullmatch(rawmode) and _needs_low_bytes(high):
            other = stack.enter_context(_opened(file))
            other.tile = [_with_rawmode(tile, _in_other_order(tile)) for tile in other.tile]
            yield Decoded(high, _upright(other), **declared)
        else:
            yield Decoded(high, **declared)


@cache
def pillow() -> Any:
    """Pillow with the decoders that are meant, and HEIC where its extra is installed."""
    from PIL import Image, _imaging

    # Remarks on odd metadata, and on pictures a little smaller than those that are refused here.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    logging.getLogger("PIL").setLevel(logging.CRITICAL)
    for name in _DECODERS.values():
        importlib.import_module(f"PIL.{name}ImagePlugin")
    with contextlib.suppress(OSError, AttributeError):  # where libtiff can be reached: it writes its errors to stderr
        ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)
    with contextlib.suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    return Image


def knows_heif() -> bool:
    return "HEIF" in pillow().OPEN


def _opened(file: BinaryIO) -> "ImageFile":
    """A picture whose size is allowed and whose pixels are not yet decoded."""
    file.seek(0)
    head = file.read(len(png_chunks.SIGNATURE))
    slim = png_chunks.Slim(file) if head == png_chunks.SIGNATURE else None
    if head.startswith(b"\0\0\1\0"):
        _check_icon(file)
    file.seek(0)
    formats = [name for name in [*_DECODERS, "HEIF"] if name in pillow().OPEN]
    formats.sort(key="TGA".__eq__)
    try:
        picture: ImageFile = pillow().open(io.BufferedReader(slim, 1 << 16) if slim else file, formats=formats)
    except pillow().DecompressionBombError as error:
        raise _too_large(MOST_PIXELS) from error
    _check_size(picture)
    if slim and slim.significant_bits:
        picture.info["significant_bits"] = slim.significant_bits
    _mend(picture)
    return picture


def _check_size(picture: "ImageFile") -> None:
    most = _MOST_PIXELS.get(picture.format or "", MOST_PIXELS)
    if _pixels(picture) > most:
        raise _too_large(most)
    if picture.info.get("progressive") and picture.fp:
        scans = _count(picture.fp, b"\xff\xda")
        if scans * picture.width * picture.height > _MOST_SCANS * MOST_PIXELS:
            raise KitError(f"a JPEG of {scans:,} scans: save it anew first")


def _too_large(most: int) -> KitError:
    return KitError(f"more than {most // 1_000_000} megapixels: make it smaller first")


def _check_icon(file: BinaryIO) -> None:
    """The size of the largest picture in an icon, which Pillow decodes as it opens the file."""
    from PIL.IcoImagePlugin import IcoFile

    file.seek(0)
    file.seek(IcoFile(file).entry[0].offset)
    head = file.read(24)
    in_png = head.startswith(png_chunks.SIGNATURE)
    sides = (head[16:20], head[20:24]) if in_png else (head[4:8], head[8:12])
    width, height = (int.from_bytes(side, "big" if in_png else "little", signed=not in_png) for side in sides)
    if abs(width * height) > MOST_PIXELS:
        raise _too_large(MOST_PIXELS)


def _pixels(picture: "ImageFile") -> int:
    """What is decoded at once: the picture, or a tile of a TIFF that is larger than it."""
    tags = _tags(picture)
    width, length = tags.get(322, 0), tags.get(323, 0)  # TileWidth, TileLength
    tile = width * length if isinstance(width, int) and isinstance(length, int) else 0
    return max(picture.width * picture.height, tile)


def _count(file: Any, wanted: bytes) -> int:
    at = file.tell()
    file.seek(0)
    count = sum(block.count(wanted) for block in iter(lambda: file.read(1 << 20), b""))
    file.seek(at)
    return count


def _mend(picture: "ImageFile") -> None:
    """What Pillow gets wrong of some pictures, before they are decoded."""
    rawmode, tiles, tags = _rawmode(picture), picture.tile, _tags(picture)
    if picture.format == "PPM" and tiles[0].args == ("RGB", 65535):  # number by number, and rounded to 8 bits
        picture.tile = [tiles[0]._replace(codec_name="raw", args=("RGB;16B", 0, 1))]
    elif picture.format == "TIFF" and max(_numbers(tags.get(258)), default=0) == 16 and rawmode in set("RGBA"):
        # Channels of 16 bits one behind the other, each taken for one of 8.
        order = "B" if tags.prefix == b"MM" else "L"
        picture.tile = [_with_rawmode(tile, f"{_rawmode_of(tile)};16{order}") for tile in tiles]
    elif picture.format == "PNG" and rawmode in ("L;2", "L;4") and "transparency" in picture.info:
        picture.info["transparency"] *= {"L;2": 85, "L;4": 17}[rawmode]  # levels are widened to 8 bits, this is not


def _declared(picture: "ImageFile") -> dict[str, Any]:
    """What a file says of its levels, as fields of `Decoded`."""
    tags, rawmode = _tags(picture), _rawmode(picture)
    if picture.format == "PPM":  # Pillow has widened it already
        widened = picture.mode == "I" and picture.tile[0].codec_name != "raw"
        return {"brightest": 65535} if widened else {}
    if bits := picture.info.get("significant_bits"):
        return {"brightest": 2**bits - 1} if bits < 16 else {}
    if picture.format != "TIFF":
        return {}
    darkest = max(_numbers(tags.get(340)) or _numbers(tags.get(280)), default=0)  # SMinSampleValue, MinSampleValue
    brightest = max(_numbers(tags.get(341)) or _numbers(tags.get(281)), default=0)  # SMaxSampleValue, MaxSampleValue
    says_more = darkest < brightest and brightest not in (2**16 - 1, 2**31 - 1, 2**32 - 1)
    found = {"darkest": darkest, "brightest": brightest} if says_more else {}
    if rawmode == "I;12" and not found:
        found = {"brightest": 4095}
    white_is_zero = tags.get(262) == 0  # PhotometricInterpretation
    return found | {"unsigned": rawmode == "I;32N", "white_is_zero": white_is_zero}


def _tags(picture: "ImageFile") -> Any:
    """A TIFF's fields by their numbers."""
    return getattr(picture, "tag_v2", {})


def _numbers(value: Any) -> list[float]:
    """The finite numbers in a TIFF's field."""
    values = value if isinstance(value, tuple) else (value,)
    return [float(one) for one in values if isinstance(one, Rational | float) and math.isfinite(one)]


def _rawmode(picture: "ImageFile") -> str:
    """How the pixels lie in the file, by Pillow's name for it."""
    return _rawmode_of(picture.tile[0]) if picture.tile else ""


def _rawmode_of(tile: Any) -> str:
    return tile.args if isinstance(tile.args, str) else str(tile.args[0]) if tile.args else ""


def _with_rawmode(tile: Any, rawmode: str) -> Any:
    return tile._replace(args=rawmode if isinstance(tile.args, str) else (rawmode, *tile.args[1:]))


def _in_other_order(tile: Any) -> str:
    """The rawmode that takes the low bytes for the high ones."""
    rawmode = _rawmode_of(tile)
    return f"{rawmode[:-1]}{_OTHER_ORDER[rawmode[-1]]}"


def _needs_low_bytes(high: "Image") -> bool:
    bands = dict(zip(high.getbands(), np.reshape(high.getextrema(), (-1, 2))[:, 1], strict=True))
    alpha = bands.pop("A", 255)
    return "transparency" in high.info or max(bands.values()) < _DARK or alpha < _DARK


def _of_pairs(picture: "Image") -> tuple["Image", "Image"]:
    """High and low bytes of grey and alpha, which lie in four bands."""
    bands = picture.split()
    return tuple(pillow().merge("LA", pair) for pair in (bands[::2], bands[1::2]))


def _upright(picture: "ImageFile") -> "Image":
    from PIL import ImageOps

    picture.load()
    with contextlib.suppress(Exception):  # damaged EXIF, which raises anything, says nothing against the pixels
        ImageOps.exif_transpose(picture, in_place=True)
    return picture
