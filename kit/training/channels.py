"""Networks with their channels first, as Theano and graphics cards liked them → with their channels last.

TensorFlow's convolutions and pools on a processor know channels last alone, and so do phones.
"""

import re
from typing import TYPE_CHECKING, Any

from kit import backend

if TYPE_CHECKING:
    import keras

_KINDS = re.compile(r"(Depthwise|Separable)?Conv[123]D(Transpose)?|(Max|Average)Pooling[123]D")


def channels_last(model: "keras.Model") -> "keras.Model":
    """The same network, each of whose convolutions and pools has its channels last, between two permutations.

    A network that has none with its channels first stays as it is.
    """
    keras = backend.keras()
    if not any(_is_first(layer) for layer in model._flatten_layers()):
        return model
    turned = set[int]()

    def made(layer: Any) -> Any:
        config = layer.get_config()
        if isinstance(layer, keras.Model):
            return keras.models.clone_model(_functional(layer), clone_function=made, call_function=called)
        if _is_first(layer):
            config["data_format"] = "channels_last"
        copied = type(layer).from_config(config)
        if _is_first(layer):
            turned.add(id(copied))
        return copied

    def called(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if id(layer) not in turned:
            return layer(*args, **kwargs)
        last = len(args[0].shape) - 1
        to_last, to_first = (*range(2, last + 1), 1), (last, *range(1, last))
        x, before = args[0], args[0]._keras_history.operation
        if isinstance(before, keras.layers.Permute) and before.dims == to_first:
            x = before.input
        else:
            x = keras.layers.Permute(to_last)(x)
        return keras.layers.Permute(to_first)(layer(x, *args[1:], **kwargs))

    copied = keras.models.clone_model(_functional(model), clone_function=made, call_function=called)
    copied.set_weights(model.get_weights())
    return copied


def _is_first(layer: Any) -> bool:
    return bool(_KINDS.fullmatch(type(layer).__name__)) and layer.data_format == "channels_first"


def _functional(model: Any) -> Any:
    keras = backend.keras()
    return keras.Model(model.inputs[0], model.outputs[0]) if isinstance(model, keras.Sequential) else model
