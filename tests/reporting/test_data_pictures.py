"""The pictures of `kit data show`."""

from pathlib import Path

import pytest

from kit import KitError
from kit.reporting.data_pictures import show


def test_show_draws_three_pictures(sample: Path, tmp_path: Path) -> None:
    from matplotlib.image import imread

    pictures = show(sample, row=3, to=tmp_path / "show")
    assert [path.name for path in pictures] == ["digits.png", "digit-3.png", "classes.png"]
    for path in pictures:
        picture = imread(path)[..., :3]
        assert picture.std() > 0.1 and min(picture.shape[:2]) > 300
    with pytest.raises(KitError, match="rows 1 to 4,000"):
        show(sample, row=4001, to=tmp_path / "more")
    assert not (tmp_path / "more").exists()
