"""How a network is trained: a recipe, and the settings of one training, which are a recipe with all that is its own."""

import dataclasses
import functools
import json
import math
from pathlib import Path
from typing import Any

from kit import KitError, options
from kit.options import REQUIRED, declared, option, plain
from kit.stored import checked, fault_of
from kit.task import CAMERA, ROWS, Task

_SIZE_BEFORE = 64  # of every scene, when there was no choice
RUNS = Path("runs")  # where runs are, unless somebody says otherwise
MOST_FOLDS = 20  # more networks cost more and are not better on average
MOST_MOVED = 4  # times as far as usual: 40 degrees, beyond which a 6 becomes a 9
OPTIMIZERS = {  # name → Keras' default learning rate, for when the optimizer is changed and the rate is not
    "adam": 0.001,
    "adamw": 0.001,
    "nadam": 0.001,
    "adamax": 0.001,
    "rmsprop": 0.001,
    "sgd": 0.01,
    "adagrad": 0.001,
    "adadelta": 0.001,
    "lion": 0.001,
    "muon": 0.001,
}


def _share(value: float) -> bool:
    return 0 < value < 1


@declared
class Recipe:
    """How a network is trained; names as in Keras. An epoch is one pass over the training rows.

    A field is a hyperparameter, and all that makes it one: a network's recipe may set it, `kit train` and `kit.train`
    have an option for it, a training's settings hold it, and a run from before it has its default.
    """

    epochs: int = option(
        "Passes over the training rows.", default=REQUIRED, check=lambda value: value >= 1, remedy="give 1 or more"
    )
    batch_size: int = option(
        "Images a step.", default=REQUIRED, check=lambda value: value >= 1, remedy="give 1 or more, such as 128"
    )
    optimizer: str = option("adam, adamw, nadam, rmsprop, sgd, muon and others.", default="adam", choices=OPTIMIZERS)
    learning_rate: float = option(
        "The peak, where the schedule is one-cycle.", default=0.001,
        check=lambda value: 0 < value < math.inf, remedy="give more than 0, like 0.001",
    )  # fmt: skip
    schedule: str = option(default="constant", choices=("constant", "one-cycle"))
    warm_up: float = option(  # share of the steps before the peak of a one-cycle schedule
        default=0.3, check=_share, remedy="give a share between 0 and 1, such as 0.3", later=True
    )
    l2: float = option(
        "L2 penalty on every kernel.", default=0.0,
        check=lambda value: 0 <= value < math.inf, remedy="give 0 or more, such as 0.01",
    )  # fmt: skip
    dropout: float | None = option(  # None: the network's own rates
        "One rate for every dropout layer.", default=None,
        check=lambda value: 0 <= value < 1, remedy="give 0 or more and below 1",
    )  # fmt: skip
    label_smoothing: float = option(
        "Share of each label that is spread over all classes.", default=0.0,
        check=lambda value: 0 <= value < 1, remedy="give 0 or more and below 1, such as 0.1", later=True,
    )  # fmt: skip
    validation_split: float = option(
        "Share of the rows held out for validation.", default=0.2,
        check=_share, remedy="give a share between 0 and 1, such as 0.2",
    )  # fmt: skip
    augment: bool = option("Random rotation, zoom, shear, shift.", default=False, flag="--augment/--no-augment")
    movements: float = option(
        "How far --augment moves: 1 is 10 degrees, 10 %, 2 pixels.", default=1.0,
        check=lambda value: 0 < value <= MOST_MOVED, remedy=f"give more than 0 and at most {MOST_MOVED}, such as 1.5",
        later=True,
    )  # fmt: skip
    patience: int | None = option(  # None: never
        "Stop after so many epochs without improvement.", default=None,
        check=lambda value: value >= 1, remedy="give 1 or more epochs",
    )  # fmt: skip
    monitor: str = option(default="val_loss", choices=("val_loss", "accuracy"))  # what `patience` watches
    precision: str = option(
        "float32 or mixed_bfloat16.  [default: float32]", default="float32", choices=("float32", "mixed_bfloat16")
    )

    def __str__(self) -> str:
        parts = [f"{self.optimizer} {self.learning_rate:g}", f"batch {self.batch_size}", f"{self.epochs} epochs"]
        parts += ["one-cycle"] * (self.schedule == "one-cycle") + [self._augmented] * self.augment
        parts += [f"L2 {self.l2:g}"] * bool(self.l2)
        parts += [f"label smoothing {self.label_smoothing:g}"] * bool(self.label_smoothing)
        return ", ".join(parts)

    @property
    def _augmented(self) -> str:
        return "augmented" if self.movements == 1 else f"augmented × {self.movements:g}"


def digest_of(values: dict[str, Any]) -> str:
    """SHA-256 of settings, whatever their order."""
    import hashlib

    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


@declared
class Settings(Recipe):
    """Every setting of a training, checked once.

    Raises:
        KitError: A value is out of range; the message names the option.
    """

    arch: str = option()
    seed: int = option(
        flag="--seed", check=lambda value: 0 <= value < 2**32, remedy="give a whole number from 0 to 4294967295"
    )
    split_seed: int = option()  # draws the validation rows: the seed, or that of the run that this one starts from
    from_run: str | None = option()  # its name; its path where it is not one of the same folder
    from_weights: str | None = option(default=None, later=True)  # SHA-256 of its network
    data: str = option()
    fingerprint: str = option()  # of the training rows
    camera: bool = option(default=False, later=True)  # the task is the camera's
    background_share: float | None = option(  # of all scenes, those without a digit; None without --camera
        default=None, later=True, flag="--background-share",
        check=_share, remedy="give a share between 0 and 1, such as 0.4",
    )  # fmt: skip
    size: int | None = option(  # pixels of a scene's side; None without --camera, and of older runs
        default=None, later=True, flag="--size",
        check=lambda value: 32 <= value <= 224, remedy="give 32 to 224 pixels, such as 96",
    )  # fmt: skip
    teacher: str | None = option(default=None, later=True)  # the run whose answers are learned from, as `from_run`
    teacher_weights: str | None = option(default=None, later=True)  # SHA-256 of its network
    teacher_share: float | None = option(  # how much they count beside the labels; None without a teacher
        default=None, later=True, flag="--teacher-share",
        check=lambda value: 0 < value <= 1, remedy="give a share above 0 and up to 1, such as 0.7",
    )  # fmt: skip
    unlabelled: str | None = option(default=None, later=True)  # where pictures without labels are from
    unlabelled_fingerprint: str | None = option(default=None, later=True)
    function: str | None = option(default=None, later=True)  # what builds it, where it is somebody's own network
    code: str | None = option(default=None, later=True)  # SHA-256 of the run's network.py; None where there is none
    folds: int | None = option(  # trainings, each with another of so many parts of the rows held out
        default=None, later=True, flag="--folds", check=lambda value: value in range(2, MOST_FOLDS + 1),
        remedy=f"give 2 to {MOST_FOLDS}, such as 5",
    )  # fmt: skip
    fold: int | None = option(default=None, later=True)  # which of them it is, from 1; None of the run of all
    time_limit: float | None = option(  # seconds; None where it was not planned by a limit
        default=None, later=True, check=lambda value: 0 < value < math.inf, remedy="give more than 0 seconds"
    )
    imported: str | None = option(default=None, later=True)  # the file of a network that was trained elsewhere
    imported_sha256: str | None = option(default=None, later=True)
    pixels: str | None = option(default=None, later=True)  # which were built into it, as --pixels calls them
    seen: bool = option(default=False, later=True)  # the rows that judge it may be some that it learned from
    learned: str | None = option(default=None, later=True)  # fingerprints of other rows that its weights come from

    def __post_init__(self) -> None:
        options.check(self)
        if self.background_share is not None and not self.task.background:
            raise KitError(
                "--background-share: the competition's rows have no background: add --camera or leave it out"
            )
        if self.background_share is None and self.task.background:
            raise KitError("--background-share None: give a share between 0 and 1, such as 0.4")
        if self.size is not None and not self.camera:
            raise KitError("--size: the competition's rows have 28 x 28 pixels: add --camera or leave it out")
        if self.augment and self.task.examples == "scenes":
            raise KitError("--augment: every scene of --camera is drawn anew already: leave it out")
        if self.movements != 1 and not self.augment:
            raise KitError(f"--movements {self.movements:g}: nothing is moved: add --augment or leave it out")
        if self.fold is not None and not 1 <= self.fold <= (self.folds or 0):
            raise KitError(f"fold {self.fold}: it is none of {self.folds} folds")

    @property
    def task(self) -> Task:
        return CAMERA.of_size(self.size or _SIZE_BEFORE) if self.camera else ROWS

    @property
    def folded(self) -> bool:
        """Whether it is a run of several trainings, whose networks are averaged."""
        return self.folds is not None and self.fold is None

    def of_fold(self, fold: int) -> "Settings":
        """Those of one of the trainings of a run in folds, from 1; its seed follows from the run's and this number."""
        import numpy as np

        seed = int(np.random.SeedSequence(self.seed, spawn_key=(fold,)).generate_state(1)[0])
        return dataclasses.replace(self, fold=fold, seed=seed)

    @classmethod
    def read(cls, values: dict[str, Any], path: object) -> "Settings":
        """The settings that a run's file holds.

        Raises:
            KitError: A setting is unknown, missing or of the wrong type; the message names `path`.
        """
        fields = dataclasses.fields(cls)
        known = {field.name for field in fields if field.name in values or not options.about(field).later}
        if wrong := sorted(values.keys() ^ known):
            what = "unknown" if wrong[0] in values else "missing"
            raise KitError(f"{path}: {what} setting {wrong[0]!r}: was it written by another version of kit?")
        remedy = "restore the file or train again"
        types = _types(cls)  # type: ignore[arg-type]  # mypy takes a dataclass' hash for its objects'
        checked(types, {name: _printable(value) for name, value in values.items()}, path, remedy)
        try:
            return cls(**values)
        except KitError as error:
            raise KitError(f"{path}: damaged, {' '.join(str(error).split())}; {remedy}") from error


def typed(given: dict[str, Any]) -> dict[str, Any]:
    """Values for settings as JSON has them: NumPy's and 10.0 for 10 too; KitError at one of another type."""
    from pydantic import ValidationError

    kinds = {field.name: field.type for field in dataclasses.fields(Settings)}
    found = {name: plain(value, kinds[name]) for name, value in given.items()}
    try:
        _types(Settings)(**found)
    except ValidationError as error:
        raise KitError(fault_of(error)) from error
    return found


def recipe_of(values: dict[str, Any], where: str) -> Recipe:
    """The recipe of these values; KitError, which begins with `where`, at the first that is wrong."""
    from pydantic import ValidationError

    try:
        recipe = Recipe(**_types(Recipe)(**values).model_dump(exclude_unset=True))
        options.check(recipe)
    except ValidationError as error:
        raise KitError(f"{where}: {fault_of(error)}") from error
    except KitError as error:
        raise KitError(f"{where}: {error}") from error
    return recipe


@functools.cache
def _types(cls: Any) -> type[Any]:
    """The types of all fields, for pydantic."""
    from pydantic import ConfigDict, create_model

    types: dict[str, Any] = {field.name: (field.type, None) for field in dataclasses.fields(cls)}
    return create_model(cls.__name__, __config__=ConfigDict(allow_inf_nan=False, strict=True), **types)


def _printable(value: Any) -> Any:
    """A text with what stands for bytes that are no text, as in a folder's name, replaced: pydantic has none of it."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else value
