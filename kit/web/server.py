"""A page on this computer with a pad and the camera, read as the iPhone app reads them.

Starlette and uvicorn serve it: small, well kept, and the page is one file of this package that asks nobody else for
anything. (Gradio would bring thirty packages and a page that fetches fonts and scripts from the internet.)
"""

import io
import json
import math
import socket
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kit import KitError
from kit.reading.decider import Decider
from kit.reading.frames import GUIDE_SHARE, PEN, Stroke
from kit.reading.reader import Reader, open_reader
from kit.reading.recognition import photographed
from kit.run.runs import RUNS, RunName

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

PORT = 8000
_HOST = "127.0.0.1"  # loopback alone: browsers lend their camera to no other address without a certificate
_LARGEST = 32_000_000  # bytes of a request
_MOST_POINTS = 10_000  # of a drawing
_LARGEST_SIDE = 2_000  # of a camera's square, in pixels
_MOST_SESSIONS = 200


def serve(
    model: RunName | None = None,
    *,
    port: int = PORT,
    runs: Path | str = RUNS,
    answering: Callable[[str], None] = lambda address: None,
    notify: Callable[[str], None] = lambda line: None,
) -> None:
    """Serves the page until it is interrupted.

    Args:
        model: A run or an exported model; the best run without it.
        port: 0 takes a free one.
        runs: Where the runs are.
        answering: Called with the page's address as soon as it answers.
        notify: Called with a line that says which run is the best one.

    Raises:
        KitError: There is no such run or model, the port is taken, or the extra is not installed.
    """
    try:
        import uvicorn
    except ImportError as error:
        raise KitError("kit serve needs its extra: pip install -c constraints.txt -e '.[serve]'") from error
    try:
        listening = socket.create_server((_HOST, port))
    except (OSError, OverflowError) as error:
        raise KitError(f"--port {port}: in use or not allowed: choose another, or 0 for any that is free") from error
    with listening:
        reader = open_reader(model, runs, notify=notify)
        answering(f"http://{_HOST}:{listening.getsockname()[1]}")
        config = uvicorn.Config(application(reader), log_level="warning", timeout_graceful_shutdown=1)
        uvicorn.Server(config).run(sockets=[listening])


def application(reader: Reader) -> "Starlette":
    """The page and what it asks: `/model`, `/drawing`, `/frame` and `/picture`, all answering in JSON."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.responses import HTMLResponse, JSONResponse
    from starlette.routing import Route

    page = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    sessions: OrderedDict[str, Decider] = OrderedDict()
    contract = reader.contract
    reader.read_square(np.zeros((reader.side, reader.side), np.uint8))  # what is compiled on the first call

    async def index(request: "Request") -> "Response":
        return HTMLResponse(page)

    async def model(request: "Request") -> "Response":
        return JSONResponse(_card(reader))

    async def drawing(request: "Request") -> "Response":
        strokes = _strokes(await _body(request))
        if not any(strokes):
            return JSONResponse(_answer(reader, None))
        probabilities = await run_in_threadpool(lambda: reader.read_square(reader.drawing(strokes)))
        return JSONResponse(_answer(reader, probabilities))

    async def picture(request: "Request") -> "Response":
        data = await _body(request)
        probabilities = await run_in_threadpool(lambda: reader.read(photographed(reader, io.BytesIO(data))[None]))
        return JSONResponse(_answer(reader, probabilities[0].astype(float)))

    async def frame(request: "Request") -> "Response":
        session, time = request.query_params.get("session", ""), _number(request.query_params.get("time", ""))
        square = _square(await _body(request))
        probabilities = await run_in_threadpool(lambda: reader.read_frame(square))
        decider = sessions.pop(session, None) or Decider(contract.labels, contract.background, contract.threshold)
        sessions[session] = decider
        while len(sessions) > _MOST_SESSIONS:
            sessions.popitem(last=False)
        decision = decider.update(probabilities.tolist(), time)
        return JSONResponse(
            {
                "state": decision.state,
                "label": decision.label,
                "confidence": decision.confidence,
                "announce": decision.announce,
                "probabilities": decision.probabilities,
            }
        )

    async def complain(request: "Request", error: Exception) -> "Response":
        return JSONResponse({"error": str(error)}, status_code=400)

    return Starlette(
        routes=[
            Route("/", index),
            Route("/model", model),
            Route("/drawing", drawing, methods=["POST"]),
            Route("/picture", picture, methods=["POST"]),
            Route("/frame", frame, methods=["POST"]),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[_HOST, "localhost"])],
        exception_handlers={KitError: complain},
    )


def _card(reader: Reader) -> dict[str, Any]:
    contract = reader.contract
    return {
        "name": reader.name,
        "labels": contract.labels,
        "background": contract.background,
        "size": contract.size,
        "crop": contract.crop,
        "threshold": contract.threshold,
        "guide": GUIDE_SHARE,
        "pen": PEN,
    }


def _answer(reader: Reader, probabilities: np.ndarray | None) -> dict[str, Any]:
    """What one picture by itself shows; None is a pad that nobody has drawn on."""
    label = None if probabilities is None else reader.verdict(probabilities)
    return {
        "state": "shown" if label else "silent",
        "label": label,
        "confidence": 0.0 if label is None or probabilities is None else float(probabilities.max()),
        "probabilities": [] if probabilities is None else probabilities.tolist(),
    }


async def _body(request: "Request") -> bytes:
    parts, length = [], 0
    async for part in request.stream():
        length += len(part)
        if length > _LARGEST:
            raise KitError(f"more than {_LARGEST // 1_000_000} MB: send a smaller picture")
        parts.append(part)
    return b"".join(parts)


def _number(text: str) -> float:
    with suppress(ValueError):
        if math.isfinite(value := float(text)):
            return value
    raise KitError(f"time {text!r}: give the seconds of a clock")


def _strokes(data: bytes) -> list[Stroke]:
    """The strokes of {"strokes": [[[x, y], …], …]}."""
    try:
        strokes = [[(float(x), float(y)) for x, y in stroke] for stroke in json.loads(data)["strokes"]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise KitError("not a drawing: send JSON with strokes, each a list of [x, y]") from error
    points = [value for stroke in strokes for point in stroke for value in point]
    if len(points) > 2 * _MOST_POINTS:
        raise KitError(f"more than {_MOST_POINTS:,} points: clear the pad")
    if not all(-1 <= value <= 2 for value in points):
        raise KitError("a point lies far outside of the pad: give places from 0 to 1")
    return strokes  # type: ignore[return-value]


def _square(data: bytes) -> np.ndarray:
    """uint8 (side, side) of so many bytes."""
    side = math.isqrt(len(data))
    if not 0 < side <= _LARGEST_SIDE or side * side != len(data):
        raise KitError(
            f"{len(data):,} bytes: send a square of grey pixels, a byte each, at most {_LARGEST_SIDE} a side"
        )
    return np.frombuffer(data, np.uint8).reshape(side, side)
