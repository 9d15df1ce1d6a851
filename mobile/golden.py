"""Writes mobile/golden/*.json: what kit/reading/ makes of frames, drawings and probabilities.

    python mobile/golden.py

The Swift tests of mobile/DigitKit hold the app to these files, and tests/test_mobile.py holds the files to the code.
"""

import base64
import json
import random
from pathlib import Path
from typing import Any

import numpy as np

from kit.files import write_text
from kit.reading import decider, frames

FOLDER = Path(__file__).parent / "golden"
DIGITS = [str(digit) for digit in range(10)]

SEVEN = [[(0.3, 0.25), (0.72, 0.25), (0.45, 0.8)]]
FOUR = [[(0.6, 0.85), (0.6, 0.15), (0.25, 0.6), (0.8, 0.6)]]
CROSSED = [[(0.1, 0.5), (0.9, 0.52)], [(0.5, 0.1), (0.48, 0.9)]]
DOT = [[(0.5, 0.5)]]
OUTSIDE = [[(-0.2, 0.4), (1.3, 0.55)], [(0.0, 0.0)], [(1.0, 1.0), (1.0, 1.0)]]
SMALL = [[(0.1, 0.12), (0.16, 0.12), (0.11, 0.2)]]


def files() -> dict[str, str]:
    """The name and text of every golden file."""
    contents: dict[str, Any] = {
        "constants": constants(),
        "contracts": contracts(),
        "crops": crops(),
        "drawings": drawings(),
        "centred": centred(),
        "decisions": decisions(),
    }
    return {f"{name}.json": _text(content) for name, content in contents.items()}


def _text(content: Any) -> str:
    """JSON with a case a line."""
    if isinstance(content, list):
        return "[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in content) + "\n]\n"
    return json.dumps(content, indent=1) + "\n"


def constants() -> dict[str, float]:
    names = [
        "GUIDE_SHARE", "PEN", "PAPER", "INK", "CENTRED_SCALE", "FAINTEST_INK", "HALF_LIFE", "SETTLE", "RELEASE", "GAP",
    ]  # fmt: skip
    return {name: getattr(frames, name, None) or getattr(decider, name) for name in names}


def contracts() -> list[dict[str, Any]]:
    """Contracts as an export writes them, and what may have become of them: the field at fault, or nothing."""
    camera = {
        "version": 1, "labels": [*DIGITS, "background"], "background": "background", "size": 64, "pixels": [0, 255],
        "polarity": "any", "crop": "box", "threshold": 0.62, "run": "12-camera", "settings": "ab" * 32,
        "validation_accuracy": 0.993, "format": "mlprogram", "input": "image", "precision": "float16",
        "compression": "palette4", "target": "iOS17", "weights": "cd" * 32,
    }  # fmt: skip
    competition = {
        **camera, "labels": DIGITS, "background": None, "size": 28, "polarity": "white on black", "crop": "centred",
        "threshold": 0.5, "input": "array", "compression": None, "target": "iOS15",
    }  # fmt: skip
    faults: list[tuple[str, Any]] = [
        ("version", 2), ("labels", []), ("labels", ["1", "1"]), ("labels", "0123"), ("background", "nothing"),
        ("size", 0), ("size", 100_000), ("size", "64"), ("pixels", [0, 1]), ("pixels", [0]), ("polarity", "black"),
        ("crop", "middle"), ("threshold", 1.5), ("threshold", -0.1), ("threshold", None), ("input", "text"), ("run", 3),
        ("version", "1"), ("version", None), ("labels", None), ("labels", [*DIGITS, "9"]), ("labels", [*DIGITS, 10]),
        ("labels", ["", *DIGITS]), ("background", "10"), ("background", 10), ("size", -64), ("size", [64]),
        ("size", None), ("pixels", [0, 255, 255]), ("pixels", "0-255"), ("polarity", None), ("crop", None),
        ("crop", "Box"), ("threshold", "0.62"), ("threshold", "NaN"), ("threshold", True), ("input", None),
        ("run", ""), ("run", "12-camera\n"), ("run", "r" * 301), ("settings", "ab"), ("settings", None),
        ("weights", "AB" * 32), ("weights", 7), ("validation_accuracy", 1.01), ("validation_accuracy", "high"),
        ("validation_accuracy", None), ("format", "keras"), ("format", None), ("precision", "float64"),
        ("precision", 16), ("compression", 4), ("compression", ""), ("target", 17), ("computation", "ef"),
        ("computation", 7),
    ]  # fmt: skip
    wholes = [camera, competition, {**camera, "new": 1}, {**camera, "threshold": 0}, {**camera, "threshold": 1}]
    wholes += [{**camera, "computation": digest} for digest in (None, "ef" * 32)]
    cases = [{"text": json.dumps(whole), "fault": None} for whole in wholes]
    cases += [{"text": json.dumps({**camera, field: value}), "fault": field} for field, value in faults]
    missing = [{key: value for key, value in camera.items() if key != field} for field in camera]
    cases += [{"text": json.dumps(part), "fault": min(camera.keys() - part.keys())} for part in missing]
    whole = json.dumps(camera)
    numbers = [whole.replace("0.62", number) for number in ("NaN", "Infinity", "-Infinity", "1e999", "+0.5", "0x1")]
    texts = ["", "[1]", "{", "null", "7", whole[:-1], whole + "}", "[" * 3000, *numbers]
    return [*cases, *({"text": text, "fault": "JSON"} for text in texts)]


def crops() -> list[dict[str, Any]]:
    shapes: list[tuple[int, int, Any]] = [
        (1, 1, None), (3, 2, None), (2, 9, None), (37, 23, None), (64, 48, None), (48, 64, (390, 844)),
        (101, 99, (844, 390)), (192, 144, (320, 1024)), (360, 640, (393, 759.5)), (640, 360, (1.5, 1.5)),
        (333, 500, (0, 10)),
    ]  # fmt: skip
    cases = []
    for number, (width, height, view) in enumerate(shapes):
        for turns in range(4):
            size, padding = [8, 28, 96, 13][(number + turns) % 4], (0, 5, 64)[(number + turns) % 3]
            pattern = [3 + number, 11 * turns + 1, number % 3]
            y, x = np.mgrid[:height, :width]
            frame = ((pattern[0] * x + pattern[1] * y + pattern[2] * x * y) % 256).astype(np.uint8)
            region = frames.guide_region(width, height, turns, view)
            cases.append({
                "width": width, "height": height, "padding": padding, "pattern": pattern, "turns": turns,
                "view": view, "size": size, "region": [region.x, region.y, region.side],
                "pixels": _encoded(frames.reduced(frame, region, size, turns)),
            })  # fmt: skip
    return cases


def drawings() -> list[dict[str, Any]]:
    generator = random.Random(4)
    strokes_of: list[Any] = [[], SEVEN, FOUR, CROSSED, DOT, OUTSIDE, SMALL, [[]]]
    strokes_of += [_scribble(generator) for _ in range(12)]
    cases = []
    for number, strokes in enumerate(strokes_of):
        for size, paper, ink in ((96, frames.PAPER, frames.INK), (28 + number, 0, 255)):
            values = frames.drawn(strokes, size, paper, ink)
            cases.append({
                "strokes": strokes, "size": size, "paper": paper, "ink": ink,
                "pixels": _encoded(frames.rounded(values)), "samples": _samples(values),
            })  # fmt: skip
    return cases


def centred() -> list[dict[str, Any]]:
    """Squares are given as drawings with a pattern of noise added, below 256 in all."""
    generator = random.Random(5)
    strokes_of: list[Any] = [[], SEVEN, FOUR, CROSSED, DOT, SMALL, *(_scribble(generator) for _ in range(6))]
    cases = []
    for strokes in strokes_of:
        for side, paper, ink, noise in ((112, 0, 240, 1), (112, 200, 60, 9), (61, 120, 140, 1), (40, 90, 220, 17)):
            y, x = np.mgrid[:side, :side]
            square = frames.rounded(frames.drawn(strokes, side, paper, ink)) + (7 * x + 13 * y) % noise
            values = frames.centred(square.astype(np.uint8))
            cases.append({
                "strokes": strokes, "size": side, "paper": paper, "ink": ink, "noise": noise,
                "pixels": _encoded(frames.rounded(values)), "samples": _samples(values),
            })  # fmt: skip
    return cases


def decisions() -> list[dict[str, Any]]:
    """Sequences of frames [time, a, probability of a, b, probability of b]; the other labels share what is left."""
    generator = random.Random(6)
    cases = []
    for number in range(48):
        labels = [*DIGITS, "background"] if number % 3 else DIGITS
        background = "background" if number % 3 else None
        threshold = [0.5, 0.62, 0.9, 0.3][number % 4]
        smoothing = decider.Decider(labels, background, threshold)
        shown, expected = _sequence(generator, len(labels)), []
        for time, *peaks in shown:
            decision = smoothing.update(spread(peaks, len(labels)), time)
            best = max(decision.probabilities)
            expected.append([decision.state, decision.label, decision.confidence, decision.announce, best])
        cases.append({
            "labels": labels, "background": background, "threshold": threshold, "frames": shown, "expected": expected,
        })  # fmt: skip
    return cases


def spread(peaks: list[Any], classes: int) -> list[float]:
    """[a, probability of a, b, probability of b] → one probability a class."""
    a, of_a, b, of_b = peaks
    rest = (1 - of_a - of_b) / (classes - 2)
    return [of_a if label == a else of_b if label == b else rest for label in range(classes)]


def _sequence(generator: random.Random, classes: int) -> list[list[Any]]:
    """Forty frames in which something is seen for a while, then something else, with noise, pauses and old frames."""
    time, left, frames = 100.0, 0, []
    for _ in range(40):
        if left == 0:
            left = generator.randrange(3, 16)
            a, b = generator.sample(range(classes), 2)
            sureness = generator.choice([0.4, 0.7, 0.95, 0.99])
        left -= 1
        time = round(
            time + generator.choice([1 / 30, 1 / 30, 0.05, 0.1, 0.0, 0.4, -0.02, 1.2][: 6 + (left == 2) * 2]), 4
        )
        of_a = round(min(1.0, max(0.0, sureness + generator.uniform(-0.25, 0.05))), 3)
        frames.append([time, a, of_a, b, round((1 - of_a) * generator.random(), 3)])
    return frames


def _scribble(generator: random.Random) -> list[list[tuple[float, float]]]:
    strokes = []
    for _ in range(generator.randrange(1, 4)):
        x, y = generator.uniform(0.2, 0.8), generator.uniform(0.2, 0.8)
        stroke = [(round(x, 3), round(y, 3))]
        for _ in range(generator.randrange(1, 9)):
            x, y = x + generator.uniform(-0.2, 0.2), y + generator.uniform(-0.2, 0.2)
            stroke.append((round(x, 3), round(y, 3)))
        strokes.append(stroke)
    return strokes


def _samples(values: np.ndarray) -> list[list[Any]]:
    """Up to 24 values clearly between the lowest and the highest, with their places, before rounding.

    Those at either end differ in their last bits from processor to processor, and with them which are the highest.
    """
    flat = values.ravel()
    between = np.nonzero((flat > flat.min() + 1e-6) & (flat < flat.max() - 1e-6))[0]
    return [[int(place), float(flat[place])] for place in between[:: max(1, len(between) // 24)][:24]]


def _encoded(pixels: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(pixels).tobytes()).decode()


def main() -> None:
    for name, text in files().items():
        write_text(FOLDER / name, text)
        print(FOLDER / name)


if __name__ == "__main__":
    main()
