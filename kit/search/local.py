"""Trainings in this process, one after the other, as an engine: what a cluster of workers is too."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from kit import KitError
from kit.data.loading import LabelledDigits
from kit.run.folder import Run
from kit.training.loop import Training
from kit.training.networks import Network
from kit.training.own_network import OwnNetwork


@dataclass(frozen=True)
class Epoch:
    """A training has finished an epoch: its row of the history, and who trains it, "" for this process."""

    key: str
    row: dict[str, float]
    worker: str


@dataclass(frozen=True)
class Finished:
    """A training is done, and its run is whole."""

    key: str


@dataclass(frozen=True)
class Failed:
    """A training has ended by an error that its user can mend, or its loss became NaN."""

    key: str
    error: KitError


Event = Epoch | Finished | Failed


class Engine(Protocol):
    """What trains.

    Attributes:
        workers: How many trainings it does at once.
    """

    workers: int

    def start(self, key: str, run: Run, digits: LabelledDigits) -> None:
        """Has a run trained to its end, from where it stands."""

    def events(self) -> Iterator[Event]:
        """What happens, as it happens; it may be asked for more of the trainings meanwhile."""

    def stop(self, key: str) -> None:
        """Ends a training early; nothing more is heard of it, and its run is let go of."""


class Local:
    """This process.

    Args:
        network: What is trained.
    """

    workers = 1

    def __init__(self, network: Network | OwnNetwork) -> None:
        self._network = network
        self._waiting = deque[tuple[str, Run, LabelledDigits]]()
        self._rows: Iterator[dict[str, float]] | None = None  # of the training that is under way
        self._stopped = set[str]()

    def start(self, key: str, run: Run, digits: LabelledDigits) -> None:
        self._waiting.append((key, run, digits))

    def events(self) -> Iterator[Event]:
        while self._waiting:
            key, run, digits = self._waiting.popleft()
            try:
                self._rows = rows_of(run, digits, self._network)
                for row in self._rows:
                    yield Epoch(key, row, "")
            except KitError as error:
                yield Failed(key, error)
            else:
                if key not in self._stopped:
                    yield Finished(key)

    def stop(self, key: str) -> None:
        self._stopped.add(key)
        if self._rows is not None:
            self._rows.close()  # type: ignore[attr-defined]  # a generator, which lets go of the run


def rows_of(run: Run, digits: LabelledDigits, network: Network | OwnNetwork) -> Iterator[dict[str, float]]:
    """Trains a run to its end from where it stands, an epoch at a time, each as its row of the history."""
    with run.locked():
        if run.finished:
            return
        training = Training(digits, run.settings, network)
        training.run = run
        training.start()
        yield from training.rows(shown=False)
