"""What a network makes of a pixel before its first layer; kit's networks do it inside, so that all take 0 to 255."""

from dataclasses import dataclass

_MEAN, _DEVIATION = 0.1307, 0.3081  # of MNIST's training pixels from 0 to 1, as most tutorials have them


@dataclass(frozen=True)
class Pixels:
    """Pixels as a network wants them: `scale` times a grey pixel, plus `offset`.

    Attributes:
        name: What `--pixels` calls it.
        scale, offset: Of a pixel from 0, paper, to 255, ink, as the competition has it.
        meaning: In words.
    """

    name: str
    scale: float
    offset: float
    meaning: str


PIXELS = {
    pixels.name: pixels
    for pixels in (
        Pixels("0-255", 1, 0, "as they come"),
        Pixels("0-1", 1 / 255, 0, "divided by 255"),
        Pixels("-1-1", 1 / 127.5, -1, "divided by 127.5, less 1"),
        Pixels("-0.5-0.5", 1 / 255, -0.5, "divided by 255, less one half"),
        Pixels("standardised", 1 / 255 / _DEVIATION, -_MEAN / _DEVIATION, "less MNIST's mean, by its deviation"),
        Pixels("255-0", -1, 255, "black on white, 0 to 255"),
        Pixels("1-0", -1 / 255, 1, "black on white, 0 to 1"),
        Pixels("1--1", -1 / 127.5, 1, "black on white, -1 to 1"),
        Pixels(
            "standardised-inverted", -1 / 255 / _DEVIATION, (1 - _MEAN) / _DEVIATION, "black on white, standardised"
        ),
    )
}
AS_THEY_COME, UNIT = PIXELS["0-255"], PIXELS["0-1"]
