"""The competition's side: download its files, upload a submission, wait for its score."""

from __future__ import annotations

import math
import re
import time
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

from kit import KitError
from kit.competition.client import ask
from kit.competition.refusals import one_line, page, says
from kit.files import whole_file
from kit.system import patiently

COMPETITION = "digit-recognizer"

_UPLOADED_WITHIN = 300.0  # seconds; a submission has 0.2 MB
_LISTED_WITHIN = 60.0  # seconds; what Kaggle took it lists at once, but for a busy hour
_LAST_LOOK = 1.0  # seconds for a look when the time is over
_HICCUPS = 3  # failed looks in a row after which the wait for a score is given up
_UNPACKED = 4 << 30  # bytes; the competition's files have 0.13 GB


def download(competition: str, folder: Path) -> Path:
    """Download all files of a competition as one zip and return its path, `folder`/`competition`.zip.

    The zip is read through before it takes its name, so a broken download never replaces a whole one. More than 1 GiB
    is not taken, nor what would unpack to more than 4 GiB.

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
    except OSError as error:
        reason = f"cannot be written to ({error.strerror or error}); choose another folder"
        raise KitError(f"{target.parent}: {reason}") from error
    with whole_file(target) as temporary:
        received = temporary.parent / "received"
        received.mkdir()
        ask(lambda client: client.competition_download_files(competition, path=str(received), quiet=True), competition)
        # The client names the file by the address that it was sent to, so the zip is known by its content.
        whole = [path for path in sorted(received.rglob("*")) if path.is_file() and _is_whole_zip(path)]
        if not whole:
            raise KitError(
                f"what Kaggle sent for {competition} is not a usable zip: run it again in a few minutes, or "
                f"download it by hand from {page(competition)}/data",
                exit_code=1,
            )
        patiently(whole[0].rename, temporary)
    return target


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
    ref, words = ask(
        lambda client: _receipt(client.competition_submit(str(file), message, competition, quiet=True)),
        competition,
        file,
        _UPLOADED_WITHIN,
    )
    if ref:
        return ref
    # The client prints the true reason and returns this sentence in its place.
    if words.startswith("Could not submit"):
        reason = "the upload failed and nothing was submitted; check the internet connection, then run it again"
    else:
        reason = (
            f"Kaggle gave it no number{says(words)}; see {page(competition)}/submissions before you upload it again"
        )
    raise KitError(f"{file}: {reason}", exit_code=1)


def _receipt(answer: Any) -> tuple[int, str]:
    """The submission's reference, 0 where there is none, and Kaggle's words."""
    return int(getattr(answer, "ref", 0) or 0), one_line(getattr(answer, "message", ""))


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
        left = timeout - (time.monotonic() - start)
        try:
            seen = ask(lambda client: _find(client, ref, competition), competition, seconds=max(left, _LAST_LOOK))
            hiccups = 0
        except KitError as error:
            hiccups += 1
            if hiccups == _HICCUPS or left <= 0:
                reason = f"{error}; submission {ref} itself is at Kaggle, its score will be at {listing}"
                raise KitError(reason, exit_code=1) from error
        else:
            if seen is not None:
                listed = True
                if seen.failed is not None:
                    raise KitError(_not_scored(ref, seen.failed, listing), exit_code=1)
                if seen.score is not None:
                    return seen.score
            if left <= (0 if listed else max(timeout - _LISTED_WITHIN, 0)):
                raise KitError(_overdue(ref, listed, timeout, listing), exit_code=1)
        time.sleep(max(min(poll, left), 0))


class _Seen(NamedTuple):
    """What Kaggle's list says of a submission: its score if it has one, or why it will get none."""

    score: float | None = None
    failed: str | None = None


def _find(client: Any, ref: int, competition: str) -> _Seen | None:
    """The submission of that reference, None where Kaggle does not list it."""
    # The 100 newest: the client offers no search, and a team's daily limit is far below.
    submissions = client.competition_submissions(competition, page_size=100)
    found = next((each for each in submissions or [] if each and each.ref == ref), None)
    if found is None:
        return None
    if found.status.name == "ERROR":
        return _Seen(failed=one_line(found.error_description) or "it gives no reason")
    # The score is text, and right after completion it may still be an empty one.
    if found.status.name == "COMPLETE" and re.fullmatch(r"-?\d+(\.\d+)?", found.public_score or ""):
        score = float(found.public_score)
        return _Seen(score=score if math.isfinite(score) else None)
    return _Seen()


def _not_scored(ref: int, words: str, listing: str) -> str:
    reason = f"Kaggle could not score submission {ref}: {words.rstrip('.')}"
    return f"{reason}; compare the file with sample_submission.csv, or see {listing}"


def _overdue(ref: int, listed: bool, timeout: float, listing: str) -> str:
    """Why the wait for a score ends without one, and whether to upload again."""
    if listed:
        reason = f"Kaggle has not scored submission {ref} within {timeout:g} seconds"
        return f"{reason}; it is at Kaggle, do not upload it again: see {listing}"
    reason = f"Kaggle said it took the file but does not list it as submission {ref}"
    return f"{reason}: see {listing}, and upload it again if it is not there"


def _is_whole_zip(path: Path) -> bool:
    """Whether a file is a zip of which every member can be read and has the right checksum."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(member.file_size for member in archive.infolist()) <= _UNPACKED and archive.testzip() is None
    except Exception:  # of zipfile and of each of the decompressors, which have no common one
        return False
