"""Learning from another run: each row taught unseen, labels and answers mixed as said, and resumed to the bit."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import KILLED, KitCommand, assert_one_line, killed_training
from test_trainer import same_weights, without_seconds

from kit import KitError, probabilities, train
from kit.data.loading import LabelledDigits, load
from kit.run.folder import Run
from kit.run.runs import runs
from kit.training.examples import RowExamples
from kit.training.split import split_of
from kit.training.teaching import lessons

QUICK = {"arch": "toy", "epochs": 2, "progress": False}


@pytest.fixture(scope="module")
def home(small: Path, toy: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher in folds, one that is not, and a pupil of either."""
    home = tmp_path_factory.mktemp("teaching")
    options = {**QUICK, "data": small, "runs": home}
    train(**options, folds=2, name="folded")
    train(**options, name="alone")
    train(**options, name="taught", teacher="folded", unlabelled=small / "test.csv")
    train(**options, name="told", teacher="alone", teacher_share=1.0)
    return home


@pytest.fixture(scope="module")
def digits(small: Path) -> LabelledDigits:
    loaded = load("train", small)
    assert isinstance(loaded, LabelledDigits)
    return loaded


def run_of(home: Path, name: str) -> Run:
    return next(run for run in runs(home) if run.name.endswith(name))


def test_a_teacher_in_folds_says_of_each_row_what_it_made_of_it_unseen(
    home: Path, small: Path, digits: LabelledDigits
) -> None:
    settings = run_of(home, "taught").settings
    found = lessons(settings, digits, run_of(home, "folded"))
    assert settings.teacher_share == 0.7
    truth = np.eye(10)[digits.labels]
    for fold in run_of(home, "folded").folds:
        rows = fold.validation.rows
        answers = fold.model().predict(digits.images[rows].astype(np.float32), verbose=0)
        np.testing.assert_allclose(found.targets[rows], 0.3 * truth[rows] + 0.7 * answers, atol=1e-6)
    pictures = load("test", small).images
    assert (found.images == pictures).all()
    np.testing.assert_allclose(found.answers, probabilities("folded", pictures, runs=home), atol=1e-6)


def test_what_is_smoothed_is_the_mixture_and_the_answers_of_pictures(home: Path, digits: LabelledDigits) -> None:
    """A teacher is as sure as it is right, so what it says wants smoothing no less than a label."""
    settings, teacher = run_of(home, "taught").settings, run_of(home, "folded")
    plain = lessons(settings, digits, teacher)
    found = lessons(replace(settings, label_smoothing=0.2), digits, teacher)
    assert len(plain.answers)
    np.testing.assert_allclose(found.targets, 0.8 * plain.targets + 0.02, atol=1e-6)
    np.testing.assert_allclose(found.answers, 0.8 * plain.answers + 0.02, atol=1e-6)


def test_of_a_teacher_of_one_network_only_the_rows_that_it_held_out_are_taught_unseen(
    home: Path, digits: LabelledDigits
) -> None:
    teacher = run_of(home, "alone")
    found = lessons(run_of(home, "told").settings, digits, teacher)
    assert not len(found.images)
    np.testing.assert_allclose(found.targets, probabilities(teacher, digits.images), atol=1e-5)
    assert (found.targets[teacher.validation.rows] == teacher.validation.probabilities).all()


def test_an_epoch_has_every_row_and_picture_once_with_its_own_target(home: Path, digits: LabelledDigits) -> None:
    settings = run_of(home, "taught").settings
    found = lessons(settings, digits, run_of(home, "folded"))
    rows, held_out = split_of(digits.labels, settings)
    images, targets = RowExamples(digits, settings, rows, held_out, found).epoch(0, np.random.default_rng(1))
    known = {image.tobytes(): target for image, target in zip(digits.images[rows], found.targets[rows], strict=True)}
    known |= {image.tobytes(): target for image, target in zip(found.images, found.answers, strict=True)}
    assert len(images) == len(rows) + len(found.images) == 500
    assert all((known[image.tobytes()] == target).all() for image, target in zip(images, targets, strict=True))


def test_a_pupil_is_judged_by_labels_on_the_rows_that_it_held_out(home: Path, digits: LabelledDigits) -> None:
    taught, alone = run_of(home, "taught"), run_of(home, "alone")
    assert (taught.validation.rows == alone.validation.rows).all()
    right = taught.validation.probabilities.argmax(axis=1) == digits.labels[taught.validation.rows]
    assert taught.metrics["val_accuracy"] == pytest.approx(right.mean())
    assert not same_weights(taught, alone)


def test_a_pupil_killed_ends_as_if_it_had_not_been(home: Path, small: Path, tmp_path: Path, sceneries: Path) -> None:
    shutil.copytree(run_of(home, "folded").folder, tmp_path / "01-folded")
    options = {**QUICK, "data": small, "runs": tmp_path, "teacher": 1, "unlabelled": small / "test.csv"}
    assert killed_training(9, "half", sceneries, **options) == KILLED
    resumed = train(resume=2, runs=tmp_path, progress=False)
    whole = run_of(home, "taught")
    assert same_weights(resumed, whole) and without_seconds(resumed) == without_seconds(whole)


def test_a_pupil_in_folds_learns_from_a_teacher_too(home: Path, small: Path, tmp_path: Path) -> None:
    run = train(**QUICK, data=small, runs=tmp_path, folds=2, teacher=run_of(home, "folded"))
    assert [fold.settings.teacher for fold in run.folds] == [(home.resolve() / "01-folded").as_posix()] * 2
    assert len(run.validation.rows) == 500


def test_who_cannot_teach_is_refused_and_who_knows_the_rows_is_said_to(
    home: Path, small: Path, tmp_path: Path, kit_here: KitCommand, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*options: object, said: str) -> None:
        data = () if "--data" in options else ("--data", small)
        assert_one_line(kit_here("train", "--arch", "toy", "--runs", home, *data, *options), said)

    refused("--teacher", 9, said="no such run")
    refused("--unlabelled", small / "test.csv", said="--unlabelled: there is no teacher: add --teacher RUN")
    refused("--teacher-share", 0.5, said="--teacher-share: there is no teacher")
    refused("--teacher", 1, "--teacher-share", 0, said="--teacher-share 0.0: give a share above 0 and up to 1")
    refused("--teacher", 1, "--camera", said="only a run of the competition's rows can teach")
    refused("--teacher", 1, "--unlabelled", small / "none.csv", said="none.csv")
    lines = (small / "train.csv").read_bytes().splitlines(keepends=True)
    (tmp_path / "train.csv").write_bytes(b"".join(lines[:300]))
    refused("--teacher", 1, "--data", tmp_path, said="--teacher 01-folded: trained on other rows than these")
    capsys.readouterr()
    train(**{**QUICK, "epochs": 1, "progress": True}, data=small, runs=tmp_path / "runs", teacher=run_of(home, "alone"))
    assert "02-alone has learned from most of the rows that it teaches about" in capsys.readouterr().err


def test_a_teacher_that_has_changed_or_is_gone_ends_a_resume_in_one_line(
    home: Path, small: Path, tmp_path: Path
) -> None:
    copied = tmp_path / "runs"
    shutil.copytree(home, copied)
    pupil = run_of(copied, "taught")
    pupil.write_metrics({**pupil.metrics, "finished": False})
    model = copied / "01-folded" / "model.keras"
    model.write_bytes((copied / "02-alone" / "model.keras").read_bytes())
    with pytest.raises(KitError, match="01-folded: not the teacher that this training began with"):
        train(resume=pupil, runs=copied, data=small, progress=False)
    shutil.rmtree(copied / "01-folded")
    with pytest.raises(KitError, match="01-folded: no such run"):
        train(resume=pupil, runs=copied, data=small, progress=False)
