"""The outlines of things that lie on tables, by rule: boxes, plates, cutlery, scissors, spectacles, cables, tools.

Like characters they are kept as distances, so that one is sharp at any size.
"""

import math
from collections.abc import Callable

import numpy as np

from kit.scenes.chance import Chance
from kit.scenes.proportions import OUTLINES, THINGS

POINTS = 96  # a side of the grid that silhouettes are on
BOX = 72  # the longer side of one, in its points
UNIT = 16  # distances are stored in sixteenths of a point
INSIDE = 8  # points by which they are raised, because inside they are negative
_FINE = 2  # drawn on a grid so many times as fine
_SIDE = 320  # of the sheet that they are drawn on, pixels
_LENGTH = 200  # of 1 on it

Point = tuple[float, float]


def silhouettes(count: int, generator: np.random.Generator) -> np.ndarray:
    """So many things, the kinds in turn, four of them twice as often.

    Returns:
        uint8 (count, POINTS, POINTS): sixteenths of a point to the outline, from 8 inside to 8 outside; the longer side
        has BOX points.
    """
    found = list[np.ndarray]()
    while len(found) < count:
        draw = _Draw(generator)
        _KINDS[len(found) % len(_KINDS)](draw)
        stored = _stored(draw.sheet)
        if INSIDE - stored.min() / UNIT >= min(INSIDE, THINGS.thinnest * BOX / 2):
            found.append(stored)
    return np.stack(found)


def _stored(sheet: np.ndarray) -> np.ndarray:
    import cv2

    left, top, width, height = cv2.boundingRect(sheet)
    scale = _FINE * BOX / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    ink = cv2.resize(sheet[top : top + height, left : left + width], size, interpolation=cv2.INTER_AREA)
    grid = np.zeros((_FINE * POINTS, _FINE * POINTS), np.uint8)
    top, left = (len(grid) - size[1]) // 2, (len(grid) - size[0]) // 2
    grid[top : top + size[1], left : left + size[0]] = ink > 127
    inside, outside = (cv2.distanceTransform(part, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for part in (grid, 1 - grid))
    distance = cv2.resize((outside - inside) / _FINE, (POINTS, POINTS), interpolation=cv2.INTER_AREA)
    return np.clip((distance + INSIDE) * UNIT, 0, 255).astype(np.uint8)


class _Draw(Chance):
    """A sheet, and what draws on it; lengths are of 1, the middle is (0, 0)."""

    def __init__(self, generator: np.random.Generator) -> None:
        super().__init__(generator)
        self.sheet = np.zeros((_SIDE, _SIDE), np.uint8)

    def bar(self, start: Point, end: Point, radius: float, end_radius: float | None = None) -> None:
        """A straight piece with round ends, which may be of two widths."""
        import cv2

        far = radius if end_radius is None else end_radius
        for share in np.linspace(0, 1, 30):
            middle = _pixel((start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])))
            cv2.circle(self.sheet, middle, max(1, round(_LENGTH * (radius + share * (far - radius)))), 255, cv2.FILLED)

    def path(self, points: np.ndarray, radius: float) -> None:
        """A bent piece of one width."""
        for start, end in zip(points[:-1].tolist(), points[1:].tolist(), strict=True):
            self.bar(start, end, radius)

    def ellipse(self, middle: Point, across: float, down: float, hole: float = 0.0) -> None:
        """Filled, with an empty share of it in the middle."""
        import cv2

        for share, grey in ((1.0, 255), (hole, 0)) if hole else ((1.0, 255),):
            axes = max(1, round(_LENGTH * across * share)), max(1, round(_LENGTH * down * share))
            cv2.ellipse(self.sheet, _pixel(middle), axes, 0, 0, 360, grey, cv2.FILLED)

    def polygon(self, corners: list[Point], rounded: float = 0.0, grey: int = 255) -> None:
        """Filled, its corners rounded by that radius, which is added around it."""
        import cv2

        outline = np.array([_pixel(corner) for corner in corners], np.int32)
        cv2.fillPoly(self.sheet, [outline], grey)
        if rounded:
            cv2.polylines(self.sheet, [outline], True, grey, max(1, round(2 * _LENGTH * rounded)))


def _pixel(point: Point) -> tuple[int, int]:
    return round(_SIDE / 2 + _LENGTH * point[0]), round(_SIDE / 2 + _LENGTH * point[1])


def _box(draw: _Draw) -> None:
    """A phone, a remote control, a book, a box seen askew."""
    half, wide = 0.5, 0.5 * draw.uniform(*OUTLINES.box_width)
    lean = draw.generator.normal(0, OUTLINES.askew * wide, (4, 2))
    corners = [(x + dx, y + dy) for (x, y), (dx, dy) in zip(
        [(-wide, -half), (wide, -half), (wide, half), (-wide, half)], lean.tolist(), strict=True)]  # fmt: skip
    draw.polygon(corners, wide * draw.uniform(*OUTLINES.corner))


def _strap(draw: _Draw) -> None:
    """A strap, a pen, a belt, a ruler, a banana: long, straight or bent."""
    bend, half = draw.uniform(*OUTLINES.strap_bend), draw.uniform(*OUTLINES.strap_width) / 2
    headings = np.linspace(-bend / 2, bend / 2, 24)
    steps = np.stack([np.sin(headings), np.cos(headings)], axis=1) / len(headings)
    points = np.cumsum(steps, axis=0)
    draw.path(points - points.mean(axis=0), half)
    if draw.chance(OUTLINES.buckled):
        draw.ellipse((0, 0), half * draw.uniform(1.2, 2.0), half * draw.uniform(1.2, 2.5))


def _disc(draw: _Draw) -> None:
    """A plate, a ball, a coin, a lid; with a hole, a roll or a ring."""
    hole = draw.uniform(*OUTLINES.hole) if draw.chance(OUTLINES.holed) else 0.0
    draw.ellipse((0, 0), 0.5, 0.5 * draw.uniform(*OUTLINES.oblate), hole)


def _cutlery(draw: _Draw) -> None:
    """A spoon, a fork, a knife, a brush."""
    thick, head = draw.uniform(*OUTLINES.handle), draw.uniform(*OUTLINES.head)
    draw.bar((0, 0.5), (0, -0.15), thick, thick * draw.uniform(*OUTLINES.neck))
    kind = draw.count(0, 3)
    if kind == 0:
        draw.ellipse((0, -0.32), head / 2, 0.19)
    elif kind == 1:
        tines = draw.count(3, 4)
        draw.ellipse((0, -0.17), head / 2, 0.08)
        for x in np.linspace(-head / 2, head / 2, tines) * 0.8:
            draw.bar((x, -0.17), (x, -0.5), head / tines * 0.28)
    elif kind == 2:
        draw.polygon([(-head / 4, -0.1), (head / 4, -0.1), (head / 4, -0.35), (-head / 8, -0.5)], head / 12)
    else:
        draw.polygon([(-head / 2, -0.15), (head / 2, -0.15), (head / 2, -0.4), (-head / 2, -0.4)], 0.02)


def _scissors(draw: _Draw) -> None:
    """Scissors or tongs: two blades that cross, each with a ring."""
    opening, ring = draw.log_uniform(*OUTLINES.opening), draw.uniform(*OUTLINES.ring)
    for side in (-1, 1):
        across, down = math.sin(side * opening / 2), math.cos(opening / 2)
        draw.bar((0, 0), (-0.5 * across, -0.5 * down), draw.uniform(*OUTLINES.blade), 0.01)
        middle = (0.3 * across + side * ring * 0.4, 0.3 * down + ring * 0.5)
        draw.bar((0, 0), (middle[0] - 0.5 * ring * across, middle[1] - ring), draw.uniform(*OUTLINES.blade))
        draw.ellipse(middle, ring * 0.8, ring * draw.uniform(1.0, 1.4), draw.uniform(*OUTLINES.ring_hole))


def _spectacles(draw: _Draw) -> None:
    """Glasses, dark or clear, their sides open or folded."""
    lens, frame = draw.uniform(*OUTLINES.lens), draw.uniform(*OUTLINES.frame)
    clear = draw.uniform(*OUTLINES.clear) if draw.chance(0.4) else 0.0
    reach, spread = draw.uniform(0, 0.7), draw.uniform(-0.15, 0.2)
    for side in (-1, 1):
        draw.ellipse((side * 0.27, 0), 0.22, lens, clear)
        draw.bar((side * 0.47, -lens / 3), (side * (0.47 + spread * reach), -lens / 3 - reach), frame)
    draw.bar((-0.08, -lens / 4), (0.08, -lens / 4), frame)


def _mug(draw: _Draw) -> None:
    """A mug or a jug: a body with a handle at its side."""
    wide, tall = draw.uniform(*OUTLINES.mug), 0.45
    draw.ellipse((wide, 0), 0.2, draw.uniform(0.2, 0.32), draw.uniform(0.5, 0.7))
    draw.polygon([(-wide, -tall), (wide, -tall), (wide * 0.9, tall), (-wide * 0.9, tall)], draw.uniform(0.01, 0.06))
    draw.ellipse((0, -tall), wide, wide * draw.uniform(0.1, 0.5))


def _pan(draw: _Draw) -> None:
    """A disc or a ring with a handle: a pan, a racket, a key, a magnifying glass."""
    radius, thick = draw.uniform(*OUTLINES.pan), draw.uniform(*OUTLINES.handle)
    hole = draw.uniform(*OUTLINES.hole) if draw.chance(OUTLINES.holed) else 0.0
    draw.ellipse((0, radius - 0.5), radius, radius * draw.uniform(0.7, 1.0), hole)
    draw.bar((0, 2 * radius - 0.5 - 0.3 * radius * (1 - hole)), (0, 0.5), thick, thick * draw.uniform(0.6, 1.5))
    if draw.chance(0.3):  # a key's bit
        draw.polygon([(0, 0.3), (0.14, 0.3), (0.14, 0.36), (0.07, 0.39), (0.14, 0.43), (0, 0.48)])


def _cable(draw: _Draw) -> None:
    """A cable, a rope, a headset, a clip: of one width and led anyhow."""
    turns = np.repeat(draw.generator.normal(0, OUTLINES.cable_bend, 4), 8)
    headings = draw.uniform(0, 2 * math.pi) + np.cumsum(turns)
    points = np.cumsum(np.stack([np.cos(headings), np.sin(headings)], axis=1), axis=0)
    points -= points.min(axis=0) + np.ptp(points, axis=0) / 2
    points /= np.ptp(points, axis=0).max()
    draw.path(points, draw.uniform(*OUTLINES.cable))
    if draw.chance(OUTLINES.plugged):
        end = (points[-1] - points[-3]) / max(1e-6, float(np.hypot(*(points[-1] - points[-3]))))
        draw.bar(points[-1].tolist(), (points[-1] + 0.12 * end).tolist(), draw.uniform(*OUTLINES.plug))


def _stone(draw: _Draw) -> None:
    """A stone, a fruit, a leaf, a toy: round and irregular."""
    angles = np.linspace(0, 2 * math.pi, 60, endpoint=False)
    radii = np.ones_like(angles)
    for wave in range(1, 7):
        height = draw.generator.normal(0, OUTLINES.lobes / wave)
        radii += height * np.cos(wave * angles + draw.uniform(0, 2 * math.pi))
    radii = np.maximum(radii, 0.2) / radii.max() / 2
    narrow = draw.uniform(*OUTLINES.narrow)
    draw.polygon(np.stack([radii * np.cos(angles) * narrow, radii * np.sin(angles)], axis=1).tolist())


def _tool(draw: _Draw) -> None:
    """A hammer, a key for hexagons, a tap: straight pieces that meet at an angle."""
    thick = draw.uniform(*OUTLINES.tool)
    draw.bar((0, 0.5), (0, -0.4), thick, thick * draw.uniform(0.7, 1.3))
    for side in (-1, 1):
        if draw.chance(0.75):
            angle, reach = draw.uniform(*OUTLINES.tool_angle), draw.uniform(0.1, 0.4)
            end = (side * reach * math.sin(angle), -0.4 - reach * math.cos(angle))
            draw.bar((0, -0.4), end, thick * draw.uniform(0.8, 2.2), thick * draw.uniform(0.6, 2.2))


def _bottle(draw: _Draw) -> None:
    """A bottle, a tube, a bulb: a body with a neck."""
    wide, neck, shoulder = draw.uniform(*OUTLINES.bottle), draw.uniform(0.04, 0.1), draw.uniform(-0.25, 0.05)
    sides = [(wide, 0.48), (wide, shoulder), (neck, shoulder - draw.uniform(0.05, 0.2)), (neck, -0.5)]
    draw.polygon(sides + [(-x, y) for x, y in reversed(sides)], 0.02)


def _set_square(draw: _Draw) -> None:
    """A ruler with three corners, a frame, a clothes hanger: an outline with an opening."""
    corners = [(-0.5, 0.4), (draw.uniform(0.2, 0.5), 0.4), (draw.uniform(-0.5, 0.3), draw.uniform(-0.5, 0.0))]
    middle = np.mean(corners, axis=0)
    hole = draw.uniform(*OUTLINES.opening_share)
    draw.polygon(corners, 0.02)
    draw.polygon([tuple(middle + hole * (np.array(corner) - middle)) for corner in corners], grey=0)


_KINDS: tuple[Callable[[_Draw], None], ...] = (
    _box, _strap, _disc, _cutlery, _scissors, _spectacles, _mug, _pan, _cable, _stone, _tool, _bottle, _set_square,
    _strap, _cutlery, _scissors, _spectacles,
)  # fmt: skip
