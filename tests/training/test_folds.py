"""A run in folds: every row judged by a network that never saw it, and one network that averages them all."""

import dataclasses
import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import KILLED, KitCommand, assert_one_line, csv_of, killed_training
from test_trainer import same_weights, without_seconds

from kit import KitError, analyze, find, train
from kit.data import loading
from kit.data.loading import LabelledDigits
from kit.exporting import proof
from kit.exporting.export import export
from kit.run.folder import Run
from kit.run.prediction import viewed_validation
from kit.run.runs import best, create, runs
from kit.run.validation import Validation, joined
from kit.run.views import moved
from kit.text import command_line
from kit.training import folds, networks
from kit.training.canonical import averaged
from kit.training.loop import Training
from kit.training.progress import Progress

IN_FOLDS = {"arch": "toy", "folds": 2, "epochs": 2, "augment": True, "progress": False}
OWN = {"model.keras", "history.csv", "history.png", "validation.npz", "metrics.json", "settings.json", "summary.txt"}


@pytest.fixture(scope="module")
def folded(small: Path, toy: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(**IN_FOLDS, data=small, runs=tmp_path_factory.mktemp("folded"))


@pytest.fixture(scope="module")
def digits(small: Path) -> LabelledDigits:
    return loading.load("train", small)


def copy_of(run: Run, folder: Path) -> Run:
    return Run(shutil.copytree(run.folder, folder / run.name))


def unfinished(run: Run) -> Run:
    """The same as if it had been stopped before its own files were made."""
    for name in OWN - {"settings.json", "metrics.json"}:
        (run.folder / name).unlink()
    run.write_metrics(run.metrics | {"finished": False})
    return run


def test_each_row_is_judged_once_by_the_network_that_held_it_out(folded: Run, digits: LabelledDigits) -> None:
    validation = folded.validation
    assert validation.rows.tolist() == list(range(500)) and (validation.labels == digits.labels).all()
    for fold in folded.folds:
        rows = fold.validation.rows
        says = fold.model().predict(digits.images[rows].astype(np.float32), verbose=0)
        np.testing.assert_allclose(validation.probabilities[rows], says, atol=1e-6)
    assert sorted(np.concatenate([fold.validation.rows for fold in folded.folds])) == list(range(500))
    right = validation.probabilities.argmax(axis=1) == digits.labels
    assert folded.metrics["val_accuracy"] == right.mean() == folded.analysis.accuracy.value
    logarithms = np.log(np.maximum(validation.probabilities, 1e-7))
    np.testing.assert_allclose(validation.features, logarithms, rtol=1e-3, atol=1e-3)


def test_a_fold_trained_alone_has_the_same_weights_whatever_its_held_out_rows_show(
    folded: Run, digits: LabelledDigits, toy: str, tmp_path: Path
) -> None:
    fold = folded.folds[1]
    images = digits.images.copy()
    images[fold.validation.rows] = 255 - images[fold.validation.rows]
    alone = Training(dataclasses.replace(digits, images=images), fold.settings, networks.named(toy))
    alone.run = create(fold.settings, "alone", tmp_path)
    with alone.run.locked():
        alone.go(shown=False)
    assert same_weights(fold, alone.run) and alone.run.metrics["val_loss"] != fold.metrics["val_loss"]
    assert len({each.settings.seed for each in folded.folds}) == 2


def test_the_network_is_the_mean_of_the_folds(folded: Run, digits: LabelledDigits) -> None:
    pictures = digits.images.astype(np.float32)
    each = [fold.model().predict(pictures, verbose=0) for fold in folded.folds]
    model = folded.model()
    np.testing.assert_allclose(model.predict(pictures, verbose=0), np.mean(each, axis=0), atol=1e-6)
    assert model.input.name == "pixels" and model.layers[-1].name == "probabilities"
    assert folded.metrics["parameters"] == 2 * folded.folds[0].metrics["parameters"]


def test_a_mean_keeps_what_each_network_gives_whatever_its_layers() -> None:
    pictures = np.random.default_rng(1).integers(0, 256, (20, 28, 28, 1)).astype(np.float32)
    models = [networks.build("inception", seed=2), networks.build("dense", seed=3), networks.build("dense", seed=4)]
    each = [model.predict(pictures, verbose=0).astype(np.float64) for model in models]
    np.testing.assert_allclose(averaged(models).predict(pictures, verbose=0), np.mean(each, axis=0), atol=1e-6)


def test_a_run_in_folds_has_the_files_of_any_and_the_folds_in_it(folded: Run) -> None:
    assert {path.name for path in folded.folder.iterdir()} == OWN | {"folds"}
    for fold in folded.folds:
        assert {path.name for path in fold.folder.iterdir()} == OWN and fold.finished
        assert fold.settings.seed != folded.settings.seed and fold.settings.folds == 2
    assert folded.settings.folded and folded.settings.validation_split == pytest.approx(1 / 2)
    assert runs(folded.folder.parent) == [folded] and best(folded.folder.parent) == folded
    assert find("1/folds/2", folded.folder.parent) == find("toy/folds/2", folded.folder.parent) == folded.folds[1]
    assert find(folded.folder / "folds" / "2").name == "01-toy/folds/2"
    with pytest.raises(KitError, match="no such run"):
        find("1/folds/3", folded.folder.parent)


def test_the_history_is_the_mean_with_its_range(folded: Run) -> None:
    each = [fold.history for fold in folded.folds]
    for number, row in enumerate(folded.history):
        values = [history[number]["val_loss"] for history in each]
        assert row["val_loss"] == pytest.approx(np.mean(values)) and row["epoch"] == number + 1
        assert (row["val_loss_low"], row["val_loss_high"]) == (min(values), max(values))
    shorter = folds.mean_history([each[0], each[1][:1]])
    assert shorter[1]["loss"] == shorter[1]["loss_high"] == each[0][1]["loss"]


def test_scenes_without_a_digit_are_numbered_over_all_folds() -> None:
    def part(rows: list[int], labels: list[int]) -> Validation:
        probabilities = np.eye(11, dtype=np.float32)[labels]
        return Validation(np.array(rows), np.array(labels), probabilities, np.zeros((len(rows), 2), np.float16))

    found = joined([part([1, 4, -1, -2], [3, 4, 10, 10]), part([0, 2, 3, -1], [5, 6, 7, 10])])
    assert found.rows.tolist() == [0, 1, 2, 3, 4, -1, -2, -3]
    assert found.labels.tolist() == found.probabilities.argmax(axis=1).tolist() == [5, 3, 6, 7, 4, 10, 10, 10]


@pytest.mark.parametrize(("moment", "where"), [(20, "half"), (28, "before")])
def test_killed_in_its_second_fold_or_among_its_own_files_it_ends_as_if_it_had_not_been(
    moment: int, where: str, folded: Run, small: Path, tmp_path: Path, sceneries: Path
) -> None:
    assert killed_training(moment, where, sceneries, **IN_FOLDS, data=small, runs=tmp_path) == KILLED
    [run] = runs(tmp_path)
    assert not run.judged or not run.finished
    resumed = train(resume=run, progress=False)
    assert same_as(resumed, folded)


def same_as(one: Run, other: Run) -> bool:
    assert {str(path.relative_to(one.folder)) for path in one.folder.rglob("*")} == {
        str(path.relative_to(other.folder)) for path in other.folder.rglob("*")
    }
    same = [same_weights(a, b) for a, b in zip([one, *one.folds], [other, *other.folds], strict=True)]
    equal = (one.validation.probabilities == other.validation.probabilities).all()
    return all(same) and bool(equal) and without_seconds(one) == without_seconds(other)


def test_what_is_finished_is_not_trained_again_and_what_is_gone_is(
    folded: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = unfinished(copy_of(folded, tmp_path))
    shutil.rmtree(run.folder / "folds" / "2")
    trained, go = list[int | None](), Training.train

    def counted(self: Training, progress: Progress) -> None:
        trained.append(self.settings.fold)
        go(self, progress)

    monkeypatch.setattr(Training, "train", counted)
    assert same_as(train(resume=run, progress=False), folded) and trained == [2]
    shutil.rmtree(run.folder / "folds")  # nothing of them is needed any more
    assert train(resume=run, progress=False) == run and trained == [2]
    assert run.folds == [] and len(run.analysis) == 500


@pytest.mark.parametrize("file", ["settings.json", "metrics.json", "validation.npz", "model.keras"])
def test_a_damaged_fold_is_one_line(file: str, folded: Run, tmp_path: Path, kit_here: KitCommand) -> None:
    run = unfinished(copy_of(folded, tmp_path / "runs"))
    (run.folder / "folds" / "2" / file).write_bytes(b"{")
    words = (f"folds/2/{file}: damaged", "or remove runs/01-toy/folds/2, then this fold is trained again; then go on")
    assert_one_line(kit_here("train", "--resume", "1"), *words)
    assert not run.finished


def test_rows_of_another_fold_are_seen(folded: Run, tmp_path: Path) -> None:
    run = unfinished(copy_of(folded, tmp_path))
    shutil.copy(run.folder / "folds/2/validation.npz", run.folder / "folds/1/validation.npz")
    with pytest.raises(
        KitError, match=r"folds[/\\]1[/\\]validation\.npz: of other rows than this fold held out; or remove"
    ):
        train(resume=run, progress=False)


def test_ctrl_c_in_a_fold_says_how_to_go_on(
    small: Path, toy: str, folded: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    keep = Training._keep

    def interrupted(self: Training, judged: Any) -> None:
        if self.settings.fold == 2:
            raise KeyboardInterrupt
        keep(self, judged)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "_keep", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(**IN_FOLDS | {"progress": True}, data=small, runs=tmp_path)
    printed = capsys.readouterr().err.splitlines()
    assert printed[0].startswith("fold 1/2  epoch 1/2  loss ") and printed[1].startswith("fold 1/2  epoch 2/2")
    way_on = f"kit train --resume {tmp_path / '01-toy'}"
    assert re.fullmatch(rf"stopped: 1 of 2 folds is finished, 2 epochs are saved .*; go on with: {way_on}", printed[2])
    assert runs(tmp_path)[0].metrics | {"seconds": 0} == {
        "arch": "toy", "parameters": 754, "folds": 2, "epochs": 4, "epochs_done": 2, "seconds": 0,
        "finished": False, "stopped": None,
    }  # fmt: skip


def test_a_fold_that_diverges_ends_the_run(small: Path, toy: str, tmp_path: Path) -> None:
    with pytest.raises(
        KitError, match=r"01-toy[/\\]folds[/\\]1: the loss became NaN in epoch 1, nothing is kept: lower"
    ):
        train(**IN_FOLDS | {"learning_rate": 1e30, "optimizer": "sgd"}, data=small, runs=tmp_path)
    [run] = runs(tmp_path)
    assert run.finished and run.metrics["stopped"] == "diverged"
    with pytest.raises(KitError, match="its loss became NaN: start a new training"):
        train(resume=run, progress=False)


def test_starting_from_folds_of_the_same_rows_keeps_each_network_from_what_it_judges(
    folded: Run, digits: LabelledDigits, toy: str, small: Path, tmp_path: Path
) -> None:
    home = folded.folder.parent
    settings = dataclasses.replace(folded.settings, from_run=folded.name, seed=7)
    again = folds.Folds(digits, settings, networks.named(toy), source=folded)
    for number, fold in enumerate(folded.folds, 1):
        training = again._training(number)
        assert training.examples.numbers.tolist() == fold.validation.rows.tolist()
        weights = zip(training.model.get_weights(), fold.model().get_weights(), strict=True)
        assert all((one == other).all() for one, other in weights)
    options = {"arch": "toy", "epochs": 1, "data": small, "runs": home, "progress": False}
    with pytest.raises(KitError, match=r"--folds 4: 01-toy has 2 folds of these rows.* give --folds 2"):
        train(**options, folds=4, from_run=folded)
    with pytest.raises(KitError, match="--from 01-toy: together its networks have learned from all of these rows"):
        train(**options, from_run=folded)
    with pytest.raises(KitError, match="--folds 2: 01-toy/folds/2 has learned from rows that would be held out"):
        train(**options, folds=2, from_run=folded.folds[1])
    one = train(**options | {"runs": tmp_path}, from_run=folded.folds[1])
    assert one.validation.rows.tolist() == folded.folds[1].validation.rows.tolist()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"folds": 1}, "--folds 1: give 2 to 20, such as 5"),
        ({"folds": 0}, "--folds 0: give 2 to 20, such as 5"),
        ({"folds": -2}, "--folds -2: give 2 to 20, such as 5"),
        ({"folds": 21}, "--folds 21: give 2 to 20, such as 5"),
        (
            {"folds": 5, "validation_split": 0.2},
            "--validation-split 0.2: --folds 5 says how many rows each network holds",
        ),
        ({"folds": 3, "data": True}, "--folds 3: label 0 has 1 row, where each fold needs one: leave it out"),
    ],
)
def test_what_cannot_be_in_folds_is_refused_before_there_is_a_run(
    options: dict[str, Any], line: str, small: Path, rows: np.ndarray, tmp_path: Path
) -> None:
    (tmp_path / "train.csv").write_bytes(csv_of(rows))
    options = options | {"data": tmp_path if "data" in options else small, "runs": tmp_path / "runs"}
    with pytest.raises(KitError, match=f"^{re.escape(line)}"):
        train("dense", **options, progress=False)
    assert not (tmp_path / "runs").exists()


def test_a_report_says_that_it_is_out_of_fold_and_asks_the_network_that_never_saw_a_row(
    folded: Run,
    small: Path,
    digits: LabelledDigits,
    without_pictures: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    asked = list[Any]()
    (tmp_path / "picture.png").touch()

    def drawn(*given: Any) -> tuple[Path, str]:
        asked.append(given)
        return tmp_path / "picture.png", ""

    monkeypatch.setattr("kit.reporting.report.draw_explanation", drawn)
    report = analyze(folded, explain=[7], data=small)
    assert report.summary[0].startswith("Out of fold, by 2 networks, ") and "500 rows are right" in report.summary[0]
    assert "averages all 2" in report.summary[1] and "validation row" not in " ".join(report.summary)
    page = report.page.read_text(encoding="utf-8")
    assert "in 2 folds, 4 of 4 epochs" in page and "50% held out by each of them, in turn" in page
    [(_, model, row, image, _)] = asked
    [fold] = [fold for fold in folded.folds if 6 in fold.validation.rows]
    picture = image[None].astype(np.float32)
    np.testing.assert_allclose(model(picture), fold.model()(picture), atol=1e-6)
    assert row == 7 and (image == digits.images[6]).all()


def test_an_export_is_held_against_the_average_not_against_what_single_networks_said(folded: Run, small: Path) -> None:
    rows = proof.rows_of(folded)
    assert len(rows.labels) == 250 and rows.positions[0] == 0 and rows.positions[-1] == 499
    images = loading.load("train", small).images[rows.positions].astype(np.float32)
    np.testing.assert_allclose(rows.probabilities, folded.model().predict(images, verbose=0), atol=1e-6)
    assert np.abs(rows.probabilities - folded.validation.probabilities[rows.positions]).max() > 1e-3


@pytest.mark.parametrize("views", [1, 5])
def test_views_of_a_row_are_read_by_the_network_that_never_saw_it(
    views: int, folded: Run, digits: LabelledDigits
) -> None:
    found = viewed_validation(folded, digits.images, views)
    assert (found.rows == folded.validation.rows).all() and (found.labels == digits.labels).all()
    for fold in folded.folds:
        rows, model = fold.validation.rows, fold.model()
        each = [model.predict(view.astype(np.float32), verbose=0) for view in moved(digits.images[rows], views)]
        np.testing.assert_allclose(found.probabilities[rows], np.mean(each, axis=0), atol=1e-6)


def test_a_report_says_what_views_would_gain(folded: Run, small: Path, tmp_path: Path, without_pictures: None) -> None:
    run = copy_of(folded, tmp_path)
    report = analyze(run, views=9, data=small)
    found = viewed_validation(run, loading.load("train", small).images, 9)
    right = (found.probabilities.argmax(axis=1) == found.labels).sum() / 500
    assert report.views and right in (report.views.better_accuracy, report.views.worse_accuracy)
    assert f"With 9 views of each picture {right:.2%} are right" in report.summary[-1]
    page = unescape(report.page.read_text(encoding="utf-8"))
    path = run.folder.resolve().as_posix()
    made_by = command_line(["kit", "analyze", path, "--focus", "4,7,9", "--views", 9, "--data", small])
    assert report.summary[-1] in page and f"Made by <code>{made_by}</code>" in page
    with pytest.raises(KitError, match="--views 3: choose from 1, 5, 9"):
        analyze(run, views=3, data=small)
    shutil.rmtree(run.folder / "folds" / "2")
    with pytest.raises(KitError, match="its folder folds is not whole, and only the single networks there"):
        analyze(run, views=5, data=small)
    shutil.rmtree(run.folder / "folds")
    with pytest.raises(KitError, match="its folder folds is not whole"):
        analyze(run, views=5, data=small)
    assert analyze(run, data=small).views is None


@pytest.mark.parametrize("format", ["mlprogram", "neuralnetwork", "tflite", "onnx"])
def test_an_average_is_exported_in_every_format_and_says_how_it_was_judged(
    format: str,  # noqa: A002
    folded: Run,
    tmp_path: Path,
) -> None:
    told = list[str]()
    made = export(folded, format=format, precision="float32", to=tmp_path, notify=told.append)
    assert made.proof.difference.largest < 1e-5 and made.proof.rows == 250
    assert made.proof.out_of_fold == folded.metrics["val_accuracy"] and made.contract.run == "01-toy"
    assert f"each alone, on rows that it has not: {folded.metrics['val_accuracy']:.2%}" in told[-1]
    found = proof.verify(made.path, runs=folded.folder.parent, rows=20)
    assert found.problems == () and found.proof and found.proof.rows == 20
    assert f"accuracy of its networks out of fold {folded.metrics['val_accuracy']:.2%}" in dict(found.facts())["run"]
