"""The numbers of an analysis against scikit-learn's own, and the runs that have no mistakes or not every class."""

import json
import math

import numpy as np
import pytest
from sklearn import metrics

from kit.run.metrics import Analysis
from kit.run.validation import Validation


def validation_of(labels: np.ndarray, probabilities: np.ndarray, rows: np.ndarray | None = None) -> Validation:
    rows = np.arange(len(labels)) * 3 if rows is None else rows
    return Validation(rows, labels.astype(np.uint8), probabilities.astype(np.float32), np.zeros((len(labels), 4)))


def drawn(rows: int = 2000, classes: int = 10, skill: float = 4.0, seed: int = 0) -> Validation:
    """Predictions of a network that is right most of the time."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, rows)
    logits = generator.normal(size=(rows, classes)) * 1.5 + skill * np.eye(classes)[labels]
    exponentials = np.exp(logits)
    return validation_of(labels, exponentials / exponentials.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("classes", [10, 11])
def test_the_numbers_are_scikit_learns(classes: int) -> None:
    validation = drawn(classes=classes)
    labels, predicted = validation.labels, validation.probabilities.argmax(axis=1)
    numbers = json.loads(json.dumps(Analysis("01-x", validation).numbers()))
    assert numbers["accuracy"]["value"] == pytest.approx(metrics.accuracy_score(labels, predicted))
    assert numbers["log_loss"] == pytest.approx(metrics.log_loss(labels, validation.probabilities), rel=1e-5)
    assert numbers["confusion"] == metrics.confusion_matrix(labels, predicted).tolist()
    report = metrics.classification_report(labels, predicted, output_dict=True)
    for number, score in enumerate(numbers["class_scores"]):
        expected = report[str(number)]
        assert score["rows"] == expected["support"]
        assert [score["precision"], score["recall"], score["f1"]] == pytest.approx(
            [expected["precision"], expected["recall"], expected["f1-score"]]
        )
    assert numbers["classes"][-1] == ("background" if classes == 11 else "9")


def test_confidence_is_counted_as_by_hand() -> None:
    validation = drawn(300, skill=2.5)
    analysis = Analysis("01-x", validation)
    probabilities = validation.probabilities
    error = 0.0
    for low in range(15):
        inside = [row for row in range(300) if low / 15 <= max(probabilities[row]) < (low + 1) / 15]
        right = [int(probabilities[row].argmax()) == validation.labels[row] for row in inside]
        if inside:
            error += abs(sum(right) - sum(max(probabilities[row]) for row in inside)) / 300
    assert analysis.calibration_error == pytest.approx(error, abs=1e-6)
    half = analysis.thresholds[0]
    sure = [row for row in range(300) if max(probabilities[row]) >= 0.5]
    assert half.share == pytest.approx(len(sure) / 300)
    assert half.accuracy == pytest.approx(np.mean([analysis.right[row] for row in sure]))
    share, accuracy = analysis.coverage
    assert share[-1] == 1 and accuracy[-1] == pytest.approx(analysis.accuracy.value)
    assert accuracy[0] == 1


def test_the_interval_is_wilsons() -> None:
    """By the formula of E. B. Wilson, 1927, with z = 1.959964."""
    accuracy = Analysis("01-x", drawn(500)).accuracy
    p, n, z = accuracy.value, 500, 1.959964
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    assert [accuracy.low, accuracy.high] == pytest.approx([middle - half, middle + half], abs=1e-6)


def test_pairs_hold_exactly_their_rows_the_worst_first() -> None:
    validation = drawn(skill=1.5)
    analysis = Analysis("01-x", validation)
    predicted = validation.probabilities.argmax(axis=1)
    counts = [pair.count for pair in analysis.pairs]
    assert sum(counts) == (predicted != validation.labels).sum() == len(analysis.mistakes)
    assert counts == sorted(counts, reverse=True)
    pair = analysis.pair(4, 9)
    expected = np.flatnonzero((validation.labels == 4) & (predicted == 9))
    assert sorted(pair.where) == expected.tolist() and pair.count == len(expected) > 3
    assert pair.rate == pytest.approx(len(expected) / (validation.labels == 4).sum())
    of_truth = validation.probabilities[pair.where, 4]
    assert (np.diff(of_truth) >= 0).all()
    study = analysis.numbers((4, 9))["focus"]["pairs"][0]
    assert sorted(study["rows"]) == (validation.rows[expected] + 1).tolist()  # rows are counted from 1 for people


def test_uncertain_rows_are_those_with_two_near_answers() -> None:
    probabilities = np.full((4, 10), 0.001)
    for row, (first, second) in enumerate([(0.9, 0.05), (0.5, 0.49), (0.6, 0.3), (0.99, 0.001)]):
        probabilities[row, :2] = first, second
    assert Analysis("01-x", validation_of(np.zeros(4), probabilities)).uncertain.tolist() == [1, 2, 0, 3]


def test_each_class_has_its_surest_row_beside_its_worst() -> None:
    validation = drawn(skill=2)
    predicted = validation.probabilities.argmax(axis=1)
    sides = Analysis("01-x", validation).sides
    assert len(sides) == 10
    for number, (right, wrong) in enumerate(sides):
        of_class = np.flatnonzero(validation.labels == number)
        assert right == max(of_class, key=lambda row: validation.probabilities[row, number])
        assert wrong == min(
            (row for row in of_class if predicted[row] != number), key=lambda row: validation.probabilities[row, number]
        )


def test_labels_changed_by_hand_are_suspected() -> None:
    validation = drawn(3000, skill=9)
    labels = validation.labels.copy()
    changed = np.arange(0, 3000, 150)
    labels[changed] = (labels[changed] + 1) % 10
    suspects = Analysis("01-x", validation_of(labels, validation.probabilities)).suspects
    assert len(set(suspects) & set(changed)) >= 0.9 * len(changed)
    assert len(set(suspects) - set(changed)) <= 10


def test_a_network_without_mistakes_has_none_to_show() -> None:
    labels = np.arange(50) % 10
    analysis = Analysis("01-x", validation_of(labels, np.eye(10)[labels]))
    assert analysis.pairs == [] and len(analysis.mistakes) == 0 and len(analysis.suspects) == 0
    assert analysis.accuracy.value == 1 and analysis.accuracy.low > 0.9 and analysis.log_loss < 1e-6
    assert analysis.calibration_error == pytest.approx(0) and analysis.thresholds[0].accuracy_below is None


def test_a_class_that_never_occurs_has_no_recall() -> None:
    validation = drawn(400)
    kept = validation.labels != 7
    part = validation_of(validation.labels[kept], validation.probabilities[kept])
    score = Analysis("01-x", part).scores[7]
    assert (score.rows, score.recall) == (0, None)
    numbers = Analysis("01-x", part).numbers()
    assert numbers["confusion"][7] == [0] * 10 and json.loads(json.dumps(numbers, allow_nan=False))


def test_one_class_alone_is_still_analyzed() -> None:
    probabilities = np.full((5, 10), 0.05)
    probabilities[:, 3] = 0.55
    analysis = Analysis("01-x", validation_of(np.full(5, 3), probabilities))
    assert analysis.accuracy.value == 1 and len(analysis.suspects) == 0
    assert json.dumps(analysis.numbers(), allow_nan=False)
