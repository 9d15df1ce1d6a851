"""The arguments of a function as the fields of a frozen dataclass: each named, described and checked in one place.

A field is at once a keyword of the library's function, an option of the command of the same name, and a value that is
checked when the dataclass is made.
"""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, dataclass_transform, get_args

from kit import KitError
from kit.text import command_line

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
REQUIRED: Any = dataclasses.MISSING
"""The default of a field that has none, though a function that has it as a parameter may do without."""


@dataclass(frozen=True)
class About:
    """What a field says of itself beside its name, type and default.

    Attributes:
        help: One line for people; "" where the command has no such option.
        flag: How the command writes it; a switch that can be turned off as well has both ways.
        metavar: What stands for its value in the command's help.
        check: Whether a value is allowed; None always is.
        remedy: What to give instead of one that is not.
        choices: All that it may be, where that can be listed.
        later: Whether what the first version of kit wrote lacks it.
        argument: Whether the command takes it without a flag.
    """

    help: str
    flag: str
    metavar: str | None
    check: Callable[[Any], bool]
    remedy: str
    choices: tuple[str, ...]
    later: bool
    argument: bool


def option(
    help: str = "",  # noqa: A002
    *,
    default: Any = dataclasses.MISSING,
    flag: str = "",
    metavar: str | None = None,
    check: Callable[[Any], bool] = lambda value: True,
    remedy: str = "",
    choices: Collection[str] = (),
    later: bool = False,
    argument: bool = False,
    kw_only: bool = True,
) -> Any:
    """A dataclass' field with an `About`; `choices` are a check and its remedy."""
    if choices:
        check, remedy = (lambda value: value in choices), f"choose from {', '.join(choices)}"
    about = About(help, flag, metavar, check, remedy, tuple(choices), later, argument)
    return dataclasses.field(default=default, kw_only=kw_only, metadata={About: about})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(option,))
def declared(cls: type[T]) -> type[T]:
    """Makes a frozen dataclass of a class whose fields are all an `option`."""
    return dataclass(frozen=True, kw_only=True)(cls)


def default_of(field: "dataclasses.Field[Any]") -> Any:
    """A field's default as `inspect` has it for a parameter."""
    return inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default


def about(field: "dataclasses.Field[Any]") -> About:
    """What a field says of itself."""
    found: About = field.metadata[About]
    return found


def flag(field: "dataclasses.Field[Any]") -> str:
    """What people call a field: its option, or its name where the command has none."""
    described = about(field)
    return described.flag.partition("/")[0] or (described.help and "--") + field.name.replace("_", "-")


def command(name: str, options: Any, given: Mapping[str, Any]) -> str:
    """The command line of `kit NAME`, whose options are this dataclass' fields, with these arguments."""
    fields = {field.name: field for field in dataclasses.fields(options)}
    words = ["kit", name]
    for argument, value in given.items():
        _, _, off = about(fields[argument]).flag.partition("/")
        if isinstance(value, bool):
            words += [flag(fields[argument]) if value else off] * bool(value or off)
        else:
            words += [flag(fields[argument]), str(value)]
    return command_line(words)


def check(options: Any) -> None:
    """KitError, which names the option and the remedy, at the first field that holds what it must not."""
    require(type(options), **vars(options))


def require(options: Any, **values: Any) -> None:
    """The same of some values that are yet to become such a dataclass."""
    for field in dataclasses.fields(options):
        value = values.get(field.name)
        if value is not None and not _passes(about(field).check, value):
            raise KitError(f"{flag(field)} {value}: {about(field).remedy}")


def _passes(check: Callable[[Any], bool], value: Any) -> bool:
    """Whether a value is allowed; one of another type, that the check cannot even look at, is not."""
    try:
        return bool(check(value))
    except (TypeError, ValueError):
        return False


def plain(value: Any, kind: Any) -> Any:
    """A value as JSON has it: NumPy's numbers as Python's, and 10.0 as 10 where the type has whole numbers alone."""
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        value = value.item()
    kinds = {kind, *get_args(kind)}
    whole = int in kinds and float not in kinds and isinstance(value, float) and value.is_integer()
    return int(value) if whole else value


def parameters_of(
    options: Callable[P, Any], overrides: Any = None
) -> Callable[[Callable[[dict[str, Any]], R]], Callable[P, R]]:
    """Gives a function the fields of a dataclass as its parameters.

    The function itself gets a dictionary of what its caller gave, but for None, which stands for left out. Editors,
    mypy and `help` see the fields, with their types and descriptions.

    Args:
        options: The dataclass.
        overrides: A dataclass that it extends, whose fields have no default of their own here: left out, they come from
            elsewhere.
    """
    fields: Any = dataclasses.fields(options)  # type: ignore[arg-type]
    from_elsewhere = {field.name for field in dataclasses.fields(overrides)} if overrides else set()
    parameters = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY if field.kw_only else inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=None if field.name in from_elsewhere else default_of(field),
            annotation=field.type | None if field.name in from_elsewhere else field.type,
        )
        for field in fields
    ]
    signature = inspect.Signature(sorted(parameters, key=lambda parameter: parameter.kind))
    kinds = {field.name: field.type for field in fields}
    listed = "\n".join(f"    {field.name}: {about(field).help}" for field in fields if about(field).help)

    def decorate(function: Callable[[dict[str, Any]], R]) -> Callable[P, R]:
        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs).arguments
            given = {name: plain(value, kinds[name]) for name, value in bound.items()}
            return function({name: value for name, value in given.items() if value is not None})

        called.__signature__ = signature  # type: ignore[attr-defined]
        words = inspect.cleandoc(function.__doc__ or "").replace("\nRaises:", f"\nArgs:\n{listed}\n\nRaises:", 1)
        called.__doc__ = words
        return called

    return decorate
