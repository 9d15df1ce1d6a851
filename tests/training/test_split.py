"""Which rows are held out: stratified, by the seed, and enough of them."""

import numpy as np
import pytest

from kit import KitError
from kit.training.split import held_out_rows, split_rows


def test_the_split_is_stratified_drawn_from_the_seed_and_without_overlap() -> None:
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(10), np.arange(20, 120, 10))).astype(np.uint8)
    rows, validation = split_rows(labels, 0.2, 1)
    assert sorted([*rows, *validation]) == list(range(len(labels)))
    assert np.abs(np.bincount(labels[validation]) - np.bincount(labels) * 0.2).max() <= 1
    assert (split_rows(labels, 0.2, 1)[1] == validation).all()
    assert len(np.setdiff1d(split_rows(labels, 0.2, 2)[1], validation)) > 50


def test_too_few_rows_for_a_split_are_refused() -> None:
    with pytest.raises(KitError, match="label 3 has 1 row: a split into training and validation needs two or more"):
        split_rows(np.array([*range(10), *range(3), *range(4, 10)] * 1), 0.5, 0)
    with pytest.raises(KitError, match=r"--validation-split 0\.05: leaves 2 of 40 rows for validation"):
        split_rows(np.tile(np.arange(10), 4), 0.05, 0)


def test_folds_hold_out_every_row_once_and_of_each_class_as_many() -> None:
    labels = np.random.default_rng(0).integers(0, 10, 1003)
    held_out = held_out_rows(labels, 5, 1)
    assert sorted(np.concatenate(held_out)) == list(range(1003))
    counts = np.array([np.bincount(labels[rows], minlength=10) for rows in held_out])
    assert (counts.max(axis=0) - counts.min(axis=0) <= 1).all()
    assert all((one == other).all() for one, other in zip(held_out, held_out_rows(labels, 5, 1), strict=True))
    assert any((one[:50] != other[:50]).any() for one, other in zip(held_out, held_out_rows(labels, 5, 2), strict=True))


def test_more_folds_than_the_rarest_class_has_rows_are_refused() -> None:
    labels = np.array([*range(10)] * 4 + [*range(9)] * 3)
    with pytest.raises(KitError, match=r"^--folds 5: label 9 has 4 rows, where each fold needs one: give 4 or fewer$"):
        held_out_rows(labels, 5, 0)
    assert len(held_out_rows(labels, 4, 0)) == 4
