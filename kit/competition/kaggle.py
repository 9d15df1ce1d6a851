"""The competition's side: download its files, upload a submission, wait for its score.

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
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from kit import KitError
from kit.competition.refusals import Broken, Disk, Failure, NoClient, NoToken, Refused, in_words, one_line, page, says

COMPETITION = "digit-recognizer"

_LISTED_WITHIN = 60.0  # seconds; what Kaggle took it lists at once, but for a busy hour
_HICCUPS = 3  # failed looks in a row after which the wait for a score is given up
_Answer = TypeVar("_Answer")

# The client's exceptions by name, so that requests and urllib3 need no import and Python's own are meant as well.
_BROKEN = {
    "JSONDecodeError": Broken.ANSWER,
    "SSLError": Broken.SECURITY,
    "ProxyError": Broken.PROXY,
    "Timeout": Broken.TIME,
    "TimeoutError": Broken.TIME,
    "ConnectionError": Broken.CONNECTION,
    "ChunkedEncodingError": Broken.DOWNLOAD,
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
                    f"download it by hand from {page(competition)}/data",
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
    ref, words = getattr(answer, "ref", 0), one_line(getattr(answer, "message", ""))
    if ref:
        return int(ref)
    # The client prints the true reason and returns this sentence in its place.
    if words.startswith("Could not submit"):
        reason = "the upload failed and nothing was submitted; check the internet connection, then run it again"
    else:
        reason = (
            f"Kaggle gave it no number{says(words)}; see {page(competition)}/submissions before you upload it again"
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
    listing = f"{page(competition)}/submissions"
    start, listed, hiccups = time.monotonic(), False, 0
    while True:
        waited = time.monotonic() - start
        try:
            submission = _ask(lambda client: _find(client, ref, competition), competition)
            hiccups = 0
        except KitError as error:
            hiccups += 1
            if hiccups == _HICCUPS or waited >= timeout:
                reason = f"{error}; submission {ref} itself is at Kaggle, its score will be at {listing}"
                raise KitError(reason, exit_code=1) from error
        else:
            if submission is not None:
                listed, score = True, _score(submission, listing)
                if score is not None:
                    return score
            if waited >= (timeout if listed else min(timeout, _LISTED_WITHIN)):
                raise KitError(_overdue(ref, listed, timeout, listing), exit_code=1)
        time.sleep(max(min(poll, timeout - waited), 0))


def _find(client: Any, ref: int, competition: str) -> Any:
    """The submission of that reference as the client has it, None where Kaggle does not list it."""
    # The 100 newest: the client offers no search, and a team's daily limit is far below.
    submissions = client.competition_submissions(competition, page_size=100)
    return next((each for each in submissions or [] if each and each.ref == ref), None)


def _score(submission: Any, listing: str) -> float | None:
    """A submission's public score, None as long as it has none; a KitError where Kaggle could not score it."""
    status = submission.status.name
    if status == "ERROR":
        words = one_line(submission.error_description) or "it gives no reason"
        reason = f"Kaggle could not score submission {submission.ref}: {words.rstrip('.')}"
        raise KitError(f"{reason}; compare the file with sample_submission.csv, or see {listing}", exit_code=1)
    # The score is text, and right after completion it may still be an empty one.
    if status == "COMPLETE" and re.fullmatch(r"-?\d+(\.\d+)?", submission.public_score or ""):
        return float(submission.public_score)
    return None


def _overdue(ref: int, listed: bool, timeout: float, listing: str) -> str:
    """Why the wait for a score ends without one, and whether to upload again."""
    if listed:
        reason = f"Kaggle has not scored submission {ref} within {timeout:g} seconds"
        return f"{reason}; it is at Kaggle, do not upload it again: see {listing}"
    reason = f"Kaggle said it took the file but does not list it as submission {ref}"
    return f"{reason}: see {listing}, and upload it again if it is not there"


def _ask(question: Callable[[Any], _Answer], competition: str, file: Path | None = None) -> _Answer:
    """Put a question to Kaggle's client, silently, and turn whatever comes out of it into a KitError."""
    client: Any = None
    with _silence():
        try:
            client = importlib.import_module("kaggle").KaggleApi()
            client.authenticate()
            return question(client)
        except (Exception, SystemExit) as error:
            message = in_words(_failure(error), competition, file)
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


def _failure(error: BaseException) -> Failure:
    """What kind of failure the client's exception is."""
    if isinstance(error, ImportError):
        return NoClient(None if error.name == "kaggle" else error.name)
    if isinstance(error, SystemExit):
        # The client passes over a token that Kaggle calls invalid, as if there were none.
        return NoToken("KAGGLE_API_TOKEN" in os.environ or (Path.home() / ".kaggle" / "access_token").exists())
    kinds = [kind.__name__ for kind in type(error).__mro__]
    broken = next((_BROKEN[kind] for kind in kinds if kind in _BROKEN), None)
    response = getattr(error, "response", None)
    if broken is None and response is not None:
        return _refused(response)
    if broken is None and isinstance(error, OSError) and "RequestException" not in kinds:
        return Disk(error.filename, error.strerror)
    return broken or Broken.ANSWER


def _refused(response: Any) -> Refused:
    """An HTTP answer's status and words; an error may come as status 200 with the true one in its JSON."""
    body = None
    if "json" in response.headers.get("Content-Type", ""):
        with contextlib.suppress(ValueError):  # an error page that calls itself JSON
            body = response.json()
    body = body if isinstance(body, dict) else {}
    return Refused(body.get("code") or response.status_code, one_line(body.get("message")))


def _is_whole_zip(path: Path) -> bool:
    """Whether a file is a zip of which every member can be read and has the right checksum."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        return False
