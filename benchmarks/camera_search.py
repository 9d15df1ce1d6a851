"""Trains candidates for the camera network and judges them, and what is there already, on photographs, in one table.

python benchmarks/camera_search.py --data DATA --photos FOLDER [--photos FOLDER ...] [--runs RUNS] [--seeds N]
    [--epochs N] [--fit pad|crop] [--copies N] WHAT ...

WHAT is one of CANDIDATES, or a run or an exported model. DATA holds train.csv. The photographs are laid out as
docs/photographs.md says and are called SOURCE-N.png. What has been trained already stands in
RUNS/camera_search.csv and is not trained again. Of digits a cell says how many in 100 are read right, are taken for
another digit, and are passed over; of others how many are taken for a digit, look-alikes left out. «By source» is the
mean of the sources' own shares, so that one writer's many photographs count no more than another's few. With --copies
so many of each photograph are judged instead of it, each turned, enlarged and moved a little another way: the same for
every network, and less by chance. What is in RUNS/camera_search.csv was trained by the same scenes and networks, which
its lines name by a digest.
"""

import argparse
import functools
import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import lines
import numpy as np
from PIL import Image

from kit.reading import picture_files
from kit.reading.labelled_photographs import Photographs, judge
from kit.reading.picture_files import FITS
from kit.reading.reader import open_reader
from kit.scenes import proportions
from kit.task import BACKGROUND
from kit.training import networks

FILE = Path(__file__).with_name("camera_networks.py")
TRIAL = [sys.executable, str(Path(__file__).with_name("camera_trial.py"))]
HANDWRITING = ("photo", "crop_photo")  # kinds of digits; not cells of one writer, nor print
Shares = tuple[float, ...]


def _own(function: str, *more: str) -> list[str]:
    return ["--", "--arch", f"{FILE}:{function}", *more]


CANDIDATES = {  # what camera_trial.py takes: proportions, then options of kit train
    "camera": ["--"],
    "unframed": ["WRITING.framed=0", "--"],
    "easier": ["WRITING.framed=0.85", "SENSOR.coarse=0.1", "PENS.faintest=36.0", "--"],
    "fewer-letters": ["STOCK.alphabets=40", "STOCK.doodles=2500", "--"],
    "fewer-things": ["KINDS.letter=0.58", "KINDS.things=0.21", "--"],
    "less-background": ["--", "--background-share", "0.3"],
    "no-padding": ["PADDING.share=0", "--"],
    "fine-64": _own("fine", "--size", "64"),
    "peaked": _own("peaked"),
    "wide": _own("wide"),
    "squeezed": _own("squeezed"),
    "two-scales": _own("two_scales"),
    "smoothed": ["--", "--label-smoothing", "0.05"],
    "pair": ["--", "--folds", "2", "--epochs", "13"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="+")
    parser.add_argument("--data", default="data")
    parser.add_argument("--photos", action="append", required=True)
    parser.add_argument("--fit", choices=FITS, default="pad")
    parser.add_argument("--copies", type=int, default=0, help="of each photograph, to be judged instead of it")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--epochs", type=int, help="of every candidate, for a short trial; those of its own without")
    given = parser.parse_args()
    given.runs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        photos = [copied(folder, given, Path(scratch)) if given.copies else folder for folder in given.photos]
        columns = {name: [judged(model, photos, given.fit) for model in models(name, given)] for name in given.what}
    print(f"| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for row in next(iter(columns.values()))[0]:
        print(f"| {row} | {' | '.join(shown([seed[row] for seed in seeds]) for seeds in columns.values())} |")


def copied(folder: str, given: argparse.Namespace, scratch: Path) -> str:
    """A folder of turned, enlarged and moved copies, laid out and called as that one, the same each time."""
    generator, place = np.random.default_rng(0), Path(folder).resolve()
    if (scratch / place.name).exists():
        sys.exit(f"{folder}: another folder of this name was given: rename one")
    files, problems = picture_files.expand([place / part for part in ("digits", "background")])
    for file in sorted(files):
        square = picture_files.read(file, fit=given.fit)
        for number in range(given.copies):
            copy = scratch / file.relative_to(place.parent).parent / str(number) / f"{file.stem}.png"
            copy.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(moved(square, generator)).save(copy)
    if problems:
        sys.exit(problems[0])
    return str(scratch / place.name)


def moved(square: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Turned by up to 6 degrees, enlarged or reduced by a tenth, moved by up to a 25th of its side."""
    side = len(square)
    turn, zoom, shift = (
        generator.uniform(-6, 6),
        np.exp(generator.uniform(-0.1, 0.1)),
        generator.uniform(-0.04, 0.04, 2),
    )
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), turn, zoom)
    matrix[:, 2] += shift * side
    return cv2.warpAffine(square, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def models(name: str, given: argparse.Namespace) -> list[str]:
    """The runs of a candidate, one a seed, trained where they are not; or the run or model of that name."""
    if name not in CANDIDATES:
        return [name]
    return [trained(name, seed, given) for seed in range(given.seeds)]


def trained(name: str, seed: int, given: argparse.Namespace) -> str:
    key = {"candidate": name, "seed": str(seed), "epochs": str(given.epochs or ""), "of": digest(name, str(given.data))}
    for line in lines.read(given.runs / "camera_search.csv"):
        if key.items() <= line.items():
            return line["run"]
    shorter = ["--epochs", str(given.epochs)] if given.epochs else []
    options = ["--seed", str(seed), "--name", name, "--data", str(given.data), "--runs", str(given.runs)]
    started = time.monotonic()
    finished = subprocess.run(
        [*TRIAL, *CANDIDATES[name], "--camera", *shorter, *options],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    run = finished.stdout.strip()
    minutes = round((time.monotonic() - started) / 60, 1)
    lines.enter(given.runs / "camera_search.csv", key | {"run": run, "minutes": minutes})
    return run


@functools.cache
def digest(name: str, data: str) -> str:
    """Of all that a candidate is trained by."""
    drawn = sorted((Path(proportions.__file__).parent).glob("*.py"))
    code = b"".join(file.read_bytes() for file in (*drawn, Path(networks.__file__), FILE))
    return hashlib.sha256(code + repr((CANDIDATES[name], data)).encode()).hexdigest()[:12]


def judged(model: str, folders: Iterable[str], fit: str) -> dict[str, Shares]:
    """Each row of the table: of digits three shares, right, another digit, silent; of others that of false alarms."""
    reader, rows, sets = open_reader(model), dict[str, Shares](), list[tuple[Shares, Shares]]()
    for folder in map(Path, folders):
        found = judge(reader, folder, fit=fit)
        if found.problems:
            sys.exit(found.problems[0])
        for kind in found.digits:
            counts = kind.right, kind.wrong, kind.silent
            rows[f"{folder.name}: {kind.kind}"] = tuple(count / kind.photographs for count in counts)
        sets.append(handwriting(found))
        rows[f"{folder.name}: handwriting"], rows[f"{folder.name}: handwriting, by source"] = sets[-1]
        for others in found.backgrounds:
            if not others.lookalike:
                rows[f"{folder.name}: no digit, {others.kind}"] = (others.rate,)
    of_all, by_source = (mean(values) for values in zip(*sets, strict=True))
    return {"mean of the sets: handwriting": of_all, "mean of the sets: handwriting, by source": by_source} | rows


def handwriting(found: Photographs) -> tuple[Shares, Shares]:
    """Right, another digit and silent among the handwritten photographs; and the mean of the sources' own shares."""
    failed = {failure.file: failure.taken for failure in found.failures}
    sources = defaultdict[str, list[Shares]](list)
    for kind in HANDWRITING:
        for file in filter(Path.is_file, (found.folder / "digits" / kind).rglob("*.*")):
            taken = failed.get(file.relative_to(found.folder))
            outcome = taken is None, taken not in (None, BACKGROUND), taken == BACKGROUND
            sources[file.stem.rsplit("-", 1)[0]].append(tuple(map(float, outcome)))
    return mean([one for each in sources.values() for one in each]), mean([mean(each) for each in sources.values()])


def mean(values: Sequence[Shares]) -> Shares:
    return tuple(map(statistics.mean, zip(*values, strict=True)))


def shown(seeds: list[Shares]) -> str:
    """97.4 / 1.7 / 0.9 %, and how far the first varies from seed to seed."""
    spread = f" ± {100 * statistics.stdev(one[0] for one in seeds):.1f}" if len(seeds) > 1 else ""
    return " / ".join(f"{100 * share:.1f}" for share in mean(seeds)) + spread


if __name__ == "__main__":
    main()
