"""kit serve."""

from pathlib import Path
from typing import Annotated

import typer

from kit.cli import completion
from kit.cli.endings import end_now
from kit.cli.options import OpenPage, RunsFolder
from kit.cli.output import remark


def serve(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN or PACKAGE",
            help="A run or an exported model; camera, the model that comes with kit where no run is called so; "
            "the best run without.",
            autocompletion=completion.runs_and_models,
        ),
    ] = None,
    port: Annotated[int, typer.Option(metavar="N", help="Where on this computer; 0 takes a free one.")] = 8000,
    open_page: OpenPage = False,
    runs: RunsFolder = Path("runs"),
) -> None:
    """Draw on a pad, hold digits into the camera or drop pictures, on a page that reads them."""
    from kit.reporting.viewer import show
    from kit.web.server import serve

    def answering(address: str) -> None:
        print(address, flush=True)
        remark("Ctrl-C ends it")
        if open_page:
            show(address, remark)

    try:
        serve(model, port=port, runs=runs, answering=answering, notify=remark)
    except KeyboardInterrupt:
        end_now()  # what is still computed for the page would be waited for
