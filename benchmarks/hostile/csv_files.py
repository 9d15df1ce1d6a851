"""Mutilated train, test and submission files, packed and damaged in every way, against a slow reading of our own."""

import gzip
import io
import os
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np

from hostile.counting import Counts
from kit import KitError
from kit.data import csv_format, loading
from kit.data.checks import check
from kit.data.loading import LabelledDigits

TABLE = np.random.default_rng(7).integers(0, 256, (10, 785)).astype(np.uint8)
TABLE[:, 0] = range(10)
WHOLE = {
    "train": b"".join(csv_format.format_digits(TABLE[:, 1:], TABLE[:, 0])),
    "test": b"".join(csv_format.format_digits(TABLE[:, 1:])),
    "sample_submission": csv_format.format_submission(TABLE[:, 0]),
}
VALUES = {text: value for value in range(256) for text in (f"{value}", f"{value:02}", f"{value:03}")}
FRAGMENTS = [
    b"", b",", b"\n", b"\r", b"\r\n", b'"', b" ", b"\t", b"-", b".", b"0", b"9", b"255", b"256", b"1e1", b"\0", b"\xff",
    b"label", b";", b"#", b"<html>", b"PK\3\4", b"\x1f\x8b", b"\xef\xbb\xbf", b"\xff\xfe",
]  # fmt: skip
TITANIC = b"PassengerId,Survived,Pclass\n1,0,3\n"
Chance = random.Random


def mutilate(count: int, seed: int, folder: Path) -> Counts:
    """Tries `count` files; each is read as it is, or as it was before it was packed, or refused in one line."""
    counts = Counts()
    (folder / "no-cache").write_bytes(b"")  # a file where the cache's folder should be: every file is read
    with mock.patch.dict(os.environ, KIT_CACHE=str(folder / "no-cache")):
        for number in range(count):
            chance = Chance(f"{seed} {number}")
            kind = chance.choice(["train"] * 4 + ["test", "sample_submission"])
            text, readable, how = _text(chance, kind)
            packed, damaged, wrapping = _packed(chance, kind, text)
            place = folder / "given"
            place.mkdir(exist_ok=True)
            path = place / chance.choice([f"{kind}.csv", f"{kind}.csv", f"{kind}.csv.gz", f"{kind}.csv.zip"])
            path.write_bytes(packed)
            _try(counts, f"{seed} {number}: {kind}, {how}, {wrapping}", kind, path, text, readable and not damaged)
            path.unlink()
    return counts


def _try(counts: Counts, what: str, kind: str, path: Path, text: bytes, readable: bool) -> None:
    expected = _plain_reading(text, kind)
    found = counts.tried(what, lambda: _loaded(kind, path))
    if found is not None and (expected is None or found != expected):
        counts.wrong.append(f"{what}: read as something else")
    if found is None and readable:
        counts.wrong.append(f"{what}: refused, though it can be read: {check(path)[0].problem}")
    try:
        problems = [report.problem for report in check(path)]
    except Exception as error:
        counts.tracebacks.append(f"{what}: check raised {error!r}")
        return
    if any(problem is not None and ("\n" in problem or not problem.startswith(str(path))) for problem in problems):
        counts.wrong.append(f"{what}: {problems}")
    if found is not None and any(problems):
        counts.wrong.append(f"{what}: loaded, and yet check says {problems}")


def _loaded(kind: str, path: Path) -> list[list[int]]:
    if kind == "sample_submission":
        labels = loading.load_submission(kind, path.parent)
        if labels is None:
            raise KitError("nothing there")
        return [[label] for label in labels.tolist()]
    digits = loading.load(kind, path)
    pixels = digits.images.reshape(len(digits), 784)
    if isinstance(digits, LabelledDigits):
        return np.concatenate([digits.labels[:, None], pixels], axis=1).tolist()
    return pixels.tolist()


def _plain_reading(raw: bytes, kind: str) -> list[list[int]] | None:
    """An independent, slow reading; None where anything is not as it should be."""
    lines = re.split("\r\n|\r|\n", _decoded(raw))
    while lines and not lines[-1]:
        lines.pop()
    columns = csv_format.HEADERS[kind]
    if len(lines) < 2 or [_bare(name, kind) for name in lines[0].split(",")] != columns:
        return None
    rows = [[_bare(field, "train") for field in line.split(",")] for line in lines[1:]]
    if any(len(row) != len(columns) for row in rows):
        return None
    if kind == "sample_submission":
        right = all(row[0] == str(number) and row[1] in list("0123456789") for number, row in enumerate(rows, 1))
        return [[int(row[1])] for row in rows] if right else None
    if any(field not in VALUES for row in rows for field in row):
        return None
    values = [[VALUES[field] for field in row] for row in rows]
    if kind == "train" and {row[0] for row in values} != set(range(10)):
        return None
    return values


def _decoded(raw: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe\0\0", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    for encoding in ("utf-16-le", "utf-16-be"):
        if re.match("[a-zA-Z0-9\"' ,#]{8}", raw[:16].decode(encoding, "replace")):
            return raw.decode(encoding, "replace")
    return raw.decode("utf-8-sig", "replace")


def _bare(field: str, kind: str) -> str:
    """Without quotes and, unless it is a name in a submission's header, the spaces around it."""
    spaces = " \t" if kind != "sample_submission" else ""
    field = field.strip(spaces) if spaces else field
    if len(field) > 1 and field[0] == field[-1] == '"':
        field = field[1:-1].strip(spaces) if spaces else field[1:-1]
    return field


def _text(chance: Chance, kind: str) -> tuple[bytes, bool, str]:
    """A file's text, whether it must be readable, and what was done to it: up to three changes."""
    raw, readable, done = WHOLE[kind], True, []
    for _ in range(chance.choice([0, 1, 1, 2, 3])):
        change = chance.choice([*HARMLESS, *HARMFUL, _cut, _cut])
        raw, readable = change(chance, raw), readable and (change is _end or (change in HARMLESS and not done))
        done.append(change.__name__.strip("_"))
    if chance.random() < 0.2:
        encoding = chance.choice(["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
        raw = raw.decode("latin-1").encode(encoding)
        done.append(encoding)
        if chance.random() < 0.2:
            raw, readable = _cut(chance, raw), False
            done.append("cut")
    return raw, readable, " ".join(done) or "whole"


def _cut(chance: Chance, raw: bytes) -> bytes:
    """Some bytes cut out and others put in; often in the header's end, the first row or the last."""
    places = [chance.randrange(len(raw) + 1), max(0, len(raw) - chance.randrange(40)), chance.randrange(6700, 6900)]
    start, length = chance.choice(places), chance.choice([0, 0, 1, 1, 2, 5, 785, len(raw)])
    return raw[:start] + chance.choice(FRAGMENTS) + raw[start + length :]


def _digit(chance: Chance, raw: bytes) -> bytes:
    """Another digit for one of the last: often still a file to be read."""
    places = [at for at in range(max(0, len(raw) - 3000), len(raw)) if 48 <= raw[at] < 58] or [0]
    at = chance.choice(places)
    return raw[:at] + chance.choice([b"0", b"1", b"2", b"9"]) + raw[at + 1 :]


def _line_ends(chance: Chance, raw: bytes) -> bytes:
    return raw.replace(b"\n", chance.choice([b"\r\n", b"\r"]))


def _quotes(chance: Chance, raw: bytes) -> bytes:
    return re.sub(rb'([^,\r\n" ]+)', rb'"\1"', raw)


def _spaces(chance: Chance, raw: bytes) -> bytes:
    header, end, rows = raw.partition(b"\n")
    space = chance.choice([b" ", b"\t", b"   "])
    return header + end + re.sub(rb"([0-9]+)(?=[,\r\n])", chance.choice([space + rb"\1", rb"\1" + space]), rows)


def _end(chance: Chance, raw: bytes) -> bytes:
    return raw.rstrip(b"\r\n") + chance.choice([b"", b"\n", b"\n\n\n", b"\r\n\r\n"])


def _separator(chance: Chance, raw: bytes) -> bytes:
    return raw.replace(b",", chance.choice([b";", b"\t", b"|", b", ", b" "]))


def _index(chance: Chance, raw: bytes) -> bytes:
    first, *rows = raw.split(b"\n")
    return b"\n".join([b"," + first, *(b"%d,%s" % (number, row) for number, row in enumerate(rows))])


def _rows(chance: Chance, raw: bytes) -> bytes:
    """Rows repeated, left out, mixed, or a row beside another."""
    lines = raw.split(b"\n")
    at = chance.randrange(len(lines))
    changed = [lines[:at] + lines[at + 1 :], lines[: at + 1] + lines[at:], lines[::-1], lines[:1] + lines[:0:-1]]
    changed.append([*lines[:at], b",".join(lines[at : at + 2]), *lines[at + 2 :]])
    changed.append([*lines[:at], b"", *lines[at:]])
    return b"\n".join(chance.choice(changed))


def _columns(chance: Chance, raw: bytes) -> bytes:
    """A column left out, doubled or moved, with the header or without."""
    lines = [line.split(b",") for line in raw.split(b"\n")]
    at, to = chance.randrange(len(lines[0])), chance.randrange(len(lines[0]))
    for line in lines[chance.randrange(2) :]:
        if len(line) > max(at, to):
            value = line.pop(at)
            line[to:to] = chance.choice([[value], [], [value, value]])
    return b"\n".join(b",".join(line) for line in lines)


def _header(chance: Chance, raw: bytes) -> bytes:
    first, end, rest = raw.partition(b"\n")
    first = chance.choice(
        [first.upper(), b"# " + first, first.title(), b"", first + b",", b"<html>" + first, first[:-3]]
    )
    return first + end + rest


HARMLESS: list[Callable[[Chance, bytes], bytes]] = [_end, _line_ends, _quotes, _spaces]  # what comes first, that is
HARMFUL: list[Callable[[Chance, bytes], bytes]] = [_digit, _separator, _index, _rows, _columns, _header]


def _packed(chance: Chance, kind: str, text: bytes) -> tuple[bytes, bool, str]:
    """The text in up to three containers, whether one was damaged, and how."""
    raw, damaged, done = text, False, []
    for _ in range(chance.choice([0, 0, 1, 1, 2, 3])):
        raw = chance.choice([_gzipped, _zipped])(chance, kind, raw)
        done.append("gzip" if raw.startswith(b"\x1f\x8b") else "zip")
        if chance.random() < 0.25:
            raw, damaged = _damaged(chance, raw), True
            done.append("damaged")
    return raw, damaged, " ".join(done) or "plain"


def _gzipped(chance: Chance, kind: str, raw: bytes) -> bytes:
    at = chance.randrange(len(raw) + 1) if chance.random() < 0.2 else len(raw)  # two members make one file
    return gzip.compress(raw[:at], 1) + (gzip.compress(raw[at:], 1) if at < len(raw) else b"")


def _zipped(chance: Chance, kind: str, raw: bytes) -> bytes:
    """As a member among others, under one of the names by which it is known."""
    folder = chance.choice(["", "", "digits/", "digits\\", "a/b/"])
    files = {f"{folder}{kind}.csv": raw}
    if chance.random() < 0.3:
        files[f"__MACOSX/{folder}._{kind}.csv"] = b"\0\5\x16\7"
    if chance.random() < 0.2:
        files[f"titanic/{kind}.csv"] = TITANIC
    if chance.random() < 0.2:
        files["readme.txt"] = b"hello"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in chance.sample(sorted(files), len(files)):
            method = chance.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
            archive.writestr(zipfile.ZipInfo(name), files[name], method, 1)
    return content.getvalue()


def _damaged(chance: Chance, raw: bytes) -> bytes:
    at = chance.choice([chance.randrange(len(raw)), max(0, len(raw) - chance.randrange(1, 200)), chance.randrange(64)])
    at = min(at, len(raw) - 1)
    flipped = bytes([raw[at] ^ (1 << chance.randrange(8))])
    return chance.choice([raw[:at], raw[:at] + flipped + raw[at + 1 :], raw[:at] + raw[at + 1 :], raw + raw[:at]])
