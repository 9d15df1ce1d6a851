"""What shells complete: through the script that is shown where that shell is here, else by typer's protocol."""

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import bare_run
from test_commands import HEAVY, commands
from typer.main import get_command

from kit.cli import completion
from kit.cli.main import app
from kit.exporting.options import Options
from kit.importing.arguments import ImportArguments
from kit.options import about, flag
from kit.training.arguments import Arguments
from kit.training.networks import NETWORKS

Ask = Callable[..., list[str]]
RUNS = ["01-dense", "02-own", "03-dense"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs, exports, a network's file; and names that a shell would take for more than names."""
    folder = tmp_path_factory.mktemp("project")
    for name in RUNS:
        bare_run(folder / "runs" / name)
    hostile = ["04-a b", "05-$(touch pwned)", "06-`touch pwned`", "07-'x"] + ["08-*", r"09-\$(touch pwned)"] * (
        os.name != "nt"
    )
    for name in hostile:
        shutil.copytree(folder / "runs" / "01-dense", folder / "runs" / name)
    (folder / "exports" / "01-dense.mlpackage").mkdir(parents=True)
    (folder / "exports" / "02-own.onnx").touch()
    (folder / "exports" / "notes.txt").touch()
    (folder / "networks").mkdir()
    (folder / "mine.py").touch()
    (folder / "networks" / "other.py").touch()
    return folder


@pytest.fixture
def ask(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Asks as bash does, in this process: the last word is the one that is being typed."""

    def offered(*words: str, folder: Path = project) -> list[str]:
        capsys.readouterr()
        monkeypatch.chdir(folder)
        monkeypatch.setitem(sys.modules, "rich", sys.modules.get("rich"))  # back again afterwards
        monkeypatch.setenv("_KIT_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", "\n".join(["kit", *words]))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        with pytest.raises(SystemExit):
            completion.answer(app)
        printed = capsys.readouterr()
        assert printed.err == ""
        return printed.out.split()

    return offered


def parameters() -> list[tuple[list[str], Any]]:
    """Every argument and option of every command."""
    found = []
    for words in commands():
        command: Any = get_command(app)
        for word in words:
            command = command.commands[word]
        found += [(words, parameter) for parameter in command.params]
    return found


def before(words: list[str], parameter: Any) -> list[str]:
    """What is typed before the value of a parameter."""
    return [*words, parameter.opts[0]] if parameter.param_type_name == "option" else words


NAMED_RUNS = [
    (words, parameter)
    for words, parameter in parameters()
    if "RUN" in (parameter.metavar or "").replace("]", " ").replace("[", " ").split()
]


@pytest.mark.parametrize(
    ("words", "parameter"), NAMED_RUNS, ids=[f"{' '.join(words)} {one.name}" for words, one in NAMED_RUNS]
)
def test_whatever_is_called_run_is_completed_by_runs(words: list[str], parameter: Any, ask: Ask) -> None:
    assert [name for name in ask(*before(words, parameter), "0") if "/" not in name] == RUNS


def test_eight_commands_and_options_name_runs() -> None:
    assert {" ".join(words) for words, _ in NAMED_RUNS} == {
        "train", "submit", "analyze", "open", "predict", "export", "verify", "serve",
    }  # fmt: skip


CHOICES = [
    (command, field)
    for command, options in (("train", Arguments), ("export", Options), ("import", ImportArguments))
    for field in dataclasses.fields(options)
    if about(field).choices and about(field).help
]


@pytest.mark.parametrize(("command", "field"), CHOICES, ids=lambda value: getattr(value, "name", value))
def test_an_option_with_choices_offers_them(command: str, field: Any, ask: Ask) -> None:
    assert ask(command, flag(field), "") == list(about(field).choices)


def test_networks_are_offered_and_files_of_ones_own(ask: Ask) -> None:
    assert ask("train", "--arch", "") == [*NETWORKS, "mine.py"]
    assert ask("train", "--arch", "networks/") == ["networks/other.py"]
    assert ask("train", "--arch", "networks/z") == []  # the shell's turn
    assert ask("networks", "--show", "m") == [name for name in NETWORKS if name.startswith("m")]


def test_exports_are_offered_where_a_model_is_read(ask: Ask) -> None:
    exports = ["exports/01-dense.mlpackage", "exports/02-own.onnx"]
    assert ask("verify", "exports/") == exports
    assert ask("verify", "") == [*exports, "camera"]
    assert ask("verify", "./exports/0") == [f"./{path}" for path in exports]
    assert ask("predict", "") == ask("serve", "") == [*RUNS, *exports, "camera"]
    assert ask("predict", "01-dense", "") == []  # pictures, which the shell knows


def test_targets_and_compressions_are_those_of_the_format(ask: Ask) -> None:
    assert ask("export", "--target", "") == ["iOS15", "iOS16", "iOS17", "iOS18"]
    assert ask("export", "--format", "neuralnetwork", "--target", "") == ["iOS13", "iOS14"]
    assert ask("export", "--format", "neuralnetwork", "--compress", "") == [
        "auto", "palette4", "palette6", "palette8", "int8",
    ]  # fmt: skip
    assert "prune50+int8" in ask("export", "--target", "iOS18", "--compress", "prune")
    assert ask("export", "--format", "onnx", "--target", "") == []


def test_what_a_run_has_is_offered_to_open(project: Path, ask: Ask) -> None:
    assert ask("open", "1", "") == ["folder", "submission"]
    (project / "runs" / "02-own" / "analysis").mkdir()
    for file in ("report.html", "analysis/confusion.png", "analysis/mistakes.png"):
        (project / "runs" / "02-own" / file).touch()
    assert ask("open", "own", "") == ["report", "folder", "confusion", "mistakes", "submission"]


def test_a_value_behind_an_equals_sign_is_completed_as_bash_hands_it_over(ask: Ask) -> None:
    assert ask("train", "--arch", "=", "dense-") == ["dense-wide"]
    assert ask("train", "--arch", "=") == [*NETWORKS, "mine.py"]
    assert ask("analyze", "--runs", "=", "nowhere", "") == []
    assert ask("analyze", "--runs", "=", "runs", "02") == ["02-own"]


def test_the_folder_of_runs_is_the_one_that_is_given(project: Path, ask: Ask, tmp_path: Path) -> None:
    assert ask("submit", "--runs", str(project / "runs"), "01", folder=tmp_path) == ["01-dense"]
    assert ask("submit", "01", folder=tmp_path) == []


POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has other links and permissions")


@pytest.mark.parametrize(
    "fault",
    [
        "a file",
        "nonsense in each",
        pytest.param("a circle", marks=POSIX),
        pytest.param("not to be read", marks=POSIX),
    ],
)
def test_a_broken_runs_folder_is_an_empty_answer(fault: str, tmp_path: Path, ask: Ask) -> None:
    runs = tmp_path / "runs"
    if fault == "a file":
        runs.touch()
    elif fault == "a circle":
        runs.symlink_to(runs)
    else:
        (runs / "01-broken").mkdir(parents=True)
        for name in ("settings.json", "metrics.json"):
            (runs / "01-broken" / name).write_text("{nonsense")
    if fault == "not to be read":
        runs.chmod(0)
    readable = fault == "nonsense in each" or (fault == "not to be read" and os.access(runs, os.R_OK))  # as by root
    offered = ["01-broken"] if readable else []
    assert ask("analyze", "", folder=tmp_path) == offered
    assert ask("open", "", folder=tmp_path) == offered
    assert ask("open", "01-broken", "rep", folder=tmp_path) == []
    runs.chmod(0o755) if runs.exists() else None


@pytest.mark.parametrize(
    "words",
    [["trian", ""], ["train", "--epoch", ""], ["train", "--epochs", "many", "--name", ""], ["--", ""], ["train", '"']],
)
def test_a_mistake_before_the_cursor_prints_nothing_into_the_shell(words: list[str], ask: Ask) -> None:
    ask(*words)


def test_an_unforeseen_error_prints_nothing_either(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(folder: Path) -> list[str]:
        print("a warning", file=sys.stderr)
        raise RuntimeError("a mistake of kit's own")

    monkeypatch.setattr("kit.run.runs.run_names", fails)
    assert ask("analyze", "") == []


def environment(**variables: str) -> dict[str, str]:
    """This one, with the `kit` of these tests in front."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", **variables}


def printed(project: Path, **variables: str) -> str:
    finished = subprocess.run(["kit"], cwd=project, env=environment(**variables), capture_output=True, text=True)
    assert finished.stderr == ""
    return finished.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
def test_bash_completes_by_the_script_that_is_shown(project: Path, tmp_path: Path) -> None:
    (tmp_path / "kit.bash").write_text(printed(project, _KIT_COMPLETE="source_bash"))
    script = f"""
        source {tmp_path}/kit.bash
        typed() {{
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
            $(complete -p kit | sed 's/.*-F \\([^ ]*\\).*/\\1/') kit
            echo "${{COMPREPLY[*]}}"
        }}
        typed kit tra
        typed kit analyze 01-dense 0
        typed kit train --arch = dense-
        typed kit predict photos/
    """
    command = ["bash", "--norc", "-c", script]
    finished = subprocess.run(command, cwd=project, env=environment(), capture_output=True, text=True)
    assert (finished.stdout.splitlines(), finished.stderr) == (["train", " ".join(RUNS), "dense-wide", ""], "")
    assert not list(project.rglob("pwned"))


def test_zsh_fish_and_powershell_are_answered_as_they_ask(project: Path) -> None:
    typed = {"_TYPER_COMPLETE_ARGS": "kit analyze 0"}
    quoted = "\n".join(f'"{name}"' for name in RUNS)
    assert printed(project, _KIT_COMPLETE="complete_zsh", **typed) == f"_arguments '*: :(({quoted}))'\n"
    fish = {"_KIT_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    assert printed(project, **fish, **typed).split() == RUNS
    words = {"_TYPER_COMPLETE_ARGS": "kit train --arch m", "_TYPER_COMPLETE_WORD_TO_COMPLETE": "m"}
    lines = printed(project, _KIT_COMPLETE="complete_powershell", **words).splitlines()
    assert lines[0] == "malireddi:::convolutional, 94,602 parameters" and lines[-1] == "mine.py:::a file of your own"


def in_powershell(folder: Path, line: str) -> list[str]:
    """What stands for the last word of a line, as typer's script for PowerShell asks for it."""
    word = "" if line.endswith(" ") else line.split()[-1]
    words = {"_TYPER_COMPLETE_ARGS": line.strip(), "_TYPER_COMPLETE_WORD_TO_COMPLETE": word}
    return [
        line.partition(":::")[0] for line in printed(folder, _KIT_COMPLETE="complete_powershell", **words).splitlines()
    ]


def test_powershell_puts_an_answer_for_the_whole_word(project: Path) -> None:
    assert in_powershell(project, "kit train --arch=dense-") == ["--arch=dense-wide"]
    assert in_powershell(project, "kit train --ar") == ["--arch"]
    assert in_powershell(project, "kit analyze --runs=runs 02") == ["02-own"]
    assert in_powershell(project, "kit predict photos/") == []  # and no empty line, which it would take for an answer


@pytest.mark.parametrize("written", ["{}", '"{}"'])
def test_a_path_in_powershell_keeps_its_backslashes(written: str, project: Path, tmp_path: Path) -> None:
    folder = tmp_path / r"C:\Users\me\runs"  # one name here
    if os.name == "nt":
        folder = tmp_path / "runs"
    shutil.copytree(project / "runs" / "01-dense", folder / "01-dense")
    assert in_powershell(tmp_path, f"kit analyze --runs {written.format(folder)} 0") == ["01-dense"]


@pytest.mark.parametrize("shell", ["zsh", "fish", "powershell", "pwsh"])
def test_every_shells_script_asks_by_the_same_variable(shell: str, project: Path, ask: Ask) -> None:
    from typer.completion import get_completion_script

    script = get_completion_script(prog_name="kit", complete_var="_KIT_COMPLETE", shell=shell)
    assert "_KIT_COMPLETE" in script and shell.replace("pwsh", "powershell") in script


IMPORTED = """
import atexit, sys
from kit.cli.main import main
atexit.register(lambda: print(*{name.split(".")[0] for name, module in sys.modules.items() if module}, file=sys.stderr))
main()
"""


@pytest.mark.parametrize("typed", ["kit ", "kit train --arch ", "kit analyze ", "kit verify "])
def test_completing_imports_nothing_heavy(typed: str, project: Path) -> None:
    variables = {"_KIT_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": typed}
    command = [sys.executable, "-c", IMPORTED]
    finished = subprocess.run(command, cwd=project, env=environment(**variables), capture_output=True, text=True)
    assert finished.stdout and set(finished.stderr.split()) & {*HEAVY, "numpy"} == set()
