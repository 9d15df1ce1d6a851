"""What `kit export` writes, refuses and leaves alone."""

import errno
import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import KitCommand, assert_one_line

from kit import KitError, train
from kit.contract import Contract
from kit.exporting import compression, core_ml_model, coreml, opening, proof
from kit.exporting.compression import COMPRESSIONS, compressions
from kit.exporting.export import export
from kit.exporting.saved_model import SavedModel
from kit.run.folder import Run

WEIGHTS = "Data/com.apple.CoreML/weights/weight.bin"


def test_the_command_says_what_it_proved_and_nothing_else(exportable: Run, kit_here: KitCommand) -> None:
    """That TensorFlow and coremltools do not chatter as they are imported, tests/exporting/test_portable.py says."""
    finished = kit_here("export", "--runs", exportable.folder.parent)
    assert finished.returncode == 0, finished
    assert finished.stdout == f"{Path('exports/01-kit.mlpackage')}\n"
    lines = finished.stderr.splitlines()
    assert lines[0] == "the best run is 01-kit"
    assert lines[1].startswith("01-kit as an ML program for iOS17 in float16: ")
    assert lines[2].startswith("200 validation rows, read back from disk")
    assert [line.split()[0] for line in lines[3:]] == ["NumPy", "in", "accuracy"]
    again = kit_here("export", "--runs", exportable.folder.parent)
    assert again.returncode == 2 and "is there already: replace it with --overwrite" in again.stderr
    assert kit_here("export", "--runs", exportable.folder.parent, "--overwrite").returncode == 0


def test_of_two_exports_of_a_name_at_once_the_second_is_told(
    exportable: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, confirm = tmp_path / "same.mlpackage", proof.confirm

    def meanwhile(*arguments: object) -> proof.Proof:
        path.mkdir()
        (path / "theirs").write_text("first")
        return confirm(*arguments)

    monkeypatch.setattr(proof, "confirm", meanwhile)
    with pytest.raises(KitError, match=r"same\.mlpackage: is there already: replace it with --overwrite"):
        export(exportable, name="same", to=tmp_path)
    assert (path / "theirs").read_text() == "first" and list(tmp_path.iterdir()) == [path]


def test_the_same_run_gives_the_same_weights_byte_for_byte(
    exportable: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coreml, "convert", coreml.convert.anew)  # type: ignore[attr-defined]
    one, two = (export(exportable, compress="palette4", max_loss=100, to=tmp_path / str(number)) for number in (1, 2))
    assert (one.path / WEIGHTS).read_bytes() == (two.path / WEIGHTS).read_bytes()
    assert one.contract == two.contract


def test_the_contract_says_everything_an_app_needs(exportable: Run, package: Path) -> None:
    contract = proof.read(package).contract
    assert contract == Contract.from_json(contract.to_json(), "here")
    assert contract.labels == tuple("0123456789") and contract.background is None
    assert (contract.size, contract.pixels, contract.crop) == (28, (0, 255), "centred")
    assert contract.validation_accuracy == pytest.approx(exportable.metrics["val_accuracy"], abs=1e-6)
    assert 0 <= contract.threshold <= 1 and contract.settings == exportable.digest
    assert all(file.stat().st_mode & 0o044 == 0o044 for file in package.rglob("*"))  # anybody may read it
    metadata = proof.read(package).metadata
    assert metadata["author"] == "kit" and metadata["license"] == "MIT" and metadata["version"]
    assert "200 validation rows" in metadata["description"]


def test_every_input_and_output_is_described(package: Path) -> None:
    from kit import backend

    description = backend.coremltools().utils.load_spec(str(package)).description
    for feature in (*description.input, *description.output):
        assert feature.shortDescription.endswith(".")


def test_numbers_instead_of_a_picture(exportable: Run, tmp_path: Path) -> None:
    for format in ("mlprogram", "neuralnetwork"):  # noqa: A001
        made = export(exportable, format=format, input="array", to=tmp_path)
        assert str(core_ml_model.read(made.path).graph.inputs[0]) == "pixels (array, 784, FLOAT32)"
        assert "com.apple.coreml.model.preview.type" not in proof.read(made.path).metadata


@pytest.mark.parametrize(("unsure", "share"), [(500, 0.25), (1, 0.9)])  # the least sure row alone misleads the search
def test_float16_keeps_the_gate_by_leaving_the_smallest_operations_exact(
    unsure: int, share: float, exportable: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.exporting.export._UNSURE", unsure)
    usual = export(exportable, to=tmp_path, name="usual")
    assert usual.proof.half is not None
    difference = usual.proof.difference.largest
    assert 1e-6 < difference <= 1e-3
    monkeypatch.setitem(proof.GATES, "float16", share * difference)
    strict = export(exportable, to=tmp_path, name="strict")
    assert strict.proof.difference.largest <= share * difference and strict.size > usual.size


def test_a_doubtful_row_that_float16_reads_otherwise_is_one_of_all_rows(
    exportable: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 200 rows two may be, by this gate: so one among the 50 that float16 is tried on first costs no exactness."""
    usual, prove = export(exportable, to=tmp_path, name="usual"), proof.prove

    def one_otherwise(*given: Any) -> proof.Proof:
        found = prove(*given)
        return replace(found, difference=replace(found.difference, agreeing=found.rows - 1))

    monkeypatch.setattr("kit.exporting.export._UNSURE", 50)
    monkeypatch.setattr(proof, "AGREEMENT", 0.99)
    monkeypatch.setattr(proof, "prove", one_otherwise)
    assert export(exportable, to=tmp_path, name="doubtful").size == pytest.approx(usual.size, rel=0.01)


def test_numbers_too_large_for_float16_are_seen_and_the_way_out_is_one(small: Path, tmp_path: Path) -> None:
    """Pixels from 0 to 255 straight into large weights: what comes out passes 65,504."""
    (tmp_path / "wide.py").write_text(
        "import keras\nfrom keras import layers\n\nPIXELS = '0-255'\n\n\ndef network(x):\n"
        "    large = keras.initializers.RandomNormal(0, 40)\n"
        "    return layers.Dense(50, 'relu', kernel_initializer=large)(layers.Flatten()(x))\n"
    )
    options: dict[str, Any] = {"run": 1, "runs": tmp_path / "runs", "data": small, "to": tmp_path}
    train(tmp_path / "wide.py", data=small, runs=tmp_path / "runs", epochs=1, progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        with pytest.raises(KitError, match=r"in float16 some of its numbers pass 65,504.*: use --precision float32$"):
            export(**options)
        assert not list(tmp_path.glob("*.mlpackage"))
        assert export(**options, precision="float32").proof.difference.largest < 1e-5


def test_biases_of_the_older_format_keep_every_bit(exportable: Run, tmp_path: Path) -> None:
    """They are few, and what they lose every row loses."""
    from kit import backend

    made = export(exportable, format="neuralnetwork", compress="int8", max_loss=100, to=tmp_path)
    network = backend.coremltools().utils.load_spec(str(made.path)).neuralNetworkClassifier
    layers = [getattr(layer, layer.WhichOneof("layer")) for layer in network.layers]
    biases = [layer.bias for layer in layers if "bias" in layer.DESCRIPTOR.fields_by_name and layer.HasField("bias")]
    assert biases and all(bias.floatValue and not bias.rawValue for bias in biases)
    assert any(layer.weights.rawValue for layer in layers if "weights" in layer.DESCRIPTOR.fields_by_name)


def shrink(sizes: dict[str, int]) -> bool:
    """Whether fewer bits take fewer bytes, and more zeros too where the format has them."""
    bits = sizes["palette4"] < sizes["palette6"] < sizes["palette8"] < sizes["none"] and sizes["int8"] < sizes["none"]
    return bits and ("prune50" not in sizes or sizes["prune75"] < sizes["prune50"] < sizes["none"])


def test_on_ios18_pruning_joins_another(exportable: Run, tmp_path: Path) -> None:
    joined = export(exportable, target="iOS18", compress="prune50+palette4", max_loss=100, to=tmp_path, name="joined")
    alone = export(exportable, target="iOS18", compress="palette4", max_loss=100, to=tmp_path, name="alone")
    assert joined.size < alone.size
    with pytest.raises(KitError, match=r"iOS17 does not know it as mlprogram: use --target iOS18"):
        export(exportable, compress="prune50+palette4", to=tmp_path)


def test_auto_takes_the_smallest_that_loses_no_more_than_it_may(
    exportable: Run, tmp_path: Path, kit_here: KitCommand
) -> None:
    finished = kit_here("export", "--compress", "auto", "--max-loss", 0.6, "--runs", exportable.folder.parent)
    assert finished.returncode == 0, finished
    heading, *rows, path = finished.stdout.splitlines()
    assert heading.split()[0] == "compression" and Path(path) == Path("exports/01-kit.mlpackage")
    assert [row.split()[0] for row in rows if row.endswith("chosen")] == [
        next(row.split()[0] for row in rows if float(row.split()[3]) <= 0.6)
    ]
    sizes = {row.split()[0]: int(row.split()[1].replace(",", "")) for row in rows}
    assert [*sizes.values()] == sorted(sizes.values()) and sizes.keys() == {"none", *COMPRESSIONS} and shrink(sizes)
    made = proof.verify(tmp_path / path, runs=exportable.folder.parent, max_loss=0.6)
    assert made.problems == () and made.proof is not None and made.proof.loss <= 0.6


def test_auto_makes_and_proves_each_once(exportable: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, proved = list[str](), list[str | None]()
    compress, prove = compression.compress, proof.prove
    monkeypatch.setattr(compression, "compress", lambda converted, name: made.append(name) or compress(converted, name))

    def counted(saved: SavedModel, rows: proof.Rows) -> proof.Proof:
        proved.append(saved.contract.compression)
        return prove(saved, rows)

    monkeypatch.setattr(proof, "prove", counted)
    found = export(exportable, format="neuralnetwork", compress="auto", max_loss=5, to=tmp_path)
    assert sorted(made) == sorted(compressions("neuralnetwork", "iOS13"))
    assert proved == [None, *made] and len(found.tried) == len(proved)
    assert shrink({one.compression or "none": one.size for one in found.tried})
    assert [path.name for path in tmp_path.iterdir()] == ["01-kit.mlmodel"]  # and the others are gone
    assert opening.read(found.path).weights == found.contract.weights


def test_a_compression_that_loses_too_much_is_refused(exportable: Run, tmp_path: Path) -> None:
    with pytest.raises(KitError, match=r"prune75 loses .* points of accuracy .* where 0.1 may be lost"):
        export(exportable, compress="prune75", to=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"format": "coreml"}, "--format coreml: choose from mlprogram"),
        ({"target": "iOS14"}, "--target iOS14: no mlprogram model is made for it: add --format neuralnetwork"),
        ({"target": "iOS17", "format": "neuralnetwork"}, "add --format mlprogram"),
        ({"target": "iOS99"}, "choose from iOS15"),
        ({"compress": "palette5"}, "--compress palette5: no such compression"),
        ({"compress": "palette4+prune50"}, "no such compression"),
        ({"compress": "palette4", "target": "iOS15"}, "iOS15 does not know it as mlprogram: use --target iOS16"),
        ({"compress": "prune50", "format": "neuralnetwork"}, "use --format mlprogram --target iOS16"),
        ({"precision": "float64"}, "--precision float64: choose from"),
        ({"input": "video"}, "--input video: choose from image, array"),
        ({"max_loss": -1}, "--max-loss -1: give points"),
        ({"max_loss": 0.5}, "--max-loss 0.5: nothing is lost without --compress"),
        ({"format": "onnx", "author": "me"}, "--author me: onnx does not have it"),
        ({"format": "tflite", "license": "BSD"}, "--license BSD: tflite does not have it"),
        ({"name": "../out"}, "--name ../out: in a name use letters"),
        ({"format": "tflite", "compress": "int8"}, "--compress int8: tflite does not have it here"),
        ({"format": "onnx", "target": "iOS17"}, "--target iOS17: onnx does not have it"),
        ({"format": "onnx", "precision": "float16"}, "--precision float16: onnx does not have it"),
        ({"format": "onnx", "input": "array"}, "--input array: onnx does not have it"),
        ({"run": "99-none"}, "no such run"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)  # fmt: skip
def test_options_that_do_not_fit_are_refused(
    options: dict[str, Any], words: str, exportable: Run, tmp_path: Path
) -> None:
    options = {"run": exportable, "runs": exportable.folder.parent, **options}
    with pytest.raises(KitError) as refusal:
        export(**options, to=tmp_path)
    assert words in str(refusal.value) and refusal.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_what_was_there(exportable: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = export(exportable, precision="float32", to=tmp_path)
    before = {file: file.read_bytes() for file in made.path.rglob("*") if file.is_file()}

    def full(converted: Any, path: Path, about: Any, contract: Any) -> None:
        path.mkdir()
        (path / "half").write_bytes(b"written")
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(coreml, "save", full)
    with pytest.raises(KitError, match=r"01-kit\.mlpackage: the disk is full") as refusal:
        export(exportable, precision="float32", overwrite=True, to=tmp_path)
    assert refusal.value.exit_code == 2
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_an_unwritable_folder_is_one_line(exportable: Run, tmp_path: Path, kit_here: KitCommand) -> None:
    (tmp_path / "taken").write_text("")
    finished = kit_here("export", "kit", "--runs", exportable.folder.parent, "--to", "taken/exports")
    assert_one_line(finished, "taken")


def test_json_is_for_programs(exportable: Run, tmp_path: Path, kit_here: KitCommand) -> None:
    finished = kit_here("export", "kit", "--runs", exportable.folder.parent, "--json", "--precision", "float32")
    made = json.loads(finished.stdout)
    assert Path(made["path"]) == Path("exports/01-kit.mlpackage") and made["proof"]["rows"] == 200
    verified = json.loads(kit_here("verify", made["path"], "--runs", exportable.folder.parent, "--json").stdout)
    assert verified["problems"] == [] and verified["contract"] == made["contract"]
    assert verified["costs"]["multiply_accumulates"] == 2_811_968


def test_a_name_may_not_hide(exportable: Run, tmp_path: Path) -> None:
    with pytest.raises(KitError, match="no dot in front"):
        export(exportable, name=".hidden", to=tmp_path)


def test_a_model_of_ones_own_goes_into_the_app(exportable: Run, tmp_path: Path, kit_here: KitCommand) -> None:
    arguments = ("export", "kit", "--app", "--runs", exportable.folder.parent)
    assert_one_line(kit_here(*arguments), "mobile/DigitCamera is not here", "clone")
    (tmp_path / "mobile" / "DigitCamera" / "Model").mkdir(parents=True)
    for name in ((), ("--name", "mine"), ()):  # the second time it replaces the first
        finished = kit_here(*arguments, *name)
        assert finished.returncode == 0, finished
    model = tmp_path / "mobile" / "DigitCamera" / "Model"
    assert sorted(path.name for path in model.iterdir()) == ["DigitCamera.mlpackage", "mine.mlpackage"]
    assert_one_line(kit_here(*arguments, "--target", "iOS18"), "--app: the app takes an ML program for iOS17 or older")
    assert_one_line(kit_here(*arguments, "--to", "out"), "--to out: --app has a place of its own, ", "leave one out")
