"""kit open."""

from pathlib import Path
from typing import Annotated

import typer

from kit.cli import completion
from kit.cli.options import RunsFolder
from kit.cli.output import print_path, remark


def open_run(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            help="Name or number, or a sweep's folder; the best run without.",
            autocompletion=completion.runs,
        ),
    ] = None,
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="report, history, submission, folder, or a picture of kit analyze: confusion, mistakes and so on.",
            autocompletion=completion.shown,
        ),
    ] = "report",
    runs: RunsFolder = Path("runs"),
    submissions: Annotated[
        Path, typer.Option("--submissions", metavar="FOLDER", help="Where the submissions are.")
    ] = Path("submissions"),
) -> None:
    """Show a run's report, a picture or its submission. Its path is printed, and that is all without a display."""
    from kit.reporting.viewer import open_run

    print_path(open_run(run, what, runs=runs, submissions=submissions, notify=remark))
