"""What a notebook shows of an object: its figures, its pictures, and no more markup than kit's own."""

import base64
import io
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from kit import html
from kit.competition.log import Submission
from kit.exporting.proof import Difference, Proof
from kit.run.folder import Run
from kit.run.runs import runs

TAGS = {"div", "b", "table", "thead", "tbody", "tr", "th", "td", "p", "img"}


class _Page(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.pictures: list[Image.Image] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "img":
            kind, _, content = (dict(attrs)["src"] or "").partition(",")
            assert kind == "data:image/png;base64"
            self.pictures.append(Image.open(io.BytesIO(base64.b64decode(content))))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def shown(thing: object) -> _Page:
    page = _Page(thing._repr_html_())  # type: ignore[attr-defined]
    assert set(page.tags) <= TAGS
    return page


def test_a_run_shows_its_figures_and_its_history(exportable: Run) -> None:
    page = shown(exportable)
    assert f"{exportable.metrics['val_accuracy']:.2%}" in page.words and "99,498" in page.words
    with Image.open(exportable.folder / "history.png") as drawn:
        assert [picture.size for picture in page.pictures] == [drawn.size]


def test_an_unfinished_run_shows_how_far_it_is_and_a_damaged_one_what_is_wrong(exportable: Run, tmp_path: Path) -> None:
    folder = tmp_path / "01-<b>bold"
    folder.mkdir()
    settings = (exportable.folder / "settings.json").read_bytes()
    (folder / "settings.json").write_bytes(settings)
    page = shown(Run(folder))
    assert page.words[0] == "01-<b>bold" and "0 of 25" in page.words and not page.pictures
    (folder / "settings.json").write_bytes(settings[:100])
    assert any("settings.json" in words for words in shown(Run(folder)).words)


def test_runs_are_a_table_and_what_is_damaged_a_line(exportable: Run, tmp_path: Path) -> None:
    assert shown(runs(tmp_path)).words == ["no runs yet"]
    for name, whole in (("01-dense", True), ("02-damaged", False)):
        shutil.copytree(exportable.folder, tmp_path / name)
        file = tmp_path / name / "metrics.json"
        file.write_bytes(file.read_bytes() if whole else b"{")
    words = shown(runs(tmp_path)).words
    assert "01-dense" in words and f"{exportable.metrics['val_accuracy']:.2%}" in words and "02-damaged" not in words
    assert [word for word in words if "02-damaged" in word and "metrics.json" in word]


def test_a_mistake_is_its_line_alone_in_ipython(tmp_path: Path) -> None:
    cell = "import kit; kit.find('nothing', 'no-such-folder')"
    ended = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "-c", cell],
        cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", env={**os.environ, "IPYTHONDIR": str(tmp_path)},
    )  # fmt: skip
    [line] = (ended.stdout + ended.stderr).splitlines()
    assert re.fullmatch(r"KitError: no-such-folder.nothing: no such run: kit runs lists what there is", line)


def test_an_analysis_shows_its_accuracy_and_its_matrix(exportable: Run) -> None:
    page = shown(exportable.analysis)
    assert any(words.startswith(f"{exportable.metrics['val_accuracy']:.2%}, ") for words in page.words)
    [matrix] = page.pictures
    assert min(matrix.size) > 300 and len(set(matrix.convert("L").tobytes())) > 50


def test_a_submission_and_a_proof_show_what_is_known_of_them() -> None:
    made = Submission("2026-01-01", "a<i>.csv", "0" * 64, "01-kit", 8400, 0.9954, 0.99537, "kaggle", 7, None)
    words = shown(made).words
    assert words[0] == "a<i>.csv" and "99.54% of 8,400 rows" in words and "0.99537 by kaggle" in words
    unscored = shown(Submission("2026-01-01", "a.csv", "0" * 64, "01-kit", 0, None)).words
    assert "score" not in unscored and "validation accuracy" not in unscored
    difference = Difference(2.5e-4, 1e-6, 8399)
    words = shown(Proof(8400, difference, (), 0.9954, 0.9953, half=difference)).words
    assert (
        words.count("2.5e-04, labels agree on 99.98%") == 2 and "99.54% of the network, 99.53% of the export" in words
    )


def test_a_picture_that_is_gone_is_a_line(tmp_path: Path) -> None:
    assert re.fullmatch(r"<p>.*gone\.png: not there</p>", html.picture(tmp_path / "gone.png"))


@pytest.mark.parametrize("text", ["<script>", "a & b", '"quoted"'])
def test_text_stays_text(text: str) -> None:
    page = _Page(html.facts(text, [(text, text)], html.line(text), html.table([text], [[text]])))
    assert page.words == [text] * 6 and set(page.tags) <= TAGS
