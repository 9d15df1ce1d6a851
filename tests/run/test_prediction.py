"""Probabilities against Keras' own predict, and the average of several runs against the mean of each."""

from pathlib import Path

import numpy as np
import pytest

from kit import KitError, probabilities, train
from kit.run.folder import Run
from kit.run.prediction import BATCH, predictor
from kit.task import ROWS
from kit.training import networks

IMAGES = np.random.default_rng(0).integers(0, 256, (BATCH + 7, 28, 28, 1)).astype(np.uint8)


@pytest.mark.parametrize("name", ["dense", "malireddi", networks.DEFAULTS[ROWS.examples]])
def test_the_same_as_keras_predict(name: str) -> None:
    model = networks.build(name, seed=2)
    probabilities = predictor(model)(IMAGES)
    assert probabilities.shape == (len(IMAGES), 10) and probabilities.dtype == np.float32
    expected = model.predict(IMAGES.astype(np.float32), verbose=0)
    # Unscaled noise makes logits of some hundreds in an untrained dense network; float32 has 7 digits of them.
    assert np.abs(probabilities - expected).max() < (2e-4 if name == "dense" else 2e-6)


def test_several_runs_are_averaged(small: Path, tmp_path: Path) -> None:
    runs = [train("dense", epochs=1, seed=seed, data=small, runs=tmp_path, progress=False) for seed in (0, 1)]
    each = [probabilities(run, IMAGES) for run in runs]
    both = probabilities(["1", "02-dense"], IMAGES, runs=tmp_path)
    assert np.allclose(both, (each[0] + each[1]) / 2, atol=1e-7) and not np.allclose(each[0], each[1])


@pytest.mark.parametrize("shape", [(5, 784), (5, 28, 28), (28, 28, 1), (5, 28, 28, 3), (5,), ()])
def test_images_of_another_shape_are_refused_with_the_one_that_is_wanted(
    shape: tuple[int, ...], exportable: Run
) -> None:
    with pytest.raises(KitError, match=r"takes images of shape \(n, 28, 28, 1\), not \(.*: images\.reshape\(-1, 28"):
        probabilities(exportable, np.zeros(shape, np.uint8))
    with pytest.raises(KitError, match="sees 28 × 28 pixels, not 96 × 96: choose another"):
        probabilities(exportable, np.zeros((2, 96, 96, 1), np.uint8))
    assert probabilities(exportable, IMAGES[:2].tolist()).shape == (2, 10)  # type: ignore[arg-type]


def test_a_damaged_model_is_one_line(small: Path, tmp_path: Path) -> None:
    run = train("dense", epochs=1, data=small, runs=tmp_path, progress=False)
    path = run.folder / "model.keras"
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"not a model", whole[:3000] + b"\0" * 200 + whole[3200:]):
        path.write_bytes(damaged)
        with pytest.raises(KitError, match=r"model\.keras: damaged, Keras cannot read it"):
            probabilities(run, IMAGES)
