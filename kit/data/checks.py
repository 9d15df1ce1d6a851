"""What is in the competition's files, or what is wrong with them."""

import contextlib
import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kit import KitError
from kit.data import header
from kit.data.containers import status_of
from kit.data.loading import LabelledDigits, folder_or_file, read, read_submission
from kit.data.search import REMEDY, Location, NothingThereError, existing, locate, table_head


@dataclass(frozen=True)
class FileReport:
    """What `check` found: facts where the file is right, a problem where it is not."""

    file: str
    rows: int = 0
    facts: str = ""
    problem: str | None = None


def check(data: Path | str | None = None) -> list[FileReport]:
    """Says of each file what is in it or what is wrong with it; never raises for what a file holds."""
    place = folder_or_file(data)
    try:
        status = status_of(place)
        if status is None or stat.S_ISDIR(status.st_mode):
            reports = _of_folder(place)
        elif (head := table_head(place)) is not None:
            kind = header.kind_of(head) or header.nearest_kind(head) or _kind_by_name(place)
            reports = {kind: _report(kind, Location(place))}
        else:
            reports = _of_archive(place)
    except KitError as error:
        return [FileReport(str(place), problem=str(error))]
    return _compared(reports)


def _of_folder(folder: Path) -> dict[str, FileReport]:
    """What is there, and whether train and test are missing."""
    reports = {}
    for kind in header.HEADERS:
        try:
            if location := existing(kind, folder) if kind in ("train", "test") else locate(kind, folder):
                reports[kind] = _report(kind, location)
        except KitError as error:
            reports[kind] = FileReport(f"{kind}.csv", problem=str(error))
    return reports


def _of_archive(path: Path) -> dict[str, FileReport]:
    """What is in it, which is complete in itself."""
    reports = {}
    for kind in header.HEADERS:
        with contextlib.suppress(NothingThereError):
            if location := locate(kind, path):
                reports[kind] = _report(kind, location)
    if not reports:
        raise KitError(f"{path}: holds none of the competition's files: {REMEDY}")
    return reports


def _compared(reports: dict[str, FileReport]) -> list[FileReport]:
    """The same, with a problem where a submission has not as many rows as there are to predict."""
    test = reports.get("test")
    for kind in ("sample_submission", "solution"):
        report = reports.get(kind)
        if test and report and not (test.problem or report.problem) and report.rows != test.rows:
            problem = f"{report.rows:,} rows where test.csv has {test.rows:,}: fetch them together again"
            reports[kind] = FileReport(report.file, problem=f"{report.file}: {problem}")
    return list(reports.values())


def _kind_by_name(path: Path) -> str:
    return next((kind for kind in header.HEADERS if path.name.startswith(kind)), "train")


def _report(kind: str, location: Location) -> FileReport:
    """Of one file; a fault in it is a problem."""
    try:
        rows, facts = _facts(kind, location)
    except KitError as error:
        return FileReport(str(location), problem=str(error))
    return FileReport(str(location), rows, facts)


def _facts(kind: str, location: Location) -> tuple[int, str]:
    if kind in ("sample_submission", "solution"):
        labels = read_submission(location)
        return len(labels), f"ids 1 to {len(labels):,}, {_counts(labels)}"
    digits = read(kind, location)
    flat = digits.images.reshape(len(digits), -1)
    facts = [_counts(digits.labels)] if isinstance(digits, LabelledDigits) else []
    facts.append(f"pixels {flat.min()} to {flat.max()}")
    blank = int((~flat.any(axis=1)).sum())
    repeated = len(flat) - len({hashlib.blake2b(row.data, digest_size=16).digest() for row in flat})
    facts += [f"{blank:,} blank"] * (blank > 0) + [f"{repeated:,} repeated"] * (repeated > 0)
    return len(digits), ", ".join(facts)


def _counts(labels: np.ndarray) -> str:
    counts = np.bincount(labels, minlength=10)
    present = np.flatnonzero(counts)
    if len(present) == 1:
        return f"every label {present[0]}"
    least, most = counts[present].min(), counts[present].max()
    return f"labels {present[0]} to {present[-1]}, {least:,}{f' to {most:,}' if most > least else ''} of each"
