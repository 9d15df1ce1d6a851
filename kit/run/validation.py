"""What the kept network of a training said of the rows that it was not trained on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Validation:
    """What the kept network said of the validation rows.

    Attributes:
        rows: (n,) row numbers in the training file, counted from 0, ascending; with --camera then -1, -2, … for the
            scenes without a digit.
        labels: (n,) the true classes.
        probabilities: (n, classes) float32, each row summing to 1.
        features: (n, units) float16, what the last hidden layer makes of them.
    """

    rows: "np.ndarray"
    labels: "np.ndarray"
    probabilities: "np.ndarray"
    features: "np.ndarray"
