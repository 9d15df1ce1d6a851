"""What a person sees while a sweep runs: a line a trial, and at a terminal where the running ones stand."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from kit.text import printable

if TYPE_CHECKING:
    import rich.status


class Watch:
    """Writes to standard error; a context manager.

    Args:
        shown: False writes nothing at all.
    """

    def __init__(self, shown: bool = True) -> None:
        self._shown = shown
        self._status: rich.status.Status | None = None
        self._standing = dict[str, str]()  # a running trial → how far it is

    def __enter__(self) -> "Watch":
        if self._shown and sys.stderr is not None and sys.stderr.isatty():
            from rich.console import Console

            self._status = Console(stderr=True, highlight=False).status("")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()

    def say(self, line: str) -> None:
        """A line that stays."""
        line = printable(line)
        if self._status:
            self._status.console.print(line, markup=False, soft_wrap=True)
        elif self._shown:
            print(line, file=sys.stderr, flush=True)

    def stands(self, trial: str, where: str) -> None:
        """How far a running trial is."""
        self._standing[trial] = where
        self._show()

    def ended(self, trial: str) -> None:
        """A trial runs no longer."""
        self._standing.pop(trial, None)
        self._show()

    def _show(self) -> None:
        if self._status:
            from rich.text import Text

            words = (f"{trial}: {where}" for trial, where in self._standing.items())
            self._status.update(Text(printable(";  ".join(words))))
