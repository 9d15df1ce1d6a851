"""Where data is found, every container it may come in, and the cache."""

import gzip
import io
import os
import re
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import csv_of, needs

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
    monkeypatch.setattr(cache, "_SAME_TICK", 0)  # else a file must have rested for two seconds
    folder = write(tmp_path / "in", csvs, "folder")
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
    damage: str,
    csvs: dict[str, bytes],
    tmp_path: Path,
    rows: np.ndarray,
    own_cache_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cache, "_SAME_TICK", 0)
    folder = write(tmp_path / "in", csvs, "folder")
    loading.load("train", folder)
    [copy] = own_cache_folder.glob("*.npz")
    raw = bytearray(copy.read_bytes())
    raw[len(raw) // 2] ^= 1
    copy.write_bytes(
        {"truncated": bytes(raw[: len(raw) // 2]), "flipped": bytes(raw), "empty": b"", "text": b"cache"}[damage]
    )
    assert (loading.load("train", folder).images.reshape(12, 784) == rows[:, 1:]).all()


POISONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {  # members of a copy → others
    "about is a list": lambda copy: copy | {"about.json": b"[]"},
    "about is deep": lambda copy: copy | {"about.json": 100_000 * b"["},
    "loaded at no time": lambda copy: copy | {"about.json": re.sub(rb'd_at": \d+', b'd_at": NaN', copy["about.json"])},
    "no fingerprint": lambda copy: copy | {"about.json": re.sub(rb'"[0-9a-f]{64}"', b"7", copy["about.json"])},
    "4 TB": lambda copy: (
        copy | {"images.npy": copy["images.npy"].replace(b"(12, 28, 28, 1), }     ", b"(5600000000,28,28,1),} ")}
    ),
    "other type": lambda copy: copy | {"images.npy": copy["images.npy"].replace(b"'|u1'", b"'|i1'")},
    "objects": lambda copy: copy | {"images.npy": copy["images.npy"].replace(b"'|u1'", b"'|O' ")},
    "fewer labels": lambda copy: copy | {"labels.npy": npy(np.zeros(11, np.uint8))},
    "other images": lambda copy: copy | {"images.npy": npy(np.zeros((12, 784), np.uint8))},
}


def npy(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


@pytest.mark.parametrize("poison", [*POISONS, "packed"])
def test_a_poisoned_cache_is_read_over(
    poison: str,
    csvs: dict[str, bytes],
    tmp_path: Path,
    rows: np.ndarray,
    own_cache_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cache, "_SAME_TICK", 0)
    folder = write(tmp_path / "in", csvs, "folder")
    loading.load("train", folder)
    [path] = own_cache_folder.glob("*.npz")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    poisoned = POISONS.get(poison, dict)(members)
    assert poison == "packed" or poisoned != members
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if poison == "packed" else zipfile.ZIP_STORED) as archive:
        for name, raw in poisoned.items():
            archive.writestr(name, raw)
    parsed = []
    real = csv_format.parse_digits
    monkeypatch.setattr(csv_format, "parse_digits", lambda *given: parsed.append(1) or real(*given))
    assert (loading.load("train", folder).images.reshape(12, 784) == rows[:, 1:]).all() and parsed


@needs("pwd")
def test_without_a_home_there_is_no_cache(
    csvs: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KIT_CACHE", "HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", lambda number: {}[number])  # as for a user id that no file knows
    assert len(loading.load("train", write(tmp_path / "in", csvs, "folder"))) == 12


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


def test_without_a_change_time_a_changed_file_is_not_served_either(
    csvs: dict[str, bytes], tmp_path: Path, rows: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, whose time in its place is that of creation."""
    real = Path.stat

    def stat(self: Path, **options: Any) -> os.stat_result:
        found = real(self, **options)
        times = {"st_atime_ns": found.st_atime_ns, "st_mtime_ns": found.st_mtime_ns, "st_ctime_ns": 0}
        return os.stat_result(list(found)[:10], times)

    monkeypatch.setattr(Path, "stat", stat)
    monkeypatch.setattr(cache, "_HAS_CHANGE_TIME", False)
    monkeypatch.setattr(cache, "_SAME_TICK", 0)
    path = write(tmp_path / "in", csvs, "folder") / "train.csv"
    before, times = loading.load("train", path), path.stat()
    changed = rows.copy()
    changed[:, 0] = changed[::-1, 0]
    path.write_bytes(csv_of(changed))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert path.stat().st_size == times.st_size and path.stat().st_mtime_ns == times.st_mtime_ns
    after = loading.load("train", path)
    assert (after.labels == changed[:, 0]).all() and after.fingerprint != before.fingerprint
