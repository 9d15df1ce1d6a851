"""Picture files → upright grey squares, whatever their format, mode and orientation.

Pillow decodes; HEIC, which phones write, needs the extra `kit[heic]`.
"""

import contextlib
import glob
import logging
import threading
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from kit import KitError
from kit.files import in_plain_words

if TYPE_CHECKING:
    from PIL.Image import Image

FITS = ("crop", "pad")
HEIC = frozenset({".heic", ".heif"})
SUFFIXES = HEIC | {
    ".avif", ".bmp", ".dib", ".gif", ".ico", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".jpx", ".mpo", ".pbm",
    ".pcx", ".pgm", ".png", ".pnm", ".ppm", ".sgi", ".tga", ".tif", ".tiff", ".webp",
}  # fmt: skip
MOST_PIXELS = 100_000_000
LEAST_SIDE = 8  # pixels; nobody could write a digit in fewer
_LARGE = 25_000_000  # pixels of a picture that is decoded alone, so that many at once fit into memory
_decodes_a_large_one = threading.Lock()


def read(source: Path | BinaryIO, *, fit: str = "crop", least: int | None = None) -> np.ndarray:
    """A picture as a grey square.

    Args:
        source: A file, by its path or opened.
        fit: "crop", the central square, or "pad", the whole on a square in the colour of its edge.
        least: So many pixels a side are enough; a larger JPEG may be decoded at a half, a quarter or an eighth of its
            size, which is much quicker.

    Returns:
        uint8 (side, side), 0 is black.

    Raises:
        KitError: As `grey` does; or it has too few pixels, the square around it too many, or `fit` is neither.
    """
    check_fit(fit)
    upright = grey(source, least=least)
    if min(upright.shape) < LEAST_SIDE:
        raise KitError(_named(source, f"{_size(upright)} pixels are too few to read: give a larger picture"))
    if fit == "crop":
        return cropped(upright)
    if max(upright.shape) ** 2 > MOST_PIXELS:
        raise KitError(_named(source, f"the square around {_size(upright)} pixels is too large: leave out --fit pad"))
    return padded(upright)


def check_fit(fit: str) -> None:
    """KitError where there is no such way to make a square."""
    if fit not in FITS:
        raise KitError(f"--fit {fit}: choose from {', '.join(FITS)}")


def grey(source: Path | BinaryIO, *, least: int | None = None) -> np.ndarray:
    """A whole picture, upright by its EXIF orientation, what is transparent white; of several frames the first.

    Args:
        source: A file, by its path or opened.
        least: As for `read`.

    Returns:
        uint8 (height, width), 0 is black.

    Raises:
        KitError: It is missing, no picture, cut short, or has more than MOST_PIXELS; that is seen by its header. The
            message names the file where `source` is a path.
    """
    image = _pillow()
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(open(source, "rb")) if isinstance(source, Path) else source
        except OSError as error:
            raise in_plain_words(error, str(source)) from error
        try:
            picture = stack.enter_context(image.open(file))
            if picture.width * picture.height > MOST_PIXELS:
                raise KitError(_named(source, _TOO_LARGE))
            if least:
                picture.draft("L", (least, least))
            if picture.width * picture.height > _LARGE:
                stack.enter_context(_decodes_a_large_one)
            return np.asarray(_on_white(_upright(picture)))
        except KitError:
            raise
        except image.DecompressionBombError as error:
            raise KitError(_named(source, _TOO_LARGE)) from error
        except Exception as error:  # Pillow's readers raise whatever they meet: OSError, ValueError, struct.error …
            raise KitError(_named(source, _why(source, error))) from error


def cropped(picture: np.ndarray) -> np.ndarray:
    """The central square of (height, width)."""
    side = min(picture.shape)
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    return picture[top : top + side, left : left + side]


def padded(picture: np.ndarray) -> np.ndarray:
    """All of (height, width) in the middle of a square that has the median grey of the picture's border."""
    height, width = picture.shape
    side = max(height, width)
    border = np.concatenate([picture[0], picture[-1], picture[1:-1, 0], picture[1:-1, -1]])
    square = np.full((side, side), np.median(border), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = picture
    return square


def expand(arguments: Sequence[str | Path]) -> tuple[list[Path], list[str]]:
    """The picture files that arguments name.

    A file is taken whatever its name, of a folder everything in it, however deep, that is called like a picture and
    is not hidden; so of what a glob matches. A file that is named twice comes once.

    Returns:
        The files, those of a folder or glob sorted by name, and a line for each argument that names none.
    """
    files: dict[Path, None] = {}
    problems = []
    for argument in arguments:
        path = Path(argument)
        if path.is_dir():
            found, nothing = list(_of_folder(path)), "no picture in this folder: give another"
        elif path.exists() or not has_wildcards(str(argument)):
            found, nothing = [path], ""
        else:
            found, nothing = list(_of_glob(str(argument))), "matches no picture"
        if not found:
            problems.append(f"{argument}: {nothing}")
        files.update(dict.fromkeys(found))
    return list(files), problems


def has_wildcards(argument: str) -> bool:
    return glob.has_magic(argument)


def is_named_like_a_picture(path: Path | str) -> bool:
    return Path(path).suffix.lower() in SUFFIXES


def _of_folder(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and is_named_like_a_picture(path) and path.is_file():
            yield path


def _of_glob(pattern: str) -> Iterator[Path]:
    for path in map(Path, sorted(glob.glob(pattern, recursive=True))):  # noqa: PTH207 (refuses absolute patterns)
        if path.is_dir():
            yield from _of_folder(path)
        elif is_named_like_a_picture(path):
            yield path


_TOO_LARGE = f"more than {MOST_PIXELS // 1_000_000} megapixels: make it smaller first"


@cache
def _pillow() -> Any:
    """Pillow, with HEIC where its extra is installed."""
    from PIL import Image

    # Remarks on odd metadata, and on pictures a little smaller than those that are refused here.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    logging.getLogger("PIL").setLevel(logging.CRITICAL)
    with contextlib.suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    return Image


def _upright(picture: "Image") -> "Image":
    from PIL import ImageOps

    picture.load()
    with contextlib.suppress(Exception):  # damaged EXIF, which raises anything, says nothing against the pixels
        ImageOps.exif_transpose(picture, in_place=True)
    return picture


def _on_white(picture: "Image") -> "Image":
    """A picture of any mode in mode L."""
    image = _pillow()
    if picture.mode.startswith("I") or picture.mode == "F":
        return image.fromarray(_levels(np.asarray(picture)))
    if picture.mode == "LAB":
        return picture.getchannel("L")
    if not picture.has_transparency_data:
        return picture.convert("L")
    layered = picture if picture.mode in ("LA", "RGBA") else picture.convert("RGBA")
    return image.composite(layered.convert("L"), image.new("L", picture.size, 255), layered.getchannel("A"))


def _levels(values: np.ndarray) -> np.ndarray:
    """Whole numbers of 16 or 32 bits, or floating-point numbers, as uint8.

    White is the largest 16-bit number where that is the type; else 1 (of floating-point numbers only), 255 or 65,535,
    the least that is not below the brightest pixel, or the brightest pixel itself.
    """
    if values.dtype.itemsize == 2:
        return (values >> 8).astype(np.uint8)
    floating = values.dtype.kind == "f"
    exact = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0) if floating else values
    brightest = float(exact.max())
    white = next((white for white in ((1,) if floating else ()) + (255, 65535) if brightest <= white), brightest)
    return np.clip(exact * (255 / white), 0, 255).round().astype(np.uint8)


def _why(source: Path | BinaryIO, error: Exception) -> str:
    """What is wrong with a file that Pillow cannot read."""
    from PIL import UnidentifiedImageError

    if not isinstance(error, UnidentifiedImageError):
        return "this picture cannot be read to its end: it is damaged or cut short"
    if isinstance(source, Path):
        if not source.stat().st_size:
            return "this file is empty"
        if source.suffix.lower() in HEIC and "HEIF" not in _pillow().OPEN:
            return "HEIC needs its extra: pip install -c constraints.txt -e '.[heic]', or give a JPEG"
    return "this is not a picture that can be read: give a PNG or JPEG file"


def _named(source: Path | BinaryIO, reason: str) -> str:
    return f"{source}: {reason}" if isinstance(source, Path) else reason


def _size(picture: np.ndarray) -> str:
    return f"{picture.shape[1]} x {picture.shape[0]}"
