"""What the operating system says, in plain words; and what Windows refuses for a moment only, tried again."""

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from kit import KitError

T = TypeVar("T")
WINDOWS = os.name == "nt"
_MOMENTS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4)  # seconds; a virus scanner has let go after the first few
_LONGEST_PATH = 247  # characters that Windows takes, of a file or a folder, unless it was told to take more

_NO_PERMISSION = "no permission: choose another folder or change its permissions"
_OPEN_ELSEWHERE = "another program has it open: close it there, then run it again"
_EITHER = "no permission, or another program has it open: close it there, or choose another folder"
_FULL = "the disk is full: make room first"
_READ_ONLY = "the file system is read-only: choose another folder"
_NO_DIRECTORY = "a part of this path is a file, not a folder"
_DIRECTORY = "this is a folder, not a file"
_TAKEN = "there is something else under this name"
_TOO_LONG = "the name is too long: give a shorter one"
_NOT_THERE = "no such file or folder"
_FORBIDDEN = "Windows allows no such name: give another"
_REASONS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: "your disk quota is used up: make room first",
    errno.EACCES: _NO_PERMISSION,
    errno.EPERM: _NO_PERMISSION,
    errno.EROFS: _READ_ONLY,
    errno.ENOENT: _NOT_THERE,
    errno.ENOTDIR: _NO_DIRECTORY,
    errno.EISDIR: _DIRECTORY,
    errno.EEXIST: _TAKEN,
    errno.ENOTEMPTY: _TAKEN,
    errno.ENAMETOOLONG: _TOO_LONG,
    errno.ELOOP: "a symbolic link that leads in a circle: remove it",
    errno.EFBIG: "the disk takes no file of this size",
    errno.EILSEQ: "the name is no text, which this disk does not take: give another",
}
_ACCESS_DENIED, _SHARING, _LOCKED = 5, 32, 33
_WINDOWS_REASONS = {  # numbers of Windows' own, of which errno tells too little
    _ACCESS_DENIED: _EITHER,
    _SHARING: _OPEN_ELSEWHERE,
    _LOCKED: _OPEN_ELSEWHERE,
    19: _READ_ONLY,
    39: _FULL,
    112: _FULL,
    123: _FORBIDDEN,
    161: _FORBIDDEN,
    206: _TOO_LONG,
    267: _NO_DIRECTORY,
    1224: _OPEN_ELSEWHERE,
    1314: "Windows lets you make no symbolic links: turn on its developer mode",
}


def in_plain_words(error: OSError, path: Path | str | None = None) -> KitError:
    """The same failure as one line that names the file and says what to do."""
    return KitError(f"{path or error.filename or 'the system says'}: {_reason(error, path)}")


def _reason(error: OSError, path: Path | str | None) -> str:
    number = error.errno or 0
    if (reason := _WINDOWS_REASONS.get(_windows_number(error))) is not None:
        return reason
    if WINDOWS and number == errno.EACCES and _windows_number(error) == 0:  # of open(), which has one for all
        return _DIRECTORY if os.path.isdir(path or error.filename or "") else _EITHER  # noqa: PTH112 (any path)
    if WINDOWS and number == errno.EINVAL:
        return _FORBIDDEN
    if WINDOWS and number == errno.ENOENT and (length := _length(path, error.filename)) > _LONGEST_PATH:
        return f"{length} characters are too many for a path on Windows: use folders nearer to the drive"
    return _REASONS.get(number) or (error.strerror or str(error)).lower()


def _windows_number(error: OSError) -> int:
    return getattr(error, "winerror", None) or 0


def _length(*paths: Any) -> int:
    """Characters of the longest, as the system gets it."""
    return max(len(os.path.abspath(path)) for path in paths if path)  # noqa: PTH100 (any path)


def is_closed_pipe(error: OSError) -> bool:
    """Whether nobody reads any more what was printed; Windows calls that an invalid argument, of no file."""
    return isinstance(error, BrokenPipeError) or (WINDOWS and error.errno == errno.EINVAL and error.filename is None)


def patiently(action: Callable[..., T], *arguments: Any) -> T:
    """What `action` returns, tried again for a second while another program holds a file that it needs.

    Windows renames, replaces and removes no file that is open, and virus scanners and indexers open whatever is new.
    Elsewhere nothing is held, and it is tried once.

    Raises:
        OSError: It failed otherwise, or the file is held still.
    """
    for moment in _MOMENTS:
        try:
            return action(*arguments)
        except OSError as error:
            if not _is_held(error):
                raise
        time.sleep(moment)
    return action(*arguments)


def _is_held(error: OSError) -> bool:
    """Whether Windows refuses what it may allow in a moment; open() has no number of Windows' own."""
    number = _windows_number(error)
    return number in (_ACCESS_DENIED, _SHARING, _LOCKED) or (WINDOWS and error.errno == errno.EACCES and not number)
