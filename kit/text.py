"""Text for a terminal: nothing in it but what is to be read, in whatever letters the terminal has; commands to copy."""

import codecs
import re
import shlex
import sys
from collections.abc import Iterable
from typing import TextIO

from kit import system

_PLAIN = str.maketrans(
    {"→": "->", "±": "+/-", "×": "x", "·": "-", "…": "...", "–": "-", "—": "-", "’": "'", "“": '"', "”": '"', "≥": ">="}
)


def printable(text: str) -> str:
    """The text with every character that is none to be read, a line end or a terminal's command, as its escape."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def command_line(words: Iterable[object]) -> str:
    """A command as this system's shells take it.

    Windows' two have double quotes in common; what is not plain stands in them, for a comma parts words in PowerShell.
    """
    if system.WINDOWS:
        return " ".join(map(_in_double_quotes, map(str, words)))
    return shlex.join(map(str, words))


def _in_double_quotes(word: str) -> str:
    """The word, in quotes unless it is plain; backslashes stand for themselves but in front of a quotation mark."""
    if re.fullmatch(r"[\w:/\\.+=-]+", word):
        return word
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', word)
    return '"' + re.sub(r"(\\+)$", r"\1\1", escaped) + '"'


def write_plainly() -> None:
    """Has standard output and error write what their encoding lacks as something like it, or as its escape."""
    codecs.register_error("kit.plainly", _plainly)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # None of a process without a console, or a notebook's own
            stream.reconfigure(errors="kit.plainly")


def as_written(text: str, stream: TextIO | None) -> str:
    """What a stream makes of a text: the same where its encoding has all of its letters."""
    if text.isascii() or stream is None or not stream.encoding:
        return text
    return text.encode(stream.encoding, stream.errors or "strict").decode(stream.encoding)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    plain = error.object[error.start : error.end].translate(_PLAIN)
    return "".join(each if each.isascii() else ascii(each)[1:-1] for each in plain), error.end
