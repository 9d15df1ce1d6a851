"""kit predict tells what comes first, a run or a package, from the pictures."""

from pathlib import Path

import pytest

from kit import KitError
from kit.cli.predict import model_and_images
from kit.run.folder import Run


def test_the_first_argument_is_told_from_pictures(
    camera: Run, eleven_package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = camera.folder.parent
    (tmp_path / "photos").mkdir()
    (tmp_path / "scan").touch()
    (tmp_path / "camera").mkdir()  # as the run is called: the run it is
    for first in ("3", "03-camera", "camera", str(camera.folder), str(eleven_package), "gone.onnx"):
        assert model_and_images([first, "photos"], runs) == (first, ["photos"])
        with pytest.raises(KitError, match="and which pictures"):
            model_and_images([first], runs)
    for first in ("photos", "scan", "*.png", "gone.jpg", "gone.HEIC"):
        assert model_and_images([first, "b.png"], runs) == (None, [first, "b.png"])
    (tmp_path / "camera").rmdir()
    assert model_and_images(["camera", "photos"], tmp_path) == ("camera", ["photos"])  # the bundled model
    (tmp_path / "camera").mkdir()
    assert model_and_images(["camera", "photos"], tmp_path) == (None, ["camera", "photos"])
    with pytest.raises(KitError, match="no such run: did you mean 03-camera"):
        model_and_images(["03-camara", "photos"], runs)
