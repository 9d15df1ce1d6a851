"""Files that may be packed, whatever their names say: plain, gzip, zip, one in another; read within stated bounds.

Nothing is unpacked, kept or looked through beyond them, whatever an archive claims to hold.
"""

import contextlib
import io
import os
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, cast

from kit import KitError
from kit.data.header import HEAD
from kit.data.lines import beginning
from kit.system import in_plain_words

TEXT = 1 << 30  # bytes that a file may have, unpacked; train.csv has 77 MB
DEPTH = 4  # archives in one another
_ARCHIVES = 100  # archives opened in one search
_DIRECTORY = 4 << 20  # bytes of a zip's directory: some 50,000 names
_GZIPS = 100_000  # one after the other in a file; bgzip makes one of 64 kB
_UNREADABLE = (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)
_GZIP, _ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


class Member(NamedTuple):
    """A file: the names that lead to it from the outermost archive in, its first lines, its checksum and size there."""

    names: tuple[str, ...]
    head: bytes
    mark: tuple[int, int] = (0, 0)


def is_pipe(path: Path | str) -> bool:
    """Whether this can be read only once, as what a shell makes of `<(…)`."""
    status = status_of(Path(path))
    return bool(status and stat.S_ISFIFO(status.st_mode))


def is_pipes_name(path: Path | str) -> bool:
    """Whether a process gives this name to what was opened for it: later, it leads to something else or nowhere."""
    return bool(re.fullmatch(r"/dev/(fd/\d+|stdin)|/proc/[^/]+/fd/\d+", str(path)))


def status_of(path: Path) -> os.stat_result | None:
    """None where nothing is; KitError where that cannot be told."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise unreadable(str(path), error) from error


def unreadable(what: str, error: Exception) -> KitError:
    if isinstance(error, OSError) and error.errno:
        return in_plain_words(error, what)
    return KitError(f"{what}: truncated or damaged: download it again")


@contextlib.contextmanager
def opened(path: Path, names: Sequence[str] = ()) -> Iterator[BinaryIO]:
    """The unpacked bytes of a file, or of the member of an archive that these names lead to.

    Raises:
        KitError: It cannot be read, is damaged, or has more than `TEXT` bytes.
    """
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(_on_disk(path))
        inner = _ungzipped(file, str(path), stack)
        for count, name in enumerate(names, 1):
            what = title(path, names[:count])
            archive = _zip(inner, title(path, names[: count - 1]), stack)
            inner = _ungzipped(_member(archive, name, what, stack), what, stack)
        yield inner


def members(path: Path, wanted: Callable[[list[str]], list[str]]) -> Iterator[Member]:
    """What is in a file: itself where it is no archive, with no names; else the members that are wanted.

    Args:
        path: The file.
        wanted: The names of an archive's files → which of them to look into; archives among them are
            gone through in turn.

    Raises:
        KitError: It cannot be read or is damaged, or there are more archives in one another than `DEPTH`.
    """
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(_on_disk(path))
        yield from _Search(path, wanted).through(_ungzipped(file, str(path), stack), (), stack)


def title(path: Path, names: Sequence[str]) -> str:
    """What messages call a member."""
    shown = "".join(one if one.isprintable() else "?" for one in "/".join(names))
    return f"{path} ({shown})" if names else str(path)


class _TooManyError(KitError):
    """Nothing further is looked into."""


@dataclass
class _Search:
    path: Path
    wanted: Callable[[list[str]], list[str]]
    archives: int = 0

    def through(self, file: io.BufferedReader, names: tuple[str, ...], stack: contextlib.ExitStack) -> Iterator[Member]:
        head = _head(file)
        if not head.startswith(_ZIP):
            yield Member(names, beginning(head))
            return
        self.archives += 1
        if len(names) == DEPTH or self.archives > _ARCHIVES:
            raise _TooManyError(f"{title(self.path, names)}: too many archives in one another: unpack them first")
        archive = _zip(file, title(self.path, names), stack)
        infos = {info.filename: info for info in archive.infolist() if not info.is_dir()}
        fault, found = None, None
        for name in self.wanted(list(infos)):
            try:
                for found in self._inside(archive, infos[name], (*names, name)):
                    yield found
            except _TooManyError:
                raise
            except KitError as error:  # another member may be the one
                fault = fault or error
        if fault and not found:
            raise fault

    def _inside(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, names: tuple[str, ...]) -> Iterator[Member]:
        what = title(self.path, names)
        if len({(one.CRC, one.file_size) for one in archive.infolist() if one.filename == info.filename}) > 1:
            raise _TooManyError(f"{what}: is there twice, and differs: unpack the one that is meant")
        with contextlib.ExitStack() as stack:
            content = _ungzipped(_member(archive, info.filename, what, stack), what, stack)
            for found in self.through(content, names, stack):
                yield found._replace(mark=(info.CRC, info.file_size)) if found.names == names else found


class _Bounded(io.RawIOBase):
    """What another file gives, up to `TEXT` bytes, without short reads; whatever goes wrong in it is one line."""

    def __init__(self, file: IO[bytes] | io.RawIOBase, what: str) -> None:
        self._file, self._what, self._left = file, what, TEXT

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = 0
        try:
            while count < len(buffer) and (more := cast(io.RawIOBase, self._file).readinto(buffer[count:])):
                count += more
        except _UNREADABLE as error:
            raise unreadable(self._what, error) from error
        self._left -= count
        if self._left < 0:
            raise KitError(f"{self._what}: more than {TEXT:,} bytes: the competition's files have a tenth of that")
        return count


class _Archive(io.BufferedReader):
    """A file from which nobody takes more at once than a zip's directory may have."""

    def __init__(self, raw: io.RawIOBase, what: str) -> None:
        super().__init__(raw)
        self._what = what

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = _DIRECTORY + 1 if size is None or size < 0 else size
        data = super().read(min(wanted, _DIRECTORY + 1))
        if len(data) > _DIRECTORY:
            raise KitError(f"{self._what}: a zip of too many files: unpack it, and give the folder")
        return data


class _Gunzipped(io.RawIOBase):
    """What gzip has packed, in one part or several. Unlike Python's own, it takes no time over hostile headers."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file, self._rest, self._parts = file, b"", 0
        self._begin()

    def _begin(self) -> None:
        self._part, self._begun = zlib.decompressobj(16 + zlib.MAX_WBITS), False
        self._parts += 1
        if self._parts > _GZIPS:
            raise zlib.error("too many parts")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while True:
            packed = self._rest or self._file.read(HEAD)
            if not self._begun and self._parts > 1:
                packed = packed.lstrip(b"\0")  # as some tapes and programs pad it
                if not packed and not self._file.peek(1):
                    return 0
            made = self._part.decompress(packed, len(buffer))
            self._begun = self._begun or bool(packed)
            self._rest = self._part.unused_data if self._part.eof else self._part.unconsumed_tail
            if self._part.eof:
                self._begin()
            elif not packed and not made:
                raise EOFError("cut off")
            if made:
                buffer[: len(made)] = made
                return len(made)


class _Disk(_Bounded):
    """A file on disk, in which a zip can be read where it lies."""

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def again(self) -> "_Disk":
        return _Disk(self._file, self._what)


@contextlib.contextmanager
def _on_disk(path: Path) -> Iterator[io.BufferedReader]:
    try:
        file = _piped(path) if is_pipe(path) else open(path, "rb", buffering=0)  # noqa: SIM115
    except OSError as error:
        raise unreadable(str(path), error) from error
    with file:
        yield io.BufferedReader(_Disk(file, str(path)), HEAD)


_pipes: dict[tuple[str, int, int], IO[bytes]] = {}  # what they held, in files that have no name


def _piped(path: Path) -> io.FileIO:
    """What a pipe holds, which it gives only once: it is kept for as long as the process lives."""
    status = path.stat()
    key = (str(path), status.st_dev, status.st_ino)
    if key not in _pipes:
        with open(path, "rb", buffering=0) as pipe:
            _pipes[key] = _copied(io.BufferedReader(_Bounded(pipe, str(path)), HEAD))
    kept = io.FileIO(os.dup(_pipes[key].fileno()))
    kept.seek(0)
    return kept


def _copied(file: io.BufferedReader) -> IO[bytes]:
    """All of it in a file that has no name, and so is gone with the process."""
    copy = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
    shutil.copyfileobj(file, copy, 1 << 20)
    return copy


def _head(file: io.BufferedReader) -> bytes:
    return file.peek(HEAD)


def _ungzipped(file: io.BufferedReader, what: str, stack: contextlib.ExitStack) -> io.BufferedReader:
    for _ in range(DEPTH):
        if not _head(file).startswith(_GZIP):
            break
        file = io.BufferedReader(_Bounded(_Gunzipped(file), what), HEAD)
    return file


def _zip(file: io.BufferedReader, what: str, stack: contextlib.ExitStack) -> zipfile.ZipFile:
    try:
        raw = file.raw
        content = raw.again() if isinstance(raw, _Disk) else stack.enter_context(_copied(file))
        return stack.enter_context(zipfile.ZipFile(_Archive(cast(io.RawIOBase, content), what)))
    except _UNREADABLE as error:
        raise unreadable(what, error) from error


def _member(archive: zipfile.ZipFile, name: str, what: str, stack: contextlib.ExitStack) -> io.BufferedReader:
    try:
        info = archive.getinfo(name)
        if info.flag_bits & 1:
            raise KitError(f"{what}: protected by a password: unpack it first")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others know no bounds
            raise KitError(f"{what}: packed in a way that is not read here: unpack it first")
        return io.BufferedReader(_Bounded(stack.enter_context(archive.open(info)), what), HEAD)
    except (*_UNREADABLE, KeyError) as error:
        raise unreadable(what, error) from error
