"""kit.kaggle through Kaggle's real client against a Kaggle of our own: what arrives, what comes back, what is said."""

from __future__ import annotations

import importlib
import importlib.util
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kaggle_server import KEY, TOKEN, USERNAME, KaggleServer, Upload, fresh_client

from kit import KitError
from kit.competition import kaggle, limits

ROOT = Path(__file__).parents[2]
SUBMISSION = b"ImageId,Label\n1,2\n2,0\n3,9\n"
RULES = "https://www.kaggle.com/competitions/digit-recognizer/rules"
PAGE = "https://www.kaggle.com/competitions/digit-recognizer/submissions"
HTML = b"<!DOCTYPE html>\n<html><body><h1>We'll be right back</h1></body></html>"


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home for all: the client takes its configuration's place from the environment when it is first imported."""
    with fresh_client():
        yield tmp_path_factory.mktemp("home")


@pytest.fixture
def server(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KaggleServer]:
    if importlib.util.find_spec("kaggle") is None:
        pytest.skip('needs Kaggle\'s client: pip install "kaggle>=2.2.4" "six>=1.16"')
    with KaggleServer() as running:
        running.let_in(home, monkeypatch)
        running.files = {"train.csv": b"label,pixel0\n7,255\n" * 999, "test.csv": b"pixel0\n0\n"}
        yield running
        assert not running.outside, "the client asked another host"


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    path = tmp_path / "malireddi.csv"
    path.write_bytes(SUBMISSION)
    return path


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Retries without their pauses, which are returned."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


@pytest.fixture(autouse=True)
def silent(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Nothing of the client's chatter may reach the terminal."""
    yield
    assert capfd.readouterr() == ("", "")


def said(call: Callable[[], object], exit_code: int = 1) -> str:
    """The message of the KitError that `call` raises, held against what holds for all of them."""
    with pytest.raises(KitError) as caught:
        call()
    message = str(caught.value)
    assert caught.value.exit_code == exit_code
    assert len(message.splitlines()) == 1 and len(message) < 480, message
    for jargon in (
        "Error",
        "Exception",
        "Traceback",
        "<",
        "urllib3",
        "client error",
        "localhost",
        "s3cret",
        KEY,
        TOKEN,
    ):
        assert jargon not in message, message
    return message


def fetch(folder: Path) -> Path:
    return kaggle.download(kaggle.COMPETITION, folder)


def submit(file: Path) -> int:
    return kaggle.upload(file, "malireddi, 10 epochs", kaggle.COMPETITION)


def score(ref: int, timeout: float = 30) -> float:
    return kaggle.await_score(ref, kaggle.COMPETITION, timeout=timeout, poll=0.01)


# What goes well


def test_download_brings_the_files_of_the_competition(server: KaggleServer, tmp_path: Path) -> None:
    path = fetch(tmp_path / "new" / "data")
    assert path == tmp_path / "new" / "data" / "digit-recognizer.zip"
    with zipfile.ZipFile(path) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == server.files
    assert list(path.parent.iterdir()) == [path]


def test_download_replaces_an_older_zip(server: KaggleServer, tmp_path: Path) -> None:
    (tmp_path / "digit-recognizer.zip").write_bytes(b"an older one, longer than what comes" * 1000)
    assert zipfile.is_zipfile(fetch(tmp_path))


def test_upload_sends_the_very_bytes_and_the_message(server: KaggleServer, submission: Path) -> None:
    first, second = submit(submission), submit(submission)
    assert server.uploads == [Upload("malireddi.csv", SUBMISSION, "malireddi, 10 epochs")] * 2
    assert (first, second) == (server.ref(0), server.ref(1))


def test_score_is_that_of_the_submission_not_of_the_newest(server: KaggleServer, submission: Path) -> None:
    server.score, server.newer = 0.98765, 2
    assert score(submit(submission)) == 0.98765


def test_score_is_waited_for_while_pending(server: KaggleServer, submission: Path) -> None:
    server.pending_polls = 3
    assert score(submit(submission)) == 0.99
    assert server.polls == 4


def test_score_is_waited_for_when_complete_comes_first(
    server: KaggleServer, submission: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = server.list_submissions

    def with_the_score_late(request: dict[str, Any]) -> dict[str, Any]:
        server.score = "" if server.polls < 2 else 0.97
        return listing(request)

    monkeypatch.setattr(server, "list_submissions", with_the_score_late)
    assert score(submit(submission)) == 0.97
    assert server.polls == 3


def test_one_hiccup_does_not_end_the_wait(server: KaggleServer, submission: Path) -> None:
    ref = submit(submission)
    server.answer("ListSubmissions", 502, HTML, times=2)
    assert score(ref) == 0.99


def test_hiccups_count_only_in_a_row(server: KaggleServer, submission: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = server.list_submissions

    def and_two_more_failures(request: dict[str, Any]) -> dict[str, Any]:
        if server.polls == 0:
            server.answer("ListSubmissions", 502, HTML, times=2)
        return listing(request)

    monkeypatch.setattr(server, "list_submissions", and_two_more_failures)
    server.pending_polls = 1
    ref = submit(submission)
    server.answer("ListSubmissions", 502, HTML, times=2)
    assert score(ref) == 0.99


def test_an_access_token_will_do(server: KaggleServer, submission: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    assert score(submit(submission)) == 0.99
    assert "IntrospectToken" in server.requests


# The client and its token


def test_missing_extra_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kaggle", None)
    assert 'is not installed: pip install "kaggle>=2.2.4" "six>=1.16"' in said(lambda: fetch(tmp_path))


def test_client_without_its_own_dependency(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chatter = "import sys; print('hello'); print('hello', file=sys.stderr)\n"
    (tmp_path / "kaggle.py").write_text(chatter + "import no_such_module")
    monkeypatch.delitem(sys.modules, "kaggle", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    message = said(lambda: fetch(tmp_path))
    assert "no_such_module" in message and 'pip install "kaggle>=2.2.4" "six>=1.16"' in message


def test_no_token_says_where_to_make_one_and_leaves_the_terminal_alone(server: KaggleServer, tmp_path: Path) -> None:
    # In a process of its own: the client would print a page, close standard input and exit.
    script = (
        "import sys; from kit import KitError; from kit.competition import kaggle\n"
        "try: kaggle.download(kaggle.COMPETITION, '.')\n"
        "except KitError as error: print(error.exit_code, error, input())\n"
    )
    environment = {**server.environment(tmp_path, credentials=False), "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=tmp_path, input="yes", capture_output=True, text=True
    )
    assert (ran.returncode, ran.stderr, len(ran.stdout.splitlines())) == (0, "", 1)
    assert ran.stdout.startswith("1 no Kaggle token found") and ran.stdout.endswith(" yes\n")
    for way in ("https://www.kaggle.com/settings", "KAGGLE_API_TOKEN", "~/.kaggle/kaggle.json", "KAGGLE_KEY"):
        assert way in ran.stdout
    assert not server.requests


def test_wrong_key_asks_for_a_new_token(server: KaggleServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAGGLE_KEY", "f" * 32)
    message = said(lambda: fetch(tmp_path))
    assert "does not accept your token" in message and "https://www.kaggle.com/settings" in message
    assert "f" * 32 not in message


def test_expired_access_token_is_not_called_missing(
    server: KaggleServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_expired")
    message = said(lambda: fetch(tmp_path))
    assert "does not accept your token" in message and "KGAT_expired" not in message


def test_a_key_that_kaggle_echoes_is_not_shown(server: KaggleServer, tmp_path: Path) -> None:
    server.refuse("DownloadDataFiles", 403, f"user {USERNAME} with key {KEY} may not")
    assert "key ***" in said(lambda: fetch(tmp_path))


# What Kaggle refuses


@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        (403, "You must accept this competition's rules before you'll be able to download files.", RULES),
        (404, "NotFound", "no competition digit-recognizer"),
        (429, "Too many requests", "wait a few minutes"),
        (500, "", "Kaggle has trouble of its own (status 500): run it again"),
        (418, "I'm a teapot", "status 418"),
    ],
)
def test_refused_download(server: KaggleServer, tmp_path: Path, status: int, words: str, expected: str) -> None:
    server.refuse("DownloadDataFiles", status, words)
    message = said(lambda: fetch(tmp_path))
    assert expected in message
    assert status == 500 or f'Kaggle says: "{words}"' in message
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("method", ["StartSubmissionUpload", "CreateSubmission"])
@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        (403, "You cannot submit until you accept the competition rules", RULES),
        (403, "Your team has used its submission allowance (5 of 5). This resets at midnight UTC.", "midnight UTC"),
        (429, "Submission limit reached", "midnight UTC"),
        (400, "Submission must have 28000 rows", "sample_submission.csv"),
        (413, "", "ImageId,Label"),
        (503, "", "run it again"),
    ],
)
def test_refused_upload(
    server: KaggleServer, submission: Path, method: str, status: int, words: str, expected: str
) -> None:
    server.refuse(method, status, words)
    message = said(lambda: submit(submission))
    assert expected in message and words in message
    assert (f"upload {submission} again after midnight UTC" in message) == (expected == "midnight UTC")
    may_have_arrived = status >= 500 and method == "CreateSubmission"
    assert ("see first whether it arrived: " + PAGE in message) == may_have_arrived
    assert not server.uploads


def test_kaggles_words_are_quoted_short_and_in_one_line(server: KaggleServer, tmp_path: Path) -> None:
    server.refuse("DownloadDataFiles", 403, "<b>Rules</b>\r\n" + "and more " * 99)
    assert 'Kaggle says: "Rules and more and more' in said(lambda: fetch(tmp_path))


def test_error_inside_a_good_answer(server: KaggleServer, tmp_path: Path) -> None:
    server.answer("DownloadDataFiles", 200, b'{"code": 403, "message": "rules"}', "application/json")
    assert RULES in said(lambda: fetch(tmp_path))


def test_storage_that_does_not_take_the_file(server: KaggleServer, submission: Path) -> None:
    server.storage_status = 500
    assert "nothing was submitted" in said(lambda: submit(submission))
    assert not server.uploads


def test_submission_without_a_number(server: KaggleServer, submission: Path) -> None:
    server.answer("CreateSubmission", 200, b'{"message": "Thank\\nyou"}', "application/json")
    message = said(lambda: submit(submission))
    assert 'no number (Kaggle says: "Thank you")' in message and PAGE in message


@pytest.mark.parametrize(("content", "word"), [(b"", "empty"), (None, "no such file")])
def test_file_that_cannot_be_submitted(tmp_path: Path, content: bytes | None, word: str) -> None:
    if content is not None:
        (tmp_path / "mine.csv").write_bytes(content)
    message = said(lambda: submit(tmp_path / "mine.csv"), exit_code=2)
    assert "mine.csv" in message and word in message and "kit submit" in message


def test_score_of_a_wrong_file_gives_kaggles_reason(server: KaggleServer, submission: Path) -> None:
    server.error_description = "ERROR: Unable to find 27997 required key values\nin the 'ImageId' column."
    ref = submit(submission)
    message = said(lambda: score(ref))
    assert "Unable to find 27997 required key values in the 'ImageId' column;" in message
    assert str(ref) in message and "sample_submission.csv" in message


def test_score_of_a_submission_that_kaggle_does_not_list(server: KaggleServer, submission: Path) -> None:
    server.listed, server.newer = False, 2
    ref = submit(submission)
    message = said(lambda: score(ref, timeout=0.1))
    assert f"took the file but does not list it as submission {ref}" in message and PAGE in message


def test_unlisted_submission_is_given_up_before_the_timeout(
    server: KaggleServer, submission: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kaggle, "_LISTED_WITHIN", 0.1)
    server.listed = False
    ref = submit(submission)
    assert "does not list it" in said(lambda: score(ref, timeout=600))


def test_score_that_does_not_come_in_time(server: KaggleServer, submission: Path) -> None:
    server.pending_polls = 10**9
    ref = submit(submission)
    message = said(lambda: score(ref, timeout=0.1))
    assert f"submission {ref} within 0.1 seconds" in message and "do not upload it again" in message and PAGE in message


def test_wait_ends_after_three_failures_and_says_that_the_submission_is_safe(
    server: KaggleServer, submission: Path
) -> None:
    ref = submit(submission)
    server.refuse("ListSubmissions", 500, "")
    message = said(lambda: score(ref))
    assert "trouble of its own" in message and f"submission {ref} itself is at Kaggle" in message and PAGE in message
    assert server.requests.count("ListSubmissions") == 3


# The line between


@pytest.mark.parametrize("method", ["StartSubmissionUpload", "CreateSubmission"])
@pytest.mark.parametrize("content_type", ["text/html", "application/json"])
def test_html_in_place_of_an_answer(server: KaggleServer, submission: Path, content_type: str, method: str) -> None:
    server.answer(method, 200, HTML, content_type)
    message = said(lambda: submit(submission))
    assert "cannot be read: run it again" in message
    assert ("see first whether it arrived" in message) == (method == "CreateSubmission")


def test_html_that_calls_itself_json(server: KaggleServer, submission: Path) -> None:
    server.answer("StartSubmissionUpload", 503, HTML, "application/problem+json")
    assert "status 503" in said(lambda: submit(submission))


def test_html_error_page(server: KaggleServer, submission: Path) -> None:
    server.answer("StartSubmissionUpload", 503, HTML)
    assert "status 503" in said(lambda: submit(submission))


def test_answer_of_another_shape(server: KaggleServer, submission: Path) -> None:
    ref = submit(submission)
    server.answer("ListSubmissions", 200, b'{"submissions": [{"status": "RESCORING"}]}', "application/json")
    assert "pip install --upgrade kaggle" in said(lambda: score(ref))


def test_cut_off_download_leaves_the_older_zip(server: KaggleServer, tmp_path: Path, no_waiting: list[float]) -> None:
    (tmp_path / "digit-recognizer.zip").write_bytes(b"older")
    server.cut_off = True
    assert "broke off" in said(lambda: fetch(tmp_path))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"older"]
    assert no_waiting, "the client did not try again: this is another error than meant"


@pytest.mark.parametrize("garbage", ["not a zip", "damaged", "page"])
def test_unusable_zip_leaves_the_older_one(server: KaggleServer, tmp_path: Path, garbage: str) -> None:
    (tmp_path / "digit-recognizer.zip").write_bytes(b"older")
    if garbage == "page":
        server.answer("DownloadDataFiles", 200, HTML)
    else:
        whole = bytearray(server.zip())
        whole[60] ^= 255  # inside the first file: the zip opens, its checksum is wrong
        server.archive = bytes(whole) if garbage == "damaged" else HTML
    message = said(lambda: fetch(tmp_path))
    assert "not a usable zip" in message and "https://www.kaggle.com/competitions/digit-recognizer/data" in message
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"older"]


def test_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    message = said(lambda: fetch(tmp_path / "data"), exit_code=2)
    assert str(tmp_path / "data") in message and "choose another folder" in message


@pytest.fixture
def endpoint(server: KaggleServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Points the client at an address, past the server."""
    kaggle_env = importlib.import_module("kagglesdk.kaggle_env")

    def point(address: str) -> None:
        for name in ("http_proxy", "all_proxy"):
            monkeypatch.delenv(name)
        monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, address)

    return point


def test_refused_connection(endpoint: Callable[[str], None], tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets this port
        endpoint(f"http://127.0.0.1:{closed.getsockname()[1]}")
        assert "cannot reach Kaggle" in said(lambda: fetch(tmp_path))


def test_no_network(endpoint: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_names(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    endpoint("http://api.kaggle.invalid")
    monkeypatch.setattr(socket, "getaddrinfo", no_names)
    message = said(lambda: fetch(tmp_path))
    assert "cannot reach Kaggle" in message and "check the internet connection" in message


def test_proxy_that_does_not_answer(server: KaggleServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed.getsockname()[1]}")
        assert "check HTTPS_PROXY" in said(lambda: fetch(tmp_path))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONNECT", "SILENCE"):
        monkeypatch.setattr(limits, name, 0.3)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("method", ["DownloadDataFiles", "GET"])
def test_a_server_that_says_nothing(server: KaggleServer, tmp_path: Path, method: str) -> None:
    server.silent.add(method)
    assert "did not answer in time" in said(lambda: fetch(tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("impatient")
def test_a_download_that_stalls(server: KaggleServer, tmp_path: Path, no_waiting: list[float]) -> None:
    server.stalled = True
    assert "did not answer in time" in said(lambda: fetch(tmp_path))
    assert not list(tmp_path.iterdir()) and len(no_waiting) == 5  # the client asks for the rest so often


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("method", "line"),
    [
        ("StartSubmissionUpload", "did not answer in time: check the internet connection, then run it again"),
        ("PUT", "the upload failed and nothing was submitted"),
        ("CreateSubmission", f"see first whether it arrived: {PAGE}"),
    ],
)
def test_an_upload_into_silence(
    server: KaggleServer, submission: Path, method: str, line: str, no_waiting: list[float]
) -> None:
    server.silent.add(method)
    assert line in said(lambda: submit(submission)) and not server.uploads
    assert len(no_waiting) <= limits.TRIES_AGAIN


@pytest.mark.parametrize("pause", [None, 0.01])
def test_the_wait_for_a_score_ends_when_it_says(
    server: KaggleServer, submission: Path, pause: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = submit(submission)
    monkeypatch.setattr(kaggle, "_LAST_LOOK", 0.1)
    if pause is None:
        server.silent.add("ListSubmissions")
    else:
        server.endless["ListSubmissions"] = pause  # each piece comes before the patience is over
    start = time.monotonic()
    message = said(lambda: score(ref, timeout=0.25))
    assert "did not answer in time" in message and f"submission {ref} itself is at Kaggle" in message
    assert time.monotonic() - start < 2


def test_an_answer_without_end(server: KaggleServer, submission: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ANSWER", 1 << 18)
    ref = submit(submission)
    server.endless["ListSubmissions"] = 0
    assert "sends more than belongs to this competition" in said(lambda: score(ref))


def test_a_download_without_end(server: KaggleServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DOWNLOAD", len(server.zip()))
    assert zipfile.is_zipfile(fetch(tmp_path / "enough"))
    monkeypatch.setattr(limits, "DOWNLOAD", len(server.zip()) - 1)
    assert "sends more than belongs to this competition" in said(lambda: fetch(tmp_path / "new"))
    assert not list((tmp_path / "new").iterdir())


def test_a_zip_that_would_fill_the_disk(server: KaggleServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kaggle, "_UNPACKED", 1000)
    assert "not a usable zip" in said(lambda: fetch(tmp_path))


def test_requests_of_others_keep_their_patience(server: KaggleServer, submission: Path) -> None:
    adapters = importlib.import_module("requests.adapters")
    before = adapters.HTTPAdapter.send
    submit(submission)
    assert adapters.HTTPAdapter.send is before


@pytest.mark.parametrize(
    "answer",
    [
        b'{"code": "403", "message": "no"}',
        b'{"code": [403]}',
        b"[" * 100_000,
        b'{"submissions": [{"ref": %d, "status": "COMPLETE", "publicScore": 0.5}]}',
        b'{"submissions": [{"ref": %d, "status": null}]}',
        b'{"submissions": {"ref": 1}}',
        b"null",
        b"\xff",
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_a_list_in_no_form_that_anybody_knows(
    server: KaggleServer, submission: Path, answer: bytes, status: int
) -> None:
    ref = submit(submission)
    server.answer("ListSubmissions", status, answer.replace(b"%d", b"%d" % ref), "application/json")
    assert f"submission {ref} itself is at Kaggle" in said(lambda: score(ref, timeout=0.05))


@pytest.mark.parametrize("number", [b'"abc"', b"[1]", b"1e999", b"null"])
def test_a_receipt_whose_number_is_none(server: KaggleServer, submission: Path, number: bytes) -> None:
    server.answer("CreateSubmission", 200, b'{"message": "\\u001b[2JThanks", "ref": %s}' % number, "application/json")
    assert PAGE in said(lambda: submit(submission))


def test_a_score_beyond_all_numbers_is_none(server: KaggleServer, submission: Path) -> None:
    server.score = "9" * 400
    ref = submit(submission)
    assert "has not scored submission" in said(lambda: score(ref, timeout=0.05))


# Nothing was sent


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "socks4://127.0.0.1:1080", "socks5h://u:p@127.0.0.1:1"])
def test_a_socks_proxy_without_its_package(
    server: KaggleServer, submission: Path, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapters = importlib.import_module("requests.adapters")

    def missing(*_: object, **__: object) -> None:
        raise importlib.import_module("requests").exceptions.InvalidSchema("Missing dependencies for SOCKS support.")

    monkeypatch.setattr(adapters, "SOCKSProxyManager", missing)
    monkeypatch.setenv("http_proxy", proxy)
    message = said(lambda: submit(submission))
    assert message.startswith("HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names a SOCKS proxy")
    assert message.endswith('pip install "requests[socks]"')


@pytest.mark.parametrize("proxy", ["http://:::", "ftp://127.0.0.1:1", "http://", "http://[::1", "nonsense:12:13"])
def test_a_proxy_that_is_none(
    server: KaggleServer, tmp_path: Path, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    message = said(lambda: fetch(tmp_path))
    assert "PROXY" in message and "answer" not in message


def test_certificates_that_are_not_there(
    server: KaggleServer, endpoint: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint("https://127.0.0.1:9")
    monkeypatch.delenv("https_proxy")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    assert "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names is not there" in said(lambda: fetch(tmp_path))


def test_a_token_that_cannot_be_one_is_said_before_anything_is_sent(
    server: KaggleServer, submission: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_KEY", f"“{KEY}”")
    message = said(lambda: submit(submission), exit_code=2)
    assert message.startswith("KAGGLE_KEY: holds curly quotes, “ and ”") and not server.requests


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_token_as_windows_writes_it_will_do(
    server: KaggleServer, submission: Path, tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY"):
        monkeypatch.delenv(name)
    (tmp_path / "token").write_bytes(f"{TOKEN}\r\n".encode(encoding))
    monkeypatch.setenv("KAGGLE_API_TOKEN", str(tmp_path / "token"))
    assert submit(submission) == server.ref(0)


def test_whatever_else_the_client_stumbles_over_is_not_called_an_answer(
    server: KaggleServer, submission: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extended = importlib.import_module("kaggle.api.kaggle_api_extended")

    def stumble(self: object) -> None:
        input("Your password? ")

    monkeypatch.setattr(extended.KaggleApi, "authenticate", stumble)
    assert "failed before it sent anything" in said(lambda: submit(submission))


def test_without_a_home_that_can_be_written_to(server: KaggleServer, tmp_path: Path) -> None:
    # In a process of its own: the client makes its folder when it is imported.
    script = (
        "from kit import KitError; from kit.competition import kaggle\n"
        "try: kaggle.download(kaggle.COMPETITION, 'new')\n"
        "except KitError as error: print(error)\n"
    )
    environment = {**server.environment(Path("/dev/null/none"), credentials=False), "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("no Kaggle token found") and ran.stderr == ""
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_full_disk(
    server: KaggleServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_waiting: list[float]
) -> None:
    # A folder in the place of the client's file stands for all that a disk refuses.
    mkdir = Path.mkdir

    def occupied(self: Path, *args: Any, **options: Any) -> None:
        mkdir(self, *args, **options)
        if self.name == "received":
            assert tmp_path in self.parents, "another disk, perhaps: the move into place may break off"
            mkdir(self / "digit-recognizer.zip")

    monkeypatch.setattr(Path, "mkdir", occupied)
    assert "make room or change the folder" in said(lambda: fetch(tmp_path))
    assert not list(tmp_path.iterdir())
