"""Files appear whole or not at all, on a full disk too."""

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kit import KitError, files


def test_the_name_appears_only_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.csv"
    with files.whole_file(path, parents=True) as temporary:
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
    with pytest.raises(KitError, match=r"file/inside\.csv: a part of this path is a file, not a folder"):
        files.write_text(tmp_path / "file" / "inside.csv", "")
    assert "the disk is full" in str(files.in_plain_words(OSError(28, "No space left on device"), "a.csv"))


def test_what_was_removed_meanwhile_does_not_come_back(tmp_path: Path) -> None:
    path = tmp_path / "run" / "history.csv"
    with pytest.raises(KitError, match=r"run/history\.csv: no such file or folder"):
        files.write_text(path, "new")
    path.parent.mkdir()
    with pytest.raises(KitError, match="no such file"), files.whole_file(path) as temporary:
        temporary.write_text("new")
        shutil.rmtree(path.parent)
    assert list(tmp_path.iterdir()) == []


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "file.csv").write_text("old")
    link = tmp_path / "link.csv"
    link.symlink_to(Path("far") / "file.csv")
    files.write_text(link, "new")
    assert link.is_symlink() and (tmp_path / "far" / "file.csv").read_text() == "new"
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    with pytest.raises(KitError, match="circle"):
        files.write_text(circle, "new")


@pytest.mark.parametrize("links", [True, False], ids=["with links", "on a disk without links"])
def test_of_many_writers_at_once_one_gets_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", _no_links)
    together = threading.Barrier(8)

    def write(number: int, name: str, folder: bool) -> bool:
        try:
            with files.whole_file(tmp_path / name, replace=False) as temporary:
                if folder:
                    temporary.mkdir()
                (temporary / "inside" if folder else temporary).write_text(str(number))
                together.wait(20)
            return True
        except files.TakenError as error:
            assert "is there already" in str(error)
            return False

    for folder in (False, True):
        name = "a folder" if folder else "a file"
        with ThreadPoolExecutor(8) as threads:
            won = list(threads.map(write, range(8), [name] * 8, [folder] * 8))
        path = tmp_path / name / "inside" if folder else tmp_path / name
        assert won.count(True) == 1 and path.read_text() == str(won.index(True))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a file", "a folder"]


def _no_links(*paths: Path) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


def test_a_dangling_link_has_the_name(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(files.TakenError), files.whole_file(tmp_path / "link", replace=False):
        pass


def test_a_replacement_that_fails_half_way_puts_the_old_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "a.mlpackage"
    package.mkdir()
    (package / "weights").write_text("old")
    rename = Path.replace

    def fails(self: Path, target: Path) -> Path:
        raise OSError(errno.EIO, "Input/output error") if self.name == "a.mlpackage" else rename(self, target)

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(KitError, match="input/output error"), files.whole_file(package) as temporary:
        temporary.mkdir()
    assert (package / "weights").read_text() == "old" and list(tmp_path.iterdir()) == [package]


def test_a_file_does_not_take_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(KitError, match="this is a folder, not a file"):
        files.write_text(tmp_path / "folder", "new")
    assert (tmp_path / "folder" / "inside").is_dir() and list(tmp_path.iterdir()) == [tmp_path / "folder"]


KILLED = """
import os, pathlib, signal, sys
from kit import files
path = pathlib.Path(sys.argv[1])
rename = pathlib.Path.replace
def dies(self, target):
    os.kill(os.getpid(), signal.SIGKILL)
with files.whole_file(path) as temporary:
    temporary.mkdir()
    pathlib.Path.replace = dies  # between the two renames
"""


def test_what_a_killed_process_left_goes_and_what_it_had_moved_away_comes_back(tmp_path: Path) -> None:
    package = tmp_path / "a.mlpackage"
    package.mkdir()
    (package / "weights").write_text("old")
    assert subprocess.run([sys.executable, "-c", KILLED, str(package)]).returncode == -signal.SIGKILL
    assert not package.exists() and len(list(tmp_path.iterdir())) == 1
    files.remove_abandoned(tmp_path)
    assert (package / "weights").read_text() == "old" and list(tmp_path.iterdir()) == [package]


def test_what_a_living_process_makes_stays(tmp_path: Path) -> None:
    with files.staging(tmp_path) as made:
        script = "import pathlib, sys; from kit import files; files.remove_abandoned(pathlib.Path(sys.argv[1]))"
        subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
        assert made.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_names_that_a_system_forbids_are_refused_by_the_option_that_gave_them() -> None:
    assert files.check_name(None, "07-kit+08-vgg") == "07-kit+08-vgg" == files.check_name("07-kit+08-vgg", "other")
    for name in (
        "",
        ".",
        "..",
        ".hidden",
        "a/b",
        "a b",
        "a\n",
        "CON",
        "nul.csv",
        "com1",
        "LPT9.tar.gz",
        "a.",
        "a" * 201,
    ):
        with pytest.raises(KitError, match=f"^--name {re.escape(name)}: "):
            files.check_name(name, "other")
    with pytest.raises(KitError, match=r"^my run: in a name use .*; --name gives one$"):
        files.check_name(None, "my run")
    for name in ("console", "com10", "nulls.csv", "ünïcode"):
        assert files.check_name(name, "other") == name
