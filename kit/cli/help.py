"""What --help prints: options under headings, in plain text that fits 80 columns."""

from typing import Any

from typer.core import TyperCommand, TyperGroup

HOW, SOURCE, TARGET = "How", "From what", "Where it goes"  # headings of more than one command
_REST = "Options"
_FEW = 7  # options that need no headings
_LONGEST_NAME = 30  # columns; the help of what is longer begins on the next line
_WHOLE = 1000  # columns: a command's first sentence is not cut

Sections = dict[str, list[tuple[str, str]]]


class Command(TyperCommand):
    """A command whose options stand under the headings that they name as their panel."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return usage(self).split(" ")

    def format_options(self, ctx: Any, formatter: Any) -> None:
        found = sections(self, ctx)
        names = [len(name) for rows in found.values() for name, _ in rows]
        width = max(length for length in names if length <= _LONGEST_NAME)
        for heading, rows in found.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), words) for name, words in rows])


class Group(TyperGroup):
    """A group that says what its commands are for in whole sentences."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary(self.commands[name])) for name in self.list_commands(ctx)])


def usage(command: Any) -> str:
    """What is written behind a command's name: RUN where it must be there, [RUN] where it may, [RUN]... several."""
    pieces = [command.options_metavar]
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            name = parameter.metavar if parameter.required else f"[{parameter.metavar}]"
            pieces.append(name + "..." * (parameter.nargs != 1))
    return " ".join(pieces)


def summary(command: Any) -> str:
    """The first sentence of a command's help."""
    return str(command.get_short_help_str(_WHOLE))


def sections(command: Any, ctx: Any) -> Sections:
    """A command's arguments and options, each as it is written and what it means, by heading."""
    arguments = [one for one in command.get_params(ctx) if one.param_type_name == "argument"]
    options = [one for one in command.get_params(ctx) if one.param_type_name == "option"]
    found: Sections = {"Arguments": [(one.metavar, one.get_help_record(ctx)[1]) for one in arguments]}
    for option in options:
        heading = (len(options) > _FEW and getattr(option, "rich_help_panel", None)) or _REST
        found.setdefault(heading, []).append(option.get_help_record(ctx))
    rest = found.pop(_REST)  # --help at least, the last
    return {heading: rows for heading, rows in [*found.items(), (_REST, rest)] if rows}
