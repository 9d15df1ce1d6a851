"""Whether a saved model computes what its network computes: read from disk, run without Keras, compared row by row."""

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kit import KitError, html
from kit.contract import Contract
from kit.exporting import bundled
from kit.exporting.evaluator import Costs
from kit.exporting.opening import read
from kit.exporting.options import MAX_LOSS, Options
from kit.exporting.saved_model import SavedModel
from kit.model_files import is_model
from kit.options import require
from kit.run.folder import Run
from kit.run.prediction import predictor
from kit.run.runs import RUNS, RunName, find, named
from kit.training.examples import validation_images

GATES = {"float32": 1e-5, "float16": 1e-3}  # the largest difference of a probability
LITERT_HALF = 5e-3  # in LiteRT, which has either all weights in float16 or none
AGREEMENT = 0.9995  # the least share of rows with the same label


@dataclass(frozen=True)
class Disagreement:
    """What the saved model reads otherwise than the network: "row 7" of train.csv or "scene 7", and both labels."""

    row: str
    network: str
    saved: str


@dataclass(frozen=True)
class Difference:
    """How far two sets of probabilities are apart: the largest and the mean difference, and rows with one label."""

    largest: float
    mean: float
    agreeing: int


@dataclass(frozen=True)
class Proof:
    """The saved model beside its network on the same rows.

    Attributes:
        rows: How many were compared.
        difference: Between the network and the saved model, computed in float32 on the weights as they are stored.
        disagreements: The rows that come out with another label.
        network_accuracy, accuracy: Of the network and of the saved model, 0 to 1.
        out_of_fold: Of a run in folds, the accuracy of its single networks on all rows, each judging those that it had
            not learned from; None of another run. The accuracies above are then on rows that they have learned from.
        half: The difference when every step is rounded to float16, as a phone's Neural Engine does; None where the
            model does not ask for it.
        device: The difference by Core ML itself; None but on macOS.
    """

    rows: int
    difference: Difference
    disagreements: tuple[Disagreement, ...]
    network_accuracy: float
    accuracy: float
    out_of_fold: float | None = None
    half: Difference | None = None
    device: Difference | None = None

    @property
    def loss(self) -> float:
        """Points of accuracy that the saved model has less than its network."""
        return round(100 * (self.network_accuracy - self.accuracy), 6)

    def facts(self) -> list[tuple[str, str]]:
        """What was compared and how far it is apart, for people."""
        found = [
            ("rows compared", f"{self.rows:,}"),
            ("accuracy", f"{self.network_accuracy:.2%} of the network, {self.accuracy:.2%} of the export"),
        ]
        if self.out_of_fold is not None:
            found.append(("accuracy out of fold", f"{self.out_of_fold:.2%}"))
        for by, difference in (("float32", self.difference), ("float16", self.half), ("Core ML", self.device)):
            if difference is not None:
                agreeing = _share(difference.agreeing, self.rows)
                found.append((f"difference, {by}", f"{difference.largest:.1e}, labels agree on {agreeing}"))
        return found

    def _repr_html_(self) -> str:
        return html.facts("saved model and network", self.facts())


@dataclass(frozen=True)
class Rows:
    """What a saved model is held against: pictures, and what the run's network says of them.

    Attributes:
        run: Whose network it is.
        positions: (n,) of the pictures among the run's validation rows.
        images: uint8 (n, size, size, 1).
        labels: (n,) the true classes.
        probabilities: (n, classes) by the run's network.
    """

    run: Run
    positions: np.ndarray
    images: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray

    def at(self, where: np.ndarray) -> "Rows":
        """Those at these places."""
        parts = (self.positions, self.images, self.labels, self.probabilities)
        return Rows(self.run, *(part[where] for part in parts))


@dataclass(frozen=True)
class Verification:
    """What `verify` found.

    Attributes:
        saved: The model as it was read.
        proof: None where its run is not at hand.
        problems: Why it must not be trusted; empty where it may.
        costs: What one picture costs; None outside Core ML, and of what is damaged.
        not_compared: Why its run is not at hand; "" where it is.
    """

    saved: SavedModel
    proof: Proof | None
    problems: tuple[str, ...]
    costs: Costs | None
    not_compared: str = ""

    def facts(self) -> list[tuple[str, str]]:
        """What the model is and what it costs, for people."""
        saved, contract, costs = self.saved, self.saved.contract, self.costs
        compression = f", {contract.compression}" if contract.compression else ""
        in_folds = self.proof is not None and self.proof.out_of_fold is not None
        judged = "accuracy of its networks out of fold" if in_folds else "validation accuracy"
        found = [
            ("format", f"{contract.format}, {contract.precision}{compression}"),
            *saved.interface(),
            ("run", f"{contract.run}, {judged} {contract.validation_accuracy:.2%}"),
            ("classes", " ".join(contract.labels)),
            ("silent below", f"{contract.threshold:g}"),
            ("size on disk", f"{saved.size:,} bytes"),
        ]
        if costs:
            found += [
                ("parameters", f"{costs.parameters:,}"),
                ("multiply-accumulates", f"{costs.multiply_accumulates:,} a picture"),
                ("peak activations", f"{costs.peak:,} bytes"),
            ]
        return found

    def _repr_html_(self) -> str:
        """What a notebook shows: the model, its cost, its proof, and what is wrong with it."""
        proved = self.proof.facts() if self.proof else [("compared", f"no: {self.not_compared or 'it is not sound'}")]
        problems = [html.line(problem) for problem in self.problems]
        return html.facts(str(self.saved.path), [*self.facts(), *proved], *problems)

    def numbers(self) -> dict[str, Any]:
        """Everything for a program: what `kit verify --json` prints."""
        costs = self.costs
        return {
            "path": str(self.saved.path),
            "size": self.saved.size,
            "contract": dataclasses.asdict(self.saved.contract),
            "problems": list(self.problems),
            "proof": dataclasses.asdict(self.proof) | {"loss": self.proof.loss} if self.proof else None,
            "costs": None if costs is None else dataclasses.asdict(costs)
            | {"parameters": costs.parameters, "multiply_accumulates": costs.multiply_accumulates},
        }  # fmt: skip


def verify(
    package: Path | str,
    run: RunName | None = None,
    *,
    rows: int | None = None,
    max_loss: float = MAX_LOSS,
    data: Path | str | None = None,
    runs: Path | str = RUNS,
) -> Verification:
    """Reads a saved model from disk, checks it and compares it with the network that it was made of.

    Args:
        package: What `kit export` wrote, whatever it is called; or "camera", the model that comes with kit.
        run: The run; the one that the model names without it.
        rows: Compare so many validation rows, evenly spread, instead of all; of a run in folds, instead of as many as
            one fold held out.
        max_loss: Points of accuracy that a compressed model may have lost.
        data: Where the training rows are; where they were without it.
        runs: Where the runs are.

    Raises:
        KitError: The file is none of these or damaged, or the run named is missing or another.
    """
    require(Options, max_loss=max_loss)
    saved = read(bundled.path() if str(package) == bundled.NAME and not is_model(package) else package)
    (source, not_compared), problems, proof = _source(saved, run, runs), saved.problems(), None
    if source and not problems:
        chosen = rows_of(source, data, rows)
        proof = confirm(prove(saved, chosen), saved, chosen)
        problems = failures(proof, saved.contract, max_loss)
    costs = None if proof is None and problems else saved.costs()
    return Verification(saved, proof, tuple(problems), costs, not_compared)


def _source(saved: SavedModel, run: RunName | None, runs: Path | str) -> tuple[Run | None, str]:
    """The run that the model was made of; or None, where nobody named it, and why it is not at hand."""
    contract = saved.contract
    try:
        if run is None and not named(contract.run, Path(runs)):
            where = "name it with --run or where it is with --runs"
            raise KitError(f"its run, {contract.run}, is not in {runs}: {where}")
        source = find(contract.run if run is None else run, runs)
        if not source.is_of(contract.settings):
            raise KitError(f"{saved.path}: made from another training than {source.folder}: name its own with --run")
        return source, ""
    except KitError as error:
        if run is not None:
            raise
        return None, str(error).removeprefix(f"{saved.path}: ")


def rows_of(run: Run, data: Path | str | None = None, count: int | None = None) -> Rows:
    """The validation rows of a run, and what its network says of them.

    What is stored of a run in folds was said by single networks, so there the network itself is asked, by Keras; and
    as it is as large as they together, of as many rows as one of them held out.

    Args:
        run: The run.
        data: Where the training rows are; where they were without it.
        count: So many of them, evenly spread.
    """
    validation, folds = run.validation, run.settings.folds if run.settings.folded else None
    total = len(validation.rows)
    if count is not None and not 1 <= count <= total:
        raise KitError(f"--rows {count}: {run} has {total:,} validation rows: give 1 to {total}")
    if count is None:
        count = -(-total // folds) if folds else total
    positions = np.linspace(0, total - 1, count).round().astype(int)
    images = validation_images(run, run.digits(data))[positions]
    probabilities = predictor(run.model())(images) if folds else validation.probabilities[positions]
    return Rows(run, positions, images, run.analysis.labels[positions], probabilities)


def prove(saved: SavedModel, rows: Rows) -> Proof:
    """Puts rows through a model read back from disk and compares with what the network says of them."""
    expected = _expected(saved, rows)
    found = saved.predict(rows.images)
    network, own = expected.argmax(axis=1), found.argmax(axis=1)
    classes, labels, analysis = saved.contract.labels, rows.labels, rows.run.analysis
    known = labels < len(classes)
    return Proof(
        len(labels),
        _difference(expected, found),
        tuple(
            Disagreement(analysis.row_name(rows.positions[where]), classes[network[where]], classes[own[where]])
            for where in np.flatnonzero(network != own)
        ),
        float((network == labels)[known].mean()),
        float((own == labels)[known].mean()),
        analysis.accuracy.value if analysis.folds else None,
    )


def confirm(proof: Proof, saved: SavedModel, rows: Rows) -> Proof:
    """The proof with what the same rows are in float16, where the model asks for it, and on macOS by Core ML itself."""
    expected = _expected(saved, rows)
    half, device = saved.in_half_precision(rows.images), saved.by_its_system(rows.images)
    return dataclasses.replace(
        proof,
        half=None if half is None else _difference(expected, half),
        device=None if device is None else _difference(expected, device),
    )


def _expected(saved: SavedModel, rows: Rows) -> np.ndarray:
    """What the network says of the rows, (n, classes of the model)."""
    expected, classes = rows.probabilities, len(saved.contract.labels)
    if expected.shape[1] < classes:
        raise KitError(f"{rows.run.folder / 'validation.npz'}: of {expected.shape[1]} classes, the model has {classes}")
    if expected.shape[1] > classes:  # the model leaves a class out, so that the others sum to 1
        expected = expected[:, :classes].astype(np.float64)
        expected /= expected.sum(axis=1, keepdims=True)
    return expected


def _difference(expected: np.ndarray, found: np.ndarray) -> Difference:
    apart = np.abs(expected - found)
    same = int((expected.argmax(axis=1) == found.argmax(axis=1)).sum())
    return Difference(float(apart.max()), float(apart.mean()), same)


def failures(proof: Proof, contract: Contract, max_loss: float = MAX_LOSS, rows: int | None = None) -> list[str]:
    """Why the model is not what its network is; empty where it is.

    Uncompressed models must give the same probabilities and labels, compressed ones as much accuracy.

    Args:
        proof: What was compared.
        contract: Of the model.
        max_loss: Points of accuracy that a compression may cost.
        rows: How many the labels must agree on, where fewer were compared because the others surely do.
    """
    rows = rows or proof.rows
    found = []
    if proof.half is not None and not math.isfinite(proof.half.largest):
        found.append("in float16 some of its numbers pass 65,504, the largest there: use --precision float32")
    if contract.compression:
        if proof.loss > max_loss:
            found.append(
                f"{contract.compression} loses {proof.loss:.2f} points of accuracy ({proof.network_accuracy:.2%} to "
                f"{proof.accuracy:.2%}) where {max_loss:g} may be lost: compress less, or allow more with --max-loss"
            )
        return found
    half_litert = contract.format == "tflite" and contract.precision == "float16"
    for by, difference in (("NumPy", proof.difference), ("Core ML", proof.device)):
        if difference is None:
            continue
        gate = LITERT_HALF if half_litert else GATES[contract.precision]
        if not difference.largest <= gate:
            found.append(
                f"by {by} its probabilities are up to {difference.largest:.1e} from the network's, where "
                f"{contract.precision} allows {gate:.0e}"
            )
        agreeing = rows - (proof.rows - difference.agreeing)
        if agreeing < AGREEMENT * rows:
            found.append(f"by {by} only {agreeing:,} of {rows:,} rows get the network's label")
    return found


def summary(saved: SavedModel, proof: Proof) -> list[str]:
    """The proof in plain lines for people."""
    what = "validation rows" if proof.out_of_fold is None else "rows"
    lines = [f"{proof.rows:,} {what}, read back from disk and computed without Keras:"]
    for by, difference in ((saved.runtime, proof.difference), ("in float16", proof.half), ("Core ML", proof.device)):
        if difference is not None:
            lines.append(
                f"  {by:<10} largest difference {difference.largest:.1e}, mean {difference.mean:.1e}, "
                f"labels agree on {_share(difference.agreeing, proof.rows)}"
            )
    lines.append(f"  accuracy   {proof.network_accuracy:.2%} of the network, {proof.accuracy:.2%} of the export")
    if proof.out_of_fold is not None:
        lines.append(
            "  that is on rows that its networks have learned from; each alone, on rows that it has not: "
            f"{proof.out_of_fold:.2%}"
        )
    return lines


def _share(part: int, whole: int) -> str:
    """A percentage that reads 100 only where it is all."""
    return f"{math.floor(10_000 * part / whole) / 100:.2f}%"
