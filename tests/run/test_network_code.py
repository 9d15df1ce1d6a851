"""A network's own code: what is wrong with it is said by line, and what is not known here is not executed."""

from pathlib import Path

import pytest
from conftest import HOME_OF_DATA

from kit import KitError
from kit.run import network_code
from kit.run.network_code import FILE, CodeError, NetworkCode


def kept(folder: Path, text: str) -> NetworkCode:
    (folder / FILE).write_text(text)
    return network_code.read(folder / FILE)


@pytest.fixture
def nowhere_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in HOME_OF_DATA:
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setattr(network_code, "_TRUSTED", set())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\ndef network(x:\n", "line 2: SyntaxError: '(' was never closed"),
        ("import nothing_of_that_name\n", "line 1: ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("def f():\n    return 1 / 0\n\nf()\n", "line 2, in f: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)\n", "line 2: it ends Python: take that out"),
        ("raise ValueError('one\\n  two')\n", "line 1: ValueError: one two"),
        (f"raise ValueError('{'long ' * 200}')\n", "long…"),
        ("x = 1\0\n", "SyntaxError: source code"),
    ],
)
def test_an_error_is_the_files_own(text: str, said: str, tmp_path: Path) -> None:
    code = kept(tmp_path, text)
    with pytest.raises(KitError) as raised:
        code.module()
    line = str(raised.value)
    assert line.startswith(str(code.path)) and said in line and "\n" not in line and len(line) < 500


def test_what_fails_later_is_the_files_own_where_it_came_up_in_it(tmp_path: Path) -> None:
    code = kept(tmp_path, "def half(x):\n    return x / 2\n\ndef end(x):\n    raise SystemExit\n")
    half, end = code.module().half, code.module().end
    with (
        pytest.raises(CodeError, match=r"network\.py, line 2, in half: TypeError: unsupported operand"),
        code.blamed_for_its_own(),
    ):
        half("text")
    with pytest.raises(CodeError, match=r"network\.py, line 5, in end: it ends Python"), code.blamed_for_its_own():
        end(1)
    with pytest.raises(ZeroDivisionError), code.blamed_for_its_own():
        _ = half(2) / 0


def test_what_it_prints_goes_to_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept(tmp_path, "print('made of 3 layers')\n").module()
    printed = capsys.readouterr()
    assert printed.out == "" and "made of 3 layers" in printed.err


def test_its_functions_are_known_without_running_it(tmp_path: Path) -> None:
    code = kept(tmp_path, "raise SystemExit\ndef one(x): ...\ntwo = lambda x: x\nclass Three: ...\n")
    assert code.functions() == ["one", "two"]


def test_its_own_classes_and_functions_are_found_for_keras(tmp_path: Path) -> None:
    text = "from __future__ import annotations\nimport dataclasses\nfrom pathlib import Path\n"
    code = kept(tmp_path, f"{text}@dataclasses.dataclass\nclass Size:\n    side: int\ndef half(x): ...\nNUMBER = 3\n")
    assert code.objects().keys() == {"Size", "half"}


def test_code_from_elsewhere_is_not_executed_until_it_is_allowed(
    tmp_path: Path, nowhere_trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = kept(tmp_path, "raise AssertionError('executed')\n")
    with pytest.raises(KitError, match=rf"code from elsewhere.* KIT_TRUST={code.digest[:16]} once"):
        network_code.of_run(tmp_path, code.digest)
    for short in ("", code.digest[:4], "f" * 16):
        monkeypatch.setenv("KIT_TRUST", short)
        with pytest.raises(KitError, match="code from elsewhere"):
            network_code.of_run(tmp_path, code.digest)
    monkeypatch.setenv("KIT_TRUST", code.digest[:16])
    assert network_code.of_run(tmp_path, code.digest) == code
    monkeypatch.delenv("KIT_TRUST")
    monkeypatch.setattr(network_code, "_TRUSTED", set())  # as in another process
    assert network_code.of_run(tmp_path, code.digest) == code
    (tmp_path / FILE).write_text("raise AssertionError('another')\n")
    with pytest.raises(KitError, match="not the code that this run was trained with: restore the file"):
        network_code.of_run(tmp_path, code.digest)


def test_trust_holds_for_the_process_where_there_is_no_place_to_note_it(
    tmp_path: Path, nowhere_trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    for name in HOME_OF_DATA:
        monkeypatch.setenv(name, str(tmp_path / "file"))
    network_code.trust("0" * 64)
    assert network_code.is_trusted("0" * 64) and not network_code.is_trusted("1" * 64)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_file_that_powershell_wrote_is_read(encoding: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes('"""Größe"""\r\ndef one(x): ...\r\n'.encode(encoding))
    code = network_code.read(tmp_path / FILE)
    assert code.functions() == ["one"] and code.module().__doc__ == "Größe"
    (tmp_path / FILE).write_bytes(b"\xff\xfex")
    with pytest.raises(KitError, match=r"network\.py: damaged, it begins as UTF-16 and is none: save it as UTF-8"):
        network_code.read(tmp_path / FILE)
