"""The warps against SciPy's, and what they must leave alone."""

import numpy as np
from scipy import ndimage

from kit.training.augmentation import Augmentation, transforms, warp

STILL = Augmentation(rotation=0, zoom=0, shear=0, shift=0)


def images(count: int) -> np.ndarray:
    noise = np.random.default_rng(0).random((count, 28, 28))
    return (ndimage.gaussian_filter(noise, (0, 2, 2)) * 255).astype(np.uint8)[..., None]


def test_no_movement_changes_nothing() -> None:
    assert (warp(images(5), STILL, np.random.default_rng(0)) == images(5)).all()


def test_the_same_warps_as_scipys() -> None:
    amounts = Augmentation(rotation=25, zoom=0.2, shear=0.2, shift=3)
    warped = warp(images(6), amounts, np.random.default_rng(4))
    maps = transforms(6, 28, amounts, np.random.default_rng(4))
    for image, result, (a, b, x, c, d, y, _, _) in zip(images(6), warped, maps, strict=True):
        # SciPy counts (row, column) where TensorFlow counts (x, y).
        matrix, offset = np.array([[d, c], [b, a]]), np.array([y, x])
        expected = ndimage.affine_transform(
            image[..., 0].astype(np.float64), matrix, offset, order=1, mode="grid-constant"
        )
        assert np.abs(result[..., 0] - expected).max() < 0.1


def test_a_shift_moves_by_so_many_pixels_and_a_rotation_turns_about_the_middle() -> None:
    dot = np.zeros((1, 29, 29, 1), np.uint8)
    dot[0, 14, 14] = 255
    turned = warp(dot, Augmentation(rotation=180, zoom=0, shear=0, shift=0), np.random.default_rng(1))
    assert turned[0, 14, 14, 0] > 250
    many = warp(np.repeat(dot, 500, 0), Augmentation(0, 0, 0, shift=2), np.random.default_rng(1))
    centres = np.array([ndimage.center_of_mass(image[..., 0]) for image in many]) - 14
    assert 1.9 < np.abs(centres).max() <= 2.001 and np.abs(centres.mean(axis=0)).max() < 0.2


def test_every_image_and_every_epoch_moves_differently_and_the_seed_decides() -> None:
    same = np.repeat(images(1), 3, 0)
    first, again, later = (warp(same, Augmentation(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first == again).all() and (first != later).any() and (first[0] != first[1]).any()
    assert first.dtype == np.float32 and first.min() >= 0 and first.max() <= 255
