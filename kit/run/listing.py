"""Runs in a table, as `kit runs` prints them and a notebook shows them."""

from collections.abc import Callable
from typing import Any

from kit import KitError, html
from kit.run.folder import Run

HEADINGS = ["run", "network", "val_accuracy", "val_loss", "accuracy", "epochs", "seconds", "parameters"]
SEEN = "* may have been trained on the rows that judge it"


class Runs(list[Run]):
    """A list of runs that a notebook shows as a table."""

    def listed(self, notify: Callable[[str], None] = lambda line: None) -> list[dict[str, Any]]:
        """Name and metrics of each, and the network of one that has none yet; what `kit runs --json` prints.

        `notify` gets a line about each run whose files are damaged, and that is left out.
        """
        found = []
        for run in self:
            try:
                metrics = run.metrics if run.judged else {}
                found.append({"run": run.name, "arch": metrics.get("arch") or run.settings.arch, **metrics})
            except KitError as error:
                notify(str(error))
        return found

    def _repr_html_(self) -> str:
        """What a notebook shows: the table, and what is damaged."""
        damaged: list[str] = []
        found = self.listed(damaged.append)
        if not self:
            return html.line("no runs yet")
        below = [SEEN] * any(each.get("seen") for each in found) + damaged
        return html.table(HEADINGS, map(row, found)) + "".join(map(html.line, below))


def row(listed: dict[str, Any]) -> list[str]:
    """A line of the table, under `HEADINGS`."""

    def shown(key: str, form: str) -> str:
        return format(listed[key], form) if key in listed else "–"

    epochs = f"{listed.get('epochs_done', 0)}/{listed.get('epochs', '?')}"
    if listed.get("imported"):
        epochs = "imported"
    elif not listed.get("finished"):
        epochs = f"unfinished {epochs}"
    elif listed.get("stopped") == "diverged":
        epochs = f"diverged {epochs}"
    network = listed["arch"] + (f", {listed['folds']} folds" if "folds" in listed else "")
    seen = "*" if listed.get("seen") else ""
    accuracies = [shown("val_accuracy", ".2%") + seen, shown("val_loss", ".4f"), shown("accuracy", ".2%")]
    return [listed["run"], network, *accuracies, epochs, shown("seconds", ".0f"), shown("parameters", ",")]
