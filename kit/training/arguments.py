"""What `kit train` can be asked for."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kit.options import declared, option
from kit.run.settings import RUNS, Recipe
from kit.task import CAMERA, Task

if TYPE_CHECKING:
    import keras

    from kit.run.runs import RunName
    from kit.training.networks import Arch

TEACHER_SHARE = 0.7
BACKGROUND_SHARE = 0.4
Inspection = Callable[["keras.Model", Task], Iterable[str]]
"""What to say of somebody's own network before it is trained, a line each."""


@declared
class Arguments(Recipe):
    """What `train` can be asked for; a recipe's values stand for those of the network's own."""

    arch: "Arch | None" = option(
        "A network that kit networks lists, or FILE.py[:FUNCTION], your own.  "
        "[default: that of --from; else kit, or camera with --camera]",
        default=None, kw_only=False, metavar="NETWORK",
    )  # fmt: skip
    camera: bool = option("Learn from scenes as a phone sees them, with the class background.", default=False)
    background_share: float | None = option(
        f"Of the scenes, those without a digit; with --camera.  [default: {BACKGROUND_SHARE}]", default=None
    )
    size: int | None = option(
        f"Pixels of a scene's side; with --camera.  [default: {CAMERA.size}]", default=None, metavar="PIXELS"
    )
    folds: int | None = option(
        "Train K networks, each with another K-th of the rows held out; the run averages them.", default=None,
        metavar="K",
    )  # fmt: skip
    time_limit: str | float | None = option(
        "Train the best recipe that this machine finishes in this time: 90s, 60m, 2h, 1h30m.", default=None,
        metavar="TIME",
    )  # fmt: skip
    data: Path | str | None = option(
        "Folder, .csv, .csv.gz or Kaggle's .zip.  [default: data]", default=None, metavar="PATH"
    )
    name: str | None = option("The run's name after its number.  [default: the network's]", default=None)
    seed: int | None = option("What every random choice follows from.  [default: 0]", default=None)
    from_run: "RunName | None" = option(
        "Start from its weights where layers' names and shapes match.", default=None, flag="--from", metavar="RUN"
    )
    teacher: "RunName | None" = option(
        "Learn from its answers beside the labels; best one in folds.", default=None, metavar="RUN"
    )
    teacher_share: float | None = option(
        f"How much they count beside the labels; with --teacher.  [default: {TEACHER_SHARE}]", default=None
    )
    unlabelled: Path | str | None = option(
        "Learn from these pictures too, as the teacher reads them.", default=None, metavar="test.csv"
    )
    # Quoted, so that the command takes it as text: a path has one slash where tcp:// has two.
    cluster: "str | Path | None" = option(
        "Train the folds at once, on Dask's workers: tcp:// or tls://HOST:8786, an address file, or local:N.",
        default=None, metavar="ADDRESS",
    )  # fmt: skip
    resume: "RunName | None" = option("Go on with a stopped training.", default=None, metavar="RUN")
    runs: Path | str = option("Where the runs are.", default=RUNS, metavar="FOLDER")
    progress: bool = option(default=True)  # report on standard error; a notebook may not want that
    started: float | None = option(default=None)  # when the command began, on the monotonic clock; now without it
    callbacks: "Sequence[keras.callbacks.Callback]" = option(default=())  # Keras', told of each epoch and batch
    inspect: Inspection | None = option(default=None)  # looks at somebody's own network before it is trained
