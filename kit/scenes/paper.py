"""What digits are written on, and what holds none: paper with its light, lines and edges, things, photographs."""

from importlib import util
from pathlib import Path

import numpy as np

SIZE = 64  # pixels of a scene's side
_SHAPES = 0.3  # share of the things that are drawn; the others are parts of photographs
_PHOTOGRAPHS = {  # looked at one by one: they show no digit
    "skimage": [
        f"data/{name}"
        for name in (
            "astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "grass.png",
            "gravel.png", "ihc.png", "microaneurysms.png", "moon.png", "motorcycle_left.png", "page.png", "retina.jpg",
            "rocket.jpg",
        )
    ],
    "sklearn": ["datasets/images/china.jpg", "datasets/images/flower.jpg"],
    "matplotlib": ["mpl-data/sample_data/grace_hopper.jpg"],
}  # fmt: skip
_Y, _X = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)


class Chance:
    """Random choices from one generator, in a fraction of the time that numpy's own take for a single number."""

    def __init__(self, generator: np.random.Generator) -> None:
        self.generator = generator

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.generator.random()

    def chance(self, share: float) -> bool:
        return self.generator.random() < share

    def pick(self, items: np.ndarray) -> np.ndarray:
        return items[int(self.generator.random() * len(items))]


class Paper(Chance):
    """Draws what scenes lie on, float32 (SIZE, SIZE), 0 to 255.

    Args:
        generator: What every choice follows from.
        grain: float32 (3, 256, 256), noise of three coarsenesses with variance 1.
        photographs: Grey pictures of any size, uint8.
    """

    def __init__(self, generator: np.random.Generator, grain: np.ndarray, photographs: list[np.ndarray]) -> None:
        super().__init__(generator)
        self._grain, self._photographs = grain, photographs

    def page(self, clean: bool, plain: bool) -> np.ndarray:
        """Paper with its light; `clean` as a scanner has it, `plain` without lines and edges."""
        import cv2

        if clean:
            return np.full((SIZE, SIZE), self.uniform(235, 255), np.float32)
        generator = self.generator
        light = self.uniform(70, 250)
        slopes = generator.standard_normal((3, 3), np.float32) * np.float32(abs(generator.normal(0, 0.1)))
        page = cv2.resize(slopes, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
        page += 1
        if self.chance(0.7):
            page += np.float32(self.uniform(0, 0.16) ** 2) * self.grain()
        if self.chance(0.2):  # a shadow
            page *= 1 - np.float32(self.uniform(0.1, 0.5)) * self.half_plane(self.uniform(1, 25), beyond=20)
        if plain:
            return np.minimum(page * np.float32(light), 255)
        if self.chance(0.35):
            page *= 1 - np.float32(self.uniform(0.04, 0.6)) * self.rules()
        if self.chance(0.3):
            page *= 1 - np.float32(self.uniform(0.1, 0.95)) * self.box()
        page *= light
        if self.chance(0.15):  # the page's edge and what lies beyond
            beyond = self.half_plane(self.uniform(0.5, 2), beyond=14)
            other = self.photograph() if self.chance(0.5) else np.float32(self.uniform(0, 255))
            page += beyond * (other - page)
        return page

    def grain(self) -> np.ndarray:
        which, top, left = (self.generator.random(3) * (3, 256 - SIZE, 256 - SIZE)).astype(int).tolist()
        return self._grain[which, top : top + SIZE, left : left + SIZE]

    def half_plane(self, softness: float, beyond: float) -> np.ndarray:
        """0 on one side of a line through the frame, 1 on the other; it is that far from its middle or more."""
        angle = self.uniform(0, 2 * np.pi)
        away = self.uniform(beyond, 34)
        distance = np.float32(np.cos(angle)) * (_X - 32) + np.float32(np.sin(angle)) * (_Y - 32) - np.float32(away)
        return clipped(distance / np.float32(softness) + np.float32(0.5))

    def rules(self) -> np.ndarray:
        """Coverage by the lines, squares or dots of a page."""
        spacing, width = float(np.exp(self.uniform(np.log(4), np.log(45)))), self.uniform(0.3, 1.6)
        angle = self.generator.normal(0, 0.08) + (np.pi / 2 if self.chance(0.3) else 0)
        across = np.float32(np.cos(angle)) * _Y - np.float32(np.sin(angle)) * _X
        lines = _periodic(across + np.float32(self.uniform(0, spacing)), spacing, width)
        kind = self.generator.random()
        if kind < 0.5:
            return lines
        along = np.float32(np.sin(angle)) * _Y + np.float32(np.cos(angle)) * _X
        others = _periodic(along + np.float32(self.uniform(0, spacing)), spacing, width)
        return np.maximum(lines, others) if kind < 0.9 else lines * others

    def box(self) -> np.ndarray:
        """The frame of a form or the lines of a table's cell, near the edges of the picture."""
        width = self.uniform(0.5, 5)
        ink = np.zeros((SIZE, SIZE), np.float32)
        for side in range(4):
            if self.chance(0.7):
                at, slope = self.uniform(-2, 8) + width / 2, self.generator.normal(0, 0.03)
                across, along = (_X, _Y) if side % 2 else (_Y, _X)
                place = SIZE - 1 - across if side > 1 else across
                distance = np.abs(place - np.float32(slope) * (along - 32) - np.float32(at))
                ink = np.maximum(ink, np.clip(np.float32(width / 2 + 0.5) - distance, 0, min(1, width)))
        return ink

    def things(self) -> np.ndarray:
        """A picture without paper."""
        return self.shapes() if self.chance(_SHAPES) else self.photograph()

    def photograph(self) -> np.ndarray:
        """A part of a photograph, in any of four orientations."""
        import cv2

        generator = self.generator
        picture = self._photographs[generator.integers(len(self._photographs))]
        height, width = picture.shape
        side = int(np.exp(self.uniform(np.log(40), np.log(min(height, width)))))
        top, left = generator.integers(height - side + 1), generator.integers(width - side + 1)
        part = picture[top : top + side, left : left + side]
        part = cv2.resize(part, (SIZE, SIZE), interpolation=cv2.INTER_AREA if side > SIZE else cv2.INTER_LINEAR)
        part = np.rot90(part, int(generator.integers(4)))
        middle, contrast = self.uniform(60, 200), self.uniform(0.3, 1.3)
        return np.float32(middle) + np.float32(contrast) * (part.astype(np.float32) - np.float32(part.mean()))

    def shapes(self) -> np.ndarray:
        """Things without texture: filled ellipses and polygons over each other, too broad for ink."""
        import cv2

        generator = self.generator
        image = self.page(clean=False, plain=True)
        for _ in range(generator.integers(1, 5)):
            cover = np.zeros((SIZE, SIZE), np.uint8)
            middle, radii, turn = generator.uniform(-8, SIZE + 8, 2), generator.uniform(10, 42, 2), self.uniform(0, 360)
            if self.chance(0.6):
                cv2.ellipse(cover, (middle.tolist(), (2 * radii).tolist(), turn), 255, cv2.FILLED, cv2.LINE_AA)
            else:
                corners = int(generator.integers(3, 6))
                turns = (np.arange(corners) + generator.uniform(-0.2, 0.2, corners)) / corners
                angles = np.deg2rad(turn) + 2 * np.pi * turns
                outline = middle + 1.4 * radii * np.stack([np.cos(angles), np.sin(angles)], axis=1)
                cv2.fillPoly(cover, [np.rint(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
            image += cover * np.float32(1 / 255) * (self.page(clean=False, plain=True) - image)
        return image


def photographs() -> list[np.ndarray]:
    """Those that ship inside the packages that kit needs anyway, grey, uint8, of any size."""
    from PIL import Image

    found = []
    for package, names in _PHOTOGRAPHS.items():
        spec = util.find_spec(package)
        assert spec is not None and spec.origin is not None
        folder = Path(spec.origin).parent
        found += [np.asarray(Image.open(folder / name).convert("L")) for name in names]
    return found


def clipped(values: np.ndarray) -> np.ndarray:
    """The values cut to 0 to 1, in place; a third of the time that np.clip takes."""
    np.maximum(values, 0, out=values)
    return np.minimum(values, 1, out=values)


def _periodic(across: np.ndarray, spacing: float, width: float) -> np.ndarray:
    """Coverage by parallel lines: `across` in pixels, a line of that width every `spacing`."""
    lines = across * np.float32(1 / spacing)
    distance = np.abs(lines - np.floor(lines) - np.float32(0.5)) * np.float32(spacing)
    return np.clip(np.float32(width / 2 + 0.5) - distance, 0, min(1, width))
