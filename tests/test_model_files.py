"""A model is known by what it is, whatever it is called."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kit import KitError
from kit.cli.predict import model_and_images
from kit.model_files import instead_of_an_export, is_model, kind_of
from kit.reading.reader import open_reader
from kit.run.runs import find

PACKAGE = Path(__file__).parents[1] / "mobile" / "DigitCamera" / "Model" / "DigitCamera.mlpackage"


def zipped(path: Path, *names: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"{}")


def folder(path: Path, *names: str) -> None:
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(b"")


MADE: dict[str, tuple[Callable[[Path], object], str]] = {
    "keras": (lambda path: zipped(path, "metadata.json", "config.json", "model.weights.h5"), "a Keras model: kit"),
    "hdf5": (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(40)), "an HDF5 file, as Keras writes models"),
    "zipped": (
        lambda path: zipped(path, "x.mlpackage/Manifest.json", "x.mlpackage/Data/com.apple.CoreML/model.mlmodel"),
        "a zipped Core ML package: unpack it first",
    ),
    "torch": (lambda path: zipped(path, "archive/data.pkl", "archive/version"), "a PyTorch model"),
    "mlmodelc": (lambda path: folder(path, "coremldata.bin", "model.mil"), "compiled by Xcode: give the .mlpackage"),
    "saved_model": (lambda path: folder(path, "saved_model.pb", "variables/variables.index"), "a TensorFlow Sav"),
    "run": (lambda path: folder(path, "model.keras", "metrics.json"), "a run without its settings.json"),
}  # fmt: skip


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("name", ["model", "photos.d", "model.PNG"])
def test_what_kit_cannot_read_says_what_it_is_and_no_other_model_answers(kind: str, name: str, tmp_path: Path) -> None:
    make, words = MADE[kind]
    path = tmp_path / name
    make(path)
    assert kind_of(path) == kind and is_model(path)
    assert model_and_images([str(path), "a.png"], tmp_path / "runs") == (str(path), ["a.png"])
    for opened in (lambda: open_reader(str(path), tmp_path / "runs"), lambda: find(str(path), tmp_path / "runs")):
        with pytest.raises(KitError) as caught:
            opened()
        assert words in str(caught.value) and str(path) in str(caught.value)


def test_a_runs_network_names_its_run(tmp_path: Path) -> None:
    run = tmp_path / "01-x"
    folder(run, "settings.json")
    zipped(run / "model.keras", "metadata.json", "config.json", "model.weights.h5")
    assert instead_of_an_export(run / "model.keras") == f"a Keras model: give its run instead, {run}"
    assert instead_of_an_export(run) == "a run, where an exported model belongs: give what kit export made of it"


@pytest.mark.parametrize("name", ["X.MLPACKAGE", "package", "package.onnx", "package.keras"])
def test_an_export_is_read_whatever_it_is_called(name: str, tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / name)
    assert kind_of(tmp_path / name) == "mlpackage"
    assert model_and_images([str(tmp_path / name), "a.png"], tmp_path) == (str(tmp_path / name), ["a.png"])
    assert open_reader(str(tmp_path / name), tmp_path).contract.size == 96
    with pytest.raises(KitError, match="a Core ML package, where a run belongs: give the run that it was made of"):
        find(str(tmp_path / name), tmp_path)


def test_single_files_are_told_from_each_other(tmp_path: Path) -> None:
    head = PACKAGE / "Data" / "com.apple.CoreML" / "model.mlmodel"
    onnx = b"\x08\x08\x12\x07tf2onnx\x3a\x02\x0a\x00\x42\x00"  # version 8, its producer, a graph, an operator set
    for content, kind in (
        (head.read_bytes(), "mlmodel"), (head.read_bytes()[:5000], "mlmodel"), (onnx, "onnx"),
        (b"\x1c\0\0\0TFL3" + bytes(20), "tflite"), (b"\x08", None), (b"\x08" * 100, None), (b"", None),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), None), (b"PK\x03\x04" + bytes(50), None), (b"text", None),
    ):  # fmt: skip
        (tmp_path / "model").write_bytes(content)
        assert kind_of(tmp_path / "model") == kind, content[:20]


def test_what_is_only_called_like_a_model_is_no_picture_either(tmp_path: Path) -> None:
    (tmp_path / "x.keras").write_text("text")
    for name in (str(tmp_path / "x.keras"), "gone.H5", "gone.mlpackage.zip", "gone.mlmodelc/"):
        assert model_and_images([name, "a.png"], tmp_path)[0] == name
    with pytest.raises(KitError, match="no model that kit knows: give a run"):
        open_reader(str(tmp_path / "x.keras"), tmp_path)
    assert not is_model(tmp_path) and not is_model("photo.png") and not is_model(7)
