"""Files appear whole or not at all."""

import contextlib
import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from kit import KitError

TEMPORARY = ".tmp-"

_REASONS = {
    errno.ENOSPC: "the disk is full: make room first",
    errno.EDQUOT: "your disk quota is used up: make room first",
    errno.EACCES: "no permission: choose another folder or change its permissions",
    errno.EPERM: "no permission: choose another folder or change its permissions",
    errno.EROFS: "the file system is read-only: choose another folder",
    errno.ENOENT: "no such file or folder",
    errno.ENOTDIR: "a part of this path is a file, not a folder",
    errno.EISDIR: "this is a folder, not a file",
    errno.EEXIST: "there is something else under this name",
    errno.EFBIG: "the disk takes no file of this size",
}


def check_name(name: str) -> str:
    """The name for a file or folder that a person gave; KitError where it could lead elsewhere or be hidden."""
    if not re.fullmatch(r"[\w.+-]+", name) or name.startswith("."):
        raise KitError(f"--name {name}: use letters, digits, '-', '_', '+' and '.' only, and no dot in front")
    return name


def in_plain_words(error: OSError, path: Path | str | None = None) -> KitError:
    """The same failure as one line that names the file and says what to do."""
    reason = _REASONS.get(error.errno or 0) or (error.strerror or str(error)).lower()
    return KitError(f"{path or error.filename or 'the system says'}: {reason}")


@contextlib.contextmanager
def whole_file(path: Path, durable: bool = True) -> Iterator[Path]:
    """Gives a temporary path beside `path` to write to; at the end of the block the file takes its name.

    The name is replaced in one step and only after the bytes are on the disk, so a reader, a crash or a full disk
    never meets half a file. The temporary name keeps the suffix, which some writers go by.

    Args:
        path: Where the file belongs; its folder is made.
        durable: Wait for the disk; without it a power cut may leave a torn file, which its reader must notice.

    Raises:
        KitError: The folder cannot be made or written, or the disk is full; `path` is as it was before.
    """
    temporary = path.parent / f"{TEMPORARY}{secrets.token_hex(4)}-{path.name}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        if durable:
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise in_plain_words(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_path(path: Path) -> Iterator[Path]:
    """As `whole_file`, for what may be a file or a folder (a Core ML package is one): gives a path to make it at.

    Whatever is under the name at the end of the block is replaced; the gap in which it is not there is a rename long.

    Raises:
        KitError: The folder cannot be made or written, or the disk is full; `path` is as it was before.
    """
    temporary = path.parent / f"{TEMPORARY}{secrets.token_hex(4)}-{path.name}"
    replaced = temporary.with_name(f"{TEMPORARY}{secrets.token_hex(4)}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        for file in [temporary, *temporary.rglob("*")]:
            if file.is_file():
                with open(file, "rb+") as opened:
                    os.fsync(opened.fileno())
        if path.is_dir():
            path.rename(replaced)
        temporary.replace(path)
    except OSError as error:
        raise in_plain_words(error, path) from error
    finally:
        remove(temporary)
        remove(replaced)


def write_text(path: Path, text: str) -> None:
    """Writes `text` as UTF-8 with the line ends it has, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def remove(path: Path) -> None:
    """Removes a file, or a folder with all that is in it, if it is there and can be removed."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def remove_temporary(folder: Path) -> None:
    """Removes what killed writers left behind in `folder`; call it only while nothing writes there."""
    for leftover in folder.glob(f"{TEMPORARY}*"):
        with contextlib.suppress(OSError):
            leftover.unlink()
