"""Text that others read: cells that a spreadsheet must not take for formulas."""

import re

# What a spreadsheet takes for a formula begins so, and so do the apostrophes that already keep one from it.
_FORMULA = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")


def harmless(cell: str) -> str:
    """The text as it goes into a cell of a CSV: an apostrophe before what a spreadsheet would take for a formula.

    That is what begins with =, +, - or @, also behind white space, or with a tab or the end of a line. Not for numbers.
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def without_apostrophe(cell: str) -> str:
    """What `harmless` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
