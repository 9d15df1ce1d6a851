"""What `check` says of each file."""

from pathlib import Path

import numpy as np
from conftest import csv_of

from kit.data.checks import check


def written(folder: Path, csvs: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, raw in csvs.items():
        (folder / name).write_bytes(raw)
    return folder


def test_check_reports_each_file(csvs: dict[str, bytes], tmp_path: Path) -> None:
    reports = check(written(tmp_path / "in", csvs))
    assert [report.rows for report in reports] == [12, 4, 4, 4] and not any(report.problem for report in reports)
    assert "labels 0 to 9, 1 to 2 of each" in reports[0].facts


def test_check_counts_blank_and_repeated_rows(rows: np.ndarray, tmp_path: Path) -> None:
    rows[1, 1:] = 0
    rows[5, 1:] = rows[6, 1:]
    (tmp_path / "train.csv").write_bytes(csv_of(rows))
    [report] = check(tmp_path / "train.csv")
    assert report.facts.endswith("1 blank, 1 repeated")


def test_check_goes_on_after_a_wrong_file(csvs: dict[str, bytes], tmp_path: Path) -> None:
    csvs["train.csv"], csvs["sample_submission.csv"] = csvs["test.csv"], b"ImageId,Label\n1,0\n"
    train, test, submission, solution = check(written(tmp_path / "in", csvs))
    assert "this is the competition's test.csv" in str(train.problem)
    assert "1 rows where test.csv has 4" in str(submission.problem)
    assert test.problem is None and solution.problem is None
