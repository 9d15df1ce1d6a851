"""Picture files → which digit each shows, as a CSV and as a sheet to look at."""

import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from kit import KitError, html, plots
from kit.cells import harmless
from kit.exporting import bundled
from kit.files import whole_file
from kit.reading import picture_files
from kit.reading.reader import Reader, open_reader
from kit.run.runs import RUNS, RunName
from kit.task import BACKGROUND, CAMERA, DIGITS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = ("file", "label", "probability", *(f"p{digit}" for digit in DIGITS), BACKGROUND)
SHEET = 200  # pictures on a sheet
_SHEET = "kit predict --sheet"  # what a sheet says of itself
# A JPEG's own reduction may leave so many pixels a side for each that the network gets: with one they differ visibly
# from the average of all pixels, with two by less than one grey level in the mean.
_LEAST = 2


@dataclass(frozen=True)
class Recognition:
    """What a network reads in pictures.

    Attributes:
        reader: The network.
        files: The n that could be read, in order.
        pixels: uint8 (n, size, size), what the network was given.
        probabilities: float32 (n, classes).
        problems: A line for each file or argument that could not be read.
    """

    reader: Reader
    files: tuple[Path, ...]
    pixels: np.ndarray
    probabilities: np.ndarray
    problems: tuple[str, ...]

    @property
    def labels(self) -> list[str]:
        """The most probable class of each picture; background instead of a digit that is below the threshold.

        A network without a background class always reads a digit.
        """
        reader, contract = self.reader, self.reader.contract
        if contract.background is None:
            return [contract.labels[number] for number in self.probabilities.argmax(axis=1)]
        return [reader.verdict(shares) or contract.background for shares in self.probabilities.astype(np.float64)]

    @property
    def confidences(self) -> np.ndarray:
        """float32 (n,), the probability of each label."""
        numbers = [self.reader.contract.labels.index(label) for label in self.labels]
        return self.probabilities[np.arange(len(numbers)), np.array(numbers, int)]

    def _repr_html_(self) -> str:
        """What a notebook shows: the pictures with their labels, and what could not be read."""
        sheet = [html.image(plots.png(_sheet(self)))] if self.files else []
        return html.facts(self.reader.name, [], *sheet, *map(html.line, self.problems))

    def numbers(self) -> dict[str, Any]:
        """Everything for a program: what `kit predict --json` prints."""
        reader = self.reader
        rows = zip(self.files, self.labels, self.confidences, self.probabilities, strict=True)
        return {
            "model": reader.name,
            "threshold": reader.contract.threshold,
            "pictures": [
                {
                    "file": str(file),
                    "label": label,
                    "probability": float(confidence),
                    "probabilities": dict(zip(reader.contract.labels, map(float, probabilities), strict=True)),
                }
                for file, label, confidence, probabilities in rows
            ],
            "problems": list(self.problems),
        }


def predict(
    model: RunName | None,
    images: Sequence[str | Path] | str | Path,
    *,
    fit: str = "crop",
    csv: Path | str | None = None,
    sheet: Path | str | None = None,
    overwrite: bool = False,
    runs: Path | str = RUNS,
    notify: Callable[[str], None] = lambda line: None,
) -> Recognition:
    """Reads the digits in picture files.

    A network of the competition takes pictures that are as the competition has them and refuses all others.

    Args:
        model: A run or an exported model, or "camera", the one that comes with kit; without it the best run, of the
            camera's if there are any, and where there is no run, the one that comes with kit.
        images: Files, folders and globs.
        fit: Of a picture that is not square, "crop" takes the central square and "pad" the whole, on a square.
        csv: Write all probabilities to this file, under COLUMNS, names as `kit.cells.harmless` has them.
        sheet: Draw the first SHEET pictures with their labels to this PNG file.
        overwrite: Replace whatever file is there; without it only a CSV or sheet of an earlier prediction is replaced.
        runs: Where the runs are.
        notify: Called with a line for people, such as which run is the best one.

    Raises:
        KitError: There is no such run, the arguments name no file, or the CSV or sheet cannot be written; that another
            file has its name is seen before anything is read. A picture that cannot be read is no error: it is one of
            the `problems`.
    """
    picture_files.check_fit(fit)
    taken = _check_outputs(csv, sheet, overwrite)
    files, problems = picture_files.expand([images] if isinstance(images, str | Path) else images)
    if not files:
        raise KitError("; ".join(problems) or "no pictures: give files, folders or globs")
    reader = open_reader(model, runs, prefer=CAMERA, notify=notify)
    as_it_is = reader.contract.crop == "centred"
    take = partial(_as_it_is, reader) if as_it_is else partial(photographed, reader, fit=fit)
    found = recognize(reader, files, take, problems)
    if csv and found.files:
        _write_csv(found, Path(csv), replace=csv in taken)
    if sheet and found.files:
        _draw(found, Path(sheet), replace=sheet in taken)
        notify(f"{sheet}: {min(SHEET, len(found.files)):,} of {len(found.files):,} pictures")
    return found


def recognize(
    reader: Reader, files: Sequence[Path], take: Callable[[Path], np.ndarray], problems: Sequence[str] = ()
) -> Recognition:
    """Takes what the network is to see from all files, on all cores, then reads it.

    Args:
        reader: The network.
        files: Which.
        take: A file → uint8 (size, size); its KitError becomes one of the `problems`.
        problems: Those there are already.

    Raises:
        KitError: No answer of the network makes sense; where some do, the others become `problems`.
    """

    def attempt(file: Path) -> np.ndarray | KitError:
        try:
            return take(file)
        except KitError as error:
            return error

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        taken = list(zip(files, pool.map(attempt, files), strict=True))
    unreadable = [str(error) for _, error in taken if isinstance(error, KitError)]
    seen = [(file, pixels) for file, pixels in taken if isinstance(pixels, np.ndarray)]
    stack = np.array([pixels for _, pixels in seen], np.uint8).reshape(-1, reader.contract.size, reader.contract.size)
    answers = reader.read(stack) if len(stack) else np.zeros((0, reader.contract.classes), np.float32)
    faults = [_fault(reader, answer) for answer in answers]
    if faults and all(faults):
        raise KitError(faults[0])
    sound = [place for place, fault in enumerate(faults) if not fault]
    unsound = [f"{file}: {fault}" for (file, _), fault in zip(seen, faults, strict=True) if fault]
    files = tuple(seen[place][0] for place in sound)
    return Recognition(reader, files, stack[sound], answers[sound], (*problems, *unreadable, *unsound))


def _fault(reader: Reader, answer: np.ndarray) -> str:
    """Why an answer makes no sense; empty where it does."""
    try:
        reader.checked(answer)
    except KitError as error:
        return str(error)
    return ""


def photographed(reader: Reader, source: Path | BinaryIO, fit: str = "crop") -> np.ndarray:
    """What the network is given of a photograph, as the app gives it: uint8 (size, size).

    Raises:
        KitError: The file cannot be read.
    """
    return reader.seen(picture_files.read(source, fit=fit, least=_LEAST * reader.side))


def _as_it_is(reader: Reader, file: Path) -> np.ndarray:
    """A picture that is what a network of the competition expects."""
    size = reader.contract.size
    pixels = picture_files.grey(file, least=_LEAST * size)
    if pixels.shape != (size, size) or np.median(pixels) > 127:
        raise KitError(
            f"{file}: {reader.name} expects {size} x {size} grey pixels, white on black; a camera network reads "
            f"photographs: kit train --camera, or kit predict {bundled.NAME}"
        )
    return pixels


def _check_outputs(csv: Path | str | None, sheet: Path | str | None, overwrite: bool) -> set[Path | str]:
    """Those names under which there is a file that may be replaced.

    Raises:
        KitError: It may not be: `--sheet *.png` names a photograph.
    """
    if csv and picture_files.is_named_like_a_picture(csv):
        raise KitError(f"--csv {csv}: this is a picture's name: give one that ends in .csv")
    if sheet and Path(sheet).suffix.lower() != ".png":
        raise KitError(f"--sheet {sheet}: give a name that ends in .png")
    taken = {}
    for option, path in (("--csv", csv), ("--sheet", sheet)):
        if path and os.path.lexists(path):
            if not Path(path).is_file():
                raise KitError(f"{option} {path}: there is something else under this name: give another")
            taken[path] = option
    for path, option in taken.items():
        is_own, other = (_is_own_csv, "file") if option == "--csv" else (_is_own_sheet, "picture")
        if not overwrite and not is_own(Path(path)):
            in_the_way = f"{option} {path}: there is another {other} under this name"
            raise KitError(f"{in_the_way}: give another, or replace it with --overwrite")
    return set(taken)


def _is_own_csv(path: Path) -> bool:
    header = ",".join(COLUMNS).encode()
    with open(path, "rb") as file:
        return file.read(len(header) + 1).rstrip(b"\r\n") == header


def _is_own_sheet(path: Path) -> bool:
    return plots.is_drawn(path, _SHEET)


def _write_csv(found: Recognition, path: Path, *, replace: bool) -> None:
    labels = found.reader.contract.labels
    places = [labels.index(label) if label in labels else None for label in CAMERA.labels]
    with (
        whole_file(path, replace=replace, parents=True) as temporary,
        # A file's name is bytes on some systems, which surrogates bring through.
        open(temporary, "w", newline="", encoding="utf-8", errors="surrogateescape") as file,
    ):
        file.write(",".join(COLUMNS) + "\n")
        rows = zip(found.files, found.labels, found.confidences, found.probabilities, strict=True)
        for name, label, confidence, shares in rows:
            # str of a float32 has as many digits as tell it from every other.
            cells = [harmless(str(name)), label, confidence, *("" if at is None else shares[at] for at in places)]
            file.write(",".join(_quoted(str(cell)) for cell in cells) + "\n")


def _quoted(cell: str) -> str:
    """As RFC 4180 has it; Python's writer leaves carriage returns bare, and semicolons, which divide in Excel."""
    return f'"{cell.replace(chr(34), chr(34) * 2)}"' if re.search('[",;\t\r\n]', cell) else cell


def _draw(found: Recognition, path: Path, *, replace: bool) -> None:
    plots.save(_sheet(found), path, what=_SHEET, replace=replace, parents=True)


def _sheet(found: Recognition) -> "Figure":
    """The first pictures and what they were read as."""
    rows = list(zip(found.labels, found.confidences, strict=True))[:SHEET]
    captions = [f"{label}  {confidence:.0%}" for label, confidence in rows]
    shown = f"{len(rows):,} of {len(found.files):,} pictures" if len(rows) < len(found.files) else ""
    title = f"{found.reader.name}: {shown or f'{len(rows):,} pictures'}"
    return plots.sheet(found.pixels[:SHEET], captions, title)
