"""Kaggle's client, asked silently, within limits, and with the token that it is to use.

It authenticates on import, prints as it works, and where it finds no token it calls exit(), which closes standard input
too. So one function, `ask`, imports and asks it; nothing of the client is seen outside this file.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from kit import KitError
from kit.competition import credentials
from kit.competition.credentials import Credentials
from kit.competition.limits import Traffic, limited
from kit.competition.refusals import Broken, Disk, Failure, NoClient, NoToken, Refused, in_words, one_line

_Answer = TypeVar("_Answer")

_TURN = threading.Lock()  # standard output, the environment and the limits belong to the whole process
_LAST_STEP = "CreateSubmission"  # of an upload; before it Kaggle has no submission

# The client's exceptions by name, so that requests and urllib3 need no import and Python's own are meant as well.
_BROKEN = {
    "JSONDecodeError": Broken.ANSWER,
    "SSLError": Broken.SECURITY,
    "ProxyError": Broken.PROXY,
    "InvalidURL": Broken.PROXY,  # Kaggle's own addresses are right
    "Timeout": Broken.TIME,
    "TimeoutError": Broken.TIME,
    "ConnectionError": Broken.CONNECTION,
    "ChunkedEncodingError": Broken.DOWNLOAD,
    "TooMuchError": Broken.SIZE,
}


def ask(
    question: Callable[[Any], _Answer], competition: str, file: Path | None = None, seconds: float | None = None
) -> _Answer:
    """Put a question to Kaggle's client, silently, and return its answer.

    Args:
        question: takes the client; what it raises is taken for a failure of the client's.
        competition: the competition's name in its address, such as "digit-recognizer".
        file: the submission that is to be uploaded; None where something else is asked.
        seconds: how long it may take, but for the bytes of a download; None: as long as something comes.

    Raises:
        KitError: a file with a token cannot be used (exit code 2); whatever else went wrong (1).
    """
    with _TURN:
        found = credentials.find()
        client, traffic = None, Traffic()
        with found.lent(), _silence():
            try:
                with limited(seconds) as traffic:
                    client = importlib.import_module("kaggle").KaggleApi()
                    client.authenticate()
                    return question(client)
            except (Exception, SystemExit) as error:
                arrived = file is not None and _LAST_STEP in traffic.sent
                message = in_words(_failure(error, found, traffic), competition, file, arrived=arrived)
                raise KitError(_without_secrets(message, client, found), exit_code=1) from error


def _without_secrets(message: str, client: Any, found: Credentials) -> str:
    """Kaggle's words are quoted, and a server may echo what it was sent."""
    values = getattr(client, "config_values", {})
    secrets = [values.get(name) for name in ("key", "token", "api_token")]
    secrets += [value for name, value in found.variables.items() if name != "KAGGLE_USERNAME"]
    for secret in secrets:
        message = message.replace(secret, "***") if isinstance(secret, str) and len(secret) > 7 else message
    return message


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Swallow what is printed, and lend a standard input that may be closed."""
    stdin, sys.stdin = sys.stdin, io.StringIO()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        sys.stdin = stdin


def _failure(error: BaseException, found: Credentials, traffic: Traffic) -> Failure:
    """What kind of failure the client's exception is."""
    if isinstance(error, ImportError):
        return NoClient(None if error.name == "kaggle" else error.name)
    if isinstance(error, SystemExit):
        # The client passes over a token that Kaggle calls invalid, as if there were none.
        return NoToken(given=found.token)
    kinds = _kinds(error)
    if "InvalidSchema" in kinds and "SOCKS" in str(error):
        return Broken.SOCKS
    broken = next((_BROKEN[kind] for kind in kinds if kind in _BROKEN), None)
    if broken is Broken.CONNECTION and any("ReadTimeoutError" in _kinds(cause) for cause in error.args):
        return Broken.TIME
    response = getattr(error, "response", None)
    if broken is None and response is not None:
        return _refused(response)
    if broken is None and isinstance(error, OSError) and "RequestException" not in kinds:
        return Broken.CERTIFICATES if "TLS CA certificate" in str(error) else Disk(error.filename, error.strerror)
    return broken or (Broken.ANSWER if traffic.sent else Broken.UNSENT)


def _kinds(error: object) -> list[str]:
    return [kind.__name__ for kind in type(error).__mro__]


def _refused(response: Any) -> Refused:
    """An HTTP answer's status and words; an error may come as status 200 with the true one in its JSON."""
    body = None
    if "json" in response.headers.get("Content-Type", ""):
        with contextlib.suppress(ValueError, RecursionError):  # an error page that calls itself JSON
            body = response.json()
    body = body if isinstance(body, dict) else {}
    code = body.get("code")
    return Refused(code if isinstance(code, int) and code else response.status_code, one_line(body.get("message")))
