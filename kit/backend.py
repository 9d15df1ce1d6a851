"""TensorFlow, Keras and coremltools, imported when first needed (3 to 8 s) and without their chatter."""

import contextlib
import functools
import importlib
import importlib.util
import io
import logging
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kit import KitError, installation

NO_COREMLTOOLS = "coremltools makes Core ML and is not here, there is one for macOS and Linux x86-64 only"

# TensorFlow warns where it compiles one function many times for few calls each, as it must for many short trainings.
logging.getLogger("tensorflow").addFilter(lambda record: "tf.function retracing" not in str(record.msg))


def keras() -> Any:
    """Keras on TensorFlow, with its own defaults for all that a network's numbers depend on.

    A notebook may have set them otherwise, and the same command would make another network: they stay as set here.

    Raises:
        KitError: Keras is in use with another backend already, in a notebook for example.
    """
    tensorflow()
    import keras

    if keras.config.backend() != "tensorflow":
        raise KitError(
            f"Keras runs on {keras.config.backend()} here and kit needs it on TensorFlow: "
            "restart Python, or set KERAS_BACKEND=tensorflow before importing keras"
        )
    config = keras.config
    config.set_image_data_format("channels_last")
    config.set_floatx("float32")
    config.set_epsilon(1e-7)
    config.set_dtype_policy("float32")
    config.set_max_epochs(None)
    config.set_max_steps_per_epoch(None)
    return keras


def tensorflow() -> Any:
    """TensorFlow, with as many threads as `threads` says, unless it has computed already.

    Raises:
        KitError: `KIT_THREADS` is no number of threads, or TensorFlow is not installed or cannot be loaded.
    """
    if "tensorflow" not in sys.modules:
        _wanted_threads()  # so that a wrong number is said before seconds of import
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        try:
            with _silenced_stderr(), _keras_defaults():
                importlib.import_module("tensorflow")
        except Exception as error:  # a plugin that does not fit raises TensorFlow's own
            raise KitError(_why_not_loaded(error)) from error
    _set_threads()
    if gpus():
        experimental = sys.modules["tensorflow"].config.experimental
        experimental.enable_op_determinism()
        experimental.enable_tensor_float_32_execution(False)  # which has ten bits of float32's twenty-three
    return sys.modules["tensorflow"]


def _why_not_loaded(error: Exception) -> str:
    """Why there is no TensorFlow; of a library that it lacks it tells at the end of a whole traceback."""
    if isinstance(error, ModuleNotFoundError) and error.name == "tensorflow":
        return installation.without_tensorflow()
    if plugin := re.search(r"tensorflow-plugins[/\\]([\w.-]+)", str(error)):
        remedy = "pip uninstall the package that brought it, such as tensorflow-metal"
        return f"TensorFlow cannot be loaded: its plugin {plugin[1]} is not made for this version of it: {remedy}"
    lines = re.findall(r"^\w*Error: (.+)$", str(error), re.MULTILINE) or str(error).split("\n")
    said = f": {lines[-1].strip().rstrip('.')}" if lines[-1] else ""
    windows = "install Microsoft's Visual C++ Redistributable, which it needs"
    advice = windows if sys.platform == "win32" else installation.pip_install("--force-reinstall", "tensorflow")
    return f"TensorFlow cannot be loaded{said}: {advice}"


@contextlib.contextmanager
def computed(remedy: str) -> Iterator[None]:
    """What TensorFlow fails at inside, or for want of memory, is a KitError; the remedy is one for that want."""
    try:
        yield
    except MemoryError as error:
        raise KitError(f"there is too little memory: {remedy}", exit_code=1) from error
    except tensorflow().errors.OpError as error:  # a GPU whose memory is full, or that lacks an operation
        full = isinstance(error, tensorflow().errors.ResourceExhaustedError)
        what = f"TensorFlow failed, {reason(error)}"
        raise KitError(f"{what}: {remedy}" if full else what, exit_code=1) from error


def reason(error: Exception) -> str:
    """What an error of Keras or TensorFlow says is wrong, in a line, without the places that it came through."""
    text = str(error)
    bold = re.search(r"\x1b\[1m(.+?)\x1b\[0m", text, re.DOTALL)
    text = bold[1] if bold else text.rpartition("Exception encountered: ")[2]
    if inside_a_graph := re.search(r"^(.+)\n\s*\[\[", text, re.MULTILINE):  # behind where the operation stands
        text = inside_a_graph[1]
    lines = re.sub(r"\{\{.*?\}\}|\[Op:.*|\[\[.*", "", text).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__


def threads() -> int:
    """How many threads an operation of TensorFlow has: the last bits of a network's weights depend on it.

    As many as there are processors, or `KIT_THREADS`; of TensorFlow's and OpenMP's own variables none counts.
    """
    if "tensorflow" not in sys.modules:
        return _wanted_threads()
    return int(tensorflow().config.threading.get_intra_op_parallelism_threads()) or _processors()


def device() -> str:
    """What networks are computed on: the names of the GPUs that TensorFlow sees, else CPU.

    The last bits of a network's weights depend on it. On one and the same they come out the same each time, on a GPU
    too: TensorFlow's operations are told so, which costs some of its speed. And float32 is float32 there as on a CPU.
    """
    tensorflow()
    return ", ".join(gpus()) or "CPU"


@functools.cache
def gpus() -> tuple[str, ...]:
    """Names of the GPUs that TensorFlow, which has been imported, computes on."""
    config = sys.modules["tensorflow"].config
    found = config.list_physical_devices("GPU")
    return tuple(config.experimental.get_device_details(each).get("device_name", each.name) for each in found)


@functools.cache
def _set_threads() -> None:
    with contextlib.suppress(RuntimeError):  # it has computed already, in a notebook
        sys.modules["tensorflow"].config.threading.set_intra_op_parallelism_threads(_wanted_threads())


def _wanted_threads() -> int:
    given = os.environ.get("KIT_THREADS", "")
    if given and not re.fullmatch("[1-9][0-9]{0,3}", given):
        raise KitError(f"KIT_THREADS={given}: give the number of threads, such as 2")
    return int(given or _processors())


def _processors() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def _keras_defaults() -> Iterator[None]:
    """Keras reads `keras.json` and variables when it is imported, and where they are damaged it cannot be."""
    own = {"KERAS_BACKEND": "tensorflow", "KERAS_HOME": f"{os.devnull}/keras"}  # where nothing is, nor can be
    theirs = {name: os.environ.pop(name) for name in [*os.environ] if name.startswith("KERAS_")}
    os.environ.update(own)
    try:
        yield
    finally:
        for name in own:
            del os.environ[name]
        os.environ.update(theirs)


@functools.cache
def has_coremltools() -> bool:
    """Whether coremltools is installed whole, without the seconds of its import.

    Where there is no wheel of it, pip builds one from its source that lacks its native part, and can write nothing.
    """
    try:
        found = importlib.util.find_spec("coremltools")
    except ImportError:
        return False
    folders = (found and found.submodule_search_locations) or []
    return any(part for folder in folders for part in Path(folder).glob("libmilstoragepython.*"))


def coremltools() -> Any:
    """coremltools, without its remarks on this platform; it imports TensorFlow where that is installed.

    Raises:
        KitError: It is not installed, or not whole.
    """
    if not has_coremltools():
        raise KitError(NO_COREMLTOOLS)
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
