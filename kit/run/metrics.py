"""What a run's validation predictions say about it: numbers only, and no TensorFlow.

scikit-learn computes the metrics, SciPy the interval and the test, cleanlab the suspicious labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import Any

import numpy as np
from scipy.stats import binomtest

from kit import html, plots
from kit.run.validation import Validation
from kit.task import CAMERA

FOCUS = (4, 7, 9)
THRESHOLDS = (0.5, 0.9, 0.99, 0.999)
_BINS = 15  # of the reliability curve; Guo et al., On Calibration of Modern Neural Networks, 2017
_CONFIDENT = 0.9  # what a network must at least be sure of to call a label wrong


@dataclass(frozen=True)
class Interval:
    """A share and where the true one lies with 95 % confidence (Wilson, 1927)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ClassScore:
    """How one class fares; None where there is nothing to divide by.

    Attributes:
        name: "0" to "9", or "background".
        rows: Validation rows of this class.
        precision: Share of the rows taken for it that are of it.
        recall: Share of its rows that are taken for it.
        f1: Their harmonic mean.
    """

    name: str
    rows: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Pair:
    """One class taken for another.

    Attributes:
        truth, taken_for: Class numbers.
        count: Rows of `truth` that are taken for `taken_for`.
        rate: Their share of the rows of `truth`; 0 where there are none.
        where: (count,) positions among the validation rows, the worst by loss first.
    """

    truth: int
    taken_for: int
    count: int
    rate: float
    where: np.ndarray


@dataclass(frozen=True)
class Bin:
    """The rows of one range of confidence."""

    confidence: float
    accuracy: float
    rows: int


@dataclass(frozen=True)
class Threshold:
    """What answering only above a confidence would bring.

    Attributes:
        confidence: The least confidence that counts as an answer.
        share: Of the rows, answered.
        accuracy: Of the answered rows; None without any.
        accuracy_below: Of the others; None without any.
    """

    confidence: float
    share: float
    accuracy: float | None
    accuracy_below: float | None


class Analysis:
    """Everything that follows from one run's validation predictions.

    Args:
        name: What the run is called.
        validation: Its validation rows, (n,) labels and (n, classes) probabilities; n ≥ 1.
        folds: How many networks they are of, each judging the rows that it was not trained on; None for one.

    Attributes:
        classes: Their names, "0" to "9" and "background" as an eleventh.
        labels: (n,) the true classes.
        predicted: (n,) the most probable classes.
        confidence: (n,) their probabilities.
        losses: (n,) the negative logarithms of the true class' probability.
        row_numbers: (n,) rows of the training file, counted from 1; 0, -1, … are scenes without a digit.
    """

    def __init__(self, name: str, validation: Validation, folds: int | None = None) -> None:
        self.name, self.folds = name, folds
        self.labels = validation.labels.astype(int)
        self.probabilities = validation.probabilities.astype(np.float64)
        self.row_numbers = validation.rows.astype(int) + 1
        self.classes = list(CAMERA.labels[: self.probabilities.shape[1]])
        self.predicted = self.probabilities.argmax(axis=1)
        self.confidence = self.probabilities.max(axis=1)
        of_truth = self.probabilities[np.arange(len(self.labels)), self.labels]
        self.losses = -np.log(np.clip(of_truth, np.finfo(np.float32).eps, 1))

    def __len__(self) -> int:
        return len(self.labels)

    def _repr_html_(self) -> str:
        """What a notebook shows: the accuracy with its range, and the confusion matrix."""
        accuracy, what = self.accuracy, "out of fold" if self.folds else "validation"
        found = [
            (f"{what} accuracy", f"{accuracy.value:.2%}, {accuracy.low:.2%} to {accuracy.high:.2%}"),
            ("rows", f"{len(self):,}"),
            ("log loss", f"{self.log_loss:.4f}"),
            ("calibration error", f"{self.calibration_error:.2%}"),
        ]
        figure = plots.confusion(self.confusion, self.classes, f"{self.name}: what was taken for what")
        return html.facts(self.name, found, html.image(plots.png(figure)))

    @cached_property
    def right(self) -> np.ndarray:
        """(n,) bool."""
        return self.predicted == self.labels

    @cached_property
    def accuracy(self) -> Interval:
        share = binomtest(int(self.right.sum()), len(self))
        interval = share.proportion_ci(method="wilson")
        return Interval(float(self.right.mean()), float(interval.low), float(interval.high))

    @cached_property
    def log_loss(self) -> float:
        """The mean loss, without the L2 penalty that a training adds to it."""
        from sklearn.metrics import log_loss

        return float(log_loss(self.labels, self.probabilities.astype(np.float32), labels=range(len(self.classes))))

    @cached_property
    def scores(self) -> list[ClassScore]:
        from sklearn.metrics import precision_recall_fscore_support

        columns = precision_recall_fscore_support(
            self.labels, self.predicted, labels=range(len(self.classes)), zero_division=np.nan
        )
        return [
            ClassScore(name, int(rows), *(None if np.isnan(value) else float(value) for value in values))
            for name, *values, rows in zip(self.classes, *columns, strict=True)
        ]

    @cached_property
    def confusion(self) -> np.ndarray:
        """(classes, classes) counts, the truth in rows and what it was taken for in columns."""
        from sklearn.metrics import confusion_matrix

        return confusion_matrix(self.labels, self.predicted, labels=range(len(self.classes)))

    @cached_property
    def rates(self) -> np.ndarray:
        """The confusion matrix as shares of each true class; 0 for a class without rows."""
        return self.confusion / np.maximum(self.confusion.sum(axis=1, keepdims=True), 1)

    def pair(self, truth: int, taken_for: int) -> Pair:
        where = np.flatnonzero((self.labels == truth) & (self.predicted == taken_for))
        where = where[np.argsort(-self.losses[where], kind="stable")]
        return Pair(truth, taken_for, len(where), float(self.rates[truth, taken_for]), where)

    @cached_property
    def pairs(self) -> list[Pair]:
        """The ordered pairs of classes that were confused at all, the most frequent first."""
        found = [self.pair(truth, taken_for) for truth, taken_for in permutations(range(len(self.classes)), 2)]
        return sorted((pair for pair in found if pair.count), key=lambda pair: (-pair.count, pair.truth))

    def row_name(self, position: int) -> str:
        """How a person finds a validation row again: row 1,234; a scene without a digit has no row."""
        number = int(self.row_numbers[position])
        return f"row {number:,}" if number > 0 else f"scene {1 - number:,}"

    @cached_property
    def mistakes(self) -> np.ndarray:
        """Positions of the wrong rows, the worst by loss first."""
        wrong = np.flatnonzero(~self.right)
        return wrong[np.argsort(-self.losses[wrong], kind="stable")]

    @cached_property
    def sides(self) -> list[tuple[int, int]]:
        """For each class that has both: positions of the right row that it is surest of, and of its worst mistake."""
        found = []
        for number in range(len(self.classes)):
            right = np.flatnonzero((self.labels == number) & self.right)
            wrong = self.mistakes[self.labels[self.mistakes] == number]
            if len(right) and len(wrong):
                found.append((int(right[self.confidence[right].argmax()]), int(wrong[0])))
        return found

    @cached_property
    def uncertain(self) -> np.ndarray:
        """Positions of all rows, those first whose two most probable classes are nearest to each other."""
        two = np.sort(self.probabilities, axis=1)[:, -2:]
        return np.argsort(two[:, 1] - two[:, 0], kind="stable")

    @cached_property
    def suspects(self) -> np.ndarray:
        """Positions of the rows whose label looks wrong, the least likely label first.

        Confident learning on predictions for rows that were not trained on (Northcutt et al., 2021), as cleanlab
        does it by both of its rules; and the network must be sure, for a weak one contradicts every other label.
        """
        present = np.unique(self.labels)  # cleanlab wants rows of every class it is told of
        if len(present) < 2:
            return np.empty(0, int)
        from cleanlab.filter import find_label_issues

        probabilities = self.probabilities[:, present] + np.finfo(np.float32).tiny
        found = find_label_issues(
            np.searchsorted(present, self.labels),
            probabilities / probabilities.sum(axis=1, keepdims=True),
            filter_by="both",
            return_indices_ranked_by="self_confidence",
            n_jobs=1,
        )
        found = np.asarray(found, int)
        return found[~self.right[found] & (self.confidence[found] >= _CONFIDENT)]

    @cached_property
    def reliability(self) -> list[Bin]:
        """Mean confidence and accuracy of the rows in each fifteenth of the range of confidence that has any."""
        bins = np.minimum((self.confidence * _BINS).astype(int), _BINS - 1)
        return [
            Bin(float(self.confidence[bins == number].mean()), float(self.right[bins == number].mean()), int(rows))
            for number, rows in enumerate(np.bincount(bins, minlength=_BINS))
            if rows
        ]

    @cached_property
    def calibration_error(self) -> float:
        """Expected calibration error: how far confidence and accuracy are apart, averaged over the rows."""
        return sum(abs(bin_.confidence - bin_.accuracy) * bin_.rows for bin_ in self.reliability) / len(self)

    @cached_property
    def thresholds(self) -> list[Threshold]:
        found = []
        for confidence in THRESHOLDS:
            above = self.confidence >= confidence
            found.append(
                Threshold(confidence, float(above.mean()), _mean(self.right[above]), _mean(self.right[~above]))
            )
        return found

    @cached_property
    def coverage(self) -> tuple[np.ndarray, np.ndarray]:
        """The share of rows answered, the surest first, and the accuracy among them; both (n,)."""
        surest_first = np.argsort(-self.confidence, kind="stable")
        answered = np.arange(1, len(self) + 1)
        return answered / len(self), np.cumsum(self.right[surest_first]) / answered

    @cached_property
    def silence(self) -> float:
        """The confidence below which an app should stay silent, as `threshold` finds it."""
        return threshold(self.labels, self.probabilities, CAMERA.background_class)

    def numbers(self, focus: Sequence[int] = FOCUS) -> dict[str, Any]:
        """Every number for a program: what `kit analyze --json` prints."""
        return {
            "run": self.name,
            "rows": len(self),
            "folds": self.folds,
            "classes": self.classes,
            "accuracy": vars(self.accuracy),
            "log_loss": self.log_loss,
            "class_scores": [vars(score) for score in self.scores],
            "confusion": self.confusion.tolist(),
            "confusion_rates": self.rates.tolist(),
            "pairs": [self._pair_numbers(pair) for pair in self.pairs],
            "calibration_error": self.calibration_error,
            "reliability": [vars(bin_) for bin_ in self.reliability],
            "thresholds": [vars(threshold) for threshold in self.thresholds],
            "silence": self.silence,
            "focus": {
                "classes": list(focus),
                "confusion": self.confusion[np.ix_(focus, focus)].tolist(),
                "pairs": [self._pair_numbers(self.pair(*pair)) for pair in permutations(focus, 2)],
            },
            "mistakes": [self.row(position) for position in self.mistakes],
            "sides": [[self.row(right), self.row(wrong)] for right, wrong in self.sides],
            "uncertain": [self.row(position) for position in self.uncertain[:100]],
            "suspects": [self.row(position) for position in self.suspects],
        }

    def row(self, position: int) -> dict[str, Any]:
        """One validation row for a program."""
        return {
            "row": int(self.row_numbers[position]),
            "label": int(self.labels[position]),
            "predicted": int(self.predicted[position]),
            "loss": float(self.losses[position]),
            "probabilities": [round(float(value), 6) for value in self.probabilities[position]],
        }

    def _pair_numbers(self, pair: Pair) -> dict[str, Any]:
        return {
            "truth": pair.truth,
            "taken_for": pair.taken_for,
            "count": pair.count,
            "rate": pair.rate,
            "rows": self.row_numbers[pair.where].tolist(),
        }


def threshold(labels: np.ndarray, probabilities: np.ndarray, background: int) -> float:
    """The confidence below which an answer is better withheld, because there it is wrong twice as often as right.

    Of all thresholds it is the one at which the right answers that are shown outnumber half of the wrong ones by most:
    who points a camera at a digit waits in vain where it is withheld, and a wrong answer gives way to the next
    picture's. An answer is a most probable class other than `background`; what is taken for background is never shown.

    Args:
        labels: (n,) the true classes.
        probabilities: (n, classes).
        background: The class that stands for no digit.

    Returns:
        0 to 1; 0 where withholding none is best.
    """
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    answered = np.flatnonzero(predicted != background)
    order = answered[np.argsort(confidence[answered], kind="stable")]
    confidences, worth = confidence[order], np.where(predicted[order] == labels[order], 1, -0.5)
    withheld = np.concatenate([[0], np.cumsum(worth)])  # worth of those below the order's place
    first = np.append(np.searchsorted(confidences, confidences), len(order))  # equals are shown or withheld together
    place = int(first[np.argmin(withheld[first])])
    if place == 0:
        return 0.0
    return float(confidences[place] if place < len(order) else np.nextafter(confidences[-1], 2))


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None
