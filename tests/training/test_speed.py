"""What a training costs here, by short epochs of a real one."""

import dataclasses
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from kit.data import loading
from kit.run.settings import Settings
from kit.training import networks, speed
from kit.training.loop import DRAW_EVERY, Training
from kit.training.progress import Progress
from kit.training.speed import Speed, measure


def test_an_epoch_costs_what_its_rows_do_and_a_picture_now_and_then() -> None:
    costs = Speed(once=3, epoch=1, row=0.1, judged=0.01, picture=0.5)
    assert costs.of_epoch(100, 100) == 12 + 0.5
    assert costs.of_epoch(0, 0) == 1 + 0.5 / DRAW_EVERY
    assert costs.times(2) == dataclasses.replace(costs, epoch=2, row=0.2, judged=0.02)


@pytest.mark.parametrize("rows", [500, 60])
def test_each_cost_is_found_by_itself(
    rows: int, small: Path, toy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training whose epochs take a known time by the only clock that is looked at."""
    now, traced = 0.0, False

    def epoch(self: Training, progress: Progress) -> None:
        nonlocal now, traced
        assert self.state.best is None  # so that every epoch is kept, as most are
        self.state.best = {}
        _, labels = self.examples.epoch(0, np.random.default_rng(0))
        now += 0.2 + 0.01 * len(labels) + 0.004 * len(self.examples.labels) + (0 if traced else 3)
        now += 0.3 if self.drawn < 0 else 0
        traced = True

    digits = loading.load("train", small)
    digits = dataclasses.replace(digits, images=digits.images[:rows], labels=digits.labels[:rows])
    settings = of(toy, folds=None if rows == 500 else 2, fold=None if rows == 500 else 1)
    monkeypatch.setattr(Training, "epoch", epoch)
    monkeypatch.setattr(speed, "time", SimpleNamespace(monotonic=lambda: now, perf_counter=lambda: now))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    costs = measure(digits, settings, networks.named(toy))
    assert dataclasses.astuple(costs) == pytest.approx((3, 0.2, 0.01, 0.004, 0.3))
    assert [*tmp_path.iterdir()] == []


def of(arch: str, **options: object) -> Settings:
    values = dataclasses.asdict(networks.named(arch).recipe) | options
    return Settings(**values, arch=arch, seed=0, split_seed=0, from_run=None, data="", fingerprint="")  # type: ignore[arg-type]
