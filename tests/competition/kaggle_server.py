"""A Kaggle of one's own on loopback, against which the real `kaggle` client runs.

    with KaggleServer() as kaggle:
        kaggle.files["train.csv"] = b"label,pixel0\\n"          # what the competition's zip holds
        subprocess.run(command, env=kaggle.environment(home))   # `home`: an empty folder in place of the user's
        kaggle.uploads                                          # [Upload(filename, content, message), ...]

The client's production address is fixed, and of the addresses that KAGGLE_API_ENVIRONMENT offers KaggleApi takes only
LOCALHOST, http://localhost without a port. So `environment` names this server as the proxy for everything: it answers
for http://localhost and for the storage beside it on a free port, several servers run side by side, and a request for
any other host ends here, in `outside`, and not on the network.

Scenarios, to be set before or while the client runs:

    kaggle.score = 0.98765              the public score of the next uploads
    kaggle.pending_polls = 2            their status is PENDING for so many looks at the list
    kaggle.error_description = "..."    they end with status ERROR and these words
    kaggle.listed = False               they are accepted and never listed
    kaggle.newer = 2                    so many strangers' submissions (score 0.1) stand before them in the list
    kaggle.archive = b"..."             sent as the competition's zip in place of one made of `files`
    kaggle.cut_off = True               half of the zip is sent, then the line goes dead
    kaggle.stalled = True               half of the zip is sent, then nothing, and the line stays open
    kaggle.silent.add("ListSubmissions")    a method, or a storage's PUT or GET, takes a request and never answers
    kaggle.endless["ListSubmissions"] = 0.1     a method's answer never ends; so many seconds between its pieces
    kaggle.storage_status = 500         the storage answers an upload so
    kaggle.refuse("CreateSubmission", 403, "words")     a method's answer is Kaggle's JSON error
    kaggle.answer("ListSubmissions", status, body, content_type)    ... or anything; times=1: only once

Methods: DownloadDataFiles, StartSubmissionUpload, CreateSubmission, ListSubmissions, IntrospectToken. What Kaggle
checks is checked: the credentials (USERNAME and KEY, or TOKEN as bearer) on each of its methods, none at the storage,
the announced length of an upload, the upload's token. `requests` lists the methods in the order of their arrival.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import sys
import zipfile
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

USERNAME = "ada"
KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "KGAT_fedcba9876543210fedcba9876543210"
STORAGE = "storage.localhost"


class Upload(NamedTuple):
    """A file that went all three steps: announced, stored, submitted."""

    filename: str
    content: bytes
    message: str


class Answer(NamedTuple):
    """What a method answers in place of its own answer, and how often."""

    status: int
    body: bytes
    content_type: str
    times: float


class KaggleServer:
    """Kaggle's side of a competition; see the top of this file."""

    def __init__(self, competition: str = "digit-recognizer") -> None:
        self.competition = competition
        self.files: dict[str, bytes] = {}
        self.uploads: list[Upload] = []
        self.requests: list[str] = []
        self.outside: list[str] = []
        self.score: float | str = 0.99
        self.pending_polls = 0
        self.error_description = ""
        self.listed = True
        self.newer = 0
        self.archive: bytes | None = None
        self.cut_off = False
        self.stalled = False
        self.silent: set[str] = set()
        self.endless: dict[str, float] = {}
        self.over = Event()
        self.storage_status = 200
        self.polls = 0
        self._answers: dict[str, Answer] = {}
        self._announced: dict[str, dict[str, Any]] = {}
        self._stored: dict[str, bytes] = {}
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"kaggle": self}))
        self.port: int = self._http.server_port

    def __enter__(self) -> KaggleServer:
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._http.shutdown()
        self._http.server_close()

    def environment(self, home: Path, credentials: bool = True) -> dict[str, str]:
        """The environment in which Kaggle's client meets this server: this process's, without the user's own Kaggle."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.upper().startswith(("KAGGLE_", "XDG_CONFIG")) and not name.upper().endswith("_PROXY")
        }
        own = {"HOME": str(home), "USERPROFILE": str(home), "KAGGLE_API_ENVIRONMENT": "LOCALHOST"}
        proxies = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), f"http://127.0.0.1:{self.port}")
        key = {"KAGGLE_USERNAME": USERNAME, "KAGGLE_KEY": KEY} if credentials else {}
        return {**inherited, **own, **proxies, **key}

    def let_in(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Give this process, for the length of a test, the environment in which the client meets this server."""
        environment = self.environment(home)
        for name in set(os.environ) - set(environment):
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)

    def answer(
        self, method: str, status: int, body: bytes, content_type: str = "text/html", times: float = float("inf")
    ) -> None:
        """Let a method answer this, for its next `times` calls."""
        self._answers[method] = Answer(status, body, content_type, times)

    def refuse(self, method: str, status: int, message: str, times: float = float("inf")) -> None:
        """Let a method answer with an error in Kaggle's form."""
        body = json.dumps({"code": status, "message": message}).encode()
        self.answer(method, status, body, "application/json; charset=utf-8", times)

    def ref(self, number: int) -> int:
        """The reference of the upload `number`, counted from 0."""
        return 41_000_000 + number

    def planned(self, method: str) -> Answer | None:
        """The answer set for a method, if any is left."""
        answer = self._answers.pop(method, None)
        if answer and answer.times > 1:
            self._answers[method] = answer._replace(times=answer.times - 1)
        return answer

    def zip(self) -> bytes:
        """The competition's files as the zip that Kaggle sends."""
        if self.archive is not None:
            return self.archive
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.files.items():
                archive.writestr(name, content)
        return packed.getvalue()

    def store(self, token: str, content: bytes) -> int:
        """Take the bytes of an announced upload and return the status of the storage's answer."""
        if self.storage_status != 200:
            return self.storage_status
        if self._announced.get(token, {}).get("contentLength", 0) != len(content):
            return 400
        self._stored[token] = content
        return 200

    def start_submission_upload(self, request: dict[str, Any]) -> dict[str, Any]:
        token = f"upload-{len(self._announced)}"
        self._announced[token] = request
        return {"token": token, "createUrl": f"http://{STORAGE}/{token}?signature=s3cret"}

    def create_submission(self, request: dict[str, Any]) -> dict[str, Any]:
        token = request["blobFileTokens"]
        content = self._stored.pop(token, None)
        if content is None:
            return {"code": 400, "message": "Nothing was stored under this token"}
        message = request.get("submissionDescription", "")
        self.uploads.append(Upload(self._announced[token]["fileName"], content, message))
        return {"message": "Successfully submitted to Digit Recognizer", "ref": self.ref(len(self.uploads) - 1)}

    def list_submissions(self, request: dict[str, Any]) -> dict[str, Any]:
        self.polls += 1
        rows = [{"ref": 42_000_000 + n, "status": "COMPLETE", "publicScore": "0.10000"} for n in range(self.newer)]
        if self.listed:
            rows += [self._row(number) for number in reversed(range(len(self.uploads)))]
        # An old one of the same account, below all others.
        rows.append({"ref": 7, "status": "COMPLETE", "publicScore": "0.20000", "date": "2024-01-01T00:00:00.123Z"})
        return {"submissions": rows, "nextPageToken": ""}

    def introspect_token(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"active": True, "username": USERNAME} if request.get("token") == TOKEN else {"active": False}

    def _row(self, number: int) -> dict[str, Any]:
        upload = self.uploads[number]
        row = {
            "ref": self.ref(number),
            "fileName": upload.filename,
            "description": upload.message,
            "totalBytes": len(upload.content),
            "date": "2026-01-02T03:04:05.678Z",
        }
        if self.polls <= self.pending_polls:
            return {**row, "status": "PENDING", "publicScore": ""}
        if self.error_description:
            return {**row, "status": "ERROR", "publicScore": "", "errorDescription": self.error_description}
        return {**row, "status": "COMPLETE", "publicScore": str(self.score), "privateScore": ""}


@contextlib.contextmanager
def fresh_client() -> Iterator[None]:
    """Put aside a client that others imported: it reads its environment when it is imported."""
    others = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "kaggle"}
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "kaggle"]:
        del sys.modules[name]
    sys.modules.update(others)


class _Handler(BaseHTTPRequestHandler):
    """Reads requests in both forms, a server's (/path) and a proxy's (http://host/path)."""

    kaggle: KaggleServer

    def do_POST(self) -> None:
        address = urlsplit(self.path)
        service, _, method = address.path.removeprefix("/api/v1/").partition("/")
        content = self._content()
        if address.hostname not in (None, "localhost"):
            self._elsewhere()
            return
        self.kaggle.requests.append(method)
        if method in self.kaggle.endless:
            self._never_end(self.kaggle.endless[method])
            return
        if self._says_nothing(method):
            return
        if planned := self.kaggle.planned(method):
            self._send(planned.status, planned.body, {"Content-Type": planned.content_type})
            return
        # A token is asked about by itself, before there is anybody to sign in.
        if method != "IntrospectToken" and self.headers["Authorization"] not in self._credentials():
            self._json({"code": 401, "message": "Unauthenticated"})
            return
        request = json.loads(content)
        if request.get("competitionName", self.kaggle.competition) != self.kaggle.competition:
            self._json({"code": 404, "message": "Not found"})
            return
        match service, method:
            case "competitions.CompetitionApiService", "DownloadDataFiles":
                self._send(
                    302, b"", {"Location": f"http://{STORAGE}/{self.kaggle.competition}/archive.zip?signature=x"}
                )
            case "competitions.CompetitionApiService", "StartSubmissionUpload":
                self._json(self.kaggle.start_submission_upload(request))
            case "competitions.CompetitionApiService", "CreateSubmission":
                self._json(self.kaggle.create_submission(request))
            case "competitions.CompetitionApiService", "ListSubmissions":
                self._json(self.kaggle.list_submissions(request))
            case "security.OAuthService", "IntrospectToken":
                self._json(self.kaggle.introspect_token(request))
            case _:
                self._json({"code": 501, "message": f"the tests' Kaggle knows no {service}/{method}"})

    def do_GET(self) -> None:
        if not self._is_storage():
            self._elsewhere()
            return
        if self._says_nothing("GET"):
            return
        content = self.kaggle.zip()
        headers = {"Content-Type": "application/zip", "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
        if self.kaggle.cut_off or self.kaggle.stalled:
            headers["Content-Length"] = str(len(content))
            content = content[: len(content) // 2]
        self._send(200, content, headers)
        if self.kaggle.stalled:
            self.kaggle.over.wait()

    def do_PUT(self) -> None:
        content = self._content()
        if not self._is_storage():
            self._elsewhere()
            return
        if self._says_nothing("PUT"):
            return
        self._send(self.kaggle.store(urlsplit(self.path).path.strip("/"), content), b"")

    def do_CONNECT(self) -> None:
        self._elsewhere()

    def _says_nothing(self, method: str) -> bool:
        if method in self.kaggle.silent:
            self.kaggle.over.wait()
        return method in self.kaggle.silent

    def _never_end(self, pause: float) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        with contextlib.suppress(OSError):  # who listened is gone
            self.wfile.write(b'{"submissions": [')
            while not self.kaggle.over.wait(pause):
                self.wfile.write(b" " if pause else b" " * (1 << 16))

    def _is_storage(self) -> bool:
        # Its addresses are signed; a key sent along is a key given to a stranger.
        return urlsplit(self.path).hostname == STORAGE and "Authorization" not in self.headers

    def _elsewhere(self) -> None:
        # In a process that has imported ONNX Runtime, its telemetry finds this proxy too; it is not the client's.
        if "events.data.microsoft.com" not in self.path:
            self.kaggle.outside.append(f"{self.command} {self.path}")
        self._send(502, b"")

    def _content(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"] or 0))

    def _credentials(self) -> Iterable[str]:
        return f"Basic {base64.b64encode(f'{USERNAME}:{KEY}'.encode()).decode()}", f"Bearer {TOKEN}"

    def _json(self, content: dict[str, Any]) -> None:
        self._send(
            content.get("code", 200), json.dumps(content).encode(), {"Content-Type": "application/json; charset=utf-8"}
        )

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass
