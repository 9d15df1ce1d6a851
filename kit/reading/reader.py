"""A network that is ready to read, made of a run or of an exported model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kit import KitError
from kit.contract import Contract
from kit.exporting import bundled, opening
from kit.model_files import is_model
from kit.reading.frames import CENTRED_SCALE, Region, Stroke, centred, drawn, reduced, rounded
from kit.run.folder import Run
from kit.run.prediction import predictor
from kit.run.runs import RUNS, NoRunError, RunName, find_or_best, named
from kit.task import Task

ROUNDING = 0.02  # by which a network's probabilities may miss 1 in sum, or a single one 0; the app allows as much


@dataclass(frozen=True)
class Reader:
    """A network that is ready to read.

    Attributes:
        name: Of the run or the package.
        contract: What it says of itself.
        network: uint8 (n, size, size, 1) → probabilities (n, classes).
    """

    name: str
    contract: Contract
    network: Callable[[np.ndarray], np.ndarray]

    @property
    def side(self) -> int:
        """Side of the grey square to make of a frame, in pixels."""
        return self.contract.size * CENTRED_SCALE if self.contract.crop == "centred" else self.contract.size

    def square(self, frame: np.ndarray) -> np.ndarray:
        """A square grey uint8 picture of any size as one of `side` pixels."""
        return reduced(frame, Region(0, 0, len(frame)), self.side)

    def seen(self, frame: np.ndarray) -> np.ndarray:
        """What the network gets of a square grey uint8 picture of any size: uint8 (size, size)."""
        return self._seen(self.square(frame))

    def _seen(self, square: np.ndarray) -> np.ndarray:
        return rounded(centred(square, self.contract.size)) if self.contract.crop == "centred" else square

    def read(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 (n, size, size) as `seen` makes them → float32 (n, classes), what the network answers, unchecked."""
        return np.asarray(self.network(pixels[:, :, :, None]), np.float32)

    def checked(self, probabilities: np.ndarray) -> np.ndarray:
        """float64 (classes,), what the network answers for one picture, where these are shares of one whole.

        Raises:
            KitError: They are not: too few, too many, not finite, below 0 or not 1 in sum.
        """
        shares = np.asarray(probabilities, np.float64)
        remedy = "train or export it again"
        if shares.shape != (self.contract.classes,) or not np.isfinite(shares).all():
            raise KitError(f"{self.name} answers with no numbers for its {self.contract.classes} labels: {remedy}")
        if abs(shares.sum() - 1) > ROUNDING:
            raise KitError(f"{self.name} answers with probabilities that add up to {shares.sum():.2f}, not 1: {remedy}")
        if shares.min() < -ROUNDING:
            raise KitError(f"{self.name} answers with a probability of {shares.min():.2f}: {remedy}")
        return shares

    def read_square(self, square: np.ndarray) -> np.ndarray:
        """float64 probabilities of a grey uint8 square of `side` pixels, checked."""
        return self.checked(self.read(self._seen(square)[None])[0])

    def read_frame(self, frame: np.ndarray) -> np.ndarray:
        """float64 probabilities of a square grey uint8 picture of any size, checked."""
        return self.read_square(self.square(frame))

    def drawing(self, strokes: Sequence[Stroke]) -> np.ndarray:
        """The drawing as a grey uint8 square of `side` pixels, in the colours that the network knows."""
        if self.contract.polarity == "white on black":
            return rounded(drawn(strokes, self.side, paper=0, ink=255))
        return rounded(drawn(strokes, self.side))

    def verdict(self, probabilities: np.ndarray) -> str | None:
        """The digit to show for one picture by itself; None for background and below the threshold."""
        contract, best = self.contract, int(probabilities.argmax())
        label = contract.labels[best]
        return label if label != contract.background and probabilities[best] >= contract.threshold else None


def open_reader(
    model: RunName | None = None,
    runs: Path | str = RUNS,
    *,
    prefer: Task | None = None,
    notify: Callable[[str], None] = lambda line: None,
) -> Reader:
    """Opens what a command was given.

    Args:
        model: A run's name, number or path, or what `kit export` wrote, whatever it is called, which is computed
            without Keras; or `bundled.NAME` where no run is called so. Without it the best run, and where there is none
            and no other folder of runs was named, the bundled model.
        runs: Where the runs are.
        prefer: Without a model, the best run of this task where there is one.
        notify: Called with a line that says which model was chosen.

    Raises:
        KitError: There is no such run or model, or it is damaged.
    """
    if isinstance(model, str | Path) and not named(str(model), Path(runs)):
        if is_model(model):
            return _of_saved_model(Path(model))
        if str(model) == bundled.NAME:
            return _of_saved_model(bundled.path())
    try:
        return _of_run(find_or_best(model, runs, prefer=prefer, notify=notify))
    except NoRunError:
        if Path(runs) != RUNS:
            raise
    notify(f"no trained run here yet: {bundled.NAME}, the model that comes with kit, reads")
    return _of_saved_model(bundled.path())


def _of_run(run: Run) -> Reader:
    model = run.model()  # first: it says best what is missing of a run
    return Reader(run.name, run.contract, predictor(model))


def _of_saved_model(path: Path) -> Reader:
    saved = opening.read(path)
    if problems := saved.problems():
        raise KitError(f"{path}: {problems[0]}: export it again with kit export")
    return Reader(path.name, saved.contract, saved.predict)
