"""Coverage by lines and dots against their areas."""

import numpy as np
import pytest

from kit.scenes.raster import FRAME, nearest, raster


@pytest.mark.parametrize("size", [64, 96, 128])
def test_parallel_lines_cover_what_their_width_and_spacing_say(size: int) -> None:
    pixels = raster(size)
    for spacing, width in ((8, 1.5), (16, 1.0), (32, 0.5)):
        assert pixels.lines(pixels.y, spacing, width).mean() == pytest.approx(width / spacing, rel=0.01)


@pytest.mark.parametrize("size", [64, 96])
def test_dots_cover_what_their_radius_and_spacing_say(size: int) -> None:
    pixels = raster(size)
    for spacing, radius in ((8, 1.0), (16, 3.0), (32, 6.0)):
        expected = np.pi * radius**2 / spacing**2
        assert pixels.dots(pixels.x, pixels.y, spacing, radius).mean() == pytest.approx(expected, rel=0.15)


def test_the_pixels_of_any_size_fill_the_same_frame() -> None:
    for size in (32, 64, 96):
        pixels = raster(size)
        middles = pixels.x[0] + 0.5
        assert middles[0] == pytest.approx(pixels.pixel / 2) and middles[-1] == pytest.approx(FRAME - pixels.pixel / 2)
        assert (pixels.x == pixels.y.T).all() and pixels.x.shape == (size, size)
    assert (raster(64).x[0] == np.arange(64)).all()


def test_the_nearest_line_is_never_farther_than_half_the_spacing() -> None:
    across = np.linspace(-50, 50, 1001).astype(np.float32)
    distance = nearest(across, 7)
    assert distance.min() < 0.06 and distance.max() <= 3.5
    assert distance[np.argmin(np.abs(across - 3.5))] < 0.06  # one lies half the spacing from 0
