"""What the tests share: a cache of their own, the bundled sample, a cut of it, and the command line as a process."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit import train
from kit.cli import main
from kit.competition import sources
from kit.contract import Contract
from kit.data import csv_format
from kit.exporting.export import export
from kit.run.folder import Run
from kit.task import CAMERA, Task

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome", "chrome"])), None)
KitCommand = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> None:
    """What a shell starts in the background ignores Ctrl-C, and so would what the tests start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["KIT_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled sample as `kit data fetch` writes it; tests read it and leave it as it is."""
    folder = tmp_path_factory.mktemp("sample")
    sources.fetch("sample", folder)
    return folder


@pytest.fixture(scope="session")
def small(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 500 labelled rows of the sample and the first 100 to predict."""
    folder = tmp_path_factory.mktemp("small")
    write_cut(sample, folder, 500, 100)
    return folder


def write_cut(sample: Path, folder: Path, train: int, test: int) -> None:
    for name, rows in (("train", train), ("test", test), ("sample_submission", test), ("solution", test)):
        lines = (sample / f"{name}.csv").read_bytes().splitlines(keepends=True)
        (folder / f"{name}.csv").write_bytes(b"".join(lines[: rows + 1]))


@pytest.fixture
def rows() -> np.ndarray:
    """Twelve small rows, every class among them, in memory: uint8 (12, 785)."""
    generator = np.random.default_rng(7)
    table = generator.integers(0, 256, (12, 785)).astype(np.uint8)
    table[:, 0] = [*range(10), 3, 7]
    return table


def csv_of(table: np.ndarray) -> bytes:
    return b"".join(csv_format.format_digits(table[:, 1:], table[:, 0]))


@pytest.fixture
def csvs(tmp_path: Path, rows: np.ndarray) -> dict[str, bytes]:
    return {
        "train.csv": csv_of(rows),
        "test.csv": b"".join(csv_format.format_digits(rows[:4, 1:])),
        "sample_submission.csv": csv_format.format_submission(np.zeros(4, np.uint8)),
        "solution.csv": csv_format.format_submission(rows[:4, 0]),
    }


@pytest.fixture
def kit_command(tmp_path: Path) -> KitCommand:
    """Runs `kit ARGUMENTS` in a process of its own, in `tmp_path` unless `cwd` says otherwise."""

    def run(*arguments: object, cwd: Path = tmp_path, **options: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kit", *map(str, arguments)]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, **options)  # type: ignore[call-overload]

    return run


@pytest.fixture
def kit_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> KitCommand:
    """As `kit_command`, but in this process, where TensorFlow is imported already."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["kit", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main.main()
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(sys.argv, int(ended.value.code or 0), printed.out, printed.err)

    return run


def assert_one_line(finished: subprocess.CompletedProcess[str], *words: str, code: int = 2) -> None:
    """The user's mistake came out as one line with these words, without a traceback, with that exit code."""
    lines = finished.stderr.strip().splitlines()
    assert finished.returncode == code, finished
    assert len(lines) == 1 and lines[0].startswith("error: "), finished.stderr
    for word in words:
        assert word in lines[0], (word, lines[0])
    assert finished.stdout == ""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Callable[..., Any]]:
    """Starts the system's Chromium with these arguments, for what is looked at in a real browser."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: nothing is looked at in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield lambda *arguments: playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *arguments])


def contract_for(task: Task = CAMERA, threshold: float = 0.6, **fields: Any) -> Contract:
    """What a network that a test makes up says of itself."""
    own = {
        "run": "01-made-up", "settings": "", "validation_accuracy": 1.0, "format": "keras", "input": "array",
        "precision": "float32", "compression": None, "target": None, "weights": "",
    }  # fmt: skip
    return Contract(**dataclasses.asdict(task) | own | {"threshold": threshold} | fields)


@pytest.fixture(scope="session")
def exportable(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The kit's own network after some short epochs, 200 validation rows."""
    return train(
        "kit", data=small, epochs=25, validation_split=0.4, runs=tmp_path_factory.mktemp("runs"), progress=False
    )


@pytest.fixture(scope="session")
def eleven(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The kit's own network after an epoch of scenes: 64 x 64, with the class background."""
    return train("kit", camera=True, data=small, epochs=1, runs=tmp_path_factory.mktemp("eleven"), progress=False)


@pytest.fixture(scope="session")
def camera(eleven: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same in a folder of its own, with a threshold that it hardly ever misses."""
    run = Run(tmp_path_factory.mktemp("camera") / "03-camera")
    shutil.copytree(eleven.folder, run.folder)
    run.write_metrics({**eleven.metrics, "threshold": 0.1})
    return run


@pytest.fixture(scope="session")
def eleven_package(eleven: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported network of eleven classes in float32."""
    return export(eleven, precision="float32", to=tmp_path_factory.mktemp("exports")).path


@pytest.fixture(scope="session")
def package(exportable: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported network as `kit export` leaves it, in float32; tests copy it before they change it."""
    return export(exportable, precision="float32", to=tmp_path_factory.mktemp("exports")).path
