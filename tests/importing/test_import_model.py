"""A classifier that was trained elsewhere becomes a run, and everything works with it."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import KitCommand, assert_one_line
from foreign import as_wanted, classifier, keras, layers, own_probabilities

from kit import KitError, Run, analyze, best, export, import_model, load, probabilities, submit, train, verify
from kit.training.pixels import PIXELS
from kit.training.split import split_rows


def convolution() -> Any:
    return layers.Conv2D(
        6, 5, strides=3, activation="relu", kernel_initializer=keras.initializers.GlorotUniform(seed=4)
    )


@pytest.fixture(scope="module")
def model(small: Path) -> Any:
    return classifier(small, PIXELS["-1-1"], [convolution()])


@pytest.fixture(scope="module")
def imported(small: Path, model: Any, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("imported")
    model.save(folder / "My best model.keras")
    return import_model(folder / "My best model.keras", data=small, runs=folder / "runs")


def test_a_run_says_what_its_network_says(imported: Run, model: Any, small: Path) -> None:
    digits = load("train", small)
    own = own_probabilities(model, digits.images, PIXELS["-1-1"])
    assert imported.name == "01-My-best-model"
    assert imported.settings.pixels == "-1-1" and imported.settings.imported == "My best model.keras"
    assert np.abs(probabilities(imported, digits.images) - own).max() < 1e-6
    _, rows = split_rows(digits.labels, 0.2, 0)  # those of kit train
    assert imported.validation.rows.tolist() == rows.tolist()
    assert np.abs(imported.validation.probabilities - own[rows]).max() < 1e-6
    accuracy = (own[rows].argmax(axis=1) == digits.labels[rows]).mean()
    assert imported.metrics["val_accuracy"] == pytest.approx(accuracy) and accuracy > 0.5
    assert imported.finished and imported.settings.seen and imported.metrics["seen"]
    assert "logits" in (imported.folder / "summary.txt").read_text()
    assert imported.validation.features.shape == (100, 384)  # the input of the last layer


@pytest.mark.usefixtures("without_pictures")
def test_the_commands_say_that_it_may_have_learned_from_its_rows(
    imported: Run, small: Path, kit_here: KitCommand
) -> None:
    listed = kit_here("runs", "--runs", imported.folder.parent).stdout
    assert "%*" in listed and "imported" in listed and "* may have been trained on the rows that judge it" in listed
    report = analyze(imported)
    page = report.page.read_text(encoding="utf-8")
    assert any("may have been trained on these very rows" in sentence for sentence in report.summary)
    assert "My best model.keras" in page and 'id="history"' not in page and "epochs" not in page


def test_it_is_submitted_and_exported_and_proved(imported: Run, model: Any, small: Path, tmp_path: Path) -> None:
    submission = submit(imported, data=small, to=tmp_path)
    with open(tmp_path / submission.file, newline="") as file:
        labels = [int(line["Label"]) for line in csv.DictReader(file)]
    own = own_probabilities(model, load("test", small).images, PIXELS["-1-1"])
    assert labels == own.argmax(axis=1).tolist()
    exported = export(imported, to=tmp_path, precision="float32")
    assert exported.proof.difference.largest < 1e-5
    found = verify(exported.path, runs=imported.folder.parent)
    assert not found.problems and "on which it may have been trained" in str(found.saved.path.read_bytes() if
        found.saved.path.is_file() else next(found.saved.path.rglob("*.mlmodel")).read_bytes())  # fmt: skip


def test_there_is_nothing_to_resume_but_something_to_start_from(imported: Run, small: Path) -> None:
    runs = imported.folder.parent
    with pytest.raises(KitError, match="--resume 1: trained elsewhere"):
        train(resume=1, runs=runs)


def test_the_best_run_is_one_that_is_judged_on_rows_it_has_not_seen(
    imported: Run, small: Path, exportable: Run, tmp_path: Path
) -> None:
    (tmp_path / "01-imported").symlink_to(imported.folder)
    (tmp_path / "02-trained").symlink_to(exportable.folder)
    assert best(tmp_path).name == "02-trained"


@pytest.mark.parametrize("said", [{"seed": 3}, {"validation_split": 0.3}])
def test_who_says_which_rows_it_never_saw_is_believed(
    said: dict[str, Any], small: Path, model: Any, tmp_path: Path
) -> None:
    model.save(tmp_path / "model.h5")
    run = import_model(tmp_path / "model.h5", data=small, runs=tmp_path / "runs", pixels="-1-1", **said)
    _, rows = split_rows(load("train", small).labels, said.get("validation_split", 0.2), said.get("seed", 0))
    assert run.validation.rows.tolist() == rows.tolist() and not run.settings.seen and not run.metrics["seen"]


def test_all_rows_that_it_never_saw_judge_it(small: Path, sample: Path, model: Any, tmp_path: Path) -> None:
    model.save(tmp_path / "model.h5")
    header, *lines = (sample / "train.csv").read_bytes().splitlines(keepends=True)
    (tmp_path / "unseen.csv").write_bytes(b"".join([header, *lines[500:700]]))
    said: list[str] = []
    run = import_model(tmp_path / "model.h5", validation=tmp_path / "unseen.csv", runs=tmp_path, notify=said.append)
    assert len(run.validation.rows) == 200 and not run.settings.seen
    assert run.digits().name.endswith("unseen.csv")
    assert said[-1].endswith("on 200 rows") and "may have" not in " ".join(said)
    with pytest.raises(KitError, match="--seed: --validation says which rows judge"):
        import_model(tmp_path / "model.h5", validation=tmp_path / "unseen.csv", seed=1)


FORMS: dict[str, Any] = {
    "row": ((784,), [], "softmax"),
    "square": ((28, 28), [layers.Reshape((28, 28, 1)), convolution], None),
    "channel first": ((1, 28, 28), [lambda: layers.AveragePooling2D(2, data_format="channels_first")], "softmax"),
    "sigmoid": ((28, 28, 1), [convolution], "sigmoid"),
    "scaling inside": ((28, 28, 1), [lambda: layers.Rescaling(1 / 255), convolution], "softmax"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_that_networks_have_is_taken(form: str, small: Path, tmp_path: Path) -> None:
    takes, before, activation = FORMS[form]
    wanted = PIXELS["0-255" if form == "scaling inside" else "0-1"]
    made = [layer() if callable(layer) and not isinstance(layer, layers.Layer) else layer for layer in before]
    if form == "channel first":  # fitted with its channels last: this processor computes no other
        last = classifier(small, wanted, [layers.Permute((2, 3, 1)), layers.AveragePooling2D(2)], takes=takes)
        network = keras.Sequential([keras.Input(takes), *made, layers.Flatten(), layers.Dense(10, activation)])
        network.layers[-1].set_weights(last.layers[-1].get_weights())
    else:
        network = last = classifier(small, wanted, made, takes=takes, activation=activation)
    network.save(tmp_path / "model.keras")
    said: list[str] = []
    run = import_model(tmp_path / "model.keras", data=small, runs=tmp_path / "runs", notify=said.append)
    images = load("test", small).images
    own = np.asarray(last(as_wanted(last, images, wanted), training=False), np.float64)
    found = probabilities(run, images)
    assert run.settings.pixels == wanted.name
    if activation == "softmax":
        assert np.abs(found - own).max() < 1e-6 and not any("softmax" in line for line in said)
    else:
        logits = own if activation is None else np.log(own / (1 - own))
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        assert np.abs(found - exponentials / exponentials.sum(axis=1, keepdims=True)).max() < 1e-4
        assert any(("sigmoid" if activation else "logits") in line for line in said)


def test_pixels_can_be_said_and_kit_says_what_it_thinks(small: Path, model: Any, tmp_path: Path) -> None:
    model.save(tmp_path / "model.keras")
    said: list[str] = []
    run = import_model(tmp_path / "model.keras", data=small, runs=tmp_path, pixels="1-0", notify=said.append)
    assert run.settings.pixels == "1-0" and run.metrics["val_accuracy"] < 0.5
    assert any("1-0 as you say, though -1-1" in line for line in said)


def refused(tmp_path: Path, network: Any, small: Path) -> str:
    network.save(tmp_path / "model.keras")
    with pytest.raises(KitError) as error:
        import_model(tmp_path / "model.keras", data=small, runs=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
    return str(error.value)


def network(takes: tuple[int, ...], classes: int) -> Any:
    return keras.Sequential([keras.Input(takes), layers.Flatten(), layers.Dense(classes, activation="softmax")])


def test_other_networks_are_refused_with_what_was_seen(small: Path, tmp_path: Path) -> None:
    assert "it takes 32 x 32 x 1, where pictures of 28 x 28 x 1" in refused(tmp_path, network((32, 32, 1), 10), small)
    assert "it takes 28 x 28 x 3" in refused(tmp_path, network((28, 28, 3), 10), small)
    assert "it gives 26 numbers, where 10 classes belong" in refused(tmp_path, network((28, 28), 26), small)
    inputs = keras.Input((28, 28))
    flat = layers.Flatten()(inputs)
    two = keras.Model(inputs, [layers.Dense(10)(flat), layers.Dense(2)(flat)])
    assert "1 input and 2 outputs" in refused(tmp_path, two, small)


def test_who_only_guesses_is_refused_with_all_that_was_tried(small: Path, tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    message = refused(tmp_path, network((28, 28), 10), small)
    assert "by guessing" in message and "10 ± " in message and "\n" not in message
    assert all(f"{name} " in message for name in PIXELS)


def test_digits_turned_over_their_diagonal_are_told(small: Path, tmp_path: Path) -> None:
    upright = classifier(small, before=[convolution()])
    turned = keras.Sequential([keras.Input((28, 28, 1)), layers.Permute((2, 1, 3)), *upright.layers])
    assert "put keras.layers.Permute((2, 1, 3)) in front" in refused(tmp_path, turned, small)


def test_the_command_prints_the_run_and_bad_input_is_one_line(
    small: Path, model: Any, tmp_path: Path, kit_here: KitCommand
) -> None:
    model.save(tmp_path / "model.keras")
    finished = kit_here("import", "model.keras", "--data", small, "--name", "mine")
    assert finished.stdout == f"{Path('runs/01-mine')}\n" and finished.returncode == 0
    assert "it wants pixels -1-1" in finished.stderr and "expect less on others" in finished.stderr
    bad: list[tuple[list[object], str]] = [
        (["gone.keras", "--data", small], "no such file"),
        (["model.keras", "--data", small / "test.csv"], "test.csv"),
        (["model.keras", "--validation", small / "test.csv"], "test.csv"),
        (["model.keras", "--data", small, "--pixels", "0-2"], "choose from 0-255, 0-1"),
        (["model.keras", "--data", small, "--name", "a/b"], "--name a/b"),
        (["model.keras", "--data", small, "--validation-split", "2"], "--validation-split 2"),
        (["model.keras", "--data", small, "--seed", "-1"], "--seed -1"),
    ]
    for arguments, words in bad:
        assert_one_line(kit_here("import", *arguments), words)
    assert [path.name for path in (tmp_path / "runs").glob("[0-9]*")] == ["01-mine"]


def test_a_run_of_kits_own_is_imported_too(exportable: Run, small: Path, tmp_path: Path) -> None:
    run = import_model(exportable.folder, data=small, runs=tmp_path, name="again")
    images = load("test", small).images
    assert run.settings.pixels == "0-255"
    assert np.abs(probabilities(run, images) - probabilities(exportable, images)).max() < 1e-6


def test_what_starts_from_it_may_have_seen_its_rows_too(imported: Run, small: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from keras import layers\n\n\ndef network(x):\n"
        '    x = layers.Conv2D(6, 5, strides=3, activation="relu")(x)\n    return layers.Flatten()(x)\n'
    )
    run = train(file, data=small, from_run=imported, epochs=1, runs=tmp_path, progress=False)
    assert run.settings.seen and run.metrics["seen"]
    assert run.validation.rows.tolist() == imported.validation.rows.tolist()
    lines = (small / "train.csv").read_bytes().splitlines(keepends=True)
    (tmp_path / "fewer.csv").write_bytes(b"".join(lines[:301]))
    options: dict[str, Any] = {"epochs": 1, "runs": tmp_path, "progress": False}
    one = train(data=tmp_path / "fewer.csv", from_run=imported, arch=file, **options)
    two = train(data=small, from_run=one, **options)
    assert one.settings.seen and two.settings.seen  # on the way, nobody has come to know more


def test_what_has_learned_from_these_rows_two_trainings_ago_has_seen_them(small: Path, tmp_path: Path) -> None:
    lines = (small / "train.csv").read_bytes().splitlines(keepends=True)
    (tmp_path / "fewer.csv").write_bytes(b"".join(lines[:301]))
    options: dict[str, Any] = {"epochs": 1, "runs": tmp_path, "progress": False}
    first = train("dense", data=small, **options)
    other = train(data=tmp_path / "fewer.csv", from_run=first, **options)
    back = train(data=small, from_run=other, seed=5, **options)
    assert [run.settings.seen for run in (first, other, back)] == [False, False, True]
