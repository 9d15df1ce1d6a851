"""What may be wrong with a cluster, each in one line, before anything runs; and TLS."""

import asyncio
import contextlib
import gc
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import KitCommand, assert_one_line, bare_run, needs
from dask_processes import Processes

import kit
from kit import KitError, train
from kit.training import cluster_address, cluster_worker
from kit.training.cluster import connect
from kit.training.cluster_address import connected, difference

pytestmark = needs("distributed", "cryptography", "os.killpg")


def refusal(address: str) -> str:
    """Why this cluster is refused, without the part that is the same for all."""
    with pytest.raises(KitError) as raised, connect(address):
        pass
    line = str(raised.value)
    assert line.startswith(f"--cluster {address}: ") and "\n" not in line
    return line.removeprefix(f"--cluster {address}: ")


@pytest.mark.parametrize("address", ["http://localhost:8786", "tcp://localhost", "tcp://localhost:99999", "tcp://"])
def test_what_is_no_address_is_said_with_those_that_are(address: str) -> None:
    assert refusal(address).startswith("no address of a scheduler: give tcp://HOST:8786, tls://HOST:8786, ")


@pytest.mark.parametrize("count", ["0", "-1", "two", "", "257", "1.5", "٢"])
def test_a_number_of_processes_is_from_1(count: str) -> None:
    assert refusal(f"local:{count}") == "give a number of processes from 1 to 256, such as local:2"


def test_a_file_must_be_what_a_scheduler_wrote(tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    assert (
        refusal(str(file)).startswith("no such file: give tcp://HOST:8786") and refusal(str(tmp_path))[:8] == "a folder"
    )
    file.write_text("{}", encoding="utf-8", newline="")
    assert refusal(str(file)) == "there is no address in it: give the file that dask scheduler wrote"
    file.write_text('{"address": "http://localhost"}', encoding="utf-8", newline="")
    assert refusal(str(file)).startswith("no address of a scheduler")
    file.write_text("{", encoding="utf-8", newline="")
    with pytest.raises(KitError, match="damaged, not JSON: give the file that dask scheduler"), connect(str(file)):
        pass


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    with Processes(tmp_path) as made:
        yield made


@contextlib.contextmanager
def listening(says: bytes | None) -> Iterator[str]:
    """The address of somebody who says that to everybody and goes, or who says nothing and stays."""
    kept = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = server.accept()
                    kept.append(client)
                    if says is not None:
                        client.sendall(says)
                        client.close()

        threading.Thread(target=answer, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
    for client in kept:
        client.close()


def test_nobody_or_somebody_else_at_the_address_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_address, "PATIENCE", 1.0)
    assert refusal("tcp://no-such-host.invalid:8786").startswith("no such host, no-such-host.invalid: ")
    with listening(None) as address:
        assert refusal(address) == "no answer within 1 s: is it the address of dask scheduler?"
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    assert refusal(address) == "nobody listens there, connection refused: start one with dask scheduler"
    with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as address:
        assert refusal(address).startswith("whoever listens there is no scheduler of Dask's: give tcp://HOST:8786")


def test_a_cluster_without_workers_is_one_line(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    processes.scheduler()
    monkeypatch.setattr(cluster_address, "PATIENCE", 2.0)
    for address in (processes.address, f"{processes.address}/"):
        assert refusal(address) == "no worker within 2 s: start one with dask worker"


def test_the_threads_are_divided_among_the_processes_of_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_THREADS", "8")
    monkeypatch.setattr("kit.backend.threads", lambda: 8)
    with connected("local:2") as client:
        assert [*client.run(os.getenv, "KIT_THREADS").values()] == ["4", "4"]


def test_a_worker_with_another_kit_or_none_is_refused_by_name(processes: Processes, tmp_path: Path) -> None:
    processes.scheduler()
    package = Path(shutil.copytree(Path(kit.__file__).parent, tmp_path / "other" / "kit"))
    start = package / "__init__.py"
    start.write_text(start.read_text(encoding="utf-8").replace(kit.__version__, "0.0.7"), encoding="utf-8", newline="")
    worker = processes.worker("--no-nanny", PYTHONPATH=str(package.parent))
    line = rf"worker tcp://127\.0\.0\.1:\d+ has kit 0\.0\.7, and here it is {kit.__version__}: install the same there"
    assert re.fullmatch(line, refusal(processes.address))
    worker.kill()
    worker.wait()

    start.write_text(start.read_text(encoding="utf-8").replace("0.0.7", kit.__version__), encoding="utf-8", newline="")
    (package / "task.py").write_text("# changed\n", encoding="utf-8", newline="")
    worker = processes.worker("--no-nanny", PYTHONPATH=str(package.parent))
    line = rf"worker tcp://\S+ has other files of kit {kit.__version__} than here: install the same there"
    assert re.fullmatch(line, refusal(processes.address))
    worker.kill()
    worker.wait()

    start.write_text("raise ImportError\n", encoding="utf-8", newline="")
    processes.worker("--no-nanny", PYTHONPATH=str(package.parent))
    assert re.fullmatch(
        r"worker tcp://\S+ has no kit: install it there in the same version, .*", refusal(processes.address)
    )


def test_a_scheduler_without_kit_is_refused_for_it_opens_what_workers_do(processes: Processes, tmp_path: Path) -> None:
    package = tmp_path / "other" / "kit"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError\n", encoding="utf-8", newline="")
    processes.scheduler(PYTHONPATH=str(package.parent))
    processes.worker("--no-nanny")
    assert refusal(processes.address).startswith("the scheduler has no kit: install it there in the same version, ")


def test_a_worker_that_hangs_is_one_line(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    processes.scheduler()
    worker = processes.worker("--no-nanny")
    with connected(processes.address):
        pass
    worker.send_signal(signal.SIGSTOP)
    monkeypatch.setattr(cluster_address, "_ANSWERS", 1.0)
    assert refusal(processes.address).startswith("a worker does not answer within 1 s: Dask")


def test_a_worker_that_the_scheduler_cannot_reach_is_named() -> None:
    class Client:
        def run(self, *_: object, **__: object) -> dict[str, Any]:
            return {"tcp://a:1": kit.__version__, "tcp://b:2": OSError("Timed out trying to connect")}

    with pytest.raises(KitError, match="worker tcp://b:2 does not answer the scheduler: end it, or let it be reached"):
        cluster_address._asked(Client(), "here", int)  # type: ignore[arg-type]


@pytest.mark.parametrize("command", [["train", "--folds", 2], ["sweep", "--trials", 1]])
def test_a_command_takes_an_address_as_it_stands(kit_here: KitCommand, small: Path, command: list[Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    finished = kit_here(*command, "--arch", "dense", "--data", small, "--cluster", address)
    assert_one_line(finished, f"--cluster {address}: nobody listens there")


def test_other_versions_of_what_kit_stands_on_are_named() -> None:
    ours = cluster_worker.about()
    assert difference(ours, "w") == "" and set(ours) == {"kit", "kit's files", "Keras", "TensorFlow"}
    line = f"w has Keras 2.0, and here it is {ours['Keras']}: install the same there"
    assert difference(ours | {"Keras": "2.0"}, "w") == line
    assert "TensorFlow not installed, and" in difference(ours | {"TensorFlow": "not installed"}, "w")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, "--cluster: it is for several trainings, and this is one: add --folds 5 or leave it out"),
        ({"folds": 2, "time_limit": "1h"}, "--cluster: --time-limit plans by how fast this computer is: leave one"),
        ({"folds": 2, "callbacks": [object()]}, "--cluster: callbacks hear nothing of trainings in other processes"),
    ],
)
def test_what_a_cluster_is_not_for_is_refused_first(options: dict[str, Any], line: str, tmp_path: Path) -> None:
    with pytest.raises(KitError, match=f"^{line}"):
        train(**options, runs=tmp_path, cluster="tcp://nowhere.invalid:1")
    assert not [*tmp_path.iterdir()]


def test_a_run_that_is_one_training_or_was_planned_is_not_gone_on_with_on_a_cluster(tmp_path: Path) -> None:
    bare_run(tmp_path / "01-one")
    bare_run(tmp_path / "02-planned", folds=2, time_limit=60.0)
    for number, line in ((1, "it is for several trainings"), (2, "2 was planned for this computer, by --time-limit")):
        with pytest.raises(KitError, match=f"^--cluster: {line}"):
            train(resume=number, runs=tmp_path, cluster="tcp://nowhere.invalid:1")


def test_ctrl_c_waits_until_the_processes_have_begun_and_is_none_of_theirs() -> None:
    asked = "import signal; print(sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, []))))"
    with pytest.raises(KeyboardInterrupt), cluster_address._signals_held():
        os.kill(os.getpid(), signal.SIGINT)
        blocked = subprocess.check_output([sys.executable, "-c", asked], text=True)
    assert blocked.strip() == str(sorted(map(int, cluster_address._SIGNALS)))
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()


FIRST = """
import multiprocessing
import signal

from kit.training.cluster_address import _signals_held


def tell():
    print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))


if __name__ == "__main__":
    with _signals_held():
        first = multiprocessing.get_context("spawn").Process(target=tell)
        first.start()
    first.join()
"""


def test_the_first_process_of_all_is_deaf_too(tmp_path: Path) -> None:
    """With it Python starts one that keeps track of what they share, and lifts the mask afterwards."""
    (tmp_path / "first.py").write_text(FIRST, encoding="utf-8", newline="")
    assert subprocess.check_output([sys.executable, tmp_path / "first.py"], text=True, timeout=60) == "True\n"


SCRIPT = """
from kit import KitError, train
from kit.training import cluster_address
cluster_address._GIVES_UP = {}
try:
    train("dense", folds=2, cluster="local:1")
except KitError as error:
    print(error)
"""


@pytest.mark.parametrize("gives_up", [cluster_address._GIVES_UP, (9999,)])
def test_a_script_that_does_not_know_its_first_run_from_others_is_one_line(
    tmp_path: Path, gives_up: tuple[int, ...]
) -> None:
    """With a distributed that ends there, and with one before, which would begin processes for ever."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(gives_up), encoding="utf-8", newline="")
    ended = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    line = "--cluster local:1: the processes do not start, .*: in a script of your own begin them under if __name__ == "
    assert ended.stderr == "" and re.fullmatch(f'{line}"__main__":', ended.stdout.strip())


def test_without_its_extra_the_command_says_what_to_install(
    kit_here: KitCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_address, "find_spec", lambda name: None)
    finished = kit_here("train", "--folds", 2, "--cluster", "local:2")
    packages = '"bokeh>=3.1" "cryptography>=42" "distributed>=2025.1"'
    assert_one_line(finished, f"--cluster needs its extra, without cryptography: pip install {packages}")


def test_without_a_cluster_nothing_of_dask_is_imported() -> None:
    asked = "import kit.training.trainer, sys; print({'dask', 'distributed', 'kit.training.cluster'} & {*sys.modules})"
    assert subprocess.check_output([sys.executable, "-c", asked], text=True) == "set()\n"


def test_a_task_of_dasks_that_failed_unheard_is_not_told_of_after_the_end(caplog: pytest.LogCaptureFixture) -> None:
    async def failing() -> None:
        raise TimeoutError

    async def begun() -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(failing())]
        await asyncio.wait(tasks)
        return tasks

    from distributed import LocalCluster

    with LocalCluster(n_workers=1, processes=False, protocol="tcp", dashboard_address="127.0.0.1:0") as cluster:
        with connected(cluster.scheduler_address) as client:
            held = asyncio.run_coroutine_threadsafe(begun(), client.loop.asyncio_loop).result()
        caplog.clear()
        del held
        gc.collect()
    assert [record for record in caplog.records if record.name == "asyncio"] == []
