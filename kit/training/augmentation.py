"""Random rotation, zoom, shear and shift of a whole epoch's images at once."""

from dataclasses import astuple, dataclass

import numpy as np

from kit import backend

_CHUNK = 8192  # images warped at a time; bounds the memory


@dataclass(frozen=True)
class Augmentation:
    """How far an image is moved; each amount is drawn uniformly between minus and plus this, anew every epoch."""

    rotation: float = 10.0  # degrees
    zoom: float = 0.1  # share of the size, in width and height independently
    shear: float = 0.1  # tangent of the angle
    shift: float = 2.0  # pixels, in both directions

    def times(self, factor: float) -> "Augmentation":
        """Movements that many times as far."""
        return Augmentation(*(factor * amount for amount in astuple(self)))


def transforms(count: int, size: int, amounts: Augmentation, generator: np.random.Generator) -> np.ndarray:
    """Draws `count` affine maps from output pixels to input pixels, float32 (count, 8), as Keras wants them.

    The first six numbers of a row are a 2 × 3 matrix over (x, y, 1); the maps turn about the middle of a
    size × size image. The last two are the zeros of a map without perspective.
    """
    angle = np.deg2rad(generator.uniform(-amounts.rotation, amounts.rotation, count))
    zoom_x, zoom_y = 1 / (1 + generator.uniform(-amounts.zoom, amounts.zoom, (2, count)))
    shear = generator.uniform(-amounts.shear, amounts.shear, count)
    shift_x, shift_y = generator.uniform(-amounts.shift, amounts.shift, (2, count))
    a, b = zoom_x * np.cos(angle), -zoom_y * (np.sin(angle) - shear * np.cos(angle))
    c, d = zoom_x * np.sin(angle), zoom_y * (np.cos(angle) + shear * np.sin(angle))
    middle = (size - 1) / 2
    x = middle - a * (middle + shift_x) - b * (middle + shift_y)
    y = middle - c * (middle + shift_x) - d * (middle + shift_y)
    zero = np.zeros(count)
    return np.stack([a, b, x, c, d, y, zero, zero], axis=1).astype(np.float32)


def warp(images: np.ndarray, amounts: Augmentation, generator: np.random.Generator) -> np.ndarray:
    """Warps every image by a map of its own, with bilinear interpolation and black outside.

    Args:
        images: uint8 (n, size, size, 1), 0 to 255.
        amounts: The largest movements.
        generator: Where the randomness comes from; the same state gives the same images.

    Returns:
        float32 (n, size, size, 1), 0 to 255. About 1 s for 42,000 images on 2 cores.
    """
    transform = backend.keras().ops.image.affine_transform
    maps = transforms(len(images), images.shape[1], amounts, generator)
    warped = np.empty(images.shape, np.float32)
    for start in range(0, len(images), _CHUNK):
        part = slice(start, start + _CHUNK)
        warped[part] = transform(images[part].astype(np.float32), maps[part], "bilinear", "constant", 0.0)
    return warped
