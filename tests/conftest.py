"""What the tests share: a cache of their own, the bundled sample, a cut of it, and the command line as a process."""

import contextlib
import dataclasses
import gc
import hashlib
import importlib
import json
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import pytest

from kit import KitError, backend, train
from kit.cli import main
from kit.competition import sources
from kit.contract import Contract
from kit.data import csv_format
from kit.exporting import coreml
from kit.exporting.export import export
from kit.reporting import data_pictures
from kit.run.folder import Run
from kit.run.settings import Recipe, Settings
from kit.scenes import drawing
from kit.task import CAMERA, Task
from kit.training import examples, loop, networks

# TensorFlow's heap is large, and the collector goes through it again and again: with its usual thresholds that takes
# half the time of an export and a tenth of a training's.
gc.set_threshold(100_000, 20, 100)

HAS_COREMLTOOLS = backend.has_coremltools()  # there is none for Windows and Linux aarch64
BROWSERS = [os.environ.get("KIT_BROWSER", ""), "chromium", "chromium-browser", "google-chrome", "chrome"]
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows ends a process at once by any signal,
KILLED = -KILL if hasattr(signal, "SIGKILL") else int(KILL)  # and its number is the exit code then
AS_LONG_AS = {"test_cluster.py": 1000, "test_cluster_kinds.py": 100}  # modules of few tests → as if they had so many
HOME_OF_DATA = ("XDG_DATA_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA")  # as platformdirs knows it; macOS has the first
KitCommand = Callable[..., subprocess.CompletedProcess[str]]
Shared = Callable[[str, Callable[[Path], Any]], Path]


def needs(*names: str) -> pytest.MarkDecorator:
    """Skips where Python lacks one of these: modules, or what is in one, such as "os.mkfifo" on Windows."""
    missing = [name for name in names if not _is_here(name)]
    return pytest.mark.skipif(bool(missing), reason=f"no {', '.join(missing)} on this system")


def _is_here(name: str) -> bool:
    module, _, part = name.partition(".")
    try:
        return hasattr(importlib.import_module(module), part or "__name__")
    except ImportError:
        return False


needs_signals = needs("signal.SIGHUP")  # Windows has none that a process could send to one of many
needs_open_files_to_go = needs("fcntl")  # Windows removes and renames nothing that is open


def _skipped_on_this_system(item: pytest.Item) -> Iterator[None]:
    """Skips what asks for coremltools where there is none; what kit itself does there has tests of its own.

    And what makes symbolic links where Windows lets nobody make them.
    """
    try:
        return (yield)
    except (KitError, AssertionError) as error:  # the latter also where another message was expected
        _skip_without_coremltools(str(error))
        raise
    except OSError as error:
        if getattr(error, "winerror", None) == 1314:
            pytest.skip("no symbolic links here: turn on Windows' developer mode")
        raise


pytest_runtest_setup = pytest.hookimpl(wrapper=True)(_skipped_on_this_system)
pytest_runtest_call = pytest.hookimpl(wrapper=True)(_skipped_on_this_system)


def _skip_without_coremltools(said: str) -> None:
    if not HAS_COREMLTOOLS and backend.NO_COREMLTOOLS in said:
        pytest.skip("no coremltools on this platform: no Core ML is made")


def pytest_configure(config: pytest.Config) -> None:
    config.option.loadscopereorder = False  # pytest-xdist's own order, in which a module's length is its tests' number


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest modules first: one that began last would keep one worker alone."""
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: -AS_LONG_AS.get(item.path.name, tests[item.path]))  # keeps a module's own order


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> None:
    """What a shell starts in the background ignores Ctrl-C, and so would what the tests start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """Folders that all workers of a test run share: who wants one first makes it, the others wait and read."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root

    def folder(name: str, make: Callable[[Path], None]) -> Path:
        path = root / f"shared-{name}"
        with filelock.FileLock(f"{path}.lock"):
            if not path.exists():
                unfinished = Path(tempfile.mkdtemp(dir=root))
                make(unfinished)
                unfinished.rename(path)
        return path

    return folder


@pytest.fixture(autouse=True, scope="session")
def own_cache(shared: Shared) -> None:
    os.environ["KIT_CACHE"] = str(shared("cache", lambda folder: None))
    for name in HOME_OF_DATA:  # where kit notes which code is trusted
        os.environ[name] = str(shared("home", lambda folder: None))


@pytest.fixture(autouse=True, scope="session")
def converted_once() -> Iterator[None]:
    """The same weights and options are converted to Core ML once a session: a second or two each time."""
    convert, made = coreml.convert, dict[str, Any]()

    def once(model: Any, labels: Any, **options: Any) -> Any:
        digest = hashlib.sha256(b"".join(array.tobytes() for array in model.get_weights()))
        key = f"{digest.hexdigest()} {model.get_config()} {labels} {sorted(options.items())}"
        if key not in made:
            backend.coremltools()
            from coremltools.converters.mil.mil import Program

            with pytest.MonkeyPatch.context() as patch:  # it outlives the export that asks for it first
                patch.setattr(tempfile, "tempdir", None)
                # After each of its hundred passes coremltools checks its own work: half of the time.
                patch.setattr(Program, "validate", lambda *arguments, **options: None)
                made[key] = convert(model, labels, **options)
        return made[key]

    once.anew = convert  # type: ignore[attr-defined]  # for who tests converting itself
    coreml.convert = once
    yield
    coreml.convert = convert


@pytest.fixture(autouse=True, scope="session")
def sceneries(shared: Shared) -> Path:
    """Scenery takes some twenty seconds to gather: the same one is gathered once, for all trainings of all workers."""
    folder = shared("sceneries", lambda folder: None)
    _keep_sceneries(folder)
    return folder


def _keep_sceneries(folder: Path) -> None:
    gather = drawing.scenery

    def kept(strokes: np.ndarray, generator: np.random.Generator, size: int = CAMERA.size) -> drawing.Scenery:
        of = hashlib.sha256(strokes.tobytes() + repr((generator.bit_generator.state, size)).encode()).hexdigest()
        path = folder / f"{of}.pickle"
        with filelock.FileLock(f"{path}.lock"):
            if not path.exists():
                path.with_suffix(".new").write_bytes(pickle.dumps(gather(strokes, generator, size)))
                path.with_suffix(".new").rename(path)
        scenery: drawing.Scenery = pickle.loads(path.read_bytes())
        return scenery

    examples.scenery = data_pictures.scenery = kept  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def sample(shared: Shared) -> Path:
    """The bundled sample as `kit data fetch` writes it; tests read it and leave it as it is."""
    return shared("sample", lambda folder: sources.fetch("sample", folder))


@pytest.fixture(scope="session")
def small(sample: Path, shared: Shared) -> Path:
    """The first 500 labelled rows of the sample and the first 100 to predict."""
    return shared("small", lambda folder: write_cut(sample, folder, 500, 100))


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
        finished = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, **options)  # type: ignore[call-overload]
        _skip_without_coremltools(finished.stderr or "")
        return finished

    return run


@pytest.fixture
def kit_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> KitCommand:
    """As `kit_command`, but in this process, where TensorFlow is imported already."""

    def run(*arguments: object, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["kit", *map(str, arguments)])
        with contextlib.chdir(cwd), pytest.raises(SystemExit) as ended:
            main.main()
        printed = capsys.readouterr()
        _skip_without_coremltools(printed.err)
        return subprocess.CompletedProcess(sys.argv, int(ended.value.code or 0), printed.out, printed.err)

    return run


def bare_run(folder: Path, **settings: Any) -> Run:
    """A run that has its settings and nothing else, made without TensorFlow."""
    given = {
        "epochs": 1,
        "batch_size": 1,
        "arch": "dense",
        "seed": 0,
        "split_seed": 0,
        "from_run": None,
        "data": "data",
    }
    whole = Settings(**given, fingerprint="0", **settings)  # type: ignore[arg-type]
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text(json.dumps({"settings": dataclasses.asdict(whole), "versions": {}}))
    return Run(folder)


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """`analyze` without its PNG pictures, which take two seconds, for tests that look at its page or numbers alone."""
    monkeypatch.setattr("kit.reporting.report.draw", lambda study: [])


def assert_one_line(finished: subprocess.CompletedProcess[str], *words: str, code: int = 2) -> None:
    """The user's mistake came out as one line with these words, without a traceback, with that exit code."""
    lines = finished.stderr.strip().splitlines()
    assert finished.returncode == code, finished
    assert len(lines) == 1 and lines[0].startswith("error: "), finished.stderr
    for word in words:
        assert word.replace(os.sep, "/") in lines[0].replace(os.sep, "/"), (word, lines[0])
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
def exportable(small: Path, shared: Shared) -> Run:
    """The kit's own network after some short epochs of Adam, 200 validation rows: as sure as it is right."""
    options = {
        "epochs": 25, "validation_split": 0.4, "optimizer": "adam", "learning_rate": 0.004, "label_smoothing": 0.0,
        "progress": False,
    }  # fmt: skip
    return Run(shared("exportable", lambda folder: train("kit", data=small, runs=folder, **options)) / "01-kit")


@pytest.fixture(scope="session")
def eleven(small: Path, shared: Shared) -> Run:
    """The kit's own network after an epoch of scenes of 64 x 64, with the class background."""
    options = {"camera": True, "size": 64, "epochs": 1, "progress": False}
    return Run(shared("eleven", lambda folder: train("kit", data=small, runs=folder, **options)) / "01-kit")


@pytest.fixture(scope="session")
def camera(eleven: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same in a folder of its own, with a threshold that it hardly ever misses."""
    run = Run(tmp_path_factory.mktemp("camera") / "03-camera")
    shutil.copytree(eleven.folder, run.folder)
    run.write_metrics({**eleven.metrics, "threshold": 0.1})
    return run


@pytest.fixture(scope="session")
def eleven_package(eleven: Run, shared: Shared) -> Path:
    """The exported network of eleven classes in float32."""
    folder = shared("eleven-package", lambda folder: export(eleven, precision="float32", to=folder))
    return folder / "01-kit.mlpackage"


@pytest.fixture(scope="session")
def package(exportable: Run, shared: Shared) -> Path:
    """The exported network as `kit export` leaves it, in float32; tests copy it before they change it."""
    folder = shared("package", lambda folder: export(exportable, precision="float32", to=folder))
    return folder / "01-kit.mlpackage"


@pytest.fixture(scope="module")
def toy() -> Iterator[str]:
    """A network that is compiled in a third of the time of a real one, with all that a resume must bring back."""
    yield _toy()
    del networks.NETWORKS["toy"]


def _toy() -> str:
    def builder(layers: networks.Layers, x: Any) -> Any:
        x = layers.dropout(layers.max_pool(layers.conv(x, 4, 5, strides=3)), 0.3)
        return layers.flatten(x)

    recipe = Recipe(epochs=3, batch_size=100)
    networks.NETWORKS["toy"] = networks.Network("toy", "convolutional", 754, "a test", recipe, builder)
    return "toy"


def killed_training(moment: int, where: str, sceneries: Path, **options: object) -> int:
    """Trains in a process that kills itself at a replacement of files, counted from 1; returns how it ended.

    `where` says whether before that replacement, after it, or with half of the file written. Whatever the process had
    open stays as it is. It is forked from one that has imported TensorFlow and done nothing with it, or starts anew
    where there is no forking.
    """
    forks = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if forks else "spawn")
    if forks:
        context.set_forkserver_preload(["tensorflow", "keras", "kit.training.trainer"])
    process = context.Process(target=_train_until_killed, args=(moment, where, sceneries, options))
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def _train_until_killed(moment: int, where: str, sceneries: Path, options: dict[str, Any]) -> None:
    _keep_sceneries(sceneries)
    _toy()
    replace, count = Path.replace, 0

    def counted(self: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == moment:
            if where == "half":
                os.truncate(self, self.stat().st_size // 2)
            if where == "after":
                replace(self, target)
            os.kill(os.getpid(), KILL)
        return replace(self, target)

    Path.replace = counted  # type: ignore[method-assign, assignment]
    loop.DRAW_EVERY = 0  # the same files in every epoch, whatever the clock says
    train(**options)
