"""Picture files → upright grey squares, whatever their format, mode and orientation.

A picture is known by its content, not by its name. HEIC, which phones write, needs the extra `kit[heic]`.
"""

import contextlib
import fnmatch
import glob
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from kit import KitError
from kit.names import composed
from kit.reading import decoding, unreadable
from kit.reading.decoding import MOST_BYTES, MOST_PIXELS
from kit.reading.grey_levels import grey_levels
from kit.system import in_plain_words

FITS = ("crop", "pad")
HEIC = frozenset({".heic", ".heif"})
SUFFIXES = HEIC | {
    ".avif", ".bmp", ".dib", ".gif", ".ico", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".jpx", ".mpo", ".pbm",
    ".pcx", ".pgm", ".png", ".pnm", ".ppm", ".sgi", ".tga", ".tif", ".tiff", ".webp",
}  # fmt: skip
LEAST_SIDE = 8  # pixels; nobody could write a digit in fewer
_pillow = decoding.pillow
_HEAD = 2048  # bytes by which a file that is no picture is told


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
        KitError: As `whole` does; or the square around it has too many pixels, or `fit` is neither.
    """
    check_fit(fit)
    upright = whole(source, least=least)
    if fit == "crop":
        return cropped(upright)
    if max(upright.shape) ** 2 > MOST_PIXELS:
        raise KitError(_named(source, f"the square around {_size(upright)} pixels is too large: leave out --fit pad"))
    return padded(upright)


def whole(source: Path | BinaryIO, *, least: int | None = None) -> np.ndarray:
    """All of a picture that has enough pixels to read something in it, as `grey` has it.

    Raises:
        KitError: As `grey` does; or it has fewer than LEAST_SIDE pixels a side.
    """
    upright = grey(source, least=least)
    if min(upright.shape) < LEAST_SIDE:
        raise KitError(_named(source, f"{_size(upright)} pixels are too few to read: give a larger picture"))
    return upright


def check_fit(fit: str) -> None:
    """KitError where there is no such way to make a square."""
    if fit not in FITS:
        raise KitError(f"--fit {fit}: choose from {', '.join(FITS)}")


def grey(source: Path | BinaryIO, *, least: int | None = None) -> np.ndarray:
    """A whole picture, upright by its EXIF orientation; of several frames or pages the first.

    What is transparent is white behind dark ink and black behind light ink (`kit.reading.grey_levels`).

    Args:
        source: A file, by its path or opened.
        least: As for `read`.

    Returns:
        uint8 (height, width), 0 is black.

    Raises:
        KitError: It is missing, no regular file, no picture, cut short, or larger than MOST_BYTES or MOST_PIXELS; that
            is seen before anything is decoded. The message names the file where `source` is a path.
    """
    _pillow()
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(_open(source)) if isinstance(source, Path) else source
        except OSError as error:
            raise in_plain_words(error, str(source)) from error
        try:
            return grey_levels(stack.enter_context(decoding.decoded(file, least)))
        except KitError as error:
            raise KitError(_named(source, str(error))) from error
        except Exception as error:  # Pillow's readers raise whatever they meet: OSError, ValueError, struct.error …
            raise KitError(_named(source, _why(file, error))) from error


def _open(path: Path) -> BinaryIO:
    """A regular file: a pipe or a device may keep a reader waiting, or never end."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):  # of a folder the system says what it is
        raise KitError(f"{path}: a pipe or a device, not a file: save the picture as a file first")
    if found.st_size > MOST_BYTES:
        raise KitError(f"{path}: a file of more than {MOST_BYTES // 1_000_000} MB: make it smaller first")
    return open(path, "rb")


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
    is not hidden; so of what a glob matches. A part of a glob that is the name of something there is no pattern: a
    folder may be called `set [2024]`. A file that is named twice comes once. Links to folders are followed where they
    are named, not where they are found.

    Returns:
        The files, those of a folder or glob sorted by name, and a line for each argument that names none and each
        folder that cannot be looked into.
    """
    files: dict[Path, None] = {}
    problems: list[str] = []
    for argument in arguments:
        path, before = Path(argument), len(problems)
        if os.path.isdir(path):  # noqa: PTH112 (raises where a folder above must not be looked into)
            found, nothing = _of_folder(path, problems), "no picture in this folder: give another"
        elif os.path.lexists(path) or not has_wildcards(str(argument)):
            found, nothing = [path], ""
        else:
            found, nothing = _of_glob(path, problems), "matches no picture"
        if not found and len(problems) == before:
            problems.append(f"{argument}: {nothing}")
        files.update(dict.fromkeys(found))
    return list(files), problems


def has_wildcards(argument: str) -> bool:
    return glob.has_magic(argument)


def is_named_like_a_picture(path: Path | str) -> bool:
    return Path(path).suffix.lower() in SUFFIXES


def _of_folder(folder: Path, problems: list[str]) -> list[Path]:
    found = (path for path in _walk(folder, problems) if is_named_like_a_picture(path))
    return sorted(found, key=lambda path: path.parts)


def _walk(folder: Path, problems: list[str], *, folders: bool = False) -> Iterator[Path]:
    """The files in a folder, however deep, or its folders and itself; nothing hidden, and no links to folders."""

    def complain(error: OSError) -> None:
        problems.append(str(in_plain_words(error, Path(error.filename))))

    for top, inside, names in os.walk(folder, onerror=complain):
        inside[:] = [name for name in inside if not name.startswith(".")]
        if folders:
            yield Path(top)
        else:
            yield from (Path(top, name) for name in names if not name.startswith("."))


def _of_glob(pattern: Path, problems: list[str]) -> list[Path]:
    """Part by part, so that each is matched once in each folder, whatever links there are."""
    anchored = bool(pattern.anchor)
    found = {Path(pattern.anchor): None}
    for part in pattern.parts[anchored:]:
        found = dict.fromkeys(path for folder in found for path in _matching(folder, part, problems))
    files: dict[Path, None] = {}
    for path in sorted(found):
        if path.is_dir():
            files.update(dict.fromkeys(_of_folder(path, problems)))
        elif is_named_like_a_picture(path):
            files[path] = None
    return list(files)


def _matching(folder: Path, part: str, problems: list[str]) -> Iterator[Path]:
    """What one part of a glob matches in a folder."""
    if part == "**":
        yield from _walk(folder, problems, folders=True)
    elif os.path.lexists(folder / part):
        yield folder / part
    elif has_wildcards(part) and folder.is_dir():
        try:
            names = [path.name for path in folder.iterdir()]
        except OSError as error:
            problems.append(str(in_plain_words(error, folder)))
            return
        for name in names:
            if fnmatch.fnmatch(composed(name), composed(part)) and (part.startswith(".") or not name.startswith(".")):
                yield folder / name


def _why(file: BinaryIO, error: Exception) -> str:
    """What is wrong with a file that Pillow cannot read."""
    from PIL import UnidentifiedImageError

    if isinstance(error, MemoryError):
        return "there is not enough memory for this picture: make it smaller first"
    if not isinstance(error, UnidentifiedImageError):
        return unreadable.cut_short()
    file.seek(0)
    return unreadable.reason(file.read(_HEAD), knows_heif=decoding.knows_heif())


def _named(source: Path | BinaryIO, reason: str) -> str:
    return f"{source}: {reason}" if isinstance(source, Path) else reason


def _size(picture: np.ndarray) -> str:
    return f"{picture.shape[1]} x {picture.shape[0]}"
