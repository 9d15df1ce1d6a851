"""kit submit."""

from pathlib import Path
from typing import Annotated

import typer

from kit.cli import completion
from kit.cli.help import TARGET
from kit.cli.options import DataPath, RunsFolder, views_option
from kit.cli.output import print_path, remark

_UPLOAD = "Kaggle"


def submit(
    run: Annotated[
        list[str] | None,
        typer.Argument(metavar="RUN", help="Names or numbers; the best one without.", autocompletion=completion.runs),
    ] = None,
    data: DataPath = None,
    views: Annotated[int, views_option("Average over a picture as it is and moved: 1, 5 or 9 views.")] = 1,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The file's name.  [default: the runs']", rich_help_panel=TARGET),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace another submission of that name.", rich_help_panel=TARGET)
    ] = False,
    upload: Annotated[
        bool, typer.Option("--upload", help="Send it to Kaggle and wait for the score.", rich_help_panel=_UPLOAD)
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Send it even if it was sent already.", rich_help_panel=_UPLOAD)
    ] = False,
    message: Annotated[
        str | None,
        typer.Option(
            "--message", "-m", metavar="TEXT", help="What Kaggle's list shows beside it.", rich_help_panel=_UPLOAD
        ),
    ] = None,
    runs: RunsFolder = Path("runs"),
    to: Annotated[
        Path, typer.Option("--to", metavar="FOLDER", help="Where the file goes.", rich_help_panel=TARGET)
    ] = Path("submissions"),
) -> None:
    """Write a submission for test.csv; several runs are averaged."""
    from kit.competition.submission import submit

    submission = submit(
        run,
        data=data,
        views=views,
        name=name,
        overwrite=overwrite,
        upload=upload,
        again=again,
        message=message,
        runs=runs,
        to=to,
        notify=remark,
    )
    if submission.validation_accuracy is not None:
        remark(f"validation accuracy {submission.validation_accuracy:.2%} of {submission.validation_rows:,} rows")
    if submission.score is not None:
        remark(f"score {submission.score:.5f} by {submission.scored_by}")
    print_path(to / submission.file)
