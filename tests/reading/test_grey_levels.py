"""Depth and transparency against pictures whose bytes are laid by hand, so that their grey is known."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from kit.reading import picture_files
from kit.reading.grey_levels import ground_for, white_of

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")

GREYS = np.kron(np.array([[255, 200], [90, 0]]), np.ones((20, 16))).astype(np.uint8)  # what every picture here shows
INK = np.zeros((40, 40), np.uint8)  # how opaque a drawn 7 is
INK[6:11, 8:32], INK[11:34, 22:27] = 255, 255
INK[11, 8:22], INK[34, 22:27] = 100, 100  # smooth edges


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(pixels: np.ndarray, colour: int, *extra: bytes, bits: int = 16) -> io.BytesIO:
    """A PNG of (height, width) or (height, width, channels)."""
    high, wide = pixels.shape[:2]
    kind = ">u2" if bits == 16 else np.uint8
    rows = b"".join(b"\0" + row.astype(kind).tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", wide if bits >= 8 else wide * 8 // bits, high, bits, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + b"".join(extra) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + body)


def tiff(pixels: np.ndarray, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **options)
    return file


def pgm(pixels: np.ndarray, most: int, magic: str = "P5") -> io.BytesIO:
    header = f"{magic} {pixels.shape[1]} {pixels.shape[0]} {most}\n".encode()
    return io.BytesIO(header + pixels.astype(">u2").tobytes())


def of_bits(bits: int) -> np.ndarray:
    """GREYS by numbers of so many bits."""
    return np.round(GREYS * ((2**bits - 1) / 255)).astype(np.uint16)


def in_colour(grey: np.ndarray, *alpha: np.ndarray) -> np.ndarray:
    return np.stack([grey, grey, grey, *alpha], axis=-1)


def difference(file: io.BytesIO, expected: np.ndarray = GREYS) -> int:
    return int(np.abs(picture_files.grey(file).astype(int) - expected).max())


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_a_picture_of_16_bits_may_use_fewer(bits: int) -> None:
    grey, opaque = of_bits(bits), np.full(GREYS.shape, 65535, np.uint16)
    files = {
        "png": png(grey, 0),
        "png in colour": png(in_colour(grey), 2),
        "png with alpha": png(np.stack([grey, opaque], axis=-1), 4),
        "png in colour with alpha": png(in_colour(grey, opaque), 6),
        "png whose alpha has as few": png(np.stack([grey, opaque >> (16 - bits)], axis=-1), 4),
        "pgm": pgm(grey, 65535),
        "ppm": pgm(in_colour(grey), 65535, "P6"),
        "tiff": tiff(grey),
        "tiff, packed": tiff(grey, compression="zlib"),
        "tiff, the other end first": tiff(grey, byteorder=">"),
        "tiff in colour": tiff(in_colour(grey), photometric="rgb"),
        "tiff in colour, packed": tiff(in_colour(grey), photometric="rgb", compression="zlib", byteorder=">"),
        "tiff of planes": tiff(in_colour(grey).transpose(2, 0, 1), photometric="rgb", planarconfig="separate"),
        "tiff with alpha": tiff(in_colour(grey, opaque), photometric="rgb", extrasamples=["unassalpha"]),
        "tiff, small is white": tiff((2**bits - 1) - grey, photometric="miniswhite"),
        "tiff of 32 bits": tiff(grey.astype(np.uint32)),
        "tiff of floats": tiff(grey.astype(np.float32)),
    }
    assert {name: difference(file) for name, file in files.items() if difference(file) > 1} == {}


def test_what_a_file_declares_counts_for_more_than_its_brightest_pixel() -> None:
    dark = of_bits(10) // 4  # no number above 255, of 1023
    expected = GREYS // 4
    declared = {
        "sBIT": png(dark, 0, chunk(b"sBIT", b"\x0a")),
        "sBIT in colour": png(in_colour(dark), 2, chunk(b"sBIT", b"\x0a\x0a\x0a")),
        "maxval": pgm(dark, 1023),
        "SMaxSampleValue": tiff(dark, extratags=[(341, "H", 1, 1023, False)]),
        "MaxSampleValue": tiff(dark, extratags=[(281, "H", 1, 1023, False)]),
    }
    assert {name: difference(file, expected) for name, file in declared.items() if difference(file, expected) > 1} == {}
    ranged = tiff(of_bits(10) + 500, extratags=[(340, "H", 1, 500, False), (341, "H", 1, 1523, False)])
    assert difference(ranged) <= 1
    for untrue in (
        png(of_bits(16), 0, chunk(b"sBIT", b"\x0a")),
        tiff(of_bits(16), extratags=[(341, "H", 1, 9, False)]),
    ):
        assert difference(untrue) <= 1
    no_more_than_the_type = tiff(of_bits(8), extratags=[(341, "H", 1, 65535, False)])
    assert difference(no_more_than_the_type) <= 1


def test_a_dark_picture_of_8_bits_widened_to_16_stays_as_dark() -> None:
    assert difference(png(GREYS.astype(int) // 8 * 257, 0), GREYS // 8) == 0
    assert difference(png(in_colour(GREYS.astype(int) // 8 * 257), 2), GREYS // 8) == 0
    assert white_of(np.array([0, 257])) == 65535 and white_of(np.array([0, 258])) == 1023


def test_numbers_of_32_bits_and_floating_points() -> None:
    assert difference(tiff(GREYS.astype(np.uint32) * (2**24))) <= 1
    assert difference(tiff(GREYS.astype(np.int32) * 1000)) <= 1
    assert difference(tiff((GREYS / 255).astype(np.float32))) <= 1
    assert difference(tiff((GREYS / 255).astype(np.float32), photometric="miniswhite"), 255 - GREYS) <= 1
    overshot = (GREYS / 255 * 1.04).astype(np.float32)  # sharpened
    assert difference(tiff(overshot)) <= 1
    holes = (GREYS / 255).astype(np.float32)
    holes[0, 0], holes[1, 1], holes[2, 2] = np.nan, np.inf, -np.inf
    found = picture_files.grey(tiff(holes))
    assert (found[0, 0], found[1, 1], found[2, 2]) == (0, 255, 0)
    assert np.abs(found.astype(int) - GREYS)[3:].max() <= 1


def test_a_transparent_colour_is_compared_at_the_depth_of_the_file() -> None:
    grey, clear = of_bits(16), np.zeros((8, 32), np.uint16) + 0x1234
    seen = np.vstack([grey, clear])
    expected = np.vstack([GREYS, np.zeros((8, 32))])  # most of what is seen is dark
    assert difference(png(seen, 0, chunk(b"tRNS", b"\x12\x34")), expected) <= 1
    assert difference(png(in_colour(seen), 2, chunk(b"tRNS", b"\x12\x34" * 3)), expected) <= 1
    near = np.vstack([grey, clear + 1])  # the same high byte
    assert difference(png(in_colour(near), 2, chunk(b"tRNS", b"\x12\x34" * 3)), np.vstack([GREYS, clear >> 8])) <= 1
    quarters = np.full((16, 4), 0b00_11_01_11, np.uint8)  # four pixels of 2 bits
    found = picture_files.grey(png(quarters, 0, chunk(b"tRNS", b"\0\1"), bits=2))
    assert set(found[:, 2]) == {255} and set(found[:, 0]) == {0} and set(found[:, 3]) == {255}


def drawn(grey: int, how: str) -> Image.Image:
    """The 7 in one grey on a transparent ground."""
    alpha = Image.fromarray(INK)
    level = Image.new("L", alpha.size, grey)
    if how == "premultiplied":  # the colour is as faint as it is transparent
        level = Image.fromarray((INK.astype(int) * grey // 255).astype(np.uint8))
    if how == "black where clear":
        level = Image.composite(level, Image.new("L", alpha.size, 0), alpha.point(lambda opacity: 255 * (opacity > 0)))
    if how == "faint":
        alpha = alpha.point(lambda opacity: opacity * 2 // 5)
    picture = Image.merge("RGBA", [level, level, level, alpha])
    if how == "grey":
        return picture.convert("LA")
    if how == "palette":
        picture = Image.fromarray((INK > 128).astype(np.uint8), "P")
        picture.putpalette([0, 0, 0, grey, grey, grey])
        picture.info["transparency"] = 0
    return picture


@pytest.mark.parametrize("how", ["plain", "grey", "palette", "premultiplied", "black where clear", "faint"])
@pytest.mark.parametrize("suffix", ["png", "webp", "tif", "gif"])
def test_ink_is_seen_whatever_its_grey(tmp_path: Path, suffix: str, how: str) -> None:
    for ink, ground in ((255, 0), (220, 0), (0, 255), (40, 255)):
        picture = drawn(ink, how)
        if (suffix, how) in (("tif", "palette"), ("gif", "grey")):  # which Pillow does not write
            picture = picture.convert("RGBA")
        options: dict[str, Any] = {"webp": {"quality": 80}}.get(suffix, {})
        picture.save(tmp_path / f"a.{suffix}", **options)
        found = picture_files.grey(tmp_path / f"a.{suffix}").astype(int)
        assert abs(int(found[2, 2]) - ground) <= 2, (ink, found[2, 2])
        shown = 0.4 if how == "faint" and suffix != "gif" else 1  # a GIF's pixel is opaque or not there
        assert found[8, 12] == pytest.approx(ground + (ink - ground) * shown, abs=8)


def test_paper_goes_on_where_a_picture_of_paper_and_ink_has_clear_corners() -> None:
    def ground(grey: np.ndarray, alpha: np.ndarray) -> int:
        return ground_for(Image.fromarray(grey), Image.fromarray(alpha))

    generator = np.random.default_rng(0)
    alpha = np.full((60, 60), 255, np.uint8)
    alpha[:9, :9] = alpha[-9:, -9:] = 0
    for paper, ink, expected in ((240, 30, 255), (20, 230, 0)):
        grey = np.clip(paper + generator.normal(0, 4, (60, 60)), 0, 255).astype(np.uint8)
        grey[20:40, 28:32] = ink
        assert ground(grey, alpha) == expected
    assert ground(np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint8)) == 255  # nothing is seen
    bar = np.zeros((40, 40), np.uint8)
    bar[5:35, 18:22] = 255  # a 1 fills its box
    assert ground(np.full((40, 40), 255, np.uint8), bar) == 0
    assert ground(np.zeros((40, 40), np.uint8), bar) == 255
