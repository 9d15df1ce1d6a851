"""Mutilated files at `load` and `check`: a right answer or one line; `benchmarks/hostile csv_files` tries 10,000."""

from pathlib import Path

from hostile.csv_files import mutilate


def test_a_right_answer_or_one_line(tmp_path: Path) -> None:
    counts = mutilate(300, seed=0, folder=tmp_path)
    assert not counts.tracebacks and not counts.wrong
    assert counts.read > 60 and counts.refused > 60  # of both kinds there are many, or it proves little
