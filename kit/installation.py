"""What kit stands on here: its versions, and whether TensorFlow is made for this platform at all.

`python -m kit.installation` says the latter before anything is installed: a line where kit cannot be, else nothing.
"""

import platform
import re
import sys
import sysconfig
from importlib import metadata

from kit import __version__

_SHOWN = ("TensorFlow", "Keras", "coremltools")  # what results and exports depend on most
_MADE_FOR = ("linux-x86_64", "linux-aarch64", "win-amd64", "macosx-arm64")  # that TensorFlow is
_OTHERS = {  # platforms that people have all the same → what they are called, and the way out
    "macosx-x86_64": ("macOS on x86-64", "on a Mac with Apple silicon take a Python that is built for it, arm64"),
    "win-arm64": ("Windows on ARM", "use Linux in WSL, for which there is one"),
    "win32": ("Python of 32 bits", "take one of 64 bits"),
}
_EXTRAS = {  # what they bring: a clone and a wheel, which no registry has, are both told the packages themselves
    "cluster": ("bokeh>=3.1", "cryptography>=42", "distributed>=2025.1"),
    "heic": ("pillow-heif>=1.1",),
    "kaggle": ("kaggle>=2.2.4", "six>=1.16"),
    "onnx": ("onnx>=1.20", "onnxruntime>=1.24", "tf2onnx>=1.17"),
    "serve": ("h11>=0.14", "starlette>=0.47", "uvicorn>=0.30"),
    "sweep": ("optuna>=5.0",),
    "tflite": ("ai-edge-litert>=2.1",),
}
_EVERYWHERE = "there is one for Linux with glibc on x86-64 and aarch64, Windows on x86-64 and macOS on arm64"


def versions() -> list[str]:
    """kit and what it stands on, a name and a version each; nothing is imported for it."""
    return [
        f"kit {__version__}",
        f"Python {platform.python_version()}",
        *(f"{package} {_version(package)}" for package in _SHOWN),
    ]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def pip_install(*arguments: str) -> str:
    """The command that installs these, as cmd, PowerShell and sh all take it: single quotes are none to cmd."""
    return " ".join(["pip install", *(_quoted(argument) for argument in arguments)])


def _quoted(argument: str) -> str:
    return argument if re.fullmatch(r"[\w.-]+", argument) else f'"{argument}"'


def pip_install_extra(name: str) -> str:
    """The command that installs what an extra of kit's brings, such as "serve"."""
    return pip_install(*_EXTRAS[name])


def without_tensorflow() -> str:
    """What to say where it is not installed."""
    return obstacle() or f"TensorFlow is not installed: {pip_install('tensorflow')}"


def obstacle() -> str | None:
    """Why kit cannot be installed on this platform; None where it can."""
    here = _platform()
    if here in _MADE_FOR:
        return None
    name, way_out = _OTHERS.get(here, (here, _EVERYWHERE))
    return f"kit needs TensorFlow, and there is none for {name}: {way_out}"


def _platform() -> str:
    """System and processor as wheels name them, of this Python: the computer's own may be others."""
    system, _, rest = sysconfig.get_platform().partition("-")
    if system == "macosx":  # macosx-11.0-universal2 is built for both processors and runs on one of them
        return f"macosx-{platform.machine()}"
    if "musl" in str(sysconfig.get_config_var("HOST_GNU_TYPE")):
        return f"{system} with musl"
    return f"{system}-{rest}" if rest else system


if __name__ == "__main__":
    sys.exit(f"error: {problem}" if (problem := obstacle()) else 0)
