"""Characters drawn by rule, against the competition's digits and against what their forms say."""

from pathlib import Path

import numpy as np
import pytest

from kit.data import loading
from kit.scenes import handwriting
from kit.scenes.strokes import BOX, GRID, STEP, UNIT


def _rings(strokes: np.ndarray) -> int:
    """Parts of the paper that ink encloses."""
    import cv2

    paper = (strokes[0] > 1.6 * UNIT).view(np.uint8)
    return cv2.connectedComponents(paper, connectivity=4)[0] - 2  # without ink and what is around it


def _seen(ink: np.ndarray) -> np.ndarray:
    """Directions of the strokes in a picture of 28 × 28, the middle of their mass in its own."""
    from scipy.ndimage import center_of_mass, shift
    from skimage.feature import hog

    away = np.array([13.5, 13.5]) - center_of_mass(ink)
    return hog(shift(ink, away, order=1), orientations=8, pixels_per_cell=(7, 7), cells_per_block=(2, 2))


def test_digits_drawn_by_rule_are_nearest_to_the_competitions_of_their_label(sample: Path) -> None:
    """By five neighbours among the sample's pictures, which know nothing of the forms; chance would be a tenth."""
    import cv2
    from sklearn.neighbors import KNeighborsClassifier

    rows = loading.load("train", sample)
    reader = KNeighborsClassifier(5).fit([_seen(image[..., 0] / 255) for image in rows.images], rows.labels)
    drawn = handwriting.digits(40, np.random.default_rng(0))
    assert drawn.shape == (10, 40, 2, GRID, GRID) and drawn.dtype == np.uint8
    ink = np.clip((2 * UNIT - drawn[:, :, 0].astype(np.float32)) / UNIT, 0, 1).reshape(-1, GRID, GRID)
    side = round(GRID / STEP)  # 32 pixels, of which the pictures are the middle 28
    small = [cv2.resize(one, (side, side), interpolation=cv2.INTER_AREA)[2:-2, 2:-2] for one in ink]
    read = reader.predict([_seen(picture) for picture in small]).reshape(10, 40)
    right = (read == np.arange(10)[:, None]).mean(axis=1)
    assert right.min() > 0.4 and right.mean() > 0.75  # a 1 with a foot is rare among them


@pytest.mark.parametrize(
    ("label", "form", "rings"), [(0, 0, 1), (4, 0, 1), (6, 0, 1), (8, 0, 2), (9, 0, 1), (4, 2, 1), (7, 1, 0)]
)
def test_rings_stay_rings(label: int, form: int, rings: int) -> None:
    generator = np.random.default_rng(label)
    drawn = [handwriting.written(handwriting.DIGITS[label][form], generator) for _ in range(100)]
    assert np.mean([_rings(one) == rings for one in drawn]) > 0.75


def test_the_pen_passes_a_point_that_is_written_twice_and_cuts_other_corners() -> None:
    [sharp], [round_] = handwriting._points("00 90 90 99"), handwriting._points("00 90 99")
    corner = np.array([9.0, 0.0])
    assert np.abs(handwriting._smooth(sharp) - corner).sum(axis=1).min() == 0
    assert np.abs(handwriting._smooth(round_) - corner).sum(axis=1).min() > 1
    for line in (sharp, round_):
        assert (handwriting._smooth(line)[[0, -1]] == line[[0, -1]]).all()


def test_characters_of_one_form_differ_follow_from_the_generator_and_fill_the_box_of_a_digit() -> None:
    one, same, other = (handwriting.letters(2, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one == same).all()
    assert np.mean([(a != b).any() for a, b in zip(one, other, strict=True)]) == 1
    assert len({character.tobytes() for character in one}) == len(one) == 2 * len(handwriting.LETTERS)
    for middle in one[:, 0] < UNIT:
        sides = [np.ptp(np.flatnonzero(middle.any(axis=axis))) + 1 for axis in (0, 1)]
        assert BOX - 2 <= max(sides) <= BOX + 3


def test_no_letter_has_the_form_of_a_digit() -> None:
    digits = [form for forms in handwriting.DIGITS.values() for form in forms]
    letters = [*handwriting.LETTERS, *(form for forms in handwriting.ALPHABETS.values() for form in forms)]
    assert list(handwriting.DIGITS) == list(range(10)) and all(handwriting.DIGITS.values())
    assert len({*digits, *letters}) == len(digits) + len(letters)


def test_the_alphabets_are_greek_cyrillic_and_latin_without_what_is_read_as_a_digit() -> None:
    import unicodedata

    scripts = {unicodedata.name(letter).split()[0] for letter in handwriting.ALPHABETS}
    assert scripts == {"GREEK", "CYRILLIC", "LATIN"}
    assert set("αβγδσλπφωacdxyRжшЯю") <= set(handwriting.ALPHABETS)
    assert not set("OoQIlSsZzBbqgGθοιчзбьЗБ") & set(handwriting.ALPHABETS)
    drawn = handwriting.alphabets(2, np.random.default_rng(0))
    assert len(drawn) == 2 * len(handwriting.ALPHABETS) == len({letter.tobytes() for letter in drawn})


@pytest.mark.parametrize("label", range(1, 10))
def test_a_digit_has_more_than_one_hand(label: int) -> None:
    """Without a point's shift, no two forms of a digit are the same line."""
    drawn = [handwriting.written(form, np.random.default_rng(0)) for form in handwriting.DIGITS[label]]
    assert len(drawn) >= 8 and len({one.tobytes() for one in drawn}) == len(drawn)


def test_the_upstroke_of_a_1_may_be_most_of_its_height_at_any_angle() -> None:
    lengths, angles = [], []
    for form in handwriting.DIGITS[1]:
        points = handwriting._points(form)[0]
        top = int(points[:, 1].argmin())
        if top:
            across, down = np.abs(points[0] - points[top])
            lengths.append(down / np.ptp(points[:, 1]))
            angles.append(np.degrees(np.arctan2(down, across)))
    assert max(lengths) > 0.7 and min(lengths) < 0.5 and min(angles) < 50 < max(angles)


def test_strokes_are_broken_and_joined_as_often_as_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    strokes = handwriting._points("00 80 80 39, 25 75")
    joined = np.mean([len(handwriting._led(strokes, generator)) == 1 for _ in range(3000)])
    assert joined == pytest.approx(handwriting.HANDS.joined, abs=0.02)
    far = handwriting._points("13 15 45 75 78 49 18, 20 80")  # from its end to its bar a pen would cross the 5
    assert all(len(handwriting._led(far, generator)) == 2 for _ in range(300))
    line = handwriting._smooth(strokes[0])
    for _ in range(50):
        first, second = handwriting._broken([line], generator)
        gap = np.hypot(*(second[0] - first[-1]))
        assert gap > 0 and (first[0] == line[0]).all() and (second[-1] == line[-1]).all()
    drawn = {}
    for share in (0.0, 1.0):
        monkeypatch.setitem(vars(handwriting.HANDS), "broken", share)
        monkeypatch.setitem(vars(handwriting.HANDS), "sketched", 0.0)
        ones = [handwriting.written("50 59", np.random.default_rng(seed)) for seed in range(40)]
        drawn[share] = np.mean([_pieces(one) for one in ones])
    assert drawn[0.0] == 1 and drawn[1.0] > 1.5


def _pieces(strokes: np.ndarray) -> int:
    import cv2

    return cv2.connectedComponents((strokes[0] < 0.5 * UNIT).view(np.uint8))[0] - 1
