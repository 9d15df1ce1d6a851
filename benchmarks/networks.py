"""Trains every network by its recipe and prints the README's table of results.

python benchmarks/networks.py FOLDER [NETWORK ...]   (FOLDER holds train.csv; runs/ takes the runs)
"""

import subprocess
import sys
from pathlib import Path

from kit.run.folder import Run
from kit.training.networks import NETWORKS

REPORTED = {  # by each network's source
    "dense": "96.48 / 94.63 %",
    "dense-wide": "98 %",
    "malireddi": "99.35 to 99.5 % after 20 to 30 epochs",
    "chollet": "three times slower than malireddi",
    "liip": "98 %",
}


def main(folder: str, names: list[str]) -> None:
    print("| network | parameters | epochs | seconds | training | validation | its source reports |")
    print("|---|---:|---:|---:|---:|---:|---|")
    for name in names or NETWORKS:
        command = ["kit", "train", "--arch", name, "--data", folder]
        finished = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        metrics = Run(Path(finished.stdout.strip())).metrics
        print(
            f"| `{name}` | {metrics['parameters']:,} | {metrics['epochs_done']} | {metrics['seconds']:.0f} "
            f"| {metrics['accuracy']:.2%} | {metrics['val_accuracy']:.2%} | {REPORTED.get(name, '')} |",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
