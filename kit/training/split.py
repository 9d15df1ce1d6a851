"""Which rows are learned from, and which are held out to judge."""

import math

import numpy as np

from kit import KitError


def split_rows(labels: np.ndarray, validation_split: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws the validation rows, stratified by class.

    Returns:
        Row numbers for training and for validation, each ascending.

    Raises:
        KitError: Too few rows for it.
    """
    from sklearn.model_selection import train_test_split

    counts = np.bincount(labels, minlength=10)
    validation_rows = math.ceil(len(labels) * validation_split)
    if counts.min() < 2:
        label = counts.argmin()
        raise KitError(f"label {label} has {counts[label]} row: a split into training and validation needs two or more")
    if validation_rows < 10 or len(labels) - validation_rows < 10:
        raise KitError(
            f"--validation-split {validation_split}: leaves {validation_rows} of {len(labels)} rows for validation; "
            "both sides need 10 or more"
        )
    chosen = train_test_split(np.arange(len(labels)), test_size=validation_rows, random_state=seed, stratify=labels)
    return np.sort(chosen[0]), np.sort(chosen[1])
