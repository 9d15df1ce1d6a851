"""What a benchmark has measured, a line each in a CSV, so that one that was stopped goes on."""

import csv
from collections.abc import Mapping
from pathlib import Path


def read(path: Path) -> list[dict[str, str]]:
    """The lines so far; none where there is no file."""
    if not path.exists():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def enter(path: Path, line: Mapping[str, object]) -> None:
    """Adds a line; the first makes the file, with its keys as the headings."""
    new = not path.exists()
    with open(path, "a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(line), lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(line)
