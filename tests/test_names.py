"""A name that is given is one on every system, in one spelling."""

import re
from pathlib import Path

import pytest

from kit import KitError, files, names, system

TWO_CHARACTERS = "re\u0301sume\u0301"  # as a Mac's Finder completes it


def test_names_that_a_system_forbids_are_refused_by_the_option_that_gave_them() -> None:
    assert names.check_name(None, "07-kit+08-vgg") == "07-kit+08-vgg" == names.check_name("07-kit+08-vgg", "other")
    for name in (
        "",
        ".",
        "..",
        ".hidden",
        "a/b",
        "a b",
        "a\n",
        "CON",
        "nul.csv",
        "com1",
        "LPT9.tar.gz",
        "a.",
        "COM¹",
        "a" * 201,
    ):
        with pytest.raises(KitError, match=f"^--name {re.escape(name)}: "):
            names.check_name(name, "other")
    with pytest.raises(KitError, match=r"^my run: in a name use .*; --name gives one$"):
        names.check_name(None, "my run")
    for name in ("console", "com10", "nulls.csv", "ünïcode"):
        assert names.check_name(name, "other") == name


def test_one_spelling_of_a_name_is_kept() -> None:
    assert names.check_name(TWO_CHARACTERS, "other") == names.check_name("résumé", "other") == "résumé"
    assert names.check_name(None, TWO_CHARACTERS) == "résumé"


@pytest.mark.parametrize(
    "name", ["a?b.csv", "a:b.csv", "con.csv", "NUL", "a.csv.", "a.csv ", 'say "a".csv', "a\nb", "lpt1"]
)
def test_what_windows_would_write_elsewhere_is_refused_there_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "WINDOWS", False)
    names.check_path(tmp_path / name)
    monkeypatch.setattr(system, "WINDOWS", True)
    with pytest.raises(KitError, match="Windows allows no such name: give another"):
        files.write_text(tmp_path / name, "new")
    assert list(tmp_path.iterdir()) == []
    for fine in ("a.csv", ".hidden", "console.csv", "com10", "a b.csv", "数.csv", "nul-a"):
        names.check_path(tmp_path / fine)
