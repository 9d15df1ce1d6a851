"""Clients that are silent, many, or never read what they are answered."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from hostile.web_requests import answering, request, stand_in

from kit.web import connection

ASKED = request("/model", method="GET")


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[str, int]]:
    told: list[str] = []
    with answering(stand_in(), told.append) as port:
        yield "127.0.0.1", port
    assert told == []


def opened(place: tuple[str, int]) -> socket.socket:
    return socket.create_connection(place, timeout=30)


def answer(place: tuple[str, int]) -> bytes:
    with opened(place) as client:
        client.sendall(ASKED)
        return client.makefile("rb").readline()


def received(client: socket.socket) -> bytes:
    """What comes until the server ends the connection."""
    parts = []
    with suppress(ConnectionError):
        while part := client.recv(10_000):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("begun", [b"", ASKED[:30], ASKED.replace(b"Connection: close\r\n", b"") + b"GET /mo"])
def test_who_begins_and_falls_silent_is_left(
    place: tuple[str, int], monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.2)
    with opened(place) as client:
        client.sendall(begun)
        assert received(client).count(b"HTTP/1.1 200") == begun.count(b"\r\n\r\n")


def test_of_too_many_connections_those_end_that_wait_longest(
    place: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST", 5)
    with ExitStack() as clients:
        busy = clients.enter_context(opened(place))
        busy.sendall(request("/drawing", b"{", length=2))
        assert answer(place).startswith(b"HTTP/1.1 200")  # so that the first is known to be under way
        waiting = [clients.enter_context(opened(place)) for _ in range(20)]
        assert answer(place).startswith(b"HTTP/1.1 200")
        assert received(waiting[0]) == b""
        busy.sendall(b"}")
        assert busy.makefile("rb").readline().startswith(b"HTTP/1.1 400")  # it was no drawing, and was read to its end


def test_who_never_reads_an_answer_is_left(place: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.2)
    many = request("/", method="GET").replace(b"Connection: close\r\n", b"") * 1_000
    with opened(place) as client, pytest.raises(ConnectionError):
        for _ in range(1_000):
            client.sendall(many)


def test_who_sends_no_chunk_after_the_answer_is_left(place: tuple[str, int]) -> None:
    head = "POST /drawing HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n"
    with opened(place) as client:
        client.sendall(f"{head}Origin: null\r\n\r\n".encode())
        assert client.recv(10_000).startswith(b"HTTP/1.1 403")
        client.sendall(b"this is no chunk\r\n")
        assert b"HTTP" not in received(client)
