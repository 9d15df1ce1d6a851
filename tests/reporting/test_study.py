"""What a study makes of the rows: their principal components."""

import numpy as np
import pytest

from kit.reporting.study import project


def test_projection_is_the_principal_components() -> None:
    points = np.random.default_rng(0).normal(size=(60, 5)) * [9, 4, 1, 1, 1]
    centred = points - points.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    assert np.abs(project(points)) == pytest.approx(np.abs(left[:, :2] * values[:2]), rel=1e-3, abs=1e-2)
    assert project(points[:1]).tolist() == [[0, 0]] and project(points[:0]).shape == (0, 2)
