"""Trains every network by its recipe, several seeds each, and prints the table of results of docs/networks.md.

python benchmarks/networks.py FOLDER [--seeds N] [--runs RUNS] [NETWORK ...]   (FOLDER holds train.csv)

Each seed draws its own validation rows. What has been trained already is in RUNS/networks.csv and is not trained again,
so a benchmark that was stopped goes on. Printed are the mean, the standard deviation and the number of the validation
accuracies, and the CPU seconds of the whole command, which a machine shared with others disturbs less than its clock.
"""

import argparse
import statistics
import subprocess
from pathlib import Path

import lines
from pairs import KIT, cpu_seconds

from kit.run.folder import Run
from kit.training.networks import NETWORKS

REPORTED = {  # by each network's source
    "dense": "96.48 / 94.63 %",
    "dense-wide": "98 %",
    "malireddi": "99.35 to 99.5 % after 20 to 30 epochs",
    "chollet": "three times slower than malireddi",
    "liip": "98 %",
}
COLUMNS = ["arch", "seed", "run", "cpu_seconds"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("networks", nargs="*", metavar="NETWORK")
    parser.add_argument("--seeds", type=int, default=3, metavar="N")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    given = parser.parse_intermixed_args()
    names = given.networks or [name for name, network in NETWORKS.items() if network.task.examples == "rows"]
    for seed in range(given.seeds):
        for name in names:
            if not any(line["arch"] == name and line["seed"] == str(seed) for line in trained(given.runs)):
                train(name, seed, given.folder, given.runs)
    print(
        "| network | parameters | epochs | CPU seconds | training | validation, mean ± deviation | its source reports |"
    )
    print("|---|---:|---:|---:|---:|---:|---|")
    for name in names:
        print(row(name, [line for line in trained(given.runs) if line["arch"] == name]))


def train(name: str, seed: int, folder: str, runs: Path) -> None:
    """One training, and its line in networks.csv."""
    before = cpu_seconds()
    command = ["train", "--arch", name, "--seed", str(seed), "--data", folder, "--runs", str(runs)]
    finished = subprocess.run([*KIT, *command], check=True, stdout=subprocess.PIPE, text=True)
    line = dict(zip(COLUMNS, [name, seed, finished.stdout.strip(), round(cpu_seconds() - before, 1)], strict=True))
    lines.enter(runs / "networks.csv", line)


def trained(runs: Path) -> list[dict[str, str]]:
    return lines.read(runs / "networks.csv")


def row(name: str, found: list[dict[str, str]]) -> str:
    metrics = [Run(Path(line["run"])).metrics for line in found]
    epochs = sorted({each["epochs_done"] for each in metrics})
    seconds = statistics.mean(float(line["cpu_seconds"]) for line in found)
    cells = [
        f"`{name}`", f"{metrics[0]['parameters']:,}", " to ".join(map(str, sorted({epochs[0], epochs[-1]}))),
        f"{seconds:.0f}", shown([each["accuracy"] for each in metrics]),
        f"{shown([each['val_accuracy'] for each in metrics])}, {len(metrics)} seed{'s' * (len(metrics) > 1)}",
        REPORTED.get(name, ""),
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def shown(shares: list[float]) -> str:
    """99.41 ± 0.05 %."""
    spread = f" ± {100 * statistics.stdev(shares):.2f}" if len(shares) > 1 else ""
    return f"{100 * statistics.mean(shares):.2f}{spread} %"


if __name__ == "__main__":
    main()
