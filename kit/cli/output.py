"""How the commands speak: results to standard output, everything else to standard error."""

import json
import os
import shutil
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TextIO

import typer

from kit.cli.table import Table, laid_out
from kit.text import as_written, printable

_BOLD, _RED = "1", "1;31"  # of a terminal's colours
_ABLE = ("WT_SESSION", "ANSICON", "ConEmuANSI", "TERM_PROGRAM", "TERM")  # one of them is set by those of Windows


def print_table(
    headings: list[str] | None,
    rows: list[list[str]],
    right: Collection[int] = (),
    *,
    spare: Sequence[str] = (),
    paths: Collection[int] = (),
) -> None:
    """Columns under their headings, or without any; at a terminal no line is longer than that is wide.

    Args:
        headings: Of the columns; without them the last column goes on in further lines where there is no room.
        rows: The cells.
        right: The columns of numbers, which end at the same place.
        spare: The headings of the columns that are left out where there is no room, the first of them first.
        paths: The columns of files, whose ends matter most.
    """
    lines = [[_shown(cell) for cell in line] for line in ([headings, *rows] if headings else rows)]
    places = [(headings or []).index(heading) for heading in spare]
    table = Table(lines, right, places, paths, wraps=headings is None)
    for number, line in enumerate(laid_out(table, _room(), _shown("…"))):
        print(_styled(line, _BOLD, sys.stdout) if headings and number == 0 else line)


def print_path(path: Path) -> None:
    """A file that was made, on a line of its own, for people and for scripts."""
    print(printable(str(path)))


def print_json(value: object) -> None:
    print(json.dumps(value, indent=2))


def remark(line: str) -> None:
    print("\n".join(printable(each) for each in line.split("\n")), file=sys.stderr, flush=True)


def complain(line: str) -> None:
    error = _styled("error:", _RED, sys.stderr)
    print(f"{error} {printable(' '.join(line.split()))}", file=sys.stderr, flush=True)


def end_with(problems: Sequence[str], code: int) -> None:
    """Complains of each and exits, if there are any."""
    for problem in problems:
        complain(problem)
    if problems:
        raise typer.Exit(code)


def wants_colour(stream: TextIO | None) -> bool:
    """Whether what is written there may be coloured: by NO_COLOR, then FORCE_COLOR, then by what reads it."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    able = any(os.environ.get(name) for name in _ABLE) if os.name == "nt" else "TERM" in os.environ
    return able and os.environ.get("TERM") not in ("dumb", "unknown") and _is_terminal(stream)


def _styled(text: str, style: str, stream: TextIO | None) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if wants_colour(stream) else text


def _shown(text: str) -> str:
    return as_written(printable(text), sys.stdout)


def _room() -> int | None:
    """Columns for a line of a table; None where no terminal shows it."""
    if not _is_terminal(sys.stdout):
        return None
    return shutil.get_terminal_size().columns - (os.name == "nt")  # which begins a new line after the last column


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()
