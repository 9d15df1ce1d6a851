"""How a command ends when it is told to: Ctrl-C, Ctrl-Break, SIGTERM and a closed terminal are one and the same."""

import _thread
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # the last is Windows' alone, the one before everybody else's
_SIGNALS = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
_ONE_WISH = 1.0  # seconds in which further signals say the same again: a closed terminal sends two
_told: list[tuple[signal.Signals, float]] = []  # signals and when they came


def on_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    """Has `handler` called by the signals that end a command; what is ignored already, as by nohup, stays ignored."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def end_at_once(number: int, frame: FrameType | None) -> None:
    """For when nothing is being written: before a command begins and after it is done."""
    os._exit(128 + number)


def end_now() -> None:
    """For when the signal has come, all is cleared up, and threads are left that nobody is to wait for."""
    end_at_once(_told[0][0] if _told else signal.SIGINT, None)


@contextlib.contextmanager
def in_order() -> Iterator[None]:
    """A signal raises KeyboardInterrupt in the block, so that what is being written is cleared up; then the process
    exits with the signal's code, whatever the interrupted made of that.
    """
    on_signals(_interrupt)
    sys.unraisablehook = _again
    try:
        yield
    except BaseException:
        if _told:
            sys.exit(128 + _told[0][0])
        raise
    finally:
        on_signals(end_at_once)


def _interrupt(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    if not _told or now - _told[-1][1] > _ONE_WISH:
        _told.append((signal.Signals(number), now))
        raise KeyboardInterrupt


def _again(dropped: Any) -> None:
    """Interrupts once more where Python dropped it, as it drops every exception of a destructor or a callback."""
    if isinstance(dropped.exc_value, KeyboardInterrupt) and _told:
        number, _ = _told.pop()
        threading.Timer(0.05, _tell_main_thread, [number]).start()
    else:
        sys.__unraisablehook__(dropped)


def _tell_main_thread(number: signal.Signals) -> None:
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)  # ends its waiting for the system too
    else:
        _thread.interrupt_main(number)
