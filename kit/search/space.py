"""What a sweep searches: settings of a recipe, each with the values that it may have, around the network's own."""

import dataclasses
import difflib
import itertools
import math
import tomllib
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from kit import KitError
from kit.options import about
from kit.run.settings import MOST_MOVED, Recipe, recipe_of
from kit.stored import SMALL, content_of

OWN = "own"  # how a choice writes that a network's own rates stay, which no number stands for
_DIGITS = 3  # that count of a number that was searched: more would be noise, and are no joy to type
_EXAMPLE = "[0, 0.001], { low = 0.0001, high = 0.01 }, or one value to leave it at"
_KEYS = ("low", "high", "log")
_ELSEWHERE = ("validation_split",)  # what the folds decide
_MOST_DROPPED, _LEAST_BATCH = 0.5, 8
_COUNTED = 1000  # points; of more it is not asked which have been tried
_OPTIMIZERS = ("adam", "adamw", "nadam", "rmsprop", "sgd", "muon")
Value = bool | int | float | str


@dataclass(frozen=True)
class Choice:
    """One of several values."""

    values: tuple[Value, ...]

    def nearest(self, value: Value) -> Value:
        """The value itself where it is one of them, else the nearest number or the first."""
        if value in self.values:
            return value
        numbers = [one for one in self.values if not isinstance(one, str | bool)]
        if isinstance(value, str | bool) or not numbers:
            return self.values[0]
        return min(numbers, key=lambda one: abs(one - value))

    def __str__(self) -> str:
        return ", ".join(map(shown, self.values))


@dataclass(frozen=True)
class Range:
    """A number between two, both included."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def nearest(self, value: Value) -> Value:
        """The number itself where it lies between them, else the end that is nearer."""
        if isinstance(value, str):
            return self.low
        return min(max(value, self.low), self.high)

    def rounded(self, value: float) -> float:
        """The number to the digits that count."""
        return self.low if (short := float(f"{value:.{_DIGITS}g}")) < self.low else min(short, self.high)

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}" + ", by its logarithm" * self.log


Dimension = Choice | Range


def shown(value: object) -> str:
    """A value as tables have it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Space:
    """The settings that are searched, and those that stay at one value other than the recipe's.

    Attributes:
        searched: Setting → the values that it may have; two or more.
        fixed: Setting → the value that it stays at.
        recipe: The network's own.
    """

    searched: Mapping[str, Dimension]
    fixed: Mapping[str, Value]
    recipe: Recipe

    def first(self) -> dict[str, Value]:
        """The recipe as a point of the space: where it lies outside, the nearest value."""
        return {name: one.nearest(self._of_recipe(name)) for name, one in self.searched.items()}

    def outside(self) -> list[str]:
        """The settings whose value in the recipe is not one of the space."""
        return [name for name, value in self.first().items() if value != self._of_recipe(name)]

    def given(self, point: Mapping[str, Value]) -> dict[str, Any]:
        """What `train` is given for a point: all that differs from what the network's recipe says."""
        values = {**self.fixed, **{name: self._rounded(name, point[name]) for name in self.searched}}
        if not values.get("augment", self.recipe.augment):
            values.pop("movements", None)  # nothing is moved
        changed = {name: value for name, value in values.items() if value != self._of_recipe(name)}
        if "optimizer" in changed and "learning_rate" in values:  # or it would have the optimizer's default
            changed["learning_rate"] = values["learning_rate"]
        return changed

    def values(self, point: Mapping[str, Value]) -> dict[str, Value]:
        """The settings of a point, as they are trained with; those that say nothing there are left out."""
        augmented = {**self.fixed, **point}.get("augment", self.recipe.augment)
        names = [name for name in self.searched if augmented or name != "movements"]
        return {name: self._rounded(name, point[name]) for name in names}

    def points(self) -> list[dict[str, Value]] | None:
        """All of them, without those that come to the same training; None where they are too many to count."""
        each = [_values_of(one) for one in self.searched.values()]
        if math.prod(map(len, each)) > _COUNTED:
            return None
        found = dict[str, dict[str, Value]]()
        for values in itertools.product(*each):
            point = dict(zip(self.searched, values, strict=True))
            found.setdefault(repr(sorted(self.given(point).items())), point)
        return list(found.values())

    @property
    def most_epochs(self) -> int:
        """Of a training, at most."""
        searched = self.searched.get("epochs")
        if searched is None:
            return int(self.fixed.get("epochs", self.recipe.epochs))
        return int(searched.high if isinstance(searched, Range) else max(map(int, searched.values)))

    def described(self) -> dict[str, str]:
        """Setting → its values in words; for people, and to tell one space from another."""
        words = {name: str(one) for name, one in self.searched.items()}
        return words | {name: f"{shown(value)} (fixed)" for name, value in self.fixed.items()}

    def _of_recipe(self, name: str) -> Value:
        return _written(self.recipe, name)

    def _rounded(self, name: str, value: Value) -> Value:
        one = self.searched[name]
        if isinstance(one, Range) and not one.whole and value != self._of_recipe(name):
            return one.rounded(float(value))
        return value


def _values_of(one: Dimension) -> Sequence[Value]:
    """All values of a setting, or more than are counted where there are others between any two."""
    if isinstance(one, Choice):
        return one.values
    return range(int(one.low), int(one.high) + 1) if one.whole else range(_COUNTED + 1)


def space_of(
    recipe: Recipe,
    *,
    has_dropout: bool,
    declared: Mapping[str, Any] | None = None,
    declared_in: str = "",
    given: Path | str | Mapping[str, Any] | None = None,
) -> Space:
    """What is searched for a network.

    Args:
        recipe: The network's own.
        has_dropout: Whether there is a layer whose rate can be set.
        declared: What the network's own file says in SEARCH.
        declared_in: What that file is called.
        given: A TOML file, or what it would hold; it comes last.

    Raises:
        KitError: A setting is unknown or has a value that it must not have, a range is empty, or nothing is searched.
    """
    where, own = _read(given)
    found = dict(_around(recipe, has_dropout))
    for place, wanted in ((f"{declared_in}: SEARCH", declared or {}), (where, own)):
        found |= {name: _dimension(name, value, recipe, f"{place}: {name}") for name, value in _known(wanted, place)}
        if "dropout" in wanted and not has_dropout:
            raise KitError(f"{place}: dropout: the network has no dropout layer: leave it out")
    searched = {name: one for name, one in found.items() if not _is_one(one)}
    fixed = {name: _only(one) for name, one in found.items() if _is_one(one)}
    if "augment" not in searched and not fixed.get("augment", recipe.augment):
        searched.pop("movements", None)  # nothing is ever moved
        fixed.pop("movements", None)
    if not searched:
        raise KitError(f"{where}: every setting is left at one value, so there is nothing to search: give a range")
    return Space(searched, fixed, recipe)


def _around(recipe: Recipe, has_dropout: bool) -> dict[str, Dimension]:
    """What is searched where nobody says otherwise."""
    rate, batch = recipe.learning_rate, recipe.batch_size
    batches = {max(_LEAST_BATCH, round(batch * factor)) for factor in (0.25, 0.5, 1, 2, 4)}
    rates = [OWN] if recipe.dropout is None else [recipe.dropout]
    found: dict[str, Dimension] = {
        "learning_rate": Range(rate / 10, rate * 10, log=True),
        "batch_size": Choice(tuple(sorted(batches | {batch}))),
        "optimizer": _choice(recipe.optimizer, *_OPTIMIZERS),
        "l2": Choice(tuple(sorted({recipe.l2, 0.0, 1e-6, 1e-5, 1e-4, 1e-3}))),
        "augment": Choice((False, True)),
        "movements": Range(min(0.5, recipe.movements), min(MOST_MOVED, max(2.0, 2 * recipe.movements))),
    }
    if has_dropout:
        found["dropout"] = _choice(*rates, 0.0, 0.1, 0.2, 0.3, 0.4, _MOST_DROPPED)
    return found


def _choice(*values: Value) -> Choice:
    return Choice(tuple(dict.fromkeys(values)))


def _read(given: Path | str | Mapping[str, Any] | None) -> tuple[str, Mapping[str, Any]]:
    """What a space is called in errors, and what it says."""
    if given is None:
        return "--space", {}
    if isinstance(given, Mapping):
        return "space", given
    path = Path(given)
    try:
        return str(path), tomllib.loads(content_of(path, SMALL, "give a TOML file").decode("utf-8-sig"))
    except ValueError as error:  # what is no UTF-8, too
        raise KitError(f"{path}: not TOML: {error}") from error
    except RecursionError as error:
        raise KitError(f"{path}: not TOML: it is nested too deeply") from error


def _known(wanted: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Settings and what is said of them; KitError at one that there is not."""
    if not isinstance(wanted, Mapping):
        raise KitError(f"{place}: no dictionary: give settings and their values, such as dict(l2=[0, 0.001])")
    known = [field.name for field in dataclasses.fields(Recipe) if about(field).help and field.name not in _ELSEWHERE]
    for name, value in wanted.items():
        if name == "validation_split":
            raise KitError(f"{place}: {name}: --folds decides how many rows are held out: leave it out")
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            advice = f"did you mean {near[0]}?" if near else f"choose from {', '.join(known)}"
            raise KitError(f"{place}: {name!r} is no setting that can be searched: {advice}")
        yield name, value


def _dimension(name: str, wanted: Any, recipe: Recipe, where: str) -> Dimension:
    """What a file says of a setting, checked."""
    if isinstance(wanted, Mapping):
        return _range(name, wanted, recipe, where)
    values = wanted if isinstance(wanted, list | tuple) else [wanted]
    if not values:
        raise KitError(f"{where}: an empty list: give {_EXAMPLE}")
    checked = [_checked(name, value, recipe, where) for value in values]
    twice = next((value for value in checked if checked.count(value) > 1), None)
    if twice is not None:
        raise KitError(f"{where}: {shown(twice)} stands there twice")
    return Choice(tuple(checked))


def _range(name: str, wanted: Mapping[str, Any], recipe: Recipe, where: str) -> Range:
    if unknown := next((key for key in wanted if key not in _KEYS), None):
        raise KitError(f"{where}: {unknown!r}: a range has low, high and, if you like, log = true")
    if missing := next((key for key in _KEYS[:2] if key not in wanted), None):
        raise KitError(f"{where}: {missing} is missing: a range has low and high")
    if not {int, float} & _types_of(name):
        raise KitError(f"{where}: has no numbers between which others lie: give a list of values")
    for key in ("low", "high"):
        if isinstance(wanted[key], str):
            raise KitError(f"{where}: {key} is {wanted[key]!r}, which is no number")
    low, high = (_checked(name, wanted[key], recipe, f"{where}: {key}") for key in ("low", "high"))
    log = wanted.get("log", name == "learning_rate")
    if not isinstance(log, bool):
        raise KitError(f"{where}: log is {log!r}: give true or false")
    assert not isinstance(low, str) and not isinstance(high, str)
    if not low < high:
        raise KitError(
            f"{where}: empty: low is {shown(low)} and high {shown(high)}: give a low that is lower than high"
        )
    if log and low <= 0:
        raise KitError(f"{where}: 0 has no logarithm: give a low above 0, or log = false")
    return Range(low, high, log, whole=float not in _types_of(name))


def _checked(name: str, value: Any, recipe: Recipe, where: str) -> Value:
    """A value as the setting has it; KitError where it must not have it."""
    if name == "dropout" and value == OWN and recipe.dropout is None:
        return OWN
    if isinstance(value, float) and not math.isfinite(value):
        raise KitError(f"{where}: {value} is no number that a training can have")
    if value is None:
        raise KitError(f"{where}: nothing: give {_EXAMPLE}")
    found = recipe_of({"epochs": recipe.epochs, "batch_size": recipe.batch_size, name: value}, where)
    kept: Value = getattr(found, name)
    return float(kept) if float in _types_of(name) else kept


def _types_of(name: str) -> set[Any]:
    kind = next(field.type for field in dataclasses.fields(Recipe) if field.name == name)
    return set(get_args(kind)) - {types.NoneType} or {kind}


def _is_one(one: Dimension) -> bool:
    return isinstance(one, Choice) and len(one.values) == 1


def _only(one: Dimension) -> Value:
    assert isinstance(one, Choice)
    return one.values[0]


def _written(recipe: Recipe, name: str) -> Value:
    """A recipe's value as choices have it."""
    value = getattr(recipe, name)
    return OWN if value is None else value
