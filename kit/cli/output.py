"""How the commands speak: results to standard output, everything else to standard error."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from kit.text import printable


def print_table(headings: list[str] | None, rows: list[list[str]], right: Sequence[int] = ()) -> None:
    """Columns under their headings; those whose numbers are in `right` end at the same place."""
    lines = [[printable(cell) for cell in line] for line in ([headings, *rows] if headings else rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))] if lines else []
    for line in lines:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def print_path(path: Path) -> None:
    """A file that was made, on a line of its own, for people and for scripts."""
    print(printable(str(path)))


def print_json(value: object) -> None:
    print(json.dumps(value, indent=2))


def remark(line: str) -> None:
    print("\n".join(printable(each) for each in line.split("\n")), file=sys.stderr, flush=True)


def complain(line: str) -> None:
    remark(f"error: {' '.join(line.split())}")


def end_with(problems: Sequence[str], code: int) -> None:
    """Complains of each and exits, if there are any."""
    for problem in problems:
        complain(problem)
    if problems:
        raise typer.Exit(code)
