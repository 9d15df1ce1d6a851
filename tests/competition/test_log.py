"""The log of submissions: a line for each file and each upload, in whatever form its owner saved it."""

import csv
import hashlib
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from kit import KitError
from kit.competition import log
from kit.competition.log import Log, Submission, Upload, alone, record

SHA256 = hashlib.sha256(b"a").hexdigest()
OTHER = hashlib.sha256(b"b").hexdigest()
FIRST = Submission("2026-01-02T03:04:05+00:00", "a.csv", SHA256, "01-dense", 100, 0.91)
HEADER = "time,file,sha256,runs,validation_rows,validation_accuracy,score,scored_by,reference,message\n"


def log_of(folder: Path) -> list[dict[str, str]]:
    with open(folder / "log.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_line_is_all_that_is_known_and_empty_where_it_is_not(tmp_path: Path) -> None:
    record(FIRST, tmp_path)
    line = f"2026-01-02T03:04:05+00:00,a.csv,{SHA256},01-dense,100,0.91,,,,\n"
    assert (tmp_path / "log.csv").read_text() == HEADER + line


def test_the_same_file_with_the_same_content_has_one_line(tmp_path: Path) -> None:
    for file, sha256 in (("a.csv", SHA256), ("b.csv", SHA256), ("a.csv", OTHER), ("a.csv", SHA256)):
        record(replace(FIRST, file=file, sha256=sha256, validation_rows=len(file + sha256)), tmp_path)
    assert [(line["file"], line["sha256"]) for line in log_of(tmp_path)] == [
        ("a.csv", SHA256),
        ("b.csv", SHA256),
        ("a.csv", OTHER),
    ]


def test_an_upload_takes_the_line_of_its_file_and_its_score_comes_into_it(tmp_path: Path) -> None:
    record(FIRST, tmp_path)
    sent = replace(FIRST, reference=41, message="ümlaut, and a comma")
    record(sent, tmp_path)
    record(replace(sent, score=0.98765, scored_by="kaggle"), tmp_path)
    [line] = log_of(tmp_path)
    assert (line["reference"], line["score"], line["scored_by"]) == ("41", "0.98765", "kaggle")
    assert line["message"] == "ümlaut, and a comma"


def test_another_upload_of_the_same_file_has_a_line_of_its_own(tmp_path: Path) -> None:
    record(replace(FIRST, reference=41), tmp_path)
    record(FIRST, tmp_path)
    record(replace(FIRST, reference=42), tmp_path)
    record(replace(FIRST, reference=41, score=0.5, scored_by="kaggle"), tmp_path)
    assert [(line["reference"], line["score"]) for line in log_of(tmp_path)] == [("41", "0.5"), ("42", "")]


def test_writing_a_file_again_leaves_the_line_of_its_upload_as_it_is(tmp_path: Path) -> None:
    record(replace(FIRST, score=0.98765, scored_by="kaggle", reference=41, message="first"), tmp_path)
    before = (tmp_path / "log.csv").read_bytes()
    record(replace(FIRST, time="2026-02-03T04:05:06+00:00", validation_accuracy=0.92), tmp_path)
    assert (tmp_path / "log.csv").read_bytes() == before


def test_an_upload_is_known_by_its_content_whatever_its_name(tmp_path: Path) -> None:
    assert Log(tmp_path).upload_of(SHA256, "a.csv") is None
    record(FIRST, tmp_path)
    assert Log(tmp_path).upload_of(SHA256, "a.csv") is None
    record(replace(FIRST, reference=41, score=0.5, scored_by="kaggle"), tmp_path)
    record(replace(FIRST, reference=42, file="b.csv"), tmp_path)
    assert Log(tmp_path).upload_of(SHA256, "c.csv") == Upload("b.csv", "42", FIRST.time, "")
    assert Log(tmp_path).upload_of(OTHER, "a.csv") is None


def test_an_upload_whose_digest_a_spreadsheet_made_a_number_of(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(HEADER + "25.11.2026 22:52,a.csv,1.23E+45,01-dense,100,0.91,,,41,\n")
    assert Log(tmp_path).upload_of(SHA256, "a.csv") == Upload("a.csv", "41", "25.11.2026 22:52", "")
    assert Log(tmp_path).upload_of(SHA256, "b.csv") is None


def test_no_cell_is_a_formula_and_the_log_knows_what_was_meant(tmp_path: Path) -> None:
    formula = replace(FIRST, file="-a.csv", message='=HYPERLINK("http://example.org")', reference=41)
    record(formula, tmp_path)
    [line] = log_of(tmp_path)
    assert (line["file"], line["message"]) == ("'-a.csv", """'=HYPERLINK("http://example.org")""")
    record(replace(formula, score=0.5), tmp_path)
    [line] = log_of(tmp_path)
    assert line["score"] == "0.5" and Log(tmp_path).upload_of(SHA256, "") == Upload("-a.csv", "41", FIRST.time, "0.5")


def test_a_log_from_a_spreadsheet_keeps_its_form(tmp_path: Path) -> None:
    old = (HEADER + f"02.01.2026 03:04,a.csv,{SHA256},01-dense,100,0.91,,,,première\n").replace(",", ";")
    raw = b"sep=;\r\n" + old.replace("0.91", "0,91").replace("\n", "\r\n").encode("cp1252")
    (tmp_path / "log.csv").write_bytes(raw)
    record(replace(FIRST, file="b.csv", message="é"), tmp_path)
    line = f"{FIRST.time};b.csv;{SHA256};01-dense;100;0,91;;;;é\r\n".encode("cp1252")
    assert (tmp_path / "log.csv").read_bytes() == raw + line


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"file,score\na.csv,0.9\n", "no line of it names the columns time, file"),
        (HEADER.encode() + b'a,"b\n', "line 2 is broken"),
        (b"\xff\xfea", "it is no text"),
        (b"PK\x03\x04\x14\x00\x06\x00", "no line of it names"),
        (HEADER.encode() + b"," * (5 << 20), "more than 2 MiB"),
    ],
)
def test_what_cannot_be_read_is_left_alone(raw: bytes, problem: str, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes(raw)
    with pytest.raises(KitError, match=rf"log\.csv: {problem}.*give it another name and submit again$"):
        record(FIRST, tmp_path)
    assert (tmp_path / "log.csv").read_bytes() == raw and len(list(tmp_path.iterdir())) == 1


def test_a_folder_or_a_pipe_is_no_log(tmp_path: Path) -> None:
    (tmp_path / "log.csv").mkdir()
    with pytest.raises(KitError, match=r"log\.csv: it is no file"):
        Log(tmp_path)


def test_a_character_that_the_logs_encoding_lacks_is_named(tmp_path: Path) -> None:
    raw = (HEADER + "1,é.csv,,,,,,,,\n").encode("cp1252")
    (tmp_path / "log.csv").write_bytes(raw)
    with pytest.raises(KitError, match=r"its encoding, .*, has no '\\u65e5': save it as CSV UTF-8"):
        record(replace(FIRST, message="日"), tmp_path)
    assert (tmp_path / "log.csv").read_bytes() == raw


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "log.csv").symlink_to(tmp_path / "kept" / "mine.csv")
    record(FIRST, tmp_path)
    assert (tmp_path / "log.csv").is_symlink() and len(log_of(tmp_path / "kept" / "..")) == 1
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["mine.csv"]


def test_one_at_a_time_and_no_lock_is_left(tmp_path: Path) -> None:
    inside, most = 0, 0

    def enter() -> None:
        nonlocal inside, most
        with alone(tmp_path / "s"):
            inside += 1
            most = max(most, inside)
            time.sleep(0.01)
            inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1 and list((tmp_path / "s").iterdir()) == []


def test_who_waits_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_BUSY", 0.05)
    with alone(tmp_path), pytest.raises(KitError, match="another kit submit is at work here"), alone(tmp_path):
        raise AssertionError("two at once")
