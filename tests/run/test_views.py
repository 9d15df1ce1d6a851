"""A picture as it is and moved: by a pixel, each way as often, and averaged."""

import numpy as np
import pytest

from kit import KitError
from kit.run.prediction import viewed
from kit.run.views import COUNTS, moved

IMAGES = np.random.default_rng(5).integers(0, 256, (3, 28, 28, 1)).astype(np.uint8)


@pytest.mark.parametrize("views", COUNTS)
def test_each_view_is_the_picture_moved_by_a_pixel_and_none_comes_twice(views: int) -> None:
    found = list(moved(IMAGES, views))
    assert len(found) == views and (found[0] == IMAGES).all()
    shifts = set()
    for view in found:
        [shift] = [
            (down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)
            if (view[:, 1:-1, 1:-1] == np.roll(IMAGES, (down, right), (1, 2))[:, 1:-1, 1:-1]).all()
        ]  # fmt: skip
        shifts.add(shift)
    assert len(shifts) == views and np.sum([*shifts], axis=0).tolist() == [0, 0]
    assert sum(abs(down) + abs(right) == 1 for down, right in shifts) == min(views - 1, 4)


def test_what_comes_in_is_like_the_edge() -> None:
    white = np.full((1, 28, 28, 1), 255, np.uint8)
    assert all((view == 255).all() for view in moved(white, 9))


def test_answers_are_averaged() -> None:
    def predict(images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), -1)[:, :10] / 255

    expected = np.mean([predict(view) for view in moved(IMAGES, 5)], axis=0)
    assert np.allclose(viewed(predict, IMAGES, 5), expected) and viewed(predict, IMAGES, 5).dtype == np.float32
    assert (viewed(predict, IMAGES, 1) == predict(IMAGES).astype(np.float32)).all()


@pytest.mark.parametrize("views", [0, -1, 2, 4, 25])
def test_other_numbers_of_views_are_refused(views: int) -> None:
    with pytest.raises(KitError, match=rf"--views {views}: choose from 1, 5, 9"):
        list(moved(IMAGES, views))
