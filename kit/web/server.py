"""A page on this computer with a pad, the camera and pictures, read as the iPhone app reads them.

Starlette and uvicorn serve it: small, well kept, and the page is one file of this package that asks nobody else for
anything. (Gradio would bring thirty packages and a page that fetches fonts and scripts from the internet.)
"""

import asyncio
import io
import socket
import threading
from base64 import b64encode
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from kit import KitError
from kit.installation import pip_install_extra
from kit.policy import content_security_policy
from kit.reading.decider import Decider
from kit.reading.frames import GUIDE_SHARE, PEN
from kit.reading.picture_files import cropped, whole
from kit.reading.reader import Reader, open_reader
from kit.run.runs import RUNS, RunName
from kit.web import intake

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

PORT = 8000
_HOST = "127.0.0.1"  # loopback alone: browsers lend their camera to no other address without a certificate
_LARGEST = 32_000_000  # bytes of a picture
_SHOWN = 1600  # the longer side of what the page shows of a picture, in pixels, for a box to be laid over it
_LARGE_ONES = 3  # bodies of more than a megabyte that are held at once
_AT_ONCE = 4  # drawings and frames that are computed at once; of pictures, which take memory by their pixels, one
_MOST_SESSIONS = 200
_LOOK_EVERY = 0.2  # seconds, whether it was interrupted
_BACKLOG = 100  # connections that wait to be accepted

_Result = TypeVar("_Result")


def serve(
    model: RunName | None = None,
    *,
    port: int = PORT,
    runs: Path | str = RUNS,
    answering: Callable[[str], None] = print,
    notify: Callable[[str], None] = lambda line: None,
) -> None:
    """Serves the page until it is interrupted, in a notebook by stopping its cell.

    Args:
        model: A run or an exported model, or "camera", the one that comes with kit; without it the best run, and where
            there is none, the one that comes with kit.
        port: 0 takes a free one.
        runs: Where the runs are.
        answering: Called with the page's address as soon as it answers; it is printed without.
        notify: Called with a line that says which model was chosen.

    Raises:
        KitError: There is no such run or model, the port is taken, or the extra is not installed.
    """
    try:
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise KitError(f"kit serve needs its extra: {pip_install_extra('serve')}") from error
    try:
        listening = socket.create_server((_HOST, port))
    except (OSError, OverflowError) as error:
        raise KitError(f"--port {port}: in use or not allowed: choose another, or 0 for any that is free") from error
    with listening:
        reader = open_reader(model, runs, notify=notify)
        server = server_of(reader, notify)
        answering(f"http://{_HOST}:{listening.getsockname()[1]}")
        _run(server, listening)


def _run(server: "uvicorn.Server", listening: socket.socket) -> None:
    """Serves until it is interrupted; beside a loop that runs here already, as a notebook's does, in a thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        server.run(sockets=[listening])
        return
    beside = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    beside.start()
    try:
        while beside.is_alive():
            beside.join(_LOOK_EVERY)
    finally:
        server.should_exit = True
        beside.join()


def server_of(reader: Reader, notify: Callable[[str], None] = lambda line: None) -> "uvicorn.Server":
    """What answers on a listening socket; it ends within about a second when it is asked to, whatever is under way."""
    import uvicorn

    from kit.web.connection import Connection

    config = uvicorn.Config(
        application(reader, notify),
        loop="asyncio",
        http=Connection,
        ws="none",
        lifespan="on",
        log_level="critical",  # errors are told to `notify`, and what clients do wrong to them alone
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def application(reader: Reader, notify: Callable[[str], None] = lambda line: None) -> "Starlette":
    """The page and what it asks: `/model`, `/drawing`, `/frame`, `/picture` and `/square`, all answering in JSON.

    A picture is decoded once: what is shown of it goes to the page, which sends back the square in its box as often as
    that moves. Nothing is kept here but what the camera's frames of each session have said.

    Args:
        reader: The network.
        notify: Called with a line for each error that nobody foresaw.
    """
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.middleware import Middleware
    from starlette.responses import HTMLResponse, JSONResponse
    from starlette.routing import Route

    from kit.web.guard import Guard, complaint, security_headers

    page = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    sessions: OrderedDict[str, Decider] = OrderedDict()
    contract = reader.contract
    reader.read(np.zeros((1, contract.size, contract.size), np.uint8))  # what is compiled on the first call
    large_ones, pictures, others = asyncio.Semaphore(_LARGE_ONES), _Lane(1), _Lane(_AT_ONCE)

    async def index(request: "Request") -> "Response":
        return HTMLResponse(page)

    async def model(request: "Request") -> "Response":
        return JSONResponse(_card(reader))

    async def drawing(request: "Request") -> "Response":
        def read() -> dict[str, Any]:
            strokes = intake.strokes(data.getvalue())
            return _answer(reader, reader.drawing(strokes)) if any(strokes) else _EMPTY_PAD

        async with intake.body(request, intake.LARGEST_DRAWING, large_ones) as data:
            return JSONResponse(await others.computed(request, read))

    async def picture(request: "Request") -> "Response":
        async with intake.body(request, _LARGEST, large_ones) as data:
            square, shown = await pictures.computed(request, lambda: _opened(reader, data))
        answer = await others.computed(request, lambda: _answer(reader, square))
        return JSONResponse(answer | {"picture": shown})

    async def square(request: "Request") -> "Response":
        async with intake.body(request, intake.LARGEST_SIDE**2, large_ones) as data:
            frame = intake.square(data.getvalue())
            return JSONResponse(await others.computed(request, lambda: _answer(reader, reader.square(frame))))

    async def frame(request: "Request") -> "Response":
        session = intake.session_name(request.query_params.get("session", ""))
        time = intake.seconds(request.query_params.get("time", ""))

        def read() -> tuple[np.ndarray, np.ndarray]:
            square = reader.square(pixels)
            return square, reader.read_square(square)

        async with intake.body(request, intake.LARGEST_SIDE**2, large_ones) as data:
            pixels = intake.square(data.getvalue())
            square, probabilities = await others.computed(request, read)
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
                "square": _png(square) if decision.announce else None,
            }
        )

    async def refuse(request: "Request", error: Exception) -> "Response":
        return complaint(400, str(error))

    async def miss(request: "Request", error: Exception) -> "Response":
        assert isinstance(error, HTTPException)
        return complaint(
            error.status_code, f"{error.detail.lower()}: GET / and /model, POST /drawing, /picture, /square and /frame"
        )

    @asynccontextmanager
    async def lifespan(application: "Starlette") -> AsyncIterator[None]:
        asyncio.get_running_loop().set_exception_handler(lambda loop, about: notify(_told(about)))
        yield
        pictures.close()
        others.close()

    served = Starlette(
        routes=[
            Route("/", index),
            Route("/model", model),
            Route("/drawing", drawing, methods=["POST"]),
            Route("/picture", picture, methods=["POST"]),
            Route("/square", square, methods=["POST"]),
            Route("/frame", frame, methods=["POST"]),
        ],
        middleware=[Middleware(Guard, headers=security_headers(_policy(page)), notify=notify)],
        exception_handlers={KitError: refuse, HTTPException: miss},
        lifespan=lifespan,
    )
    served.router.redirect_slashes = False
    return served


class _Lane:
    """Threads in which so many requests are computed at once, off the event loop; the others wait for their turn.

    They are nobody else's: asyncio would wait for its own when the server ends, and the memory that Pillow took for one
    picture is free for the next one in the same thread alone.
    """

    def __init__(self, count: int) -> None:
        self._turn = asyncio.Semaphore(count)
        self._threads = ThreadPoolExecutor(count)

    async def computed(self, request: "Request", work: Callable[[], _Result]) -> _Result:
        """What `work` returns; nothing is computed for who has gone meanwhile."""
        from starlette.requests import ClientDisconnect

        async with self._turn:
            if await request.is_disconnected():
                raise ClientDisconnect
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _policy(page: str) -> str:
    return content_security_policy(page, connect_src="'self'", img_src="data:")


def _told(about: dict[str, Any]) -> str:
    """What asyncio reports, in a line."""
    error = about.get("exception")
    return f"error: {about['message']}" + (f": {type(error).__name__}: {error}" if error else "")


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


_EMPTY_PAD: dict[str, Any] = {"state": "silent", "label": None, "confidence": 0.0, "probabilities": [], "square": None}


def _answer(reader: Reader, square: np.ndarray) -> dict[str, Any]:
    """What one picture by itself shows, and the square that the network was given of it."""
    probabilities = reader.read_square(square)
    label = reader.verdict(probabilities)
    return {
        "state": "shown" if label else "silent",
        "label": label,
        "confidence": float(probabilities.max()) if label else 0.0,
        "probabilities": probabilities.tolist(),
        "square": _png(square),
    }


def _opened(reader: Reader, data: io.BytesIO) -> tuple[np.ndarray, dict[str, Any]]:
    """The central square of a picture's file, as `kit predict` takes it, and what the page is to show of the file."""
    upright = whole(data, least=_SHOWN)
    return reader.square(cropped(upright)), _shown(upright)


def _shown(upright: np.ndarray) -> dict[str, Any]:
    """A picture of (height, width) as its pixels in base64, reduced by area averaging to _SHOWN at most."""
    from PIL import Image

    image = Image.fromarray(upright)
    image.thumbnail((_SHOWN, _SHOWN), Image.Resampling.BOX, reducing_gap=None)
    return {"width": image.width, "height": image.height, "grey": b64encode(image.tobytes()).decode()}


def _png(square: np.ndarray) -> str:
    """A grey uint8 square as a PNG file, by an address that a page can show."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(square).save(file, "PNG")
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"
