"""kit predict."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from kit import KitError
from kit.cli import completion
from kit.cli.options import AsJson, RunsFolder
from kit.cli.output import end_with, print_json, print_path, print_table, remark


def predict(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="[RUN or PACKAGE] IMAGE",
            help="A run or an exported model; camera, the model that comes with kit where no run is called so; "
            "the best camera run without. Then files, folders and globs.",
            autocompletion=completion.runs_and_models,
        ),
    ],
    fit: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Of what is not square: crop, its central square; pad, the whole.",
            autocompletion=completion.one_of(("crop", "pad")),
        ),
    ] = "crop",
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write all probabilities here, not a table.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", metavar="FILE.png", help="Draw the pictures with their labels.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another file under these names.")] = False,
    runs: RunsFolder = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Read the digits in picture files."""
    from kit.reading.recognition import predict

    model, images = model_and_images(arguments, runs)
    found = predict(model, images, fit=fit, csv=csv, sheet=sheet, overwrite=overwrite, runs=runs, notify=remark)
    if as_json:
        print_json(found.numbers())
    elif csv and found.files:
        print_path(csv)
    elif found.files:
        rows = zip(found.files, found.labels, found.confidences, strict=True)
        print_table(["file", "label", "probability"], [_row(*row) for row in rows], right=[2], paths=[0])
    end_with(found.problems, 1 if found.files else 2)


def model_and_images(arguments: Sequence[str], runs: Path | str) -> tuple[str | None, list[str]]:
    """Tells a run or a package in front of pictures from the first picture.

    Returns:
        The run's or package's name, None where the first argument is a picture, and the pictures. A model of a kind
        that kit does not read is no picture either: who opens it says so. The bundled model's name is that of a run or
        of a folder of pictures, where there is one.

    Raises:
        KitError: The first argument is none of these, or no picture follows.
    """
    from kit.exporting import bundled
    from kit.model_files import is_model
    from kit.reading.picture_files import has_wildcards, is_named_like_a_picture
    from kit.run.runs import find, named

    first, *others = arguments
    if not named(first, Path(runs)) and not is_model(first):
        if Path(first).exists() or has_wildcards(first) or is_named_like_a_picture(first):
            return None, list(arguments)
        if first != bundled.NAME:
            find(first, runs)  # says what there is instead
    if not others:
        raise KitError(f"{first}: and which pictures? give files, folders or globs behind it")
    return first, others


def _row(file: Path, label: str, probability: float) -> list[str]:
    return [str(file), label, f"{probability:.1%}"]
