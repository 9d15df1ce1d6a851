"""Cells that a spreadsheet takes for formulas get an apostrophe, and only they; reading takes it away again."""

import pytest

from kit.text import harmless, without_apostrophe


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-a.csv", "@SUM(A1)", "\t=1", "\r=1", "\nx", " =1+1", "＝1", "'=1", "''@x"]
)
def test_what_looks_like_a_formula_is_text_afterwards(cell: str) -> None:
    assert harmless(cell) == f"'{cell}" and without_apostrophe(harmless(cell)) == cell


@pytest.mark.parametrize("cell", ["", "a", "1=1", "it's", "'quoted'", "'", " a", "ü", "a\n=1"])
def test_all_else_stays(cell: str) -> None:
    assert harmless(cell) == cell == without_apostrophe(cell)
