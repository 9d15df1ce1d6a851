"""Files appear whole or not at all, on a full disk too, and by Windows' rules."""

import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import windows
from conftest import KILLED, needs, needs_open_files_to_go

from kit import KitError, files, system


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


@needs("resource")
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
    with pytest.raises(KitError, match=r"inside\.csv: a part of this path is a file, not a folder"):
        files.write_text(tmp_path / "file" / "inside.csv", "")
    assert "the disk is full" in str(files.in_plain_words(OSError(28, "No space left on device"), "a.csv"))


@needs_open_files_to_go
def test_what_was_removed_meanwhile_does_not_come_back(tmp_path: Path) -> None:
    path = tmp_path / "run" / "history.csv"
    with pytest.raises(KitError, match=r"run[/\\]history\.csv: no such file or folder"):
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


DIES = """
import os, pathlib, signal, sys
from kit import files
path = pathlib.Path(sys.argv[1])
rename = pathlib.Path.replace
def dies(self, target):
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
with files.whole_file(path) as temporary:
    temporary.mkdir()
    pathlib.Path.replace = dies  # between the two renames
"""


def test_what_a_killed_process_left_goes_and_what_it_had_moved_away_comes_back(tmp_path: Path) -> None:
    package = tmp_path / "a.mlpackage"
    package.mkdir()
    (package / "weights").write_text("old")
    assert subprocess.run([sys.executable, "-c", DIES, str(package)]).returncode == KILLED
    assert not package.exists() and len(list(tmp_path.iterdir())) == 1
    files.remove_abandoned(tmp_path)
    assert (package / "weights").read_text() == "old" and list(tmp_path.iterdir()) == [package]


def test_what_a_living_process_makes_stays(tmp_path: Path) -> None:
    with files.staging(tmp_path) as made:
        script = "import pathlib, sys; from kit import files; files.remove_abandoned(pathlib.Path(sys.argv[1]))"
        subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
        assert made.is_dir()
    assert list(tmp_path.iterdir()) == []


# As on Windows, where another program may have a file open for a moment


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Renaming and removing as Windows has them, and no time to wait for what is held."""
    windows.put_files(monkeypatch.setattr)
    monkeypatch.setattr(system, "_MOMENTS", (0.01, 0.02))
    yield


needs_open_files_known = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no list of open files here")


@needs_open_files_known
@pytest.mark.usefixtures("held")
def test_a_file_that_another_program_has_open_stays_and_is_named(tmp_path: Path) -> None:
    path, package = tmp_path / "log.csv", tmp_path / "a.mlpackage"
    package.mkdir()
    for file in (path, package / "weights"):
        file.write_text("old")
    with (
        open(path),
        pytest.raises(KitError, match=r"log\.csv: no permission, or another program has it open: close it"),
    ):
        files.write_text(path, "new")
    with (
        open(package / "weights"),
        pytest.raises(KitError, match=r"a\.mlpackage: another program has it open: close it there"),
        files.whole_file(package) as temporary,
    ):
        temporary.mkdir()
    assert path.read_text() == (package / "weights").read_text() == "old"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.mlpackage", "log.csv"]
    files.write_text(path, "new")
    assert path.read_text() == "new"


@needs_open_files_known
@pytest.mark.usefixtures("held")
def test_a_virus_scanner_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_MOMENTS", (0.05,) * 40)
    path = tmp_path / "file.csv"
    path.write_text("old")
    scanned = open(path)  # noqa: SIM115
    threading.Timer(0.1, scanned.close).start()
    files.write_text(path, "new")
    assert scanned.closed and path.read_text() == "new" and list(tmp_path.iterdir()) == [path]
    (tmp_path / "folder").mkdir()
    scanned = open(tmp_path / "folder" / "file", "w")  # noqa: SIM115
    threading.Timer(0.1, scanned.close).start()
    files.remove(tmp_path / "folder")
    assert scanned.closed and list(tmp_path.iterdir()) == [path]


@needs_open_files_known
@pytest.mark.usefixtures("held")
def test_what_cannot_be_put_back_yet_is_not_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new folder does not come, and a scanner has a file of the old one open, which was moved away by then."""
    package = tmp_path / "a.mlpackage"
    package.mkdir()
    (package / "weights").write_text("old")
    scanned = []

    def fails(self: Path, target: Path) -> Path:
        [moved] = tmp_path.glob(".tmp-*/.kit-replaced/a.mlpackage/weights")
        scanned.append(open(moved))  # noqa: SIM115
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fails)
        with pytest.raises(KitError, match="input/output error"), files.whole_file(package) as temporary:
            temporary.mkdir()
    for _ in range(2):  # and by no other command
        files.remove_abandoned(tmp_path)
        assert not package.exists() and len(list(tmp_path.glob(".tmp-*/.kit-replaced/a.mlpackage/weights"))) == 1
    scanned[0].close()
    files.remove_abandoned(tmp_path)
    assert (package / "weights").read_text() == "old"


@needs_open_files_known
@pytest.mark.usefixtures("held")
def test_what_a_killed_process_left_goes_though_no_open_file_can(tmp_path: Path) -> None:
    leftover = tmp_path / ".tmp-abc"
    (leftover / "inside").mkdir(parents=True)
    for name in (".kit-lock", "half", "inside/half"):
        (leftover / name).write_text("")
    files.remove_abandoned(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_on_posix_nothing_is_tried_twice() -> None:
    tries = []

    def refused() -> None:
        tries.append(1)
        raise PermissionError(errno.EACCES, "Permission denied")

    with pytest.raises(PermissionError):
        system.patiently(refused)
    assert len(tries) == 1 or system.WINDOWS


@pytest.mark.parametrize(
    ("number", "windows_number", "words"),
    [
        (errno.EACCES, 5, "no permission, or another program has it open"),
        (errno.EACCES, 32, "another program has it open: close it there, then run it again"),
        (errno.EACCES, 0, "no permission, or another program has it open"),  # as open() says it
        (errno.EINVAL, 123, "Windows allows no such name: give another"),
        (errno.EINVAL, 0, "Windows allows no such name: give another"),
        (errno.ENOENT, 206, "the name is too long: give a shorter one"),
        (errno.EINVAL, 1314, "symbolic links"),
        (errno.ENOSPC, 112, "the disk is full: make room first"),
        (errno.ENOENT, 2, "no such file or folder"),
    ],
)
def test_what_windows_says_is_told_in_plain_words(
    number: int, windows_number: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "WINDOWS", True)
    error = OSError(number, os.strerror(number))
    error.winerror = windows_number or None  # type: ignore[attr-defined]
    assert words in str(system.in_plain_words(error, "a.csv"))


def test_a_path_that_windows_finds_too_long_and_a_folder_that_is_opened_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "WINDOWS", True)
    missing, opened = (
        FileNotFoundError(errno.ENOENT, "No such file"),
        PermissionError(errno.EACCES, "Permission denied"),
    )
    far = tmp_path.joinpath(*["folder"] * 40, "a.csv")
    assert f"{len(str(far))} characters are too many for a path" in str(system.in_plain_words(missing, far))
    assert "no such file or folder" in str(system.in_plain_words(missing, tmp_path / "a.csv"))
    assert "this is a folder, not a file" in str(system.in_plain_words(opened, tmp_path))
