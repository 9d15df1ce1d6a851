"""Where one of the competition's files is: in a folder, or in archives, known by its content more than by its name."""

import contextlib
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from kit import KitError
from kit.data import containers, header
from kit.data.containers import Member, is_pipe, is_pipes_name, status_of, title
from kit.system import in_plain_words

REMEDY = "fetch it with kit data fetch, or say where it is with --data PATH"
_MOST_COPIES = 100  # files of one name in an archive that are looked into
_OTHER_ARCHIVES = {  # which are zips too, known by a file in them
    r"xl/workbook\.\w+": "an Excel workbook: save its sheet as CSV",
    r"mimetype|word/document\.xml": "an office document: save its table as CSV",
    r".*\.npy": "NumPy arrays: write them as CSV, with the header",
}


@dataclass(frozen=True)
class Location:
    """A CSV file on disk, or one inside archives: the names that lead to it, from the outermost archive in."""

    path: Path
    members: tuple[str, ...] = ()

    def __str__(self) -> str:
        return title(self.path, self.members)

    def opened(self) -> contextlib.AbstractContextManager[BinaryIO]:
        """The CSV's bytes, unpacked; KitError where they cannot be read."""
        return containers.opened(self.path, self.members)


class NothingThereError(KitError):
    """An archive that holds no such file."""


def existing(kind: str, data: Path) -> Location:
    """As `locate`; KitError where there is none, which says what to do."""
    if location := locate(kind, data):
        return location
    if status_of(data) is None and is_pipes_name(data):
        raise KitError(f"{data}: a pipe, read once and gone: give the same rows with --data PATH")
    if status_of(data) is None and data != Path("data"):
        raise KitError(f"{data}: missing: {REMEDY}")
    path = data / f"{kind}.csv"
    if (there := status_of(path)) is not None:
        what = "a folder" if stat.S_ISDIR(there.st_mode) else "a pipe or a device"
        raise KitError(f"{path}: {what}, not a file: {REMEDY}")
    raise KitError(f"{path}: missing: {REMEDY}")


def locate(kind: str, data: Path) -> Location | None:
    """Finds `KIND.csv` in a folder or an archive, packed or not, or takes the CSV given; None where there is none.

    A file of another competition is passed over where the right one is there too, and no file is opened that is not
    needed to find it.

    Raises:
        KitError: What was found cannot be read, or an archive holds several that differ.
    """
    status = status_of(data)
    if status is None:
        return None
    if stat.S_ISDIR(status.st_mode):
        return _in_folder(kind, data)
    _refuse_device(data)
    required = kind in ("train", "test")
    try:
        found = _in_file(kind, data)
    except NothingThereError:
        if required:
            raise
        return None
    if found.names or required:
        return Location(data, found.names)
    if is_pipe(data):
        return None
    beside = _named(kind, data.parent)  # a single CSV, whose others may lie beside it
    return beside[0] if beside else None


def table_head(path: Path) -> bytes | None:
    """The first lines of a file, unpacked; None of an archive of files."""
    _refuse_device(path)
    return next((one.head for one in containers.members(path, lambda names: [])), None)


def _refuse_device(path: Path) -> None:
    if not (path.is_file() or is_pipe(path)):
        raise KitError(f"{path}: a device, not a file: give a file or a folder with --data PATH")


def _in_folder(kind: str, folder: Path) -> Location | None:
    """Files of the kind's own name come first, then what archives hold; another competition's only if it is alone."""
    named = _named(kind, folder)
    if named and not header.is_foreign(named[1].head, kind):
        return named[0]
    fault = None
    for path in _files(folder, r"(?!\.).*\.zip"):
        try:
            found = _in_file(kind, path)
        except NothingThereError:
            continue
        except KitError as error:  # the archive may hold something else, and another one this
            fault = fault or error
            continue
        if not header.is_foreign(found.head, kind) and (found.names or header.kind_of(found.head) == kind):
            return Location(path, found.names)
    if named is None and fault and kind in ("train", "test"):
        raise fault
    return named[0] if named else None


def _named(kind: str, folder: Path) -> tuple[Location, Member] | None:
    """What has the kind's name in a folder; the plainest that is not another competition's, else the plainest."""
    foreign = None
    for path in _files(folder, _names_of(kind)):
        found = _in_file(kind, path)
        if not header.is_foreign(found.head, kind):
            return Location(path, found.names), found
        foreign = foreign or (Location(path, found.names), found)
    return foreign


def _names_of(kind: str) -> str:
    return rf"{kind}\.csv(\.gz|\.zip)*"


def _files(folder: Path, names: str) -> list[Path]:
    """The folder's files with such names: the competition's own name first, then the plainer ones."""
    try:
        files = [path for path in folder.iterdir() if re.fullmatch(names, path.name, re.IGNORECASE) and path.is_file()]
    except OSError as error:
        raise in_plain_words(error, folder) from error
    return sorted(files, key=lambda path: (path.stem != "digit-recognizer", len(path.suffixes), path.name.swapcase()))


def _in_file(kind: str, path: Path) -> Member:
    """The file itself, with no names, where it is no archive; else the one of the kind in it.

    Raises:
        KitError: It cannot be read, or holds several that differ.
        NothingThereError: An archive without one.
    """
    found = [
        one for one in containers.members(path, _Wanted(kind, path))
        if not one.names or re.fullmatch(_names_of(kind), _last_part(one.names[-1]), re.IGNORECASE)
        or header.kind_of(one.head) == kind
    ]  # fmt: skip
    if not found:
        raise NothingThereError(f"{path}: there is no {kind}.csv in this archive: {REMEDY}")
    right = [one for one in found if not header.is_foreign(one.head, kind)] or found
    plainest = [one for one in right if _layers(one) == min(map(_layers, right))]
    if len({one.mark for one in plainest}) > 1:
        first, second = (title(path, one.names) for one in plainest[:2])
        raise KitError(f"{first} and {second}: which {kind}.csv is meant? unpack that one")
    return plainest[0]


@dataclass
class _Wanted:
    """Which files of an archive are looked into: those of the kind's name, else archives, else a single file."""

    kind: str
    path: Path

    def __call__(self, names: list[str]) -> list[str]:
        files = [name for name in names if not _is_copied_metadata(name)]
        named = [name for name in files if re.fullmatch(_names_of(self.kind), _last_part(name), re.IGNORECASE)]
        if len(named) > _MOST_COPIES:
            raise KitError(
                f"{self.path}: holds {len(named):,} files called {self.kind}.csv: unpack the one that is meant"
            )
        archives = [name for name in files if re.fullmatch(r".*\.zip(\.gz)?", name, re.IGNORECASE | re.DOTALL)]
        chosen = named or archives or (files if len(files) == 1 else [])
        for pattern, what in _OTHER_ARCHIVES.items():
            if not chosen and any(re.fullmatch(pattern, name) for name in files):
                raise KitError(f"{self.path}: {what}")
        return chosen


def _last_part(name: str) -> str:
    """Without its folders, which some of Windows' programs end with a backslash."""
    return re.split(r"[/\\]", name)[-1]


def _is_copied_metadata(name: str) -> bool:
    """Whether it is what macOS puts beside every file of a zip."""
    return _last_part(name).startswith("._") or "__MACOSX" in re.split(r"[/\\]", name)


def _layers(one: Member) -> int:
    return len(one.names) + sum(name.lower().endswith(".gz") for name in one.names)
