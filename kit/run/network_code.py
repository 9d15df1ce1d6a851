"""A network's own code, `network.py` in its run: checked, trusted and executed; its errors said as its author's.

Code does whatever it likes with a computer. So that of a run is executed only where it is known: it was trained here,
or somebody has said that it may be.
"""

import ast
import codecs
import contextlib
import functools
import hashlib
import os
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit import KitError, backend
from kit.stored import content_of

FILE = "network.py"
_LARGEST = 2**20  # bytes
_LONGEST = 300  # characters of somebody's error message
_REMEDY = "give a Python file of at most 1 MB"
_IN_KERAS = "Exception encountered when calling"
_TRUSTED: set[str] = set()


class CodeError(KitError):
    """Code that builds a network, or is a part of one, has failed by its author's doing."""


@dataclass(frozen=True)
class NetworkCode:
    """A Python file that builds networks.

    Attributes:
        content: Its bytes.
        path: What its errors call it.
    """

    content: bytes
    path: str

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes."""
        return hashlib.sha256(self.content).hexdigest()

    def functions(self) -> list[str]:
        """The names of the functions that it defines, in its order; nothing is executed.

        Raises:
            KitError: It is no Python.
        """
        with self.blamed():
            try:
                parsed = ast.parse(self.content, self.path)
            except ValueError as error:  # Python 3.11's word for a zero byte
                raise SyntaxError(str(error)) from error
        found = []
        for statement in ast.walk(parsed):
            if isinstance(statement, ast.FunctionDef):
                found.append(statement.name)
            elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda):
                found += [target.id for target in statement.targets if isinstance(target, ast.Name)]
        return found

    def module(self) -> types.ModuleType:
        """What it defines, executed once in a process.

        Raises:
            KitError: It fails; the message has its line.
        """
        backend.keras()  # first, or it would import Keras with its chatter and somebody's keras.json
        with self.blamed():
            module = _executed(self.content, self.path)
        backend.keras()  # it may have changed what networks depend on
        return module

    def objects(self) -> dict[str, Any]:
        """Its own classes and functions by name, for Keras to find."""
        module = self.module()
        return {
            name: value for name, value in vars(module).items()
            if isinstance(value, type | types.FunctionType) and value.__module__ == module.__name__
        }  # fmt: skip

    @contextlib.contextmanager
    def blamed(self) -> Iterator[None]:
        """What is raised inside is said in one line as an error of this file; prints go to standard error."""
        try:
            with contextlib.redirect_stdout(sys.stderr):
                yield
        except KitError:
            raise
        except (Exception, SystemExit) as error:
            raise CodeError(f"{self._place(error) or self.path}: {_said(error)}") from error

    @contextlib.contextmanager
    def blamed_for_its_own(self) -> Iterator[None]:
        """The same of what comes up in lines of this file; what does not goes through as it is."""
        try:
            yield
        except KitError:
            raise
        except (Exception, SystemExit) as error:
            if place := self._place(error):
                raise CodeError(f"{place}: {_said(error)}") from error
            raise

    def _place(self, error: BaseException) -> str:
        """File, line and function where the error came up, as far as it was in this file; "" where it was not."""
        if isinstance(error, SyntaxError) and error.filename in (self.path, None):
            return f"{self.path}, line {error.lineno}" if error.lineno else self.path
        place, trace = "", error.__traceback__
        while trace:
            code = trace.tb_frame.f_code
            if code.co_filename == self.path:
                where = "" if code.co_name == "<module>" else f", in {code.co_name}"
                place = f"{self.path}, line {trace.tb_lineno}{where}"
            trace = trace.tb_next
        return place


def read(path: Path | str) -> NetworkCode:
    """The file's code, in UTF-8; KitError where there is no such file, or none that could be one.

    UTF-16 is what `kit networks --show NAME > mine.py` makes in Windows PowerShell, and what Python does not read.
    """
    content = content_of(Path(path), _LARGEST, _REMEDY)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            content = content.decode("utf-16").encode()
        except UnicodeError as error:
            raise KitError(f"{path}: damaged, it begins as UTF-16 and is none: save it as UTF-8") from error
    return NetworkCode(content, str(path))


def of_run(folder: Path, digest: str) -> NetworkCode:
    """The code that a run keeps.

    Args:
        folder: The run's.
        digest: Its SHA-256 as the run's settings have it.

    Raises:
        KitError: It is missing, is not what was trained, or nobody on this computer has trained or allowed it.
    """
    code = read(folder / FILE)
    if code.digest != digest:
        raise KitError(f"{code.path}: not the code that this run was trained with: restore the file or train again")
    if not is_trusted(digest):
        raise KitError(
            f"{code.path}: code from elsewhere, which could do anything: read it, and if you trust it set "
            f"KIT_TRUST={digest[:16]} once"
        )
    return code


def trust(digest: str) -> None:
    """From now on code of this SHA-256 may be executed here."""
    _TRUSTED.add(digest)
    with contextlib.suppress(OSError):  # without a home it holds for this process
        _trusted_folder().mkdir(parents=True, exist_ok=True)
        (_trusted_folder() / digest).touch()


def is_trusted(digest: str) -> bool:
    """Whether code of this SHA-256 was trained here, or allowed by `KIT_TRUST`, then or now."""
    allowed = os.environ.get("KIT_TRUST", "")
    if len(allowed) >= 16 and digest.startswith(allowed):
        trust(digest)
    return digest in _TRUSTED or (_trusted_folder() / digest).exists()


def _trusted_folder() -> Path:
    import platformdirs

    return platformdirs.user_data_path("kit", appauthor=False) / "trusted"


@functools.cache
def _executed(content: bytes, path: str) -> types.ModuleType:
    module = types.ModuleType(f"kit_network_{hashlib.sha256(content).hexdigest()[:16]}")
    module.__file__ = path
    sys.modules[module.__name__] = module  # where dataclasses and Keras look a class up
    exec(compile(content, path, "exec"), vars(module))
    return module


def _said(error: BaseException) -> str:
    """An error's kind and message on one line, cut where it is long."""
    if isinstance(error, SystemExit):
        return "it ends Python: take that out"
    while _IN_KERAS in str(error) and error.__context__ is not None:  # said again by Keras, at length
        error = error.__context__
    said = " ".join(str(error).split())
    if isinstance(error, ModuleNotFoundError):
        said += ": install it, or put what it has into this file, for a file beside it is not kept with the run"
    if len(said) > _LONGEST:
        said = said[: _LONGEST - 1] + "…"
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
