"""Paper against measurements of its pixels."""

import socket
import sys

import numpy as np
import pytest

from kit import KitError
from kit.scenes import paper
from kit.scenes.paper import Paper


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
