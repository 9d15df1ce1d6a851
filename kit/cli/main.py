"""Where `kit` starts, and how it ends when something is wrong."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from kit import KitError
from kit.cli import completion
from kit.cli.app import app
from kit.cli.help import Command
from kit.cli.output import complain, remark
from kit.text import write_plainly

_MISTAKE: Any = typer.BadParameter.__base__  # what is wrong with a command line; each typer has another name for it


@app.command(cls=Command)
def demo(
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="The folder to work in.")] = Path("demo"),
) -> None:
    """Run the whole path once on the bundled sample."""
    from kit.cli.demo import demo
    from kit.model_files import READABLE

    made = demo(to)
    remark(
        f"\nLook at  {made.report}  what the network gets wrong: open it in a browser\n"
        f"         {made.run.folder / 'history.png'}  the training, epoch by epoch\n"
        f"         {to / 'data' / 'show'}  the digits\n"
        f"         {made.model.parent}  the network as {READABLE[made.model.suffix[1:]]}, for an app\n"
        f"         {made.submission.parent}  what Kaggle would get, and the log of scores\n"
        'Next:    kit data fetch kaggle, kit train, kit submit --upload -m "my first"'
    )


def main() -> None:
    """Runs the command line; whatever goes wrong by the user's doing is one line on standard error."""
    write_plainly()
    if completion.is_asked():
        completion.answer(app)
    try:
        code = app(standalone_mode=False, prog_name="kit")
        sys.exit(code if isinstance(code, int) else 0)
    except KitError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except _MISTAKE as error:
        complain(_usage(error))
        sys.exit(2)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except OSError as error:
        from kit.system import in_plain_words, is_closed_pipe

        if is_closed_pipe(error):  # kit runs | head
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(141)
        complain(str(in_plain_words(error)))
        sys.exit(2)


def _usage(error: Any) -> str:
    command = error.ctx.command_path if getattr(error, "ctx", None) else "kit"
    return f"{error.format_message().rstrip('.')} ({command} --help lists what there is)"
