"""How a network fares on labelled photographs: numbers only.

The folder, or the zip, is laid out as `digits/KIND/LABEL/…` and `background/KIND/…`; so is what the iPhone app and the
page of `kit serve` export of what a person has labelled there. A kind or a file of `background` whose name
ends in `-lookalike` holds letters or symbols that a person might read as a digit; those are counted apart.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from kit import KitError
from kit.reading import picture_files, zipped
from kit.reading.reader import Reader
from kit.reading.recognition import Recognition, photographed, recognize
from kit.task import BACKGROUND, DIGITS

LOOKALIKE = "-lookalike"
ALL = "all"
_GROUPS = ("digits", BACKGROUND)
_LAYOUT = "lay it out as digits/KIND/LABEL/… and background/KIND/…"


@dataclass(frozen=True)
class DigitKind:
    """Photographs of digits of one kind, at the network's threshold.

    Attributes:
        kind: The folder's name, or ALL.
        photographs: How many.
        right: Read right.
        wrong: Taken for another digit.
        silent: Taken for background, or not sure enough.
        best_of_ten: The right digit is the most probable of the ten, whatever the threshold and the background say.
    """

    kind: str
    photographs: int
    right: int
    wrong: int
    silent: int
    best_of_ten: int

    @property
    def accuracy(self) -> float:
        """Share read right, 0 to 1."""
        return self.right / self.photographs


@dataclass(frozen=True)
class BackgroundKind:
    """Photographs without a digit of one kind, at the network's threshold.

    Attributes:
        kind: The folder's name without LOOKALIKE, or ALL.
        lookalike: Whether a person might read these as digits.
        photographs: How many.
        false_alarms: Taken for a digit.
    """

    kind: str
    lookalike: bool
    photographs: int
    false_alarms: int

    @property
    def rate(self) -> float:
        """Share taken for a digit, 0 to 1."""
        return self.false_alarms / self.photographs


@dataclass(frozen=True)
class Balance:
    """The lowest threshold at which no larger share of backgrounds is taken for a digit than of digits is missed.

    It is found on the very photographs that it is judged by, so it flatters; look-alikes do not count.

    Attributes:
        threshold: 0 to 1.
        accuracy: Share of all digits that is read right with it, 0 to 1.
        false_alarms: Share of all backgrounds that is taken for a digit with it, 0 to 1.
    """

    threshold: float
    accuracy: float
    false_alarms: float


@dataclass(frozen=True)
class Failure:
    """A photograph that is not read as it should be.

    Attributes:
        file: Below the folder, or in the zip, of photographs.
        truth: The digit, or "background".
        taken: The digit it is taken for; "background" where nothing is shown.
        probability: Of the most probable class.
        lookalike: Whether a person might read it as a digit, though it is none.
        pixels: uint8 (size, size), what the network was given.
    """

    file: Path
    truth: str
    taken: str
    probability: float
    lookalike: bool
    pixels: np.ndarray


@dataclass(frozen=True)
class Photographs:
    """What was found.

    Attributes:
        folder: Where the photographs are, or the zip that holds them.
        model: The run or package that read them.
        threshold: Its own, at which everything here is counted.
        digits: By kind, at last of ALL where there are several.
        backgrounds: By kind, the look-alikes behind the others, each at last of ALL where there are several.
        balance: None without both digits and backgrounds.
        failures: The surest first.
        problems: A line for each file that could not be read.
    """

    folder: Path
    model: str
    threshold: float
    digits: tuple[DigitKind, ...]
    backgrounds: tuple[BackgroundKind, ...]
    balance: Balance | None
    failures: tuple[Failure, ...]
    problems: tuple[str, ...]

    def numbers(self) -> dict[str, Any]:
        """Everything for a program."""
        return {
            "folder": str(self.folder),
            "model": self.model,
            "threshold": self.threshold,
            "digits": [vars(kind) | {"accuracy": kind.accuracy} for kind in self.digits],
            "backgrounds": [vars(kind) | {"rate": kind.rate} for kind in self.backgrounds],
            "balance": vars(self.balance) if self.balance else None,
            "failures": [
                {key: value for key, value in vars(failure).items() if key != "pixels"} | {"file": str(failure.file)}
                for failure in self.failures
            ],
            "problems": list(self.problems),
        }


def judge(reader: Reader, folder: Path | str, *, fit: str = "crop") -> Photographs:
    """Reads all photographs of a folder as the app does and counts by kind.

    Args:
        reader: The network; one of the competition's gets the ink found and centred, as the app does for it.
        folder: Laid out as above, or a zip of such a folder; what holds nothing but such a folder is taken for it.
        fit: As for `picture_files.read`.

    Raises:
        KitError: There is nothing in the folder, or it is laid out otherwise.
    """
    picture_files.check_fit(fit)
    with _opened(Path(folder)) as (top, files, problems, opened):
        if not files:
            raise KitError(f"{folder}: no photographs in it: {_LAYOUT}")
        for file in files:
            _truth(file.relative_to(top), top)  # before anything is read

        def take(file: Path) -> np.ndarray:
            source = opened(file)
            try:
                return photographed(reader, source, fit)
            except KitError as error:
                raise error if source == file else KitError(f"{file}: {error}") from error

        found = recognize(reader, files, take, problems)
    if not found.files:
        raise KitError(f"{folder}: none of {len(files):,} photographs can be read: {found.problems[0]}")
    return _count(found, top)


_Opened = tuple[Path, list[Path], list[str], Callable[[Path], Path | BinaryIO]]


@contextmanager
def _opened(folder: Path) -> Iterator[_Opened]:
    """Below what the layout begins, the photographs there, a line for each that is not found, and what opens one."""
    if folder.is_dir():
        top = _top(folder, [part for part in folder.glob("[!.]*") if part.is_dir()])
        files, problems = picture_files.expand([top / part for part in _GROUPS if (top / part).is_dir()])
        yield top, files, problems, lambda file: file
    elif folder.is_file():
        with zipped.pictures_in(folder) as (files, opened):
            top = _top(folder, list({folder / file.relative_to(folder).parts[0] for file in files}))
            files = [file for file in files if any(file.is_relative_to(top / part) for part in _GROUPS)]
            yield top, files, [], opened
    else:
        raise KitError(f"{folder}: no such folder: name one with photographs")


def _top(folder: Path, inside: Sequence[Path]) -> Path:
    """The folder itself, or the only one in it: what unpacks an archive often puts one around it."""
    return inside[0] if len(inside) == 1 and inside[0].name not in _GROUPS else folder


def table_of_digits(found: Photographs) -> list[list[str]]:
    """For people, the headings first."""
    headings = ["digits", "photographs", "read right", "share", "taken for another", "silent", "best of ten"]
    return [headings] + [
        [
            kind.kind, f"{kind.photographs:,}", f"{kind.right:,}", f"{kind.accuracy:.1%}", f"{kind.wrong:,}",
            f"{kind.silent:,}", f"{kind.best_of_ten / kind.photographs:.1%}",
        ]
        for kind in found.digits
    ]  # fmt: skip


def table_of_backgrounds(found: Photographs) -> list[list[str]]:
    """For people, the headings first."""
    rows = [
        [
            f"{kind.kind}{', look-alikes' if kind.lookalike else ''}",
            f"{kind.photographs:,}",
            f"{kind.false_alarms:,}",
            f"{kind.rate:.1%}",
        ]
        for kind in found.backgrounds
    ]
    return [["without a digit", "photographs", "false alarms", "share"], *rows]


def sentences(found: Photographs) -> list[str]:
    """The threshold and the one that would balance, in plain words."""
    lines = [f"Counted at the threshold of {found.model}, {found.threshold:.4g}: below it nothing is shown."]
    if balance := found.balance:
        lines.append(
            f"On these photographs {balance.threshold:.4f} balances: {balance.accuracy:.1%} of the digits read right, "
            f"{balance.false_alarms:.1%} false alarms, look-alikes not counted."
        )
    return lines


def balance_of(
    confidences: np.ndarray, digits_read: np.ndarray, right: np.ndarray, background: np.ndarray
) -> Balance | None:
    """The balance of photographs, each of one digit or of none.

    Args:
        confidences: float64 (n,) of the most probable class.
        digits_read: (n,) bool, whether that is a digit.
        right: (n,) bool, whether it is the right one.
        background: (n,) bool, whether there is no digit to read.
    """
    digits, backgrounds = int((~background).sum()), int(background.sum())
    if not digits or not backgrounds:
        return None
    hits, alarms = np.sort(confidences[right & ~background]), np.sort(confidences[digits_read & background])
    # What is as sure as the threshold is shown, so shares change just above a confidence.
    for threshold in [0.0, *(math.nextafter(float(value), math.inf) for value in np.sort(np.append(hits, alarms)))]:
        accuracy = (len(hits) - int(np.searchsorted(hits, threshold))) / digits
        rate = (len(alarms) - int(np.searchsorted(alarms, threshold))) / backgrounds
        if rate <= 1 - accuracy:
            return Balance(threshold, accuracy, rate)
    raise AssertionError("above all confidences nothing is read and nothing alarms")


def _truth(file: Path, folder: Path) -> tuple[str, str, bool]:
    """Label, kind and whether it is a look-alike, of a path below the folder."""
    group, *parts, name = file.parts
    if group == BACKGROUND and parts:
        marked = [part.endswith(LOOKALIKE) for part in (parts[0], Path(name).stem)]
        return BACKGROUND, parts[0].removesuffix(LOOKALIKE), any(marked)
    if group == "digits" and len(parts) >= 2 and parts[1] in DIGITS:
        return parts[1], parts[0], False
    raise KitError(f"{folder / file}: neither a digit's nor a background's place: {_LAYOUT}")


@dataclass(frozen=True)
class _Read:
    """The photographs beside what was read in them, all (n,) but for `pixels`.

    Attributes:
        files: Below the folder.
        truths: The digits, or "background".
        kinds: The folders' names.
        lookalikes: bool, whether a person might read it as a digit, though it is none.
        best: The most probable classes.
        confidences: Their probabilities.
        shown: The digits that are shown, "background" where none is.
        best_of_ten: The most probable digits.
        pixels: uint8 (n, size, size), what the network was given.
    """

    files: list[Path]
    truths: np.ndarray
    kinds: np.ndarray
    lookalikes: np.ndarray
    best: np.ndarray
    confidences: np.ndarray
    shown: np.ndarray
    best_of_ten: np.ndarray
    pixels: np.ndarray

    @property
    def background(self) -> np.ndarray:
        return self.truths == BACKGROUND

    @property
    def right(self) -> np.ndarray:
        return self.shown == self.truths

    @property
    def silent(self) -> np.ndarray:
        return self.shown == BACKGROUND


def _count(found: Recognition, folder: Path) -> Photographs:
    reader, read = found.reader, _beside_the_truth(found, folder)
    return Photographs(
        folder=folder,
        model=reader.name,
        threshold=reader.contract.threshold,
        digits=tuple(_digit_kind(read, kind, where) for kind, where in _by_kind(read.kinds, ~read.background)),
        backgrounds=tuple(
            BackgroundKind(kind, lookalike, len(where), int((~read.silent[where]).sum()))
            for lookalike in (False, True)
            for kind, where in _by_kind(read.kinds, read.background & (read.lookalikes == lookalike))
        ),
        balance=_balance(read),
        failures=_failures(read),
        problems=found.problems,
    )


def _beside_the_truth(found: Recognition, folder: Path) -> _Read:
    reader, labels = found.reader, found.reader.contract.labels
    shares = found.probabilities.astype(np.float64)
    files = [file.relative_to(folder) for file in found.files]
    truths, kinds, lookalikes = zip(*(_truth(file, folder) for file in files), strict=True)
    ten = shares[:, [labels.index(digit) for digit in DIGITS]]
    return _Read(
        files=files,
        truths=np.array(truths),
        kinds=np.array(kinds),
        lookalikes=np.array(lookalikes),
        best=np.array(labels)[shares.argmax(axis=1)],
        confidences=shares.max(axis=1),
        shown=np.array([reader.verdict(row) or BACKGROUND for row in shares]),
        best_of_ten=np.array(DIGITS)[ten.argmax(axis=1)],
        pixels=found.pixels,
    )


def _digit_kind(read: _Read, kind: str, where: np.ndarray) -> DigitKind:
    right, silent = read.right[where], read.silent[where]
    return DigitKind(
        kind=kind,
        photographs=len(where),
        right=int(right.sum()),
        wrong=int((~right & ~silent).sum()),
        silent=int(silent.sum()),
        best_of_ten=int((read.best_of_ten[where] == read.truths[where]).sum()),
    )


def _balance(read: _Read) -> Balance | None:
    counted = ~read.lookalikes
    digits_read, right = np.isin(read.best, DIGITS), read.best == read.truths
    return balance_of(read.confidences[counted], digits_read[counted], right[counted], read.background[counted])


def _failures(read: _Read) -> tuple[Failure, ...]:
    failed = np.flatnonzero(~read.right)
    return tuple(
        Failure(
            file=read.files[at],
            truth=str(read.truths[at]),
            taken=str(read.shown[at]),
            probability=float(read.confidences[at]),
            lookalike=bool(read.lookalikes[at]),
            pixels=read.pixels[at],
        )
        for at in failed[np.argsort(-read.confidences[failed], kind="stable")]
    )


def _by_kind(kinds: np.ndarray, among: np.ndarray) -> Sequence[tuple[str, np.ndarray]]:
    """Each kind with the positions of its photographs, and ALL where there are several."""
    names = np.unique(kinds[among]).tolist()
    found = [(name, np.flatnonzero(among & (kinds == name))) for name in names]
    return [*found, (ALL, np.flatnonzero(among))] if len(names) > 1 else found
