"""Runs named by a letter: a submission of theirs has the same digit in all rows, and no network is asked."""

import hashlib
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from kit.competition import submission

ROWS = 50


def content(letter: str) -> bytes:
    """The submission of the run of that letter, "a" to "j"."""
    label = "abcdefghij".index(letter)
    return ("ImageId,Label\n" + "".join(f"{row},{label}\n" for row in range(1, ROWS + 1))).encode()


def digest(letter: str) -> str:
    return hashlib.sha256(content(letter)).hexdigest()


def put(setter: Callable[[object, str, object], None]) -> None:
    """Put them in the place of real runs; a name may be longer, its last letter counts."""
    setter(submission, "chosen", lambda run, *_, **__: [SimpleNamespace(name=run, file_name=run)])
    setter(submission, "_rows_to_predict", lambda *_: (np.zeros((ROWS, 784), np.uint8), None))
    setter(submission, "common_validation", lambda _: (0, None))
    setter(submission, "_unjudged", lambda *_: "")
    setter(
        submission, "probabilities", lambda found, *_, **__: np.eye(10)[["abcdefghij".index(found[0].name[-1])] * ROWS]
    )
