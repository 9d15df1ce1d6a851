"""What a person sees while a training runs, or several do."""

import io
import threading
from typing import Any

import pytest
from rich.console import Console

from kit.training import notebook_bar, progress
from kit.training.progress import Several, Together


class Cell:
    """What a notebook's cell shows: in the place of IPython's display and of what that returns."""

    def __init__(self) -> None:
        self.shown = list[dict[str, str]]()

    def display(self, data: dict[str, str], *, raw: bool, display_id: bool) -> "Cell":
        assert raw and display_id and not self.shown
        self.shown.append(data)
        return self

    def update(self, data: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.shown.append(data)


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Cell:
    monkeypatch.setattr(progress, "_in_notebook", lambda: True)
    monkeypatch.setattr(notebook_bar, "_REDRAWN", -1)
    made = Cell()
    monkeypatch.setattr(notebook_bar, "display", made.display)
    return made


def test_in_a_notebook_a_bar_is_one_output_that_is_empty_at_the_end(cell: Cell, capsys: Any) -> None:
    before = threading.active_count()
    with progress.Progress(2) as shown:
        shown.start_epoch(1)
        shown.batch(1, 10, 0.5, 0.9)
        assert threading.active_count() == before  # none that draws into what others print
    assert '<progress value="11" max="20"></progress>' in cell.shown[-2]["text/html"]
    assert cell.shown[-2]["text/plain"].startswith("epoch 2/2 loss 0.5000  accuracy 90.00%")
    assert cell.shown[-1] == {"text/plain": ""}
    assert capsys.readouterr() == ("", "")


def test_in_a_notebook_lines_are_no_faults(cell: Cell, capsys: Any) -> None:
    with progress.Progress(2) as shown:
        shown.say("[one] of <two>")
    progress.Progress(0).say("another")
    progress.Progress(0, shown=False).say("nobody wants it")
    assert capsys.readouterr() == ("[one] of <two>\nanother\n", "")


def test_folds_on_workers_have_a_line_each_while_they_run(cell: Cell) -> None:
    with Together(3, 2, shown=True) as shown:
        shown.begin(1, 0, "here")
        shown.begin(2, 1, "<there>")
        row = {"epoch": 2, "loss": 0.5, "accuracy": 0.9, "val_loss": 0.4, "val_accuracy": 0.95, "seconds": 1.0}
        shown.end_epoch(2, row, True)
        first, second = cell.shown[-1]["text/html"].split("<br>")
        assert "here" in first and 'value="0" max="3"' in first
        assert "&lt;there&gt;" in second and 'value="2" max="3"' in second
        shown.end(1)
        shown.begin(2, 2, "elsewhere")
        assert cell.shown[-1]["text/plain"].split() == ["fold", "2/2", "epoch", "2/3", "on", "elsewhere"]


def test_a_bar_is_there_at_once_and_drawn_four_times_a_second_at_most(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notebook_bar, "_REDRAWN", 3600)
    with progress.Progress(2) as shown:
        assert "<progress></progress>" in cell.shown[-1]["text/html"]  # the first batch may take half a minute
        assert cell.shown[-1]["text/plain"].split() == ["epoch", "1/2"]  # of which nothing is known yet
        shown.start_epoch(0)
        for step in range(9):
            shown.batch(step + 1, 9, 0.5, 0.9)
        assert len(cell.shown) == 2


def drawn(shown: Several, width: int) -> list[str]:
    """The bars as a terminal of this width has them, a line each."""
    assert shown._bars is not None
    console = Console(file=io.StringIO(), width=width)
    with console.capture() as capture:
        console.print(shown._bars.get_renderable())
    return [line.rstrip() for line in capture.get().splitlines()]


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_at_a_terminal", lambda: True)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_each_training_under_way_has_its_bar_and_its_worker(at_a_terminal: None, width: int) -> None:
    row = {"epoch": 7, "loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5, "seconds": 1.0}
    with Together(20, 12, True) as shown:
        shown.begin(2, 3, "tls://127.0.0.1:34567")
        shown.begin(11, 0, "tls://node-017.cluster.example.org:34567")
        shown.end_epoch(2, row, True)
        lines = drawn(shown, width)
        assert lines[0].startswith("fold  2/12 ") and lines[1].startswith("fold 11/12 ")
        assert lines[0].endswith(" epoch  7/20  on tls://127.0.0.1:34567")
        assert " epoch  0/20  on tls://node-017" in lines[1]
        assert ("━" in lines[0]) == (width > 60)
        shown.end(2)
        assert [line[:10] for line in drawn(shown, width)] == ["fold 11/12"]


def test_what_a_bar_says_is_no_markup(at_a_terminal: None) -> None:
    with Several() as shown:
        shown.stands("trial [1]", 1, 2, "[bold]\x1b[31m")
        [line] = drawn(shown, 80)
        assert line.startswith("trial [1]") and line.endswith(r" [bold]\x1b[31m")
