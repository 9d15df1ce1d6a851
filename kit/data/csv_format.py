"""The competition's CSV files: bytes → checked arrays and back; a fault is named by row and column.

The format is Kaggle's: `train.csv` has `label,pixel0,…,pixel783`, `test.csv` the same without the label, a submission
`ImageId,Label`. Pixels are whole numbers 0 to 255, row by row from the top left; white ink on black.
"""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from kit import KitError

PIXELS = [f"pixel{number}" for number in range(784)]
HEADERS = {
    "train": ["label", *PIXELS],
    "test": PIXELS,
    "sample_submission": ["ImageId", "Label"],
    "solution": ["ImageId", "Label"],
}
_CHUNK = 1 << 20  # bytes parsed at a time
_THREADS = min(4, os.cpu_count() or 1)
_CONTEXT = 3  # a value has at most three digits
_VALUE = re.compile(rb"[0-9]{1,3}")
_QUOTED = re.compile(rb'(?<![^,\n])"([^",\r\n]*)"(?![^,\r\n])')  # a whole value in quotes


def kind_of(raw: bytes) -> str | None:
    """Which of the competition's files this header belongs to; a submission counts as `sample_submission`."""
    header = _header(raw)
    return next((kind for kind, columns in HEADERS.items() if header == columns), None)


def parse_digits(raw: bytes, kind: str, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads `train` or `test`.

    Args:
        raw: The file's bytes; LF or CRLF line ends, quotes around values allowed.
        kind: "train" or "test".
        name: What messages call the file.

    Returns:
        The pixels, uint8 (rows, 784), and the labels, uint8 (rows,); None for `test`.

    Raises:
        KitError: The header, a row's length or a value is wrong; the first fault is named.
    """
    columns = HEADERS[kind]
    text = _body(raw, kind, name)
    parsed = parse_values(text, len(columns) - 784, 784)
    if parsed is None or (kind == "train" and parsed[0].max() > 9):
        raise _first_fault(text, columns, name)
    return parsed[1], parsed[0][:, 0] if kind == "train" else None


def parse_values(text: bytes, left: int, right: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Every value below the header line, without a loop over them, in two arrays side by side.

    Args:
        text: A header line and rows of left + right whole numbers 0 to 255, each line ended by LF.
        left: How many columns the first array gets.
        right: How many the second gets.

    Returns:
        uint8 (rows, left) and (rows, right); None if anything in the text is not so.
    """
    chunks, start, rows = [], text.find(b"\n") + 1, 0
    while start < len(text):
        end = text.find(b"\n", min(start + _CHUNK, len(text) - 1)) + 1
        lines = text.count(b"\n", start, end)
        chunks.append((start, end, rows, rows + lines))
        start, rows = end, rows + lines
    table = np.empty((rows, left), np.uint8), np.empty((rows, right), np.uint8)
    buffer = np.frombuffer(text, np.uint8)
    longest = max(end - start for start, end, _, _ in chunks)

    def parse(share: list[tuple[int, int, int, int]]) -> bool:
        scratch = np.empty((6, _CONTEXT + longest), np.uint8)
        for start, end, row, next_row in share:
            values = _values_of(buffer[start - _CONTEXT : end], next_row - row, left + right, scratch)
            if values is None:
                return False
            table[0][row:next_row], table[1][row:next_row] = values[:, :left], values[:, left:]
        return True

    shares = [chunks[first::_THREADS] for first in range(min(_THREADS, len(chunks)))]
    with ThreadPoolExecutor(len(shares)) as threads:  # NumPy lets other threads run while it computes
        return table if all(threads.map(parse, shares)) else None


def parse_submission(raw: bytes, name: str) -> np.ndarray:
    """Reads a submission, `sample_submission.csv` or `solution.csv`.

    Returns:
        uint8 (rows,): the labels of the images 1 to N, in order.

    Raises:
        KitError: A header other than `ImageId,Label`, ids that are not 1 to N in order, a label outside 0 to 9.
    """
    rows = _body(raw, "sample_submission", name).decode("utf-8", "replace").removesuffix("\n").split("\n")[1:]
    labels = np.empty(len(rows), np.uint8)
    for number, row in enumerate(rows, 1):
        fields = row.split(",")
        if len(fields) != 2:
            raise _wrong_length(name, number, len(fields), 2)
        if fields[0] != str(number):
            raise KitError(f"{name}: {_at(number)}, column ImageId: {fields[0]!r} instead of {number}")
        if not re.fullmatch("[0-9]", fields[1]):
            raise KitError(f"{name}: {_at(number)}, column Label: {fields[1]!r} is not a whole number from 0 to 9")
        labels[number - 1] = int(fields[1])
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


def _header(raw: bytes) -> list[str]:
    end = raw.find(b"\n", 0, 20_000)
    line = raw[: end if end >= 0 else 20_000].removeprefix(b"\xef\xbb\xbf").rstrip(b"\r")
    return _QUOTED.sub(rb"\1", line).decode("utf-8", "replace").split(",")


def _body(raw: bytes, kind: str, name: str) -> bytes:
    """The text from its header on with plain line ends and no quotes, after checking that header."""
    if not raw or raw.isspace():
        raise KitError(f"{name}: empty: fetch it again with kit data fetch")
    header, columns = _header(raw), HEADERS[kind]
    if header != columns:
        raise KitError(f"{name}: {_header_fault(header, columns, kind_of(raw))}")
    if b'"' in raw:
        raw = _QUOTED.sub(rb"\1", raw)
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n")
    if not raw.endswith(b"\n") or raw.endswith(b"\n\n"):
        raw = raw.rstrip(b"\n") + b"\n"
    if raw.find(b"\n") == len(raw) - 1:
        raise KitError(f"{name}: no rows below the header: fetch it again with kit data fetch")
    return raw


def _header_fault(header: list[str], columns: list[str], kind: str | None) -> str:
    if kind:
        return f"this is the competition's {kind}.csv, a file with the header {_short(columns)} belongs here"
    if header and all(re.fullmatch(r"\d+", field) for field in header):
        return f"the header is missing: the first line must be {_short(columns)}"
    if len(header) != len(columns):
        return f"the header has {_columns(len(header))} instead of {len(columns)}: it must be {_short(columns)}"
    number, (found, wanted) = next(
        (number, pair) for number, pair in enumerate(zip(header, columns, strict=True), 1) if pair[0] != pair[1]
    )
    return f"the header is not the competition's: column {number} is {found[:40]!r} instead of {wanted!r}"


def _short(columns: list[str]) -> str:
    return ",".join(columns) if len(columns) < 4 else f"{columns[0]},{columns[1]},…,{columns[-1]}"


def _values_of(text: np.ndarray, lines: int, columns: int, scratch: np.ndarray) -> np.ndarray | None:
    """The values, uint8 (lines, columns), of whole lines preceded by the three bytes before them; None at any fault.

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
    if len(ends) != lines * columns or (text[_CONTEXT:].take(ends[columns - 1 :: columns]) != ord("\n")).any():
        return None
    if np.count_nonzero(np.equal(text[_CONTEXT:], ord(","), out=flags)) != lines * (columns - 1):
        return None  # something else than digits, commas and line ends
    return value.take(ends).reshape(lines, columns)


def _first_fault(text: bytes, columns: list[str], name: str) -> KitError:
    for number, row in enumerate(text.removesuffix(b"\n").split(b"\n")[1:], 1):
        fields = row.split(b",")
        if len(fields) != len(columns):
            return _wrong_length(name, number, len(fields), len(columns))
        for column, field in zip(columns, fields, strict=True):
            most = 9 if column == "label" else 255
            if not field.strip():
                return KitError(f"{name}: {_at(number)}, column {column}: the value is missing")
            if not _VALUE.fullmatch(field) or int(field) > most:
                shown = field[:20].decode("utf-8", "replace")
                return KitError(
                    f"{name}: {_at(number)}, column {column}: {shown!r} is not a whole number from 0 to {most}"
                )
    return KitError(f"{name}: damaged: fetch it again with kit data fetch")


def _at(row: int) -> str:
    return f"row {row:,} (line {row + 1:,})"


def _wrong_length(name: str, row: int, found: int, wanted: int) -> KitError:
    return KitError(
        f"{name}: {_at(row)} has {_columns(found)} instead of {wanted}: "
        "was the file cut off or edited? fetch it again with kit data fetch"
    )


def _columns(count: int) -> str:
    return f"{count} column{'s' * (count != 1)}"
