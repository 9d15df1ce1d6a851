"""The competition's side: download its files, upload a submission, wait for its score, Kaggle's errors in plain words.

Kaggle's client authenticates on import, prints as it works, and where it finds no token it calls exit(), which closes
standard input too. So one function, `_ask`, imports and asks it; nothing of the client is seen outside this file.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import sys
import tempfile
import textwrap
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from kit import KitError

COMPETITION = "digit-recognizer"

_SITE = "https://www.kaggle.com"
_EXTRA = '"kaggle>=2.2" six'  # what the extra kaggle holds; kit itself may have come from a clone
_LISTED_WITHIN = 60.0  # seconds; what Kaggle took it lists at once, but for a busy hour
_HICCUPS = 3  # failed looks in a row after which the wait for a score is given up
_Answer = TypeVar("_Answer")

_NO_TOKEN = (
    f"no Kaggle token found: make one at {_SITE}/settings (section API), save it in ~/.kaggle/access_token or in "
    "the variable KAGGLE_API_TOKEN; a kaggle.json goes to ~/.kaggle/kaggle.json, or into KAGGLE_USERNAME and KAGGLE_KEY"
)
_WRONG_TOKEN = (
    f"Kaggle does not accept your token, it is wrong or expired: make a new one at {_SITE}/settings (section API); "
    "KAGGLE_API_TOKEN and ~/.kaggle/access_token are tried before KAGGLE_KEY and ~/.kaggle/kaggle.json"
)
_UNREADABLE = (
    "Kaggle's answer cannot be read: run it again in a few minutes; if that does not help, pip install --upgrade kaggle"
)
# The client's exceptions by name, so that requests and urllib3 need no import and Python's own are meant as well.
_FAILURES = {
    "JSONDecodeError": _UNREADABLE,
    "SSLError": "no secure connection to Kaggle: check this computer's clock and its proxy, then run it again",
    "ProxyError": "cannot reach Kaggle through the proxy: check HTTPS_PROXY and HTTP_PROXY, then run it again",
    "Timeout": "Kaggle did not answer in time: check the internet connection, then run it again",
    "TimeoutError": "Kaggle did not answer in time: check the internet connection, then run it again",
    "ConnectionError": "cannot reach Kaggle, or the connection broke: check the internet connection, then run it again",
    "ChunkedEncodingError": "the download from Kaggle broke off: check the internet connection, then run it again",
}
# Kaggle's refusals: a pattern for "status task words", and what to say. The first that fits counts.
_REFUSALS = {
    r"^401": _WRONG_TOKEN,
    # Before 403, a status it shares: "Your team has used its submission allowance (5 of 5)."
    r"^\d+ upload .*(allowance|daily|per day|submissions? limit|limit of \d+ submissions|too many submissions)": (
        "Kaggle's daily limit of submissions is reached{says}: upload {file} again after midnight UTC"
    ),
    r"^429": "Kaggle wants fewer requests{says}: wait a few minutes, then run it again",
    r"^413 upload|^\d+ upload .*(too large|too big|size limit|maximum size)": (
        "{file} is too large for Kaggle{says}: it needs one row ImageId,Label per test image and nothing else"
    ),
    r"^403 .*(phone|verif)": "Kaggle wants your account verified{says}: do that at {site}/settings, then run it again",
    r"^403": (
        "Kaggle refused{says}: join the competition and accept its rules at {page}/rules with the account that your "
        "token belongs to, then run it again"
    ),
    r"^404": "Kaggle knows no competition {competition}{says}: check its name at {site}/competitions",
    r"^(400|422) upload": (
        "Kaggle does not take {file}{says}: compare it with sample_submission.csv; if it is right, see {page}/rules "
        "whether you accepted the rules, and {page}/submissions whether today's submissions are used up"
    ),
    r"^(408|5..)": "Kaggle has trouble of its own (status {status}): run it again in a few minutes",
    r"": "Kaggle refused with status {status}{says}: see {page}",
}


def download(competition: str, folder: Path) -> Path:
    """Download all files of a competition as one zip and return its path, `folder`/`competition`.zip.

    The zip is read through before it takes its name, so a broken download never replaces a whole one.

    Args:
        competition: the competition's name in its address, such as "digit-recognizer".
        folder: where the zip goes; made if missing.

    Raises:
        KitError: Kaggle or the network refused, or what came is no whole zip (exit code 1); `folder` cannot be
            written to (2).

    Source: `competition_download_files` of Kaggle's client.
    """
    target = Path(folder) / f"{competition}.zip"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Inside `folder`, so that the move into place is a rename on one disk.
        with tempfile.TemporaryDirectory(prefix=".download-", dir=target.parent) as scratch:
            _ask(lambda client: client.competition_download_files(competition, path=scratch, quiet=True), competition)
            # The client names the file by the address that it was sent to, so the zip is known by its content.
            whole = [path for path in sorted(Path(scratch).rglob("*")) if path.is_file() and _is_whole_zip(path)]
            if not whole:
                raise KitError(
                    f"what Kaggle sent for {competition} is not a usable zip: run it again in a few minutes, or "
                    f"download it by hand from {_page(competition)}/data",
                    exit_code=1,
                )
            return whole[0].replace(target)
    except OSError as error:
        raise KitError(
            f"{target.parent}: cannot be written to ({error.strerror or error}); choose another folder"
        ) from error


def upload(file: Path, message: str, competition: str) -> int:
    """Submit a file to a competition and return the submission's reference, the number that Kaggle gave it.

    Args:
        file: the submission, for digit-recognizer a CSV with the columns ImageId,Label.
        message: what Kaggle shows beside the submission.
        competition: the competition's name in its address.

    Raises:
        KitError: the file is missing or empty (exit code 2); Kaggle or the network refused it (1).

    Source: `competition_submit` of Kaggle's client.
    """
    file = Path(file)
    if not file.is_file() or file.stat().st_size == 0:
        raise KitError(
            f"{file}: {'the file is empty' if file.is_file() else 'no such file'}; write it with `kit submit`"
        )
    answer = _ask(
        lambda client: client.competition_submit(str(file), message, competition, quiet=True), competition, file
    )
    ref, words = getattr(answer, "ref", 0), _one_line(getattr(answer, "message", ""))
    if ref:
        return int(ref)
    # The client prints the true reason and returns this sentence in its place.
    if words.startswith("Could not submit"):
        reason = "the upload failed and nothing was submitted; check the internet connection, then run it again"
    else:
        reason = (
            f"Kaggle gave it no number{_says(words)}; see {_page(competition)}/submissions before you upload it again"
        )
    raise KitError(f"{file}: {reason}", exit_code=1)


def await_score(ref: int, competition: str, timeout: float = 600, poll: float = 5) -> float:
    """Wait until Kaggle has scored a submission and return its public score.

    The submission is found by its own reference: the newest one may be a teammate's, or yesterday's.

    Args:
        ref: the submission's reference, as `upload` returned it.
        competition: the competition's name in its address.
        timeout: seconds to wait at most.
        poll: seconds between two looks.

    Raises:
        KitError: Kaggle marks the submission as an error, does not list it, does not score it in time, or cannot be
            asked three times in a row (exit code 1 for all).

    Source: `competition_submissions` of Kaggle's client.
    """
    page = f"{_page(competition)}/submissions"
    start, listed, hiccups = time.monotonic(), False, 0
    while True:
        waited = time.monotonic() - start
        try:
            # The 100 newest: the client offers no search, and a team's daily limit is far below.
            submissions = _ask(lambda client: client.competition_submissions(competition, page_size=100), competition)
            hiccups = 0
        except KitError as error:
            hiccups += 1
            if hiccups == _HICCUPS or waited >= timeout:
                reason = f"{error}; submission {ref} itself is at Kaggle, its score will be at {page}"
                raise KitError(reason, exit_code=1) from error
        else:
            for submission in (each for each in submissions or [] if each and each.ref == ref):
                listed, status = True, submission.status.name
                if status == "ERROR":
                    words = _one_line(submission.error_description) or "it gives no reason"
                    reason = f"Kaggle could not score submission {ref}: {words.rstrip('.')}"
                    raise KitError(f"{reason}; compare the file with sample_submission.csv, or see {page}", exit_code=1)
                # The score is text, and right after completion it may still be an empty one.
                if status == "COMPLETE" and re.fullmatch(r"-?\d+(\.\d+)?", submission.public_score or ""):
                    return float(submission.public_score)
            if not listed and waited >= min(timeout, _LISTED_WITHIN):
                reason = f"Kaggle said it took the file but does not list it as submission {ref}"
                raise KitError(f"{reason}: see {page}, and upload it again if it is not there", exit_code=1)
            if waited >= timeout:
                reason = f"Kaggle has not scored submission {ref} within {timeout:g} seconds"
                raise KitError(f"{reason}; it is at Kaggle, do not upload it again: see {page}", exit_code=1)
        time.sleep(max(min(poll, timeout - waited), 0))


def _ask(question: Callable[[Any], _Answer], competition: str, file: Path | None = None) -> _Answer:
    """Put a question to Kaggle's client, silently, and turn whatever comes out of it into a KitError."""
    client: Any = None
    with _silence():
        try:
            client = importlib.import_module("kaggle").KaggleApi()
            client.authenticate()
            return question(client)
        except (Exception, SystemExit) as error:
            message = _plain(error, competition, file)
            # Kaggle's words are quoted, and a server may echo what it was sent.
            values = getattr(client, "config_values", {})
            for secret in (values.get(name) or "" for name in ("key", "token", "api_token")):
                message = message.replace(secret, "***") if len(secret) > 7 else message
            raise KitError(message, exit_code=1) from error


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Swallow what is printed, and lend a standard input that may be closed."""
    stdin, sys.stdin = sys.stdin, io.StringIO()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        sys.stdin = stdin


def _plain(error: BaseException, competition: str, file: Path | None) -> str:
    """Say in one line what the client's exception means and what to do about it."""
    if isinstance(error, ImportError):
        lacks = "is not installed" if error.name in (None, "kaggle") else f"lacks the module {error.name}"
        return f"Kaggle's client {lacks}: pip install {_EXTRA}"
    if isinstance(error, SystemExit):
        # The client passes over a token that Kaggle calls invalid, as if there were none.
        given = "KAGGLE_API_TOKEN" in os.environ or (Path.home() / ".kaggle" / "access_token").exists()
        return _WRONG_TOKEN if given else _NO_TOKEN
    kinds = [kind.__name__ for kind in type(error).__mro__]
    known = next((_FAILURES[kind] for kind in kinds if kind in _FAILURES), None)
    # What broke off may have broken off after the last step, and a second upload costs one of the day's few.
    unsure = f"; see first whether it arrived: {_page(competition)}/submissions" if file else ""
    response = getattr(error, "response", None)
    if known is None and response is not None:
        body = response.json() if "json" in response.headers.get("Content-Type", "") else None
        body = body if isinstance(body, dict) else {}
        # An error may come as HTTP 200 with the true status inside.
        status, words = body.get("code") or response.status_code, _one_line(body.get("message"))
        task = f"{status} {'upload' if file else 'ask'} {words}"
        known = next(text for pattern, text in _REFUSALS.items() if re.search(pattern, task, re.IGNORECASE))
        known = known.format(
            status=status, says=_says(words), file=file, site=_SITE, competition=competition, page=_page(competition)
        )
        return known + (unsure if status >= 500 else "")
    if known is None and isinstance(error, OSError) and "RequestException" not in kinds:
        return (
            f"{error.filename or 'the disk'}: {error.strerror or 'cannot be written'}; make room or change the folder"
        )
    return (known or _UNREADABLE) + unsure


def _page(competition: str) -> str:
    return f"{_SITE}/competitions/{competition}"


def _one_line(text: object) -> str:
    """Make Kaggle's words fit into a message: no markup, one line, not long."""
    return textwrap.shorten(re.sub(r"<[^>]*>", " ", str(text or "")), 200, placeholder=" ...")


def _says(words: str) -> str:
    return f' (Kaggle says: "{words}")' if words else ""


def _is_whole_zip(path: Path) -> bool:
    """Whether a file is a zip of which every member can be read and has the right checksum."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        return False
