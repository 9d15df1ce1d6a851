"""The house rules: rooms, style, types, and pages that tell the truth."""

import ast
import functools
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest
import windows
from conftest import needs
from typer.testing import CliRunner

from kit.cli import app, main
from kit.training.networks import NETWORKS

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *(ROOT / "mobile").glob("*.md"),
]
SOURCES = sorted((ROOT / "kit").rglob("*.py"))
LINT = re.findall(
    r"^\t\.venv/bin/(.+)$", (ROOT / "Makefile").read_text().split("\nlint:")[1].split("\n\n")[0], re.MULTILINE
)


@functools.cache
def graph() -> grimp.ImportGraph:
    """Which modules of the package, and which packages, import which; types alone aside."""
    options = {"include_external_packages": True, "exclude_type_checking_imports": True}
    return grimp.build_graph("kit", cache_dir=None, **options)


def test_only_plots_imports_matplotlib() -> None:
    assert graph().find_modules_that_directly_import("matplotlib") == {"kit.plots"}


def test_only_the_journal_of_a_sweep_imports_optuna() -> None:
    """And when it is used: so nothing else waits for it, or needs it."""
    assert graph().find_modules_that_directly_import("optuna") == {"kit.search.journal"}
    probe = "import kit.search.sweep, kit.cli.app, sys; assert 'optuna' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", probe], cwd=ROOT).returncode == 0


def test_nothing_is_imported_that_one_system_alone_has_and_only_a_cluster_starts_processes() -> None:
    """So nothing else depends on how a process begins: Windows and macOS import the main module anew in each."""
    assert not graph().modules & {*windows.MISSING_MODULES, "msvcrt", "winreg", "subprocess"}
    assert graph().find_modules_that_directly_import("multiprocessing") == {"kit.training.cluster_address"}
    assert "ProcessPoolExecutor" not in "".join(path.read_text(encoding="utf-8") for path in SOURCES)


def test_the_tests_import_what_windows_lacks_only_where_they_need_it() -> None:
    lacking = re.compile(rf"^(?:import|from) ({'|'.join(windows.MISSING_MODULES)})\b", re.MULTILINE)
    for path in [*(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks" / "hostile").glob("*.py")]:
        assert not lacking.findall(path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_text_file_has_its_encoding_and_its_line_ends_stated(path: Path) -> None:
    """Without them Windows takes others."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "attr", getattr(call.func, "id", "")) if _takes_files(call.func) else ""
        mode = "".join(str(each.value) for each in call.args[1:2] if isinstance(each, ast.Constant))
        given = {keyword.arg for keyword in call.keywords}
        if (name == "open" and "b" not in mode) or name in ("read_text", "write_text"):
            assert "encoding" in given, (path, call.lineno)
            assert "newline" in given or not (name == "write_text" or set(mode) & set("wax")), (path, call.lineno)


def _takes_files(function: ast.expr) -> bool:
    """Python's own open(), and the methods of a path; not those of archives and Pillow."""
    if isinstance(function, ast.Name):
        return function.id == "open"
    return isinstance(function, ast.Attribute) and function.attr in ("read_text", "write_text")


@pytest.mark.parametrize("command", LINT)
def test_make_lint_finds_nothing(command: str) -> None:
    tool, *arguments = command.split()
    program = shutil.which(tool, path=Path(sys.executable).parent)
    assert program
    finished = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_make_lint_looks_at_style_types_and_rooms_and_so_does_the_hook_before_a_commit() -> None:
    assert [command.split()[0] for command in LINT] == ["ruff", "ruff", "mypy", "lint-imports", "actionlint"]
    hooks = re.findall(r"entry: \.venv/bin/(.+)$", (ROOT / ".pre-commit-config.yaml").read_text(), re.MULTILINE)
    assert hooks == LINT


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def architecture() -> str:
    return (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def rooms() -> set[str]:
    return {path.parent.name for path in (ROOT / "kit").glob("*/__init__.py")}


def may_import() -> dict[str, set[str]]:
    """The last column of the architecture page's table of rooms."""
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", architecture(), re.MULTILINE)
    return {room: set(re.findall(r"\w+", allowed)) for room, allowed in rows}


def imports() -> dict[str, set[str]]:
    """Which rooms each room imports from, by the code; the ground aside."""
    found: dict[str, set[str]] = {room: set() for room in rooms()}
    for module in graph().modules:
        for imported in graph().find_modules_directly_imported_by(module):
            here, there = ((name + ".").split(".")[1] for name in (module, imported))
            if here != there and {here, there} <= rooms():
                found[here].add(there)
    return found


def test_the_architecture_page_names_every_file_once() -> None:
    shown = re.findall(r"^(kit/[\w/]+\.\w+) +\S", architecture(), re.MULTILINE)
    files = {path.relative_to(ROOT).as_posix() for end in ("py", "html") for path in (ROOT / "kit").rglob(f"*.{end}")}
    assert sorted(shown) == sorted(files - {f"kit/{room}/__init__.py" for room in rooms()})


def test_the_architecture_page_and_the_readme_have_a_row_for_every_room() -> None:
    assert may_import().keys() == rooms()
    assert set(re.findall(r"^\| `kit/(\w+)/` \|", readme(), re.MULTILINE)) == rooms()


def test_a_room_may_import_what_the_contracts_allow_and_imports_nothing_else() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [set(layer.split(" | ")) for contract in contracts for layer in contract.get("layers", [])]
    allowed = {
        room: set().union(*layers[place + 1 :]) & rooms()
        for place, layer in enumerate(layers)
        for room in layer & rooms()
    }
    for contract in contracts:
        for source in contract.get("source_modules", []):
            allowed[source.removeprefix("kit.")] -= {
                name.removeprefix("kit.") for name in contract["forbidden_modules"]
            }
    assert may_import() == allowed
    for room, imported in imports().items():
        assert imported <= allowed[room], room


def test_the_architecture_pages_diagram_is_drawn_from_the_imports() -> None:
    diagram = architecture().split("```mermaid\n")[1].split("```")[0].splitlines()[1:]
    drawn = {
        line.partition(" --> ")[0].strip(): set(re.findall(r"\w+", line.partition(" --> ")[2])) for line in diagram
    }
    assert drawn == {room: imported for room, imported in imports().items() if imported or room in drawn}
    assert set(drawn).union(*drawn.values()) == rooms()


def test_the_networks_page_has_a_row_for_every_network_of_rows() -> None:
    page = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| ([\d,]+) \|", page, re.MULTILINE)
    known = [network for network in NETWORKS.values() if network.task.examples == "rows"]
    assert rows == [(network.name, f"{network.parameters:,}") for network in known]


def test_the_readme_has_its_first_command_by_line_20_and_then_a_picture() -> None:
    lines = readme().splitlines()
    first = next(number for number, line in enumerate(lines, 1) if line.startswith("make demo"))
    picture = next(number for number, line in enumerate(lines, 1) if line.startswith("!["))
    assert first <= 20 and first < picture < 45


def headings(page: Path) -> set[str]:
    """A page's headings as links name them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_picture_and_path_of_a_page_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for path, _, heading in (link.partition("#") for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text)):
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not heading or heading in headings(target), heading
    for path in re.findall(r"(?<![\w./-])(?:kit|tests|benchmarks|docs)/[\w./-]+\.(?:py|md|html|png)\b", text):
        assert (ROOT / path).exists(), path


@functools.cache
def help_of(command: tuple[str, ...]) -> str:
    return CliRunner().invoke(main.app, [*command, "--help"]).stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_of_a_page_exists_with_its_options(page: Path) -> None:
    known = {(name,) if group == "" else (group, name) for group, name in _commands()}
    text = page.read_text(encoding="utf-8")
    shown = re.findall(r"^\$? ?(kit [^#\n]*)|`(kit [a-z][^`\n]*)`|\$\((kit [^)]*)\)", text, re.MULTILINE)
    assert shown or page.name == "CONTRIBUTING.md"
    for line in (re.sub(r'"\$\(.*?\)"', "RUN", "".join(found)) for found in shown):
        words = line.split()[1:]
        command = next((tuple(words[:count]) for count in (2, 1) if tuple(words[:count]) in known), None)
        assert command, line
        for option in re.findall(r"(?<=\s)--?[a-z][a-z0-9-]*", line):
            assert re.search(rf"(^|[\s,/]){option}\b", help_of(command), re.MULTILINE), line


def test_the_page_of_all_commands_is_what_they_say_today() -> None:
    script = ROOT / "docs" / "commands.py"
    page = runpy.run_path(str(script))["page"]()
    assert page == script.with_suffix(".md").read_text(encoding="utf-8"), "python docs/commands.py writes it anew"


def test_the_readme_shows_every_command() -> None:
    for group, name in _commands():
        assert re.search(rf"kit {group} {name}".replace("  ", " "), readme()), (group, name)


def _commands() -> list[tuple[str, str]]:
    return [
        (group, command.name or command.callback.__name__)
        for group, commands in (("", app.app), ("data", app.data_app))
        for command in commands.registered_commands
        if command.callback
    ]


def test_ci_runs_the_readmes_test_command() -> None:
    assert "make test" in readme() and "make test" in (ROOT / ".ci" / "run").read_text()


@needs("os.fork")  # and so a shell
def test_ci_says_why_there_is_no_browser(tmp_path: Path) -> None:
    for name in ("dirname", "mktemp", "rm", "tail"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    failing = "for line in 1 2 3 4 5; do echo $line; done; echo the disk is full >&2; exit 100"
    for name, script in (("make", 'echo make "$@"'), ("apt-get", failing)):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    def ci() -> tuple[int, str, list[str]]:
        command = ["/bin/sh", ROOT / ".ci" / "run"]
        finished = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
        return finished.returncode, finished.stdout, finished.stderr.splitlines()

    code, printed, said = ci()
    assert (code, printed) == (0, "make test\n") and said[0].startswith("chromium could not be installed")
    assert said[1:] == ["2", "3", "4", "5", "the disk is full"]
    (tmp_path / "apt-get").write_text("#!/bin/sh\necho Setting up chromium\n")
    assert ci() == (0, "make test\n", [])


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

    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(__version__)} – \d{{4}}-\d{{2}}-\d{{2}}$", changelog, re.MULTILINE)
    assert set(re.findall(r"^### (.+)$", changelog, re.MULTILINE)) <= {"Added", "Changed", "Fixed", "Removed"}
