"""Core ML itself beside kit's own evaluator: the app's model, and every network in every format. On a Mac alone.

    python benchmarks/core_ml.py [--compressed] [NETWORK ...] > table.md

Each network learns the bundled sample for an epoch, so that its probabilities say something, and is written in every
format, with --compressed in every compression too. Then Core ML (`MLModel.predict` of coremltools) and kit's NumPy read
the same pictures. NumPy computes in float32, and where the model asks for it rounds every step to float16 besides, as a
phone may; to the nearer of the two Core ML must come as close as `kit/exporting/proof.py` asks. Exit code 1 where it
does not.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from readings import FORMS, exported

from kit import fetch, train
from kit.exporting import bundled, core_ml_model, coreml
from kit.exporting.proof import AGREEMENT, GATES, rows_of
from kit.reading.reader import open_reader
from kit.run.settings import RUNS
from kit.task import CAMERA
from kit.training import networks

_PICTURES = 200


def main(*arguments: str) -> bool:
    """Prints the table; whether Core ML says everywhere what NumPy says."""
    names = [name for name in arguments if name != "--compressed"]
    print("| network | format | compression | from float32 | from float16 | same label | |")
    print("|---|---|---|---:|---:|---:|---|", flush=True)
    apps = core_ml_model.read(bundled.path()).contract
    form = (apps.format, str(apps.target), apps.precision)
    agreed = [_row("the app's", form, apps.compression, bundled.path(), _drawn())]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        fetch("sample", data)
        for name in names or networks.NETWORKS:
            run = train(
                name, data=data, runs=Path(folder) / RUNS, epochs=1, camera=name == networks.DEFAULTS[CAMERA.examples],
                progress=False,
            )  # fmt: skip
            pictures = rows_of(run, count=_PICTURES).images
            for form in FORMS:
                for compressed, path in exported(run.model(), run.task.labels, *form):
                    agreed.append(_row(name, form, compressed, path, pictures))
                    if "--compressed" not in arguments:
                        break
    return all(agreed)


def _drawn() -> np.ndarray:
    """What the app's model gets of the drawings that hold Swift and Python together: uint8 (n, size, size, 1)."""
    reader, golden = open_reader(bundled.path()), Path(__file__).parents[1] / "mobile" / "golden" / "drawings.json"
    drawings = json.loads(golden.read_text(encoding="utf-8"))
    return np.array([reader.seen(reader.drawing(drawing["strokes"])) for drawing in drawings])[..., None]


def _row(name: str, form: tuple[str, str, str], compressed: str | None, path: Path, pictures: np.ndarray) -> bool:
    """Prints the row of a model; whether Core ML says what NumPy says."""
    saved = core_ml_model.read(path)
    said = coreml.predict(path, pictures, saved.graph.labels)
    half = saved.in_half_precision(pictures)
    computed = [saved.predict(pictures), *([] if half is None else [half])]
    apart = [float(np.abs(said - other).max()) for other in computed]
    same = max(float((said.argmax(axis=1) == other.argmax(axis=1)).mean()) for other in computed)
    agrees = min(apart) <= GATES[form[2]] and same >= AGREEMENT
    cells = [name, " ".join(form), compressed or "none", f"{apart[0]:.1e}", "" if half is None else f"{apart[1]:.1e}"]
    print(f"| {' | '.join(cells)} | {same:.1%} | {'agrees' if agrees else '**differs**'} |", flush=True)
    return agrees


if __name__ == "__main__":
    if sys.platform != "darwin":
        sys.exit("error: benchmarks/core_ml.py: Core ML runs on macOS alone: run it there (here: kit verify, by NumPy)")
    sys.exit(not main(*sys.argv[1:]))
