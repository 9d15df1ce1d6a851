"""Whether one run is better or lucky, against McNemar's test by hand."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from kit import KitError
from kit.run.comparison import compare
from kit.run.folder import Run
from kit.run.settings import Settings
from kit.run.validation import Validation


def run_of(folder: Path, name: str, validation: Validation, fingerprint: str = "rows") -> Run:
    """A run's folder with settings and predictions, as a training leaves them."""
    from dataclasses import asdict

    settings = Settings(
        arch="dense", epochs=1, batch_size=1, optimizer="adam", learning_rate=0.1, schedule="constant", l2=0,
        dropout=None, augment=False, patience=None, monitor="val_loss", validation_split=0.2, precision="float32",
        seed=0, split_seed=0, from_run=None, data="data", fingerprint=fingerprint,
    )  # fmt: skip
    run = Run(folder / name)
    run.folder.mkdir()
    (run.folder / "settings.json").write_text(json.dumps({"settings": asdict(settings), "versions": {}}))
    run.write_validation(validation)
    return run


def answers(right: str, rows: np.ndarray | None = None) -> Validation:
    """Rows of class 0 that are right where the string has a 1."""
    rows = np.arange(len(right)) * 3 if rows is None else rows
    probabilities = np.eye(10, dtype=np.float32)[[0 if mark == "1" else 1 for mark in right]]
    return Validation(rows, np.zeros(len(right), np.uint8), probabilities, np.zeros((len(right), 4)))


def test_mcnemar_counts_only_where_one_alone_is_right(tmp_path: Path) -> None:
    one = run_of(tmp_path, "01-a", answers("1" * 10 + "0" * 2 + "1" * 50))
    other = run_of(tmp_path, "02-b", answers("0" * 10 + "1" * 2 + "1" * 50))
    found = compare([other, one])[0]
    assert (found.better, found.worse, found.rows, found.only_better, found.only_worse) == ("01-a", "02-b", 62, 10, 2)
    by_hand = 2 * sum(math.comb(12, count) for count in range(3)) / 2**12
    assert found.p_value == pytest.approx(by_hand) and found.real


def test_a_few_rows_more_may_be_luck(tmp_path: Path) -> None:
    one = run_of(tmp_path, "01-a", answers("1110" + "1" * 50))
    other = run_of(tmp_path, "02-b", answers("0001" + "1" * 50))
    found = compare([one, other])[0]
    assert found.p_value == pytest.approx(0.625) and not found.real
    same = compare([one, run_of(tmp_path, "03-c", answers("1110" + "1" * 50))])[0]
    assert same.p_value == 1 and same.only_better == same.only_worse == 0


def test_only_rows_that_both_held_out_are_compared(tmp_path: Path) -> None:
    one = run_of(tmp_path, "01-a", answers("110", np.array([2, 5, 9])))
    other = run_of(tmp_path, "02-b", answers("010", np.array([5, 9, 11])))
    assert compare([one, other])[0].rows == 2
    apart = run_of(tmp_path, "03-c", answers("1", np.array([4])))
    with pytest.raises(KitError, match="shares no validation row"):
        compare([one, apart])
    with pytest.raises(KitError, match="04-d: trained on other rows than 01-a"):
        compare([one, run_of(tmp_path, "04-d", answers("110"), "other rows")])
