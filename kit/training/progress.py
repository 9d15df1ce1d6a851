"""What a person sees while a training runs: a bar at a terminal or in a notebook, one plain line an epoch elsewhere."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kit.text import printable

if TYPE_CHECKING:
    import rich.progress

_NAME = len("trial 1000")  # columns that a narrow terminal leaves to what a bar is of


class _Reported:
    """What writes lines, and at the end of a terminal or above them in a notebook bars; a context manager.

    Args:
        shown: False writes nothing at all.
    """

    def __init__(self, shown: bool) -> None:
        self._shown = shown
        self._bars: rich.progress.Progress | None = None

    def __enter__(self) -> Self:
        if self._shown and _in_notebook():
            from kit.training.notebook_bar import NotebookBar

            self._bars = NotebookBar(*self._columns())
            self._bars.start()
        elif self._shown and _at_a_terminal():
            from rich.console import Console
            from rich.progress import Progress

            console = Console(stderr=True, highlight=False)
            self._bars = Progress(*self._columns(), console=console, transient=True)
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars:
            self._bars.stop()

    def _columns(self) -> "list[rich.progress.ProgressColumn]":
        """What a bar shows."""
        raise NotImplementedError

    def say(self, line: str) -> None:
        line = printable(line)
        if self._shown and _in_notebook():
            print(line, flush=True)  # what is on standard error looks like a fault there
        elif self._bars:
            self._bars.console.print(line, markup=False, soft_wrap=True)
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
        self._before = f"{_fold_of(number, folds)}  " if folds > 1 else ""
        self._earlier, self._all = (number - 1) * epochs, folds * epochs  # epochs, if none ends early

    def __enter__(self) -> Self:
        super().__enter__()
        if self._bars:
            epoch = self._done + 1
            self._task = self._bars.add_task("", total=None, epoch=epoch, epochs=self._epochs, learned="", left="")
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
        if self._bars:
            self._bars.update(
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


class Several(_Reported):
    """Of what is under way at once: a bar for each, by its name, with what there is to say of it.

    Args:
        shown: False writes nothing at all.
    """

    def __init__(self, shown: bool = True) -> None:
        super().__init__(shown)
        self._tasks: dict[str, rich.progress.TaskID] = {}

    def _columns(self) -> "list[rich.progress.ProgressColumn]":
        from rich.progress import BarColumn, TextColumn
        from rich.table import Column

        return [
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, min_width=_NAME)),
            BarColumn(bar_width=16),
            TextColumn("{task.fields[words]}", markup=False),
        ]

    def stands(self, name: str, done: int, total: int, words: str) -> None:
        """How much of it is done."""
        if self._bars:
            words = printable(words)
            if name not in self._tasks:
                self._tasks[name] = self._bars.add_task(printable(name), total=total, words=words)
            self._bars.update(self._tasks[name], completed=done, words=words)

    def ended(self, name: str) -> None:
        """It is under way no longer."""
        if self._bars and name in self._tasks:
            self._bars.remove_task(self._tasks.pop(name))
            self._bars.refresh()


class Together(Several):
    """Of the trainings of a run in folds that are under way at once, each on a worker of a cluster.

    Args:
        epochs: How many each of them will have.
        folds: How many there are.
        shown: False writes nothing at all.
    """

    def __init__(self, epochs: int, folds: int, shown: bool) -> None:
        super().__init__(shown)
        self._epochs, self._folds = epochs, folds
        self._workers = dict[int, str]()

    def begin(self, fold: int, done: int, worker: str) -> None:
        """A worker begins with a fold, or goes on with it after so many epochs."""
        self._workers[fold] = worker
        self._show(fold, done)

    def end_epoch(self, fold: int, row: dict[str, float], kept: bool) -> None:
        """After an epoch of a fold: a row of its history, and whether this is its best epoch so far."""
        self._show(fold, round(row["epoch"]))
        self.say(f"{_fold_of(fold, self._folds)}  {_line(row, self._epochs, kept)}  on {self._workers[fold]}")

    def end(self, fold: int) -> None:
        """After the last epoch of a fold."""
        self.ended(_fold_of(fold, self._folds))

    def _show(self, fold: int, done: int) -> None:
        words = f"epoch {done:{len(str(self._epochs))}}/{self._epochs}  on {self._workers[fold]}"
        self.stands(_fold_of(fold, self._folds), done, self._epochs, words)


def _fold_of(number: int, folds: int) -> str:
    return f"fold {number:{len(str(folds))}}/{folds}"


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
