"""What holds no digit and lies on no paper: things on a table, plain shapes, parts of photographs.

A thing is a silhouette with light on it: its sides are round, it may shine, have a rim, print or buttons, and it throws
a shadow. It is as large as a digit and stands where one might, but somewhere it is thicker than a pen's stroke.
"""

import math

import numpy as np

from kit.scenes.chance import Chance
from kit.scenes.paper import Paper
from kit.scenes.proportions import LIGHT, THINGS
from kit.scenes.raster import FRAME, clipped
from kit.scenes.silhouettes import BOX, INSIDE, POINTS, UNIT

_DEPTH = INSIDE - np.arange(256, dtype=np.float32) / UNIT  # below a silhouette's edge, in points, of what is stored


class Things(Chance):
    """Draws scenes without paper, float32 (size, size), 0 to 255.

    Args:
        generator: What every choice follows from.
        paper: Draws what things lie on.
        silhouettes: As the module of this name makes them.
    """

    def __init__(self, generator: np.random.Generator, paper: Paper, silhouettes: np.ndarray) -> None:
        super().__init__(generator)
        self._paper, self._silhouettes = paper, silhouettes

    def scene(self) -> np.ndarray:
        """A picture without paper."""
        if self.chance(THINGS.objects):
            return self.objects()
        return self.shapes() if self.chance(THINGS.shapes) else self._paper.photograph()

    def objects(self) -> np.ndarray:
        """A thing or a few on a table."""
        level = THINGS.bright if self.chance(THINGS.bright_table) else LIGHT.level
        image = self._paper.page(clean=False, plain=not self.chance(THINGS.ending), level=level)
        for _ in range(self.count(*THINGS.number) if self.chance(THINGS.several) else 1):
            image = self.laid(image, self.pick(self._silhouettes))
        return image

    def laid(self, image: np.ndarray, silhouette: np.ndarray) -> np.ndarray:
        """The picture with a thing of this silhouette on it, and its shadow."""
        import cv2

        size, turn, light = self.log_uniform(*THINGS.size), self.uniform(0, 2 * math.pi), self.uniform(0, 2 * math.pi)
        room = max(0.0, FRAME - size * (1 - 2 * THINGS.overhang))
        x, y = (FRAME / 2 + room * self.uniform(-0.5, 0.5) for _ in range(2))
        depth = _DEPTH * np.float32(size / BOX)  # in 64ths of the frame, of each value that is stored
        shadow, reach = self.uniform(*THINGS.shadow), size * self.uniform(*THINGS.shadow_reach)
        fallen = self._warped(silhouette, size, turn, x - reach * math.cos(light), y - reach * math.sin(light))
        softness = size * self.uniform(*THINGS.shadow_softness)
        image = image * (1 - cv2.LUT(fallen, np.float32(shadow) * clipped(depth / np.float32(softness) + 0.5)))
        stored = self._warped(silhouette, size, turn, x, y)
        cover = cv2.LUT(stored, clipped(depth / np.float32(self._paper.raster.pixel) + 0.5))
        return image + cover * (self._surface(stored, size, turn, light, (x, y), float(image[::8, ::8].mean())) - image)

    def _surface(
        self, stored: np.ndarray, size: float, turn: float, light: float, middle: tuple[float, float], table: float
    ) -> np.ndarray:
        """What a thing looks like that is lit from there, float32 (size, size), wherever it is."""
        import cv2

        raster = self._paper.raster
        base = self.uniform(*(THINGS.dark_grey if self.chance(THINGS.dark) else THINGS.grey))
        if abs(base - table) < THINGS.contrast:
            base = table - THINGS.contrast if base < table or table > 255 - THINGS.contrast else table + THINGS.contrast
        profile = np.full(256, base, np.float32)
        if self.chance(THINGS.rim):
            profile[self.uniform(*THINGS.rim_depth) > _DEPTH] += np.float32(self.uniform(*THINGS.rim_grey))
        grey = cv2.LUT(stored, profile)
        bevel = self.uniform(*THINGS.bevel)
        height = cv2.LUT(stored, 1 - (1 - clipped(_DEPTH / np.float32(bevel))) ** 2)
        steep = np.float32(self.uniform(*THINGS.relief) * max(1.0, bevel * size / BOX / raster.pixel) / 8)
        grey += steep * np.float32(-math.cos(light)) * cv2.Sobel(height, cv2.CV_32F, 1, 0)
        grey += steep * np.float32(-math.sin(light)) * cv2.Sobel(height, cv2.CV_32F, 0, 1)
        slope, angle = self.uniform(*THINGS.slope) / size, self.uniform(0, 2 * math.pi)
        x, y = raster.x - np.float32(middle[0]), raster.y - np.float32(middle[1])
        grey += np.float32(slope * math.cos(angle)) * x + np.float32(slope * math.sin(angle)) * y
        if self.chance(THINGS.handled):
            along = np.float32(math.cos(turn)) * y - np.float32(math.sin(turn)) * x
            end = np.float32(size * self.uniform(*THINGS.handle_end))
            behind = clipped((along - end) / np.float32(raster.pixel) + 0.5)
            grey += np.float32(self.uniform(*THINGS.handle_grey)) * behind
        if self.chance(THINGS.sheen):
            grey += self._sheen(x, y, size)
        if self.chance(THINGS.labelled):
            grey += np.float32(self.uniform(*THINGS.label_grey)) * self._paper.rules()
        np.maximum(grey, 0, out=grey)
        return np.minimum(grey, 255, out=grey)

    def _sheen(self, x: np.ndarray, y: np.ndarray, size: float) -> np.ndarray:
        """A long spot of light near a thing's middle, which x and y are counted from."""
        angle, width = self.uniform(0, math.pi), size * self.uniform(*THINGS.sheen_width)
        cosine, sine = np.float32(math.cos(angle)), np.float32(math.sin(angle))
        across = (cosine * y - sine * x - np.float32(self.uniform(*THINGS.sheen_place) * size)) / np.float32(width)
        along = (cosine * x + sine * y) / np.float32(THINGS.sheen_length * width)
        return np.float32(self.uniform(*THINGS.sheen_grey)) * np.exp(-across * across - along * along)

    def _warped(self, silhouette: np.ndarray, size: float, turn: float, x: float, y: float) -> np.ndarray:
        """What is stored of a silhouette at each pixel, uint8 (size, size), when it is so large and lies there."""
        import cv2

        raster, half = self._paper.raster, (POINTS - 1) / 2
        points = BOX / size
        a, b = points * math.cos(turn), points * math.sin(turn)
        first = float(raster.x[0, 0])
        across, down = first - x, first - y
        a_step, b_step = a * raster.pixel, b * raster.pixel
        matrix = np.array(
            [[a_step, b_step, a * across + b * down + half], [-b_step, a_step, -b * across + a * down + half]]
        )
        return cv2.warpAffine(
            silhouette, matrix, raster.x.shape, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT, borderValue=255,
        )  # fmt: skip

    def shapes(self) -> np.ndarray:
        """Things without texture: filled ellipses and polygons over each other, too broad for ink."""
        image = self._paper.page(clean=False, plain=True)
        for _ in range(self.count(*THINGS.shapes_number)):
            cover = self.shape()
            image += cover * np.float32(1 / 255) * (self._paper.page(clean=False, plain=True) - image)
        return image

    def shape(self) -> np.ndarray:
        """How much of each pixel a filled ellipse or polygon covers, uint8 (size, size)."""
        import cv2

        generator, raster = self.generator, self._paper.raster
        cover = np.zeros((raster.size, raster.size), np.uint8)
        middle = generator.uniform(-THINGS.shape_margin, FRAME + THINGS.shape_margin, 2) / raster.pixel
        radii, turn = generator.uniform(*THINGS.shape_radius, 2) / raster.pixel, self.uniform(0, 360)
        if self.chance(THINGS.ellipses):
            cv2.ellipse(cover, (middle.tolist(), (2 * radii).tolist(), turn), 255, cv2.FILLED, cv2.LINE_AA)
        else:
            corners = self.count(*THINGS.corners)
            turns = (np.arange(corners) + generator.uniform(*THINGS.corner_shift, corners)) / corners
            angles = np.deg2rad(turn) + 2 * np.pi * turns
            outline = middle + THINGS.polygon_radius * radii * np.stack([np.cos(angles), np.sin(angles)], axis=1)
            cv2.fillPoly(cover, [np.rint(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        return cover
