"""The same network for Android and the web: LiteRT (.tflite) and ONNX, read back and run by their own runtimes.

Both are extras, because only some people need them.
"""

import contextlib
import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kit import KitError, backend
from kit.contract import KEY, Contract
from kit.exporting import onnx_operations, portable_graphs
from kit.exporting.coreml import PROBABILITIES, concrete_function
from kit.exporting.requirements import require
from kit.exporting.saved_model import SavedModel
from kit.stored import content_of

if TYPE_CHECKING:
    import keras

FORMATS = ("tflite", "onnx")
_OPSET = 17  # of ONNX: what its runtimes of the last years all know
_LARGEST = 2**29  # bytes; ten folds of kit's largest network take 300 million
_AGAIN = "export it again with kit export"


class PortableModel(SavedModel):
    """A model of LiteRT or ONNX.

    Args:
        path: The file.
        format: "tflite" or "onnx".
        shape: Of its input, the rows first.
        last: The operation that gives its output, in the format's own words.
        metadata: What was written into it.
        size: Bytes on disk.
        digests: SHA-256 of every constant, and of what is computed with them.
        run: uint8 (n, size, size, 1) → float32 probabilities (n, classes), by the format's own runtime, which starts
            when it is first called.
    """

    def __init__(
        self, path: Path, format: str, shape: tuple[int, ...], last: str, metadata: dict[str, str], size: int,  # noqa: A002
        digests: tuple[str, str], run: Callable[[np.ndarray], np.ndarray],
    ) -> None:  # fmt: skip
        self.path, self.format, self.runtime, self.shape, self.last = path, format, format, shape, last
        self.metadata, self.size, self._run = metadata, size, run
        self.weights, self.computation = digests

    @property
    def contract(self) -> Contract:
        return Contract.of_metadata(self.metadata, str(self.path))

    def predict(self, images: np.ndarray) -> np.ndarray:
        with _as_one_line(self.path):
            return self._run(images)

    def structure(self) -> list[str]:
        found, size = [], self.contract.size
        if self.shape != (1, size, size, 1):
            found.append(f"its input is {' x '.join(map(str, self.shape))}, not 1 x {size} x {size} x 1")
        if self.last != "softmax":
            found.append(f"it ends in {self.last}, not in a softmax: these are no probabilities")
        return found


@contextlib.contextmanager
def _as_one_line(path: Path) -> Iterator[None]:
    """KitError, which names the file, for whatever the runtimes raise: RuntimeError, DecodeError, struct.error …"""
    try:
        yield
    except KitError as error:
        raise KitError(f"{path}: {error}") from error
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise KitError(f"{path}: damaged ({reason}): {_AGAIN}") from error


def convert(model: "keras.Model", classes: int, format: str, precision: str) -> bytes:  # noqa: A002
    """Converts a network.

    Args:
        model: As for `coreml.convert`.
        classes: How many of its classes to keep, the first ones.
        format: "tflite" or "onnx".
        precision: "float32", or "float16" for weights of half the size; LiteRT alone has those.
    """
    require(format)
    tf = backend.tensorflow()
    with backend.quiet():
        try:
            function = concrete_function(model, classes, array=False)
            if format == "tflite":
                converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
                if precision == "float16":
                    converter.optimizations = [tf.lite.Optimize.DEFAULT]
                    converter.target_spec.supported_types = [tf.float16]
                return converter.convert()
            converted = _in_onnx(function)
        except Exception as error:  # ConverterError, ValueError, KeyError …: an operation that it does not know
            raise KitError(f"{format} cannot be made of this network: {_reason(error)}") from error
    _name_onnx(converted)
    return converted.SerializeToString()


def _in_onnx(function: Any) -> Any:
    """By its graph, in which constants are constants: tf2onnx would have the layers' own as inputs of the model."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
    from tf2onnx import convert

    frozen = convert_variables_to_constants_v2(function)
    inputs, outputs = ([tensor.name for tensor in tensors] for tensors in (frozen.inputs, frozen.outputs))
    converted, _ = convert.from_graph_def(
        frozen.graph.as_graph_def(), input_names=inputs, output_names=outputs, opset=_OPSET,
        custom_op_handlers=onnx_operations.handlers(),
    )  # fmt: skip
    return converted


def _reason(error: Exception) -> str:
    """What is wrong, in a line, without the places in TensorFlow that it came through."""
    told = re.search(r"error: (.+)", str(error))
    return (told[1] if told else str(error)).strip().partition("\n")[0]


def save(content: bytes, path: Path, format: str, contract: Contract) -> None:  # noqa: A002
    """Writes a converted model with its contract as metadata."""
    if format == "onnx":
        import onnx

        model = onnx.ModelProto.FromString(content)
        onnx.helper.set_model_props(model, {KEY: contract.to_json()})
        content = model.SerializeToString()
    else:
        content = _with_metadata(content, contract.to_json().encode())
    path.write_bytes(content)


def read(path: Path | str, format: str = "") -> PortableModel:  # noqa: A002
    """Reads a LiteRT or ONNX file; nothing in it is computed before `predict`.

    Args:
        path: The file.
        format: "tflite" or "onnx"; what its name says without it.

    Raises:
        KitError: It is missing or damaged, not made by kit export, or its extra is not installed.
    """
    path = Path(path)
    content, format = content_of(path, _LARGEST, _AGAIN), format or path.suffix.lower()[1:]  # noqa: A001
    require(format, str(path))
    with _as_one_line(path), backend.quiet():
        return (_read_tflite if format == "tflite" else _read_onnx)(path, content)


def evaluate(content: bytes, format: str, images: np.ndarray) -> np.ndarray:  # noqa: A002
    """What a model that `convert` gave computes, by its own runtime: arguments and result as of `evaluator.evaluate`.

    Raises:
        KitError: It has an operation that kit does not let the runtime have, or the runtime cannot compute it.
    """
    try:
        with backend.quiet():
            return _RUNTIMES[format](content)(images)
    except KitError:
        raise
    except Exception as error:  # RuntimeError, ValueError, onnx' and onnxruntime's own
        raise KitError(f"its runtime cannot compute it: {str(error).strip().partition(chr(10))[0]}") from error


def digests(content: bytes, format: str) -> tuple[str, str]:  # noqa: A002
    """SHA-256 of a model's constants, and of everything else in it but what names and describes it."""
    if format == "onnx":
        import onnx

        return _digests_of_onnx(onnx.ModelProto.FromString(content))
    return _digests_of_tflite(*_tflite(content))


def _name_onnx(model: Any) -> None:
    """Calls input and output what they are called in the other formats."""
    graph = model.graph
    for value, name in ((graph.input[0], "image"), (graph.output[0], PROBABILITIES)):
        for node in graph.node:
            for names in (node.input, node.output):
                for number, old in enumerate(names):
                    if old == value.name:
                        names[number] = name
        value.name = name


def _read_onnx(path: Path, content: bytes) -> PortableModel:
    import onnx

    model = onnx.ModelProto.FromString(content)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    _check_ours(metadata)
    feature, result = model.graph.input[0], model.graph.output[0]
    last = next(node.op_type for node in model.graph.node if result.name in node.output)
    shape = tuple(dimension.dim_value for dimension in feature.type.tensor_type.shape.dim)
    digests, run = _digests_of_onnx(model), _by_onnx(content)
    return PortableModel(path, "onnx", shape, last.lower(), metadata, len(content), digests, run)


def _by_onnx(content: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """What its runtime makes of pictures; it starts when it is first called, of a graph that kit may have written."""

    @cache
    def session() -> Any:
        import onnx
        import onnxruntime

        portable_graphs.check_onnx(onnx.ModelProto.FromString(content))
        onnxruntime.disable_telemetry_events()  # it would tell its makers of every session
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # what is wrong it raises, too
        with backend.quiet():
            return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def run(images: np.ndarray) -> np.ndarray:
        [feature] = session().get_inputs()
        rows = (session().run(None, {feature.name: image[None].astype(np.float32)})[0][0] for image in images)
        return np.array(list(rows), np.float32)

    return run


def _digests_of_onnx(model: Any) -> tuple[str, str]:
    constants = hashlib.sha256()
    for constant in model.graph.initializer:
        constants.update(constant.raw_data or constant.SerializeToString())
    rest = type(model)()
    rest.CopyFrom(model)
    rest.ClearField("metadata_props")
    return constants.hexdigest(), hashlib.sha256(rest.SerializeToString(deterministic=True)).hexdigest()


def _read_tflite(path: Path, content: bytes) -> PortableModel:
    model, own = _tflite(content)
    metadata = {
        entry.name.decode(): np.asarray(model.buffers[entry.buffer].data, np.uint8).tobytes().decode()
        for entry in model.metadata or ()
        if entry.name == KEY.encode()
    }
    _check_ours(metadata)
    graph = model.subgraphs[0]
    last = portable_graphs.tflite_kind(model, graph.operators[-1])
    shape = tuple(map(int, graph.tensors[graph.inputs[0]].shape))
    digests, run = _digests_of_tflite(model, own), _by_tflite(content)
    return PortableModel(path, "tflite", shape, last.lower(), metadata, len(content), digests, run)


def _by_tflite(content: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """As `_by_onnx`."""

    @cache
    def started() -> Any:
        from ai_edge_litert.interpreter import Interpreter

        portable_graphs.check_tflite(_tflite(content)[0])
        with backend.quiet():
            interpreter = Interpreter(model_content=content)
            interpreter.allocate_tensors()
        return interpreter

    alone = threading.Lock()  # an interpreter has one input, and other threads go on while it computes

    def run(images: np.ndarray) -> np.ndarray:
        with alone:
            interpreter = started()
            inputs, outputs = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
            rows = np.empty((len(images), outputs["shape"][-1]), np.float32)
            for row, image in zip(rows, images, strict=True):
                interpreter.set_tensor(inputs["index"], image[None].astype(np.float32))
                interpreter.invoke()
                row[:] = interpreter.get_tensor(outputs["index"])[0]
        return rows

    return run


def _digests_of_tflite(model: Any, own: set[int]) -> tuple[str, str]:
    constants, rest = hashlib.sha256(), hashlib.sha256()
    for number, buffer in enumerate(model.buffers):
        if number not in own and buffer.data is not None:
            constants.update(np.asarray(buffer.data, np.uint8).tobytes())
            rest.update(f"{number} {len(buffer.data)}\n".encode())
    for name, value in sorted(vars(model).items()):
        if name not in ("buffers", "metadata"):
            rest.update(f"{name} {portable_graphs.told(value)}\n".encode())
    return constants.hexdigest(), rest.hexdigest()


def _check_ours(metadata: dict[str, str]) -> None:
    if KEY not in metadata:
        raise KitError(
            "there is no contract in this model, it was not made by kit export: kit reads only those it made"
        )


def _tflite(content: bytes) -> tuple[Any, set[int]]:
    """The model as LiteRT's schema has it, and which of its buffers hold metadata."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(bytearray(content), 0))
    return model, {entry.buffer for entry in model.metadata or ()}


def _with_metadata(content: bytes, text: bytes) -> bytes:
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model, _ = _tflite(content)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(text, np.uint8)
    entry = schema.MetadataT()
    entry.name, entry.buffer = KEY, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    builder = flatbuffers.Builder(len(content) + len(text))
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


_RUNTIMES = {"tflite": _by_tflite, "onnx": _by_onnx}
