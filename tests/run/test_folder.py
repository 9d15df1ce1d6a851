"""The run folder: made in one step, numbered without collisions, read back strictly."""

import dataclasses
import json
import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from kit import KitError
from kit.run.folder import Run
from kit.run.runs import best, create, find, runs
from kit.run.settings import Settings
from kit.run.validation import Validation

SETTINGS = Settings(
    arch="dense", epochs=3, batch_size=128, optimizer="adam", learning_rate=0.001, schedule="constant", l2=0.01,
    dropout=None, augment=False, patience=None, monitor="val_loss", validation_split=0.2, precision="float32",
    seed=0, split_seed=0, from_run=None, data="data", fingerprint="0" * 64,
)  # fmt: skip


def create_many(folder: Path, name: str) -> list[str]:
    return [create(SETTINGS, name, folder).name for _ in range(20)]


def test_runs_made_at_once_never_share_a_folder_or_a_number(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        made = pool.starmap(create_many, [(tmp_path, name) for name in ("a", "a", "b", "c")])
    names = [name for names in made for name in names]
    assert sorted(int(name.split("-")[0]) for name in names) == list(range(1, 81))
    assert sorted(path.name for path in tmp_path.glob("[0-9]*")) == sorted(names)
    assert not list(tmp_path.glob(".tmp*"))


def test_what_a_killed_creation_left_is_no_run_and_goes(tmp_path: Path) -> None:
    (tmp_path / ".tmp-abc").mkdir(parents=True)
    (tmp_path / ".tmp-abc" / ".kit-lock").write_text("")  # that nobody holds
    (tmp_path / ".tmp-abc" / "settings.json").write_text("{")
    assert runs(tmp_path) == []
    create(SETTINGS, None, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} - {".lock"} == {"01-dense"}


def test_settings_come_back_equal_and_unknown_ones_are_refused(tmp_path: Path) -> None:
    run = create(SETTINGS, "first", tmp_path)
    assert Run(run.folder).settings == SETTINGS
    path = run.folder / "settings.json"
    content = json.loads(path.read_text())
    content["settings"]["momentum"] = 0.9
    path.write_text(json.dumps(content))
    with pytest.raises(KitError, match=r"settings\.json: unknown setting 'momentum'"):
        _ = Run(run.folder).settings
    del content["settings"]["momentum"], content["settings"]["seed"]
    path.write_text(json.dumps(content))
    with pytest.raises(KitError, match=r"settings\.json: missing setting 'seed'"):
        _ = Run(run.folder).settings


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("validation_split", 1.5, "--validation-split 1.5: give a share between 0 and 1"),
        ("validation_split", 0.0, "--validation-split 0.0"),
        ("epochs", 0, "--epochs 0: give 1 or more"),
        ("batch_size", 0, "--batch-size 0"),
        ("learning_rate", float("nan"), "--learning-rate nan"),
        ("learning_rate", -1.0, "--learning-rate -1.0"),
        ("optimizer", "adamm", "--optimizer adamm: choose from adam, adamw"),
        ("l2", -0.1, "--l2 -0.1"),
        ("dropout", 1.0, "--dropout 1.0"),
        ("patience", 0, "--patience 0"),
        ("precision", "float64", "--precision float64: choose from float32, mixed_bfloat16"),
        ("seed", -1, "--seed -1"),
    ],
)
def test_a_setting_out_of_range_names_its_option(name: str, value: object, words: str) -> None:
    with pytest.raises(KitError) as caught:
        dataclasses.replace(SETTINGS, **{name: value})
    assert str(caught.value).startswith(words)


def with_accuracy(folder: Path, name: str, accuracy: float, model: bool = True) -> Run:
    run = create(SETTINGS, name, folder)
    run.write_metrics({"val_accuracy": accuracy})
    if model:
        (run.folder / "model.keras").write_text("")
    return run


def test_the_best_run_comes_first_and_a_damaged_one_last(tmp_path: Path) -> None:
    for name, accuracy in (("a", 0.9), ("b", 0.99), ("c", 0.95)):
        with_accuracy(tmp_path, name, accuracy)
    (tmp_path / "02-b" / "metrics.json").write_text("{")
    with_accuracy(tmp_path, "d", 0.999, model=False)
    assert [run.name for run in runs(tmp_path)] == ["04-d", "03-c", "01-a", "02-b"]
    assert best(tmp_path).name == "03-c"  # 04-d has lost its model
    with pytest.raises(KitError, match="no trained run here yet: start with kit train"):
        best(tmp_path / "nowhere")


def test_a_run_is_found_by_name_number_or_path(tmp_path: Path) -> None:
    run = create(SETTINGS, "malireddi", tmp_path)
    for name in ("01-malireddi", "1", "01", run.folder, str(run.folder), run):
        assert find(name, tmp_path) == run
    with pytest.raises(KitError, match=r"1-maliredi: no such run: did you mean 01-malireddi\?"):
        find("1-maliredi", tmp_path)
    with pytest.raises(KitError, match="7: no such run: kit runs lists what there is"):
        find("7", tmp_path)


def test_a_run_is_found_by_what_it_is_called_where_that_is_clear(tmp_path: Path) -> None:
    first = create(SETTINGS, "wide", tmp_path)
    assert find("wide", tmp_path) == first
    create(SETTINGS, "wide", tmp_path)
    with pytest.raises(KitError, match="wide: several runs are called so: choose from 01-wide, 02-wide"):
        find("wide", tmp_path)


@pytest.mark.parametrize("name", ["../x", "a b", ".hidden", "a/b", ""])
def test_a_name_that_is_no_folders_name_is_refused(name: str, tmp_path: Path) -> None:
    if name:
        with pytest.raises(KitError, match="--name"):
            create(SETTINGS, name, tmp_path)
        assert list(tmp_path.iterdir()) == []


def test_damaged_files_are_named(tmp_path: Path) -> None:
    run = create(SETTINGS, "x", tmp_path)
    with pytest.raises(KitError, match=r"validation\.npz: missing"):
        _ = run.validation
    with pytest.raises(KitError, match=r"model\.keras: missing: finish its first epoch with kit train --resume 01-x"):
        run.model()
    features = np.zeros((3, 4), np.float16)
    run.write_validation(Validation(np.arange(3), np.arange(3), np.eye(3, 10, dtype=np.float32), features))
    assert (run.validation.probabilities == np.eye(3, 10)).all()
    for name in ("validation.npz", "metrics.json", "settings.json", "model.keras", "history.csv"):
        (run.folder / name).write_bytes(b"PK\x03\x04 not what it was")
    for read in (lambda: run.validation, lambda: run.metrics, lambda: Run(run.folder).settings, run.model):
        with pytest.raises(KitError, match="damaged"):
            read()


@pytest.mark.parametrize("pipe", ["/dev/fd/63", "/dev/stdin", "/proc/self/fd/0"])
def test_rows_that_came_through_a_pipe_are_asked_for(pipe: str, tmp_path: Path) -> None:
    """What has the pipe's name now is something else, and is not read."""
    run = create(dataclasses.replace(SETTINGS, data=pipe), "x", tmp_path)
    with pytest.raises(KitError, match="01-x was trained on rows from a pipe, which is gone: give the same rows"):
        run.digits()


def test_a_run_in_training_is_not_trained_by_another_process(tmp_path: Path) -> None:
    run = create(SETTINGS, "x", tmp_path)
    with run.locked(), pytest.raises(KitError, match="another process is training this run"), Run(run.folder).locked():
        pass
    with run.locked():  # let go of
        pass


def test_a_folder_that_only_looks_like_a_run_is_none(tmp_path: Path) -> None:
    """Its name begins with a digit and has a dash, and no number stands before it."""
    for name in ("1a-x", "-3-x", "x-1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "settings.json").write_text("{}")
    assert runs(tmp_path) == []
    with pytest.raises(KitError, match="1: no such run"):
        find("1", tmp_path)
    assert create(SETTINGS, None, tmp_path).name == "01-dense" and find(1, tmp_path).name == "01-dense"


def test_a_history_that_an_editor_of_windows_has_saved_is_read(tmp_path: Path) -> None:
    run = create(SETTINGS, "x", tmp_path)
    row = {"epoch": 1.0, "loss": 0.5, "accuracy": 0.5, "val_loss": 0.5, "val_accuracy": 0.5, "learning_rate": 0.1,
           "seconds": 1.0}  # fmt: skip
    run.write_history([row])
    for file in ("history.csv", "settings.json"):
        content = (run.folder / file).read_bytes()
        assert b"\r" not in content and b"\n" in content  # the same bytes on every system
        (run.folder / file).write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    assert Run(run.folder).history == [row] and Run(run.folder).settings == SETTINGS
