"""The competition's files on this machine: where they are, and loading them fast."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, overload

import numpy as np

from kit import KitError
from kit.data import csv_format
from kit.data.cache import Cache
from kit.data.containers import is_pipe
from kit.data.search import Location, existing, locate

DATA = Path("data")
KAGGLE_INPUTS = [Path("/kaggle/input/digit-recognizer"), Path("/kaggle/input/competitions/digit-recognizer")]


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


def folder_or_file(data: Path | str | None = None) -> Path:
    """The given path; without one `data/`, or the competition's folder in a Kaggle notebook."""
    if data is not None:
        return Path(data)
    return next((folder for folder in (DATA, *KAGGLE_INPUTS) if _is_there("train", folder)), DATA)


def _is_there(kind: str, folder: Path) -> bool:
    try:
        return locate(kind, folder) is not None
    except KitError:  # what is wrong with it, says who reads it
        return True


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
        data: A folder, a CSV, one packed by gzip or zip, Kaggle's zip, or a pipe of one of them; without it `data/` or
            the Kaggle notebook's folder.

    Returns:
        `LabelledDigits` of "train", else `Digits`.

    Raises:
        KitError: The file is missing or damaged, or a row or value in it is wrong.
    """
    return read(kind, existing(kind, folder_or_file(data)))


def read(kind: str, location: Location) -> Digits:
    """As `load`, of a file whose place is known."""
    cache = None if is_pipe(location.path) else Cache(location.path, f"{'/'.join(location.members)}\n{kind}", kind)
    stored = cache.read() if cache else None
    if stored is None:
        with location.opened() as text:
            pixels, labels = csv_format.parse_digits(text, kind, str(location))
        images = pixels.reshape(-1, 28, 28, 1)
        if labels is not None:
            _require_classes(labels, location)
        fingerprint = _fingerprint(images, labels)
        if cache:
            cache.write(images, labels, fingerprint)
    else:
        images, labels, fingerprint = stored
    if labels is None:
        return Digits(images=images, fingerprint=fingerprint, name=str(location))
    return LabelledDigits(images=images, labels=labels, fingerprint=fingerprint, name=str(location))


def load_submission(kind: str, data: Path | str | None = None) -> np.ndarray | None:
    """The labels, uint8 (n,), of `sample_submission.csv` or `solution.csv`; None where there is no such file."""
    location = locate(kind, folder_or_file(data))
    return read_submission(location) if location else None


def read_submission(location: Location) -> np.ndarray:
    """The labels, uint8 (n,), of the submission that lies there; KitError where something is wrong with it."""
    with location.opened() as text:
        return csv_format.parse_submission(text, str(location))


def _fingerprint(images: np.ndarray, labels: np.ndarray | None) -> str:
    digest = hashlib.sha256(images.data)
    if labels is not None:
        digest.update(labels.data)
    return digest.hexdigest()


def _require_classes(labels: np.ndarray, location: Location) -> None:
    missing = np.flatnonzero(np.bincount(labels, minlength=10) == 0)
    if len(missing):
        raise KitError(f"{location}: no row has the label {missing[0]}: a network needs rows of every class, 0 to 9")
