"""The log of all submissions: a line for each in `submissions/log.csv`."""

import csv
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from kit import KitError
from kit.files import in_plain_words, write_text

LOG = "log.csv"


@dataclass(frozen=True)
class Submission:
    """One line of `submissions/log.csv`.

    Attributes:
        time: When the file was written, UTC.
        file: Its name in the folder.
        sha256: Of its bytes.
        runs: Names of the runs whose probabilities were averaged.
        validation_rows: Rows that none of the runs was trained on; 0 where there are none, or too few to mean much.
        validation_accuracy: Of the averaged probabilities on those rows.
        score: Share of right labels, by `solution.csv` or by Kaggle's public leaderboard.
        scored_by: "solution.csv" or "kaggle".
        reference: Kaggle's number for an uploaded submission.
        message: What was said with the upload.
    """

    time: str
    file: str
    sha256: str
    runs: str
    validation_rows: int
    validation_accuracy: float | None
    score: float | None = None
    scored_by: str | None = None
    reference: int | None = None
    message: str | None = None


COLUMNS = [column.name for column in fields(Submission)]


def record(submission: Submission, folder: Path) -> None:
    """Adds a line to `log.csv`, or renews that of the same file with the same content.

    Raises:
        KitError: The log has other columns, or cannot be written.
    """
    import filelock

    path = folder / LOG
    new = {key: "" if value is None else str(value) for key, value in asdict(submission).items()}
    try:
        with filelock.FileLock(folder / ".log.lock"):
            write_text(path, _text(_renewed(_lines(path), new)))
    except OSError as error:
        raise in_plain_words(error, path) from error


def _lines(path: Path) -> list[dict[str, str]]:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = list(csv.DictReader(io.StringIO(text)))
    if lines and list(lines[0]) != COLUMNS:
        raise KitError(f"{path}: not a log of this version of kit: move it away and submit again")
    return lines


def _renewed(lines: list[dict[str, str]], new: dict[str, str]) -> list[dict[str, str]]:
    """The lines with the new one at the end, in place of an old one of the same file with the same content."""
    old = [line for line in lines if (line["file"], line["sha256"]) == (new["file"], new["sha256"])]
    if not old:
        return [*lines, new]
    # What the new line leaves open the old one may know: the number and the score of an upload.
    known = {key: value for key, value in new.items() if value}
    return [*(line for line in lines if line not in old), old[-1] | known]


def _text(lines: list[dict[str, str]]) -> str:
    output = io.StringIO()
    writer = csv.DictWriter(output, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return output.getvalue()
