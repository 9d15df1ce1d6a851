"""What a run has to look at, shown by the browser or by whatever this computer shows files with."""

import os
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path

from kit import KitError
from kit.run.folder import Run
from kit.run.runs import RUNS, RunName, find_or_best

SWEEP = "sweep.json"  # the file by which the folder of a sweep is known
_ANALYSIS = "analysis"  # the folder of a run's pictures


def open_run(
    run: RunName | None = None,
    what: str = "report",
    *,
    runs: Path | str = RUNS,
    submissions: Path | str = "submissions",
    notify: Callable[[str], None] = lambda line: None,
) -> Path:
    """Shows the report of a run or of a sweep, or something else that it has, and returns where that is.

    Args:
        run: The run, or the folder of a sweep; the best run without.
        what: `report`, `history`, `submission`, `folder`, or a picture that `analyze` has drawn, by its file's name:
            `confusion`, `mistakes` and so on; of a sweep `report`, `course`, `importance`, `slices` or `folder`.
        runs: Where the runs are.
        submissions: Where the submissions are.
        notify: Called with a line that says which run is the best one, and with one where nothing could be shown.

    Raises:
        KitError: There is no such run, or it has nothing of that name; the message says what makes it.
    """
    if isinstance(run, str | Path) and (Path(run) / SWEEP).is_file():
        path = _place_of_sweep(Path(run), what)
    else:
        found = find_or_best(run, runs, notify=notify)
        path = _place(found, what, Path(submissions))
        if not path.exists():
            raise KitError(f"{path}: {_missing(found, what)}")
    show(path, notify)
    return path


def shown_of(run: Run) -> list[str]:
    """What `open_run` can show of a run, a submission apart."""
    known = [name for name in ("report", "history", "folder") if _place(run, name, Path()).exists()]
    return [*known, *sorted(path.stem for path in (run.folder / _ANALYSIS).glob("*.png"))]


def show(target: Path | str, notify: Callable[[str], None] = lambda line: None) -> None:
    """Has a file, a folder or an address shown; `notify` gets a line where that cannot be."""
    if not _has_display():
        notify("not shown: no display here, as over SSH or in a container: open it where there is one")
    elif not webbrowser.open(target if isinstance(target, str) else target.resolve().as_uri()):
        notify("not shown: nothing here opens it: name a program in the environment variable BROWSER")


def _place(run: Run, what: str, submissions: Path) -> Path:
    """Where that is of a run; KitError where there is nothing of that name."""
    places = {
        "folder": run.folder,
        "report": run.folder / "report.html",
        "history": run.folder / "history.png",
        "submission": submissions / f"{run.file_name}.csv",
    }
    picture = run.folder / _ANALYSIS / f"{what}.png"
    if what in places or (what == picture.stem and picture.is_file()):
        return places.get(what, picture)
    there = ", ".join([*shown_of(run), "submission"])
    raise KitError(
        f"{what}: {run} has nothing of that name: choose from {there}, or have kit analyze {run} draw its pictures"
    )


def _place_of_sweep(sweep: Path, what: str) -> Path:
    """Where that is of a sweep; KitError where there is nothing of that name."""
    if what == "folder":
        return sweep
    if what == "report" and not (sweep / "report.html").is_file():
        raise KitError(f"{sweep / 'report.html'}: not made yet: kit sweep makes it when a trial is finished")
    found = {path.stem: path for path in sweep.glob("*.*") if path.suffix in (".html", ".png")}
    if what not in found:
        raise KitError(f"{what}: {sweep} has nothing of that name: choose from {', '.join([*sorted(found), 'folder'])}")
    return found[what]


def _missing(run: Run, what: str) -> str:
    """Why there is no such file, and what makes it."""
    if what == "history" and run.settings.imported:
        return "a network that was trained elsewhere has none"
    commands = {"history": f"kit train --resume {run}", "submission": f"kit submit {run}"}
    return f"not made yet: {commands.get(what, f'kit analyze {run}')} makes it"


def _has_display() -> bool:
    """Whether something that is opened here would be seen: not by who is logged in from elsewhere."""
    if os.environ.get("BROWSER"):  # an editor that is connected to this computer sets one
        return True
    if sys.platform in ("darwin", "win32"):
        return not os.environ.get("SSH_CONNECTION")
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
