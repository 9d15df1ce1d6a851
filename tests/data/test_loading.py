"""Where data is found, every container it may come in, and the cache."""

import gzip
import os
import shutil
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import csv_of

from kit import KitError
from kit.data import cache, csv_format, loading


@pytest.fixture(autouse=True)
def own_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def write(folder: Path, csvs: dict[str, bytes], container: str) -> Path:
    """The files in one of the containers that --data takes; returns the path to give."""
    folder.mkdir()
    if container == "zip":
        with zipfile.ZipFile(folder / "digit-recognizer.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, raw in csvs.items():
                archive.writestr(name, raw)
        return folder / "digit-recognizer.zip"
    for name, raw in csvs.items():
        if "gz" in container:
            (folder / f"{name}.gz").write_bytes(gzip.compress(raw))
        else:
            (folder / name).write_bytes(raw)
    return {"folder": folder, "gz folder": folder, "csv": folder / "train.csv", "csv.gz": folder / "train.csv.gz"}[
        container
    ]


@pytest.mark.parametrize("container", ["folder", "gz folder", "csv", "csv.gz", "zip"])
def test_every_container_gives_the_same_rows(
    container: str, csvs: dict[str, bytes], tmp_path: Path, rows: np.ndarray
) -> None:
    digits = loading.load("train", write(tmp_path / "in", csvs, container))
    assert digits.images.shape == (12, 28, 28, 1) and digits.images.dtype == np.uint8
    assert (digits.images.reshape(12, 784) == rows[:, 1:]).all() and (digits.labels == rows[:, 0]).all()
    plain = loading.load("train", write(tmp_path / "plain", csvs, "folder"))
    assert digits.fingerprint == plain.fingerprint


def test_a_folder_holding_kaggles_zip_is_read_as_it_is(csvs: dict[str, bytes], tmp_path: Path) -> None:
    write(tmp_path / "in", csvs, "zip")
    assert len(loading.load("test", tmp_path / "in")) == 4
    assert loading.load_submission("solution", tmp_path / "in") is not None


def test_a_kaggle_notebooks_folder_is_found_by_itself(
    csvs: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loading, "KAGGLE_INPUTS", [write(tmp_path / "kaggle", csvs, "folder")])
    assert len(loading.load("train")) == 12
    write(tmp_path / "data", {name: raw for name, raw in csvs.items() if name != "test.csv"}, "folder")
    assert loading.folder_or_file() == loading.DATA  # the user's own comes first


def test_the_cache_serves_an_unchanged_file_and_reads_it_no_more(
    csvs: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "in", csvs, "folder")
    time.sleep(2.1)  # a file must have rested for the cache to trust its times
    first = loading.load("train", folder)
    monkeypatch.setattr(csv_format, "parse_digits", None)
    second = loading.load("train", folder)
    assert (first.images == second.images).all() and (first.labels == second.labels).all()
    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize("rested", [False, True])
def test_a_changed_file_is_never_served_from_the_cache(
    rested: bool, csvs: dict[str, bytes], tmp_path: Path, rows: np.ndarray
) -> None:
    """Same size, same place, its modification time set back: as like the old file as a user could make it."""
    folder = write(tmp_path / "in", csvs, "folder")
    path = folder / "train.csv"
    if rested:
        time.sleep(2.1)
    times = path.stat()
    before = loading.load("train", folder)
    with open(path, "r+b") as file:  # in place: the same inode
        changed = rows.copy()
        changed[:, 0] = changed[::-1, 0]
        file.write(csv_of(changed))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert path.stat().st_size == times.st_size and path.stat().st_mtime_ns == times.st_mtime_ns
    after = loading.load("train", folder)
    assert (after.labels == changed[:, 0]).all() and after.fingerprint != before.fingerprint


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "text"])
def test_a_damaged_cache_is_read_over(
    damage: str, csvs: dict[str, bytes], tmp_path: Path, rows: np.ndarray, own_cache_folder: Path
) -> None:
    folder = write(tmp_path / "in", csvs, "folder")
    time.sleep(2.1)
    loading.load("train", folder)
    [copy] = own_cache_folder.glob("*.npz")
    raw = bytearray(copy.read_bytes())
    raw[len(raw) // 2] ^= 1
    copy.write_bytes(
        {"truncated": bytes(raw[: len(raw) // 2]), "flipped": bytes(raw), "empty": b"", "text": b"cache"}[damage]
    )
    assert (loading.load("train", folder).images.reshape(12, 784) == rows[:, 1:]).all()


def test_without_a_place_for_the_cache_there_is_none(
    csvs: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KIT_CACHE", str(tmp_path / "file" / "cache"))
    assert len(loading.load("train", write(tmp_path / "in", csvs, "folder"))) == 12


def test_copies_used_least_lately_go(
    csvs: dict[str, bytes], tmp_path: Path, own_cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound is in bytes: here three copies of 10 kB fit."""
    monkeypatch.setattr(cache, "_BYTES", 33_000)
    monkeypatch.setattr(cache, "_SAME_TICK", 0)
    folders = [write(tmp_path / str(number), csvs, "folder") for number in range(4)]
    copies = []
    for number, folder in enumerate(folders[:3]):
        loading.load("train", folder)
        [copy] = set(own_cache_folder.glob("*.npz")) - set(copies)
        copies.append(copy)
        os.utime(copy, (number, number))
    loading.load("train", folders[0])  # the oldest is used again
    loading.load("train", folders[3])
    assert [copy.exists() for copy in copies] == [True, False, True]


@pytest.mark.parametrize("container", ["csv.gz", "zip"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_truncated_archive_is_one_line(container: str, share: float, csvs: dict[str, bytes], tmp_path: Path) -> None:
    path = write(tmp_path / "in", csvs, container)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(KitError, match=r"truncated or damaged: download it again|empty"):
        loading.load("train", path)


def test_an_archive_without_the_files_is_one_line(csvs: dict[str, bytes], tmp_path: Path) -> None:
    path = write(tmp_path / "in", {"readme.txt": b"hello"}, "zip")
    with pytest.raises(KitError, match=r"there is no train\.csv in this archive"):
        loading.load("train", path)


def test_a_damaged_member_of_an_archive_is_one_line(csvs: dict[str, bytes], tmp_path: Path) -> None:
    path = write(tmp_path / "in", csvs, "zip")
    raw = bytearray(path.read_bytes())
    raw[2000] ^= 0xFF
    path.write_bytes(bytes(raw))
    with pytest.raises(KitError, match="truncated or damaged"):
        loading.load("train", path)


def test_a_class_without_rows_is_named(rows: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_bytes(csv_of(rows[rows[:, 0] != 7]))
    with pytest.raises(KitError, match="no row has the label 7"):
        loading.load("train", path)


@pytest.mark.parametrize("given", ["nowhere", "nowhere/train.csv", "."])
def test_missing_data_names_the_way_to_get_it(given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KitError, match=r"missing: fetch it with kit data fetch, or say where it is with --data PATH"):
        loading.load("train", given)


def test_a_folder_named_like_a_zip_is_a_folder(csvs: dict[str, bytes], tmp_path: Path) -> None:
    folder = write(tmp_path / "in", csvs, "folder")
    shutil.move(folder, tmp_path / "data.zip")
    assert len(loading.load("train", tmp_path / "data.zip")) == 12
