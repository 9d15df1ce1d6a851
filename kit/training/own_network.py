"""Somebody's own network: a Python file, or a function in a notebook, as an architecture like kit's own."""

import contextlib
import difflib
import inspect
import random
import re
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kit import KitError, backend
from kit.run import network_code
from kit.run.network_code import NetworkCode
from kit.run.settings import OPTIMIZERS, Recipe, recipe_of
from kit.task import CAMERA, ROWS, Task
from kit.training import rehearsal
from kit.training.canonical import Copies, canonical, seed_states
from kit.training.layers import Layers
from kit.training.pixels import PIXELS, Pixels

if TYPE_CHECKING:
    import keras

DEFAULTS = Recipe(epochs=10, batch_size=128)  # where the file has no RECIPE
_SIZES, _CLASSES = ("input_shape", "shape"), ("classes", "num_classes", "n_classes")
_ADVICE = "def network(x): … that returns the last hidden layer, or def network(): … that returns a keras.Model"


class _NoDropoutError(KitError):
    """It has no layer whose rate could be set."""


class _NoNetworkError(KitError):
    """What a function returned is no network: it may be there for another purpose."""


@dataclass(frozen=True)
class OwnNetwork:
    """A function that builds a network, which somebody else has written.

    Attributes:
        name: What `kit runs` calls it: mine.py, or mine.py:small where there are several.
        function: Its name.
        code: The file that it is in; None where the source of a function in a notebook cannot be had.
        recipe: What the file's RECIPE says, kit's defaults for the rest.
        pixels: What its file says that it wants; None where it says nothing.
        source: The first line of its docstring.
        task: What it has been built for.
        search: What its file says in SEARCH: settings and the values that a sweep tries.
    """

    name: str
    function: str
    builder: Callable[..., Any]
    code: NetworkCode | None
    recipe: Recipe
    pixels: Pixels | None
    source: str
    task: Task = ROWS
    search: Any = None

    @cached_property
    def parameters(self) -> int:
        """Of the network for its task."""
        return int(self._built.count_params())

    @cached_property
    def kind(self) -> str:
        """ "dense" or "convolutional", by whether it has a convolution."""
        convolves = any("Conv" in type(layer).__name__ for layer in self._built.layers)
        return "convolutional" if convolves else "dense"

    @cached_property
    def has_dropout(self) -> bool:
        """Whether it has a dropout layer, whose rate can be set."""
        try:
            self.build(task=self.task, dropout=0.5)
        except _NoDropoutError:
            return False
        return True

    @cached_property
    def _built(self) -> "keras.Model":
        return self.build(task=self.task)

    def build(
        self,
        *,
        task: Task = ROWS,
        l2: float | None = None,
        dropout: float | None = None,
        seed: int = 0,
        precision: str = "float32",
    ) -> "keras.Model":
        """Builds it in kit's form with fresh weights; arguments as in `networks.build`.

        Raises:
            KitError: It fails, or is no network for this task; the message says where.
        """
        layers = Layers(self.recipe.l2 if l2 is None else l2, dropout, seed, precision)
        copies = Copies(layers, l2=self.recipe.l2 if l2 is None else l2, dropout=dropout)
        with self._blamed(), _seeded(seed), self.known():
            model = self._called(task)
            backend.keras()  # it may have changed what networks depend on
            made = canonical(model, task, copies, name=self.function, pixels=self.pixels, refused=self._refused)
        if dropout is not None and not copies.dropouts:
            raise _NoDropoutError(f"--dropout: {self.name} has no dropout layer: leave the option out")
        return made

    def objects(self) -> dict[str, Any]:
        """Its file's own classes and functions."""
        return self.code.objects() if self.code else {}

    def known(self) -> Any:
        """A context in which Keras makes layers of its own classes and functions again."""
        return backend.keras().saving.custom_object_scope(self.objects())

    def blamed(self) -> Any:
        """A context in which what lines of its file raise is said as their error, in one line."""
        return self.code.blamed_for_its_own() if self.code else contextlib.nullcontext()

    def check_same(self, one: "keras.Model", other: "keras.Model") -> None:
        """KitError where the same seed does not make the same network; both were built with one.

        Looks at the starting weights, and at what each layer makes of the same pictures in training, twice; and whether
        it computes here at all, and is the same when it is loaded again.
        """
        rehearsal.check_computes(one, self._refused)
        for layer, twin in zip(one.layers, other.layers, strict=True):
            if any(not np.array_equal(a, b) for a, b in zip(layer.get_weights(), twin.get_weights(), strict=True)):
                raise self._refused(
                    f"layer {layer.name} ({type(layer).__name__}) starts with other weights each time: "
                    "draw them by an initializer of Keras"
                )
        if changing := _random_layer(one):
            raise self._refused(
                f"layer {changing.name} ({type(changing).__name__}) draws numbers that no seed decides: "
                "give keras.random a keras.random.SeedGenerator that is an attribute of the layer"
            )
        with _seeded(0):
            rehearsal.check_stored(other, self.task, self.objects, self._refused)

    def _called(self, task: Task) -> "keras.Model":
        """What the function makes for a task, as a whole network."""
        keras = backend.keras()
        named: dict[str, Any] = dict.fromkeys(_SIZES, (task.size, task.size, 1)) | dict.fromkeys(_CLASSES, task.classes)
        known = {name: named[name] for name in inspect.signature(self.builder).parameters if name in named}
        taken = keras.Input((task.size, task.size, 1))
        whole = not _unknown(self.builder)
        given = self.builder(**known) if whole else self.builder(taken, **known)
        if isinstance(given, keras.Model):
            return given
        if whole or not isinstance(given, keras.KerasTensor):
            wanted = "keras.Model" if whole else "tensor of the last hidden layer, or a keras.Model"
            raise self._no_network(f"it returns {_kind(given)}, where a {wanted} belongs")
        if len(given.shape) != 2:
            shape = " x ".join(map(str, given.shape[1:]))
            raise self._no_network(f"it returns a tensor of {shape}: flatten or pool it to one axis")
        return keras.Model(taken, given if _is_output(given, task) else keras.layers.Dense(task.classes)(given))

    def _no_network(self, what: str) -> KitError:
        return _NoNetworkError(str(self._refused(what)))

    def _refused(self, what: str) -> KitError:
        place = self.code.path if self.code else "arch"
        return KitError(f"{place}, in {self.function}: {what}")

    def _blamed(self) -> Any:
        return self.code.blamed() if self.code else contextlib.nullcontext()


def names_file(arch: Any) -> bool:
    """Whether an architecture is given as a file, FILE.py or FILE.py:FUNCTION."""
    return _parts(arch) is not None


def read(arch: str | Path, task: Task = ROWS) -> OwnNetwork:
    """The network of FILE.py:FUNCTION, or the first that fits of FILE.py.

    Raises:
        KitError: There is no such file or function, none fits, or the file fails; the message has its line.
    """
    path, function = _parts(arch) or (str(arch), None)
    found = of_code(network_code.read(path), function, task)
    network_code.trust(_code_of(found).digest)
    return found


def of_code(code: NetworkCode, function: str | None, task: Task = ROWS) -> OwnNetwork:
    """The network of that function in a file, or of the first that fits; KitError as `read` has it."""
    names, module = _candidates(code), code.module()
    if function:
        if not callable(getattr(module, function, None)):
            near = difflib.get_close_matches(function, names, n=1, cutoff=0.4) or names[:1]
            raise KitError(f"{code.path}:{function}: no such function in it: did you mean {near[0]}?")
        return _own(code, function, several=True, task=task)
    failed = list[KitError]()
    for name in names:
        own = _own(code, name, several=False, task=task)
        try:
            own.build(task=task)
        except KitError as error:
            failed.append(error)
        else:
            return own
    raise _worst(failed)


def read_all(path: str | Path, notify: Callable[[str], None] = lambda line: None) -> list[OwnNetwork]:
    """Every network of a file, in its order.

    Raises:
        KitError: As in `read`, where there is none; what is wrong with one beside others is told to `notify`.
    """
    code = network_code.read(path)
    found, failed = list[OwnNetwork](), list[KitError]()
    for name in _candidates(code):
        try:
            found.append(_for_either(code, name))
        except KitError as error:
            failed.append(error)
    if not found:
        raise _worst(failed)
    for wrong in failed:
        if not isinstance(wrong, _NoNetworkError):
            notify(str(wrong))
    return found


def _for_either(code: NetworkCode, name: str) -> OwnNetwork:
    """The network of a function for rows, or for the camera if it can be built for that alone."""
    rows, camera = (_own(code, name, several=True, task=task) for task in (ROWS, CAMERA))
    try:
        _ = rows.parameters
    except KitError:
        with contextlib.suppress(KitError):
            return camera if camera.parameters else rows
        raise
    return rows


def of_function(builder: Callable[..., Any], task: Task = ROWS) -> OwnNetwork:
    """The network that a Python function builds, with its source where it can be had."""
    from kit.training.source_code import source_of

    name = getattr(builder, "__name__", "network")
    code = source_of(builder)
    bare = OwnNetwork(name, name, builder, None, DEFAULTS, None, _first_line(builder), task)
    if code is None:
        return bare
    network_code.trust(code.digest)
    own = _own(code, name, several=False, task=task)
    return OwnNetwork(name, name, own.builder, code, own.recipe, own.pixels, own.source, task, own.search)


def _worst(failed: list[KitError]) -> KitError:
    """The first error of a function that builds a network, before those that build none."""
    return min(failed, key=lambda error: isinstance(error, _NoNetworkError))


def _own(code: NetworkCode, function: str, *, several: bool, task: Task) -> OwnNetwork:
    module = code.module()
    builder = getattr(module, function)
    name = Path(code.path).name + (f":{function}" if several else "")
    recipe, pixels, search = _recipe(code, module), _pixels(code, module), vars(module).get("SEARCH")
    return OwnNetwork(name, function, builder, code, recipe, pixels, _first_line(builder), task, search)


def _code_of(own: OwnNetwork) -> NetworkCode:
    assert own.code
    return own.code


def _parts(arch: Any) -> tuple[str, str | None] | None:
    found = re.fullmatch(r"(.+\.py)(?::(\w+))?", str(arch)) if isinstance(arch, str | Path) else None
    return (found[1], found[2]) if found else None


def _candidates(code: NetworkCode) -> list[str]:
    """The functions of a file that may build a network, by what they take; what they are called begins with no _."""
    if not (defined := code.functions()):
        raise KitError(f"{code.path}: there is no function in it: put the network into one: {_ADVICE}")
    module = code.module()
    functions = {name: value for name in defined if isinstance(value := vars(module).get(name), types.FunctionType)}
    fitting = [name for name, value in functions.items() if not name.startswith("_") and len(_unknown(value)) <= 1]
    if not fitting:
        raise KitError(f"{code.path}: no function in it takes one tensor or nothing: {_ADVICE}")
    return fitting


def _unknown(builder: Callable[..., Any]) -> list[str]:
    """The parameters that a caller must give, but for those that are known by their name."""
    parameters = inspect.signature(builder).parameters.values()
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [one.name for one in parameters if one.default is one.empty and one.kind not in kinds]
    return [name for name in needed if name not in (*_SIZES, *_CLASSES)]


def _is_output(tensor: Any, task: Task) -> bool:
    """Whether what a function returned for the last hidden layer is what a network gives."""
    last = tensor._keras_history.operation
    kind, activation = type(last).__name__, last.get_config().get("activation")
    ends = "softmax" in (kind.lower(), activation) or (kind == "Dense" and activation == "linear")
    return bool(ends and tensor.shape[1] == task.classes)


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def _recipe(code: NetworkCode, module: types.ModuleType) -> Recipe:
    given = vars(module).get("RECIPE", {})
    where = f"{code.path}: RECIPE"
    if not isinstance(given, dict):
        raise KitError(f"{where}: {_kind(given)}, where a dictionary belongs, such as dict(epochs=10, batch_size=64)")
    known = [field.name for field in fields(Recipe)]
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            advice = f"did you mean {near[0]}?" if near else f"choose from {', '.join(known)}"
            raise KitError(f"{where}: {name!r} is no setting of a training: {advice}")
    rate = {"learning_rate": OPTIMIZERS[given["optimizer"]]} if given.get("optimizer") in OPTIMIZERS else {}
    return recipe_of({"epochs": DEFAULTS.epochs, "batch_size": DEFAULTS.batch_size, **rate, **given}, where)


def _pixels(code: NetworkCode, module: types.ModuleType) -> Pixels | None:
    given = vars(module).get("PIXELS")
    if given is not None and given not in PIXELS:
        raise KitError(f"{code.path}: PIXELS = {given!r}: choose from {', '.join(PIXELS)}")
    return None if given is None else PIXELS[given]


def _first_line(builder: Callable[..., Any]) -> str:
    return (inspect.getdoc(builder) or "").partition("\n")[0].strip()


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """What is drawn without a seed follows from this one; afterwards the generators are as they were."""
    before, before_numpy = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(before_numpy)


def _random_layer(model: "keras.Model") -> Any:
    """The first layer that makes two things of the same pictures in training, though its seeds are the same."""
    keras = backend.keras()
    outputs = [layer.output for layer in model.layers]
    everything = keras.Model(model.input, outputs)
    weights, states = model.get_weights(), seed_states(model)
    seeds = [np.asarray(state) for state in states]
    pictures = np.random.default_rng(0).integers(0, 256, (8, *model.input_shape[1:])).astype(np.float32)

    def seen() -> list[np.ndarray]:
        model.set_weights(weights)  # batch normalisation counts
        for state, seed in zip(states, seeds, strict=True):
            state.assign(seed)
        return [np.asarray(part, np.float32) for part in everything(pictures, training=True)]

    pairs = zip(model.layers, seen(), seen(), strict=True)
    found = next((layer for layer, one, other in pairs if not np.array_equal(one, other, equal_nan=True)), None)
    model.set_weights(weights)
    return found
