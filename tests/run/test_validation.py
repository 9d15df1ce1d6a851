"""Stored predictions are such: of rows that ascend, in probabilities that sum to 1."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_folder import SETTINGS

from kit import KitError
from kit.run.folder import Run
from kit.run.runs import create
from kit.run.validation import Validation

EYE = np.eye(10, dtype=np.float32)
WHOLE = Validation(np.array([2, 5, 9]), np.array([0, 9, 3], np.uint8), EYE[:3], np.zeros((3, 4), np.float16))


def stored(folder: Path, camera: bool = False, **changes: Any) -> Run:
    settings = replace(SETTINGS, camera=True, background_share=0.3) if camera else SETTINGS
    run = create(settings, "x", folder)
    run.write_validation(replace(WHOLE, **changes))
    return run


def test_predictions_come_back_as_they_were(tmp_path: Path) -> None:
    found = stored(tmp_path).validation
    for name, array in vars(WHOLE).items():
        assert (getattr(found, name) == array).all() and getattr(found, name).dtype == array.dtype


def test_scenes_without_a_digit_follow_the_rows(tmp_path: Path) -> None:
    wide = np.eye(11, dtype=np.float32)[[0, 1, 10, 10]]
    of_scenes = {"labels": np.array([0, 1, 10, 10]), "probabilities": wide, "features": np.zeros((4, 2))}
    found = stored(tmp_path, camera=True, rows=np.array([3, 4, -1, -2]), **of_scenes).validation
    assert found.rows.tolist() == [3, 4, -1, -2]
    for rows in ([3, 4, -2, -1], [-1, 3, 4, -2], [3, 4, -1, -3]):
        with pytest.raises(KitError, match="rows are not row numbers in ascending order"):
            _ = stored(tmp_path, camera=True, rows=np.array(rows), **of_scenes).validation


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rows": np.array([2, 2, 9])}, "rows are not row numbers in ascending order"),
        ({"rows": np.array([5, 2, 9])}, "rows are not row numbers"),
        ({"rows": np.array([2, 5, -1])}, "rows are not row numbers"),
        ({"rows": np.array([2, 5, 2**62])}, "rows are not row numbers"),
        ({"rows": np.array([2, 5, 2**64 - 1], np.uint64)}, "rows are not row numbers"),
        ({"rows": np.array([2.0, 5, 9])}, "rows has another shape or type"),
        ({"rows": np.array([2, 5])}, "labels has another shape or type"),
        ({"labels": np.array([0, 10, 3])}, "labels are not 0 to 9"),
        ({"labels": np.array([0, -1, 3])}, "labels are not 0 to 9"),
        ({"labels": np.array(["0", "9", "3"])}, "labels has another shape or type"),
        ({"probabilities": EYE[:3, :9]}, "probabilities are of 9 classes"),
        ({"probabilities": np.eye(12, dtype=np.float32)[:3]}, "probabilities are of 12 classes"),
        ({"probabilities": EYE[0]}, "probabilities has another shape or type"),
        ({"probabilities": EYE[:3] * np.nan}, "probabilities are not between 0 and 1"),
        ({"probabilities": EYE[:3] * 2}, "probabilities are not between 0 and 1"),
        ({"probabilities": EYE[:3] / 2}, "probabilities do not sum to 1"),
        ({"features": np.full((3, 4), np.inf, np.float16)}, "features are not all numbers"),
        ({"features": np.zeros((2, 4))}, "features has another shape or type"),
        ({"rows": np.zeros(0, int), "labels": np.zeros(0, int), "probabilities": EYE[:0], "features": np.zeros((0, 4))},
         "rows are not row numbers"),
    ],
)  # fmt: skip
def test_what_is_no_prediction_is_one_line(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(KitError, match=rf"validation\.npz: damaged, {words}.*: restore the file or train again"):
        _ = stored(tmp_path, **changes).validation
