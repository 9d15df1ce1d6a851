"""What is opened to read with: a run as its export has it, a package as its contract says, and what is neither."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from kit import KitError
from kit.exporting.proof import read
from kit.reading.reader import best_for_pictures, name_and_pictures, open_reader
from kit.run.folder import Run

FIELDS = ["labels", "background", "size", "polarity", "crop", "threshold"]


@pytest.mark.parametrize(("of_run", "of_package"), [("exportable", "package"), ("eleven", "eleven_package")])
def test_a_run_and_its_package_read_alike(of_run: str, of_package: str, request: pytest.FixtureRequest) -> None:
    run, package = request.getfixturevalue(of_run), request.getfixturevalue(of_package)
    one, other = open_reader(run), open_reader(str(package))
    for field in FIELDS:
        assert getattr(one, field) == getattr(other, field), field
    assert one.name == run.name and other.name == package.name
    contract = read(package).contract
    assert all(getattr(other, field) == getattr(contract, field) for field in FIELDS)
    squares = np.random.default_rng(0).integers(0, 256, (5, one.size, one.size)).astype(np.uint8)
    assert np.abs(one.read(squares) - other.read(squares)).max() < 1e-5


def test_a_threshold_that_the_run_knows_is_taken(camera: Run) -> None:
    reader = open_reader("3", camera.folder.parent)
    assert reader.threshold == 0.1 and reader.size == 64 and reader.crop == "box" and reader.labels[10] == "background"


def test_without_a_name_the_best_run_is_opened(camera: Run) -> None:
    assert open_reader(None, camera.folder.parent).name == "03-camera"


def test_for_pictures_a_camera_run_comes_first(camera: Run, exportable: Run, tmp_path: Path) -> None:
    shutil.copytree(exportable.folder, tmp_path / "01-rows")
    better = Run(tmp_path / "01-rows")
    better.write_metrics({**exportable.metrics, "val_accuracy": 1.0})
    assert best_for_pictures(tmp_path).name == "01-rows"
    shutil.copytree(camera.folder, tmp_path / "02-camera")
    assert best_for_pictures(tmp_path).name == "02-camera" and open_reader(None, tmp_path).name == "01-rows"


def test_a_changed_package_is_refused(eleven_package: Path, tmp_path: Path) -> None:
    copy = tmp_path / "changed.mlpackage"
    shutil.copytree(eleven_package, copy)
    weights = next(copy.rglob("weight.bin"))
    content = bytearray(weights.read_bytes())
    content[-5] ^= 1
    weights.write_bytes(content)
    with pytest.raises(KitError, match=r"changed\.mlpackage: its weights are not those .*: export it again"):
        open_reader(copy)
    with pytest.raises(KitError, match=r"gone\.mlpackage: no such file"):
        open_reader("gone.mlpackage")


def test_the_first_argument_is_told_from_pictures(
    camera: Run, eleven_package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = camera.folder.parent
    (tmp_path / "photos").mkdir()
    (tmp_path / "scan").touch()
    (tmp_path / "camera").mkdir()  # as the run is called: the run it is
    for first in ("3", "03-camera", "camera", str(camera.folder), str(eleven_package), "gone.onnx"):
        assert name_and_pictures([first, "photos"], runs) == (first, ["photos"])
        with pytest.raises(KitError, match="and which pictures"):
            name_and_pictures([first], runs)
    for first in ("photos", "scan", "*.png", "gone.jpg", "gone.HEIC"):
        assert name_and_pictures([first, "b.png"], runs) == (None, [first, "b.png"])
    with pytest.raises(KitError, match="no such run: did you mean 03-camera"):
        name_and_pictures(["03-camara", "photos"], runs)
