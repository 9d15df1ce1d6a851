"""What digits are written on, and what holds none: paper with its light, lines and edges, things, photographs."""

import numpy as np

from kit import KitError, plots
from kit.scenes.proportions import LIGHT, SHEET, THINGS
from kit.task import CAMERA

SIZE = CAMERA.size  # pixels of a scene's side
_MIDDLE = SIZE / 2
_Y, _X = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)


class Chance:
    """Random choices from one generator, in a fraction of the time that numpy's own take for a single number."""

    def __init__(self, generator: np.random.Generator) -> None:
        self.generator = generator

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.generator.random()

    def log_uniform(self, low: float, high: float) -> float:
        """As likely between 10 and 20 as between 20 and 40."""
        return float(np.exp(self.uniform(np.log(low), np.log(high))))

    def count(self, lowest: int, highest: int) -> int:
        """One of these whole numbers, both ends among them."""
        return int(self.generator.integers(lowest, highest, endpoint=True))

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
        if clean:
            return np.full((SIZE, SIZE), self.uniform(*SHEET.white), np.float32)
        level = self.uniform(*LIGHT.level)
        page = self.unevenly_lit()
        if plain:
            return np.minimum(page * np.float32(level), 255)
        if self.chance(SHEET.ruled):
            page *= 1 - np.float32(self.uniform(*SHEET.rule_darkness)) * self.rules()
        if self.chance(SHEET.boxed):
            page *= 1 - np.float32(self.uniform(*SHEET.box_darkness)) * self.box()
        page *= level
        if self.chance(SHEET.ending):
            outside = self.half_plane(self.uniform(*SHEET.end_softness), SHEET.end_distance)
            page += outside * (self.beyond() - page)
        return page

    def unevenly_lit(self) -> np.ndarray:
        """White paper's share of the light's level: its slopes, the paper's own grain, a shadow."""
        import cv2

        slopes = self.generator.standard_normal((3, 3), np.float32)
        slopes *= np.float32(abs(self.generator.normal(0, LIGHT.gradient)))
        page = cv2.resize(slopes, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
        page += 1
        if self.chance(LIGHT.textured):
            page += np.float32(self.uniform(*LIGHT.texture_root) ** 2) * self.grain()
        if self.chance(LIGHT.shadowed):
            taken = np.float32(self.uniform(*LIGHT.shadow))
            page *= 1 - taken * self.half_plane(self.uniform(*LIGHT.shadow_softness), LIGHT.shadow_distance)
        return page

    def beyond(self) -> np.ndarray | np.float32:
        """What lies beyond the paper's end: a part of a photograph, or an even grey."""
        if self.chance(SHEET.photograph_beyond):
            return self.photograph()
        return np.float32(self.uniform(*SHEET.grey_beyond))

    def grain(self) -> np.ndarray:
        which, top, left = (self.generator.random(3) * (3, 256 - SIZE, 256 - SIZE)).astype(int).tolist()
        return self._grain[which, top : top + SIZE, left : left + SIZE]

    def half_plane(self, softness: float, nearest: float) -> np.ndarray:
        """0 on one side of a line through the frame, 1 on the other; it is that far from its middle or more."""
        angle = self.uniform(0, 2 * np.pi)
        away = self.uniform(nearest, SHEET.farthest_edge)
        across, down = _X - _MIDDLE, _Y - _MIDDLE
        distance = np.float32(np.cos(angle)) * across + np.float32(np.sin(angle)) * down - np.float32(away)
        return clipped(distance / np.float32(softness) + np.float32(0.5))

    def rules(self) -> np.ndarray:
        """Coverage by the lines, squares or dots of a page."""
        spacing, width = self.log_uniform(*SHEET.rule_spacing), self.uniform(*SHEET.rule_width)
        angle = self.generator.normal(0, SHEET.rule_turn) + (np.pi / 2 if self.chance(SHEET.rules_upright) else 0)
        across = np.float32(np.cos(angle)) * _Y - np.float32(np.sin(angle)) * _X
        lines = _periodic(across + np.float32(self.uniform(0, spacing)), spacing, width)
        kind = self.generator.random()
        if kind < SHEET.lines:
            return lines
        along = np.float32(np.sin(angle)) * _Y + np.float32(np.cos(angle)) * _X
        others = _periodic(along + np.float32(self.uniform(0, spacing)), spacing, width)
        return np.maximum(lines, others) if kind < SHEET.lines + SHEET.squares else lines * others

    def box(self) -> np.ndarray:
        """The frame of a form or the lines of a table's cell, near the edges of the picture."""
        width = self.uniform(*SHEET.box_width)
        ink = np.zeros((SIZE, SIZE), np.float32)
        for side in range(4):
            if self.chance(SHEET.box_side):
                at = self.uniform(*SHEET.box_inset) + width / 2
                slope = self.generator.normal(0, SHEET.box_slope)
                across, along = (_X, _Y) if side % 2 else (_Y, _X)
                place = SIZE - 1 - across if side > 1 else across
                distance = np.abs(place - np.float32(slope) * (along - _MIDDLE) - np.float32(at))
                ink = np.maximum(ink, np.clip(np.float32(width / 2 + 0.5) - distance, 0, min(1, width)))
        return ink

    def things(self) -> np.ndarray:
        """A picture without paper."""
        return self.shapes() if self.chance(THINGS.shapes) else self.photograph()

    def photograph(self) -> np.ndarray:
        """A part of a photograph, in any of four orientations."""
        import cv2

        generator = self.generator
        picture = self._photographs[generator.integers(len(self._photographs))]
        height, width = picture.shape
        side = int(self.log_uniform(THINGS.part, min(height, width)))
        top, left = generator.integers(height - side + 1), generator.integers(width - side + 1)
        part = picture[top : top + side, left : left + side]
        part = cv2.resize(part, (SIZE, SIZE), interpolation=cv2.INTER_AREA if side > SIZE else cv2.INTER_LINEAR)
        part = np.rot90(part, int(generator.integers(4)))
        grey, contrast = self.uniform(*THINGS.part_grey), self.uniform(*THINGS.part_contrast)
        return np.float32(grey) + np.float32(contrast) * (part.astype(np.float32) - np.float32(part.mean()))

    def shapes(self) -> np.ndarray:
        """Things without texture: filled ellipses and polygons over each other, too broad for ink."""
        image = self.page(clean=False, plain=True)
        for _ in range(self.count(*THINGS.shapes_number)):
            cover = self.shape()
            image += cover * np.float32(1 / 255) * (self.page(clean=False, plain=True) - image)
        return image

    def shape(self) -> np.ndarray:
        """How much of each pixel a filled ellipse or polygon covers, uint8 (SIZE, SIZE)."""
        import cv2

        generator = self.generator
        cover = np.zeros((SIZE, SIZE), np.uint8)
        middle = generator.uniform(-THINGS.shape_margin, SIZE + THINGS.shape_margin, 2)
        radii, turn = generator.uniform(*THINGS.shape_radius, 2), self.uniform(0, 360)
        if self.chance(THINGS.ellipses):
            cv2.ellipse(cover, (middle.tolist(), (2 * radii).tolist(), turn), 255, cv2.FILLED, cv2.LINE_AA)
        else:
            corners = self.count(*THINGS.corners)
            turns = (np.arange(corners) + generator.uniform(*THINGS.corner_shift, corners)) / corners
            angles = np.deg2rad(turn) + 2 * np.pi * turns
            outline = middle + THINGS.polygon_radius * radii * np.stack([np.cos(angles), np.sin(angles)], axis=1)
            cv2.fillPoly(cover, [np.rint(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        return cover


def photographs() -> list[np.ndarray]:
    """Those that ship inside the packages that kit needs anyway, grey, uint8, of any size.

    They were looked at one by one: they show no digit. scikit-image has others, which it would download.

    Raises:
        KitError: A package or one of its pictures is missing.
    """
    from PIL import Image

    try:
        from skimage import data
        from sklearn.datasets import load_sample_image

        found = [
            data.astronaut(), data.brick(), data.camera(), data.chelsea(), data.coffee(), data.coins(), data.grass(),
            data.gravel(), data.immunohistochemistry(), data.microaneurysms(), data.moon(),
            data.stereo_motorcycle()[0], data.page(), data.retina(), data.rocket(),
            load_sample_image("china.jpg"), load_sample_image("flower.jpg"),
            np.asarray(Image.open(plots.sample_picture("grace_hopper.jpg"))),
        ]  # fmt: skip
    except (ImportError, OSError, AttributeError) as error:  # the last is scikit-learn's word for a missing picture
        reason = str(error).split("\n")[0]
        raise KitError(
            f"a photograph for scenes is missing ({reason}): install the pinned scikit-image and scikit-learn again",
            exit_code=1,
        ) from error
    return [np.asarray(Image.fromarray(picture).convert("L")) for picture in found]


def clipped(values: np.ndarray) -> np.ndarray:
    """The values cut to 0 to 1, in place; a third of the time that np.clip takes."""
    np.maximum(values, 0, out=values)
    return np.minimum(values, 1, out=values)


def _periodic(across: np.ndarray, spacing: float, width: float) -> np.ndarray:
    """Coverage by parallel lines: `across` in pixels, a line of that width every `spacing`."""
    lines = across * np.float32(1 / spacing)
    distance = np.abs(lines - np.floor(lines) - np.float32(0.5)) * np.float32(spacing)
    return np.clip(np.float32(width / 2 + 0.5) - distance, 0, min(1, width))
