"""The paper of exercise books against millimetres."""

import dataclasses

import numpy as np
import pytest

from kit.scenes import books
from kit.scenes.books import Book
from kit.scenes.proportions import BOOKS, RULINGS, Ruling
from kit.scenes.raster import raster

SIZE = 256  # pixels, so that lines are easily found


@pytest.fixture
def straight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that lie even and upright, without a margin."""
    for name in ("turn", "converging", "curved", "upright", "margin"):
        monkeypatch.setitem(vars(BOOKS), name, 0.0)


def book(ruling: Ruling, seed: int, monkeypatch: pytest.MonkeyPatch) -> Book:
    """One of that ruling, for characters of 16 64ths."""
    monkeypatch.setattr(books, "RULINGS", (ruling,))
    monkeypatch.setattr(books, "_SHARES", [1.0])
    return Book(np.random.default_rng(seed), raster(SIZE), 16.0)


def spacings(taken: np.ndarray, least: float) -> np.ndarray:
    """Pixels between the middles of the lines that a profile crosses."""
    inside = np.concatenate([[False], taken > least, [False]])
    starts, ends = (np.flatnonzero(np.diff(inside.astype(int)) == step) for step in (1, -1))
    middles = (starts + ends) / 2
    return np.diff(middles[1:-1])  # those at the edges are cut


@pytest.mark.parametrize("ruling", RULINGS, ids=str)
@pytest.mark.usefixtures("straight")
def test_lines_and_dots_are_as_far_apart_as_the_ruling_says(ruling: Ruling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(BOOKS), "writing", (9.99, 10.0))  # 1.6 64ths a millimetre
    monkeypatch.setitem(vars(BOOKS), "line", (0.29, 0.3))
    monkeypatch.setitem(vars(BOOKS), "dot", (0.59, 0.6))
    monkeypatch.setitem(vars(BOOKS), "fine", (0.49, 0.5))
    page = book(ruling, 0, monkeypatch)
    millimetre = page.millimetre * SIZE / 64
    assert millimetre == pytest.approx(6.4, rel=0.01)
    taken = 1 - page.printed()
    for profile, pitch, fine in (
        (taken.max(axis=1) if ruling.dotted else np.median(taken, axis=1), ruling.rows, ruling.fine_rows),
        (taken.max(axis=0) if ruling.dotted else np.median(taken, axis=0), ruling.columns, ruling.fine_columns),
    ):
        if not pitch:
            assert np.ptp(profile) < 1e-4
            continue
        ground = profile.min()
        bold = ground + 0.75 * (profile.max() - ground)
        assert np.abs(spacings(profile, bold) - pitch * millimetre).max() <= 1.5
        if fine:
            every = spacings(profile, ground + 0.25 * (profile.max() - ground))
            assert np.abs(every - pitch * millimetre / (fine + 1)).max() <= 1.5


@pytest.mark.usefixtures("straight")
def test_print_is_pale_to_bold_and_dots_may_be_as_bold_as_a_pen(monkeypatch: pytest.MonkeyPatch) -> None:
    squared, dotted = Ruling(1, 5, 5), Ruling(1, 7, 7, dotted=True)
    monkeypatch.setitem(vars(BOOKS), "writing", (4.9, 5.0))
    darkest = {
        ruling: [float(1 - book(ruling, seed, monkeypatch).printed().min()) for seed in range(60)]
        for ruling in (squared, dotted)
    }
    low, high = BOOKS.darkness
    assert min(darkest[squared]) < 1.6 * low and max(darkest[squared]) > 0.7 * high
    assert max(darkest[squared]) <= high * BOOKS.columns[1] + 1e-6
    assert max(darkest[dotted]) > 0.6


@pytest.mark.usefixtures("straight")
def test_squares_are_no_finer_than_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(50):
        profile = 1 - book(Ruling(1, 4, 4), seed, monkeypatch).printed().mean(axis=1)
        gaps = spacings(profile, (profile.min() + profile.max()) / 2)
        assert gaps.min() >= BOOKS.finest * SIZE / 64 - 1.5


@pytest.mark.usefixtures("straight")
def test_a_binding_is_a_row_of_holes_along_an_edge_and_leaves_the_middle_free() -> None:
    seen = 0
    for seed in range(60):
        page = Book(np.random.default_rng(seed), raster(SIZE), 24.0)
        hidden, behind = page.binding()
        assert hidden.shape == (SIZE, SIZE) and 0 <= hidden.min() <= hidden.max() <= 1 and 0 <= behind <= 255
        inner = hidden[SIZE // 4 + 4 : -SIZE // 4 - 4, SIZE // 4 + 4 : -SIZE // 4 - 4]
        assert inner.max() < 0.01
        rows = [(hidden > 0.5)[edge] for edge in (np.s_[10], np.s_[-11], np.s_[:, 10], np.s_[:, -11])]
        seen += max(np.abs(np.diff(row.astype(int))).sum() for row in rows) >= 4
    assert seen > 12  # the others' holes are beside these lines


def test_rulings_are_of_the_schools_of_the_world() -> None:
    squared = {ruling.rows for ruling in RULINGS if ruling.rows == ruling.columns and not ruling.dotted}
    assert {4, 5, 7} <= squared and {5, 7} <= {ruling.rows for ruling in RULINGS if ruling.dotted}
    assert any(ruling.fine_rows == 3 and ruling.rows == 8 for ruling in RULINGS)  # Seyès
    assert any(not ruling.columns for ruling in RULINGS)
    assert len({dataclasses.astuple(ruling)[1:] for ruling in RULINGS}) == len(RULINGS)
