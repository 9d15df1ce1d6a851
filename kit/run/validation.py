"""What the kept network of a training said of the rows that it was not trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kit import KitError
from kit.stored import Declared, arrays_of
from kit.task import CAMERA, ROWS

if TYPE_CHECKING:
    import numpy as np

_LARGEST = 2**29  # bytes; of the competition's rows all held out, with the widest last layer, two thirds of it
_MOST_ROWS = 10**9
_SUM = 1e-3  # how far from 1 probabilities may sum
_LEAST = 1e-7  # of a probability, before its logarithm is taken
_REMEDY = "restore the file or train again"


@dataclass(frozen=True)
class Validation:
    """What the kept network said of the validation rows.

    Attributes:
        rows: (n,) row numbers in the training file, counted from 0, ascending; with --camera then -1, -2, … for the
            scenes without a digit.
        labels: (n,) the true classes.
        probabilities: (n, classes) float32, each row summing to 1.
        features: (n, units) float16, what the last hidden layer makes of them; of a run in folds, the logarithms of the
            probabilities.
    """

    rows: "np.ndarray"
    labels: "np.ndarray"
    probabilities: "np.ndarray"
    features: "np.ndarray"


def joined(parts: Sequence[Validation]) -> Validation:
    """The predictions for the rows of several trainings, of which no two held out the same, as those of one run.

    Scenes without a digit are numbered anew. Features of different networks have nothing in common: in their place
    stand the logarithms of the probabilities.
    """
    import numpy as np

    rows = np.concatenate([part.rows for part in parts]).astype(np.int64)
    labels, probabilities = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("labels", "probabilities")
    )
    order = order_of(rows)
    rows, labels, probabilities = rows[order], labels[order], probabilities[order]
    rows[rows < 0] = -1 - np.arange((rows < 0).sum())
    features = np.log(np.maximum(probabilities, _LEAST)).astype(np.float16)
    return Validation(rows, labels, probabilities, features)


def order_of(rows: "np.ndarray") -> "np.ndarray":
    """Where the examples of several parts, one after the other, stand when they are joined.

    Args:
        rows: (n,) their row numbers, below 0 for scenes without a digit.

    Returns:
        (n,) positions: of rows ascending, then of scenes without a digit as they come.
    """
    import numpy as np

    return np.lexsort((np.where(rows < 0, 0, rows), rows < 0))


def read(path: Path) -> Validation:
    """The stored predictions of a network of ten classes, or of eleven with the background.

    Raises:
        KitError: The file is missing or damaged, or its numbers are not such predictions.
    """
    declared = {
        "rows": Declared("iu", ("n",)),
        "labels": Declared("iu", ("n",)),
        "probabilities": Declared("f", ("n", "classes")),
        "features": Declared("f", ("n", "units")),
    }
    validation = Validation(**arrays_of(path, declared, _LARGEST, _REMEDY))
    if fault := _fault(validation):
        raise KitError(f"{path}: damaged, {fault}: {_REMEDY}")
    return validation


def _fault(validation: Validation) -> str | None:
    """What is wrong with the numbers; None where nothing is."""
    import numpy as np

    rows, labels, probabilities = validation.rows, validation.labels, validation.probabilities
    classes = probabilities.shape[1]
    if classes not in (ROWS.classes, CAMERA.classes):
        return f"probabilities are of {classes} classes"
    if not len(rows) or not _in_order(rows, classes == CAMERA.classes):
        return "rows are not row numbers in ascending order"
    if labels.min() < 0 or labels.max() >= classes:
        return f"labels are not 0 to {classes - 1}"
    if not (np.isfinite(probabilities).all() and probabilities.min() >= 0 and probabilities.max() <= 1):
        return "probabilities are not between 0 and 1"
    if not (np.abs(probabilities.sum(axis=1, dtype=np.float64) - 1) <= _SUM).all():
        return "probabilities do not sum to 1"
    if not np.isfinite(validation.features).all():
        return "features are not all numbers"
    return None


def _in_order(rows: "np.ndarray", background: bool) -> bool:
    """Whether rows ascend, each once, followed by -1, -2, … where there may be scenes without a digit."""
    import numpy as np

    if rows.min() < -_MOST_ROWS or rows.max() > _MOST_ROWS:
        return False
    numbers = rows.astype(np.int64)
    digits = int((numbers >= 0).sum())
    without = numbers[digits:]
    ascending = (np.diff(numbers[:digits]) > 0).all() and (without == -1 - np.arange(len(without))).all()
    return bool(ascending) and (background or not len(without))
