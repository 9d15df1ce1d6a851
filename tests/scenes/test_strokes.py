"""Characters as distances, against shapes whose distances are known, and letters that must not be digits."""

import unicodedata

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, label

from kit import KitError, plots
from kit.data import loading
from kit.scenes import strokes
from kit.scenes.strokes import BOX, GRID, INSIDE, STEP, UNIT

Y, X = np.mgrid[0:28, 0:28]


def test_a_bars_distances_are_those_to_its_middle_line_and_to_its_outline() -> None:
    bar = np.where((np.abs(X - 13.5) < 3) & (np.abs(Y - 13.5) < 9), 255, 0).astype(np.uint8)
    [(middle, outline)] = strokes.trace(bar[None]).astype(float) / UNIT
    row = GRID // 2
    away = np.abs(np.arange(GRID) - (GRID - 1) / 2)  # points from the middle of the grid, where the bar's middle is
    beside = away < 14
    assert np.abs(middle[row] - away)[beside & (away > 2)].max() < 1
    assert np.abs(outline[row] - INSIDE - (away - 3 * STEP))[beside & (away > 2)].max() < 1.2
    assert middle[row, GRID // 2] < 1


def test_the_outline_lies_where_the_pictures_ink_ends() -> None:
    disc = np.where(np.hypot(X - 13.5, Y - 13.5) < 7, 255, 0).astype(np.uint8)
    outline = strokes.trace(disc[None])[0, 1]
    inside = outline < INSIDE * UNIT
    assert inside.sum() == pytest.approx(np.pi * (7 * STEP) ** 2, rel=0.1)
    expected = distance_transform_edt(~inside)
    near = (expected > 1) & (expected < 10)
    assert np.abs(outline[near] / UNIT - INSIDE - expected[near]).max() < 1.3


def test_an_empty_picture_has_no_ink() -> None:
    assert (strokes.trace(np.zeros((1, 28, 28), np.uint8)) > 12 * UNIT).all()


def test_no_character_of_the_fonts_is_a_digit() -> None:
    characters = set("".join(strokes._characters(few=False))) | set(strokes._FREQUENT)
    assert len(characters) > 500
    assert not [character for character in characters if unicodedata.category(character).startswith("N")]
    assert not characters & set("OoQIlSsZzBbgqy|")


def test_the_fonts_are_matplotlibs_own_files_and_a_missing_one_is_one_line() -> None:
    for name in {*strokes._FONTS, *strokes._TEXT_FONTS}:
        assert plots.font_file(name).stem in (name, plots._STAND_INS.get(name))
    with pytest.raises(KitError, match=r"^the font Nowhere is missing: it comes with matplotlib: install"):
        plots.font_file("Nowhere")
    with pytest.raises(KitError, match=r"^the picture nobody\.jpg is missing: it comes with matplotlib: install"):
        plots.sample_picture("nobody.jpg")


def test_glyphs_are_as_large_as_digits_and_none_is_a_fonts_empty_box() -> None:
    found = strokes.glyphs()
    assert found.shape[1:] == (2, GRID, GRID) and len(found) > 1000
    ink = found[:, 1] < INSIDE * UNIT
    sides = [max(np.ptp(np.flatnonzero(one.any(axis=axis))) + 1 for axis in (0, 1)) for one in ink if one.any()]
    assert len(sides) > 0.99 * len(found)
    assert np.percentile(sides, 10) > BOX - 8 and max(sides) < BOX + 4


def test_likeness_tells_digits_from_letters(small) -> None:  # type: ignore[no-untyped-def]
    digits = strokes.trace(loading.load("train", small).images)
    others, models = digits[:100], digits[100:]
    fonts = strokes.glyphs()
    assert np.median(strokes.likeness(others, models)) < 0.75 * np.median(strokes.likeness(fonts, models))
    assert (strokes.likeness(models[:20], models) < 0.7).all()  # what is among them is nearest to itself


def test_doodles_and_blobs_follow_from_the_generator_and_fill_their_box() -> None:
    for drawn in (strokes.doodles, strokes.blobs):
        one, same, other = (drawn(30, np.random.default_rng(seed)) for seed in (1, 1, 2))
        assert (one == same).all() and (one != other).any()
    assert all(label(blob < INSIDE * UNIT)[1] == 1 for blob in strokes.blobs(30, np.random.default_rng(0))[:, 1])


def test_pages_of_text_are_full_of_letters_and_white() -> None:
    pages, small_pages = strokes.text_pages(strokes.doodles(50, np.random.default_rng(0)), np.random.default_rng(1))
    for page in (*pages, *small_pages):
        assert page.shape == (512, 512) and 0.02 < (page > 127).mean() < 0.4
