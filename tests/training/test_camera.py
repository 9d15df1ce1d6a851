"""Training on scenes: what a camera run holds, that it can be stopped, and what it refuses."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import KILLED, KitCommand, assert_one_line, killed_training, write_cut

from kit import KitError, analyze, train
from kit.data import loading
from kit.reporting.data_pictures import show
from kit.run.comparison import compare
from kit.run.folder import Run
from kit.run.metrics import threshold
from kit.run.runs import best, runs
from kit.scenes.proportions import STOCK
from kit.task import CAMERA, ROWS
from kit.training.examples import validation_images

TINY = {"camera": True, "arch": "dense", "epochs": 2, "progress": False}


@pytest.fixture(scope="module")
def tiny(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    write_cut(sample, folder, 200, 20)
    return folder


@pytest.fixture(scope="module")
def trained(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(**TINY, data=tiny, runs=tmp_path_factory.mktemp("runs"))


def test_a_camera_run_has_eleven_classes_and_a_threshold(trained: Run) -> None:
    model = trained.model()
    assert model.input_shape == (None, 96, 96, 1) and model.output_shape == (None, 11)
    assert trained.settings.camera and trained.settings.background_share == 0.4 and not trained.settings.augment
    validation = trained.validation
    expected = threshold(validation.labels, validation.probabilities, CAMERA.background_class)
    assert trained.metrics["threshold"] == expected
    assert (validation.labels[validation.rows < 0] == CAMERA.background_class).all()
    assert np.unique(validation.rows).size == len(validation.rows) == 67  # 40 digits are 60 % of them


def test_a_camera_run_notes_its_size_and_one_from_before_there_was_a_choice_has_64(trained: Run) -> None:
    assert trained.settings.size == trained.task.size == CAMERA.size == 96
    assert replace(trained.settings, size=None).task == CAMERA.of_size(64)


def test_a_camera_run_of_another_size_draws_and_reads_pictures_of_that_size(
    trained: Run, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {"digits": 2, "models": 2, "letters": 1, "alphabets": 1, "doodles": 20, "blobs": 5, "silhouettes": 17}
    for name, count in few.items():
        monkeypatch.setitem(vars(STOCK), name, count)
    run = train(**TINY | {"epochs": 1}, size=48, data=tiny, runs=tmp_path)
    assert run.model().input_shape == (None, 48, 48, 1) and run.task.size == run.contract.size == 48
    assert validation_images(run, loading.load("train", tiny)).shape[1:] == (48, 48, 1)
    assert best(tmp_path, task=CAMERA) == run
    assert train(**TINY | {"epochs": 1}, from_run=run, data=tiny, runs=tmp_path).task.size == 48
    with pytest.raises(KitError, match="judged by scenes of 48 pixels a side and 01-dense by scenes of 96"):
        compare([trained, run])
    other = train(**TINY | {"epochs": 1}, size=48, seed=3, data=tiny, runs=tmp_path)
    with pytest.raises(KitError, match=r"judged by other scenes than .*: compare runs of the same --seed"):
        compare([run, other])
    assert compare([run, train(**TINY | {"epochs": 2}, size=48, data=tiny, runs=tmp_path)])[0].rows == 67
    with pytest.raises(KitError, match=r"^--size: the competition's rows have 28 x 28 pixels: add --camera"):
        train(arch="dense", size=48, data=tiny, runs=tmp_path, progress=False)
    with pytest.raises(KitError, match=r"^--size 20: give 32 to 224 pixels"):
        train(**TINY, size=20, data=tiny, runs=tmp_path)


def test_the_stored_predictions_are_of_the_scenes_that_are_drawn_again(trained: Run, tiny: Path) -> None:
    images = validation_images(trained, loading.load("train", tiny))
    again = trained.model().predict(images.astype(np.float32), verbose=0)
    assert np.allclose(again, trained.validation.probabilities, atol=1e-3)  # its logits are in the thousands


def test_scenes_of_another_version_are_not_shown_as_those_of_the_run(trained: Run, tiny: Path) -> None:
    metrics = trained.metrics
    try:
        trained.write_metrics(metrics | {"validation_scenes": "0" * 64})
        with pytest.raises(KitError, match="this version of kit draws other scenes"):
            validation_images(trained, loading.load("train", tiny))
    finally:
        trained.write_metrics(metrics)


@pytest.mark.usefixtures("without_pictures")
def test_the_report_shows_scenes_and_the_class_background(trained: Run) -> None:
    row = int(trained.validation.rows[0]) + 1
    report = analyze(trained, explain=(row,))
    page = report.page.read_text()
    assert report.analysis.confusion.shape == (11, 11) and "background" in page
    assert re.search(r"%, scene \d+<", page) and re.search(r"%, row \d+<", page)
    other = next(number for number in range(1, 201) if number - 1 not in trained.validation.rows)
    with pytest.raises(KitError, match=f"--explain {other}: 01-dense has a scene of its validation rows only"):
        analyze(trained, explain=(other,))


@pytest.mark.parametrize("moment", [6, 10])
def test_a_killed_training_ends_as_if_it_had_not_been(
    moment: int, tiny: Path, tmp_path: Path, trained: Run, sceneries: Path
) -> None:
    options = {"arch": "dense", "camera": True, "epochs": 2, "data": tiny, "runs": tmp_path, "progress": False}
    assert killed_training(moment, "before", sceneries, **options) == KILLED
    [run] = runs(tmp_path)
    if run.judged:
        metrics = run.metrics
        run.write_metrics(metrics | {"validation_scenes": "0" * 64})
        with pytest.raises(KitError, match="begun by a version of kit that draws other scenes: start a new training"):
            train(resume=run, progress=False)
        run.write_metrics(metrics)
    assert run.judged == (moment == 10)
    resumed = train(resume=run, progress=False)
    pairs = zip(resumed.model().get_weights(), trained.model().get_weights(), strict=True)
    assert all((one == other).all() for one, other in pairs)
    assert (resumed.validation.probabilities == trained.validation.probabilities).all()
    assert resumed.metrics["threshold"] == trained.metrics["threshold"]


def test_between_sizes_only_layers_of_the_same_shape_are_taken(tiny: Path, tmp_path: Path) -> None:
    options = {"data": tiny, "runs": tmp_path, "progress": False, "epochs": 1}
    source = train(arch="dense", **options)
    run = train(arch="dense", camera=True, from_run=source, learning_rate=1e-12, **options)
    taken, given = (one.model().get_layer("dense2").get_weights()[0] for one in (run, source))
    assert np.allclose(taken, given, atol=1e-6)
    assert run.model().get_layer("dense1").get_weights()[0].shape == (9216, 20)
    assert (run.validation.rows[run.validation.rows >= 0] == source.validation.rows).all()


def test_a_camera_run_is_no_submission(trained: Run, tiny: Path, kit_here: KitCommand) -> None:
    command = ("submit", trained.folder.resolve(), "--data", tiny.resolve())
    assert_one_line(kit_here(*command), "01-dense: sees 96 × 96 pixels, not 28 × 28")
    with pytest.raises(KitError, match="no trained run here yet"):
        best(trained.folder.parent, task=ROWS)
    assert best(trained.folder.parent) == trained


def test_the_sheet_of_scenes_is_a_picture(tiny: Path, tmp_path: Path) -> None:
    [path] = show(tiny, 3, tmp_path, camera=True)
    assert path.name == "scenes.png" and path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_at_the_threshold_right_answers_outnumber_half_of_the_wrong_ones_by_most() -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 11, 2000)
    logits = generator.normal(0, 1, (2000, 11))
    logits[np.arange(2000), labels] += 2.5
    probabilities = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).round(3)  # some are equal
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)

    def worth(threshold: float) -> float:
        shown = (predicted != 10) & (confidence >= threshold)
        return float((shown & (predicted == labels)).sum() - (shown & (predicted != labels)).sum() / 2)

    found = threshold(labels, probabilities, 10)
    assert 0 < found < 1 and worth(found) == max(map(worth, np.linspace(0, 1, 2001))) > worth(0)
    assert threshold(np.array([1, 10]), np.eye(11)[[1, 10]], 10) == 0.0  # nothing is wrong
    assert threshold(np.array([1]), np.eye(11)[[2]], 10) > 1 - 1e-9  # everything is
