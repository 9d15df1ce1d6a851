"""The report in a real browser, the command in a process, and the runs that have little or nothing to show."""

import csv
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import KitCommand, assert_one_line

from kit import KitError, analyze, train
from kit.data import loading
from kit.reading.labelled_photographs import judge
from kit.reading.reader import open_reader
from kit.reporting.report import Report
from kit.reporting.sentences import comparison_table
from kit.run import metrics
from kit.run.folder import Run
from kit.run.validation import Validation


@pytest.fixture(scope="module")
def run(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A network that has learned little, so that there are mistakes."""
    return train(
        "dense", data=small, epochs=4, validation_split=0.4, runs=tmp_path_factory.mktemp("runs"), progress=False
    )


def copy_of(run: Run, folder: Path, **changes: np.ndarray) -> Run:
    """The same run with other predictions."""
    copy = Run(folder / run.name)
    shutil.copytree(run.folder, copy.folder)
    copy.write_validation(replace(run.validation, **changes))
    return copy


@pytest.fixture(scope="module")
def browser(chromium: Callable[..., Any]) -> Iterator[Any]:
    opened = chromium()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def report(run: Run) -> Report:
    return analyze(run)


@pytest.fixture
def page(browser: Any, report: Report) -> Iterator[Any]:
    """The report of `run`; whatever the console or the network was asked for fails the test."""
    opened = open_page(browser, report.page)
    yield opened
    assert opened.problems == []
    opened.close()


def open_page(browser: Any, path: Path, width: int = 1280, dark: bool = False) -> Any:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    page.problems = []
    page.on("console", lambda message: page.problems.append(message.text))
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.problems += [url for url in asked if url != path.as_uri() and not url.startswith("data:")]
    return page


def shown_rows(page: Any) -> list[int]:
    return page.eval_on_selector_all("#chosen figure", "figures => figures.map(figure => +figure.dataset.row)")


def test_every_cell_shows_exactly_the_rows_counted_in_it(page: Any, run: Run) -> None:
    validation = run.validation
    predicted = validation.probabilities.argmax(axis=1)
    checked = 0
    for truth, taken in [(4, 9), (9, 4), (7, 9), *np.argwhere(np.ones((10, 10), bool)).tolist()[::7]]:
        rows = validation.rows[(validation.labels == truth) & (predicted == taken)] + 1
        cell = page.locator(f'button[data-cell="{truth}-{taken}"]')
        assert cell.inner_text() == str(len(rows))
        cell.click()
        assert sorted(shown_rows(page)) == rows.tolist()
        assert cell.get_attribute("aria-pressed") == "true"
        checked += len(rows)
    assert checked > 20


def test_the_pictures_of_a_cell_are_those_rows(page: Any, run: Run, small: Path) -> None:
    """What the browser draws of a digit, read back from a screenshot, against the training file."""
    from io import BytesIO

    from PIL import Image

    truth, taken = max(
        ((truth, taken) for truth in range(10) for taken in range(10) if truth != taken),
        key=lambda pair: page.locator(f'button[data-cell="{pair[0]}-{pair[1]}"]').inner_text().zfill(3),
    )
    page.locator(f'button[data-cell="{truth}-{taken}"]').click()
    pixels = loading.load("train", small).images[:, :, :, 0]
    for figure in page.locator("#chosen figure").all()[:3]:
        row = int(figure.get_attribute("data-row"))
        picture = figure.locator(".picture")
        picture.evaluate("picture => { picture.style.cssText += '; position: fixed; left: 0; top: 0; z-index: 1' }")
        shot = Image.open(BytesIO(picture.screenshot())).convert("L")
        drawn = 255 - np.asarray(shot.resize((28, 28), Image.Resampling.BOX), float)  # the light page has dark ink
        assert np.abs(drawn - pixels[row - 1])[2:-2, 2:-2].max() < 8


def test_the_keyboard_reaches_every_cell(page: Any) -> None:
    cells = [f"{truth}-{taken}" for truth in range(10) for taken in range(10)]
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.cell"):
            break
    reached = []
    for line in range(10):
        page.keyboard.press("Home")
        for _ in range(10):
            reached.append(page.evaluate("document.activeElement.dataset.cell"))
            assert page.locator("#says").inner_text() == page.evaluate("document.activeElement.ariaLabel")
            page.keyboard.press("ArrowRight")
        if line < 9:
            page.keyboard.press("ArrowDown")
    assert reached == cells
    page.keyboard.press("Enter")
    assert page.locator('button[data-cell="9-9"]').get_attribute("aria-pressed") == "true"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "chosen"  # the matrix is one stop, its digits the next


def test_hovering_says_the_cells_numbers(page: Any, run: Run) -> None:
    page.locator('button[data-cell="4-9"]').hover()
    of_4 = run.validation.probabilities[run.validation.labels == 4].argmax(axis=1)
    count, rows = (of_4 == 9).sum(), len(of_4)
    assert page.locator("#says").inner_text().startswith(f"4 taken for 9: {count} of {rows} rows")


def test_a_screen_reader_finds_the_matrix_labelled(page: Any) -> None:
    assert page.get_by_role("grid", name=re.compile("Confusion matrix")).count() == 1
    assert page.get_by_role("button", name=re.compile("4 taken for 9")).count() == 1
    assert page.get_by_role("img").count() >= 6  # the charts, each with a name
    assert all(page.eval_on_selector_all("svg[role=img]", "all => all.map(svg => !!svg.ariaLabel)"))
    ids = page.eval_on_selector_all("[id]", "all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_overflows(browser: Any, report: Report, width: int, dark: bool) -> None:
    page = open_page(browser, report.page, width, dark)
    page.locator('button[data-cell="4-4"]').click()
    outside = page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter(one => {
            const box = one.getBoundingClientRect();
            return box.width && !one.closest("svg *") && !one.closest(".scroll > *")
                && (box.right > innerWidth + 1 || box.left < -1);
        }).map(one => one.outerHTML.slice(0, 90))"""
    )
    assert outside == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    colours = page.evaluate(
        "(({ backgroundColor, color }) => [backgroundColor, color])(getComputedStyle(document.body))"
    )
    paper, ink = (sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in colours)
    assert (paper < ink) == dark
    assert page.problems == []
    page.close()


def test_the_page_is_right_without_javascript(browser: Any, report: Report) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.page.as_uri())
    assert page.locator("#mistakes figure").count() == 24
    assert page.locator("noscript").inner_text().startswith("The digits of a cell need JavaScript")
    context.close()


def test_the_page_stands_alone_and_is_light(report: Report) -> None:
    text = report.page.read_text(encoding="utf-8")
    assert len(text) < 3_000_000
    assert not re.search(r"""(src|href)=["'](?!data:|#)|url\((?!["']?(?:data:|#))|@import""", text)
    assert {path.name for path in report.pictures} == {
        "confusion.png", "study-4-7-9.png", "pairs-4-7-9.png", "confidence.png", "right-and-wrong.png",
        "mistakes.png", "uncertain.png", "suspects.png",
    }  # fmt: skip
    assert all(path.stat().st_size > 5000 for path in report.pictures)


def test_what_was_not_in_the_pages_template_does_not_run(browser: Any, report: Report, tmp_path: Path) -> None:
    """Had something of a run's, or somebody who passed the page on, brought in a script."""
    text = report.page.read_text(encoding="utf-8")
    brought_in = (
        "<script>injected = 1</script><img src='data:,' onerror='injected = 1'><style>h1 { color: red }</style>"
    )
    (tmp_path / "report.html").write_text(text.replace("<main>", brought_in + "<main>"), encoding="utf-8")
    page = open_page(browser, tmp_path / "report.html")
    page.locator('button[data-cell="4-4"]').click()
    assert page.locator("#chosen h3").inner_text() == "4, read right"  # the page's own script runs
    assert page.evaluate("typeof injected") == "undefined"
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") != "rgb(255, 0, 0)"
    assert len(page.problems) == 3 and all("Content Security Policy" in problem for problem in page.problems)
    page.close()


def test_a_network_that_learned_nothing_still_fits_the_page(
    run: Run, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All wrong, and more rows than the page has room for: the cells say how many they show."""
    monkeypatch.setattr("kit.reporting.page._SHEET_PIXELS", 784 * 500)
    whole = loading.load("train", sample)
    labels = whole.labels
    assert labels is not None
    nonsense = np.full((4000, 10), 0.05, np.float32)
    nonsense[np.arange(4000), (labels + 1) % 10] = 0.55
    copy = copy_of(
        run, tmp_path, rows=np.arange(4000), labels=labels, probabilities=nonsense, features=np.zeros((4000, 3))
    )
    settings = copy.folder / "settings.json"
    settings.write_text(settings.read_text().replace(run.settings.fingerprint, whole.fingerprint))
    text = analyze(Run(copy.folder), data=sample).page.read_text(encoding="utf-8")
    cells = json.loads(re.search(r'<script id="cells" type="application/json">(.*?)</script>', text)[1])  # type: ignore[index]
    assert len(cells["digits"]) == 500
    cell = cells["cells"]["4-5"]
    assert 0 < len(cell["shown"]) < 400
    assert cell["words"] == f"4 → 5: {len(cell['shown'])} of 400, those with the least confidence"


def test_no_mistakes_at_all_is_said(run: Run, tmp_path: Path) -> None:
    perfect = np.eye(10, dtype=np.float32)[run.validation.labels]
    report = analyze(copy_of(run, tmp_path, probabilities=perfect))
    text = report.page.read_text(encoding="utf-8")
    for words in ("There is no mistake to show", "No 4 was taken for a 9.", "No label looks wrong"):
        assert words in text
    assert report.summary[2] == "There is not a single mistake to learn from."
    assert all(path.exists() for path in report.pictures)


def test_one_epoch_one_class_and_a_missing_class_have_pages(run: Run, tmp_path: Path) -> None:
    history = run.folder / "history.csv"
    lines = history.read_text().splitlines(keepends=True)
    for name, keep in (("one", run.validation.labels == 4), ("missing", run.validation.labels != 9)):
        validation = run.validation
        (tmp_path / name).mkdir()
        copy = copy_of(
            run, tmp_path / name,
            **{key: getattr(validation, key)[keep] for key in ("rows", "labels", "probabilities", "features")},
        )  # fmt: skip
        (copy.folder / "history.csv").write_text("".join(lines[:2]))
        text = analyze(copy).page.read_text(encoding="utf-8")
        assert "9: no validation row has this label." in text


def test_eleven_classes_have_background_as_one(run: Run, tmp_path: Path) -> None:
    validation = run.validation
    wide = np.pad(validation.probabilities, ((0, 0), (0, 1)))
    wide[:12] = np.eye(11)[10]
    report = analyze(copy_of(run, tmp_path, probabilities=wide), focus="4,background")
    assert report.analysis.confusion[:, 10].sum() == 12
    text = report.page.read_text(encoding="utf-8")
    assert 'data-cell="10-10"' in text and "4 taken for background" in text
    assert (report.page.parent / "analysis" / "study-4-background.png").exists()


@pytest.fixture(scope="module")
def judged(run: Run, small: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    """The report with photographs: forty digits dark on grey paper, and twelve things that are none."""
    from PIL import Image

    digits = loading.load("train", small)
    assert digits.labels is not None
    folder = tmp_path_factory.mktemp("photos")
    generator = np.random.default_rng(0)
    for number in range(52):
        digit = np.kron(digits.images[number, :, :, 0], np.ones((4, 4)))
        place = folder / "digits" / "drawn" / str(digits.labels[number]) / f"{number}.png"
        if number >= 40:
            digit = np.kron(generator.integers(0, 256, (4, 4)), np.ones((28, 28)))
            place = folder / "background" / ("noise" if number % 2 else "noise-lookalike") / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((200 - 0.7 * digit).astype(np.uint8)).save(place)
    copy = copy_of(run, tmp_path_factory.mktemp("judged"))
    return analyze(copy, photos=folder, data=small), folder


def test_photographs_have_a_section_with_their_failures(browser: Any, judged: tuple[Report, Path]) -> None:
    report, _ = judged
    found = report.photographs
    assert found is not None and found.failures
    page = open_page(browser, report.page)
    section = page.locator("#photographs")
    cells = section.locator("table").nth(0).locator("tbody td").all_inner_texts()
    assert cells[:3] == ["drawn", "40", str(found.digits[0].right)]
    groups = [
        [one for one in found.failures if one.truth != "background"],
        [one for one in found.failures if one.truth == "background" and not one.lookalike],
        [one for one in found.failures if one.lookalike],
    ]
    groups = [group for group in groups if group]
    headings = [heading.split(": ")[1] for heading in section.locator("h3").all_inner_texts()]
    assert [heading.split(",")[0] for heading in headings] == [str(len(group)) for group in groups]
    shown = section.locator(".gallery small").all_inner_texts()
    assert shown == [f"{one.probability:.0%}, {one.file}" for group in groups for one in group[:48]]
    first = section.locator(".photograph").first
    first.evaluate("picture => { picture.style.cssText += '; position: fixed; left: 0; top: 0; z-index: 1' }")
    drawn = picture_of(first)
    assert np.abs(drawn - groups[0][0].pixels)[2:-2, 2:-2].max() < 8
    assert page.problems == []
    page.close()


def picture_of(element: Any) -> np.ndarray:
    """What the browser draws of a 28 x 28 picture, as it is."""
    from io import BytesIO

    from PIL import Image

    shot = Image.open(BytesIO(element.screenshot())).convert("L")
    return np.asarray(shot.resize((28, 28), Image.Resampling.BOX), float)


def test_without_photographs_there_is_no_such_section(report: Report) -> None:
    assert report.photographs is None and 'id="photographs"' not in report.page.read_text(encoding="utf-8")


@pytest.mark.usefixtures("without_pictures")
def test_photographs_that_are_all_right_are_said(
    run: Run, judged: tuple[Report, Path], small: Path, tmp_path: Path
) -> None:
    certain = np.eye(10, dtype=np.float32)[run.validation.labels]  # never wrong on its validation rows: no threshold
    copy = copy_of(run, tmp_path, probabilities=certain)
    wrong = {failure.file for failure in judge(open_reader(copy), judged[1]).failures}
    pictures = [path.relative_to(judged[1]) for path in (judged[1] / "digits").rglob("*.png")]
    right = next(picture for picture in pictures if picture not in wrong)
    place = tmp_path / "photos" / right
    place.parent.mkdir(parents=True)
    shutil.copy(judged[1] / right, place)
    report = analyze(copy, photos=tmp_path / "photos", data=small)
    assert "Every photograph is read as it should be" in report.page.read_text(encoding="utf-8")


def test_what_is_covered_is_a_square_of_paper_or_ink() -> None:
    from kit.reporting.occlusion import covered

    image = np.arange(28 * 28).reshape(28, 28, 1) % 251
    copies = covered(image, 7)
    assert copies.shape == (784, 28, 28, 1)
    middle, corner = copies[14 * 28 + 10, :, :, 0], copies[0, :, :, 0]
    assert (middle[12:17, 8:13] == 7).all() and (middle != image[:, :, 0]).sum() <= 25
    assert (corner[:3, :3] == 7).all() and (corner[3:] == image[3:, :, 0]).all()


def test_explaining_finds_the_ink_that_matters(run: Run, small: Path) -> None:
    """Covering the paper around a digit with paper changes nothing; covering its ink does."""
    from kit.reporting.occlusion import explain_row

    digits = loading.load("train", small)
    image = digits.images[int(run.validation.rows[run.validation.probabilities.max(axis=1).argmax()])]
    explanation = explain_row(run.model(), image)
    model = run.model()
    assert explanation.probabilities == pytest.approx(np.asarray(model(image[None].astype(np.float32)))[0], abs=1e-5)
    assert explanation.without_ink[:2, :2] == pytest.approx(0, abs=1e-6)
    assert np.abs(explanation.without_ink).max() > 0.01
    row, column = np.unravel_index(np.abs(explanation.without_ink).argmax(), (28, 28))
    by_hand = image.copy()
    by_hand[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3] = 0
    share = np.asarray(model(by_hand[None].astype(np.float32)))[0, explanation.answer]
    change = share - explanation.probabilities.max()
    assert explanation.without_ink[row, column] == pytest.approx(change, abs=1e-5)


def test_the_command_prints_the_summary_and_the_page(run: Run, small: Path, kit_here: KitCommand) -> None:
    finished = kit_here("analyze", run.name, "--runs", run.folder.parent, "--focus", "3,5,8", "--explain", "7")
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == f"{run.folder / 'report.html'}\n"
    right = run.metrics["val_accuracy"]
    assert finished.stderr.startswith(f"{right:.2%} of 200 validation rows are right, ")
    assert "Among 3, 5 and 8, " in finished.stderr and "Traceback" not in finished.stderr
    for picture in ("explain-7.png", "study-3-5-8.png"):
        assert (run.folder / "analysis" / picture).exists()
    assert "row 7, a" in (run.folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("without_pictures")
def test_json_has_every_number(run: Run, kit_here: KitCommand) -> None:
    finished = kit_here("analyze", "1", "--runs", run.folder.parent, "--json")
    numbers = json.loads(finished.stdout)
    assert numbers["run"] == run.name and numbers["rows"] == 200 and np.array(numbers["confusion"]).sum() == 200
    assert numbers["focus"]["classes"] == [4, 7, 9] and numbers["comparisons"] == []
    lines = (Path(run.settings.data) / "train.csv").read_text().splitlines()
    labels = [int(line["label"]) for line in csv.DictReader(lines)]
    assert all(labels[mistake["row"] - 1] == mistake["label"] for mistake in numbers["mistakes"])


def test_tensorflow_is_not_loaded_for_it(run: Run) -> None:
    code = (
        "import sys; from kit import analyze; analyze(sys.argv[1]); "
        "print([name for name in ('tensorflow', 'keras') if name in sys.modules])"
    )
    finished = subprocess.run([sys.executable, "-c", code, run.folder], capture_output=True, text=True, check=True)
    assert finished.stdout == "[]\n"


@pytest.mark.usefixtures("without_pictures")
def test_several_runs_stand_side_by_side(run: Run, small: Path, kit_here: KitCommand, tmp_path: Path) -> None:
    shutil.copytree(run.folder, tmp_path / "runs" / run.name)
    train("dense", data=small, epochs=1, validation_split=0.4, runs=tmp_path / "runs", progress=False)
    finished = kit_here("analyze", "1", "2")
    assert finished.returncode == 0, finished.stderr
    heading, best, other, path = finished.stdout.splitlines()
    assert heading.startswith("run") and best.startswith("01-dense") and "p " in other
    assert Path(path) == Path("runs/01-dense/report.html")
    assert "Of 200 common rows" in finished.stderr
    assert "Better, or lucky?" in (tmp_path / path).read_text(encoding="utf-8")
    assert_one_line(kit_here("analyze", "1", "1"), "named twice")


@pytest.mark.usefixtures("without_pictures")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--focus", "4,11"], "--focus 4,11: '11' is not a class of 01-dense: they are 0 to 9"),
        (["--focus", "4"], "--focus 4: give two or more digits, such as 4,7,9"),
        (["--focus", "4,4"], "4 stands there twice"),
        (["--focus", "x"], "'x' is not a class"),
        (["--explain", "501"], "has rows 1 to 500"),
        (["--explain", "0"], "has rows 1 to 500"),
    ],
)
def test_a_wrong_option_is_one_line(run: Run, kit_here: KitCommand, options: list[str], words: str) -> None:
    assert_one_line(kit_here("analyze", "1", "--runs", run.folder.parent, *options), words)


@pytest.mark.usefixtures("without_pictures")
def test_other_data_and_missing_predictions_are_one_line(
    run: Run, sample: Path, kit_here: KitCommand, tmp_path: Path
) -> None:
    runs = ["--runs", run.folder.parent]
    other = kit_here("analyze", "1", *runs, "--data", sample)
    assert_one_line(other, "train.csv: not the rows that 01-dense was trained on")
    assert_one_line(kit_here("analyze", "1", *runs, "--data", tmp_path / "none"), "none: missing")
    copy = copy_of(run, tmp_path)
    (copy.folder / "validation.npz").write_bytes(b"half")
    assert_one_line(kit_here("analyze", copy.folder), "validation.npz: damaged")
    (copy.folder / "validation.npz").unlink()
    assert_one_line(kit_here("analyze", copy.folder), "validation.npz: missing")
    copy.write_validation(replace(run.validation, labels=(run.validation.labels + 1) % 10))
    (copy.folder / "report.html").unlink(missing_ok=True)
    with pytest.raises(KitError, match="its labels are not those of"):
        analyze(copy)
    assert not (copy.folder / "report.html").exists()


def test_validation_predictions_have_their_features(run: Run) -> None:
    """The last hidden layer's, recomputed by Keras."""
    import keras

    model = run.model()
    validation: Validation = run.validation
    images = loading.load("train", Path(run.settings.data)).images[validation.rows].astype(np.float32)
    expected = np.asarray(keras.Model(model.input, model.get_layer("logits").input)(images))
    assert validation.features.dtype == np.float16
    assert validation.features.astype(float) == pytest.approx(expected, rel=2e-3, abs=1e-2)


@pytest.mark.usefixtures("without_pictures")
def test_each_run_is_analysed_once(run: Run, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(run.folder, tmp_path / "01-one")
    shutil.copytree(run.folder, tmp_path / "02-two")
    made: list[str] = []
    begin = metrics.Analysis.__init__

    def counted(self: metrics.Analysis, name: str, validation: Validation, folds: int | None = None) -> None:
        made.append(name)
        begin(self, name, validation, folds)

    monkeypatch.setattr(metrics.Analysis, "__init__", counted)
    report = analyze([1, 2], runs=tmp_path)
    assert comparison_table(report.runs, report.comparisons)[1][0] == "01-one"
    assert sorted(made) == ["01-one", "02-two"]
