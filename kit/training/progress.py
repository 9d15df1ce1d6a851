"""What a person sees while a training runs: a bar at a terminal or in a notebook, one plain line an epoch elsewhere."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kit.text import printable

if TYPE_CHECKING:
    import rich.progress


class _Reported:
    """What writes lines, and at the end of a terminal or above them in a notebook a bar; a context manager.

    Args:
        shown: False writes nothing at all.
    """

    def __init__(self, shown: bool) -> None:
        self._shown = shown
        self._bar: rich.progress.Progress | None = None

    def __enter__(self) -> Self:
        if self._shown and _in_notebook():
            from kit.training.notebook_bar import NotebookBar

            self._bar = NotebookBar(*self._columns())
            self._bar.start()
        elif self._shown and _at_a_terminal():
            from rich.console import Console
            from rich.progress import Progress

            console = Console(stderr=True, highlight=False)
            self._bar = Progress(*self._columns(), console=console, transient=True)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def _columns(self) -> "list[rich.progress.ProgressColumn]":
        """What a bar shows."""
        raise NotImplementedError

    def say(self, line: str) -> None:
        line = printable(line)
        if self._shown and _in_notebook():
            print(line, flush=True)  # what is on standard error looks like a fault there
        elif self._bar:
            self._bar.console.print(line, markup=False, soft_wrap=True)
        elif self._shown:
            print(line, file=sys.stderr, flush=True)


class Progress(_Reported):
    """Of one training.

    Args:
        epochs: How many the training will have.
        done: How many it has already.
        shown: False writes nothing at all.
        fold: Which of how many trainings of a run in folds it is; the bar is over all of them.
    """

    def __init__(self, epochs: int, done: int = 0, shown: bool = True, fold: tuple[int, int] = (1, 1)) -> None:
        super().__init__(shown)
        self._epochs = epochs
        self._done = done
        number, folds = fold
        self._before = _fold_of(number, folds) if folds > 1 else ""
        self._earlier, self._all = (number - 1) * epochs, folds * epochs  # epochs, if none ends early

    def __enter__(self) -> Self:
        super().__enter__()
        if self._bar:
            epoch = self._done + 1
            self._task = self._bar.add_task("", total=None, epoch=epoch, epochs=self._epochs, learned="", left="")
        return self

    def _columns(self) -> "list[rich.progress.ProgressColumn]":
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

        return [
            TextColumn(self._before + "epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[learned]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[left]}"),
        ]

    def batch(self, step: int, steps: int, loss: float, accuracy: float) -> None:
        """After batch `step` (from 1) of `steps` in the running epoch."""
        if self._bar:
            self._bar.update(
                self._task,
                total=self._all * steps,
                completed=(self._earlier + self._epoch) * steps + step,
                epoch=self._epoch + 1,
                learned=f"loss {loss:.4f}  accuracy {accuracy:.2%}",
                left="left",
            )

    def start_epoch(self, epoch: int) -> None:
        """Before an epoch, counted from 0."""
        self._epoch = epoch

    def end_epoch(self, row: dict[str, float], kept: bool) -> None:
        """After an epoch: a row of the history, and whether this is the best epoch so far."""
        self.say(self._before + _line(row, self._epochs, kept))


class Together(_Reported):
    """Of the trainings of a run in folds that are under way at once, each on a worker of a cluster.

    Args:
        epochs: How many each of them will have.
        folds: How many there are.
        shown: False writes nothing at all.
    """

    def __init__(self, epochs: int, folds: int, shown: bool) -> None:
        super().__init__(shown)
        self._epochs, self._folds = epochs, folds
        self._workers: dict[int, str] = {}
        self._tasks: dict[int, rich.progress.TaskID] = {}

    def _columns(self) -> "list[rich.progress.ProgressColumn]":
        from rich.progress import BarColumn, TextColumn

        bar = "{task.completed}/{task.total}"
        return [
            TextColumn("{task.description}epoch " + bar),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[worker]}"),
        ]

    def begin(self, fold: int, worker: str) -> None:
        """A worker begins with a fold, or goes on with it after another."""
        self._workers[fold] = worker
        if self._bar and fold in self._tasks:
            self._bar.update(self._tasks[fold], worker=worker)
        elif self._bar:
            self._tasks[fold] = self._bar.add_task(_fold_of(fold, self._folds), total=self._epochs, worker=worker)

    def end_epoch(self, fold: int, row: dict[str, float], kept: bool) -> None:
        """After an epoch of a fold: a row of its history, and whether this is its best epoch so far."""
        if self._bar:
            self._bar.update(self._tasks[fold], completed=round(row["epoch"]))
        self.say(f"{_fold_of(fold, self._folds)}{_line(row, self._epochs, kept)}  on {self._workers[fold]}")

    def end(self, fold: int) -> None:
        """After the last epoch of a fold."""
        if self._bar and fold in self._tasks:
            self._bar.remove_task(self._tasks.pop(fold))


def _fold_of(number: int, folds: int) -> str:
    return f"fold {number:{len(str(folds))}}/{folds}  "


def _line(row: dict[str, float], epochs: int, kept: bool) -> str:
    """A row of the history."""
    return (
        f"epoch {row['epoch']:{len(str(epochs))}.0f}/{epochs}  "
        f"loss {row['loss']:.4f}  accuracy {row['accuracy']:.2%}  "
        f"val_loss {row['val_loss']:.4f}  val_accuracy {row['val_accuracy']:.2%}  "
        f"{row['seconds']:.1f} s{'  kept' if kept else ''}"
    )


def _at_a_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()  # Windows has programs without a console, and so without one


def _in_notebook() -> bool:
    """Whether a notebook shows what is printed: Jupyter's, Kaggle's or Colab's."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return type(shell).__name__ in ("ZMQInteractiveShell", "Shell")
