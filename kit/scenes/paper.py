"""What digits are written on: paper with its light, lines and edges; parts of photographs."""

import numpy as np

from kit import KitError, plots
from kit.scenes.books import Book
from kit.scenes.chance import Chance
from kit.scenes.proportions import BOOKS, LIGHT, SHEET, THINGS, Range
from kit.scenes.raster import FRAME, clipped, raster


class Paper(Chance):
    """Draws what scenes lie on, float32 (size, size), 0 to 255.

    Args:
        generator: What every choice follows from.
        grain: float32 (3, 256, 256), noise of three coarsenesses with variance 1.
        photographs: Grey pictures of any size, uint8.
        size: Pixels of a scene's side.
    """

    def __init__(
        self, generator: np.random.Generator, grain: np.ndarray, photographs: list[np.ndarray], size: int = FRAME
    ) -> None:
        super().__init__(generator)
        self.raster = raster(size)
        self.printed = 0.0  # share of the light that the lines of the last page take, where they take most
        self._grain, self._photographs = grain, photographs

    def page(self, clean: bool, plain: bool, size: float = FRAME / 2, level: Range = LIGHT.level) -> np.ndarray:
        """Paper with its light.

        Args:
            clean: As a scanner has it.
            plain: Without lines and edges.
            size: Of the characters on it, by which the lines of an exercise book are spaced.
            level: How light it is.
        """
        self.printed = 0.0
        if clean:
            return np.full_like(self.raster.x, self.uniform(*SHEET.white))
        grey = self.uniform(*level)
        page = self.unevenly_lit()
        if plain:
            return np.minimum(page * np.float32(grey), 255)
        bound = None
        if self.chance(SHEET.ruled):
            if self.chance(SHEET.book):
                book = Book(self.generator, self.raster, size)
                left = book.printed()
                bound = book.binding() if self.chance(BOOKS.bound) else None
            else:
                left = 1 - np.float32(self.uniform(*SHEET.rule_darkness)) * self.rules()
            self.printed = 1 - float(left.min())
            page *= left
        if self.chance(SHEET.boxed):
            page *= 1 - np.float32(self.uniform(*SHEET.box_darkness)) * self.box()
        page *= grey
        if bound:
            hidden, behind = bound
            page += hidden * (behind - page)
        elif self.chance(SHEET.ending):
            outside = self.half_plane(self.uniform(*SHEET.end_softness), SHEET.end_distance)
            page += outside * (self.beyond() - page)
        return page

    def unevenly_lit(self) -> np.ndarray:
        """White paper's share of the light's level: its slopes, the paper's own grain, a shadow."""
        import cv2

        slopes = self.generator.standard_normal((3, 3), np.float32)
        slopes *= np.float32(abs(self.generator.normal(0, LIGHT.gradient)))
        page = cv2.resize(slopes, self.raster.x.shape, interpolation=cv2.INTER_LINEAR)
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
        size = self.raster.size
        which, top, left = (self.generator.random(3) * (3, 256 - size, 256 - size)).astype(int).tolist()
        return self._grain[which, top : top + size, left : left + size]

    def half_plane(self, softness: float, nearest: float) -> np.ndarray:
        """0 on one side of a line through the frame, 1 on the other; it is that far from its middle or more."""
        angle = self.uniform(0, 2 * np.pi)
        away = self.uniform(nearest, SHEET.farthest_edge)
        across, down = self.raster.x - FRAME / 2, self.raster.y - FRAME / 2
        distance = np.float32(np.cos(angle)) * across + np.float32(np.sin(angle)) * down - np.float32(away)
        return clipped(distance / np.float32(softness) + np.float32(0.5))

    def rules(self) -> np.ndarray:
        """Coverage by lines, squares or dots of any spacing."""
        x, y = self.raster.x, self.raster.y
        spacing, width = self.log_uniform(*SHEET.rule_spacing), self.uniform(*SHEET.rule_width)
        angle = self.generator.normal(0, SHEET.rule_turn) + (np.pi / 2 if self.chance(SHEET.rules_upright) else 0)
        across = np.float32(np.cos(angle)) * y - np.float32(np.sin(angle)) * x
        lines = self.raster.lines(across + np.float32(self.uniform(0, spacing)), spacing, width)
        kind = self.generator.random()
        if kind < SHEET.lines:
            return lines
        along = np.float32(np.sin(angle)) * y + np.float32(np.cos(angle)) * x
        others = self.raster.lines(along + np.float32(self.uniform(0, spacing)), spacing, width)
        return np.maximum(lines, others) if kind < SHEET.lines + SHEET.squares else lines * others

    def box(self) -> np.ndarray:
        """The frame of a form or the lines of a table's cell, near the edges of the picture."""
        width = self.uniform(*SHEET.box_width)
        x, y = self.raster.x, self.raster.y
        ink = np.zeros_like(x)
        for side in range(4):
            if self.chance(SHEET.box_side):
                at = self.uniform(*SHEET.box_inset) + width / 2
                slope = self.generator.normal(0, SHEET.box_slope)
                across, along = (x, y) if side % 2 else (y, x)
                place = FRAME - 1 - across if side > 1 else across
                distance = np.abs(place - np.float32(slope) * (along - FRAME / 2) - np.float32(at))
                ink = np.maximum(ink, self.raster.coverage(distance, width))
        return ink

    def photograph(self) -> np.ndarray:
        """A part of a photograph, in any of four orientations."""
        import cv2

        generator = self.generator
        picture = self._photographs[generator.integers(len(self._photographs))]
        height, width = picture.shape
        side = int(self.log_uniform(THINGS.part, min(height, width)))
        top, left = generator.integers(height - side + 1), generator.integers(width - side + 1)
        part = picture[top : top + side, left : left + side]
        size = self.raster.size
        part = cv2.resize(part, (size, size), interpolation=cv2.INTER_AREA if side > size else cv2.INTER_LINEAR)
        part = np.rot90(part, int(generator.integers(4)))
        grey, contrast = self.uniform(*THINGS.part_grey), self.uniform(*THINGS.part_contrast)
        return np.float32(grey) + np.float32(contrast) * (part.astype(np.float32) - np.float32(part.mean()))


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
