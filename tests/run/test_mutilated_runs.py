"""Files of runs that are mutilated by the hundred are read right or refused in one line, and hide no other run."""

from pathlib import Path

from hostile.run_files import mutilate


def test_mutilated_run_files_are_read_right_or_refused_in_one_line(tmp_path: Path) -> None:
    counts = mutilate(80, 5, tmp_path)
    assert counts.tracebacks == [] and counts.wrong == [] and counts.read and counts.refused > 40
