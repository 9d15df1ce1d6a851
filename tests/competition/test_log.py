"""The log of submissions: a line for each, renewed and never doubled."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from kit import KitError
from kit.competition.log import Submission, record

FIRST = Submission("2026-01-02T03:04:05+00:00", "a.csv", "0123", "01-dense", 100, 0.91)


def log_of(folder: Path) -> list[dict[str, str]]:
    with open(folder / "log.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_a_line_is_all_that_is_known_and_empty_where_it_is_not(tmp_path: Path) -> None:
    record(FIRST, tmp_path)
    assert (tmp_path / "log.csv").read_bytes() == (
        b"time,file,sha256,runs,validation_rows,validation_accuracy,score,scored_by,reference,message\n"
        b"2026-01-02T03:04:05+00:00,a.csv,0123,01-dense,100,0.91,,,,\n"
    )


def test_the_same_file_with_the_same_content_has_one_line_and_the_newest_is_last(tmp_path: Path) -> None:
    for file, sha256 in (("a.csv", "0123"), ("b.csv", "0123"), ("a.csv", "4567"), ("a.csv", "0123")):
        record(replace(FIRST, file=file, sha256=sha256), tmp_path)
    assert [(line["file"], line["sha256"]) for line in log_of(tmp_path)] == [
        ("b.csv", "0123"),
        ("a.csv", "4567"),
        ("a.csv", "0123"),
    ]


def test_writing_a_file_again_does_not_forget_its_upload(tmp_path: Path) -> None:
    record(replace(FIRST, score=0.98765, scored_by="kaggle", reference=41, message="ümlaut, and a comma"), tmp_path)
    record(replace(FIRST, time="2026-02-03T04:05:06+00:00", validation_accuracy=0.92), tmp_path)
    [line] = log_of(tmp_path)
    assert (line["time"], line["validation_accuracy"]) == ("2026-02-03T04:05:06+00:00", "0.92")
    assert (line["score"], line["scored_by"], line["reference"]) == ("0.98765", "kaggle", "41")
    assert line["message"] == "ümlaut, and a comma"


def test_another_table_under_the_logs_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("file,score\na.csv,0.9\n")
    with pytest.raises(KitError, match=r"log\.csv: not a log of this version of kit: move it away and submit again"):
        record(FIRST, tmp_path)
    assert (tmp_path / "log.csv").read_text() == "file,score\na.csv,0.9\n"
