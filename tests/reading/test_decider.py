"""One calm answer out of many frames: its rules, one by one and all together."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit import KitError
from kit.reading.decider import GAP, RELEASE, SETTLE, Decider
from kit.task import CAMERA


def peaked(label: int, share: float) -> list[float]:
    return [share if other == label else (1 - share) / 10 for other in range(11)]


def watch(decider: Decider, label: int, share: float, start: float, seconds: float, rate: float = 30) -> list:
    return [
        decider.update(peaked(label, share), start + frame / rate) for frame in range(max(1, round(seconds * rate)))
    ]


@pytest.mark.parametrize("rate", [8, 30, 120])
def test_a_digit_is_shown_when_it_has_led_for_long_enough(rate: float) -> None:
    decisions = watch(Decider(CAMERA.labels, "background", 0.6), 7, 0.95, 10, 1, rate)
    shown = next(number for number, decision in enumerate(decisions) if decision.state == "shown")
    assert SETTLE - 1e-9 <= shown / rate <= SETTLE + 1 / rate + 1e-9
    assert [decision.announce for decision in decisions].count(True) == 1 and decisions[shown].announce
    assert all(decision.state == "candidate" and decision.label == "7" for decision in decisions[:shown])
    assert decisions[-1].confidence == pytest.approx(0.95)


def test_the_time_to_settle_counts_in_full() -> None:
    for last, state in ((SETTLE, "shown"), (SETTLE - 1e-9, "candidate")):
        decider = Decider(CAMERA.labels, "background", 0.6)
        decider.update(peaked(7, 0.95), 0)
        assert decider.update(peaked(7, 0.95), last).state == state


def test_it_is_held_against_flicker_and_let_go_below() -> None:
    decider = Decider(CAMERA.labels, "background", 0.6)
    watch(decider, 7, 0.95, 0, 1)
    assert decider.update(peaked(3, 0.95), 1.0).label == "7"
    assert {decision.label for decision in watch(decider, 7, 0.95, 1.03, 0.5)} == {"7"}
    assert watch(decider, 7, 0.6 * RELEASE + 0.02, 1.6, 2)[-1].state == "shown"
    assert watch(decider, 7, 0.6 * RELEASE - 0.02, 3.6, 1)[-1].state == "silent"
    watch(decider, 7, 0.95, 4.6, 1)
    assert watch(decider, 10, 0.9, 5.6, 0.5)[-1].state == "silent"
    assert [decision.label for decision in watch(decider, 3, 0.9, 6.1, 1) if decision.announce] == ["3"]


def test_a_pause_an_old_frame_and_nonsense() -> None:
    decider = Decider(CAMERA.labels, "background", 0.6)
    watch(decider, 7, 0.95, 0, 1)
    before = decider.update(peaked(7, 0.95), 1)
    assert decider.update(peaked(3, 0.95), 0.9) == before
    assert decider.update([0.5], 1.1) == before and decider.update([math.nan] * 11, 1.1) == before
    assert decider.update(peaked(3, 0.95), math.inf) == before
    assert decider.update(peaked(3, 0.95), 1 + GAP + 0.01).state == "candidate"
    with pytest.raises(KitError, match="between 0 and 1"):
        Decider(CAMERA.labels, "background", 1.2)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10), st.floats(0, 1), st.floats(0, 0.3)), max_size=80),
    st.floats(0.1, 1),
)
def test_whatever_is_seen_the_rules_hold(frames: list[tuple[int, float, float]], threshold: float) -> None:
    """Never background, never below the lower threshold, and nothing shown that was not announced."""
    decider, time, announced = Decider(CAMERA.labels, "background", threshold), 0.0, None
    for label, share, pause in frames:
        time += pause
        decision = decider.update(peaked(label, share), time)
        assert decision.label != "background" and (decision.label is None) == (decision.state == "silent")
        assert sum(decision.probabilities) == pytest.approx(1, abs=1e-9)
        if decision.announce:
            announced = decision.label
        if decision.state == "shown":
            assert decision.label == announced
            assert decision.confidence >= RELEASE * threshold - 1e-12
