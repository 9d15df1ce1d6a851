"""What is in the competition's files, or what is wrong with them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kit import KitError
from kit.data import csv_format
from kit.data.loading import LabelledDigits, Location, existing, folder_or_file, load, locate


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
    if place.is_file() and place.suffix != ".zip":
        return [_report_file(place)]
    reports = []
    for kind in ("train", "test", "sample_submission", "solution"):
        try:
            location = existing(kind, place) if kind in ("train", "test") else locate(kind, place)
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
    facts = [_counts(digits.labels)] if isinstance(digits, LabelledDigits) else []
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
