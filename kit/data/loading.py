"""The competition's files on this machine: where they are, and loading them fast."""

import gzip
import hashlib
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, overload

import numpy as np

from kit import KitError
from kit.data import csv_format
from kit.data.cache import Cache
from kit.files import in_plain_words

DATA = Path("data")
KAGGLE_INPUTS = [Path("/kaggle/input/digit-recognizer"), Path("/kaggle/input/competitions/digit-recognizer")]
_UNREADABLE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)


@dataclass(frozen=True, kw_only=True)
class Digits:
    """The rows of one file.

    Attributes:
        images: uint8 (n, 28, 28, 1), 0 to 255, white ink on black.
        fingerprint: SHA-256 of images and labels, the same for the same rows in any container.
        name: The file, for messages.
    """

    images: np.ndarray
    fingerprint: str
    name: str

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, kw_only=True)
class LabelledDigits(Digits):
    """Rows whose answers are known.

    Attributes:
        labels: uint8 (n,), 0 to 9; every one of the ten is there.
    """

    labels: np.ndarray


@dataclass(frozen=True)
class Location:
    """A CSV file on disk, or one inside a zip archive."""

    path: Path
    member: str | None = None

    def __str__(self) -> str:
        return f"{self.path} ({self.member})" if self.member else str(self.path)

    def read(self) -> bytes:
        """The CSV's bytes, unpacked; KitError where they cannot be read."""
        try:
            if self.member is None:
                raw = self.path.read_bytes()
            else:
                with zipfile.ZipFile(self.path) as opened:
                    raw = opened.read(self.member)
            return gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
        except _UNREADABLE as error:
            raise _unreadable(self, error) from error


def folder_or_file(data: Path | str | None = None) -> Path:
    """The given path; without one `data/`, or the competition's folder in a Kaggle notebook."""
    if data is not None:
        return Path(data)
    if locate("train", DATA) is None:
        for folder in KAGGLE_INPUTS:
            if locate("train", folder):
                return folder
    return DATA


def locate(kind: str, data: Path) -> Location | None:
    """Finds `KIND.csv` in a folder, plain, gzipped or zipped, or takes the file given; None where there is none.

    Raises:
        KitError: A zip archive is damaged.
    """
    if data.is_dir():
        for suffix in (".csv", ".csv.gz", ".csv.zip"):
            if (path := data / f"{kind}{suffix}").is_file():
                return _inside(path, kind) if suffix == ".csv.zip" else Location(path)
        archives = sorted(data.glob("*.zip"), key=lambda path: (path.stem != "digit-recognizer", path))
        return next((found for path in archives if (found := _inside(path, kind))), None)
    if data.suffix == ".zip" and data.is_file():
        return _inside(data, kind)
    if data.is_file() and kind in ("train", "test"):
        return Location(data)
    if data.is_file():  # the submission's files are looked for beside a single CSV
        return locate(kind, data.parent)
    return None


@overload
def load(kind: Literal["train"] = "train", data: Path | str | None = None) -> LabelledDigits: ...
@overload
def load(kind: Literal["test"], data: Path | str | None = None) -> Digits: ...
@overload
def load(kind: str, data: Path | str | None = None) -> Digits: ...
def load(kind: str = "train", data: Path | str | None = None) -> Digits:
    """Loads the labelled rows ("train") or the rows to predict ("test"), from the cache where the file is unchanged.

    Args:
        kind: "train" or "test".
        data: A folder, a `.csv`, a `.csv.gz` or Kaggle's `.zip`; without it `data/` or the Kaggle notebook's folder.

    Returns:
        `LabelledDigits` of "train", else `Digits`.

    Raises:
        KitError: The file is missing or damaged, or a row or value in it is wrong.
    """
    location = existing(kind, folder_or_file(data))
    cache = Cache(location.path, f"{location.member}\n{kind}", kind)
    stored = cache.read()
    if stored is None:
        pixels, labels = csv_format.parse_digits(location.read(), kind, str(location))
        images = pixels.reshape(-1, 28, 28, 1)
        if labels is not None:
            _require_classes(labels, location)
        fingerprint = _fingerprint(images, labels)
        cache.write(images, labels, fingerprint)
    else:
        images, labels, fingerprint = stored
    if labels is None:
        return Digits(images=images, fingerprint=fingerprint, name=str(location))
    return LabelledDigits(images=images, labels=labels, fingerprint=fingerprint, name=str(location))


def load_submission(kind: str, data: Path | str | None = None) -> np.ndarray | None:
    """The labels, uint8 (n,), of `sample_submission.csv` or `solution.csv`; None where there is no such file."""
    location = locate(kind, folder_or_file(data))
    return csv_format.parse_submission(location.read(), str(location)) if location else None


def existing(kind: str, data: Path) -> Location:
    """As `locate`; KitError where there is none, which says what to do."""
    if location := locate(kind, data):
        return location
    remedy = "fetch it with kit data fetch, or say where it is with --data PATH"
    if not data.exists():
        raise KitError(f"{data if data != DATA else data / f'{kind}.csv'}: missing: {remedy}")
    if data.is_dir():
        raise KitError(f"{data / f'{kind}.csv'}: missing: {remedy}")
    raise KitError(f"{data}: there is no {kind}.csv in this archive: download it again, or {remedy}")


def _inside(archive: Path, kind: str) -> Location | None:
    try:
        with zipfile.ZipFile(archive) as opened:
            names = opened.namelist()
    except _UNREADABLE as error:
        raise _unreadable(archive, error) from error
    wanted = (f"{kind}.csv", f"{kind}.csv.gz")
    member = next((name for name in names if PurePosixPath(name).name in wanted), None)
    return Location(archive, member) if member else None


def _unreadable(what: Location | Path, error: Exception) -> KitError:
    if isinstance(error, OSError) and error.errno:
        return in_plain_words(error, str(what))
    return KitError(f"{what}: truncated or damaged: download it again")


def _fingerprint(images: np.ndarray, labels: np.ndarray | None) -> str:
    digest = hashlib.sha256(images.data)
    if labels is not None:
        digest.update(labels.data)
    return digest.hexdigest()


def _require_classes(labels: np.ndarray, location: Location) -> None:
    missing = np.flatnonzero(np.bincount(labels, minlength=10) == 0)
    if len(missing):
        raise KitError(f"{location}: no row has the label {missing[0]}: a network needs rows of every class, 0 to 9")
