"""Accuracy against minutes: `kit train --time-limit`, and beside it a copied notebook cut to the same minutes.

python benchmarks/curve.py FOLDER [--minutes 1,2,5,15,30,60] [--seeds N] [--runs RUNS]   (FOLDER holds the CSVs)

Each command is run alone, by the clock, so nothing else may run beside it: an hour and fifty minutes a seed for kit, an
hour for the notebook. What is done stands in RUNS/curve.csv and is not done again. Of a run in folds the accuracy is of
all rows, each judged by the network that never saw it; of one network, of the rows that it held out. `views` is the
same with five views of each row. «The same rows» are those that one network of that seed holds out, and the notebook
too: so the last two columns can be compared. Each run's submission, by five views, lies in RUNS too.
"""

import argparse
import contextlib
import json
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

import lines
import numpy as np
from pairs import KIT

from kit import backend
from kit.run.folder import Run
from kit.run.prediction import viewed_validation
from kit.run.runs import find
from kit.run.validation import Validation
from kit.training.split import split_rows

COLUMNS = ["what", "minutes", "seed", "seconds", "accuracy", "views", "plan"]
NOTEBOOK = Path(__file__).with_name("notebook.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--minutes", default="1,2,5,15,30,60")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    given = parser.parse_args()
    minutes = [int(value) for value in given.minutes.split(",")]
    given.runs.mkdir(parents=True, exist_ok=True)
    for seed in range(given.seeds):
        for limit in minutes:
            if not done(given.runs, "kit", limit, seed):
                lines.enter(given.runs / "curve.csv", kit(given.folder, given.runs, limit, seed))
        if missing := [limit for limit in minutes if not done(given.runs, "notebook", limit, seed)]:
            for line in notebook(given.folder, missing, seed):
                lines.enter(given.runs / "curve.csv", line)
    print(f"{processor()}, {backend.threads()} threads\n")
    print("| minutes | took | kit: the plan | accuracy | with five views | of the same rows | the notebook | epochs |")
    print("|---:|---:|---|---:|---:|---:|---:|---:|")
    for limit in minutes:
        ours = done(given.runs, "kit", limit)
        same = [of_the_same_rows(given.folder, given.runs, limit, int(line["seed"])) for line in ours]
        print(row(ours, same, done(given.runs, "notebook", limit)))


def kit(folder: str, runs: Path, minutes: int, seed: int) -> dict[str, object]:
    started = time.monotonic()
    options = ["--data", folder, "--runs", str(runs), "--seed", str(seed), "--name", f"{minutes}m-{seed}"]
    command = [*KIT, "train", "--time-limit", f"{minutes}m", *options]
    path = Path(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip())
    seconds, run = time.monotonic() - started, Run(path)
    submit = ["submit", path.name, "--runs", str(runs), "--data", folder, "--views", "5", "--to", str(runs)]
    subprocess.run([*KIT, *submit], check=True, stdout=subprocess.DEVNULL)
    digits, rows = run.digits(folder), run.validation.rows
    views = viewed_validation(run, digits.images[rows], 5)
    settings = run.settings
    plan = settings.arch + (f", {settings.folds} folds" if settings.folds else "") + f", {settings.epochs} epochs"
    found = [accuracy(each) for each in (run.validation, views)]
    return dict(zip(COLUMNS, ["kit", minutes, seed, round(seconds, 1), *found, plan], strict=True))


def notebook(folder: str, minutes: list[int], seed: int) -> list[dict[str, object]]:
    command = [sys.executable, str(NOTEBOOK), folder, str(seed), *map(str, minutes)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = [json.loads(line) for line in printed.splitlines()]
    return [
        {"what": "notebook", "minutes": limit, "seed": seed, "seconds": each["seconds"], "accuracy": each["accuracy"],
         "views": "", "plan": each["epochs"]}
        for limit, each in zip(sorted(minutes), found, strict=True)
    ]  # fmt: skip


def accuracy(judged: Validation) -> float:
    return float((judged.probabilities.argmax(axis=1) == judged.labels).mean())


def of_the_same_rows(folder: str, runs: Path, minutes: int, seed: int) -> float:
    """Accuracy of the rows that one network of that seed would hold out, each judged by one that never saw it."""
    run = find(f"{minutes}m-{seed}", runs)
    _, rows = split_rows(run.digits(folder).labels, 0.2, seed)  # as kit train and the notebook do
    judged = run.validation
    chosen = np.isin(judged.rows, rows)
    return float((judged.probabilities.argmax(axis=1) == judged.labels)[chosen].mean())


def done(runs: Path, what: str, minutes: int, seed: int | None = None) -> list[dict[str, str]]:
    """The lines of so many minutes, of all seeds without one."""
    return [
        line for line in lines.read(runs / "curve.csv")
        if line["what"] == what and line["minutes"] == str(minutes) and seed in (None, int(line["seed"]))
    ]  # fmt: skip


def row(ours: list[dict[str, str]], same: list[float], theirs: list[dict[str, str]]) -> str:
    def shown(found: list[float]) -> str:
        spread = f" ± {100 * statistics.stdev(found):.2f}" if len(found) > 1 else ""
        return f"{100 * statistics.mean(found):.2f}{spread} %" if found else "–"

    def column(found: list[dict[str, str]], name: str) -> list[float]:
        return [float(line[name]) for line in found]

    cells = [
        ours[0]["minutes"], f"{statistics.mean(column(ours, 'seconds')):.0f} s", ours[0]["plan"],
        shown(column(ours, "accuracy")), shown(column(ours, "views")), shown(same), shown(column(theirs, "accuracy")),
        f"{statistics.mean(column(theirs, 'plan')):.1f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def processor() -> str:
    with contextlib.suppress(OSError, StopIteration), open("/proc/cpuinfo", encoding="utf-8") as file:
        return next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    return platform.processor() or "processor"


if __name__ == "__main__":
    main()
