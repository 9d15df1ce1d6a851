"""Characters as people write them by hand, drawn by rule: digits as many countries write them, letters, symbols.

The competition's writers were American; a 4 of three straight lines, a 9 with corners or a 1 with flag and foot is rare
among their digits, and the fonts' letters were never written. Each form here is a few points for the pen to pass,
and no two characters of one form come out alike.
"""

import functools
from typing import Any

import numpy as np

from kit.scenes.proportions import HANDS
from kit.scenes.strokes import BOX, GRID, line_distances

# A point is two digits, column and row of a square of 10 × 10; a comma lifts the pen. The pen cuts corners, but for
# points that are written twice.
DIGITS = {
    0: ("50 20 03 06 29 59 86 83 60 40", "60 30 13 07 39 69 86 82 50 20", "40 31 14 17 49 79 86 82 50 30 42"),
    1: ("50 59", "24 50 50 59", "24 50 50 59, 29 89", "15 60 60 49", "23 50 50 59, 18 29 89"),
    2: ("12 30 61 73 55 19 19 89", "12 30 61 63 37 18 17 38 68 98", "21 40 71 73 46 18 09 09 99",
        "12 40 80 74 29 29 99"),
    3: ("11 40 72 44 44 75 68 39 08", "10 70 70 43 43 75 78 49 08", "11 50 72 63 34 34 85 78 49 18",
        "20 80 80 34 34 85 79 39 07"),
    4: ("60 60 06 06 96, 60 59", "50 50 26 26 76, 51 59", "50 50 17 17 77, 52 59", "40 40 05 05 75, 40 49",
        "50 50 06 06 96, 51 52 49", "60 60 15 15 85, 61 69", "40 40 16 17 78, 41 49",
        "10 15 15 85, 60 69", "10 06 06 86, 64 59", "40 05 05 85, 62 69", "20 14 25 85, 80 79",
        "20 05 06 66 84, 52 59"),
    5: ("20 13 13 43 75 68 39 08, 20 80", "80 20 20 14 14 43 75 68 39 08", "70 30 13 34 65 77 49 09",
        "30 24 24 64 86 79 39 07, 30 90", "80 20 20 24 74 74 79 19"),
    6: ("60 23 06 28 59 77 65 35 16", "40 15 18 39 68 66 35 16", "71 40 13 07 39 69 76 54 25 07",
        "50 12 07 29 59 67 55 25 07", "80 43 15 18 39 69 87 75 45 16"),
    7: ("00 80 80 39", "00 80 80 39, 25 75", "02 00 00 80 80 39", "02 01 80 43 39, 15 75", "02 00 00 90 90 59, 35 85",
        "01 31 80 80 29, 24 74", "13 20 60 60 49, 25 75", "22 20 70 70 39, 35 75", "30 60 60 49, 35 75"),
    8: ("40 22 44 63 51 40, 44 15 18 49 77 65 44", "80 40 12 34 76 78 49 18 26 54 82 60 30",
        "70 30 12 34 65 78 59 28 16 44 72 60 50", "50 31 33 54 73 61 50, 54 16 18 49 78 66 54",
        "20 64 77 49 18 26 72 60 30 12 34"),
    9: ("72 50 22 14 35 64 72 72 79", "73 50 22 14 35 63 71 72 76 58 29", "70 20 20 24 24 74, 70 70 79",
        "70 30 13 24 54 70 70 78 59 29", "71 40 13 25 64 71 71 69 69", "80 20 24 24 74, 80 80 78 49 19",
        "72 50 22 14 35 64 72 72 79, 49 99"),
}  # fmt: skip
LETTERS = (
    "50 59, 05 95", "50 59, 14 84", "40 50 59 49, 05 95", "40 49, 03 94", "10 89, 80 19", "13 83, 16 86",
    "15 85, 41 42, 48 49", "05 95", "91 65 38 17 05 13 32 65 99", "90 64 37 17 15 12 32 56 98 96",
    "01 20 44 57 49 37 54 90", "02 10 33 45, 80 45 19", "00 20 45 99, 45 09", "11 30 52 67 98, 55 08",
    "02 11 22 28, 23 42 63 66 69", "13 19, 25 52 73 79 79 98", "20 09, 15 46 75 70 77 98", "01 91, 31 29, 71 79 99",
    "52 22 05 28 58 85 72 52, 50 59", "10 05 28 46 68 95 80", "50 50 09 09 99 99 50 50", "05 15 39 39 60 60 90",
    "20 29, 25 53 75 79", "20 29, 72 25 25 79", "12 19, 14 32 43 49, 44 72 83 89", "12 19, 14 42 73 79",
    "22 29, 24 53 73", "12 16 38 66 72, 72 78 99", "00 49 49 90", "00 28 28 50 50 78 78 90",
    "70 79, 74 43 15 28 58 76", "15 85 73 42 14 27 49 88", "82 41 14 17 49 87", "80 50 21 14 17 49 77 76 86",
    "82 51 13 17 49 87 85 85 55", "50 50 09, 50 50 99, 26 76", "80 10 10 19 19 89, 14 64", "80 10 10 19, 14 64",
    "10 19, 80 89, 15 85", "09 10 10 46 46 80 80 99", "19 10 10 79 79 70", "19 10 10 60 83 54 15, 45 89",
    "10 16 49 76 80", "20 29 29 89", "50 51, 54 59", "10 80 80 89 89 19, 15 85", "30 39, 33 75",
    "30 06, 22 92, 72 65 39", "32 08, 51 97", "30 06, 22 82 66 29", "10 80 80 89, 19 89", "11 81, 04 94, 40 47 59 89",
    "20 28 49 89, 24 72", "12 82, 05 95, 40 69", "80 09, 23 78", "10 32, 04 36, 09 85 91", "20 19, 50 57, 80 89",
    "50 50 29 29 93 93 03 03 79 79 50", "53 20 03 36 59 85 93 70 53", "30 29, 70 69, 03 93, 06 96",
    "50 59, 13 86, 16 83", "10 80 80 89 89 19 19 10, 50 59, 15 85", "12 82 82 87 87 17 17 12, 50 59",
    "03 93, 50 59, 53 08, 53 98", "50 09, 54 99", "05 95, 72 95 95 78", "05 39 39 90", "82 71 30 12 17 39 68 86 75",
    "59 86 63 50 30 13 06 29 46 59", "01 91, 40 48 59 89, 71 63", "00 09, 04 90, 44 99", "20 18 39 69, 00 60",
    "01 81, 41 47 29, 44 89",
)  # fmt: skip


def written(form: str, generator: np.random.Generator) -> np.ndarray:
    """One character of that form in the box of a digit, uint8 (2, GRID, GRID), as `strokes.trace` has it."""
    import cv2

    wide, sketched = np.exp(generator.normal(0, HANDS.breadth)), generator.random() < HANDS.sketched
    lines = [_smooth(_jittered(line, generator)) * (wide, 1) for line in _points(form)]
    if sketched:
        lines += [line + generator.normal(0, HANDS.sketch_offset, 2) for line in lines]
    every = np.concatenate(lines)
    low, extent = every.min(axis=0), np.ptp(every, axis=0)
    scale = (BOX - 1) / max(extent)
    canvas = np.zeros((GRID, GRID), np.uint8)
    for line in lines:
        placed = (line - low - extent / 2) * scale + (GRID - 1) / 2
        cv2.polylines(canvas, [np.rint(placed * 16).astype(np.int32)], False, 1, shift=4)
    return line_distances(canvas > 0)


def digits(count: int, generator: np.random.Generator) -> np.ndarray:
    """So many of each of the ten, uint8 (10, count, 2, GRID, GRID), their forms in turn."""
    every = [[written(forms[number % len(forms)], generator) for number in range(count)] for forms in DIGITS.values()]
    return np.array(every)


def letters(count: int, generator: np.random.Generator) -> np.ndarray:
    """So many of each form, uint8 (n, 2, GRID, GRID)."""
    return np.stack([written(form, generator) for form in LETTERS for _ in range(count)])


@functools.cache
def _points(form: str) -> list[np.ndarray]:
    return [np.array([[int(digit) for digit in point] for point in line.split()], float) for line in form.split(",")]


def _jittered(line: np.ndarray, generator: np.random.Generator) -> Any:
    """Each point moved a little; points written twice stay together."""
    moves = generator.normal(0, HANDS.jitter, line.shape)
    for number in np.flatnonzero((line[1:] == line[:-1]).all(axis=1)):
        moves[number + 1] = moves[number]
    return line + moves


def _smooth(line: np.ndarray) -> np.ndarray:
    """The corners cut three times (G. Chaikin, An algorithm for high-speed curve generation, 1974); the ends stay."""
    for _ in range(3):
        before, after = line[:-1], line[1:]
        inner = np.stack([0.75 * before + 0.25 * after, 0.25 * before + 0.75 * after], axis=1).reshape(-1, 2)
        line = np.concatenate([line[:1], inner, line[-1:]])
    return line
