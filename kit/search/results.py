"""What a sweep came to: its trials, how much of their differences is noise, and the best of them."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit import html
from kit.cells import harmless
from kit.search.judgement import best_of, equals_of, noise_of
from kit.search.space import Space, Value, shown

if TYPE_CHECKING:
    from kit.run.folder import Run

FINISHED, STOPPED, DIVERGED, FAILED, RUNNING = "finished", "stopped early", "diverged", "failed", "running"
PAGE, TABLE = "report.html", "trials.csv"


@dataclass(frozen=True)
class Trial:
    """One point of the space, trained in folds.

    Attributes:
        number: From 1; the first is the network's own recipe.
        state: "finished", "stopped early" where it was hopeless, "diverged", "failed" for want of memory or by an error
            of the network's own code, or "running".
        values: Setting → value, as it was trained with.
        given: What `kit train` is given for it beside network, data and folds.
        accuracies: Of the rows that each fold held out; of the folds that are trained.
        reported: Accuracy so far after each epoch of each fold, as far as it came.
        accuracy: Out of fold, where it is finished; else what it had come to, 0 where it had come to nothing.
        seconds, epochs: Of the folds that are trained together.
        parameters: Of the network; 0 where no fold is trained.
    """

    number: int
    state: str
    values: dict[str, Value]
    given: dict[str, Any]
    accuracies: tuple[float, ...]
    reported: tuple[float, ...]
    accuracy: float
    seconds: float
    epochs: int
    parameters: int

    @property
    def finished(self) -> bool:
        return self.state == FINISHED

    def is_end_of(self, given: dict[str, Any]) -> bool:
        """Whether it has ended, and had these settings."""
        return self.state != RUNNING and self.given == given

    def cells(self, settings: Sequence[str]) -> list[str]:
        """As a row of a table, with these of its settings."""
        measured = [f"{self.accuracy:.2%}" if self.finished else "–", f"{self.seconds:.0f}" if self.seconds else "–"]
        values = [shown(self.values[name]) if name in self.values else "–" for name in settings]
        return [str(self.number), self.state, *measured, *values]


@dataclass(frozen=True)
class Sweep:
    """The trials of `kit sweep`, the best first in tables; in a notebook it shows itself.

    Attributes:
        folder: Where it is kept; the same call goes on with it.
        arch: The network.
        folds: Into which the rows were dealt.
        rows: How many rows judge each setting.
        space: What was searched.
        trials: All that have begun, in their order.
        importance: Setting → its share of what the accuracies differ by; empty where there are too few trials.
        commands: Trial's number → the `kit train` command that repeats it.
        page: The HTML page; None where no trial is finished.
        run: The best, trained; None where that was not asked for.
    """

    folder: Path
    arch: str
    folds: int
    rows: int
    space: Space
    trials: list[Trial]
    importance: dict[str, float]
    commands: dict[int, str]
    page: Path | None
    run: "Run | None" = None

    @cached_property
    def finished(self) -> list[Trial]:
        """The trials that were trained in all folds, the most accurate first."""
        return sorted((trial for trial in self.trials if trial.finished), key=lambda trial: -trial.accuracy)

    @cached_property
    def noise(self) -> float | None:
        """The difference below which two settings are called equal; None where no trial is finished."""
        return noise_of(self.finished, self.rows) if self.finished else None

    @cached_property
    def equals(self) -> list[Trial]:
        """The trials that are called equal to the most accurate, itself first."""
        return equals_of(self.finished, self.noise or 0) if self.finished else []

    @cached_property
    def best(self) -> Trial | None:
        """The cheapest of `equals`."""
        return best_of(self.finished, self.noise or 0) if self.finished else None

    @property
    def command(self) -> str | None:
        """The `kit train` command that repeats the best."""
        return self.commands[self.best.number] if self.best else None

    @property
    def recipe(self) -> Trial | None:
        """The trial of the network's own recipe, where it is finished."""
        return next((trial for trial in self.finished if trial.number == 1), None)

    @property
    def first(self) -> str:
        """What the first trial is, in words."""
        return "the point nearest to the recipe" if self.space.outside() else "the recipe"

    def sentences(self) -> list[str]:
        """What came out, for people."""
        best, noise = self.best, self.noise
        if best is None or noise is None:
            return [f"{self._counted()}: none is finished, so there is no best yet."]
        said = [
            f"{self._counted()}.",
            f"Best: trial {best.number}, {best.accuracy:.2%} of {self.rows:,} rows out of fold, in {best.seconds:.0f} "
            f"s.",
            f"Noise: {_points(noise)}; settings closer than that are called equal, and the cheapest is the best.",
        ]
        others = {repr(trial.given): trial for trial in reversed(self.equals) if trial.given != best.given}
        if others:
            said.append(f"Equal to it, within the noise: {_listed([*reversed(others.values())])}.")
        return [*said, *self._beside_the_recipe(best, noise)]

    def _beside_the_recipe(self, best: Trial, noise: float) -> list[str]:
        recipe = self.recipe
        first = self.first if not self.space.outside() else f"the first trial, {self.first}"
        if recipe is None:
            return []
        if recipe is best:
            return [f"That is {first} itself: nothing that was tried is better."]
        gained = best.accuracy - recipe.accuracy
        if abs(gained) <= noise:
            return [f"No better than {first} ({recipe.accuracy:.2%}, {recipe.seconds:.0f} s), within the noise."]
        return [f"{_points(gained)} above {first} ({recipe.accuracy:.2%}, {recipe.seconds:.0f} s)."]

    def _counted(self) -> str:
        states = [trial.state for trial in self.trials]
        parts = [
            f"{states.count(state)} {state}"
            for state in (FINISHED, STOPPED, DIVERGED, FAILED, RUNNING)
            if state in states
        ]
        return f"{len(states)} trial{'s' * (len(states) != 1)}: {', '.join(parts)}" if states else "No trial"

    def table(self) -> list[list[str]]:
        """Headings, then a row a trial: the best first, then by accuracy, then those that were not finished."""
        settings = list(self.space.searched)
        rest = [trial for trial in self.finished if trial is not self.best]
        others = [trial for trial in self.trials if not trial.finished]
        ordered = [*([self.best] if self.best else []), *rest, *others]
        headings = ["trial", "state", "accuracy", "seconds", *(name.replace("_", " ") for name in settings)]
        return [headings, *(trial.cells(settings) for trial in ordered)]

    def csv(self) -> str:
        """All trials in their order, as a table for a spreadsheet or a program; numbers as they are."""
        settings = list(self.space.searched)
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\n")
        folds = [f"fold_{number + 1}" for number in range(self.folds)]
        writer.writerow(["trial", "state", "accuracy", "seconds", "epochs", "parameters", *folds, *settings, "command"])
        for trial in self.trials:
            each = [*trial.accuracies, *[""] * (self.folds - len(trial.accuracies))]
            values = [_cell(trial.values.get(name, "")) for name in settings]
            accuracy = trial.accuracy if trial.finished else ""
            command = harmless(self.commands[trial.number])
            writer.writerow(
                [
                    trial.number, trial.state, accuracy, round(trial.seconds, 3), trial.epochs, trial.parameters,
                    *each, *values, command,
                ]
            )  # fmt: skip
        return written.getvalue()

    def numbers(self) -> dict[str, Any]:
        """Everything for a program: what `kit sweep --json` prints."""
        return {
            "folder": str(self.folder),
            "arch": self.arch,
            "folds": self.folds,
            "rows": self.rows,
            "noise": self.noise,
            "best": self.best.number if self.best else None,
            "equals": [trial.number for trial in self.equals],
            "command": self.command,
            "importance": self.importance,
            "trials": [
                {**vars(trial), "command": self.commands[trial.number]} for trial in self.trials
            ],
            "run": self.run.name if self.run else None,
        }  # fmt: skip

    def _repr_html_(self) -> str:
        """What a notebook shows: what came out, the command that repeats it, the table."""
        headings, *rows = self.table()
        command = [html.line(self.command)] if self.command else []
        pictures = [html.picture(self.folder / "course.png")] if self.page else []
        said = map(html.line, self.sentences())
        return html.facts(str(self.folder), [], *said, *command, html.table(headings, rows), *pictures)


def _cell(value: Value) -> Value:
    return harmless(value) if isinstance(value, str) else value


def _points(share: float) -> str:
    return f"{share * 100:.2f} points"


def _listed(trials: Sequence[Trial]) -> str:
    most = 6
    named = ", ".join(f"trial {trial.number} ({trial.accuracy:.2%}, {trial.seconds:.0f} s)" for trial in trials[:most])
    return named + (f" and {len(trials) - most} more" if len(trials) > most else "")
