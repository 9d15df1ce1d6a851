"""The library is typed for those who use it: mypy on a script of a user's, against the installed package."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
from kit import KitError, analyze, best, check, demo, export, fetch, find, load, networks, open_run, predict
from kit import probabilities, runs, serve, show, submit, train, verify

run = train("kit", epochs=3, learning_rate=0.01, progress=False)
reveal_type(run)
reveal_type(load("train").labels.shape)
reveal_type(export(run, compress="auto").proof.accuracy)
reveal_type(predict(run, ["a.png"]).labels)
reveal_type(analyze(run, focus="4,7").summary)
reveal_type(submit([run, 3]).score)
reveal_type(networks()[0].recipe.epochs)
reveal_type(verify("a.mlpackage").problems)
reveal_type(demo().model)
reveal_type(open_run(3, "history"))
try:
    fetch("kaggle")
except KitError as error:
    raise SystemExit(error.exit_code)
"""
REVEALED = [
    "kit.run.folder.Run", "tuple[Any, ...]", "float", "list[str]", "list[str]", "float | None", "int",
    "tuple[str, ...]", "pathlib.Path", "pathlib.Path",
]  # fmt: skip
MISTAKES = {
    "train(epoch=3)": 'Unexpected keyword argument "epoch" for "train"; did you mean "epochs"?',
    'train(epochs="3")': 'Argument "epochs" to "train" has incompatible type "str"; expected "int"',
    'export("kit", formt="onnx")': 'Unexpected keyword argument "formt" for "export"; did you mean "format"?',
    'load("test").labels': '"Digits" has no attribute "labels"',
    "trian()": 'Module "kit" has no attribute "trian"',
}


def mypy(folder: Path, cache: Path, script: str) -> subprocess.CompletedProcess[str]:
    (folder / "script.py").write_text(script)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(cache), "script.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mypy")


def test_what_a_script_gets_is_typed(tmp_path: Path, cache: Path) -> None:
    finished = mypy(tmp_path, cache, SCRIPT)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    found = [line.split('"')[1] for line in finished.stdout.splitlines() if "Revealed" in line]
    assert [each.replace("tuple[int, ...]", "tuple[Any, ...]") for each in found] == REVEALED  # as NumPy 2.0 has shapes


def test_what_a_script_gives_is_checked(tmp_path: Path, cache: Path) -> None:
    lines = ["from kit import export, load, train", *list(MISTAKES)[:-1], "from kit import trian"]
    finished = mypy(tmp_path, cache, "\n".join(lines) + "\n")
    assert finished.returncode == 1
    for number, words in enumerate(MISTAKES.values(), 2):
        assert any(line.startswith(f"script.py:{number}: error: {words}") for line in finished.stdout.splitlines()), (
            words,
            finished.stdout,
        )
