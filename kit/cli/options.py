"""Options that several commands share, and those that are made of a dataclass' fields."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, get_args

import typer

from kit.cli import completion
from kit.cli.help import HOW, SOURCE, TARGET
from kit.options import about, default_of

DataPath = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="PATH",
        help="Folder, .csv, .csv.gz or Kaggle's .zip.  [default: data]",
        rich_help_panel=SOURCE,
    ),
]
RunData = Annotated[
    Path | None,
    typer.Option("--data", metavar="PATH", help="Where train.csv is.  [default: where it was]", rich_help_panel=SOURCE),
]
RunsFolder = Annotated[
    Path, typer.Option("--runs", metavar="FOLDER", help="Where the runs are.", rich_help_panel=SOURCE)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.", rich_help_panel=TARGET)]
OpenPage = Annotated[bool, typer.Option("--open", help="Show the page in the browser.", rich_help_panel=TARGET)]

_METAVARS = {int: "N", float: "X", str: "NAME"}  # of options that say no other
_COMPLETERS: dict[str, completion.Completer] = {"RUN": completion.runs, "NETWORK": completion.networks}  # by metavar


def views_option(meaning: str) -> Any:
    """`--views N`, with what they are for as its help."""
    numbers = completion.one_of((1, 5, 9))
    return typer.Option("--views", metavar="N", help=meaning, rich_help_panel=HOW, autocompletion=numbers)


def options_of(
    arguments: Any,
    *,
    overrides: Any = None,
    groups: Mapping[str, Sequence[str]],
    complete: Mapping[str, completion.Completer] | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command the fields of a dataclass as options, before those of its own.

    Args:
        arguments: The dataclass.
        overrides: A dataclass that it extends, whose fields have no default of their own here.
        groups: The names of the fields under each heading of the help; under one without names all others.
        complete: What completes a field's value, where neither its choices nor its metavar says so.
    """
    from_elsewhere = {field.name for field in dataclasses.fields(overrides)} if overrides else set()
    fields = {field.name: field for field in dataclasses.fields(arguments) if about(field).help}
    completers = {name: _completer(field) for name, field in fields.items()} | dict(complete or {})

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        parameters = inspect.signature(command).parameters.values()
        own = [one.replace(kind=one.KEYWORD_ONLY) for one in parameters if one.kind is not one.VAR_KEYWORD]
        made = [
            _parameter(fields[name], name in from_elsewhere, heading, completers[name])
            for name, heading in _arranged(fields, groups)
        ]
        command.__signature__ = inspect.Signature([*made, *own])  # type: ignore[attr-defined]
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in [*made, *own]}
        return command

    return decorate


def _arranged(
    fields: "Mapping[str, dataclasses.Field[Any]]", groups: Mapping[str, Sequence[str]]
) -> list[tuple[str, str | None]]:
    """The fields as the help lists them, each with its heading; arguments first, which have none."""
    arguments = [name for name, field in fields.items() if about(field).argument]
    named = {name for names in groups.values() for name in names} | set(arguments)
    others = [name for name in fields if name not in named]
    options = [(name, heading) for heading, names in groups.items() for name in names or others]
    return [*((name, None) for name in arguments), *options]


def _parameter(
    field: "dataclasses.Field[Any]", from_elsewhere: bool, heading: str | None, completer: completion.Completer | None
) -> inspect.Parameter:
    described, kind = about(field), _kind(field.type)
    default = None if from_elsewhere else default_of(field)
    flag = described.flag or f"--{field.name.replace('_', '-')}"
    metavar = described.metavar or _METAVARS.get(kind)
    if described.argument:
        option = typer.Argument(metavar=metavar, help=described.help, autocompletion=completer)
    else:
        option = typer.Option(
            flag,
            metavar=metavar,
            help=described.help,
            show_default="/" not in flag,  # a switch that is left out is neither on nor off
            rich_help_panel=heading,
            autocompletion=completer,
        )
    annotation: Any = Annotated[kind | None if default is None else kind, option]
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _completer(field: "dataclasses.Field[Any]") -> completion.Completer | None:
    described = about(field)
    if described.choices:
        return completion.one_of(described.choices)
    return _COMPLETERS.get(described.metavar or "")


def _kind(annotation: Any) -> Any:
    """What a command makes of a value's text; of what only the library has a type for, the text."""
    if isinstance(annotation, str):
        return str
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType] or [annotation]
    return Path if Path in kinds else kinds[0]
