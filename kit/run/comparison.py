"""Whether one run is better than another, or lucky."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from kit import KitError
from kit.run.folder import Run
from kit.run.metrics import Analysis

_REAL = 0.05  # below this probability of luck, a difference counts as real


@dataclass(frozen=True)
class Comparison:
    """Two runs on the rows that neither was trained on; McNemar's exact test on those where only one is right.

    Attributes:
        better, worse: Names of the runs, the more accurate first.
        rows: How many rows both held out.
        better_accuracy, worse_accuracy: On those rows.
        only_better, only_worse: Rows that only the one or the other has right.
        p_value: How often luck alone would bring a difference as large or larger between equally good networks.
    """

    better: str
    worse: str
    rows: int
    better_accuracy: float
    worse_accuracy: float
    only_better: int
    only_worse: int
    p_value: float

    @property
    def real(self) -> bool:
        """Whether the better one is better rather than lucky."""
        return self.p_value < _REAL


def compare(runs: Sequence[Run]) -> list[Comparison]:
    """Each run against the most accurate of them, on the rows that both held out.

    Raises:
        KitError: Two runs are of different data, or were judged by different scenes, or share no validation row.
    """
    first = runs[0]
    for run in runs[1:]:
        if run.task.examples != first.task.examples:
            raise KitError(
                f"{run}: one of {run} and {first} reads rows, the other scenes: compare runs of the same kind"
            )
        if run.task != first.task:
            raise KitError(
                f"{run}: judged by scenes of {run.task.size} pixels a side and {first} by scenes of {first.task.size}, "
                "which are other ones: compare runs of the same --size"
            )
        if run.settings.fingerprint != first.settings.fingerprint:
            raise KitError(f"{run}: trained on other rows than {first}: compare runs of the same data")
        drawn = run.task.examples == "scenes"
        if drawn and run.metrics.get("validation_scenes") != first.metrics.get("validation_scenes"):
            raise KitError(
                f"{run}: judged by other scenes than {first}: compare runs of the same --seed, --validation-split, "
                "--background-share and --folds"
            )
    analyses = sorted((run.analysis for run in runs), key=lambda analysis: -analysis.accuracy.value)
    return [compare_analyses(analyses[0], other) for other in analyses[1:]]


def compare_analyses(one: Analysis, other: Analysis) -> Comparison:
    """Two analyses on the rows that both have, the one with more of them right as the better.

    Raises:
        KitError: They have none in common.
    """
    rows, in_one, in_other = np.intersect1d(one.row_numbers, other.row_numbers, return_indices=True)
    if not len(rows):
        raise KitError(f"{other.name}: shares no validation row with {one.name}: train both with the same --seed")
    one_right, other_right = one.right[in_one], other.right[in_other]
    if other_right.sum() > one_right.sum():  # on the common rows it may be the other way round
        return compare_analyses(other, one)
    only_one, only_other = int((one_right & ~other_right).sum()), int((other_right & ~one_right).sum())
    p_value = binomtest(only_one, only_one + only_other).pvalue if only_one + only_other else 1.0
    return Comparison(
        one.name, other.name, len(rows), float(one_right.mean()), float(other_right.mean()),
        only_one, only_other, float(p_value),
    )  # fmt: skip
