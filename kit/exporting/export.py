"""A run → a model file for an app, which appears under its name when it is proved."""

import bisect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from kit import KitError, __version__
from kit.contract import BACKGROUND, DIGITS, LABELS, Contract
from kit.data.loading import load_for
from kit.exporting import coreml, portable, proof
from kit.exporting.graph import Graph, read
from kit.exporting.proof import MAX_LOSS, Proof, Saved
from kit.files import whole_path
from kit.run.folder import RUNS, Run, best, find
from kit.run.metrics import Analysis
from kit.training.examples import validation_images

EXPORTS = Path("exports")
APP = Path("mobile/DigitCamera")  # in a clone of the project
_APPS_MODEL, _APPS_TARGETS = "DigitCamera", ("iOS15", "iOS16", "iOS17")
SUFFIXES = {"mlprogram": ".mlpackage", "neuralnetwork": ".mlmodel", "tflite": ".tflite", "onnx": ".onnx"}
INPUTS = ("image", "array")
PRECISIONS = ("float16", "float32")
AUTO = "auto"
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


def export(
    run: str | Path | Run | None = None,
    *,
    format: str = "mlprogram",  # noqa: A002
    target: str | None = None,
    input: str = "image",  # noqa: A002
    precision: str | None = None,
    background: bool | None = None,
    compress: str | None = None,
    max_loss: float = MAX_LOSS,
    name: str | None = None,
    author: str = "kit",
    license: str = "MIT",  # noqa: A002
    app: bool = False,
    overwrite: bool = False,
    data: Path | str | None = None,
    runs: Path | str = RUNS,
    to: Path | str = EXPORTS,
    notify: Callable[[str], None] = lambda line: None,
) -> Export:
    """Writes a model file, reads it back from disk and proves it against the run's network.

    Args:
        run: Which run; the best one by validation accuracy without it.
        format: "mlprogram" (`.mlpackage`), "neuralnetwork" (`.mlmodel`, for older systems), "tflite" or "onnx".
        target: The oldest system that must run it: iOS15 to iOS18 for an ML program (iOS17 without it), iOS13 or iOS14
            for a neural network.
        input: "image", a grey picture, or "array", its numbers row by row; pixels 0 to 255 either way.
        precision: "float16" (an ML program's, without it) or "float32".
        background: Keep the class of pictures without a digit (without it: yes where the run has it), or leave it out
            so that the ten digits sum to 1.
        compress: "palette4", "palette6", "palette8", "int8", "prune50", "prune75", a pruning and another joined by
            "+", or "auto" for the smallest within `max_loss`.
        max_loss: Points of validation accuracy that a compression may cost.
        name: The file's name without its ending; the run's without it.
        author, license: What Xcode shows.
        app: Put it into the iPhone app of this clone, as the model that it shows first or, with a name, as another to
            choose; what has the name there is replaced.
        overwrite: Replace what has the name.
        data: Where the training rows are; where they were without it.
        runs: Where the runs are.
        to: The folder for the file.
        notify: Called with a line for people when something has been done.

    Raises:
        KitError: An option does not fit another or the run, the run or its data is missing, the disk is full, or the
            model is not what the network is; nothing appears under the name then.
    """
    source = best(runs) if run is None else find(run, Path(runs))
    options = _Options(source, format, target, input, precision, background, compress, max_loss)
    if app:
        _check_app(format, options.target, input)
        name, to, overwrite = name or _APPS_MODEL, APP / "Model", True
    path = Path(to) / f"{name or source.name}{SUFFIXES[format]}"
    if not re.fullmatch(r"[\w.+-]+", name or source.name) or path.name.startswith("."):
        raise KitError(f"--name {name}: use letters, digits, '-', '_', '+' and '.' only, and no dot in front")
    if path.exists() and not overwrite:
        raise KitError(f"{path}: is there already: replace it with --overwrite, or give another --name")
    maker = _Maker(source, options, {"author": author, "license": license}, max_loss, data)
    wanted = [None, *coreml.compressions(format, options.target)] if compress == AUTO else [compress]
    tried: list[Tried] = []
    with whole_path(path) as temporary:
        for compression in wanted:
            saved, proved, problems = maker.make(temporary, compression)
            tried.append(Tried(compression, saved.size, proved, not problems))
            if problems and (compress != AUTO or compression is None):
                raise _refused(path, problems, proved)
        tried.sort(key=lambda candidate: candidate.size)
        if compress == AUTO:
            chosen = next(candidate for candidate in tried if candidate.within)
            saved, proved, _ = maker.make(temporary, chosen.compression)
        proved = proof.confirm(proved, saved, source, maker.images)
        if problems := proof.failures(proved, saved.contract, max_loss):  # on macOS, Core ML's own word
            raise _refused(path, problems, proved)
    notify(f"{source} as {options.words(saved.contract.compression)}: {saved.size / 1000:,.0f} kB")
    for line in proof.summary(saved, proved):
        notify(line)
    return Export(path, saved.contract, saved.size, proved, tuple(tried) if compress == AUTO else ())


def _check_app(format: str, target: str, input: str) -> None:  # noqa: A002
    if not APP.is_dir():
        raise KitError(f"--app: {APP} is not here: run this in a clone of the project, or leave it out and use --to")
    if format != "mlprogram" or target not in _APPS_TARGETS or input != "image":
        raise KitError("--app: the app takes an ML program for iOS17 or older with a picture as input")


class _Options:
    """What was asked for, complete and checked against each other and against the run."""

    def __init__(
        self, run: Run, format: str, target: str | None, input: str, precision: str | None,  # noqa: A002
        background: bool | None, compress: str | None, max_loss: float,
    ) -> None:  # fmt: skip
        for option, value, choices in (
            ("--format", format, tuple(SUFFIXES)), ("--input", input, INPUTS),
            ("--precision", precision or PRECISIONS[0], PRECISIONS),
        ):  # fmt: skip
            if value not in choices:
                raise KitError(f"{option} {value}: choose from {', '.join(choices)}")
        if not 0 <= max_loss <= 100:
            raise KitError(f"--max-loss {max_loss:g}: give points of accuracy, 0 to 100, such as 0.1")
        self.format, self.input = format, input
        self.precision = precision or ("float16" if format == "mlprogram" else "float32")
        self.target = target or coreml.DEFAULT_TARGETS.get(format, "")
        if format in coreml.TARGETS:
            coreml.check_target(format, self.target)
            if compress not in (None, AUTO):
                coreml.check_compression(format, self.target, str(compress))
            if format == "neuralnetwork" and compress and precision == "float16":
                raise KitError("--precision float16: a neural network is compressed from float32: leave it out")
        else:
            self._check_portable(target, input, compress)
        classes = run.settings.classes
        if background and classes == len(DIGITS):
            raise KitError(f"--background: {run} has ten classes: train one with it by kit train --camera")
        self.labels = DIGITS if background is False else LABELS[:classes]

    def _check_portable(self, target: str | None, input: str, compress: str | None) -> None:  # noqa: A002
        for option, given in (
            (f"--target {target}", target), (f"--input {input}", input != "image"),
            (f"--compress {compress}", compress),
            (f"--precision {self.precision}", self.format == "onnx" and self.precision != "float32"),
        ):  # fmt: skip
            if given:
                raise KitError(f"{option}: {self.format} does not have it here: leave it out")
        portable.require(self.format)

    def words(self, compression: str | None) -> str:
        kind = {"mlprogram": "an ML program", "neuralnetwork": "a neural network"}.get(self.format, self.format)
        target = f" for {self.target}" if self.target else ""
        return f"{kind}{target} in {self.precision}{f', {compression}' if compression else ''}"


class _Maker:
    """Converts a run's network, saves it with any compression and proves it."""

    def __init__(
        self, run: Run, options: _Options, about: dict[str, str], max_loss: float, data: Path | str | None
    ) -> None:
        self.run, self.options, self.max_loss = run, options, max_loss
        self.images = validation_images(run, load_for(run, data))
        self.model = run.model()
        self.size = self.model.input_shape[1]
        self.analysis = Analysis(run.name, run.validation)
        accuracy = self.analysis.accuracy
        reads = f"Reads a handwritten digit in {self.size} x {self.size} grey pixels"
        right = f"{accuracy.value:.2%} of {len(self.analysis):,} validation rows right"
        self.about = about | {"version": __version__, "description": f"{reads}; {right}. Run {run.name}."}
        self.exact: int | None = None  # weights up to which operations keep float32; not known yet

    def make(self, path: Path, compression: str | None) -> tuple[Saved, Proof, list[str]]:
        """Writes the model to `path`, replacing it, reads it back and proves it; the last is what is wrong with it.

        Where float16 takes an uncompressed model further from its network than it may be, the operations with the
        fewest weights keep float32: so few of them as will do.
        """
        half = self.options.precision == "float16" and self.options.format in coreml.TARGETS
        if compression or not half:
            return self._make(path, compression, 0)
        if self.exact is not None:
            return self._make(path, None, self.exact)
        enough = self._exact_enough(path)
        made = self._make(path, None, enough[0])
        while made[-1] and enough[1:]:  # a row of which it is surer moves more
            enough = enough[1:]
            made = self._make(path, None, enough[0])
        self.exact = enough[0]
        return made

    def _exact_enough(self, path: Path) -> list[int]:
        """How many weights an operation that keeps float32 may have, the fewest first that do for the rows of which the
        network is least sure: there its probabilities move most.
        """
        unsure = np.argsort(self.analysis.confidence, kind="stable")[:_UNSURE]
        saved, _, problems = self._make(path, None, 0, unsure)
        assert isinstance(saved, Graph)
        sizes = [0, *sorted({operation.weights[0].size for operation in saved.operations if operation.weights})]
        if not problems:
            return sizes
        place = bisect.bisect_left(sizes, True, lo=1, key=lambda size: not self._make(path, None, size, unsure)[-1])
        return sizes[min(place, len(sizes) - 1) :]

    def _make(
        self, path: Path, compression: str | None, exact: int, where: np.ndarray | None = None
    ) -> tuple[Saved, Proof, list[str]]:
        options = self.options
        if options.format in coreml.TARGETS:
            converted = self._converted(exact)
            if compression:
                converted = coreml.compress(converted, compression)
            coreml.save(converted, path, self.about, None)
            contract = self._contract(compression, read(path).weights)
            coreml.save(converted, path, self.about, contract)
        else:
            content = portable.convert(self.model, len(options.labels), options.format, options.precision)
            contract = self._contract(None, portable.weights_digest(content, options.format))
            portable.save(content, path, options.format, contract)
        saved = proof.read(path)
        if problems := proof.structure(saved):
            raise _refused(path, problems)
        proved = proof.prove(saved, self.run, self.images, where=where)
        return saved, proved, proof.failures(proved, saved.contract, self.max_loss)

    @cache  # noqa: B019 (of one export)
    def _converted(self, exact: int) -> Any:
        options = self.options
        return coreml.convert(
            self.model, options.labels, format=options.format, target=options.target, precision=options.precision,
            array=options.input == "array", exact=exact,
        )  # fmt: skip

    def _contract(self, compression: str | None, weights: str) -> Contract:
        options = self.options
        camera = self.run.settings.camera
        return Contract(
            labels=tuple(options.labels),
            background=BACKGROUND if BACKGROUND in options.labels else None,
            size=self.size,
            polarity="any" if camera else "white on black",
            crop="box" if camera else "centred",
            threshold=round(self.analysis.silence, 4),
            run=self.run.name,
            settings=proof.settings_digest(self.run),
            validation_accuracy=round(self.analysis.accuracy.value, 6),
            format=options.format,
            input=options.input,
            precision=options.precision,
            compression=compression,
            target=options.target or None,
            weights=weights,
        )


def _refused(path: Path, problems: list[str], proved: Proof | None = None) -> KitError:
    rows = ""
    if proved and proved.disagreements:
        shown = [f"{row.row} ({row.network}, not {row.saved})" for row in proved.disagreements]
        rows = f"; read otherwise: {', '.join(shown)}"
    return KitError(f"{path}: not exported, it is not what the network is: {'; '.join(problems)}{rows}", exit_code=1)
