"""Probabilities → a checked submission file, its score where it can be known, and on request its upload."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from kit import KitError
from kit.competition import kaggle
from kit.competition.log import LOG, Log, Submission, Upload, alone, record
from kit.competition.refusals import one_line
from kit.data import csv_format
from kit.data.loading import load, load_submission
from kit.files import TakenError, whole_file
from kit.names import check_name
from kit.run.folder import Run
from kit.run.prediction import probabilities
from kit.run.runs import RUNS, RunName, chosen
from kit.run.views import check_views
from kit.system import in_plain_words
from kit.task import ROWS

SUBMISSIONS = Path("submissions")


def submit(
    run: RunName | Sequence[RunName] | None = None,
    *,
    data: Path | str | None = None,
    views: int = 1,
    name: str | None = None,
    overwrite: bool = False,
    upload: bool = False,
    again: bool = False,
    message: str | None = None,
    runs: Path | str = RUNS,
    to: Path | str = SUBMISSIONS,
    notify: Callable[[str], None] = lambda line: None,
) -> Submission:
    """Predicts `test.csv` and writes `submissions/NAME.csv` in the competition's format.

    Args:
        run: Which run; several are averaged. The best one by validation accuracy without it.
        data: As in `kit.load`.
        views: Of each picture, 1, 5 or 9: as it is, and moved by a pixel each way; their average counts.
        name: The file's name without `.csv`; the runs' names without it.
        overwrite: Replace another submission of that name.
        upload: Send the file to Kaggle and wait for its score. What the log says was sent already is not sent a second
            time, whatever its name: if its score never came, that is looked up.
        again: Send it all the same; Kaggle takes a few a day.
        message: What Kaggle's list shows beside it.
        runs: The folder of the runs.
        to: The folder for the file and for `log.csv`.
        notify: Called with a line for people: the best run where it was chosen, and before the wait for Kaggle's score.

    Raises:
        KitError: The log cannot be read, a run or the data is missing or damaged, the name is taken, the file fails
            its check or was sent already, there is a message without an upload, or Kaggle refuses; nothing is written
            under the name unless the file is right.
    """
    if message and not upload:
        raise KitError("-m is what Kaggle shows beside an upload: add --upload or leave it out")
    check_views(views)
    if again and not upload:
        raise KitError("--again is about an upload: add --upload or leave it out")
    Log(Path(to))  # what cannot be read is said before anything is done
    found = chosen(run, runs, task=ROWS, notify=notify)
    path = _path(name, "+".join(one.file_name for one in found) + f"-{views}-views" * (views > 1), Path(to))
    images, solution = _rows_to_predict(data, upload)
    labels = probabilities(found, images, views=views, runs=runs).argmax(axis=1).astype(np.uint8)
    content = csv_format.format_submission(labels)
    submission = _described(path, content, found, views, message)
    if why := _unjudged(found, views):
        notify(f"no validation accuracy: {why}")
    if solution is not None:
        submission = replace(submission, score=float((labels == solution).mean()), scored_by="solution.csv")
    with alone(path.parent):  # from the look at what is there to the entry of what came of it
        log = Log(path.parent)
        sent = log.upload_of(submission.sha256, path.name) if upload and not again else None
        if sent is None:
            log.enter(submission)
            with log.saved():
                _write(content, labels, path, overwrite)
            submission = _uploaded(submission, path) if upload else submission
    if sent is not None:
        submission = _sent_already(submission, sent, path, notify)
    elif upload:
        notify(f"uploaded as number {submission.reference}; the score takes Kaggle some seconds to some minutes")
    return _scored(submission, path.parent) if upload else submission


def _path(name: str | None, default: str, folder: Path) -> Path:
    """Where the submission of that name goes; names that would lead elsewhere are refused."""
    path = folder / f"{check_name(name, default).removesuffix('.csv')}.csv"
    if path.name.casefold() == LOG:
        given = default if name is None else f"--name {name}"
        raise KitError(f"{given}: {LOG} is the log of all submissions: choose another name with --name")
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


def _write(content: bytes, labels: np.ndarray, path: Path, overwrite: bool) -> None:
    """Writes the file, which gets its name only after it was read back, unless it is there already."""
    try:
        if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
            return
        with whole_file(path, replace=overwrite) as temporary:
            temporary.write_bytes(content)
            _check(temporary, path, labels)
    except TakenError as error:
        raise KitError(
            f"{path}: another submission has this name: choose one with --name, or --overwrite it"
        ) from error
    except OSError as error:
        raise in_plain_words(error, path) from error


def _check(written: Path, path: Path, labels: np.ndarray) -> None:
    """Reads the file back as Kaggle would, before it gets its name."""
    read = csv_format.parse_submission(written.read_bytes(), str(path))
    if len(read) != len(labels) or (read != labels).any():
        raise KitError(f"{path}: was not written as it was predicted: run the command again")


def _described(path: Path, content: bytes, runs: Sequence[Run], views: int, message: str | None) -> Submission:
    """What the log says of a file that was just written."""
    rows, accuracy = (0, None) if _unjudged(runs, views) else common_validation(runs)
    return Submission(
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        file=path.name,
        sha256=hashlib.sha256(content).hexdigest(),
        runs=" ".join(run.name for run in runs),
        validation_rows=rows,
        validation_accuracy=accuracy,
        message=message,
    )


def _unjudged(runs: Sequence[Run], views: int) -> str:
    """Why the runs' own predictions of their validation rows say nothing of this submission; "" where they do."""
    if learned := next((run for run in runs if run.settings.seen), None):
        return f"{learned} may have been trained on the rows that judge it"
    return f"it is of one view: kit analyze --views {views} says what {views} are worth" if views > 1 else ""


def common_validation(runs: Sequence[Run]) -> tuple[int, float | None]:
    """How many labelled rows none of the runs was trained on, and the accuracy of their average on them.

    Runs on other data or of other classes have no rows in common; then, and with fewer than 100 rows, there is no
    accuracy.
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


def _uploaded(submission: Submission, path: Path) -> Submission:
    """Uploads the file, and logs its reference before all else: whatever happens then, it is known."""
    reference = kaggle.upload(path, submission.message or submission.runs, kaggle.COMPETITION)
    submission = replace(submission, reference=reference)
    try:
        record(submission, path.parent)
    except KitError as error:
        raise KitError(f"{error}; the file itself is at Kaggle as number {reference}: write that down") from error
    return submission


def _sent_already(submission: Submission, sent: Upload, path: Path, notify: Callable[[str], None]) -> Submission:
    """The upload that the log knows, if only its score is missing; else the same file is not to be sent twice."""
    file, number, score = map(one_line, (sent.file, sent.reference, sent.score))
    earlier = f"the same labels were uploaded as number {number} on {one_line(sent.time).split('T')[0]} ({file})"
    anew = "--again sends them once more, which costs one of the day's submissions"
    if score or not sent.reference.isdecimal():
        raise KitError(f"{path}: {earlier}, score {score or 'unknown'}: {anew}")
    notify(f"{earlier}: nothing is sent, its score is looked up; {anew}")
    return replace(submission, file=sent.file, time=sent.time, reference=int(sent.reference), message=None)


def _scored(submission: Submission, folder: Path) -> Submission:
    """Waits for the score of what was uploaded, and logs it."""
    assert submission.reference is not None
    score = kaggle.await_score(submission.reference, kaggle.COMPETITION)
    submission = replace(submission, score=score, scored_by="kaggle")
    with alone(folder):
        record(submission, folder)
    return submission
