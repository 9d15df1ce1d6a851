"""Files appear whole or not at all, on a full disk too."""

import subprocess
import sys
from pathlib import Path

import pytest

from kit import KitError, files


def test_the_name_appears_only_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.csv"
    with files.whole_file(path) as temporary:
        temporary.write_text("content")
        assert not path.exists() and temporary.suffix == ".csv"
    assert path.read_text() == "content"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), files.whole_file(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_disk_that_takes_no_more_is_one_line_and_leaves_the_old_file(tmp_path: Path) -> None:
    """A real write that the system cuts off, by a limit on the size of files."""
    path = tmp_path / "file.csv"
    path.write_text("old")
    script = (
        "import resource, pathlib; from kit import KitError, files\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        f"try: files.write_text(pathlib.Path({str(path)!r}), 'x' * 5000)\n"
        "except KitError as error: print(error)\n"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert finished.stdout == f"{path}: the disk takes no file of this size\n", finished
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_errors_of_the_system_name_the_file_and_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KitError, match=r"file/inside\.csv: a part of this path is a file, not a folder|something else"):
        files.write_text(tmp_path / "file" / "inside.csv", "")
    assert "the disk is full" in str(files.in_plain_words(OSError(28, "No space left on device"), "a.csv"))


def test_leftovers_of_killed_writers_go(tmp_path: Path) -> None:
    (tmp_path / ".tmp-1234-model.keras").write_text("half")
    (tmp_path / "model.keras").write_text("whole")
    files.remove_temporary(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]
