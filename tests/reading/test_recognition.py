"""kit predict: its probabilities against Keras, its CSV by a reader of its own, its files and its complaints."""

import csv
import json
import os
import struct
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import KitCommand, assert_one_line, contract_for
from PIL import Image

from kit import KitError, predict, probabilities
from kit.data import loading
from kit.reading import recognition
from kit.reading.reader import Reader, open_reader
from kit.run.folder import Run
from kit.task import CAMERA

COLUMNS = "file,label,probability,p0,p1,p2,p3,p4,p5,p6,p7,p8,p9,background"


def photograph(path: Path, seed: int, side: int = 128) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side)).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    folder = tmp_path / "photographs"
    for seed in range(5):
        photograph(folder / f"{seed}.png", seed)
    return folder


def fields(line: str) -> list[str]:
    """One line of a CSV, by RFC 4180."""
    found, rest = [], line
    while True:
        if rest.startswith('"'):
            end = 1
            while rest[end : end + 2] == '""' or rest[end] != '"':
                end += 2 if rest[end] == '"' else 1
            field, rest = rest[1:end].replace('""', '"'), rest[end + 1 :]
        else:
            field, comma, after = rest.partition(",")
            rest = comma + after
        found.append(field)
        if not rest:
            return found
        assert rest[0] == ","
        rest = rest[1:]


def test_answers_that_make_no_sense_are_told(
    photographs: Path, monkeypatch: pytest.MonkeyPatch, kit_here: KitCommand
) -> None:
    """A blank picture divided by its own contrast, as a network of one's own may do."""
    even = Reader("even", contract_for(CAMERA), lambda images: np.full((len(images), 11), 1 / 11, np.float32))
    by_contrast = replace(
        even, network=lambda images: even.network(images) / np.ptp(images, axis=(1, 2)).astype(bool).astype(np.float32)
    )
    monkeypatch.setattr(recognition, "open_reader", lambda *arguments, **options: by_contrast)
    assert predict(None, photographs).problems == ()
    blank = photographs / "2.png"
    Image.new("L", (90, 90), 200).save(blank)
    with np.errstate(divide="ignore"):
        found, alone = predict(None, photographs), kit_here("predict", blank)
    line = "even answers with no numbers for its 11 labels: train or export it again"
    assert found.problems == (f"{blank}: {line}",) and [file.stem for file in found.files] == ["0", "1", "3", "4"]
    assert found.pixels.shape == (4, CAMERA.size, CAMERA.size) and (found.probabilities == np.float32(1 / 11)).all()
    assert_one_line(alone, line)
    doubled = replace(even, network=lambda images: 2 * even.network(images))
    monkeypatch.setattr(recognition, "open_reader", lambda *arguments, **options: doubled)
    finished = kit_here("predict", photographs, "--csv", photographs / "read.csv")
    assert_one_line(finished, "even answers with probabilities that add up to 2.00, not 1: train or export it again")
    assert not (photographs / "read.csv").exists()


def test_a_photograph_comes_to_keras_as_the_mean_of_its_pixels(camera: Run, tmp_path: Path) -> None:
    square = photograph(tmp_path / "a.png", 1)
    wide = np.pad(square, ((0, 0), (32, 32)), constant_values=255)
    Image.fromarray(wide).save(tmp_path / "b.png")
    found = predict(camera, [tmp_path / "a.png", tmp_path / "b.png"])
    means = square.reshape(64, 2, 64, 2).mean(axis=(1, 3))
    expected = camera.model().predict(np.floor(means + 0.5)[None, :, :, None], verbose=0)[0]
    assert np.abs(found.probabilities - expected).max() < 1e-6  # the sides of b are cut off
    whole = predict(camera, tmp_path / "b.png", fit="pad")
    assert np.abs(whole.pixels.astype(int) - found.pixels[1]).max() > 100


def test_the_csv_has_every_bit_of_the_probabilities(eleven_package: Path, photographs: Path, tmp_path: Path) -> None:
    photograph(photographs / 'deep/a "name", with commas.png', 9)
    found = predict(eleven_package, photographs, csv=tmp_path / "out" / "a.csv")
    first, *lines = (tmp_path / "out" / "a.csv").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    assert first == COLUMNS and len(lines) == 6
    rows = [fields(line) for line in lines]
    assert [row[0] for row in rows] == sorted(map(str, photographs.rglob("*.png")))
    bits = [[struct.pack("<f", float(field)) for field in row[3:]] for row in rows]
    assert bits == [[shares[at : at + 1].tobytes() for at in range(11)] for shares in found.probabilities]
    for row in rows:
        shares = dict(zip([*"0123456789", "background"], row[3:], strict=True))
        assert row[2] == shares[row[1]] and abs(sum(map(float, row[3:])) - 1) < 1e-5


def stand_in(threshold: float, background: bool = True) -> Reader:
    """Says how bright a picture is: a digit a 25 grey levels, with 0.7."""

    def network(images: np.ndarray) -> np.ndarray:
        labels = np.minimum(images.mean(axis=(1, 2, 3)) // 25, 10 if background else 9)
        classes = 11 if background else 10
        return np.where(np.arange(classes) == labels[:, None], 0.7, 0.3 / (classes - 1)).astype(np.float32)

    task = CAMERA if background else CAMERA.digits_alone()
    return Reader("stand-in", contract_for(task, threshold), network)


@pytest.mark.parametrize(
    ("threshold", "background", "labels", "confidences"),
    [
        (0.6, True, ["3", "background"], [0.7, 0.7]),
        (0.8, True, ["background", "background"], [0.03, 0.7]),
        (0.8, False, ["3", "9"], [0.7, 0.7]),
    ],
)
def test_a_digit_below_the_threshold_is_background_where_there_is_one(
    threshold: float, background: bool, labels: list[str], confidences: list[float], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name, grey in (("a.png", 80), ("b.png", 255)):
        Image.new("L", (64, 64), grey).save(tmp_path / name)
    monkeypatch.setattr(recognition, "open_reader", lambda *given, **options: stand_in(threshold, background))
    found = predict("stand-in", tmp_path, csv=tmp_path / "a.csv")
    assert found.labels == labels and found.confidences == pytest.approx(confidences)
    last = [line.rpartition(",")[2] for line in (tmp_path / "a.csv").read_text().splitlines()[1:]]
    assert (last == ["", ""]) == (not background)


def test_a_network_of_the_competition_takes_what_the_competition_has(
    exportable: Run, sample: Path, tmp_path: Path
) -> None:
    images = loading.load("test", sample).images[:4]
    for number, image in enumerate(images[:, :, :, 0]):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    Image.fromarray(255 - images[0, :, :, 0]).save(tmp_path / "black-on-white.png")
    Image.new("L", (29, 28)).save(tmp_path / "wide.png")
    Image.new("RGB", (1000, 750)).save(tmp_path / "photo.jpg")
    found = predict(exportable, tmp_path)
    assert [file.name for file in found.files] == ["0.png", "1.png", "2.png", "3.png"]
    assert (found.pixels == images[:, :, :, 0]).all()
    assert np.abs(found.probabilities - probabilities(exportable, images)).max() < 1e-6
    assert [problem.split(": ")[0].rpartition("/")[2] for problem in found.problems] == [
        "black-on-white.png",
        "photo.jpg",
        "wide.png",
    ]
    words = "expects 28 x 28 grey pixels, white on black; a camera network reads photographs: kit train --camera"
    assert all(words in problem for problem in found.problems)


def test_the_command_prints_a_table_or_json_and_says_which_run(
    camera: Run, photographs: Path, kit_here: KitCommand
) -> None:
    runs = ["--runs", camera.folder.parent]
    finished = kit_here("predict", "photographs", *runs)
    assert finished.returncode == 0 and finished.stderr == "the best run is 03-camera\n"
    table = [line.split() for line in finished.stdout.splitlines()]
    assert table[0] == ["file", "label", "probability"]
    assert [row[0] for row in table[1:]] == [f"photographs/{seed}.png" for seed in range(5)]
    printed = json.loads(kit_here("predict", "3", "photographs/*.png", "--json", *runs).stdout)
    assert printed["model"] == "03-camera" and printed["threshold"] == 0.1 and printed["problems"] == []
    for picture, row in zip(printed["pictures"], table[1:], strict=True):
        assert [picture["file"], picture["label"], f"{picture['probability']:.1%}"] == row
        assert picture["probabilities"][picture["label"]] == picture["probability"]


def test_the_rest_is_read_when_some_cannot_be(
    eleven_package: Path, photographs: Path, tmp_path: Path, kit_here: KitCommand
) -> None:
    whole = (photographs / "0.png").read_bytes()
    (photographs / "cut.png").write_bytes(whole[: len(whole) // 2])
    (photographs / "empty.jpg").touch()
    (photographs / "text.jpg").write_text("hello")
    (photographs / "bomb.ppm").write_bytes(b"P5 20000 20000 255 ")
    Image.new("L", (1, 1)).save(photographs / "dot.png")
    (tmp_path / "none").mkdir()
    finished = kit_here("predict", eleven_package, "photographs", "none", "gone.png", "--csv", "a.csv")
    assert finished.returncode == 1 and finished.stdout == "a.csv\n"
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 1 + 5
    lines = finished.stderr.splitlines()
    assert len(lines) == 7 and all(line.startswith("error: ") for line in lines)
    for name, words in [
        ("none", "no picture in this folder"), ("gone.png", "no such file"), ("photographs/cut.png", "cut short"),
        ("photographs/empty.jpg", "empty"), ("photographs/text.jpg", "not a picture"),
        ("photographs/bomb.ppm", "more than 100 megapixels"), ("photographs/dot.png", "1 x 1 pixels"),
    ]:  # fmt: skip
        assert any(line.startswith(f"error: {name}: ") and words in line for line in lines), (name, lines)


def test_where_nothing_can_be_read_the_exit_code_is_2(
    eleven_package: Path, camera: Run, tmp_path: Path, kit_here: KitCommand
) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "text.jpg").write_text("hello")
    runs = ["--runs", camera.folder.parent]
    assert_one_line(kit_here("predict", "3", "none", *runs), "none: no picture in this folder")
    assert_one_line(kit_here("predict", eleven_package, "text.jpg", "--csv", "a.csv"), "text.jpg: this is not")
    assert not (tmp_path / "a.csv").exists()
    assert_one_line(kit_here("predict", "3", *runs), "and which pictures?")
    assert_one_line(kit_here("predict", "9", "text.jpg", *runs), "9: no such run")
    assert_one_line(kit_here("predict", "3", "text.jpg", "--fit", "stretch", *runs), "--fit stretch: choose from")
    assert_one_line(kit_here("predict"), "Missing argument")


def test_only_its_own_files_are_written_over(camera: Run, photographs: Path, tmp_path: Path) -> None:
    rows, plot, link = photographs / "train.csv", photographs / "plot.png", photographs / "lost.csv"
    rows.write_text("label,pixel0\n7,0\n")
    recognition.plots.save(recognition.plots.sheet(np.zeros((1, 9, 9), np.uint8), [""], ""), plot)  # somebody's own
    link.symlink_to(tmp_path / "nowhere")
    before = {path: path.read_bytes() for path in photographs.iterdir() if path.is_file()}
    photo = photographs / "0.png"
    for options, words in [
        ({"csv": photo}, "this is a picture's name"),
        ({"csv": rows}, r"train\.csv: there is another file under this name: give another, or replace it with --overw"),
        ({"sheet": photo}, "there is another picture under this name"),
        ({"sheet": plot}, "there is another picture under this name"),
        ({"sheet": tmp_path / "a.jpg"}, "ends in .png"),
        ({"csv": photographs}, "something else under this name"),
        ({"csv": link}, "something else under this name"),
        ({"csv": tmp_path / "new.csv", "sheet": photo}, "another picture"),
    ]:
        with pytest.raises(KitError, match=words):  # before a run is opened: there is none of this name
            predict("no-such-run", photo, **options)  # type: ignore[arg-type]
    assert {path: path.read_bytes() for path in photographs.iterdir() if path.is_file()} == before
    assert not (tmp_path / "new.csv").exists()
    for _ in range(2):  # its own sheet and CSV it replaces
        predict(camera, photo, sheet=tmp_path / "sheet.png", csv=tmp_path / "a.csv")
    predict(camera, photo, sheet=plot, csv=rows, overwrite=True)
    assert rows.read_bytes() == (tmp_path / "a.csv").read_bytes()
    predict(camera, photo, sheet=plot)  # it is its own now


def test_a_name_that_comes_up_meanwhile_is_left_alone(
    camera: Run, photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognize = recognition.recognize

    def meanwhile(*given: Any) -> recognition.Recognition:
        (tmp_path / "a.csv").write_text("mine")
        return recognize(*given)

    monkeypatch.setattr(recognition, "recognize", meanwhile)
    with pytest.raises(KitError, match=r"a\.csv: is there already"):
        predict(camera, photographs / "0.png", csv=tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == "mine"


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_no_name_is_a_formula_in_a_spreadsheet(
    eleven_package: Path, photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["=cmd|' C'!A0.png", "@x.png", "+1.png", "-1.png", "\t=1.png", "\r1.png", " =1.png", "'a.png", "a=b.png"]
    for name in names:
        (tmp_path / name).write_bytes((photographs / "0.png").read_bytes())
    monkeypatch.chdir(tmp_path)
    predict(eleven_package, names, csv="a.csv")
    with open("a.csv", newline="") as file:
        cells = [row[0] for row in csv.reader(file)][1:]
    assert not [cell for cell in cells if cell.lstrip()[0] in "=+-@" or cell[0] in "\t\r"]
    assert [cell.removeprefix("'") for cell in cells] == names and cells[-1] == "a=b.png"


def test_the_sheet_shows_the_pictures_in_their_greys(
    camera: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    greys = [10, 60, 110, 160, 210, 30, 80]
    for number, grey in enumerate(greys):
        Image.new("L", (90, 90), grey).save(tmp_path / f"{number}.png")
    drawn = []
    draw = recognition.plots.sheet
    monkeypatch.setattr(recognition.plots, "sheet", lambda *given: drawn.append(given) or draw(*given))
    found = predict(camera, [tmp_path / f"{number}.png" for number in range(7)], sheet=tmp_path / "sheet.png")
    shown = np.asarray(Image.open(tmp_path / "sheet.png").convert("L"))
    across = shown[shown.shape[0] // 2]
    edges = np.flatnonzero(np.diff(across, prepend=255))
    runs = [(int(across[at]), end - at) for at, end in zip(edges, [*edges[1:], len(across)], strict=True)]
    assert [grey for grey, length in runs if length > 100] == greys
    (_, captions, title), (label, confidence) = drawn[0], (found.labels[0], found.confidences[0])
    assert title == "03-camera: 7 pictures" and captions[0] == f"{label}  {confidence:.0%}"
    monkeypatch.setattr(recognition, "SHEET", 2)
    predict(camera, [tmp_path / f"{number}.png" for number in range(7)], sheet=tmp_path / "sheet.png")
    assert drawn[1][2] == "03-camera: 2 of 7 pictures" and len(drawn[1][1]) == len(drawn[1][0]) == 2


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of files are text on this system")
def test_names_that_are_no_text_come_through(
    eleven_package: Path, photographs: Path, tmp_path: Path, kit_here: KitCommand
) -> None:
    raw = os.fsencode(photographs) + b"/\xff\n.png"
    Path(os.fsdecode(raw)).write_bytes((photographs / "0.png").read_bytes())
    predict(eleven_package, photographs, csv=tmp_path / "a.csv")
    assert b'/\xff\n.png",' in (tmp_path / "a.csv").read_bytes()
    finished = kit_here("predict", eleven_package, "photographs")
    assert finished.returncode == 0 and len(finished.stdout.splitlines()) == 7


def test_a_package_is_read_without_keras(
    eleven_package: Path, photographs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.run.folder.Run.model", lambda run: pytest.fail("a network was loaded"))
    from kit.exporting import evaluator, graph

    found = predict(eleven_package, photographs)
    expected = evaluator.evaluate(graph.read(eleven_package), found.pixels[..., None])
    assert (found.probabilities == expected).all() and open_reader(eleven_package).name == eleven_package.name
