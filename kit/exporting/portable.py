"""The same network for Android and the web: LiteRT (.tflite) and ONNX, read back and run by their own runtimes.

Both are extras, because only some people need them.
"""

import hashlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kit import KitError, backend
from kit.contract import KEY, Contract
from kit.exporting.coreml import PROBABILITIES, concrete_function
from kit.exporting.saved_model import SavedModel
from kit.files import in_plain_words

if TYPE_CHECKING:
    import keras

FORMATS = {".tflite": "tflite", ".onnx": "onnx"}
_PACKAGES = {"tflite": ["ai_edge_litert"], "onnx": ["onnx", "onnxruntime", "tf2onnx"]}
_OPSET = 17  # of ONNX: what its runtimes of the last years all know


class PortableModel(SavedModel):
    """A model of LiteRT or ONNX.

    Args:
        path: The file.
        format: "tflite" or "onnx".
        shape: Of its input, the rows first.
        last: The operation that gives its output, in the format's own words.
        metadata: What was written into it.
        size: Bytes on disk.
        weights: SHA-256 of every constant.
        run: uint8 (n, size, size, 1) → float32 probabilities (n, classes), by the format's own runtime.
    """

    def __init__(
        self, path: Path, format: str, shape: tuple[int, ...], last: str, metadata: dict[str, str], size: int,  # noqa: A002
        weights: str, run: Callable[[np.ndarray], np.ndarray],
    ) -> None:  # fmt: skip
        self.path, self.format, self.runtime, self.shape, self.last = path, format, format, shape, last
        self.metadata, self.size, self.weights, self._run = metadata, size, weights, run

    @property
    def contract(self) -> Contract:
        return Contract.of_metadata(self.metadata, str(self.path))

    def predict(self, images: np.ndarray) -> np.ndarray:
        return self._run(images)

    def structure(self) -> list[str]:
        found, size = [], self.contract.size
        if self.shape != (1, size, size, 1):
            found.append(f"its input is {' x '.join(map(str, self.shape))}, not 1 x {size} x {size} x 1")
        if self.last != "softmax":
            found.append(f"it ends in {self.last}, not in a softmax: these are no probabilities")
        return found


def require(format: str) -> None:  # noqa: A002
    """KitError, with the way out, where what this format needs is not installed."""
    for package in _PACKAGES[format]:
        if find_spec(package) is None:
            names = " ".join(name.replace("_", "-") for name in _PACKAGES[format])
            raise KitError(f"--format {format}: {package} is not installed: pip install {names}")


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
            from tf2onnx import convert

            shape = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32, name="image")
            converted, _ = convert.from_function(tf.function(function), input_signature=[shape], opset=_OPSET)
        except Exception as error:  # ConverterError, ValueError, KeyError …: an operation that it does not know
            raise KitError(f"{format} cannot be made of this network: {str(error).partition(chr(10))[0]}") from error
    _name_onnx(converted)
    return converted.SerializeToString()


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


def read(path: Path | str) -> PortableModel:
    """Reads a `.tflite` or `.onnx` file.

    Raises:
        KitError: It is missing or damaged, or its extra is not installed.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise in_plain_words(error, path) from error
    format = FORMATS[path.suffix]  # noqa: A001
    require(format)
    try:
        with backend.quiet():
            return (_read_tflite if format == "tflite" else _read_onnx)(path, content)
    except Exception as error:  # whatever the runtimes raise: RuntimeError, DecodeError, struct.error …
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise KitError(f"{path}: damaged ({reason}): export it again with kit export") from error


def weights_digest(content: bytes, format: str) -> str:  # noqa: A002
    """SHA-256 of a model's constants, without what names and describes them."""
    digest = hashlib.sha256()
    if format == "onnx":
        import onnx

        for constant in onnx.ModelProto.FromString(content).graph.initializer:
            digest.update(constant.raw_data or constant.SerializeToString())
        return digest.hexdigest()
    model, own = _tflite(content)
    for number, buffer in enumerate(model.buffers):
        if number not in own and buffer.data is not None:
            digest.update(np.asarray(buffer.data, np.uint8).tobytes())
    return digest.hexdigest()


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
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # it would tell its makers of every session
    model = onnx.ModelProto.FromString(content)
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    feature = session.get_inputs()[0]
    last = next(node.op_type for node in model.graph.node if model.graph.output[0].name in node.output)

    def run(images: np.ndarray) -> np.ndarray:
        rows = (session.run(None, {feature.name: image[None].astype(np.float32)})[0][0] for image in images)
        return np.array(list(rows), np.float32)

    metadata = {entry.key: entry.value for entry in model.metadata_props}
    digest = weights_digest(content, "onnx")
    return PortableModel(path, "onnx", tuple(feature.shape), last.lower(), metadata, len(content), digest, run)


def _read_tflite(path: Path, content: bytes) -> PortableModel:
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.interpreter import Interpreter

    model, _ = _tflite(content)
    graph = model.subgraphs[0]
    code = model.operatorCodes[graph.operators[-1].opcodeIndex].builtinCode
    last = next(name for name, value in vars(schema.BuiltinOperator).items() if value == code)
    metadata = {
        entry.name.decode(): np.asarray(model.buffers[entry.buffer].data, np.uint8).tobytes().decode()
        for entry in model.metadata or ()
        if entry.name == KEY.encode()
    }
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    inputs, outputs = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def run(images: np.ndarray) -> np.ndarray:
        rows = np.empty((len(images), outputs["shape"][-1]), np.float32)
        for row, image in zip(rows, images, strict=True):
            interpreter.set_tensor(inputs["index"], image[None].astype(np.float32))
            interpreter.invoke()
            row[:] = interpreter.get_tensor(outputs["index"])[0]
        return rows

    shape = tuple(map(int, inputs["shape"]))
    digest = weights_digest(content, "tflite")
    return PortableModel(path, "tflite", shape, last.lower(), metadata, len(content), digest, run)


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
