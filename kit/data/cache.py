"""Copies of parsed files in the user's cache folder, so that a file is parsed once; a changed file is never served."""

import contextlib
import hashlib
import json
import math
import os
import re
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kit import KitError, system
from kit.files import whole_file
from kit.system import in_plain_words

_BYTES = 512_000_000  # of all copies together, of which Kaggle's two files take 55 MB; those used least lately go
_PIECE = 1 << 18  # bytes read at a time, which a processor's own memory holds
_LONGEST_FILLING = 300.0  # seconds, after which another process tries for itself
_SAME_TICK = 2_000_000_000  # ns: file systems' clocks may be this coarse
_HAS_CHANGE_TIME = not system.WINDOWS  # which has the time of creation in its place


class Cache:
    """The copy of what one file holds. Made before the file is read: what has changed since then is not stored.

    Where there is no place for copies (no home, no room, no permission), there are none.

    Args:
        path: The file.
        part: What of it, and how it is read.
        name: What the copy's own name begins with.
    """

    def __init__(self, path: Path, part: str, name: str) -> None:
        key = hashlib.sha256(f"{path.resolve()}\n{part}".encode(errors="surrogateescape")).hexdigest()[:16]
        self._path, self._signature, self._begun = path, _signature(path), time.time_ns()
        folder = cache_folder()
        self._copy = folder and folder / f"{name}-{key}.npz"

    def read(self) -> tuple[np.ndarray, np.ndarray | None, str] | None:
        """Images, labels and fingerprint; None where there is no copy of the file as it is now."""
        if self._copy is None:
            return None
        try:
            size = self._copy.stat().st_size
            if not self._copy.is_file() or size > _BYTES:
                return None
            with zipfile.ZipFile(self._copy) as archive:  # its checksums are verified on reading
                fingerprint = self._fingerprint_in(archive, size)
                images = _array(archive, "images", (-1, 28, 28, 1), size)
                labels = _array(archive, "labels", (len(images),), size) if "labels.npy" in archive.namelist() else None
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError,
                ValueError, KeyError, TypeError, SyntaxError):  # fmt: skip
            return None  # whatever is wrong with a copy, the file is read instead
        with contextlib.suppress(OSError):
            os.utime(self._copy)  # used lately
        return images, labels, fingerprint

    def _fingerprint_in(self, archive: zipfile.ZipFile, size: int) -> str:
        """The fingerprint of a copy that is of the file as it is now; ValueError or TypeError where it is not."""
        about = json.loads(_content(archive, "about.json", min(size, 10_000)))
        if about["signature"] != self._signature or type(about["loaded_at"]) is not int:
            raise ValueError("of another file")
        if max(self._signature[-2:]) > about["loaded_at"] - _SAME_TICK:
            raise ValueError("changed so shortly before it was read that a later change could carry the same times")
        if not re.fullmatch("[0-9a-f]{64}", about["fingerprint"]):
            raise ValueError("no fingerprint")
        return str(about["fingerprint"])

    def write(self, images: np.ndarray, labels: np.ndarray | None, fingerprint: str) -> None:
        """Stores them, unless the file has changed since this object was made, or they are too many."""
        if self._copy is None or images.nbytes > _BYTES // 2 or _signature(self._path) != self._signature:
            return
        about = {"signature": self._signature, "loaded_at": self._begun, "fingerprint": fingerprint}
        with contextlib.suppress(KitError, OSError):  # no room or no permission: then there is no copy
            with (
                whole_file(self._copy, durable=False, parents=True) as temporary,
                zipfile.ZipFile(temporary, "w") as archive,
            ):
                archive.writestr("about.json", json.dumps(about))
                for name, array in (("images", images), ("labels", labels)):
                    if array is not None:
                        with archive.open(f"{name}.npy", "w") as member:
                            np.lib.format.write_array(member, array, allow_pickle=False)
            _remove_least_used(self._copy.parent)


def kept(digest: str) -> bytes | None:
    """The bytes of this SHA-256 that `keep` was given on this computer; None where they are not there, or damaged."""
    if (path := _path_of(digest)) is None:
        return None
    try:
        content = path.read_bytes()
        os.utime(path)  # used lately
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == digest else None


def keep(digest: str, content: bytes) -> None:
    """Stores bytes under their SHA-256, where there is a place for copies and they are not too many."""
    path = _path_of(digest)
    if path is None or len(content) > _BYTES // 2:
        return
    with contextlib.suppress(KitError, OSError):
        with whole_file(path, durable=False, parents=True) as temporary:
            temporary.write_bytes(content)
        _remove_least_used(path.parent)


@contextlib.contextmanager
def filling(digest: str) -> Iterator[None]:
    """Holds the place of these bytes, so that of several processes one gets them; where it cannot be held, each may."""
    import filelock

    path, held = _path_of(digest), contextlib.ExitStack()
    with held:
        if path:
            with contextlib.suppress(OSError, filelock.Timeout):
                path.parent.mkdir(parents=True, exist_ok=True)
                held.enter_context(filelock.FileLock(path.with_suffix(".lock"), timeout=_LONGEST_FILLING))
        yield


def _path_of(digest: str) -> Path | None:
    folder = cache_folder()
    return folder and folder / f"sha256-{digest}.npz"


def cache_folder() -> Path | None:
    """Where copies go; None where nobody has a home, as under a scheduler or in a sandbox."""
    if own := os.environ.get("KIT_CACHE"):
        return Path(own)
    import platformdirs

    try:
        return Path(platformdirs.user_cache_dir("kit-digit-recognizer", appauthor=False))
    except RuntimeError:
        return None


def _content(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """A member that is stored as it is, so that no more comes out than the file has."""
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > most:
        raise ValueError("packed")
    return archive.read(info)


def _array(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], most: int) -> np.ndarray:
    """An uint8 array whose header tells the truth about its size; ValueError where it does not."""
    info = archive.getinfo(f"{name}.npy")
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > most:
        raise ValueError("packed")
    with archive.open(info) as member:
        if np.lib.format.read_magic(member) != (1, 0):
            raise ValueError("another version")
        found, by_columns, dtype = np.lib.format.read_array_header_1_0(member)
        like = (len(found) == len(shape) and by_columns is False and dtype == np.uint8
                and all(wanted in (-1, size) for wanted, size in zip(shape, found, strict=True)))  # fmt: skip
        if not like or math.prod(found) != info.file_size - member.tell() or not math.prod(found):
            raise ValueError("another array")
        array = np.empty(found, np.uint8)
        flat, filled = array.reshape(-1), 0
        while piece := member.read(_PIECE):
            flat[filled : filled + len(piece)] = np.frombuffer(piece, np.uint8)
            filled += len(piece)
    if filled != array.size:
        raise ValueError("cut off")
    return array


def _remove_least_used(folder: Path) -> None:
    left = _BYTES
    for path in sorted(folder.glob("*.npz"), key=lambda path: path.lstat().st_mtime, reverse=True):
        left -= path.lstat().st_size
        if left < 0:
            path.unlink()


def _signature(path: Path) -> list[int]:
    """What changes when a file does, the times last; the change time cannot be set back, unlike the modification time.

    Where there is none, a checksum of all bytes stands in for it.
    """
    try:
        status = path.stat()
        checksum = [] if _HAS_CHANGE_TIME else [_checksum(path)]
    except OSError as error:
        raise in_plain_words(error, path) from error
    return [status.st_dev, status.st_ino, status.st_size, *checksum, status.st_mtime_ns, status.st_ctime_ns]


def _checksum(path: Path) -> int:
    found = 0
    with open(path, "rb") as file:
        while piece := file.read(_PIECE):
            found = zlib.crc32(piece, found)
    return found
