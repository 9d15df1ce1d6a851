"""Kaggle's failures in words, without Kaggle: each kind of failure, and the whole line that is said of it."""

from pathlib import Path

import pytest

from kit.competition.refusals import Broken, Disk, Failure, NoClient, NoToken, Refused, in_words, one_line

FILE = Path("submissions/mine.csv")
PAGE = "https://www.kaggle.com/competitions/digit-recognizer"
SETTINGS = "https://www.kaggle.com/settings"
LOOK_FIRST = f"; see first whether it arrived: {PAGE}/submissions"
JOIN = (
    f"join the competition and accept its rules at {PAGE}/rules with the account that your token belongs to, "
    "then run it again"
)
LIMIT = "Kaggle's daily limit of submissions is reached"
AFTER_MIDNIGHT = "upload submissions/mine.csv again after midnight UTC"
COMPARE = (
    f"compare it with sample_submission.csv; if it is right, see {PAGE}/rules whether you accepted the rules, and "
    f"{PAGE}/submissions whether today's submissions are used up"
)
ONE_ROW_EACH = "it needs one row ImageId,Label per test image and nothing else"


def told(failure: Failure, file: Path | None = None, arrived: bool = False) -> str:
    return in_words(failure, "digit-recognizer", file, arrived=arrived)


def quoted(words: str) -> str:
    return f' (Kaggle says: "{words}")'


@pytest.mark.parametrize(
    ("failure", "line"),
    [
        (NoClient(), 'Kaggle\'s client is not installed: pip install "kaggle>=2.2.4" "six>=1.16"'),
        (NoClient("six"), 'Kaggle\'s client lacks the module six: pip install "kaggle>=2.2.4" "six>=1.16"'),
        (
            NoToken(given=False),
            f"no Kaggle token found: make one at {SETTINGS} (section API), save it in ~/.kaggle/access_token or in the "
            "variable KAGGLE_API_TOKEN; a kaggle.json goes to ~/.kaggle/kaggle.json, or into KAGGLE_USERNAME and "
            "KAGGLE_KEY",
        ),
        (
            NoToken(given=True),
            f"Kaggle does not accept your token, it is wrong or expired: make a new one at {SETTINGS} (section API); "
            "KAGGLE_API_TOKEN and ~/.kaggle/access_token are tried before KAGGLE_KEY and ~/.kaggle/kaggle.json",
        ),
        (
            Disk("data/digit-recognizer.zip", "No space left on device"),
            "data/digit-recognizer.zip: No space left on device; make room or change the folder",
        ),
        (Disk(None, None), "the disk: cannot be written; make room or change the folder"),
    ],
)
def test_what_is_wrong_on_this_computer(failure: Failure, line: str) -> None:
    assert told(failure) == told(failure, FILE) == line


@pytest.mark.parametrize(
    ("failure", "line"),
    [
        (
            Broken.SECURITY,
            "no secure connection to Kaggle: check this computer's clock and its proxy, then run it again",
        ),
        (Broken.PROXY, "cannot reach Kaggle through the proxy: check HTTPS_PROXY and HTTP_PROXY, then run it again"),
        (Broken.TIME, "Kaggle did not answer in time: check the internet connection, then run it again"),
        (
            Broken.CONNECTION,
            "cannot reach Kaggle, or the connection broke: check the internet connection, then run it again",
        ),
        (Broken.DOWNLOAD, "the download from Kaggle broke off: check the internet connection, then run it again"),
        (
            Broken.CERTIFICATES,
            "the file of certificates that REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names is not there: correct the "
            "variable or unset it",
        ),
        (
            Broken.SOCKS,
            "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names a SOCKS proxy, and the package for these is missing: "
            'pip install "requests[socks]"',
        ),
        (Broken.SIZE, "Kaggle sends more than belongs to this competition: run it again in a few minutes"),
        (
            Broken.UNSENT,
            "Kaggle's client failed before it sent anything: look into the files in ~/.kaggle and the variables "
            "KAGGLE_* and *_PROXY; if that does not help, pip install --upgrade kaggle",
        ),
        (
            Broken.ANSWER,
            "Kaggle's answer cannot be read: run it again in a few minutes; if that does not help, "
            "pip install --upgrade kaggle",
        ),
        (Refused(500), "Kaggle has trouble of its own (status 500): run it again in a few minutes"),
        (Refused(503, "Busy"), "Kaggle has trouble of its own (status 503): run it again in a few minutes"),
    ],
)
def test_an_upload_that_broke_off_may_have_arrived(failure: Failure, line: str) -> None:
    assert told(failure) == told(failure, FILE) == line
    assert told(failure, FILE, arrived=True) == line + LOOK_FIRST


def test_every_way_to_break_is_in_the_table_above() -> None:
    [table] = [mark.args[1] for mark in test_an_upload_that_broke_off_may_have_arrived.pytestmark]  # type: ignore[attr-defined]
    assert {failure for failure, _ in table if isinstance(failure, Broken)} == set(Broken)


@pytest.mark.parametrize(
    ("status", "words", "before", "after"),
    [
        (403, "You must accept this competition's rules before you download", "Kaggle refused", JOIN),
        (403, "Permission 'competitions.participate' was denied", "Kaggle refused", JOIN),
        (403, "Your daily limit of downloads is too large", "Kaggle refused", JOIN),  # said of no upload
        (
            403,
            "Your account must be phone verified",
            "Kaggle wants your account verified",
            f"do that at {SETTINGS}, then run it again",
        ),
        (
            404,
            "NotFound",
            "Kaggle knows no competition digit-recognizer",
            "check its name at https://www.kaggle.com/competitions",
        ),
        (429, "Too many requests", "Kaggle wants fewer requests", "wait a few minutes, then run it again"),
        (400, "Bad request", "Kaggle refused with status 400", f"see {PAGE}"),
        (413, "Too large", "Kaggle refused with status 413", f"see {PAGE}"),
        (418, "I'm a {teapot}", "Kaggle refused with status 418", f"see {PAGE}"),
    ],
)
def test_a_refused_question(status: int, words: str, before: str, after: str) -> None:
    assert told(Refused(status, words)) == f"{before}{quoted(words)}: {after}"
    assert told(Refused(status)).startswith("Kaggle ") and "says" not in told(Refused(status))


@pytest.mark.parametrize(
    ("status", "words", "before", "after"),
    [
        (403, "You cannot submit until you accept the competition rules", "Kaggle refused", JOIN),
        (403, "Your team has used its submission allowance (5 of 5).", LIMIT, AFTER_MIDNIGHT),
        (400, "Submission not allowed: your team has used today's 5 Daily submissions", LIMIT, AFTER_MIDNIGHT),
        (400, "Only 5 submissions per day", LIMIT, AFTER_MIDNIGHT),
        (429, "Submission limit reached", LIMIT, AFTER_MIDNIGHT),
        (403, "Over the limit of 5 submissions", LIMIT, AFTER_MIDNIGHT),
        (422, "Too many submissions", LIMIT, AFTER_MIDNIGHT),
        (429, "Slow down", "Kaggle wants fewer requests", "wait a few minutes, then run it again"),
        (400, "Submission must have 28000 rows", f"Kaggle does not take {FILE}", COMPARE),
        (422, "Unreadable", f"Kaggle does not take {FILE}", COMPARE),
        (413, "Entity", f"{FILE} is too large for Kaggle", ONE_ROW_EACH),
        (400, "File exceeds the maximum size", f"{FILE} is too large for Kaggle", ONE_ROW_EACH),
        (418, "I'm a teapot", "Kaggle refused with status 418", f"see {PAGE}"),
    ],
)
def test_a_refused_upload(status: int, words: str, before: str, after: str) -> None:
    assert told(Refused(status, words), FILE) == f"{before}{quoted(words)}: {after}"


def test_a_wrong_key_is_a_wrong_token_whatever_kaggle_says() -> None:
    assert told(Refused(401, "Your daily limit"), FILE) == told(Refused(401)) == told(NoToken(given=True))


def test_a_request_that_came_too_late_is_kaggles_own_trouble_and_did_not_arrive() -> None:
    line = "Kaggle has trouble of its own (status 408): run it again in a few minutes"
    assert told(Refused(408)) == told(Refused(408), FILE) == line


def test_kaggles_words_are_made_to_fit() -> None:
    assert one_line("<b>Rules</b>\r\n of\tthe  game") == "Rules of the game"
    assert one_line("a\x1b[2Jb\u202e") == r"a\x1b[2Jb\u202e"  # what a terminal would obey
    assert one_line(None) == one_line("<br>") == ""
    assert len(one_line("and more " * 99)) <= 200 and one_line("and more " * 99).endswith("and ...")
