"""Picture files of many formats and modes, whole, mutilated and contrived.

What is read is held against the pixels that a file was made of, where the mutilation leaves them known.
"""

import io
import os
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hostile.counting import Counts
from kit.reading import picture_files

SIDE = 48
_PNG = b"\x89PNG\r\n\x1a\n"

# Format, mode, what it is saved with, and how far grey levels may lie from those it was made of, None where unknown.
_KINDS: list[tuple[str, str, dict[str, Any], int | None]] = [
    ("PNG", "L", {}, 0), ("PNG", "RGB", {}, 0), ("PNG", "RGBA", {}, 0), ("PNG", "LA", {}, 0), ("PNG", "P", {}, 0),
    ("PNG", "I;16", {}, 1), ("PNG", "1", {}, None), ("JPEG", "L", {"quality": 95}, 12),
    ("JPEG", "RGB", {"quality": 95, "progressive": True}, 12), ("JPEG", "CMYK", {"quality": 95}, None),
    ("TIFF", "L", {}, 0), ("TIFF", "RGB", {"compression": "tiff_lzw"}, 0), ("TIFF", "CMYK", {}, None),
    ("TIFF", "RGBA", {"compression": "tiff_deflate"}, 0), ("TIFF", "I;16", {"compression": "packbits"}, 1),
    ("TIFF", "F", {}, None), ("TIFF", "1", {"compression": "group4"}, None), ("TIFF", "L", {"compression": "jpeg"}, 40),
    ("GIF", "P", {}, 0), ("BMP", "RGB", {}, 0), ("BMP", "P", {}, 0), ("WEBP", "RGB", {"lossless": True}, 0),
    ("WEBP", "RGBA", {"quality": 90}, None), ("AVIF", "RGB", {"speed": 10}, None), ("JPEG2000", "L", {}, 0),
    ("JPEG2000", "RGB", {}, 0), ("PPM", "L", {}, 0), ("PPM", "RGB", {}, 0), ("TGA", "RGB", {}, 0),
    ("TGA", "L", {"compression": "tga_rle"}, 0), ("PCX", "L", {}, 0), ("SGI", "RGB", {}, 0), ("ICO", "RGB", {}, None),
]  # fmt: skip


def mutilate(count: int, seed: int, folder: Path) -> Counts:
    """Tries `count` files; a fifth of them is whole or changed where nothing of the picture may change."""
    counts = Counts()
    ways = [_flipped, _cut, _resized, _of_another_format, _grown, _not_a_picture]
    for number in range(count):
        draw = random.Random(f"{seed} {number}")
        if number % 5 == 0:
            _try_known(counts, draw, folder, number)
            continue
        kind = draw.choice(_KINDS)
        way = draw.choice(ways)
        content = way(draw, _saved(_picture(draw), *kind[:3]))
        path = folder / f"{number}.{draw.choice(['png', 'jpg', 'tif', 'heic', ''])}".rstrip(".")
        path.write_bytes(content)
        _read(counts, f"{number} {kind[:2]} {way.__name__}", path, draw)
        path.unlink()
    _try_what_is_no_file(counts, folder)
    return counts


def _read(counts: Counts, what: str, path: Path, draw: random.Random) -> np.ndarray | None:
    least = draw.choice([None, 64])
    found: np.ndarray | None = counts.tried(what, lambda: picture_files.read(path, least=least))
    if found is not None and (found.ndim != 2 or found.dtype != np.uint8 or found.shape[0] != found.shape[1]):
        counts.wrong.append(f"{what}: {found.dtype} {found.shape}")
    return found


def _picture(draw: random.Random) -> np.ndarray:
    """Paper, and a stroke of ink on it: uint8 (SIDE, SIDE)."""
    generator = np.random.default_rng(draw.randrange(2**32))
    grey = np.clip(generator.normal(215, 4, (SIDE, SIDE)), 0, 240).astype(np.uint8)
    left = draw.randrange(4, SIDE - 12)
    grey[8 : SIDE - 8, left : left + 7] = draw.randrange(60)
    return grey


def _saved(grey: np.ndarray, name: str, mode: str, options: dict[str, Any]) -> bytes:
    deep = mode == "I;16"
    picture = Image.fromarray(grey.astype(np.uint16) * 257) if deep else Image.fromarray(grey).convert(mode)
    file = io.BytesIO()
    picture.save(file, name, **options)
    return file.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(pixels: np.ndarray, colour: int, *before: bytes, after: bytes = b"") -> bytes:
    """A PNG of 8 or 16 bits, by the type of its pixels."""
    bits = 8 * pixels.dtype.itemsize
    rows = b"".join(b"\0" + row.astype(row.dtype.newbyteorder(">")).tobytes() for row in pixels)
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], bits, colour, 0, 0, 0))
    packed = zlib.compress(rows)
    data = b"".join(_chunk(b"IDAT", packed[at : at + 500]) for at in range(0, len(packed), 500))
    return _PNG + header + b"".join(before) + data + after + _chunk(b"IEND", b"")


def _try_known(counts: Counts, draw: random.Random, folder: Path, number: int) -> None:
    """A file whose grey levels are known, which must be read as they are."""
    grey = _picture(draw)
    way: Callable[..., tuple[bytes, np.ndarray, int]] = draw.choice([_whole, _whole, _deep, _clear, _with_metadata])
    content, expected, apart = way(draw, grey)
    path = folder / f"{number}.{draw.choice(['png', 'gif', 'jpg', 'tga'])}"  # its content counts
    path.write_bytes(content)
    what = f"{number} {way.__name__}"
    found = _read(counts, what, path, random.Random(1))
    path.unlink()
    if found is None:
        counts.wrong.append(f"{what}: refused")
    elif found.shape != expected.shape or np.abs(found.astype(int) - expected).max() > apart:
        counts.wrong.append(f"{what}: up to {np.abs(found.astype(int) - expected).max()} levels away")


def _whole(draw: random.Random, grey: np.ndarray) -> tuple[bytes, np.ndarray, int]:
    name, mode, options, apart = draw.choice([kind for kind in _KINDS if kind[3] is not None])
    return _saved(grey, name, mode, options), grey, apart or 0


def _deep(draw: random.Random, grey: np.ndarray) -> tuple[bytes, np.ndarray, int]:
    """16 bits of which fewer are used."""
    white = 2 ** draw.choice([8, 10, 12, 14, 16]) - 1
    grey[0, 0] = 255
    values = np.round(grey * (white / 255)).astype(np.uint16)
    opaque = np.full_like(values, draw.choice([65535, white]))
    colour = draw.choice([0, 2, 4, 6])
    bands = {0: [values], 2: [values] * 3, 4: [values, opaque], 6: [values, values, values, opaque]}[colour]
    if colour == 0 and draw.random() < 0.5:
        most = draw.choice([white, 65535])
        return f"P5 {SIDE} {SIDE} {most} ".encode() + _pgm(values, most), grey, 1
    return _png(values if colour == 0 else np.stack(bands, axis=-1), colour), grey, 1


def _pgm(values: np.ndarray, most: int) -> bytes:
    return values.astype(">u2" if most > 255 else np.uint8).tobytes()


def _clear(draw: random.Random, grey: np.ndarray) -> tuple[bytes, np.ndarray, int]:
    """Ink of any grey on a transparent ground, by an alpha channel, a palette or a transparent colour."""
    ink, drawn = draw.choice([0, 30, 225, 255]), grey < 100
    ground = 0 if ink > 127 else 255
    expected = np.where(drawn, ink, ground)
    hidden = draw.choice([0, 128, 255])  # what lies where nothing is seen
    way = draw.choice(["LA", "RGBA", "palette", "colour", "16 bits"])
    level, alpha = np.where(drawn, ink, hidden).astype(np.uint8), np.where(drawn, 255, 0).astype(np.uint8)
    if way == "LA":
        return _png(np.stack([level, alpha], axis=-1), 4), expected, 0
    if way == "RGBA":
        return _png(np.stack([level, level, level, alpha], axis=-1), 6), expected, 0
    if way == "palette":
        palette = _chunk(b"PLTE", bytes([hidden] * 3 + [ink] * 3)) + _chunk(b"tRNS", b"\0\xff")
        return _png(drawn.astype(np.uint8), 3, palette), expected, 0
    key = np.where(drawn, ink, 77).astype(np.uint8)  # no ink has this grey
    if way == "colour":
        return _png(np.stack([key] * 3, axis=-1), 2, _chunk(b"tRNS", b"\0\x4d" * 3)), expected, 0
    return _png(key.astype(np.uint16) * 257, 0, _chunk(b"tRNS", b"\x4d\x4d")), expected, 0


def _with_metadata(draw: random.Random, grey: np.ndarray) -> tuple[bytes, np.ndarray, int]:
    """Chunks beside the picture that are large, packed a thousandfold, damaged, many or out of place."""
    packed = zlib.compress(bytes(draw.choice([10_000, 3_000_000, 30_000_000])), 9)
    chunks = [
        _chunk(b"tEXt", b"a\0" + bytes(range(32, 127)) * 20_000),
        _chunk(b"zTXt", b"a\0\0" + packed) * draw.choice([1, 70]),
        _chunk(b"zTXt", b"Raw profile type exif\0\0" + packed),
        _chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed),
        _chunk(b"iCCP", b"a\0\0" + packed),
        _chunk(b"iCCP", b"a\0\7" + draw.randbytes(99)),
        _chunk(b"eXIf", b"MM\0*" + draw.randbytes(60)),
        _chunk(b"eXIf", b"MM\0*\0\0\0\x08" + draw.randbytes(60))[:-1] + b"!",
        _chunk(b"acTL", b"\0\0\0\2\0\0\0\0") + _chunk(b"fcTL", draw.randbytes(26)),
        _chunk(b"aaAa", draw.randbytes(50)) * 300,
        _chunk(b"gAMA", b"\0"), _chunk(b"sBIT", b""), _chunk(b"pHYs", b"\1"),
    ]  # fmt: skip
    chosen = draw.sample(chunks, draw.randint(1, 6))
    return _png(grey, 0, *chosen[1:], after=chosen[0]) + draw.randbytes(draw.choice([0, 99])), grey, 0


def _flipped(draw: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    reach = draw.choice([40, 400, len(changed)])
    for _ in range(draw.choice([1, 3, 20])):
        changed[draw.randrange(min(reach, len(changed)))] = draw.choice([0, 1, 127, 128, 255, draw.randrange(256)])
    return _with_right_checks(bytes(changed)) if draw.random() < 0.5 else bytes(changed)


def _cut(draw: random.Random, content: bytes) -> bytes:
    at = draw.randrange(len(content))
    return content[:at] if draw.random() < 0.7 else content[:at] + content[at + draw.randrange(1, 99) :]


def _resized(draw: random.Random, content: bytes) -> bytes:
    """Wherever its side stands in the file, another."""
    other = draw.choice([0, 1, SIDE + 1, 5000, 20_000, 65_535, 2**31 - 1, 2**32 - 1])
    for kind in draw.sample([">I", "<I", ">H", "<H"], 2):
        wide = min(other, 2 ** (8 * struct.calcsize(kind)) - 1)
        content = content.replace(struct.pack(kind, SIDE), struct.pack(kind, wide), draw.choice([1, 2, 9]))
    return _with_right_checks(content)


def _of_another_format(draw: random.Random, content: bytes) -> bytes:
    """The beginning of one file and the end of another."""
    other = _saved(_picture(draw), *draw.choice(_KINDS)[:3])
    return content[: draw.choice([2, 4, 12, 30, len(content) // 2])] + other[draw.choice([0, 12, len(other) // 2]) :]


def _grown(draw: random.Random, content: bytes) -> bytes:
    at = draw.randrange(len(content))
    return content[:at] + draw.choice([bytes(5000), b"\xff" * 5000, draw.randbytes(3000), content]) + content[at:]


def _not_a_picture(draw: random.Random, content: bytes) -> bytes:
    return draw.choice(
        [
            b"", b"\0", b"version https://git-lfs.github.com/spec/v1\n", b"<html>" * 99, b"<!---->" * 99, b"<svg/>",
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n", b"%PDF-1.7", b"P5 9 9 255 ",
            _PNG, b"GIF89a", b"BM", b"II*\0\x08\0\0\0", b"\0\0\1\0\xff\xff", content[::-1], draw.randbytes(999),
        ]
    )  # fmt: skip


def _with_right_checks(content: bytes) -> bytes:
    """A PNG with its chunks' checksums made right again, so that what was changed in them is looked at."""
    if not content.startswith(_PNG):
        return content
    made, at = content[:8], 8
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        if length > len(content) - at - 12:
            break
        made += _chunk(content[at + 4 : at + 8], content[at + 8 : at + 8 + length])
        at += 12 + length
    return made + content[at:]


def _try_what_is_no_file(counts: Counts, folder: Path) -> None:
    """Folders, pipes, devices and links in circles that are called like pictures; and a file with a hole in it."""
    (folder / "folder.png").mkdir()
    (folder / "circle.png").symlink_to("circle.png")
    (folder / "gone.png").symlink_to("nowhere")
    with open(folder / "hole.png", "wb") as file:
        file.truncate(10**12)
    names = ["folder.png", "circle.png", "gone.png", "hole.png"]
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.png")
        (folder / "endless.png").symlink_to("/dev/zero")
        names += ["pipe.png", "endless.png"]
    for name in names:
        if counts.tried(name, lambda name=name: picture_files.read(folder / name)) is not None:  # type: ignore[misc]
            counts.wrong.append(f"{name}: read")
