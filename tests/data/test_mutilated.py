"""Thousands of mutilated files at `kit data check`: a right answer or one line, never a traceback or a wrong array."""

import csv
import io
import random
from pathlib import Path

import numpy as np
import pytest
from conftest import csv_of
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.data import csv_format, loading
from kit.data.checks import check

TABLE = np.random.default_rng(7).integers(0, 256, (10, 785)).astype(np.uint8)
TABLE[:, 0] = range(10)
WHOLE = csv_of(TABLE)
VALUES = {text for value in range(256) for text in (f"{value}", f"{value:02}", f"{value:03}")}
FRAGMENTS = [
    b"",
    b",",
    b"\n",
    b"\r",
    b"\r\n",
    b'"',
    b" ",
    b"-",
    b".",
    b"0",
    b"9",
    b"255",
    b"256",
    b"1e1",
    b"\0",
    b"\xff",
    b"label",
]


def read_plainly(raw: bytes) -> list[list[int]] | None:
    """An independent, slow reading of a train.csv: None unless every value is 1 to 3 plain digits in range."""
    text = raw.decode("utf-8-sig", "replace").replace("\r\n", "\n").rstrip("\n")
    if "\r" in text or "\0" in text:
        return None
    lines = list(csv.reader(io.StringIO(text)))
    if len(lines) < 2 or lines[0] != csv_format.HEADERS["train"]:
        return None
    for line in lines[1:]:
        if len(line) != 785 or not VALUES.issuperset(line):
            return None
        if int(line[0]) > 9:
            return None
    return [[int(value) for value in line] for line in lines[1:]]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutilated") / "train.csv"


def mutilated(seed: int, cuts: int) -> bytes:
    """The file with some places cut out and other bytes put in; often in the header, the first or the last row."""
    chance, raw = random.Random(seed), WHOLE
    for _ in range(cuts):
        if chance.random() < 0.5:  # another digit for a digit: often still a file to be read
            start = chance.choice([at for at, byte in enumerate(raw[-3000:]) if 48 <= byte < 58]) + len(raw) - 3000
            raw = raw[:start] + chance.choice([b"0", b"1", b"2", b"9"]) + raw[start + 1 :]
            continue
        place = [chance.randrange(len(raw)), chance.randrange(len(raw) - 40, len(raw)), chance.randrange(6700, 6900)]
        start, length = chance.choice(place), chance.choice([0, 0, 1, 1, 2, 5, 785, len(raw)])
        raw = raw[:start] + chance.choice(FRAGMENTS) + raw[start + length :]
        if len(raw) < 7000:
            break
    return raw


@settings(max_examples=2000, deadline=None)
@given(seed=st.integers(0, 2**32), cuts=st.integers(1, 4))
def test_a_right_answer_or_one_line(path: Path, seed: int, cuts: int) -> None:
    raw = mutilated(seed, cuts)
    path.write_bytes(raw)
    expected = read_plainly(raw)
    [report] = check(path)
    if report.problem:
        assert "\n" not in report.problem and report.problem.startswith(f"{path}: ")
        assert expected is None or b'"' in raw or len({row[0] for row in expected}) < 10, report.problem
    else:
        digits = loading.load("train", path)
        assert expected is not None and digits.labels is not None and report.rows == len(expected)
        found = np.concatenate([digits.labels[:, None], digits.images.reshape(len(digits), 784)], axis=1)
        assert found.tolist() == expected


def test_the_mutilations_leave_some_files_right_and_most_wrong() -> None:
    right = sum(read_plainly(mutilated(seed, 1 + seed % 4)) is not None for seed in range(300))
    assert 30 < right < 200
