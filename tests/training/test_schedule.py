"""The learning rate over a training."""

import numpy as np
import pytest

from kit.training import networks
from kit.training.schedule import one_cycle, rates


@pytest.mark.parametrize(("arch", "peak"), [("resnet", 300), ("camera", 120)])
def test_one_cycle_rises_to_its_peak_and_ends_near_zero(arch: str, peak: int) -> None:
    warm_up = networks.named(arch).recipe.warm_up
    rates = [one_cycle(step, 1000, 0.004, warm_up) for step in range(1000)]
    assert rates[0] == pytest.approx(0.004 / 25) and rates[peak] == max(rates) == pytest.approx(0.004)
    assert rates[-1] < 0.004 / 1000
    assert all(np.diff(rates[: peak + 1]) > 0) and all(np.diff(rates[peak:]) < 0)


def test_each_epoch_goes_on_where_the_one_before_ended() -> None:
    recipe = networks.named("camera").recipe
    whole = [
        one_cycle(step, recipe.epochs * 5, recipe.learning_rate, recipe.warm_up) for step in range(recipe.epochs * 5)
    ]
    assert [rate for epoch in range(recipe.epochs) for rate in rates(recipe, epoch, 5)] == whole
    assert rates(networks.named("malireddi").recipe, 3, 4) == [0.001] * 4
