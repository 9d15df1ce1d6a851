"""The pictures of `kit data show`."""

from pathlib import Path

import pytest
from PIL import Image

from kit import KitError
from kit.reporting.data_pictures import show


def test_show_draws_three_pictures(sample: Path, tmp_path: Path) -> None:
    from matplotlib.image import imread

    pictures = show(sample, row=3, to=tmp_path / "show")
    assert [path.name for path in pictures] == ["digits.png", "digit-3.png", "classes.png"]
    assert show(sample, row=3, to=tmp_path / "show") == pictures
    for path in pictures:
        picture = imread(path)[..., :3]
        assert picture.std() > 0.1 and min(picture.shape[:2]) > 300
    with pytest.raises(KitError, match="rows 1 to 4,000"):
        show(sample, row=4001, to=tmp_path / "more")
    assert not (tmp_path / "more").exists()


@pytest.mark.parametrize(("name", "camera"), [("classes.png", False), ("scenes.png", True)])
def test_show_writes_over_its_own_pictures_alone(sample: Path, tmp_path: Path, name: str, camera: bool) -> None:
    Image.new("L", (40, 40), 200).save(tmp_path / name)
    before = (tmp_path / name).read_bytes()
    with pytest.raises(KitError, match=rf"{name}: there is another picture under this name"):
        show(sample, to=tmp_path, camera=camera)
    assert [path.name for path in tmp_path.iterdir()] == [name] and (tmp_path / name).read_bytes() == before
