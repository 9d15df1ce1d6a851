"""Exported models that are mutilated by the dozen read as before or are reported."""

from pathlib import Path

from hostile.packages import mutilate


def test_mutilated_packages_read_as_before_or_are_refused_in_one_line(tmp_path: Path) -> None:
    counts = mutilate(60, 5, tmp_path, formats=("tflite",))
    assert counts.tracebacks == [] and counts.wrong == [] and counts.read and counts.refused > 30
