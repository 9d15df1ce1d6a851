"""How long and how much: Kaggle's client waits for ever and takes whatever comes, so its requests get limits here."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

CONNECT = 10.0  # seconds until a server takes the connection
SILENCE = 60.0  # seconds until a server that says nothing is given up
TRIES_AGAIN = 2  # how often the client's upload is repeated; its own ten times take a quarter of an hour
ANSWER = 16 << 20  # bytes of an answer; the longest, a list of 100 submissions, has some 50 KiB
DOWNLOAD = 1 << 30  # bytes of a download; the competition's zip has 16 MB


class TooMuchError(Exception):
    """More came than an answer or a download may have."""


@dataclass
class Traffic:
    """What was sent: the last parts of the addresses, such as "CreateSubmission"."""

    sent: list[str] = field(default_factory=list)


@contextlib.contextmanager
def limited(seconds: float | None) -> Iterator[Traffic]:
    """While the block runs, every request of this thread through `requests` ends within the limits above.

    The client makes its sessions itself, so the limits are put where all of their requests pass.

    Args:
        seconds: How long all of them may take together, but for the bytes of a download; None: no such limit.

    Raises:
        TimeoutError: Out of a request: the time is over.
        TooMuchError: Out of a request: it is too long.
    """
    from requests.adapters import HTTPAdapter

    original, owner, traffic = HTTPAdapter.send, threading.get_ident(), Traffic()
    end = float("inf") if seconds is None else time.monotonic() + seconds

    def send(self: Any, request: Any, stream: bool = False, timeout: Any = None, **options: Any) -> Any:
        if threading.get_ident() != owner:
            return original(self, request, stream=stream, timeout=timeout, **options)
        left = _left(end)
        retries = self.max_retries
        if retries.total and retries.total > TRIES_AGAIN:
            self.max_retries = retries.new(total=TRIES_AGAIN, respect_retry_after_header=False)
        traffic.sent.append(request.url.split("?")[0].rpartition("/")[2])
        own = timeout if isinstance(timeout, int | float) else SILENCE
        limits = (min(CONNECT, own, left), min(SILENCE, own, left))
        response = original(self, request, stream=stream, timeout=limits, **options)
        most, until = (DOWNLOAD, float("inf")) if stream else (ANSWER, end)
        response.raw.stream = _counting(response.raw, most, until)
        return response

    HTTPAdapter.send = send  # type: ignore[method-assign, assignment]
    try:
        yield traffic
    finally:
        HTTPAdapter.send = original  # type: ignore[method-assign]


def _counting(raw: Any, most: int, end: float) -> Callable[..., Iterator[bytes]]:
    """A response's `stream` that looks at its limits whenever something came, however little."""

    def stream(amount: int = 1 << 16, decode_content: bool | None = None) -> Iterator[bytes]:
        received = 0
        while part := raw.read1(amount, decode_content=decode_content):
            received += len(part)
            if received > most:
                raise TooMuchError
            _left(end)
            yield part

    return stream


def _left(end: float) -> float:
    """The seconds that are left."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
