"""`kit train` with other proportions of its scenes: a trial of what kit/scenes/proportions.py might say.

python benchmarks/camera_trial.py WRITING.framed=0 STOCK.alphabets=160 "WRITING.size=(12,64)" -- --camera [OPTIONS]

The run keeps no word of them, so its scenes cannot be drawn again by `kit analyze` or `kit export`.
"""

import ast
import sys
from dataclasses import is_dataclass

from kit.cli.main import main
from kit.scenes import proportions


def change(assignment: str) -> None:
    """Sets a field of one of the proportions, before anything reads it."""
    name, _, value = assignment.partition("=")
    subject, _, field = name.partition(".")
    found = getattr(proportions, subject, None)
    fields = vars(found) if is_dataclass(found) else {}
    if field not in fields:
        sys.exit(f"{name}: kit/scenes/proportions.py has no such value")
    fields[field] = ast.literal_eval(value)


if __name__ == "__main__":
    if "--" not in sys.argv:
        sys.exit("behind the proportions belongs --, and behind that what kit train takes")
    bar = sys.argv.index("--")
    for each in sys.argv[1:bar]:
        change(each)
    sys.argv[1:] = ["train", *sys.argv[bar + 1 :]]
    main()
