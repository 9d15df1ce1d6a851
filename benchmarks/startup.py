"""How soon kit answers: its help beside a Python that does nothing, and Tab in each shell here beside that help.

    python benchmarks/startup.py [ROUNDS]

Tab is timed by the script that `kit --show-completion` prints, in the shell that it is for, in a folder with 100 runs.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pairs import KIT, compare

TYPED = {"a command": "tra", "one of 100 runs": "analyze 1", "a network": "train --arch "}
# Each loads kit's script and does what its Tab does behind what is typed, without a terminal.
TABS = {
    "bash": (
        ["bash", "--norc", "-c"],
        "source {script}; COMP_WORDS=(kit {typed}{empty}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); "
        "$(complete -p kit | sed 's/.*-F \\([^ ]*\\).*/\\1/') kit; test ${{#COMPREPLY[@]}} -gt 0",
    ),
    "zsh": (
        ["zsh", "-f", "-c"],
        "compdef() {{ tab=$1 }}; _arguments() {{ answered=1 }}; source {script}; words=(kit {typed}{empty}); "
        "CURRENT=$#words; $tab; (( answered ))",
    ),
    "fish": (["fish", "--no-config", "-c"], "source {script}; test -n \"$(complete -C 'kit {typed}')\""),
}


def main(rounds: int = 20) -> None:
    compare(("kit --help", "python -c pass"), ([*KIT, "--help"], [sys.executable, "-c", "pass"]), rounds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder)
        for shell in filter(shutil.which, TABS):
            command, tab = TABS[shell]
            for what, typed in TYPED.items():
                written = tab.format(
                    script=folder / f"kit.{shell}", typed=typed, empty=" ''" if typed.endswith(" ") else ""
                )
                names = f"{shell}: Tab for {what}", f"{shell}: kit --help"
                compare(names, ([*command, written], [*command, "kit --help"]), rounds)


def _prepare(folder: Path) -> None:
    """A folder with runs, the shells' scripts and a `kit` that is this one, and this process in it."""
    for number in range(1, 101):
        run = folder / "runs" / f"{number:02}-kit"
        run.mkdir(parents=True)
        for file in ("settings.json", "metrics.json"):
            (run / file).write_text("{}")
    kit = folder / "kit"
    kit.write_text(f'#!/bin/sh\nexec "{KIT[0]}" -m kit "$@"\n')
    kit.chmod(0o755)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    os.chdir(folder)
    for shell in TABS:
        environment = {**os.environ, "_KIT_COMPLETE": f"source_{shell}"}
        script = subprocess.run([kit], env=environment, capture_output=True, check=True)
        (folder / f"kit.{shell}").write_bytes(script.stdout)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
