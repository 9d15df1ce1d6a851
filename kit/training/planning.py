"""`kit train --time-limit`: the best of the recipes that were measured, as much of it as this machine does in time."""

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kit import KitError, backend
from kit.data.loading import LabelledDigits
from kit.options import command, flag
from kit.run.settings import Settings
from kit.training import networks
from kit.training.arguments import Arguments
from kit.training.speed import Speed, measure
from kit.training.split import split_of
from kit.training.time_limit import Clock, in_words

_TARGET = 0.95  # of the limit that a plan fills; what is left is for a machine that is a little slower than measured
_END = 2.0  # seconds that starting Python, the last files and leaving Python take
_END_OF_FOLD = 0.5  # and for each network that is read again and put into the average
_HOPELESS = 2  # times too long by a guess, and a network is not even measured
_ALLOWED = ("seed", "name", "precision")  # with a time limit, beside the data and where the run is to be


@dataclass(frozen=True)
class Rung:
    """A recipe that was measured.

    Attributes:
        arch: The network.
        folds: As --folds has it; None for a training of one network.
        least, most: Epochs, of each fold: fewer are worse than the rung below, more gain nothing.
        cost: Of an epoch on as many rows, as a multiple of the lowest rung's, roughly: tells what to measure.
        options: What else differs from the network's own recipe: fields of `Recipe` that the command has an option for.
    """

    arch: str
    folds: int | None
    least: int
    most: int
    cost: float = 1
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def given(self) -> dict[str, Any]:
        """What `train` is given for it, but for the epochs."""
        folds = {"folds": self.folds} if self.folds else {}
        return {"arch": self.arch, **folds, **self.options}

    @property
    def kind(self) -> tuple[Any, ...]:
        """What its seconds depend on, beside the folds."""
        return self.arch, *sorted(self.options.items())


LADDER = (  # the lowest first: each is better and dearer than the one below it
    Rung("kit", None, least=2, most=22),
    Rung("stack", None, least=7, most=14, cost=3.3),
    Rung("stack", 3, least=7, most=14, cost=3.3),
    Rung("stack", 5, least=9, most=28, cost=3.3),
)


@dataclass(frozen=True)
class Plan:
    """What to train.

    Attributes:
        limit: Seconds.
        rung: The recipe.
        epochs: Of each fold.
        an_epoch: Seconds that one takes.
        seconds: From the start of the command to its end, some.
    """

    limit: float
    rung: Rung
    epochs: int
    an_epoch: float
    seconds: float

    @property
    def given(self) -> dict[str, Any]:
        """What `train` is given for it."""
        return {**self.rung.given, "epochs": self.epochs}

    def lines(self, own: Mapping[str, Any]) -> list[str]:
        """What is said before it begins.

        Args:
            own: What the user gave beside the limit.
        """
        threads, rung = backend.threads(), self.rung
        machine = f"{threads} thread{'s' * (threads != 1)}, {self.an_epoch:.1f} s an epoch"
        epochs = f"{self.epochs} epoch{'s' * (self.epochs != 1)}"
        what = f"{rung.arch} in {rung.folds} folds of {epochs}" if rung.folds else f"{rung.arch}, {epochs}"
        words = f"{in_words(self.limit)} on this machine ({machine}): {what}, some {in_words(self.seconds)}."
        return [f"{words} The same again, without a clock:", command("train", Arguments, {**self.given, **own})]


def check_alone(given: Iterable[str]) -> None:
    """KitError where something is asked for that a time limit decides."""
    for name in given:
        if name not in _ALLOWED:
            asked = next(flag(each) for each in dataclasses.fields(Arguments) if each.name == name)
            raise KitError(
                f"{asked}: --time-limit chooses network, folds, epochs and all else among recipes that were measured "
                "as they are: leave one of the two out"
            )


def choose(
    limit: float, digits: LabelledDigits, settings_of: Callable[[dict[str, Any]], Settings], clock: Clock
) -> Plan:
    """Measures the machine and takes the highest rung whose least epochs end in time, with as many as do.

    Args:
        limit: Seconds.
        digits: The rows to train on.
        settings_of: Makes the settings of a run by what is given for it.
        clock: Has run since the command began.

    Raises:
        KitError: Not even the lowest rung ends in time, or no rung can be trained on these rows.
    """
    costs = _Costs(digits, settings_of)
    ladder = costs.possible()
    costs.measure(ladder[0])
    for rung in reversed(ladder):
        if costs.of(rung, rung.least, known=ladder[0]) > _HOPELESS * (_TARGET * limit - clock.used()):
            continue
        costs.measure(rung)
        begun = clock.used()
        epochs = costs.epochs_in(_TARGET * limit - begun, rung)
        if epochs >= rung.least:
            return Plan(limit, rung, epochs, costs.of_epoch(rung), begun + costs.of(rung, epochs))
    least = (clock.used() + costs.of(ladder[0], ladder[0].least)) / _TARGET
    raise KitError(f"--time-limit {limit:g}s: the least here is about {5 * math.ceil(least / 5)}s")


class _Costs:
    """What rungs cost on this machine and these rows, in seconds; measured as far as was asked for."""

    def __init__(self, digits: LabelledDigits, settings_of: Callable[[dict[str, Any]], Settings]) -> None:
        self._digits, self._settings_of = digits, settings_of
        self._speeds: dict[tuple[Any, ...], Speed] = {}

    def possible(self) -> list[Rung]:
        """The rungs for which there are rows enough; KitError where there is none."""
        found, problems = [], []
        for rung in LADDER:
            try:
                split_of(self._digits.labels, self._settings(rung))
            except KitError as problem:
                problems.append(problem)
            else:
                found.append(rung)
        if not found:
            raise problems[0]
        return found

    def measure(self, rung: Rung) -> None:
        """Times a training of this kind, unless one was."""
        if rung.kind not in self._speeds:
            network = networks.named(rung.arch)
            self._speeds[rung.kind] = measure(self._digits, self._settings(rung), network)

    def of(self, rung: Rung, epochs: int, known: Rung | None = None) -> float:
        """Of what is left of the command; where the rung's kind was not measured, by that of one that was."""
        each = self._speed(rung, known).once + epochs * self.of_epoch(rung, known)
        return _END + (rung.folds * (each + _END_OF_FOLD) if rung.folds else each)

    def of_epoch(self, rung: Rung, known: Rung | None = None) -> float:
        """Of one epoch of one of its trainings."""
        held_out = self._settings(rung).validation_split * len(self._digits)
        return self._speed(rung, known).of_epoch(len(self._digits) - held_out, held_out)

    def epochs_in(self, seconds: float, rung: Rung) -> int:
        """How many it can have in this time, up to its most; below 1 where there is no time for any."""
        fits = (seconds - self.of(rung, 0)) / ((rung.folds or 1) * self.of_epoch(rung))
        return min(rung.most, math.floor(fits))

    def _speed(self, rung: Rung, known: Rung | None) -> Speed:
        if known is None or rung.kind in self._speeds:
            return self._speeds[rung.kind]
        return self._speeds[known.kind].times(rung.cost / known.cost)

    def _settings(self, rung: Rung) -> Settings:
        """Of its training, or of the first of them."""
        settings = self._settings_of({**rung.given, "epochs": rung.least})
        return settings.of_fold(1) if settings.folded else settings
