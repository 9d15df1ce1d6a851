"""An ML program, as a package's specification has it → its operations, with all constants as arrays."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from kit.exporting.compressed import uncompressed
from kit.exporting.operations import KINDS
from kit.exporting.shapes import MISFITS, MOST_NUMBERS, UnknownError, in_words
from kit.exporting.steps import SEVERAL, Argument, Name, Operation
from kit.exporting.tensors import TensorType, WeightFiles, tensor_type, value_of

MOST_OPERATIONS = 10_000
_HALF = np.dtype(np.float16)
_LISTED = "values"  # the parameter that takes several tensors, even where it is one


def read(program: Any, weights: WeightFiles) -> tuple[list[Operation], str, tuple[str, ...]]:
    """The operations in their order, the name of what holds the probabilities, and the labels.

    Args:
        program: The specification's Program.
        weights: The files that it points to.

    Raises:
        UnknownError: It has something that kit does not compute.
        ValueError: It contradicts itself, or holds more than a network for digits does.
        KitError: A file of weights is missing or damaged.
    """
    reader = _Reader(program, weights)
    for operation in reader.block.operations:
        try:
            reader.take(operation)
        except UnknownError as error:
            raise UnknownError(f"{_name_of(operation)!r} {error}") from error
        except MISFITS as error:
            raise ValueError(f"{_name_of(operation)!r}: {in_words(error)}") from error
    return reader.result()


def _name_of(operation: Any) -> str:
    return operation.outputs[0].name if operation.outputs else operation.type


class _Reader:
    """A program's only block, and what was read of it so far."""

    def __init__(self, program: Any, weights: WeightFiles) -> None:
        if list(program.functions) != ["main"]:
            raise UnknownError("it has other functions than main")
        function = program.functions["main"]
        if list(function.block_specializations) != [function.opset]:
            raise UnknownError("it is no program of one block")
        self.block = function.block_specializations[function.opset]
        if len(self.block.operations) > MOST_OPERATIONS:
            raise ValueError(f"{len(self.block.operations):,} operations: a network for digits has fewer")
        self._weights = weights
        self._constants = dict[str, tuple[np.ndarray, int]]()  # each with its bytes on disk
        self._computed = {entry.name for entry in function.inputs}
        self._operations: list[Operation] = []
        self._probabilities, self._labels = "", tuple[str, ...]()
        self._numbers = 0

    def result(self) -> tuple[list[Operation], str, tuple[str, ...]]:
        if not self._labels:
            raise UnknownError("it names no classes: not a classifier")
        if missing := set(self.block.outputs) - self._computed:
            raise ValueError(f"nothing computes {min(missing)!r}")
        return self._operations, self._probabilities, self._labels

    def take(self, operation: Any) -> None:
        """Reads the next operation."""
        kind = operation.type
        if operation.blocks:
            raise UnknownError("has operations inside")
        if kind == "const":
            self._add_constant(operation)
        elif kind.startswith("constexpr_"):
            self._add_compressed(operation)
        elif kind == "classify":
            self._classify(operation)
        elif kind in KINDS:
            self._add_step(operation)
        else:
            raise UnknownError(f"is a {kind}, which kit cannot evaluate")

    def _add_constant(self, operation: Any) -> None:
        output = _only(operation.outputs, "results")
        value, kind = operation.attributes["val"], tensor_type(output.type)
        if tensor_type(value.type) != kind:
            raise ValueError("it is of another type than its value")
        self._name(output.name, *self._read(value))

    def _add_compressed(self, operation: Any) -> None:
        """What a constant operation makes of constants; in older programs they are its attributes."""
        given = {name: self._read(value) for name, value in operation.attributes.items() if name != "name"}
        for parameter, argument in operation.inputs.items():
            binding = _only(argument.arguments, f"values of {parameter}")
            known = binding.WhichOneof("binding") == "name"
            given[parameter] = self._constants[binding.name] if known else self._read(binding.value)
        wanted = [tensor_type(output.type) for output in operation.outputs]
        for kind in wanted:
            self._make_room(kind)
        made = uncompressed(operation.type, {name: array for name, (array, _) in given.items()}, wanted)
        stored = sum(size for array, size in given.values() if array.ndim)
        for output, array in zip(operation.outputs, made, strict=True):
            self._name(output.name, array, stored)

    def _classify(self, operation: Any) -> None:
        names = ("probabilities", "classes")
        probabilities, classes = (_only(operation.inputs[name].arguments, name) for name in names)
        self._probabilities = probabilities.name
        listed = classes.value.immediateValue.list.values
        self._labels = tuple(str(self._read(value)[0]) for value in listed)
        self._computed |= {output.name for output in operation.outputs}

    def _add_step(self, operation: Any) -> None:
        inputs = sorted(operation.inputs.items())  # a map has another order in each process
        arguments = {name: self._argument(name, list(value.arguments)) for name, value in inputs}
        if not any(isinstance(part, Name) for value in arguments.values() for part in _parts(value)):
            raise UnknownError("computes with constants alone")
        bindings = [binding for _, value in inputs for binding in value.arguments]
        constants = [self._constants[binding.name] for binding in bindings if binding.name in self._constants]
        stored = sum(size for array, size in constants if array.ndim)
        name = str(self._read(operation.attributes["name"])[0]) if "name" in operation.attributes else ""
        for number, output in enumerate(operation.outputs):
            kind = tensor_type(output.type)
            which = {"part": np.array(number, np.int32)} if operation.type in SEVERAL else {}
            half = kind.element.dtype == _HALF
            step = Operation(operation.type, name, arguments | which, output.name, half, stored, kind.shape)
            self._operations.append(step)
            self._computed.add(output.name)

    def _argument(self, parameter: str, bindings: list[Any]) -> Argument:
        parts = [self._part(binding) for binding in bindings]
        return parts[0] if len(parts) == 1 and parameter != _LISTED else parts

    def _part(self, binding: Any) -> Name | np.ndarray:
        if binding.WhichOneof("binding") == "value":
            return self._read(binding.value)[0]
        if binding.name in self._constants:
            return self._constants[binding.name][0]
        if binding.name not in self._computed:
            raise ValueError(f"nothing computes {binding.name!r} before it")
        return Name(binding.name)

    def _read(self, value: Any) -> tuple[np.ndarray, int]:
        """A value, and its bytes on disk."""
        kind = tensor_type(value.type)
        self._make_room(kind)
        return value_of(value, kind, self._weights), kind.bytes

    def _make_room(self, kind: TensorType) -> None:
        """ValueError where the program's constants would be more than a network for digits has."""
        self._numbers += kind.size
        if self._numbers > MOST_NUMBERS:
            raise ValueError(f"with it the constants hold more than {MOST_NUMBERS:,} numbers")

    def _name(self, name: str, array: np.ndarray, stored: int) -> None:
        if name in self._constants or name in self._computed:
            raise ValueError("there are two of that name")
        self._constants[name] = array, stored


def _only(values: Sequence[Any], what: str) -> Any:
    """The one that there is; ValueError where there are more, or none."""
    if len(values) != 1:
        raise ValueError(f"{len(values)} {what} where one belongs")
    return values[0]


def _parts(argument: Argument) -> Iterator[Name | np.ndarray]:
    return iter(argument) if isinstance(argument, list) else iter([argument])
