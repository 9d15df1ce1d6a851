"""How often, how large, how dark: every choice about what scenes look like, by subject.

Lengths are in 64ths of a scene's side, where nothing else is said: a pixel each, of a scene of 64 × 64. Points are
those of the grid that `strokes` keeps characters on, 30 of them to a character's longer side. Greys are 0, black, to
255, white. A `Range` is its lowest and its highest value, all between them equally likely; a `Count` the same of whole
numbers, both ends among them. Shares are of 1, so 0.35 is 35 of 100. A deviation is the standard deviation of normally
distributed values around 0.
"""

from dataclasses import dataclass

Range = tuple[float, float]
Count = tuple[int, int]


@dataclass(frozen=True)
class Kinds:
    """What the scenes without a digit hold, as shares of these scenes. What is left to 1 is too small or unreadable."""

    paper: float = 0.06  # nothing, or at most what other writing leaves at the edges
    letter: float = 0.47  # one letter, symbol or doodle
    text: float = 0.06  # lines of it, printed or written
    things: float = 0.32  # no paper at all
    scraps: float = 0.05  # only parts of writing, at the edges


@dataclass(frozen=True)
class Writing:
    """Where characters stand, how large and how bent."""

    framed: float = 0.6  # share that is framed as somebody does who wants it read: whole, neither far nor near
    framed_size: Range = (16.0, 56.0)  # of the longer side of these; each doubling equally likely
    framed_spread: float = 0.4  # share of the room around it that these may use; the others are anywhere
    size: Range = (8.5, 72.0)  # the same of the others
    turn: float = 0.12  # deviation, radians
    shear: float = 0.12  # deviation, sideways per unit of height
    stretch: float = 0.1  # deviation of the logarithm of width to height
    bend: Range = (0.0, 1.3)  # deviation of the smooth displacement that makes a stroke uneven
    letter_bend: float = 2.0  # times as much for letters, whose shape is free as long as no digit comes of it
    letter_stretch: float = 2.0  # times as much for letters
    overhanging: float = 0.35  # share of the digits anywhere that may stand out of the frame farther than `overhang`
    far_overhang: Range = (0.0, 0.3)  # how far those may, of their size
    overhang: float = 0.02  # how far the others may, of their size
    letter_overhang: float = 0.1  # how far letters may, of their size


@dataclass(frozen=True)
class Hands:
    """How people write: digits that are drawn by rule, and what is added to the competition's."""

    by_rule: tuple[float, ...] = (0.1, 0.3, 0.25, 0.25, 0.35, 0.25, 0.25, 0.3, 0.2, 0.35)  # share of each digit, 0 to 9
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
    lift: float = 0.2  # deviation of a whole stroke's place after the pen was lifted, in columns or rows
    joined: float = 0.08  # share of the forms of several strokes between which the pen is not lifted
    joined_reach: float = 6.0  # from a stroke's end to the next one's start, at most, in columns or rows
    broken: float = 0.1  # share of the forms with a gap in a stroke
    gap: Range = (0.04, 0.12)  # length of the gap, of the stroke


@dataclass(frozen=True)
class Pens:
    """What draws. A share of the pens is any mixture of width, darkness and gaps; the others are one of the `TOOLS`."""

    any: float = 0.5  # share of the first
    thinnest: float = 0.025  # width, of a character's size; each doubling up to the widest equally likely
    widest: float = 0.19  # width, of a character's size: a wider pen fills rings with ink
    widest_by_rule: float = 0.14  # the same of digits drawn by rule, whose rings are smaller
    least_width: float = 0.6  # whatever the size
    least_clean_width: float = 1.2  # on binarised paper, where a thinner line breaks into specks
    writers_own: float = 0.6  # share of the characters that keep the width their writer gave them
    own_offset: Range = (-0.6, 0.8)  # by which that is made wider on each side, points
    darkness: Range = (0.15, 1.0)  # share of the light that ink takes, before the power
    darkness_power: float = 0.7  # below 1, dark ink is more frequent than faint ink
    faintest: float = 26.0  # grey levels between a digit and its paper
    faintest_cap: float = 0.9  # share of the light: darkness is not raised farther than that for the sake of `faintest`
    beside_print: float = 0.9  # darkness of a pen, of that of the lines on its paper, at least
    uneven: float = 0.1  # share of the pens that leave gaps, on paper that is not clean
    uneven_tools: float = 0.5  # the same of the tools
    unevenness: Range = (0.0, 0.5)  # share of the ink that these leave out, per deviation of the grain
    pressure_nodes: int = 9  # a side; the hand's pressure is smooth between them
    pressed_smallest: float = 12.0  # size of a character from which on the hand's pressure can be seen
    least_pressed: float = 0.35  # share of its ink that a stroke has where it is pressed least
    wider: float = 0.3  # share of half its width by which a stroke is wider per deviation of the pressure


@dataclass(frozen=True)
class Tool:
    """A kind of pen.

    Attributes:
        share: Of all tools.
        width: Of a character's size; each doubling equally likely.
        darkness: Share of the light that its ink takes.
        pressure: Deviation of the hand's pressure, as a share of the ink.
        unevenness: Share of the ink that it leaves out, per deviation of the grain.
        hollow: Share of the ink that is missing in the middle of a stroke, as a marker leaves it.
    """

    share: float
    width: Range
    darkness: Range
    pressure: Range = (0.0, 0.0)
    unevenness: Range = (0.0, 0.0)
    hollow: Range = (0.0, 0.0)


TOOLS = (
    Tool(0.2, (0.02, 0.06), (0.14, 0.4), (0.1, 0.4), unevenness=(0.0, 0.3)),  # hard pencil
    Tool(0.2, (0.035, 0.1), (0.3, 0.75), (0.1, 0.35), unevenness=(0.1, 0.45)),  # soft pencil
    Tool(0.25, (0.025, 0.07), (0.45, 0.9), (0.05, 0.3), unevenness=(0.0, 0.2)),  # ballpoint
    Tool(0.2, (0.04, 0.1), (0.6, 0.95)),  # fibre or gel
    Tool(0.15, (0.1, 0.22), (0.55, 1.0), (0.0, 0.15), hollow=(0.0, 0.5)),  # marker
)


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
    underlined: float = 0.08  # share of the digits and letters on printed paper with a line drawn below
    line_reach: Range = (0.3, 0.9)  # of such a line to each side, of the character's size
    line_below: Range = (0.06, 0.3)  # from the character down to it, of its size
    line_slope: float = 0.06  # deviation, of its height to its reach
    line_width: float = 0.08  # of the character's size, where the pen has the width that the writer gave it


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
    ruled: float = 0.45  # share of the other papers with lines, squares or dots
    book: float = 0.6  # share of these that are of an exercise book; the others are of any spacing
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
class Ruling:
    """What an exercise book's paper is printed with; lengths in millimetres.

    Attributes:
        share: Of all rulings.
        rows: From line to line.
        columns: The same of the lines that run down; 0 without.
        fine_rows: Finer lines between two of them.
        fine_columns: The same of those that run down.
        dotted: Dots where the lines would cross, instead of lines.
    """

    share: float
    rows: float
    columns: float = 0.0
    fine_rows: int = 0
    fine_columns: int = 0
    dotted: bool = False


RULINGS = (
    Ruling(0.09, 4, 4), Ruling(0.25, 5, 5), Ruling(0.07, 7, 7), Ruling(0.03, 10, 10),  # squared
    Ruling(0.08, 5, 5, dotted=True), Ruling(0.14, 7, 7, dotted=True),
    Ruling(0.12, 8, 8, fine_rows=3),  # Seyès
    Ruling(0.05, 6), Ruling(0.05, 7), Ruling(0.05, 8), Ruling(0.04, 10),  # ruled
    Ruling(0.03, 10, 10, fine_rows=4, fine_columns=4),  # graph paper
)  # fmt: skip


@dataclass(frozen=True)
class Books:
    """How the paper of exercise books is printed, bound and photographed; lengths in millimetres."""

    writing: Range = (4.5, 24.0)  # height of what is written on it; each doubling equally likely
    finest: float = 3.2  # 64ths of the frame from line to line, at least
    line: Range = (0.15, 0.5)  # width of a line
    dot: Range = (0.2, 0.8)  # radius of a dot
    darkness: Range = (0.05, 0.6)  # share of the light that lines take; each doubling equally likely
    dot_darkness: Range = (0.1, 0.75)  # the same of dots, which may be as bold as a pen; any equally likely
    fine: Range = (0.35, 0.8)  # darkness of finer lines, of the others'
    columns: Range = (0.7, 1.3)  # darkness of the lines that run down, of the others'
    turn: float = 0.07  # deviation, radians
    upright: float = 0.15  # share that is turned by a quarter
    converging: float = 0.06  # deviation of the share by which the spacing grows from the middle to the frame's edge
    curved: float = 0.8  # deviation of how far lines sag at the frame's edge, in 64ths of it
    margin: float = 0.2  # share with a margin's line that runs down
    margin_inset: Range = (2.0, 24.0)  # of that from the frame's left or right edge, in 64ths of it
    margin_darkness: Range = (0.1, 0.6)
    margin_width: Range = (0.3, 0.8)
    bound: float = 0.18  # share that shows a binding's holes along an edge
    hole_pitch: Range = (5.0, 12.7)  # from hole to hole
    hole: Range = (1.0, 2.4)  # radius
    hole_inset: Range = (2.5, 6.0)  # of the holes' middles from the paper's edge
    edge_inset: Range = (-6.0, 6.0)  # of the paper's edge from the frame's, in 64ths of it
    edge_farthest: float = 15.0  # of the holes' inner rim from the frame's edge, in 64ths of it: a digit is beyond
    wire: Range = (0.3, 1.0)  # half its width
    wires: float = 0.7  # share of the bindings that show their wire
    square_holes: float = 0.3  # share


@dataclass(frozen=True)
class Padding:
    """Even bars on two sides, as `kit predict --fit pad` puts them around a picture that is not square."""

    share: float = 0.3  # of all scenes
    bar: Range = (2.0, 18.0)  # width of each; a digit stays outside
    upright: float = 0.75  # share with bars on the left and right; the others have them above and below
    clear: int = 1  # pixels between a bar and the character, at least
    trace: float = 0.05  # coverage from which on a pixel is the character's


@dataclass(frozen=True)
class Things:
    """Pictures without paper."""

    objects: float = 0.55  # share with one or a few things on a table
    shapes: float = 0.3  # share of the others that is drawn; the rest are parts of photographs
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
    several: float = 0.25  # share of the tables with more than one thing
    number: Count = (2, 3)  # of things there
    size: Range = (13.0, 66.0)  # of a thing, its longer side; each doubling equally likely
    overhang: float = 0.1  # how far it may stand out of the frame, of its size
    thinnest: float = 0.12  # of a thing's thickest part, of its size: thicker than most pens
    bright_table: float = 0.7  # share of the tables whose grey is one of `bright`
    bright: Range = (140.0, 250.0)  # grey of these tables
    ending: float = 0.25  # share of the tables with edges, lines or paper on them
    dark: float = 0.7  # share of the things whose grey is one of `dark_grey`
    dark_grey: Range = (5.0, 95.0)
    grey: Range = (60.0, 255.0)  # of the others
    contrast: float = 25.0  # grey levels between a thing and the table, at least
    relief: Range = (5.0, 90.0)  # grey levels between a side towards the light and an even one
    bevel: Range = (1.0, 7.0)  # depth over which its side is round, in points of which its longer side has 72
    rim: float = 0.4  # share with a rim of another grey
    rim_depth: Range = (1.0, 6.5)  # where the rim ends, in these points
    rim_grey: Range = (-70.0, 90.0)  # grey levels that are added
    slope: Range = (0.0, 45.0)  # grey levels from one side to the other
    sheen: float = 0.4  # share with a spot that shines
    sheen_grey: Range = (30.0, 170.0)
    sheen_width: Range = (0.05, 0.25)  # of its size
    sheen_place: Range = (-0.2, 0.2)  # from a thing's middle, of its size
    sheen_length: float = 3.0  # times its width
    handled: float = 0.3  # share with a handle, an end of another grey
    handle_end: Range = (-0.3, 0.3)  # from a thing's middle, of its size
    handle_grey: Range = (-110.0, 150.0)  # grey levels that are added
    labelled: float = 0.25  # share with a pattern, such as print or buttons
    label_grey: Range = (-60.0, 110.0)  # grey levels that are added
    shadow: Range = (0.0, 0.6)  # share of the light that its shadow takes
    shadow_reach: Range = (0.0, 0.18)  # of its size
    shadow_softness: Range = (0.03, 0.3)  # of its size


@dataclass(frozen=True)
class Outlines:
    """The outlines of things; lengths of the whole thing's, about, and half of a bar's width where it says thick."""

    box_width: Range = (0.2, 0.95)
    askew: float = 0.08  # deviation of a corner, of half the width
    corner: Range = (0.0, 0.35)  # radius, of half the width
    strap_width: Range = (0.14, 0.32)
    strap_bend: Range = (-2.2, 2.2)  # from end to end, radians
    buckled: float = 0.25  # share of the straps with something broader in the middle
    oblate: Range = (0.4, 1.0)  # height of a disc to its width
    holed: float = 0.4  # share of the discs with a hole
    hole: Range = (0.3, 0.75)  # of the disc
    handle: Range = (0.03, 0.08)  # thick
    neck: Range = (0.35, 0.9)  # of the handle
    head: Range = (0.16, 0.3)
    opening: Range = (0.04, 1.0)  # of scissors, radians; each doubling equally likely
    blade: Range = (0.03, 0.065)  # thick
    ring: Range = (0.1, 0.17)  # radius
    ring_hole: Range = (0.45, 0.75)  # of the ring
    lens: Range = (0.12, 0.22)  # half its height
    frame: Range = (0.015, 0.035)  # thick
    clear: Range = (0.65, 0.85)  # share of a lens that is none
    mug: Range = (0.25, 0.42)  # half its width
    pan: Range = (0.14, 0.32)  # radius
    cable: Range = (0.05, 0.09)  # thick
    cable_bend: float = 0.25  # deviation, radians a step, of which it has 32
    plugged: float = 0.5  # share of the cables with a plug
    plug: Range = (0.07, 0.12)  # thick
    lobes: float = 0.2  # deviation of the first wave of a stone's outline, of its radius
    narrow: Range = (0.4, 1.0)  # width of a stone to its height
    tool: Range = (0.03, 0.09)  # thick
    tool_angle: Range = (0.6, 1.9)  # from straight on, radians
    bottle: Range = (0.12, 0.25)  # half its width
    opening_share: Range = (0.3, 0.65)  # of a set square that is open


@dataclass(frozen=True)
class Sensor:
    """What lens, sensor and storage make of a scene."""

    light_on_dark: float = 0.14  # share of all scenes whose greys are turned round
    coarse: float = 0.2  # share of scenes from a picture of fewer pixels, where what is written stays readable
    coarse_side: Range = (24.0, 55.0)  # its pixels' number a side, for 64 of the scene's
    coarse_character: int = 13  # pixels that a character keeps in it
    binarised: float = 0.5  # share of the clean scenes
    threshold: float = 127.0  # grey above which these are white
    blurred: float = 0.5  # share of the others
    blur: Range = (0.3, 1.8)  # deviation
    blur_by_size: float = 1 / 32  # most that a character's size adds to the least blur, of it
    background_size: float = 12.0  # for the blur, what is on background is no smaller than that
    moved: float = 0.12  # share of scenes that are not clean and of no small character, blurred by a moving hand
    moved_smallest: float = 20.0  # size of a character from which on that happens
    movement: Range = (1.0, 3.0)  # to each side
    noisy: float = 0.6  # share of the scenes that are not clean
    noise_root: Range = (0.3, 2.1)  # its square times `noise_scale` is the noise's deviation, grey levels
    noise_scale: float = 0.8
    compressed: float = 0.25  # share stored as JPEG
    quality: Count = (20, 89)  # of JPEG, of 100


@dataclass(frozen=True)
class Stock:
    """How much of everything the scenery holds, and how unlike a digit its letters are."""

    digits: int = 240  # drawn by rule, of each of the ten
    models: int = 60  # of these, of each of the ten, that letters must not look like either
    letters: int = 30  # drawn by rule, of each form
    alphabets: int = 160  # of each Greek, Cyrillic and Latin letter, its forms in turn
    silhouettes: int = 400
    doodles: int = 1250
    blobs: int = 350
    bends: int = 256  # smooth displacements
    bend_nodes: int = 5  # a side; displacements are smooth between them
    grain_blur: Range = (
        0.7,
        1.3,
    )  # deviations of the blur of the middle and of the coarse grain; the fine one has none
    unlike_digits: float = 1.0  # points by which a letter differs from the nearest digit, at least
    alphabets_unlike_digits: float = 0.7  # the same of alphabets, whose letters are chosen by hand
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
BOOKS, PADDING, OUTLINES = Books(), Padding(), Outlines()
STOCK, DOODLES, BLOBS, TEXT_PAGES = Stock(), Doodles(), Blobs(), TextPages()
