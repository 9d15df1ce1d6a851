"""The proof is broken on purpose, in every way that an export can go wrong, and sees it."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import KitCommand, assert_one_line

from kit import KitError, backend
from kit.exporting import coreml, proof
from kit.exporting.export import export
from kit.exporting.proof import verify
from kit.run import folder
from kit.run.folder import Run
from kit.run.metrics import Analysis
from kit.task import DIGITS
from kit.training import networks
from kit.training.examples import validation_images

MODEL = "Data/com.apple.CoreML/model.mlmodel"
WEIGHTS = "Data/com.apple.CoreML/weights/weight.bin"


def edited(package: Path, folder: Path, change: Callable[[Any], None]) -> Path:
    """A copy of the package with another specification."""
    copy = Path(shutil.copytree(package, folder / package.name))
    spec = backend.coremltools().proto.Model_pb2.Model.FromString((copy / MODEL).read_bytes())
    change(spec)
    (copy / MODEL).write_bytes(spec.SerializeToString())
    return copy


def operations(spec: Any) -> Any:
    return next(iter(spec.mlProgram.functions["main"].block_specializations.values())).operations


def test_an_export_is_what_its_network_is(package: Path, exportable: Run) -> None:
    found = verify(package, runs=exportable.folder.parent)
    assert found.problems == () and found.proof is not None and found.costs is not None
    assert found.proof.rows == 200 and found.proof.difference.agreeing == 200
    assert found.proof.accuracy == pytest.approx(exportable.metrics["val_accuracy"])
    assert found.proof.difference.largest < 1e-5 and found.proof.half is None and found.proof.device is None


def test_rows_are_so_many_and_spread(package: Path, exportable: Run) -> None:
    found = verify(package, rows=7, runs=exportable.folder.parent)
    assert found.proof is not None and found.proof.rows == 7
    for rows in (0, 201):
        with pytest.raises(KitError, match=f"--rows {rows}: .* has 200 validation rows"):
            verify(package, rows=rows, runs=exportable.folder.parent)


def test_swapped_labels_are_seen(package: Path, exportable: Run, tmp_path: Path) -> None:
    def swap(spec: Any) -> None:
        classes = operations(spec)[-1].inputs["classes"].arguments[0].value.immediateValue.list.values
        four, nine = (classes[label].immediateValue.tensor.strings.values for label in (4, 9))
        four[0], nine[0] = "9", "4"

    found = verify(edited(package, tmp_path, swap), runs=exportable.folder.parent)
    assert any("in another order" in problem for problem in found.problems)


def test_one_flipped_byte_of_the_weights_is_seen(package: Path, exportable: Run, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(package, tmp_path / package.name))
    content = bytearray((copy / WEIGHTS).read_bytes())
    content[len(content) // 2] ^= 1  # the lowest bit that there is
    (copy / WEIGHTS).write_bytes(content)
    found = verify(copy, runs=exportable.folder.parent)
    assert any("weights are not those" in problem for problem in found.problems)


def test_a_renamed_output_a_coloured_input_and_a_newer_specification_are_seen(
    package: Path, exportable: Run, tmp_path: Path
) -> None:
    def rename(spec: Any) -> None:
        backend.coremltools().utils.rename_feature(spec, "label", "digit")

    def colour(spec: Any) -> None:
        spec.description.input[0].type.imageType.colorSpace = 20  # RGB

    def newer(spec: Any) -> None:
        spec.specificationVersion = 9

    for number, (change, word) in enumerate([
        (rename, "digit (string)"), (colour, "RGB"), (newer, "specification version 9 is not one that iOS17 runs")
    ]):  # fmt: skip
        (tmp_path / str(number)).mkdir()
        found = verify(edited(package, tmp_path / str(number), change), runs=exportable.folder.parent)
        assert any(word in problem for problem in found.problems), (word, found.problems)


def broken_network(run: Run, fault: str) -> Any:
    """The run's network as a wrong conversion would make it."""
    model = run.model()
    keras = backend.keras()
    if fault == "scale":
        model.get_layer("scale1").scale = 1 / 254
        return model
    if fault == "kernel":
        layer = model.get_layer("conv1")
        layer.set_weights([layer.get_weights()[0].swapaxes(0, 1)])
        return model
    if fault == "softmax":
        return keras.Model(model.input, model.get_layer("logits").output)
    if fault == "twice":
        return keras.Model(model.input, keras.layers.Softmax()(model.output))
    raise AssertionError(fault)


@pytest.mark.parametrize(
    ("fault", "words"),
    [("scale", "probabilities are up to"), ("kernel", "probabilities are up to"), ("twice", "probabilities are up to"),
     ("softmax", "not in a softmax")],
)  # fmt: skip
@pytest.mark.parametrize("format", ["mlprogram", "neuralnetwork", "tflite", "onnx"])
def test_a_wrong_conversion_is_refused_and_leaves_nothing(
    fault: str,
    words: str,
    format: str,  # noqa: A002
    exportable: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = broken_network(exportable, fault)
    monkeypatch.setattr(Run, "model", lambda run: broken)
    with pytest.raises(KitError, match=words) as refusal:
        export(exportable, format=format, precision="float32", to=tmp_path)
    assert refusal.value.exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_probabilities_that_do_not_sum_to_one_are_seen(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = proof.read(package)
    monkeypatch.setattr(saved, "predict", lambda images: np.full((1, 10), 0.09, np.float32))
    assert any("sum to 0.9000" in problem for problem in saved.problems())


def test_the_gates_are_those_that_the_manual_names(package: Path, exportable: Run) -> None:
    contract = proof.read(package).contract
    proved = proof.prove(proof.read(package), proof.rows_of(exportable))

    def refused(
        precision: str, largest: float, agreeing: int, compression: str | None = None, loss: int = 0,
        form: str = "mlprogram",
    ) -> bool:  # fmt: skip
        changed = replace(
            proved, rows=10_000, difference=replace(proved.difference, largest=largest, agreeing=agreeing),
            network_accuracy=0.99, accuracy=0.99 - loss / 10_000,
        )  # fmt: skip
        of = replace(contract, precision=precision, compression=compression, format=form)
        return bool(proof.failures(changed, of))

    assert not refused("float32", 0.9e-5, 10_000) and refused("float32", 1.1e-5, 10_000)
    assert not refused("float16", 0.9e-3, 9_995) and refused("float16", 1.1e-3, 10_000)
    assert refused("float16", 0.9e-3, 9_994)
    assert not refused("float16", 4.9e-3, 9_995, form="tflite") and refused("float16", 5.1e-3, 9_995, form="tflite")
    assert refused("float32", 1.1e-5, 10_000, form="tflite") and refused("float16", 4.9e-3, 9_994, form="tflite")
    assert refused("float32", float("nan"), 10_000)
    assert not refused("float16", 0.5, 9_000, "palette4", loss=10) and refused(
        "float16", 0.5, 9_000, "palette4", loss=11
    )


def test_on_macos_core_ml_itself_has_a_word(
    package: Path, exportable: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only macOS has it; here something else plays it, which is right for one export and wrong for the other."""
    monkeypatch.setattr("kit.exporting.core_ml_model.sys.platform", "darwin")
    saved = proof.read(package)
    monkeypatch.setattr(coreml, "predict", lambda path, images, labels: saved.predict(images))
    found = verify(package, runs=exportable.folder.parent)
    assert found.problems == () and found.proof is not None and found.proof.device is not None
    assert any(line.strip().startswith("Core ML") for line in proof.summary(found.saved, found.proof))
    monkeypatch.setattr(coreml, "predict", lambda path, images, labels: saved.predict(images)[:, ::-1])
    assert any("by Core ML" in problem for problem in verify(package, runs=exportable.folder.parent).problems)
    with pytest.raises(KitError, match="by Core ML"):
        export(exportable, precision="float32", to=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_core_mls_answers_are_read_by_label(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []

    class Played:
        def __init__(self, path: str) -> None:
            self.spec = backend.coremltools().utils.load_spec(path)

        def get_spec(self) -> Any:
            return self.spec

        def predict(self, values: dict[str, Any]) -> dict[str, Any]:
            given.append(np.asarray(values["image"]))
            return {"label": "3", "probabilities": {label: float(label) for label in reversed(DIGITS)}}

    monkeypatch.setattr(backend.coremltools().models, "MLModel", Played)
    images = np.random.default_rng(1).integers(0, 256, (2, 28, 28, 1)).astype(np.uint8)
    assert coreml.predict(package, images, DIGITS).tolist() == [[*map(float, range(10))]] * 2
    assert np.array_equal(given[1], images[1, :, :, 0])


def test_a_package_of_another_training_is_refused(
    package: Path, exportable: Run, small: Path, tmp_path: Path, kit_here: KitCommand
) -> None:
    other = Run(Path(shutil.copytree(exportable.folder, tmp_path / "elsewhere" / "01-kit")))
    text = (other.folder / "settings.json").read_text().replace('"seed": 0', '"seed": 1')
    (other.folder / "settings.json").write_text(text)
    with pytest.raises(KitError, match="made from another training"):
        verify(package, other)
    with pytest.raises(KitError, match="no such run"):
        verify(package, "nowhere", runs=tmp_path / "runs")
    found = verify(package, runs=tmp_path / "runs")
    assert found.proof is None and found.problems == ()
    finished = kit_here("verify", package)
    assert finished.returncode == 1 and "not compared: its run, 01-kit, is not in runs" in finished.stderr
    for loss in (float("nan"), -1.0, 101.0):
        with pytest.raises(KitError, match=r"--max-loss \S+: give points of accuracy, 0 to 100"):
            verify(package, runs=tmp_path / "runs", max_loss=loss)
    shutil.copytree(other.folder, tmp_path / "runs" / "01-kit")
    finished = kit_here("verify", package)
    assert finished.returncode == 1 and "not compared: made from another training than" in finished.stderr
    (tmp_path / "runs" / "01-kit" / "settings.json").write_text("{")
    finished = kit_here("verify", package)
    assert finished.returncode == 1 and "settings.json: damaged, not JSON" in finished.stderr
    assert finished.stderr.splitlines()[-1].startswith(f"error: {package}: not compared: ")


def test_verify_prints_what_it_costs(package: Path, exportable: Run, kit_here: KitCommand, tmp_path: Path) -> None:
    finished = kit_here("verify", package, "--runs", exportable.folder.parent)
    assert finished.returncode == 0, finished
    for words in ("multiply-accumulates  2,811,968 a picture", "parameters            98,778", "peak activations"):
        assert words in finished.stdout
    assert "labels agree on 100.00%" in finished.stderr and "Warning" not in finished.stderr
    layers = finished.stdout.split("multiply-accumulates  share\n")[1].splitlines()
    costs = [int(line.split()[-2].replace(",", "")) for line in layers]
    assert costs == sorted(costs, reverse=True) and sum(costs) == 2_811_968
    assert_one_line(kit_here("verify", tmp_path / "none.mlpackage"), "no such file")


def test_folded_background_is_what_the_ten_digits_are_without_it(eleven: Run, tmp_path: Path) -> None:
    made = export(eleven, background=False, precision="float32", to=tmp_path)
    saved = proof.read(made.path)
    assert saved.contract.labels == DIGITS and made.contract.background is None
    images = validation_images(eleven, eleven.digits())
    all_eleven = eleven.validation.probabilities.astype(np.float64)
    expected = all_eleven[:, :10] / all_eleven[:, :10].sum(axis=1, keepdims=True)
    found = saved.predict(images)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def test_background_is_kept_where_the_run_has_it_and_refused_where_not(
    eleven: Run, exportable: Run, tmp_path: Path
) -> None:
    made = export(eleven, to=tmp_path)
    assert made.contract.labels[-1] == made.contract.background == "background"
    assert made.contract.polarity == "any" and made.contract.crop == "box"
    with pytest.raises(KitError, match="ten classes: train one with it by kit train --camera"):
        export(exportable, background=True, to=tmp_path)


def test_a_camera_runs_threshold_is_what_its_training_found(eleven: Run, tmp_path: Path) -> None:
    found = Analysis(eleven.name, eleven.validation)
    assert found.silence == pytest.approx(eleven.metrics["threshold"])


def test_all_networks_have_the_layers_that_an_export_needs() -> None:
    for name in networks.NETWORKS:
        model = networks.build(name)
        assert model.get_layer("logits") and model.get_layer("probabilities")


def test_the_stored_predictions_are_read_once(package: Path, exportable: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    inflated: list[Path] = []
    read = folder._read_validation
    monkeypatch.setattr(folder, "_read_validation", lambda path: inflated.append(path) or read(path))
    assert verify(package, runs=exportable.folder.parent).problems == ()
    assert inflated == [exportable.folder / "validation.npz"]


def test_of_some_rows_the_labels_agree_by_the_share_of_all(exportable: Run) -> None:
    """One of the 500 least sure rows is not one of 500: a network of 8,400 may have four that are read otherwise."""
    contract = replace(exportable.contract, precision="float16")
    shown = proof.Proof(500, proof.Difference(5e-4, 1e-5, 499), (), 1.0, 1.0)
    [line] = proof.failures(shown, contract)
    assert "only 499 of 500 rows" in line
    assert proof.failures(shown, contract, rows=8_400) == []
    five = replace(shown, difference=replace(shown.difference, agreeing=495))
    [line] = proof.failures(five, contract, rows=8_400)
    assert "only 8,395 of 8,400 rows" in line


def test_numbers_too_large_for_float16_are_a_failure(exportable: Run) -> None:
    good, none = proof.Difference(0.0, 0.0, 10), proof.Difference(float("nan"), float("nan"), 1)
    shown = proof.Proof(10, good, (), 1.0, 1.0, half=none)
    contract = replace(exportable.contract, precision="float16")
    assert proof.failures(replace(shown, half=good), contract) == []
    [line] = proof.failures(shown, contract)
    assert "use --precision float32" in line
