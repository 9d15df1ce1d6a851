"""The learning rate over a training."""

import math

from kit.run.settings import Recipe


def rates(recipe: Recipe, epoch: int, steps: int) -> list[float]:
    """The learning rate of each of the `steps` batches of an epoch, counted from 0."""
    if recipe.schedule == "constant":
        return [recipe.learning_rate] * steps
    first, total = epoch * steps, recipe.epochs * steps
    return [one_cycle(first + step, total, recipe.learning_rate, recipe.warm_up) for step in range(steps)]


def one_cycle(step: int, steps: int, peak: float, warm_up: float) -> float:
    """The learning rate before batch `step` of `steps`: up from peak / 25 in that share of them, then down to about 0.

    Both ways follow a cosine (L. N. Smith, Super-Convergence, 2018; the shape is fast.ai's).
    """
    warm = warm_up * steps
    start, end, done = (peak / 25, peak, step / warm) if step < warm else (peak, 0.0, (step - warm) / (steps - warm))
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2
