"""What may be decoded and how much of it: other decoders, bounds, and metadata that is not the picture."""

import io
import os
import random
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import needs
from hostile.pictures import mutilate
from PIL import Image

from kit import KitError
from kit.reading import decoding, picture_files

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")  # pytest would show what `decoding` holds back

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 40)).astype(np.uint8)
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\nshowpage\n"


def saved(name: str, picture: np.ndarray = PIXELS, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, name, **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(*chunks: bytes) -> bytes:
    whole = saved("PNG")
    return whole[:33] + b"".join(chunks) + whole[33:]


def refusal(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(KitError) as caught:
        picture_files.read(path)
    return str(caught.value).removeprefix(f"{path}: ")


def test_no_decoder_is_tried_that_is_not_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoding.pillow()
    Image.init()  # another library in the process may have brought them all in
    meant = {*decoding._DECODERS, "HEIF"}
    assert {"EPS", "WMF", "IM", "MIC", "FPX", "PSD", "ICNS"}.isdisjoint(meant)

    def fail(*given: object) -> None:
        pytest.fail("tried")

    for name in set(Image.OPEN) - meant:
        monkeypatch.setitem(Image.OPEN, name, (fail, fail))
    monkeypatch.setattr("subprocess.Popen", fail)
    assert refusal(tmp_path / "photo.png", POSTSCRIPT) == "this is not a picture but PostScript: save it as a PNG"
    assert refusal(tmp_path / "a.eps", POSTSCRIPT).startswith("this is not a picture")
    for name in ("DDS", "ICNS", "IM", "QOI", "MSP"):
        picture = {"QOI": np.dstack([PIXELS] * 3), "DDS": np.dstack([PIXELS] * 3), "MSP": PIXELS > 99}.get(name, PIXELS)
        assert "this is not a picture" in refusal(tmp_path / "a.png", saved(name, picture))


def test_reading_imports_no_decoder_that_is_not_meant() -> None:
    code = "import sys; from kit.reading import picture_files; import io\n"
    code += "try: picture_files.read(io.BytesIO(b'%!PS-Adobe-3.0 EPSF-3.0'))\nexcept Exception as error: pass\n"
    code += "print([name for name in sys.modules if name.endswith('EpsImagePlugin')])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"


@pytest.mark.parametrize(
    "name", ["JPEG", "TIFF", "GIF", "BMP", "PPM", "TGA", "PCX", "SGI", "ICO", "JPEG2000", "DIB", "PNG"]
)
def test_a_picture_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    for path in (tmp_path / "a.png", tmp_path / "a.jpg", tmp_path / "without"):
        path.write_bytes(saved(name))
        found = picture_files.read(path)
        if name not in ("ICO", "JPEG"):
            assert (found == PIXELS).all()


def test_metadata_of_any_size_says_nothing_against_the_pixels() -> None:
    large = zlib.compress(random.Random(0).randbytes(1_500_000))
    bomb = zlib.compress(bytes(50_000_000), 9)
    for kind, head in (
        (b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0"), (b"iCCP", b"a\0\0"), (b"tEXt", b"a\0"),
        (b"zTXt", b"Raw profile type exif\0\0"), (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0"),
    ):  # fmt: skip
        for content in (large, bomb):
            assert (picture_files.grey(io.BytesIO(png_with(chunk(kind, head + content)))) == PIXELS).all()
    assert (picture_files.grey(io.BytesIO(png_with(chunk(b"zTXt", b"a\0\0" + bomb) * 100))) == PIXELS).all()
    damaged = png_with(chunk(b"eXIf", b"MM\0*")[:-1] + b"!", chunk(b"acTL", b""), chunk(b"pHYs", b"1"))
    assert (picture_files.grey(io.BytesIO(damaged)) == PIXELS).all()
    assert (picture_files.grey(io.BytesIO(saved("PNG")[:-12])) == PIXELS).all()  # all pixels are there


def test_orientation_is_found_wherever_a_png_has_it() -> None:
    exif = Image.Exif()
    exif[274] = 6
    packed = exif.tobytes()
    raw = f"\nexif\n{len(packed):8}\n{packed.hex()}\n".encode()
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    for told in (
        chunk(b"eXIf", packed[6:]),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw)),
        chunk(b"tEXt", b"Raw profile type exif\0" + raw),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp),
    ):
        assert (picture_files.grey(io.BytesIO(png_with(told))) == np.rot90(PIXELS, -1)).all(), told[4:30]


@needs("os.mkfifo")
def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "endless.png").symlink_to("/dev/zero")
    (tmp_path / "circle.png").symlink_to("circle.png")
    refused: dict[str, str] = {}

    def read(name: str) -> None:
        try:
            picture_files.read(tmp_path / name)
        except KitError as error:
            refused[name] = str(error).removeprefix(f"{tmp_path / name}: ")

    for name in ("pipe.png", "endless.png", "circle.png"):
        reading = threading.Thread(target=read, args=(name,), daemon=True)
        reading.start()
        reading.join(20)
    assert refused == {
        "pipe.png": "a pipe or a device, not a file: save the picture as a file first",
        "endless.png": "a pipe or a device, not a file: save the picture as a file first",
        "circle.png": "a symbolic link that leads in a circle: remove it",
    }


def icon_of(side: int) -> bytes:
    """An icon whose only picture says that it is so large."""
    whole = saved("ICO", sizes=[(40, 40)])
    at = whole.index(b"\x89PNG")
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    return whole[: at + 8] + header + whole[at + 33 :]


def tiled(side: int, tile: int) -> bytes:
    """A TIFF whose tiles are larger than itself."""
    data = zlib.compress(bytes(1000))
    fields = [
        (256, side),
        (257, side),
        (258, 8),
        (259, 8),
        (262, 1),
        (322, tile),
        (323, tile),
        (324, 122),
        (325, len(data)),
    ]
    entries = b"".join(struct.pack("<HHII", number, 4, 1, value) for number, value in fields)
    return b"II*\0" + struct.pack("<IH", 8, len(fields)) + entries + bytes(4) + data


def scanned(times: int) -> bytes:
    """A progressive JPEG that goes over its pixels so many times more."""
    whole = saved("JPEG", np.full((1000, 1000), 200, np.uint8), progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + times * last + whole[-2:]


TOO_LARGE: dict[str, Callable[[], bytes]] = {
    "icon": lambda: icon_of(20_000),
    "tiles of a TIFF": lambda: tiled(64, 30_000),
    "PGM": lambda: b"P5 60000 60000 255 ",
    "GIF": lambda: saved("GIF")[:6] + struct.pack("<HH", 65_000, 65_000) + saved("GIF")[10:],
    "BMP": lambda: b"BM" + bytes(8) + struct.pack("<IIiiHHI", 54, 40, 50_000, 50_000, 1, 24, 0) + bytes(99),
    "TGA": lambda: b"\0\0\2" + bytes(9) + struct.pack("<HHBB", 65_000, 65_000, 24, 0) + bytes(99),
    "SGI": lambda: struct.pack(">HBBHHHH", 474, 0, 1, 3, 65_000, 65_000, 3) + bytes(600),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_has_too_many_pixels_is_refused_by_its_header(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path / "a.png", TOO_LARGE[name]()) == "more than 100 megapixels: make it smaller first"


def test_a_progressive_jpeg_goes_over_its_pixels_so_many_times_and_no_more(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a.png", scanned(3000)) == "a JPEG of 3,006 scans: save it anew first"
    assert (picture_files.read(io.BytesIO(scanned(3))) == 200).all()


def test_formats_that_take_most_memory_may_have_half_as_many_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "_MOST_PIXELS", dict.fromkeys(decoding._MOST_PIXELS, 1000))
    assert "megapixels" in refusal(tmp_path / "a.png", saved("JPEG2000"))
    assert "megapixels" in refusal(tmp_path / "a.png", saved("WEBP"))
    assert picture_files.read(io.BytesIO(saved("PNG"))).shape == (40, 40)


def test_a_file_of_too_many_bytes_is_not_opened(tmp_path: Path) -> None:
    with open(tmp_path / "a.png", "wb") as file:
        file.truncate(10**11)
    with pytest.raises(KitError, match=r"a\.png: a file of more than 500 MB: make it smaller first"):
        picture_files.read(tmp_path / "a.png")


def test_libtiff_says_nothing_by_itself(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    refusal(tmp_path / "a.tif", tiled(64, 0))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS's pointer"),
        (b"\xef\xbb\xbf\r\n<!-- a -->\n<!DOCTYPE html><html>", "a web page"),
        (b'<?xml version="1.0"?>\n<!-- a --><svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"PK\3\4" + bytes(30), "an archive"),
        (b"\0\0\0\x14ftypqt  " + bytes(30), "a film"),
        (b"8BPS\0\1" + bytes(30), "a Photoshop file"),
        (b"<!---->" * 200 + b"<", "this is not a picture that can be read"),
        (saved("PNG")[:29] + b"????" + saved("PNG")[33:], "damaged or cut short"),
        (b"\xff\xd8\xff\xe0", "damaged or cut short"),
        (
            saved("TIFF")[:-50].replace(b"\x02\x01\x03\0\x01\0\0\0\x08", b"\x02\x01\x03\0\x01\0\0\0\x0a"),
            "a TIFF of a kind",
        ),
    ],
)
def test_what_is_no_picture_is_called_what_it_is(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in refusal(tmp_path / "a.png", content)


def test_mutilated_pictures_are_read_right_or_refused_in_one_line(tmp_path: Path) -> None:
    counts = mutilate(120, 1, tmp_path)
    assert not counts.tracebacks and not counts.wrong
    assert counts.read > 20 and counts.refused > 20
