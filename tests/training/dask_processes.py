"""Dask's own scheduler and workers, as processes on this computer."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import psutil

from kit import backend


class Processes:
    """`dask scheduler` and `dask worker`; a context manager that ends them, and all that they have started.

    Args:
        folder: For their files.
    """

    def __init__(self, folder: Path) -> None:
        self.file, self._log = folder / "scheduler.json", folder / "dask.log"
        self.cache = folder / "cache"
        self._environment = os.environ | {"KIT_THREADS": str(backend.threads()), "KIT_CACHE": str(self.cache)}
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def start(self, *command: object, **environment: str) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "dask", *map(str, command)]
        with open(self._log, "ab") as log:
            environment = self._environment | environment
            process = subprocess.Popen(
                words, cwd=self.file.parent, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self._started.append(process)
        return process

    def scheduler(self, *options: object, **environment: str) -> subprocess.Popen[bytes]:
        given = ("--host", "127.0.0.1", "--port", 0, "--no-dashboard", "--scheduler-file", self.file)
        process = self.schedulers = self.start("scheduler", *given, *options, **environment)
        while not self.file.exists() or not self.file.stat().st_size:
            assert process.poll() is None, self._log.read_text(encoding="utf-8")
            time.sleep(0.05)
        return process

    def worker(self, *options: object, **environment: str) -> subprocess.Popen[bytes]:
        given = ("--scheduler-file", self.file, "--nthreads", 2, "--no-dashboard")
        self.nannies = self.start("worker", *given, *options, **environment)
        return self.nannies

    def kill_a_worker(self) -> None:
        """One of the processes that train; another is started in its place."""
        children = psutil.Process(self.nannies.pid).children()
        next(child for child in children if any("spawn_main" in word for word in child.cmdline())).kill()

    @property
    def address(self) -> str:
        return str(json.loads(self.file.read_text(encoding="utf-8"))["address"])
