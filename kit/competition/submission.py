"""Probabilities → a checked submission file, its score where it can be known, and the log of all of them."""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from kit import KitError
from kit.competition import kaggle
from kit.data import csv_format
from kit.data.loading import load, load_submission
from kit.files import in_plain_words, whole_file, write_text
from kit.run.folder import Run
from kit.run.prediction import probabilities as probabilities_of
from kit.run.runs import RUNS, best, find
from kit.task import ROWS

SUBMISSIONS = Path("submissions")
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


def submit(
    run: Sequence[str | Path | Run] | str | Path | Run | None = None,
    *,
    data: Path | str | None = None,
    name: str | None = None,
    overwrite: bool = False,
    upload: bool = False,
    message: str | None = None,
    runs: Path | str = RUNS,
    to: Path | str = SUBMISSIONS,
    notify: Callable[[str], None] = lambda line: None,
) -> Submission:
    """Predicts `test.csv` and writes `submissions/NAME.csv` in the competition's format.

    Args:
        runs: Which runs; several are averaged. The best one by validation accuracy without it.
        data: As in `kit.load`.
        name: The file's name without `.csv`; the runs' names without it.
        overwrite: Replace another submission of that name.
        upload: Send the file to Kaggle and wait for its score.
        message: What Kaggle's list shows beside it.
        folder: Where the runs are.
        to: The folder for the file and for `log.csv`.
        notify: Called with a line for people before the wait for Kaggle's score.

    Raises:
        KitError: A run or the data is missing or damaged, the name is taken, the file fails its check, or Kaggle
            refuses; nothing is written under the name unless the file is right.
    """
    chosen = [run] if isinstance(run, str | Path | Run) else list(run or [best(runs, task=ROWS)])
    found = [find(one, runs) for one in chosen]
    name = name or "+".join(run.name for run in found)
    if not re.fullmatch(r"[\w.+-]+", name) or name.startswith("."):
        raise KitError(f"--name {name}: use letters, digits, '-', '_', '+' and '.' only, and no dot in front")
    path = Path(to) / f"{name.removesuffix('.csv')}.csv"
    if path.name == LOG:
        raise KitError(f"--name {name}: {LOG} is the log of all submissions: choose another name")
    solution = load_submission("solution", data)
    if upload and solution is not None:
        raise KitError(
            "--upload: the rows to predict are not Kaggle's (there is a solution.csv beside them): "
            "kit data fetch kaggle --overwrite first"
        )
    digits = load("test", data)
    expected = load_submission("sample_submission", data)
    for what, other in (("sample_submission.csv", expected), ("solution.csv", solution)):
        if other is not None and len(other) != len(digits):
            raise KitError(
                f"{what}: {len(other):,} rows where {digits.name} has {len(digits):,}: fetch them together again"
            )
    probabilities = probabilities_of(found, digits.images, runs=runs)
    labels = probabilities.argmax(axis=1).astype(np.uint8)
    content = csv_format.format_submission(labels)
    if not overwrite and path.exists() and path.read_bytes() != content:
        raise KitError(f"{path}: another submission has this name: choose one with --name, or --overwrite it")
    with whole_file(path) as temporary:
        temporary.write_bytes(content)
        _check(temporary, path, labels, len(digits) if expected is None else len(expected))
    rows, accuracy = common_validation(found)
    submission = Submission(
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        file=path.name,
        sha256=hashlib.sha256(content).hexdigest(),
        runs=" ".join(run.name for run in found),
        validation_rows=rows,
        validation_accuracy=accuracy,
        message=message if upload else None,
    )
    if solution is not None:
        submission = replace(submission, score=float((labels == solution).mean()), scored_by="solution.csv")
    record(submission, Path(to))
    if upload:
        reference = kaggle.upload(path, message or submission.runs, kaggle.COMPETITION)
        submission = replace(submission, reference=reference)
        record(submission, Path(to))  # before the wait: whatever happens then, the reference is known
        notify(f"uploaded as number {reference}; the score takes Kaggle some seconds to some minutes")
        score = kaggle.await_score(reference, kaggle.COMPETITION)
        submission = replace(submission, score=score, scored_by="kaggle")
        record(submission, Path(to))
    return submission


def common_validation(runs: Sequence[Run]) -> tuple[int, float | None]:
    """How many labelled rows none of the runs was trained on, and the accuracy of their average on them.

    Runs on other data have no rows in common; then, and with fewer than 100 rows, the accuracy is None.
    """
    if len({run.settings.fingerprint for run in runs}) > 1:
        return 0, None
    parts = [run.validation for run in runs]
    rows = parts[0].rows
    for part in parts[1:]:
        rows = np.intersect1d(rows, part.rows)
    if len(rows) < 100:
        return len(rows), None
    where = [np.searchsorted(part.rows, rows) for part in parts]
    mean = np.mean([part.probabilities[index] for part, index in zip(parts, where, strict=True)], axis=0)
    return len(rows), float((mean.argmax(axis=1) == parts[0].labels[where[0]]).mean())


def record(submission: Submission, folder: Path) -> None:
    """Adds a line to `log.csv`, or renews that of the same file with the same content."""
    import filelock

    columns = [column.name for column in fields(Submission)]
    path = folder / LOG
    new = {key: "" if value is None else str(value) for key, value in asdict(submission).items()}
    try:
        with filelock.FileLock(folder / ".log.lock"):
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            lines = list(csv.DictReader(io.StringIO(text)))
            if lines and list(lines[0]) != columns:
                raise KitError(f"{path}: not a log of this version of kit: move it away and submit again")
            old = [line for line in lines if (line["file"], line["sha256"]) == (new["file"], new["sha256"])]
            lines = [line for line in lines if line not in old]
            lines.append((old[-1] if old else {}) | {key: value for key, value in new.items() if value or not old})
            output = io.StringIO()
            writer = csv.DictWriter(output, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(lines)
            write_text(path, output.getvalue())
    except OSError as error:
        raise in_plain_words(error, path) from error


def _check(written: Path, path: Path, labels: np.ndarray, rows: int) -> None:
    """Reads the file back as Kaggle would, before it gets its name."""
    read = csv_format.parse_submission(written.read_bytes(), str(path))
    if len(read) != rows or (read != labels).any():
        raise KitError(f"{path}: was not written as it was predicted: run the command again")
