"""What `kit import` can be asked for."""

from collections.abc import Callable
from pathlib import Path

from kit import KitError
from kit.options import check, declared, option
from kit.run.settings import RUNS
from kit.training.pixels import PIXELS


@declared
class ImportArguments:
    """What `import_model` can be asked for.

    Raises:
        KitError: An option has a value that there is not, or does not fit another.
    """

    model: Path | str = option(
        "A .keras or .h5 file, or a SavedModel folder.", metavar="MODEL", argument=True, kw_only=False
    )
    name: str | None = option("The run's name after its number.  [default: the file's]", default=None)
    pixels: str | None = option("Which pixels it wants, such as 0-1; found out without.", default=None, choices=PIXELS)
    validation: Path | str | None = option(
        "Labelled rows that it has never seen: all of them judge it.", default=None, metavar="ROWS.csv"
    )
    data: Path | str | None = option(
        "Folder, .csv, .csv.gz or Kaggle's .zip.  [default: data]", default=None, metavar="PATH"
    )
    seed: int | None = option(
        "It has never seen the rows that kit train holds out by this seed.", default=None,
        check=lambda value: 0 <= value < 2**32, remedy="give a whole number from 0 to 4294967295",
    )  # fmt: skip
    validation_split: float | None = option(
        "The share of the rows that is held out.  [default: 0.2]", default=None,
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
