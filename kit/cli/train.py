"""kit networks, train, import, runs."""

import dataclasses
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from kit import KitError
from kit.cli import completion
from kit.cli.help import HOW, SOURCE, TARGET
from kit.cli.options import AsJson, RunsFolder, options_of
from kit.cli.output import complain, print_json, print_path, print_table, remark
from kit.importing.arguments import ImportArguments
from kit.run.settings import Recipe
from kit.training.arguments import Arguments


def networks(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE.py", help="A file of your own: list the networks that it builds.")
    ] = None,
    show: Annotated[
        str | None,
        typer.Option(
            "--show",
            metavar="NAME",
            help="Print one of kit's as such a file, to start from.",
            autocompletion=completion.own_networks,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the networks that kit train knows, or those of a file of your own."""
    from kit.task import CAMERA, ROWS
    from kit.training.networks import DEFAULTS, named, networks

    if show is not None:
        from kit.training.network_file import file_of

        if file is not None or as_json:
            raise KitError("--show: prints one of kit's own networks: leave FILE.py and --json out")
        print(file_of(named(show)), end="")
        return
    listed = networks(file, notify=complain)
    if as_json:
        print_json(
            [
                {
                    "name": network.name, "kind": network.kind, "parameters": network.parameters,
                    "size": network.task.size, "source": network.source, "recipe": dataclasses.asdict(network.recipe),
                    "default": network.name == DEFAULTS[ROWS.examples],
                }
                for network in listed
            ]
        )  # fmt: skip
        return
    rows = [
        [
            network.name, network.kind, f"{network.task.size} x {network.task.size}", f"{network.parameters:,}",
            str(network.recipe), network.source,
        ]
        for network in listed
    ]  # fmt: skip
    headings = ["name", "kind", "size", "parameters", "recipe", "source"]
    print_table(headings, rows, right=[2, 3], spare=["source", "size", "kind"])
    if file is None:
        print(
            f"\nkit train without --arch trains {DEFAULTS[ROWS.examples]}, "
            f"kit train --camera {DEFAULTS[CAMERA.examples]}."
        )
        print("Your own: kit train --arch FILE.py; kit networks --show NAME prints one of these as such a file.")


@options_of(
    Arguments,
    overrides=Recipe,
    groups={
        "What is trained": ("arch", "time_limit", "camera", "background_share", "size", "folds", "cluster"),
        HOW: (),
        SOURCE: (
            "data", "validation_split", "from_run", "teacher", "teacher_share", "unlabelled", "resume",
        ),
        TARGET: ("name", "runs"),
    },
)  # fmt: skip
def train(**given: Any) -> None:
    """Train a network. What you leave out, the network's own recipe says."""
    started = time.monotonic()  # the imports take a second
    from kit.training.trainer import train

    run = train(**given, inspect=_obstacles, started=started)
    metrics = run.outcome
    accuracy = f"validation accuracy {metrics['val_accuracy']:.2%} (epoch {metrics['best_epoch']:.0f})"
    if run.settings.folded:
        accuracy = f"accuracy out of fold {metrics['val_accuracy']:.2%}, by {run.settings.folds} networks"
    remark(f"{accuracy}, {metrics['parameters']:,} parameters, {metrics['seconds']:.0f} s")
    print_path(run.folder)


@options_of(
    ImportArguments,
    groups={HOW: (), SOURCE: ("validation", "data", "seed", "validation_split"), TARGET: ("name", "runs")},
)
def import_model(**given: Any) -> None:
    """Make a run of a Keras model that was trained elsewhere; nothing in its file is run."""
    from kit.importing.import_model import import_model

    print_path(import_model(**given, notify=remark).folder)


def _obstacles(model: Any, task: Any) -> list[str]:
    """What `kit export` would refuse somebody's own network for, said before it is trained for an hour."""
    from kit.exporting.convertible import Form, obstacles
    from kit.exporting.requirements import makeable

    try:
        form = Form(makeable())
    except KitError:  # nothing makes a model for an app here, so nothing would be refused
        return []
    return [f"kit export will not make {form} of it: {line}" for line in obstacles(model, task, form)]


def runs(runs: RunsFolder = Path("runs"), as_json: AsJson = False) -> None:
    """List the runs, the best first."""
    from kit.run.listing import HEADINGS, SEEN, row
    from kit.run.runs import runs as all_runs

    listed = all_runs(runs).listed(complain)
    if as_json:
        print_json(listed)
    elif listed:
        spare = ["parameters", "seconds", "accuracy", "val_loss", "epochs", "network"]
        print_table(HEADINGS, [row(each) for each in listed], right=range(2, 8), spare=spare)
        if any(each.get("seen") for each in listed):
            print(f"\n{SEEN}")
    else:
        remark(f"{runs}: no runs yet: start with kit train")
