"""A function of a notebook or a script → a file that defines the same, with all that it uses."""

import ast
import builtins
import contextlib
import importlib
import inspect
import symtable
import sys
import textwrap
import types
from collections.abc import Callable
from typing import Any

from kit import KitError
from kit.run.network_code import FILE, NetworkCode

_PUBLIC = ("keras", "keras.layers", "keras.ops", "keras.regularizers", "keras.initializers", "keras.activations")


class _UnknownError(Exception):
    """Something that a function uses cannot be written down."""


def source_of(function: Callable[..., Any]) -> NetworkCode | None:
    """A file with that function, and the imports, constants, classes and functions that it uses.

    Returns:
        None where Python does not know the source of one of them, or one is an object that no source can make again.
    """
    collected = _Collected(function)
    with contextlib.suppress(_UnknownError, OSError, TypeError, SyntaxError, KitError):
        collected.add(function)
        code = NetworkCode(collected.text.encode(), FILE)
        if callable(getattr(code.module(), function.__name__, None)):
            return code
    return None


class _Collected:
    """Definitions in the order in which Python needs them."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._home = function.__module__ if isinstance(function, types.FunctionType) else None
        self._imports: list[str] = []
        self._definitions: list[str] = []
        self._seen: set[str] = set()

    @property
    def text(self) -> str:
        return "\n".join(sorted(self._imports)) + "\n\n\n" + "\n\n\n".join(self._definitions) + "\n"

    def add(self, defined: Any) -> None:
        """A function or class, after what it uses."""
        if isinstance(defined, types.FunctionType) and defined.__name__ == "<lambda>":
            raise _UnknownError
        source = textwrap.dedent(inspect.getsource(defined))
        self._seen.add(defined.__name__)
        known, used = self._known(defined), _names_from_outside(symtable.symtable(source, "source", "exec"))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Name) and node.id in used & known.keys() and node.id not in self._seen:
                self._seen.add(node.id)
                self._define(node.id, known[node.id])
        self._definitions.append(source.rstrip())

    def _known(self, defined: Any) -> dict[str, Any]:
        """What the names in a function or class stand for, but for Python's own."""
        if isinstance(defined, types.FunctionType):
            free = inspect.getclosurevars(defined).nonlocals
            return {**defined.__globals__, **free}
        return vars(sys.modules[defined.__module__])

    def _define(self, name: str, value: Any) -> None:
        if getattr(builtins, name, None) is value:
            return
        if isinstance(value, types.ModuleType):
            self._imports.append(_import(value, name))
        elif isinstance(value, types.FunctionType | type) and value.__module__ == self._home:
            self.add(value)
        elif (found := _public_name(value)) is not None:
            module, own = found
            self._imports.append(f"from {module} import {own}" + (f" as {name}" if name != own else ""))
        elif _is_literal(value):
            self._definitions.append(f"{name} = {value!r}")
        else:
            raise _UnknownError


def _names_from_outside(table: symtable.SymbolTable) -> set[str]:
    """The names in a piece of source that it does not define itself, nor any function in it."""
    outside = table.get_type() == "module"
    names = {one.get_name() for one in table.get_symbols() if one.is_referenced() and (outside or one.is_global())}
    return names.union(*map(_names_from_outside, table.get_children()))


def _import(module: types.ModuleType, name: str) -> str:
    tensorflows = getattr(sys.modules.get("tensorflow"), "keras", None)
    if tensorflows and module.__name__ == tensorflows.__name__:  # it is another object after its first use
        return "from tensorflow import keras" + (f" as {name}" if name != "keras" else "")
    if importlib.import_module(module.__name__) is not module:
        raise _UnknownError
    return f"import {name}" if module.__name__ == name else f"import {module.__name__} as {name}"


def _public_name(value: Any) -> tuple[str, str] | None:
    """Module and name under which something can be imported."""
    name = getattr(value, "__name__", None)
    if not name or not getattr(value, "__module__", None):
        return None
    for module in (*_PUBLIC, value.__module__):
        if getattr(sys.modules.get(module), name, None) is value:
            return module, name
    return None


def _is_literal(value: Any) -> bool:
    try:
        return bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
