"""Keras → Core ML: conversion, compression, and what Xcode shows of the model."""

import contextlib
import errno
import gc
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kit import KitError, backend
from kit.contract import KEY, Contract
from kit.exporting import tensorflow_operations
from kit.exporting.compression import quantize
from kit.exporting.formats import TARGETS
from kit.files import remove

if TYPE_CHECKING:
    import keras

LABEL, PROBABILITIES = "label", "probabilities"  # what the outputs are called in both formats
_LITTLE = 2**20  # bytes; a disk with less is full


def convert(
    model: "keras.Model",
    labels: Sequence[str],
    *,
    format: str,  # noqa: A002
    target: str,
    precision: str,
    array: bool,
    exact: int = 0,
) -> Any:
    """Converts a network; labels fewer than its classes leave the others out, so that the rest sums to 1.

    Args:
        model: Takes (n, size, size, 1), pixels 0 to 255; ends in the layers "logits" and "probabilities".
        labels: The classes to keep, which come first in the network's order.
        format: "mlprogram" or "neuralnetwork".
        target: A key of TARGETS[format].
        precision: "float16" or "float32".
        array: Take size × size numbers instead of a grey picture.
        exact: In float16, operations with no more weights than this keep float32: the first layers are small and
            what they lose goes through all the others.

    Returns:
        coremltools' model, a classifier with string labels.
    """
    coremltools = backend.coremltools()
    tensorflow_operations.register()
    size = model.input_shape[1]
    if array:
        inputs = coremltools.TensorType(name="pixels", shape=(size * size,), dtype=np.float32)
    else:
        grey = coremltools.colorlayout.GRAYSCALE
        inputs = coremltools.ImageType(name="image", shape=(1, size, size, 1), color_layout=grey)
    options: dict[str, Any] = {}
    if format == "mlprogram":
        options["compute_precision"] = coremltools.precision.FLOAT32
        if precision == "float16":
            options["compute_precision"] = coremltools.transform.FP16ComputePrecision(
                op_selector=lambda operation: not 0 < _weights(operation) <= exact
            )
    with backend.quiet(), _uncollected():
        try:
            converted = coremltools.convert(
                [concrete_function(model, len(labels), array)],
                source="tensorflow",
                convert_to=format,
                inputs=[inputs],
                classifier_config=coremltools.ClassifierConfig(list(labels)),
                minimum_deployment_target=getattr(coremltools.target, target),
                skip_model_load=True,
                **options,
            )
        except Exception as error:  # NotImplementedError, ValueError, KeyError …: an operation it does not know
            raise KitError(f"Core ML cannot be made of this network: {_reason(error, format)}") from error
        if format == "neuralnetwork" and precision == "float16":
            converted = quantize(converted, 16, "linear", exact)
    return converted


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Takes what is in memory from the garbage collector: coremltools calls it again and again, half of its time."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _reason(error: Exception, format: str) -> str:  # noqa: A002
    """What is wrong, in a line."""
    if newer := re.search(r"to be of version \d+ but converted model .*version (\d+)", str(error), re.DOTALL):
        brought = next((target for target, version in TARGETS[format].items() if str(version) == newer[1]), "")
        return f"it takes what {brought} brought: use --target {brought}"
    if newer := re.search(r"minimum_deployment_target to at least coremltools.target.(\w+)", str(error)):
        return f"it takes what {newer[1]} brought: use --target {newer[1]}"
    if missing := re.search(
        r"Op (\S+) is used in the source model. This op is not supported by the Neural", str(error)
    ):
        return f"the older format has no {missing[1]}: use --format mlprogram"
    return backend.reason(error)


def _weights(operation: Any) -> int:
    """How many weights an operation of coremltools' program has."""
    constants = [getattr(argument, "val", None) for argument in operation.inputs.values()]
    arrays = [constant for constant in constants if isinstance(constant, np.ndarray | np.floating)]
    return max((array.size for array in arrays if array.dtype == np.float32), default=0)


def concrete_function(model: "keras.Model", classes: int, array: bool) -> Any:
    """One TensorFlow graph with a fixed shape, which is what converters read.

    It takes "image" (1, size, size, 1) or "pixels" (size × size), and returns the probabilities (1, classes).
    """
    tf = backend.tensorflow()
    keras = backend.keras()
    size, all_classes = model.input_shape[1], model.output_shape[-1]
    if classes < all_classes:  # a softmax over the logits that are kept is what the others leave, made to sum to 1
        last = model.get_layer("logits")
        weights = dict(enumerate(last.get_weights()))  # none where the user's network ends otherwise than in a Dense
        kernel = weights.get(0, np.eye(all_classes, dtype=np.float32))[:, :classes]
        bias = weights.get(1, np.zeros(all_classes, np.float32))[:classes]
        trunk = keras.Model(model.input, last.input)

        def probabilities(images: Any) -> Any:
            return tf.nn.softmax(tf.matmul(trunk(images, training=False), kernel) + bias)
    else:

        def probabilities(images: Any) -> Any:
            return model(images, training=False)

    shape, name = ((size * size,), "pixels") if array else ((1, size, size, 1), "image")

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32, name=name)])
    def forward(pixels: Any) -> Any:
        return probabilities(tf.reshape(pixels, (1, size, size, 1)) if array else pixels)

    with _written_out(model):
        return forward.get_concrete_function()


@contextlib.contextmanager
def _written_out(model: "keras.Model") -> Iterator[None]:
    """Has the graph hold what converters read: no loops over rows, and no function inside that is compiled by itself.

    Keras compiles a convolution of groups so, which TensorFlow cannot compute otherwise on a processor.
    """
    tf = backend.tensorflow()
    loops = [layer for layer in _layers(model) if hasattr(layer, "unroll")]
    rolled, eagerly = [layer.unroll for layer in loops], tf.config.functions_run_eagerly()
    try:
        for layer in loops:
            layer.unroll = True
        tf.config.run_functions_eagerly(True)
        yield
    finally:
        tf.config.run_functions_eagerly(eagerly)
        for layer, was in zip(loops, rolled, strict=True):
            layer.unroll = was


def _layers(layer: Any) -> Iterator[Any]:
    """A layer and all that are in it, whatever holds them."""
    yield layer
    for inner in layer._layers:
        yield from _layers(inner)


def save(converted: Any, path: Path, about: dict[str, str], contract: Contract | None) -> None:
    """Writes coremltools' model with the names that the app goes by, and what Xcode shows.

    Args:
        converted: What `convert` or `compress` gave.
        path: `.mlpackage` or `.mlmodel`; what is there is replaced.
        about: author, license, version, description.
        contract: What the model says of itself to programs; None while its weights are not known yet.
    """
    coremltools = backend.coremltools()
    with backend.quiet():
        spec = converted.get_spec()
        description = spec.description
        for old, new in (
            (description.predictedFeatureName, LABEL),
            (description.predictedProbabilitiesName, PROBABILITIES),
        ):
            if old != new:
                coremltools.utils.rename_feature(spec, old, new)
        if contract:
            _describe(spec.description, about, contract)
        remove(path)
        try:
            coremltools.utils.save_spec(spec, str(path), weights_dir=getattr(converted, "weights_dir", None))
        except RuntimeError as error:  # from C++, where a full disk is an input/output error
            full = shutil.disk_usage(path.parent).free < _LITTLE
            raise OSError(errno.ENOSPC if full else errno.EIO, str(error), str(path)) from error
    for part in path.rglob("*"):  # coremltools' own are private; a package is an ordinary folder
        part.chmod(0o755 if part.is_dir() else 0o644)


def _describe(description: Any, about: dict[str, str], contract: Contract) -> None:
    size = contract.size
    ink = {"any": "as the camera sees it", "white on black": "white ink on black, the digit centred as MNIST has it"}
    kind = "A grey picture" if contract.input == "image" else f"{size * size:,} numbers, row by row:"
    texts = {
        description.input[0].name: f"{kind} of {size} x {size} pixels, 0 to 255, {ink[contract.polarity]}.",
        LABEL: "What the picture shows: " + ", ".join(contract.labels) + ".",
        PROBABILITIES: f"Label to probability; together 1. Stay silent where the best is below {contract.threshold:g}"
        + (f" or {contract.background}." if contract.background else "."),
    }
    for feature in (*description.input, *description.output):
        feature.shortDescription = texts[feature.name]
    metadata = description.metadata
    metadata.author, metadata.license = about["author"], about["license"]
    metadata.versionString, metadata.shortDescription = about["version"], about["description"]
    metadata.userDefined.pop("com.github.apple.coremltools.conversion_date", None)  # the same run, the same model
    metadata.userDefined[KEY] = contract.to_json()
    if contract.input == "image":
        metadata.userDefined["com.apple.coreml.model.preview.type"] = "imageClassifier"


def predict(path: Path, images: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """What Core ML itself says of the pictures; on macOS only.

    Args:
        path: A saved model with kit's names.
        images: uint8 (n, size, size, 1).
        labels: The classes in their order.

    Returns:
        float32 (n, classes).
    """
    from PIL import Image

    model = backend.coremltools().models.MLModel(str(path))
    feature = model.get_spec().description.input[0]
    picture = feature.type.WhichOneof("Type") == "imageType"
    rows = np.empty((len(images), len(labels)), np.float32)
    for row, image in zip(rows, images[..., 0], strict=True):
        value = Image.fromarray(image) if picture else image.reshape(-1).astype(np.float32)
        found = model.predict({feature.name: value})[PROBABILITIES]
        row[:] = [found[label] for label in labels]
    return rows
