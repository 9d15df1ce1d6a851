"""What --cluster costs and survives: wall time, random kills, and many simulated trainings.

python benchmarks/cluster.py wall [DATA] [NETWORK] [EPOCHS]      four folds: one after the other, and on local:2
python benchmarks/cluster.py kills [TIMES] [NETWORK] [EPOCHS]    workers killed at random moments; on the bundled sample
python benchmarks/cluster.py scale [TRAININGS] [SECONDS] [WORKERS ...]

`wall` takes medians of three, in turns. `kills` trains three folds on two workers, again and again, and kills one of
them with SIGKILL each time; what comes out is compared bit by bit, and the epochs that were finished twice are counted.
`scale` has trainings that sleep instead of computing and hand over as much as the network kit does, on workers that are
threads of one process, beside a scheduler and a client in processes of their own.
"""

import asyncio
import contextlib
import io
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from kill_and_resume import equal
from pairs import KIT

from kit import backend, train
from kit.competition import sources
from kit.data.loading import LabelledDigits
from kit.run.runs import create
from kit.run.settings import Settings
from kit.training.cluster import connect
from kit.training.cluster_worker import Channel
from kit.training.events import Epoch

EPOCHS = 4  # of a simulated training
PARTS = {"model.keras": 400_000, "validation.npz": 500_000, "history.csv": 1_000, "state/checkpoint.npz": 900_000}


def wall(data: str = "data", network: str = "kit", epochs: str = "2") -> None:
    ways = {"one after the other": [], "local:2": ["--cluster", "local:2"]}
    took: dict[str, list[float]] = {name: [] for name in ways}
    given = ["--folds", "4", "--arch", network, "--epochs", epochs, "--data", data]
    for _ in range(3):
        for name, options in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                begun = time.monotonic()
                command = [*KIT, "train", *given, *options, "--runs", folder]
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                took[name].append(time.monotonic() - begun)
            print(f"{name:<22}{took[name][-1]:7.1f} s", flush=True)
    for name, seconds in took.items():
        print(f"{name:<22}{statistics.median(seconds):7.1f} s, median of {len(seconds)}")


@contextlib.contextmanager
def scheduler(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Dask's own, as a process; its address and the process."""
    file = folder / "scheduler.json"
    where = ["--host", "127.0.0.1", "--port", "0", "--scheduler-file", file]
    command = [sys.executable, "-m", "dask", "scheduler", *where]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            while not file.exists() or not file.stat().st_size:
                time.sleep(0.1)
            yield json.loads(file.read_text(encoding="utf-8"))["address"], psutil.Process(process.pid)
        finally:
            process.kill()


def kills(times: str = "20", network: str = "kit", epochs: str = "3") -> None:
    backend.keras()
    chance = random.Random()
    with tempfile.TemporaryDirectory() as scratch, scheduler(Path(scratch)) as (address, _):
        folder = Path(scratch)
        sources.fetch("sample", folder / "data")
        given: dict[str, Any] = {
            "arch": network, "epochs": int(epochs), "folds": 3, "data": folder / "data", "runs": folder / "runs",
        }  # fmt: skip
        whole = train(**given, progress=False)
        command = [sys.executable, "-m", "dask", "worker", address, "--nworkers", "2", "--nthreads", "2"]
        environment = os.environ | {"KIT_THREADS": str(backend.threads())}
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, cwd=folder) as nannies:
            try:
                for _ in range(2):  # workers import TensorFlow in the first
                    begun = time.monotonic()
                    train(**given, cluster=address, progress=False)
                length, same, repeated, killed = time.monotonic() - begun, 0, 0, 0
                for number in range(1, int(times) + 1):
                    moment = chance.uniform(0.1, 0.95) * length
                    killer = threading.Timer(moment, _kill_one, (nannies.pid, chance))
                    killer.start()
                    with contextlib.redirect_stderr(io.StringIO()) as told:
                        run = train(**given, cluster=address)
                    killer.join()
                    lost = re.findall(r"is lost, another goes on after epoch (\d+)", told.getvalue())
                    heard = re.findall(r"^fold .*?epoch", told.getvalue(), re.MULTILINE)
                    again = len(heard) - 3 * int(epochs)
                    same, repeated, killed = same + (good := equal(whole, run)), repeated + again, killed + len(lost)
                    print(
                        f"{number:2} of {times}: killed after {moment:5.1f} s, {len(lost)} training"
                        f"{'' if len(lost) == 1 else 's'} lost{''.join(f' after epoch {epoch}' for epoch in lost)}, "
                        f"{again} whole epochs again: {'equal' if good else 'DIFFERENT'}",
                        flush=True,
                    )
                print(
                    f"{same} of {times} equal; {killed} trainings went on elsewhere, {repeated} finished epochs again"
                )
            finally:
                for child in psutil.Process(nannies.pid).children(recursive=True):
                    child.kill()
                nannies.kill()
    sys.exit(same != int(times))


def _kill_one(nannies: int, chance: random.Random) -> None:
    children = psutil.Process(nannies).children()
    chance.choice([each for each in children if any("spawn_main" in word for word in each.cmdline())]).kill()


def simulated(session: str, key: str, seconds: float, epochs: int, parts: dict[str, int]) -> None:
    """Instead of `kit.training.cluster_worker.train`: sleeps and hands over files of the usual size."""
    from distributed import get_worker

    channel = Channel(session, key, get_worker())
    channel.ask("begun", about={})
    for epoch in range(1, epochs + 1):
        time.sleep(seconds / epochs)
        files = {name: os.urandom(size) for name, size in parts.items()}
        channel.tell("epoch", row={"epoch": epoch}, kept=True, files=files)
    channel.tell("ended", files={"metrics.json": b"{}"}, failed={}, folder="")
    channel.__exit__(None, None, None)


async def workers(address: str, count: int) -> None:
    """So many workers of one thread each, in this process."""
    from distributed import Worker

    made = [Worker(address, nthreads=1, dashboard=False, local_directory=tempfile.gettempdir()) for _ in range(count)]
    await asyncio.gather(*made)
    await asyncio.gather(*(worker.finished() for worker in made))


def scale(trainings: str = "1000", seconds: str = "8", *counts: str) -> None:
    digits = LabelledDigits(
        images=np.zeros((10, 28, 28, 1), np.uint8), labels=np.arange(10, dtype=np.uint8), fingerprint="0", name="none"
    )
    settings = Settings(
        arch="dense", seed=0, split_seed=0, from_run=None, data="data", fingerprint="0", epochs=EPOCHS, batch_size=1
    )
    for count in map(int, counts or ["64"]):
        with tempfile.TemporaryDirectory() as scratch, scheduler(Path(scratch)) as (address, process):
            command = [sys.executable, __file__, "workers", address, str(count)]
            with subprocess.Popen(command, stderr=subprocess.DEVNULL) as others:
                try:
                    while len(_workers_of(address)) < count:
                        time.sleep(0.5)
                    number = min(int(trainings), 16 * count)
                    _measure(address, process, Path(scratch), digits, settings, number, count, float(seconds))
                finally:
                    others.kill()


def _workers_of(address: str) -> list[str]:
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        return list(client.nthreads())


def _measure(
    address: str,
    process: psutil.Process,
    folder: Path,
    digits: LabelledDigits,
    settings: Settings,
    trainings: int,
    count: int,
    seconds: float,
) -> None:
    """A line about so many simulated trainings on so many workers."""
    client, runs = psutil.Process(), [create(settings, "one", folder / "runs") for _ in range(trainings)]
    before, own, most, most_own = process.memory_info().rss, client.memory_info().rss, 0, 0
    with connect(address) as engine:
        engine._task = lambda session, key: simulated(session, key, seconds, EPOCHS, PARTS)  # type: ignore[method-assign]
        begun, cpu = time.monotonic(), [sum(each.cpu_times()[:2]) for each in (process, client)]
        for number, run in enumerate(runs):
            engine.start(str(number), run, digits)
        for event in engine.events():
            if isinstance(event, Epoch) and event.row["epoch"] == 1:
                most, most_own = max(most, process.memory_info().rss), max(most_own, client.memory_info().rss)
        took = time.monotonic() - begun
    spent = [sum(each.cpu_times()[:2]) - was for each, was in zip((process, client), cpu, strict=True)]
    least = -(-trainings // count) * seconds
    print(
        f"{trainings:5} trainings of {seconds:g} s on {count:4} workers: {took:6.1f} s, {least:6.1f} s at least; "
        f"{(took - least) * count / trainings * 1000:6.0f} ms of a worker's time a training more; "
        f"{trainings * EPOCHS / took:5.0f} epochs a second; scheduler {spent[0] / took:.0%} of a processor, "
        f"{(most - before) / 1e6:.0f} MB; client {spent[1] / took:.0%}, {(most_own - own) / 1e6:.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "workers":
        asyncio.run(workers(rest[0], int(rest[1])))
    else:
        {"wall": wall, "kills": kills, "scale": scale}[what](*rest)
