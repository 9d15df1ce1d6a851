"""What `kit export` can be asked for, and whether it fits together."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kit import KitError
from kit.exporting.compression import check_compression, compressions
from kit.exporting.formats import DEFAULT_TARGETS, SUFFIXES, TARGETS, check_target
from kit.exporting.requirements import require
from kit.options import check, declared, option
from kit.run.settings import RUNS

if TYPE_CHECKING:
    from kit.run.runs import RunName

EXPORTS = Path("exports")
APP = Path("mobile/DigitCamera")  # in a clone of the project
APPS_MODEL = APP / "Model" / "DigitCamera.mlpackage"  # what it is built with
MAX_LOSS = 0.1  # points of accuracy that a compression may cost
AUTHOR, LICENSE = "kit", "MIT"
AUTO = "auto"
_APPS_TARGETS = ("iOS15", "iOS16", "iOS17")


@declared
class Options:
    """What `export` can be asked for, checked against each other; what depends on the run is checked with it.

    Raises:
        KitError: An option has a value that there is not, or does not fit another.
    """

    run: "RunName | None" = option(
        "Name or number; the best one without.", default=None, metavar="RUN", argument=True, kw_only=False
    )
    format: str = option(
        "mlprogram (.mlpackage), neuralnetwork (.mlmodel), tflite or onnx.", default="mlprogram", choices=SUFFIXES
    )
    target: str | None = option(
        "The oldest system that must run it: iOS13 to iOS18.  [default: iOS17; iOS13 as neuralnetwork]", default=None
    )
    input: str = option(
        "image, a grey picture; or array, its numbers row by row.", default="image", choices=("image", "array")
    )
    precision: str | None = option(
        "float16 or float32.  [default: float16 as mlprogram, else float32]",
        default=None,
        choices=("float16", "float32"),
    )
    background: bool | None = option(
        "Keep the class without a digit.", default=None, flag="--background/--no-background"
    )
    compress: str | None = option(
        "palette4, palette6, palette8, int8, prune50, prune75; auto: the smallest good one.", default=None
    )
    max_loss: float = option(
        "Points of validation accuracy that --compress may cost.", default=MAX_LOSS,
        check=lambda value: 0 <= value <= 100, remedy="give points of accuracy, 0 to 100, such as 0.1",
    )  # fmt: skip
    name: str | None = option("The file's name without ending.  [default: the run's]", default=None)
    author: str = option("What Xcode shows as the author.", default=AUTHOR)
    license: str = option("What Xcode shows as the licence.", default=LICENSE)
    app: bool = option("Put it into mobile/, the iPhone app of this clone.", default=False)
    overwrite: bool = option("Replace another export of that name.", default=False)
    data: Path | str | None = option("Where train.csv is.  [default: where it was]", default=None, metavar="PATH")
    runs: Path | str = option("Where the runs are.", default=RUNS, metavar="FOLDER")
    to: Path | str = option("Where the file goes.", default=EXPORTS, metavar="FOLDER")
    notify: Callable[[str], None] | None = option(default=None)  # called with a line for people

    def __post_init__(self) -> None:
        check(self)
        if self.max_loss != MAX_LOSS and self.compress is None:
            raise KitError(
                f"--max-loss {self.max_loss:g}: nothing is lost without --compress: add it or leave this out"
            )
        if self.of_core_ml:
            self._check_core_ml()
        else:
            self._check_portable()
        if self.app:
            self._check_app()

    @property
    def of_core_ml(self) -> bool:
        return self.format in TARGETS

    @property
    def oldest(self) -> str | None:
        """The oldest system that must run it; None outside Core ML."""
        return self.target or DEFAULT_TARGETS.get(self.format)

    @property
    def stored_precision(self) -> str:
        """Of the weights."""
        return self.precision or ("float16" if self.format == "mlprogram" else "float32")

    @property
    def replaces(self) -> bool:
        """Whether it takes the place of an export that has its name."""
        return self.overwrite or self.app

    @property
    def compressions(self) -> list[str | None]:
        """What to try."""
        if self.compress != AUTO:
            return [self.compress]
        return [None, *compressions(self.format, str(self.oldest))]

    def words(self, compressed: str | None) -> str:
        """What is made, for people."""
        kind = {"mlprogram": "an ML program", "neuralnetwork": "a neural network"}.get(self.format, self.format)
        target = f" for {self.oldest}" if self.oldest else ""
        return f"{kind}{target} in {self.stored_precision}{f', {compressed}' if compressed else ''}"

    def _check_core_ml(self) -> None:
        require(self.format)
        check_target(self.format, str(self.oldest))
        if self.compress not in (None, AUTO):
            check_compression(self.format, str(self.oldest), str(self.compress))
        if self.format == "neuralnetwork" and self.compress and self.precision == "float16":
            raise KitError("--precision float16: a neural network is compressed from float32: leave it out")

    def _check_portable(self) -> None:
        for given, unknown in (
            (f"--target {self.target}", self.target), (f"--input {self.input}", self.input != "image"),
            (f"--compress {self.compress}", self.compress),
            (f"--precision {self.precision}", self.format == "onnx" and self.precision == "float16"),
            (f"--author {self.author}", self.author != AUTHOR), (f"--license {self.license}", self.license != LICENSE),
        ):  # fmt: skip
            if unknown:
                raise KitError(f"{given}: {self.format} does not have it here: leave it out")
        require(self.format)

    def _check_app(self) -> None:
        if not APP.is_dir():
            raise KitError(
                f"--app: {APP} is not here: run this in a clone of the project, or leave it out and use --to"
            )
        if self.format != "mlprogram" or self.oldest not in _APPS_TARGETS or self.input != "image":
            raise KitError("--app: the app takes an ML program for iOS17 or older with a picture as input")
        if Path(self.to) != EXPORTS:
            raise KitError(f"--to {self.to}: --app has a place of its own, {APPS_MODEL.parent}: leave one out")
