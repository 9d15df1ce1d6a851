"""The log of all submissions, `submissions/log.csv`: a line for each file and for each upload.

It is somebody's document too: opened in a spreadsheet, sorted, saved in another form. It is read in all of these, and
what is entered leaves the rest of its bytes alone.
"""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from kit import KitError, html
from kit.competition.spreadsheet import Row, Table
from kit.files import whole_file
from kit.system import in_plain_words

LOG = "log.csv"

_LOCK = ".log.lock"
_LEAVES_REMOVED = (4, 2)  # filelock's version
_BUSY = 600.0  # seconds to wait for another process that is uploading
_LARGEST = 2 << 20  # bytes; a line has some 200


@dataclass(frozen=True)
class Submission:
    """One line of `submissions/log.csv`.

    Attributes:
        time: When the file was written, UTC.
        file: Its name in the folder.
        sha256: Of its bytes.
        runs: Names of the runs whose probabilities were averaged.
        validation_rows: Rows that none of the runs was trained on; 0 where there are none, too few to mean much, or
            where the file is of several views, which nobody has judged.
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

    def _repr_html_(self) -> str:
        """What a notebook shows: the file, what it is made of, and its score."""
        accuracy = f"{self.validation_accuracy:.2%} of {self.validation_rows:,} rows" if self.validation_rows else None
        found = [
            ("runs", self.runs),
            ("validation accuracy", accuracy),
            ("score", f"{self.score:.5f} by {self.scored_by}" if self.score is not None else None),
            ("uploaded", f"{self.reference}, {self.message or 'without a message'}" if self.reference else None),
        ]
        return html.facts(self.file, found)


COLUMNS = [column.name for column in fields(Submission)]


@dataclass(frozen=True)
class Upload:
    """What the log says of a file that Kaggle has, as it stands there.

    Attributes:
        file: Its name.
        reference: Kaggle's number for it.
        time: When it was written.
        score: Kaggle's, empty where it did not come.
    """

    file: str
    reference: str
    time: str
    score: str


class Log:
    """A folder's log, read whole; `enter` changes what was read, `saved` writes it.

    Raises:
        KitError: It cannot be read, or has no line that names its columns. Nothing is to be written then.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOG
        try:
            self._table = Table(_read(self._path), COLUMNS, numbers=("validation_accuracy", "score"))
        except OSError as error:
            raise in_plain_words(error, self._path) from error
        except ValueError as error:
            raise self._refused(str(error)) from error

    def upload_of(self, sha256: str, file: str) -> Upload | None:
        """The last upload of a file with this content, whatever its name; None where there was none.

        A line whose digest a spreadsheet has made a number of counts for the file that it names.
        """
        for row in reversed(self._table.rows):
            known, named = row.texts["sha256"], row.texts["file"]
            same = known.casefold() == sha256 or (named == file and not re.fullmatch(r"[0-9a-fA-F]{64}", known))
            if same and row.texts["reference"]:
                return Upload(*(row.texts[name] for name in ("file", "reference", "time", "score")))
        return None

    def enter(self, submission: Submission) -> None:
        """Adds a line, or renews the one of the same upload, or of the same file before its upload.

        Raises:
            KitError: The log's encoding has not all of its characters.
        """
        row = self._row_of(submission)
        if row is None:
            self._table.append(asdict(submission))
        elif submission.reference is not None or not row.texts["reference"]:
            self._table.change(row, asdict(submission))
        try:
            self._table.content()
        except UnicodeEncodeError as error:
            characters = ascii(error.object[error.start : error.end])
            raise self._refused(f"its encoding, {error.encoding}, has no {characters}") from error

    @contextlib.contextmanager
    def saved(self) -> Iterator[None]:
        """Writes the log, whole or not at all: ready before the block, under its name after it unless that failed.

        Raises:
            KitError: It cannot be written; it is as it was.
        """
        with whole_file(self._path) as temporary:
            temporary.write_bytes(self._table.content())
            yield

    def _row_of(self, submission: Submission) -> Row | None:
        rows = [
            row
            for row in self._table.rows
            if (row.texts["file"], row.texts["sha256"]) == (submission.file, submission.sha256)
        ]
        if submission.reference is None:
            return rows[-1] if rows else None
        reference = str(submission.reference)
        of_the_upload = [row for row in self._table.rows if row.texts["reference"] == reference]
        not_uploaded = [row for row in rows if not row.texts["reference"]]
        return next(reversed(of_the_upload or not_uploaded), None)

    def _refused(self, problem: str) -> KitError:
        way_out = "save it as CSV UTF-8 with the columns that it had, or give it another name and submit again"
        return KitError(f"{self._path}: {problem}: {way_out}")


def _read(path: Path) -> bytes:
    """The file's bytes, none where it is not there."""
    if not path.is_file():
        if path.exists():
            raise ValueError("it is no file")
        return b""
    with open(path, "rb") as file:
        raw = file.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise ValueError(f"more than {_LARGEST >> 20} MiB are no log of submissions")
    return raw


def record(submission: Submission, folder: Path) -> None:
    """Enters it into the folder's log as that is now; the caller has the folder to itself, by `alone`.

    Raises:
        KitError: The log cannot be read or written; it is as it was.
    """
    log = Log(folder)
    log.enter(submission)
    with log.saved():
        pass


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """While the block runs, no other `kit submit` writes submissions or their log into the folder, which is made.

    Raises:
        KitError: Another one is at it for minutes, or the folder cannot be written to.
    """
    import filelock

    lock = filelock.FileLock(folder / _LOCK, timeout=_BUSY)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout as error:
        raise KitError(f"{folder}: another kit submit is at work here: wait for its end, then run it again") from error
    except OSError as error:
        raise in_plain_words(error, folder) from error
    try:
        yield
    finally:
        # Whoever waits for a file that is removed takes the new one's lock instead, but in older versions both.
        if tuple(int(part) for part in filelock.__version__.split(".")[:2]) >= _LEAVES_REMOVED:
            with contextlib.suppress(OSError):  # Windows removes it at the release
                (folder / _LOCK).unlink()
        lock.release()
