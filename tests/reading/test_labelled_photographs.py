"""Judging by photographs: counts made by hand with a network that the test can foresee."""

import json
import os
import re
import runpy
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import KitCommand, assert_one_line, contract_for
from PIL import Image

from kit import KitError
from kit.reading.labelled_photographs import Balance, balance_of, judge, table_of_backgrounds, table_of_digits
from kit.reading.reader import Reader, open_reader
from kit.run.folder import Run
from kit.task import CAMERA

ROOT = Path(__file__).parents[2]
DEV = os.environ.get("KIT_PHOTOS")  # a folder laid out as digits/KIND/LABEL/ and background/KIND/


def told(images: np.ndarray) -> np.ndarray:
    """The class is the left half's tens, how sure it is the right half's percent."""
    classes = np.rint(images[:, :, :30, 0].mean(axis=(1, 2)) / 10).astype(int)
    sure = np.rint(images[:, :, 34:, 0].mean(axis=(1, 2)))[:, None] / 100
    return np.where(np.arange(11) == classes[:, None], sure, (1 - sure) / 10).astype(np.float32)


READER = Reader("stand-in", contract_for(CAMERA.of_size(64), 0.6), told)
PHOTOGRAPHS = {  # what the network says of it, 10 for background, and how sure it is in percent
    "digits/photo/3/a.png": (3, 90), "digits/photo/3/b.png": (3, 50), "digits/photo/3/c.png": (5, 95),
    "digits/photo/3/d.png": (10, 80), "digits/cell/0/deep/e.png": (0, 70),
    "background/page/a.png": (10, 99), "background/page/b.png": (7, 61), "background/page/c.png": (7, 59),
    "background/page/d-lookalike.png": (1, 98), "background/word-lookalike/e.png": (2, 97),
    "background/word-lookalike/f.png": (10, 97),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, (label, sure) in PHOTOGRAPHS.items():
        picture = np.full((64, 64), 10 * label, np.uint8)
        picture[:, 32:] = sure
        write(tmp_path / "photos" / name, picture)
    return tmp_path / "photos"


def write(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


def test_counts_by_kind_are_those_made_by_hand(folder: Path) -> None:
    found = judge(READER, folder)
    rows = [vars(kind) for kind in found.digits]
    names = ["kind", "photographs", "right", "wrong", "silent", "best_of_ten"]
    assert [[row[name] for name in names] for row in rows] == [
        ["cell", 1, 1, 0, 0, 1],
        ["photo", 4, 1, 1, 2, 2],
        ["all", 5, 2, 1, 2, 3],
    ]
    assert [(kind.kind, kind.lookalike, kind.photographs, kind.false_alarms) for kind in found.backgrounds] == [
        ("page", False, 3, 1),
        ("page", True, 1, 1),
        ("word", True, 2, 1),
        ("all", True, 3, 2),
    ]
    assert found.digits[2].accuracy == 2 / 5 and found.backgrounds[0].rate == 1 / 3
    assert found.threshold == 0.6 and found.problems == ()


def test_the_failures_are_those_and_the_surest_first(folder: Path) -> None:
    failures = judge(READER, folder).failures
    assert [(str(one.file), one.truth, one.taken, round(one.probability, 2), one.lookalike) for one in failures] == [
        ("background/page/d-lookalike.png", "background", "1", 0.98, True),
        ("background/word-lookalike/e.png", "background", "2", 0.97, True),
        ("digits/photo/3/c.png", "3", "5", 0.95, False),
        ("digits/photo/3/d.png", "3", "background", 0.8, False),
        ("background/page/b.png", "background", "7", 0.61, False),
        ("digits/photo/3/b.png", "3", "background", 0.5, False),
    ]
    assert (failures[2].pixels[:, :32] == 50).all() and failures[2].pixels.shape == (64, 64)


def test_the_balance_is_where_as_large_a_share_alarms_as_is_missed(folder: Path) -> None:
    balance = judge(READER, folder).balance
    assert balance is not None  # of 5 digits 3 are named, 50, 70 and 90 % sure; of 3 pages 2 alarm, 59 and 61 %
    by_hand = [
        (threshold, sum(sure >= threshold for sure in (50, 70, 90)) / 5, sum(s >= threshold for s in (59, 61)) / 3)
        for threshold in range(101)
    ]
    first = next(line for line in by_hand if line[2] <= 1 - line[1])
    assert (balance.accuracy, balance.false_alarms) == first[1:]
    assert first[0] / 100 - 0.011 < balance.threshold <= first[0] / 100 + 1e-6


@pytest.mark.parametrize("seed", range(5))
def test_the_balance_against_every_threshold_in_turn(seed: int) -> None:
    generator = np.random.default_rng(seed)
    confidences = generator.integers(0, 40, 60) / 40
    background, read, right = generator.random((3, 60)) < np.array([[0.4], [0.8], [0.9]])
    right &= read & ~background
    balance = balance_of(confidences, read, right, background)
    assert balance is not None
    for threshold in np.arange(-1, 42) / 40 + 0.001:
        accuracy = (right & (confidences >= threshold)).sum() / (~background).sum()
        alarms = (read & background & (confidences >= threshold)).sum() / background.sum()
        if alarms <= 1 - accuracy:
            break
    assert (balance.accuracy, balance.false_alarms) == (accuracy, alarms)
    assert balance.threshold <= threshold < balance.threshold + 0.026
    assert balance_of(confidences, read, right, np.zeros(60, bool)) is None


def test_a_perfect_network_needs_no_threshold() -> None:
    sure, digits = np.full(4, 0.9), np.array([True, True, False, False])
    assert balance_of(sure, digits, digits, ~digits) == Balance(0.0, 1.0, 0.0)


def test_the_tables_show_the_counts(folder: Path) -> None:
    found = judge(READER, folder)
    assert table_of_digits(found)[1] == ["cell", "1", "1", "100.0%", "0", "0", "100.0%"]
    assert table_of_backgrounds(found)[1:3] == [["page", "3", "1", "33.3%"], ["page, look-alikes", "1", "1", "100.0%"]]


def test_digits_or_backgrounds_alone_are_counted_without_a_balance(folder: Path, tmp_path: Path) -> None:
    (folder / "background").rename(tmp_path / "background")
    found = judge(READER, folder)
    assert len(found.digits) == 3 and found.backgrounds == () and found.balance is None
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "background").rename(tmp_path / "elsewhere" / "background")
    found = judge(READER, tmp_path / "elsewhere")
    assert found.digits == () and len(found.backgrounds) == 4 and found.balance is None


def zipped(folder: Path, path: Path, top: str = "", **others: bytes) -> Path:
    """A zip of the folder, what it holds being in `top`, and other members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, top + file.relative_to(folder).as_posix())
        for name, content in others.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("top", ["", "labelled/"])
def test_a_zip_is_judged_as_its_folder_is(folder: Path, tmp_path: Path, top: str) -> None:
    beside = {f"__MACOSX/{top}digits/photo/3/._a.png": b"", f"{top}.DS_Store": b"", "../digits/photo/3/x.png": b"?"}
    path = zipped(folder, tmp_path / "labelled.zip", top, **beside)
    found, expected = judge(READER, path), judge(READER, folder)
    assert found.numbers() | {"folder": ""} == expected.numbers() | {"folder": ""}
    assert all((one.pixels == other.pixels).all() for one, other in zip(found.failures, expected.failures, strict=True))
    outer = tmp_path / "unpacked"
    outer.mkdir()
    folder.rename(outer / "labelled")
    assert judge(READER, outer).digits == expected.digits


def test_what_is_wrong_with_a_zip_is_one_line(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def line(path: Path) -> str:
        with pytest.raises(KitError) as refusal:
            judge(READER, path)
        assert "\n" not in str(refusal.value)
        return str(refusal.value)

    path = zipped(folder, tmp_path / "photos.zip")
    whole = path.read_bytes()
    assert line(folder / "digits/photo/3/a.png").endswith(
        "neither a folder nor a zip that can be read: name one with photographs"
    )
    assert "digits/photo/11/a.png: neither a digit's nor a background's place: lay it out" in line(
        zipped(folder, tmp_path / "wrong.zip", **{"digits/photo/11/a.png": b""})
    )
    (tmp_path / "empty").mkdir()
    assert "empty.zip: no photographs in it: lay it out" in line(zipped(tmp_path / "empty", tmp_path / "empty.zip"))
    for cut in (1, 30, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert "neither a folder nor a zip" in line(path)
    at = whole.index(b"\x89PNG") if b"\x89PNG" in whole else whole.index(b"a.png") + 20
    path.write_bytes(whole[:at] + b"\xff\xfe" + whole[at + 2 :])
    assert judge(READER, path).problems[0].endswith("cannot be unpacked: the zip is damaged or encrypted")
    path.write_bytes(whole)
    (folder / "digits/photo/3/a.png").write_bytes(b"no picture")
    damaged = zipped(folder, tmp_path / "damaged.zip")
    assert judge(READER, damaged).problems == (
        f"{damaged / 'digits/photo/3/a.png'}: this is not a picture that can be read: give a PNG or JPEG file",
    )
    monkeypatch.setattr("kit.reading.zipped.MOST_FILES", 5)
    assert line(path).endswith("11 pictures in one zip: unpack it and name the folder")
    monkeypatch.setattr("kit.reading.zipped.MOST_FILES", 11)
    monkeypatch.setattr("kit.reading.zipped.MOST_BYTES", 1_000)
    assert "more than 0 MB of pictures" in line(path)


def test_what_cannot_be_read_is_said_and_not_counted(folder: Path) -> None:
    (folder / "digits/photo/3/a.png").write_bytes(b"")
    found = judge(READER, folder)
    assert found.digits[1].photographs == 3 and len(found.problems) == 1
    assert found.problems[0].endswith(f"{Path('digits/photo/3/a.png')}: this file is empty")


@pytest.mark.parametrize(
    "place", ["digits/photo/a.png", "digits/photo/x/a.png", "digits/photo/10/a.png", "background/a.png", "digits/a.png"]
)
def test_another_layout_is_one_line(folder: Path, place: str) -> None:
    write(folder / place, np.zeros((64, 64), np.uint8))
    shown = re.escape(str(Path(place)))
    with pytest.raises(KitError, match=rf"{shown}: neither a digit's nor a background's place: lay it out as digits/"):
        judge(READER, folder)


def test_a_folder_without_photographs_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(KitError, match="no photographs in it: lay it out"):
        judge(READER, tmp_path)
    with pytest.raises(KitError, match="gone: no such folder"):
        judge(READER, tmp_path / "gone")
    write(tmp_path / "digits/photo/3/a.png", np.zeros((1, 1), np.uint8))
    with pytest.raises(KitError, match=r"none of 1 photographs can be read: .*a\.png: 1 x 1 pixels"):
        judge(READER, tmp_path)


@pytest.mark.usefixtures("without_pictures")
def test_the_command_prints_tables_and_json(
    exportable: Run, folder: Path, tmp_path: Path, kit_here: KitCommand
) -> None:
    runs = ["--runs", exportable.folder.parent]
    finished = kit_here("analyze", exportable.name, "--photos", "photos", *runs)
    assert finished.returncode == 0, finished.stderr
    table = [line.split("  ")[0] for line in finished.stdout.splitlines()]
    assert table[:4] == ["digits", "cell", "photo", "all"] and table[5:8] == [
        "without a digit",
        "page",
        "page, look-alikes",
    ]
    assert f"threshold of {exportable.name}" in finished.stderr
    (folder / "digits/photo/3/a.png").write_bytes(b"")
    finished = kit_here("analyze", exportable.name, "--photos", "photos", "--json", *runs)
    numbers = json.loads(finished.stdout)["photographs"]
    assert finished.returncode == 1 and "a.png: this file is empty" in finished.stderr
    assert [kind["photographs"] for kind in numbers["digits"]] == [1, 3, 4]
    assert {"threshold", "accuracy", "false_alarms"} == numbers["balance"].keys()
    assert_one_line(kit_here("analyze", exportable.name, "--photos", "gone", *runs), "gone: no such folder")


def test_the_benchmark_judges_a_package(
    eleven_package: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["photographs.py", str(eleven_package), str(folder)])
    runpy.run_path(str(ROOT / "benchmarks" / "photographs.py"), run_name="__main__")
    printed = capsys.readouterr().out
    assert "| digits | photographs |" in printed and "| page, look-alikes | 1 |" in printed
    assert f"threshold of {eleven_package.name}" in printed


def test_the_photographs_of_a_real_folder_are_all_counted(camera: Run) -> None:
    if not DEV:
        pytest.skip("KIT_PHOTOS names no folder of photographs: none are judged")
    found = judge(open_reader(camera), DEV)
    for group, kinds in (("digits", found.digits), ("background", found.backgrounds)):
        counted = sum(kind.photographs for kind in kinds if kind.kind != "all")
        assert counted == len(list(Path(DEV, group).rglob("*.png"))) > 0
    assert not found.problems and found.balance
