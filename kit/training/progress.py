"""What a person sees while a training runs: a bar at a terminal or in a notebook, one plain line an epoch elsewhere."""

import sys
import time
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING

from kit.text import printable

if TYPE_CHECKING:
    import rich.progress

_REDRAWN = 0.25  # seconds after which the bar of a notebook is drawn again


class Progress:
    """Writes to standard error; a context manager.

    Args:
        epochs: How many the training will have.
        done: How many it has already.
        shown: False writes nothing at all.
        fold: Which of how many trainings of a run in folds it is; the bar is over all of them.
    """

    def __init__(self, epochs: int, done: int = 0, shown: bool = True, fold: tuple[int, int] = (1, 1)) -> None:
        self._epochs = epochs
        self._done = done
        self._shown = shown
        number, folds = fold
        self._before = f"fold {number:{len(str(folds))}}/{folds}  " if folds > 1 else ""
        self._earlier, self._all = (number - 1) * epochs, folds * epochs  # epochs, if none ends early
        self._bar: rich.progress.Progress | None = None
        self._drawn: float | None = None  # when, in a notebook

    def __enter__(self) -> "Progress":
        if self._shown and (_at_a_terminal() or _in_notebook()):
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn(self._before + "epoch {task.fields[epoch]}/{task.fields[epochs]}"),
                BarColumn(bar_width=24),
                TextColumn("loss {task.fields[loss]:.4f}  accuracy {task.fields[accuracy]:.2%}"),
                TimeRemainingColumn(),
                TextColumn("left"),
                console=Console(stderr=True, highlight=False),
                transient=True,
                # A notebook takes what is printed while a thread draws for a part of the bar, and wipes it with that.
                auto_refresh=not _in_notebook(),
            )
            self._drawn = time.monotonic() if _in_notebook() else None
            self._bar.start()
            self._task = self._bar.add_task(
                "", total=None, epoch=self._done + 1, epochs=self._epochs, loss=0.0, accuracy=0.0
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def say(self, line: str) -> None:
        line = printable(line)
        if self._bar:
            self._bar.console.print(line, markup=False, soft_wrap=True)
        elif self._shown:
            print(line, file=sys.stderr, flush=True)

    def batch(self, step: int, steps: int, loss: float, accuracy: float) -> None:
        """After batch `step` (from 1) of `steps` in the running epoch."""
        if self._bar:
            self._bar.update(
                self._task,
                total=self._all * steps,
                completed=(self._earlier + self._epoch) * steps + step,
                epoch=self._epoch + 1,
                loss=loss,
                accuracy=accuracy,
            )
            if self._drawn is not None and time.monotonic() - self._drawn > _REDRAWN:
                self._bar.refresh()
                self._drawn = time.monotonic()

    def start_epoch(self, epoch: int) -> None:
        """Before an epoch, counted from 0."""
        self._epoch = epoch

    def end_epoch(self, row: dict[str, float], kept: bool) -> None:
        """After an epoch: a row of the history, and whether this is the best epoch so far."""
        self.say(
            f"{self._before}epoch {row['epoch']:{len(str(self._epochs))}.0f}/{self._epochs}  "
            f"loss {row['loss']:.4f}  accuracy {row['accuracy']:.2%}  "
            f"val_loss {row['val_loss']:.4f}  val_accuracy {row['val_accuracy']:.2%}  "
            f"{row['seconds']:.1f} s{'  kept' if kept else ''}"
        )


def _at_a_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()  # Windows has programs without a console, and so without one


def _in_notebook() -> bool:
    """Whether a notebook shows what is printed, and has what a bar in it needs; Kaggle's and Colab's have."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return type(shell).__name__ in ("ZMQInteractiveShell", "Shell") and find_spec("ipywidgets") is not None
