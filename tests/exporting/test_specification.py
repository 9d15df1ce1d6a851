"""What kit declares of Core ML's specification: as coremltools has it, and apart from coremltools' own."""

from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hostile.packages import repeated

from kit import backend
from kit.exporting import neural_network, specification

ENUM, INT32 = 14, 5  # protocol buffers' numbers for types; both are stored alike


def compared(ours: Any, theirs: Any, seen: set[tuple[Any, Any]]) -> None:
    """Every field that kit declares is one of theirs, and so are those of the messages in it."""
    if (pair := (ours, theirs)) in seen:
        return
    seen.add(pair)
    for field in ours.fields:
        other = theirs.fields_by_name[field.name]
        assert (field.number, repeated(field)) == (other.number, repeated(other)), field.full_name
        assert field.type == (INT32 if other.type == ENUM else other.type), field.full_name
        first, second = (one.containing_oneof and one.containing_oneof.name for one in (field, other))
        assert first == second, field.full_name
        if field.message_type:
            assert field.message_type.GetOptions().map_entry == other.message_type.GetOptions().map_entry
            compared(field.message_type, other.message_type, seen)


def test_every_field_is_the_published_one() -> None:
    theirs = backend.coremltools().proto.Model_pb2.Model.DESCRIPTOR
    seen = set[tuple[Any, Any]]()
    compared(specification.message("Model").DESCRIPTOR, theirs, seen)
    assert {ours.name for ours, _ in seen} >= set(specification._MESSAGES)  # none stands there unused
    layers = specification.message("NeuralNetworkLayer").DESCRIPTOR.oneofs_by_name["layer"].fields
    assert set(neural_network.CONVERTERS) <= {layer.name for layer in layers}
    for name, oneof in {"Model": "Type", "NeuralNetworkLayer": "layer", "Activation": "NonlinearityType"}.items():
        [theirs] = [other for ours, other in seen if ours.name == name]  # also what kit does not evaluate is named
        declared = specification.message(name).DESCRIPTOR.oneofs_by_name[oneof].fields
        assert {field.name for field in declared} == {field.name for field in theirs.oneofs_by_name[oneof].fields}


@pytest.mark.parametrize(
    "content",
    [
        b"\x12\xff\xff\xff\xff\x0f" + b"\0" * 99,  # a length of four billion
        b"\x12\x64" + b"\0" * 7,  # a length beyond the end
        b"\x0b" * 50_000,  # groups in groups
        b"\xff" * 99,
        b"\x08",
    ],
    ids=["huge", "beyond", "deep", "endless", "cut"],
)
def test_damaged_bytes_are_decoded_by_nobody(content: bytes) -> None:
    with pytest.raises(DecodeError):
        specification.message("Model").FromString(content)


def test_values_in_values_without_end_are_refused() -> None:
    content = b""  # of a Value: a list with a Value in it, which holds a list …
    for _ in range(60):
        for tag in (b"\x0a", b"\x1a", b"\x1a"):  # values of a list, the list of an immediate value, that of a value
            content = tag + _varint(len(content)) + content
    with pytest.raises(DecodeError):
        specification.message("Value").FromString(content)


def _varint(number: int) -> bytes:
    return bytes([number & 127 | 128, *_varint(number >> 7)]) if number > 127 else bytes([number])
