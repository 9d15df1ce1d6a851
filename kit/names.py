"""Names of files: those that every system takes, and one spelling of each."""

import re
import unicodedata
from pathlib import Path

from kit import KitError, system

_LONGEST_NAME = 200  # bytes; file systems take 255, and a number and an ending are added
_DEVICES = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³]|CONIN\$|CONOUT\$)\s*([.:].*)?", re.IGNORECASE)


def composed(name: str) -> str:
    """The spelling in which é is one character: Macs also have it as two, which look the same."""
    return unicodedata.normalize("NFC", name)


def check_name(name: str | None, default: str) -> str:
    """The name of a new file or folder, composed: the one that a person gave, or the default.

    What one system forbids is refused by all, so that what is made here can be copied there.

    Raises:
        KitError: A system forbids it, or it would lead elsewhere or be hidden.
    """
    chosen = composed(default if name is None else name)
    if problem := _problem_of(chosen):
        raise KitError(f"--name {name}: {problem}" if name is not None else f"{default}: {problem}; --name gives one")
    return chosen


def _problem_of(name: str) -> str | None:
    if not re.fullmatch(r"[\w.+-]+", name) or name.startswith("."):
        return "in a name use letters, digits, '-', '_', '+' and '.' only, and no dot in front"
    if _is_forbidden_by_windows(name):
        return "Windows forbids this name: give another"
    if (length := len(name.encode())) > _LONGEST_NAME:
        return f"{length} bytes are too many for a name: use at most {_LONGEST_NAME}"
    return None


def check_path(path: Path) -> None:
    """KitError where Windows, on Windows, has no file of that name: it would write to a device or another file."""
    if system.WINDOWS and _is_forbidden_by_windows(path.name):
        raise KitError(f"{path}: Windows allows no such name: give another")


def _is_forbidden_by_windows(name: str) -> bool:
    r"""Whether Windows has no file of that name: it stands for a device, ends otherwise, or has one of <>:"/\|?*."""
    return bool(re.search(r'[<>:"/\\|?*\0-\x1f]|[. ]$', name) or _DEVICES.fullmatch(name))
