"""The commands: each parses its options, calls one function of the library and prints what came back."""

import dataclasses
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from kit import KitError, __version__


class _DataFirst(typer.core.TyperGroup):
    """Lists the commands in the order in which a person needs them; typer would put groups last."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=lambda name: name != "data")


app = typer.Typer(
    cls=_DataFirst,
    help="From Kaggle's digit-recognizer CSVs to a trained network, its mistakes and a scored submission.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(help="Fetch, check and look at the competition's data.", rich_markup_mode=None)
app.add_typer(data_app, name="data")

DataPath = Annotated[
    Path | None,
    typer.Option("--data", metavar="PATH", help="Folder, .csv, .csv.gz or Kaggle's .zip.  [default: data]"),
]
RunData = Annotated[
    Path | None, typer.Option("--data", metavar="PATH", help="Where train.csv is.  [default: where it was]")
]
RunsFolder = Annotated[Path, typer.Option("--runs", metavar="FOLDER", help="Where the runs are.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.callback(invoke_without_command=True)
def kit(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        print(f"kit {__version__}")
        raise typer.Exit
    _help_without_command(context)


@data_app.callback(invoke_without_command=True)
def _data(context: typer.Context) -> None:
    _help_without_command(context)


def _help_without_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


@data_app.command()
def fetch(
    source: Annotated[
        str, typer.Argument(metavar="[sample|mnist|kaggle]", help="Where from; the sample needs no network.")
    ] = "sample",
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where to.")] = Path("data"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace other data that is there.")] = False,
) -> None:
    """Get train.csv, test.csv and sample_submission.csv."""
    from kit.competition import sources

    for path in sources.fetch(source, to, overwrite):
        print(path)


@data_app.command()
def check(data: DataPath = None, as_json: AsJson = False) -> None:
    """Say what is in the files, or what is wrong with them."""
    from kit.data.loading import check

    reports = check(data)
    if as_json:
        _print_json([dataclasses.asdict(report) for report in reports])
    else:
        _print_table(
            None, [[report.file, f"{report.rows:,} rows", report.facts] for report in reports if not report.problem]
        )
    problems = [report.problem for report in reports if report.problem]
    for problem in problems:
        _complain(problem)
    if problems:
        raise typer.Exit(2)


@data_app.command()
def show(
    data: DataPath = None,
    row: Annotated[int, typer.Option(help="Which training row to draw large, from 1.")] = 1,
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where the pictures go.")] = Path("data/show"),
    camera: Annotated[bool, typer.Option("--camera", help="Draw scenes, as train --camera learns from them.")] = False,
) -> None:
    """Draw digits, one with its pixel values, and the class counts; or scenes."""
    from kit.data.loading import show

    for path in show(data, row, to, camera=camera):
        print(path)


@app.command()
def networks(as_json: AsJson = False) -> None:
    """List the networks that kit train knows."""
    from kit.training.networks import CAMERA, DEFAULT, NETWORKS

    if as_json:
        _print_json(
            [
                {
                    "name": network.name, "kind": network.kind, "parameters": network.parameters, "size": network.size,
                    "source": network.source, "recipe": dataclasses.asdict(network.recipe),
                    "default": network.name == DEFAULT,
                }
                for network in NETWORKS.values()
            ]
        )  # fmt: skip
        return
    _print_table(
        ["name", "kind", "size", "parameters", "recipe", "source"],
        [
            [
                network.name,
                network.kind,
                f"{network.size} x {network.size}",
                f"{network.parameters:,}",
                str(network.recipe),
                network.source,
            ]
            for network in NETWORKS.values()
        ],
        right=[2, 3],
    )
    print(f"\nkit train without --arch trains {DEFAULT}, kit train --camera {CAMERA}.")


@app.command()
def train(
    arch: Annotated[
        str | None, typer.Option(help="A network that kit networks lists.  [default: kit; camera with --camera]")
    ] = None,
    camera: Annotated[
        bool, typer.Option("--camera", help="Learn from scenes as a phone sees them, with the class background.")
    ] = False,
    background_share: Annotated[
        float | None, typer.Option(help="Of the scenes, those without a digit; with --camera.  [default: 0.3]")
    ] = None,
    data: DataPath = None,
    name: Annotated[str | None, typer.Option(help="The run's name after its number.  [default: the network's]")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training rows.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images a step.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="adam, adamw, nadam, rmsprop, sgd, muon and others.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="The peak, where the schedule is one-cycle.")] = None,
    l2: Annotated[float | None, typer.Option(help="L2 penalty on every kernel.")] = None,
    dropout: Annotated[float | None, typer.Option(help="One rate for every dropout layer.")] = None,
    validation_split: Annotated[float | None, typer.Option(help="Share of the rows held out for validation.")] = None,
    augment: Annotated[
        bool | None,
        typer.Option("--augment/--no-augment", help="Random rotation, zoom, shear, shift.", show_default=False),
    ] = None,
    patience: Annotated[int | None, typer.Option(help="Stop after so many epochs without improvement.")] = None,
    precision: Annotated[str | None, typer.Option(help="float32 or mixed_bfloat16.  [default: float32]")] = None,
    seed: Annotated[int | None, typer.Option(help="What every random choice follows from.  [default: 0]")] = None,
    from_run: Annotated[
        str | None, typer.Option("--from", metavar="RUN", help="Start from its weights where shapes match.")
    ] = None,
    resume: Annotated[str | None, typer.Option(metavar="RUN", help="Go on with a stopped training.")] = None,
    runs: RunsFolder = Path("runs"),
) -> None:
    """Train a network. What you leave out, the network's own recipe says."""
    from kit.training.trainer import train

    run = train(
        arch, camera=camera, background_share=background_share, data=data, name=name,
        epochs=epochs, batch_size=batch_size, optimizer=optimizer,
        learning_rate=learning_rate, l2=l2, dropout=dropout, validation_split=validation_split, augment=augment,
        patience=patience, precision=precision, seed=seed, from_run=from_run, resume=resume, runs=runs,
    )  # fmt: skip
    metrics = run.metrics
    _remark(
        f"validation accuracy {metrics['val_accuracy']:.2%} (epoch {metrics['best_epoch']:.0f}), "
        f"{metrics['parameters']:,} parameters, {metrics['seconds']:.0f} s"
    )
    print(run.folder)


@app.command()
def runs(
    folder: Annotated[Path, typer.Option("--runs", metavar="FOLDER", help="Where the runs are.")] = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """List the runs, the best first."""
    from kit.run.folder import runs

    listed, rows = [], []
    for run in runs(folder):
        try:
            metrics = run.metrics if (run.folder / "metrics.json").exists() else {"arch": run.settings.arch}
        except KitError as error:
            _complain(str(error))
            continue
        listed.append({"run": run.name, **metrics})
        rows.append(_run_row(run.name, metrics))
    if as_json:
        _print_json(listed)
    elif rows:
        headings = ["run", "network", "val_accuracy", "val_loss", "accuracy", "epochs", "seconds", "parameters"]
        _print_table(headings, rows, right=range(2, 8))
    else:
        _remark(f"{folder}: no runs yet: start with kit train")


@app.command()
def submit(
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]...", help="Names or numbers; the best one without.")
    ] = None,
    data: DataPath = None,
    name: Annotated[str | None, typer.Option(help="The file's name.  [default: the runs']")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another submission of that name.")] = False,
    upload: Annotated[bool, typer.Option("--upload", help="Send it to Kaggle and wait for the score.")] = False,
    message: Annotated[str | None, typer.Option("--message", "-m", help="What Kaggle's list shows beside it.")] = None,
    folder: RunsFolder = Path("runs"),
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where the file goes.")] = Path("submissions"),
) -> None:
    """Write a submission for test.csv; several runs are averaged."""
    from kit.competition.submission import submit

    submission = submit(
        runs,
        data=data,
        name=name,
        overwrite=overwrite,
        upload=upload,
        message=message,
        runs=folder,
        to=to,
        notify=_remark,
    )
    if submission.validation_accuracy is not None:
        _remark(f"validation accuracy {submission.validation_accuracy:.2%} of {submission.validation_rows:,} rows")
    if submission.score is not None:
        _remark(f"score {submission.score:.5f} by {submission.scored_by}")
    print(to / submission.file)


@app.command()
def analyze(
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]...", help="The first is studied, others compared with it.")
    ] = None,
    focus: Annotated[str, typer.Option(metavar="DIGITS", help="The digits to study closely.")] = "4,7,9",
    explain: Annotated[
        list[int] | None, typer.Option(metavar="ROW", help="Also map what it looks at in this row of train.csv.")
    ] = None,
    photos: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Also judge it on photographs: digits/KIND/LABEL/, background/KIND/."),
    ] = None,
    data: RunData = None,
    folder: RunsFolder = Path("runs"),
    open_page: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """See what a run gets wrong: numbers, pictures and one HTML page."""
    from kit.reading.labelled_photographs import sentences, table_of_backgrounds, table_of_digits
    from kit.reporting.report import analyze
    from kit.reporting.sentences import comparison_sentence, comparison_table
    from kit.run.folder import best, find

    if not runs:
        runs = [best(folder).name]
        _remark(f"the best run is {runs[0]}")
    report = analyze(runs, focus=focus, explain=explain or (), photos=photos, data=data, folder=folder)
    photographs = report.photographs
    for sentence in [
        *report.summary,
        *map(comparison_sentence, report.comparisons),
        *(sentences(photographs) if photographs else []),
    ]:
        _remark(sentence)
    if as_json:
        comparisons = [{**vars(comparison), "real": comparison.real} for comparison in report.comparisons]
        judged = {"photographs": photographs.numbers()} if photographs else {}
        _print_json({**report.analysis.numbers(report.focus), "comparisons": comparisons, **judged})
    else:
        if report.comparisons:
            first, *rest = comparison_table([find(run, folder) for run in runs], report.comparisons)
            _print_table(first, rest, right=range(1, 4))
        for first, *rest in [table_of_digits(photographs), table_of_backgrounds(photographs)] if photographs else []:
            if rest:
                _print_table(first, rest, right=range(1, 7))
                print()
        print(report.page)
    if open_page:
        typer.launch(str(report.page.resolve()))
    _end_with(photographs.problems if photographs else (), 1)


@app.command()
def predict(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="[RUN or PACKAGE] IMAGE",
            help="A run or an exported model, the best camera run without; then files, folders and globs.",
        ),
    ],
    fit: Annotated[str, typer.Option(help="Of what is not square: crop, its central square; pad, the whole.")] = "crop",
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write all probabilities here, not a table.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", metavar="FILE.png", help="Draw the pictures with their labels.")
    ] = None,
    folder: RunsFolder = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Read the digits in picture files."""
    from kit.reading.reader import best_for_pictures, name_and_pictures
    from kit.reading.recognition import SHEET, predict_pictures

    name, images = name_and_pictures(arguments, folder)
    if name is None:
        name = best_for_pictures(folder).name
        _remark(f"the best run is {name}")
    found = predict_pictures(name, images, fit=fit, csv=csv, sheet=sheet, folder=folder)
    if sheet and found.files:
        _remark(f"{sheet}: {min(SHEET, len(found.files)):,} of {len(found.files):,} pictures")
    if as_json:
        _print_json(found.numbers())
    elif csv and found.files:
        print(csv)
    elif found.files:
        rows = zip(found.files, found.labels, found.confidences, strict=True)
        _print_table(["file", "label", "probability"], [_picture_row(*row) for row in rows], right=[2])
    _end_with(found.problems, 1 if found.files else 2)


@app.command()
def export(
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="Name or number; the best one without.")] = None,
    format: Annotated[  # noqa: A002
        str, typer.Option(help="mlprogram (.mlpackage), neuralnetwork (.mlmodel), tflite or onnx.")
    ] = "mlprogram",
    target: Annotated[
        str | None, typer.Option(help="The oldest system that must run it: iOS13 to iOS18.  [default: iOS17]")
    ] = None,
    input: Annotated[  # noqa: A002
        str, typer.Option(help="image, a grey picture; or array, its numbers row by row.")
    ] = "image",
    precision: Annotated[str | None, typer.Option(help="float16 or float32.  [default: float16 as mlprogram]")] = None,
    background: Annotated[
        bool | None,
        typer.Option("--background/--no-background", help="Keep the class without a digit.", show_default=False),
    ] = None,
    compress: Annotated[
        str | None,
        typer.Option(help="palette4, palette6, palette8, int8, prune50, prune75; auto: the smallest good one."),
    ] = None,
    max_loss: Annotated[float, typer.Option(help="Points of validation accuracy that --compress may cost.")] = 0.1,
    name: Annotated[str | None, typer.Option(help="The file's name without ending.  [default: the run's]")] = None,
    author: Annotated[str, typer.Option(help="What Xcode shows as the author.")] = "kit",
    license: Annotated[str, typer.Option(help="What Xcode shows as the licence.")] = "MIT",  # noqa: A002
    app: Annotated[bool, typer.Option("--app", help="Put it into mobile/, the iPhone app of this clone.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another export of that name.")] = False,
    data: RunData = None,
    folder: RunsFolder = Path("runs"),
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where the file goes.")] = Path("exports"),
    as_json: AsJson = False,
) -> None:
    """Write a Core ML model for an app, read back from disk and proved against the network."""
    from kit.exporting.export import export
    from kit.run.folder import best

    if run is None:
        run = best(folder).name
        _remark(f"the best run is {run}")
    made = export(
        run, format=format, target=target, input=input, precision=precision, background=background, compress=compress,
        max_loss=max_loss, name=name, author=author, license=license, app=app, overwrite=overwrite, data=data,
        runs=folder, to=to, notify=_remark,
    )  # fmt: skip
    if as_json:
        _print_json({**dataclasses.asdict(made), "path": str(made.path)})
        return
    if made.tried:
        headings = ["compression", "bytes", "accuracy", "points lost", "largest difference", ""]
        _print_table(headings, [_tried_row(tried, made.contract.compression) for tried in made.tried], range(1, 5))
    print(made.path)


@app.command()
def verify(
    package: Annotated[Path, typer.Argument(metavar="PACKAGE", help=".mlpackage, .mlmodel, .tflite or .onnx.")],
    run: Annotated[str | None, typer.Option(metavar="RUN", help="Compare with this run.  [default: its own]")] = None,
    rows: Annotated[int | None, typer.Option(help="Compare so many validation rows.  [default: all]")] = None,
    max_loss: Annotated[float, typer.Option(help="Points of accuracy that a compressed model may have lost.")] = 0.1,
    data: RunData = None,
    folder: RunsFolder = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Prove an exported model against its network, and say what it costs on a phone."""
    from kit.exporting.proof import summary, verify

    found = verify(package, run, rows=rows, max_loss=max_loss, data=data, runs=folder)
    if as_json:
        _print_json(found.numbers())
    else:
        _print_table(None, [[key, value] for key, value in found.facts()])
        if found.costs:
            print()
            headings = ["layer", "kind", "shape", "parameters", "bytes", "multiply-accumulates", "share"]
            _print_table(headings, found.costs.table(), right=range(3, 7))
    for line in summary(found.saved, found.proof) if found.proof else []:
        _remark(line)
    for problem in found.problems:
        _complain(f"{package}: {problem}")
    if found.problems:
        raise typer.Exit(2)
    if found.proof is None:
        raise KitError(
            f"{package}: not compared: its run, {found.saved.contract.run}, is not in {folder}: name it with --run "
            "or where it is with --runs",
            exit_code=1,
        )


@app.command()
def serve(
    name: Annotated[
        str | None, typer.Argument(metavar="[RUN or PACKAGE]", help="A run or an exported model; the best run without.")
    ] = None,
    port: Annotated[int, typer.Option(help="Where on this computer; 0 takes a free one.")] = 8000,
    open_page: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
    folder: RunsFolder = Path("runs"),
) -> None:
    """Draw on a pad or hold digits into the camera, on a page that reads them."""
    from kit.run.folder import best
    from kit.web.server import serve

    def show(address: str) -> None:
        print(address, flush=True)
        _remark("Ctrl-C ends it")
        if open_page:
            typer.launch(address)

    if name is None:
        name = best(folder).name
        _remark(f"the best run is {name}")
    serve(name, port=port, folder=folder, notify=show)


@app.command()
def demo(
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="The folder to work in.")] = Path("demo"),
) -> None:
    """Run the whole path once on the bundled sample."""
    try:
        to.mkdir(parents=True, exist_ok=True)
        os.chdir(to)
    except OSError as error:
        raise KitError(f"{to}: cannot be made: choose another with --to FOLDER") from error
    _remark(f"cd {to}")
    for line in ("data fetch", "data check", "data show", "train", "runs", "submit", "analyze", "export --overwrite"):
        _remark(f"\n$ kit {line}")
        if code := app(line.split(), standalone_mode=False):
            raise typer.Exit(code)
    newest = max(Path("runs").glob("*/history.png"), key=lambda path: path.stat().st_mtime)
    _remark(
        f"\nLook at  {to / newest.parent / 'report.html'}  what the network gets wrong: open it in a browser\n"
        f"         {to / newest}  the training, epoch by epoch\n"
        f"         {to / 'data' / 'show'}  the digits\n"
        f"         {to / 'exports'}  the network as a Core ML model, for Xcode\n"
        f"         {to / 'submissions'}  what Kaggle would get, and the log of scores\n"
        "Next:    kit data fetch kaggle, kit train, kit submit --upload -m 'my first'"
    )


def main() -> None:
    """Runs the command line; whatever goes wrong by the user's doing is one line on standard error."""
    try:
        code = app(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except KitError as error:
        _complain(str(error))
        sys.exit(error.exit_code)
    except typer.exceptions.TyperException as error:
        _complain(_usage(error))
        sys.exit(2)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except BrokenPipeError:  # kit runs | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        from kit.files import in_plain_words

        _complain(str(in_plain_words(error)))
        sys.exit(2)


def _usage(error: Any) -> str:
    command = error.ctx.command_path if getattr(error, "ctx", None) else "kit"
    return f"{error.format_message().rstrip('.')} ({command} --help lists what there is)"


def _run_row(name: str, metrics: dict[str, Any]) -> list[str]:
    def shown(key: str, form: str) -> str:
        return format(metrics[key], form) if key in metrics else "–"

    epochs = f"{metrics.get('epochs_done', 0)}/{metrics.get('epochs', '?')}"
    if not metrics.get("finished"):
        epochs = f"unfinished {epochs}"
    elif metrics.get("stopped") == "diverged":
        epochs = f"diverged {epochs}"
    accuracies = [shown("val_accuracy", ".2%"), shown("val_loss", ".4f"), shown("accuracy", ".2%")]
    return [name, metrics["arch"], *accuracies, epochs, shown("seconds", ".0f"), shown("parameters", ",")]


def _tried_row(tried: Any, chosen: str | None) -> list[str]:
    name = tried.compression or "none"
    note = "chosen" if tried.compression == chosen else "" if tried.within else "loses too much"
    proof = tried.proof
    return [
        name,
        f"{tried.size:,}",
        f"{proof.accuracy:.2%}",
        f"{proof.loss:.2f}",
        f"{proof.difference.largest:.1e}",
        note,
    ]


def _picture_row(file: Path, label: str, probability: float) -> list[str]:
    printable = str(file).encode(errors="replace").decode()  # a name may hold bytes that are no text
    return [" ".join(printable.split("\n")), label, f"{probability:.1%}"]


def _end_with(problems: Sequence[str], code: int) -> None:
    """Complains of each and exits, if there are any."""
    for problem in problems:
        _complain(problem)
    if problems:
        raise typer.Exit(code)


def _print_table(headings: list[str] | None, rows: list[list[str]], right: Sequence[int] = ()) -> None:
    lines = [headings, *rows] if headings else rows
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))] if lines else []
    for line in lines:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2))


def _remark(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _complain(line: str) -> None:
    _remark(f"error: {' '.join(line.split())}")
