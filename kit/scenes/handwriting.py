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
    0: ("50 20 03 06 29 59 86 83 60 40", "60 30 13 07 39 69 86 82 50 20", "40 31 14 17 49 79 86 82 50 30 42",
        "60 31 14 17 39 69 86 83 71 50", "45 30 13 06 29 59 86 83 60 40 53", "50 20 03 06 29 59 86 83 60 40 20"),
    1: ("50 59", "24 50 50 59", "24 50 50 59, 29 89", "15 60 60 49", "23 50 50 59, 18 29 89", "05 50 50 59",
        "06 60 60 59", "08 50 50 59", "04 40 40 49", "16 61 61 58", "06 70 70 49", "07 34 60 60 59",
        "05 50 50 59, 29 89", "33 50 50 59", "60 49", "17 60 60 69", "07 60 60 49"),
    2: ("12 30 61 73 55 19 19 89", "12 30 61 63 37 18 17 38 68 98", "21 40 71 73 46 18 09 09 99",
        "12 40 80 74 29 29 99", "11 40 72 64 27 09 07 27 59 99", "33 22 31 60 72 54 09 09 99",
        "12 40 72 54 09 38 69 88", "13 30 61 64 28 09 39 99",
        "12 30 70 73 46 08 07 28 49 89 97", "10 80 80 09 09 99", "02 20 60 82 64 19 19 99",
        "22 41 62 54 08 28 68 97", "21 50 72 65 38 18 16 37 68 98"),
    3: ("11 40 72 44 44 75 68 39 08", "10 70 70 43 43 75 78 49 08", "11 50 72 63 34 34 85 78 49 18",
        "20 80 80 34 34 85 79 39 07", "10 80 80 44 44 86 79 09", "10 10 80 80 44 44 86 86 59 59 19",
        "12 40 72 54 44 34 45 54 76 69 38 08", "13 11 40 71 63 44 75 78 49 18 16", "20 60 73 54 85 88 49 18",
        "10 80 80 34 75 78 49 18", "00 90 90 44 87 79 39 18", "20 70 70 34 34 74 87 69 29 17"),
    4: ("60 60 06 06 96, 60 59", "50 50 26 26 76, 51 59", "50 50 17 17 77, 52 59", "40 40 05 05 75, 40 49",
        "50 50 06 06 96, 51 52 49", "60 60 15 15 85, 61 69", "40 40 16 17 78, 41 49",
        "10 15 15 85, 60 69", "10 06 06 86, 64 59", "40 05 05 85, 62 69", "20 14 25 85, 80 79",
        "20 05 06 66 84, 52 59", "30 05 05 95, 62 59", "10 06 06 96, 52 58", "20 05 05 95, 53 49", "30 15 15 95, 73 68",
        "40 15 15 75 62 62 49", "50 06 06 76 71 71 69", "20 05 05 85, 33 52 52 59", "20 15 15 85, 42 61 61 59",
        "60 05 05 95, 70 59", "50 50 07 07 97, 50 49", "60 15 15 75 75 48", "50 14 14 73 49"),
    5: ("20 13 13 43 75 68 39 08, 20 80", "80 20 20 14 14 43 75 68 39 08", "70 30 13 34 65 77 49 09",
        "30 24 24 64 86 79 39 07, 30 90", "80 20 20 24 74 74 79 19", "22 15 45 66 78 49 08, 40 90",
        "24 24 54 76 69 39 08, 31 81", "13 15 45 75 78 49 18, 20 80", "20 14 54 76 69 39 08, 30 90",
        "12 14 44 75 78 49 18, 21 71 80", "30 14 14 54 76 78 49 18, 50 90", "30 13 44 76 69 39 07, 41 90",
        "80 30 23 63 76 79 29", "80 30 24 24 63 76 69 38 07"),
    6: ("60 23 06 28 59 77 65 35 16", "40 15 18 39 68 66 35 16", "71 40 13 07 39 69 76 54 25 07",
        "50 12 07 29 59 67 55 25 07", "80 43 15 18 39 69 87 75 45 16", "62 71 60 41 14 17 39 69 77 55 25 07",
        "72 80 60 32 06 28 59 78 65 25 07", "50 14 07 29 59 77 65 35 16", "70 31 05 08 39 69 87 65 35 27 48",
        "20 28 49 78 65 35 27", "20 18 39 69 87 65 35 17", "70 31 04 17 49 78 86 65 36", "60 22 06 28 59 78 75 55 27",
        "80 40 12 08 39 69 86 64 34 16"),
    7: ("00 80 80 39", "00 80 80 39, 25 75", "02 00 00 80 80 39", "02 01 80 43 39, 15 75", "02 00 00 90 90 59, 35 85",
        "01 31 80 80 29, 24 74", "13 20 60 60 49, 25 75", "22 20 70 70 39, 35 75", "30 60 60 49, 35 75",
        "12 10 80 80 49, 34 84", "00 40 80 62 47 39", "10 80 80 55 49, 25 85", "01 20 50 80 80 39, 35 75",
        "00 80 80 29, 14 64", "10 90 90 39, 46 86", "12 10 40 80 80 49", "03 11 81 81 49, 35 85", "00 90 90 29"),
    8: ("40 22 44 63 51 40, 44 15 18 49 77 65 44", "80 40 12 34 76 78 49 18 26 54 82 60 30",
        "70 30 12 34 65 78 59 28 16 44 72 60 50", "50 31 33 54 73 61 50, 54 16 18 49 78 66 54",
        "20 64 77 49 18 26 72 60 30 12 34", "70 40 22 44 75 78 49 18 26 54 82 71",
        "50 21 23 44 74 71 50, 44 16 18 49 79 76 44", "60 31 43 76 68 39 17 35 73 71 50"),
    9: ("72 50 22 14 35 64 72 72 79", "73 50 22 14 35 63 71 72 76 58 29", "70 20 20 24 24 74, 70 70 79",
        "70 30 13 24 54 70 70 78 59 29", "71 40 13 25 64 71 71 69 69", "80 20 24 24 74, 80 80 78 49 19",
        "72 50 22 14 35 64 72 72 79, 49 99", "72 50 22 14 35 64 72 71 77 59 28 17", "60 40 13 15 35 64 81 80 79",
        "60 40 22 14 35 64 80 80 88 59", "72 50 22 14 35 64 72 74 47 19", "72 50 22 14 35 64 72 75 68 39 07",
        "82 60 22 14 45 73 82 80 88 69 39", "70 40 12 14 45 73 70 70 79", "71 41 13 25 64 71 67 49 28",
        "72 50 22 14 35 64 72 72 79 97", "60 40 12 14 45 73 80 80 78 49 18"),
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


# Letters as people write them alone, but for those that a digit of some hand looks like.
ALPHABETS = {
    "α": ("90 64 38 18 06 13 33 56 98", "82 66 38 18 05 13 33 57 89", "92 66 48 27 15 23 42 65 98"),
    "β": ("19 12 30 60 62 44 14, 44 75 78 58 27", "19 13 30 60 72 54 34 65 76 58 26"),
    "γ": ("02 11 22 45 48 39 28 36 82", "11 34 47 39 28 45 91"),
    "δ": ("91 50 32 54 76 78 49 18 16 35 55",),
    "ε": ("72 40 12 24 54 24 07 18 49 78", "81 50 22 34 54 34 15 18 49 87"),
    "ζ": ("20 70 42 14 17 38 68 78 59",),
    "η": ("13 22 28, 24 43 63 74 79",),
    "κ": ("20 29, 71 25 25 79",),
    "λ": ("20 30 79, 45 09", "10 22 88, 44 18"),
    "μ": ("13 09, 13 17 37 63 63 67 87",),
    "ν": ("12 48 81 82",),
    "ξ": ("70 30 12 33 63 33 15 36 66 27 68 78 59",),
    "π": ("02 92, 32 28, 72 68 89", "13 22 92, 42 27, 62 67 88"),
    "ρ": ("29 14 32 62 75 58 27 16",),
    "σ": ("91 41 14 17 49 78 75 51 41",),
    "τ": ("12 92, 52 57 78",),
    "φ": ("41 13 16 48 77 84 72 52 49", "50 59, 52 23 26 57 86 83 52"),
    "χ": ("01 20 68 99, 91 08",),
    "ψ": ("02 12 16 48 77 91, 50 59",),
    "ω": ("22 05 28 48 55 48 78 95 72",),
    "Λ": ("09 50 50 99",),
    "Σ": ("81 10 10 55 55 09 09 89",),
    "Ω": ("09 29 26 13 30 60 83 76 69 99",),
    "Ξ": ("11 81, 24 74, 08 98",),
    "Д": ("40 28, 40 70 78, 08 98, 08 09, 98 99",),
    "ж": ("01 45 08, 91 55 98, 50 59",),
    "и": ("11 17 38 62, 62 67 88", "10 19 19 80 80 89"),
    "й": ("12 19 19 82 82 89, 30 41 50",),
    "к": ("22 28, 72 25 25 78",),
    "Л": ("08 18 40 70 79",),
    "м": ("08 18 31 54 81 88 98",),
    "н": ("22 29, 72 79, 25 75",),
    "п": ("22 29, 22 72 72 79",),
    "у": ("10 45, 80 45 28 09", "21 24 36 55 73 71, 71 76 69 48"),
    "ф": ("50 59, 52 22 25 56 85 82 52",),
    "ц": ("11 18 78 71, 78 88 89",),
    "ш": ("11 17 38 52, 52 57 78 92, 92 98", "10 19 89 80, 50 59"),
    "щ": ("10 18 88 80, 50 58, 88 98 99",),
    "ю": ("10 19, 14 43, 60 42 47 69 89 97 92 80 60",),
    "Я": ("80 89, 80 30 12 24 84, 54 19",),
    "a": ("72 50 23 16 38 58 75, 72 76 88", "70 40 13 17 39 69 84, 80 86 99", "82 51 23 15 28 48 75 82 77 98",
          "22 40 61 65 69, 65 35 17 29 49 67", "61 41 13 25 44 62 61, 61 68 79 98",
          "60 30 12 24 44 62 60, 60 67 79 88"),
    "c": ("82 61 31 14 17 39 69 87", "71 50 22 15 18 49 78", "80 40 12 16 28 59 89"),
    "d": ("74 53 24 17 39 59 76, 70 79", "65 44 25 17 29 49 67, 70 77 98", "63 33 15 18 49 68 70 70 78 98"),
    "f": ("70 50 42 49, 24 74",),
    "h": ("10 19, 15 43 63 74 79",),
    "k": ("10 19, 73 16 79",),
    "m": ("03 09, 04 22 42 49, 44 62 82 89",),
    "n": ("13 19, 15 32 62 74 79",),
    "p": ("12 19, 13 42 73 76 57 16",),
    "r": ("23 29, 26 43 63",),
    "u": ("12 17 38 68 82, 82 88 99",),
    "v": ("11 49 91",),
    "w": ("01 29 52 79 91",),
    "x": ("11 98, 91 08", "12 31 44 47 29 08, 91 70 54 57 69 98", "13 31 54 78 97, 91 71 29 08",
          "12 31 52 67 88 97, 92 80 18 07"),
    "y": ("10 44, 80 44 19", "12 35 46, 82 55 18", "20 34 55, 80 39", "11 35 54, 81 54 37 09", "20 23 45, 80 45 28 08",
          "20 23 35 55 73 70, 70 75 59 38", "31 34 45 64 61, 60 67 49 28", "22 24 45 63 60, 60 69 49 38",
          "20 24 44 60, 60 67 59 48 46 73"),
    "K": ("10 19, 80 15 15 89",),
    "M": ("09 10 55 90 99",),
    "P": ("19 10 60 83 55 15",),
    "R": ("19 10 60 82 64 14, 44 99", "10 19, 11 40 71 63 44 14, 44 89", "29 20 60 73 55 25 79"),
    "T": ("00 90, 50 59",),
    "Y": ("10 45 80, 45 49",),
}  # fmt: skip


def written(form: str, generator: np.random.Generator) -> np.ndarray:
    """One character of that form in the box of a digit, uint8 (2, GRID, GRID), as `strokes.trace` has it."""
    import cv2

    wide, sketched = np.exp(generator.normal(0, HANDS.breadth)), generator.random() < HANDS.sketched
    strokes = [_jittered(stroke, generator) for stroke in _points(form)]
    lines = [_smooth(line) * (wide, 1) for line in _led(strokes, generator)]
    if generator.random() < HANDS.broken:
        lines = _broken(lines, generator)
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


def _led(strokes: list[np.ndarray], generator: np.random.Generator) -> list[np.ndarray]:
    """The pen's lines: the strokes, each set down a little beside its place, or some in one without lifting it."""
    placed = [stroke + generator.normal(0, HANDS.lift, 2) for stroke in strokes]
    if generator.random() >= HANDS.joined:
        return placed
    lines = placed[:1]
    for stroke in placed[1:]:
        if np.hypot(*(stroke[0] - lines[-1][-1])) < HANDS.joined_reach:
            lines[-1] = np.concatenate([lines[-1], stroke])
        else:
            lines.append(stroke)
    return lines


def _broken(lines: list[np.ndarray], generator: np.random.Generator) -> list[np.ndarray]:
    """One of the lines with a gap, where the pen left the paper or ran dry."""
    number = int(generator.integers(len(lines)))
    line, gap = lines[number], generator.uniform(*HANDS.gap)
    start = generator.uniform(0.1, 0.9 - gap)
    first, second = (round(len(line) * share) for share in (start, start + gap))
    parts = [part for part in (line[: first + 1], line[second:]) if len(part) > 1]
    return [*lines[:number], *parts, *lines[number + 1 :]]


def digits(count: int, generator: np.random.Generator) -> np.ndarray:
    """So many of each of the ten, uint8 (10, count, 2, GRID, GRID), their forms in turn."""
    every = [[written(forms[number % len(forms)], generator) for number in range(count)] for forms in DIGITS.values()]
    return np.array(every)


def letters(count: int, generator: np.random.Generator) -> np.ndarray:
    """So many of each form of letters and symbols, uint8 (n, 2, GRID, GRID)."""
    return np.stack([written(form, generator) for form in LETTERS for _ in range(count)])


def alphabets(count: int, generator: np.random.Generator) -> np.ndarray:
    """So many of each letter of the alphabets, uint8 (n, 2, GRID, GRID), a letter's forms in turn."""
    return np.stack(
        [written(forms[number % len(forms)], generator) for forms in ALPHABETS.values() for number in range(count)]
    )


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
