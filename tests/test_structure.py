"""The house rules: floors, style, types, and a README that tells the truth."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from kit.cli import app

ROOT = Path(__file__).parent.parent


def test_only_plots_imports_matplotlib() -> None:
    users = [
        path.stem for path in (ROOT / "kit").rglob("*.py") if re.search("(from|import) matplotlib", path.read_text())
    ]
    assert users == ["plots"]


@pytest.mark.parametrize(
    "command", [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]], ids=" ".join
)
def test_style_and_types(command: list[str]) -> None:
    finished = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readmes_tree_is_the_packages() -> None:
    shown = re.findall(r"^(kit/[\w/]+\.py) ", readme(), re.MULTILINE)
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "kit").rglob("*.py")}
    rooms = {file for file in files if re.fullmatch(r"kit/\w+/__init__\.py", file)}
    assert sorted(shown) == sorted(files - rooms)


def test_the_readme_has_its_first_command_by_line_20_and_then_a_picture() -> None:
    lines = readme().splitlines()
    first = next(number for number, line in enumerate(lines, 1) if line.startswith("make demo"))
    picture = next(number for number, line in enumerate(lines, 1) if line.startswith("!["))
    assert first <= 20 and first < picture < 45


def test_every_picture_and_file_that_the_readme_names_is_there() -> None:
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", readme()):
        assert (ROOT / path).exists(), path


def test_every_command_of_the_readme_exists_with_its_options(tmp_path: Path) -> None:
    known = {(name,) if group == "" else (group, name) for group, name in _commands()}
    shown = re.findall(r"^\$? ?(kit [^#\n]*)", readme(), re.MULTILINE)
    assert shown
    for line in shown:
        words = line.split()[1:]
        command = tuple(words[:2]) if tuple(words[:2]) in known else tuple(words[:1])
        assert command in known, line
        text = subprocess.run(
            [sys.executable, "-m", "kit", *command, "--help"], capture_output=True, text=True, cwd=tmp_path
        ).stdout
        for option in re.findall(r"(?<=\s)--?[a-z][a-z0-9-]*", line):
            assert re.search(rf"(^|[\s,/]){option}\b", text, re.MULTILINE), line


def test_the_readme_shows_every_command() -> None:
    for group, name in _commands():
        assert re.search(rf"kit {group} {name}".replace("  ", " "), readme()), (group, name)


def _commands() -> list[tuple[str, str]]:
    groups = [("", app.app), ("data", app.data_app)]
    return [
        (group, command.callback.__name__)
        for group, app in groups
        for command in app.registered_commands
        if command.callback
    ]


def test_ci_runs_the_readmes_test_command() -> None:
    assert "make test" in readme() and "make test" in (ROOT / ".ci" / "run").read_text()


def test_every_dependency_is_pinned_and_no_address_is_named() -> None:
    constraints = (ROOT / "constraints.txt").read_text()
    assert not re.search(r"https?:|--|@", constraints)
    pinned = {re.split("==", line)[0].lower().replace("_", "-") for line in constraints.splitlines()}
    project = (ROOT / "pyproject.toml").read_text()
    wanted = re.findall(
        r'"([a-z][\w-]*)(?:[><=!~][^"]*)?"(?=[,\]]|\n)',
        project.split("[project.scripts]")[0].split("dependencies", 1)[1],
    )
    assert {"tensorflow", "kaggle", "pytest"} <= set(wanted)
    assert set(wanted) - {"kit-digit-recognizer"} <= pinned


def test_the_changelog_knows_this_version() -> None:
    from kit import __version__

    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()
