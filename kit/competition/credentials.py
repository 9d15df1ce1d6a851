"""Who asks: the token or key that Kaggle's client would look for, read as Windows writes it and looked at first.

The client reads UTF-8 alone, passes over what it cannot read, and sends what no header can hold. So what is found here
is lent to it in the variables that it tries before all files.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kit import KitError
from kit.competition.encodings import decode
from kit.competition.refusals import SITE
from kit.system import in_plain_words

_KEY = {"KAGGLE_USERNAME": "username", "KAGGLE_KEY": "key"}  # variables and what kaggle.json calls them
_LARGEST = 1 << 16  # bytes of a file that holds a token; they have some hundred
_LONGEST = 250  # characters; the client takes a token for a path first, and no system has a longer name
_NEW = f"copy it again, or make a new one at {SITE}/settings (section API)"


@dataclass(frozen=True)
class Credentials:
    """What the client is to find.

    Attributes:
        variables: Names and values, none where there is no token and no key.
        token: Whether an access token is among them, which the client tries first.
    """

    variables: dict[str, str] = field(default_factory=dict)
    token: bool = False

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """While the block runs they are in the environment, and the client makes no folder for its configuration."""
        folder = _folder()
        none = {} if folder is not None and folder.is_dir() else {"KAGGLE_CONFIG_DIR": os.devnull}
        before = dict(os.environ)
        os.environ.update(self.variables | none)
        try:
            yield
        finally:
            for name in self.variables | none:
                os.environ.pop(name, None)
                if name in before:
                    os.environ[name] = before[name]


def find() -> Credentials:
    """The access token, or else user name and key, from where the client would take them.

    That is KAGGLE_API_TOKEN, a token or a file with one; ~/.kaggle/access_token, also with .txt; KAGGLE_USERNAME and
    KAGGLE_KEY; kaggle.json in KAGGLE_CONFIG_DIR, ~/.kaggle or ~/.config/kaggle.

    Raises:
        KitError: A file cannot be read, or what it holds can be no token.
    """
    token = _token()
    if token:
        return Credentials({"KAGGLE_API_TOKEN": token}, token=True)
    variables = {name: os.environ.get(name, "") for name in _KEY}
    found = {} if all(variables.values()) else _kaggle_json()
    variables = {name: _checked(value, name) or found.get(name, "") for name, value in variables.items()}
    return Credentials(variables if all(variables.values()) else {})


def _token() -> str | None:
    variable = os.environ.get("KAGGLE_API_TOKEN")
    if variable:
        with contextlib.suppress(OSError, ValueError):  # a token, and no system has a path like it
            if Path(variable).is_file():
                return _token_in(Path(variable))
        return _checked(variable, "KAGGLE_API_TOKEN")
    home = _home()
    files = [home / ".kaggle" / name for name in ("access_token", "access_token.txt")] if home else []
    return next(filter(None, map(_token_in, files)), None)


def _token_in(path: Path) -> str | None:
    text = _text(path)
    return None if text is None else _checked(text, str(path))


def _kaggle_json() -> dict[str, str]:
    """User name and key in kaggle.json by the names of their variables, as far as they are there."""
    folder = _folder()
    path = folder / "kaggle.json" if folder else None
    text = _text(path) if path else None
    if text is None:
        return {}
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise KitError(f"{path}: is not the JSON that Kaggle gave: {_NEW}") from error
    values = {variable: content.get(name) for variable, name in _KEY.items()} if isinstance(content, dict) else {}
    return {
        variable: _checked(value, f"{_KEY[variable]} in {path}")
        for variable, value in values.items()
        if isinstance(value, str)
    }


def _text(path: Path) -> str | None:
    """What the file holds, None where there is none."""
    try:
        if not path.is_file():
            return None
        with open(path, "rb") as file:
            raw = file.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            raise ValueError
        return decode(raw)[0]
    except OSError as error:
        raise in_plain_words(error, path) from error
    except ValueError as error:
        raise KitError(f"{path}: is no token of Kaggle's: {_NEW}") from error


def _checked(value: str, place: str) -> str:
    """The value without white space around it; what no token has is named, and the token itself is not."""
    value = value.strip()
    wrong = sorted(set(re.findall(r"[^!#-&(-~]", value)))
    if wrong:
        kind = "curly quotes, " if set(wrong) <= set("“”„‘’‚") else ""
        shown = " and ".join(one if one.isprintable() and one != " " else f"U+{ord(one):04X}" for one in wrong[:3])
        raise KitError(f"{place}: holds {kind}{shown}, which no token or key has: {_NEW}")
    if len(value) > _LONGEST:
        raise KitError(f"{place}: {len(value):,} characters are no token: {_NEW}")
    return value


def _home() -> Path | None:
    """The user's home, None where the system knows of none."""
    with contextlib.suppress(RuntimeError):
        return Path.home()
    return None


def _folder() -> Path | None:
    """Where the client's configuration is, as the client decides it."""
    if configured := os.environ.get("KAGGLE_CONFIG_DIR"):
        return Path(configured)
    home = _home()
    if home is not None and (home / ".kaggle").is_dir():
        return home / ".kaggle"
    config = os.environ.get("XDG_CONFIG_HOME") or (home and home / ".config")
    return Path(config) / "kaggle" if config else None
