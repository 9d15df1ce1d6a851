"""ML programs: read as coremltools reads them, and what is damaged told apart from what kit does not compute."""

import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from readings import by_coremltools, differences
from test_opening import MODEL, PACKAGE, WEIGHTS, block_of, edit

from kit import KitError, backend
from kit.exporting import compression, coreml, graph, opening

NEWEST = 9  # the specification of iOS 18


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGE, tmp_path / "copy.mlpackage"))


def test_both_readings_of_the_apps_model_and_of_a_float32_one_are_the_same(package: Path) -> None:
    for path in (PACKAGE, package):
        ours = graph.read(path)
        assert differences(ours, by_coremltools(path, ours)) == []


@pytest.mark.parametrize(
    ("newest", "compressed"),
    [(False, "palette4"), (False, "int8"), (False, "prune50"), (True, "palette6"), (True, "int8"), (True, "prune75"),
     (True, "prune50+palette4"), (True, "prune50+int8")],
)  # fmt: skip
def test_both_readings_of_compressed_weights_are_the_same(
    newest: bool, compressed: str, package: Path, tmp_path: Path
) -> None:
    """Of a converted network, for the system that it was made for and for the newest, which compresses otherwise."""
    coremltools = backend.coremltools()
    with backend.quiet():
        spec = coremltools.utils.load_spec(str(package))
        if newest:
            spec.specificationVersion = NEWEST
            function, block = spec.mlProgram.functions["main"], block_of(spec)
            function.block_specializations["CoreML8"].CopyFrom(block)
            del function.block_specializations[function.opset]
            function.opset = "CoreML8"
        weights = str((package / WEIGHTS).parent)
        converted = coremltools.models.MLModel(spec, weights_dir=weights, skip_model_load=True)
    path = tmp_path / "model.mlpackage"
    coreml.save(compression.compress(converted, compressed), path, {}, None)
    ours = graph.read(path)
    assert differences(ours, by_coremltools(path, ours)) == []
    assert sum(step.stored for step in ours.operations) < 0.6 * graph.read(package).size


def kind_of(kind: str, spec: Any) -> Any:
    return next(one for one in block_of(spec).operations if one.type == kind)


def held_in_file(spec: Any) -> Any:
    """The first value whose numbers are in the file of weights."""
    values = (value for operation in block_of(spec).operations for value in operation.attributes.values())
    return next(value for value in values if value.WhichOneof("value") == "blobFileValue")


def typed(number: int) -> Callable[[Any], None]:
    def change(spec: Any) -> None:
        held_in_file(spec).type.tensorType.dataType = number

    return change


def placed(offset: int) -> Callable[[Any], None]:
    def change(spec: Any) -> None:
        held_in_file(spec).blobFileValue.offset = offset

    return change


def with_a_function_more(spec: Any) -> None:
    spec.mlProgram.functions["other"].SetInParent()


def with_a_block_more(spec: Any) -> None:
    spec.mlProgram.functions["main"].block_specializations["CoreML9"].SetInParent()


def with_operations_inside(spec: Any) -> None:
    kind_of("relu", spec).blocks.add()


def of_a_size_not_known(spec: Any) -> None:
    kind_of("relu", spec).outputs[0].type.tensorType.dimensions[0].unknown.variadic = False


def of_numbers_not_known(spec: Any) -> None:
    kind_of("relu", spec).outputs[0].type.tensorType.dataType = 13


def of_a_compression_not_known(spec: Any) -> None:
    kind_of("const", spec).type = "constexpr_of_tomorrow"


@pytest.mark.parametrize(
    "change",
    [with_a_function_more, with_a_block_more, with_operations_inside, of_a_size_not_known, of_numbers_not_known,
     of_a_compression_not_known],
)  # fmt: skip
def test_what_kit_does_not_compute_is_not_called_damaged(change: Callable[[Any], None], copy: Path) -> None:
    edit(copy, change)
    with pytest.raises(KitError) as raised:
        opening.read(copy)
    assert str(raised.value).startswith(f"{copy}: ") and "damaged" not in str(raised.value)


def of_another_shape(spec: Any) -> None:
    kind_of("relu", spec).outputs[0].type.tensorType.dimensions[1].constant.size += 1


def of_another_rank(spec: Any) -> None:
    kind_of("relu", spec).outputs[0].type.tensorType.rank += 1


def without_what_it_takes(spec: Any) -> None:
    kind_of("relu", spec).inputs["x"].arguments[0].name = "nothing"


def that_gives_something_else(spec: Any) -> None:
    block_of(spec).outputs[0] = "nothing"


def with_two_of_a_name(spec: Any) -> None:
    block = block_of(spec)
    block.operations.add().CopyFrom(block.operations[0])


def without_a_value(spec: Any) -> None:
    kind_of("const", spec).attributes["val"].ClearField("immediateValue")


def of_more_than_the_file_has(spec: Any) -> None:
    held_in_file(spec).type.tensorType.dimensions[0].constant.size = 2**14


def of_more_than_there_is_room_for(spec: Any) -> None:
    held_in_file(spec).type.tensorType.dimensions[0].constant.size = 2**50


@pytest.mark.parametrize(
    ("change", "file"),
    [
        (of_another_shape, ""), (of_another_rank, MODEL), (without_what_it_takes, MODEL),
        (that_gives_something_else, MODEL), (with_two_of_a_name, MODEL), (without_a_value, MODEL), (typed(23), WEIGHTS),
        (of_more_than_there_is_room_for, MODEL), (of_more_than_the_file_has, WEIGHTS), (placed(0), WEIGHTS),
        (placed(100), WEIGHTS), (placed(2**62), WEIGHTS),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_damaged_and_its_file_is_named(
    change: Callable[[Any], None], file: str, copy: Path
) -> None:
    edit(copy, change)
    tracemalloc.start()
    with pytest.raises(KitError) as raised:
        opening.read(copy).costs()
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()
    said = str(raised.value)
    assert said.startswith(f"{copy / file}: ") and "damaged, " in said and "\n" not in said
    assert said.endswith("export it again with kit export")


@pytest.mark.parametrize("place", [4, 64, 68, 72, 84])  # version; sign, type, length and place of the first record
def test_a_flipped_byte_in_the_weights_where_it_says_what_they_are(place: int, copy: Path) -> None:
    content = bytearray((copy / WEIGHTS).read_bytes())
    content[place] ^= 0x40
    (copy / WEIGHTS).write_bytes(content)
    with pytest.raises(KitError, match=r"weights[/\\]weight\.bin: damaged, .*: export it again"):
        opening.read(copy)


def test_missing_weights_are_said_to_be_missing(copy: Path) -> None:
    (copy / WEIGHTS).rename(copy / WEIGHTS.replace("weight.bin", "other.bin"))
    with pytest.raises(KitError, match=r"weights[/\\]weight\.bin: missing, though the model needs it"):
        opening.read(copy)
    shutil.rmtree((copy / WEIGHTS).parent)
    with pytest.raises(KitError, match=r"weights: missing"):
        opening.read(copy)


def test_a_model_of_nested_messages_or_of_a_length_that_is_not_there_is_damaged(copy: Path) -> None:
    for content in (b"\x0b" * 10**6, b"\x12\xff\xff\xff\xff\x0f", (copy / MODEL).read_bytes()[:-1]):
        (copy / MODEL).write_bytes(content)
        with pytest.raises(KitError, match=r"model\.mlmodel: damaged, or no Core ML model: export it again"):
            opening.read(copy)
