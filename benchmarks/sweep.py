"""What a sweep finds: its best against the network's own recipe, over seeds that neither was chosen by.

Where the recipe itself is the best, being the cheapest of those that are equal, it is the most accurate trial instead.

python benchmarks/sweep.py FOLDER [--arch dense] [--trials 40] [--folds 3] [--epochs N] [--seeds 5]
    [--runs RUNS] [--cluster ADDRESS]
(FOLDER holds the CSVs)

Each seed deals the rows anew and starts from other weights; recipe and best are trained on the same folds, so their
difference is judged pair by pair. What is done stands in RUNS and is not done again: the sweep in RUNS/sweeps, the
lines in RUNS/sweep.csv. --epochs is for all trainings, the recipe's too; without it the recipe's own.
"""

import argparse
import platform
import statistics
from pathlib import Path
from typing import Any

import lines
import numpy as np
from scipy import stats

from kit import backend, sweep, train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--arch", default="dense")
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--cluster", help="where the trainings run, such as local:2")
    given = parser.parse_args()
    shared: dict[str, Any] = {"data": given.folder, "folds": given.folds, "cluster": given.cluster}
    fixed = {} if given.epochs is None else {"epochs": given.epochs}
    found = sweep(given.arch, trials=given.trials, space=fixed or None, sweeps=given.runs / "sweeps", **shared)
    print("\n".join([f"{platform.processor()}, {backend.threads()} threads", *found.sentences(), str(found.command)]))
    assert found.best
    chosen = found.best if found.best is not found.recipe else found.equals[0]
    print(f"trial {chosen.number}: {chosen.values}")
    for seed in range(1, given.seeds + 1):
        for what, options in (("recipe", fixed), ("best", chosen.given)):
            if not measured(given.runs, given.arch, what, seed):
                run = train(given.arch, runs=given.runs, seed=seed, name=f"{given.arch}-{what}", **shared, **options)
                outcome = run.outcome
                line = {"arch": given.arch, "what": what, "seed": seed, "accuracy": outcome["val_accuracy"],
                        "seconds": outcome["seconds"]}  # fmt: skip
                lines.enter(given.runs / "sweep.csv", line)
    print(table(given.runs, given.arch, given.seeds))


def measured(runs: Path, arch: str, what: str, seed: int) -> dict[str, str] | None:
    """The line of a training that was done."""
    wanted = {"arch": arch, "what": what, "seed": str(seed)}
    return next((line for line in lines.read(runs / "sweep.csv") if wanted.items() <= line.items()), None)


def table(runs: Path, arch: str, seeds: int) -> str:
    """Means over the seeds, and how far apart recipe and best are, with the 95 % interval of that by Student's t."""
    found = {what: [measured(runs, arch, what, seed) for seed in range(1, seeds + 1)] for what in ("recipe", "best")}
    written = ["|  | accuracy out of fold, by seed | mean | seconds |", "|---|---|---:|---:|"]
    for what, each in found.items():
        accuracies = [float(line["accuracy"]) for line in each if line]
        seconds = statistics.median(float(line["seconds"]) for line in each if line)
        shown = ", ".join(f"{accuracy:.2%}" for accuracy in accuracies)
        written.append(f"| {what} | {shown} | {statistics.mean(accuracies):.3%} | {seconds:.0f} |")
    pairs = zip(found["recipe"], found["best"], strict=True)
    gains = np.array([float(best["accuracy"]) - float(recipe["accuracy"]) for recipe, best in pairs if recipe and best])
    half = float(stats.t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains)))
    return "\n".join([*written, f"\ngained: {gains.mean() * 100:.3f} ± {half * 100:.3f} points"])


if __name__ == "__main__":
    main()
