"""What `kit sweep` can be asked for."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit.options import check, declared, option
from kit.run.settings import MOST_FOLDS, RUNS

if TYPE_CHECKING:
    from kit.training.networks import Arch

SWEEPS = Path("sweeps")  # where sweeps are, unless somebody says otherwise
TRIALS = 20  # where neither their number nor a time is given
FOLDS = 3


@declared
class SweepArguments:
    """What `sweep` can be asked for.

    Raises:
        KitError: A value is out of range; the message names the option.
    """

    arch: "Arch | None" = option(
        "A network that kit networks lists, or FILE.py[:FUNCTION], your own.  [default: kit]",
        default=None, kw_only=False, metavar="NETWORK",
    )  # fmt: skip
    trials: int | None = option(
        f"How many in all.  [default: {TRIALS}, or as many as --time-limit allows]", default=None,
        check=lambda value: value >= 1, remedy="give 1 or more, such as 20",
    )  # fmt: skip
    time_limit: str | float | None = option(
        "Search no longer than this: 90s, 60m, 2h, 1h30m.", default=None, metavar="TIME"
    )
    space: "Path | str | Mapping[str, Any] | None" = option(
        "What is searched, where it differs from what kit searches.", default=None, metavar="FILE.toml"
    )
    folds: int = option(
        "Judge each by K trainings, each with another K-th of the rows held out.", default=FOLDS, metavar="K",
        check=lambda value: 2 <= value <= MOST_FOLDS, remedy=f"give 2 to {MOST_FOLDS}, such as {FOLDS}",
    )  # fmt: skip
    seed: int = option(
        "What every random choice follows from.", default=0,
        check=lambda value: 0 <= value < 2**32, remedy="give a whole number from 0 to 4294967295",
    )  # fmt: skip
    # Quoted, so that the command takes it as text: a path has one slash where tcp:// has two.
    cluster: "str | Path | None" = option(
        "A trial on each of Dask's workers at once: tcp:// or tls://HOST:8786, an address file, or local:N.",
        default=None, metavar="ADDRESS",
    )  # fmt: skip
    data: Path | str | None = option(
        "Folder, .csv, .csv.gz or Kaggle's .zip.  [default: data]", default=None, metavar="PATH"
    )
    name: str | None = option("The sweep's folder.  [default: the network's name]", default=None)
    sweeps: Path | str = option("Where the sweeps are.", default=SWEEPS, metavar="FOLDER")
    train_best: bool = option("Train the best at the end: a run.", default=False)
    runs: Path | str = option("Where that run goes.", default=RUNS, metavar="FOLDER")
    progress: bool = option(default=True)  # report on standard error
    started: float | None = option(default=None)  # when the command began, on the monotonic clock; now without it

    def __post_init__(self) -> None:
        check(self)
