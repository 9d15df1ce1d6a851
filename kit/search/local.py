"""Trainings in this process, one after the other, as an engine: what a cluster of workers is too."""

from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Protocol

from kit import KitError
from kit.data.loading import LabelledDigits
from kit.files import remove
from kit.run.folder import Run
from kit.training.events import Epoch, Event, Failed, Finished, Happened
from kit.training.loop import Training
from kit.training.networks import Network
from kit.training.own_network import OwnNetwork
from kit.training.progress import Progress


class Engine(Protocol):
    """What trains: this process, or a cluster (`kit.training.cluster`)."""

    @property
    def workers(self) -> int:
        """How many trainings it does at once."""

    def start(self, key: str, run: Run, digits: LabelledDigits) -> None:
        """Has a run trained to its end, from where it stands."""

    def events(self) -> Iterator[Happened]:
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
        self._under_way: tuple[str, Generator[Epoch]] | None = None
        self._stopped = set[str]()

    def start(self, key: str, run: Run, digits: LabelledDigits) -> None:
        self._waiting.append((key, run, digits))

    def events(self) -> Iterator[Event]:
        while self._waiting:
            key, run, digits = self._waiting.popleft()
            try:
                epochs = self._trained(key, run, digits)
                self._under_way = key, epochs
                yield from epochs
            except KitError as error:
                yield Failed(key, error)
            else:
                if key not in self._stopped:
                    yield Finished(key)

    def stop(self, key: str) -> None:
        self._stopped.add(key)
        self._waiting = deque(each for each in self._waiting if each[0] != key)
        if self._under_way and self._under_way[0] == key:
            self._under_way[1].close()

    def _trained(self, key: str, run: Run, digits: LabelledDigits) -> Generator[Epoch]:
        """Trains a run to its end from where it stands; whoever closes this lets go of it."""
        with run.locked():
            training = Training(digits, run.settings, self._network)
            training.run = run
            training.start()
            with closing(training.rows(Progress(run.settings.epochs, shown=False))) as rows:
                for row in rows:
                    yield Epoch(key, row, row is training.state.best, "")
        remove(run.state)
