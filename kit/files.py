"""Files appear whole or not at all, and nothing that a killed process made stays."""

import contextlib
import errno
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kit import KitError
from kit.names import check_path
from kit.system import in_plain_words, patiently

if TYPE_CHECKING:
    import filelock

TEMPORARY = ".tmp-"
_LOCK, _REPLACED = ".kit-lock", ".kit-replaced"  # in a staging folder
_TRIES = 100
_FORGOTTEN = 24 * 60 * 60  # seconds after which a temporary file without a lock has no owner


class TakenError(KitError):
    """Something has the name already."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: is there already: replace it with --overwrite, or give another name")


@contextlib.contextmanager
def whole_file(path: Path, *, durable: bool = True, replace: bool = True, parents: bool = False) -> Iterator[Path]:
    """Gives a temporary path to write a file, or a folder such as a Core ML package, to; then it takes its name.

    It takes the name in one step and only after the bytes are on the disk, so a reader, a crash or a full disk never
    meets half of it. The temporary path ends in the same name, which some writers go by, and lies in a folder of its
    own, where there is room for what is needed on the way. A symbolic link stays one: what it leads to is written.
    A folder that is replaced is not there for the time of a rename.

    Args:
        path: Where it belongs.
        durable: Wait for the disk; without it a power cut may leave a torn file, which its reader must notice.
        replace: What has the name is replaced; without it the name must be free at the end too.
        parents: Make the folders above it. Without it they must be there: what somebody removes while a command runs
            must not come back as a part of what it was.

    Raises:
        TakenError: The name is taken and not to be replaced.
        KitError: The folder is missing or cannot be written, the disk is full, or on Windows the name is none or what
            has it is open elsewhere; `path` is as it was before.
    """
    check_path(path)
    if not replace and os.path.lexists(path):
        raise TakenError(path)
    try:
        target = Path(os.path.realpath(path)) if path.is_symlink() else path
        if parents:
            target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        with staging(target.parent) as made:
            temporary = made / target.name
            yield temporary
            if durable:
                _to_disk(temporary)
            if replace:
                _replace(temporary, target)
            elif not _takes_free_name(temporary, target):
                raise TakenError(path)
    except OSError as error:
        raise in_plain_words(error, path) from error


@contextlib.contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """A new folder inside `folder`, so on the same disk, to make things in; it is gone at the end of the block.

    A process that is killed leaves it behind: the next one that comes here sees that nobody holds its lock, puts back
    what was about to be replaced, and removes it.

    Raises:
        OSError: `folder` is missing or cannot be written.
    """
    import filelock

    remove_abandoned(folder)
    made = folder / f"{TEMPORARY}{secrets.token_hex(6)}"
    lock = filelock.FileLock(made / _LOCK)
    try:
        _make_locked(made, lock)
        yield made
    finally:
        nothing_left = _put_back(made)
        lock.release()
        if nothing_left:
            remove(made)


def _make_locked(made: Path, lock: "filelock.BaseFileLock") -> None:
    """Makes the folder and takes its lock; until it has that, others take the folder for a leftover and remove it."""
    for _ in range(_TRIES):
        made.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            lock.acquire()
            return
    lock.acquire()


def remove_abandoned(folder: Path) -> None:
    """Removes what killed processes left in `folder`, and puts back what one of them was about to replace."""
    for leftover in folder.glob(f"{TEMPORARY}*"):
        with contextlib.suppress(OSError):
            if (leftover / _LOCK).is_file():
                _remove_if_abandoned(leftover)
            elif not _put_back(leftover):
                continue
            elif time.time() - leftover.lstat().st_mtime > _FORGOTTEN:
                remove(leftover)
            else:
                leftover.rmdir()  # of a process that was killed before it had its lock: empty


def _remove_if_abandoned(leftover: Path) -> None:
    import filelock

    with contextlib.suppress(filelock.Timeout):
        # All of it while the lock is held, for its maker may be about to take it: then it makes the folder anew.
        with filelock.FileLock(leftover / _LOCK, timeout=0):
            if not _put_back(leftover):
                return
            for part in leftover.iterdir():
                if part.name != _LOCK:
                    remove(part)
            shutil.rmtree(leftover, ignore_errors=True)
        with contextlib.suppress(OSError):  # on Windows the lock went at its release, and left it empty
            leftover.rmdir()


def _put_back(made: Path) -> bool:
    """Gives what was moved away its name again, unless something new has taken it; whether nothing of it is left."""
    for old in made.glob(f"{_REPLACED}/*"):
        if not os.path.lexists(made.parent / old.name):
            try:
                patiently(old.rename, made.parent / old.name)
            except OSError:  # then it waits here for the next one that comes
                return False
    return True


def _to_disk(path: Path) -> None:
    for file in [path, *path.rglob("*")]:
        if file.is_file():
            with patiently(file.open, "rb+") as opened:
                os.fsync(opened.fileno())


def _replace(temporary: Path, target: Path) -> None:
    if target.is_dir() and not temporary.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if target.is_dir():  # no system puts one folder in the place of another in one step
        aside = temporary.parent / _REPLACED
        aside.mkdir()
        patiently(target.rename, aside / target.name)
    patiently(temporary.replace, target)


def _takes_free_name(temporary: Path, target: Path) -> bool:
    """Whether the name was free; where it is taken, what has it stays as it is."""
    try:
        if temporary.is_dir():
            patiently(temporary.rename, target)  # refuses to take the place of anything but an empty folder
        else:
            _link(temporary, target)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            return False
        raise
    return True


def _link(temporary: Path, target: Path) -> None:
    """A second name for the file, which must be free: unlike a rename, a link never replaces."""
    try:
        patiently(os.link, temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a disk that knows no links
        with open(target, "xb"):
            pass
        patiently(temporary.replace, target)


def write_text(path: Path, text: str) -> None:
    """Writes `text` as UTF-8 with the line ends it has, whole or not at all, into a folder that is there."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def remove(path: Path) -> None:
    """Removes a file, or a folder with all that is in it, if it is there and can be removed."""
    if not path.is_dir() or path.is_symlink():
        with contextlib.suppress(OSError):
            patiently(path.unlink, True)
        return
    with contextlib.suppress(OSError):
        patiently(shutil.rmtree, path)
    shutil.rmtree(path, ignore_errors=True)  # what can be, where something cannot


@contextlib.contextmanager
def scratch(place: Path | str | None = None) -> Iterator[Path]:
    """A folder in `place`, or among the system's temporary ones, gone at the end of the block.

    What Windows says is open stays.
    """
    with tempfile.TemporaryDirectory(prefix="kit-", dir=place, ignore_cleanup_errors=True) as folder:
        yield Path(folder)
