"""What a network reads: two tasks, and what follows from each."""

from kit.task import BACKGROUND, CAMERA, DIGITS, ROWS


def test_the_competition_and_the_camera_read_what_they_always_read() -> None:
    assert (ROWS.size, ROWS.classes, ROWS.background, ROWS.examples) == (28, 10, None, "rows")
    assert (CAMERA.size, CAMERA.classes, CAMERA.background, CAMERA.examples) == (96, 11, BACKGROUND, "scenes")
    assert (ROWS.polarity, ROWS.crop, CAMERA.polarity, CAMERA.crop) == ("white on black", "centred", "any", "box")
    assert CAMERA.labels == (*DIGITS, BACKGROUND) and CAMERA.labels[CAMERA.background_class] == BACKGROUND


def test_the_camera_sees_pictures_of_another_size_all_else_alike() -> None:
    large = CAMERA.of_size(128)
    assert large.size == 128 and large.of_size(CAMERA.size) == CAMERA == CAMERA.of_size(None)


def test_without_the_background_the_ten_digits_stay() -> None:
    alone = CAMERA.digits_alone()
    assert alone.labels == DIGITS and alone.background is None and alone.size == 96 and alone.crop == "box"
    assert alone.background_class not in range(alone.classes) and ROWS.digits_alone() == ROWS
