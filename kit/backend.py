"""TensorFlow, Keras and coremltools, imported when first needed (3 to 8 s) and without their chatter."""

import contextlib
import importlib
import io
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kit import KitError


def keras() -> Any:
    """Keras on TensorFlow.

    Raises:
        KitError: Keras is in use with another backend already, in a notebook for example.
    """
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
    tensorflow()
    import keras

    if keras.config.backend() != "tensorflow":
        raise KitError(
            f"Keras runs on {keras.config.backend()} here and kit needs it on TensorFlow: "
            "restart Python, or set KERAS_BACKEND=tensorflow before importing keras"
        )
    return keras


def tensorflow() -> Any:
    if "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        try:
            Path.home()
        except RuntimeError:  # of a user without a home: TensorFlow would make a folder called ~ right here
            os.environ.setdefault("KERAS_HOME", str(Path(tempfile.gettempdir(), ".keras")))
        with _silenced_stderr():
            importlib.import_module("tensorflow")
    return sys.modules["tensorflow"]


def coremltools() -> Any:
    """coremltools, without its remarks on this platform; it imports TensorFlow where that is installed."""
    if "coremltools" not in sys.modules:
        tensorflow()
        with quiet():
            importlib.import_module("coremltools")
        logging.getLogger("coremltools").setLevel(logging.CRITICAL)
    return sys.modules["coremltools"]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Holds back what libraries print, log and warn of, from Python and from C++; what they raise goes through."""
    with warnings.catch_warnings(), contextlib.ExitStack() as stack:
        warnings.simplefilter("ignore")
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        stack.enter_context(_silenced_stderr())
        yield


@contextlib.contextmanager
def _silenced_stderr() -> Iterator[None]:
    """Holds back what C++ writes to standard error (remarks on missing GPUs); shows it if the block fails."""
    try:
        terminal = os.dup(2)
    except OSError:  # started without a standard error
        yield
        return
    with tempfile.TemporaryFile() as chatter:
        os.dup2(chatter.fileno(), 2)
        try:
            yield
        except ImportError:
            chatter.seek(0)
            os.write(terminal, chatter.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
