"""One training: what it learns from, what it keeps, and that a killed one ends as if it had not been."""

import csv
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np
import pytest
from conftest import KitCommand, assert_one_line, csv_of, needs_open_files_to_go, needs_signals
from scipy.special import softmax
from sklearn.metrics import log_loss

from kit import KitError, backend, train
from kit.data import loading
from kit.run.folder import Run
from kit.run.runs import runs
from kit.task import ROWS
from kit.training import beginning, loop, networks
from kit.training.beginning import settings_with
from kit.training.schedule import one_cycle
from kit.training.split import split_rows

QUICK = {"arch": "dense", "epochs": 3, "progress": False}


def same_weights(one: Run, other: Run) -> bool:
    return all((a == b).all() for a, b in zip(one.model().get_weights(), other.model().get_weights(), strict=True))


def without_seconds(run: Run) -> list[dict[str, float]]:
    return [{key: value for key, value in row.items() if key != "seconds"} for row in run.history]


@pytest.fixture(scope="module")
def trained(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(**QUICK, data=small, runs=tmp_path_factory.mktemp("runs"))


def test_a_recipe_has_its_own_warm_up(small: Path, tmp_path: Path, toy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network = networks.named(toy)
    recipe = replace(network.recipe, schedule="one-cycle", warm_up=0.12, learning_rate=0.016)
    monkeypatch.setitem(networks.NETWORKS, toy, replace(network, recipe=recipe))
    run = train(toy, data=small, epochs=2, runs=tmp_path, progress=False)
    steps = 4  # of 400 rows, 100 at a time
    assert run.settings.warm_up == 0.12
    expected = one_cycle(steps, 2 * steps, 0.016, 0.12)
    assert run.history[1]["learning_rate"] == pytest.approx(expected)


def test_batches_come_in_order_and_without_autotuning() -> None:
    images, labels = np.arange(7 * 784, dtype=np.uint8).reshape(7, 28, 28, 1), np.arange(7)
    batches = loop._batches(images, labels, 3)
    assert [len(part) for part, _ in batches] == [3, 3, 1]
    assert (np.concatenate([part for part, _ in batches]) == images).all()
    assert np.concatenate([part for _, part in batches]).tolist() == labels.tolist()
    assert batches.options().autotune.enabled is False  # else each epoch ends with a wait


def test_the_run_holds_what_the_design_says(trained: Run) -> None:
    names = {path.name for path in trained.folder.iterdir()}
    assert names == {
        "settings.json", "model.keras", "history.csv", "history.png", "validation.npz", "metrics.json", "summary.txt",
    }  # fmt: skip
    assert trained.finished and trained.settings.arch == "dense"
    assert trained.versions.keys() >= {"kit", "python", "tensorflow", "keras", "numpy"}
    assert [row["epoch"] for row in trained.history] == [1, 2, 3]
    assert "16,175" in (trained.folder / "summary.txt").read_text()


def test_the_kept_epoch_is_the_best_by_validation_loss(trained: Run) -> None:
    best = min(trained.history, key=lambda row: row["val_loss"])
    assert trained.metrics["best_epoch"] == best["epoch"]
    assert trained.metrics["val_loss"] == best["val_loss"] and trained.metrics["val_accuracy"] == best["val_accuracy"]


def test_the_stored_validation_is_what_keras_itself_says_of_the_kept_model(trained: Run, small: Path) -> None:
    digits, validation = loading.load("train", small), trained.validation
    assert digits.labels is not None and (digits.labels[validation.rows] == validation.labels).all()
    assert (validation.rows == split_rows(digits.labels, 0.2, 0)[1]).all()
    model = trained.model()
    images = digits.images[validation.rows].astype(np.float32)
    assert np.allclose(model.predict(images, verbose=0), validation.probabilities, atol=1e-6)
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    loss, accuracy = model.evaluate(images, validation.labels, verbose=0)
    assert trained.metrics["val_loss"] == pytest.approx(loss, rel=1e-4)
    assert trained.metrics["val_accuracy"] == pytest.approx(accuracy)


def test_smoothed_labels_have_the_loss_that_keras_gives_them(small: Path, tmp_path: Path) -> None:
    """In training, where next to nothing is learned, and in validation; the accuracy is that of the labels."""
    import keras

    run = train("dense-wide", data=small, runs=tmp_path, epochs=1, learning_rate=1e-9, label_smoothing=0.2, l2=0.0,
                dropout=0.0, augment=False, progress=False)  # fmt: skip
    digits, model = loading.load("train", small), run.model()
    assert digits.labels is not None
    last = model.get_layer("logits")  # sharpened when it was kept; what was learned is next to nothing
    start = networks.build("dense-wide", seed=0).get_layer("logits")
    last.set_weights([a * np.linalg.norm(start.kernel) / np.linalg.norm(last.kernel) for a in last.get_weights()])
    model.compile(loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.2), metrics=["accuracy"])
    for rows, which in zip(split_rows(digits.labels, 0.2, 0), ("", "val_"), strict=True):
        images, labels = digits.images[rows].astype(np.float32), np.eye(10)[digits.labels[rows]]
        loss, accuracy = model.evaluate(images, labels, verbose=0)
        assert run.metrics[f"{which}loss"] == pytest.approx(loss, rel=1e-4)
        assert run.metrics[f"{which}accuracy"] == pytest.approx(accuracy, abs=1e-6)


def test_what_learned_from_smoothed_labels_is_kept_as_sure_as_it_is_right(small: Path, tmp_path: Path) -> None:
    """By scikit-learn's log loss: logits that are larger or smaller alike fit the labels worse. What is read stays."""
    options = {"data": small, "runs": tmp_path, "epochs": 4, "label_smoothing": 0.3, "progress": False}
    run = train("dense-wide", **options)
    stored, model = run.validation, run.model()
    digits = loading.load("train", small)
    images = digits.images[stored.rows].astype(np.float32)
    np.testing.assert_allclose(model.predict(images, verbose=0), stored.probabilities, atol=1e-6)
    assert (stored.probabilities.argmax(axis=1) == stored.labels).mean() == pytest.approx(run.metrics["val_accuracy"])

    def loss(factor: float) -> float:
        return float(log_loss(stored.labels, softmax(factor * np.log(stored.probabilities), axis=1)))

    assert loss(1) < min(loss(0.98), loss(1.02))
    assert loss(1) < run.metrics["val_loss"]


def pooled(x: Any) -> Any:
    from keras import layers

    return layers.GlobalAveragePooling2D()(layers.Conv2D(10, 7, 4)(x))


def test_a_network_without_a_layer_of_logits_stays_as_it_learned(small: Path, tmp_path: Path) -> None:
    run = train(pooled, data=small, runs=tmp_path, epochs=1, label_smoothing=0.3, progress=False)
    images = loading.load("train", small).images[run.validation.rows].astype(np.float32)
    np.testing.assert_allclose(run.model().predict(images, verbose=0), run.validation.probabilities, atol=1e-6)


@pytest.mark.parametrize("arch", ["dense", "toy"])
def test_validation_rows_are_never_trained_on(arch: str, toy: str, small: Path, tmp_path: Path) -> None:
    """Other pixels in the validation rows change the judgement and not one weight."""
    digits = loading.load("train", small)
    assert digits.labels is not None
    validation = split_rows(digits.labels, 0.2, 0)[1]
    table = np.concatenate([digits.labels[:, None], digits.images.reshape(len(digits), -1)], axis=1)
    table[validation, 1:] = 255 - table[validation, 1:]
    (tmp_path / "train.csv").write_bytes(csv_of(table))
    one, other = (
        train(arch=arch, epochs=1, progress=False, data=folder, runs=tmp_path / "runs") for folder in (small, tmp_path)
    )
    assert same_weights(one, other) and one.metrics["val_loss"] != other.metrics["val_loss"]
    table[np.setdiff1d(np.arange(len(table)), validation)[0], 1:] = 7  # and a training row does change them
    (tmp_path / "train.csv").write_bytes(csv_of(table))
    assert not same_weights(one, train(arch=arch, epochs=1, progress=False, data=tmp_path, runs=tmp_path / "runs"))


def test_the_seed_decides_everything(trained: Run, small: Path, tmp_path: Path) -> None:
    again, other = (train(**QUICK, data=small, runs=tmp_path, seed=seed) for seed in (0, 1))
    assert same_weights(trained, again) and without_seconds(trained) == without_seconds(again)
    assert not same_weights(trained, other) and (other.validation.rows != trained.validation.rows).any()


def test_patience_stops_as_keras_own_callback_does(small: Path, tmp_path: Path) -> None:
    """The recorded values are put through Keras' EarlyStopping; it must ask to stop after the very same epoch."""
    import keras

    options = {"arch": "dense-wide", "epochs": 12, "data": small, "runs": tmp_path, "progress": False}
    run = train(**options, learning_rate=0.02, patience=2)
    epochs = len(run.history)
    assert epochs < 12 and "validation loss has not improved for 2 epochs" in run.metrics["stopped"]
    callback = keras.callbacks.EarlyStopping("val_loss", patience=2, min_delta=0)
    callback.set_model(keras.Sequential([keras.Input((1,))]))
    callback.model.stop_training = False
    callback.on_train_begin()
    for row in run.history:
        assert not callback.model.stop_training
        callback.on_epoch_end(int(row["epoch"]) - 1, row)
    assert callback.model.stop_training


def test_options_override_the_recipe_and_reach_keras(small: Path, tmp_path: Path) -> None:
    options = {
        "optimizer": "sgd",
        "batch_size": 50,
        "l2": 0.0,
        "dropout": 0.1,
        "validation_split": 0.3,
        "augment": True,
    }
    run = train(arch="dense-wide", epochs=1, data=small, runs=tmp_path, progress=False, name="mine", **options)
    assert run.name == "01-mine"
    assert {key: getattr(run.settings, key) for key in options} == options
    assert run.settings.learning_rate == 0.01  # Keras' default for SGD: the recipe's is RMSprop's
    assert len(run.validation.rows) == 150
    assert run.history[0]["learning_rate"] == 0.01


def test_bfloat16_trains_and_saves_a_float32_model(small: Path, toy: str, tmp_path: Path) -> None:
    run = train(arch=toy, epochs=1, precision="mixed_bfloat16", data=small, runs=tmp_path, progress=False)
    assert {layer.dtype_policy.name for layer in run.model().layers} == {"float32"}
    assert run.settings.precision == "mixed_bfloat16"


def test_an_optimizer_that_is_the_recipes_own_keeps_its_rate_and_numbers_may_be_numpys() -> None:
    for network in networks.networks():
        given = {"optimizer": network.recipe.optimizer, "seed": np.int64(3), "epochs": 4.0, "l2": np.float32(0.5)}
        settings = settings_with(network, given, None)
        assert settings.learning_rate == network.recipe.learning_rate
        plain = [(value, type(value)) for value in (settings.seed, settings.epochs, settings.l2)]
        assert plain == [(3, int), (4, int), (0.5, float)] and json.dumps(asdict(settings))
    for name, value in [("epochs", 2.5), ("learning_rate", "0.01"), ("augment", 1), ("seed", np.arange(2))]:
        with pytest.raises(KitError, match=f"^{name}: input should be a valid "):
            settings_with(networks.named("kit"), {name: value}, None)


def test_a_run_that_it_starts_from_is_found_again_wherever_it_is_and_must_be_the_same(
    small: Path, toy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Folds take the weights when they begin, which may be after a resume."""
    options: dict[str, Any] = {"arch": toy, "epochs": 1, "data": small, "progress": False}
    source = train(**options, runs=tmp_path / "old")
    other = train(**options, runs=tmp_path / "runs", seed=8)  # of the same name, and of other weights
    assert source.name == other.name
    options |= {"folds": 2, "runs": tmp_path / "runs"}
    lines = (small / "train.csv").read_bytes().splitlines(keepends=True)
    (tmp_path / "train.csv").write_bytes(b"".join(lines[:301]))
    run = train(**options | {"data": tmp_path / "train.csv", "progress": True}, from_run=source)
    assert "the weights of 2 of 2 layers of toy are from 01-toy" in capsys.readouterr().err
    assert run.settings.from_run == source.folder.resolve().as_posix()
    assert run.settings.from_weights == source.contract.weights and run.settings.learned == source.settings.fingerprint
    shutil.rmtree(run.folder / "folds" / "2")
    run.write_metrics({**run.metrics, "finished": False})
    kept = run.model().get_weights()
    again = train(resume=run, progress=False)
    assert all((one == two).all() for one, two in zip(kept, again.model().get_weights(), strict=True))
    shutil.rmtree(run.folder / "folds" / "2")
    run.write_metrics({**run.metrics, "finished": False})
    shutil.copy(other.folder / "model.keras", source.folder / "model.keras")
    with pytest.raises(KitError, match="--from 01-toy: it has another network than when this was begun"):
        train(resume=run, progress=False)


def test_without_a_network_it_is_that_of_the_run_that_it_starts_from(small: Path, toy: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {"epochs": 1, "data": small, "runs": tmp_path, "progress": False}
    source = train(arch=toy, **options)
    assert train(**options, from_run=source).settings.arch == toy


def test_transfer_takes_the_layers_that_match_and_the_sources_validation_rows(
    small: Path, toy: str, tmp_path: Path
) -> None:
    source = train(arch="toy", epochs=1, data=small, runs=tmp_path, progress=False, seed=5)
    # A rate this small leaves the weights where they start.
    run = train(
        arch="toy",
        epochs=1,
        data=small,
        runs=tmp_path,
        progress=False,
        from_run=source,
        learning_rate=1e-12,
        seed=9,
    )
    for taken, given in zip(run.model().get_weights(), source.model().get_weights(), strict=True):
        assert np.allclose(taken, given, atol=1e-6)
    assert (run.validation.rows == source.validation.rows).all()  # not those of seed 9
    with pytest.raises(KitError, match=r"--validation-split 0\.5: 01-toy holds out 0\.2"):
        train(arch="toy", data=small, runs=tmp_path, progress=False, from_run="1", validation_split=0.5)
    with pytest.raises(KitError, match="no layer of dense has the shape of one there"):
        train(arch="dense", data=small, runs=tmp_path, progress=False, from_run="1")
    assert len(runs(tmp_path)) == 2


def test_a_loss_that_becomes_nan_stops_with_a_remedy(small: Path, tmp_path: Path) -> None:
    with pytest.raises(
        KitError, match=r"the loss became NaN in epoch \d+, .* lower --learning-rate \(now 1e\+30\)"
    ) as caught:
        train(arch="malireddi", epochs=3, data=small, runs=tmp_path, learning_rate=1e30, progress=False)
    assert caught.value.exit_code == 1
    [run] = runs(tmp_path)
    assert run.metrics["stopped"] == "diverged" and not run.state.exists()
    with pytest.raises(KitError, match="its loss became NaN: start a new training with a lower --learning-rate"):
        train(resume=run)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"arch": "vggg"}, "no such network"),
        ({"epochs": 0}, "--epochs 0"),
        ({"validation_split": 1.5}, "--validation-split 1.5"),
        ({"arch": "dense", "dropout": 0.5}, "dense has no dropout layer"),
        ({"name": "../x"}, "--name ../x"),
        ({"from_run": "9"}, "9: no such run"),
        ({"camera": True, "size": "96"}, "--size 96: give 32 to 224 pixels"),
        ({"data": "nowhere"}, "nowhere: missing"),
        ({"camera": True, "background_share": 1.0}, "--background-share 1.0: give a share between 0 and 1"),
        ({"background_share": 0.3}, "--background-share: the competition's rows have no background: add --camera"),
        ({"camera": True, "augment": True}, "--augment: every scene of --camera is drawn anew already"),
        ({"camera": True, "arch": "nonsense"}, "no such network"),
        ({"camera": True, "dropout": 0.2}, "--dropout: camera has no dropout layer"),
        ({"resume": "01-dense", "epochs": 5}, "--epochs cannot be changed by --resume"),
    ],
)
def test_nothing_is_written_when_an_option_is_refused(
    options: dict[str, object], words: str, small: Path, tmp_path: Path
) -> None:
    with pytest.raises(KitError) as caught:
        train(**{"data": small, "runs": tmp_path, "progress": False} | options)
    assert words in str(caught.value)
    assert [path for path in tmp_path.iterdir() if not path.name.startswith(".")] == []


@pytest.fixture(scope="module")
def running(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A training in a process of its own that goes on and on, after its first epoch, and its folder of runs."""
    folder = tmp_path_factory.mktemp("running")
    command = [sys.executable, "-m", "kit", "train", "--arch", "dense", "--epochs", "5000", "--data", str(small)]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None and process.stderr.readline().startswith("epoch ")
            yield process, folder / "runs"
        finally:
            process.kill()


def test_a_running_training_is_not_resumed_by_a_second_process(
    running: tuple[subprocess.Popen[str], Path], kit_here: KitCommand
) -> None:
    process, folder = running
    assert process.poll() is None
    second = kit_here("train", "--resume", "1", cwd=folder.parent)
    assert_one_line(second, "runs/01-dense: another process is training this run")


def test_history_grows_with_every_epoch(running: tuple[subprocess.Popen[str], Path]) -> None:
    process, folder = running
    assert process.stderr is not None
    for _ in range(3):
        epoch = int(process.stderr.readline().split()[1].split("/")[0])
        with open(folder / "01-dense" / "history.csv", newline="") as file:
            assert len(list(csv.DictReader(file))) >= epoch
        time.sleep(0.2)
    assert (folder / "01-dense" / "history.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_history_is_drawn_first_last_and_now_and_then(
    small: Path, tmp_path: Path, toy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, drawn = [0.0], []
    monkeypatch.setattr(loop.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(loop.plots, "history", lambda history, title: drawn.append(len(history)))
    monkeypatch.setattr(loop.plots, "save", lambda figure, path: None)
    fit = loop.Training._fit

    def slowly(training: loop.Training, *arguments: object) -> object:
        clock[0] += 6  # seconds
        return fit(training, *arguments)

    monkeypatch.setattr(loop.Training, "_fit", slowly)
    train(toy, data=small, runs=tmp_path, epochs=4, progress=False)
    assert drawn == [1, 3, 4]


@needs_signals
def test_ctrl_c_ends_after_saving_and_says_how_to_go_on(running: tuple[subprocess.Popen[str], Path]) -> None:
    """The last that the running training is used for."""
    process, folder = running
    assert process.stderr is not None
    line = process.stderr.readline()
    assert re.match(r"epoch +\d+/5000  loss \d", line), line
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 130
    last = rest.strip().splitlines()[-1]
    run = Run(folder / "01-dense")
    saved = re.match(
        r"stopped: (\d+) of 5000 epochs (?:is|are) saved in runs[/\\]01-dense; go on with: kit train", last
    )
    assert saved and int(saved[1]) in (len(run.history), len(run.history) - 1)  # it may be stopped between two files
    assert last.endswith("kit train --resume 01-dense") and "Traceback" not in rest
    assert run.model() is not None and not run.finished  # and it can be used as it is


def test_resuming_on_other_rows_is_refused(small: Path, sample: Path, tmp_path: Path) -> None:
    run = train(**QUICK, data=small, runs=tmp_path)
    metrics = json.loads((run.folder / "metrics.json").read_text()) | {"finished": False}
    (run.folder / "metrics.json").write_text(json.dumps(metrics))
    with pytest.raises(KitError, match=r"not the rows that 01-dense was trained on: give those with --data PATH"):
        train(resume=run, data=sample)


def test_a_damaged_checkpoint_is_one_line(small: Path, tmp_path: Path) -> None:
    run = train(**QUICK, data=small, runs=tmp_path)
    (run.folder / "metrics.json").unlink()
    run.state.mkdir()
    (run.state / "checkpoint.npz").write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(KitError, match=r"checkpoint\.npz: damaged: this training cannot go on"):
        train(resume=run)


def test_a_finished_run_is_left_as_it_is(trained: Run) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in trained.folder.iterdir()}
    assert train(resume=trained) == trained
    assert {path.name: path.stat().st_mtime_ns for path in trained.folder.iterdir()} == before


def test_the_default_network_is_the_kits_own() -> None:
    assert networks.DEFAULTS[ROWS.examples] in networks.NETWORKS


FULL = (
    "Graph execution error:\n\nDetected at node a defined at (most recent call last):\n<none>\nOOM\n\t [[{{a}}]]\nHint"
)


@pytest.mark.parametrize(
    ("kind", "said", "line"),
    [
        (
            "ResourceExhaustedError",
            FULL,
            "failed, OOM: a smaller --batch-size needs less; then",
        ),
        ("UnimplementedError", "No such GPU implementation", "failed, No such GPU implementation; then"),
    ],
)
def test_what_a_gpu_refuses_in_the_middle_is_one_line_and_the_training_goes_on_later(
    small: Path, tmp_path: Path, toy: str, monkeypatch: pytest.MonkeyPatch, kind: str, said: str, line: str
) -> None:
    fit = loop.Training._fit

    def fails(training: loop.Training, *arguments: object) -> object:
        if training.state.epoch == 1:
            raise getattr(backend.tensorflow().errors, kind)(None, None, said)
        return fit(training, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Training, "_fit", fails)
        with pytest.raises(KitError, match=rf"^TensorFlow {line} go on with: kit train --resume [^\n]*01-toy$"):
            train(toy, data=small, runs=tmp_path, epochs=2, progress=False)
    assert train(resume=tmp_path / "01-toy", progress=False).metrics["finished"]


@needs_open_files_to_go
@pytest.mark.parametrize("moment", ["_fit", "_judge"])
def test_a_run_that_is_removed_while_it_trains_does_not_come_back(
    small: Path, tmp_path: Path, toy: str, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Before an epoch it ends at once, at the first step; after the last step when the epoch is to be kept."""
    before, done = getattr(loop.Training, moment), []

    def removing(training: loop.Training, *arguments: object) -> object:
        if training.state.epoch == 1:
            shutil.rmtree(training.run.folder)
        found = before(training, *arguments)
        done.append(training.state.epoch)
        return found

    monkeypatch.setattr(loop.Training, moment, removing)
    with pytest.raises(KitError, match=r"01-toy: removed while it was trained.*: start a new one$"):
        train(toy, data=small, runs=tmp_path, progress=False)
    assert done == ([0] if moment == "_fit" else [0, 1]) and {path.name for path in tmp_path.iterdir()} <= {".lock"}


@pytest.fixture(scope="module")
def stopped(small: Path, toy: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A training that ended after its first epoch, as a killed one leaves it."""
    runs = tmp_path_factory.mktemp("stopped")
    run = train(toy, epochs=1, data=small, runs=runs, progress=False)
    settings = json.loads((run.folder / "settings.json").read_text())
    settings["settings"]["epochs"] = 3
    (run.folder / "settings.json").write_text(json.dumps(settings))
    run.write_metrics({**run.metrics, "epochs": 3, "finished": False})
    training = loop.Training(loading.load("train", small), Run(run.folder).settings, networks.named(toy))
    training.run = Run(run.folder)
    training.state.history = [{**run.history[0], "epoch": 1}]
    training.state.best, training.state.epoch = training.state.history[0], 1
    training.run.state.mkdir()
    training._save_checkpoint()
    return Run(run.folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "{"), ("state", '{"epoch": "1"}'), ("state", "[" * 99_999), ("state", 7), ("state", "null"),
        ("state", '{"epoch": 2, "history": [], "best": null}'), ("model0", np.zeros(3)), ("model0", "x"),
        ("model0", np.full((5, 5, 1, 4), np.nan, np.float32)), ("optimizer1", None), ("optimizer0", np.zeros(1)),
    ],
)  # fmt: skip
def test_a_checkpoint_that_was_tampered_with_is_one_line(
    name: str, value: object, stopped: Run, small: Path, tmp_path: Path
) -> None:
    copy = Run(Path(shutil.copytree(stopped.folder, tmp_path / stopped.name)))
    path = copy.state / "checkpoint.npz"
    with np.load(path) as stored:
        arrays = {key: stored[key] for key in stored.files}
    assert arrays["model0"].shape == (5, 5, 1, 4)
    arrays[name] = np.asarray(value)
    if value is None:
        del arrays[name]
    np.savez(path, **arrays)
    with pytest.raises(KitError, match=r"checkpoint\.npz: damaged.*: this training cannot go on; start a new one"):
        train(resume=copy, data=small, progress=False)
    assert path.exists() and copy.history == stopped.history


def test_a_whole_checkpoint_is_gone_on_with(stopped: Run, small: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(stopped.folder, tmp_path / stopped.name))
    assert [row["epoch"] for row in train(resume=copy, data=small, progress=False).history] == [1, 2, 3]


def test_a_run_says_where_its_rows_are_so_that_every_system_finds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "folder_or_file", lambda data: PureWindowsPath(r"C:\my data\mnist"))
    assert beginning.settings_with(networks.named("dense"), {}, None).data == "C:/my data/mnist"
