"""Options that several commands share, and those that are made of a dataclass' fields."""

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, get_args

import typer

from kit.options import about

DataPath = Annotated[
    Path | None,
    typer.Option("--data", metavar="PATH", help="Folder, .csv, .csv.gz or Kaggle's .zip.  [default: data]"),
]
RunData = Annotated[
    Path | None, typer.Option("--data", metavar="PATH", help="Where train.csv is.  [default: where it was]")
]
RunsFolder = Annotated[Path, typer.Option("--runs", metavar="FOLDER", help="Where the runs are.")]
Views = Annotated[
    int, typer.Option("--views", metavar="N", help="Average over a picture as it is and moved: 1, 5 or 9 views.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
OpenPage = Annotated[bool, typer.Option("--open", help="Show the page in the browser.")]


def options_of(
    arguments: Any, *, overrides: Any = None, first: Sequence[str] = ()
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command the fields of a dataclass as options, before those of its own.

    Args:
        arguments: The dataclass.
        overrides: A dataclass that it extends, whose fields have no default of their own here.
        first: The names of the fields that come first in the help.
    """
    from_elsewhere = {field.name for field in dataclasses.fields(overrides)} if overrides else set()
    fields = [field for field in dataclasses.fields(arguments) if about(field).help]
    fields.sort(key=lambda field: first.index(field.name) if field.name in first else len(first))

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        parameters = inspect.signature(command).parameters.values()
        own = [one.replace(kind=one.KEYWORD_ONLY) for one in parameters if one.kind is not one.VAR_KEYWORD]
        made = [_parameter(field, field.name in from_elsewhere) for field in fields]
        command.__signature__ = inspect.Signature([*made, *own])  # type: ignore[attr-defined]
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in [*made, *own]}
        return command

    return decorate


def _parameter(field: "dataclasses.Field[Any]", from_elsewhere: bool) -> inspect.Parameter:
    described, kind = about(field), _kind(field.type)
    default = None if from_elsewhere else field.default
    flag = described.flag or f"--{field.name.replace('_', '-')}"
    if described.argument:
        option = typer.Argument(metavar=described.metavar, help=described.help)
    else:
        shown = "/" not in flag  # a switch that is left out is neither on nor off
        option = typer.Option(flag, metavar=described.metavar, help=described.help, show_default=shown)
    annotation: Any = Annotated[kind if default is not None else kind | None, option]
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _kind(annotation: Any) -> Any:
    """What a command makes of a value's text; of what only the library has a type for, the text."""
    if isinstance(annotation, str):
        return str
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType] or [annotation]
    return Path if Path in kinds else kinds[0]
