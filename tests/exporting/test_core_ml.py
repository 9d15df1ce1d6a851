"""The comparison with Core ML itself, which only a Mac can make: its table here with NumPy in Core ML's place."""

import subprocess
import sys
from pathlib import Path

import core_ml
import numpy as np
import pytest

from kit.exporting import bundled, core_ml_model, coreml

BENCHMARK = Path(core_ml.__file__)
FORM = ("mlprogram", "iOS17", "float16")


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac has Core ML itself")
def test_elsewhere_it_says_in_a_line_where_it_runs() -> None:
    finished = subprocess.run([sys.executable, str(BENCHMARK)], capture_output=True, text=True)
    assert (finished.returncode, finished.stdout, finished.stderr.count("\n")) == (1, "", 1)
    assert "Core ML runs on macOS alone" in finished.stderr


@pytest.mark.parametrize(("error", "agrees"), [(0.0, True), (2e-4, True), (0.2, False)])
def test_what_core_ml_says_otherwise_is_seen(
    error: float, agrees: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def predict(path: Path, images: np.ndarray, labels: object) -> np.ndarray:
        half = core_ml_model.read(path).in_half_precision(images)
        assert half is not None
        return half + np.float32(error)

    monkeypatch.setattr(coreml, "predict", predict)
    assert core_ml._row("the app's", FORM, None, bundled.path(), core_ml._drawn()) is agrees
    printed = capsys.readouterr().out
    assert printed.startswith("| the app's | mlprogram iOS17 float16 | none | ")
    assert ("**differs**" in printed) is not agrees and f"| {error:.1e} |" in printed
