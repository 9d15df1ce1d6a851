"""kit data fetch, check, show."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from kit.cli import completion
from kit.cli.options import AsJson, DataPath
from kit.cli.output import end_with, print_json, print_path, print_table

_SOURCES = ("sample", "mnist", "kaggle")


def fetch(
    source: Annotated[
        str,
        typer.Argument(
            metavar="|".join(_SOURCES),
            help="Where from; the sample needs no internet.",
            autocompletion=completion.one_of(_SOURCES),
        ),
    ] = "sample",
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where to.")] = Path("data"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace other data that is there.")] = False,
) -> None:
    """Get train.csv, test.csv and sample_submission.csv."""
    from kit.competition.sources import fetch

    for path in fetch(source, to, overwrite):
        print_path(path)


def check(data: DataPath = None, as_json: AsJson = False) -> None:
    """Say what is in the files, or what is wrong with them."""
    from kit.data.checks import check

    reports = check(data)
    right = [report for report in reports if not report.problem]
    if as_json:
        print_json([dataclasses.asdict(report) for report in reports])
    else:
        print_table(None, [[report.file, f"{report.rows:,} rows", report.facts] for report in right])
    end_with([report.problem for report in reports if report.problem], 2)


def show(
    data: DataPath = None,
    row: Annotated[int, typer.Option(metavar="N", help="Which training row to draw large, from 1.")] = 1,
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where the pictures go.")] = Path("data/show"),
    camera: Annotated[
        bool, typer.Option("--camera", help="Draw scenes, as kit train --camera learns from them.")
    ] = False,
) -> None:
    """Draw digits, one with its pixel values, and the class counts; or scenes."""
    from kit.reporting.data_pictures import show

    for path in show(data, row, to, camera=camera):
        print_path(path)
