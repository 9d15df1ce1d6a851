"""The notebook of docs/ from its first cell to its last, in a kernel of its own and an empty folder."""

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from kit import __version__

NOTEBOOK = Path(__file__).parents[1] / "docs" / "digit-recognizer.ipynb"


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> tuple[nbformat.NotebookNode, Path]:
    """What it holds afterwards, with two epochs instead of seven, and its folder."""
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    [training] = [cell for cell in notebook.cells if "run = train()" in cell.source]
    training.source = training.source.replace("train()", "train(epochs=2)")
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook, folder


def outputs(notebook: nbformat.NotebookNode, text: str) -> list[nbformat.NotebookNode]:
    """Of the cell that has this text in it."""
    [cell] = [cell for cell in notebook.cells if cell.cell_type == "code" and text in cell.source]
    return list(cell.outputs)


@pytest.mark.parametrize("text", ["run = train", "report = analyze", "submission = submit", "exported = export"])
def test_each_step_shows_what_it_made(text: str, executed: tuple[nbformat.NotebookNode, Path]) -> None:
    shown = outputs(executed[0], text)[-1]
    assert shown.output_type == "execute_result" and "<table>" in shown.data["text/html"]
    assert ("<img" in shown.data["text/html"]) == (text in ("run = train", "report = analyze"))


def test_training_leaves_a_line_an_epoch_and_nothing_of_its_bar(executed: tuple[nbformat.NotebookNode, Path]) -> None:
    bar, *lines, run = outputs(executed[0], "run = train")
    assert bar.output_type == "display_data" and bar.data == {"text/plain": ""}
    assert {line.get("name") for line in lines} == {"stdout"}  # standard error looks like a fault
    assert [line.split()[1] for line in "".join(line.text for line in lines).splitlines()] == ["1/2", "2/2"]
    assert run.output_type == "execute_result"


def test_it_leaves_a_run_a_submission_and_a_model(executed: tuple[nbformat.NotebookNode, Path]) -> None:
    folder = executed[1]
    metrics = json.loads((folder / "runs" / "01-kit" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["finished"] and metrics["epochs"] == 2
    assert len((folder / "submissions" / "01-kit-5-views.csv").read_text().splitlines()) == 1001
    assert len(list((folder / "exports").iterdir())) == 1


def test_the_wheel_that_it_names_is_this_version() -> None:
    assert f"%pip install --quiet kit_digit_recognizer-{__version__}-py3-none-any.whl" in NOTEBOOK.read_text("utf-8")


def test_it_is_kept_without_outputs() -> None:
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    assert all(not cell.outputs and cell.execution_count is None for cell in cells if cell.cell_type == "code")
