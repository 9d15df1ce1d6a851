"""Trains four tutorials' networks by scripts of their own, imports what they saved, and compares row by row.

python benchmarks/importing.py FOLDER [--rows N] [TUTORIAL ...]   (FOLDER holds train.csv and test.csv)

The scripts are those of benchmarks/tutorials: plain Keras, two epochs over the first N rows, saved as .keras and as
.h5, with what the network says of test.csv beside. Printed is for each file which pixels `kit import` found, how far
the run's probabilities are from the script's own, how many rows of the submission differ, its accuracy on the rows
after the first N, and how far the Core ML export is from it. A file that fails ends the benchmark. The scripts predict
500 rows at a time, as kit does: from one size of batch to another, Keras' own last digits differ by 2e-6.
"""

import argparse
import csv
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from kit import export, import_model, load, probabilities, submit

TUTORIALS = {"dense": "0-255", "malireddi": "0-1", "chollet": "-1-1", "liip": "standardised"}  # and their pixels
SCRIPTS = Path(__file__).parent / "tutorials"
CLOSE = 2e-6  # of a probability; (x / 255 - mean) / deviation and scale * x + offset differ in their last digits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("tutorials", nargs="*", metavar="TUTORIAL", default=[*TUTORIALS])
    parser.add_argument("--rows", type=int, default=33_600, metavar="N", help="learned from; the others judge")
    given = parser.parse_intermixed_args()
    print("| file | pixels | largest difference | other labels | unseen rows right | Core ML, largest difference |")
    print("|---|---|---:|---:|---:|---:|")
    with TemporaryDirectory() as folder:
        work = Path(folder)
        cut(given.folder, work, given.rows)
        for name in given.tutorials:
            subprocess.run([sys.executable, SCRIPTS / f"{name}.py"], cwd=work, check=True, stderr=subprocess.DEVNULL)
            for suffix in (".keras", ".h5"):
                print(row(work, name, suffix), flush=True)


def cut(folder: Path, work: Path, rows: int) -> None:
    """train.csv of the first rows, unseen.csv of the others, test.csv as it is."""
    header, *lines = (folder / "train.csv").read_bytes().splitlines(keepends=True)
    (work / "train.csv").write_bytes(b"".join([header, *lines[:rows]]))
    (work / "unseen.csv").write_bytes(b"".join([header, *lines[rows:]]))
    (work / "test.csv").write_bytes((folder / "test.csv").read_bytes())


def row(work: Path, name: str, suffix: str) -> str:
    """A file imported, compared and exported, as a line of the table."""
    runs, called = work / "runs", f"{name}-{suffix[1:]}"
    run = import_model(work / f"{name}{suffix}", validation=work / "unseen.csv", runs=runs, name=called)
    own = np.load(work / f"{name}.npy")
    difference = float(np.abs(probabilities(run, load("test", work).images) - own).max())
    submission = submit(run, data=work, to=work / "submissions")
    with open(work / "submissions" / submission.file, newline="", encoding="utf-8") as file:
        labels = np.array([int(line["Label"]) for line in csv.DictReader(file)])
    others = int((labels != own.argmax(axis=1)).sum())
    proof = export(run, to=work / "exports").proof
    pixels = run.settings.pixels
    if pixels != TUTORIALS[name] or difference > CLOSE or others:
        sys.exit(f"{name}{suffix}: pixels {pixels}, difference {difference}, {others} other labels")
    accuracy = f"{run.metrics['val_accuracy']:.2%}"
    return (
        f"| `{name}{suffix}` | {pixels} | {difference:.1e} | {others} | {accuracy} | {proof.difference.largest:.1e} |"
    )


if __name__ == "__main__":
    main()
