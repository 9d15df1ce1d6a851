"""Every network in every format and compression, read by kit and read by coremltools: the same, bit for bit?

    python benchmarks/readings.py [NETWORK ...] > table.md

The networks are as they are built, before any training: what their weights are changes nothing of how they are read.
For each, the operations must be the same with the same constants, and the probabilities of random pictures the same
bits. coremltools reads slowly; about an hour on 2 cores, most of it making the compressed ones.
"""

import dataclasses
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kit import backend
from kit.exporting import compression, coreml, evaluator, graph
from kit.exporting.formats import SUFFIXES
from kit.exporting.graph import Graph
from kit.exporting.steps import SEVERAL, Name, Operation
from kit.task import CAMERA, ROWS
from kit.training import networks

FORMS = [  # format, target, precision
    ("mlprogram", "iOS15", "float32"), ("mlprogram", "iOS17", "float16"), ("mlprogram", "iOS18", "float16"),
    ("neuralnetwork", "iOS13", "float32"), ("neuralnetwork", "iOS13", "float16"),
]  # fmt: skip
_EXACT = 400  # weights of the operations that keep float32 in float16


def main(*names: str) -> None:
    print("| network | format | compression | operations | bytes | kit reads | coremltools reads | |")
    print("|---|---|---|---:|---:|---:|---:|---|", flush=True)
    backend.coremltools()
    for name in names or networks.NETWORKS:
        task = CAMERA if name == networks.DEFAULTS[CAMERA] else ROWS
        model = networks.build(name, seed=1, task=task)
        for form in FORMS:
            for compressed, path in exported(model, task.labels, *form):
                print(f"| `{name}` | {' '.join(form)} | {compressed or 'none'} {_compared(path)}", flush=True)


def exported(
    model: Any, labels: tuple[str, ...], format: str, target: str, precision: str  # noqa: A002
) -> Iterator[tuple[str | None, Path]]:  # fmt: skip
    """The model as a file, without compression and then with each that this format has; each is gone with the next."""
    options: dict[str, Any] = {"format": format, "target": target, "precision": precision, "array": False}
    converted = coreml.convert(model, labels, **options, exact=_EXACT)
    half_network = (format, precision) == ("neuralnetwork", "float16")
    for compressed in [None, *([] if half_network else compression.compressions(format, target))]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"model{SUFFIXES[format]}"
            coreml.save(compression.compress(converted, compressed) if compressed else converted, path, {}, None)
            yield compressed, path


def _compared(path: Path) -> str:
    """The rest of a row: how long both take, and whether both are the same."""
    started = time.perf_counter()
    ours = graph.read(path)
    read = time.perf_counter()
    theirs = by_coremltools(path, ours)
    ended = time.perf_counter()
    difference = differences(ours, theirs)
    verdict = "the same" if not difference else f"**{difference[0]}**"
    times = f"{read - started:.2f} s | {ended - read:.2f} s"
    return f"| {len(ours.operations)} | {ours.size:,} | {times} | {verdict} |"


def differences(ours: Graph, theirs: Graph) -> list[str]:
    """Where two readings of a model differ; empty where they compute the same bits of the same."""
    found = [
        f"{name}: {first} and {second}"
        for name, first, second in (
            ("probabilities", ours.probabilities, theirs.probabilities),
            ("labels", ours.labels, theirs.labels),
            ("operations", len(ours.operations), len(theirs.operations)),
        )
        if first != second
    ]
    for step, other in zip(ours.operations, theirs.operations, strict=False):
        if (first := _signature(step)) != (second := _signature(other)):
            found.append(f"{step.name}: {first} and {second}")
    shape = ours.inputs[0].shape
    pictures = np.random.default_rng(0).integers(0, 256, (3, *shape, 1)).astype(np.uint8)
    first, second = (evaluator.evaluate(one, pictures) for one in (ours, theirs))
    return found + ([] if first.tobytes() == second.tobytes() else ["the probabilities differ"])


def _signature(step: Operation) -> tuple[Any, ...]:
    arguments = {name: value if isinstance(value, list) else [value] for name, value in step.arguments.items()}
    shown = {name: [_shown(part) for part in parts] for name, parts in sorted(arguments.items())}
    return step.kind, step.name, step.output, step.half, step.stored, shown


def _shown(part: Name | np.ndarray) -> Any:
    return part if isinstance(part, Name) else (str(part.dtype), part.shape, part.tobytes())


def by_coremltools(path: Path, like: Graph) -> Graph:
    """A model's operations as coremltools reads them; the rest as another reading has it."""
    coremltools = backend.coremltools()
    with backend.quiet():
        spec = coremltools.utils.load_spec(str(path))
    if path.is_file():
        operations, probabilities, labels = graph._network(spec.neuralNetworkClassifier)
    else:
        operations, probabilities, labels = _program(spec, path)
    return dataclasses.replace(like, operations=operations, probabilities=probabilities, labels=labels)


def _program(spec: Any, path: Path) -> tuple[list[Operation], str, tuple[str, ...]]:
    from coremltools.converters.mil.frontend.milproto.load import load
    from coremltools.converters.mil.mil import types

    [weights] = path.rglob("weights")
    with backend.quiet():
        program = load(spec, spec.specificationVersion, str(weights))
    operations: list[Operation] = []
    probabilities, labels = "", tuple[str, ...]()
    for operation in program.functions["main"].operations:
        if operation.op_type == "const" or operation.op_type.startswith("constexpr_"):
            continue
        if operation.op_type == "classify":
            probabilities = operation.inputs["probabilities"].name
            labels = tuple(map(str, operation.inputs["classes"].val))
            continue
        arguments = {
            parameter: [_one(part) for part in value] if isinstance(value, (list, tuple)) else _one(value)
            for parameter, value in operation.inputs.items()
            if value is not None and parameter != "name"
        }
        stored = sum(_stored(value) for value in operation.inputs.values())
        for number, output in enumerate(operation.outputs):
            which = {"part": np.array(number, np.int32)} if operation.op_type in SEVERAL else {}
            half = output.dtype is types.fp16
            step = Operation(operation.op_type, operation.name, arguments | which, output.name, half, stored)
            operations.append(step)
    return operations, probabilities, labels


def _one(value: Any) -> Name | np.ndarray:
    if value.op is not None and value.op.op_type.startswith("constexpr_"):
        return np.asarray(value.op.materialized_val_inference())
    return Name(value.name) if value.val is None else np.asarray(value.val)


def _stored(value: Any) -> int:
    """Bytes on disk of a constant array, compressed or not; 0 for anything else."""
    operation = getattr(value, "op", None)
    if operation is None or not getattr(value, "shape", ()):
        return 0
    if operation.op_type.startswith("constexpr_"):
        return sum(_stored(part) for part in operation.inputs.values())
    if value.val is None:
        return 0
    width = getattr(value.dtype, "get_bitwidth", lambda: 8 * np.asarray(value.val).itemsize)()  # 1 to 8 bits are packed
    return -(-np.asarray(value.val).size * width // 8)


if __name__ == "__main__":
    main(*sys.argv[1:])
