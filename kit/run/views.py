"""A picture as it is and moved a little: the average answer to all of these is right a little more often."""

from collections.abc import Iterator

import numpy as np

from kit import KitError

_MOVES = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))  # pixels down and to the right
COUNTS = (1, 5, 9)  # of views, so that for each move there is the one that undoes it


def moved(images: np.ndarray, views: int) -> Iterator[np.ndarray]:
    """The images as they are, moved by a pixel in four directions, and in the four between them.

    Args:
        images: (n, height, width, 1), pixels 0 to 255; what comes in at an edge is like the edge.
        views: How many, one of `COUNTS`.

    Raises:
        KitError: There are not so many.
    """
    check_views(views)
    height, width = images.shape[1:3]
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    for down, right in _MOVES[:views]:
        yield framed[:, 1 - down : 1 - down + height, 1 - right : 1 - right + width]


def check_views(views: int) -> None:
    """KitError where there are not so many views."""
    if views not in COUNTS:
        raise KitError(f"--views {views}: choose from {', '.join(map(str, COUNTS))}")
