"""How much of a difference between settings is noise, and which are the best: the cheapest of those that are equal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from kit.search.results import Trial

_SURE = 0.95  # how often two equally good settings come out closer than the noise
_AS_CHEAP = 1.1  # times the seconds of the cheapest: a clock is no surer than that


def noise_of(trials: "Sequence[Trial]", rows: int) -> float:
    """The difference between two settings' accuracies below which they are called equal, a share of 1.

    All settings are judged on the same folds. What is left of an accuracy when the setting's mean and the fold's are
    taken out is noise: of the better half of the settings it gives the variance of one training, and by Student's t how
    far apart two means come by chance.

    Args:
        trials: Those that were trained in all folds; one or more. Of those with the same settings, which come out the
            same, one counts.
        rows: How many rows judge each.
    """
    different = {repr(sorted(trial.given.items())): trial.accuracies for trial in trials}
    ranked = sorted(different.values(), key=lambda each: -float(np.mean(each)))
    table = np.array(ranked[: max(2, -(-len(ranked) // 2))])  # (settings, folds)
    settings, folds = table.shape
    if settings < 2:  # nothing repeats: two networks as unlike as they can be
        p = float(table.mean())
        return float(stats.norm.ppf((1 + _SURE) / 2) * np.sqrt(2 * p * (1 - p) / rows))
    left = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    freedom = (settings - 1) * (folds - 1)
    variance = float((left**2).sum()) / freedom
    return float(stats.t.ppf((1 + _SURE) / 2, freedom) * np.sqrt(2 * variance / folds))


def equals_of(trials: "Sequence[Trial]", noise: float) -> "list[Trial]":
    """Those that are called equal to the most accurate, itself among them; the most accurate first."""
    ranked = sorted(trials, key=lambda trial: -trial.accuracy)
    return [trial for trial in ranked if ranked[0].accuracy - trial.accuracy <= noise]


def best_of(trials: "Sequence[Trial]", noise: float) -> "Trial":
    """Of those that are equal to the most accurate the cheapest; of equally cheap ones the most accurate."""
    equals = equals_of(trials, noise)
    least = min(trial.seconds for trial in equals)
    return next(trial for trial in equals if trial.seconds <= _AS_CHEAP * least)
