"""What a shell offers behind a half-written command: runs, networks, models, choices."""

import contextlib
import io
import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn

import typer

_VARIABLE = "_KIT_COMPLETE"  # by which typer's scripts ask
_NEEDS_NO_QUOTES = re.compile(r"[\w./][\w./+-]*")

Completer = Callable[..., list[str]] | Callable[..., list[tuple[str, str]]]
"""What may stand where a shell's cursor is, as typer takes it: names, or names with what they mean."""


def is_asked() -> bool:
    """Whether a shell has started kit to complete something."""
    return os.environ.get(_VARIABLE, "").startswith("complete")


def answer(app: typer.Typer) -> NoReturn:
    """Prints what the shell asks for, and nothing else whatever goes wrong: it would stand amid what a person types."""
    sys.modules["rich"] = None  # type: ignore[assignment]  # typer would strip markup by it, in twice the time
    with contextlib.suppress(Exception), contextlib.redirect_stderr(io.StringIO()):
        if "COMP_WORDS" in os.environ:
            _join_values()
        elif os.environ[_VARIABLE] == "complete_powershell":
            _answer_powershell(app)
        app(prog_name="kit")
    sys.exit(1)


def _answer_powershell(app: typer.Typer) -> None:
    """It writes paths with backslashes, which typer takes for quotes, and puts an answer for the whole of --arch=k."""
    os.environ["_TYPER_COMPLETE_ARGS"] = os.environ["_TYPER_COMPLETE_ARGS"].replace("\\", r"\\")
    option, sign, _ = os.environ["_TYPER_COMPLETE_WORD_TO_COMPLETE"].partition("=")
    offered = io.StringIO()
    try:
        with contextlib.redirect_stdout(offered):
            app(prog_name="kit")
    finally:
        before = option + sign if option.startswith("--") and sign else ""
        sys.stdout.writelines(f"{before}{line}\n" for line in offered.getvalue().splitlines() if line)


def _join_values() -> None:
    """bash makes three words of --arch=kit, where typer expects two."""
    words, cursor = os.environ["COMP_WORDS"].split("\n"), int(os.environ["COMP_CWORD"])
    signs = [at for at, word in enumerate(words) if word == "=" and words[at - 1].startswith("--")]
    os.environ["COMP_WORDS"] = "\n".join(word for at, word in enumerate(words) if at not in signs)
    os.environ["COMP_CWORD"] = str(cursor - sum(at < cursor for at in signs))


def one_of(choices: Iterable[object]) -> Completer:
    """These and no others."""
    names = [str(choice) for choice in choices]

    def complete() -> list[str]:
        return names

    return complete


def runs(ctx: typer.Context) -> list[str]:
    """The runs' full names, in the folder that --runs says."""
    from kit.run.runs import RUNS, run_names

    return _offered(run_names(Path(ctx.params.get("runs") or RUNS)))


def networks(incomplete: str) -> list[tuple[str, str]]:
    """kit's own, and Python files, which may build one."""
    from kit.training.networks import NETWORKS

    known = [(one.name, f"{one.kind}, {one.parameters:,} parameters") for one in NETWORKS.values()]
    return [*known, *((path, "a file of your own") for path in _files(_folder(incomplete), [".py"]))]


def own_networks() -> list[str]:
    """kit's own alone."""
    from kit.training.networks import NETWORKS

    return list(NETWORKS)


def models(incomplete: str) -> list[str]:
    """Exported models, in the folder that is being written or where kit export puts them, and the one of kit's own."""
    from kit.exporting import bundled
    from kit.exporting.formats import SUFFIXES
    from kit.exporting.options import EXPORTS

    folders = [_folder(incomplete)] if "/" in incomplete else [f"{EXPORTS}/", ""]
    return [*(path for folder in folders for path in _files(folder, SUFFIXES.values())), bundled.NAME]


def runs_and_models(ctx: typer.Context, incomplete: str) -> list[str]:
    """What reads pictures; behind it come the pictures' files, which the shell knows itself."""
    return [] if ctx.params.get("arguments") else [*runs(ctx), *models(incomplete)]


def shown(ctx: typer.Context) -> list[str]:
    """What kit open can show of the run in front of it."""
    from kit.reporting.viewer import shown_of
    from kit.run.runs import RUNS, find_or_best

    run = find_or_best(ctx.params.get("run"), ctx.params.get("runs") or RUNS)
    return _offered([*shown_of(run), "submission"])


def _folder(incomplete: str) -> str:
    """What is written up to the last slash."""
    return incomplete[: incomplete.rfind("/") + 1]


def _files(folder: str, endings: Iterable[str]) -> list[str]:
    return _offered(sorted(folder + path.name for path in Path(folder).glob("*") if path.suffix in set(endings)))


def _offered(names: Iterable[str]) -> list[str]:
    """Those that no shell takes for more than a name: what typer hands over is evaluated by some."""
    return [name for name in names if _NEEDS_NO_QUOTES.fullmatch(name)]
