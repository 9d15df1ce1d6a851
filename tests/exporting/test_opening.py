"""Packages that were tampered with: what they compute, where their files lead, what they say of themselves."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import KitCommand, assert_one_line, needs

from kit import KitError, backend
from kit.contract import KEY
from kit.exporting import opening
from kit.exporting.proof import verify

PACKAGE = Path(__file__).parents[2] / "mobile" / "DigitCamera" / "Model" / "DigitCamera.mlpackage"
MODEL, WEIGHTS = "Data/com.apple.CoreML/model.mlmodel", "Data/com.apple.CoreML/weights/weight.bin"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGE, tmp_path / "copy.mlpackage"))


def edit(package: Path, change: Callable[[Any], object]) -> None:
    spec = backend.coremltools().proto.Model_pb2.Model.FromString((package / MODEL).read_bytes())
    change(spec)
    (package / MODEL).write_bytes(spec.SerializeToString())


def block_of(spec: Any) -> Any:
    return next(iter(spec.mlProgram.functions["main"].block_specializations.values()))


def skip_a_relu(spec: Any) -> None:
    """What takes the first ReLU's result takes what goes into it instead: no weight and no shape is another."""
    relu = next(operation for operation in block_of(spec).operations if operation.type == "relu")
    [before], [after] = relu.inputs["x"].arguments, relu.outputs
    for operation in block_of(spec).operations:
        for argument in operation.inputs.values():
            for binding in argument.arguments:
                if binding.name == after.name and operation.outputs[0].name != after.name:
                    binding.name = before.name


def test_a_changed_operation_is_noticed_though_all_weights_are_there(copy: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 96, 96, 1)).astype(np.uint8)
    whole = opening.read(PACKAGE)
    assert whole.problems() == [] and opening.read(copy).predict(pictures).tolist() == whole.predict(pictures).tolist()
    edit(copy, skip_a_relu)
    changed = opening.read(copy)
    assert changed.weights == whole.weights
    assert not np.allclose(changed.predict(pictures), whole.predict(pictures), atol=1e-3)
    [problem] = changed.problems()
    assert problem == "its operations are not those that it was exported with: damaged or changed since"


def test_what_was_exported_before_operations_had_a_digest_is_read(copy: Path) -> None:
    def older(spec: Any) -> None:
        about = spec.description.metadata.userDefined
        contract = json.loads(about[KEY])
        del contract["computation"]
        about[KEY] = json.dumps(contract)

    edit(copy, older)
    assert opening.read(copy).problems() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("threshold", "NaN"), ("threshold", float("nan")), ("crop", "middle"), ("background", "nothing"), ("size", -64),
        ("size", 10**9), ("labels", ["1", "1"]), ("labels", {}), ("weights", "x"), ("polarity", 7), ("format", "keras"),
    ],
)  # fmt: skip
def test_a_contract_that_cannot_be_is_one_line_for_every_command(
    field: str, value: Any, copy: Path, kit_here: KitCommand, tmp_path: Path
) -> None:
    def change(spec: Any) -> None:
        about = spec.description.metadata.userDefined
        about[KEY] = json.dumps(json.loads(about[KEY]) | {field: value})

    edit(copy, change)
    for command in (["verify", copy], ["predict", copy, tmp_path / "a.png"], ["serve", copy]):
        assert_one_line(kit_here(*command), "copy.mlpackage: its contract is damaged", field)


NUMBERS = [10**6, 2**31 - 1, -1, 0]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_stride_a_dilation_a_border_or_a_shape_of_a_million_is_refused_at_once(number: int, copy: Path) -> None:
    whole = (PACKAGE / MODEL).read_bytes()
    spec, tried = backend.coremltools().proto.Model_pb2.Model.FromString(whole), set()
    for place, operation in enumerate(block_of(spec).operations):
        kind = operation.outputs[0].name.rsplit("_", 2)[-2] if operation.type == "const" else ""
        if kind in tried or set(operation.attributes["val"].immediateValue.tensor.ints.values) <= {number}:
            continue
        tried.add(kind)

        def change(spec: Any, place: int = place) -> None:
            values = block_of(spec).operations[place].attributes["val"].immediateValue.tensor.ints.values
            values[:] = [number] * len(values)

        (copy / MODEL).write_bytes(whole)
        edit(copy, change)
        started = time.monotonic()
        try:
            problems = opening.read(copy).problems()
        except KitError as error:
            problems = [str(error)]
        assert len(problems) == 1 and "\n" not in problems[0], operation.outputs[0].name
        assert time.monotonic() - started < 5
    assert len(tried) >= 3, tried


@pytest.mark.parametrize("kind", ["while_loop", "fill", "scatter", "custom_layer", "random_normal"])
def test_an_operation_that_kit_does_not_write_is_not_even_read(kind: str, copy: Path) -> None:
    def change(spec: Any) -> None:
        next(operation for operation in block_of(spec).operations if operation.type == "relu").type = kind

    edit(copy, change)
    with pytest.raises(KitError, match=f"is a {kind}, which kit cannot evaluate"):
        opening.read(copy)


def test_what_computes_with_constants_alone_is_not_read(copy: Path) -> None:
    """coremltools would compute it meanwhile, however large it becomes."""

    def change(spec: Any) -> None:
        constants = [one for one in block_of(spec).operations if one.type == "const"]
        step = next(one for one in block_of(spec).operations if one.type == "relu")
        step.inputs["x"].arguments[0].name = constants[0].outputs[0].name

    edit(copy, change)
    with pytest.raises(KitError, match="computes with constants alone"):
        opening.read(copy)


@pytest.mark.parametrize("name", [MODEL, WEIGHTS, "Manifest.json", "Data/more"])
@pytest.mark.parametrize("kind", ["pipe", "link", "endless", "nowhere"])
@needs("os.mkfifo")
def test_a_package_has_its_own_files_alone(name: str, kind: str, copy: Path) -> None:
    path = copy / name
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"link": PACKAGE / MODEL, "endless": "/dev/zero", "nowhere": "gone"}[kind])
    with pytest.raises(KitError, match=r"a link, where a package|a pipe or device where a file belongs"):
        opening.read(copy)


def test_a_linked_folder_and_a_file_without_end_are_refused(copy: Path) -> None:
    with open(copy / WEIGHTS, "r+b") as file:
        file.truncate(2**40)
    with pytest.raises(KitError, match=r"weight\.bin: damaged, 1,099,511,627,776 bytes where at most"):
        opening.read(copy)
    shutil.rmtree((copy / WEIGHTS).parent)
    (copy / WEIGHTS).parent.symlink_to((PACKAGE / WEIGHTS).parent)
    with pytest.raises(KitError, match="weights: a link, where a package has its own folders"):
        opening.read(copy)


def test_a_model_that_kit_did_not_make_says_what_would_be_read(copy: Path) -> None:
    def change(spec: Any) -> None:
        del spec.description.metadata.userDefined[KEY]
        next(operation for operation in block_of(spec).operations if operation.type == "relu").type = "fill"

    edit(copy, change)
    with pytest.raises(KitError, match=r"that kit export did not make .*a fill.*: kit reads only those that it made"):
        opening.read(copy)


def test_verify_names_what_it_was_given(tmp_path: Path, copy: Path, kit_here: KitCommand) -> None:
    (tmp_path / "x.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    assert_one_line(kit_here("verify", tmp_path / "x.h5"), "x.h5: an HDF5 file, as Keras writes models: kit reads runs")
    assert_one_line(kit_here("verify", copy / "gone"), "gone: no such file or folder")
    assert verify(copy.rename(tmp_path / "package")).problems == ()
