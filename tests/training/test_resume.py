"""A training that is killed, wherever it is, ends as if it had not been."""

from pathlib import Path

import pytest
from conftest import KILLED, killed_training
from test_trainer import same_weights, without_seconds

from kit import train
from kit.run.folder import Run
from kit.run.runs import runs

WHOLE = {  # Muon has Adam's state too
    "arch": "toy", "optimizer": "muon", "epochs": 3, "patience": 3, "augment": True, "progress": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "where"),
    [(3, "before"), (5, "after"), (7, "half"), (9, "before"), (14, "half"), (18, "after"), (21, "half")],
)
def test_a_training_killed_between_any_two_files_ends_as_if_it_had_not_been(
    moment: int, where: str, small: Path, tmp_path: Path, whole: Run, sceneries: Path
) -> None:
    assert killed_training(moment, where, sceneries, **WHOLE, data=small, runs=tmp_path) == KILLED
    [run] = runs(tmp_path)
    resumed = train(resume=run, progress=False)
    assert same_weights(resumed, whole) and without_seconds(resumed) == without_seconds(whole)
    assert {path.name for path in resumed.folder.iterdir()} == {path.name for path in whole.folder.iterdir()}
    assert (resumed.validation.probabilities == whole.validation.probabilities).all()


@pytest.fixture(scope="module")
def whole(small: Path, toy: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same training, never stopped."""
    return train(**WHOLE, data=small, runs=tmp_path_factory.mktemp("whole"))
