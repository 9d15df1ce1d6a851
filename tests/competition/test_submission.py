"""The submission file as Kaggle wants it, its score, its log, and the upload against a Kaggle of our own."""

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import letters
import numpy as np
import pandas as pd
import pytest
from conftest import KitCommand, assert_one_line, needs, write_cut
from kaggle_server import KaggleServer, fresh_client

from kit import KitError, probabilities, submit, train
from kit.competition import submission as submission_module
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


def test_what_a_run_says_of_its_validation_rows_is_not_said_of_another_judgement(
    two_runs: list[Run], small: Path, tmp_path: Path
) -> None:
    """Of a network that was trained elsewhere, perhaps on these rows, and of several views, which nobody has judged."""
    said = list[str]()
    one = submit(two_runs[0], data=small, to=tmp_path, notify=said.append)
    assert one.validation_accuracy == pytest.approx(two_runs[0].metrics["val_accuracy"]) and said == []
    many = submit(two_runs[0], views=5, data=small, to=tmp_path, notify=said.append)
    seen = Run(Path(shutil.copytree(two_runs[0].folder, tmp_path / "03-seen")))
    written = json.loads((seen.folder / "settings.json").read_text())
    written["settings"]["seen"] = True
    (seen.folder / "settings.json").write_text(json.dumps(written))
    theirs = submit([two_runs[0], seen], data=small, to=tmp_path, notify=said.append)
    assert [(one.validation_rows, one.validation_accuracy) for one in (many, theirs)] == [(0, None)] * 2
    assert said == [
        "no validation accuracy: it is of one view: kit analyze --views 5 says what 5 are worth",
        "no validation accuracy: 03-seen may have been trained on the rows that judge it",
    ]


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
    assert "score 0.98765 by kaggle" in finished.stderr and finished.stdout == f"{Path('submissions/01-dense.csv')}\n"
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


ROOT = Path(__file__).parents[2]


@pytest.fixture
def letters_for_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    letters.put(monkeypatch.setattr)


# Two at once, and killed at any moment


@pytest.mark.usefixtures("letters_for_runs")
def test_of_two_submissions_of_a_name_at_once_one_is_there_and_the_other_is_told(tmp_path: Path) -> None:
    for attempt in range(10):
        folder = tmp_path / str(attempt)
        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(submit, run, to=folder, name="mine") for run in "ab"]
        [refused] = [error for one in both if (error := one.exception())]
        [done] = [one.result() for one in both if not one.exception()]
        assert isinstance(refused, KitError) and "mine.csv: another submission has this name: choose" in str(refused)
        [line] = log_of(folder)
        assert hashlib.sha256((folder / "mine.csv").read_bytes()).hexdigest() == done.sha256 == line["sha256"]
        assert sorted(path.name for path in folder.iterdir()) == ["log.csv", "mine.csv"]


@pytest.mark.usefixtures("letters_for_runs")
def test_a_file_that_came_meanwhile_from_elsewhere_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission_module, "_check", lambda *_: (tmp_path / "a.csv").write_text("precious"))
    with pytest.raises(KitError, match=r"a\.csv: another submission has this name"):
        submit("a", to=tmp_path)
    assert (tmp_path / "a.csv").read_text() == "precious" and not (tmp_path / "log.csv").exists()


@pytest.mark.usefixtures("letters_for_runs")
def test_the_same_again_is_fine_and_stays_as_it_is(tmp_path: Path) -> None:
    submit("a", to=tmp_path)
    before = (tmp_path / "a.csv").stat().st_mtime_ns
    submit("a", to=tmp_path)
    assert (tmp_path / "a.csv").stat().st_mtime_ns == before and len(log_of(tmp_path)) == 1


KILLED = """
import os, signal, sys
from pathlib import Path
import letters
from kit.competition.submission import submit

def mutates(event, args):
    if event == "open":
        return isinstance(args[0], str) and args[0].startswith(sys.argv[1]) and args[2] & (os.O_WRONLY | os.O_RDWR)
    return event in ("os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir")

def forked(folder, moment):
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    count = 0
    def kill(event, args):
        nonlocal count
        if mutates(event, args):
            count += 1
            if count == moment:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(kill)
    submit("b", to=folder, name="mine", overwrite=True)
    os._exit(0)

letters.put(setattr)
moment, survived = 0, False
while not survived:
    moment += 1
    folder = Path(sys.argv[1]) / str(moment)
    submit("a", to=folder, name="mine")
    before = (folder / "log.csv").read_bytes()
    survived = forked(folder, moment)
    mine, log = (folder / "mine.csv").read_bytes(), (folder / "log.csv").read_bytes()
    assert mine in (letters.content("a"), letters.content("b")), moment
    assert log == before or log.startswith(before) and log.count(b"\\n") == 3, moment
    assert forked(folder, 0)
    assert sorted(os.listdir(folder)) == ["log.csv", "mine.csv"], (moment, os.listdir(folder))
    assert (folder / "mine.csv").read_bytes() == letters.content("b"), moment
    assert letters.digest("b") in (folder / "log.csv").read_text().splitlines()[-1], moment
print(moment)
"""


@needs("os.fork")
def test_killed_at_any_moment_nothing_is_half_and_nothing_is_left_after_the_next(tmp_path: Path) -> None:
    path = os.pathsep.join(map(str, (ROOT, Path(__file__).parent)))
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 10, "no moments to be killed at"


# The log is read before anything is done


@pytest.mark.parametrize("raw", [b"file;score\r\na.csv;0,9\r\n", b'time,"file\n', b"\xff\xfea", b"x" * (3 << 20), None])
def test_a_log_that_cannot_be_read_is_said_first(raw: bytes | None, tmp_path: Path) -> None:
    if raw is None:
        (tmp_path / "log.csv").mkdir()
    else:
        (tmp_path / "log.csv").write_bytes(raw)
    with pytest.raises(
        KitError, match=r"log\.csv: .*: save it as CSV UTF-8 .* or give it another name and submit again"
    ):
        submit(runs=tmp_path, to=tmp_path, upload=True)  # there are no runs: nobody looked yet
    assert raw is None or (tmp_path / "log.csv").read_bytes() == raw
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.usefixtures("letters_for_runs")
def test_a_message_that_the_log_cannot_hold_is_said_before_anything_is_written_or_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission_module.kaggle, "upload", lambda *_: pytest.fail("sent"))
    with pytest.raises(KitError, match=r"log\.csv: its encoding, utf-8, has no '\\udcff'"):
        submit("a", to=tmp_path, upload=True, message="caf\udcff")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("letters_for_runs")
@pytest.mark.parametrize("run", ["my run a", "-@:a", "x" * 250 + "a"])
def test_a_run_whose_name_is_no_files_name(run: str, tmp_path: Path) -> None:
    with pytest.raises(KitError, match=f"^{run}: .*; --name gives one$"):
        submit(run, to=tmp_path / "s")
    submit(run, to=tmp_path / "s", name="a")


@pytest.mark.usefixtures("letters_for_runs")
@pytest.mark.parametrize(("run", "name"), [("log", None), ("a", "log"), ("a", "LOG.csv")])
def test_the_name_of_the_log(run: str, name: str | None, tmp_path: Path) -> None:
    given = "log" if name is None else f"--name {name}"
    with pytest.raises(KitError, match=rf"^{given}: log\.csv is the log of all submissions"):
        submit(run, to=tmp_path, name=name)


# What was uploaded is not forgotten


@pytest.mark.usefixtures("letters_for_runs")
def test_what_was_sent_already_is_not_sent_again_unasked(
    kaggle: KaggleServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    first = submit("a", to=tmp_path, upload=True)
    for name in (None, "another"):
        with pytest.raises(KitError) as caught:
            submit("a", to=tmp_path, upload=True, name=name)
        told = (
            f"uploaded as number {kaggle.ref(0)} on {first.time[:10]} (a.csv), score 0.99: --again sends them once more"
        )
        assert told in str(caught.value) and caught.value.exit_code == 2
    assert len(kaggle.uploads) == 1 and not (tmp_path / "another.csv").exists()
    kaggle.score = 0.5
    again = submit("a", to=tmp_path, upload=True, again=True, message="once more")
    assert (again.reference, again.score) == (kaggle.ref(1), 0.5) and len(kaggle.uploads) == 2
    lines = [(line["reference"], line["score"], line["message"]) for line in log_of(tmp_path)]
    assert lines == [(str(kaggle.ref(0)), "0.99", ""), (str(kaggle.ref(1)), "0.5", "once more")]
    assert submit("b", to=tmp_path, upload=True).reference == kaggle.ref(2)  # another content


@pytest.mark.usefixtures("letters_for_runs")
def test_a_score_that_never_came_is_looked_up_and_nothing_is_sent(
    kaggle: KaggleServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    kaggle.refuse("ListSubmissions", 500, "", times=3)
    with pytest.raises(KitError, match=f"submission {kaggle.ref(0)} itself is at Kaggle"):
        submit("a", to=tmp_path, upload=True, message="first")
    [line] = log_of(tmp_path)
    assert (line["reference"], line["score"]) == (str(kaggle.ref(0)), "")
    told: list[str] = []
    submission = submit("a", to=tmp_path, upload=True, name="b", notify=told.append)
    assert (submission.score, submission.file, submission.reference) == (0.99, "a.csv", kaggle.ref(0))
    assert len(told) == 1 and f"number {kaggle.ref(0)}" in told[0] and "its score is looked up" in told[0]
    [line] = log_of(tmp_path)
    assert (line["score"], line["message"], len(kaggle.uploads)) == ("0.99", "first", 1)


@pytest.mark.usefixtures("letters_for_runs")
def test_of_two_uploads_of_the_same_at_once_one_is_sent(
    kaggle: KaggleServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission_module.kaggle, "await_score", lambda *_: 0.9)
    with ThreadPoolExecutor(2) as pool:  # the second is refused, or finds that there is no score yet
        both = [pool.submit(submit, "a", to=tmp_path, upload=True) for _ in range(2)]
    assert len(kaggle.uploads) == 1 and not all(one.exception() for one in both)


@pytest.mark.usefixtures("letters_for_runs")
def test_the_number_is_said_where_the_log_can_no_longer_take_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def upload(*_: object) -> int:
        (tmp_path / "log.csv").write_bytes(b"opened and spoilt meanwhile")
        return 4711

    monkeypatch.setattr(submission_module.kaggle, "upload", upload)
    with pytest.raises(KitError, match=r"log\.csv: .*; the file itself is at Kaggle as number 4711: write that down"):
        submit("a", to=tmp_path, upload=True)


def test_again_without_an_upload_is_refused_before_all_else(tmp_path: Path) -> None:
    with pytest.raises(KitError, match="--again is about an upload: add --upload or leave it out"):
        submit(runs=tmp_path, again=True)
