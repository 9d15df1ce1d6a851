"""Cells that a spreadsheet takes for formulas get an apostrophe, and only they; reading takes it away again."""

import pytest

from kit.cells import harmless, text_of


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-a.csv", "@SUM(A1)", "\t=1", "\r=1", "\nx", " =1+1", "＝1", "'=1", "''@x", "'quoted'", "'"]
)
def test_what_looks_like_a_formula_is_text_afterwards(text: str) -> None:
    assert harmless(text) == f"'{text}" and text_of(harmless(text)) == text


@pytest.mark.parametrize("text", ["", "a", "1=1", "it's", " a", "ü", "a\n=1"])
def test_all_else_stays(text: str) -> None:
    assert harmless(text) == text == text_of(text)
