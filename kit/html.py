"""What a notebook shows of kit's objects: small tables and pictures as HTML, without scripts or files beside it."""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

_WIDTH = 720  # pixels of a picture, at most


def facts(title: str, rows: Iterable[tuple[str, object]], *more: str) -> str:
    """A title, a table of two columns, and what follows it.

    Args:
        title: Plain text.
        rows: Name and value of each fact, plain text; those whose value is None or "" are left out.
        more: HTML that stands below.
    """
    kept = [[name, str(value)] for name, value in rows if value not in (None, "")]
    return f"<div><b>{escape(title)}</b>{table(None, kept)}{''.join(more)}</div>"


def table(headings: Sequence[str] | None, rows: Iterable[Sequence[str]]) -> str:
    """A table of plain text, numbers and all."""
    head = f"<thead><tr>{_cells(headings, 'th')}</tr></thead>" if headings else ""
    body = "".join(f"<tr>{_cells(row, 'td')}</tr>" for row in rows)
    return f"<table>{head}<tbody>{body}</tbody></table>"


def picture(file: Path) -> str:
    """A PNG inside the page; a line where its file cannot be read."""
    try:
        return image(file.read_bytes())
    except OSError:
        return line(f"{file}: not there")


def image(png: bytes) -> str:
    """A PNG inside the page."""
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return f'<img style="max-width:{_WIDTH}px;width:100%" src="{source}">'


def line(text: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def _cells(values: Sequence[str], tag: str) -> str:
    return "".join(f'<{tag} style="text-align:left">{escape(value)}</{tag}>' for value in values)
