"""The competition's data on this machine: where it is, what is in it, and loading it fast."""

import contextlib
import gzip
import hashlib
import json
import os
import time
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from kit import KitError
from kit.data import csv_format
from kit.files import in_plain_words, whole_file
from kit.run.folder import Run
from kit.scenes.drawing import BACKGROUND, scenery, scenes
from kit.scenes.strokes import trace

DATA = Path("data")
KAGGLE_INPUTS = [Path("/kaggle/input/digit-recognizer"), Path("/kaggle/input/competitions/digit-recognizer")]
_CACHED_FILES = 8  # of up to 33 MB each
_SAME_TICK = 2_000_000_000  # ns: file systems' clocks may be this coarse
_UNREADABLE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class Digits:
    """The rows of one file.

    Attributes:
        images: uint8 (n, 28, 28, 1), 0 to 255, white ink on black.
        labels: uint8 (n,), 0 to 9; None for a file without them.
        fingerprint: SHA-256 of images and labels, the same for the same rows in any container.
        name: The file, for messages.
    """

    images: np.ndarray
    labels: np.ndarray | None
    fingerprint: str
    name: str

    def __len__(self) -> int:
        return len(self.images)


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


@dataclass(frozen=True)
class FileReport:
    """What `check` found: facts where the file is right, a problem where it is not."""

    file: str
    rows: int = 0
    facts: str = ""
    problem: str | None = None


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


def load(kind: str = "train", data: Path | str | None = None) -> Digits:
    """Loads the labelled rows ("train") or the rows to predict ("test"), from the cache where the file is unchanged.

    Args:
        kind: "train" or "test".
        data: A folder, a `.csv`, a `.csv.gz` or Kaggle's `.zip`; without it `data/` or the Kaggle notebook's folder.

    Raises:
        KitError: The file is missing or damaged, or a row or value in it is wrong.
    """
    location = _existing(kind, folder_or_file(data))
    signature = _signature(location.path)
    cache = _cache_file(location, kind)
    if digits := _from_cache(cache, signature, location):
        return digits
    loaded_at = time.time_ns()
    pixels, labels = csv_format.parse_digits(location.read(), kind, str(location))
    images = pixels.reshape(-1, 28, 28, 1)
    digits = Digits(images, labels, _fingerprint(images, labels), str(location))
    _require_classes(digits)
    if _signature(location.path) == signature:
        _to_cache(cache, signature, loaded_at, digits)
    return digits


def load_for(run: Run, data: Path | str | None = None) -> Digits:
    """The rows that a run was trained on, from where it had them or from `data`.

    Raises:
        KitError: They are missing or damaged, or other rows.
    """
    digits = load("train", data or run.settings.data)
    if digits.fingerprint != run.settings.fingerprint:
        raise KitError(f"{digits.name}: not the rows that {run} was trained on: give those with --data PATH")
    return digits


def load_submission(kind: str, data: Path | str | None = None) -> np.ndarray | None:
    """The labels, uint8 (n,), of `sample_submission.csv` or `solution.csv`; None where there is no such file."""
    location = locate(kind, folder_or_file(data))
    return csv_format.parse_submission(location.read(), str(location)) if location else None


def check(data: Path | str | None = None) -> list[FileReport]:
    """Says of each file what is in it or what is wrong with it; never raises for what a file holds."""
    place = folder_or_file(data)
    if place.is_file() and place.suffix != ".zip":
        return [_report_file(place)]
    reports = []
    for kind in ("train", "test", "sample_submission", "solution"):
        try:
            location = _existing(kind, place) if kind in ("train", "test") else locate(kind, place)
            if location:
                reports.append(_report(kind, place, location))
        except KitError as error:
            reports.append(FileReport(f"{kind}.csv", problem=str(error)))
    expected = next((report.rows for report in reports if "test.csv" in report.file and not report.problem), None)
    for index, report in enumerate(reports):
        name = next((name for name in ("sample_submission.csv", "solution.csv") if name in report.file), None)
        if name and expected is not None and not report.problem and report.rows != expected:
            problem = f"{report.file}: {report.rows:,} rows where test.csv has {expected:,}: fetch them together again"
            reports[index] = FileReport(report.file, problem=problem)
    return reports


def show(
    data: Path | str | None = None, row: int = 1, to: Path | str = DATA / "show", *, camera: bool = False
) -> list[Path]:
    """Draws the training rows: a grid of digits, one digit with its pixel values in the cells, the class counts.

    Args:
        data: As in `load`.
        row: Which row to draw large, counted from 1.
        to: The folder for the pictures.
        camera: Draw scenes instead, as `kit train --camera` learns from them: one sheet, from the given row on.

    Returns:
        The PNG files written.
    """
    from kit import plots

    digits = load("train", data)
    if not 1 <= row <= len(digits):
        raise KitError(f"--row {row}: {digits.name} has rows 1 to {len(digits):,}")
    assert digits.labels is not None
    if camera:
        return [_show_scenes(digits, row - 1, Path(to))]
    per_class = [np.flatnonzero(digits.labels == label)[:10] for label in range(10)]
    width = min(len(rows) for rows in per_class)
    grid = np.concatenate([rows[:width] for rows in per_class])
    name = Path(digits.name).name
    figures = {
        "digits.png": plots.digit_grid(
            digits.images[grid, :, :, 0], width, f"The first {width} of each class in {name}"
        ),
        f"digit-{row}.png": plots.pixel_values(
            digits.images[row - 1, :, :, 0], f"Row {row:,} of {name}: a {digits.labels[row - 1]}, pixels 0 to 255"
        ),
        "classes.png": plots.class_counts(
            np.bincount(digits.labels, minlength=10), f"{len(digits):,} rows of {name} by class"
        ),
    }
    return [plots.save(figure, Path(to) / file) for file, figure in figures.items()]


def _show_scenes(digits: Digits, first: int, to: Path) -> Path:
    """A sheet of scenes of the rows from `first` on, and of scenes without a digit."""
    from kit import plots

    assert digits.labels is not None
    generator = np.random.default_rng(first)
    around = scenery(trace(digits.images[:1000]), generator)
    strokes, labels = (array[first : first + 98] for array in (digits.images, digits.labels))
    images, classes = scenes(trace(strokes), labels, 42, around, [first])
    names = ["background" if label == BACKGROUND else str(label) for label in classes]
    title = f"Scenes of the rows from {first + 1:,} of {Path(digits.name).name}, and of no digit"
    return plots.save(plots.scene_grid(images[..., 0], names, 14, title), to / "scenes.png")


def _existing(kind: str, data: Path) -> Location:
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


def _require_classes(digits: Digits) -> None:
    if digits.labels is None:
        return
    missing = np.flatnonzero(np.bincount(digits.labels, minlength=10) == 0)
    if len(missing):
        raise KitError(f"{digits.name}: no row has the label {missing[0]}: a network needs rows of every class, 0 to 9")


def _signature(path: Path) -> list[int]:
    """What changes when a file does; the change time cannot be set back, unlike the modification time."""
    try:
        status = path.stat()
    except OSError as error:
        raise in_plain_words(error, path) from error
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _cache_file(location: Location, kind: str) -> Path:
    import platformdirs

    folder = Path(os.environ.get("KIT_CACHE") or platformdirs.user_cache_dir("kit-digit-recognizer", appauthor=False))
    key = hashlib.sha256(f"{location.path.resolve()}\n{location.member}\n{kind}".encode()).hexdigest()[:16]
    return folder / f"{kind}-{key}.npz"


def _from_cache(cache: Path, signature: list[int], location: Location) -> Digits | None:
    try:
        with np.load(cache) as arrays:  # the archive's checksums are verified on reading
            about = json.loads(str(arrays["about"]))
            if about["signature"] != signature:
                return None
            if max(signature[-2:]) > about["loaded_at"] - _SAME_TICK:
                return None  # changed so shortly before it was read that a later change could carry the same times
            return Digits(arrays["images"], arrays.get("labels"), about["fingerprint"], str(location))
    except (*_UNREADABLE, ValueError, KeyError, TypeError):
        return None  # the cache is a copy: whatever is wrong with it, the file is read instead


def _to_cache(cache: Path, signature: list[int], loaded_at: int, digits: Digits) -> None:
    about = json.dumps({"signature": signature, "loaded_at": loaded_at, "fingerprint": digits.fingerprint})
    arrays = {"images": digits.images, "about": np.array(about)}
    if digits.labels is not None:
        arrays["labels"] = digits.labels
    with contextlib.suppress(KitError, OSError):  # no room or no permission: then there is no cache
        with whole_file(cache, durable=False) as temporary:
            np.savez(temporary, allow_pickle=False, **arrays)
        newest_first = sorted(cache.parent.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in newest_first[_CACHED_FILES:]:
            old.unlink()


def _report_file(path: Path) -> FileReport:
    """The report of a single CSV, whichever of the competition's it is."""
    try:
        kind = csv_format.kind_of(Location(path).read()) or "train"
        return _report(kind, path, Location(path))
    except KitError as error:
        return FileReport(str(path), problem=str(error))


def _report(kind: str, data: Path, location: Location) -> FileReport:
    if kind in ("sample_submission", "solution"):
        labels = csv_format.parse_submission(location.read(), str(location))
        return FileReport(str(location), len(labels), f"ids 1 to {len(labels):,}, {_counts(labels)}")
    digits = load(kind, data)
    flat = digits.images.reshape(len(digits), -1)
    facts = [_counts(digits.labels)] if digits.labels is not None else []
    facts.append(f"pixels {flat.min()} to {flat.max()}")
    blank = int((~flat.any(axis=1)).sum())
    repeated = len(flat) - len({row.tobytes() for row in flat})
    facts += [f"{blank:,} blank"] * (blank > 0) + [f"{repeated:,} repeated"] * (repeated > 0)
    return FileReport(str(location), len(digits), ", ".join(facts))


def _counts(labels: np.ndarray) -> str:
    counts = np.bincount(labels, minlength=10)
    present = np.flatnonzero(counts)
    if len(present) == 1:
        return f"every label {present[0]}"
    least, most = counts[present].min(), counts[present].max()
    return f"labels {present[0]} to {present[-1]}, {least:,}{f' to {most:,}' if most > least else ''} of each"
