"""A SavedModel folder, as tf.keras wrote it until 2023 → its layers' configuration and its weights.

Such a folder is a program of TensorFlow, which would be run by whoever loads it. Beside that program tf.keras wrote
which layers it is of, as JSON, and the weights, as a checkpoint by the layers' places: these are read, the program is
not.
"""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit import KitError, backend
from kit.importing.foreign_config import SAVE_AGAIN, ForeignError
from kit.stored import content_of, size_of

if TYPE_CHECKING:
    import keras

_LARGEST = 2**28  # bytes of a file, and of the weights
_LARGEST_PROGRAM = 2**26
_WHOLE = f"copy the whole folder, or {SAVE_AGAIN}"
_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
_OLD_NAMES = {"kernel": "depthwise_kernel"}  # of a DepthwiseConv2D's weights


@dataclass(frozen=True)
class SavedModelFolder:
    """What a folder holds.

    Attributes:
        config: The network's layers, as that version of Keras wrote them.
        numbers: How many are stored.
        load: Puts them into the network that was made of the configuration.
        saved_by: "Keras 2.11.0 in TensorFlow 2.11.0".
    """

    config: dict[str, Any]
    numbers: int
    load: Callable[["keras.Model"], None]
    saved_by: str


def read(folder: Path) -> SavedModelFolder:
    """What a folder holds, without running anything of it.

    Raises:
        KitError: A file of it is missing, damaged or too large, or it does not say which layers it is of.
    """
    backend.tensorflow()
    from tensorflow.core.protobuf import saved_model_pb2

    program = _message(saved_model_pb2.SavedModel, folder / "saved_model.pb")
    if not program.meta_graphs:
        raise ForeignError(f"damaged, saved_model.pb is empty: {_WHOLE}")
    root = _root(folder, program.meta_graphs[0])
    version = program.meta_graphs[0].meta_info_def.tensorflow_version
    weights = _Weights(folder / "variables")
    keras_version = root.get("keras_version")
    saved_by = f"Keras {keras_version} in TensorFlow {version}" if keras_version else f"TensorFlow {version}"
    config = {"class_name": root.get("class_name"), "config": root.get("config")}
    if isinstance(config["config"], dict) and root.get("build_input_shape"):
        config["config"] = {"build_input_shape": root["build_input_shape"], **config["config"]}
    return SavedModelFolder(config, weights.numbers, weights.load, saved_by)


def _root(folder: Path, graph: Any) -> dict[str, Any]:
    """What Keras wrote of the model itself: since TensorFlow 2.5 in a file of its own, before in the program's."""
    from tensorflow.python.keras.protobuf import saved_metadata_pb2

    texts = [node.user_object.metadata for node in graph.object_graph_def.nodes[:1]]
    if (folder / "keras_metadata.pb").exists():
        written = _message(saved_metadata_pb2.SavedMetadata, folder / "keras_metadata.pb")
        texts += [node.metadata for node in written.nodes if node.node_id == 0]
    for text in filter(None, texts):
        try:
            root = json.loads(text)
        except ValueError as error:
            raise ForeignError(f"damaged, what Keras wrote of its layers is not JSON: {_WHOLE}") from error
        if isinstance(root, dict) and root.get("class_name"):
            return root
    raise ForeignError(
        "a SavedModel that was exported for serving, without its layers: it can only be run, not taken over: "
        'save the Keras model itself, model.save("name.keras")'
    )


def _message(kind: Any, path: Path) -> Any:
    """A file's protocol buffer."""
    try:
        return kind.FromString(content_of(path, _LARGEST_PROGRAM, _WHOLE))
    except KitError:
        raise
    except Exception as error:  # DecodeError, which lives elsewhere in each of protobuf's implementations
        raise KitError(f"{path}: damaged: {_WHOLE}") from error


class _Weights:
    """A checkpoint: arrays by the place of their layer, "layer_with_weights-0/kernel"."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        files = sorted(folder.glob("variables.data-*"))
        size = sum(size_of(path, _LARGEST, _WHOLE) for path in [folder / "variables.index", *files])
        self._reader = self._read(lambda: backend.tensorflow().train.load_checkpoint(str(folder / "variables")))
        shapes = self._read(self._reader.get_variable_to_shape_map)
        self._shapes = {
            name.removesuffix(_VALUE): shape for name, shape in shapes.items()
            if name.endswith(_VALUE) and ".OPTIMIZER_SLOT" not in name and name.startswith("layer")
        }  # fmt: skip
        self.numbers = sum(math.prod(shape) for shape in self._shapes.values())
        if self.numbers > size:
            raise ForeignError(f"damaged, its weights are more than their file: {_WHOLE}")

    def load(self, model: "keras.Model") -> None:
        """Puts the weights into the model; ForeignError where one is missing or another shape."""
        self._into(model, "")

    def _into(self, model: Any, before: str) -> None:
        with_weights = 0
        for number, layer in enumerate(model.layers):
            if not layer.weights:
                continue
            places = [f"{before}layer_with_weights-{with_weights}/", f"{before}layer-{number}/"]
            with_weights += 1
            place = next((place for place in places if any(name.startswith(place) for name in self._shapes)), places[0])
            if hasattr(layer, "layers"):
                self._into(layer, place)
            else:
                layer.set_weights([self._array(place, weight, layer) for weight in layer.weights])

    def _array(self, place: str, weight: Any, layer: Any) -> Any:
        ends = [weight.name, _OLD_NAMES.get(weight.name, weight.name)]
        found = [name for name in self._shapes if name.startswith(place) and name.rpartition("/")[2] in ends]
        found = [name for name in found if re.search(_inside(weight, layer), name)] if len(found) > 1 else found
        if len(found) != 1 or tuple(self._shapes[found[0]]) != tuple(weight.shape):
            raise ForeignError(f"lacks the weights {weight.name!r} of layer {layer.name!r}: {_WHOLE}")
        return self._read(lambda: self._reader.get_tensor(found[0] + _VALUE))

    def _read(self, what: Callable[[], Any]) -> Any:
        try:
            return what()
        except Exception as error:  # whatever TensorFlow meets in a damaged checkpoint
            raise ForeignError(f"damaged, its variables cannot be read: {_WHOLE}") from error


def _inside(weight: Any, layer: Any) -> str:
    """Which of the parts of a layer with several a weight is of, such as forward_layer of a Bidirectional."""
    part = weight.path.partition(f"{layer.name}/")[2].partition("/")[0]
    return re.escape("backward" if part.startswith("backward") else "forward")
