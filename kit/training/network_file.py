"""A network of kit's → a Python file that builds it, to start a network of one's own from."""

import dataclasses
import inspect
import textwrap
from typing import Any

from kit.run.settings import Recipe
from kit.training.canonical import LOGITS, PIXELS, PROBABILITIES, calls
from kit.training.networks import Network

_ONCE_FOR_ALL = ("name", "dtype", "trainable", "seed", "data_format", "activity_regularizer")
_WIDTH = 100


def file_of(network: Network) -> str:
    """The text of a file that builds this network, by its recipe.

    `kit train --arch FILE.py` with the same seed makes the same weights as `kit train --arch NAME`.
    """
    name = network.name.replace("-", "_")
    recipe = {
        field.name: getattr(network.recipe, field.name) for field in dataclasses.fields(Recipe)
        if getattr(network.recipe, field.name) != field.default
    }  # fmt: skip
    parts = [
        f'"""{network.name}: {network.source}; {network.parameters:,} parameters."""\n\nfrom keras import layers',
        f"RECIPE = {_dictionary(recipe)}",
        *(['PIXELS = "0-255"  # as they come: not divided by 255 first'] if not network.scaled else []),
    ]
    body = textwrap.indent(f'"""{inspect.cleandoc(network.builder.__doc__ or network.source)}"""', "    ")
    if "\n" in body:
        body = body[:-3] + '\n    """'
    lines = textwrap.indent("\n".join(_lines(network)), "    ")
    return "\n\n".join(parts) + f"\n\n\ndef {name}(x):\n{body}\n{lines}\n"


def _dictionary(values: dict[str, Any]) -> str:
    whole = f"dict({', '.join(f'{name}={_literal(value)}' for name, value in values.items())})"
    if len(whole) < _WIDTH - len("RECIPE = "):
        return whole
    return "dict(\n" + "".join(f"    {name}={_literal(value)},\n" for name, value in values.items()) + ")"


def _lines(network: Network) -> list[str]:
    """One for each layer between the scaled pixels and the last hidden layer, in the order of their seeds."""
    model = network.build(task=network.task)
    last = model.get_layer(LOGITS).input
    nodes = [node for node in calls([last]) if not _is_before(node)]
    left = [id(tensor) for node in nodes for tensor in node.input_tensors] + [id(last)]  # uses that are to come
    first = nodes[0].input_tensors[0]
    names = {id(first): "x"}
    lines = []
    for node in nodes:
        taken = [names[id(tensor)] for tensor in node.input_tensors]
        for tensor in node.input_tensors:
            left.remove(id(tensor))
        free = [names[id(tensor)] for tensor in node.input_tensors if id(tensor) not in left]
        used = {names[number] for number in left if number in names}
        spare = (name for name in ["x", *(f"x{count}" for count in range(2, 99))] if name not in used)
        given = node.output_tensors[0]
        names[id(given)] = min(free, default="") or next(spare)
        arguments = taken[0] if len(taken) == 1 else f"[{', '.join(taken)}]"
        lines.append(f"{names[id(given)]} = layers.{_call(node.operation)}({arguments})")
    return [*lines, f"return {names[id(last)]}"]


def _is_before(node: Any) -> bool:
    return node.is_input or node.operation.name in (PIXELS, "scale1", LOGITS, PROBABILITIES)


def _call(layer: Any) -> str:
    """A layer as it is written: its class, with what differs from the class' defaults."""
    config = layer.get_config()
    written = list[str]()
    for parameter in inspect.signature(type(layer).__init__).parameters.values():
        if parameter.name not in config or parameter.name in _ONCE_FOR_ALL or parameter.name.endswith("_initializer"):
            continue
        if parameter.name.endswith("_regularizer"):  # L2 is of the recipe
            continue
        value, default = (_short(each) for each in (config[parameter.name], parameter.default))
        if parameter.default is parameter.empty or (parameter.name == "pool_size" and not written):
            written.append(_literal(value))
        elif value != default and not (parameter.name == "strides" and _is_pools_own(config, value)):
            written.append(f"{parameter.name}={_literal(value)}")
    return f"{type(layer).__name__}({', '.join(written)})"


def _is_pools_own(config: dict[str, Any], strides: Any) -> bool:
    return "pool_size" in config and _short(config["pool_size"]) == strides


def _short(value: Any) -> Any:
    """A size for every axis as one number, where it is the same; "linear" as Keras takes it for none."""
    if isinstance(value, list | tuple) and len(set(value)) == 1:
        return value[0]
    return None if value == "linear" else value


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
