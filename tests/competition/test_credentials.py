"""The token or key that Kaggle's client will use: found where it looks, read as Windows writes it, checked first."""

import json
import os
from pathlib import Path

import pytest

from kit import KitError
from kit.competition.credentials import Credentials, find

TOKEN = "KGAT_0123456789abcdef"
KEY = {"username": "ada", "key": "0123456789abcdef"}
VARIABLES = {"KAGGLE_USERNAME": "ada", "KAGGLE_KEY": "0123456789abcdef"}
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with an empty .kaggle, and no variable that leads elsewhere."""
    for name in [name for name in os.environ if name.startswith(("KAGGLE_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / ".kaggle").mkdir()
    return tmp_path


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", ["access_token", "access_token.txt"])
def test_a_token_is_read_as_powershell_and_notepad_write_it(home: Path, name: str, encoding: str) -> None:
    (home / ".kaggle" / name).write_bytes(f"{TOKEN}\r\n".encode(encoding))
    assert find() == Credentials({"KAGGLE_API_TOKEN": TOKEN}, token=True)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_key_is_read_as_powershell_and_notepad_write_it(home: Path, encoding: str) -> None:
    (home / ".kaggle" / "kaggle.json").write_bytes((json.dumps(KEY) + "\r\n").encode(encoding))
    assert find() == Credentials(VARIABLES)


def test_the_variable_may_name_a_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "token").write_bytes(TOKEN.encode("utf-16"))
    monkeypatch.setenv("KAGGLE_API_TOKEN", str(home / "token"))
    assert find().variables == {"KAGGLE_API_TOKEN": TOKEN}


def test_the_client_s_order(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find() == Credentials()
    (home / ".kaggle" / "kaggle.json").write_text(json.dumps({**KEY, "username": "other"}))
    monkeypatch.setenv("KAGGLE_USERNAME", "ada")
    assert find().variables == VARIABLES  # a variable is before the file
    (home / ".kaggle" / "access_token").write_text(TOKEN)
    assert find().variables == {"KAGGLE_API_TOKEN": TOKEN}
    monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_another")
    assert find().variables == {"KAGGLE_API_TOKEN": "KGAT_another"}


@pytest.mark.parametrize("variable", ["KAGGLE_CONFIG_DIR", "XDG_CONFIG_HOME"])
def test_the_folder_of_the_configuration(home: Path, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".kaggle").rmdir()
    folder = home / "kaggle"
    folder.mkdir()
    (folder / "kaggle.json").write_text(json.dumps(KEY))
    monkeypatch.setenv(variable, str(folder if variable.startswith("KAGGLE") else home))
    assert find().variables == VARIABLES


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("“0123456789”", "curly quotes, “ and ”"),
        ("'0123456789'", "'"),
        ("0123 456789", "U\\+0020"),
        ("0123\x1b[2J", "U\\+001B"),
        ("0123\u202e456", "U\\+202E"),
        ("ключ", "U|к"),
    ],
)
def test_what_no_token_has_is_named_and_where(
    value: str, shown: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".kaggle" / "kaggle.json").write_text(json.dumps({**KEY, "key": value}))
    with pytest.raises(
        KitError, match=rf"^key in .*kaggle\.json: holds {shown}.*, which no token or key has: "
    ) as caught:
        find()
    assert "0123" not in str(caught.value) and str(caught.value).isprintable()
    monkeypatch.setenv("KAGGLE_USERNAME", "ada")
    monkeypatch.setenv("KAGGLE_KEY", value)
    with pytest.raises(KitError, match=rf"^KAGGLE_KEY: holds {shown}"):
        find()
    (home / ".kaggle" / "access_token").write_text(value, encoding="utf-8")
    with pytest.raises(KitError, match=rf"access_token: holds {shown}"):
        find()


@pytest.mark.parametrize("raw", [b"", b"{", b"username=ada", b"\xff\xfe{", b"[" * 60_000, b"x" * 70_000])
def test_a_file_that_kaggle_did_not_give(raw: bytes, home: Path) -> None:
    (home / ".kaggle" / "kaggle.json").write_bytes(raw)
    with pytest.raises(
        KitError, match=r"kaggle\.json: is (not the JSON that Kaggle gave|no token of Kaggle's): copy it"
    ):
        find()


@pytest.mark.parametrize("content", [[], {}, {"username": "ada"}, {"username": 1, "key": None}, "ada"])
def test_json_without_a_key_is_none(content: object, home: Path) -> None:
    (home / ".kaggle" / "kaggle.json").write_text(json.dumps(content))
    assert find() == Credentials()


def test_a_token_that_is_too_long_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", "x" * 300)
    with pytest.raises(KitError, match=r"^KAGGLE_API_TOKEN: 300 characters are no token"):
        find()


def test_nobody_has_a_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    monkeypatch.setenv("HOME", "~")
    assert find() == Credentials()
    with find().lent():
        assert os.environ["KAGGLE_CONFIG_DIR"] == os.devnull  # or the client would make ~/.config/kaggle here
    assert "KAGGLE_CONFIG_DIR" not in os.environ


def test_what_is_lent_is_given_back(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAGGLE_KEY", " 0123456789abcdef\n")
    monkeypatch.setenv("KAGGLE_USERNAME", "ada")
    before = dict(os.environ)
    with find().lent():
        assert {name: os.environ[name] for name in VARIABLES} == VARIABLES and "KAGGLE_CONFIG_DIR" not in os.environ
    assert dict(os.environ) == before
