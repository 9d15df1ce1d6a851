"""What went wrong between here and Kaggle → one line that says what to do about it.

A failure is described without a word of the client that met it, as one of five kinds. Which kind it is, client.py
decides; `in_words` says it.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from kit.installation import pip_install, pip_install_extra
from kit.text import printable

SITE = "https://www.kaggle.com"


@dataclass(frozen=True)
class NoClient:
    """Kaggle's client cannot be imported; `lacks` names the module that it misses, None the client itself."""

    lacks: str | None = None


@dataclass(frozen=True)
class NoToken:
    """The client found no token, or one that Kaggle calls invalid (`given`)."""

    given: bool


@dataclass(frozen=True)
class Disk:
    """This computer could not write what came, at `place` where that is known, for the system's `reason`."""

    place: str | None
    reason: str | None


class Broken(Enum):
    """The way to Kaggle and back failed at this; the value says so, and what to do."""

    SECURITY = "no secure connection to Kaggle: check this computer's clock and its proxy, then run it again"
    CERTIFICATES = (
        "the file of certificates that REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names is not there: correct the variable "
        "or unset it"
    )
    PROXY = "cannot reach Kaggle through the proxy: check HTTPS_PROXY and HTTP_PROXY, then run it again"
    SOCKS = (
        "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names a SOCKS proxy, and the package for these is missing: "
        f"{pip_install('requests[socks]')}"
    )
    TIME = "Kaggle did not answer in time: check the internet connection, then run it again"
    CONNECTION = "cannot reach Kaggle, or the connection broke: check the internet connection, then run it again"
    DOWNLOAD = "the download from Kaggle broke off: check the internet connection, then run it again"
    SIZE = "Kaggle sends more than belongs to this competition: run it again in a few minutes"
    UNSENT = (
        "Kaggle's client failed before it sent anything: look into the files in ~/.kaggle and the variables KAGGLE_* "
        f"and *_PROXY; if that does not help, {pip_install('--upgrade', 'kaggle')}"
    )
    ANSWER = (
        "Kaggle's answer cannot be read: run it again in a few minutes; if that does not help, "
        f"{pip_install('--upgrade', 'kaggle')}"
    )


@dataclass(frozen=True)
class Refused:
    """Kaggle answered with an error: its HTTP status and its words, on one line, empty where it gave none."""

    status: int
    words: str = ""


Failure = NoClient | NoToken | Disk | Broken | Refused

_NO_TOKEN = (
    f"no Kaggle token found: make one at {SITE}/settings (section API), save it in ~/.kaggle/access_token or in "
    "the variable KAGGLE_API_TOKEN; a kaggle.json goes to ~/.kaggle/kaggle.json, or into KAGGLE_USERNAME and KAGGLE_KEY"
)
_WRONG_TOKEN = (
    f"Kaggle does not accept your token, it is wrong or expired: make a new one at {SITE}/settings (section API); "
    "KAGGLE_API_TOKEN and ~/.kaggle/access_token are tried before KAGGLE_KEY and ~/.kaggle/kaggle.json"
)
# What Kaggle's refusals mean. {says} quotes its words.
_DAILY_LIMIT = "Kaggle's daily limit of submissions is reached{says}: upload {file} again after midnight UTC"
_TOO_MANY_REQUESTS = "Kaggle wants fewer requests{says}: wait a few minutes, then run it again"
_TOO_LARGE = "{file} is too large for Kaggle{says}: it needs one row ImageId,Label per test image and nothing else"
_UNVERIFIED = "Kaggle wants your account verified{says}: do that at {site}/settings, then run it again"
_NOT_JOINED = (
    "Kaggle refused{says}: join the competition and accept its rules at {page}/rules with the account that your "
    "token belongs to, then run it again"
)
_NO_COMPETITION = "Kaggle knows no competition {competition}{says}: check its name at {site}/competitions"
_NOT_TAKEN = (
    "Kaggle does not take {file}{says}: compare it with sample_submission.csv; if it is right, see {page}/rules "
    "whether you accepted the rules, and {page}/submissions whether today's submissions are used up"
)
_TROUBLE = "Kaggle has trouble of its own (status {status}): run it again in a few minutes"
_OTHERWISE = "Kaggle refused with status {status}{says}: see {page}"

# Words by which Kaggle tells apart what shares a status.
_OF_THE_LIMIT = r"allowance|daily|per day|submissions? limit|limit of \d+ submissions|too many submissions"
_OF_THE_SIZE = r"too large|too big|size limit|maximum size"
_OF_THE_ACCOUNT = r"phone|verif"


def in_words(failure: Failure, competition: str, file: Path | None = None, *, arrived: bool = False) -> str:
    """Say in one line what a failure means and what to do about it.

    Args:
        failure: what went wrong.
        competition: the competition's name in its address, such as "digit-recognizer".
        file: the submission that was to be uploaded; None where something else was asked.
        arrived: whether Kaggle may have it all the same: what broke off broke off at the last step.
    """
    match failure:
        case NoClient(lacks):
            trouble = f"lacks the module {lacks}" if lacks else "is not installed"
            return f"Kaggle's client {trouble}: {pip_install_extra('kaggle')}"
        case NoToken(given):
            return _WRONG_TOKEN if given else _NO_TOKEN
        case Disk(place, reason):
            return f"{place or 'the disk'}: {reason or 'cannot be written'}; make room or change the folder"
        case Broken():
            return failure.value + (_look_first(competition) if arrived else "")
        case Refused(status, words):
            meaning = _meaning(failure, of_an_upload=file is not None).format(
                status=status, says=says(words), file=file, site=SITE, competition=competition, page=page(competition)
            )
            return meaning + (_look_first(competition) if arrived and status >= 500 else "")


def _meaning(refused: Refused, of_an_upload: bool) -> str:
    """What a refusal means; the first that fits counts."""
    status = refused.status
    if status == 401:
        return _WRONG_TOKEN
    # Before 403 and 429, whose status it may have: "Your team has used its submission allowance (5 of 5)."
    if of_an_upload and _speaks(refused, _OF_THE_LIMIT):
        return _DAILY_LIMIT
    if status == 429:
        return _TOO_MANY_REQUESTS
    if of_an_upload and (status == 413 or _speaks(refused, _OF_THE_SIZE)):
        return _TOO_LARGE
    if status == 403:
        return _UNVERIFIED if _speaks(refused, _OF_THE_ACCOUNT) else _NOT_JOINED
    if status == 404:
        return _NO_COMPETITION
    if of_an_upload and status in (400, 422):
        return _NOT_TAKEN
    return _TROUBLE if status == 408 or 500 <= status < 600 else _OTHERWISE


def _speaks(refused: Refused, words: str) -> bool:
    return re.search(words, refused.words, re.IGNORECASE) is not None


def _look_first(competition: str) -> str:
    """A second upload costs one of the day's few."""
    return f"; see first whether it arrived: {page(competition)}/submissions"


def page(competition: str) -> str:
    """The address of a competition's page."""
    return f"{SITE}/competitions/{competition}"


def one_line(text: object) -> str:
    """Make Kaggle's words fit into a message: no markup, nothing that a terminal obeys, one line, 200 characters."""
    words = re.sub(r"<[^>]*>", " ", str(text or "")).split()
    return textwrap.shorten(printable(" ".join(words)), 200, placeholder=" ...")


def says(words: str) -> str:
    """Quote Kaggle's words behind a sentence of our own; nothing where there are none."""
    return f' (Kaggle says: "{words}")' if words else ""
