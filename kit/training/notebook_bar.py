"""A training's bar in a notebook: one output that is written anew, and empty at the end."""

import math
import time
from html import escape
from typing import Any

from IPython.display import display
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID

_REDRAWN = 0.25  # seconds after which it is drawn again


class NotebookBar(Progress):
    """A notebook's rich.progress.Progress.

    rich's own is a widget there. A saved notebook keeps a line "Output()" of it, which nobody can draw again; a thread
    that draws it wipes what is printed meanwhile; and each line printed above it becomes an output of its own.

    Args:
        columns: What a line of it shows; beside BarColumn those that are text.
    """

    def __init__(self, *columns: ProgressColumn) -> None:
        super().__init__(*columns, auto_refresh=False)
        self._parts = columns

    def start(self) -> None:
        self._output = display({"text/plain": ""}, raw=True, display_id=True)
        self._drawn = -math.inf

    def stop(self) -> None:
        self._output.update({"text/plain": ""}, raw=True)

    def update(self, task_id: TaskID, **changed: Any) -> None:
        super().update(task_id, **changed)
        self.refresh()

    def refresh(self) -> None:
        """Draws it, unless that was just now."""
        if time.monotonic() - self._drawn > _REDRAWN:
            html = "<br>".join(self._html(task) for task in self.tasks)
            html = f'<div style="font-family:monospace;white-space:pre">{html}</div>'
            text = "\n".join(self._text(task) for task in self.tasks)
            self._output.update({"text/html": html, "text/plain": text}, raw=True)
            self._drawn = time.monotonic()

    def _html(self, task: Task) -> str:
        return " ".join(_bar(task) if isinstance(one, BarColumn) else escape(str(one(task))) for one in self._parts)

    def _text(self, task: Task) -> str:
        return " ".join(str(one(task)) for one in self._parts if not isinstance(one, BarColumn))


def _bar(task: Task) -> str:
    """The browser's own, in the colours of its theme; without a value it says that nothing is known yet."""
    known = "" if task.total is None else f' value="{task.completed:.0f}" max="{task.total:.0f}"'
    return f"<progress{known}></progress>"
