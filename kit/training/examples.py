"""What a network learns from and is judged on: rows of the CSV as they are or moved a little, or scenes of them."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from kit import KitError
from kit.data.loading import LabelledDigits
from kit.run.folder import Run
from kit.run.settings import Settings
from kit.run.validation import order_of
from kit.scenes.drawing import Scenery, drawing, scenery, scenes
from kit.scenes.strokes import trace
from kit.training.augmentation import Augmentation, warp
from kit.training.split import split_of
from kit.training.teaching import Lessons

AUGMENTATION = Augmentation()
_SCENERY, _VALIDATION, _TRAINING = 1, 2, 3  # second numbers of the seeds, so that no two streams are the same
_MODELS = 3000  # training digits that the scenery's letters must not look like


class Examples(Protocol):
    """What a network learns from and is judged on.

    Attributes:
        numbers, labels, images: Of the n validation examples: (n,) the rows' numbers in the training file, from 0, and
            -1, -2, … for scenes without a digit; (n,) classes; uint8 (n, size, size, 1).
    """

    numbers: np.ndarray
    labels: np.ndarray
    images: np.ndarray

    def epoch(self, number: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Images (n, size, size, 1) and labels of an epoch, counted from 0, in the order to learn from them.

        Labels are (n,) classes, or (n, classes) probabilities where a teacher says them.
        """

    def about(self) -> dict[str, Any]:
        """What a run's metrics say of its validation examples."""

    def close(self) -> None:
        """Makes no more."""


def examples(
    digits: LabelledDigits,
    settings: Settings,
    rows: np.ndarray,
    validation_rows: np.ndarray,
    lessons: Lessons | None = None,
) -> Examples:
    """The examples of a training with these settings; `rows` are learned from, `validation_rows` judge."""
    if settings.task.examples == "scenes":
        return SceneExamples(digits, settings, rows, validation_rows)
    return RowExamples(digits, settings, rows, validation_rows, lessons)


def validation_images(run: Run, digits: LabelledDigits) -> np.ndarray:
    """What the run was judged on, uint8 (n, size, size, 1), in the order of its stored predictions; scenes drawn anew.

    Args:
        run: The run.
        digits: The rows that it was trained on.

    Raises:
        KitError: The stored predictions are not of these rows.
    """
    validation, drawn = run.validation, run.task.examples == "scenes"
    rows = validation.rows[validation.rows >= 0]
    inside = rows.max(initial=0) < len(digits) and (digits.labels[rows] == validation.labels[: len(rows)]).all()
    if not inside or (len(rows) < len(validation.rows) and not drawn):
        raise KitError(f"{run.folder / 'validation.npz'}: its labels are not those of {digits.name}: train again")
    if not drawn:
        return digits.images[rows]
    made = [SceneExamples(digits, settings, learned, judged) for settings, learned, judged in _drawn(run, digits, rows)]
    numbers = np.concatenate([part.numbers for part in made])
    order = order_of(numbers)
    same_rows = np.array_equal(numbers[order][: len(rows)], rows) and len(numbers) == len(validation.rows)
    if not same_rows or run.metrics.get("validation_scenes") != fingerprint([part.fingerprint for part in made]):
        raise KitError(f"{run.folder / 'validation.npz'}: this version of kit draws other scenes: train again")
    return np.concatenate([part.images for part in made])[order]


def _drawn(run: Run, digits: LabelledDigits, rows: np.ndarray) -> list[tuple[Settings, np.ndarray, np.ndarray]]:
    """What the scenes of a run were drawn by: settings, rows that were learned from, and rows that judged."""
    settings = run.settings
    if not settings.folded:
        return [(settings, np.setdiff1d(np.arange(len(digits)), rows), rows)]
    each = [settings.of_fold(number + 1) for number in range(settings.folds or 0)]
    return [(one, *split_of(digits.labels, one)) for one in each]


def fingerprint(parts: Sequence[str]) -> str:
    """SHA-256 of the validation scenes of a run, whose trainings' are these."""
    return parts[0] if len(parts) == 1 else hashlib.sha256("".join(parts).encode()).hexdigest()


class RowExamples:
    """Rows of the CSV, as they are or moved a little; `Examples` says what it offers.

    With lessons the labels of an epoch are probabilities, and pictures without labels are among its images.
    """

    def __init__(
        self,
        digits: LabelledDigits,
        settings: Settings,
        rows: np.ndarray,
        validation_rows: np.ndarray,
        lessons: Lessons | None = None,
    ) -> None:
        self._settings, self._rows, self._images, self._targets = settings, rows, digits.images, digits.labels
        if lessons:
            self._images = np.concatenate([digits.images, lessons.images])
            self._targets = np.concatenate([lessons.targets, lessons.answers])
            self._rows = np.concatenate([rows, np.arange(len(digits), len(self._images))])
        self.numbers, self.labels = validation_rows, digits.labels[validation_rows]
        self.images = digits.images[validation_rows]

    def epoch(self, number: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        order = generator.permutation(self._rows)
        images = self._images[order]
        if self._settings.augment:
            images = warp(images, AUGMENTATION.times(self._settings.movements), generator)
        return images, self._targets[order]

    def about(self) -> dict[str, Any]:
        return {}

    def close(self) -> None:
        """Nothing is being made."""


class SceneExamples:
    """Scenes of the rows, and some without a digit; `Examples` says what it offers.

    A validation digit is in no scene of the training. The validation scenes follow from the settings alone.
    """

    def __init__(
        self, digits: LabelledDigits, settings: Settings, rows: np.ndarray, validation_rows: np.ndarray
    ) -> None:
        self._digits, self._settings, self._rows = digits, settings, rows
        self._pool = ThreadPoolExecutor(1)
        self._ahead: dict[int, list[Future[tuple[np.ndarray, np.ndarray]]]] = {}
        strokes, labels = trace(digits.images[validation_rows]), digits.labels[validation_rows]
        background = self._background(len(labels))
        self.numbers = np.concatenate([validation_rows, -1 - np.arange(background)])
        seed = [settings.split_seed, _VALIDATION, *([settings.fold] if settings.fold else [])]
        self.images, self.labels = scenes(strokes, labels, background, self._scenery, seed)

    def epoch(self, number: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """The next epoch's are drawn beside, in the time that TensorFlow's threads leave."""
        parts = self._ahead.pop(number, None) or self._draw(number)
        images, labels = (np.concatenate(both) for both in zip(*[part.result() for part in parts], strict=True))
        if number + 1 < self._settings.epochs:
            self._ahead[number + 1] = self._draw(number + 1)
        order = generator.permutation(len(images))
        return images[order], labels[order]

    def about(self) -> dict[str, Any]:
        return {"validation_scenes": self.fingerprint}

    def close(self) -> None:
        """Draws no further."""
        self._pool.shutdown(cancel_futures=True)

    def _draw(self, number: int) -> list[Future[tuple[np.ndarray, np.ndarray]]]:
        labels, seed = self._digits.labels[self._rows], [self._settings.seed, _TRAINING + number]
        parts = drawing(self._strokes, labels, self._background(len(labels)), self._scenery, seed)
        return [self._pool.submit(part) for part in parts]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the validation scenes: whoever draws them again can tell whether they are the same."""
        return hashlib.sha256(self.images.data).hexdigest()

    def _background(self, digits: int) -> int:
        share = self._settings.background_share or 0
        return round(digits * share / (1 - share))

    @cached_property
    def _strokes(self) -> np.ndarray:
        return trace(self._digits.images[self._rows])

    @cached_property
    def _scenery(self) -> Scenery:
        generator = np.random.default_rng([self._settings.split_seed, _SCENERY])
        models = np.sort(generator.permutation(self._rows)[:_MODELS])
        return scenery(trace(self._digits.images[models]), generator, self._settings.task.size)
