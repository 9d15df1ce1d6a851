"""The commands by Windows' rules for files and without what POSIX alone has, as far as Linux can play that."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import windows
from conftest import needs, needs_signals
from test_endings import WAIT, started
from test_without_coremltools import PACKAGE, PICTURE, run

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="plays Windows on Linux alone")


def test_the_whole_path_goes(small: Path, tmp_path: Path) -> None:
    data = ["--data", small]
    train = ["train", "--arch", "dense", "--epochs", "1", *data]
    lines: list[list[object]] = [
        ["data", "fetch"], ["data", "fetch", "--overwrite"], ["data", "check"], train,
        [*train, "--learning-rate", "1e30"], ["train", "--resume", "1"], ["runs"], ["submit", "1", *data],
        ["submit", "1", *data], ["predict", PACKAGE, PICTURE, "--csv", "a.csv"], ["networks"],
        ["data", "show", *data, "--to", "shown"], ["analyze", "1", *data], ["open", "1", "folder"],
        ["export", "1", *data, "--format", "tflite"], ["verify", "exports/01-dense.tflite", *data],
    ]  # fmt: skip
    ended = run(lines, windows.environment(tmp_path / "start"), tmp_path)
    assert [(code, said) for code, _, said, _ in ended if code and "the loss became NaN" not in said] == []
    assert [code for code, *_ in ended] == [0, 0, 0, 0, 1, *[0] * 11]
    assert "finished already" in ended[5][2] and "diverged" in ended[6][1]
    assert (tmp_path / "a.csv").is_file() and len(list((tmp_path / "submissions").iterdir())) == 2
    assert not list(tmp_path.rglob(".tmp-*"))
    assert not list(tmp_path.glob("runs/*/state"))  # of the diverged one it goes while the lock in it is held


@needs_signals
def test_ctrl_break_clears_up_and_says_nothing(tmp_path: Path) -> None:
    environment = windows.environment(tmp_path / "start")
    (tmp_path / "work").mkdir()
    process = started(tmp_path / "work", WAIT, env=environment)
    process.send_signal(windows.BREAK)
    printed = process.communicate(timeout=20)
    assert (process.returncode, printed) == (128 + windows.BREAK, ("", "")) and not list((tmp_path / "work").iterdir())


CLOSED = """
import errno
from kit import system
from kit.cli import main

def app(**options):
    raise OSError(errno.EINVAL, "Invalid argument")  # what Windows says of a pipe that nobody reads

main.app, system.WINDOWS = app, True
main.main()
"""


def test_a_reader_that_goes_away_is_no_error() -> None:
    finished = subprocess.run([sys.executable, "-c", CLOSED], capture_output=True, text=True)
    assert (finished.returncode, finished.stdout, finished.stderr) == (141, "", "")


PRINTED = """
import json, sys
from kit.cli import main
for line in json.load(sys.stdin):
    sys.argv = ["kit", *line]
    try:
        main.main()
    except SystemExit as ended:
        print(ended.code)
"""


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "cp932", "utf-8"])
def test_a_console_of_any_encoding_takes_what_is_printed(encoding: str, tmp_path: Path) -> None:
    """A run that somebody has renamed may be called anything."""
    for name in ("01-dense", "02-数 – 🎉 ± 1"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        for file, content in (("settings", {}), ("metrics", {"arch": "dense", "val_accuracy": 0.9})):
            (tmp_path / "runs" / name / f"{file}.json").write_text(json.dumps(content), encoding="utf-8")
    lines = [["runs"], ["runs", "--json"], ["submit", "3-数🎉"], ["train", "--help"], ["data", "check", "--data", "é…"]]
    environment = {**os.environ, "PYTHONIOENCODING": f"{encoding}:strict", "PYTHONUTF8": "0"}
    finished = subprocess.run(
        [sys.executable, "-c", PRINTED], input=json.dumps(lines).encode(), cwd=tmp_path, env=environment,
        capture_output=True,
    )  # fmt: skip
    printed, said = finished.stdout.decode(encoding), finished.stderr.decode(encoding)
    assert finished.returncode == 0 and "Traceback" not in said, said
    assert [line for line in printed.splitlines() if line.isdecimal()] == ["0", "0", "2", "0", "2"]
    assert "02-" in printed and "no such run" in said


@needs("os.fork")
def test_without_a_console_there_is_nothing_to_print_to(small: Path, tmp_path: Path) -> None:
    """As with pythonw.exe: standard output and error are None."""
    script = "import sys; sys.stdout = sys.stderr = None\nfrom kit.training.progress import Progress\n"
    script += "with Progress(3) as progress: progress.say('hello')\nfrom kit.cli import main\nmain.main()\n"
    finished = subprocess.run([sys.executable, "-c", script, "runs"], cwd=tmp_path, capture_output=True, text=True)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
