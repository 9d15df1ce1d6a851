"""What a training costs on this machine: short epochs of a real one, timed, of which nothing stays."""

import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

from kit.data.loading import LabelledDigits
from kit.files import scratch
from kit.run.runs import create
from kit.run.settings import Settings
from kit.training.examples import examples
from kit.training.loop import DRAW_EVERY, Training
from kit.training.networks import Network
from kit.training.progress import Progress
from kit.training.split import split_of

_ENOUGH = 2.5  # seconds of steps that tell what one takes
_FEW, _JUDGED = 2, 2500  # steps of the shortest epochs, and rows that are judged to time that
_EPOCHS = 1000  # of the training that is timed, so that its learning rate stays low


@dataclass(frozen=True)
class Speed:
    """The seconds of a training.

    Attributes:
        once: Building and tracing, whatever the epochs.
        epoch: Of an epoch, whatever its rows: files are written.
        row: For each row that is learned from.
        judged: For each row that judges.
        picture: Of drawing the history, at most every `DRAW_EVERY` seconds.
    """

    once: float
    epoch: float
    row: float
    judged: float
    picture: float

    def of_epoch(self, rows: float, judged: float) -> float:
        """Seconds of an epoch of so many rows, judged by so many."""
        seconds = self.epoch + rows * self.row + judged * self.judged
        return seconds + self.picture * min(1, seconds / DRAW_EVERY)

    def times(self, factor: float) -> "Speed":
        """Of a network whose epochs cost so many times as much."""
        return replace(self, epoch=self.epoch * factor, row=self.row * factor, judged=self.judged * factor)


def measure(digits: LabelledDigits, settings: Settings, network: Network) -> Speed:
    """Times a training with these settings in some ten seconds; what follows is the same as without."""
    with scratch() as folder:
        started = time.monotonic()
        trial = _Trial(digits, settings, network, folder)
        with trial.training.run.locked():
            trial.training.start()
            built = time.monotonic() - started
            return trial.speed(built)


class _Trial:
    """A training in a folder that is thrown away, an epoch at a time of as many rows as are wanted."""

    def __init__(self, digits: LabelledDigits, settings: Settings, network: Network, folder: Path) -> None:
        self._digits, self._settings = digits, replace(settings, epochs=_EPOCHS)
        self._rows, self._held_out = split_of(digits.labels, settings)
        self.training = Training(digits, self._settings, network)
        self.training.run = create(self._settings, "measured", folder)

    def speed(self, built: float) -> Speed:
        """What its epochs cost, after so many seconds of building."""
        rows, held_out, step = len(self._rows), len(self._held_out), self._settings.batch_size
        few, few_judged = min(_FEW * step, rows // 2), min(10, held_out // 2)
        first = self._epoch(few, few_judged)
        base = min(self._epoch(few, few_judged) for _ in range(2))
        self._epoch(few, few_judged, drawn=True)  # imports what draws
        picture = max(0.0, self._epoch(few, few_judged, drawn=True) - base)
        row = self._row(base, few, few_judged)
        many = min(_JUDGED, held_out)
        judged = max(0.0, self._epoch(few, many) - base) / (many - few_judged)
        epoch = max(0.0, base - few * row - few_judged * judged)
        return Speed(built + max(0.0, first - base), epoch, row, judged, picture)

    def _row(self, base: float, few: int, judged: int) -> float:
        """Seconds of a row, by how much longer epochs of ever more rows take than one of few."""
        rows, seconds, many = 0, 0.0, few
        while seconds < _ENOUGH and many < len(self._rows):
            many = min(2 * many, len(self._rows))
            rows += many - few
            seconds += max(0.0, self._epoch(many, judged) - base)
        return seconds / rows

    def _epoch(self, rows: int, judged: int, *, drawn: bool = False) -> float:
        """Seconds of an epoch that is kept."""
        training = self.training
        training.examples = examples(self._digits, self._settings, self._rows[:rows], self._held_out[:judged])
        training.state.best = None
        training.drawn = -math.inf if drawn else time.monotonic()
        started = time.perf_counter()  # on Windows the monotonic clock moves every 16 ms
        training.epoch(Progress(0, shown=False))
        return time.perf_counter() - started
