"""The first line of a file → which of the competition's files it is, or what it is instead and what to do about it."""

import re

from kit.data.lines import AGAIN

PIXELS = [f"pixel{number}" for number in range(784)]
HEADERS = {
    "train": ["label", *PIXELS],
    "test": PIXELS,
    "sample_submission": ["ImageId", "Label"],
    "solution": ["ImageId", "Label"],
}
HEAD = 1 << 16  # bytes that are enough to tell
_QUOTED = re.compile(rb'(?<![^,])([ \t]*)"([^",]*)"([ \t]*)(?![^,])')  # a whole name in quotes
_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?(e[-+]?\d+)?", re.IGNORECASE)
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_UNPACK = "unpack it first"
_BEGINNINGS = {  # of what is no CSV: what it is and what to do
    b"\x89PNG": "a picture, not a CSV: " + AGAIN,
    b"\xff\xd8\xff": "a picture, not a CSV: " + AGAIN,
    b"%PDF": "a PDF, not a CSV: " + AGAIN,
    b"PK\x03\x04": "a zip archive inside too many others: " + _UNPACK,
    b"\x1f\x8b": "gzip inside too many archives: " + _UNPACK,
    b"BZh": "packed by bzip2: " + _UNPACK,
    b"\xfd7zXZ": "packed by xz: " + _UNPACK,
    b"(\xb5/\xfd": "packed by zstd: " + _UNPACK,
    b"7z\xbc\xaf": "a 7z archive: " + _UNPACK,
    b"Rar!": "a RAR archive: " + _UNPACK,
    b"\xd0\xcf\x11\xe0": "an Excel workbook: save its sheet as CSV",
    b"PAR1": "a Parquet table: write it as CSV, without the index",
    b"\x93NUMPY": "a NumPy array: write it as CSV, with the header",
    b"\x89HDF": "an HDF5 file: write its table as CSV, without the index",
    b"version https://git-lfs": "a Git LFS pointer that stands for the file: run git lfs pull",
    b"/annex/objects/": "a git-annex pointer that stands for the file: run git annex get",
    b"{": "JSON, not a CSV, such as a server's answer that it refuses: " + AGAIN,
    b"<": "a web page, not a CSV, such as one that asks to sign in: " + AGAIN,
}


def fields_of(line: bytes) -> list[str]:
    """A line's fields, without the quotes around them."""
    return _QUOTED.sub(rb"\1\2\3", line.rstrip(b"\r\n")).decode("utf-8", "replace").split(",")


def is_header_of(line: bytes, kind: str) -> bool:
    """Whether this is the kind's header; spaces around names only matter to Kaggle, so in a submission."""
    fields = fields_of(line)
    return fields == HEADERS[kind] or (kind in ("train", "test") and _stripped(fields) == HEADERS[kind])


def kind_of(head: bytes) -> str | None:
    """Which of the competition's files begins like this; a submission counts as `sample_submission`."""
    line = head.partition(b"\n")[0]
    return next((kind for kind in HEADERS if is_header_of(line, kind)), None)


def nearest_kind(head: bytes) -> str | None:
    """Which of them it may have been meant to be, by the number and names of its columns; None where nothing tells."""
    names = {name.casefold() for name in _names(head)}
    count = len(_names(head))
    if count > 100 or any(name.startswith("pixel") for name in names):
        return "train" if "label" in names or (count >= 785 and "pixel0" not in names) else "test"
    if names & {"imageid", "label"} or (count < 4 and _are_numbers(_names(head))):
        return "sample_submission"
    return None


def is_foreign(head: bytes, kind: str) -> bool:
    """Whether a table with named columns begins like this, none of them the kind's: a file of another competition."""
    names = [name.casefold() for name in _names(head)]
    own = "pixel" if kind in ("train", "test") else "imageid"
    named = all(re.fullmatch(r"[^\W\d][\w .()/-]*", name) for name in names)
    return len(names) > 1 and named and not _instead(head) and not any(name.startswith(own) for name in names)


def fault_of(head: bytes, kind: str) -> str:
    """What is wrong with a file that begins like this where the kind's header should stand, and what to do.

    Args:
        head: The first lines in UTF-8, up to `HEAD` bytes of them.
        kind: One of `HEADERS`, which is not this one's.
    """
    if instead := _instead(head):
        return instead
    columns, line = HEADERS[kind], head.partition(b"\n")[0]
    fields, text = fields_of(line), line.decode("utf-8", "replace")
    if other := kind_of(head):
        return f"this is the competition's {other}.csv, a file with the header {short(columns)} belongs here"
    if not text.strip():
        return f"the first line is empty: it must be {short(columns)}"
    for separator, what in _SEPARATORS.items():
        if text.count(separator) > text.count(","):
            return f"its columns are separated by {what}: save it with commas, the header must be {short(columns)}"
    if near_miss := _near_miss(fields, columns):
        return near_miss
    if is_foreign(head, kind):
        return f"a table of something else, its header begins with {text[:40]!r}: it must be {short(columns)}"
    return f"the header has {count_of(len(fields))} instead of {len(columns)}: it must be {short(columns)}"


def _near_miss(fields: list[str], columns: list[str]) -> str | None:
    must = f"it must be {short(columns)}"
    if fields[0].startswith("#"):
        return f"the header begins with {fields[0][:2]!r}, as np.savetxt does without comments='': {must}"
    if fields[1:] == columns:
        extra = f"a column {fields[0][:40]!r} in front, such as the index that pandas writes without index=False"
        return f"it has {extra}: leave it out, {must}"
    if _are_numbers(fields):
        return f"the header is missing: the first line must be {short(columns)}"
    if sorted(fields) == sorted(columns):
        return f"its columns are in another order: {must}, and the values with it"
    if len(fields) == len(columns):
        number, found, wanted = next(
            (number, *pair) for number, pair in enumerate(zip(fields, columns, strict=True), 1) if pair[0] != pair[1]
        )
        return f"the header is not the competition's: column {number} is {found[:40]!r} instead of {wanted!r}, {must}"
    missing = [column for column in columns if column not in fields]
    if missing and set(fields) < set(columns):
        return f"the header has {count_of(len(fields))} instead of {len(columns)}, {missing[0]} is missing: {must}"
    return None


def _instead(head: bytes) -> str | None:
    start = head.lstrip()
    if head[257:262] == b"ustar":
        return "a tar archive: " + _UNPACK
    for beginning, what in _BEGINNINGS.items():
        if start.startswith(beginning):
            return what
    return "binary, not a CSV: " + AGAIN if _NO_TEXT.search(head) else None


def _names(head: bytes) -> list[str]:
    line = head.partition(b"\n")[0].decode("utf-8", "replace").lstrip("#% \t")
    return [name.strip(" \"'") for name in re.split(r"[,;|\t]", line)]


def _stripped(fields: list[str]) -> list[str]:
    return [field.strip(" \t") for field in fields]


def _are_numbers(fields: list[str]) -> bool:
    return all(_NUMBER.fullmatch(field.strip(" \t\"'")) for field in fields)


def short(columns: list[str]) -> str:
    return ",".join(columns) if len(columns) < 4 else f"{columns[0]},{columns[1]},…,{columns[-1]}"


def count_of(columns: int) -> str:
    return f"{columns} column{'s' * (columns != 1)}"
