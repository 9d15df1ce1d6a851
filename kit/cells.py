"""Cells of a CSV: what a spreadsheet would take for a formula is none."""

import re

_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n']")


def harmless(cell: str) -> str:
    """The text as it goes into a cell: what a spreadsheet would take for a formula has an apostrophe in front.

    That is what begins with =, +, - or @, also behind white space, or with a tab or a line end. So has what begins
    with an apostrophe: the text is the cell without its first apostrophe, if it begins with one. Not for numbers.
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def text_of(cell: str) -> str:
    """What `harmless` was given."""
    return cell.removeprefix("'")
