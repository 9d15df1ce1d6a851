"""`--cluster ADDRESS`: what people write for a cluster of Dask's → a client of it, or what is wrong in one line."""

import asyncio
import contextlib
import logging
import multiprocessing
import pydoc
import re
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit import KitError, __version__, backend
from kit.installation import pip_install_extra
from kit.stored import json_of
from kit.training import cluster_worker

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 10.0  # seconds for the scheduler's answer, and for the first worker
_ANSWERS = 60.0  # seconds for all workers' answers; Dask itself gives one up after 30
# What the processes of local:N begin with: Ctrl-C is for who has started them, and what fails in Dask while they are
# ended is nobody's concern.
_DEAF = """
import os, signal

signal.signal(signal.SIGINT, signal.SIG_IGN)

def dask_teardown(worker):
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
"""
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_LOGGERS = ("asyncio", "bokeh", "distributed", "tornado")
_MOST = 256  # processes of local:N
_GIVES_UP = (2026, 7)  # the first distributed that ends where a process does while it starts, instead of trying again
_FORMS = "give tcp://HOST:8786, tls://HOST:8786, a scheduler's address file, or local:N"


@contextlib.contextmanager
def connected(address: str) -> Iterator["Client"]:
    """A client of the scheduler at that address, whose workers are as they must be; for `local:N` they are started.

    Raises:
        KitError: It is no address, nobody answers there, there are no workers, or some have other versions.
    """
    if missing := [name for name in ("cryptography", "distributed") if find_spec(name) is None]:
        raise KitError(f"--cluster needs its extra, without {missing[0]}: {pip_install_extra('cluster')}")
    with _silenced(), contextlib.ExitStack() as stack:
        if found := re.fullmatch("local:(.*)", address):
            _end_where_a_script_is_run_again()
            with _signals_held():
                cluster = stack.enter_context(_local(address, found[1]))
            client = _client(cluster, address)
        else:
            where = (address if "://" in address else _in_file(address)).rstrip("/")
            _require_listening(where, address)
            _require_scheduler(where, address)
            client = _client(where, address)
        stack.callback(_close, client)
        _require_same(client, address)
        yield client


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Ctrl-C and its like come after the block, and processes that begin inside never hear of them.

    A terminal tells every process of it. Those of local:N end with the one that has started them, in order; half
    started they could not. Where there are no masks, on Windows, they are deaf as soon as they have begun.
    """
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield
        return
    came = list[int]()
    usual = {number: signal.getsignal(number) for number in _SIGNALS}
    usual = {number: handler for number, handler in usual.items() if handler not in (signal.SIG_IGN, None)}
    for number in usual:
        signal.signal(number, lambda number, frame: came.append(number))
    resource_tracker.ensure_running()  # which would lift the mask of the thread that starts the first process
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # which threads and processes take over
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in usual.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


def _end_where_a_script_is_run_again() -> None:
    """Ends a process of local:N that begins to start processes itself; who has started it hears of that.

    Python runs a script again in every process that is started by it, but for what is under
    `if __name__ == "__main__":`, which its author has left out.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        sys.exit(1)


def _require_that_processes_start() -> None:
    """RuntimeError where a process ends as it begins, as a script that is run again; Dask would start it for ever."""
    first = multiprocessing.get_context("spawn").Process(target=int)
    first.start()
    first.join()
    if first.exitcode:
        raise RuntimeError("one ended as it began")


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """What Dask logs and warns of in this process is said by kit, or nobody's concern."""
    import distributed  # noqa: F401  (sets its loggers up)

    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in _LOGGERS]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="distributed")
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


@contextlib.contextmanager
def _local(address: str, count: str) -> Iterator[Any]:
    """A cluster of so many processes on this computer, which end with this one, however it ends.

    Each has its part of the threads. They speak to each other behind a certificate that is theirs alone: whoever can
    speak to a scheduler can run code on its workers, and a port is open to everybody on this computer.
    """
    from distributed import LocalCluster
    from distributed import __version__ as version

    if not re.fullmatch("[0-9]{1,9}", count) or not 1 <= int(count) <= _MOST:
        raise KitError(f"--cluster {address}: give a number of processes from 1 to {_MOST}, such as local:2")
    threads = max(1, backend.threads() // int(count))
    try:
        if tuple(map(int, version.split(".")[:2])) < _GIVES_UP:
            _require_that_processes_start()
        cluster = LocalCluster(
            n_workers=int(count),
            threads_per_worker=threads,
            memory_limit=0,  # no process is ended for what it needs, as none is without a cluster
            dashboard_address="127.0.0.1:0",
            security=True,
            env={"KIT_THREADS": str(threads)},  # or a KIT_THREADS of this process would be all of each
            silence_logs=logging.CRITICAL + 1,
            preload=_DEAF,
        )
    except (OSError, RuntimeError, TimeoutError) as error:
        raise KitError(
            f"--cluster {address}: the processes do not start, {_reason(error)}: in a script of your own begin them "
            'under if __name__ == "__main__":',
            exit_code=1,
        ) from error
    try:
        yield cluster
    finally:
        with _signals_held(), contextlib.suppress(Exception):  # it may have ended already
            cluster.close(timeout=PATIENCE)


def _in_file(address: str) -> str:
    """The address that a scheduler wrote into a file."""
    path = Path(address)
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no such file"
        raise KitError(f"--cluster {address}: {what}: {_FORMS}")
    found = json_of(path, "give the file that dask scheduler --scheduler-file wrote").get("address")
    if not isinstance(found, str):
        raise KitError(f"--cluster {address}: there is no address in it: give the file that dask scheduler wrote")
    return found


def _require_listening(where: str, address: str) -> None:
    """KitError where there is no such host, or nobody listens; Dask would ask again and again."""
    found = re.fullmatch(r"(tcp|tls)://(\[[0-9a-fA-F:.]+\]|[^:/\[\]]+):([0-9]{1,5})/?", where)
    if not found or not 0 < int(found[3]) < 2**16:
        raise KitError(f"--cluster {address}: no address of a scheduler: {_FORMS}")
    host, port = found[2].strip("[]"), int(found[3])
    try:
        socket.create_connection((host, port), timeout=PATIENCE).close()
    except (socket.gaierror, UnicodeError) as error:
        raise KitError(f"--cluster {address}: no such host, {host}: give the name or the number of another") from error
    except TimeoutError as error:
        raise _no_answer(address) from error
    except OSError as error:
        raise KitError(
            f"--cluster {address}: nobody listens there, {(error.strerror or str(error)).lower()}: start one with dask "
            "scheduler"
        ) from error


def _require_scheduler(where: str, address: str) -> None:
    """KitError where whoever listens is no scheduler: Dask's client would wait for its first word for ever."""
    try:
        with ThreadPoolExecutor(1) as aside:  # a notebook has a loop of its own here
            kind = aside.submit(asyncio.run, _kind_of(where)).result()
    except Exception as error:  # strangers say what they like
        causes = _causes(error)
        if where.startswith("tls"):
            raise KitError(
                f"--cluster {address}: no connection by TLS, {_reason(causes[-1])}: set distributed.comm.tls in Dask's "
                "configuration"
            ) from error
        if any(isinstance(cause, TimeoutError) for cause in causes):
            raise _no_answer(address) from error
        raise KitError(f"--cluster {address}: whoever listens there is no scheduler of Dask's: {_FORMS}") from error
    if kind != "Scheduler":
        raise KitError(f"--cluster {address}: the address of a {kind.lower()}: give that of its scheduler")


async def _kind_of(where: str) -> str:
    from distributed import rpc
    from distributed.security import Security

    given = Security().get_connection_args("client")  # of Dask's configuration
    async with rpc(where, timeout=PATIENCE, connection_args=given) as server:
        return str((await asyncio.wait_for(server.identity(), PATIENCE))["type"])


def _client(where: Any, address: str) -> "Client":
    from distributed import Client

    try:
        client = Client(where, timeout=PATIENCE, set_as_default=False, name="kit")
    except (OSError, RuntimeError) as error:
        raise _no_answer(address) from error
    # What failed in tasks that nobody waits for any more is told of when they are collected, which may be long after
    # the end: so it is their loop, Dask's own, that is told to keep it to itself.
    client.loop.asyncio_loop.set_exception_handler(lambda loop, context: None)
    return client


def _no_answer(address: str, seconds: float | None = None) -> KitError:
    within = PATIENCE if seconds is None else seconds
    return KitError(f"--cluster {address}: no answer within {within:.0f} s: is it the address of dask scheduler?", 1)


def _causes(error: BaseException) -> list[BaseException]:
    """The error, and what caused it, and what caused that."""
    return [error, *(_causes(error.__cause__) if error.__cause__ else [])]


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".:") or type(error).__name__


def _close(client: "Client") -> None:
    with contextlib.suppress(Exception):  # its scheduler may have gone
        client.close(timeout=1)


def _require_same(client: "Client", address: str) -> None:
    """KitError where there are no workers, or one has other versions than this process; it names the first.

    The scheduler needs kit too: it opens each task before it gives it to a worker.
    """
    until = time.monotonic() + PATIENCE
    while not client.nthreads():
        if time.monotonic() > until:
            raise KitError(
                f"--cluster {address}: no worker within {PATIENCE:.0f} s: start one with dask worker",
                1,
            )
        time.sleep(0.1)
    try:
        version: Any = client.run_on_scheduler(pydoc.locate, "kit.__version__", callback_timeout=_ANSWERS)
    except pydoc.ErrorDuringImport as error:
        version = error
    except (OSError, TimeoutError) as error:
        raise _no_answer(address, _ANSWERS) from error
    if line := difference({"kit": version}, "the scheduler"):
        raise KitError(f"--cluster {address}: {line}")
    # What a worker without kit can run too, then what needs it.
    for worker, version in _asked(client, address, pydoc.locate, "kit.__version__"):
        if line := difference({"kit": version}, f"worker {worker}"):
            raise KitError(f"--cluster {address}: {line}")
    for worker, about in _asked(client, address, cluster_worker.about):
        if isinstance(about, ImportError) and about.name and not about.name.startswith("kit"):
            raise KitError(
                f"--cluster {address}: worker {worker} lacks {about.name}: install kit there with all it needs"
            )
        if line := difference(about if isinstance(about, dict) else {"kit's files": "others"}, f"worker {worker}"):
            raise KitError(f"--cluster {address}: {line}")


def _asked(client: "Client", address: str, function: Callable[..., Any], *arguments: Any) -> list[tuple[str, Any]]:
    """What each worker answers, or the error that it meets."""
    try:
        found = client.run(function, *arguments, on_error="return", callback_timeout=_ANSWERS)
    except (OSError, TimeoutError) as error:
        raise KitError(
            f"--cluster {address}: a worker does not answer within {_ANSWERS:.0f} s: Dask's page says which: end it", 1,
        ) from error  # fmt: skip
    for worker, answer in sorted(found.items()):
        if isinstance(answer, OSError):  # so says Dask where a worker cannot be reached
            raise KitError(
                f"--cluster {address}: worker {worker} does not answer the scheduler: end it, or let it be reached", 1,
            )  # fmt: skip
    return sorted(found.items())


def difference(about: dict[str, Any], who: str) -> str:
    """What somebody, who is named, has in another version than this process; "" where all is the same."""
    ours = cluster_worker.about()
    for name, theirs in about.items():
        if theirs == ours[name]:
            continue
        if name == "kit" and not isinstance(theirs, str):
            return f"{who} has no kit: install it there in the same version, {ours[name]}, or end it"
        if name == "kit's files":
            return f"{who} has other files of kit {__version__} than here: install the same there"
        return f"{who} has {name} {theirs}, and here it is {ours[name]}: install the same there"
    return ""
