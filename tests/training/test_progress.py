"""What a person sees while a training runs."""

import threading

import pytest

from kit.training import progress


def test_in_a_notebook_no_thread_draws_into_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_in_notebook", lambda: True)
    monkeypatch.setattr(progress, "_REDRAWN", 0)
    before = threading.active_count()
    with progress.Progress(2) as shown:
        assert shown._bar is not None and threading.active_count() == before
        drawn = list[float]()
        monkeypatch.setattr(shown._bar, "refresh", lambda: drawn.append(0))
        shown.start_epoch(0)
        shown.batch(1, 10, 0.5, 0.9)
    assert drawn == [0]
