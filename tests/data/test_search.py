"""Which file is taken: by content, in whatever it is packed; what nobody needs is not opened, what is odd is named."""

import gzip
import io
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import needs

from kit import KitError
from kit.data import containers, loading
from kit.data.checks import check

TITANIC = b"PassengerId,Survived,Pclass,Name\n1,0,3,Braund\n"
Csvs = dict[str, bytes]


def zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(
                zipfile.ZipInfo(name), raw, zipfile.ZIP_DEFLATED
            )  # a ZipInfo keeps backslashes as they are
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("train.csv", lambda csvs: zipped({"train.csv": csvs["train.csv"]})),
        ("train.csv", lambda csvs: gzip.compress(csvs["train.csv"])),
        ("train.csv.zip", lambda csvs: zipped({"data.txt": csvs["train.csv"]})),
        ("train.csv.zip", lambda csvs: csvs["train.csv"]),
        ("TRAIN.CSV", lambda csvs: csvs["train.csv"]),
        ("download.ZIP", zipped),
        ("a.zip", lambda csvs: zipped({f"digit-recognizer\\{name}": raw for name, raw in csvs.items()})),
        ("a.zip", lambda csvs: zipped({f"{name}.zip": zipped({name: raw}) for name, raw in csvs.items()})),
        ("a.zip", lambda csvs: zipped({f"{name}.gz": gzip.compress(raw) for name, raw in csvs.items()})),
        ("a.zip", lambda csvs: zipped({"Digits/digit-recognizer.zip": zipped(csvs), "readme.txt": b"hello"})),
        ("a.zip", lambda csvs: zipped({**csvs, "titanic/train.csv": TITANIC, "photo.png": b"\x89PNG"})),
        ("a.zip", lambda csvs: zipped({**csvs, "__MACOSX/._train.csv": b"\0\5\x16\7", "copy/._train.csv": b"\0"})),
        ("a.zip", lambda csvs: zipped({**csvs, "again/train.csv": csvs["train.csv"]})),
        ("a.zip", lambda csvs: zipped({**csvs, "train.csv/": b""})),
        ("a.zip", lambda csvs: gzip.compress(zipped(csvs))),
        ("a.zip", lambda csvs: zipped({"train.csv": gzip.compress(gzip.compress(csvs["train.csv"]))})),
    ],
)
def test_it_is_read_whatever_it_is_packed_in(
    name: str, pack: Callable[[Csvs], bytes], csvs: Csvs, rows: np.ndarray, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(pack(csvs))
    for given in (tmp_path, tmp_path / name):
        assert (loading.load("train", given).images.reshape(12, 784) == rows[:, 1:]).all()
    [report, *_] = check(tmp_path / name)
    assert report.rows == 12 and report.problem is None


def test_two_different_files_of_one_name_are_both_named(csvs: Csvs, tmp_path: Path) -> None:
    other = csvs["train.csv"].replace(b"\n9,", b"\n8,")
    (tmp_path / "a.zip").write_bytes(zipped({**csvs, "old/train.csv": other}))
    with pytest.raises(
        KitError, match=r"a\.zip \(train\.csv\) and .*a\.zip \(old/train\.csv\): which train\.csv is meant"
    ):
        loading.load("train", tmp_path)
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("train.csv", csvs["train.csv"])
        archive.writestr("train.csv", other)
    with pytest.raises(KitError, match="is there twice, and differs"):
        loading.load("train", tmp_path / "b.zip")


@needs("os.mkfifo")
def test_what_nobody_needs_is_not_opened(csvs: Csvs, tmp_path: Path, rows: np.ndarray) -> None:
    (tmp_path / "digit-recognizer.zip").write_bytes(zipped(csvs)[:500])
    (tmp_path / "titanic.zip").write_bytes(zipped({"train.csv": TITANIC}))
    (tmp_path / "._b.zip").write_bytes(b"\0\5\x16\7")
    os.mkfifo(tmp_path / "a.zip")
    (tmp_path / "latest.zip").mkdir()
    with pytest.raises(KitError, match=r"digit-recognizer\.zip: truncated or damaged"):
        loading.load("train", tmp_path)
    (tmp_path / "mine.zip").write_bytes(zipped({"train.csv": csvs["train.csv"]}))
    assert len(loading.load("train", tmp_path)) == 12
    (tmp_path / "train.csv").write_bytes(csvs["train.csv"])
    (tmp_path / "sample_submission.csv").write_bytes(b"\0")
    assert len(loading.load("train", tmp_path)) == 12
    assert loading.load_submission("solution", tmp_path) is None


def test_another_competitions_train_csv_is_named_where_it_is_alone(csvs: Csvs, tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_bytes(TITANIC)
    with pytest.raises(KitError, match=r"train\.csv: a table of something else, its header begins with 'PassengerId"):
        loading.load("train", tmp_path)
    (tmp_path / "digit-recognizer.zip").write_bytes(zipped(csvs))
    assert len(loading.load("train", tmp_path)) == 12


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link_to_zero(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    ("make", "words"),
    [(Path.mkdir, "a folder, not a file"), (pipe, "a pipe or a device"), (link_to_zero, "a pipe or a device")],
)
@needs("os.mkfifo")
def test_what_is_no_file_in_a_folder_is_not_opened(make: Callable[[Path], None], words: str, tmp_path: Path) -> None:
    make(tmp_path / "train.csv")
    with pytest.raises(KitError, match=rf"train\.csv: {words}"):
        loading.load("train", tmp_path)
    assert words in str(check(tmp_path)[0].problem)


@needs("os.mkfifo")
def test_a_device_is_refused(tmp_path: Path) -> None:
    for given in ("/dev/zero", "/dev/null"):
        with pytest.raises(KitError, match="a device, not a file"):
            loading.load("train", given)
        assert "a device, not a file" in str(check(given)[0].problem)


@pytest.mark.parametrize("packed", [False, True])
@needs("os.mkfifo")
def test_a_pipe_is_read_once_and_serves_every_command_of_the_process(
    packed: bool, csvs: Csvs, tmp_path: Path, rows: np.ndarray
) -> None:
    end, start = os.pipe()
    os.write(start, zipped(csvs) if packed else csvs["test.csv"])
    os.close(start)
    pipe = f"/dev/fd/{end}"
    [report, *_] = [one for one in check(pipe) if one.rows == 4]
    assert report.problem is None
    assert (loading.load("test", pipe).images.reshape(4, 784) == rows[:4, 1:]).all()
    assert (loading.load_submission("solution", pipe) is None) is not packed
    os.close(end)
    with pytest.raises(KitError, match="read once and gone: give the same rows with --data PATH"):
        loading.load("test", pipe)


def test_an_excel_workbook_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_bytes(zipped({"xl/workbook.xml": b"<x/>", "[Content_Types].xml": b"<x/>"}))
    assert "an Excel workbook: save its sheet as CSV" in str(check(tmp_path / "train.csv")[0].problem)


def test_an_archive_of_one_file_lacks_nothing_but_one_of_none_does(csvs: Csvs, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"test.csv": csvs["test.csv"]}))
    assert [report.problem for report in check(tmp_path / "a.zip")] == [None]
    (tmp_path / "a.zip").write_bytes(zipped({"readme.txt": b"hello"}))
    assert "holds none of the competition's files" in str(check(tmp_path / "a.zip")[0].problem)


def test_a_gzip_bomb_is_left_at_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, csvs: Csvs) -> None:
    monkeypatch.setattr(containers, "TEXT", 1_000_000)
    bomb = csvs["train.csv"] + 1000 * (b"5" + 784 * b",0" + b"\n")
    (tmp_path / "train.csv").write_bytes(gzip.compress(bomb))
    with pytest.raises(KitError, match=r"train\.csv: more than 1,000,000 bytes"):
        loading.load("train", tmp_path)
    (tmp_path / "train.csv").write_bytes(zipped({"train.csv": bomb}))
    with pytest.raises(KitError, match=r"train\.csv\): more than 1,000,000 bytes"):
        loading.load("train", tmp_path)


def test_gzip_in_many_small_parts_is_known_and_read(csvs: Csvs, tmp_path: Path) -> None:
    parts = [csvs["test.csv"][at : at + 100] for at in range(0, len(csvs["test.csv"]), 100)]
    (tmp_path / "mine").write_bytes(b"".join(map(gzip.compress, parts)) + bytes(1000))
    assert [(report.rows, report.problem) for report in check(tmp_path / "mine")] == [(4, None)]


def test_archives_in_one_another_are_followed_so_far(csvs: Csvs, tmp_path: Path) -> None:
    deep = zipped(csvs)
    for _ in range(containers.DEPTH):
        deep = zipped({"inner.zip": deep})
    (tmp_path / "a.zip").write_bytes(deep)
    with pytest.raises(KitError, match="too many archives in one another: unpack them first"):
        loading.load("train", tmp_path / "a.zip")
    (tmp_path / "b.zip").write_bytes(zipped({f"{number}.zip": zipped({"x.txt": b""}) for number in range(200)}))
    with pytest.raises(KitError, match="too many archives in one another"):
        loading.load("train", tmp_path / "b.zip")


def test_a_zip_with_too_large_a_directory_is_refused(
    csvs: Csvs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "_DIRECTORY", 1000)
    (tmp_path / "a.zip").write_bytes(zipped({f"{number}.txt": b"" for number in range(100)}))
    with pytest.raises(KitError, match=r"a\.zip: a zip of too many files"):
        loading.load("train", tmp_path / "a.zip")


def test_a_password_is_named(csvs: Csvs, tmp_path: Path) -> None:
    raw = bytearray(zipped({"train.csv": csvs["train.csv"]}))
    raw[6] |= 1
    raw[raw.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(raw)
    with pytest.raises(KitError, match="protected by a password: unpack it first"):
        loading.load("train", tmp_path / "a.zip")


def test_members_names_stay_on_one_line(csvs: Csvs, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"x\ny/train.csv": b"label,1\n"}))
    assert "\n" not in str(check(tmp_path / "a.zip")[0].problem)


def test_a_folder_called_like_a_csv_is_a_folder(csvs: Csvs, tmp_path: Path) -> None:
    folder = tmp_path / "latest.csv"
    folder.mkdir()
    for name, raw in csvs.items():
        (folder / name).write_bytes(raw)
    assert [report.problem for report in check(folder)] == [None] * 4
    shutil.rmtree(folder)
    assert "missing" in str(check(folder)[0].problem)
