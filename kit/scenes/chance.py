"""Random choices from one generator."""

from collections.abc import Sequence

import numpy as np


class Chance:
    """Random choices from one generator, in a fraction of the time that numpy's own take for a single number."""

    def __init__(self, generator: np.random.Generator) -> None:
        self.generator = generator

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.generator.random()

    def log_uniform(self, low: float, high: float) -> float:
        """As likely between 10 and 20 as between 20 and 40."""
        return float(np.exp(self.uniform(np.log(low), np.log(high))))

    def count(self, lowest: int, highest: int) -> int:
        """One of these whole numbers, both ends among them."""
        return int(self.generator.integers(lowest, highest, endpoint=True))

    def chance(self, share: float) -> bool:
        return self.generator.random() < share

    def pick(self, items: np.ndarray) -> np.ndarray:
        return items[int(self.generator.random() * len(items))]

    def one_of(self, shares: Sequence[float]) -> int:
        """The number of one of these shares, which add up to 1, as often as it says."""
        drawn = self.generator.random()
        for number, share in enumerate(shares):
            drawn -= share
            if drawn < 0:
                return number
        return len(shares) - 1
