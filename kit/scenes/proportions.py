"""How often, how large, how dark: every choice about what scenes look like, by subject.

Lengths are pixels of a scene of 64 × 64, where nothing else is said; points are those of the grid that `strokes` keeps
characters on, 30 of them to a character's longer side. Greys are 0, black, to 255, white. A `Range` is its lowest and
its highest value, all between them equally likely; a `Count` the same of whole numbers, both ends among them. Shares
are of 1, so 0.35 is 35 of 100. A deviation is the standard deviation of normally distributed values around 0.
"""

from dataclasses import dataclass

Range = tuple[float, float]
Count = tuple[int, int]


@dataclass(frozen=True)
class Kinds:
    """What the scenes without a digit hold, as shares of these scenes. What is left to 1 is too small or unreadable."""

    paper: float = 0.08  # nothing, or at most what other writing leaves at the edges
    letter: float = 0.57  # one letter, symbol or doodle
    text: float = 0.09  # lines of it, printed or written
    things: float = 0.15  # no paper at all
    scraps: float = 0.07  # only parts of writing, at the edges


@dataclass(frozen=True)
class Writing:
    """Where characters stand, how large and how bent."""

    size: Range = (8.5, 72.0)  # of the longer side; each doubling equally likely
    turn: float = 0.12  # deviation, radians
    shear: float = 0.12  # deviation, sideways per unit of height
    stretch: float = 0.1  # deviation of the logarithm of width to height
    bend: Range = (0.0, 1.3)  # deviation of the smooth displacement that makes a stroke uneven
    letter_bend: float = 2.0  # times as much for letters, whose shape is free as long as no digit comes of it
    letter_stretch: float = 2.0  # times as much for letters
    overhanging: float = 0.35  # share of the digits that may stand out of the frame farther than `overhang`
    far_overhang: Range = (0.0, 0.3)  # how far those may, of their size
    overhang: float = 0.02  # how far the others may, of their size
    letter_overhang: float = 0.1  # how far letters may, of their size


@dataclass(frozen=True)
class Hands:
    """How people write: digits that are drawn by rule, and what is added to the competition's."""

    by_rule: tuple[float, ...] = (0.1, 0.15, 0.15, 0.15, 0.3, 0.15, 0.15, 0.3, 0.2, 0.25)  # share of each digit, 0 to 9
    ones_with_flag: float = 0.3  # share of the 1s that are not drawn by rule
    flag_length: Range = (0.12, 0.42)  # of the 1's height
    flag_angle: Range = (28.0, 70.0)  # degrees below the horizontal; flatter is a 7
    ones_with_foot: float = 0.4  # share of the 1s with a flag
    foot_reach: Range = (3.0, 9.0)  # to each side, points
    foot_tilt: Range = (-2.0, 2.0)  # of its right end, points down
    sevens_with_bar: float = 0.35  # share of the 7s that are not drawn by rule
    bar_height: Range = (-3.0, 5.0)  # points below the middle
    bar_reach: Range = (3.0, 8.0)  # to each side, points
    bar_slope: Range = (-0.3, 0.3)  # points up per point to the right
    shortest: int = 8  # points high; what is lower is left as it is
    jitter: float = 0.4  # deviation of the points of a form drawn by rule, in its columns or rows, of which it has ten
    breadth: float = 0.2  # deviation of the logarithm of width to height of such a form
    sketched: float = 0.12  # share that is drawn over a second time, not quite on the first lines
    sketch_offset: float = 0.5  # deviation of the second lines, in columns or rows


@dataclass(frozen=True)
class Pens:
    """What draws."""

    thinnest: float = 0.025  # width, of a character's size; each doubling up to the widest equally likely
    widest: float = 0.19  # width, of a character's size: a wider pen fills rings with ink
    widest_by_rule: float = 0.14  # the same of digits drawn by rule, whose rings are smaller
    least_width: float = 0.6  # whatever the size
    least_clean_width: float = 1.2  # on binarised paper, where a thinner line breaks into specks
    writers_own: float = 0.4  # share of the characters that keep the width their writer gave them
    own_offset: Range = (-0.6, 0.8)  # by which that is made wider on each side, points
    darkness: Range = (0.15, 1.0)  # share of the light that ink takes, before the power
    darkness_power: float = 0.7  # below 1, dark ink is more frequent than faint ink
    faintest: float = 26.0  # grey levels between a digit and its paper
    faintest_cap: float = 0.9  # share of the light: darkness is not raised farther than that for the sake of `faintest`
    uneven: float = 0.1  # share of the pens that leave gaps, on paper that is not clean
    unevenness: Range = (0.0, 0.5)  # share of the ink that these leave out, per deviation of the grain


@dataclass(frozen=True)
class Neighbours:
    """Other writing that the frame cuts off."""

    around_a_character: float = 0.35  # share of the digits and letters on printed paper that have some
    on_bare_paper: float = 0.2  # share of the scenes of paper that have some
    number: Count = (1, 3)
    digits: float = 0.5  # share of them; the others are letters
    size: Range = (0.6, 1.4)  # of the character beside them
    limits: Range = (8.0, 50.0)  # of their size, whatever stands beside them
    outside: Range = (0.12, 0.45)  # from the frame's edge out to their middle, of their size


@dataclass(frozen=True)
class Text:
    """Lines of text as background."""

    small: float = 0.5  # share of such scenes with all letters, so small that none passes for a digit
    small_height: Range = (3.0, 14.0)  # of a letter
    height: Range = (8.0, 56.0)  # of the others; each doubling equally likely
    turn: float = 0.12  # deviation, radians


@dataclass(frozen=True)
class Unreadable:
    """Ink that nobody can read: digits that are too small, and digits on top of each other."""

    specks: float = 0.5  # share of these scenes with digits that are too small
    specks_number: Count = (1, 4)
    specks_size: Range = (1.5, 4.5)
    overwritten_smallest: float = 12.0  # size of those on top of each other, or they would be a dot
    overwritten_middle: Range = (16.0, 48.0)  # from the left and from the top
    overwritten_layers: int = 3  # digits on one place


@dataclass(frozen=True)
class Light:
    """What falls on the paper."""

    level: Range = (70.0, 250.0)  # grey of the paper
    gradient: float = 0.1  # deviation of the slopes' own deviation, of the level
    textured: float = 0.7  # share of the papers with a grain of their own
    texture_root: Range = (0.0, 0.16)  # its square is the grain's deviation, of the level
    shadowed: float = 0.2  # share
    shadow: Range = (0.1, 0.5)  # share of the light that it takes
    shadow_softness: Range = (1.0, 25.0)  # from light to shadow
    shadow_distance: float = 20.0  # of its edge from the frame's middle, at least


@dataclass(frozen=True)
class Sheet:
    """The paper and what is printed on it."""

    clean: float = 0.1  # share of scenes as a scanner has them; with and without a digit alike, or it would tell them
    white: Range = (235.0, 255.0)  # grey of clean paper
    plain: float = 0.5  # share of digits on paper without lines and edges
    plain_background: float = 0.4  # the same of the scenes without a digit
    ruled: float = 0.35  # share of the other papers with lines, squares or dots
    rule_darkness: Range = (0.04, 0.6)  # share of the light that these take
    rule_spacing: Range = (4.0, 45.0)  # each doubling equally likely
    rule_width: Range = (0.3, 1.6)
    rule_turn: float = 0.08  # deviation, radians
    rules_upright: float = 0.3  # share that runs down instead of across
    lines: float = 0.5  # share of the ruled papers
    squares: float = 0.4  # share of the ruled papers; the others are dotted
    boxed: float = 0.3  # share of papers that are not plain with a form's frame or a table's cell
    box_darkness: Range = (0.1, 0.95)  # share of the light that it takes
    box_width: Range = (0.5, 5.0)  # of its lines
    box_side: float = 0.7  # share of its four sides that are there
    box_inset: Range = (-2.0, 8.0)  # from the frame's edge to the line
    box_slope: float = 0.03  # deviation, pixels per pixel
    ending: float = 0.15  # share of papers that are not plain and end inside the frame
    end_softness: Range = (0.5, 2.0)  # from paper to what lies beyond
    end_distance: float = 14.0  # of the edge from the frame's middle, at least
    photograph_beyond: float = 0.5  # share with a part of a photograph beyond; the others with an even grey
    grey_beyond: Range = (0.0, 255.0)
    farthest_edge: float = 34.0  # of a shadow or a paper's end from the frame's middle
    shows_through: float = 0.1  # share of papers that are not plain with writing from the other side
    through_darkness: Range = (0.03, 0.15)  # share of the light that this takes


@dataclass(frozen=True)
class Things:
    """Pictures without paper."""

    shapes: float = 0.3  # share that is drawn; the others are parts of photographs
    part: float = (
        40.0  # pixels of a photograph, the least side of a part; up to all of it, each doubling equally likely
    )
    part_grey: Range = (60.0, 200.0)  # its mean
    part_contrast: Range = (0.3, 1.3)  # times its own
    shapes_number: Count = (1, 4)
    shape_margin: float = 8.0  # by which a shape's middle may lie outside the frame
    shape_radius: Range = (10.0, 42.0)  # of an ellipse, along and across: too broad for ink
    ellipses: float = 0.6  # share of the shapes; the others are polygons
    corners: Count = (3, 5)
    corner_shift: Range = (-0.2, 0.2)  # of the way from corner to corner
    polygon_radius: float = 1.4  # times an ellipse's, so that they are as broad


@dataclass(frozen=True)
class Sensor:
    """What lens, sensor and storage make of a scene."""

    light_on_dark: float = 0.14  # share of all scenes whose greys are turned round
    coarse: float = 0.2  # share of scenes from a picture of fewer pixels, where what is written stays readable
    coarse_side: Count = (24, 55)  # pixels of such a picture's side
    coarse_character: int = 13  # pixels that a character keeps in it
    binarised: float = 0.5  # share of the clean scenes
    threshold: float = 127.0  # grey above which these are white
    blurred: float = 0.5  # share of the others
    blur: Range = (0.3, 1.8)  # deviation
    blur_by_size: float = 1 / 32  # most that a character's size adds to the least blur, per pixel
    background_size: float = 12.0  # for the blur, what is on background is no smaller than that
    moved: float = 0.12  # share of scenes that are not clean and of no small character, blurred by a moving hand
    moved_smallest: float = 20.0  # size of a character from which on that happens
    movement: Range = (1.0, 3.0)  # to each side
    noisy: float = 0.6  # share of the scenes that are not clean
    noise_root: Range = (0.5, 2.4)  # its square times `noise_scale` is the noise's deviation, grey levels
    noise_scale: float = 0.8
    compressed: float = 0.25  # share stored as JPEG
    quality: Count = (20, 89)  # of JPEG, of 100


@dataclass(frozen=True)
class Stock:
    """How much of everything the scenery holds, and how unlike a digit its letters are."""

    digits: int = 120  # drawn by rule, of each of the ten
    letters: int = 40  # drawn by rule, of each form
    doodles: int = 2500
    blobs: int = 350
    bends: int = 256  # smooth displacements
    bend_nodes: int = 5  # a side; displacements are smooth between them
    grain_blur: Range = (
        0.7,
        1.3,
    )  # deviations of the blur of the middle and of the coarse grain; the fine one has none
    unlike_digits: float = 1.0  # points by which a letter differs from the nearest digit, at least
    doodles_unlike_digits: float = 1.4  # the same of doodles


@dataclass(frozen=True)
class Doodles:
    """Characters of no script."""

    strokes: tuple[float, ...] = (0.3, 0.35, 0.25, 0.1)  # shares of those with one stroke, two, three, four
    barred: float = 0.12  # share with a line above, as some scripts have it
    bar_length: float = 1.2  # of the doodle's width
    curvature: float = 0.25  # deviation, radians per step, of which a stroke has 24
    corner: float = 1.6  # deviation, radians
    stroke: Range = (0.3, 1.0)  # length of a stroke, of the doodle's before it is made to fit
    start: Range = (0.0, 0.6)  # of a stroke, across and down, in the same measure


@dataclass(frozen=True)
class Blobs:
    """Filled shapes, round and irregular."""

    waves: int = 4  # around the outline
    roughness: float = 0.12  # deviation of the first wave, of the radius; the second's is half of that, and so on
    narrowness: Range = (0.5, 1.0)  # height to width


@dataclass(frozen=True)
class TextPages:
    """Pages full of text, from which lines are cut; lengths are pixels of a page of 512 × 512."""

    printed: int = 2  # pages of each font
    written: int = 10  # pages of doodles and letters
    font_size: int = 30  # of print
    letter_height: int = 22  # of print in that size, about; what is written is as high
    print_pitch: Count = (30, 55)  # from line to line
    print_start: Count = (0, 19)  # of the first line, above the page's edge
    print_indent: Count = (0, 29)  # of a line, to the left of the page's edge
    word: Count = (2, 8)  # letters
    pen: Range = (0.5, 1.6)  # half its width, on written pages
    written_pitch: Count = (34, 55)  # from line to line
    gaps: float = 0.17  # share of places between written words
    gap: int = 20
    written_size: Count = (28, 45)  # of a character with the margin around it
    written_step: Range = (0.45, 0.75)  # from one to the next, of that


KINDS, WRITING, HANDS, PENS, NEIGHBOURS = Kinds(), Writing(), Hands(), Pens(), Neighbours()
TEXT, UNREADABLE, LIGHT, SHEET, THINGS, SENSOR = Text(), Unreadable(), Light(), Sheet(), Things(), Sensor()
STOCK, DOODLES, BLOBS, TEXT_PAGES = Stock(), Doodles(), Blobs(), TextPages()
