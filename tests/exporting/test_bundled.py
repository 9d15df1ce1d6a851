"""The camera model that comes with kit: found in a clone and in a wheel, by its name and where there is no run."""

import shutil
import tomllib
from pathlib import Path

import pytest
from conftest import KitCommand, assert_one_line

from kit import KitError
from kit.exporting import bundled
from kit.exporting.proof import verify
from kit.reading.reader import Reader, open_reader
from kit.run.folder import Run
from kit.web import server

ROOT = Path(__file__).parents[2]
MODEL = "DigitCamera.mlpackage"
PICTURE = ROOT / "docs" / "digits.png"
NO_RUN = "no trained run here yet: camera, the model that comes with kit, reads"


def test_there_is_one_copy_which_the_app_is_built_with_and_a_wheel_brings() -> None:
    assert list(ROOT.glob(f"mobile/**/{MODEL}")) == [bundled.path()] and not list(ROOT.glob(f"kit/**/{MODEL}"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert {ROOT / source: ROOT / target for source, target in included.items()} == {bundled.path(): bundled._PLACES[0]}


def test_a_wheels_copy_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "_PLACES", (tmp_path / MODEL, tmp_path / "site-packages" / "mobile" / MODEL))
    shutil.copytree(ROOT / "mobile" / "DigitCamera" / "Model" / MODEL, tmp_path / MODEL)
    assert open_reader("camera", tmp_path).contract.size == 96
    shutil.rmtree(tmp_path / MODEL)
    with pytest.raises(KitError, match="the model that comes with kit is missing: install kit again"):
        open_reader("camera", tmp_path)


def test_a_run_of_its_name_wins_and_a_folder_of_runs_that_was_named_holds_one(
    camera: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.chdir(tmp_path)
    assert open_reader(None, notify=said.append).name == open_reader("camera").name == MODEL
    assert said == [NO_RUN]
    with pytest.raises(KitError, match="elsewhere: no trained run here yet"):
        open_reader(None, "elsewhere")
    assert open_reader("camera", camera.folder.parent).name == camera.name
    shutil.copytree(camera.folder, tmp_path / "runs" / camera.name)
    assert open_reader(None).name == open_reader("camera").name == camera.name


def test_pictures_are_read_in_an_empty_folder(kit_here: KitCommand) -> None:
    named, unnamed = kit_here("predict", "camera", PICTURE, "--json"), kit_here("predict", PICTURE, "--json")
    assert named.returncode == unnamed.returncode == 0
    assert named.stdout == unnamed.stdout and f'"model": "{MODEL}"' in named.stdout
    assert (named.stderr, unnamed.stderr) == ("", f"{NO_RUN}\n")
    assert_one_line(kit_here("predict", "camera"), "camera: and which pictures?")


def test_it_is_verified_by_its_name(kit_here: KitCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named, by_path = kit_here("verify", "camera"), kit_here("verify", bundled.path())
    assert named.returncode == by_path.returncode == 1 and named.stdout == by_path.stdout != ""
    assert named.stderr.splitlines()[-1].startswith("error: camera: not compared: its run, ")
    monkeypatch.chdir(tmp_path)
    Path("camera").mkdir()  # a folder of pictures, and no model
    assert verify("camera").saved.path == bundled.path()
    Path("camera").rmdir()
    shutil.copytree(bundled.path(), "camera")
    assert verify("camera").saved.path == Path("camera")


def test_the_page_is_served_in_an_empty_folder(kit_here: KitCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[str] = []

    class Stands:
        def run(self, sockets: object) -> None:
            pass

    def server_of(reader: Reader, notify: object) -> Stands:
        served.append(reader.name)
        return Stands()

    monkeypatch.setattr(server, "server_of", server_of)
    unnamed, named = kit_here("serve", "--port", "0"), kit_here("serve", "camera", "--port", "0")
    assert served == [MODEL] * 2 and unnamed.returncode == named.returncode == 0
    assert NO_RUN in unnamed.stderr and NO_RUN not in named.stderr and named.stdout.startswith("http://127.0.0.1:")
