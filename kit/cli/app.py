"""The command line put together: every command, in the order in which a person needs them."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from kit.cli import analyze, data, export, open, predict, serve, submit, sweep, train  # noqa: A004
from kit.cli.help import Command, Group


class _DataFirst(Group):
    """Lists the group of data before the commands; typer would put it last."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=lambda name: name != "data")


app = typer.Typer(
    cls=_DataFirst,
    help="From Kaggle's digit-recognizer CSVs to a trained network, its mistakes and a scored submission.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(cls=Group, help="Fetch, check and look at the competition's data.", rich_markup_mode=None)
app.add_typer(data_app, name="data")

_OF_DATA: list[Callable[..., None]] = [data.fetch, data.check, data.show]
_OTHERS: list[Callable[..., None]] = [
    train.networks, train.train, train.import_model, sweep.sweep, train.runs, submit.submit, analyze.analyze,
    open.open_run, predict.predict, export.export, export.verify, serve.serve,
]  # fmt: skip
for command in _OF_DATA:
    data_app.command(cls=Command)(command)
for command in _OTHERS:
    name, _, _ = command.__name__.partition("_")  # import and open are words of Python's
    app.command(name, cls=Command)(command)


@app.callback(invoke_without_command=True)
def kit(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print kit's version and those of what it stands on, and exit.")
    ] = False,
) -> None:
    if version:
        from kit.installation import versions

        print("\n".join(versions()))
        raise typer.Exit
    _help_without_command(context)


@data_app.callback(invoke_without_command=True)
def _data(context: typer.Context) -> None:
    _help_without_command(context)


def _help_without_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())
