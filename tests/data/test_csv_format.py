"""The CSV reader on what other programs write, and every fault that it must name."""

import io
import re

import numpy as np
import pytest
from conftest import csv_of

from kit import KitError
from kit.data import csv_format, header, lines


def read(raw: bytes) -> np.ndarray:
    """A train.csv as one array, the label first."""
    pixels, labels = csv_format.parse_digits(raw, "train", "train.csv")
    assert labels is not None
    return np.concatenate([labels[:, None], pixels], axis=1)


def test_reads_what_was_written(rows: np.ndarray) -> None:
    assert (read(csv_of(rows)) == rows).all()
    test = b"".join(csv_format.format_digits(rows[:, 1:]))
    assert (csv_format.parse_digits(test, "test", "test.csv")[0] == rows[:, 1:]).all()


@pytest.mark.parametrize(
    "change",
    [
        "crlf", "cr", "quotes", "quotes and spaces", "spaces", "tabs", "bom", "utf-16", "utf-16 without bom", "utf-32",
        "utf-16 from Excel", "no newline at the end", "empty lines at the end",
    ],
)  # fmt: skip
def test_reads_what_other_programs_write(rows: np.ndarray, change: str) -> None:
    raw = csv_of(rows)
    raw = {
        "crlf": raw.replace(b"\n", b"\r\n"),
        "cr": raw.replace(b"\n", b"\r"),
        "quotes and spaces": re.sub(rb"([^,\n]+)", rb' "\1" ', raw),
        "spaces": re.sub(rb"([^,\n]+)", rb"   \1", raw),  # as np.savetxt(fmt="%4d") writes
        "tabs": re.sub(rb"([^,\n]+)", rb"\1\t", raw),
        "utf-16": raw.decode().encode("utf-16"),
        "utf-16 without bom": raw.decode().encode("utf-16-be"),
        "utf-32": raw.decode().encode("utf-32"),
        "utf-16 from Excel": "\ufeff".encode("utf-16-le") + raw.replace(b"\n", b"\r\n").decode().encode("utf-16-le"),
        "quotes": re.sub(rb"([^,\n]+)", rb'"\1"', raw),
        "bom": b"\xef\xbb\xbf" + raw,
        "no newline at the end": raw.rstrip(b"\n"),
        "empty lines at the end": raw + b"\n\n",
    }[change]
    assert (read(raw) == rows).all()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_reads_across_pieces(rows: np.ndarray, monkeypatch: pytest.MonkeyPatch, encoding: str, ends: str) -> None:
    raw = (csv_of(rows).decode().replace("\n", ends) + 3 * ends).encode(encoding)
    for size in (61, 1000, 3001):
        monkeypatch.setattr(lines, "_PIECE", size)
        assert (read(raw) == rows).all()


def test_a_fault_far_down_is_named_by_its_own_row(rows: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_PIECE", 500)
    with pytest.raises(KitError, match=r"row 13 \(line 14\) has 1 column"):
        csv_format.parse_digits(csv_of(rows) + b"5\n" + csv_of(rows), "train", "train.csv")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("256", "'256' is not a whole number from 0 to 255"),
        ("999", "'999' is not a whole number from 0 to 255"),
        ("0007", "'0007' is not"),
        ("-1", "'-1' is not"),
        ("3.0", "'3.0' is not"),
        ("1e2", "'1e2' is not"),
        ("5 5", "'5 5' is not"),
        ('"5', "'\"5' is not"),
        ('5"5', "'5\"5' is not"),
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
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a picture, not a CSV"),
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


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"ImageID,Label\n1,3\n", "column 1 is 'ImageID' instead of 'ImageId', it must be ImageId,Label"),
        (b"ImageId, Label\n1,3\n", "column 2 is ' Label'"),
        (b"# ImageId,Label\n1,3\n", "np.savetxt does without comments='': it must be ImageId,Label"),
        (
            b",ImageId,Label\n0,1,3\n",
            "'' in front, such as the index that pandas writes without index=False: leave it out",
        ),
        (b"Unnamed: 0,ImageId,Label\n0,1,3\n", "a column 'Unnamed: 0' in front"),
        (b"1,3\n2,7\n", "the header is missing: the first line must be ImageId,Label"),
        (b"1.0e+00,3.0e+00\n", "the header is missing: the first line must be ImageId,Label"),
        (b"Label\n3\n", "ImageId is missing"),
        (b"ImageId;Label\n1;3\n", "separated by semicolons"),
        (b"ImageId\tLabel\n1\t3\n", "separated by tabs"),
        (b"Label,ImageId\n3,1\n", "in another order: it must be ImageId,Label"),
    ],
)
def test_a_nearly_right_submission_is_named_as_what_it_is(raw: bytes, words: str) -> None:
    assert header.nearest_kind(lines.beginning(raw)) == "sample_submission"
    with pytest.raises(KitError, match=re.escape(words)):
        csv_format.parse_submission(raw, "my.csv")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"\n<!DOCTYPE html>\n<html></html>\n", "a web page, not a CSV"),
        (b"\xef\xbb\xbf<html>" + 2_000_000 * b"x", "a web page, not a CSV"),
        (b'{"code":403,"message":"Permission denied"}', "JSON, not a CSV"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n", "run git lfs pull"),
        (b"PAR1\x15\x04", "a Parquet table: write it as CSV"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
        (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
        (b"\x80\x04\x95\0\0", "binary, not a CSV"),
        (b"\xf1\t\x9a\t\x03\xd2,\n", "binary, not a CSV"),
        (b"PassengerId,Survived,Pclass\n1,0,3\n", "a table of something else, its header begins with 'PassengerId,"),
        (b"," + csv_of(np.zeros((1, 785), np.uint8)), "a column '' in front"),
        (csv_of(np.zeros((1, 785), np.uint8)).replace(b",", b";"), "separated by semicolons"),
    ],
)
def test_what_is_no_csv_of_digits_is_named_as_what_it_is(raw: bytes, words: str) -> None:
    with pytest.raises(KitError, match=re.escape(words)):
        csv_format.parse_digits(raw, "train", "train.csv")


def test_a_line_without_end_is_not_read_to_its_end() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return size * b"0"

    endless = Endless()
    with pytest.raises(KitError, match="the header is missing"):
        csv_format.parse_digits(endless, "train", "train.csv")  # type: ignore[arg-type]
    assert endless.given < 4_000_000


def test_a_long_line_among_the_rows_is_refused(rows: np.ndarray) -> None:
    for line in (2_000_000 * b"\n", b"5" + 2_000_000 * b" " + b"\n", 2_000_000 * b"1"):
        with pytest.raises(KitError, match=r"a line of more than|has 1 column|is empty"):
            csv_format.parse_digits(csv_of(rows) + line + csv_of(rows), "train", "train.csv")


def test_a_submission_beyond_the_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_format, "SUBMISSION", 20)
    with pytest.raises(KitError, match="more than 20 bytes"):
        csv_format.parse_submission(csv_format.format_submission(np.zeros(9, np.uint8)), "my.csv")
