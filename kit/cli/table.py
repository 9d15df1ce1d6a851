"""A table as lines of text: straight columns, and where a terminal is narrow fewer and shorter ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

_GAP = "  "
_NARROWEST = 8  # columns of the terminal that a text is wrapped in
_LEGIBLE = 24  # columns of the terminal: a text is not cut to less while there is something to leave out instead


@dataclass(frozen=True)
class Table:
    """What is to be shown, and what of it can be done without.

    Attributes:
        lines: The cells of each line, the headings' first if it has some.
        right: The columns of numbers, which end at the same place and are never cut.
        spare: The columns that are left out where there is no room, the first of them first.
        paths: The columns of files, which are cut in front: their ends tell them apart.
        wraps: Whether the last column goes on in further lines; else it is cut too.
    """

    lines: Sequence[Sequence[str]]
    right: Collection[int] = ()
    spare: Sequence[int] = ()
    paths: Collection[int] = ()
    wraps: bool = False


def laid_out(table: Table, room: int | None, more: str) -> list[str]:
    """The lines of a table.

    Args:
        table: What is to be shown; its cells hold one line each.
        room: Columns of the terminal that no line exceeds; None where nothing is to be cut.
        more: What stands for what is cut, such as "…".
    """
    if not table.lines:
        return []
    widths = {column: max(width(line[column]) for line in table.lines) for column in range(len(table.lines[0]))}
    if room is not None:
        widths = _wrapping(widths, room) if table.wraps else _fitted(widths, table, room)
    laid = []
    for line in table.lines:
        rows = _rows(line, widths, table, more)
        laid += [row if room is None else cut(row, room, more) for row in rows]
    return laid


def width(text: str) -> int:
    """Columns of the terminal that a text takes: Chinese letters take two, accents of their own none."""
    if text.replace("–", "-").isascii():  # kit's own word for nothing needs no table of all letters
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut(text: str, room: int, more: str) -> str:
    """The text, or as much of its beginning as there is room for with `more` behind it."""
    if width(text) <= room:
        return text
    kept = text[: max(0, room - width(more))]
    while width(kept) > room - width(more) and kept:
        kept = kept[:-1]
    return (kept.rstrip() + more)[:room]


def _fitted(widths: dict[int, int], table: Table, room: int) -> dict[int, int]:
    """The columns that are shown, and how wide."""
    kept = dict(widths)
    for column in table.spare:
        if _taken({one: min(wide, _LEGIBLE) if one not in table.right else wide for one, wide in kept.items()}) <= room:
            break
        del kept[column]
    texts = [column for column in kept if column not in table.right]
    while _taken(kept) > room and any(kept[column] > 1 for column in texts):
        kept[max(texts, key=lambda column: kept[column])] -= 1
    return kept


def _wrapping(widths: dict[int, int], room: int) -> dict[int, int]:
    """The same columns, the last as wide as there is room for."""
    *others, last = widths
    left = room - _taken({column: widths[column] for column in others}) - len(_GAP)
    return {**widths, last: max(_NARROWEST, min(widths[last], left))}


def _taken(widths: dict[int, int]) -> int:
    return sum(widths.values()) + len(_GAP) * (len(widths) - 1)


def _rows(line: Sequence[str], widths: dict[int, int], table: Table, more: str) -> list[str]:
    """A line of the table, in several rows where its last cell is wrapped."""
    *others, last = widths
    cells = [_cell(line[column], widths[column], column, table, more) for column in others]
    ends = _wrapped(line[last], widths[last]) if table.wraps else [line[last]]
    rows = [_GAP.join([*cells, _cell(ends[0], widths[last], last, table, more)])]
    indent = " " * width(_GAP.join([*cells, ""]))
    return [row.rstrip() for row in [*rows, *(indent + end for end in ends[1:])]]


def _cell(text: str, room: int, column: int, table: Table, more: str) -> str:
    shown = cut(text[::-1], room, more[::-1])[::-1] if column in table.paths else cut(text, room, more)
    padding = " " * (room - width(shown))
    return padding + shown if column in table.right else shown + padding


def _wrapped(text: str, room: int) -> list[str]:
    """The text in lines of whole words."""
    first, *words = text.split(" ")
    lines = [first]
    for word in words:
        longer = f"{lines[-1]} {word}"
        if width(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
