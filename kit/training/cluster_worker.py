"""What a cluster's worker does: one training, told of to the client that wants it, epoch by epoch.

Worker and client meet in Dask's queues, which the scheduler holds: so each of them has to reach the scheduler alone. A
worker asks for what it needs when it begins, its checkpoint too; so whichever worker goes on with a training begins
where the last one was heard of.
"""

import contextlib
import ctypes
import functools
import hashlib
import os
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import kit
from kit import KitError
from kit.files import TEMPORARY, scratch
from kit.run import network_code
from kit.run.folder import Run
from kit.system import in_plain_words
from kit.training import networks
from kit.training.loop import DivergedError, Training
from kit.training.parcels import Store
from kit.training.progress import Progress

if TYPE_CHECKING:
    from distributed import Worker

WAITS = 60.0  # seconds that one side waits for the other
_LOOK_EVERY = 0.5  # seconds, whether the training is wanted still
_RUNNING = ("executing", "long-running")  # states of a task that is wanted, in Dask's words
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of malloc.h
_LAST = ("metrics.json", "state/checkpoint.npz")  # of a run's files: what says that the others are there
_alone = threading.Lock()  # TensorFlow's threads and seeds are a process', so it has one training at a time


class _NotWantedError(Exception):
    """Nobody waits for this training any more: it was stopped, or its client has gone."""


def train(session: str, key: str) -> None:
    """The task that Dask gives to a worker.

    Args:
        session: The name of the queue in which the client listens.
        key: Of the training.
    """
    from distributed import get_worker

    worker = get_worker()
    os.environ.setdefault("KIT_THREADS", str(worker.state.nthreads))
    keep_freed_memory()
    with _alone, contextlib.suppress(_NotWantedError), Channel(session, key, worker) as channel:
        supplied = channel.ask("begun", about=about())
        if "refused" not in supplied:
            _train(channel, supplied, worker.local_directory)


def keep_freed_memory() -> None:
    """Lets glibc's malloc keep what is freed up to 32 MiB apiece, as it comes to by itself in other processes.

    Dask's nannies forbid it (MALLOC_TRIM_THRESHOLD_), so that each tensor's pages are had from the system anew: a
    training takes 1.6 times as long.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # musl has none
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(_MMAP_THRESHOLD, 2**25)
            mallopt(_TRIM_THRESHOLD, 2**26)


@functools.cache
def about() -> dict[str, str]:
    """What must be the same on all computers, name → version; of kit also its files, which a version may hide."""
    return {
        "kit": kit.__version__, "kit's files": _digest_of_kit(),
        "Keras": _version("keras"), "TensorFlow": _version("tensorflow"),
    }  # fmt: skip


def _digest_of_kit() -> str:
    root, digest = Path(kit.__file__).parent, hashlib.sha256()
    for path in sorted(root.rglob("*.py"), key=lambda path: path.relative_to(root).as_posix()):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


class Channel:
    """What a training says to its client and asks of it; a context manager.

    Every message has a token that no other attempt at the same training has.
    """

    def __init__(self, session: str, key: str, worker: "Worker") -> None:
        from distributed import Queue, get_client

        self._worker, self._task, self._key = worker, worker.get_current_task(), key
        self._token = secrets.token_hex(8)
        self._out = Queue(session, client=get_client())
        self._answers = Queue(f"{session}-{self._token}", client=get_client())

    def __enter__(self) -> "Channel":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out.close()
        self._answers.close()

    def tell(self, kind: str, **what: Any) -> None:
        """Returns when the scheduler has it.

        Raises:
            _NotWantedError: Nobody listens.
        """
        self.require_wanted()
        message = {
            "kind": kind, "key": self._key, "task": self._task, "token": self._token, "worker": self._worker.address,
            **what,
        }  # fmt: skip
        try:
            self._out.put(message, timeout=WAITS)
        except TimeoutError as error:
            raise _NotWantedError from error

    def ask(self, kind: str, **what: Any) -> dict[str, Any]:
        """Tells it, and returns what the client answers."""
        self.tell(kind, **what)
        until = time.monotonic() + WAITS
        while time.monotonic() < until:
            with contextlib.suppress(TimeoutError):
                answer: dict[str, Any] = self._answers.get(timeout=1)
                return answer
            self.require_wanted()
        raise _NotWantedError

    def require_wanted(self) -> None:
        """_NotWantedError where it was stopped or its client has gone, of which the scheduler tells the worker."""
        task = self._worker.state.tasks.get(self._task)
        if task is None or task.state not in _RUNNING:
            raise _NotWantedError


class _Told(Progress):
    """Progress that the client is told of; with each epoch go the files of the run that it changed."""

    def __init__(self, channel: Channel, run: Run, supplied: set[Path]) -> None:
        super().__init__(0, shown=False)
        self._channel, self._run = channel, run
        self._sent = {path: _mark(path) for path in supplied}
        self._looked = 0.0

    def say(self, line: str) -> None:
        self._channel.tell("said", line=line)

    def batch(self, step: int, steps: int, loss: float, accuracy: float) -> None:
        if time.monotonic() - self._looked > _LOOK_EVERY:
            self._channel.require_wanted()
            self._looked = time.monotonic()

    def end_epoch(self, row: dict[str, float], kept: bool) -> None:
        self._channel.tell("epoch", row=row, kept=kept, files=self.changes())

    def changes(self) -> dict[str, bytes]:
        """The files that the client does not have as they are now, in the order in which they are to appear."""
        changed = {name: path for name, path in files_of(self._run) if self._sent.get(path) != _mark(path)}
        self._sent |= {path: _mark(path) for path in changed.values()}
        return {name: path.read_bytes() for name, path in changed.items()}


def files_of(run: Run) -> Iterator[tuple[str, Path]]:
    """The files of a run by their names in its folder, in the order in which they may appear one by one."""
    found = {path.relative_to(run.folder).as_posix(): path for path in run.folder.rglob("*") if path.is_file()}
    for name in sorted(found, key=lambda name: (_LAST.index(name) + 1 if name in _LAST else 0, name)):
        if TEMPORARY not in name and name != "state/lock":
            yield name, found[name]


def _mark(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _train(channel: Channel, supplied: dict[str, Any], place: str) -> None:
    """Trains in a folder in `place` until the end, or until the training fails by its user's doing.

    The place is Dask's own, which clears what killed workers leave there.
    """
    try:
        with scratch(place) as folder:
            run = _unpacked(folder, supplied)
            told = _Told(channel, run, {path for _, path in files_of(run)})
            failed: dict[str, Any] = {}
            try:
                _trained(run, supplied, Store(lambda digest: channel.ask("wants", digest=digest)["content"]), told)
            except KitError as error:
                if _is_the_workers(error):
                    raise
                failed = {"line": str(error), "code": error.exit_code, "diverged": isinstance(error, DivergedError)}
            channel.tell("ended", files=told.changes(), failed=failed, folder=str(run.folder))
    except Exception as error:
        if not _is_the_workers(error):
            raise
        of_disk = isinstance(error, OSError) or isinstance(error.__cause__, OSError)
        if isinstance(error, OSError):
            error = in_plain_words(error)
        line = str(error) if isinstance(error, KitError) else "there is too little memory"
        channel.tell("unable", line=line, of_disk=of_disk)


def _unpacked(folder: Path, supplied: dict[str, Any]) -> Run:
    """The run's folder here, with the files that the client has of it."""
    run = Run(folder.joinpath(*supplied["name"].split("/")))
    for name, content in supplied["files"].items():
        path = run.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    run.state.mkdir(exist_ok=True)
    return run


def _trained(run: Run, supplied: dict[str, Any], store: Store, told: _Told) -> None:
    settings = run.settings
    if settings.code:
        network_code.trust(settings.code)  # as everything else that this client asks for
    digits, lessons = store.digits(supplied["digits"]), supplied["lessons"] and store.lessons(supplied["lessons"])
    training = Training(digits, settings, networks.of_run(run), lessons or None)
    training.run = run
    training.start()
    if not training.saved:
        run.note_versions()
    training.train(told)


def _is_the_workers(error: Exception) -> bool:
    """Whether it comes of this computer, whose disk or memory is full, and not of what its user has asked for."""
    if not isinstance(error, KitError):
        return isinstance(error, OSError) or _is_out_of_memory(error)
    cause = error.__cause__
    return _is_out_of_memory(cause) or (isinstance(cause, OSError) and not isinstance(error, network_code.CodeError))


def _is_out_of_memory(error: BaseException | None) -> bool:
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"  # TensorFlow's
