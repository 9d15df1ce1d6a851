"""What client and workers say to each other, by tasks that train nothing, on workers that are threads here."""

import os
import re
import subprocess
import sys
import textwrap
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import bare_run, needs

from kit import KitError
from kit.data.loading import LabelledDigits
from kit.run.folder import Run
from kit.run.network_code import CodeError
from kit.training import cluster, cluster_worker
from kit.training.cluster import TRIES, Engine
from kit.training.cluster_worker import Channel, about
from kit.training.events import Begun, Epoch, Event, Failed, Finished, Quiet

pytestmark = needs("distributed")

Task = Callable[[Channel], None]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def workers() -> Iterator[Any]:
    """Two of two threads each."""
    from distributed import LocalCluster

    quick: dict[str, Any] = {"processes": False, "dashboard_address": "127.0.0.1:0", "threads_per_worker": 2}
    with LocalCluster(n_workers=2, **quick) as made:
        yield made


@pytest.fixture
def engine(workers: Any, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    from distributed import Client

    monkeypatch.setattr(cluster, "_LOOK_EVERY", 0.05)
    with Client(workers, set_as_default=False) as client:
        engine = Engine(client, "here", said.append)
        late = threading.Timer(120, client.close)  # what waits for ever fails
        late.start()
        yield engine
        late.cancel()
        engine.close()


@pytest.fixture
def digits(rows: np.ndarray) -> LabelledDigits:
    images = rows[:, 1:].reshape(-1, 28, 28, 1)
    return LabelledDigits(images=images, labels=rows[:, 0], fingerprint="0", name="train.csv")


def heard(engine: Engine) -> Iterator[Event]:
    """What happens, without the seconds in which nothing does."""
    return (event for event in engine.events() if not isinstance(event, Quiet))


def doing(task: Task, engine: Engine) -> None:
    """Has the engine's workers do this instead of a training, once they have what they need."""
    stopped.clear()
    tasks[:] = [task]
    engine._task = perform  # type: ignore[method-assign]


tasks, stopped = list[Task](), list[str]()
alone = defaultdict[str, threading.Lock](threading.Lock)  # by worker: one training at a time, as in a process


def perform(session: str, key: str) -> None:
    """Dask sends it by its name alone, so what it calls is that of this process."""
    from distributed import get_worker

    worker = get_worker()
    try:
        with alone[worker.address], Channel(session, key, worker) as channel:
            if "refused" not in channel.ask("begun", about=about()):
                tasks[0](channel)
    except cluster_worker._NotWantedError:
        stopped.append(key)


def ended(channel: Channel, **files: bytes) -> None:
    channel.tell("ended", files=files, failed={}, folder="")


def test_files_come_back_with_each_epoch_and_metrics_with_the_end(
    engine: Engine, digits: LabelledDigits, tmp_path: Path
) -> None:
    def train(channel: Channel) -> None:
        for epoch in (1, 2):
            files = {"model.keras": b"%d" % epoch, "state/checkpoint.npz": b"%d" % epoch}
            channel.tell("epoch", row={"epoch": epoch}, kept=True, files=files)
        channel.tell("ended", files={"metrics.json": b"{}"}, failed={}, folder="")

    doing(train, engine)
    runs = {name: bare_run(tmp_path / f"0{name}-one") for name in "123"}
    for name, run in runs.items():
        engine.start(name, run, digits)
    assert engine.workers == 2
    happened = dict[str, list[Any]]({name: [] for name in runs})
    for event in heard(engine):
        happened[event.key].append(event)
        if isinstance(event, Epoch):
            assert (runs[event.key].folder / "state/checkpoint.npz").read_bytes() == b"%d" % event.row["epoch"]
            assert not runs[event.key].judged
    for name, events in happened.items():
        assert [type(event) for event in events] == [Begun, Epoch, Epoch, Finished]
        names = sorted(path.name for path in runs[name].folder.iterdir())
        assert names == ["metrics.json", "model.keras", "settings.json"]


def test_a_run_is_held_while_it_is_trained_elsewhere(engine: Engine, digits: LabelledDigits, tmp_path: Path) -> None:
    run = bare_run(tmp_path / "01-one")
    doing(ended, engine)
    engine.start("1", run, digits)
    with pytest.raises(KitError, match="another process is training this run"), run.locked():
        pass
    assert [type(event) for event in heard(engine)] == [Begun, Finished]
    with run.locked():
        pass


def test_what_a_worker_cannot_do_goes_to_another_and_in_the_end_fails_once(
    engine: Engine, digits: LabelledDigits, said: list[str], tmp_path: Path
) -> None:
    asked = list[str]()

    def full(channel: Channel) -> None:
        asked.append(channel._worker.address)
        channel.tell("unable", line="/tmp: the disk is full: make room first", of_disk=True)

    doing(full, engine)
    engine.start("1", bare_run(tmp_path / "01-one"), digits)
    *_, failed = heard(engine)
    assert isinstance(failed, Failed) and len(asked) == TRIES and asked[0] != asked[1]
    line = f"{tmp_path / '01-one'}: given up after {TRIES} workers, at the last: worker {asked[-1]}: /tmp: "
    assert str(failed.error).startswith(line) and len(said) == TRIES - 1
    assert isinstance(failed.error.__cause__, OSError)  # as where this process has no room
    assert all(each.endswith(": it goes to another worker") for each in said)


class Busy:
    """A training that keeps its worker from others, until it is told to end or ten seconds have gone."""

    def __init__(self) -> None:
        self.worker, self.enough = "", threading.Event()

    def __call__(self, channel: Channel) -> None:
        self.enough.wait(10)
        ended(channel)

    def start(self, engine: Engine, digits: LabelledDigits, folder: Path) -> Iterator[Event]:
        """Returns when it has begun."""
        engine.start("busy", bare_run(folder / "01-busy"), digits)
        events = heard(engine)
        begun = next(events)
        assert isinstance(begun, Begun)
        self.worker = begun.worker
        return events


def test_one_that_its_worker_cannot_do_waits_for_another_that_is_busy(
    engine: Engine, digits: LabelledDigits, said: list[str], tmp_path: Path
) -> None:
    busy, asked = Busy(), list[str]()

    def task(channel: Channel) -> None:
        if channel._key == "busy":
            busy(channel)
        elif channel._worker.address == busy.worker:
            ended(channel)
        else:
            asked.append(channel._worker.address)
            channel.tell("unable", line="there is too little memory", of_disk=False)
            threading.Timer(0.5, busy.enough.set).start()

    doing(task, engine)
    events = busy.start(engine, digits, tmp_path)
    engine.start("other", bare_run(tmp_path / "02-other"), digits)
    ends = [event.key for event in events if isinstance(event, Finished)]
    assert ends == ["busy", "other"] and len(asked) == 1 and len(said) == 1


def test_a_worker_that_came_later_with_another_version_gets_nothing(
    engine: Engine, digits: LabelledDigits, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = Busy()
    doing(lambda channel: busy(channel) if channel._key == "busy" else ended(channel), engine)
    events = busy.start(engine, digits, tmp_path)
    monkeypatch.setattr(
        "kit.training.cluster.difference", lambda about, who: f"{who} is old" if busy.worker not in who else ""
    )
    for key in ("one", "two"):
        engine.start(key, bare_run(tmp_path / f"02-{key}"), digits)
    threading.Timer(0.5, busy.enough.set).start()
    happened = [event for event in events if not isinstance(event, Begun)]
    assert [event.key for event in happened] == ["busy", "one", "two"]
    assert all(isinstance(event, Finished) for event in happened) and engine.workers == 1
    assert [line.split(" ", 2)[2] for line in said] == ["is old: it gets nothing"]


def test_where_no_worker_is_left_that_is_not_refused_it_is_one_line(
    engine: Engine, digits: LabelledDigits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doing(ended, engine)
    engine.start("1", bare_run(tmp_path / "01-one"), digits)
    monkeypatch.setattr("kit.training.cluster.difference", lambda about, worker: "a worker has Keras 2.0")
    [failed] = heard(engine)
    assert isinstance(failed, Failed) and str(failed.error) == "--cluster here: a worker has Keras 2.0"


def test_a_lost_training_goes_to_the_worker_that_comes_and_does_not_wait_at_a_busy_one(
    engine: Engine, workers: Any, digits: LabelledDigits, said: list[str], tmp_path: Path
) -> None:
    """Dask itself gives it to the other, which has a thread free."""
    busy, begun_on = Busy(), list[str]()

    def task(channel: Channel) -> None:
        if channel._key == "busy":
            busy(channel)
            return
        begun_on.append(channel._worker.address)
        while len(begun_on) == 1:
            time.sleep(0.01)
            channel.require_wanted()
        ended(channel)

    doing(task, engine)
    events = busy.start(engine, digits, tmp_path)
    engine.start("other", bare_run(tmp_path / "02-other"), digits)
    begun = next(events)
    assert isinstance(begun, Begun)
    [lost] = [worker for worker in workers.workers.values() if worker.address == begun.worker]
    workers.sync(lost.close, executor_wait=False)
    workers.scale(3)  # one more than there were, as Dask counts
    for event in events:
        if event == Finished("other"):
            assert not busy.enough.is_set() and busy.worker not in begun_on
            busy.enough.set()
    assert len(begun_on) == 2
    assert said == [f"02-other: worker {begun.worker} is lost, another goes on after epoch 0"]


def test_one_that_somebody_has_cancelled_is_given_away_again(
    engine: Engine, digits: LabelledDigits, said: list[str], tmp_path: Path
) -> None:
    """As all are by `client.restart()`, which anybody may call who uses the cluster too."""
    times = list[str]()

    def task(channel: Channel) -> None:
        times.append(channel._key)
        if len(times) == 1:
            Busy()(channel)
        ended(channel)

    doing(task, engine)
    engine.start("1", bare_run(tmp_path / "01-one"), digits)
    events = heard(engine)
    next(events)
    future = engine._given["1"].future
    assert future
    future.cancel()
    assert [type(event) for event in events] == [Begun, Finished] and len(said) == 1


def test_one_that_fails_is_noticed_while_others_talk(engine: Engine, digits: LabelledDigits, tmp_path: Path) -> None:
    failed = threading.Event()

    def task(channel: Channel) -> None:
        if channel._key == "fails":
            raise ZeroDivisionError
        until = time.monotonic() + 10
        while not failed.is_set() and time.monotonic() < until:
            channel.tell("epoch", row={"epoch": 1}, kept=True, files={})
        ended(channel)

    doing(task, engine)
    for key in ("talks", "fails"):
        engine.start(key, bare_run(tmp_path / f"01-{key}"), digits)
    for event in heard(engine):
        if isinstance(event, Failed):
            failed.set()
        elif isinstance(event, Finished):
            assert failed.is_set()
    assert failed.is_set()


def test_a_users_failure_comes_once_with_the_folder_that_the_user_knows(
    engine: Engine, digits: LabelledDigits, tmp_path: Path
) -> None:
    line = "/tmp/kit-1/01-one/network.py, line 3, in network: ValueError: no"

    def fail(channel: Channel) -> None:
        failed = {"line": line, "code": 2, "diverged": False}
        channel.tell("ended", files={}, failed=failed, folder="/tmp/kit-1/01-one")

    doing(fail, engine)
    engine.start("1", bare_run(tmp_path / "01-one"), digits)
    begun, failed = heard(engine)
    assert isinstance(begun, Begun) and isinstance(failed, Failed) and isinstance(failed.error, KitError)
    assert str(failed.error) == f"{tmp_path / '01-one'}/network.py, line 3, in network: ValueError: no"


def test_what_nobody_foresaw_comes_as_it_is(engine: Engine, digits: LabelledDigits, tmp_path: Path) -> None:
    def fail(channel: Channel) -> None:
        raise ZeroDivisionError("unforeseen")

    doing(fail, engine)
    engine.start("1", bare_run(tmp_path / "01-one"), digits)
    *_, failed = heard(engine)
    assert isinstance(failed, Failed) and isinstance(failed.error, ZeroDivisionError)


class ResourceExhaustedError(Exception):
    """TensorFlow's has this name too."""


def error_from(cause: Exception, kind: type[KitError] = KitError) -> KitError:
    error = kind("a line")
    error.__cause__ = cause
    return error


class Heard:
    """A channel that keeps what is told."""

    def __init__(self) -> None:
        self.told = list[tuple[str, dict[str, Any]]]()

    def tell(self, kind: str, **what: Any) -> None:
        self.told.append((kind, what))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (KitError("a line"), "ended"),
        (error_from(ValueError()), "ended"),
        (error_from(FileNotFoundError(), CodeError), "ended"),
        (error_from(OSError(28, "No space left on device")), "unable"),
        (error_from(ResourceExhaustedError()), "unable"),
        (error_from(MemoryError(), CodeError), "unable"),
        (MemoryError(), "unable"),
        (OSError(28, "No space left on device", "/tmp/kit-1"), "unable"),
    ],
)
def test_what_its_user_did_ends_a_training_and_what_its_computer_lacks_sends_it_on(
    error: Exception, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(cluster_worker, "_trained", fails)
    run, heard = bare_run(tmp_path / "01-one"), Heard()
    files = {"settings.json": (run.folder / "settings.json").read_bytes()}
    cluster_worker._train(heard, {"name": "01-one", "files": files}, str(tmp_path))  # type: ignore[arg-type]
    [(said, what)] = heard.told
    assert said == kind and "line" in (what if kind == "unable" else what["failed"])
    assert kind == "ended" or what["of_disk"] == any(isinstance(one, OSError) for one in (error, error.__cause__))
    assert [path.name for path in tmp_path.iterdir()] == ["01-one"]


def test_a_worker_without_a_place_for_its_files_cannot_do_it(tmp_path: Path) -> None:
    heard = Heard()
    files = {"settings.json": (bare_run(tmp_path / "01-one").folder / "settings.json").read_bytes()}
    cluster_worker._train(heard, {"name": "01-one", "files": files}, str(tmp_path / "gone"))  # type: ignore[arg-type]
    [(said, what)] = heard.told
    assert said == "unable" and str(tmp_path / "gone") in what["line"]
    assert what["line"].endswith(": no such file or folder")


def begun_late(session: str, key: str) -> None:
    time.sleep(1)
    perform(session, key)


def test_one_that_its_worker_lets_lie_is_said(
    engine: Engine, digits: LabelledDigits, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_ALONE", 0.5)
    doing(ended, engine)
    engine._task = begun_late  # type: ignore[method-assign]
    engine.start("1", bare_run(tmp_path / "01-one"), digits)
    assert [type(event) for event in heard(engine)] == [Begun, Finished]
    assert re.fullmatch(r"01-one: worker \S+ has not begun with it for 0 s: somebody else's training .*", said[0])


def test_one_that_is_stopped_ends_and_its_worker_takes_the_next(
    engine: Engine, digits: LabelledDigits, tmp_path: Path
) -> None:
    def endless(channel: Channel) -> None:
        if channel._key == "next":
            ended(channel)
            return
        channel.tell("epoch", row={"epoch": 1}, kept=True, files={})
        while True:
            time.sleep(0.01)
            channel.require_wanted()

    doing(endless, engine)
    keys = ["one", "two", "next"]
    for number, key in enumerate(keys):
        engine.start(key, bare_run(tmp_path / f"0{number + 1}-{key}"), digits)
    happened = []
    for event in heard(engine):
        happened.append((event.key, type(event)))
        if isinstance(event, Epoch):
            engine.stop(event.key)
    assert happened.count(("next", Finished)) == 1 and ("one", Finished) not in happened
    assert sorted(stopped) == ["one", "two"]


def test_one_whose_task_ends_without_a_word_is_given_away_again(
    engine: Engine, digits: LabelledDigits, said: list[str], tmp_path: Path
) -> None:
    times = threading.Semaphore(1)

    def silent(channel: Channel) -> None:
        if not times.acquire(blocking=False):
            ended(channel)

    doing(silent, engine)
    engine.start("1", bare_run(tmp_path / "01-one"), digits)
    assert [type(event) for event in heard(engine)] == [Begun, Begun, Finished]
    assert len(said) == 1 and "was not heard of any more: it goes to another worker" in said[0]


@pytest.mark.parametrize("between", [0, 1])
def test_workers_that_are_lost_again_and_again_are_one_line_unless_epochs_are_finished_between(
    engine: Engine, digits: LabelledDigits, said: list[str], tmp_path: Path, between: int
) -> None:
    from distributed.scheduler import KilledWorker

    run, lost = bare_run(tmp_path / "01-one"), KilledWorker("1", None, 3)  # type: ignore[arg-type]
    doing(lambda channel: time.sleep(0.2), engine)
    engine.start("1", run, digits)
    given = engine._given["1"]
    given.epoch += between
    events = list(engine._broken(given, lost))
    if between:
        assert events == [] and [*engine._waiting] == ["1"] and len(said) == 1
        return
    [failed] = events
    assert isinstance(failed, Failed) and "4 workers were lost at it, one after the other" in str(failed.error)


def test_the_rows_go_to_a_computer_once(
    engine: Engine, digits: LabelledDigits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIT_CACHE", str(tmp_path / "cache"))
    fetched, same = list[str](), list[bool]()

    def look(channel: Channel) -> None:
        def ask(digest: str) -> bytes:
            fetched.append(digest)
            content: bytes = channel.ask("wants", digest=digest)["content"]
            return content

        found = cluster_worker.Store(ask).digits(next(iter(engine._given.values())).needed["digits"].digest)
        same.append(bool((found.images == digits.images).all() and (found.labels == digits.labels).all()))
        ended(channel)

    doing(look, engine)
    for number in range(4):
        engine.start(str(number), bare_run(tmp_path / f"0{number + 1}-one"), digits)
    assert sum(isinstance(event, Finished) for event in heard(engine)) == 4
    assert len(fetched) == 1 and same == [True] * 4
    [stored] = (tmp_path / "cache").glob("*.npz")
    stored.write_bytes(b"damaged")
    engine.start("5", bare_run(tmp_path / "05-one"), digits)
    assert [type(event) for event in heard(engine)] == [Begun, Finished] and len(fetched) == 2


def test_a_run_that_was_removed_meanwhile_is_not_made_anew(
    engine: Engine, digits: LabelledDigits, tmp_path: Path
) -> None:
    run: Run = bare_run(tmp_path / "01-one")

    def removed(channel: Channel) -> None:
        for path in sorted(run.folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        run.folder.rmdir()
        channel.tell("epoch", row={"epoch": 1}, kept=True, files={"history.csv": b""})

    doing(removed, engine)
    engine.start("1", run, digits)
    with pytest.raises(KitError, match=r"01-one.history\.csv: no such file or folder"):
        list(heard(engine))
    assert not run.folder.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc is meant")
def test_a_worker_keeps_the_memory_that_it_frees_as_other_processes_do() -> None:
    program = textwrap.dedent("""
        import resource, sys
        import numpy as np
        from kit.training.cluster_worker import keep_freed_memory

        if sys.argv[1] == "kept":
            keep_freed_memory()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(50):
            np.ones(2**20)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    """)
    as_nannies_set_it = os.environ | {"MALLOC_TRIM_THRESHOLD_": "65536"}
    faults = [
        int(subprocess.check_output([sys.executable, "-c", program, what], env=as_nannies_set_it, text=True))
        for what in ("forgotten", "kept")
    ]
    assert faults[1] < faults[0] / 5
