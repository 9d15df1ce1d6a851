"""What a person sees while a training runs, or several do."""

import io
import threading

import pytest
from rich.console import Console

from kit.training import progress
from kit.training.progress import Several, Together


def drawn(shown: Several, width: int) -> list[str]:
    """The bars as a terminal of this width has them, a line each."""
    assert shown._bars is not None
    console = Console(file=io.StringIO(), width=width)
    with console.capture() as capture:
        console.print(shown._bars.get_renderable())
    return [line.rstrip() for line in capture.get().splitlines()]


@pytest.fixture
def in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it draws when it is told something, and not beside that."""
    monkeypatch.setattr(progress, "_in_notebook", lambda: True)
    monkeypatch.setattr(progress, "_REDRAWN", 0)


def test_in_a_notebook_no_thread_draws_into_what_is_printed(
    in_a_notebook: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = threading.active_count()
    with progress.Progress(2) as shown:
        assert shown._bars is not None and threading.active_count() == before
        drawn = list[float]()
        monkeypatch.setattr(shown._bars, "refresh", lambda: drawn.append(0))
        shown.start_epoch(0)
        shown.batch(1, 10, 0.5, 0.9)
    assert drawn == [0]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_each_training_under_way_has_its_bar_and_its_worker(in_a_notebook: None, width: int) -> None:
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


def test_what_a_bar_says_is_no_markup(in_a_notebook: None) -> None:
    with Several() as shown:
        shown.stands("trial [1]", 1, 2, "[bold]\x1b[31m")
        [line] = drawn(shown, 80)
        assert line.startswith("trial [1]") and line.endswith(r" [bold]\x1b[31m")
