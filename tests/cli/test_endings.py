"""A command ends quietly by any signal that asks it to, whenever that comes."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import needs_signals

pytestmark = needs_signals

SLOW = """
import sys, time
from kit.cli import main
from kit import __main__, files

def slowly():
    with files.whole_file(files.Path(sys.argv[1])) as temporary:
        temporary.write_text("half", encoding="utf-8")
        print("writing", flush=True)
        {action}

main.main = slowly
__main__.main()
"""
WAIT = "time.sleep(60)"
DROPPED = """
        class Closing:
            def __del__(self):
                time.sleep(60)
        closing = Closing()
        del closing
        time.sleep(60)
"""


def started(folder: Path, action: str, **options: object) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW.format(action=action), str(folder / "file")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,  # type: ignore[call-overload]
    )  # fmt: skip
    assert process.stdout.readline() == "writing\n"
    return process


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_clears_up_and_says_nothing(tmp_path: Path, name: str) -> None:
    number = signal.Signals[name]
    # Under nohup the tests themselves ignore SIGHUP, and what they start would too.
    process = started(tmp_path, WAIT, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
    process.send_signal(number)
    process.send_signal(signal.SIGTERM)  # a closed terminal sends two, and the second must not disturb the clearing up
    printed = process.communicate(timeout=20)
    assert (process.returncode, printed) == (128 + number, ("", "")) and list(tmp_path.iterdir()) == []


def test_an_end_that_python_dropped_comes_again(tmp_path: Path) -> None:
    process = started(tmp_path, DROPPED)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    printed = process.communicate(timeout=20)
    assert (process.returncode, printed) == (130, ("", "")) and list(tmp_path.iterdir()) == []


def test_what_nohup_has_it_ignore_does_not_end_it(tmp_path: Path) -> None:
    process = started(tmp_path, "time.sleep(1)", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=20)
    assert process.returncode == 0 and (tmp_path / "file").read_text() == "half"


def test_an_end_during_the_start_is_quiet(tmp_path: Path) -> None:
    """From kit's first line on; before that the process is Python's alone, whose traceback nothing can hold back."""
    for moment in range(12):
        process = subprocess.Popen(
            [sys.executable, "-X", "importtime", "-m", "kit", "runs"], cwd=tmp_path, text=True, stderr=subprocess.PIPE
        )
        for line in process.stderr:
            if "kit.cli.endings" in line:
                break
        time.sleep(0.01 + 0.02 * moment)
        process.send_signal(signal.SIGINT)
        printed = process.communicate(timeout=20)[1]
        # After the last line there is nothing to end: it is done, or at the very end has no handler any more.
        assert process.returncode in (130, 0, -signal.SIGINT), printed
        assert "Traceback" not in printed and "Exception" not in printed


def test_a_fetch_that_is_ended_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kit", "data", "fetch", "--to", str(tmp_path / "data")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("data/.tmp-*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    printed = process.communicate(timeout=20)
    assert (process.returncode, printed) == (143, ("", "")) and not list((tmp_path / "data").iterdir())
