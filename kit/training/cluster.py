"""Many trainings on the workers of a Dask cluster: given away, heard of epoch by epoch, and back as whole runs.

Dask decides which worker has which training and gives it to another when one is lost. What a worker needs it asks for
when it begins, and what it has made comes back with every epoch: so a run's folder here is at every moment what a
training that was stopped there would have left, and any worker, or this computer alone, goes on from it.
"""

import contextlib
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kit import KitError
from kit.data.loading import LabelledDigits
from kit.files import remove, whole_file
from kit.run.folder import Run
from kit.training import cluster_worker, parcels
from kit.training.cluster_address import connected, difference
from kit.training.cluster_worker import WAITS
from kit.training.events import Begun, Epoch, Event, Failed, Finished, Happened, Quiet
from kit.training.loop import DivergedError
from kit.training.parcels import Parcel
from kit.training.teaching import Lessons

if TYPE_CHECKING:
    from distributed import Client, Future

TRIES = 4  # workers that may be lost or fail at a training within one epoch before it is given up
_MOST_WAITING = 32  # messages that the scheduler holds before workers wait
_LOOK_EVERY = 1.0  # seconds after which it is looked whether all is well
_LOOKS = 3  # in a row that find a training ended, which may have its last words still on their way
_ALONE = 60.0  # seconds without a worker, after which that is said


@dataclass
class _Given:
    """A training that was given to the cluster, or waits for that."""

    key: str
    run: Run
    needed: dict[str, Parcel]  # what it learns from: "digits", and "lessons" where it has a teacher
    held: contextlib.ExitStack  # the run's lock
    future: "Future | None" = None
    since: float = 0.0  # when it was given to the cluster for the last time, on the monotonic clock
    token: str = ""  # of the attempt that is heard
    worker: str = ""  # that is at it, or is meant to be
    epoch: int = 0  # that it has finished
    epoch_then: int = 0  # when it was given to the cluster for the last time
    failed_on: list[str] = field(default_factory=list)  # workers that could not do it, since its last epoch
    lost: int = 0  # workers that were lost at it, since its last epoch
    ended: int = 0  # looks in a row that found it ended, and not a word


@contextlib.contextmanager
def connect(address: str, *, say: Callable[[str], None] = lambda line: None) -> Iterator["Engine"]:
    """An engine for trainings on the cluster at that address; at the end of the block all that run there are stopped.

    Args:
        address: tcp://HOST:PORT or tls://HOST:PORT of Dask's scheduler, the address file that it wrote, or local:N for
            N processes on this computer.
        say: Called with a line about what becomes of workers.

    Raises:
        KitError: Nobody answers there, there are no workers, or kit, Keras or TensorFlow is another there than here.
    """
    with connected(address) as client:
        engine = Engine(client, address, say)
        try:
            yield engine
        finally:
            engine.close()


class Engine:
    """Trainings on the workers of a cluster, one at a time in each process of a worker's.

    Args:
        client: Of the cluster.
        address: As its user wrote it.
        say: Called with a line about what becomes of workers and trainings.
    """

    _task = staticmethod(cluster_worker.train)

    def __init__(self, client: "Client", address: str, say: Callable[[str], None] = lambda line: None) -> None:
        from distributed import Queue

        self.address = address
        self._client, self._say = client, say
        self._session = f"kit-{secrets.token_hex(8)}"
        self._queue = Queue(self._session, client=client, maxsize=_MOST_WAITING)
        self._given: dict[str, _Given] = {}
        self._waiting: deque[str] = deque()
        self._parcels: dict[int, tuple[object, Parcel]] = {}  # of an object, which is held so that its id stays its own
        self._seen = time.monotonic()  # when there was a worker
        self._known: list[str] = []  # workers, as of `_asked`
        self._refused = set[str]()  # of these, by what they have installed
        self._asked = self._looked = float("-inf")  # when, on the monotonic clock

    @property
    def workers(self) -> int:
        """How many trainings it does at once."""
        return len(self._addresses())

    @property
    def dashboard(self) -> str:
        """The address of Dask's page about the cluster; "" where there is none."""
        return self._client.dashboard_link or ""

    def start(self, key: str, run: Run, digits: LabelledDigits, lessons: Lessons | None = None) -> None:
        """Gives a training to the cluster, which begins with it as soon as a worker is free.

        Args:
            key: What events call it.
            run: Its folder, with settings and, where it has one, network and checkpoint; held until it has ended.
            digits: The rows.
            lessons: What its teacher says of them.

        Raises:
            KitError: Another process is training this run.
        """
        assert key not in self._given
        needed = {"digits": self._parcel(digits, parcels.of_digits)}
        if lessons:
            needed["lessons"] = self._parcel(lessons, parcels.of_lessons)
        with contextlib.ExitStack() as held:
            held.enter_context(run.locked())
            self._given[key] = _Given(key, run, needed, held.pop_all())
        self._waiting.append(key)
        self._fill()

    def events(self) -> Iterator[Happened]:
        """What becomes of the trainings, as it happens, until all have ended; meanwhile more may be started.

        Where nothing does, it says that once a second, for those who look at a clock.

        Raises:
            KitError: The scheduler has gone, or a run's folder cannot be written.
        """
        while self._given:
            self._fill()
            message = self._next()
            given = self._given.get(message["key"]) if message else None
            if message and given:
                yield from self._heard(given, message)
            elif not message:
                yield Quiet()
            if time.monotonic() - self._looked > _LOOK_EVERY:
                self._looked = time.monotonic()
                yield from self._ended_silently()
                self._look_for_workers()

    def stop(self, key: str) -> None:
        """Ends a training within a second or so; its folder is as after the last epoch that was heard of."""
        if given := self._given.get(key):
            self._release(given)

    def close(self) -> None:
        """Stops all that run; the cluster may have gone."""
        for key in [*self._given]:
            with contextlib.suppress(Exception):
                self.stop(key)
        with contextlib.suppress(Exception):
            self._queue.close()

    def _addresses(self) -> list[str]:
        """Of all workers that are not refused; asked for once a second."""
        if time.monotonic() - self._asked > _LOOK_EVERY:
            with self._reaching():
                self._known = list(self._client.nthreads(callback_timeout=WAITS))
            self._asked = time.monotonic()
        return [address for address in self._known if address not in self._refused]

    @contextlib.contextmanager
    def _reaching(self) -> Iterator[None]:
        """KitError where the scheduler has gone."""
        try:
            if self._client.status != "running":
                raise ConnectionError
            yield
        except (OSError, RuntimeError) as error:
            raise KitError(f"--cluster {self.address}: its scheduler has gone away", 1) from error

    def _parcel(self, learned: Any, pack: Callable[[Any], Parcel]) -> Parcel:
        if id(learned) not in self._parcels:
            self._parcels[id(learned)] = (learned, pack(learned))
        return self._parcels[id(learned)][1]

    def _fill(self) -> None:
        """Gives each free worker a training: one that waits at a worker would be lost with it.

        Where all that are free have failed at it, it waits for another; where all there are have, they try again.
        """
        if not self._waiting:
            return
        addresses = self._addresses()
        busy = {given.worker for given in self._given.values() if given.future}
        free = [address for address in addresses if address not in busy]
        for key in [*self._waiting]:
            given = self._given[key]
            fit = [address for address in free if address not in given.failed_on]
            if not fit and {*addresses} <= {*given.failed_on}:
                fit = free
            if fit:
                self._waiting.remove(key)
                self._submit(given, fit[0])
                free.remove(fit[0])

    def _submit(self, given: _Given, worker: str) -> None:
        given.epoch_then, given.token, given.worker, given.ended = given.epoch, "", worker, 0
        given.since = time.monotonic()
        with self._reaching():
            given.future = self._client.submit(
                self._task, self._session, given.key, key=f"{given.run.file_name}-{secrets.token_hex(8)}",
                workers=[worker], allow_other_workers=True, pure=False,
            )  # fmt: skip

    def _again(self, given: _Given) -> None:
        """Gives a training to the cluster once more, which goes on from what is in its folder."""
        self._withdraw(given)
        given.worker = ""
        self._waiting.appendleft(given.key)

    def _withdraw(self, given: _Given) -> None:
        if given.future:
            given.future.release()  # nobody else wants it, so Dask tells its worker to stop
            given.future = None

    def _next(self) -> dict[str, Any] | None:
        """The next message; None where there was none for a while."""
        begun = time.monotonic()
        with self._reaching():
            try:
                message: dict[str, Any] = self._queue.get(timeout=_LOOK_EVERY, callback_timeout=WAITS)
            except TimeoutError:
                if time.monotonic() - begun > WAITS / 2:
                    raise
                return None
        return message

    def _heard(self, given: _Given, message: dict[str, Any]) -> Iterator[Event]:
        kind, worker = message["kind"], message["worker"]
        given.ended = 0
        if kind == "begun":
            if given.future and message["task"] == given.future.key:  # or it is of one that was withdrawn
                yield from self._begun(given, message)
        elif message["token"] != given.token:
            return  # of an attempt that was taken for lost
        elif kind == "wants":
            content = next(parcel.content for parcel in given.needed.values() if parcel.digest == message["digest"])
            self._answer(given.token, content=content)
        elif kind == "said":
            self._say(f"{given.run}: {message['line']}")
        elif kind == "epoch":
            self._write(given.run, message["files"])
            given.epoch, given.failed_on, given.lost = int(message["row"]["epoch"]), [], 0
            yield Epoch(given.key, message["row"], message["kept"], worker)
        elif kind == "unable":
            yield from self._unable(given, worker, f"worker {worker}: {message['line']}", message["of_disk"])
        elif kind == "ended":
            yield self._ended(given, message)

    def _begun(self, given: _Given, message: dict[str, Any]) -> Iterator[Event]:
        """A worker asks for what it needs."""
        worker, token = message["worker"], message["token"]
        if line := difference(message["about"], f"worker {worker}"):
            self._answer(token, refused=line)
            yield from self._refuse(given, worker, line)
            return
        if given.token:  # Dask has given it to another by itself
            given.lost += 1
            self._say_lost(given)
        given.token, given.worker = token, worker
        files = {name: path.read_bytes() for name, path in cluster_worker.files_of(given.run)}
        needed = {name: given.needed[name].digest if name in given.needed else None for name in ("digits", "lessons")}
        self._answer(token, name=given.run.name, files=files, **needed)
        yield Begun(given.key, worker)

    def _refuse(self, given: _Given, worker: str, line: str) -> Iterator[Event]:
        """A worker that came later has other versions: it gets nothing, and the training goes to another."""
        self._refused.add(worker)
        if self._addresses():
            self._say(f"{line}: it gets nothing")
            self._again(given)
            return
        self._release(given)
        error = KitError(f"--cluster {self.address}: {line}", 1)
        error.__cause__ = OSError(line)  # it is not the training's fault
        yield Failed(given.key, error)

    def _answer(self, token: str, **answer: Any) -> None:
        from distributed import Queue

        with self._reaching():
            queue = Queue(f"{self._session}-{token}", client=self._client)
            queue.put(answer, callback_timeout=WAITS)
            queue.close()

    def _write(self, run: Run, files: dict[str, bytes]) -> None:
        for name, content in files.items():
            with whole_file(run.folder / name) as temporary:
                temporary.write_bytes(content)

    def _ended(self, given: _Given, message: dict[str, Any]) -> Event:
        self._write(given.run, message["files"])
        failed = message["failed"]
        self._release(given)
        if failed and not failed["diverged"]:
            line = failed["line"].replace(message["folder"], str(given.run.folder))
            return Failed(given.key, KitError(line, failed["code"]))
        remove(given.run.state)
        if not failed:
            return Finished(given.key)
        line = failed["line"].replace(message["folder"], str(given.run.folder))
        return Failed(given.key, DivergedError(line, failed["code"]))

    def _release(self, given: _Given) -> None:
        """Forgets a training that has ended, or is to end."""
        del self._given[given.key]
        if given.key in self._waiting:
            self._waiting.remove(given.key)
        given.held.close()
        self._withdraw(given)

    def _unable(self, given: _Given, worker: str, line: str, of_disk: bool = False) -> Iterator[Event]:
        """A worker could not train it, which is not the training's fault: it goes to another, so many times.

        What no disk has had room for comes of an OSError, as it does in this process.
        """
        given.failed_on.append(worker)
        if len(given.failed_on) < TRIES:
            self._say(f"{given.run}: {line}: it goes to another worker")
            self._again(given)
            return
        self._release(given)
        error = KitError(f"{given.run.folder}: given up after {TRIES} workers, at the last: {line}", 1)
        error.__cause__ = OSError(line) if of_disk else None
        yield Failed(given.key, error)

    def _say_lost(self, given: _Given) -> None:
        self._say(f"{given.run}: worker {given.worker} is lost, another goes on after epoch {given.epoch}")

    def _lost(self, given: _Given) -> Iterator[Event]:
        """The worker that was at it has gone: it goes to another, so many times."""
        given.lost += 1
        if given.lost < TRIES:
            self._say_lost(given)
            self._again(given)
            return
        self._release(given)
        line = (
            f"{given.run.folder}: {TRIES} workers were lost at it, one after the other, within one epoch: give them "
            "more memory, or look into their logs"
        )
        yield Failed(given.key, KitError(line, 1))

    def _ended_silently(self) -> Iterator[Event]:
        """What becomes of trainings whose task has ended, or whose worker has gone, without a last word."""
        present = self._addresses()
        for given in [*self._given.values()]:
            if given.future is None:
                continue
            status = given.future.status
            if status == "pending" and given.worker in present:
                given.ended = 0
                self._look_whether_begun(given)
                continue
            given.ended += 1
            if given.ended < _LOOKS:
                continue
            if status == "pending":
                yield from self._lost(given)
            elif status == "error":
                yield from self._broken(given, given.future.exception())
            elif status == "finished":
                yield from self._unable(given, given.worker, f"worker {given.worker} was not heard of any more")
            else:
                self._say(f"{given.run}: somebody has restarted the workers, it goes on after epoch {given.epoch}")
                self._again(given)

    def _broken(self, given: _Given, error: Any) -> Iterator[Event]:
        from distributed.scheduler import KilledWorker

        if not isinstance(error, KilledWorker):
            self._release(given)
            yield Failed(given.key, error)
            return
        if given.epoch == given.epoch_then:  # Dask has tried several by itself
            given.lost = max(given.lost, error.allowed_failures)
        yield from self._lost(given)

    def _look_whether_begun(self, given: _Given) -> None:
        """Says so where a worker leaves a training lie."""
        if not given.token and time.monotonic() - given.since > _ALONE:
            self._say(
                f"{given.run}: worker {given.worker} has not begun with it for {_ALONE:.0f} s: somebody else's "
                "training is there, or Dask has paused it because its memory is nearly full"
            )
            given.since = time.monotonic()

    def _look_for_workers(self) -> None:
        if self._addresses():
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > _ALONE:
            self._say(f"{self.address}: there is no worker any more: start one, or stop this with Ctrl-C")
            self._seen = time.monotonic()
