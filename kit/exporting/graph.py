"""A Core ML model on disk → what it computes, step by step, whichever of the two formats it has.

Reads with coremltools' own protocol buffers, on any operating system, and checks what it reads. Both formats come out
in the operations of the ML program (MIL), because those say exactly what they do.
"""

import hashlib
import math
import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kit import KitError, backend
from kit.contract import KEY
from kit.exporting import neural_network
from kit.exporting.operations import KINDS
from kit.exporting.shapes import MOST_NUMBERS, UnknownError
from kit.model_files import kind_of
from kit.stored import SMALL, content_of, json_of, size_of

FORMATS = {"mlpackage": "mlprogram", "mlmodel": "neuralnetwork"}  # what it is on disk → its format
AGAIN = "export it again with kit export"
_LARGEST = 2**29  # bytes of all files; ten folds of kit's largest network take 300 million
_MOST_FILES = 100
_LARGEST_PROGRAM = 2**24  # bytes of an ML program without its weights
_MOST_OPERATIONS = 10_000
_SEVERAL = {"split", "topk"}  # operations of several results, which are read as one operation each


@dataclass(frozen=True)
class Name:
    """A tensor computed by another operation, by its name."""

    text: str


Argument = Name | np.ndarray | list[Name | np.ndarray]


@dataclass(frozen=True)
class Operation:
    """One step.

    Attributes:
        kind: The operation's name in MIL, such as "conv".
        name: Its own name in the saved graph.
        arguments: Parameter → a tensor's name, a constant as it is stored (float16, float32, integers), or several of
            both. "part" says which of several results it gives, where MIL has them in one operation.
        output: The name of what it computes.
        half: Whether the saved graph asks for its result in float16.
        stored: Bytes on disk of its constants: fewer than their arrays' where they are compressed.
    """

    kind: str
    name: str
    arguments: dict[str, Argument]
    output: str
    half: bool = False
    stored: int = 0

    @property
    def weights(self) -> list[np.ndarray]:
        """What was learned: the arrays of a floating-point type."""
        constants = [value for _, value in self.constants() if value.ndim]
        return [value for value in constants if np.issubdtype(value.dtype, np.floating)]

    def constants(self) -> Iterator[tuple[str, np.ndarray]]:
        """What it takes that nothing computes, each with its parameter's name."""
        for parameter, value in self.arguments.items():
            parts = value if isinstance(value, list) else [value]
            yield from ((parameter, part) for part in parts if isinstance(part, np.ndarray))


@dataclass(frozen=True)
class Feature:
    """An input or output as an app meets it.

    Attributes:
        kind: "image", "array", "string" or "dictionary".
        shape: Height and width of an image, or the array's; empty otherwise.
        detail: The image's colour space or the array's number type, in Core ML's words.
    """

    name: str
    kind: str
    shape: tuple[int, ...] = ()
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(filter(None, [self.kind, ' x '.join(map(str, self.shape)), self.detail]))})"


@dataclass(frozen=True)
class Graph:
    """A model read back from disk.

    Attributes:
        path: The package or file.
        format: "mlprogram" or "neuralnetwork".
        specification: Core ML's specification version, which decides the oldest system that runs it.
        inputs, outputs: As an app meets them.
        operations: In the order of computation.
        probabilities: The name of the tensor that holds them.
        labels: The classes in their order.
        predicted: The outputs' names for the label and for the probabilities.
        metadata: What Xcode shows, and the user-defined entries.
        size: Bytes on disk.
        weights: SHA-256 of every constant, compressed or not, as stored.
    """

    path: Path
    format: str
    specification: int
    inputs: tuple[Feature, ...]
    outputs: tuple[Feature, ...]
    operations: list[Operation] = field(repr=False)
    probabilities: str
    labels: tuple[str, ...]
    predicted: tuple[str, str]
    metadata: dict[str, str] = field(repr=False)
    size: int
    weights: str


def read(path: Path | str) -> Graph:
    """Reads an `.mlpackage` or `.mlmodel`.

    Raises:
        KitError: It is missing, damaged, or no classifier of grey pictures; the message says how it differs.
    """
    path = Path(path)
    spec, weights = _load(path)
    try:
        return _graph(path, spec, weights)
    except Exception as error:  # whatever coremltools' readers meet: RuntimeError, AssertionError …
        reason = str(error).partition("\n")[0] or type(error).__name__
        if KEY not in spec.description.metadata.userDefined:
            what = f"a Core ML model that kit export did not make ({reason})"
            raise KitError(f"{path}: {what}: kit reads only those that it made") from error
        if isinstance(error, KitError):
            raise KitError(f"{path}: {error}") from error
        raise KitError(f"{path}: damaged ({reason}): {AGAIN}") from error


def _graph(path: Path, spec: Any, weights: Path | None) -> Graph:
    """What the specification says; KitError, or what coremltools raises, where it is not what kit writes."""
    kind, form = spec.WhichOneof("Type"), "mlpackage" if path.is_dir() else "mlmodel"
    if form == "mlpackage" and kind != "mlProgram":
        raise KitError(f"a {_words(kind)}, where an ML program belongs")
    if form == "mlmodel" and kind != "neuralNetworkClassifier":
        raise KitError(f"a {_words(kind)}, where a neural network classifier belongs")
    if kind == "mlProgram":
        _check_program(spec.mlProgram, weights)
        operations, probabilities, labels = _program(spec, weights)
    else:
        operations, probabilities, labels = _network(spec.neuralNetworkClassifier)
    description = spec.description
    about = description.metadata
    metadata = {"author": about.author, "license": about.license, "version": about.versionString}
    metadata |= {"description": about.shortDescription, **about.userDefined}
    return Graph(
        path,
        FORMATS[form],
        spec.specificationVersion,
        tuple(_feature(entry) for entry in description.input),
        tuple(_feature(entry) for entry in description.output),
        operations,
        probabilities,
        labels,
        (description.predictedFeatureName, description.predictedProbabilitiesName),
        metadata,
        sum(file.stat().st_size for file in _files(path)),
        weights_digest(operations, weights),
    )


def weights_digest(operations: Sequence[Operation], weights: Path | None) -> str:
    """SHA-256 of all constants in the order of use and, of an ML program, of its weight file as it is."""
    digest = hashlib.sha256()
    for operation in operations:
        for parameter, value in sorted(operation.constants(), key=lambda constant: constant[0]):
            digest.update(f"{operation.kind} {parameter} {value.dtype} {value.shape}".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
    if weights:
        for file in sorted(weights.iterdir()):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def computation_digest(graph: Graph) -> str:
    """SHA-256 of everything else that the graph computes by: what each step takes, gives and is rounded to."""
    digest = hashlib.sha256()
    for part in (graph.format, *graph.inputs, *graph.outputs, *graph.labels, *graph.predicted, graph.probabilities):
        digest.update(f"{part!r}\n".encode())
    for operation in graph.operations:
        arguments = operation.arguments.items()
        takes = sorted((key, _named(value)) for key, value in arguments if not isinstance(value, np.ndarray))
        constants = sorted(operation.arguments.keys() - {key for key, _ in takes})
        digest.update(f"{operation.kind} {takes} {constants} {operation.output!r} {operation.half}\n".encode())
    return digest.hexdigest()


def _named(argument: Argument) -> Argument | list[Name | str]:
    """An argument with the word "constant" for those among several, whose values are digested elsewhere."""
    if isinstance(argument, list):
        return [part if isinstance(part, Name) else "constant" for part in argument]
    return argument


def _files(path: Path) -> Iterator[Path]:
    return (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else iter([path])


def _load(path: Path) -> tuple[Any, Path | None]:
    """The specification and, of a package, the folder of its weights."""
    if not path.exists():
        raise KitError(f"{path}: no such file or folder: kit export makes one")
    form = kind_of(path) or path.suffix.lower().removeprefix(".")
    if form not in FORMATS or path.is_dir() != (form == "mlpackage"):
        what = "a folder" if path.is_dir() else "a zip archive: unpack it" if zipfile.is_zipfile(path) else "a file"
        raise KitError(f"{path}: {what}, where a Core ML package (.mlpackage) or model (.mlmodel) belongs")
    model, weights = _package(path) if path.is_dir() else (path, None)
    from google.protobuf.message import DecodeError

    spec = backend.coremltools().proto.Model_pb2.Model()
    try:
        spec.ParseFromString(content_of(model, _LARGEST_PROGRAM if weights else _LARGEST, AGAIN))
    except DecodeError as error:
        raise KitError(f"{model}: damaged, or no Core ML model: {AGAIN}") from error
    if spec.WhichOneof("Type") is None:
        raise KitError(f"{model}: there is no model in it: {AGAIN}")
    return spec, weights


def _package(path: Path) -> tuple[Path, Path]:
    """The model file and the weights' folder that a package's manifest names."""
    _check_files(path)
    manifest = path / "Manifest.json"
    damaged = KitError(f"{manifest}: missing, truncated or damaged: {AGAIN}")
    try:
        content = json_of(manifest, AGAIN, SMALL)
        items = content["itemInfoEntries"]
        model = path / "Data" / items[content["rootModelIdentifier"]]["path"]
        folders = [path / "Data" / item["path"] for item in items.values() if item["name"] == "weights"]
        inside = all(path.resolve() in named.resolve().parents for named in (model, *folders))
        missing = [named for named in (model, *folders) if not named.exists()]
    except (KitError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged from error
    if not inside:
        raise damaged
    if missing:
        raise KitError(f"{missing[0]}: missing, though the manifest names it: {AGAIN}")
    return model, folders[0] if folders else model.parent / "weights"


def _check_files(path: Path) -> None:
    """KitError where a package holds something else than files and folders, or more than a model has.

    A link could lead out of it, and a pipe has no end.
    """
    files, total = 0, 0
    for folder, names, others in os.walk(path):
        for name in names:
            if (Path(folder) / name).is_symlink():
                raise KitError(f"{Path(folder) / name}: a link, where a package has its own folders: {AGAIN}")
        for file in (Path(folder) / name for name in others):
            if file.is_symlink():
                raise KitError(f"{file}: a link, where a package has its own files: {AGAIN}")
            files, total = files + 1, total + size_of(file, _LARGEST - total, AGAIN)
            if files > _MOST_FILES:
                raise KitError(f"{path}: more than {_MOST_FILES} files, which is no model: {AGAIN}")


def _check_program(program: Any, weights: Path | None) -> None:
    """KitError where coremltools would compute something while it reads the program, or make room for too much.

    It reads what it knows: constants, those that are stored compressed, and the operations that kit can evaluate, of
    which it computes at once those that take constants alone.
    """
    if list(program.functions) != ["main"]:
        raise KitError("it has other functions than main")
    function = program.functions["main"]
    blocks = list(function.block_specializations.values())
    if len(blocks) != 1 or len(blocks[0].operations) > _MOST_OPERATIONS:
        raise KitError("it is no program of one block")
    computed, numbers = {entry.name for entry in function.inputs}, 0
    integers = dict[str, int]()
    for operation in blocks[0].operations:
        constant = operation.type == "const" or operation.type.startswith("constexpr_")
        if not constant and operation.type not in (*KINDS, "classify"):
            raise KitError(f"{_name_of(operation)!r} is a {operation.type}, which kit cannot evaluate")
        if operation.blocks:
            raise KitError(f"{_name_of(operation)!r} has operations inside")
        taken = {binding.name for argument in operation.inputs.values() for binding in argument.arguments}
        if not constant and not taken & computed:
            raise KitError(f"{_name_of(operation)!r} computes with constants alone")
        computed |= set() if constant else {output.name for output in operation.outputs}
        if operation.type == "const" and "val" in operation.attributes:
            integers |= {_name_of(operation): one for one in _integers(operation.attributes["val"])}
        if operation.type == "split" and _count(operation, "num_splits", integers) > len(operation.outputs):
            raise KitError(f"{_name_of(operation)!r} has fewer results than it says")
        values = [output.type for output in operation.outputs if constant]
        values += [binding.value.type for argument in operation.inputs.values() for binding in argument.arguments]
        numbers += sum(_numbers_of(value.tensorType) for value in values if value.HasField("tensorType"))
    if numbers > MOST_NUMBERS:
        raise KitError(f"its constants hold {numbers:,} numbers: a network for digits has fewer")
    if weights and not (weights.is_dir() and all(file.is_file() for file in weights.iterdir())):
        raise KitError("its weights are no folder of files")


def _count(operation: Any, parameter: str, integers: dict[str, int]) -> int:
    """A parameter's whole number, which it holds or a constant before it; 0 where it is not given."""
    for binding in operation.inputs[parameter].arguments if parameter in operation.inputs else ():
        return next(iter(_integers(binding.value)), integers.get(binding.name, 0))
    return 0


def _integers(value: Any) -> list[int]:
    """The first of the whole numbers that a value holds, where it holds some."""
    return list(value.immediateValue.tensor.ints.values[:1])


def _name_of(operation: Any) -> str:
    return operation.outputs[0].name if operation.outputs else operation.type


def _numbers_of(tensor: Any) -> int:
    """How many numbers a tensor of this type has; dimensions that are not known count as 1."""
    return math.prod(max(1, dimension.constant.size) for dimension in tensor.dimensions)


def _words(kind: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in kind)


def _feature(entry: Any) -> Feature:
    kind = entry.type.WhichOneof("Type")
    if kind == "imageType":
        image = entry.type.imageType
        return Feature(entry.name, "image", (image.height, image.width), image.ColorSpace.Name(image.colorSpace))
    if kind == "multiArrayType":
        array = entry.type.multiArrayType
        return Feature(entry.name, "array", tuple(array.shape), array.ArrayDataType.Name(array.dataType))
    return Feature(entry.name, (kind or "nothing").removesuffix("Type"))


def _program(spec: Any, weights: Path | None) -> tuple[list[Operation], str, tuple[str, ...]]:
    from coremltools.converters.mil.frontend.milproto.load import load
    from coremltools.converters.mil.mil import types

    with backend.quiet():
        program = load(spec, spec.specificationVersion, str(weights or ""))
    function = program.functions["main"]
    operations: list[Operation] = []
    probabilities, labels = "", tuple[str, ...]()
    for operation in function.operations:
        if operation.op_type == "const" or operation.op_type.startswith("constexpr_"):
            continue
        if operation.op_type == "classify":
            probabilities = operation.inputs["probabilities"].name
            labels = tuple(map(str, operation.inputs["classes"].val))
            continue
        arguments = {
            parameter: _argument(value)
            for parameter, value in operation.inputs.items()
            if value is not None and parameter != "name"
        }
        stored = sum(_stored(value) for value in operation.inputs.values())
        for number, output in enumerate(operation.outputs):
            half = output.dtype is types.fp16
            if operation.op_type in _SEVERAL:
                arguments = arguments | {"part": np.array(number, np.int32)}
            operations.append(Operation(operation.op_type, operation.name, arguments, output.name, half, stored))
    if not labels:
        raise KitError("it names no classes: not a classifier")
    return operations, probabilities, labels


def _stored(value: Any) -> int:
    """Bytes on disk of a constant array, compressed or not; 0 for anything else."""
    operation = getattr(value, "op", None)
    if operation is None or not getattr(value, "shape", ()):
        return 0
    if operation.op_type.startswith("constexpr_"):
        return sum(_stored(part) for part in operation.inputs.values())
    if value.val is None:
        return 0
    width = getattr(value.dtype, "get_bitwidth", lambda: 8 * np.asarray(value.val).itemsize)()  # 1 to 8 bits are packed
    return math.ceil(np.asarray(value.val).size * width / 8)


def _argument(value: Any) -> Argument:
    if isinstance(value, (list, tuple)):
        return [_one(part) for part in value]
    return _one(value)


def _one(value: Any) -> Name | np.ndarray:
    if value.op is not None and value.op.op_type.startswith("constexpr_"):
        return np.asarray(value.op.materialized_val_inference())
    if value.val is not None:
        return np.asarray(value.val)
    return Name(value.name)


def _network(network: Any) -> tuple[list[Operation], str, tuple[str, ...]]:
    labels = tuple(network.stringClassLabels.vector)
    if not labels:
        raise KitError("it has no string labels")
    operations: list[Operation] = []
    scaled, numbers = dict[str, str](), 0
    for step in network.preprocessing:
        if step.WhichOneof("preprocessor") != "scaler":
            raise KitError("it prepares its pictures in a way that kit cannot evaluate")
        scale, bias = (np.array(value, np.float32) for value in (step.scaler.channelScale, step.scaler.grayBias))
        scaled[step.featureName] = f"{step.featureName} scaled"
        operations += [
            Operation("mul", "channel scale", {"x": Name(step.featureName), "y": scale}, "channel scaled"),
            Operation("add", "grey bias", {"x": Name("channel scaled"), "y": bias}, scaled[step.featureName]),
        ]
    constants = dict[str, tuple[np.ndarray, int]]()  # each with its bytes on disk
    for layer in network.layers:
        kind = str(layer.WhichOneof("layer"))
        if kind == "loadConstantND":
            values = neural_network.weights(layer.loadConstantND.data, tuple(layer.loadConstantND.shape))
            constants[layer.output[0]] = values, neural_network.stored(layer.loadConstantND)
            numbers += values.size
        else:
            added = _layer(layer, kind, scaled, constants)
            numbers += sum(weights.size for operation in added for weights in operation.weights)
            operations += added
        if numbers > MOST_NUMBERS or len(operations) > _MOST_OPERATIONS:
            raise KitError("its layers are more, or hold more numbers, than a network for digits has")
    return operations, network.labelProbabilityLayerName or operations[-1].output, labels


def _layer(
    layer: Any, kind: str, scaled: dict[str, str], constants: dict[str, tuple[np.ndarray, int]]
) -> list[Operation]:
    """A layer's operations, the last of which give its outputs."""
    inputs = [constants[name][0] if name in constants else Name(scaled.get(name, name)) for name in layer.input]
    if kind not in neural_network.CONVERTERS:
        raise KitError(f"layer {layer.name!r} is a {kind}, which kit cannot evaluate")
    parameters = getattr(layer, kind)
    try:
        steps = neural_network.convert(kind, parameters, inputs)
    except UnknownError as error:
        raise KitError(f"layer {layer.name!r} is a {kind} that kit cannot evaluate, {error}") from error
    except KitError as error:
        raise KitError(f"layer {layer.name!r}: {error}") from error
    stored = neural_network.stored(parameters) + sum(constants[name][1] for name in layer.input if name in constants)
    operations = list[Operation]()
    for place, (operation, arguments) in enumerate(steps, 1):
        if operations:
            arguments = {"x": Name(operations[-1].output), **arguments}
        if place < len(steps):
            operations.append(Operation(operation, layer.name, arguments, f"{layer.output[0]}, step {place}"))
    for part, output in enumerate(layer.output):
        which = {"part": np.array(part, np.int32)} if operation in _SEVERAL else {}
        operations.append(Operation(operation, layer.name, arguments | which, output, stored=stored))
    return operations
