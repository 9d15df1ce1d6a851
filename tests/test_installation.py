"""Versions and platforms: what is installed is named, what is missing or made for no such platform is one line."""

import ast
import os
import re
import runpy
import shlex
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from conftest import assert_one_line
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from typer.main import get_command

from kit import KitError, __version__, backend, installation
from kit.cli.main import app

ROOT = Path(__file__).parents[1]
PLATFORMS = (ROOT / "docs" / "platforms.md").read_text(encoding="utf-8")
HIDES_TENSORFLOW = """
import sys
class Hidden:
    def find_spec(name, path=None, target=None):
        if name == "tensorflow":
            raise ModuleNotFoundError("No module named 'tensorflow'", name=name)
sys.meta_path.insert(0, Hidden)
"""
RUNTIME = """Traceback (most recent call last):
  File "pywrap_tensorflow.py", line 73, in <module>
    from tensorflow.python._pywrap_tensorflow_internal import *
ImportError: DLL load failed while importing _pywrap_tensorflow_internal: the module was not found.


Failed to load the native TensorFlow runtime.
See the common causes and solutions."""


def test_versions_are_those_that_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = {name: metadata.version(name) for name in ("tensorflow", "keras")}

    def version(name: str) -> str:
        if name.lower() not in installed:
            raise metadata.PackageNotFoundError(name)
        return installed[name.lower()]

    monkeypatch.setattr(metadata, "version", version)
    assert installation.versions() == [
        f"kit {__version__}", f"Python {sys.version.split()[0]}", f"TensorFlow {installed['tensorflow']}",
        f"Keras {installed['keras']}", "coremltools not installed",
    ]  # fmt: skip


def test_the_version_stands_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"] and "version" not in project["project"]
    assert project["tool"]["hatch"]["version"]["path"] == "kit/__init__.py"


@pytest.mark.parametrize(
    ("platform", "machine", "words"),
    [
        ("linux-x86_64", "x86_64", None), ("linux-aarch64", "aarch64", None), ("win-amd64", "AMD64", None),
        ("win-amd64", "ARM64", None),  # an x86-64 Python, which Windows on ARM emulates
        ("macosx-14.0-arm64", "arm64", None), ("macosx-10.13-universal2", "arm64", None),
        ("macosx-10.13-universal2", "x86_64", "none for macOS on x86-64: on a Mac with Apple silicon"),
        ("macosx-10.9-x86_64", "x86_64", "none for macOS on x86-64: on a Mac with Apple silicon"),
        ("win-arm64", "ARM64", "none for Windows on ARM: use Linux in WSL"),
        ("win32", "AMD64", "none for Python of 32 bits: take one of 64 bits"),
        ("linux-riscv64", "riscv64", "none for linux-riscv64: there is one for Linux with glibc on x86-64"),
        ("freebsd-14.1-release-amd64", "amd64", "none for freebsd-14.1-release-amd64: there is one for"),
    ],
)  # fmt: skip
def test_a_platform_without_tensorflow_is_told_before_anything_is_installed(
    platform: str, machine: str, words: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sysconfig, "get_platform", lambda: platform)
    monkeypatch.setattr(installation.platform, "machine", lambda: machine)
    monkeypatch.delitem(sys.modules, "kit.installation")
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("kit.installation", run_name="__main__")
    said = ended.value.code
    assert said == 0 if words is None else words in str(said) and str(said).startswith("error: kit needs TensorFlow")


def test_a_linux_without_glibc_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_platform", lambda: "linux-x86_64")
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: "x86_64-pc-linux-musl")
    assert "none for linux with musl: there is one for Linux with glibc" in str(installation.obstacle())


def test_the_check_before_installing_needs_nothing_installed() -> None:
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\nimport kit.installation",
    ]
    finished = subprocess.run(command, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert makefile.index("-m kit.installation") < makefile.index("-m venv .venv")


def test_without_tensorflow_what_needs_it_is_one_line_and_the_rest_works(small: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HIDES_TENSORFLOW)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}

    def kit(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kit", *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)

    assert_one_line(kit("train", "--data", small), "TensorFlow is not installed: pip install tensorflow")
    assert not any((tmp_path / "runs").glob("*/settings.json"))
    assert kit("predict", "camera", ROOT / "docs" / "digits.png").returncode == 0


class NotFoundError(Exception):
    """As TensorFlow raises it, which is no ImportError, and says in several lines what it was looking for."""


METAL = NotFoundError("dlopen(/b/tensorflow-plugins/libmetal_plugin.dylib, 0x0006): Library not loaded: @rpath/_a\n  b")


@pytest.mark.parametrize(
    ("error", "system", "line"),
    [
        (ImportError(RUNTIME), "win32", "module was not found: install Microsoft's Visual C++ Redistributable, which"),
        (ImportError("No module named 'absl'"), "linux", "'absl': pip install --force-reinstall tensorflow"),
        (ImportError(""), "linux", "TensorFlow cannot be loaded: pip install --force-reinstall tensorflow"),
        (METAL, "darwin", "its plugin libmetal_plugin.dylib is not made for this version of it: pip uninstall"),
    ],
)
def test_a_tensorflow_that_cannot_be_loaded_is_one_line(
    error: Exception, system: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> None:
        raise error

    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setattr(backend.importlib, "import_module", broken)
    monkeypatch.setattr(backend.sys, "platform", system)
    with pytest.raises(KitError) as raised:
        backend.tensorflow()
    assert line in str(raised.value) and "\n" not in str(raised.value)


def test_every_command_is_in_the_table_of_platforms() -> None:
    def names(group: Any, before: str = "") -> Iterator[str]:
        for name, command in group.commands.items():
            yield from names(command, f"{name} ") if hasattr(command, "commands") else [before + name]

    table = re.findall(r"^\| `([a-z ]+)` \|(?: (?:run|wheels|simulated)[^|]*\|){5}$", PLATFORMS, re.MULTILINE)
    assert sorted(table) == sorted(names(get_command(app)))


def test_nothing_of_what_colab_and_kaggle_ship_is_too_old() -> None:
    """So that pip replaces none of it; that a set can be resolved around it, benchmarks/hosted.py says."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = {needed.name: needed.specifier for needed in map(Requirement, project["dependencies"])}
    bounds["python"] = SpecifierSet(project["requires-python"])
    rows = re.findall(r"^\| ([\w-]+) \|((?: [0-9.]+ \|){4})$", PLATFORMS, re.MULTILINE)
    shipped = {name.lower(): versions.replace("|", " ").split() for name, versions in rows}
    assert {"tensorflow", "keras", "numpy", "matplotlib", "protobuf", "scikit-learn", "python"} <= shipped.keys()
    for name, versions in shipped.items():
        assert [one for one in versions if one not in bounds.get(name, SpecifierSet())] == [], name


def test_extras_are_named_by_the_packages_that_they_bring() -> None:
    """So that the line is true for a clone and for a wheel."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    told = {extra: shlex.split(installation.pip_install_extra(extra))[2:] for extra in installation._EXTRAS}
    assert told == {extra: extras[extra] for extra in extras.keys() - {"dev", "release"}}


@pytest.mark.parametrize(
    "arguments",
    [["tensorflow"], ["requests[socks]"], ["--upgrade", "kaggle"], ["kaggle>=2.2.4", "six>=1.16", "a<2,>1"]],
)
def test_a_command_means_the_same_to_every_shell(arguments: list[str]) -> None:
    """cmd takes what stands between double quotes as it is, and single ones for part of the name; so does Windows."""
    command = installation.pip_install(*arguments)
    assert shlex.split(command) == ["pip", "install", *arguments]
    outside = "".join(command.split('"')[::2])
    assert not set(command) & set("'`$%!^&|\\") and not set(outside) & set("<>[],;=()*?")


def test_no_message_writes_such_a_command_itself() -> None:
    for path in (ROOT / "kit").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        texts = [
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        assert path.name == "installation.py" or not any("pip install" in text for text in texts), path
