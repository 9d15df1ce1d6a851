"""How a camera run reads photographs: digits right and false alarms, by kind.

python benchmarks/camera.py RUN FOLDER   (FOLDER/digits/KIND/LABEL/*.png and FOLDER/background/KIND/*.png)

A photograph is read as its central square, grey, as it is. "Right" is the most probable of all eleven classes; "shown"
is right and above the run's threshold; "of ten" asks only which digit it is. A false alarm is a digit read where there
is none; kinds whose name ends in -lookalike show what a person might read as a digit, and count apart.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from kit.prediction import predictor
from kit.run import Run, find
from kit.scenes import BACKGROUND

SCENES = ("blank_cell", "document_crop", "empty_cell", "page_desk_crop")  # no single letter or symbol in them


def central_square(path: Path, size: int) -> np.ndarray:
    """uint8 (size, size), 0 to 255, area-averaged."""
    picture = Image.open(path).convert("L")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((size, size), Image.Resampling.BOX if side >= size else Image.Resampling.BILINEAR))


def photographs(folder: Path) -> tuple[list[Path], list[str], np.ndarray]:
    """Paths, kinds and labels, 10 where there is no digit."""
    digits = sorted((folder / "digits").glob("*/*/*.png"))
    background = sorted((folder / "background").glob("*/*.png"))
    kinds = [path.parent.parent.name for path in digits] + [path.parent.name for path in background]
    return digits + background, kinds, np.array([int(path.parent.name) for path in digits] + [10] * len(background))


def main(run: Run, folder: Path) -> None:
    paths, kinds, labels = photographs(folder)
    images = np.stack([central_square(path, run.settings.size) for path in paths])[..., None]
    probabilities = predictor(run.model())(images)
    threshold = run.metrics["threshold"]
    answers, above = probabilities.argmax(axis=1), probabilities.max(axis=1) >= threshold
    right, alarm = answers == labels, answers != BACKGROUND
    print(f"{run}, threshold {threshold:.3f}\n\n| digits | n | right | shown | of ten |\n|---|---:|---:|---:|---:|")
    names = np.array(kinds)
    for kind in dict.fromkeys(names[labels < BACKGROUND]):
        here = (names == kind) & (labels < BACKGROUND)
        of_ten = probabilities[here, :BACKGROUND].argmax(axis=1) == labels[here]
        print(f"| {kind} | {here.sum()} | {right[here].mean():.1%} | {(right & above)[here].mean():.1%} ", end="")
        print(f"| {of_ten.mean():.1%} |")
    print("\n| no digit | n | false alarms | above the threshold |\n|---|---:|---:|---:|")
    without = labels == BACKGROUND
    lookalike = np.char.endswith(names, "-lookalike")
    groups = {kind: names == kind for kind in dict.fromkeys(names[without])} | {
        "**scenes**": np.isin(names, SCENES),
        "**letters and symbols**": ~np.isin(names, SCENES) & ~lookalike,
        "**look-alikes**": lookalike,
    }
    for kind, here in groups.items():
        here = here & without
        print(f"| {kind} | {here.sum()} | {alarm[here].mean():.1%} | {(alarm & above)[here].mean():.1%} |")


if __name__ == "__main__":
    main(find(sys.argv[1]), Path(sys.argv[2]))
