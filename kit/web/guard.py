"""Who may ask the server, and what every answer carries, whatever becomes of the request."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = frozenset({"127.0.0.1", "localhost"})  # the names under which a server on 127.0.0.1 is reached
_DRAIN = 2.0  # seconds for the rest of a request that is refused
_LONGEST_LINE = 300  # characters of what the terminal is told of an error


def security_headers(policy: str) -> dict[str, str]:
    """For all answers: no other site may show, read or embed them, and of the devices the page has the camera."""
    return {
        "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), display-capture=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


class Guard:
    """ASGI middleware: refuses what another site's page asks, and answers each request in one line of JSON at worst.

    Args:
        app: What answers the others.
        headers: Every answer carries them.
        notify: Called with a line for each error that nobody foresaw.
    """

    def __init__(self, app: "ASGIApp", headers: dict[str, str], notify: Callable[[str], None]) -> None:
        self._app = app
        self._headers = headers
        self._notify = notify

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, begun, ended = Headers(scope=scope), False, "expect" in Headers(scope=scope)

        async def received() -> "Message":
            nonlocal ended
            message = await receive()
            ended = not message.get("more_body", False)
            return message

        async def guarded(message: "Message") -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                if 400 <= message["status"] < 500:  # who is still sending hears an answer only after that
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_DRAIN):
                            while not ended:
                                await received()
                begun = True
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        async def answer(status: int, line: str) -> None:
            if not begun:
                await complaint(status, line)(scope, received, guarded)

        try:
            check_origin(headers)
            await self._app(scope, received, guarded)
        except HTTPException as error:
            await answer(error.status_code, error.detail)
        except ClientDisconnect:
            pass  # nobody is left to answer
        except asyncio.CancelledError:  # the server ends; what it computed is not waited for
            await answer(503, "kit serve has been ended: start it again")
        except Exception as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_LINE]
            self._notify(f"error: {scope['method']} {scope['path'][:100]!r}: {said}")
            with contextlib.suppress(Exception):  # where it is the connection that fails, this does too
                await answer(500, "this should not happen: the terminal of kit serve says what did")


def complaint(status: int, line: str) -> JSONResponse:
    return JSONResponse({"error": line}, status_code=status)


def check_origin(headers: Headers) -> None:
    """Refuses what the page of another site may have asked.

    Such a page cannot choose what its browser says of it in Host, Origin and Sec-Fetch-Site. Programs leave out the
    last two. Another port of this computer is another site too.

    Raises:
        HTTPException: 400 under a name that is not this server's (a name that another site has made to lead here), 403
            for another origin.
    """
    host = headers.get("host", "").lower()
    name, colon, port = host.partition(":")
    if name not in HOSTS or (colon and not (port.isascii() and port.isdigit())):
        raise HTTPException(400, "not this server's name: open it as 127.0.0.1 or localhost")
    origins, sites = headers.getlist("origin"), headers.getlist("sec-fetch-site")
    foreign = any(origin != f"http://{host}" for origin in origins) or not {"same-origin", "none"}.issuperset(sites)
    if foreign and not (_is_followed_link(headers) and not origins):
        raise HTTPException(403, "asked by another site's page: open this server's own")


def _is_followed_link(headers: Headers) -> bool:
    """Whether the answer becomes a page of its own in the browser, which who led there cannot look into."""
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
