"""Copies of parsed files in the user's cache folder, so that a file is parsed once; a changed file is never served."""

import contextlib
import hashlib
import json
import os
import time
import zipfile
import zlib
from pathlib import Path

import numpy as np

from kit import KitError
from kit.files import in_plain_words, whole_file

_FILES = 8  # of up to 33 MB each
_SAME_TICK = 2_000_000_000  # ns: file systems' clocks may be this coarse


class Cache:
    """The copy of what one file holds. Made before the file is read: what has changed since then is not stored.

    Args:
        path: The file.
        part: What of it, and how it is read.
        name: What the copy's own name begins with.
    """

    def __init__(self, path: Path, part: str, name: str) -> None:
        import platformdirs

        own = platformdirs.user_cache_dir("kit-digit-recognizer", appauthor=False)
        key = hashlib.sha256(f"{path.resolve()}\n{part}".encode()).hexdigest()[:16]
        self._path, self._signature, self._begun = path, _signature(path), time.time_ns()
        self._copy = Path(os.environ.get("KIT_CACHE") or own) / f"{name}-{key}.npz"

    def read(self) -> tuple[np.ndarray, np.ndarray | None, str] | None:
        """Images, labels and fingerprint; None where there is no copy of the file as it is now."""
        try:
            with np.load(self._copy) as arrays:  # the archive's checksums are verified on reading
                about = json.loads(str(arrays["about"]))
                if about["signature"] != self._signature:
                    return None
                if max(self._signature[-2:]) > about["loaded_at"] - _SAME_TICK:
                    return None  # changed so shortly before it was read that a later change could carry the same times
                return arrays["images"], arrays.get("labels"), about["fingerprint"]
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError,
                ValueError, KeyError, TypeError):  # fmt: skip
            return None  # whatever is wrong with a copy, the file is read instead

    def write(self, images: np.ndarray, labels: np.ndarray | None, fingerprint: str) -> None:
        """Stores them, unless the file has changed since this object was made."""
        if _signature(self._path) != self._signature:
            return
        about = {"signature": self._signature, "loaded_at": self._begun, "fingerprint": fingerprint}
        arrays = {"images": images, "about": np.array(json.dumps(about))}
        if labels is not None:
            arrays["labels"] = labels
        with contextlib.suppress(KitError, OSError):  # no room or no permission: then there is no copy
            with whole_file(self._copy, durable=False, parents=True) as temporary:
                np.savez(temporary, allow_pickle=False, **arrays)
            newest_first = sorted(self._copy.parent.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
            for old in newest_first[_FILES:]:
                old.unlink()


def _signature(path: Path) -> list[int]:
    """What changes when a file does; the change time cannot be set back, unlike the modification time."""
    try:
        status = path.stat()
    except OSError as error:
        raise in_plain_words(error, path) from error
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
