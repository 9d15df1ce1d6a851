"""Picture files against pixels laid by hand: orientation, modes, transparency, sizes, and what is no picture."""

import errno
import os
import random
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kit import KitError
from kit.reading import picture_files

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")  # pytest would show what `pictures` holds back

UPRIGHT = np.full((40, 64), 200, np.uint8)  # three corners that differ, and a picture that is wider than high
UPRIGHT[:16, :16], UPRIGHT[:16, -16:], UPRIGHT[-16:, :16] = 10, 70, 130

# Which side of what is seen the file's first row and first column are (EXIF 2.3, tag 274), so how a file stores it.
STORED = {
    1: UPRIGHT,  # top, left
    2: UPRIGHT[:, ::-1],  # top, right
    3: UPRIGHT[::-1, ::-1],  # bottom, right
    4: UPRIGHT[::-1],  # bottom, left
    5: UPRIGHT.T,  # left, top
    6: UPRIGHT[:, ::-1].T,  # right, top
    7: UPRIGHT[::-1, ::-1].T,  # right, bottom
    8: UPRIGHT[::-1].T,  # left, bottom
}


def save(path: Path, picture: np.ndarray | Image.Image, **options: Any) -> Path:
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(path, **options)
    return path


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
def test_every_exif_orientation_is_turned_upright(tmp_path: Path, suffix: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    options = {"jpg": {"quality": 95}, "webp": {"lossless": True}}.get(suffix, {})
    path = save(tmp_path / f"a.{suffix}", np.ascontiguousarray(STORED[orientation]), exif=exif, **options)
    found = picture_files.grey(path)
    assert found.shape == (40, 64) and found.dtype == np.uint8
    assert np.abs(found.astype(int) - UPRIGHT).max() <= (6 if suffix == "jpg" else 0)


@pytest.mark.parametrize("orientation", STORED)
def test_heic_is_read_as_its_own_boxes_turn_it(tmp_path: Path, orientation: int) -> None:
    """A phone writes the turn as a box of HEIF and again as EXIF; once is enough."""
    pytest.importorskip("pillow_heif", reason="kit[heic] is not installed: no HEIC is read")
    picture_files._pillow()
    exif = Image.Exif()
    exif[274] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation])).convert("RGB")
    stored.info["exif"] = exif.tobytes()
    path = save(tmp_path / "a.heic", stored, quality=95)
    assert (b"irot" in path.read_bytes() or b"imir" in path.read_bytes()) == (orientation > 1)
    assert np.abs(picture_files.grey(path).astype(int) - UPRIGHT).max() <= 12


def test_without_its_extra_heic_gets_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "phone.HEIC"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200))
    with pytest.raises(KitError, match=r"phone\.HEIC: (this is not a picture|this picture cannot be read)"):
        picture_files.read(path)
    code = "import sys; sys.modules['pillow_heif'] = None\n"
    code += "from pathlib import Path; from kit.reading import picture_files\n"
    code += "try: picture_files.read(Path(sys.argv[1]))\nexcept Exception as error: print(error)"
    said = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True).stdout
    assert said.startswith(f'{path}: HEIC needs its extra: pip install "pillow-heif>=1.1", or give a JPEG')


def deep(kind: type, value: float) -> Image.Image:
    return Image.fromarray(np.full((9, 9), value, kind))


MODES = {  # a picture of one grey and what is to be read
    "1.png": (Image.new("1", (9, 9), 1), 255),
    "L.png": (Image.new("L", (9, 9), 65), 65),
    "LA.png": (Image.new("LA", (9, 9), (65, 255)), 65),
    "P.png": (Image.new("RGB", (9, 9), (65, 65, 65)).quantize(4), 65),
    "P.gif": (Image.new("RGB", (9, 9), (65, 65, 65)).quantize(4), 65),
    "RGB.png": (Image.new("RGB", (9, 9), (200, 100, 50)), round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)),
    "RGB.bmp": (Image.new("RGB", (9, 9), (65, 65, 65)), 65),
    "RGB.webp": (Image.new("RGB", (9, 9), (65, 65, 65)), 65),
    "RGBA.png": (Image.new("RGBA", (9, 9), (65, 65, 65, 255)), 65),
    "CMYK.jpg": (Image.new("CMYK", (9, 9), (0, 0, 0, 190)), 65),
    "CMYK.tif": (Image.new("CMYK", (9, 9), (0, 0, 0, 190)), 65),
    "YCbCr.jpg": (Image.new("YCbCr", (9, 9), (65, 128, 128)), 65),
    "LAB.tif": (Image.new("LAB", (9, 9), (65, 128, 128)), 65),
    "16.png": (deep(np.uint16, 65 * 257), 65),
    "16.tif": (deep(np.uint16, 65 * 257), 65),
    "32.tif": (deep(np.int32, 65 * 257), 65),
    "32-as-8.tif": (deep(np.int32, 65), 65),
    "float.tif": (deep(np.float32, 65 / 255), 65),
    "float-to-255.tif": (deep(np.float32, 65), 65),
    "nan.tif": (deep(np.float32, np.nan), 0),
    "clear-black.png": (Image.new("RGBA", (9, 9), (0, 0, 0, 0)), 255),
    "half-clear-black.png": (Image.new("LA", (9, 9), (0, 128)), 127),
}


@pytest.mark.parametrize("name", MODES)
def test_every_mode_gives_its_grey(tmp_path: Path, name: str) -> None:
    picture, expected = MODES[name]
    found = picture_files.read(save(tmp_path / name, picture, **({"quality": 100} if name.endswith("jpg") else {})))
    assert found.shape == (9, 9) and found.dtype == np.uint8
    assert np.abs(found.astype(int) - expected).max() <= (2 if name.endswith(("jpg", "webp")) else 1)


def test_a_palette_with_a_transparent_colour_lies_on_white(tmp_path: Path) -> None:
    picture = Image.fromarray(np.repeat([[0, 1]], 9, axis=0).repeat(8, axis=1).astype(np.uint8), "P")
    picture.putpalette([30, 30, 30, 90, 90, 90])
    for name in ("a.png", "a.gif"):
        found = picture_files.grey(save(tmp_path / name, picture, transparency=0))
        assert (found[:, :8] == 255).all() and (found[:, 8:] == 90).all()


def test_of_an_animation_and_of_pages_the_first_is_read(tmp_path: Path) -> None:
    frames = [Image.new("L", (9, 9), grey) for grey in (65, 200)]
    for name in ("a.gif", "a.tif", "a.webp"):
        options = {"lossless": True} if name == "a.webp" else {}
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], **options)
        assert (picture_files.read(tmp_path / name) == 65).all()


def test_the_central_square_and_the_whole_on_its_edges_colour(tmp_path: Path) -> None:
    picture = np.full((20, 51), 90, np.uint8)
    picture[:, 15:35], picture[5:15, 20:30] = 120, 30
    path = save(tmp_path / "a.png", picture)
    assert (picture_files.read(path) == picture[:, 15:35]).all()
    whole = picture_files.read(path, fit="pad")
    assert whole.shape == (51, 51) and (whole[15:35] == picture).all()
    assert (whole[:15] == 90).all() and (whole[35:] == 90).all()
    high = save(tmp_path / "b.png", np.ascontiguousarray(picture.T))
    assert (picture_files.read(high, fit="pad") == whole.T).all()
    with pytest.raises(KitError, match="--fit stretch: choose from crop, pad"):
        picture_files.read(path, fit="stretch")


def test_a_large_jpeg_is_decoded_small_and_hardly_differs(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    y, x = np.mgrid[:1536, :1536]
    photo = 150 + 60 * np.sin(x / 90) * np.cos(y / 70) + generator.normal(0, 8, (1536, 1536))
    path = save(tmp_path / "a.jpg", np.clip(photo, 0, 255).astype(np.uint8), quality=90)
    small, whole = picture_files.read(path, least=128), picture_files.read(path)
    assert small.shape == (192, 192) and whole.shape == (1536, 1536)
    means = whole.reshape(192, 8, 192, 8).mean(axis=(1, 3))
    assert np.abs(small - means).mean() < 1
    assert picture_files.read(path, least=800).shape == (1536, 1536)


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is and has no pixels at all."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    pixels = b"IDAT" + zlib.compress(b"")
    return head + struct.pack(">I", len(pixels) - 4) + pixels + struct.pack(">I", zlib.crc32(pixels))


@pytest.mark.parametrize(("width", "height"), [(10_001, 10_000), (20_000, 9_000), (60_000, 60_000)])
def test_a_bomb_is_refused_by_its_header(tmp_path: Path, width: int, height: int) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(width, height))
    with pytest.raises(KitError, match=r"bomb\.png: more than 100 megapixels: make it smaller first"):
        picture_files.read(path)
    path.write_bytes(png_header(10_000, 10_000))  # as many as may be: its pixels are looked for
    with pytest.raises(KitError, match="damaged or cut short"):
        picture_files.read(path)


def test_a_hundred_megapixels_are_read_without_a_warning(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    picture_files._pillow.cache_clear()  # pytest has put the filters back
    path = save(tmp_path / "large.png", Image.new("1", (12_500, 8_000), 1))
    assert picture_files.read(path, least=128).shape == (8_000, 8_000)
    assert not recwarn.list


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "this file is empty"),
        (b"hello, I am no picture", "this is not a picture that can be read: give a PNG or JPEG"),
        (b"%PDF-1.4\n" + bytes(100), "this is not a picture"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "not a picture|damaged or cut short"),
    ],
)
def test_what_is_no_picture_is_said(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(KitError, match=rf"a\.jpg: .*({words})"):
        picture_files.read(path)


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "webp", "tif"])
def test_a_truncated_picture_is_said(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 60)).astype(np.uint8)
    whole = save(tmp_path / f"a.{suffix}", noise).read_bytes()
    path = tmp_path / f"b.{suffix}"
    for share in (0.3, 0.6, 0.95):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(KitError, match=rf"b\.{suffix}: this (picture cannot be read to its end|is not a picture)"):
            picture_files.read(path)


def test_too_small_missing_and_a_folder_are_said(tmp_path: Path) -> None:
    with pytest.raises(KitError, match=r"dot\.png: 1 x 1 pixels are too few to read"):
        picture_files.read(save(tmp_path / "dot.png", Image.new("L", (1, 1))))
    with pytest.raises(KitError, match="300 x 2 pixels are too few"):
        picture_files.read(save(tmp_path / "line.png", Image.new("L", (300, 2))))
    with pytest.raises(KitError, match="gone: no such file"):
        picture_files.read(tmp_path / "gone")
    with pytest.raises(KitError, match="this is a folder, not a file"):
        picture_files.read(tmp_path)


def test_the_square_around_a_ribbon_is_not_made(tmp_path: Path) -> None:
    path = save(tmp_path / "ribbon.png", Image.new("L", (1_000_000, 20)))
    assert picture_files.read(path).shape == (20, 20)
    with pytest.raises(KitError, match="the square around 1000000 x 20 pixels is too large: leave out --fit pad"):
        picture_files.read(path, fit="pad")


def test_a_phones_pair_of_pictures_is_turned_and_decoded_small(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    stored = Image.fromarray(np.kron(STORED[6], np.ones((16, 16), np.uint8)))
    stored.save(tmp_path / "a.mpo", save_all=True, append_images=[Image.new("L", (99, 99))], exif=exif, quality=95)
    found = picture_files.grey(tmp_path / "a.mpo", least=64)
    assert found.shape == (80, 128) and np.abs(found[::2, ::2].astype(int) - UPRIGHT)[1:-1, 1:-1].mean() < 2


def test_damaged_exif_says_nothing_against_the_pixels(tmp_path: Path) -> None:
    for number, exif in enumerate([b"Exif\0\0nonsense", b"Exif\0\0II*\0\x08\0\0\0\xff\xff", b"Exif\0\0"]):
        path = save(tmp_path / f"{number}.jpg", UPRIGHT, exif=exif, quality=95)
        assert np.abs(picture_files.grey(path).astype(int) - UPRIGHT).max() <= 6


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "bmp", "tif", "webp", "ico", "ppm"])
def test_whatever_bytes_are_changed_it_is_a_picture_or_one_line(tmp_path: Path, suffix: str) -> None:
    generator = random.Random(suffix)
    whole = save(tmp_path / f"a.{suffix}", UPRIGHT).read_bytes()
    path = tmp_path / f"b.{suffix}"
    for _ in range(60):
        changed = bytearray(whole)
        for _ in range(generator.randint(1, 12)):
            changed[generator.randrange(min(len(changed), 400))] = generator.randrange(256)
        path.write_bytes(changed)
        try:
            found = picture_files.read(path)
        except KitError as error:
            assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
        else:
            assert found.ndim == 2 and found.dtype == np.uint8


def test_an_open_file_is_read_and_not_named() -> None:
    file = BytesIO()
    Image.fromarray(UPRIGHT).save(file, "PNG")
    assert (picture_files.read(file) == UPRIGHT[:, 12:52]).all()
    with pytest.raises(KitError, match=r"^this is not a picture"):
        picture_files.read(BytesIO(b"none"))


def test_folders_and_globs_are_expanded(tmp_path: Path) -> None:
    names = ["b.png", "a/2.JPG", "a/10.jpg", "a/deep/er/x.heic", ".hidden.png", "a/.cache/y.png", "notes.txt", "a/b"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    def expanded(*arguments: object) -> tuple[list[str], list[str]]:
        files, problems = picture_files.expand([tmp_path / str(argument) for argument in arguments])
        return [str(file.relative_to(tmp_path)) for file in files], problems

    everything = ["a/10.jpg", "a/2.JPG", "a/deep/er/x.heic", "b.png"]
    assert expanded("") == (everything, [])
    assert expanded("*") == (everything, [])
    assert expanded("**/*.jpg") == (["a/10.jpg"], [])
    assert expanded("b.png", "", "notes.txt") == (["b.png", *everything[:3], "notes.txt"], [])
    assert expanded("gone.png") == (["gone.png"], [])  # the reader says that it is missing
    (tmp_path / "empty").mkdir()
    (tmp_path / "[1].png").touch()
    assert expanded("[1].png")[0] == ["[1].png"]
    files, (folder, pattern) = expanded("empty", "b.png", "*.gif")
    assert files == ["b.png"] and folder.endswith("empty: no picture in this folder: give another")
    assert pattern.endswith("*.gif: matches no picture")


def test_a_folder_with_brackets_in_its_name_may_stand_in_a_glob(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("set [2024]/a.png", "set [2024]/in [1]/b.png", "set 2/c.png", "set 2/[x].png", ".hidden/d.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    def expanded(argument: str) -> list[str]:
        return [path.as_posix() for path in picture_files.expand([argument])[0]]

    assert expanded("set [2024]/*.png") == ["set [2024]/a.png"]
    assert expanded("set [2024]/**/*.png") == ["set [2024]/a.png", "set [2024]/in [1]/b.png"]
    assert expanded("set*/in [1]/?.png") == ["set [2024]/in [1]/b.png"]
    assert expanded("set [2]/*.png") == ["set 2/[x].png", "set 2/c.png"]  # a pattern where nothing is called so
    assert expanded("set 2/[x].png") == ["set 2/[x].png"] and expanded("*/[[]x].png") == ["set 2/[x].png"]
    assert expanded(".h*/*.png") == [".hidden/d.png"] and expanded("*/d.png") == []
    assert expanded(f"{tmp_path}/set ?/c.png") == [(tmp_path / "set 2/c.png").as_posix()]
    assert expanded("**") == expanded(".") == ["set 2/[x].png", "set 2/c.png", *expanded("set [2024]")]


def test_links_in_circles_end_and_what_cannot_be_looked_into_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a" / "b").mkdir(parents=True)
    for number in range(4):
        for folder in (".", "a", "a/b"):
            (tmp_path / folder / f"loop{number}").symlink_to(tmp_path)
    (tmp_path / "a" / "b" / "x.png").touch()
    (tmp_path / "a" / "gone.png").symlink_to("nowhere")  # is not passed over in silence: its reader says what it is
    for argument in (".", "**", "**/*.png", "**/**/**/**/**/*.png"):
        found, problems = picture_files.expand([argument])
        assert [path.as_posix() for path in found] == ["a/b/x.png", "a/gone.png"] and not problems
    scan = os.scandir

    def denied(path: str | Path) -> object:
        if Path(path).name == "b":
            raise PermissionError(errno.EACCES, "denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", denied)
    for argument in ("a", "a/b", "**/*.png"):
        problems = picture_files.expand([argument])[1]
        assert len(problems) == 1 and problems[0].startswith("a/b: no permission"), argument
