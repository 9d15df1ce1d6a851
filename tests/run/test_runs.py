"""Which folders are runs, which of them a name means, and that a damaged one hides no other."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest
from conftest import KitCommand, needs
from test_folder import SETTINGS, with_accuracy

from kit import KitError
from kit.run.runs import best, create, find, find_or_best, numbered, runs
from kit.task import CAMERA, ROWS

OURS = {"01-dense": 1, "2-b": 2, "10-x": 10, "100-x": 100, "1234-a-b": 1234, "07-my best": 7, "999999-x": 999_999}
OTHERS = [
    "1st-dense", "7", "-7-x", "٣-x", "٠٧-x", "007-x", "00-x", "0-x", "01-", "1" * 200 + "-x", "1000000-x", "01-a\nb",
    "01-\x1b[2J", " 1-x", "1_0-x", "+1-x", "²-x", "1.5-x",
]  # fmt: skip


def folder_of(path: Path) -> None:
    path.mkdir()
    (path / "settings.json").write_text(json.dumps({"settings": asdict(SETTINGS), "versions": {}}))


@pytest.mark.parametrize("name", OURS)
def test_the_number_and_the_name_of_a_run(name: str, tmp_path: Path) -> None:
    number, called = numbered(name) or (0, "")
    assert number == OURS[name] and name.endswith(called)
    folder_of(tmp_path / name)
    assert find(number, tmp_path).name == find(called, tmp_path).name == name


@pytest.mark.parametrize("name", OTHERS)
def test_a_folder_that_is_none_of_ours_is_ignored_everywhere(name: str, tmp_path: Path) -> None:
    folder_of(tmp_path / name)
    assert numbered(name) is None and runs(tmp_path) == []
    first = with_accuracy(tmp_path, "x", 0.9)
    assert first.name == "01-x" and best(tmp_path) == first
    assert runs(tmp_path) == [first] and find("1", tmp_path) == find("x", tmp_path) == first


def test_files_and_links_to_nowhere_are_no_runs_and_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "01-dense").write_text("mine")
    (tmp_path / "02-dense").symlink_to("nowhere")
    (tmp_path / "05-other").write_text("")
    assert runs(tmp_path) == []
    assert create(SETTINGS, "dense", tmp_path).name == "03-dense"
    assert (tmp_path / "01-dense").read_text() == "mine" and (tmp_path / "02-dense").is_symlink()


def test_a_number_that_two_runs_have_names_both(tmp_path: Path) -> None:
    for name in ("02-a", "2-b"):
        folder_of(tmp_path / name)
    for name in (2, "2", "02"):
        with pytest.raises(KitError, match="several runs are called so: choose from 02-a, 2-b"):
            find(name, tmp_path)
    assert find("2-b", tmp_path).name == "2-b" and find("a", tmp_path).name == "02-a"


def test_numbers_go_on_after_99_and_end_somewhere(tmp_path: Path) -> None:
    folder_of(tmp_path / "99-x")
    assert create(SETTINGS, "x", tmp_path).name == "100-x"
    folder_of(tmp_path / "999999-x")
    with pytest.raises(KitError, match="a run has the number 999,999, the last one: rename it"):
        create(SETTINGS, "x", tmp_path)


def test_a_run_named_by_a_dot_has_its_folders_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = create(SETTINGS, "x", tmp_path)
    monkeypatch.chdir(run.folder)
    assert find(".").name == "01-x"


@pytest.mark.parametrize("file", ["settings.json", "metrics.json"])
@needs("os.mkfifo")
@pytest.mark.parametrize("content", ["{", "[]", '{"settings": {}}', '{"val_accuracy": "high"}', "[" * 99_999, None])
def test_a_damaged_run_hides_no_other(file: str, content: str | None, tmp_path: Path, kit_here: KitCommand) -> None:
    whole, broken = with_accuracy(tmp_path, "whole", 0.8), with_accuracy(tmp_path, "broken", 0.9)
    (broken.folder / file).unlink()
    if content is None:
        os.mkfifo(broken.folder / file)
    else:
        (broken.folder / file).write_text(content)
    assert set(runs(tmp_path)) == {whole, broken}
    said: list[str] = []
    for options in ({}, {"task": ROWS}, {"prefer": CAMERA}):
        assert find_or_best(None, tmp_path, **options, notify=said.append) == whole  # type: ignore[arg-type]
    if (file, content) != ("metrics.json", '{"settings": {}}'):  # no metrics at all: it has nothing to show
        assert said[0].startswith("02-broken is passed over: ") and file in said[0]
    assert said[-1] == "the best run is 01-whole"
    listed = kit_here("runs", "--runs", tmp_path)
    assert "01-whole" in listed.stdout and listed.returncode == 0
    assert all(line.startswith("error: ") and file in line for line in listed.stderr.splitlines())


def test_a_name_is_found_in_either_spelling(tmp_path: Path) -> None:
    """A Mac's Finder, and what was packed on one, have é as two characters."""
    two = "re\u0301sume\u0301"
    made = create(SETTINGS, two, tmp_path)
    assert made.name == "01-résumé"
    for name in ("01-résumé", "résumé", f"01-{two}", two):
        assert find(name, tmp_path) == made
    folder_of(tmp_path / f"02-{two}x")
    assert find("02-résuméx", tmp_path).folder == find("résuméx", tmp_path).folder == tmp_path / f"02-{two}x"
