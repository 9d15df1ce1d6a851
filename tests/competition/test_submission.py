"""The submission file as Kaggle wants it, its score, its log, and the upload against a Kaggle of our own."""

import csv
import hashlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import KitCommand, assert_one_line, write_cut
from kaggle_server import KaggleServer, fresh_client

from kit import KitError, probabilities, submit, train
from kit.competition.submission import common_validation
from kit.data import loading
from kit.run.folder import Run


@pytest.fixture(scope="module")
def two_runs(small: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    folder = tmp_path_factory.mktemp("runs")
    return [train("dense", epochs=2, seed=seed, data=small, runs=folder, progress=False) for seed in (0, 1)]


def log_of(folder: Path) -> list[dict[str, str]]:
    with open(folder / "log.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_the_file_is_what_pandas_makes_of_the_same_probabilities(
    two_runs: list[Run], small: Path, tmp_path: Path
) -> None:
    submission = submit(two_runs, data=small, to=tmp_path)
    images = loading.load("test", small).images
    mean = np.mean([run.model().predict(images.astype(np.float32), verbose=0) for run in two_runs], axis=0)
    table = pd.DataFrame({"ImageId": range(1, 101), "Label": mean.argmax(axis=1)})
    assert (tmp_path / "01-dense+02-dense.csv").read_bytes() == table.to_csv(index=False).encode()
    truth = pd.read_csv(small / "solution.csv")["Label"]
    assert (
        submission.score == pytest.approx((table["Label"] == truth).mean()) and submission.scored_by == "solution.csv"
    )


def test_without_a_run_the_best_is_taken(two_runs: list[Run], small: Path, tmp_path: Path) -> None:
    best = max(two_runs, key=lambda run: run.metrics["val_accuracy"])
    told: list[str] = []
    submission = submit(data=small, runs=two_runs[0].folder.parent, to=tmp_path, notify=told.append)
    assert submission.file == f"{best.name}.csv" and told == [f"the best run is {best.name}"]
    assert submission.validation_accuracy == pytest.approx(best.metrics["val_accuracy"])


def test_every_submission_is_logged(two_runs: list[Run], small: Path, tmp_path: Path) -> None:
    submit(two_runs[0], data=small, to=tmp_path, name="a")
    [line] = log_of(tmp_path)
    assert line["sha256"] == hashlib.sha256((tmp_path / "a.csv").read_bytes()).hexdigest()
    assert (line["file"], line["runs"]) == ("a.csv", "01-dense") and 0 <= float(line["score"]) <= 1


@pytest.mark.parametrize("name", ["../mine", "a b", ".hidden", "log", "log.csv"])
def test_a_name_that_leads_elsewhere_is_refused(name: str, two_runs: list[Run], small: Path, tmp_path: Path) -> None:
    with pytest.raises(KitError, match=f"--name {re.escape(name)}: "):
        submit(two_runs[0], data=small, to=tmp_path / "s", name=name)
    assert not (tmp_path / "s").exists()


def test_a_message_without_an_upload_is_refused_before_all_else(tmp_path: Path) -> None:
    with pytest.raises(KitError, match="-m is what Kaggle shows beside an upload: add --upload or leave it out"):
        submit(runs=tmp_path, message="hello")


def test_another_submission_is_not_written_over(two_runs: list[Run], small: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("precious")
    with pytest.raises(KitError, match=r"mine\.csv: another submission has this name: choose one with --name"):
        submit(two_runs[0], data=small, to=tmp_path, name="mine")
    assert (tmp_path / "mine.csv").read_text() == "precious" and len(list(tmp_path.iterdir())) == 1
    submit(two_runs[0], data=small, to=tmp_path, name="mine", overwrite=True)
    assert (tmp_path / "mine.csv").read_text().startswith("ImageId,Label\n")


def test_without_a_solution_there_is_no_score(two_runs: list[Run], small: Path, tmp_path: Path) -> None:
    write_cut(small, tmp_path, 500, 100)
    (tmp_path / "solution.csv").unlink()
    assert submit(two_runs[0], data=tmp_path, to=tmp_path / "s").score is None


@pytest.mark.parametrize("name", ["sample_submission", "solution"])
def test_files_that_do_not_belong_together_are_refused(
    name: str, two_runs: list[Run], small: Path, tmp_path: Path
) -> None:
    write_cut(small, tmp_path, 500, 100)
    lines = (tmp_path / f"{name}.csv").read_text().splitlines()
    (tmp_path / f"{name}.csv").write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(KitError, match=rf"{name}\.csv: 99 rows where .*test\.csv has 100"):
        submit(two_runs[0], data=tmp_path, to=tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_averaged_runs_are_judged_on_rows_that_none_of_them_learned_from(two_runs: list[Run], small: Path) -> None:
    one, other = (set(run.validation.rows.tolist()) for run in two_runs)
    rows, accuracy = common_validation(two_runs)
    assert rows == len(one & other) < 100 and accuracy is None  # too few to say
    same = [two_runs[0], two_runs[0]]
    assert common_validation(same) == (100, pytest.approx(two_runs[0].metrics["val_accuracy"]))
    digits = loading.load("train", small)
    assert digits.labels is not None
    rows_of = sorted(one)
    right = probabilities(two_runs[0], digits.images[rows_of]).argmax(axis=1) == digits.labels[rows_of]
    assert common_validation(two_runs[:1])[1] == pytest.approx(right.mean())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of a client that is imported anew: it takes its configuration's place from the environment then."""
    with fresh_client():
        yield tmp_path_factory.mktemp("home")


@pytest.fixture
def kaggle(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KaggleServer]:
    """A Kaggle of our own, which the client in this process meets."""
    with KaggleServer() as running:
        running.let_in(home, monkeypatch)
        pytest.importorskip(
            "kaggle.api.kaggle_api_extended", reason="the kaggle extra is not installed", exc_type=ImportError
        )
        yield running
        assert not running.outside, "the client asked another host"


@pytest.fixture
def project(small: Path, tmp_path: Path) -> Path:
    """A folder with Kaggle's files in data/, which know no solution."""
    (tmp_path / "data").mkdir()
    write_cut(small, tmp_path / "data", 500, 100)
    (tmp_path / "data" / "solution.csv").unlink()
    return tmp_path


def test_an_upload_reaches_kaggle_byte_for_byte_and_its_score_the_log(
    project: Path, two_runs: list[Run], kit_here: KitCommand, kaggle: KaggleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    kaggle.score, kaggle.pending_polls = 0.98765, 1
    finished = kit_here("submit", "1", "--runs", two_runs[0].folder.parent, "--upload", "-m", "my first")
    assert finished.returncode == 0, finished
    [upload] = kaggle.uploads
    assert upload.content == (project / "submissions" / "01-dense.csv").read_bytes() and upload.message == "my first"
    number = f"uploaded as number {kaggle.ref(0)}; the score takes Kaggle some seconds to some minutes"
    assert finished.stderr.splitlines()[0] == number
    assert "score 0.98765 by kaggle" in finished.stderr and finished.stdout == "submissions/01-dense.csv\n"
    [line] = log_of(project / "submissions")
    assert (line["score"], line["scored_by"], line["message"]) == ("0.98765", "kaggle", "my first")
    assert line["reference"] == str(kaggle.ref(0))


def test_a_refused_upload_keeps_the_file_and_says_the_way_out(
    project: Path, two_runs: list[Run], kit_here: KitCommand, kaggle: KaggleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("KAGGLE_USERNAME", "KAGGLE_KEY"):
        monkeypatch.delenv(variable)
    finished = kit_here("submit", "1", "--runs", two_runs[0].folder.parent, "--upload")
    assert finished.returncode == 1 and kaggle.uploads == []
    assert "no Kaggle token found" in finished.stderr.splitlines()[-1]
    assert (project / "submissions" / "01-dense.csv").exists()


def test_rows_that_are_not_kaggles_are_not_uploaded(
    two_runs: list[Run], small: Path, kit_here: KitCommand, tmp_path: Path
) -> None:
    finished = kit_here("submit", two_runs[0].folder, "--data", small, "--upload")
    assert_one_line(finished, "--upload: the rows to predict are not Kaggle's", "kit data fetch kaggle --overwrite")
    assert not (tmp_path / "submissions").exists()


def test_kaggles_files_are_fetched_and_checked(
    sample: Path, kit_here: KitCommand, kaggle: KaggleServer, tmp_path: Path
) -> None:
    names = ("train.csv", "test.csv", "sample_submission.csv")
    kaggle.files.update({name: (sample / name).read_bytes() for name in names})
    finished = kit_here("data", "fetch", "kaggle")
    assert finished.stdout.split() == [f"data/{name}" for name in names], finished
    for name in names:
        assert (tmp_path / "data" / name).read_bytes() == (sample / name).read_bytes()
    kaggle.files["train.csv"] = b"label\n1\n"
    second = kit_here("data", "fetch", "kaggle", "--overwrite")
    assert_one_line(second, "train.csv", "the header has 1 column instead of 785")
    assert (tmp_path / "data" / "train.csv").read_bytes() == (sample / "train.csv").read_bytes()
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == sorted(names)
