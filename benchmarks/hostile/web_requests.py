"""Requests to the server of `kit serve`, mutilated: each is answered in one line or, where it is no HTTP, not at all.

After each of them a good one is answered, and rightly. The network knows the mean grey alone, so that the right answer
is known without any of what is tried here.
"""

import contextlib
import functools
import io
import json
import logging
import math
import random
import re
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from http.client import parse_headers
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hostile.counting import Counts
from kit import KitError
from kit.contract import Contract
from kit.reading.reader import Reader
from kit.task import CAMERA
from kit.web import server

HOST = "127.0.0.1"
PATIENCE = 30  # seconds for an answer, on a slow computer
FORMATS = ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP")
BITS_ALONE = (9_990, 9_990)  # pixels of a picture of one bit each: large to decode, small to send


@dataclass(frozen=True)
class Sent:
    """What is sent on one connection, and what may come back.

    Attributes:
        data: The bytes.
        statuses: Those that an answer may have.
        labels: What is read, answer by answer, where that is known.
        closed: Whether the connection may be closed without an answer.
        end: "read" to the last answer, "hang up" at once or "reset" the connection.
    """

    data: bytes
    statuses: tuple[int, ...] = (400,)
    labels: tuple[str | None, ...] = ()
    closed: bool = False
    end: str = "read"


def label_of(grey: float) -> str | None:
    """What the stand-in for a network reads in a picture of this mean grey."""
    return str(int(grey // 20)) if grey < 200 else None


def stand_in() -> Reader:
    """A camera network that can be foreseen: the digit is a twentieth of the mean grey, background from 200 on."""

    def network(images: np.ndarray) -> np.ndarray:
        labels = np.minimum(images.mean(axis=(1, 2, 3)) // 20, 10)
        return np.where(np.arange(11) == labels[:, None], 0.9, 0.01).astype(np.float32)

    about = asdict(CAMERA) | {"run": "01-made-up", "settings": "", "validation_accuracy": 1.0, "threshold": 0.6}
    of_file = {"format": "keras", "input": "array", "precision": "float32"}
    return Reader("stand-in", Contract(**about, **of_file, compression=None, target=None, weights=""), network)


@contextlib.contextmanager
def answering(reader: Reader, notify: Callable[[str], None]) -> Iterator[int]:
    """The server of `kit serve` in this process, and its port; it ends within seconds, whatever is under way."""
    with socket.create_server((HOST, 0)) as listening:
        running = server.server_of(reader, notify)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            running.should_exit = True
            thread.join(timeout=20)
    if thread.is_alive():
        raise TimeoutError("the server does not end")


def mutilate(count: int, seed: int, folder: Path) -> Counts:
    """Sends `count` requests, as many of each kind; needs no files."""
    counts, told = Counts(), list[str]()
    generator = random.Random(seed)
    with _logged(told), answering(stand_in(), told.append) as port:
        for number in range(count):
            kind = KINDS[number % len(KINDS)]
            sent = kind(generator)
            what = f"{kind.__name__} {number} of seed {seed}, {sent.data[:60]!r}"
            try:
                counts.tried(what, lambda sent=sent: _exchanged(port, sent))
                _exchanged(port, _good(generator))
            except KitError as error:
                counts.wrong.append(f"{what}: a good request is refused after it: {error}")
            counts.wrong += _faults(counts, what)
            counts.tracebacks += [f"{what}: {line}" for line in told]
            told.clear()
    return counts


def exchange(port: int, sent: Sent) -> list[tuple[int, bytes]]:
    """Sends it and returns the status and body of every answer.

    Raises:
        AssertionError: Something comes back that is no answer.
    """
    found = []
    with socket.create_connection((HOST, port), timeout=PATIENCE) as client, contextlib.suppress(ConnectionError):
        client.sendall(sent.data)
        if sent.end == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if sent.end == "read":
            file = client.makefile("rb")
            while line := file.readline():
                status = re.fullmatch(rb"HTTP/1\.1 ([2-5]\d\d) [^\r\n]*\r\n", line)
                _ensure(status is not None, f"this is no answer: {line!r}")
                length = parse_headers(file)["content-length"]
                found.append((int(status[1]), b"" if sent.data.startswith(b"HEAD") else file.read(int(length))))
    return found


def _ensure(right: bool, what: str) -> None:
    if not right:
        raise AssertionError(what)


def _exchanged(port: int, sent: Sent) -> None:
    """Raises the KitError of what was refused, and AssertionError where the answer is not as it should be."""
    found = exchange(port, sent)
    if sent.end != "read":
        return
    _ensure(bool(found) or sent.closed, "no answer")
    for place, (status, body) in enumerate(found):
        _ensure(status in sent.statuses, f"{status}: {body[:200]!r}")
        if status == 200 and place < len(sent.labels):
            label = json.loads(body)["label"]
            _ensure(label == sent.labels[place], f"{label} instead of {sent.labels[place]}")
        if status != 200 and body:
            said = json.loads(body)
            _ensure(
                set(said) == {"error"} and "\n" not in said["error"] and b"\n" not in body, f"not one line: {body!r}"
            )
    _ensure(len(found) >= len(sent.labels) or sent.closed, f"{len(found)} answers to {len(sent.labels)} requests")
    if not found or found[-1][0] != 200:
        raise KitError(json.loads(found[-1][1])["error"] if found and found[-1][1] else "refused")


def _faults(counts: Counts, what: str) -> list[str]:
    """Moves what was answered wrongly from the tracebacks, where `tried` puts it, to where it belongs."""
    wrong = [fault for fault in counts.tracebacks if fault.startswith(what) and "AssertionError: " in fault]
    counts.tracebacks[:] = [fault for fault in counts.tracebacks if fault not in wrong]
    return [f"{what}: {fault.rsplit('AssertionError: ', 1)[1].strip()}" for fault in wrong]


@contextlib.contextmanager
def _logged(told: list[str]) -> Iterator[None]:
    """Adds what reaches Python's log, which goes to standard error."""

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(self.format(record))

    kept = Kept(logging.WARNING)
    logging.getLogger().addHandler(kept)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(kept)


# Good requests, and what is in them


def request(path: str, body: bytes = b"", *lines: str, method: str = "POST", length: Any = None) -> bytes:
    """A request of HTTP/1.1 after which the connection is closed; `lines` come in place of the Host's."""
    head = [f"{method} {path} HTTP/1.1", *(lines or (f"Host: {HOST}",)), "Connection: close"]
    if method == "POST":
        head.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def frame(grey: int, side: int = 40) -> bytes:
    return bytes([grey]) * side**2


def picture(grey: int, form: str = "PNG", side: int = 40) -> bytes:
    file = io.BytesIO()
    Image.new("L", (side, side), grey).save(file, form, **({"lossless": True} if form == "WEBP" else {}))
    return file.getvalue()


def lines_on_the_pad(count: int) -> tuple[bytes, str | None]:
    """So many lines from edge to edge, apart: each inks 8 % of the pad's height. A drawing, and what is read in it."""
    strokes = [[[-1, (line + 0.5) / count], [2, (line + 0.5) / count]] for line in range(count)]
    return json.dumps({"strokes": strokes}).encode(), label_of(235 - (235 - 30) * 0.08 * count)


def _grey(generator: random.Random) -> int:
    """Well between two labels."""
    return 20 * generator.randrange(12) + generator.randint(6, 14)


def _known(generator: random.Random) -> tuple[str, bytes, str | None]:
    """The path and the body of a good request, and what is read."""
    grey = _grey(generator)
    drawing, label = lines_on_the_pad(generator.choice([3, 4, 5, 6, 8, 9, 10]))
    return generator.choice(
        [
            ("/picture", picture(grey, generator.choice(FORMATS)), label_of(grey)),
            ("/drawing", drawing, label),
        ]
    )


def _good(generator: random.Random) -> Sent:
    path, body, label = _known(generator)
    own = generator.choice([HOST, "localhost", f"{HOST}:8000", "LOCALHOST:1"])
    headers = generator.choice([[], [f"Origin: http://{own.lower()}", "Sec-Fetch-Site: same-origin"], ["Accept: */*"]])
    return Sent(request(path, body, f"Host: {own}", *headers), (200,), (label,))


# Whoever asks


def _foreign_origin(generator: random.Random) -> Sent:
    path, body, _ = _known(generator)
    origin = generator.choice(
        ["null", "", "https://evil.example", "http://127.0.0.1:3000", "https://127.0.0.1", "http://localhost", "file://",
         "http://127.0.0.1.evil.example", "http://evil.example#http://127.0.0.1", "http://127.0.0.1 ", "*", "\xff"]
    )  # fmt: skip
    if origin == "http://127.0.0.1 ":  # blanks around a value are none of it
        origin = "http://127.0.0.1 http://evil.example"
    headers = [f"Host: {HOST}", f"Origin: {origin}"]
    if generator.random() < 0.2:
        headers.insert(generator.choice([1, 2]), f"Origin: http://{HOST}")
    if generator.random() < 0.3:
        return Sent(request("/model", b"", *headers, method=generator.choice(["GET", "OPTIONS", "HEAD"])), (403,))
    return Sent(request(path, body, *headers, "Content-Type: text/plain"), (403,))


def _foreign_site(generator: random.Random) -> Sent:
    path, body, _ = _known(generator)
    site = generator.choice(["cross-site", "same-site", "SAME-ORIGIN", "", "same-origin, none", "\x80"])
    mode = generator.choice(["no-cors", "cors", "websocket", "navigate"])
    return Sent(request(path, body, f"Host: {HOST}", f"Sec-Fetch-Site: {site}", f"Sec-Fetch-Mode: {mode}"), (403,))


def _foreign_host(generator: random.Random) -> Sent:
    path, body, _ = _known(generator)
    host = generator.choice(
        ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "[::1]:80", "localhost:80:80", "127.1",
         "127.0.0.1:x", "0.0.0.0", "2130706433", "localhost.", "a@localhost", "localhost/", "127.0.0.1:-1", "\xe9"]
    )  # fmt: skip
    headers = generator.choice([[f"Host: {host}"], [f"Host: {HOST}", f"Host: {host}"], ["Accept: */*"]])
    return Sent(request(path, body, *headers), (400,), closed=True)


# What they send


def _torn_drawing(generator: random.Random) -> Sent:
    """A good drawing with bytes changed, cut out, doubled or put in: an answer if it still is one."""
    body = _torn(generator, lines_on_the_pad(generator.randrange(1, 6))[0])
    return Sent(request("/drawing", body), (200,) if _is_drawing(body) else (400,))


def _is_drawing(body: bytes) -> bool:
    """Whether that is a drawing, by the words of the rule: UTF-8, no name twice, numbers from -1 to 2 in pairs."""
    doubled = []

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        doubled.extend(name for name, _ in members if [other for other, _ in members].count(name) > 1)
        return dict(members)

    try:
        strokes = json.loads(str(body, "utf-8"), object_pairs_hook=pairs)["strokes"]
    except (ValueError, TypeError, KeyError, IndexError):
        return False
    lists = isinstance(strokes, list) and all(isinstance(stroke, list) for stroke in strokes)
    points = [point for stroke in strokes for point in stroke] if lists else []
    return not doubled and lists and all(
        isinstance(point, list) and len(point) == 2
        and all(isinstance(place, int | float) and not isinstance(place, bool) and -1 <= place <= 2 for place in point)
        for point in points
    )  # fmt: skip


def _torn(generator: random.Random, data: bytes) -> bytes:
    torn = bytearray(data)
    for _ in range(generator.randrange(1, 4)):
        place, end = generator.randrange(len(torn) + 1), generator.randrange(len(torn) + 1)
        if (way := generator.randrange(4)) == 0:
            torn[place : place + 1] = bytes([generator.randrange(256)])
        elif way == 1:
            del torn[place:end]
        elif way == 2:
            torn[place:place] = torn[place:end]
        else:
            torn[place:place] = generator.choice([b"\0", b"\xff\xfe", b'"', b"[", b"]", b"1e999", b"NaN", b"-", b"\n"])
    return bytes(torn)


def _odd_drawing(generator: random.Random) -> Sent:
    digits, depth = "1" * generator.choice([20, 400, 4_000, 5_000, 100_000]), generator.choice([50, 2_000, 400_000])
    number = generator.choice(
        [digits, f"-{digits}", f"1e{digits[:9]}", f"0.5e-{digits[:4]}1", "NaN", "-Infinity", "true", "null", '"0.5"',
         "[0.5]", "{}", "2.0000001", "- 1"]
    )  # fmt: skip
    if number.startswith("0.5e-"):  # so small that it is 0, which is a place
        return Sent(request("/drawing", f'{{"strokes": [[[{number}, 0.5]]]}}'.encode()), (200,), (label_of(234),))
    good = lines_on_the_pad(2)[0]
    body = generator.choice(
        [
            f'{{"strokes": [[[0.5, {number}]]]}}'.encode(),
            f'{{"strokes": [[[{number}, 0.5]]]}}'.encode(),
            b"[" * depth + b"]" * depth,
            b'{"strokes": ' + b"[" * depth,
            b'{"strokes":' * (depth // 11),
            b'{"strokes": [[' + b",".join([b"[0,0]"] * 10_001) + b"]]}",
            b'{"strokes": [' + b",".join([b"[]"] * 30_000) + b"]}",
            b'{"strokes": [' + b",".join([b"0"] * 400_000) + b"]}",
            b" " * 1_000_001 + good,
            good.decode().encode("utf-16"),
            good.decode().encode("utf-8-sig"),
            good.replace(b"{", b'{"strokes": [], '),
            good.replace(b"strokes", b"str\xefkes"),
            good.replace(b"strokes", b"Strokes"),
            good + good,
            b'{"strokes": {"ab": 1}}',
            b'{"strokes": ["ab", ["12"]]}',
            b'{"strokes": [[[0.5, 0.5, 0.5]]]}',
            b"\x00" * 1_000,
            b"",
        ]
    )
    return Sent(request("/drawing", body), (400,))


def _frame_of_any_size(generator: random.Random) -> Sent:
    grey, side = _grey(generator), generator.choice([1, 2, 3, 5, 17, 63, 64, 65, 400, 2_000, 2_001])
    length = side**2 + generator.choice([0, 0, -1, 1, side])
    path = generator.choice(["/square", f"/frame?session={generator.randrange(10**9)}&time=1"])
    if math.isqrt(length) ** 2 == length and 0 < length <= 2_000**2:
        return Sent(request(path, bytes([grey]) * length), (200,))
    return Sent(request(path, bytes([grey]) * length))


def _odd_query(generator: random.Random) -> Sent:
    time = generator.choice(["1" * 400, "nan", "inf", "-inf", "", "soon", "1e309", "0x10", "%00", "%ff", "1" * 9_000])
    if generator.random() < 0.5:
        query = f"?session=a&time={time}"
    else:
        query = generator.choice(
            ["", "?", "?time", f"?session={'s' * 5_000}&time=1", "?time=1=1", "?&&&;=", "?" + "a=&" * 900]
        )
    return Sent(request(f"/frame{query}", frame(40)))


def _torn_picture(generator: random.Random) -> Sent:
    whole = picture(_grey(generator), generator.choice(FORMATS), generator.choice([8, 40, 300]))
    torn = generator.choice([_torn, lambda _, data: data[: generator.randrange(len(data))]])(generator, whole)
    return Sent(request("/picture", torn), (200, 400))


def _picture_bomb(generator: random.Random) -> Sent:
    bomb, statuses = generator.choice(_bombs())
    return Sent(request("/picture", bomb), statuses)


@functools.cache
def _bombs() -> list[tuple[bytes, tuple[int, ...]]]:
    """Small files of many pixels, or that say so, or of much text; and what may be answered to each."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    def png(width: int, height: int, *others: bytes) -> bytes:
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
        return b"\x89PNG\r\n\x1a\n" + header + b"".join(others) + chunk(b"IDAT", zeros) + chunk(b"IEND", b"")

    width, height = BITS_ALONE
    zeros = zlib.compress(bytes((width // 8 + 2) * height), 9)
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(60_000_000), 9))
    return [
        (png(100_000, 100_000), (400,)),
        (png(2**31 - 1, 2**31 - 1), (400,)),
        (png(0, 8), (400,)),
        (png(40, 40, text), (200, 400)),
        (png(40, 40, *[text] * 3), (200, 400)),
        (png(width, height), (200,)),
    ]


# How they send it


def _lying_length(generator: random.Random) -> Sent:
    path, body, _ = _known(generator)
    way = generator.choice(["short", "long", "absurd", "twice", "both"])
    if way == "short":
        return Sent(request(path, body, length=len(body) // 2), (200, 400))
    if way == "long":
        data = request(path, body, length=generator.choice([len(body) + 1, 999_999]))
        return Sent(data, end=generator.choice(["hang up", "reset"]))
    if way == "absurd":
        length = generator.choice(["-1", "9" * 18, "1" * 400, "abc", "1.5", "0x10", "", "+5", "\xb2"])
        return Sent(request(path, b"", length=length), (400,), closed=True)
    if way == "both":
        return Sent(request(path, _chunked(body, 99), f"Host: {HOST}", "Transfer-Encoding: chunked"), (200, 400))
    return Sent(request(path, body, f"Host: {HOST}", f"Content-Length: {len(body) + 7}"), (400,), closed=True)


def _chunks(generator: random.Random) -> Sent:
    path, body, label = _known(generator)
    head = request(path, b"", f"Host: {HOST}", "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"")
    whole = _chunked(body, generator.randrange(1, 200))
    way = generator.choice(["whole", "whole", "torn", "size"])
    if way == "whole":
        return Sent(head + whole, (200,), (label,))
    if way == "size":
        odd = generator.choice([b"-1", b"zz", b"f" * 30, b"1;" + b"a" * 70_000, b"", b"1 1", b"0x1"])
        return Sent(head + odd + b"\r\n" + body, (400,), closed=True)
    return Sent(head + whole[: generator.randrange(len(whole))], end=generator.choice(["hang up", "reset"]))


def _chunked(data: bytes, size: int) -> bytes:
    parts = (data[start : start + size] for start in range(0, len(data), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def _hang_up(generator: random.Random) -> Sent:
    path, body, _ = _known(generator)
    whole = request(path, body)
    cut = generator.choice([len(whole), generator.randrange(len(whole)), whole.index(b"\r\n\r\n") + 4])
    return Sent(whole[:cut], end=generator.choice(["hang up", "reset"]))


def _pipelined(generator: random.Random) -> Sent:
    known = [_known(generator) for _ in range(generator.randrange(2, 6))]
    data = [request(path, body).replace(b"Connection: close\r\n", b"") for path, body, _ in known[:-1]]
    labels = tuple(label for *_, label in known)
    if generator.random() < 0.5:
        return Sent(b"".join(data) + request(*known[-1][:2]), (200,), labels)
    return Sent(b"".join(data) + generator.randbytes(50) + b"\r\n\r\n", (200, 400), labels[:-1], closed=True)


def _huge_head(generator: random.Random) -> Sent:
    lines = generator.choice(
        [
            [f"Cookie: {'a' * 100_000}"],
            [f"X-{number}: 1" for number in range(9_000)],
            ["A" * 100_000],
            ["X: 1\r\n " * 900],
        ]
    )
    path = generator.choice(["/model", "/model", "/" + "a" * 100_000, "/model?" + "a=1&" * 20_000])
    return Sent(request(path, b"", f"Host: {HOST}", *lines, method="GET"), (200, 400, 404), closed=True)


def _odd_path(generator: random.Random) -> Sent:
    method = generator.choice(
        ["GET", "POST", "PUT", "DELETE", "TRACE", "CONNECT", "PATCH", "get", "A" * 3_000, "G\0T", ""]
    )
    path = generator.choice(
        ["/%00", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//model", "/model/", "/model%00", "\\model", "*",
         "", "http://evil.example/model", "/\xe9", "/%ff%fe", "/a b", "/page.html", "/%0d%0aX: 1", "/" + "%41" * 2_000]
    )  # fmt: skip
    return Sent(request(path, b"", method=method), (400, 403, 404, 405), closed=True)


def _wrong_method(generator: random.Random) -> Sent:
    method, path = generator.choice([("GET", "/picture"), ("PUT", "/"), ("POST", "/model"), ("DELETE", "/frame")])
    return Sent(request(path, b"", method=method), (405,))


def _upgrade(generator: random.Random) -> Sent:
    kind = generator.choice(["websocket", "h2c", "WebSocket", "TLS/1.3"])
    headers = [f"Host: {HOST}", f"Upgrade: {kind}", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "HTTP2-Settings: AAMAAABkAAQAAP__"]  # fmt: skip
    return Sent(request("/frame", b"", *headers, method="GET"), (405,))


def _noise(generator: random.Random) -> Sent:
    noise = generator.choice(
        [
            generator.randbytes(generator.randrange(1, 3_000)) + b"\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01" + b"\0" * 300 + b"\n\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET /model HTTP/9.9\r\n\r\n",
            b"GET /model\r\n\r\n",
            b"\r\n" * 4 + b"x\r\n\r\n",
            b"GET /model HTTP/1.1\r\nHost : a\r\n\r\n",
            b"GET /model HTTP/1.1\r\nHost: 127.0.0.1\r\nA: \0\r\n\r\n",
        ]
    )
    return Sent(noise, (400,), closed=True)


KINDS: tuple[Callable[[random.Random], Sent], ...] = (
    _good, _foreign_origin, _foreign_site, _foreign_host, _torn_drawing, _odd_drawing, _frame_of_any_size, _odd_query,
    _torn_picture, _picture_bomb, _lying_length, _chunks, _hang_up, _pipelined, _huge_head, _odd_path, _wrong_method,
    _upgrade, _noise,
)  # fmt: skip
