"""What each format needs so that it can be made, and whether it is here: not every platform has all of it."""

import platform
import sys
from importlib.util import find_spec

from kit import KitError, backend, installation
from kit.exporting.formats import SUFFIXES, TARGETS

_PACKAGES = {"tflite": ["ai_edge_litert"], "onnx": ["onnx", "onnxruntime", "tf2onnx"]}
_OTHERS = " or ".join(name for name in SUFFIXES if name not in TARGETS)


def require(format: str, what: str = "") -> None:  # noqa: A002
    """KitError, with the way out, where what makes this format, or runs it, is not installed.

    Args:
        format: As `kit export --format` has it.
        what: What the message begins with; that option without it.
    """
    if missing := _missing(format):
        raise KitError(f"{what or f'--format {format}'}: {missing}")


def makeable() -> str:
    """The first of the formats that can be made here; KitError, with the way out, where none can."""
    for format in SUFFIXES:  # noqa: A001
        if not _missing(format):
            return format
    raise KitError(f"no model for an app can be made here: {_missing('tflite')}")


def _missing(format: str) -> str:  # noqa: A002
    """What is not here and how to get it, or what to choose instead; empty where all is here."""
    if format in TARGETS:
        return "" if backend.has_coremltools() else _without_coremltools()
    for package in _PACKAGES[format]:
        if find_spec(package) is None:
            return f"{package} is not installed: {installation.pip_install_extra(format)}"
    return ""


def _without_coremltools() -> str:
    made = sys.platform == "darwin" or (sys.platform == "linux" and platform.machine() == "x86_64")
    way = f"{installation.pip_install('coremltools')}, or choose" if made else "choose"
    return f"{backend.NO_COREMLTOOLS}: {way} --format {_OTHERS}"
