"""What the scenes of an epoch cost beside training on them.

python benchmarks/scenes.py FOLDER   (FOLDER holds train.csv)

Both in turn, in CPU seconds too, so that the ratio holds on a busy machine.
"""

import sys
import time

import numpy as np

from kit import load
from kit.scenes.drawing import scenery, scenes
from kit.scenes.strokes import trace
from kit.task import CAMERA
from kit.training import networks

DIGITS, BACKGROUND, ROUNDS = 1200, 800, 5


def main(folder: str) -> None:
    digits = load("train", folder)
    started = time.process_time()
    strokes = trace(digits.images[:DIGITS])
    tracing = (time.process_time() - started) / DIGITS
    around = scenery(strokes, np.random.default_rng(0))
    model = networks.build("camera", task=CAMERA)
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    batch = networks.NETWORKS["camera"].recipe.batch_size
    spent = {"scenes": [], "training": []}
    for number in range(ROUNDS + 1):
        begun = time.perf_counter(), time.process_time()
        images, labels = scenes(strokes, digits.labels[:DIGITS], BACKGROUND, around, [number])
        drawn = time.perf_counter(), time.process_time()
        model.fit(images, labels, batch_size=batch, verbose=0)
        done = time.perf_counter(), time.process_time()
        if number:  # the first builds the graph
            spent["scenes"].append([drawn[0] - begun[0], drawn[1] - begun[1]])
            spent["training"].append([done[0] - drawn[0], done[1] - drawn[1]])
    (wall, cpu), (training_wall, training_cpu) = (np.median(values, axis=0) for values in spent.values())
    count = DIGITS + BACKGROUND
    print(f"tracing {1 / tracing:,.0f} digits a CPU second, once a training")
    print(f"scenes {count / wall:,.0f} a second, {count / cpu:,.0f} a CPU second")
    print(f"training {count / training_wall:,.0f} a second, {count / training_cpu:,.0f} a CPU second")
    print(f"scenes take {wall / (wall + training_wall):.0%} of an epoch, {cpu / (cpu + training_cpu):.0%} of its CPU")


if __name__ == "__main__":
    main(sys.argv[1])
