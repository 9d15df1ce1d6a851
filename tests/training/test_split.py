"""Which rows are held out: stratified, by the seed, and enough of them."""

import numpy as np
import pytest

from kit import KitError
from kit.training.split import split_rows


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
