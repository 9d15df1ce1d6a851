"""The configuration of somebody's network, as any version of Keras since 2017 wrote it → as today's Keras reads it.

Nothing of it is made before it has been looked at: layers of Keras alone, options alone that they have. What only a
training needs is left out: starting weights, penalties, constraints, the precision of mixed arithmetic. So what of
that is somebody's own, or of an older Keras, harms nothing.
"""

import inspect
import re
from typing import Any

from kit import KitError, backend
from kit.run.keras_file import RUN_CODE, is_known, parts_of

SAVE_AGAIN = 'save it again with today\'s Keras, model.save("name.keras")'
_MODELS = {"Sequential": "keras", **dict.fromkeys(("Functional", "Model", "Network"), "keras.src.models.functional")}
_KERAS = ("keras", "tensorflow.keras", "tensorflow.python.keras", "tf_keras")  # packages; none else's classes are known
_OPERATIONS = "keras.src.ops."  # what Keras calls `x / 255` or `keras.ops.relu(x)` between layers
_OLD_NAMES = {  # classes of Keras 2 → what they are now; V1 and V2 stood for TensorFlow's
    "BatchNormalizationV1": "BatchNormalization", "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization", "LayerNormalizationV1": "LayerNormalization",
    "CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU", "LSTMV1": "LSTM", "LSTMV2": "LSTM", "GRUV2": "GRU", "DropoutV2": "Dropout",
}  # fmt: skip
_OLD_OPTIONS = {("LeakyReLU", "alpha"): "negative_slope"}
_OLD_ACTIVATIONS = {"softmax_v2": "softmax", "swish": "silu", "relu_v2": "relu", "leaky_relu_v2": "leaky_relu"}
_OF_TRAINING = ("_initializer", "_regularizer", "_constraint")
_DROPPED = {  # of the layer as such, or of how it once was computed
    "dtype", "trainable", "batch_input_shape", "batch_shape", "input_shape", "input_dim", "input_length", "input_dtype",
    "sparse", "ragged", "autocast", "experimental_autocast", "implementation", "time_major", "fused", "renorm",
    "renorm_clipping", "renorm_momentum", "virtual_batch_size", "unit_forget_bias", "build_config", "optional",
}  # fmt: skip


class ForeignError(KitError):
    """What is wrong with a network and what to do; whoever knows its file puts that in front."""


def translated(config: Any, keras_3: bool = True) -> dict[str, Any]:
    """The same network for `keras.saving.deserialize_keras_object`.

    Args:
        config: As it was written.
        keras_3: Whether Keras 3 or a later one wrote it.

    Raises:
        ForeignError: It holds what is no layer of Keras, what runs code of its own, or what is computed otherwise now.
    """
    found = _model(_plain(config))
    if not keras_3:
        _require_same_today(found)
    for part in parts_of(found):
        if not is_known(part):
            raise ForeignError(f"holds {_shown(part['class_name'])} where no layer belongs, and is not opened")
    return found


def _require_same_today(value: Any) -> None:
    """ForeignError where something of Keras 2 has another formula in Keras 3: the weights are not of that."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key.endswith("activation") and each == "hard_sigmoid":
                raise ForeignError(
                    f"layer {_shown(value.get('name'))} has Keras 2's hard_sigmoid, clip(0.2 x + 0.5), and Keras 3 "
                    "computes clip(x / 6 + 0.5): put Rescaling(0.2, 0.5) and ReLU(max_value=1) in its place, load the "
                    "weights and save again"
                )
            _require_same_today(each)
    for each in value if isinstance(value, list) else ():
        _require_same_today(each)


def _plain(value: Any) -> Any:
    """The value with tuples and shapes, which JSON lacks, as lists."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") in ("__tuple__", "TensorShape") and isinstance(value.get("items"), list):
        return _plain(value["items"])
    return {key: _plain(each) for key, each in value.items()}


def _model(stored: Any) -> dict[str, Any]:
    if not isinstance(stored, dict) or not isinstance(name := stored.get("class_name"), str):
        raise ForeignError(f"holds no network that Keras can make: {SAVE_AGAIN}")
    config = stored.get("config")
    if isinstance(config, list):  # a Sequential before Keras 2.2.3
        config = {"layers": config}
    if name not in _MODELS or not _is_keras_own(stored) or not (isinstance(config, dict) and "layers" in config):
        raise ForeignError(
            f"is of a model class of its own, {_shown(name)}, whose code is not in the file: build it of Sequential or "
            f"the functional API, keras.Model(inputs, outputs), and save that"
        )
    layers = config["layers"]
    if not isinstance(layers, list) or not layers or not all(isinstance(layer, dict) for layer in layers):
        raise ForeignError(f"holds a network without layers: {SAVE_AGAIN}")
    made = {"name": "network", **config, "layers": [_layer(layer) for layer in layers]}
    for unwanted in ("build_input_shape", "dtype", "trainable"):
        made.pop(unwanted, None)
    if name == "Sequential":
        made["layers"] = _with_input(made["layers"], config)
    return {"module": _MODELS[name], "class_name": "Sequential" if name == "Sequential" else "Functional",
            "config": made, "registered_name": None, **_place(stored)}  # fmt: skip


def _with_input(layers: list[dict[str, Any]], config: dict[str, Any]) -> list[dict[str, Any]]:
    """Layers that begin with their input: Keras 2 wrote its shape into the first layer, or beside the layers."""
    if layers[0]["class_name"] == "InputLayer":
        return layers
    first = config["layers"][0].get("config")
    shape = _input_shape(first if isinstance(first, dict) else {}) or config.get("build_input_shape")
    if shape is None and "layers" in layers[0]["config"]:
        return layers  # a model, which has its own
    if shape is None:
        raise ForeignError(f"does not say what it takes: call it once on pictures, model(x), and {SAVE_AGAIN}")
    return [_input("pixels", shape), *layers]


def _input_shape(config: dict[str, Any]) -> Any:
    return config.get("batch_shape") or config.get("batch_input_shape")


def _input(name: Any, shape: Any) -> dict[str, Any]:
    """An input of any number of pictures, also where the network was made for a batch of one size."""
    if not isinstance(shape, list) or not all(size is None or isinstance(size, int) for size in shape):
        raise ForeignError(f"takes {_shown(shape)}, which is no shape of pictures: {SAVE_AGAIN}")
    return {"module": "keras.layers", "class_name": "InputLayer", "registered_name": None,
            "config": {"batch_shape": [None, *shape[1:]], "name": name}}  # fmt: skip


def _layer(stored: dict[str, Any]) -> dict[str, Any]:
    """A layer, or a model that stands for one."""
    name, config = stored.get("class_name"), stored.get("config")
    if name in _MODELS and _is_keras_own(stored):
        return _model(stored)
    if not isinstance(name, str) or not isinstance(config, dict):
        raise ForeignError(f"holds a layer that cannot be read: {SAVE_AGAIN}")
    called = f"layer {_shown(config.get('name') or stored.get('name'))}"
    if name in RUN_CODE:
        raise ForeignError(
            f"{called} is a {_shown(name)}, which runs code out of the file, and is not opened: write it as a layer, "
            "such as keras.layers.Rescaling, or as keras.ops, and save again"
        )
    if str(stored.get("module")).startswith(_OPERATIONS):
        return stored
    if name in ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"):
        what = config.get("function") or config.get("node_def", {})
        raise ForeignError(
            f"{called} is an operation of TensorFlow between layers, {_shown(what)}, which Keras 3 does not know: "
            "write it as a layer, such as keras.layers.Rescaling, or as keras.ops, and save again"
        )
    name = _OLD_NAMES.get(name, name)
    if name == "InputLayer":
        return {**_input(config.get("name"), _input_shape(config)), **_place(stored)}
    made = {"module": "keras.layers", "class_name": name, "registered_name": None}
    return made | {"config": _options(name, _class_of(name, stored, called), config, called)} | _place(stored)


def _place(stored: dict[str, Any]) -> dict[str, Any]:
    """Where it stands in a graph of layers."""
    return {key: stored[key] for key in ("name", "inbound_nodes") if key in stored}


def _is_keras_own(stored: dict[str, Any]) -> bool:
    """Whether nothing says that a class is somebody's own; older files have its name alone."""
    module, registered = stored.get("module"), stored.get("registered_name")
    own = module is None or str(module).split(".src.")[0].startswith(_KERAS)
    return own and registered in (None, stored["class_name"])


def _class_of(name: str, stored: dict[str, Any], called: str) -> type:
    layers = backend.keras().layers
    found = getattr(layers, name, None)
    is_layer = isinstance(found, type) and issubclass(found, layers.Layer) and found is not layers.Layer
    if is_layer and _is_keras_own(stored) and is_known({"module": "keras.layers", "class_name": name}):
        return found  # type: ignore[return-value]
    if "module" not in stored and hasattr(backend.keras().ops, re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()):
        raise ForeignError(
            f"{called} is an operation between layers, {_shown(name)}, which .h5 files do not keep whole: {SAVE_AGAIN}"
        )
    raise ForeignError(
        f"{called} is a {_shown(name)}, no layer of Keras: its code is not in the file and not run; build the network "
        "of Keras' own layers and save again"
    )


def _options(name: str, cls: type, config: dict[str, Any], called: str) -> dict[str, Any]:
    """The options of a layer that its class has today."""
    known, made = set(inspect.signature(cls.__init__).parameters) | {"name"}, {}  # type: ignore[misc]
    for key, value in config.items():
        key = _OLD_OPTIONS.get((name, key), key)
        if key in _DROPPED or key.endswith(_OF_TRAINING):
            continue
        if key not in known:
            if value:
                raise ForeignError(
                    f"{called}: today's {name} has no {_shown(key)}, which is {_shown(value)}: {SAVE_AGAIN}"
                )
            continue
        made[key] = _value(key, value, called)
    if name == "BatchNormalization" and isinstance(made.get("axis"), list) and len(made["axis"]) == 1:
        made["axis"] = made["axis"][0]
    return made


def _value(key: str, value: Any, called: str) -> Any:
    """An option's value: plain, an activation's name, or a layer inside a layer."""
    if key.endswith("activation"):
        return _activation(value, called)
    if isinstance(value, dict) and "class_name" in value:
        return _layer(value)
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):  # cells
        return [_layer(each) if isinstance(each, dict) else each for each in value]
    return value


def _activation(value: Any, called: str) -> Any:
    function = value
    if isinstance(value, dict) and value.get("class_name") == "function":
        function = value.get("config")
    elif isinstance(value, dict) and "class_name" in value:
        return _layer(value)
    if function is None:
        return None
    function = _OLD_ACTIVATIONS.get(str(function), str(function))
    if callable(getattr(backend.keras().activations, function, None)) and function not in (
        "get",
        "deserialize",
        "serialize",
    ):
        return function
    raise ForeignError(
        f"{called} has an activation of its own, {_shown(function)}, whose code is not in the file: use one of "
        "keras.activations and save again"
    )


def _shown(value: Any) -> str:
    """What a file holds, short and in one line."""
    text = repr(str(value))
    return text if len(text) <= 60 else f"{text[:57]}…'"
