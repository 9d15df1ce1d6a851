"""A run is a folder: everything about one training, and nothing outside it."""

import contextlib
import csv
import dataclasses
import difflib
import json
import math
import platform
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit import KitError, __version__, backend
from kit.files import TEMPORARY, in_plain_words, whole_file, write_text
from kit.training.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    import keras
    import numpy as np

RUNS = Path("runs")
SCHEDULES = ("constant", "one-cycle")
MONITORS = ("val_loss", "accuracy")
PRECISIONS = ("float32", "mixed_bfloat16")


@dataclass(frozen=True)
class Settings:
    """Every setting of a training, checked once; the names are those of Keras.

    Raises:
        KitError: A value is out of range; the message names the option.
    """

    arch: str
    epochs: int
    batch_size: int
    optimizer: str
    learning_rate: float  # the peak where the schedule is one-cycle
    schedule: str
    l2: float
    dropout: float | None  # None: the network's own rates
    augment: bool
    patience: int | None  # epochs without improvement of `monitor` before the training stops; None: never
    monitor: str
    validation_split: float
    precision: str
    seed: int
    split_seed: int  # draws the validation rows: the seed, or that of the run whose weights this one starts from
    from_run: str | None
    data: str
    fingerprint: str  # of the training rows
    camera: bool = False  # learns from scenes of the digits, as a phone sees them, and has the class background
    background_share: float | None = None  # of all scenes, those without a digit; None without --camera
    warm_up: float = 0.3  # share of the steps before the peak where the schedule is one-cycle

    def __post_init__(self) -> None:
        checks = [
            ("--epochs", self.epochs, self.epochs >= 1, "give 1 or more"),
            ("--batch-size", self.batch_size, self.batch_size >= 1, "give 1 or more, such as 128"),
            ("--optimizer", self.optimizer, self.optimizer in OPTIMIZERS, f"choose from {', '.join(OPTIMIZERS)}"),
            ("--learning-rate", self.learning_rate, 0 < self.learning_rate < math.inf, "give more than 0, like 0.001"),
            ("schedule", self.schedule, self.schedule in SCHEDULES, f"choose from {', '.join(SCHEDULES)}"),
            ("warm_up", self.warm_up, 0 < self.warm_up < 1, "give a share between 0 and 1, such as 0.3"),
            ("--l2", self.l2, 0 <= self.l2 < math.inf, "give 0 or more, such as 0.01"),
            ("--dropout", self.dropout, self.dropout is None or 0 <= self.dropout < 1, "give 0 or more and below 1"),
            ("--patience", self.patience, self.patience is None or self.patience >= 1, "give 1 or more epochs"),
            ("monitor", self.monitor, self.monitor in MONITORS, f"choose from {', '.join(MONITORS)}"),
            (
                "--validation-split",
                self.validation_split,
                0 < self.validation_split < 1,
                "give a share between 0 and 1, such as 0.2",
            ),
            ("--precision", self.precision, self.precision in PRECISIONS, f"choose from {', '.join(PRECISIONS)}"),
            (
                "--background-share",
                self.background_share,
                0 < self.background_share < 1 if self.background_share is not None else not self.camera,
                "give a share between 0 and 1, such as 0.3",
            ),
            ("--seed", self.seed, 0 <= self.seed < 2**32, "give a whole number from 0 to 4294967295"),
        ]
        for option, value, valid, remedy in checks:
            if not valid:
                raise KitError(f"{option} {value}: {remedy}")
        if self.background_share is not None and not self.camera:
            raise KitError(
                "--background-share: the competition's rows have no background: add --camera or leave it out"
            )
        if self.augment and self.camera:
            raise KitError("--augment: every scene of --camera is drawn anew already: leave it out")

    @property
    def classes(self) -> int:
        return 11 if self.camera else 10

    @property
    def size(self) -> int:
        """Height and width in pixels of what the network sees."""
        return 64 if self.camera else 28


@dataclass(frozen=True)
class Validation:
    """What the kept network said of the validation rows.

    Attributes:
        rows: (n,) row numbers in the training file, counted from 0, ascending; with --camera then -1, -2, … for the
            scenes without a digit.
        labels: (n,) the true classes.
        probabilities: (n, classes) float32, each row summing to 1.
        features: (n, units) float16, what the last hidden layer makes of them.
    """

    rows: "np.ndarray"
    labels: "np.ndarray"
    probabilities: "np.ndarray"
    features: "np.ndarray"


@dataclass(frozen=True)
class Run:
    """One training's folder. Reading a missing or damaged file raises KitError, which names the file."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def state(self) -> Path:
        """What a resume needs; gone when the training is done."""
        return self.folder / "state"

    def __str__(self) -> str:
        return self.name

    @cached_property
    def settings(self) -> Settings:
        values = self._json("settings.json").get("settings")
        fields = dataclasses.fields(Settings)
        known = {field.name for field in fields}
        later = {
            field.name for field in fields if field.default is not dataclasses.MISSING
        }  # runs before 0.3 lack them
        path = self.folder / "settings.json"
        if not isinstance(values, dict):
            raise KitError(f"{path}: this is not a run's settings: restore the file or train again")
        known -= later - values.keys()
        if wrong := sorted(values.keys() ^ known):
            what = "unknown" if wrong[0] in values else "missing"
            raise KitError(f"{path}: {what} setting {wrong[0]!r}: was it written by another version of kit?")
        try:
            return Settings(**values)
        except TypeError as error:
            raise KitError(f"{path}: a setting has a value of the wrong type: restore the file") from error

    @property
    def versions(self) -> dict[str, str]:
        return dict(self._json("settings.json").get("versions", {}))

    @property
    def metrics(self) -> dict[str, Any]:
        """Accuracies, losses, epochs, seconds, parameters and whether the training is finished."""
        return self._json("metrics.json")

    @property
    def finished(self) -> bool:
        return (self.folder / "metrics.json").exists() and bool(self.metrics.get("finished"))

    @property
    def history(self) -> list[dict[str, float]]:
        """One dictionary an epoch: epoch, loss, accuracy, val_loss, val_accuracy, learning_rate, seconds."""
        path = self.folder / "history.csv"
        try:
            with open(path, newline="", encoding="utf-8") as file:
                return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
        except OSError as error:
            raise in_plain_words(error, path) from error
        except (ValueError, TypeError, AttributeError) as error:
            raise KitError(f"{path}: damaged: restore the file or train again") from error

    @property
    def validation(self) -> Validation:
        import numpy as np

        path = self.folder / "validation.npz"
        if not path.exists():
            raise KitError(f"{path}: missing: has this training finished an epoch? kit train --resume {self.name}")
        try:
            with np.load(path) as arrays:
                return Validation(arrays["rows"], arrays["labels"], arrays["probabilities"], arrays["features"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise KitError(f"{path}: damaged: restore the file or train again") from error

    def model(self) -> "keras.Model":
        """The kept network, as Keras loads it: pixels 0 to 255 in, probabilities out."""
        path = self.folder / "model.keras"
        if not path.exists():
            raise KitError(
                f"{path}: missing: finish its first epoch with kit train --resume {self.name}, or choose another run"
            )
        keras = backend.keras()
        try:
            return keras.saving.load_model(path, compile=False)
        except Exception as error:  # Keras raises whatever its zip, JSON and HDF5 readers meet
            raise KitError(f"{path}: damaged, Keras cannot read it: restore the file or train again") from error

    def _json(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise in_plain_words(error, path) from error
        except ValueError as error:
            raise KitError(f"{path}: damaged, not JSON: restore the file or train again") from error
        if not isinstance(content, dict):
            raise KitError(f"{path}: damaged, not a JSON object: restore the file or train again")
        return content

    def write_metrics(self, metrics: dict[str, Any]) -> None:
        write_text(self.folder / "metrics.json", json.dumps(metrics, indent=2) + "\n")

    def write_history(self, history: list[dict[str, float]]) -> None:
        with (
            whole_file(self.folder / "history.csv") as temporary,
            open(temporary, "w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, history[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(history)

    def write_validation(self, validation: Validation) -> None:
        import numpy as np

        with whole_file(self.folder / "validation.npz") as temporary:
            np.savez_compressed(
                temporary,
                rows=validation.rows,
                labels=validation.labels,
                probabilities=validation.probabilities,
                features=validation.features,
            )

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the run for this process; the system lets go when the process ends, however it ends.

        Raises:
            KitError: Another process is training this run.
        """
        import filelock

        lock = filelock.FileLock(self.state / "lock")
        try:
            self.state.mkdir(exist_ok=True)
            lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise KitError(f"{self.folder}: another process is training this run: wait for it or end it") from error
        except OSError as error:
            raise in_plain_words(error, self.state) from error
        try:
            yield
        finally:
            lock.release()


def versions() -> dict[str, str]:
    """The versions that a result can depend on."""
    packages = ["tensorflow", "keras", "numpy", "scikit-learn"]
    return {
        "kit": __version__,
        "python": platform.python_version(),
        **{package: metadata.version(package) for package in packages},
        "platform": platform.platform(),
    }


def create(settings: Settings, name: str | None = None, folder: Path = RUNS) -> Run:
    """Makes the folder of a new run, NN-NAME with the next free number, in one step.

    The folder is written under a temporary name and renamed while a lock is held, so that trainings started at once
    get folders of their own and nobody meets half a run.
    """
    import filelock

    name = name or settings.arch
    if not re.fullmatch(r"[\w.+-]+", name) or name.startswith("."):
        raise KitError(f"--name {name}: use letters, digits, '-', '_', '+' and '.' only, and no dot in front")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / ".lock"):
            for leftover in folder.glob(f"{TEMPORARY}*"):  # of creations that were killed: the lock says none is alive
                shutil.rmtree(leftover, ignore_errors=True)
            numbers = [int(match[1]) for path in folder.iterdir() if (match := re.match(r"(\d+)-", path.name))]
            run = Run(folder / f"{max(numbers, default=0) + 1:02d}-{name}")
            new = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=folder))
            new.chmod(0o755)  # mkdtemp makes private folders; a run is an ordinary one
            content = {"settings": dataclasses.asdict(settings), "versions": versions()}
            write_text(new / "settings.json", json.dumps(content, indent=2) + "\n")
            new.rename(run.folder)
    except OSError as error:
        raise in_plain_words(error, folder) from error
    return run


def find(name: "str | Path | Run", folder: Path = RUNS) -> Run:
    """The run of that name (07-dense, or dense where one alone is called so), number (7, 07) or path.

    Raises:
        KitError: There is none, or several; the message names the nearest.
    """
    if isinstance(name, Run):
        return name
    if (Path(name) / "settings.json").is_file():
        return Run(Path(name))
    names = _names(folder)
    if str(name) in names:
        return Run(folder / str(name))
    if str(name).isdecimal():
        numbered = [known for known in names if int(known.split("-")[0]) == int(str(name))]
        if len(numbered) == 1:
            return Run(folder / numbered[0])
    called = [known for known in names if known.partition("-")[2] == str(name)]
    if len(called) > 1:
        raise KitError(f"{folder / str(name)}: several runs are called so: choose from {', '.join(called)}")
    if called:
        return Run(folder / called[0])
    near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.4)
    advice = f"did you mean {near[0]}?" if near else "kit runs lists what there is"
    raise KitError(f"{folder / str(name)}: no such run: {advice}")


def runs(folder: Path | str = RUNS) -> list[Run]:
    """All runs that finished an epoch or are at it, the highest validation accuracy first."""

    def rank(run: Run) -> tuple[float, str]:
        try:
            return -run.metrics["val_accuracy"], run.name
        except (KitError, KeyError, TypeError):
            return 1.0, run.name  # nothing to show yet, or damaged: last

    return sorted((Run(Path(folder) / name) for name in _names(Path(folder))), key=rank)


def best(folder: Path | str = RUNS, *, camera: bool | None = None) -> Run:
    """The run with the highest validation accuracy that has a model; `camera` says of which kind, None of either."""
    for run in runs(folder):
        if (run.folder / "model.keras").exists() and camera in (None, run.settings.camera):
            return run
    raise KitError(f"{folder}: no trained run here yet: start with kit train")


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(path.parent.name for path in folder.glob("[0-9]*-*/settings.json"))
