"""A Core ML model on disk → what it computes, step by step, whichever of the two formats it has.

Read by what Apple publishes of both formats, on any operating system, without coremltools, which only some have.
Both come out in the operations of the ML program (MIL), because those say exactly what they do.
"""

import hashlib
import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kit import KitError
from kit.contract import KEY
from kit.exporting import neural_network, program, specification
from kit.exporting.shapes import MISFITS, MOST_NUMBERS, UnknownError, in_words
from kit.exporting.steps import SEVERAL, Argument, Name, Operation
from kit.exporting.tensors import AGAIN, LARGEST, WeightFiles
from kit.model_files import kind_of
from kit.stored import SMALL, content_of, json_of, size_of

FORMATS = {"mlpackage": "mlprogram", "mlmodel": "neuralnetwork"}  # what it is on disk → its format
_MOST_FILES = 100
_LARGEST_PROGRAM = 2**24  # bytes of an ML program without its weights
_COLOURS = {10: "GRAYSCALE", 20: "RGB", 30: "BGR", 40: "GRAYSCALE_FLOAT16"}  # what stands for them → Core ML's words
_NUMBERS = {65552: "FLOAT16", 65568: "FLOAT32", 65600: "DOUBLE", 131080: "INT8", 131104: "INT32"}


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
    _check_form(path)
    model, weights = _package(path) if path.is_dir() else (path, None)
    spec = _specification(model, LARGEST if weights is None else _LARGEST_PROGRAM)
    try:
        return _graph(path, spec, weights)
    except (KitError, *MISFITS) as error:
        reason = str(error) if isinstance(error, KitError) else in_words(error)
        if KEY not in spec.description.metadata.userDefined:
            what = f"a Core ML model that kit export did not make ({reason})"
            raise KitError(f"{path}: {what}: kit reads only those that it made") from error
        if isinstance(error, KitError):
            raise
        if isinstance(error, UnknownError):
            raise KitError(f"{path}: {reason}") from error
        raise KitError(f"{model}: damaged, {reason}: {AGAIN}") from error


def _graph(path: Path, spec: Any, folder: Path | None) -> Graph:
    """What the specification says.

    Raises:
        UnknownError: It is another kind of model, or has something that kit does not compute.
        ValueError and the others of MISFITS: It is damaged.
        KitError: A file of its weights is.
    """
    kind, weights = spec.WhichOneof("Type"), None
    if folder and kind != "mlProgram":
        raise UnknownError(f"a {_words(kind)}, where an ML program belongs")
    if not folder and kind != "neuralNetworkClassifier":
        raise UnknownError(f"a {_words(kind)}, where a neural network classifier belongs")
    if folder:
        weights = WeightFiles(folder)
        operations, probabilities, labels = program.read(spec.mlProgram, weights)
    else:
        operations, probabilities, labels = _network(spec.neuralNetworkClassifier)
    description = spec.description
    about = description.metadata
    metadata = {"author": about.author, "license": about.license, "version": about.versionString}
    metadata |= {"description": about.shortDescription, **about.userDefined}
    return Graph(
        path,
        FORMATS["mlpackage" if folder else "mlmodel"],
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


def weights_digest(operations: Sequence[Operation], weights: WeightFiles | None) -> str:
    """SHA-256 of all constants in the order of use and, of an ML program, of its weight file as it is."""
    digest = hashlib.sha256()
    for operation in operations:
        for parameter, value in sorted(operation.constants(), key=lambda constant: constant[0]):
            digest.update(f"{operation.kind} {parameter} {value.dtype} {value.shape}".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
    for content in weights.contents() if weights else []:
        digest.update(content)
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


def _check_form(path: Path) -> None:
    """KitError where there is no package and no model's file."""
    if not path.exists():
        raise KitError(f"{path}: no such file or folder: kit export makes one")
    form = kind_of(path) or path.suffix.lower().removeprefix(".")
    if form not in FORMATS or path.is_dir() != (form == "mlpackage"):
        what = "a folder" if path.is_dir() else "a zip archive: unpack it" if zipfile.is_zipfile(path) else "a file"
        raise KitError(f"{path}: {what}, where a Core ML package (.mlpackage) or model (.mlmodel) belongs")


def _specification(model: Path, at_most: int) -> Any:
    """The specification that this file holds."""
    from google.protobuf.message import DecodeError

    try:
        spec = specification.message("Model").FromString(content_of(model, at_most, AGAIN))
    except DecodeError as error:
        raise KitError(f"{model}: damaged, or no Core ML model: {AGAIN}") from error
    if spec.WhichOneof("Type") is None:
        raise KitError(f"{model}: there is no model in it: {AGAIN}")
    return spec


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
            files, total = files + 1, total + size_of(file, LARGEST - total, AGAIN)
            if files > _MOST_FILES:
                raise KitError(f"{path}: more than {_MOST_FILES} files, which is no model: {AGAIN}")


def _words(kind: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in kind)


def _feature(entry: Any) -> Feature:
    kind = entry.type.WhichOneof("Type")
    if kind == "imageType":
        image = entry.type.imageType
        return Feature(entry.name, "image", (image.height, image.width), _COLOURS.get(image.colorSpace, "no colours"))
    if kind == "multiArrayType":
        array = entry.type.multiArrayType
        return Feature(entry.name, "array", tuple(array.shape), _NUMBERS.get(array.dataType, "no numbers"))
    return Feature(entry.name, (kind or "nothing").removesuffix("Type"))


def _network(network: Any) -> tuple[list[Operation], str, tuple[str, ...]]:
    labels = tuple(network.stringClassLabels.vector)
    if not labels:
        raise UnknownError("it has no string labels")
    operations: list[Operation] = []
    scaled, numbers = dict[str, str](), 0
    for step in network.preprocessing:
        if step.WhichOneof("preprocessor") != "scaler":
            raise UnknownError("it prepares its pictures in a way that kit cannot evaluate")
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
        if numbers > MOST_NUMBERS or len(operations) > program.MOST_OPERATIONS:
            raise ValueError("its layers are more, or hold more numbers, than a network for digits has")
    return operations, network.labelProbabilityLayerName or operations[-1].output, labels


def _layer(
    layer: Any, kind: str, scaled: dict[str, str], constants: dict[str, tuple[np.ndarray, int]]
) -> list[Operation]:
    """A layer's operations, the last of which give its outputs."""
    inputs = [constants[name][0] if name in constants else Name(scaled.get(name, name)) for name in layer.input]
    if kind not in neural_network.CONVERTERS:
        raise UnknownError(f"layer {layer.name!r} is a {kind}, which kit cannot evaluate")
    parameters = getattr(layer, kind)
    try:
        steps = neural_network.convert(kind, parameters, inputs)
    except UnknownError as error:
        raise UnknownError(f"layer {layer.name!r} is a {kind} that kit cannot evaluate, {error}") from error
    except MISFITS as error:
        raise ValueError(f"layer {layer.name!r}: {in_words(error)}") from error
    stored = neural_network.stored(parameters) + sum(constants[name][1] for name in layer.input if name in constants)
    operations = list[Operation]()
    for place, (operation, arguments) in enumerate(steps, 1):
        if operations:
            arguments = {"x": Name(operations[-1].output), **arguments}
        if place < len(steps):
            operations.append(Operation(operation, layer.name, arguments, f"{layer.output[0]}, step {place}"))
    for part, output in enumerate(layer.output):
        which = {"part": np.array(part, np.int32)} if operation in SEVERAL else {}
        operations.append(Operation(operation, layer.name, arguments | which, output, stored=stored))
    return operations
