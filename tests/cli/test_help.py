"""What --help prints: every option once, under a heading where there are many, within 80 columns."""

import re
from typing import Any

import pytest
from test_commands import commands
from typer.main import get_command
from typer.testing import CliRunner

from kit.cli.main import app


def help_of(words: list[str]) -> str:
    finished = CliRunner().invoke(app, [*words, "--help"], prog_name="kit", env={"COLUMNS": "80"})
    assert finished.exit_code == 0
    return finished.stdout


def headings(text: str) -> list[str]:
    return re.findall(r"^(\w.*):$", text, re.MULTILINE)


@pytest.mark.parametrize("words", [[], ["data"], *commands()], ids=" ".join)
def test_help_is_plain_and_fits_80_columns(words: list[str]) -> None:
    text = help_of(words)
    assert max(map(len, text.splitlines())) <= 80
    assert "<" not in text and "..." not in text.split("\n", 1)[1]  # no types of Python's, no sentence cut short


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_option_stands_in_the_help_once(words: list[str]) -> None:
    command: Any = get_command(app)
    for word in words:
        command = command.commands[word]
    names = [name for one in command.params for name in (*one.opts, *one.secondary_opts) if name.startswith("-")]
    shown = [line.strip().split("  ")[0] for line in help_of(words).splitlines() if line.startswith("  -")]
    assert sorted(re.findall(r"--?[a-z][\w-]*", " ".join(shown))) == sorted([*names, "--help"])


def test_trainings_options_are_grouped() -> None:
    text = help_of(["train"])
    assert headings(text) == ["What is trained", "How", "From what", "Where it goes", "Options"]
    where = {name: text.index(f"\n  {name} ") for name in ("--arch", "--epochs", "--data", "--runs", "--help")}
    assert list(where) == sorted(where, key=lambda name: where[name])


def test_a_column_begins_at_the_same_place_under_every_heading() -> None:
    lines = [
        line for line in help_of(["export"]).splitlines() if line.startswith("  -") and re.search(r"\S  +\S", line)
    ]
    assert len({re.search(r"(?<=\S)  +(?=\S)", line[2:]).end() for line in lines}) == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("words", [["runs"], ["predict"], ["verify"], ["data", "fetch"]], ids=" ".join)
def test_few_options_need_no_headings(words: list[str]) -> None:
    assert headings(help_of(words)) in (["Options"], ["Arguments", "Options"])


def test_arguments_are_written_as_they_are_given() -> None:
    first = {" ".join(words): help_of(words).splitlines()[0] for words in commands()}
    assert first["import"] == "Usage: kit import [OPTIONS] MODEL"
    assert first["analyze"] == "Usage: kit analyze [OPTIONS] [RUN]..."
    assert first["open"] == "Usage: kit open [OPTIONS] [RUN] [WHAT]"
    assert first["data fetch"] == "Usage: kit data fetch [OPTIONS] [sample|mnist|kaggle]"
