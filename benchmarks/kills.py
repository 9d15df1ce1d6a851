"""Ends commands at random moments by every signal; what is there afterwards must be whole, and nothing may be left.

python benchmarks/kills.py [TIMES] [COMMAND…]   (on the bundled sample)

Each command is ended TIMES times: by SIGINT, SIGTERM or SIGHUP, after which there must be no traceback and no
temporary file, or by SIGKILL, after which the same command, run again, must remove what the first one left. Whatever
has a name is opened each time.
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pairs import KIT
from PIL import Image

from kit.data import csv_format
from kit.data.checks import check
from kit.exporting.proof import verify
from kit.run.folder import Run
from kit.run.runs import runs

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]


@dataclass(frozen=True)
class Command:
    """A command that writes.

    Attributes:
        arguments: Of `kit`, in the folder of the trial.
        whole: Whether all that has a name there is whole; KitError or an exception where it is not.
    """

    arguments: list[str]
    whole: Callable[[Path], None]


def fetched(folder: Path) -> None:
    if (folder / "new").exists():
        names = {path.name for path in (folder / "new").iterdir()} - {".lock"}
        problems = [report.problem for report in check(folder / "new") if report.problem]
        assert not problems or not names.issuperset({"train.csv", "test.csv", "sample_submission.csv"}), problems


def trained(folder: Path) -> None:
    for run in runs(folder / "trainings"):
        opened(run)


def opened(run: Run) -> None:
    assert run.settings and run.versions
    if (run.folder / "metrics.json").exists() and run.metrics.get("epochs_done"):
        assert run.history and len(run.validation.rows) and run.metrics


def submitted(folder: Path) -> None:
    from kit.competition.log import LOG

    for path in (folder / "submissions").glob("*.csv"):
        if path.name == LOG:
            assert path.read_text().startswith("time,file,") and path.read_text().endswith("\n")
        else:
            assert len(csv_format.parse_submission(path.read_bytes(), str(path))) == 1000


def exported(folder: Path) -> None:
    for path in (folder / "exports").glob("*.mlpackage"):
        assert not verify(path, runs=folder / "runs", data=folder / "data").problems, path


def analyzed(folder: Path) -> None:
    run = folder / "runs" / "01-dense"
    for path in run.glob("analysis/*.png"):
        Image.open(path).load()
    if (run / "report.html").exists():
        assert (run / "report.html").read_text().rstrip().endswith("</html>")


def read(folder: Path) -> None:
    if (folder / "found.csv").exists():
        assert (folder / "found.csv").read_text().count("\n") == 31
    if (folder / "sheet.png").exists():
        Image.open(folder / "sheet.png").load()


COMMANDS = {
    "fetch": Command(["data", "fetch", "--to", "new", "--overwrite"], fetched),
    "train": Command(["train", "--arch", "dense", "--epochs", "3", "--runs", "trainings"], trained),
    "submit": Command(["submit", "1", "--overwrite"], submitted),
    "export": Command(["export", "1", "--overwrite"], exported),
    "analyze": Command(["analyze", "1"], analyzed),
    "predict": Command(["predict", "1", "pictures", "--csv", "found.csv", "--sheet", "sheet.png", "--overwrite"], read),
}


def prepare(folder: Path) -> None:
    for arguments in (["data", "fetch"], ["train", "--arch", "dense", "--epochs", "3"]):
        subprocess.run([*KIT, *arguments], cwd=folder, check=True, capture_output=True)
    from kit.data.loading import load

    (folder / "pictures").mkdir()
    for number, image in enumerate(load("test", folder / "data").images[:30, ..., 0]):
        Image.fromarray(image).save(folder / "pictures" / f"{number}.png")


def leftovers(folder: Path) -> Iterator[str]:
    return (str(path.relative_to(folder)) for path in folder.rglob(".*") if path.name.startswith((".tmp", ".download")))


def trial(folder: Path, command: Command, moment: float, number: signal.Signals) -> list[str]:
    """Runs it, ends it, and says what was wrong."""
    process = subprocess.Popen(
        [*KIT, *command.arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        printed = process.communicate(timeout=moment)[1]
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        printed = process.communicate()[1]
    wrong = [printed] * ("Traceback" in printed or "Exception" in printed)
    command.whole(folder)
    if number == signal.SIGKILL:
        again = subprocess.run([*KIT, *command.arguments], cwd=folder, capture_output=True, text=True)
        wrong += [again.stderr] * (again.returncode != 0)
        command.whole(folder)
    return [*wrong, *leftovers(folder)]


def main(times: int = 20, names: list[str] | None = None, seed: int = 0) -> int:
    chance, faults = random.Random(seed), 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        prepare(folder)
        for name in names or COMMANDS:
            command = COMMANDS[name]
            started = time.monotonic()
            subprocess.run([*KIT, *command.arguments], cwd=folder, check=True, capture_output=True)
            length = time.monotonic() - started
            wrong = []
            for number in range(times):
                moment = length * (chance.random() if number % 2 else chance.uniform(0.7, 1))  # most is written late
                wrong += trial(folder, command, moment, SIGNALS[number % 4 if number % 8 < 4 else 3])
            print(f"{name}: ended {times} times within {length:.1f} s: {len(wrong)} faults", flush=True)
            print(*wrong, sep="\n", end="")
            faults += len(wrong)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*(int(value) for value in sys.argv[1:2]), sys.argv[2:]))
