"""What `kit train` and `kit import` can be asked for."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from kit import KitError
from kit.options import check, declared, option
from kit.run.settings import RUNS, Recipe
from kit.task import Task
from kit.training.pixels import PIXELS

if TYPE_CHECKING:
    import keras

    from kit.run.runs import RunName
    from kit.training.networks import Arch

TEACHER_SHARE = 0.7
Inspection = Callable[["keras.Model", Task], Iterable[str]]
"""What to say of somebody's own network before it is trained, a line each."""


@declared
class Arguments(Recipe):
    """What `train` can be asked for; a recipe's values stand for those of the network's own."""

    arch: "Arch | None" = option(
        "A network that kit networks lists, or FILE.py[:FUNCTION], your own.  [default: kit; camera with --camera]",
        default=None, kw_only=False, metavar="NETWORK",
    )  # fmt: skip
    camera: bool = option("Learn from scenes as a phone sees them, with the class background.", default=False)
    background_share: float | None = option(
        "Of the scenes, those without a digit; with --camera.  [default: 0.3]", default=None
    )
    folds: int | None = option(
        "Train K networks, each with another K-th of the rows held out; the run averages them.", default=None,
        metavar="K",
    )  # fmt: skip
    data: Path | str | None = option(
        "Folder, .csv, .csv.gz or Kaggle's .zip.  [default: data]", default=None, metavar="PATH"
    )
    name: str | None = option("The run's name after its number.  [default: the network's]", default=None)
    seed: int | None = option("What every random choice follows from.  [default: 0]", default=None)
    from_run: "RunName | None" = option(
        "Start from its weights where shapes match.", default=None, flag="--from", metavar="RUN"
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
    resume: "RunName | None" = option("Go on with a stopped training.", default=None, metavar="RUN")
    runs: Path | str = option("Where the runs are.", default=RUNS, metavar="FOLDER")
    progress: bool = option(default=True)  # report on standard error; a notebook may not want that
    inspect: Inspection | None = option(default=None)  # looks at somebody's own network before it is trained


@declared
class ImportArguments:
    """What `import_model` can be asked for.

    Raises:
        KitError: An option has a value that there is not, or does not fit another.
    """

    model: Path | str = option("A .keras or .h5 file, or a SavedModel folder.", argument=True, kw_only=False)
    name: str | None = option("The run's name after its number.  [default: the file's]", default=None)
    pixels: str | None = option("Which it wants; found out without.", default=None, choices=PIXELS)
    validation: Path | str | None = option(
        "Labelled rows that it has never seen: all of them judge it.", default=None, metavar="ROWS.csv"
    )
    data: Path | str | None = option(
        "Folder, .csv, .csv.gz or Kaggle's .zip.  [default: data]", default=None, metavar="PATH"
    )
    seed: int | None = option(
        "It has never seen the rows that kit train --seed holds out.", default=None,
        check=lambda value: 0 <= value < 2**32, remedy="give a whole number from 0 to 4294967295",
    )  # fmt: skip
    validation_split: float | None = option(
        "Nor more than this share of them.  [default: 0.2]", default=None,
        check=lambda value: 0 < value < 1, remedy="give a share between 0 and 1, such as 0.2",
    )  # fmt: skip
    runs: Path | str = option("Where the runs are.", default=RUNS, metavar="FOLDER")
    notify: Callable[[str], None] | None = option(default=None)  # called with a line for people

    def __post_init__(self) -> None:
        check(self)
        for name in ("data", "seed", "validation_split"):
            if self.validation is not None and getattr(self, name) is not None:
                flag = "--" + name.replace("_", "-")
                raise KitError(f"{flag}: --validation says which rows judge, all of them: leave one of the two out")
