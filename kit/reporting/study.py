"""One run studied: its numbers and pixels, and what both the figures and the page need of them."""

from functools import cached_property
from itertools import permutations

import numpy as np

from kit.run.folder import Run
from kit.run.metrics import Analysis, Pair

SHOWN = 24  # digits in a gallery


class Study:
    """A run's validation examples, with the classes that are studied closely.

    Args:
        run: The run.
        images: uint8 (n, height, width), the validation examples' pixels.
        focus: The classes studied closely.
    """

    def __init__(self, run: Run, images: np.ndarray, focus: tuple[int, ...]) -> None:
        self.run, self.images, self.focus = run, images, focus
        self.analysis: Analysis = run.analysis
        inside = np.flatnonzero(np.isin(self.analysis.labels, focus))
        self.focus_labels = np.array([focus.index(label) for label in self.analysis.labels[inside]], int)
        self.focus_wrong = ~self.analysis.right[inside]
        of_network = "the logarithms of the probabilities" if self.analysis.folds else "the last hidden layer"
        self.projections = [
            ("principal components of the pixels", project(images[inside])),
            (f"principal components of {of_network}", project(run.validation.features[inside])),
        ]

    @property
    def focus_names(self) -> list[str]:
        return [self.analysis.classes[number] for number in self.focus]

    @cached_property
    def focus_counts(self) -> np.ndarray:
        """The part of the confusion matrix that is of the classes studied."""
        return self.analysis.confusion[np.ix_(self.focus, self.focus)]

    @cached_property
    def pairs(self) -> list[Pair]:
        """The ordered pairs of the classes studied."""
        return [self.analysis.pair(*pair) for pair in permutations(self.focus, 2)]

    @property
    def reliability(self) -> list[tuple[float, float]]:
        return [(bin_.confidence, bin_.accuracy) for bin_ in self.analysis.reliability]

    def arrow(self, truth: int, taken_for: int) -> str:
        """4 → 9."""
        return f"{self.analysis.classes[truth]} → {self.analysis.classes[taken_for]}"

    def means(self, pair: Pair) -> list[tuple[np.ndarray | None, str]]:
        """The mean digit of the right ones of either class, and of those confused, each with what it is."""
        names = self.analysis.classes
        truth, taken = names[pair.truth], names[pair.taken_for]
        right = [self.analysis.pair(number, number).where for number in (pair.truth, pair.taken_for)]
        groups = [
            (right[0], f"mean right {truth}"),
            (pair.where, f"mean {truth} → {taken}"),
            (right[1], f"mean right {taken}"),
        ]
        return [
            (self.images[where].mean(axis=0).round().astype(np.uint8) if len(where) else None, words)
            for where, words in groups
        ]


def project(features: np.ndarray) -> np.ndarray:
    """The first two principal components of (n, …) features; (n, 2), zeros where there are too few rows."""
    from sklearn.decomposition import PCA

    if len(features) < 2:
        return np.zeros((len(features), 2), np.float32)
    flat = features.reshape(len(features), -1).astype(np.float32)
    components = min(2, *flat.shape)
    with np.errstate(invalid="ignore"):  # rows that are all alike have no variance to divide by
        points = PCA(components, random_state=0).fit_transform(flat)
    return np.pad(points, ((0, 0), (0, 2 - components)))
