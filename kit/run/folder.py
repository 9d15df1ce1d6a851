"""A run is a folder: everything about one training, and nothing outside it."""

import contextlib
import csv
import dataclasses
import hashlib
import io
import json
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit import KitError, __version__, backend, html
from kit.contract import Contract
from kit.files import whole_file, write_text
from kit.run import keras_file, network_code
from kit.run.settings import Settings, digest_of
from kit.run.validation import Validation
from kit.run.validation import read as _read_validation
from kit.stored import checked, content_of, json_of
from kit.system import in_plain_words
from kit.task import Task

if TYPE_CHECKING:
    import keras

    from kit.data.loading import LabelledDigits
    from kit.run.metrics import Analysis

_REMEDY = "restore the file or train again"
FOLDS = "folds"  # the folder of those that a run was trained in
_LONGEST_HISTORY = 2**24  # bytes; a hundred thousand epochs


@dataclass(frozen=True)
class Run:
    """One training's folder. Reading a missing or damaged file raises KitError, which names the file."""

    folder: Path

    @property
    def name(self) -> str:
        """Its folder's: 07-dense; 07-dense/folds/2 of one of its folds."""
        fold = self.folder.parent.name == FOLDS and self.folder.name.isdecimal()
        return "/".join(self.folder.parts[-3:]) if fold else self.folder.name

    @property
    def home(self) -> Path:
        """Where the runs are that it is one of, or that the run of its fold is one of."""
        return self.folder.parents[2 if "/" in self.name else 0]

    @property
    def file_name(self) -> str:
        """What a file is called that is made of it."""
        return self.name.replace("/", "-")

    @property
    def folds(self) -> list["Run"]:
        """The trainings of a run in folds, as far as they have begun; none of another run."""
        numbers = range(1, (self.settings.folds or 0) + 1) if self.settings.folded else ()
        folders = [self.folder / FOLDS / str(number) for number in numbers]
        return [Run(folder) for folder in folders if (folder / "settings.json").is_file()]

    @property
    def state(self) -> Path:
        """What a resume needs; gone when the training is done."""
        return self.folder / "state"

    def __str__(self) -> str:
        return self.name

    def _repr_html_(self) -> str:
        """What a notebook shows: what was trained, what came of it, and the picture of its history."""
        try:
            settings, metrics = self.settings, self.metrics if self.judged else {}
        except KitError as error:
            return html.facts(str(self), [], html.line(str(error)))
        done, epochs = metrics.get("epochs_done", 0), metrics.get("epochs", settings.epochs)
        folds = f", {settings.folds} folds" if settings.folded else ""
        judged = "accuracy out of fold" if settings.folded else "validation accuracy"
        seen = " (of rows that it may have learned)" if metrics.get("seen") else ""
        found = [
            ("network", settings.arch + folds),
            ("recipe", settings if not settings.imported else "trained elsewhere"),
            ("epochs", f"{done} of {epochs}" if not settings.imported else None),
            (judged, f"{metrics['val_accuracy']:.2%}{seen}" if "val_accuracy" in metrics else None),
            ("parameters", f"{metrics['parameters']:,}" if "parameters" in metrics else None),
            ("seconds", f"{metrics['seconds']:.0f}" if "seconds" in metrics else None),
            ("folder", self.folder),
        ]
        history = self.folder / "history.png"
        return html.facts(str(self), found, *([html.picture(history)] if history.is_file() else []))

    @cached_property
    def _kept(self) -> dict[str, Any]:
        """What has been read of the stored predictions, or made of them."""
        return {}

    @property
    def _written(self) -> dict[str, Any]:
        """What `settings.json` holds: settings and versions, as they were written."""
        from kit.run.records import Written

        path = self.folder / "settings.json"
        content = json_of(path, _REMEDY)
        checked(Written, content, path, _REMEDY)
        return content

    @cached_property
    def settings(self) -> Settings:
        return Settings.read(self._written["settings"], self.folder / "settings.json")

    @property
    def task(self) -> Task:
        return self.settings.task

    @property
    def digest(self) -> str:
        """SHA-256 of its settings as they were written: a hyperparameter that kit learns later does not change it."""
        return digest_of(self._written["settings"])

    def is_of(self, digest: str) -> bool:
        """Whether it is the run that an export names by this digest; some were of the settings with later defaults."""
        return digest in (self.digest, digest_of(dataclasses.asdict(self.settings)))

    @property
    def versions(self) -> dict[str, str]:
        return dict(self._written.get("versions", {}))

    def note_versions(self) -> None:
        """Notes what it is trained with here, where its folder was made elsewhere."""
        written = self._written | {"versions": versions()}
        write_text(self.folder / "settings.json", json.dumps(written, indent=2) + "\n")

    @property
    def metrics(self) -> dict[str, Any]:
        """Accuracies, losses, epochs, seconds, parameters and whether the training is finished."""
        from kit.run.records import Metrics

        return self._metrics(Metrics)

    @property
    def outcome(self) -> dict[str, Any]:
        """The metrics of a training that has kept an epoch; KitError where one of them is missing."""
        from kit.run.records import Outcome

        return self._metrics(Outcome)

    def _metrics(self, kind: type[Any]) -> dict[str, Any]:
        path = self.folder / "metrics.json"
        content = json_of(path, _REMEDY)
        checked(kind, content, path, _REMEDY)
        return content

    @property
    def judged(self) -> bool:
        """Whether it has finished an epoch, so that there are metrics."""
        return os.path.lexists(self.folder / "metrics.json")

    @property
    def finished(self) -> bool:
        return self.judged and bool(self.metrics.get("finished"))

    @property
    def history(self) -> list[dict[str, float]]:
        """One dictionary an epoch: epoch, loss, accuracy, val_loss, val_accuracy, learning_rate, seconds."""
        from kit.run.records import Epochs

        path = self.folder / "history.csv"
        content = content_of(path, _LONGEST_HISTORY, _REMEDY)
        try:
            rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        except (ValueError, csv.Error) as error:
            raise KitError(f"{path}: damaged: {_REMEDY}") from error
        return [epoch.model_dump() for epoch in checked(Epochs, rows, path, _REMEDY, strict=False)]

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
            folds = self.settings.folds if self.settings.folded else None
            self._kept["analysis"] = Analysis(self.name, validation, folds)
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
            weights=self.weights,
        )

    @property
    def weights(self) -> str:
        """SHA-256 of its network's file; KitError where there is none yet."""
        return hashlib.sha256(keras_file.content(self._network)).hexdigest()

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
        return keras_file.load(self._network, self.task, self.own_objects)

    @property
    def _network(self) -> Path:
        """The file of its network; KitError where there is none yet."""
        path = self.folder / "model.keras"
        if not path.exists():
            raise KitError(
                f"{path}: missing: finish its first epoch with kit train --resume {self.name}, or choose another run"
            )
        return path

    def own_objects(self) -> dict[str, Any]:
        """Classes and functions of the code that it keeps, where its network is somebody's own."""
        code = self.settings.code
        return network_code.of_run(self.folder, code).objects() if code else {}

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
            with contextlib.suppress(OSError):  # removed meanwhile, which on Windows leaves the folders of an open file
                self.state.rmdir()
                self.folder.rmdir()


def versions() -> dict[str, str]:
    """What the last bits of a result can depend on."""
    packages = ["tensorflow", "keras", "numpy", "scikit-learn"]
    return {
        "kit": __version__,
        "python": platform.python_version(),
        **{package: metadata.version(package) for package in packages},
        "platform": platform.platform(),
        "threads": str(backend.threads()),
        "device": backend.device(),
    }
