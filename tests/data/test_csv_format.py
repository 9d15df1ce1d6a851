"""The CSV reader on what other programs write, and every fault that it must name."""

import re

import numpy as np
import pytest
from conftest import csv_of

from kit import KitError
from kit.data import csv_format


def read(raw: bytes) -> np.ndarray:
    """A train.csv as one array, the label first."""
    pixels, labels = csv_format.parse_digits(raw, "train", "train.csv")
    assert labels is not None
    return np.concatenate([labels[:, None], pixels], axis=1)


def test_reads_what_was_written(rows: np.ndarray) -> None:
    assert (read(csv_of(rows)) == rows).all()
    test = b"".join(csv_format.format_digits(rows[:, 1:]))
    assert (csv_format.parse_digits(test, "test", "test.csv")[0] == rows[:, 1:]).all()


@pytest.mark.parametrize("change", ["crlf", "quotes", "bom", "no newline at the end", "empty lines at the end"])
def test_reads_what_other_programs_write(rows: np.ndarray, change: str) -> None:
    raw = csv_of(rows)
    raw = {
        "crlf": raw.replace(b"\n", b"\r\n"),
        "quotes": re.sub(rb"([^,\n]+)", rb'"\1"', raw),
        "bom": b"\xef\xbb\xbf" + raw,
        "no newline at the end": raw.rstrip(b"\n"),
        "empty lines at the end": raw + b"\n\n",
    }[change]
    assert (read(raw) == rows).all()


def test_reads_across_chunks(rows: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    for size in (1, 1000, 3000, 1 << 20):
        monkeypatch.setattr(csv_format, "_CHUNK", size)
        assert (read(csv_of(rows)) == rows).all()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("256", "'256' is not a whole number from 0 to 255"),
        ("999", "'999' is not a whole number from 0 to 255"),
        ("0007", "'0007' is not"),
        ("-1", "'-1' is not"),
        ("3.0", "'3.0' is not"),
        ("1e2", "'1e2' is not"),
        (" 5", "' 5' is not"),
        ("", "the value is missing"),
        ("nan", "'nan' is not"),
        ("٣", "'٣' is not"),
        ("1_0", "'1_0' is not"),
    ],
)
def test_a_wrong_value_is_named_by_row_and_column(rows: np.ndarray, value: str, words: str) -> None:
    lines = csv_of(rows).decode().split("\n")
    fields = lines[3].split(",")
    fields[1 + 130] = value
    lines[3] = ",".join(fields)
    with pytest.raises(KitError, match=re.escape(words)) as caught:
        csv_format.parse_digits("\n".join(lines).encode(), "train", "train.csv")
    assert str(caught.value).startswith("train.csv: row 3 (line 4), column pixel130: ")


def test_a_label_beyond_9_is_named(rows: np.ndarray) -> None:
    rows[4, 0] = 10
    with pytest.raises(KitError, match=r"row 5 \(line 6\), column label: '10' is not a whole number from 0 to 9"):
        csv_format.parse_digits(csv_of(rows), "train", "train.csv")


@pytest.mark.parametrize(("line", "columns"), [(b"5\n", 1), (b"1," * 785 + b"1\n", 786), (b"1," * 783 + b"1\n", 784)])
def test_a_row_of_another_length_is_named(rows: np.ndarray, line: bytes, columns: int) -> None:
    raw = csv_of(rows) + line
    with pytest.raises(KitError, match=rf"row 13 \(line 14\) has {columns} columns? instead of 785"):
        csv_format.parse_digits(raw, "train", "train.csv")


def test_a_row_too_long_beside_one_too_short_is_found(rows: np.ndarray) -> None:
    """The number of values is right then; only the line ends are in the wrong places."""
    lines = csv_of(rows).split(b"\n")
    lines[2], value = lines[2].rsplit(b",", 1)
    lines[3] = value + b"," + lines[3]
    with pytest.raises(KitError, match=r"row 2 \(line 3\) has 784 columns instead of 785"):
        csv_format.parse_digits(b"\n".join(lines), "train", "train.csv")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"label," + ",".join(csv_format.PIXELS).encode() + b"\n", "no rows below the header"),
        (",".join(csv_format.PIXELS).encode() + b"\n", "this is the competition's test.csv"),
        (b"ImageId,Label\n1,0\n", "this is the competition's sample_submission.csv"),
        (b"0," * 784 + b"0\n", "the header is missing"),
        (b"label,pixel0\n1,2\n", "the header has 2 columns instead of 785"),
        (b"label," + ",".join(csv_format.PIXELS).replace("pixel7,", "pixel_7,").encode(), "column 9 is 'pixel_7'"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "the header"),
        ("label,pixel0\n1,2\n".encode("utf-16"), "the header"),
    ],
)
def test_a_wrong_header_is_said_in_words(raw: bytes, words: str) -> None:
    with pytest.raises(KitError, match=re.escape(words)):
        csv_format.parse_digits(raw, "train", "train.csv")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"ImageId,Label\n1,0\n3,0\n", "row 2 (line 3), column ImageId: '3' instead of 2"),
        (b"ImageId,Label\n1,10\n", "row 1 (line 2), column Label: '10' is not"),
        (b"ImageId,Label\n1,\n", "column Label: '' is not"),
        (b"ImageId,Label\n1,2,3\n", "has 3 columns instead of 2"),
        (b"Id,Label\n1,2\n", "column 1 is 'Id' instead of 'ImageId'"),
    ],
)
def test_a_wrong_submission_is_named(raw: bytes, words: str) -> None:
    with pytest.raises(KitError, match=re.escape(words)):
        csv_format.parse_submission(raw, "solution.csv")


def test_a_submission_is_exactly_the_competitions() -> None:
    assert csv_format.format_submission(np.array([2, 0, 9], np.uint8)) == b"ImageId,Label\n1,2\n2,0\n3,9\n"
