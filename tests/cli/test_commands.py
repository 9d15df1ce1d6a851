"""The command line as its users meet it: help, tables, one line for a mistake, nothing heavy imported for nothing."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import KitCommand, assert_one_line, csv_of, needs, write_cut

from kit import __version__, train
from kit.cli import app
from kit.task import ROWS
from kit.training import networks

HEAVY = ["tensorflow", "keras", "pandas", "matplotlib", "sklearn", "scipy", "kaggle", "rich", "mlxtend"]


def commands() -> list[list[str]]:
    groups = [[], *([group.name] for group in app.app.registered_groups)]
    of_group = {"": app.app.registered_commands, "data": app.data_app.registered_commands}
    return [
        [*group, command.name or command.callback.__name__]
        for group in groups
        for command in of_group[" ".join(map(str, group))]
        if command.callback
    ]


ACCOUNT = """
import atexit, sys
from kit.cli.main import main
atexit.register(lambda: print("imported:", *{name.split(".")[0] for name in sys.modules}, file=sys.stderr))
main()
"""


def imported_by(folder: Path, *arguments: object) -> set[str]:
    """The packages that a command has imported when it ends."""
    command = [sys.executable, "-c", ACCOUNT, *map(str, arguments)]
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=300)
    return set(finished.stderr.rpartition("imported:")[2].split())


@pytest.mark.parametrize("command", [["--help"], ["train", "--help"], ["networks"], ["runs"], ["data", "check"]])
def test_nothing_heavy_is_imported_for_nothing(command: list[str], tmp_path: Path, small: Path) -> None:
    extra = ["--data", small] if command == ["data", "check"] else []
    assert imported_by(tmp_path, *command, *extra) & set(HEAVY) == set()


def test_the_account_of_imports_would_see_tensorflow(tmp_path: Path, small: Path) -> None:
    options = ["--arch", "dense", "--epochs", 1, "--data", small]
    assert imported_by(tmp_path, "train", *options) >= {"tensorflow", "sklearn", "matplotlib"}


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_and_option_has_help(command: list[str], kit_command: KitCommand) -> None:
    finished = kit_command(*command, "--help", env={**os.environ, "COLUMNS": "200"})
    assert finished.returncode == 0 and finished.stderr == ""
    lines = finished.stdout.splitlines()
    assert " ".join(lines[2 : lines.index("", 2)]).strip().endswith(".")
    options = [line for line in lines if line.startswith("  -")]
    assert options and all(re.search(r"\S {2,}\S", line.strip()) for line in options)


def test_a_mistake_in_the_command_itself_is_one_line(kit_command: KitCommand) -> None:
    assert_one_line(kit_command("trian"), "No such command 'trian'", "kit --help")
    assert_one_line(kit_command("train", "--epoch", 3), "No such option", "--epoch", "kit train --help")
    assert_one_line(kit_command("train", "--epochs", "many"), "--epochs", "integer")
    assert_one_line(kit_command("submit", "-m", "hello"), "add --upload")


def test_without_a_command_there_is_help(kit_command: KitCommand) -> None:
    for group, first in ([], "  data "), (["data"], "  fetch "):
        finished = kit_command(*group)
        assert finished.returncode == 0 and finished.stderr == ""
        assert finished.stdout.split("Commands:\n")[1].startswith(first)


def test_version_and_module_are_the_same_program(kit_command: KitCommand) -> None:
    script = subprocess.run([Path(sys.executable).with_name("kit"), "--version"], capture_output=True, text=True)
    assert script.stdout == kit_command("--version").stdout
    assert [line.split()[0] for line in script.stdout.splitlines()] == [
        "kit", "Python", "TensorFlow", "Keras", "coremltools",
    ]  # fmt: skip
    assert script.stdout.startswith(f"kit {__version__}\n")


def test_networks_lists_every_one(kit_command: KitCommand) -> None:
    table = kit_command("networks").stdout.splitlines()
    assert [line.split()[0] for line in table[1 : 1 + len(networks.NETWORKS)]] == list(networks.NETWORKS)
    listed = json.loads(kit_command("networks", "--json").stdout)
    assert {entry["name"]: entry["parameters"] for entry in listed}["malireddi"] == 94_602
    assert [entry["name"] for entry in listed if entry["default"]] == [networks.DEFAULTS[ROWS.examples]]


def test_data_check_says_what_is_there(kit_command: KitCommand, small: Path) -> None:
    finished = kit_command("data", "check", "--data", small)
    assert finished.returncode == 0 and finished.stderr == "" and len(finished.stdout.splitlines()) == 4
    assert "500 rows" in finished.stdout
    reports = json.loads(kit_command("data", "check", "--data", small, "--json").stdout)
    assert [report["rows"] for report in reports] == [500, 100, 100, 100]


def broken(small: Path, folder: Path, fault: str) -> Path:
    """A copy of the data with one fault in it."""
    folder.mkdir()
    write_cut(small, folder, 500, 100)
    train_csv = folder / "train.csv"
    lines = train_csv.read_bytes().splitlines(keepends=True)
    if fault == "missing":
        train_csv.unlink()
    elif fault == "empty":
        train_csv.write_bytes(b"")
    elif fault == "header":
        train_csv.write_bytes(b"".join([b"digit," + lines[0].split(b",", 1)[1], *lines[1:]]))
    elif fault == "test for train":
        train_csv.write_bytes((folder / "test.csv").read_bytes())
    elif fault == "short row":
        train_csv.write_bytes(b"".join([*lines[:6], lines[6].rsplit(b",", 3)[0] + b"\n", *lines[7:]]))
    elif fault == "value":
        train_csv.write_bytes(b"".join([*lines[:8], lines[8].replace(b",0,", b",0.5,", 1), *lines[9:]]))
    elif fault == "label":
        train_csv.write_bytes(b"".join([*lines[:8], b"11" + lines[8][1:], *lines[9:]]))
    elif fault == "gzip":
        import gzip

        (folder / "train.csv.gz").write_bytes(gzip.compress(train_csv.read_bytes())[:-1000])
        train_csv.unlink()
    elif fault == "class":
        train_csv.write_bytes(b"".join([lines[0], *(line for line in lines[1:] if not line.startswith(b"7,"))]))
    elif fault == "few rows":
        generator = np.random.default_rng(0)
        table = generator.integers(0, 256, (20, 785)).astype(np.uint8)
        table[:, 0] = [*range(10)] * 2
        train_csv.write_bytes(csv_of(table))
    return folder


FAULTS = {
    "missing": ["train.csv: missing", "kit data fetch"],
    "empty": ["train.csv: empty"],
    "header": ["column 1 is 'digit' instead of 'label'"],
    "test for train": ["this is the competition's test.csv"],
    "short row": ["row 6 (line 7) has 782 columns instead of 785"],
    "value": ["row 8 (line 9), column pixel", "'0.5' is not a whole number from 0 to 255"],
    "label": ["row 8 (line 9), column label: '11' is not a whole number from 0 to 9"],
    "gzip": ["train.csv.gz: truncated or damaged"],
    "class": ["no row has the label 7"],
    "few rows": ["--validation-split 0.2", "leaves 4 of 20 rows"],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_data_stops_a_training_with_one_line_and_nothing_written(
    fault: str, small: Path, tmp_path: Path, kit_here: KitCommand
) -> None:
    data = broken(small, tmp_path / "faulty", fault)
    assert_one_line(kit_here("train", "--arch", "dense", "--data", data), *FAULTS[fault])
    assert not (tmp_path / "runs").exists()
    if fault != "few rows":
        checked = kit_here("data", "check", "--data", data)
        assert checked.returncode == 2 and FAULTS[fault][0] in checked.stderr and len(checked.stderr.splitlines()) == 1
        assert len(checked.stdout.splitlines()) == 3  # the other files are right


@pytest.fixture(scope="module")
def project(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for arch in ("dense", "dense-wide"):
        train(arch, epochs=1, data=small, runs=folder / "runs", progress=False)
    return folder


def test_runs_lists_them_best_first(project: Path, kit_here: KitCommand) -> None:
    listed = json.loads(kit_here("runs", "--json", cwd=project).stdout)
    accuracies = [entry["val_accuracy"] for entry in listed]
    assert len(listed) == 2 and accuracies == sorted(accuracies, reverse=True)
    lines = kit_here("runs", cwd=project).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["run", *(entry["run"] for entry in listed)]
    assert f"{accuracies[0]:.2%}" in lines[1]


def test_submit_says_which_run_it_took(project: Path, small: Path, kit_here: KitCommand, tmp_path: Path) -> None:
    finished = kit_here("submit", "--data", small, "--to", tmp_path / "out", cwd=project)
    best = json.loads(kit_here("runs", "--json", cwd=project).stdout)[0]["run"]
    assert finished.stderr.startswith(f"the best run is {best}\n")
    assert finished.stdout == f"{tmp_path / 'out' / best}.csv\n"
    assert re.search(r"^score 0\.\d{5} by solution\.csv$", finished.stderr, re.MULTILINE)


def test_a_run_that_lost_its_model_or_does_not_exist_is_one_line(
    project: Path, small: Path, kit_here: KitCommand
) -> None:
    assert_one_line(kit_here("submit", "1-dens", "--data", small, cwd=project), "no such run", "did you mean 01-dense?")
    assert_one_line(kit_here("train", "--resume", "9", cwd=project), "runs/9: no such run")
    model = project / "runs" / "01-dense" / "model.keras"
    whole = model.read_bytes()
    model.unlink()
    assert_one_line(kit_here("submit", "1", "--data", small, cwd=project), "model.keras: missing")
    model.write_bytes(whole[:-500])
    assert_one_line(kit_here("submit", "1", "--data", small, cwd=project), "model.keras: damaged")
    model.write_bytes(whole)
    assert not (project / "submissions").exists()


def test_a_folder_that_cannot_be_written_is_one_line(small: Path, tmp_path: Path, kit_here: KitCommand) -> None:
    """A file where the folder should be: root too is refused."""
    (tmp_path / "runs").write_text("")
    finished = kit_here("train", "--arch", "dense", "--epochs", 1, "--data", small)
    assert_one_line(finished, "runs: there is something else under this name")
    assert_one_line(kit_here("data", "fetch", "--to", "runs/data"), "a part of this path is a file, not a folder")


@needs("pty")
def test_at_a_terminal_there_is_a_bar_with_the_time_left(small: Path, tmp_path: Path) -> None:
    """A real terminal, by a pseudo-terminal; outside of one the same training prints plain lines."""
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "kit", "train", "--arch", "dense", "--epochs", "8", "--data", str(small)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.Popen(command, cwd=tmp_path, stderr=theirs, stdout=subprocess.PIPE, env=environment)
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.wait(timeout=60) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert re.search(r"epoch \d/8 \S+ loss \d+\.\d{4}  accuracy \d+\.\d\d% +\S+ left", text), text
    assert len(re.findall(r"epoch \d/8  loss", text)) == 8  # the lines of the finished epochs stay


def test_a_reader_that_goes_away_is_no_error(project: Path) -> None:
    command = [sys.executable, "-m", "kit", "networks"]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == "" and process.wait() != 0


def test_the_demo_walks_the_whole_path_and_says_where_to_look(kit_here: KitCommand, tmp_path: Path) -> None:
    finished = kit_here("demo", "--to", "tour")
    assert finished.returncode == 0, finished
    shown = re.findall(r"^\$ kit (.*)$", finished.stderr, re.MULTILINE)
    assert shown == [
        "data fetch",
        "data check",
        "data show",
        "train",
        "runs",
        "submit",
        "analyze",
        "export --overwrite",
    ]
    for path in re.findall(r"^(?:Look at)? +(tour/\S+)", finished.stderr, re.MULTILINE):
        assert (tmp_path / path).exists()
    score = float(re.findall(r"^score (0\.\d+) by solution\.csv$", finished.stderr, re.MULTILINE)[0])
    assert score > 0.93  # a real network on real digits
    assert (tmp_path / "tour" / "submissions" / f"01-{networks.DEFAULTS[ROWS.examples]}.csv").exists()


def test_the_library_has_the_names_that_the_readme_uses() -> None:
    import kit

    for name in kit.__all__:
        assert getattr(kit, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = kit.trian
