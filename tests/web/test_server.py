"""The page in a real browser with a real network, and the server under a hundred requests at once."""

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import KitCommand, assert_one_line, needs_signals
from hostile import web_requests
from hostile.web_requests import stand_in
from PIL import Image, ImageOps

from kit import KitError
from kit.data import loading
from kit.reading.frames import drawn, rounded
from kit.reading.labelled_photographs import judge
from kit.reading.reader import Reader, open_reader
from kit.run.folder import Run
from kit.task import CAMERA
from kit.web import intake, server

ROOT = Path(__file__).parents[2]
PHOTOS = os.environ.get("KIT_PHOTOS")  # a folder with digits/photo/LABEL/*.png
SEVEN = [[(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]]


@pytest.fixture(scope="module")
def address(exportable: Run) -> Iterator[str]:
    with serving(exportable.name, "--runs", exportable.folder.parent) as found:
        yield found


@pytest.fixture(scope="module")
def bundled() -> Iterator[str]:
    """The app's own model: eleven classes, at 96 x 96."""
    reader = open_reader(ROOT / "mobile" / "DigitCamera" / "Model" / "DigitCamera.mlpackage")
    with answering(reader) as found:
        yield found


@contextmanager
def serving(*arguments: object) -> Iterator[str]:
    """The command in a process of its own, and where it answers."""
    command = [sys.executable, "-m", "kit", "serve", *map(str, arguments), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        line = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", line), process.stderr.read()
        yield line
        if not hasattr(signal, "SIGHUP"):  # Windows sends no Ctrl-C to one of many
            process.kill()
            return
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
        assert "Traceback" not in process.stderr.read()


@pytest.fixture(scope="module")
def camera_address() -> Iterator[str]:
    """With a network that the tests can foresee."""
    with answering(stand_in()) as found:
        yield found


@contextmanager
def answering(reader: Reader) -> Iterator[str]:
    """The same server in this process, and where it answers; it may not meet an error that nobody foresaw."""
    told: list[str] = []
    with web_requests.answering(reader, told.append) as port:
        yield f"http://127.0.0.1:{port}"
    assert told == []


def ask(address: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else {"error": text.decode()}


def png(pixels: np.ndarray, **options: Any) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **options)
    return file.getvalue()


# The server


def test_a_drawing_a_picture_and_a_frame_of_a_7_are_read(address: str) -> None:
    status, answer = ask(f"{address}/drawing", json.dumps({"strokes": SEVEN}).encode())
    assert status == 200 and answer["label"] == "7" and answer["state"] == "shown" and answer["confidence"] > 0.5
    assert len(answer["probabilities"]) == 10 and sum(answer["probabilities"]) == pytest.approx(1, abs=1e-5)
    paper = rounded(drawn(SEVEN, 300))
    wide = np.pad(paper, ((0, 0), (200, 200)), constant_values=235)
    assert ask(f"{address}/picture", png(wide))[1]["label"] == "7"
    frames = [ask(f"{address}/frame?session=a&time={10 + number / 10}", paper.tobytes())[1] for number in range(5)]
    assert [frame["state"] for frame in frames] == ["candidate"] * 3 + ["shown"] * 2
    assert [frame["announce"] for frame in frames] == [False] * 3 + [True, False] and frames[-1]["label"] == "7"


def test_an_exported_model_is_served_as_its_contract_says(
    eleven_package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import uvicorn

    found: list[dict[str, Any]] = []
    addresses: list[str] = []
    run = uvicorn.Server.run

    def ask_and_end(running: Any, sockets: list[socket.socket]) -> None:
        thread = threading.Thread(target=run, args=(running,), kwargs={"sockets": sockets})
        thread.start()
        found.append(ask(f"{addresses[0]}/model")[1])
        found.append(ask(f"{addresses[0]}/picture", png(np.zeros((90, 90), np.uint8)))[1])
        running.should_exit = True
        thread.join(timeout=20)

    monkeypatch.setattr(uvicorn.Server, "run", ask_and_end)
    server.serve(eleven_package, port=0, answering=addresses.append)
    assert (
        found[0]["name"] == eleven_package.name
        and found[0]["labels"] == list(CAMERA.labels)
        and found[0]["crop"] == "box"
    )
    assert len(found[1]["probabilities"]) == 11
    with pytest.raises(KitError, match=r"gone\.mlpackage: no such file"):
        server.serve("gone.mlpackage", port=0)


def test_an_empty_pad_says_nothing(address: str) -> None:
    for strokes in ([], [[]]):
        status, answer = ask(f"{address}/drawing", json.dumps({"strokes": strokes}).encode())
        silent = {"state": "silent", "label": None, "confidence": 0, "probabilities": [], "square": None}
        assert status == 200 and answer == silent


def test_background_and_doubt_are_silent(camera_address: str) -> None:
    def square(grey: int) -> bytes:
        return np.full((100, 100), grey, np.uint8).tobytes()

    for number in range(6):
        answer = ask(f"{camera_address}/frame?session=b&time={number / 10}", square(230))[1]
        assert answer["state"] == "silent" and answer["label"] is None and answer["probabilities"][10] > 0.8
    assert ask(f"{camera_address}/picture", png(np.full((9, 9), 230, np.uint8)))[1]["state"] == "silent"
    assert ask(f"{camera_address}/picture", png(np.full((9, 9), 65, np.uint8)))[1]["label"] == "3"


def test_a_picture_is_turned_upright_and_laid_on_white(camera_address: str) -> None:
    pixels = np.zeros((60, 40, 4), np.uint8)  # black and transparent: white paper
    assert ask(f"{camera_address}/picture", png(pixels))[1]["probabilities"][10] > 0.8
    sixteen_bit = np.full((9, 9), 65 * 256, np.uint16)
    assert ask(f"{camera_address}/picture", png(sixteen_bit))[1]["label"] == "3"
    halves = np.full((40, 120), 30, np.uint8)
    halves[:, 40:80] = 110  # what is in the middle counts
    exif = Image.Exif()
    exif[274] = 6
    assert ask(f"{camera_address}/picture", png(halves, exif=exif))[1]["label"] == "5"


def test_a_hundred_requests_at_once_are_answered(address: str) -> None:
    body = json.dumps({"strokes": SEVEN}).encode()
    paper = rounded(drawn(SEVEN, 240)).tobytes()

    def one(number: int) -> tuple[int, dict[str, Any]]:
        path = "/drawing" if number % 2 else f"/frame?session=many-{number}&time=1"
        return ask(address + path, body if number % 2 else paper)

    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(one, range(100)))
    assert [status for status, _ in answers] == [200] * 100
    assert {answer["label"] for _, answer in answers} == {"7"}


def test_sessions_know_nothing_of_each_other(camera_address: str) -> None:
    def frame(session: str, time: float, grey: int) -> dict[str, Any]:
        body = np.full((64, 64), grey, np.uint8).tobytes()
        return ask(f"{camera_address}/frame?session={session}&time={time}", body)[1]

    for number in range(5):
        first, second = frame("x", number / 10, 65), frame("y", number / 10, 110)
    assert first["label"] == "3" and second["label"] == "5" and first["state"] == second["state"] == "shown"
    for number in range(server._MOST_SESSIONS):
        frame(f"flood-{number}", 0, 65)
    assert frame("x", 0.6, 65)["state"] == "candidate"  # forgotten, and the memory is bounded


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/picture", b"hello, I am no picture", "this is not a picture that can be read"),
        ("/picture", b"", "this file is empty"),
        ("/picture", png(np.zeros((90, 90), np.uint8))[:60], "this picture cannot be read to its end"),
        ("/picture", png(np.zeros((1, 1), np.uint8)), "1 x 1 pixels are too few"),
        ("/drawing", b"{", "not a drawing"),
        ("/drawing", b"[]", "not a drawing"),
        ("/drawing", b'{"strokes": [[[1]]]}', "not a drawing"),
        ("/drawing", b'{"strokes": [[[0.1, NaN]]]}', "outside of the pad"),
        ("/drawing", b'{"strokes": [[[1e300, 0]]]}', "outside of the pad"),
        ("/drawing", json.dumps({"strokes": [[[0.5, 0.5]] * 10_001]}).encode(), "clear the pad"),
        ("/square", b"123", "3 bytes: send a square"),
        ("/square", b"", "0 bytes"),
        ("/frame?session=a&time=1", b"123", "3 bytes: send a square"),
        ("/frame?session=a&time=1", b"", "0 bytes"),
        ("/frame?session=a&time=soon", b"1", "time 'soon'"),
        ("/frame?session=a", b"1", "time ''"),
    ],
)
def test_what_cannot_be_read_gets_a_message(camera_address: str, path: str, body: bytes, words: str) -> None:
    status, answer = ask(camera_address + path, body)
    assert status == 400 and words in answer["error"]


def test_too_much_is_refused(camera_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.web.server._LARGEST", 1_000_000)
    monkeypatch.setattr("kit.reading.decoding.MOST_PIXELS", 1_000)
    status, answer = ask(f"{camera_address}/picture", os.urandom(1_000_001))
    assert status == 400 and "more than 1 MB" in answer["error"]
    status, answer = ask(f"{camera_address}/picture", png(np.zeros((40, 40), np.uint8)))
    assert status == 400 and "megapixels" in answer["error"]


def test_another_sites_page_cannot_ask_under_a_name_of_its_own(camera_address: str) -> None:
    assert ask(f"{camera_address}/model", Host="evil.example")[0] == 400
    assert ask(f"{camera_address}/model", Host="localhost")[0] == 200


@pytest.mark.parametrize("path", ["/model", "/drawing", "/picture", "/frame?session=a&time=1", "/nowhere"])
def test_another_sites_page_is_refused_before_anything_is_read(camera_address: str, path: str) -> None:
    """As `fetch(..., {mode: "no-cors"})` sends it, with more than fits into the system's buffers."""
    body = None if path == "/model" else bytes(3_000_000)
    status, answer = ask(camera_address + path, body, Origin="http://localhost:3000", **{"Content-Type": "text/plain"})
    assert status == 403 and answer == {"error": "asked by another site's page: open this server's own"}


def test_every_answer_says_what_a_browser_may_do_with_it(camera_address: str) -> None:
    for path in ("/", "/model", "/nowhere"):
        try:
            headers = urllib.request.urlopen(camera_address + path, timeout=60).headers
        except urllib.error.HTTPError as error:
            headers = error.headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'sha256-") and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and "http" not in policy and "*" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin" and headers["Cache-Control"] == "no-store"
        assert headers["Permissions-Policy"].startswith("camera=(self)") and "Server" not in headers


def test_mutilated_requests_are_answered_in_a_line_and_stop_nobody(tmp_path: Path) -> None:
    counts = web_requests.mutilate(2 * len(web_requests.KINDS), 7, tmp_path)
    assert counts.tracebacks == [] and counts.wrong == []
    assert counts.read > 5 and counts.refused > 20


def test_who_waits_for_a_large_drawing_stops_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing it waits here until all others have been answered."""
    parse, others_done = intake.strokes, threading.Event()

    def slowly(data: bytes) -> Any:
        assert b"large" not in data or others_done.wait(60)
        return parse(data)

    monkeypatch.setattr(intake, "strokes", slowly)
    drawing, label = web_requests.lines_on_the_pad(8)
    with answering(stand_in()) as address, ThreadPoolExecutor() as pool:
        large = pool.submit(ask, f"{address}/drawing", drawing.replace(b"{", b'{"large": 1, ', 1))
        assert ask(f"{address}/drawing", drawing)[1]["label"] == label
        assert ask(f"{address}/picture", png(np.full((9, 9), 65, np.uint8)))[1]["label"] == "3"
        assert ask(f"{address}/model")[0] == 200 and not large.done()
        others_done.set()
        assert large.result(60)[1]["label"] == label


def test_of_many_pictures_at_once_one_is_decoded_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    decode, at_once, most, threads = server.whole, [0], [0], set[int]()

    def counted(*arguments: Any, **options: Any) -> np.ndarray:
        threads.add(threading.get_ident())
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        try:
            return decode(*arguments, **options)
        finally:
            at_once[0] -= 1

    monkeypatch.setattr(server, "whole", counted)
    noise = np.random.default_rng(0).integers(60, 71, (1200, 1200)).astype(np.uint8)  # more than a megabyte each
    with answering(stand_in()) as address, ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: ask(f"{address}/picture", png(noise, compress_level=0)), range(12)))
    assert [answer["label"] for _, answer in answers] == ["3"] * 12 and most == [1]
    assert len(threads) == 1  # each has memory of its own, which Pillow's blocks do not leave again


def test_an_error_that_nobody_foresaw_is_a_line_to_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(data: bytes) -> None:
        raise OverflowError("two\nlines")

    monkeypatch.setattr(intake, "strokes", failing)
    told: list[str] = []
    with web_requests.answering(stand_in(), told.append) as port:
        status, answer = ask(f"http://127.0.0.1:{port}/drawing", b"{}")
    assert status == 500 and set(answer) == {"error"}
    assert told == ["error: POST '/drawing': OverflowError: two lines"]


@pytest.mark.parametrize(
    ("answer", "line"),
    [(np.nan, "no numbers for its 11 labels"), (2 / 11, "probabilities that add up to 2.00, not 1")],
)
def test_an_answer_that_makes_no_sense_is_said(answer: float, line: str) -> None:
    damaged = replace(stand_in(), network=lambda images: np.full((len(images), 11), answer, np.float32))
    square, strokes = bytes(9 * 9), json.dumps({"strokes": SEVEN}).encode()
    asked = {"/picture": png(np.zeros((9, 9), np.uint8)), "/square": square, "/drawing": strokes}
    with answering(damaged) as address:
        for path, body in [*asked.items(), ("/frame?session=a&time=1", square)]:
            said = {"error": f"stand-in answers with {line}: train or export it again"}
            assert ask(address + path, body) == (400, said), path


def test_a_pictures_square_is_what_was_read_and_its_pixels_come_back(camera_address: str) -> None:
    """A box that is laid over them by the page is read as a picture of its own would be."""
    pixels = np.random.default_rng(0).integers(60, 160, (90, 130)).astype(np.uint8)
    answer = ask(f"{camera_address}/picture", png(pixels))[1]
    shown = answer["picture"]
    assert (shown["height"], shown["width"]) == (90, 130) and base64.b64decode(shown["grey"]) == pixels.tobytes()
    square = stand_in().square(pixels[:, 20:110])
    assert (png_of(answer["square"]) == square).all()
    of_square = ask(f"{camera_address}/square", pixels[:, 20:110].tobytes())[1]
    assert of_square == {key: value for key, value in answer.items() if key != "picture"}
    again = ask(f"{camera_address}/picture", base64.b64decode(answer["square"].partition(",")[2]))[1]
    assert again["probabilities"] == answer["probabilities"] and again["square"] == answer["square"]
    large = np.kron(np.random.default_rng(1).integers(0, 256, (30, 40)), np.ones((100, 100))).astype(np.uint8)
    shown = ask(f"{camera_address}/picture", png(large))[1]["picture"]
    assert (shown["height"], shown["width"]) == (1200, 1600)
    smaller = np.frombuffer(base64.b64decode(shown["grey"]), np.uint8).reshape(1200, 1600)
    assert (smaller == np.kron(large[::100, ::100], np.ones((40, 40)))).all()  # each block is even


def png_of(address: str) -> np.ndarray:
    """The grey picture in a data: address."""
    assert address.startswith("data:image/png;base64,")
    return np.asarray(Image.open(BytesIO(base64.b64decode(address.partition(",")[2]))))


def test_a_frames_square_comes_when_its_digit_is_to_be_kept(camera_address: str) -> None:
    frame = np.full((128, 128), 65, np.uint8).tobytes()
    found = [ask(f"{camera_address}/frame?session=kept&time={n / 10}", frame)[1] for n in range(5)]
    assert [one["square"] is not None for one in found] == [one["announce"] for one in found] == [False] * 3 + [
        True, False,
    ]  # fmt: skip
    assert (png_of(found[3]["square"]) == np.full((CAMERA.size, CAMERA.size), 65)).all()


SLOW_SERVER = """
import dataclasses, sys, time
from hostile.web_requests import stand_in
from kit.__main__ import main
from kit.web import intake, server

fast = stand_in()

def network(images):
    time.sleep(60 if 100 < images.mean() < 120 else 0)
    return fast.network(images)

server.open_reader = lambda *arguments, **options: dataclasses.replace(fast, network=network)
sys.argv = ["kit", "serve", "--port", "0"]
main()
"""


@needs_signals
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_ends_at_once_whatever_is_computed_and_whoever_is_slow(sent: signal.Signals, code: int) -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "benchmarks")])
    command, pipes = [sys.executable, "-c", SLOW_SERVER], {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env={**os.environ, "PYTHONPATH": path}, **pipes) as process:
        assert process.stdout and process.stderr
        place = ("127.0.0.1", int(process.stdout.readline().rsplit(":")[-1]))
        with socket.create_connection(place) as computed, socket.create_connection(place) as slow:
            computed.sendall(web_requests.request("/picture", png(np.full((9, 9), 110, np.uint8))))
            slow.sendall(web_requests.request("/drawing", b"{", length=1000))
            with socket.create_connection(place) as asked:  # answered after the others have been taken up
                asked.sendall(web_requests.request("/model", method="GET"))
                assert asked.recv(12) == b"HTTP/1.1 200"
            process.send_signal(sent)
            assert process.wait(timeout=15) == code
            assert computed.recv(12) == slow.recv(12) == b"HTTP/1.1 503"
        assert process.stderr.read() == "Ctrl-C ends it\n"


def test_the_server_listens_to_this_computer_alone(address: str) -> None:
    port = int(address.rsplit(":")[-1])
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)} - {"127.0.0.1"}
    for other in others:
        with socket.socket() as tried:
            tried.settimeout(2)
            assert other.startswith("127.") or tried.connect_ex((other, port)) != 0


def test_a_mistake_in_the_command_is_one_line(exportable: Run, address: str, kit_here: KitCommand) -> None:
    runs = ["--runs", exportable.folder.parent]
    assert_one_line(kit_here("serve", "--runs", "elsewhere"), "no trained run here yet")
    assert_one_line(kit_here("serve", "9", *runs, "--port", "0"), "no such run")
    taken = address.rsplit(":")[-1]
    assert_one_line(kit_here("serve", "1", *runs, "--port", taken), f"--port {taken}: in use", "choose another")


# The page


@pytest.fixture(scope="module")
def film(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the browser's camera sees: a handwritten 5 on unevenly lit, noisy paper, ten frames again and again."""
    digits = loading.load("train", sample)
    assert digits.labels is not None
    digit = digits.images[np.nonzero(digits.labels == 5)[0][3], :, :, 0]
    ink = np.zeros((480, 640))
    ink[110:370, 190:450] = np.asarray(Image.fromarray(digit).resize((260, 260), Image.Resampling.BICUBIC)) / 255
    return write_film(tmp_path_factory.mktemp("film") / "five.y4m", lit_paper() * (1 - ink) + 40 * ink)


def lit_paper() -> np.ndarray:
    y, x = np.mgrid[:480, :640]
    return rounded(170 + 40 * x / 640 - 30 * y / 480)


def write_film(path: Path, luma: np.ndarray) -> Path:
    """The grey picture (480, 640) with another noise in each of ten frames, as YUV4MPEG2."""
    generator = np.random.default_rng(0)
    with open(path, "wb") as file:
        file.write(b"YUV4MPEG2 W640 H480 F30:1 Ip A1:1 C420\n")
        for _ in range(10):
            noisy = np.clip(luma + generator.normal(0, 3, luma.shape), 0, 255).astype(np.uint8)
            file.write(b"FRAME\n" + noisy.tobytes() + bytes([128]) * (640 * 480 // 2))
    return path


@pytest.fixture(scope="module")
def browser(chromium: Any, film: Path) -> Iterator[Any]:
    opened = launch(chromium, film)
    yield opened
    opened.close()


def launch(chromium: Any, film: Path) -> Any:
    """A browser whose camera plays a file."""
    camera = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}"]
    return chromium(*camera)


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """The page; whatever the console, or another server than ours, hears of it fails the test."""
    opened = open_page(browser, address)
    yield opened
    assert opened.problems == []
    opened.context.close()


def open_page(
    browser: Any, address: str, width: int = 1000, dark: bool = False, camera: bool = True, clipboard: bool = False
) -> Any:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        permissions=[*["camera"] * camera, *["clipboard-read", "clipboard-write"] * clipboard],
    )
    page = context.new_page()
    page.problems = []
    page.on("console", lambda message: page.problems.append(message.text))
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    own = (address, "data:", "blob:")
    page.on("request", lambda one: None if one.url.startswith(own) else page.problems.append(one.url))
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    return page


def wait_until(page: Any, condition: str) -> None:
    """Playwright's own way evaluates the condition by the page's script, which the page's policy forbids."""
    for _ in range(400):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(condition)


def draw(page: Any, strokes: Any) -> None:
    box = page.locator("#pad").bounding_box()
    for stroke in strokes:
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=8)
        page.mouse.up()


def test_a_7_drawn_with_the_mouse_is_read_as_7(page: Any) -> None:
    draw(page, SEVEN)
    page.wait_for_selector("#pad-reading[data-state=shown]")
    wait_until(page, "document.getElementById('says').textContent === '7'")  # what a screen reader hears
    assert page.locator("#pad-reading .digit").inner_text() == "7"
    assert re.fullmatch(r"\d+%", page.locator("#pad-reading .answer .faint").inner_text())


def test_an_empty_pad_stays_silent_and_undo_and_clear_empty_it(page: Any) -> None:
    reading = page.locator("#pad-reading .digit")
    assert reading.inner_text() == "–" and page.locator("#undo").is_disabled()
    for button in ("#undo", "#clear"):
        draw(page, SEVEN)
        page.wait_for_selector("#pad-reading[data-state=shown]")
        page.click(button)
        page.wait_for_selector("#pad-reading[data-state=silent]")
        page.wait_for_timeout(300)  # a late answer must not bring it back
        assert reading.inner_text() == "–" and page.locator("#clear").is_disabled()
    draw(page, [[(0.5, 0.15), (0.5, 0.85)], *SEVEN])
    page.click("#undo")
    wait_until(page, "document.querySelector('#pad-reading .digit').textContent === '1'")


def test_the_pad_shows_what_was_drawn(page: Any) -> None:
    draw(page, SEVEN)
    shot = Image.open(BytesIO(page.locator("#pad").screenshot())).convert("L").resize((64, 64), Image.Resampling.BOX)
    shown = np.asarray(shot, float) < 128
    expected = drawn(SEVEN, 64) < 128
    assert (shown & expected).sum() / (shown | expected).sum() > 0.85


def test_a_picture_file_is_read_and_one_that_is_none_gets_a_message(page: Any) -> None:
    picture = {"name": "seven.png", "mimeType": "image/png", "buffer": png(rounded(drawn(SEVEN, 200)))}
    page.set_input_files("#file", picture)
    page.wait_for_selector("#picture-reading[data-state=shown]")
    assert page.locator("#picture-reading .digit").inner_text() == "7"
    page.set_input_files("#file", {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"not a picture"})
    wait_until(page, "document.getElementById('picture-problem').textContent !== ''")
    words = page.locator("#picture-problem").inner_text()
    assert words.startswith("notes.txt: this is not a picture that can be read")
    assert page.locator("#picture-reading .digit").inner_text() == "7"  # the one before stays, as in the app
    page.problems[:] = [problem for problem in page.problems if "status of 400" not in problem]


def test_a_digit_before_the_camera_is_read(page: Any) -> None:
    page.click("#camera")
    page.wait_for_selector("#camera-reading[data-state=shown]", timeout=20_000)
    assert page.locator("#camera-reading .digit").inner_text() == "5"
    assert page.locator("#says").inner_text() == "5"
    guide, video = page.locator("#guide").bounding_box(), page.locator("#video").bounding_box()
    assert guide["width"] == pytest.approx(guide["height"], abs=1)
    assert guide["height"] == pytest.approx(0.6 * video["height"], abs=2)
    assert guide["x"] + guide["width"] / 2 == pytest.approx(video["x"] + video["width"] / 2, abs=1)
    page.click("#camera")
    page.wait_for_selector("#camera-reading[data-state=silent]")
    assert page.locator("#guide").is_hidden() and page.locator("#camera").inner_text() == "Start the camera"


def test_the_apps_model_reads_a_drawing_and_is_silent_on_paper(browser: Any, bundled: str, sample: Path) -> None:
    page = open_page(browser, bundled)
    draw(page, SEVEN)
    page.wait_for_selector("#pad-reading[data-state=shown]")
    assert page.locator("#pad-reading .digit").inner_text() == "7"
    page.click("#clear")
    page.set_input_files("#file", {"name": "paper.png", "mimeType": "image/png", "buffer": png(lit_paper())})
    wait_until(
        page,
        "getComputedStyle(document.querySelectorAll('#picture-reading .bar i')[10]).getPropertyValue('--p') > 0.5",
    )
    assert page.locator("#picture-reading .digit").inner_text() == "–" and page.problems == []
    page.context.close()


def test_the_apps_model_reads_a_digit_before_the_camera(browser: Any, bundled: str) -> None:
    page = open_page(browser, bundled)
    page.click("#camera")
    page.wait_for_selector("#camera-reading[data-state=shown]", timeout=20_000)
    assert page.locator("#camera-reading .digit").inner_text() == "5" and page.problems == []
    page.context.close()


HALVES = np.repeat(np.array([[65, 110]], np.uint8), 100, axis=1).repeat(100, axis=0)  # a 3 beside a 5, to the stand-in


@pytest.fixture
def foreseen(browser: Any, camera_address: str) -> Iterator[Any]:
    """The page with a network that the tests can foresee; it may tell the console nothing."""
    opened = open_page(browser, camera_address, clipboard=True)
    yield opened
    assert opened.problems == []
    opened.context.close()


def give(page: Any, pixels: np.ndarray, how: str = "choose") -> None:
    """A picture into the page, as a person gives it one."""
    content = png(pixels)
    if how == "choose":
        page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": content})
        return
    page.evaluate(
        """([how, text]) => {
            const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([bytes], "a.png", { type: "image/png" }));
            const options = { bubbles: true, cancelable: true };
            document.body.dispatchEvent(how === "drop"
                ? new DragEvent("drop", { ...options, dataTransfer })
                : new ClipboardEvent("paste", { ...options, clipboardData: dataTransfer }));
        }""",
        [how, base64.b64encode(content).decode()],
    )


def wait_for_digit(page: Any, digit: str) -> None:
    wait_until(page, f"document.querySelector('#picture-reading .digit').textContent === '{digit}'")


@pytest.mark.parametrize("how", ["choose", "paste", "drop"])
def test_a_picture_is_chosen_pasted_or_dropped(foreseen: Any, how: str) -> None:
    give(foreseen, np.full((30, 90), 65, np.uint8), how)
    wait_for_digit(foreseen, "3")
    assert foreseen.locator("#says").inner_text() == "3" and foreseen.locator("#kept li").count() == 1
    view = foreseen.locator("#view").bounding_box()
    assert view["width"] == pytest.approx(3 * view["height"], abs=6)
    box = foreseen.locator("#box").bounding_box()  # the central square, as kit predict takes it
    assert box["width"] == pytest.approx(view["height"], abs=3) == box["height"]
    assert box["x"] + box["width"] / 2 == pytest.approx(view["x"] + view["width"] / 2, abs=2)


def test_a_picture_is_pasted_by_a_button(foreseen: Any) -> None:
    text = base64.b64encode(png(np.full((30, 30), 65, np.uint8))).decode()
    foreseen.evaluate(
        """async text => {
            const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
            const picture = new Blob([bytes], { type: "image/png" });
            await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
        }""",
        text,
    )
    foreseen.click("#paste")
    wait_for_digit(foreseen, "3")
    foreseen.evaluate("navigator.clipboard.writeText('no picture')")
    foreseen.click("#paste")
    wait_until(foreseen, "document.getElementById('picture-problem').textContent.startsWith('There is no picture')")


def test_what_is_pasted_or_dropped_and_no_picture_gets_a_message(foreseen: Any) -> None:
    problem = foreseen.locator("#picture-problem")
    foreseen.evaluate(
        "document.body.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, clipboardData: new DataTransfer() }))"
    )
    assert problem.inner_text() == "There is no picture in the clipboard: copy one first."
    foreseen.evaluate(
        "document.body.dispatchEvent(new DragEvent('drop', "
        "{ bubbles: true, cancelable: true, dataTransfer: new DataTransfer() }))"
    )
    assert problem.inner_text().startswith("What was dropped is no file")


def test_the_box_is_moved_and_scaled_by_mouse_keyboard_and_slider(foreseen: Any) -> None:
    give(foreseen, HALVES)
    wait_for_digit(foreseen, "4")  # half of each
    view = foreseen.locator("#view").bounding_box()
    middle = view["x"] + view["width"] / 2, view["y"] + view["height"] / 2
    foreseen.mouse.move(*middle)
    foreseen.mouse.down()
    foreseen.mouse.move(middle[0] - view["width"], middle[1], steps=5)  # further than it goes
    wait_for_digit(foreseen, "3")
    foreseen.wait_for_timeout(700)
    assert foreseen.locator("#says").inner_text() == "4"  # nobody is told before it is let go
    foreseen.mouse.up()
    wait_until(foreseen, "document.getElementById('says').textContent === '3'")
    foreseen.keyboard.press("Home")  # the mouse has left the focus on the box
    wait_for_digit(foreseen, "4")
    for _ in range(4):
        foreseen.keyboard.press("Shift+ArrowRight")
    wait_for_digit(foreseen, "5")
    wait_until(foreseen, "document.getElementById('says').textContent === '5'")
    foreseen.click("#whole")
    foreseen.locator("#size").fill("20")
    foreseen.focus("#box")
    assert foreseen.locator("#box").bounding_box()["width"] == pytest.approx(0.2 * view["height"], abs=2)
    for _ in range(6):
        foreseen.keyboard.press("-")
    for _ in range(20):
        foreseen.keyboard.press("ArrowLeft")
    wait_for_digit(foreseen, "3")
    size = foreseen.locator("#box").bounding_box()["width"] / view["height"]
    assert size == pytest.approx(0.2 / 1.1**6, abs=0.02)
    assert foreseen.locator("#size").get_attribute("aria-valuetext") == "11% of the picture"
    assert [text.split(" (")[0] for text in foreseen.locator("#kept p").all_inner_texts()][-3:] == [
        "read as 5, 90%", "read as 3, 90%", "read as 4, 90%",
    ]  # fmt: skip


def test_two_fingers_scale_the_box(foreseen: Any) -> None:
    ring = np.full((200, 200), 65, np.uint8)
    ring[70:130, 70:130] = 110
    give(foreseen, ring)
    wait_for_digit(foreseen, "3")
    foreseen.locator("#view").scroll_into_view_if_needed()
    view = foreseen.locator("#view").bounding_box()
    x, y = view["x"] + view["width"] / 2, view["y"] + view["height"] / 2
    session = foreseen.context.new_cdp_session(foreseen)

    def touch(kind: str, apart: float) -> None:
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points if apart else []})

    touch("touchStart", 100)
    for apart in range(90, 20, -10):
        touch("touchMove", apart)
    touch("touchEnd", 0)
    wait_for_digit(foreseen, "5")
    assert foreseen.locator("#box").bounding_box()["width"] == pytest.approx(0.3 * view["width"], abs=3)


@pytest.mark.parametrize("seed", range(3))
def test_the_box_stays_inside_and_cuts_what_it_covers(foreseen: Any, seed: int) -> None:
    generator = np.random.default_rng(seed)
    for _ in range(10):
        height, width = generator.integers(1, 60, 2).tolist()
        pixels = generator.integers(0, 256, (height, width))
        wanted = dict(zip("xy", generator.uniform(-50, 110, 2).tolist(), strict=True)) | {
            "side": float(generator.uniform(-5, 90))
        }
        box, square = foreseen.evaluate(
            """([wanted, picture]) => {
                const box = inside(wanted, picture);
                return [box, [...cut({ ...picture, grey: Uint8Array.from(picture.grey) }, box)]];
            }""",
            [wanted, {"width": width, "height": height, "grey": pixels.ravel().tolist()}],
        )
        largest = min(width, height)
        assert box["side"] == pytest.approx(min(max(wanted["side"], min(8, largest)), largest))
        for axis, length in (("x", width), ("y", height)):
            low, high = box["side"] / 2, length - box["side"] / 2
            assert box[axis] == pytest.approx(min(max(wanted[axis], low), high))
        side = max(1, int(box["side"]))
        left, top = (int(np.floor(box[axis] - side / 2)) for axis in "xy")
        assert square == pixels[top : top + side, left : left + side].ravel().tolist()


def test_what_was_read_is_labelled_and_downloaded_for_the_kit(foreseen: Any, tmp_path: Path) -> None:
    for grey, digit in ((65, "3"), (110, "5"), (170, "8")):
        give(foreseen, np.full((90, 90), grey, np.uint8))
        wait_for_digit(foreseen, digit)
    give(foreseen, np.full((90, 90), 230, np.uint8))
    wait_for_digit(foreseen, "–")
    assert foreseen.locator("#says").inner_text() == "no digit" and foreseen.locator("#download").is_disabled()
    foreseen.click("#label-picture")  # silence is a failure too
    assert foreseen.evaluate("document.activeElement.tagName") == "SELECT"
    selects = foreseen.locator("#kept select")
    assert foreseen.locator("#kept p").first.inner_text().startswith("read as nothing (picture, ")
    for place, truth in enumerate(["2", "no digit", "5"]):  # the newest first; 3 stays without a label
        selects.nth(place).select_option(truth)
    assert foreseen.locator("#says").inner_text() == "labelled 5"
    with foreseen.expect_download() as download:
        foreseen.click("#download")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    pattern = r"labelled/(digits/picture/[0-9]|background/picture)/[0-9]{10}-[0-9A-F]{8}\.png"
    assert path.name == "labelled.zip" and len(names) == 3 and all(re.fullmatch(pattern, name) for name in names)
    found = judge(stand_in(), path)
    assert [(one.truth, one.taken) for one in found.failures] == [("background", "8"), ("2", "background")]
    assert [(kind.photographs, kind.right) for kind in found.digits] == [(2, 1)] and found.problems == ()
    assert (found.failures[0].pixels == 170).all() and (found.failures[1].pixels == 230).all()


def test_the_history_forgets_and_copies_and_keeps_the_focus(foreseen: Any) -> None:
    for grey in (65, 110, 170):
        give(foreseen, np.full((90, 90), grey, np.uint8))
        wait_for_digit(foreseen, str(grey // 20))
    foreseen.locator("#kept button", has_text="Copy").first.click()
    wait_until(foreseen, "document.getElementById('says').textContent === 'copied 8'")
    assert foreseen.evaluate("navigator.clipboard.readText()") == "8"
    foreseen.locator("#kept button", has_text="Delete").nth(1).click()
    assert [text[:9] for text in foreseen.locator("#kept p").all_inner_texts()] == ["read as 8", "read as 3"]
    assert foreseen.evaluate("document.activeElement.ariaLabel").startswith("Delete, read as 3")
    foreseen.locator("#kept select").first.select_option("1")
    foreseen.once("dialog", lambda dialog: dialog.dismiss())
    foreseen.click("#forget")  # what is labelled is not thrown away unasked
    assert foreseen.locator("#kept li").count() == 2
    foreseen.once("dialog", lambda dialog: dialog.accept())
    foreseen.click("#forget")
    assert foreseen.locator("#kept li").count() == 0 and foreseen.locator("#forget").is_disabled()
    assert foreseen.evaluate("document.activeElement.id") == "history"


@needs_signals
def test_in_a_notebook_it_serves_until_its_cell_is_stopped(exportable: Run) -> None:
    """A notebook's cells run inside a loop of its own."""
    program = (
        "import asyncio\nfrom kit import serve\n"
        "async def cell():\n"
        f"    serve({str(exportable.folder)!r}, port=0)\n"
        "asyncio.new_event_loop().run_until_complete(cell())\n"
    )
    with subprocess.Popen([sys.executable, "-u", "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        address = process.stdout.readline().strip()
        with urllib.request.urlopen(f"{address}/model") as answer:
            assert json.load(answer)["name"]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) != 0


def test_the_history_is_bounded_and_what_is_labelled_stays(foreseen: Any) -> None:
    labels = foreseen.evaluate(
        """() => {
            const history = startHistory({ labels: ["3"], background: null });
            const kept = number => history.keep("drawing", { label: "3", confidence: 1, square: `data:,${number}` });
            for (let number = 0; number < 104; number++) {
                kept(number).select.value = "3";
                document.querySelector("#kept select").dispatchEvent(new Event("change"));
            }
            for (let number = 104; number < 230; number++) kept(number);
            return [...document.querySelectorAll("#kept select")].map(select => select.value);
        }"""
    )
    assert labels == [""] * 100 + ["3"] * 104  # the newest first
    foreseen.problems[:] = [one for one in foreseen.problems if "data:," not in one]


def test_a_drawing_is_kept_once_and_can_be_put_right(page: Any, exportable: Run, tmp_path: Path) -> None:
    """A network of rows: what it is given again is what it was given."""
    assert page.locator("#label-pad").is_disabled()
    draw(page, [SEVEN[0][:2]])
    page.wait_for_timeout(300)
    draw(page, [SEVEN[0][1:]])
    wait_until(page, "document.querySelector('#kept p')?.textContent.startsWith('read as 7')")
    assert page.locator("#kept li").count() == 1  # of the unfinished drawing nothing is left
    options = page.locator("#kept select option").all_inner_texts()
    assert options == ["It is …", *map(str, range(10))]  # it knows no background
    page.locator("#kept select").select_option("1")
    with page.expect_download() as download:
        page.click("#download")
    path = tmp_path / "labelled.zip"
    download.value.save_as(path)
    shown = page.locator("#pad-reading .answer .faint").inner_text()
    failure = judge(open_reader(exportable), path).failures[0]
    assert (failure.truth, failure.taken, f"{failure.probability:.0%}") == ("1", "7", shown)


def test_a_digit_before_the_camera_is_kept_and_can_be_labelled(page: Any) -> None:
    page.click("#camera")
    page.wait_for_selector("#camera-reading[data-state=shown]", timeout=20_000)
    wait_until(page, "document.querySelector('#kept p')?.textContent.startsWith('read as 5')")
    assert "(camera, " in page.locator("#kept p").inner_text()
    page.click("#label-camera")
    wait_until(page, "document.activeElement.tagName === 'SELECT'")
    page.click("#camera")
    assert page.locator("#label-camera").is_disabled()


@pytest.mark.parametrize("digit", range(10))
def test_a_photographed_digit_is_read(chromium: Any, bundled: str, tmp_path: Path, digit: int) -> None:
    """A stranger's phone photograph, held into the camera."""
    if not PHOTOS:
        pytest.skip("KIT_PHOTOS names no folder of photographs: none is held into the camera")
    photo = Image.open(sorted(Path(PHOTOS).glob(f"digits/photo/{digit}/*.png"))[0]).convert("L")
    scene = np.full((480, 640), np.median(np.asarray(photo)))
    scene[96:384, 176:464] = np.asarray(ImageOps.fit(photo, (288, 288)))  # in the guide box
    opened = launch(chromium, write_film(tmp_path / "photo.y4m", scene))
    page = open_page(opened, bundled)
    page.click("#camera")
    page.wait_for_selector("#camera-reading[data-state=shown]", timeout=20_000)
    assert page.locator("#camera-reading .digit").inner_text() == str(digit)
    opened.close()


def test_a_refused_camera_is_explained(chromium: Any, browser: Any, address: str) -> None:
    page = open_page(browser, address, camera=False)
    page.click("#camera")
    wait_until(page, "document.getElementById('camera-problem').textContent !== ''")
    assert "may not use the camera" in page.locator("#camera-problem").inner_text()
    assert page.locator("#camera").inner_text() == "Start the camera"
    page.context.close()


def test_a_script_that_is_none_of_the_pages_does_not_run(page: Any) -> None:
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "injected = 1";
            const picture = document.createElement("div");
            picture.innerHTML = "<img src='data:,' onerror='injected = 1'>";
            document.body.append(script, picture);
        }"""
    )
    page.wait_for_timeout(300)
    assert page.evaluate("typeof injected") == "undefined"
    assert len(page.problems) == 2 and all("Content Security Policy" in problem for problem in page.problems)
    page.problems.clear()


def test_a_server_that_is_gone_is_said(page: Any) -> None:
    page.route("**/drawing", lambda route: route.abort())
    draw(page, SEVEN)
    wait_until(page, "document.getElementById('pad-problem').textContent.includes('still running')")
    page.problems[:] = [problem for problem in page.problems if "ERR_FAILED" not in problem]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_overflows_and_everything_has_a_name(browser: Any, address: str, width: int, dark: bool) -> None:
    page = open_page(browser, address, width, dark)
    give(page, rounded(drawn(SEVEN, 200)))
    page.wait_for_selector("#kept li")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    nameless = page.evaluate(
        """[...document.querySelectorAll("button, select, input, canvas, [tabindex]")].filter(one => !(
            one.textContent.trim() || one.ariaLabel || one.closest("label")?.textContent.trim())).length"""
    )
    assert nameless == 0
    colours = page.evaluate(
        "(({ backgroundColor, color }) => [backgroundColor, color])(getComputedStyle(document.body))"
    )
    paper, ink = (sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in colours)
    assert (paper < ink) == dark and page.problems == []
    page.context.close()
