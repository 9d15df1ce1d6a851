"""Tables: straight columns whatever the letters, no line longer than the terminal, what matters least goes first."""

import unicodedata

import pytest

from kit.cli.table import Table, cut, laid_out, width

RUNS = [
    ["run", "network", "val_accuracy", "seconds"],
    ["01-kit", "kit", "99.54%", "197"],
    ["02-a-long-name-that-somebody-gave", "dense-wide, 5 folds", "95.45%", "1,204"],
]


def columns_of(text: str) -> int:
    """By Unicode's own table, where `width` asks rich's."""
    marks = {"Mn", "Me", "Cf"}
    return sum(
        0 if unicodedata.category(each) in marks else 1 + (unicodedata.east_asian_width(each) in "WF") for each in text
    )


def test_without_a_terminal_all_is_there() -> None:
    assert laid_out(Table(RUNS, right=(2, 3), spare=(3,)), None, "…") == [
        "run                                network              val_accuracy  seconds",
        "01-kit                             kit                        99.54%      197",
        "02-a-long-name-that-somebody-gave  dense-wide, 5 folds        95.45%    1,204",
    ]


def test_first_columns_go_then_names_are_cut() -> None:
    table = Table(RUNS, right=(2, 3), spare=(3, 1))
    wide = laid_out(table, 78, "…")
    assert wide == laid_out(table, None, "…")
    assert laid_out(table, 70, "…") == [
        "run                         network              val_accuracy  seconds",
        "01-kit                      kit                        99.54%      197",
        "02-a-long-name-that-someb…  dense-wide, 5 folds        95.45%    1,204",
    ]
    assert laid_out(table, 66, "…")[2] == "02-a-long-name-that-somebody-g…  dense-wide, 5 folds        95.45%"
    assert laid_out(table, 50, "…")[2] == "02-a-long-name-that-somebody-gave        95.45%"
    assert laid_out(table, 30, "…")[2] == "02-a-long-name-…        95.45%"


WORDS = [
    ["file", "what", "n"],
    ["写真/数字-七.png", "eine Sieben, wie man sie hier schreibt", "1"],
    ["e\u0301te\u0301/한글.png", "nothing", "22,000,000"],
    ["a", "–", "–"],
]


@pytest.mark.parametrize("more", ["…", "..."])
@pytest.mark.parametrize("wraps", [False, True])
@pytest.mark.parametrize("room", range(1, 90))
def test_no_line_is_longer_than_the_terminal(room: int, wraps: bool, more: str) -> None:
    for line in laid_out(Table(WORDS, right=(2,), spare=(1,), paths=(0,), wraps=wraps), room, more):
        assert columns_of(line) <= room


def test_columns_are_straight_under_letters_of_any_width() -> None:
    lines = laid_out(Table(WORDS, right=(2,)), None, "…")
    begins = {columns_of(line[: line.index(cells[1])]) for line, cells in zip(lines, WORDS, strict=True)}
    assert len(begins) == 1 and len({columns_of(line) for line in lines}) == 1


def test_a_path_is_cut_in_front_and_a_text_behind() -> None:
    table = [["photos/2024/summer/IMG_0001.jpg", "the first of the year's photographs"]]
    assert laid_out(Table(table, paths=(0,)), 40, "…") == ["…ummer/IMG_0001.jpg  the first of the y…"]


def test_facts_go_on_in_further_lines_and_nothing_is_lost() -> None:
    facts = [["run", "01-kit"], ["classes", "0 1 2 3 4 5 6 7 8 9 background"]]
    assert laid_out(Table(facts, wraps=True), 24, "…") == [
        "run      01-kit", "classes  0 1 2 3 4 5 6 7", "         8 9 background",
    ]  # fmt: skip


def test_a_cut_leaves_as_much_as_there_is_room_for() -> None:
    assert cut("abcdef", 6, "…") == "abcdef" and cut("abcdef", 5, "…") == "abcd…"
    assert cut("数字数字", 7, "…") == "数字数…" and cut("数字数字", 6, "…") == "数字…"
    assert cut("ab cdef", 4, "…") == "ab…"
    assert [width(cut("abcdef", room, "...")) for room in range(1, 7)] == [1, 2, 3, 4, 5, 6]


def test_an_empty_table_is_no_line() -> None:
    assert laid_out(Table([]), 80, "…") == laid_out(Table([], wraps=True), None, "…") == []
