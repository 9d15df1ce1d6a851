"""Probabilities → a checked submission file, its score where it can be known, and on request its upload."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from kit import KitError
from kit.competition import kaggle
from kit.competition.log import LOG, Submission, record
from kit.data import csv_format
from kit.data.loading import load, load_submission
from kit.files import check_name, whole_file
from kit.run.folder import Run
from kit.run.prediction import probabilities
from kit.run.runs import RUNS, RunName, chosen
from kit.task import ROWS

SUBMISSIONS = Path("submissions")


def submit(
    run: RunName | Sequence[RunName] | None = None,
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
        run: Which run; several are averaged. The best one by validation accuracy without it.
        data: As in `kit.load`.
        name: The file's name without `.csv`; the runs' names without it.
        overwrite: Replace another submission of that name.
        upload: Send the file to Kaggle and wait for its score.
        message: What Kaggle's list shows beside it.
        runs: The folder of the runs.
        to: The folder for the file and for `log.csv`.
        notify: Called with a line for people: the best run where it was chosen, and before the wait for Kaggle's score.

    Raises:
        KitError: A run or the data is missing or damaged, the name is taken, the file fails its check, there is a
            message without an upload, or Kaggle refuses; nothing is written under the name unless the file is right.
    """
    if message and not upload:
        raise KitError("-m is what Kaggle shows beside an upload: add --upload or leave it out")
    found = chosen(run, runs, task=ROWS, notify=notify)
    path = _path(name or "+".join(one.name for one in found), Path(to))
    images, solution = _rows_to_predict(data, upload)
    labels = probabilities(found, images, runs=runs).argmax(axis=1).astype(np.uint8)
    content = _write(labels, path, overwrite)
    submission = _described(path, content, found, message)
    if solution is not None:
        submission = replace(submission, score=float((labels == solution).mean()), scored_by="solution.csv")
    record(submission, path.parent)
    return _uploaded(submission, path, notify) if upload else submission


def _path(name: str, folder: Path) -> Path:
    """Where the submission of that name goes; names that would lead elsewhere are refused."""
    path = folder / f"{check_name(name).removesuffix('.csv')}.csv"
    if path.name == LOG:
        raise KitError(f"--name {name}: {LOG} is the log of all submissions: choose another name")
    return path


def _rows_to_predict(data: Path | str | None, upload: bool) -> tuple[np.ndarray, np.ndarray | None]:
    """The images of `test.csv`, uint8, and their true labels, which nobody but Kaggle has for Kaggle's own.

    The files must belong together, and to Kaggle if they are for an upload.
    """
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
    return digits.images, solution


def _write(labels: np.ndarray, path: Path, overwrite: bool) -> bytes:
    """Writes the file, which gets its name only after it was read back, and returns its bytes."""
    content = csv_format.format_submission(labels)
    if not overwrite and path.exists() and path.read_bytes() != content:
        raise KitError(f"{path}: another submission has this name: choose one with --name, or --overwrite it")
    with whole_file(path) as temporary:
        temporary.write_bytes(content)
        _check(temporary, path, labels)
    return content


def _check(written: Path, path: Path, labels: np.ndarray) -> None:
    """Reads the file back as Kaggle would, before it gets its name."""
    read = csv_format.parse_submission(written.read_bytes(), str(path))
    if len(read) != len(labels) or (read != labels).any():
        raise KitError(f"{path}: was not written as it was predicted: run the command again")


def _described(path: Path, content: bytes, runs: Sequence[Run], message: str | None) -> Submission:
    """What the log says of a file that was just written."""
    rows, accuracy = common_validation(runs)
    return Submission(
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        file=path.name,
        sha256=hashlib.sha256(content).hexdigest(),
        runs=" ".join(run.name for run in runs),
        validation_rows=rows,
        validation_accuracy=accuracy,
        message=message,
    )


def common_validation(runs: Sequence[Run]) -> tuple[int, float | None]:
    """How many labelled rows none of the runs was trained on, and the accuracy of their average on them.

    Runs on other data or of other classes have no rows in common; then, and with fewer than 100 rows, the accuracy is
    None.
    """
    if len({run.settings.fingerprint for run in runs}) > 1:
        return 0, None
    parts = [run.validation for run in runs]
    if len({part.probabilities.shape[1] for part in parts}) > 1:
        return 0, None
    rows = parts[0].rows
    for part in parts[1:]:
        rows = np.intersect1d(rows, part.rows)
    if len(rows) < 100:
        return len(rows), None
    where = [np.searchsorted(part.rows, rows) for part in parts]
    mean = np.mean([part.probabilities[index] for part, index in zip(parts, where, strict=True)], axis=0)
    return len(rows), float((mean.argmax(axis=1) == parts[0].labels[where[0]]).mean())


def _uploaded(submission: Submission, path: Path, notify: Callable[[str], None]) -> Submission:
    """Uploads the file, waits for its score, and logs both."""
    reference = kaggle.upload(path, submission.message or submission.runs, kaggle.COMPETITION)
    submission = replace(submission, reference=reference)
    record(submission, path.parent)  # before the wait: whatever happens then, the reference is known
    notify(f"uploaded as number {reference}; the score takes Kaggle some seconds to some minutes")
    score = kaggle.await_score(reference, kaggle.COMPETITION)
    submission = replace(submission, score=score, scored_by="kaggle")
    record(submission, path.parent)
    return submission
