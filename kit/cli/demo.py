"""kit demo: the whole path once on the bundled sample."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from kit import KitError
from kit.cli.app import app
from kit.cli.output import remark
from kit.competition.log import LOG
from kit.exporting.formats import TARGETS
from kit.exporting.requirements import makeable
from kit.run.folder import Run
from kit.text import command_line

_COMMANDS = ("data fetch", "data check", "data show", "train", "runs", "submit", "analyze", "export --overwrite")


@dataclass(frozen=True)
class Demo:
    """What a walk through the whole path leaves.

    Attributes:
        folder: Where it all is.
        run: The trained network.
        report: The page on what it gets wrong.
        submission: The newest file for Kaggle.
        model: The newest model for an app: of Core ML, or where that cannot be made, of the first format that can.
    """

    folder: Path
    run: Run
    report: Path
    submission: Path
    model: Path


def demo(to: Path | str = "demo") -> Demo:
    """Runs the commands one after the other in a folder of their own; they print what they always print.

    Raises:
        KitError: The folder cannot be made, nothing here makes a model for an app, or a command fails.
    """
    format = makeable()  # noqa: A001
    chosen = "" if format in TARGETS else f" --format {format}"
    folder = Path(to)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KitError(f"{folder}: cannot be made: choose another with --to FOLDER") from error
    with contextlib.chdir(folder):
        remark(command_line(["cd", folder]))
        for line in (*_COMMANDS[:-1], _COMMANDS[-1] + chosen):
            remark(f"\n$ kit {line}")
            if code := app(line.split(), standalone_mode=False):
                raise KitError(f"kit {line}: ended with exit code {code}", code)
    run = Run(_newest(folder / "runs", "*/history.png").parent)
    submission, model = _newest(folder / "submissions", "*.csv", but=LOG), _newest(folder / "exports", "*")
    return Demo(folder, run, run.folder / "report.html", submission, model)


def _newest(folder: Path, pattern: str, but: str = "") -> Path:
    found = [path for path in folder.glob(pattern) if path.name != but and not path.name.startswith(".")]
    return max(found, key=lambda path: path.stat().st_mtime)
