"""kit analyze."""

from pathlib import Path
from typing import Annotated

import typer

from kit.cli import completion
from kit.cli.help import HOW
from kit.cli.options import AsJson, OpenPage, RunData, RunsFolder, views_option
from kit.cli.output import end_with, print_json, print_path, print_table, remark

_SPARE = ("best of ten", "silent", "taken for another", "read right")  # columns of the photographs' table


def analyze(
    run: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN",
            help="The first is studied; of several, each is compared with the most accurate. The best one without.",
            autocompletion=completion.runs,
        ),
    ] = None,
    focus: Annotated[
        str, typer.Option(metavar="DIGITS", help="The digits to study closely.", rich_help_panel=HOW)
    ] = "4,7,9",
    explain: Annotated[
        list[int] | None,
        typer.Option(metavar="ROW", help="Also map what it looks at in this row of train.csv.", rich_help_panel=HOW),
    ] = None,
    photos: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Also judge it on photographs, a folder or zip: digits/KIND/LABEL/, background/KIND/.",
            rich_help_panel=HOW,
        ),
    ] = None,
    views: Annotated[int, views_option("Also say what so many views of each picture would gain: 5 or 9.")] = 1,
    data: RunData = None,
    runs: RunsFolder = Path("runs"),
    open_page: OpenPage = False,
    as_json: AsJson = False,
) -> None:
    """See what a run gets wrong: numbers, pictures and one HTML page."""
    from kit.reading.labelled_photographs import sentences, table_of_backgrounds, table_of_digits
    from kit.reporting.report import analyze
    from kit.reporting.sentences import comparison_sentence, comparison_table
    from kit.reporting.viewer import show

    report = analyze(
        run, focus=focus, explain=explain or (), photos=photos, views=views, data=data, runs=runs, notify=remark
    )
    photographs, comparisons = report.photographs, report.comparisons
    for sentence in [*report.summary, *map(comparison_sentence, comparisons)]:
        remark(sentence)
    for sentence in sentences(photographs) if photographs else []:
        remark(sentence)
    if as_json:
        print_json(report.numbers())
    else:
        if comparisons:
            first, *rest = comparison_table(report.runs, comparisons)
            print_table(first, rest, right=range(1, 4), spare=["calibration error", "log loss", "most confused"])
        for first, *rest in [table_of_digits(photographs), table_of_backgrounds(photographs)] if photographs else []:
            if rest:
                print_table(first, rest, right=range(1, 7), spare=[name for name in _SPARE if name in first])
                print()
        print_path(report.page)
    if open_page:
        show(report.page, remark)
    end_with(photographs.problems if photographs else (), 1)
