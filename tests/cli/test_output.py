"""What a terminal gets, and what a pipe gets: width, colours, letters that there are not."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import KitCommand, bare_run

from kit.cli import output
from kit.text import write_plainly

COLOURS = ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS")
OUTCOME = {
    "arch": "dense", "val_accuracy": 0.9545, "val_loss": 0.21, "loss": 0.1, "accuracy": 0.97, "epochs": 20,
    "epochs_done": 20, "best_epoch": 19, "seconds": 99.0, "parameters": 16175, "finished": True, "stopped": None,
}  # fmt: skip


class Terminal(io.TextIOWrapper):
    """A standard stream whose other end is a terminal."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding, newline="\n", write_through=True)

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        return self.buffer.getvalue().decode(self.encoding)  # type: ignore[attr-defined]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Terminal]:
    """Makes both standard streams a terminal with these variables around it."""

    def opened(encoding: str = "utf-8", **variables: str) -> Terminal:
        for name in COLOURS:
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        made = Terminal(encoding)
        monkeypatch.setattr(sys, "stdout", made)
        monkeypatch.setattr(sys, "stderr", made)
        return made

    return opened


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),  # by no-color.org: set, and not empty
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        ({"TERM": "xterm", "FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_a_terminal_is_coloured_where_it_wants_that(
    variables: dict[str, str], coloured: bool, terminal: Callable[..., Terminal]
) -> None:
    shown = terminal(**variables)
    output.print_table(["a", "b"], [["1", "2"]])
    output.complain("train.csv: missing")
    heading, error = ("\x1b[1ma  b\x1b[0m", "\x1b[1;31merror:\x1b[0m") if coloured else ("a  b", "error:")
    assert shown.text == f"{heading}\n1  2\n{error} train.csv: missing\n"


def test_into_a_pipe_goes_no_colour_unless_it_is_forced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "10")
    for forced, heading in (("", "a long heading"), ("1", "\x1b[1ma long heading\x1b[0m")):
        monkeypatch.setenv("FORCE_COLOR", forced)
        output.print_table(["a long heading"], [["1"]])
        assert capsys.readouterr().out == f"{heading}\n1\n"


def test_a_process_without_a_console_is_none_that_wants_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    output.print_table(["a"], [["1"]])
    assert not output.wants_colour(None)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252", "cp437"])
def test_letters_that_a_terminal_lacks_take_the_room_of_what_stands_for_them(
    encoding: str, terminal: Callable[..., Terminal]
) -> None:
    shown = terminal(encoding, COLUMNS="40")
    write_plainly()
    output.print_table(
        ["run", "n"], [["01-数字数字数字数字数字数字", "1"], ["02-a", "–"], ["03-→", "3"]], right=[1], paths=[0]
    )
    lines = shown.text.splitlines()
    wide = [len(line) + len(re.findall("[数字]", line)) for line in lines]
    assert max(wide) <= 40 and len(set(wide)) == 1


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, one with a name in Japanese."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("01-dense", "02-手書き数字の認識"):
        bare_run(folder / "runs" / name).write_metrics(OUTCOME)
    return folder


def at_a_terminal(folder: Path, columns: int, *arguments: str, **variables: str) -> list[str]:
    """The lines that a command prints in a real terminal of that width, a pseudo-terminal."""
    pty, termios = pytest.importorskip("pty"), pytest.importorskip("termios")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    around = {name: value for name, value in os.environ.items() if name not in COLOURS}
    command = [sys.executable, "-m", "kit", *arguments]
    process = subprocess.Popen(command, cwd=folder, stdout=theirs, env={**around, "TERM": "xterm", **variables})
    os.close(theirs)
    printed = _all_of(ours)
    assert process.wait(timeout=60) == 0
    return printed.decode().splitlines()


def _all_of(terminal: int) -> bytes:
    printed = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            part = b""
        if not part:
            os.close(terminal)
            return printed
        printed += part


def test_runs_are_listed_in_the_width_of_the_terminal(project: Path, kit_command: KitCommand) -> None:
    piped = kit_command("runs", cwd=project).stdout.splitlines()
    assert piped[0].split() == [
        "run", "network", "val_accuracy", "val_loss", "accuracy", "epochs", "seconds", "parameters",
    ]  # fmt: skip
    assert at_a_terminal(project, 200, "runs", NO_COLOR="1") == piped
    narrow = at_a_terminal(project, 60, "runs")
    assert narrow[0] == "\x1b[1mrun                  network  val_accuracy  val_loss  epochs\x1b[0m"
    assert narrow[1:] == [
        "01-dense             dense          95.45%    0.2100   20/20",
        "02-手書き数字の認識  dense          95.45%    0.2100   20/20",
    ]
    assert at_a_terminal(project, 25, "runs", TERM="dumb")[1:] == [
        "01-dense           95.45%",
        "02-手書き…         95.45%",
    ]


def test_json_is_whole_at_any_terminal(project: Path) -> None:
    listed: Any = json.loads("".join(at_a_terminal(project, 20, "runs", "--json")))
    assert [entry["parameters"] for entry in listed] == [16175, 16175]
