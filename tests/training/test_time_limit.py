"""What people write for a time, and what is left of it."""

import math
import time
from typing import Any

import numpy as np
import pytest

from kit import KitError
from kit.training.time_limit import Clock, fitting_epochs, in_words, seconds_of


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90), ("60m", 3600), ("2h", 7200), ("1h30m", 5400), ("1h0m5s", 3605), ("90m", 5400), ("007m", 420),
        (90, 90), (7.5, 7.5), (np.int64(60), 60), (np.float32(60), 60),
        ("1000000h", 1e9), ("9" * 5000 + "h", 1e9), (1e300, 1e9),
    ],
)  # fmt: skip
def test_a_time_is_so_many_seconds(written: Any, seconds: float) -> None:
    assert seconds_of(written) == seconds


@pytest.mark.parametrize(
    "written",
    ["", " ", "60", "60x", "-5m", "0", "0s", "0h0m", "nan", "inf", "1h 30", "1h 30m", "30m1h", "1.5h", "60M", "６０m",
     "m", "1m1m", "60m\n", 0, -60, math.nan, math.inf, True, None, [60]],
)  # fmt: skip
def test_what_is_no_time_is_one_line_with_the_forms(written: Any) -> None:
    with pytest.raises(KitError, match=r"--time-limit (.|\n)*: give a time such as 90s, 60m, 2h or 1h30m"):
        seconds_of(written)


def test_what_is_too_short_for_anything_is_said_without_a_look_at_the_machine() -> None:
    for written in ("1s", "4s", 0.001):
        with pytest.raises(KitError, match=f"--time-limit {written}: too short to begin in: the least is about 30s"):
            seconds_of(written)
    assert seconds_of("5s") == 5


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (90, "90 s"), (119.7, "2 min"), (284, "4 min 44 s"), (300, "5 min"), (3240, "54 min"),
     (5400, "90 min"), (7200, "2 h"), (12000, "3 h 20 min"), (1e9, "277,777 h 47 min")],
)  # fmt: skip
def test_seconds_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


@pytest.mark.parametrize(
    ("left", "epochs"), [(480, 12), (481, 12), (479, 11), (400, 10), (130, 3), (110, 3), (-5, 3), (0, 3)]
)
def test_as_many_epochs_as_fit_but_never_less_than_a_quarter(left: float, epochs: int) -> None:
    assert fitting_epochs(12, folds=4, pace=10, left=left) == epochs


def test_a_clock_counts_from_when_the_command_began_and_what_was_before(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(time.monotonic() - 100)
    assert 100 <= clock.used() < 101 and Clock().used() < 1
    clock.before = 3000
    assert 3100 <= clock.used() < 3101
    assert clock.verdict(3600) == "took 52 min of 60 min"
    assert clock.verdict(3000) == "took 52 min, 100 s over the limit: the machine was slower than measured"
