"""A network of somebody's own tried before it is trained: whether it computes here, and is the same when read back."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kit import KitError, backend
from kit.files import scratch
from kit.run import keras_file
from kit.task import Task
from kit.training.canonical import Refusal

if TYPE_CHECKING:
    import keras

_PICTURES = 4
_NEAR = 1e-5  # of what a layer makes
_NOT_AGAIN = "cannot be loaded again, once it is saved"


def check_computes(model: "keras.Model", refused: Refusal) -> None:
    """Raises what `refused` makes, with the layer's name, where TensorFlow cannot compute a layer on this machine."""
    try:
        _made(model, model.layers)
    except Exception:  # whatever a layer raises: InvalidArgumentError, ValueError, the user's own …
        for layer in model.layers:
            try:
                _made(model, [layer])
            except Exception as error:
                raise refused(f"{_words(layer)} cannot be computed here: {backend.reason(error)}") from error


def check_stored(model: "keras.Model", task: Task, own: Callable[[], Mapping[str, Any]], refused: Refusal) -> None:
    """Raises what `refused` makes, with the layer's name, where a network is another when it is saved and loaded again.

    Args:
        model: In kit's form.
        task: What it reads.
        own: Gives the user's own classes and functions, by name.
        refused: Makes the error.
    """
    with scratch() as folder:
        path = folder / "model.keras"
        try:
            model.save(path)
            again = keras_file.load(path, task, own)
        except Exception as error:  # Keras raises whatever its layers and its readers meet
            raise _not_read(model, own, error, refused) from error
        for layer, other in zip(model.layers, again.layers, strict=True):
            weights = zip(layer.get_weights(), other.get_weights(), strict=True)
            if not all(np.array_equal(one, two, equal_nan=True) for one, two in weights):
                raise refused(f"{_words(layer)} does not keep its weights in a file: give each one in build() its name")
        for layer, one, two in zip(model.layers, _made(model, model.layers), _made(again, again.layers), strict=True):
            if any(
                not np.allclose(a, b, rtol=_NEAR, atol=_NEAR, equal_nan=True) for a, b in zip(one, two, strict=True)
            ):
                raise refused(f"{_words(layer)} computes something else when it is loaded again: see its get_config()")


def _not_read(
    model: "keras.Model", own: Callable[[], Mapping[str, Any]], error: Exception, refused: Refusal
) -> KitError:
    """The error for a file that could not be written or read: of the first layer of which that is so, too."""
    saving = backend.keras().saving
    for layer in model.layers:
        try:
            config = saving.serialize_keras_object(layer)
            saving.deserialize_keras_object(config, custom_objects=dict(own()), safe_mode=True)
        except Exception as reason:
            return refused(f"{_words(layer)} {_NOT_AGAIN}: {backend.reason(reason)}")
    why = error.__cause__ if isinstance(error, KitError) and isinstance(error.__cause__, Exception) else error
    named = next((f"{_words(layer)} " for layer in model.layers if f"name={layer.name}," in str(why)), "it ")
    return refused(f"{named}{_NOT_AGAIN}: {backend.reason(why).rpartition('>: ')[2]}")


def _made(model: "keras.Model", layers: list[Any]) -> list[list[np.ndarray]]:
    """What each of these layers makes of a few pictures."""
    keras = backend.keras()
    outputs = [keras.tree.flatten(layer.output) for layer in layers]
    pictures = np.random.default_rng(0).integers(0, 256, (_PICTURES, *model.input_shape[1:])).astype(np.float32)
    with backend.quiet():
        made = keras.Model(model.input, outputs)(pictures, training=False)
    return [[np.asarray(part, np.float32) for part in parts] for parts in made]


def _words(layer: Any) -> str:
    return f"layer {layer.name} ({type(layer).__name__})"
