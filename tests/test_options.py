"""Fields that are parameters of a function, options of a command and checked values in one."""

import inspect
from pathlib import Path
from typing import Any

import pytest

from kit import KitError, options
from kit.options import REQUIRED, declared, option, parameters_of


@declared
class Base:
    turns: int = option("How often.", default=REQUIRED, check=lambda value: value > 0, remedy="give 1 or more")
    colour: str = option("Which one.", default="red", choices=("red", "green"))
    hidden: float = option(default=0.5)


@declared
class Asked(Base):
    name: str | None = option("What it is called.", default=None, kw_only=False)
    where: Path | str = option("Where it goes.", default=Path("out"), flag="--to")


@parameters_of(Asked, overrides=Base)
def make(given: dict[str, Any]) -> dict[str, Any]:
    """Makes it.

    Raises:
        KitError: Never.
    """
    return given


def test_a_function_gets_what_was_given_and_no_more() -> None:
    assert make() == {} and make("a", turns=3, colour=None) == {"name": "a", "turns": 3}
    with pytest.raises(TypeError, match="turn"):
        make(turn=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="too many positional"):
        make("a", 3)  # type: ignore[call-arg]


def test_a_function_shows_its_parameters_and_what_they_are() -> None:
    parameters = inspect.signature(make).parameters
    assert list(parameters) == ["name", "turns", "colour", "hidden", "where"]
    assert parameters["colour"].default is None and parameters["where"].default == Path("out")
    assert inspect.getdoc(make) == (
        "Makes it.\n\nArgs:\n    turns: How often.\n    colour: Which one.\n    name: What it is called.\n"
        "    where: Where it goes.\n\nRaises:\n    KitError: Never."
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"turns": 0}, "--turns 0: give 1 or more"),
        ({"turns": 1, "colour": "blue"}, "--colour blue: choose from red, green"),
    ],
)
def test_a_value_that_must_not_be_names_its_option_and_the_remedy(values: dict[str, Any], words: str) -> None:
    with pytest.raises(KitError, match=words):
        options.check(Asked(**values))


def test_what_has_no_default_must_be_given() -> None:
    options.check(Asked(turns=1, name=None))
    with pytest.raises(TypeError, match="turns"):
        Asked()
