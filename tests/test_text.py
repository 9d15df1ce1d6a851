"""What reaches a terminal can be read there, whatever it is."""

import subprocess
import sys

import pytest

from kit import system
from kit.text import command_line, printable


def test_a_terminals_commands_are_shown_instead_of_done() -> None:
    assert printable("a\x1b[2Jb\r\n\x9b\u202e\udcff") == r"a\x1b[2Jb\r\n\x9b\u202e\udcff"
    assert printable("4 → 9, 7 ± 1, ünïcode, 数字") == "4 → 9, 7 ± 1, ünïcode, 数字"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "cp932", "utf-8"])
def test_any_encoding_takes_every_text(encoding: str) -> None:
    script = (
        "import sys; from kit.text import write_plainly; write_plainly()\n"
        "for file in sys.stdout, sys.stderr: print('4 → 9 … ± 数 \\udcff', file=file)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, env={"PYTHONIOENCODING": encoding, "PATH": ""}
    )
    assert finished.returncode == 0, finished.stderr
    wanted = {"ascii": r"4 -> 9 ... +/- \u6570 \udcff", "cp1252": r"4 -> 9 … ± \u6570 \udcff",
              "cp437": r"4 -> 9 ... ± \u6570 \udcff", "cp932": r"4 → 9 … ± 数 \udcff",
              "utf-8": r"4 → 9 … ± 数 \udcff"}[encoding]  # fmt: skip
    assert finished.stdout.decode(encoding).strip() == wanted == finished.stderr.decode(encoding).strip()


@pytest.mark.parametrize(
    ("windows", "wanted"),
    [
        (False, r"""kit train --data 'C:\my data\' --name a-1 --focus 4,7,9 'a"b' ''"""),
        (True, r"""kit train --data "C:\my data\\" --name a-1 --focus "4,7,9" "a\"b" "" """.rstrip()),
    ],
)
def test_a_command_can_be_copied_into_the_systems_own_shells(
    windows: bool, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the rules of CommandLineToArgvW, which `subprocess` has too; PowerShell makes several words of 4,7,9."""
    words = ["kit", "train", "--data", "C:\\my data\\", "--name", "a-1", "--focus", "4,7,9", 'a"b', ""]
    monkeypatch.setattr(system, "WINDOWS", windows)
    assert command_line(words) == wanted
