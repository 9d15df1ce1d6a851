"""What another run's network says of the rows, learned from beside their labels, and of pictures that have none.

G. Hinton, O. Vinyals and J. Dean, Distilling the Knowledge in a Neural Network, 2015: a small network learns more from
how sure a better one is of each class than from labels alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kit import KitError
from kit.data.loading import LabelledDigits, load
from kit.run.folder import Run
from kit.run.prediction import predictor
from kit.run.settings import Settings


@dataclass(frozen=True)
class Lessons:
    """What there is to learn from beside the labels.

    Attributes:
        targets: float32 (rows, classes), of every row of the training file: label and teacher, mixed and smoothed.
        images: uint8 (n, size, size, 1), those without labels.
        answers: float32 (n, classes), what the teacher says of them, smoothed too.
    """

    targets: np.ndarray
    images: np.ndarray
    answers: np.ndarray


def lessons(settings: Settings, digits: LabelledDigits, teacher: Run) -> Lessons:
    """What a training with these settings learns from its teacher.

    Of a row that the teacher has held out, in one of its folds or alone, it is what it said of it unseen.

    Raises:
        KitError: The teacher or the unlabelled pictures have changed since the settings were made.
    """
    if teacher.contract.weights != settings.teacher_weights:
        raise KitError(f"{teacher.folder}: not the teacher that this training began with: its network has changed")
    predict = predictor(teacher.model())
    probabilities = np.zeros((len(digits), settings.task.classes), np.float32)
    held_out = teacher.validation.rows
    probabilities[held_out] = teacher.validation.probabilities
    learned = np.setdiff1d(np.arange(len(digits)), held_out)
    if len(learned):
        probabilities[learned] = predict(digits.images[learned])
    share = settings.teacher_share or 0
    mixed = (1 - share) * one_hot(digits.labels, settings.task.classes) + share * probabilities
    images = digits.images[:0]
    if settings.unlabelled is not None:
        pictures = load("test", settings.unlabelled)
        if pictures.fingerprint != settings.unlabelled_fingerprint:
            raise KitError(f"{pictures.name}: not the pictures that this training began with: restore the file")
        images = pictures.images
    targets, answers = (smoothed(each, settings.label_smoothing) for each in (mixed, predict(images)))
    return Lessons(targets, images, answers)


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """The labels (n,) as probabilities, float32 (n, classes)."""
    return np.eye(classes, dtype=np.float32)[labels]


def smoothed(targets: np.ndarray, smoothing: float) -> np.ndarray:
    """Targets, float32 (n, classes), of which a share is spread over all classes alike.

    So no answer pays for being surer than that (C. Szegedy et al., Rethinking the Inception Architecture, 2016).
    """
    return targets * np.float32(1 - smoothing) + np.float32(smoothing / targets.shape[1])


def with_teacher(
    settings: Settings, teacher: Run, share: float, unlabelled: Path | str | None, say: Callable[[str], None]
) -> Settings:
    """The settings of a training that learns from this teacher.

    Args:
        settings: Without it, of the rows that are to be learned from.
        teacher: The run.
        share: How much its answers count beside the labels.
        unlabelled: Where `test.csv` is, to learn from its pictures too.
        say: Called with a line where the teacher knows rows that it teaches about.

    Raises:
        KitError: The teacher reads something else, or was trained on other rows.
    """
    theirs = teacher.settings
    if teacher.task != settings.task or settings.task.examples != "rows":
        raise KitError(f"--teacher {teacher}: only a run of the competition's rows can teach, and only about such rows")
    if theirs.fingerprint != settings.fingerprint:
        raise KitError(f"--teacher {teacher}: trained on other rows than these: give its own with --data PATH")
    if theirs.imported:
        say(f"nobody knows from which of these rows {teacher} has learned: of those it is surer than it should be")
    elif not theirs.folded:
        say(
            f"{teacher} has learned from most of the rows that it teaches about, so it is surer of them than it should "
            "be, and may tell of rows that are held out here: a run in folds teaches about each row unseen"
        )
    fields: dict[str, Any] = {
        "teacher": teacher.name,
        "teacher_weights": teacher.contract.weights,
        "teacher_share": share,
    }
    if unlabelled is not None:
        fields |= {
            "unlabelled": Path(unlabelled).as_posix(),
            "unlabelled_fingerprint": load("test", unlabelled).fingerprint,
        }
    return replace(settings, **fields)
