"""Kills trainings at random moments and resumes them; each must end like the one that was never stopped.

python benchmarks/kill_and_resume.py [TIMES] [NETWORK] [EPOCHS] [FOLDS]   (on the bundled sample)

Each of TIMES trainings is killed once with SIGKILL, somewhere from before its folder exists to after its last epoch,
and gone on with. With FOLDS it is a run in so many, killed in any of them, between two, or among its own files.
Weights, history (but for the seconds) and validation predictions are compared bit by bit, of every fold too.
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from pairs import KIT

from kit import backend
from kit.competition import sources
from kit.run.folder import Run
from kit.run.runs import runs


def command(folder: Path, name: str, network: str, epochs: str, folds: str) -> list[str]:
    options = ["--data", str(folder / "data"), "--runs", str(folder / name)]
    if started := runs(folder / name):
        return [*KIT, "train", "--resume", started[0].name, *options]
    options += ["--folds", folds] if folds else []
    return [*KIT, "train", "--arch", network, "--epochs", epochs, "--patience", epochs, *options]


def equal(one: Run, other: Run) -> bool:
    pairs = zip([one, *one.folds], [other, *other.folds], strict=True)
    return all(equal_training(*pair) for pair in pairs)


def equal_training(one: Run, other: Run) -> bool:
    same_weights = all(
        np.array_equal(a, b) for a, b in zip(one.model().get_weights(), other.model().get_weights(), strict=True)
    )
    histories = [[{**row, "seconds": 0} for row in run.history] for run in (one, other)]
    probabilities = [run.validation.probabilities for run in (one, other)]
    return same_weights and histories[0] == histories[1] and np.array_equal(*probabilities)


def main(times: int = 20, network: str = "kit", epochs: str = "3", folds: str = "") -> None:
    given = (network, epochs, folds)
    backend.keras()
    chance = random.Random()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sources.fetch("sample", folder / "data")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started = time.monotonic()
        subprocess.run(command(folder, "whole", *given), check=True, **quiet)
        length = time.monotonic() - started
        whole, same = runs(folder / "whole")[0], 0
        for number in range(1, times + 1):
            name = f"killed{number}"
            moment = chance.uniform(0.2, 1.0) * length
            with subprocess.Popen(command(folder, name, *given), **quiet) as process:
                try:
                    process.wait(timeout=moment)
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
            left = [
                run.metrics.get("epochs_done", 0) if (run.folder / "metrics.json").exists() else 0
                for run in runs(folder / name)
            ]
            subprocess.run(command(folder, name, *given), check=True, **quiet)
            same += (good := equal(whole, runs(folder / name)[0]))
            found = f"epoch {left[0]} of {int(epochs) * int(folds or 1)} done" if left else "no run yet"
            print(
                f"{number:2} of {times}: killed after {moment:5.1f} s, {found}: {'equal' if good else 'DIFFERENT'}",
                flush=True,
            )
        print(f"{same} of {times} equal to the training that was never stopped")
        sys.exit(same != times)


if __name__ == "__main__":
    main(*(int(value) if value.isdecimal() and not place else value for place, value in enumerate(sys.argv[1:])))
