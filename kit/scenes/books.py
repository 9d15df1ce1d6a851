"""The paper of exercise books: what it is printed with, its margin and its binding."""

import math

import numpy as np

from kit.scenes.chance import Chance
from kit.scenes.proportions import BOOKS, RULINGS
from kit.scenes.raster import FRAME, Raster, clipped

_SHARES = [ruling.share for ruling in RULINGS]


class Book(Chance):
    """A page of an exercise book, as large as the characters on it say.

    Args:
        generator: What every choice follows from.
        raster: The scene's pixels.
        size: Of the characters, in 64ths of the frame.
    """

    def __init__(self, generator: np.random.Generator, raster: Raster, size: float) -> None:
        super().__init__(generator)
        self._raster = raster
        self.ruling = RULINGS[self.one_of(_SHARES)]
        self.millimetre = max(size / self.log_uniform(*BOOKS.writing), BOOKS.finest / self.ruling.rows)
        self._across, self._along = self._axes()

    def printed(self) -> np.ndarray:
        """Share of the light that print leaves, float32 (size, size)."""
        ruling = self.ruling
        if ruling.dotted:
            pitch, radius = ruling.rows * self.millimetre, self.uniform(*BOOKS.dot) * self.millimetre
            taken = np.float32(self.uniform(*BOOKS.dot_darkness))
            left = 1 - taken * self._raster.dots(self._across, self._along, pitch, radius)
        else:
            darkness = self.log_uniform(*BOOKS.darkness)
            width, fine = self.uniform(*BOOKS.line) * self.millimetre, self.uniform(*BOOKS.fine)
            left = 1 - self._lines(self._across, ruling.rows, ruling.fine_rows, width, darkness, fine)
            if ruling.columns:
                darkness *= self.uniform(*BOOKS.columns)
                down = self._lines(self._along, ruling.columns, ruling.fine_columns, width, darkness, fine)
                left = np.minimum(left, 1 - down)
        if self.chance(BOOKS.margin):
            left = np.minimum(left, 1 - self._margin())
        return left

    def binding(self) -> tuple[np.ndarray, float]:
        """An edge of the paper with the holes of its binding: how much of each pixel shows what lies behind, and that.

        Returns:
            float32 (size, size), 0 to 1, and a grey, 0 to 255.
        """
        inward, along = self._edge()
        hole, inset = self.uniform(*BOOKS.hole) * self.millimetre, self.uniform(*BOOKS.hole_inset) * self.millimetre
        edge = min(self.uniform(*BOOKS.edge_inset), BOOKS.edge_farthest - inset - hole)
        inward = inward - np.float32(edge)
        pitch = self.uniform(*BOOKS.hole_pitch) * self.millimetre
        beside = np.abs(_offset(along, pitch, self.uniform(0, pitch)))
        inside = np.abs(inward - np.float32(inset))
        away = np.maximum(beside, inside) if self.chance(BOOKS.square_holes) else np.hypot(beside, inside)
        beyond = clipped(0.5 - inward * np.float32(1 / self._raster.pixel))
        hidden = np.maximum(self._raster.coverage(away, 2 * hole), beyond)
        if self.chance(BOOKS.wires):
            wire = self._raster.coverage(beside, 2 * self.uniform(*BOOKS.wire) * self.millimetre)
            hidden = np.maximum(hidden, wire * (inward < inset))
        return hidden, self.uniform(0, 255)

    def _axes(self) -> tuple[np.ndarray, np.ndarray]:
        """Places across the rows and along them, of a page that is turned, seen askew and not quite flat."""
        angle = self.generator.normal(0, BOOKS.turn) + (math.pi / 2 if self.chance(BOOKS.upright) else 0)
        converging, curved = self.generator.normal(0, (BOOKS.converging, BOOKS.curved)).tolist()
        x, y = self._raster.x, self._raster.y
        cosine, sine = np.float32(math.cos(angle)), np.float32(math.sin(angle))
        across, along = cosine * y - sine * x, sine * y + cosine * x
        far = along * np.float32(2 / FRAME) - np.float32(math.cos(angle) + math.sin(angle))  # 0 in the frame's middle
        across += far * (np.float32(converging) * across + np.float32(curved) * far)
        return across + np.float32(self.uniform(0, FRAME)), along + np.float32(self.uniform(0, FRAME))

    def _lines(
        self, across: np.ndarray, spacing: float, finer: int, width: float, darkness: float, fine: float
    ) -> np.ndarray:
        """Share of the light that lines take, with so many finer ones between two."""
        pitch = spacing * self.millimetre
        taken = np.float32(darkness) * self._raster.lines(across, pitch, width)
        if not finer:
            return taken
        # A fine line would lie on each of the others, half a spacing from 0.
        shifted = across - np.float32(pitch / 2 * finer / (finer + 1))
        finest = self._raster.lines(shifted, pitch / (finer + 1), width)
        return np.maximum(taken, np.float32(darkness * fine) * finest)

    def _margin(self) -> np.ndarray:
        """Share of the light that a margin's line takes."""
        inset, width = self.uniform(*BOOKS.margin_inset), self.uniform(*BOOKS.margin_width) * self.millimetre
        along = self._along - self._along[0, 0]
        inset = inset if self.chance(0.5) else float(along.max()) - inset
        return np.float32(self.uniform(*BOOKS.margin_darkness)) * self._raster.coverage(np.abs(along - inset), width)

    def _edge(self) -> tuple[np.ndarray, np.ndarray]:
        """Distances into the paper from one of the frame's sides, and along it."""
        x, y = self._raster.x, self._raster.y
        side = int(self.generator.integers(4))
        inward, along = (x, y) if side % 2 else (y, x)
        lean = np.float32(self.generator.normal(0, BOOKS.turn))
        inward = (FRAME - inward if side > 1 else inward) + lean * (along - np.float32(FRAME / 2))
        return inward, along


def _offset(along: np.ndarray, pitch: float, start: float) -> np.ndarray:
    """How far the nearest of the places is that lie every `pitch` from `start`, with its sign."""
    turns = (along - np.float32(start)) * np.float32(1 / pitch)
    turns -= np.rint(turns)
    return turns * np.float32(pitch)
