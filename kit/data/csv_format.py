"""The competition's CSV files: bytes → checked arrays and back; a fault is named by row and column.

The format is Kaggle's: `train.csv` has `label,pixel0,…,pixel783`, `test.csv` the same without the label, a submission
`ImageId,Label`. Pixels are whole numbers 0 to 255, row by row from the top left; white ink on black.
"""

import io
import itertools
import os
import re
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

import numpy as np

from kit import KitError
from kit.data.header import HEAD, HEADERS, PIXELS, count_of, fault_of, is_header_of
from kit.data.lines import AGAIN, whole_lines

__all__ = ["HEADERS", "PIXELS", "SUBMISSION", "format_digits", "format_submission", "parse_digits", "parse_submission"]

SUBMISSION = 16_000_000  # bytes of a submission's text; Kaggle's has 0.2 MB, one for every row that is read 9 MB
_THREADS = min(4, os.cpu_count() or 1)
_CONTEXT = 3  # a value has at most three digits
_VALUE = re.compile(rb'[ \t]*(?:"[ \t]*([0-9]{1,3})[ \t]*"|([0-9]{1,3}))[ \t]*')
_VALUES = re.compile(rb'(?:[ \t]*+(?:"[ \t]*+[0-9]{1,3}+[ \t]*+"|[0-9]{1,3}+)[ \t]*+[,\n])*+')


def parse_digits(text: BinaryIO | bytes, kind: str, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads `train` or `test`, a piece at a time: the text as a whole is never in memory.

    Args:
        text: The opened file, or its bytes; UTF-8 or UTF-16, any line ends, quotes and spaces around values allowed.
        kind: "train" or "test".
        name: What messages call the file.

    Returns:
        The pixels, uint8 (rows, 784), and the labels, uint8 (rows,); None for `test`.

    Raises:
        KitError: The header, a row's length or a value is wrong; the first fault is named.
    """
    columns = HEADERS[kind]
    labels, pixels = bytearray(), bytearray()  # they grow in place, where arrays would be copied
    for table in _tables(_rows(text, kind, name), columns, name):
        labels += table[:, :-784].tobytes()
        pixels += table[:, -784:].tobytes()
    images = np.frombuffer(pixels, np.uint8).reshape(-1, 784)
    return images, np.frombuffer(labels, np.uint8) if kind == "train" else None


def parse_submission(text: BinaryIO | bytes, name: str) -> np.ndarray:
    """Reads a submission, `sample_submission.csv` or `solution.csv`.

    Returns:
        uint8 (rows,): the labels of the images 1 to N, in order.

    Raises:
        KitError: A header other than `ImageId,Label`, ids that are not 1 to N in order, a label outside 0 to 9; more
            than `SUBMISSION` bytes.
    """
    whole = b""
    for piece in _rows(text, "sample_submission", name):
        whole += piece
        if len(whole) > SUBMISSION:
            raise KitError(f"{name}: more than {SUBMISSION:,} bytes: a submission has less, one line for each image")
    rows = whole[:-1].split(b"\n")
    labels = np.empty(len(rows), np.uint8)
    for number, row in enumerate(rows, 1):
        fields = row.split(b",")
        if len(fields) != 2:
            raise _wrong_length(name, number, row, 2)
        image, label = (_bare(field) for field in fields)
        if image != str(number):
            raise KitError(f"{name}: {_at(number)}, column ImageId: {image[:20]!r} instead of {number}")
        if not re.fullmatch("[0-9]", label):
            raise KitError(f"{name}: {_at(number)}, column Label: {label[:20]!r} is not a whole number from 0 to 9")
        labels[number - 1] = int(label)
    return labels


def format_digits(images: np.ndarray, labels: np.ndarray | None = None) -> Iterator[bytes]:
    """The file's lines for uint8 images (n, 28, 28) or (n, 784): `train.csv` with labels, `test.csv` without."""
    text = [str(value).encode() for value in range(256)]
    yield ",".join(HEADERS["test" if labels is None else "train"]).encode() + b"\n"
    for number, pixels in enumerate(images.reshape(len(images), -1)):
        row = b",".join([text[value] for value in pixels.tolist()])
        yield (b"" if labels is None else text[labels[number]] + b",") + row + b"\n"


def format_submission(labels: np.ndarray) -> bytes:
    """`ImageId,Label` with ids 1 to N in order."""
    lines = [f"{number},{label}" for number, label in enumerate(labels.tolist(), 1)]
    return "\n".join(["ImageId,Label", *lines, ""]).encode()


def _rows(text: BinaryIO | bytes, kind: str, name: str) -> Iterator[bytes]:
    """The lines below the kind's header, thousands at a time, each ended by LF.

    Raises:
        KitError: Another header, or nothing below it.
    """
    pieces = whole_lines(io.BytesIO(text) if isinstance(text, bytes) else text, name)
    first = next(pieces, b"")
    if not first.strip():
        raise KitError(f"{name}: empty: {AGAIN}")
    header, _, body = first.partition(b"\n")
    if not is_header_of(header, kind):
        raise KitError(f"{name}: {fault_of(first[:HEAD], kind)}")
    rows = (piece for piece in itertools.chain([body], pieces) if piece)
    if (some := next(rows, None)) is None:
        raise KitError(f"{name}: no rows below the header: {AGAIN}")
    yield some
    yield from rows


def _tables(pieces: Iterator[bytes], columns: list[str], name: str) -> Iterator[np.ndarray]:
    """The values of each piece, uint8 (rows, columns), while further pieces are read and parsed."""
    parse, rows = _Parser(columns), 0
    with ThreadPoolExecutor(_THREADS) as threads:  # NumPy lets other threads run while it computes
        ahead = ((piece, threads.submit(parse, piece)) for piece in pieces)
        pending = deque(itertools.islice(ahead, 2 * _THREADS))
        while pending:
            piece, parsed = pending.popleft()
            table = parsed.result()
            if table is None:
                raise _first_fault(piece, rows, columns, name)
            rows += len(table)
            yield table
            pending.extend(itertools.islice(ahead, 1))


class _Parser:
    """Whole lines → their values, without a loop over them.

    What a thread needs on the way it uses again and again, since fresh memory costs more than the arithmetic.
    """

    def __init__(self, columns: list[str]) -> None:
        self._columns, self._own = columns, threading.local()

    def __call__(self, lines: bytes) -> np.ndarray | None:
        """uint8 (lines, columns); None if anything in them is wrong."""
        values = self._values(lines)
        if values is None and re.search(rb'[" \t]', lines) and _VALUES.fullmatch(lines):
            values = self._values(lines.translate(None, b'" \t'))
        if values is None or (self._columns[0] == "label" and values[:, 0].max() > 9):
            return None
        return values

    def _values(self, lines: bytes) -> np.ndarray | None:
        length = _CONTEXT + len(lines)
        scratch = getattr(self._own, "scratch", None)
        if scratch is None or scratch.shape[1] < length:
            scratch = self._own.scratch = np.empty((7, length), np.uint8)
        text = scratch[6, :length]
        text[:_CONTEXT] = ord("\n")
        text[_CONTEXT:] = np.frombuffer(lines, np.uint8)
        return _values_of(text, len(self._columns), scratch[:6])


def _values_of(text: np.ndarray, columns: int, scratch: np.ndarray) -> np.ndarray | None:
    """The values, uint8 (lines, columns), of whole lines after three bytes that are no digits; None at any fault.

    Works on every byte at once: a value ends where a comma or line end stands, and its digits are the up to three
    bytes before. The scratch rows are used again and again, since fresh memory costs more than the arithmetic.
    """
    length = len(text) - _CONTEXT
    digit, is_digit = scratch[:2, : len(text)]
    value, tens, hundreds, flag = scratch[2:, :length]
    flags = flag.view(bool)
    np.subtract(text, ord("0"), out=digit)
    np.less(digit, 10, out=is_digit.view(bool))
    np.multiply(digit, is_digit, out=digit)
    three_before, two_before, one_before, here = (is_digit[shift : shift + length] for shift in range(4))

    np.multiply(two_before, one_before, out=tens)  # 1 where the value before this byte has tens
    np.multiply(tens, three_before, out=hundreds)
    if np.logical_and(hundreds, here, out=flags).any():
        return None  # four digits
    np.multiply(tens, 10, out=tens)
    np.multiply(tens, digit[1 : 1 + length], out=tens)
    np.multiply(hundreds, digit[:length], out=hundreds)
    if hundreds.max() > 2:
        return None
    np.multiply(hundreds, 100, out=hundreds)
    np.add(digit[2 : 2 + length], tens, out=value)
    np.add(value, hundreds, out=value)
    if np.less(value, hundreds, out=flags).any():
        return None  # 256 to 299 have wrapped around
    if not np.logical_or(here, one_before, out=flags).all():
        return None  # nothing between two separators

    ends = np.flatnonzero(np.logical_not(here, out=flags))  # taking by position is faster than by mask
    lines = len(ends) // columns
    if len(ends) != lines * columns or (text[_CONTEXT:].take(ends[columns - 1 :: columns]) != ord("\n")).any():
        return None
    if np.count_nonzero(np.equal(text[_CONTEXT:], ord(","), out=flags)) != lines * (columns - 1):
        return None  # something else than digits, commas and line ends
    return value.take(ends).reshape(lines, columns)


def _first_fault(lines: bytes, before: int, columns: list[str], name: str) -> KitError:
    """What is wrong in these lines, which `before` others precede."""
    for number, row in enumerate(lines[:-1].split(b"\n"), before + 1):
        fields = row.split(b",")
        if len(fields) != len(columns):
            return _wrong_length(name, number, row, len(columns))
        for column, field in zip(columns, fields, strict=True):
            most = 9 if column == "label" else 255
            if not field.strip(b'" \t'):
                return KitError(f"{name}: {_at(number)}, column {column}: the value is missing")
            if not _VALUE.fullmatch(field) or int(field.strip(b'" \t')) > most:
                shown = field[:20].decode("utf-8", "replace")
                return KitError(
                    f"{name}: {_at(number)}, column {column}: {shown!r} is not a whole number from 0 to {most}"
                )
    return KitError(f"{name}: damaged: {AGAIN}")


def _bare(field: bytes) -> str:
    """A value without the spaces and quotes around it; what is no value as it stands."""
    value = re.fullmatch(rb'[ \t]*(?:"[ \t]*([0-9]+)[ \t]*"|([0-9]+))[ \t]*', field)
    return (value[1] or value[2] if value else field).decode("utf-8", "replace")


def _at(row: int) -> str:
    return f"row {row:,} (line {row + 1:,})"


def _wrong_length(name: str, number: int, row: bytes, wanted: int) -> KitError:
    if not row.strip():
        return KitError(f"{name}: {_at(number)} is empty: remove empty lines between the rows")
    return KitError(
        f"{name}: {_at(number)} has {count_of(row.count(b',') + 1)} instead of {wanted}: "
        f"was the file cut off or edited? {AGAIN}"
    )
