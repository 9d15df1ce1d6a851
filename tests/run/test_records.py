"""What a run's files hold is held to its type, field by field."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from test_folder import SETTINGS

from kit import KitError
from kit.run.folder import Run
from kit.run.runs import create

METRICS = {
    "arch": "dense", "parameters": 7850, "epochs": 2, "epochs_done": 2, "seconds": 1, "best_epoch": 2, "loss": 0.5,
    "accuracy": 0.9, "val_loss": 0.4, "val_accuracy": 1, "finished": True, "stopped": None,
}  # fmt: skip
HISTORY = "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n1,0.5,0.9,0.4,0.8,0.001,2.5\n"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create(SETTINGS, "x", tmp_path)


def test_metrics_come_back_as_written_with_what_a_later_version_adds(run: Run) -> None:
    run.write_metrics({**METRICS, "later": {"more": [1]}, "threshold": 1.0000001})
    assert run.metrics == run.outcome == {**METRICS, "later": {"more": [1]}, "threshold": 1.0000001} and run.finished
    run.write_metrics({"arch": "dense", "finished": True, "stopped": "diverged", "epochs": 2, "epochs_done": 0,
                       "parameters": 1, "seconds": 0.5})  # fmt: skip
    assert run.finished and "val_accuracy" not in run.metrics
    with pytest.raises(KitError, match=r"metrics\.json: damaged, best_epoch: field required: restore the file"):
        _ = run.outcome


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("val_accuracy", "0.9", "val_accuracy: input should be a valid number, not '0.9'"),
        ("val_accuracy", 1.1, "val_accuracy: input should be less than or equal to 1, not 1.1"),
        ("val_accuracy", math.nan, "val_accuracy: input should be a finite number, not nan"),
        ("val_accuracy", True, "val_accuracy: input should be a valid number, not True"),
        ("val_accuracy", None, "val_accuracy: "),
        ("loss", -1, "loss: input should be greater than or equal to 0"),
        ("epochs", 2.5, "epochs: input should be a valid integer"),
        ("epochs", -1, "epochs: "),
        ("parameters", 10**300, "parameters: "),
        ("seconds", [], "seconds: "),
        ("best_epoch", 1.5, "best_epoch: "),
        ("arch", "a\nb", "arch: "),
        ("arch", 7, "arch: "),
        ("finished", "no", "finished: input should be a valid boolean"),
        ("stopped", "\x1b[2J", "stopped: "),
        ("stopped", 1, "stopped: "),
        ("threshold", 2, "threshold: "),
    ],
)
def test_a_metric_of_another_type_or_range_is_named(field: str, value: Any, words: str, run: Run) -> None:
    run.write_metrics({**METRICS, field: value})
    with pytest.raises(KitError) as caught:
        _ = run.metrics
    assert f"metrics.json: damaged, {words}" in str(caught.value) and "\n" not in str(caught.value)


def test_a_finished_training_has_all_metrics(run: Run) -> None:
    for field in METRICS.keys() - {"finished"}:
        run.write_metrics({key: value for key, value in METRICS.items() if key != field})
        with pytest.raises(KitError, match=f"{field}: field required"):
            _ = run.metrics


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", "3"), ("epochs", 2.5), ("epochs", True), ("epochs", 0), ("seed", None), ("seed", -1), ("l2", "0"),
        ("l2", math.nan), ("dropout", 1.0), ("dropout", "half"), ("augment", 1), ("data", 7), ("data", None),
        ("arch", ["dense"]), ("optimizer", "adamm"), ("schedule", {}), ("camera", "yes"), ("patience", 1.5),
        ("learning_rate", 10**400), ("fingerprint", 0), ("from_run", 1),
    ],
)  # fmt: skip
def test_a_setting_of_another_type_or_range_is_named(field: str, value: Any, run: Run) -> None:
    path = run.folder / "settings.json"
    content = json.loads(path.read_text())
    content["settings"][field] = value
    path.write_text(json.dumps(content))
    with pytest.raises(KitError, match=rf"settings\.json: damaged, .*{field.replace('_', '.')}.*restore the file"):
        _ = Run(run.folder).settings


def test_settings_with_a_folder_that_is_no_text_and_without_later_ones_are_read(run: Run) -> None:
    path = run.folder / "settings.json"
    content = json.loads(path.read_text())
    content["settings"]["data"] = "d\udcff"
    del content["settings"]["warm_up"], content["versions"]
    path.write_text(json.dumps(content))
    assert Run(run.folder).settings.data == "d\udcff" and Run(run.folder).versions == {}


@pytest.mark.parametrize("versions", [7, [], {"numpy": 2}, {"numpy": None}, {"a\nb": "c"}])
def test_versions_are_words(versions: Any, run: Run) -> None:
    path = run.folder / "settings.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "versions": versions}))
    with pytest.raises(KitError, match=r"settings\.json: damaged, versions"):
        _ = Run(run.folder).versions


def test_a_history_comes_back_as_numbers(run: Run) -> None:
    (run.folder / "history.csv").write_text(HISTORY.replace("seconds\n", "seconds,later\n").replace("2.5\n", "2.5,7\n"))
    [row] = run.history
    assert row["epoch"] == 1 and row["later"] == 7 and all(type(value) is float for value in row.values())


@pytest.mark.parametrize(
    "text",
    [
        "", "epoch\n", HISTORY.splitlines()[0], HISTORY.replace("0.4", "nan"), HISTORY.replace("0.9", "x"),
        HISTORY.replace("0.9", "1.5"), HISTORY.replace(",2.5", ""), HISTORY.replace("2.5", "2.5,1"), "\0", "\xff",
        HISTORY.replace("0.5", "1e999"), HISTORY.replace("1,0.5", "0,0.5"), HISTORY.replace("0.5", "9" * 200_000),
        HISTORY.replace("seconds", "hours"),
    ],
)  # fmt: skip
def test_a_damaged_history_is_one_line(text: str, run: Run) -> None:
    (run.folder / "history.csv").write_text(text, encoding="latin-1")
    with pytest.raises(KitError, match=r"history\.csv: damaged.*restore the file or train again") as caught:
        _ = run.history
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500
