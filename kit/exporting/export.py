"""A run → a model file for an app, which appears under its name when it is proved."""

import bisect
import contextlib
import dataclasses
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from kit import KitError, __version__, backend, html
from kit.contract import Contract
from kit.exporting import compression, core_ml_model, coreml, opening, portable, proof
from kit.exporting.convertible import Form, obstacles
from kit.exporting.formats import SUFFIXES
from kit.exporting.options import APPS_MODEL, AUTO, Options
from kit.exporting.proof import Proof, Rows
from kit.exporting.saved_model import SavedModel
from kit.files import TakenError, whole_file
from kit.names import check_name
from kit.options import parameters_of
from kit.run.folder import Run
from kit.run.runs import find_or_best
from kit.system import patiently
from kit.task import Task

_UNSURE = 500  # rows


@dataclass(frozen=True)
class Tried:
    """A compression that was tried: its size in bytes, its proof, and whether it is within the loss allowed."""

    compression: str | None
    size: int
    proof: Proof
    within: bool


@dataclass(frozen=True)
class Export:
    """An exported model.

    Attributes:
        path: The package or file.
        contract: What it says of itself.
        size: Bytes on disk.
        proof: How it compares with its network.
        tried: What `--compress auto` tried, the smallest first; empty without.
    """

    path: Path
    contract: Contract
    size: int
    proof: Proof
    tried: tuple[Tried, ...]

    def _repr_html_(self) -> str:
        """What a notebook shows: the file and its proof."""
        contract = self.contract
        what = f"{contract.format}, {contract.precision}" + (f", {contract.compression}" * bool(contract.compression))
        size = f"{self.size:,} bytes"
        return html.facts(str(self.path), [("format", what), ("size on disk", size), *self.proof.facts()])


@parameters_of(Options)
def export(given: dict[str, Any]) -> Export:
    """Writes a model file, reads it back from disk and proves it against the run's network.

    A compression costs points of validation accuracy; "auto" takes the smallest file within `max_loss`, and a pruning
    and another are joined by "+". Without the class of pictures that hold no digit the ten digits sum to 1. What `app`
    puts into the iPhone app replaces what has the name there.

    Raises:
        KitError: An option does not fit another or the run, the run or its data is missing, the disk is full, or the
            model is not what the network is; nothing appears under the name then.
    """
    options = Options(**given)
    notify = options.notify or (lambda line: None)
    run = find_or_best(options.run, options.runs, notify=notify)
    task, path = _task(options, run), _path(options, run)
    maker = _Maker(run, options, task)
    made: list[_Made] = []
    with whole_file(path, replace=options.replaces, parents=True) as temporary, _scratch_in(temporary.parent):
        for number, compressed in enumerate(options.compressions):
            made.append(maker.make(temporary.with_name(f"{number}{path.suffix}"), compressed))
            if made[-1].problems and (options.compress != AUTO or compressed is None):
                raise _refused(path, made[-1].problems, made[-1].proof)
        made.sort(key=lambda one: one.saved.size)
        chosen = next(one for one in made if not one.problems)
        proved = proof.confirm(chosen.proof, chosen.saved, maker.rows)
        contract = chosen.saved.contract
        if problems := proof.failures(proved, contract, options.max_loss):  # on macOS, Core ML's own word
            raise _refused(path, problems, proved)
        patiently(chosen.saved.path.rename, temporary)
    notify(f"{run} as {options.words(chosen.compression)}: {chosen.saved.size / 1000:,.0f} kB")
    for line in proof.summary(chosen.saved, proved):
        notify(line)
    tried = tuple(Tried(one.compression, one.saved.size, one.proof, not one.problems) for one in made)
    return Export(path, contract, chosen.saved.size, proved, tried if options.compress == AUTO else ())


@contextlib.contextmanager
def _scratch_in(folder: Path) -> Iterator[None]:
    """Has coremltools make its temporary packages there, where a killed process' go away; it asks `tempfile`."""
    before = tempfile.tempdir
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


def _task(options: Options, run: Run) -> Task:
    """What the exported model reads, of what the run's network does."""
    if options.background and not run.task.background:
        raise KitError(f"--background: {run} has ten classes: train one with it by kit train --camera")
    return run.task.digits_alone() if options.background is False else run.task


def _path(options: Options, run: Run) -> Path:
    """Where the file goes; KitError where something is in the way."""
    folder, default = (APPS_MODEL.parent, APPS_MODEL.stem) if options.app else (Path(options.to), run.file_name)
    path = folder / f"{check_name(options.name, default)}{SUFFIXES[options.format]}"
    if os.path.lexists(path) and not options.replaces:
        raise TakenError(path)
    return path


@dataclass(frozen=True)
class _Made:
    """A model that was written and proved; `problems` says why it is not what its network is."""

    compression: str | None
    saved: SavedModel
    proof: Proof
    problems: list[str]


class _Maker:
    """Converts a run's network, saves it with any compression and proves it."""

    def __init__(self, run: Run, options: Options, task: Task) -> None:
        self.run, self.options, self.task = run, options, task
        self.rows = proof.rows_of(run, options.data)
        self.model = run.model()
        self._last: tuple[tuple[Path, str | None, int], SavedModel] | None = None
        reads = f"Reads a handwritten digit in {task.size} x {task.size} grey pixels"
        right = f"{run.analysis.accuracy.value:.2%} of {len(run.analysis):,} validation rows right"
        if run.settings.folded:
            right += f", out of fold by the {run.settings.folds} networks that it averages"
        seen = ", on which it may have been trained" if run.settings.seen else ""
        self.about = {
            "author": options.author, "license": options.license, "version": __version__,
            "description": f"{reads}; {right}{seen}. Run {run.name}.",
        }  # fmt: skip

    def make(self, path: Path, compressed: str | None) -> _Made:
        """Writes the model to `path`, reads it back and proves it on all validation rows.

        Where float16 takes an uncompressed model further from its network than it may be, the operations with the
        fewest weights keep float32: so few of them as will do.
        """
        half = self.options.stored_precision == "float16" and self.options.of_core_ml
        if compressed or not half:
            return self._proved(self._written(path, compressed, 0))
        for exact in self._exact_enough(path):  # more than one: a row of which it is surer moves more
            made = self._proved(self._written(path, None, exact))
            if not made.problems:
                break
        return made

    def _exact_enough(self, path: Path) -> list[int]:
        """How many weights an operation that keeps float32 may have, the fewest first that do for the rows of which the
        network is least sure: there its probabilities move most.
        """
        unsure = self.rows.at(np.argsort(self.rows.probabilities.max(axis=1), kind="stable")[:_UNSURE])

        def will_do(exact: int) -> bool:
            return not self._proved(self._written(path, None, exact), unsure).problems

        plain = self._written(path, None, 0)
        operations = core_ml_model.read(plain.path).graph.operations
        largest = {max(weights.size for weights in operation.weights) for operation in operations if operation.weights}
        sizes = [0, *sorted(largest)]
        if will_do(0):
            return sizes
        place = bisect.bisect_left(sizes, True, lo=1, key=will_do)
        return sizes[min(place, len(sizes) - 1) :]

    def _written(self, path: Path, compressed: str | None, exact: int) -> SavedModel:
        """The model as it is read back; the one that was written last is not written again."""
        what = (path, compressed, exact)
        if self._last is None or self._last[0] != what:
            with self._layers_named():
                if self.options.of_core_ml:
                    self._save_core_ml(path, compressed, exact)
                else:
                    self._save_portable(path)
            self._last = what, opening.read(path)
            if problems := self._last[1].problems():
                raise _refused(path, problems)
        return self._last[1]

    def _proved(self, saved: SavedModel, rows: Rows | None = None) -> _Made:
        """The model beside its network, on these rows, those that it may read otherwise; on all without them."""
        proved = proof.prove(saved, rows or self.rows)
        problems = proof.failures(proved, saved.contract, self.options.max_loss, len(self.rows.labels))
        return _Made(saved.contract.compression, saved, proved, problems)

    def _save_core_ml(self, path: Path, compressed: str | None, exact: int) -> None:
        converted = self._converted(exact)
        if compressed:
            converted = compression.compress(converted, compressed)
        coreml.save(converted, path, self.about, None)  # what its digests are taken of
        saved = core_ml_model.read(path)
        saved.costs()
        coreml.save(converted, path, self.about, self._contract(compressed, saved.digests))

    def _save_portable(self, path: Path) -> None:
        format, precision = self.options.format, self.options.stored_precision  # noqa: A001
        content = portable.convert(self.model, self.task.classes, format, precision)
        portable.evaluate(content, format, np.zeros((1, self.task.size, self.task.size, 1), np.uint8))
        portable.save(content, path, format, self._contract(None, portable.digests(content, format)))

    @cache  # noqa: B019 (of one export)
    def _converted(self, exact: int) -> Any:
        options = self.options
        return coreml.convert(
            self.model, self.task.labels, format=options.format, target=str(options.oldest),
            precision=options.stored_precision, array=options.input == "array", exact=exact,
        )  # fmt: skip

    @contextlib.contextmanager
    def _layers_named(self) -> Iterator[None]:
        """Has what goes wrong with a network that does not become such a model say which of its layers it is."""
        try:
            yield
        except KitError as error:
            with backend.keras().saving.custom_object_scope(self.run.own_objects()):
                found = obstacles(self.model, self.task, Form(self.options.format, self.options.oldest))
            if found:
                raise KitError(f"{self.run}: not exported, {'; '.join(found)}", exit_code=1) from error
            raise

    def _contract(self, compressed: str | None, digests: tuple[str, str]) -> Contract:
        options = self.options
        return dataclasses.replace(
            self.run.contract,
            **dataclasses.asdict(self.task),
            validation_accuracy=round(self.run.analysis.accuracy.value, 6),
            format=options.format,
            input=options.input,
            precision=options.stored_precision,
            compression=compressed,
            target=options.oldest,
            weights=digests[0],
            computation=digests[1],
        )


def _refused(path: Path, problems: list[str], proved: Proof | None = None) -> KitError:
    rows = ""
    if proved and proved.disagreements:
        shown = [f"{row.row} ({row.network}, not {row.saved})" for row in proved.disagreements]
        rows = f"; read otherwise: {', '.join(shown)}"
    return KitError(f"{path}: not exported, it is not what the network is: {'; '.join(problems)}{rows}", exit_code=1)
