"""What may have the name of a file and is none."""

import os
from pathlib import Path

KINDS = 4


def put(path: Path, kind: int) -> None:
    """A folder, a pipe that nobody writes to, an endless device or a link to itself, by its number from 0.

    Where there are no pipes with names, a folder in their place.
    """
    if kind == 0 or (kind == 1 and not hasattr(os, "mkfifo")):
        path.mkdir()
    elif kind == 1:
        os.mkfifo(path)
    elif kind == 2:
        path.symlink_to("/dev/zero")
    else:
        path.symlink_to(path.name)
