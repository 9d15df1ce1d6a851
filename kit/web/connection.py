"""A client's connection as uvicorn handles it, bounded in number, and in time where uvicorn waits for ever."""

import asyncio
import json
from typing import cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from kit.web.intake import PATIENCE

MOST = 128  # connections at once: a browser opens six, and a process may have 256 files open on some systems


class Connection(H11Protocol):
    """Ends when its client is silent for too long, or when there are too many and it is the one that waits longest."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._due: asyncio.TimerHandle | None = None
        self._expect_the_client()
        open_ones = [one for one in cast("set[Connection]", self.connections) if not one.transport.is_closing()]
        if len(open_ones) > MOST:
            waiting = [one for one in open_ones if not one.is_busy]
            min(waiting, key=lambda one: one.waits_since).transport.abort()

    @property
    def is_busy(self) -> bool:
        """Whether a request is under way whose head has come."""
        return self.cycle is not None and not self.cycle.response_complete

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._expect_the_client()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._expect_the_client()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._due is not None:
            self._due.cancel()

    def send_400_response(self, msg: str) -> None:
        """In JSON as every answer; without one where another answer is under way."""
        if self.cycle is not None:
            self.cycle.disconnected = True  # what is still computed for this client goes nowhere
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        line = json.dumps({"error": "this is no HTTP request: send another"}).encode()
        headers = [("content-type", "application/json"), ("content-length", str(len(line))), ("connection", "close")]
        events = (h11.Response(status_code=400, headers=headers), h11.Data(data=line), h11.EndOfMessage())
        self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()

    def _expect_the_client(self) -> None:
        """Gives it PATIENCE for the head of a request, or for taking its answer."""
        self.waits_since = self.loop.time()
        if self._due is not None:
            self._due.cancel()
        self._due = self.loop.call_later(PATIENCE, self._give_up)

    def _give_up(self) -> None:
        if not self.is_busy or self.flow.write_paused:
            self.transport.abort()
