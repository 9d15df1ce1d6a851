"""Exported models that were damaged or tampered with: their graphs, weights, contracts and files."""

import contextlib
import dataclasses
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from hostile import no_files
from hostile.counting import Counts
from kit import KitError, backend
from kit.contract import KEY, Contract
from kit.exporting import coreml, opening, portable
from kit.exporting.saved_model import SavedModel
from kit.task import DIGITS, ROWS
from kit.training import networks

PACKAGE = Path(__file__).parents[2] / "mobile" / "DigitCamera" / "Model" / "DigitCamera.mlpackage"
_MODEL, _WEIGHTS = "Data/com.apple.CoreML/model.mlmodel", "Data/com.apple.CoreML/weights/weight.bin"
_NUMBERS = [0, -1, 1, 2, 3, 7, 1000, 10**6, 2**31 - 1, -(2**31), 10**9]
_VALUES: list[Any] = [  # what stands in a contract where something else belongs
    None, True, 0, -1, 1.5, 10**400, "", "NaN", "0.9", "\ud800", "a\nb", [], ["0"], {}, {"a": 1}, 64, 10**9, "any",
]  # fmt: skip
_TEXTS = [b"", b"{", b"[]", b"7", b"[" * 50_000, b'{"version": ' + b"9" * 5000 + b"}", b"\xff\xfe", b"\0" * 999]


class _Whole:
    """A model as it was exported, with what it says of some pictures."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.saved = opening.read(path)
        size = self.saved.contract.size
        self.images = np.random.default_rng(0).integers(0, 256, (2, size, size, 1)).astype(np.uint8)
        self.probabilities = self.saved.predict(self.images)
        assert not self.saved.problems()


def mutilate(count: int, seed: int, folder: Path, formats: tuple[str, ...] = ("mlmodel", "tflite", "onnx")) -> Counts:
    """Models of these formats and the app's own, mutilated again and again, read and checked.

    One that is read, and of which no problem is reported, must say of pictures what it said before. A reported problem
    counts as a refusal.
    """
    counts, generator = Counts(), random.Random(seed)
    wholes = [_Whole(PACKAGE), *(_Whole(path) for path in _made(folder, formats))]
    for number in range(count):
        whole = wholes[generator.randrange(len(wholes))]
        name, how = generator.choice(_KINDS[whole.path.suffix])
        path = folder / f"mutilated{generator.choice([whole.path.suffix, whole.path.suffix, '', '.bin'])}"
        if whole.path.is_dir():
            shutil.copytree(whole.path, path)
        else:
            shutil.copy(whole.path, path)
        how(path / name if name else path, generator)
        what = f"{number}: {whole.path.suffix}, {name} {how.__name__.strip('_')}"
        _look_at(counts, what, path, whole, how is _contract_of)
        _remove(path)
    return counts


def _look_at(counts: Counts, what: str, path: Path, whole: _Whole, other_contract: bool) -> None:
    def read() -> SavedModel:
        saved = opening.read(path)
        if problems := saved.problems():
            raise KitError(problems[0])
        saved.costs()
        return saved

    saved = counts.tried(what, read)
    if saved is None:
        return
    probabilities = counts.tried(f"{what}: predict", lambda: saved.predict(whole.images))
    counts.read -= 1  # the same input
    if probabilities is None or not np.array_equal(probabilities, whole.probabilities):
        counts.wrong.append(f"{what}: reads otherwise, and nobody says so")
    if saved.contract != whole.saved.contract and not other_contract:
        counts.wrong.append(f"{what}: says {saved.contract} of itself")


def _made(folder: Path, formats: tuple[str, ...]) -> Iterator[Path]:
    """The same small network in each format, as kit export writes it."""
    if not formats:
        return
    model = networks.build("mobilenet", seed=1)
    contract = Contract(
        **dataclasses.asdict(ROWS), threshold=0.5, run="01-mobilenet", settings="0" * 64, validation_accuracy=0.5,
        format="", input="image", precision="float32", compression=None, target=None, weights="0" * 64,
    )  # fmt: skip
    for name in formats:
        path = folder / f"whole.{name}"
        if name == "mlmodel":
            converted = coreml.convert(
                model, DIGITS, format="neuralnetwork", target="iOS13", precision="float32", array=False, exact=0
            )
            about = {"author": "", "license": "", "version": "", "description": ""}
            contract = dataclasses.replace(contract, format="neuralnetwork", target="iOS13")
            coreml.save(converted, path, about, contract)
            weights, computation = opening.read(path).digests
            coreml.save(converted, path, about, dataclasses.replace(contract, weights=weights, computation=computation))
        else:
            content = portable.convert(model, 10, name, "float32")
            weights, computation = portable.digests(content, name)
            said = dataclasses.replace(contract, format=name, target=None, weights=weights, computation=computation)
            portable.save(content, path, name, said)
        yield path


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


# How a model is mutilated: the file, the generator.


def _bytes(path: Path, generator: random.Random) -> None:
    changed = bytearray(path.read_bytes())
    for _ in range(generator.choice([1, 1, 2, 8, 64])):
        changed[generator.randrange(len(changed))] = generator.randrange(256)
    path.write_bytes(changed)


def _cut(path: Path, generator: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: generator.randrange(len(content))])


def _text(path: Path, generator: random.Random) -> None:
    path.write_bytes(generator.choice(_TEXTS))


def _no_file(path: Path, generator: random.Random) -> None:
    content = path.read_bytes()
    path.unlink()
    kind = generator.randrange(7)
    if kind < no_files.KINDS:
        no_files.put(path, kind)
    elif kind == no_files.KINDS:
        path.symlink_to(PACKAGE / _WEIGHTS)
    elif kind == 5:
        path.write_bytes(content)
        os.truncate(path, 2**40)


def _more(path: Path, generator: random.Random) -> None:
    """Something else in the package's folder of weights."""
    extra = path.parent / "more"
    kind = generator.randrange(4)
    if kind == 0:
        os.mkfifo(extra)
    elif kind == 1:
        extra.symlink_to("/")
    elif kind == 2:
        extra.mkdir()
    else:
        for number in range(200):
            (path.parent / f"{number}").touch()


def _manifest(path: Path, generator: random.Random) -> None:
    manifest = json.loads(path.read_text())
    item = generator.choice([*manifest["itemInfoEntries"].values()])
    field = generator.choice([*item])
    item[field] = generator.choice(
        ["../../..", "/etc", "\0", "x" * 5000, "", 7, None, "com.apple.CoreML", ".", "weights"]
    )
    if generator.random() < 0.2:
        manifest["rootModelIdentifier"] = generator.choice(["", 7, None, *manifest["itemInfoEntries"]])
    path.write_text(json.dumps(manifest))


def repeated(field: Any) -> bool:
    """Whether a protocol buffer has any number of that field."""
    return bool(
        field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED
    )  # protobuf 4


def _messages(message: Any) -> Iterator[Any]:
    """A protocol buffer and all that is in it."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            values = [part for part in value.values() if hasattr(part, "ListFields")]
        else:
            values = list(value) if repeated(field) else [value]
        for part in values:
            yield from _messages(part)


def _field(message: Any, generator: random.Random) -> None:
    """Changes one value anywhere in a protocol buffer, or removes, doubles or swaps parts of it."""
    places = [(part, field) for part in _messages(message) for field, _ in part.ListFields()]
    for _ in range(50):
        part, field = generator.choice(places)
        value = getattr(part, field.name)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            if not hasattr(next(iter(value.values())), "ListFields"):
                continue
            first, other = (generator.choice([*value]) for _ in range(2))
            if generator.random() < 0.5:
                del value[first]
            else:
                value[first].CopyFrom(value[other])
        elif repeated(field):
            place, other = (generator.randrange(len(value)) for _ in range(2))
            if field.message_type is not None:
                if generator.random() < 0.5:
                    value[place].CopyFrom(value[other])
                else:
                    del value[place]
            elif isinstance(value[place], int):
                with contextlib.suppress(ValueError):  # a field that takes no negative number
                    value[place] = _number(generator, value[place])
            elif generator.random() < 0.5:
                value[place] = value[other]
            else:
                del value[place]
        elif field.message_type is not None:
            part.ClearField(field.name)
        elif isinstance(value, bool):
            setattr(part, field.name, not value)
        elif isinstance(value, int):
            with contextlib.suppress(ValueError):
                setattr(part, field.name, _number(generator, value))
        elif isinstance(value, str):
            known = [getattr(one, name.name) for one, name in places if name.name == field.name and not repeated(name)]
            texts = [text for text in known if isinstance(text, str)]
            setattr(part, field.name, generator.choice([*texts, "", "nothing", "x" * 1000]))
        elif isinstance(value, bytes):
            setattr(part, field.name, value[: generator.randrange(len(value) + 1)] or b"\xff" * 8)
        else:
            setattr(part, field.name, generator.choice([0.0, -1.0, 1e30, float("nan"), float("inf")]))
        return


def _number(generator: random.Random, old: int) -> int:
    return generator.choice([*(number for number in _NUMBERS if -(2**31) <= number < 2**31), old + 1, max(0, old - 1)])


def _core_ml(path: Path, generator: random.Random) -> None:
    spec = backend.coremltools().proto.Model_pb2.Model.FromString(path.read_bytes())
    kind = generator.randrange(8)
    if spec.WhichOneof("Type") == "mlProgram" and kind < 3:
        _operation(next(iter(spec.mlProgram.functions["main"].block_specializations.values())), generator)
    else:
        part = spec.description if kind == 3 else spec
        for _ in range(generator.choice([1, 1, 1, 3])):
            _field(part, generator)
    path.write_bytes(spec.SerializeToString())


def _operation(block: Any, generator: random.Random) -> None:
    """An operation that takes another's result, its own, or a constant of a million; or is another, or gone."""
    operations = [operation for operation in block.operations if operation.type != "const"]
    operation = generator.choice(operations)
    bindings = [binding for argument in operation.inputs.values() for binding in argument.arguments]
    names = [output.name for other in block.operations for output in other.outputs]
    kind = generator.randrange(5)
    if kind == 0 and bindings:
        generator.choice(bindings).name = generator.choice([*names, operation.outputs[0].name, "nothing"])
    elif kind == 1:
        operation.type = generator.choice(
            [other.type for other in operations] + ["while_loop", "fill", "tile", "pad", "x"]
        )
    elif kind == 2 and operation.inputs:
        del operation.inputs[generator.choice([*operation.inputs])]
    elif kind == 3:
        block.operations.remove(operation)
    else:
        constants = [
            one for one in block.operations if one.type == "const" and one.attributes["val"].HasField("immediateValue")
        ]
        tensor = generator.choice(constants).attributes["val"].immediateValue.tensor
        if tensor.ints.values:
            tensor.ints.values[generator.randrange(len(tensor.ints.values))] = _number(generator, 1)
        elif tensor.strings.values:
            tensor.strings.values[0] = generator.choice(["same", "valid", "custom", "same_lower", "", "x"])


def _contract_of(path: Path, generator: random.Random) -> None:
    """A contract with other values, which must be refused where they cannot be."""
    content = path.read_bytes()
    if content[4:8] == b"TFL3":
        start = content.find(b'{"background"')
        end = content.find(b"}", start) + 1
        text = _other(content[start:end].decode(), generator).encode("utf-8", "replace")[: end - start]
        path.write_bytes(content[:start] + text.ljust(end - start) + content[end:])
    elif b"tf2onnx" in content[:64]:
        import onnx

        model = onnx.ModelProto.FromString(content)
        entry = next(entry for entry in model.metadata_props if entry.key == KEY)
        entry.value = _other(entry.value, generator)
        path.write_bytes(model.SerializeToString())
    else:
        spec = backend.coremltools().proto.Model_pb2.Model.FromString(content)
        about = spec.description.metadata.userDefined
        about[KEY] = _other(about[KEY], generator)
        path.write_bytes(spec.SerializeToString())


def _other(text: str, generator: random.Random) -> str:
    values = json.loads(text)
    field = generator.choice([*values])
    kind = generator.random()
    if kind < 0.15:
        del values[field]
    elif kind < 0.3:
        return generator.choice(_TEXTS).decode("latin-1") if kind < 0.2 else text.replace("0.", "NaN0.", 1)
    elif kind < 0.5 and isinstance(values[field], list):
        values[field] = generator.sample(values[field], len(values[field])) + generator.choice([[], [7], ["0"]])
    else:
        values[field] = generator.choice(_VALUES)
    return json.dumps(values)


def _onnx(path: Path, generator: random.Random) -> None:
    import onnx

    model = onnx.ModelProto.FromString(path.read_bytes())
    kind, node = generator.randrange(6), generator.choice(model.graph.node)
    if kind == 0:
        node.op_type = generator.choice(["Relu", "Loop", "Expand", "Tile", "Conv", "Softmax", "Scan", "x"])
    elif kind == 1:
        node.input[generator.randrange(len(node.input))] = generator.choice([node.output[0], "image", "", "nothing"])
    elif kind == 2:
        constant = generator.choice(model.graph.initializer)
        constant.data_location = onnx.TensorProto.EXTERNAL
        entry = constant.external_data.add()
        entry.key, entry.value = "location", "/dev/zero"
    elif kind == 3 and node.attribute:
        attribute = generator.choice(node.attribute)
        for place in range(len(attribute.ints)):
            attribute.ints[place] = generator.choice(_NUMBERS)
        attribute.i = generator.choice(_NUMBERS)
    else:
        _field(model.graph, generator)
    path.write_bytes(model.SerializeToString())


def _tflite(path: Path, generator: random.Random) -> None:
    """A part of the graph changed by LiteRT's own schema, and packed again."""
    import flatbuffers

    content = path.read_bytes()
    model, _ = portable._tflite(content)
    graph = model.subgraphs[0]
    operator, tensor = generator.choice(graph.operators), generator.choice(graph.tensors)
    kind = generator.randrange(6)
    if kind == 0:
        operator.inputs = np.array(
            [generator.choice([*_NUMBERS[:7], int(number)]) for number in operator.inputs], np.int32
        )
    elif kind == 1:
        operator.opcodeIndex = generator.choice([0, 1, 2, 99])
    elif kind == 2 and operator.builtinOptions:
        options = [name for name, value in vars(operator.builtinOptions).items() if type(value) is int]
        if options:
            setattr(operator.builtinOptions, generator.choice(options), generator.choice([0, 1, 2, 100, 127]))
    elif kind == 3 and tensor.shape is not None:
        tensor.shape = np.array([generator.choice([int(one), *_NUMBERS[:8]]) for one in tensor.shape], np.int32)
    elif kind == 4:
        code = generator.choice(model.operatorCodes)
        code.builtinCode = code.deprecatedBuiltinCode = generator.choice([0, 1, 3, 9, 32, 34, 69, 119])
    else:
        tensor.buffer = generator.randrange(len(model.buffers))
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    path.write_bytes(bytes(builder.Output()))


_Mutilation = Callable[[Path, random.Random], None]
_ANY: list[_Mutilation] = [_bytes, _bytes, _bytes, _cut, _text, _no_file]
_KINDS: dict[str, list[tuple[str, _Mutilation]]] = {
    ".mlpackage": [
        *((_MODEL, how) for how in (*_ANY, *[_core_ml] * 14, *[_contract_of] * 3)),
        *((_WEIGHTS, how) for how in (*_ANY, _more)),
        *(("Manifest.json", how) for how in (_bytes, _text, _no_file, _manifest, _manifest)),
    ],
    ".mlmodel": [("", how) for how in (*_ANY, *[_core_ml] * 10, *[_contract_of] * 2)],
    ".tflite": [("", how) for how in (*_ANY, *[_tflite] * 10, *[_contract_of] * 2)],
    ".onnx": [("", how) for how in (*_ANY, *[_onnx] * 10, *[_contract_of] * 2)],
}
