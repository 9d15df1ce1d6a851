"""Writes commands.md, the page of all commands, from what they say of themselves: python docs/commands.py"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from kit.cli.help import sections, summary, usage
from kit.cli.main import app

PAGE = Path(__file__).with_suffix(".md")
INTRODUCTION = """\
# The commands

What `--help` says of each, on one page, which `python docs/commands.py` makes. [README.md](../README.md) has
examples, [terminal.md](terminal.md) completion, tables and colours.
"""


def page() -> str:
    """All commands in the order of `kit --help`, in Markdown."""
    root = get_command(app)
    commands = list(_commands(root, "kit"))
    contents = [f"- [{name}](#{name.replace(' ', '-')}): {summary(command)}" for name, command in commands]
    parts = [INTRODUCTION, "\n".join(contents) + "\n", _options_of_kit(root)]
    return "\n".join([*parts, *(_section(name, command) for name, command in commands)])


def _commands(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    for each, command in ((each, group.commands[each]) for each in group.list_commands(None)):
        if hasattr(command, "commands"):
            yield from _commands(command, f"{name} {each}")
        else:
            yield f"{name} {each}", command


def _options_of_kit(root: Any) -> str:
    return f"## kit\n\n{root.help}\n\n{_lists(root)}"


def _section(name: str, command: Any) -> str:
    called = f"In Python: `kit.{command.callback.__name__}`."
    return f"## {name}\n\n{command.help} {called}\n\n```\n{name} {usage(command)}\n```\n\n{_lists(command)}"


def _lists(command: Any) -> str:
    """A list of arguments or options under each heading, as every system has them."""
    found = sections(command, command.make_context(command.name, [], resilient_parsing=True))
    lists = {
        heading: [
            f"- `{name}`: {' '.join(words.split())}\n".replace("\\", "/") for name, words in rows if name != "--help"
        ]
        for heading, rows in found.items()
    }
    return "\n".join(f"**{heading}**\n\n{''.join(rows)}" for heading, rows in lists.items() if rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
