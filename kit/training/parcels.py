"""What a training learns from, as bytes that are known by their SHA-256: a computer gets them once and keeps them."""

import functools
import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from kit.data import cache
from kit.data.loading import LabelledDigits
from kit.training.teaching import Lessons

_QUICKLY = 1  # zlib's level: digits take a quarter of their bytes, in a third of a second


@dataclass(frozen=True)
class Parcel:
    """Bytes, and their SHA-256."""

    digest: str
    content: bytes


def of_digits(digits: LabelledDigits) -> Parcel:
    return _packed(
        {
            "images": digits.images, "labels": digits.labels,
            "fingerprint": np.array(digits.fingerprint), "name": np.array(digits.name),
        }
    )  # fmt: skip


def of_lessons(lessons: Lessons) -> Parcel:
    return _packed({"targets": lessons.targets, "images": lessons.images, "answers": lessons.answers})


class Store:
    """The parcels of this computer, from its cache folder, or asked for where they are not there yet.

    Args:
        ask: Fetches the bytes of a parcel by its digest.
    """

    def __init__(self, ask: Callable[[str], bytes]) -> None:
        self._ask = ask

    def digits(self, digest: str) -> LabelledDigits:
        return _digits(self._parcel(digest))

    def lessons(self, digest: str) -> Lessons:
        return Lessons(**_unpacked(self._parcel(digest).content))

    def _parcel(self, digest: str) -> Parcel:
        with cache.filling(digest):  # of several processes on this computer one asks, the others wait and read
            content = cache.kept(digest)
            if content is None:
                content = self._ask(digest)
                cache.keep(digest, content)
        return Parcel(digest, content)


@functools.lru_cache(maxsize=2)
def _digits(parcel: Parcel) -> LabelledDigits:
    arrays = _unpacked(parcel.content)
    return LabelledDigits(
        images=arrays["images"],
        labels=arrays["labels"],
        fingerprint=str(arrays["fingerprint"]),
        name=str(arrays["name"]),
    )


def _packed(arrays: Mapping[str, np.ndarray]) -> Parcel:
    """The arrays as NumPy stores them in an .npz."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=_QUICKLY) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    content = written.getvalue()
    return Parcel(hashlib.sha256(content).hexdigest(), content)


def _unpacked(content: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return dict(archive)
