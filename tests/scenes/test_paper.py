"""Paper and things against measurements of their pixels."""

import socket
import sys

import numpy as np
import pytest

from kit import KitError
from kit.scenes import paper
from kit.scenes.paper import SIZE, Paper


@pytest.fixture
def drawn() -> Paper:
    grain = np.random.default_rng(1).standard_normal((3, 256, 256), np.float32)
    return Paper(np.random.default_rng(0), grain, paper.photographs())


def test_a_clean_page_is_one_white_and_a_plain_one_has_no_edges(drawn: Paper) -> None:
    for _ in range(50):
        clean = drawn.page(clean=True, plain=False)
        assert np.ptp(clean) == 0 and clean.min() >= 235
    drawn._grain[:] = 0
    steps, edges = (
        [np.abs(np.diff(drawn.page(clean=False, plain=plain))).max() for _ in range(200)] for plain in (True, False)
    )
    assert np.percentile(steps, 75) < 12 < np.percentile(edges, 75)  # grey levels; a shadow's edge is steeper


def test_parallel_lines_cover_what_their_width_and_spacing_say() -> None:
    across = np.arange(SIZE, dtype=np.float32)[:, None] * np.ones((1, SIZE), np.float32)
    for spacing, width in ((8, 1.5), (16, 1.0), (32, 0.5)):
        assert paper._periodic(across, spacing, width).mean() == pytest.approx(width / spacing, rel=0.01)


def test_shapes_are_too_broad_for_ink(drawn: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    """On black paper the white shapes hold a circle, or stand out of the frame: none is a stroke."""
    import cv2

    greys, broadest = [], []
    monkeypatch.setattr(drawn, "page", lambda clean, plain: np.full((SIZE, SIZE), greys.pop(), np.float32))
    for _ in range(100):
        greys[:] = [255.0] * 4 + [0.0]
        white = cv2.copyMakeBorder((drawn.shapes() > 127).astype(np.uint8), 20, 20, 20, 20, cv2.BORDER_REPLICATE)
        if white.any():
            broadest.append(cv2.distanceTransform(white, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).max())
    assert len(broadest) > 90 and min(broadest) > 5


def test_things_are_shapes_and_parts_of_photographs(drawn: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    called = {"shapes": 0, "photograph": 0}
    for name in called:
        monkeypatch.setattr(drawn, name, lambda name=name: called.update({name: called[name] + 1}))
    for _ in range(1000):
        drawn.things()
    assert called["shapes"] == pytest.approx(300, abs=50) and sum(called.values()) == 1000


def test_photographs_are_grey_pictures_of_which_no_two_are_alike() -> None:
    found = paper.photographs()
    assert all(picture.dtype == np.uint8 and picture.ndim == 2 and min(picture.shape) > 64 for picture in found)
    assert len({picture.tobytes() for picture in found}) == len(found) > 15


def test_photographs_need_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert paper.photographs()


def test_a_missing_package_or_picture_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import sklearn.datasets

    def missing(name: str) -> None:
        raise AttributeError(f"Cannot find sample image: {name}")

    monkeypatch.setattr(sklearn.datasets, "load_sample_image", missing)
    with pytest.raises(KitError, match=r"a photograph .* is missing \(Cannot find sample image: china.jpg\): install"):
        paper.photographs()
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(KitError, match=r"a photograph .* is missing .*sklearn.*: install the pinned") as caught:
        paper.photographs()
    assert "\n" not in str(caught.value) and caught.value.exit_code == 1
