"""What becomes of trainings that are given to an engine: this process, or a cluster's workers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Begun:
    """A worker has begun with a training, or goes on with it."""

    key: str
    worker: str


@dataclass(frozen=True)
class Epoch:
    """A training has finished an epoch, and what it made is in its folder.

    Attributes:
        row: Of its history.
        kept: Whether it is the best so far.
    """

    key: str
    row: dict[str, float]
    kept: bool
    worker: str


@dataclass(frozen=True)
class Finished:
    """A training has come to its end; its folder is whole."""

    key: str


@dataclass(frozen=True)
class Failed:
    """A training has ended before its end.

    Attributes:
        error: KitError where its user, or the cluster, can do something about it; DivergedError of a loss that is NaN.
    """

    key: str
    error: Exception


@dataclass(frozen=True)
class Quiet:
    """Nothing was heard of any training for a second or so."""


Event = Begun | Epoch | Finished | Failed
Happened = Event | Quiet
