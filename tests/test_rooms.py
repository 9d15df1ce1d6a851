"""The rooms hold: import-linter keeps the contracts in pyproject.toml, and would say so if one were broken."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """What lint-imports says of the package in this folder."""
    start = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as main; main()"
    command = [sys.executable, "-c", start, "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_the_rooms_hold() -> None:
    finished = lint(ROOT)
    assert finished.returncode == 0 and "0 broken" in finished.stdout, finished.stdout + finished.stderr


@pytest.mark.parametrize(
    ("file", "line", "words"),
    [
        ("data/loading.py", "from kit.run.folder import Run", "kit.data is not allowed to import kit.run"),
        (
            "run/folder.py",
            "def f():\n    from kit.scenes import drawing",
            "kit.run is not allowed to import kit.scenes",
        ),
        ("web/server.py", "import kit.training.networks", "kit.web is not allowed to import kit.training"),
        ("task.py", "from kit.contract import KEY", "kit.task is not allowed to import kit.contract"),
        ("scenes/strokes.py", "from kit.scenes import drawing", "No cycles are allowed in kit.scenes"),
    ],
)
def test_an_import_against_the_flow_is_named(file: str, line: str, words: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "kit", tmp_path / "kit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with open(tmp_path / "kit" / file, "a") as source:
        source.write(f"\n{line}\n")
    finished = lint(tmp_path)
    assert finished.returncode == 1, finished
    assert words in finished.stdout


def test_a_new_room_must_be_given_its_place(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "kit", tmp_path / "kit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "kit" / "attic").mkdir()
    (tmp_path / "kit" / "attic" / "__init__.py").write_text('"""Things."""\n')
    finished = lint(tmp_path)
    assert finished.returncode == 1 and "kit.attic" in finished.stdout


def test_a_rooms_init_is_one_docstring() -> None:
    for path in (ROOT / "kit").glob("*/__init__.py"):
        text = path.read_text(encoding="utf-8").strip()
        assert text.startswith('"""') and text.endswith('"""') and text.count('"""') == 2, path
