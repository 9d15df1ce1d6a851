"""What is opened to read with: a run as its export has it, a package as its contract says, and what is neither."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import contract_for

from kit import KitError
from kit.exporting.opening import read
from kit.reading.reader import Reader, open_reader
from kit.run.folder import Run
from kit.task import CAMERA

FIELDS = ["labels", "background", "size", "polarity", "crop", "threshold"]


@pytest.mark.parametrize(("of_run", "of_package"), [("exportable", "package"), ("eleven", "eleven_package")])
def test_a_run_and_its_package_read_alike(of_run: str, of_package: str, request: pytest.FixtureRequest) -> None:
    run, package = request.getfixturevalue(of_run), request.getfixturevalue(of_package)
    one, other = open_reader(run), open_reader(str(package))
    for field in FIELDS:
        assert getattr(one.contract, field) == getattr(other.contract, field), field
    assert one.name == run.name and other.name == package.name
    assert other.contract == read(package).contract
    assert one.contract.settings == other.contract.settings and one.contract.format == "keras"
    size = one.contract.size
    squares = np.random.default_rng(0).integers(0, 256, (5, size, size)).astype(np.uint8)
    assert np.abs(one.read(squares) - other.read(squares)).max() < 1e-5


def test_a_threshold_that_the_run_knows_is_taken(camera: Run) -> None:
    reader = open_reader("3", camera.folder.parent)
    contract = reader.contract
    assert contract.threshold == 0.1 and contract.size == 64 and contract.crop == "box"
    assert contract.labels[10] == "background"


def test_without_a_name_the_best_run_is_opened(camera: Run) -> None:
    assert open_reader(None, camera.folder.parent).name == "03-camera"


def test_for_pictures_a_camera_run_comes_first(camera: Run, exportable: Run, tmp_path: Path) -> None:
    shutil.copytree(exportable.folder, tmp_path / "01-rows")
    better = Run(tmp_path / "01-rows")
    better.write_metrics({**exportable.metrics, "val_accuracy": 1.0})
    said: list[str] = []
    assert open_reader(None, tmp_path, prefer=CAMERA, notify=said.append).name == "01-rows"
    shutil.copytree(camera.folder, tmp_path / "02-camera")
    assert open_reader(None, tmp_path, prefer=CAMERA, notify=said.append).name == "02-camera"
    assert open_reader(None, tmp_path).name == "01-rows"
    assert said == ["the best run is 01-rows", "the best run is 02-camera"]


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


def reader(crop: str = "box", polarity: str = "any", size: int = 16, threshold: float = 0.6) -> Reader:
    """Answers with the digit whose number is a tenth of the first pixel; keeps what it was asked."""
    asked: list[np.ndarray] = []

    def network(images: np.ndarray) -> np.ndarray:
        asked.append(images)
        return np.where(np.arange(11) == images[0, 0, 0, 0] // 10, 0.9, 0.01).astype(np.float32)[None]

    made = Reader("fake", contract_for(CAMERA, threshold, size=size, polarity=polarity, crop=crop), network)
    object.__setattr__(made, "asked", asked)
    return made


def test_a_camera_network_gets_the_box_as_it_is() -> None:
    fake = reader()
    frame = np.full((160, 160), 70, np.uint8)
    assert fake.verdict(fake.read_frame(frame)) == "7"
    assert fake.asked[0].shape == (1, 16, 16, 1) and (fake.asked[0] == 70).all()  # type: ignore[attr-defined]
    assert fake.verdict(fake.read_frame(np.full((160, 160), 100, np.uint8))) is None  # background
    assert replace(fake, contract=contract_for(CAMERA, 0.95)).verdict(fake.read_frame(frame)) is None


def test_a_competition_network_gets_white_ink_on_black() -> None:
    fake = reader("centred", "white on black", 28)
    assert fake.side == 112
    drawing = fake.drawing([[(0.5, 0.3), (0.5, 0.7)]])
    assert drawing.shape == (112, 112) and drawing[0, 0] == 0 and drawing[56, 56] == 255
    fake.read_square(drawing)
    fake.read_frame(255 - np.kron(drawing, np.ones((3, 3), np.uint8)))
    first, second = fake.asked  # type: ignore[attr-defined]
    assert first.shape == second.shape == (1, 28, 28, 1)
    assert np.abs(first.astype(int) - second).max() <= 2  # dark on light, three times as large: the same ink


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ([np.nan] * 11, "with no numbers for its 11 labels"),
        ([np.inf, *[0] * 10], "with no numbers for its 11 labels"),
        ([0.1] * 10, "with no numbers for its 11 labels"),
        ([0.0] * 11, "with probabilities that add up to 0.00, not 1"),
        ([1, 1, *[0] * 9], "with probabilities that add up to 2.00, not 1"),
        ([1.5, -0.5, *[0] * 9], "with a probability of -0.50"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(answer: list[float], line: str) -> None:
    fake = replace(reader(), network=lambda images: np.tile(np.array(answer, np.float32), (len(images), 1)))
    square = np.zeros((16, 16), np.uint8)
    for reads in (fake.read_square, fake.read_frame):
        with pytest.raises(KitError) as refusal:
            reads(square)
        assert str(refusal.value) == f"fake answers {line}: train or export it again"


def test_an_answer_may_miss_1_by_what_weights_of_few_bits_cost() -> None:
    answer = np.array([0.985, -0.001, *[0] * 9], np.float32)
    fake = replace(reader(), network=lambda images: answer[None])
    assert fake.verdict(fake.read_square(np.zeros((16, 16), np.uint8))) == "0"


def test_a_camera_run_reads_without_its_stored_predictions(camera: Run, tmp_path: Path) -> None:
    """Threshold and accuracy are in its metrics; a run without a model says what to do."""
    shutil.copytree(camera.folder, tmp_path / "03-camera")
    (tmp_path / "03-camera" / "validation.npz").unlink()
    contract = open_reader(3, tmp_path).contract
    assert contract.threshold == 0.1
    assert contract.validation_accuracy == round(camera.metrics["val_accuracy"], 6)
    (tmp_path / "03-camera" / "model.keras").unlink()
    with pytest.raises(KitError, match=r"model\.keras: missing: finish its first epoch"):
        open_reader(3, tmp_path)
