"""Saved models that are damaged, or something else: one line, which says how."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from kit import KitError, backend
from kit.exporting import core_ml_model, graph
from kit.exporting.export import export
from kit.run.folder import Run

MODEL = "Data/com.apple.CoreML/model.mlmodel"
WEIGHTS = "Data/com.apple.CoreML/weights/weight.bin"


@pytest.fixture
def copy(package: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(package, tmp_path / "copy.mlpackage"))


def test_it_says_what_an_app_meets(package: Path, exportable: Run) -> None:
    saved = graph.read(package)
    assert list(map(str, saved.inputs)) == ["image (image, 28 x 28, GRAYSCALE)"]
    assert sorted(map(str, saved.outputs)) == ["label (string)", "probabilities (dictionary)"]
    assert saved.labels == tuple("0123456789") and saved.specification == 8
    assert saved.metadata["com.apple.coreml.model.preview.type"] == "imageClassifier"
    contract = core_ml_model.read(package).contract
    assert contract.run == exportable.name and contract.polarity == "white on black"
    assert saved.size == sum(file.stat().st_size for file in package.rglob("*") if file.is_file())


def test_a_path_without_a_model_is_one_line(tmp_path: Path, package: Path) -> None:
    with pytest.raises(KitError, match="no such file"):
        graph.read(tmp_path / "none.mlpackage")
    (tmp_path / "notes.txt").write_text("7")
    with pytest.raises(KitError, match="a file, where a Core ML package"):
        graph.read(tmp_path / "notes.txt")
    archive = tmp_path / "model.mlpackage"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.write(package / "Manifest.json", "Manifest.json")
    with pytest.raises(KitError, match="zip archive: unpack it"):
        graph.read(archive)
    (tmp_path / "model.mlmodel").write_bytes(b"\x07" * 40)
    with pytest.raises(KitError, match="damaged"):
        graph.read(tmp_path / "model.mlmodel")
    (tmp_path / "model.mlmodel").write_bytes(b"")
    with pytest.raises(KitError, match="no model in it"):
        graph.read(tmp_path / "model.mlmodel")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"itemInfoEntries": 7, "rootModelIdentifier": "x"}'])
def test_a_truncated_manifest_is_one_line(copy: Path, content: bytes) -> None:
    (copy / "Manifest.json").write_bytes(content)
    with pytest.raises(KitError, match=r"Manifest\.json: missing, truncated or damaged"):
        graph.read(copy)


def test_a_manifest_that_points_out_of_its_package_is_refused(copy: Path) -> None:
    manifest = json.loads((copy / "Manifest.json").read_text())
    for item in manifest["itemInfoEntries"].values():
        item["path"] = "../../../outside"
    (copy / "Manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(KitError, match=r"Manifest\.json: missing, truncated or damaged"):
        graph.read(copy)


@pytest.mark.parametrize("file", [MODEL, WEIGHTS])
def test_a_missing_or_truncated_part_is_one_line(copy: Path, file: str) -> None:
    content = (copy / file).read_bytes()
    (copy / file).write_bytes(content[: len(content) // 3])
    with pytest.raises(KitError, match="damaged"):
        graph.read(copy)
    (copy / file).unlink()
    with pytest.raises(KitError, match=r"damaged|missing"):
        graph.read(copy)


def test_a_model_of_something_else_is_named(package: Path, tmp_path: Path) -> None:
    spec = backend.coremltools().proto.Model_pb2.Model()
    spec.specificationVersion = 4
    spec.treeEnsembleRegressor.treeEnsemble.numPredictionDimensions = 1
    (tmp_path / "trees.mlmodel").write_bytes(spec.SerializeToString())
    with pytest.raises(KitError, match="a tree ensemble regressor, where a neural network classifier belongs"):
        graph.read(tmp_path / "trees.mlmodel")
    copy = Path(shutil.copytree(package, tmp_path / "trees.mlpackage"))
    (copy / MODEL).write_bytes(spec.SerializeToString())
    with pytest.raises(KitError, match="a tree ensemble regressor, where an ML program belongs"):
        graph.read(copy)


def test_a_layer_that_is_not_known_is_named(exportable: Run, tmp_path: Path) -> None:
    path = export(exportable, format="neuralnetwork", to=tmp_path).path
    spec = backend.coremltools().utils.load_spec(str(path))
    layer = next(layer for layer in spec.neuralNetworkClassifier.layers if layer.WhichOneof("layer") == "activation")
    name = layer.name
    layer.cropResize.SetInParent()
    path.write_bytes(spec.SerializeToString())
    with pytest.raises(KitError, match=f"layer '{name}' is a cropResize, which kit cannot evaluate"):
        graph.read(path)


def test_a_model_without_a_contract_was_not_made_here(copy: Path) -> None:
    spec = backend.coremltools().proto.Model_pb2.Model.FromString((copy / MODEL).read_bytes())
    del spec.description.metadata.userDefined["kit.contract"]
    (copy / MODEL).write_bytes(spec.SerializeToString())
    with pytest.raises(
        KitError, match=r"takes image \(image, 28 x 28, GRAYSCALE\) and gives .* there is no contract in it"
    ):
        _ = core_ml_model.read(copy).contract
    spec.description.metadata.userDefined["kit.contract"] = '{"version": 99}'
    (copy / MODEL).write_bytes(spec.SerializeToString())
    with pytest.raises(KitError, match="damaged or of another version"):
        _ = core_ml_model.read(copy).contract
