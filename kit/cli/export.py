"""kit export, verify."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from kit import KitError
from kit.cli import completion
from kit.cli.help import SOURCE, TARGET
from kit.cli.options import AsJson, RunData, RunsFolder, options_of
from kit.cli.output import end_with, print_json, print_path, print_table, remark
from kit.exporting.compression import compressions
from kit.exporting.formats import DEFAULT_TARGETS, TARGETS
from kit.exporting.options import AUTO, MAX_LOSS, Options


def _targets(ctx: typer.Context) -> list[str]:
    return list(TARGETS.get(ctx.params["format"], ()))


def _compressions(ctx: typer.Context) -> list[str]:
    chosen = ctx.params["format"]
    return [AUTO, *compressions(chosen, ctx.params["target"] or DEFAULT_TARGETS[chosen])]


@options_of(
    Options,
    groups={
        "What is made": ("format", "target", "input", "precision", "background", "compress", "max_loss"),
        "What Xcode shows": ("author", "license"),
        SOURCE: ("data", "runs"),
        TARGET: ("name", "app", "overwrite", "to"),
    },
    complete={"target": _targets, "compress": _compressions},
)
def export(as_json: AsJson = False, **given: Any) -> None:
    """Write a Core ML model for an app, read back from disk and proved against the network."""
    from kit.exporting.export import export

    made = export(**given, notify=remark)
    if as_json:
        print_json({**dataclasses.asdict(made), "path": str(made.path)})
        return
    if made.tried:
        headings = ["compression", "bytes", "accuracy", "points lost", "largest difference", ""]
        rows = [_row(tried, made.contract.compression) for tried in made.tried]
        print_table(headings, rows, range(1, 5), spare=["largest difference", "accuracy", "points lost"])
    print_path(made.path)


def verify(
    package: Annotated[
        Path,
        typer.Argument(
            metavar="PACKAGE",
            help=".mlpackage, .mlmodel, .tflite or .onnx; or camera, the model that comes with kit.",
            autocompletion=completion.models,
        ),
    ],
    run: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Compare with this run.  [default: its own]", autocompletion=completion.runs),
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option(metavar="N", help="Compare so many validation rows.  [default: all; a K-th of K folds]"),
    ] = None,
    max_loss: Annotated[
        float, typer.Option(metavar="X", help="Points of accuracy that a compressed model may have lost.")
    ] = MAX_LOSS,
    data: RunData = None,
    runs: RunsFolder = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Prove an exported model against its network, and say what it costs on a phone."""
    from kit.exporting.proof import summary, verify

    found = verify(package, run, rows=rows, max_loss=max_loss, data=data, runs=runs)
    if as_json:
        print_json(found.numbers())
    else:
        print_table(None, [[key, value] for key, value in found.facts()])
        if found.costs:
            print()
            headings = ["layer", "kind", "shape", "parameters", "bytes", "multiply-accumulates", "share"]
            print_table(
                headings, found.costs.table(), right=range(3, 7), spare=["bytes", "shape", "kind", "parameters"]
            )
    for line in summary(found.saved, found.proof) if found.proof else []:
        remark(line)
    end_with([f"{package}: {problem}" for problem in found.problems], 2)
    if found.proof is None:
        raise KitError(f"{package}: not compared: {found.not_compared}", exit_code=1)


def _row(tried: Any, chosen: str | None) -> list[str]:
    name, proof = tried.compression or "none", tried.proof
    note = "chosen" if tried.compression == chosen else "" if tried.within else "loses too much"
    numbers = [f"{tried.size:,}", f"{proof.accuracy:.2%}", f"{proof.loss:.2f}", f"{proof.difference.largest:.1e}"]
    return [name, *numbers, note]
