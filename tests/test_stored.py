"""What is read back: within bounds that are known before anything is unpacked or allocated."""

import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import needs
from hostile.counting import peak_memory

from kit import KitError
from kit.stored import Declared, arrays_of, content_of, json_of, zip_of

TWO = {"a": Declared("iu", ("n",)), "b": Declared("f", ("n", 2))}


def npz(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return path


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def header(dtype: str, shape: str, order: str = "False") -> str:
    return f"{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': {shape}, }}"


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_come_back_as_they_were(save: Callable[..., None], tmp_path: Path) -> None:
    arrays = {
        "a": np.arange(3, dtype=">i4"),
        "b": np.asfortranarray(np.arange(6.0).reshape(3, 2)),
        "more": np.arange(9),
    }
    save(tmp_path / "x.npz", **arrays)
    found = arrays_of(tmp_path / "x.npz", TWO, 10_000, "again")
    assert found.keys() == {"a", "b"} and found["a"].dtype.isnative
    for name, array in found.items():
        assert (array == arrays[name]).all()


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"a": npy(header("<i8", "(1000000000000,)"))}, "a is longer or shorter than it says"),
        ({"a": npy(header("<i8", "(-3,)"))}, "x.npz: damaged: again"),
        ({"a": npy(header("<U90000", "(3,)"))}, "a has another shape or type"),
        ({"a": npy(header("|O", "(3,)"), b"cos\nsystem\n")}, "x.npz: damaged: again"),
        ({"a": npy(header("<i8", "(3,1)"), bytes(24))}, "a has another shape or type"),
        ({"a": npy("(" * 9000)}, "x.npz: damaged: again"),
        ({"a": npy(header("<i8", "(3,)"), bytes(24))}, "it lacks b"),
        ({"a": npy(header("<i8", "(3,)"), bytes(24)), "b": npy(header("<f8", "(4, 2)"), bytes(64))}, "b has another"),
        ({"a": b"text"}, "x.npz: damaged: again"),
    ],
)  # fmt: skip
def test_a_header_is_held_to_what_there_is(members: dict[str, bytes], words: str, tmp_path: Path) -> None:
    before = peak_memory()
    with pytest.raises(KitError) as caught:
        arrays_of(npz(tmp_path / "x.npz", **members), TWO, 10_000, "again")
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert peak_memory() - before < 50_000_000


def test_an_archive_that_unpacks_to_more_than_it_may_is_not_unpacked(tmp_path: Path) -> None:
    bomb = npz(tmp_path / "x.npz", a=npy(header("<i8", "(2000000,)"), bytes(16_000_000)))
    assert bomb.stat().st_size < 100_000
    with pytest.raises(KitError, match=r"16,000,0\d\d bytes unpacked, at most 1,000,000 belong there: again"):
        arrays_of(bomb, TWO, 1_000_000, "again")


def test_as_many_arrays_as_a_network_of_a_thousand_layers_has_are_read(tmp_path: Path) -> None:
    many = {f"optimizer{number}": np.array([number]) for number in range(5000)}
    np.savez(tmp_path / "checkpoint.npz", **many)  # type: ignore[arg-type]
    found = arrays_of(tmp_path / "checkpoint.npz", dict.fromkeys(many, Declared("iu", (1,))), 2**21, "again")
    assert all(found[name] == array for name, array in many.items())


def test_an_archive_of_countless_members_or_with_one_twice_is_refused(tmp_path: Path) -> None:
    many = npz(tmp_path / "many.npz", **{str(number): b"" for number in range(25_000)})
    with (
        pytest.raises(KitError, match=r"many\.npz: damaged, Keras cannot read it: again"),
        zip_of(many, 10**7, "again", "Keras"),
    ):
        raise AssertionError("was opened")
    with pytest.warns(UserWarning), zipfile.ZipFile(tmp_path / "twice.npz", "w") as archive:
        archive.writestr("a.npy", b"1")
        archive.writestr("a.npy", b"2")
    with pytest.raises(KitError, match=r"it holds 'a\.npy' twice"), zip_of(tmp_path / "twice.npz", 10**6, "again"):
        raise AssertionError("was opened")


@needs("os.mkfifo")
def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, words in ((tmp_path / "pipe", "a pipe or device"), (Path("/dev/zero"), "a pipe"), (tmp_path, "a folder")):
        with pytest.raises(KitError, match=words):
            content_of(path, 10, "again")
    with pytest.raises(KitError, match="no such file"):
        content_of(tmp_path / "none", 10, "again")
    (tmp_path / "long").write_bytes(bytes(11))
    with pytest.raises(KitError, match="11 bytes where at most 10 belong: again"):
        content_of(tmp_path / "long", 10, "again")
    assert content_of(tmp_path / "long", 11, "again") == bytes(11)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"a": ' + "9" * 5000 + "}", "[]", "7", "null", "\0"])
def test_json_that_is_no_object_is_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(KitError, match=r"x\.json: damaged, not (JSON|a JSON object): again"):
        json_of(tmp_path / "x.json", "again")
