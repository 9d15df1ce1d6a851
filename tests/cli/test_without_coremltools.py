"""Where there is no coremltools, as on Windows and Linux aarch64: all but making Core ML works as it does elsewhere."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import KitCommand, assert_one_line

import kit.exporting.convertible
from kit import KitError, backend
from kit.cli import demo as walk
from kit.cli import train
from kit.exporting import requirements
from kit.run.folder import Run
from kit.task import ROWS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "mobile" / "DigitCamera" / "Model" / "DigitCamera.mlpackage"
PICTURE = ROOT / "docs" / "digits.png"
MISSING = "coremltools makes Core ML and is not here, there is one for macOS and Linux x86-64 only"
COMMANDS = """
import contextlib, io, json, sys
from kit.cli import main
for line in json.load(sys.stdin):
    sys.argv, out, err, code = ["kit", *line], io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main.main()
        except SystemExit as ended:
            code = ended.code
    print(json.dumps([code, out.getvalue(), err.getvalue(), "tensorflow" in sys.modules]), flush=True)
"""


def absent(folder: Path, *, built: bool = False) -> dict[str, str]:
    """An environment without coremltools, or with what pip builds of it where there is no wheel."""
    (folder / "coremltools").mkdir(parents=True)
    (folder / "coremltools" / "__init__.py").write_text("raise ModuleNotFoundError('BlobWriter not loaded')\n")
    if not built:
        hidden = "class Hidden:\n    def find_spec(name, path=None, target=None):\n        if name == 'coremltools':\n"
        hidden += "            raise ModuleNotFoundError(name)\nimport sys\nsys.meta_path.insert(0, Hidden)\n"
        (folder / "sitecustomize.py").write_text(hidden)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


def run(lines: list[list[object]], environment: dict[str, str], folder: Path) -> list[Any]:
    """Exit code, output, complaints and whether TensorFlow was imported, of each command in one process."""
    asked = json.dumps([[str(word) for word in line] for line in lines])
    command = [sys.executable, "-c", COMMANDS]
    finished = subprocess.run(
        command, input=asked, env=environment, cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert finished.returncode == 0, finished
    return [json.loads(line) for line in finished.stdout.splitlines() if line.startswith("[")]


def assert_refused(found: list[Any], format: str) -> None:  # noqa: A002
    code, printed, said, tensorflow = found
    assert (code, printed, tensorflow) == (2, "", False)  # nor had any work begun
    assert said.startswith(f"error: --format {format}: {MISSING}: ") and said.count("\n") == 1
    assert said.endswith("choose --format tflite or onnx\n")


def test_core_ml_is_read_and_what_can_be_made_is_made(
    exportable: Run, small: Path, tmp_path: Path, kit_here: KitCommand
) -> None:
    predict, exports = ["predict", PACKAGE, PICTURE, "--json"], tmp_path / "exports"
    export = ["export", exportable.folder, "--data", small, "--to", exports]
    lines = [
        predict, ["verify", PACKAGE, "--runs", tmp_path], export, [*export, "--format", "neuralnetwork"],
        [*export, "--format", "tflite"],
    ]  # fmt: skip
    predicted, verified, refused, refused_too, exported = run(lines, absent(tmp_path / "absent"), tmp_path)
    assert predicted == [0, kit_here(*predict).stdout, "", False]
    assert verified[0] == 1 and "multiply-accumulates" in verified[1] and "not compared: its run" in verified[2]
    assert_refused(refused, "mlprogram")
    assert_refused(refused_too, "neuralnetwork")
    assert exported[:2] == [0, f"{exports / '01-kit.tflite'}\n"]


def test_one_that_pip_built_from_source_is_none(tmp_path: Path) -> None:
    predict, export = ["predict", PACKAGE, PICTURE], ["export", "--app"]
    predicted, refused = run([predict, export], absent(tmp_path / "absent", built=True), tmp_path)
    assert predicted[0] == 0 and predicted[2] == ""
    assert_refused(refused, "mlprogram")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No coremltools in this process."""
    monkeypatch.setattr(backend, "has_coremltools", lambda: False)


@pytest.mark.usefixtures("here")
def test_the_demo_ends_with_the_format_that_can_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    walked: list[str] = []

    def played(line: list[str], **options: object) -> int:
        walked.append(" ".join(line))
        for made in ("runs/01-kit/history.png", "submissions/01-kit.csv", "exports/01-kit.tflite"):
            Path(made).parent.mkdir(parents=True, exist_ok=True)
            Path(made).touch()
        return 0

    monkeypatch.setattr(walk, "app", played)
    assert walk.demo(tmp_path / "tour").model.name == "01-kit.tflite"
    assert walked[0] == "data fetch" and walked[-1] == "export --overwrite --format tflite"


@pytest.mark.usefixtures("here")
def test_nothing_is_begun_where_nothing_can_be_made(monkeypatch: pytest.MonkeyPatch, kit_here: KitCommand) -> None:
    monkeypatch.setattr(requirements, "find_spec", lambda name: None)
    finished = kit_here("demo")
    assert_one_line(finished, "no model for an app can be made here", 'pip install "ai-edge-litert>=2.1"')


@pytest.mark.usefixtures("here")
def test_an_own_network_is_held_against_the_format_that_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def played(model: object, task: object, form: kit.exporting.convertible.Form) -> list[str]:
        return [f"layer a ({form.format})"]

    monkeypatch.setattr(kit.exporting.convertible, "obstacles", played)
    assert train._obstacles(None, ROWS) == ["kit export will not make LiteRT of it: layer a (tflite)"]
    monkeypatch.setattr(requirements, "find_spec", lambda name: None)
    assert train._obstacles(None, ROWS) == []


@pytest.mark.parametrize(
    ("system", "machine", "way"),
    [("darwin", "arm64", "pip install coremltools, or choose"), ("win32", "AMD64", ": choose"),
     ("linux", "aarch64", ": choose"), ("linux", "x86_64", "pip install coremltools, or choose")],
)  # fmt: skip
@pytest.mark.usefixtures("here")
def test_the_way_out_is_the_platforms(system: str, machine: str, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements.sys, "platform", system)
    monkeypatch.setattr(requirements.platform, "machine", lambda: machine)
    with pytest.raises(KitError, match=way):
        requirements.require("mlprogram")
    with pytest.raises(KitError, match=MISSING):
        backend.coremltools()
