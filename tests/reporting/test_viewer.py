"""What is shown of a run, by what, and what is said where nothing can be shown."""

import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import KitCommand, assert_one_line, bare_run

import kit
from kit import KitError, open_run
from kit.reporting import viewer
from kit.run.folder import Run

AROUND = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return bare_run(tmp_path / "runs" / "01-dense")


@pytest.fixture
def analysed(run: Run) -> Run:
    """With a report and a picture, as far as their names go."""
    (run.folder / "analysis").mkdir()
    for file in ("report.html", "history.png", "analysis/confusion.png"):
        (run.folder / file).touch()
    return run


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the browser is asked for; it is there."""
    asked: list[str] = []
    monkeypatch.setattr(viewer.webbrowser, "open", lambda address: asked.append(address) is None)
    monkeypatch.setenv("BROWSER", "one that is here")
    return asked


@pytest.mark.parametrize(
    ("what", "file"),
    [
        ("report", "report.html"),
        ("history", "history.png"),
        ("confusion", "analysis/confusion.png"),
        ("folder", "."),
    ],
)
def test_each_thing_of_a_run_is_shown(what: str, file: str, analysed: Run, opened: list[str]) -> None:
    path = open_run(analysed, what)
    assert path == analysed.folder / file
    assert opened == [path.resolve().as_uri()]


def test_a_report_is_what_is_shown_by_itself_and_a_run_is_named_as_anywhere(analysed: Run, opened: list[str]) -> None:
    assert open_run(1, runs=analysed.folder.parent) == analysed.folder / "report.html"
    with pytest.raises(KitError, match="no such run"):
        open_run("dens", runs=analysed.folder.parent)


def test_a_submission_is_the_runs_own(run: Run, opened: list[str], tmp_path: Path) -> None:
    with pytest.raises(KitError, match=re.escape("01-dense.csv: not made yet: kit submit 01-dense makes it")):
        open_run(run, "submission", submissions=tmp_path)
    (tmp_path / "01-dense.csv").touch()
    assert open_run(run, "submission", submissions=tmp_path) == tmp_path / "01-dense.csv"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("report", "report.html: not made yet: kit analyze 01-dense makes it"),
        ("history", "history.png: not made yet: kit train --resume 01-dense makes it"),
        (
            "confusion",
            "01-dense has nothing of that name: choose from folder, submission, or have kit analyze 01-dense draw",
        ),
        ("../../secret", "has nothing of that name"),
        ("", "has nothing of that name"),
    ],
)
def test_what_is_not_there_is_an_error_that_says_what_makes_it(
    what: str, words: str, run: Run, opened: list[str], tmp_path: Path
) -> None:
    (tmp_path / "secret.png").touch()
    with pytest.raises(KitError, match=re.escape(words)):
        open_run(run, what)
    assert opened == []


def test_an_imported_network_has_no_history_that_a_command_could_make(tmp_path: Path) -> None:
    with pytest.raises(KitError, match=re.escape("history.png: a network that was trained elsewhere has none")):
        open_run(bare_run(tmp_path / "01-dense", imported="model.keras"), "history")


def test_what_can_be_shown_is_listed(run: Run) -> None:
    assert viewer.shown_of(run) == ["folder"]


@pytest.mark.parametrize(
    ("platform", "variables", "seen"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "1.2.3.4"}, True),  # ssh -X
        ("linux", {"BROWSER": "code"}, True),
        ("darwin", {}, True),
        ("darwin", {"SSH_CONNECTION": "1.2.3.4"}, False),
        ("win32", {}, True),
        ("win32", {"SSH_CONNECTION": "1.2.3.4"}, False),
    ],
)
def test_where_nobody_would_see_it_the_path_is_all(
    platform: str,
    variables: dict[str, str],
    seen: bool,
    analysed: Run,
    opened: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    for name in AROUND:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    said: list[str] = []
    assert open_run(analysed, notify=said.append) == analysed.folder / "report.html"
    assert (len(opened), len(said)) == ((1, 0) if seen else (0, 1))
    assert seen or said[0].startswith("not shown: no display here")


def test_a_browser_that_is_not_there_is_said(analysed: Run, opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewer.webbrowser, "open", lambda address: False)
    said: list[str] = []
    open_run(analysed, notify=said.append)
    assert said == ["not shown: nothing here opens it: name a program in the environment variable BROWSER"]


def test_the_command_shows_it_by_a_program_and_prints_where_it_is(
    analysed: Run, kit_command: KitCommand, tmp_path: Path
) -> None:
    script = f"import sys, pathlib; pathlib.Path({str(tmp_path / 'asked')!r}).write_text(sys.argv[1])"
    (tmp_path / "browser.py").write_text(script)
    around = {name: value for name, value in os.environ.items() if name not in AROUND}
    finished = kit_command("open", "1", env={**around, "BROWSER": f"{sys.executable} {tmp_path / 'browser.py'} %s"})
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, f"{Path('runs/01-dense/report.html')}\n", "")
    assert (tmp_path / "asked").read_text() == (analysed.folder / "report.html").as_uri()
    finished = kit_command("open", "1", "history", env={**around, "SSH_CONNECTION": "1.2.3.4"})
    assert finished.returncode == 0 and finished.stdout == f"{Path('runs/01-dense/history.png')}\n"
    assert finished.stderr.startswith("not shown: no display here")
    assert_one_line(kit_command("open", "1", "nonsense"), "nonsense: 01-dense has nothing of that name")


def test_the_report_of_an_analysis_is_shown_by_the_same(
    analysed: Run, opened: list[str], kit_here: KitCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = analysed.folder / "report.html"
    report = SimpleNamespace(page=page, photographs=None, comparisons=[], summary=[])
    monkeypatch.setattr("kit.reporting.report.analyze", lambda *run, **options: report)
    assert kit_here("analyze", "--open").returncode == 0
    assert opened == [page.as_uri()]


def test_the_library_has_it() -> None:
    assert kit.open_run is open_run
