"""What is sent to the server → checked values, bounded before anything is made of them."""

import asyncio
import io
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from kit import KitError
from kit.reading.frames import Stroke

if TYPE_CHECKING:
    from starlette.requests import Request

PATIENCE = 10.0  # seconds in which a body must have come: it does not come from far
LARGEST_DRAWING = 1_000_000  # bytes: a hundred a point
LARGEST_SIDE = 2_000  # of a camera's square, in pixels
_MOST_POINTS = 10_000  # of a drawing
_LONGEST_NAME = 100  # characters of a session's name
_LONGEST_NUMBER = 40  # characters
_SMALL = 1_000_000  # bytes of a body that may always be held


@asynccontextmanager
async def body(request: "Request", largest: int, large_ones: asyncio.Semaphore) -> AsyncIterator[io.BytesIO]:
    """The body of a request, for as long as it is needed.

    Args:
        request: Whose.
        largest: So many bytes are allowed.
        large_ones: Bounds how many bodies of more than a megabyte are held at once; the others wait.

    Raises:
        KitError: It is larger, or has not come in time.
        ClientDisconnect: The client hung up.
    """
    async with AsyncExitStack() as place:
        yield await _read(request, largest, lambda: place.enter_async_context(large_ones))


async def _read(request: "Request", largest: int, take_a_place: Callable[[], Awaitable[None]]) -> io.BytesIO:
    too_large = KitError(f"more than {largest / 1e6:g} MB: send less")
    with suppress(ValueError):
        if int(request.headers.get("content-length", "0")) > largest:
            raise too_large
    held = io.BytesIO()
    try:
        async with asyncio.timeout(PATIENCE) as limit:
            async for part in request.stream():
                length = held.tell() + len(part)
                if length > largest:
                    raise too_large
                if held.tell() <= _SMALL < length:
                    limit.reschedule(None)  # who waits for others is not slow
                    await take_a_place()
                    limit.reschedule(asyncio.get_running_loop().time() + PATIENCE)
                held.write(part)
    except TimeoutError as error:
        raise KitError(f"the request did not come to its end within {PATIENCE:g} seconds: send it again") from error
    held.seek(0)
    return held


def strokes(data: bytes) -> list[Stroke]:
    """The strokes of {"strokes": [[[x, y], …], …]}; brackets and commas are counted before lists are made of them.

    Raises:
        KitError: It is no such JSON in UTF-8, has too many points, or one far outside of the pad.
    """
    if max(data.count(b"["), data.count(b",")) > 2 * _MOST_POINTS + 1:  # a point has one of each beside its stroke's
        raise KitError(f"more than {_MOST_POINTS:,} points: clear the pad")
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_without_doubles)["strokes"]
        drawn = [[_point(point) for point in _list(stroke)] for stroke in _list(found)]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise KitError("not a drawing: send JSON with strokes, each a list of [x, y]") from error
    if sum(map(len, drawn)) > _MOST_POINTS:
        raise KitError(f"more than {_MOST_POINTS:,} points: clear the pad")
    if not all(-1 <= place <= 2 for stroke in drawn for point in stroke for place in point):
        raise KitError("a point lies far outside of the pad: give places from 0 to 1")
    return [[(float(x), float(y)) for x, y in stroke] for stroke in drawn]


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name stands there twice")
    return members


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(type(value).__name__)
    return value


def _point(value: Any) -> tuple[float, float]:
    x, y = _list(value)
    if {type(x), type(y)} <= {int, float}:  # True is no place
        return x, y
    raise TypeError("a place is a number")


def square(data: bytes) -> np.ndarray:
    """uint8 (side, side) of so many bytes.

    Raises:
        KitError: They are none, too many, or no square.
    """
    side = math.isqrt(len(data))
    if not 0 < side <= LARGEST_SIDE or side * side != len(data):
        raise KitError(f"{len(data):,} bytes: send a square of grey pixels, a byte each, at most {LARGEST_SIDE} a side")
    return np.frombuffer(data, np.uint8).reshape(side, side)


def seconds(text: str) -> float:
    """A finite number.

    Raises:
        KitError: It is none, or absurdly long.
    """
    with suppress(ValueError):
        if len(text) <= _LONGEST_NUMBER and math.isfinite(value := float(text)):
            return value
    raise KitError(f"time {_short(text, _LONGEST_NUMBER)!r}: give the seconds of a clock")


def session_name(text: str) -> str:
    """A session's name as it is.

    Raises:
        KitError: It is too long to be kept.
    """
    if len(text) > _LONGEST_NAME:
        raise KitError(f"session {_short(text, _LONGEST_NUMBER)!r}: give a name of at most {_LONGEST_NAME} characters")
    return text


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"
