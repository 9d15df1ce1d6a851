"""Which rows are learned from, and which are held out to judge."""

import math

import numpy as np

from kit import KitError
from kit.run.settings import Settings


def split_of(labels: np.ndarray, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """The rows that a training with these settings learns from, and those that judge it.

    Returns:
        Row numbers for training and for validation, each ascending.

    Raises:
        KitError: Too few rows for it.
    """
    if settings.folds is None or settings.fold is None:
        return split_rows(labels, settings.validation_split, settings.split_seed)
    held_out = held_out_rows(labels, settings.folds, settings.split_seed)[settings.fold - 1]
    return np.setdiff1d(np.arange(len(labels)), held_out), held_out


def held_out_rows(labels: np.ndarray, folds: int, seed: int) -> list[np.ndarray]:
    """The rows that each fold holds out, ascending: every row once, stratified by class.

    Raises:
        KitError: A class has fewer rows than there are folds.
    """
    from sklearn.model_selection import StratifiedKFold

    counts = np.bincount(labels, minlength=10)
    if counts.min() < folds:
        label, rows = int(counts.argmin()), int(counts.min())
        found = f"label {label} has {rows} row{'s' * (rows != 1)}, where each fold needs one"
        raise KitError(f"--folds {folds}: {found}: {f'give {rows} or fewer' if rows > 1 else 'leave it out'}")
    parts = StratifiedKFold(folds, shuffle=True, random_state=seed).split(labels, labels)
    return [np.sort(held_out) for _, held_out in parts]


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
