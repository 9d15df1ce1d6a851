"""Pictures in a zip, read where they are: nothing is unpacked onto the disk."""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from kit import KitError
from kit.reading.picture_files import is_named_like_a_picture
from kit.system import in_plain_words

MOST_FILES = 10_000
MOST_BYTES = 1_000_000_000  # of all together, unpacked
_RESOURCES = "__MACOSX"  # where macOS puts what it alone knows of a file, under the file's own name


@contextmanager
def pictures_in(path: Path) -> Iterator[tuple[list[Path], Callable[[Path], BinaryIO]]]:
    """The pictures of a zip, for as long as it is open.

    Yields:
        What is called like a picture and is not hidden, under the path that it would have if the zip were a folder,
        sorted; and what opens one of these.

    Raises:
        KitError: It is no zip, damaged, or holds more than MOST_FILES or MOST_BYTES. What opens a picture raises it for
            one that is damaged, encrypted, or packed in a way that Python does not know.
    """
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise in_plain_words(error, path) from error
    except Exception as error:  # BadZipFile, NotImplementedError, and what damaged names and numbers come to
        raise KitError(f"{path}: neither a folder nor a zip that can be read: name one with photographs") from error
    with archive:
        members = {place: member for member in archive.infolist() if (place := _place(path, member))}
        _check(path, members.values())

        def opened(picture: Path) -> BinaryIO:
            try:
                return io.BytesIO(archive.read(members[picture]))
            except Exception as error:  # of zipfile, zlib, lzma and bz2, each its own
                raise KitError(f"{picture}: cannot be unpacked: the zip is damaged or encrypted") from error

        yield sorted(members, key=lambda place: place.parts), opened


def _place(path: Path, member: zipfile.ZipInfo) -> Path | None:
    """Where a picture would be; None for what is none, hidden, or leads out of the zip."""
    parts = PurePosixPath(member.filename).parts
    hidden = any(part.startswith(".") or part == _RESOURCES for part in parts)  # .. too
    place = path.joinpath(*parts)
    inside = place.is_relative_to(path) and not hidden and not member.is_dir()
    return place if inside and is_named_like_a_picture(place) else None


def _check(path: Path, members: Iterable[zipfile.ZipInfo]) -> None:
    sizes = [member.file_size for member in members]
    if len(sizes) > MOST_FILES:
        raise KitError(f"{path}: {len(sizes):,} pictures in one zip: unpack it and name the folder")
    if sum(sizes) > MOST_BYTES:
        raise KitError(f"{path}: more than {MOST_BYTES // 1_000_000:,} MB of pictures: unpack it and name the folder")
