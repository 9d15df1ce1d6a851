"""LiteRT and ONNX: proved by their own runtimes, damaged on purpose, and missing."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import branches
import numpy as np
import pytest
from conftest import HAS_COREMLTOOLS

from kit import KitError
from kit.exporting import portable, portable_graphs, proof
from kit.exporting.export import export
from kit.run.folder import Run


@pytest.fixture(scope="module", params=["tflite", "onnx"])
def model(request: pytest.FixtureRequest, exportable: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(exportable, format=request.param, to=tmp_path_factory.mktemp("portable")).path


def test_it_computes_what_the_network_computes(model: Path, exportable: Run) -> None:
    found = proof.verify(model, runs=exportable.folder.parent)
    assert found.problems == () and found.proof is not None
    assert found.proof.difference.largest < 1e-5 and found.proof.difference.agreeing == 200
    assert found.saved.contract.format == model.suffix[1:] and found.costs is None


def test_threads_that_ask_at_once_get_each_its_own_answer(model: Path) -> None:
    """As those of kit serve do."""
    saved, generator = portable.read(model), np.random.default_rng(0)
    pictures = generator.integers(0, 256, (8, 3, 28, 28, 1)).astype(np.uint8)
    alone = [saved.predict(images) for images in pictures]
    with ThreadPoolExecutor(4) as threads:
        together = [*threads.map(saved.predict, [*pictures] * 25)]
    assert all(np.array_equal(answer, alone[place % 8]) for place, answer in enumerate(together))


_BLOCKS = {"blocks, transposed", "largest of blocks", "resized, bicubic"}
_DEPENDING = {"mirrored", "rolled", "attention", "sum of products", "resized, bicubic", "transposed, apart"}
_BY_NUMBERS = {  # which of what they take says how large the result is
    "MIRROR_PAD": 1, "PAD": 1, "RESIZE_BILINEAR": 1, "RESIZE_NEAREST_NEIGHBOR": 1, "TILE": 1, "TRANSPOSE_CONV": 0,
}  # fmt: skip
PORTABLE = {"tflite": "tflite", "onnx": "onnx"}
LACKING = {"tflite": _BLOCKS, "onnx": _DEPENDING}  # what the format, or its converter, has not


@pytest.fixture(scope="module")
def of_keras_layers(request: pytest.FixtureRequest) -> tuple[str, dict[str, branches.Branch], object, bytes]:
    """A network with nearly every branch there is, and what a format makes of it."""
    every = {name: branch for family in branches.FAMILIES.values() for name, branch in family.items()}
    parts = {
        name: branch
        for name, branch in every.items()
        if not name.endswith(", inside") and name not in LACKING[request.param]
    }
    network = branches.network(parts)
    return request.param, parts, network, portable.convert(network, len(parts), request.param, "float32")


@pytest.mark.parametrize("of_keras_layers", ["onnx", "tflite"], indirect=True)
def test_what_becomes_of_keras_layers_gives_what_keras_gives(
    of_keras_layers: tuple[str, dict[str, branches.Branch], object, bytes],
) -> None:
    format, parts, network, content = of_keras_layers  # noqa: A001
    apart = branches.apart(network, portable.evaluate(content, format, branches.PICTURES))
    assert {name: by for name, by in zip(parts, apart, strict=True) if by > 1e-4} == {}


@pytest.mark.parametrize("of_keras_layers", ["tflite"], indirect=True)
def test_litert_gets_no_result_that_is_larger_than_it_says(
    of_keras_layers: tuple[str, dict[str, branches.Branch], object, bytes],
) -> None:
    """Each operation whose result may be larger than what it takes, with what it takes or gives made larger."""
    model, _ = portable._tflite(of_keras_layers[3])
    portable_graphs.check_tflite(model)
    [graph] = model.subgraphs
    tried = set()
    for operator in graph.operators:
        kind = portable_graphs.tflite_kind(model, operator)
        if kind not in portable_graphs._GROWING or kind in tried:
            continue
        tried.add(kind)
        said = graph.tensors[operator.outputs[0]]
        shape, said.shape = said.shape, np.append(said.shape, 2)
        with pytest.raises(KitError, match=f"its {kind} is of another size than it says"):
            portable_graphs.check_tflite(model)
        said.shape = shape
        if kind in _BY_NUMBERS:
            buffer = model.buffers[graph.tensors[operator.inputs[_BY_NUMBERS[kind]]].buffer]
            data, buffer.data = buffer.data, np.full(len(buffer.data), 1, np.uint8)  # 16 million, each of them
            with pytest.raises(KitError, match=f"its {kind} is of another size than it says"):
                portable_graphs.check_tflite(model)
            buffer.data = data
    assert tried >= {*_BY_NUMBERS, "ADD", "BATCH_MATMUL", "GATHER", "SELECT_V2"}


def test_one_flipped_byte_of_the_weights_is_seen(model: Path, exportable: Run, tmp_path: Path) -> None:
    kernel = exportable.model().get_layer("conv4").get_weights()[0].shape
    content = bytearray(model.read_bytes())
    content[len(content) - len(content) // 3] ^= 1  # amid the largest kernel, by far the most of the file
    assert np.prod(kernel) * 4 > len(content) // 2
    damaged = tmp_path / model.name
    damaged.write_bytes(content)
    found = proof.verify(damaged, runs=exportable.folder.parent)
    assert any("weights are not those" in problem for problem in found.problems)


def test_a_damaged_file_is_one_line(model: Path, tmp_path: Path) -> None:
    for content in (b"", b"\x00" * 64, model.read_bytes()[:1000]):
        damaged = tmp_path / model.name
        damaged.write_bytes(content)
        with pytest.raises(KitError, match="damaged"):
            portable.read(damaged)
    with pytest.raises(KitError, match="no such file"):
        portable.read(tmp_path / f"none{model.suffix}")


def test_float16_halves_litert(exportable: Run, tmp_path: Path) -> None:
    full = export(exportable, format="tflite", to=tmp_path, name="full")
    half = export(exportable, format="tflite", precision="float16", to=tmp_path, name="half")
    assert half.size < 0.6 * full.size and half.proof.difference.largest <= 1e-3


def test_what_is_not_installed_is_said_with_the_way_out(
    exportable: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for format, package in (("tflite", "ai_edge_litert"), ("onnx", "tf2onnx")):  # noqa: A001
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(KitError, match=f"--format {format}: {package} is not installed: pip install") as refusal:
            export(exportable, format=format, to=tmp_path)
        assert refusal.value.exit_code == 2


def test_a_model_whose_runtime_is_not_installed_is_named(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = {"tflite": "ai_edge_litert", "onnx": "onnx"}[model.suffix[1:]]
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(KitError, match=f"^{re.escape(str(model))}: {package} is not installed: pip install"):
        portable.read(model)


def test_the_command_is_quiet(exportable: Run, tmp_path: Path) -> None:
    """All kinds of format in a process of their own, where nothing is imported yet that could chatter."""
    formats = {"mlprogram": "mlpackage", "tflite": "tflite", "onnx": "onnx"} if HAS_COREMLTOOLS else PORTABLE
    code = "import sys; from kit.cli.app import app\nfor name in sys.argv[2:]:\n"
    code += "    app(['export', 'kit', '--format', name, '--runs', sys.argv[1]], standalone_mode=False)"
    command = [sys.executable, "-c", code, str(exportable.folder.parent), *formats]
    finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert finished.stdout.splitlines() == [str(Path(f"exports/01-kit.{ending}")) for ending in formats.values()]
    said = [line.split()[0] for line in finished.stderr.splitlines()]
    core_ml = ["01-kit", "200", "NumPy", "in", "accuracy"] * ("mlprogram" in formats)
    assert said == [*core_ml, "01-kit", "200", "tflite", "accuracy", "01-kit", "200", "onnx", "accuracy"]
