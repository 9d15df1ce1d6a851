"""What a network reads: which classes, in how many pixels, which ink on which paper, and what the picture shows."""

import dataclasses
from dataclasses import dataclass

DIGITS = tuple(map(str, range(10)))
BACKGROUND = "background"  # the class of pictures without a digit


@dataclass(frozen=True)
class Task:
    """Everything in which a network of the competition's rows and one of the camera differ.

    Attributes:
        labels: The classes, in the order of the probabilities.
        background: The label that means "no digit here"; None for a network that always reads one.
        size: Height and width of the picture in pixels.
        polarity: "white on black", or "any".
        crop: What the picture shows: "centred" (the ink in a box of 20 × 20, centred by its mass in 28 × 28, as MNIST
            has it) or "box" (the guide box as the camera sees it).
    """

    labels: tuple[str, ...]
    background: str | None
    size: int
    polarity: str
    crop: str

    @property
    def classes(self) -> int:
        return len(self.labels)

    @property
    def background_class(self) -> int:
        """The number of the class without a digit; one that no class has, where the network knows none."""
        return self.labels.index(self.background) if self.background in self.labels else len(DIGITS)

    @property
    def examples(self) -> str:
        """What such a network learns from: "rows" of the CSV, or "scenes" that are drawn of them."""
        return "scenes" if self.crop == "box" else "rows"

    def of_size(self, size: int | None) -> "Task":
        """The same for pictures with so many pixels a side; None for its own."""
        return dataclasses.replace(self, size=size) if size else self

    def digits_alone(self) -> "Task":
        """The same without the class of pictures that hold no digit."""
        return dataclasses.replace(self, labels=DIGITS, background=None)


ROWS = Task(DIGITS, None, 28, "white on black", "centred")
CAMERA = Task((*DIGITS, BACKGROUND), BACKGROUND, 96, "any", "box")
