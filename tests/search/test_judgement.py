"""How much is noise, and which settings are the best, against simulated trials whose truth is known."""

import dataclasses

import numpy as np
import pytest

from kit.search.judgement import best_of, equals_of, noise_of
from kit.search.results import FINISHED, Trial


def trial(number: int, accuracies: list[float], seconds: float = 10.0) -> Trial:
    return Trial(
        number,
        FINISHED,
        {},
        {"epochs": number},
        tuple(accuracies),
        (),
        float(np.mean(accuracies)),
        seconds,
        3 * len(accuracies),
        100,
    )


def simulated(settings: int, folds: int, noise: float, seed: int, spread: float = 0.0) -> list[Trial]:
    """Settings whose true accuracies lie that far apart, on folds of which some are harder than others."""
    generator = np.random.default_rng(seed)
    of_fold = generator.normal(0, 0.02, folds)
    of_setting = 0.95 - spread * np.arange(settings)
    table = of_setting[:, None] + of_fold + generator.normal(0, noise, (settings, folds))
    return [trial(number, row.tolist()) for number, row in enumerate(table, 1)]


def test_a_setting_that_comes_again_counts_once() -> None:
    trials = simulated(4, 3, 0.001, 0)
    again = dataclasses.replace(trials[0], number=5)
    assert noise_of([*trials, again, again], 1000) == noise_of(trials, 1000)


def test_two_equal_settings_come_out_closer_than_the_noise_19_times_of_20() -> None:
    within = []
    for seed in range(400):
        trials = simulated(12, 3, 0.001, seed)
        generator = np.random.default_rng([seed, 1])
        one, other = generator.normal(0, 0.001 / np.sqrt(3), 2)  # two more, equally good
        within.append(abs(one - other) < noise_of(trials, 1000))
    # The better half of equal settings is alike by choice, which makes their variance a little small.
    assert 0.88 < np.mean(within) < 0.99


def test_noise_is_of_settings_and_not_of_folds_or_of_how_good_they_are() -> None:
    alike, apart = (np.mean([noise_of(simulated(12, 3, 0.001, seed, spread), 1000) for seed in range(50)])
                    for spread in (0.0, 0.01))  # fmt: skip
    assert alike == pytest.approx(apart, rel=0.4)
    assert np.mean([noise_of(simulated(12, 3, 0.004, seed), 1000) for seed in range(50)]) > 3 * alike


def test_the_hopeless_say_nothing_of_the_noise_among_the_good() -> None:
    good = simulated(8, 3, 0.0005, 0)
    hopeless = [trial(number, accuracies) for number, accuracies in enumerate([[0.1, 0.6, 0.3], [0.5, 0.1, 0.2]], 20)]
    assert noise_of([*good, *hopeless], 1000) < 0.01


def test_of_one_trial_alone_the_noise_is_that_of_its_rows() -> None:
    assert noise_of([trial(1, [0.9, 0.9])], 1000) == pytest.approx(1.96 * np.sqrt(2 * 0.09 / 1000), rel=1e-3)


def test_of_equal_settings_the_cheaper_is_the_best() -> None:
    one, cheap, worse = trial(1, [0.95, 0.95], 30), trial(2, [0.949, 0.949], 10), trial(3, [0.90, 0.90], 1)
    assert equals_of([worse, cheap, one], noise=0.002) == [one, cheap]
    assert best_of([worse, cheap, one], noise=0.002) is cheap
    assert best_of([worse, cheap, one], noise=0.0005) is one


def test_a_second_of_the_clock_is_no_reason() -> None:
    accurate, quick = trial(1, [0.95, 0.95], 10.4), trial(2, [0.949, 0.949], 10)
    assert best_of([accurate, quick], noise=0.002) is accurate
    assert best_of([dataclasses.replace(accurate, seconds=12), quick], noise=0.002) is quick
