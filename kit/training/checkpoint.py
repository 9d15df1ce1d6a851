"""How far a training is, on disk: with it a killed training goes on and ends as if it had not been."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kit import KitError
from kit.files import whole_file
from kit.stored import Declared, arrays_of, checked

if TYPE_CHECKING:
    import keras


_REMEDY = "this training cannot go on; start a new one"
_LONGEST_STATE = 2**26  # bytes; NumPy's text has four a character


@dataclass
class State:
    """How far a training is; with the weights and the optimizer, all that a resume needs."""

    epoch: int = 0  # finished ones
    history: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, float] | None = None  # the row of the history that is kept
    watched: float | None = None  # the best value of what `patience` watches
    waited: int = 0  # epochs since then
    stopped: str | None = None  # why it ends before its last epoch
    threshold: float | None = None  # of the kept epoch, where there is a class without a digit


def save(path: Path, model: "keras.Model", state: State) -> None:
    """Writes a compiled network's weights, its optimizer and the state, whole or not at all."""
    arrays = {f"model{number}": array for number, array in enumerate(model.get_weights())}
    arrays |= {f"optimizer{number}": variable.numpy() for number, variable in enumerate(model.optimizer.variables)}
    with whole_file(path) as temporary:
        np.savez(temporary, state=np.array(json.dumps(dataclasses.asdict(state))), **arrays)


def load(path: Path, model: "keras.Model") -> State:
    """Sets a compiled network's weights and its optimizer to what `save` wrote, and returns the state.

    Raises:
        KitError: The file is damaged or of another network.
    """
    parts = {f"model{number}": array for number, array in enumerate(model.get_weights())}
    parts |= {f"optimizer{number}": variable.numpy() for number, variable in enumerate(model.optimizer.variables)}
    declared = {name: Declared(array.dtype.kind, array.shape) for name, array in parts.items()}
    expected = sum(array.nbytes for array in parts.values()) + _LONGEST_STATE
    arrays = arrays_of(path, {"state": Declared("U", ()), **declared}, expected, _REMEDY)
    state = _state(path, str(arrays["state"]))
    if not all(np.isfinite(arrays[name]).all() for name in parts):
        raise KitError(f"{path}: damaged, a weight is no number: {_REMEDY}")
    model.set_weights([arrays[f"model{number}"] for number in range(len(model.weights))])
    for number, variable in enumerate(model.optimizer.variables):
        variable.assign(arrays[f"optimizer{number}"])
    return state


def _state(path: Path, text: str) -> State:
    from kit.run.records import Progress

    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise KitError(f"{path}: damaged, not JSON: {_REMEDY}") from error
    checked(Progress, values, path, _REMEDY)
    return State(**{field.name: values[field.name] for field in dataclasses.fields(State) if field.name in values})
