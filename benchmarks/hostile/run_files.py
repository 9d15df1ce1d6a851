"""Files of runs that were damaged or tampered with: settings, metrics, history, predictions, networks, names."""

import copy
import csv
import io
import json
import math
import random
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from hostile import no_files
from hostile.counting import Counts
from kit.run.comparison import compare
from kit.run.folder import Run
from kit.run.runs import best, create, find, runs
from kit.run.settings import Settings
from kit.run.validation import Validation

_ROWS = 120
_NETWORK = "model.keras"
_SETTINGS = Settings(
    arch="dense", epochs=2, batch_size=128, optimizer="adam", learning_rate=0.001, schedule="constant", l2=0.01,
    dropout=None, augment=False, patience=None, monitor="val_loss", validation_split=0.2, precision="float32",
    seed=0, split_seed=0, from_run=None, data="data", fingerprint="0" * 64,
)  # fmt: skip
_VALUES: list[Any] = [  # what stands where something else belongs
    None, True, False, 0, -1, 1, 2.5, -0.0, 1e308, -1e308, math.nan, math.inf, 10**400, "", "0.9", "\x1b[2J", "a\nb",
    "\ud800", "٣", [], [1], [[]], {}, {"a": 1}, "x" * 5000, 2**63, 10**18,
]  # fmt: skip
_TEXTS = [
    b"", b"{", b"[]", b"null", b"7", b'"text"', b"\xff\xfe{\0}\0", b"[" * 100_000, b'{"a":' * 50_000,
    b'{"val_accuracy": ' + b"9" * 5000 + b"}", b"\0" * 4096, b"{} {}", b'{"settings": {}}', b"PK\x03\x04 no more",
]  # fmt: skip


def mutilate(count: int, seed: int, folder: Path) -> Counts:
    """Two runs, of which a file of the second is mutilated again and again; each time both are listed and looked at.

    The first must stay in every list and be the best where the second cannot be; what is read of the second must hold
    to what it is, by a check of its own here.
    """
    counts, generator = Counts(), random.Random(seed)
    whole, broken = _made(folder, "whole", 0.9, seed), _made(folder, "broken", 0.8, seed + 1)
    kept = {path.name: path.read_bytes() for path in broken.folder.iterdir()}
    for number in range(count):
        name, how = generator.choice(_KINDS)
        path = broken.folder / name
        what = f"{number}: {name}, {how.__name__.strip('_')}"
        how(path, kept.get(name, b""), generator)
        looked, network = Counts(), Counts()
        _look_at(looked, what, folder, whole, broken)
        network.tried(f"{what}: model", lambda: _refused(broken))
        _add(counts, looked if name != _NETWORK else network, looked, network)
        for path in broken.folder.iterdir():
            _remove(path)
        for name, content in kept.items():
            (broken.folder / name).write_bytes(content)
    return counts


def _add(counts: Counts, verdict: Counts, *looks: Counts) -> None:
    """One input more, which is refused where a part of `verdict` was."""
    counts.refused += bool(verdict.refused)
    counts.read += not verdict.refused
    for look in looks:
        counts.tracebacks += look.tracebacks
        counts.wrong += look.wrong


def _made(folder: Path, name: str, accuracy: float, seed: int) -> Run:
    """A run as a training leaves it, without a network: its predictions are right on such a share of the rows."""
    generator = np.random.default_rng(seed)
    run = create(_SETTINGS, name, folder)
    labels = generator.integers(0, 10, _ROWS)
    probabilities = generator.dirichlet(np.ones(10), _ROWS)
    taken = np.where(np.arange(_ROWS) < accuracy * _ROWS, labels, (labels + 1) % 10)
    probabilities[np.arange(_ROWS), taken] += 1
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    features = generator.normal(size=(_ROWS, 4)).astype(np.float16)
    rows = np.sort(generator.permutation(1000)[:_ROWS])
    run.write_validation(Validation(rows, labels.astype(np.uint8), probabilities.astype(np.float32), features))
    epochs = [
        {
            "epoch": epoch, "loss": 1 / epoch, "accuracy": accuracy, "val_loss": 1 / epoch, "val_accuracy": accuracy,
            "learning_rate": 0.001, "seconds": 0.5,
        }
        for epoch in (1, 2)
    ]  # fmt: skip
    run.write_history(epochs)
    judged = {key: epochs[1][key] for key in ("loss", "accuracy", "val_loss", "val_accuracy")}
    run.write_metrics(
        {
            "arch": "dense", "parameters": 7850, "epochs": 2, "epochs_done": 2, "seconds": 1.0, "best_epoch": 2,
            **judged, "finished": True, "stopped": None,
        }
    )  # fmt: skip
    (run.folder / _NETWORK).write_bytes(b"PK\x05\x06" + bytes(18))
    return run


def _look_at(counts: Counts, what: str, folder: Path, whole: Run, broken: Run) -> None:
    """Everything that reads a run without TensorFlow."""
    run = Run(broken.folder)
    listed = counts.tried(f"{what}: runs", lambda: [one.name for one in runs(folder)])
    if listed is None or whole.name not in listed:
        counts.wrong.append(f"{what}: hides the other run")
    found = counts.tried(f"{what}: best", lambda: best(folder).name)
    if found not in (whole.name, broken.name):
        counts.wrong.append(f"{what}: hides the best run")
    counts.tried(f"{what}: find", lambda: find("2", folder).name)
    settings = counts.tried(f"{what}: settings", lambda: run.settings)
    if settings is not None and not _typed(settings):
        counts.wrong.append(f"{what}: settings of other types: {settings}")
    metrics = counts.tried(f"{what}: metrics", lambda: (run.finished, run.metrics)[1])
    if metrics is not None and not 0 <= metrics.get("val_accuracy", 0) <= 1:
        counts.wrong.append(f"{what}: an accuracy of {metrics['val_accuracy']}")
    counts.tried(f"{what}: outcome", lambda: run.outcome)
    counts.tried(f"{what}: versions", lambda: (run.versions, run.digest))
    history = counts.tried(f"{what}: history", lambda: run.history)
    if history is not None and not (history and all(math.isfinite(value) for row in history for value in row.values())):
        counts.wrong.append(f"{what}: a history of {history}")
    validation = counts.tried(f"{what}: validation", lambda: run.validation)
    if validation is not None and not _sound(validation):
        counts.wrong.append(f"{what}: predictions that are none")
    counts.tried(f"{what}: analysis", lambda: (run.analysis.numbers(), run.threshold))
    counts.tried(f"{what}: comparison", lambda: compare([Run(whole.folder), run]))
    counts.tried(f"{what}: contract", lambda: run.contract)


def _refused(run: Run) -> None:
    """None of the networks here is one: Keras must not even be asked."""
    run.model()
    raise AssertionError("a network was made of what is none")


def _typed(settings: Settings) -> bool:
    numbers = [settings.epochs, settings.batch_size, settings.seed, settings.split_seed]
    shares = [settings.learning_rate, settings.l2, settings.validation_split]
    words = [settings.arch, settings.data, settings.fingerprint, settings.optimizer]
    return (
        all(type(value) is int for value in numbers)
        and all(isinstance(value, int | float) and math.isfinite(value) for value in shares)
        and all(isinstance(value, str) for value in words)
        and isinstance(settings.augment, bool)
    )


def _sound(validation: Validation) -> bool:
    """By NumPy alone: as many of each, rows that are none twice, labels that there are, probabilities that are some."""
    rows, labels, probabilities = validation.rows, validation.labels, validation.probabilities
    return bool(
        len(rows) == len(labels) == len(probabilities) == len(validation.features) > 0
        and len(np.unique(rows)) == len(rows)
        and ((labels >= 0) & (labels < 10)).all()
        and probabilities.shape[1] == 10
        and (abs(probabilities.sum(axis=1) - 1) < 0.01).all()
    )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


# How a file is mutilated: its path, its bytes as they were, the generator.


def _bytes(path: Path, content: bytes, generator: random.Random) -> None:
    changed = bytearray(content)
    for _ in range(generator.choice([1, 1, 2, 8, 64])):
        changed[generator.randrange(len(changed))] = generator.randrange(256)
    path.write_bytes(changed)


def _cut(path: Path, content: bytes, generator: random.Random) -> None:
    start = generator.choice([0, 0, generator.randrange(len(content))])
    path.write_bytes(content[start : generator.randrange(start, len(content))])


def _text(path: Path, content: bytes, generator: random.Random) -> None:
    path.write_bytes(generator.choice(_TEXTS))


def _no_file(path: Path, content: bytes, generator: random.Random) -> None:
    path.unlink()
    kind = generator.randrange(6)
    if kind < no_files.KINDS:
        no_files.put(path, kind)
    elif kind == no_files.KINDS:
        path.symlink_to("nowhere")


def _sparse(path: Path, content: bytes, generator: random.Random) -> None:
    """A file of a terabyte, none of which is on the disk."""
    with open(path, "r+b") as file:
        file.truncate(generator.choice([2**29 + 1, 2**34, 2**40]))


def _values(path: Path, content: bytes, generator: random.Random) -> None:
    """Values of JSON of another type, gone, or with others beside them."""
    values = json.loads(content)
    part = values["settings"] if path.name == "settings.json" and generator.random() < 0.8 else values
    for _ in range(generator.choice([1, 1, 1, 3])):
        field, kind = generator.choice([*part]), generator.random()
        if kind < 0.1:
            del part[field]
            part["one more"] = 0
        elif kind < 0.2:
            part[f"{field}2"] = part[field]
        else:
            part[field] = copy.deepcopy(generator.choice(_VALUES))
    path.write_bytes(json.dumps(values).encode())


def _cells(path: Path, content: bytes, generator: random.Random) -> None:
    """Cells of a CSV."""
    rows = list(csv.reader(io.StringIO(content.decode())))
    for _ in range(generator.choice([1, 1, 2, 5])):
        row = generator.choice(rows)
        if row and generator.random() < 0.8:
            texts = ["", "nan", "inf", "-1", "1e999", "x", "١", '"', "a\0b", "1_0", "0x1", " 1", "1.5", "x" * 200_000]
            row[generator.randrange(len(row))] = generator.choice(texts)
        elif generator.random() < 0.5:
            row.append("1")
        else:
            rows.remove(row)
            rows = rows or [[]]
    path.write_text("\n".join(",".join(row) for row in rows) + "\n")


def _arrays(path: Path, content: bytes, generator: random.Random) -> None:
    """Arrays with other numbers, of other types and shapes, or under other names."""
    with np.load(io.BytesIO(content)) as stored:
        arrays = {name: stored[name] for name in stored.files}
    name = generator.choice([*arrays])
    array = arrays[name]
    kind = generator.randrange(9)
    if kind == 0:
        types = ["<U3", "O", "?", "c16", "f2", ">f8", "i1", "u8", "M8[s]", "V8", "S2"]
        with np.errstate(all="ignore"):
            arrays[name] = array.astype(generator.choice(types), casting="unsafe")
    elif kind == 1:
        arrays[name] = array.reshape(generator.choice([(-1, 1), (1, -1), (-1,), (2, -1), (-1, 2)]))
    elif kind == 2:
        arrays[name] = array[: generator.randrange(len(array))]
    elif kind == 3:
        del arrays[name]
    elif kind == 4:
        arrays[name] = array[generator.sample(range(len(array)), len(array))]
    elif kind == 5:
        arrays[name] = np.zeros((), array.dtype)
    elif kind == 6:
        arrays = dict(zip(arrays, generator.sample([*arrays.values()], len(arrays)), strict=True))
    else:
        changed = array.astype(np.float64)
        value = generator.choice([math.nan, math.inf, -1, 10, 11, 1e9, 2.0, 0.5, 2**40, -(2**62)])
        changed[generator.randrange(len(array))] = value
        with np.errstate(all="ignore"):
            arrays[name] = changed.astype(array.dtype)
    with open(path, "wb") as file:
        np.savez_compressed(file, allow_pickle=True, **arrays)


def _header(path: Path, content: bytes, generator: random.Random) -> None:
    """A header that declares far more than there is, or nests, or is none."""
    texts = [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 10), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-120, 10), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (120, 0), }",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (120, 10), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (120, 10), }",
        "{'descr': '<U999999999', 'fortran_order': False, 'shape': (120, 10), }",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (120, 10), }",
        "{'descr': '<f4', 'fortran_order': 3, 'shape': 120, }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1" + ",1" * 99 + ")}",
        "(" * 9000, "[" * 200, "{", "__import__('os')",
    ]  # fmt: skip
    text = generator.choice(texts).encode() + b"\n"
    version = generator.choice([(1, 0), (1, 0), (2, 0), (3, 0), (9, 9)])
    start = b"\x93NUMPY" + bytes(version) + struct.pack("<H" if version == (1, 0) else "<I", len(text)) + text
    name = generator.choice(["rows", "labels", "probabilities", "features"])
    _rewrite(path, content, {f"{name}.npy": start + bytes(generator.choice([0, 100, 4800]))})


def _bomb(path: Path, content: bytes, generator: random.Random) -> None:
    """Members that unpack to far more than the file has, or that there are too many of."""
    if generator.random() < 0.5:
        name = generator.choice(["features.npy", "more.npy", "model.weights.h5"])
        _rewrite(path, content, {name: bytes(generator.choice([2**22, 2**25]))})
        if generator.random() < 0.5:  # the directory says less than there is
            changed = path.read_bytes()
            place = changed.rfind(b"PK\x01\x02") + 24
            path.write_bytes(changed[:place] + struct.pack("<I", 1000) + changed[place + 4 :])
    else:
        _rewrite(path, content, {f"{number}.npy": b"" for number in range(3000)})


def _rewrite(path: Path, content: bytes, changes: dict[str, bytes]) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except zipfile.BadZipFile:
        members = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, member in (members | changes).items():
            archive.writestr(name, member)


def _network(path: Path, content: bytes, generator: random.Random) -> None:
    """A `.keras` file of layers that run code, of far too many, or of nothing."""
    harmful: list[Any] = [
        {"module": "keras.layers", "class_name": "Lambda", "config": {}},
        {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "/"}},
        {"module": "builtins", "class_name": "exec", "config": "1"},
        {"module": "os", "class_name": "system", "config": {}},
        {"module": "keras.layers", "class_name": "Dense", "registered_name": "mine>Dense", "config": {}},
        {"module": None, "class_name": "__lambda__", "config": {}},
        {"module": "keras.utils", "class_name": "get_file", "config": {}},
    ]  # fmt: skip
    config = json.dumps({"config": {"layers": [generator.choice(harmful)]}}).encode()
    texts = [config, config, config, *_TEXTS]
    members = {"config.json": generator.choice(texts), "metadata.json": b"{}", "model.weights.h5": b"\x89HDF\r\n\x1a\n"}
    if generator.random() < 0.2:
        del members[generator.choice([*members])]
    if generator.random() < 0.2:
        members["../outside"] = b"x"
    _rewrite(path, b"", members)


_Mutilation = Callable[[Path, bytes, random.Random], None]
_ANY: list[_Mutilation] = [_bytes, _cut, _text, _no_file, _sparse]
_KINDS: list[tuple[str, _Mutilation]] = [
    *((name, how) for name in ("settings.json", "metrics.json") for how in (*_ANY, *[_values] * 8)),
    *(("history.csv", how) for how in (*_ANY, *[_cells] * 5)),
    *(("validation.npz", how) for how in (*_ANY, _bytes, *[_arrays] * 8, *[_header] * 4, _bomb)),
    *((_NETWORK, how) for how in (_bytes, _cut, _text, _no_file, _sparse, *[_network] * 4, _bomb)),
]
