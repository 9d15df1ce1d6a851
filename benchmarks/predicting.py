"""Predicting the rows of test.csv: kit.probabilities against model.predict at its defaults.

python benchmarks/predicting.py RUN FOLDER [ROUNDS]   (FOLDER holds test.csv; RUN is a run's folder)

Every measurement is a fresh process with the rows in memory; the clock covers loading the model, compiling, predicting.
"""

import sys

from pairs import compare, printed_by

SETUP = """
import sys, time
from kit import backend, find, load, probabilities
keras = backend.keras()
run, images = find(sys.argv[1]), load("test", sys.argv[2]).images
t = time.perf_counter()
"""
KIT = SETUP + "probabilities(run, images); print(time.perf_counter() - t)"
KERAS = SETUP + (
    "keras.saving.load_model(run.folder / 'model.keras').predict(images.astype('float32'), verbose=0)\n"
    "print(time.perf_counter() - t)"
)


def main(run: str, folder: str, rounds: int = 5) -> None:
    commands = [sys.executable, "-c", KIT, run, folder], [sys.executable, "-c", KERAS, run, folder]
    compare(("kit.probabilities", "model.predict"), commands, rounds, printed_by)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
