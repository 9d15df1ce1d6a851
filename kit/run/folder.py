"""A run is a folder: everything about one training, and nothing outside it."""

import contextlib
import csv
import dataclasses
import hashlib
import json
import platform
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit import KitError, __version__, backend
from kit.contract import Contract
from kit.files import in_plain_words, whole_file, write_text
from kit.run.settings import Settings, digest_of
from kit.run.validation import Validation
from kit.task import Task

if TYPE_CHECKING:
    import keras

    from kit.data.loading import LabelledDigits
    from kit.run.metrics import Analysis


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
    def _kept(self) -> dict[str, Any]:
        """What has been read of the stored predictions, or made of them."""
        return {}

    @cached_property
    def settings(self) -> Settings:
        return Settings.read(self._json("settings.json").get("settings"), self.folder / "settings.json")

    @property
    def task(self) -> Task:
        return self.settings.task

    @property
    def digest(self) -> str:
        """SHA-256 of its settings as they were written: a hyperparameter that kit learns later does not change it."""
        return digest_of(self._json("settings.json")["settings"])

    def is_of(self, digest: str) -> bool:
        """Whether it is the run that an export names by this digest; some were of the settings with later defaults."""
        return digest in (self.digest, digest_of(dataclasses.asdict(self.settings)))

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
        """What the kept network said of the validation rows; read again only when the file has changed."""
        path = self.folder / "validation.npz"
        try:
            status = path.stat()
        except OSError as error:
            raise KitError(
                f"{path}: missing: has this training finished an epoch? kit train --resume {self.name}"
            ) from error
        signature = (status.st_mtime_ns, status.st_size, status.st_ino)
        if self._kept.get("signature") != signature:
            self._kept.clear()
            self._kept.update(validation=_read_validation(path), signature=signature)
        return self._kept["validation"]

    @property
    def analysis(self) -> "Analysis":
        """What follows from the stored predictions; made once as long as they stay."""
        from kit.run.metrics import Analysis

        validation = self.validation
        if "analysis" not in self._kept:
            self._kept["analysis"] = Analysis(self.name, validation)
        return self._kept["analysis"]

    @property
    def threshold(self) -> float:
        """The confidence below which an app should stay silent, to four digits."""
        stored = self.metrics.get("threshold")
        return round(float(self.analysis.silence if stored is None else stored), 4)

    @property
    def contract(self) -> Contract:
        """What the network says of itself to whoever reads pictures with it."""
        return Contract(
            **dataclasses.asdict(self.task),
            threshold=self.threshold,
            run=self.name,
            settings=self.digest,
            validation_accuracy=round(float(self.metrics.get("val_accuracy", 0)), 6),
            format="keras",
            input="array",
            precision="float32",
            compression=None,
            target=None,
            weights=hashlib.sha256((self.folder / "model.keras").read_bytes()).hexdigest(),
        )

    def digits(self, data: Path | str | None = None) -> "LabelledDigits":
        """The rows that it was trained on, from where it had them or from `data`.

        Raises:
            KitError: They are missing or damaged, or other rows.
        """
        from kit.data.containers import is_pipes_name
        from kit.data.loading import load

        if data is None and is_pipes_name(self.settings.data):
            raise KitError(
                f"{self} was trained on rows from a pipe, which is gone: give the same rows with --data PATH"
            )
        digits = load("train", data or self.settings.data)
        if digits.fingerprint != self.settings.fingerprint:
            raise KitError(f"{digits.name}: not the rows that {self} was trained on: give those with --data PATH")
        return digits

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


def _read_validation(path: Path) -> Validation:
    import numpy as np

    try:
        with np.load(path) as arrays:
            return Validation(arrays["rows"], arrays["labels"], arrays["probabilities"], arrays["features"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise KitError(f"{path}: damaged: restore the file or train again") from error


def versions() -> dict[str, str]:
    """What the last bits of a result can depend on."""
    packages = ["tensorflow", "keras", "numpy", "scikit-learn"]
    return {
        "kit": __version__,
        "python": platform.python_version(),
        **{package: metadata.version(package) for package in packages},
        "platform": platform.platform(),
        "threads": str(backend.threads()),
    }
