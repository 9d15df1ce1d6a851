"""A file's text, whatever its encoding and line ends → whole lines of UTF-8 ended by LF, a bounded piece at a time."""

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO

from kit import KitError

LONGEST = 1 << 20  # bytes of a line; one of the competition's has 3 kB, with quotes, spaces and UTF-16 some 20 kB
_PIECE = 1 << 19  # bytes read at a time
AGAIN = "fetch it again with kit data fetch"
_MARKS = {  # the longer ones first: UTF-32's begins like UTF-16's
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


def whole_lines(file: BinaryIO, name: str) -> Iterator[bytes]:
    """The file's lines, thousands in a piece, each ended by LF; empty lines at the end of the file are left out.

    Raises:
        KitError: A line is longer than `LONGEST`, or so many empty ones follow each other. Its beginning came as a line
            of its own before, so that what is wrong with it can be said.
    """
    rest = b""
    for piece in _with_line_feeds(_decoded(file)):
        end = piece.rfind(b"\n") + 1
        if piece[max(0, end - 2) : end] in (b"\n", b"\n\n"):  # empty lines may be the end: they wait for what follows
            end = len(piece[:end].rstrip(b"\n"))
            end += end > 0
        lines = b"".join([rest, memoryview(piece)[:end]]) if end else b""
        rest = piece[end:] if end else rest + piece
        if lines:
            yield lines
        if len(rest) > LONGEST:
            yield rest + b"\n"
            raise KitError(f"{name}: a line of more than {LONGEST:,} bytes, or so many empty lines: {AGAIN}")
    if rest := rest.rstrip(b"\n"):
        yield rest + b"\n"


def beginning(head: bytes) -> bytes:
    """The lines that a file begins with, of its first bytes."""
    return next(whole_lines(io.BytesIO(head), "its beginning"), b"")


def _decoded(file: BinaryIO) -> Iterator[bytes]:
    """The file in UTF-8 without a byte order mark; what is no text in its encoding becomes a replacement character."""
    head = file.read(max(_PIECE, 64))
    mark = next((mark for mark in _MARKS if head.startswith(mark)), b"")
    encoding = _MARKS.get(mark) or _without_mark(head)
    piece = head[len(mark) :]
    if encoding == "utf-8":  # as most are: handed on as it is
        while piece:
            yield piece
            piece = file.read(_PIECE)
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    while piece:
        yield decoder.decode(piece).encode("utf-8", "replace")
        piece = file.read(_PIECE)
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _without_mark(head: bytes) -> str:
    """UTF-16 is certain where every second byte of the first 32 characters is zero and no other is."""
    even, odd = head[:64:2], head[1:64:2]
    if len(head) >= 8 and not any(odd) and all(even):
        return "utf-16-le"
    if len(head) >= 8 and not any(even) and all(odd):
        return "utf-16-be"
    return "utf-8"


def _with_line_feeds(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """CRLF and CR become LF."""
    held = b""  # a CR at the end of a piece: an LF may follow
    for piece in pieces:
        if held or b"\r" in piece:
            text = held + piece
            held = b"\r" if text.endswith(b"\r") else b""
            piece = text[: len(text) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield piece
    if held:
        yield b"\n"
