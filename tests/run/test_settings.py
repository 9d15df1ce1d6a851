"""The settings of a training: what earlier versions wrote is read, and what is new has a value for it."""

import dataclasses
import json
from pathlib import Path

import pytest

from kit import KitError
from kit.options import about
from kit.run.folder import Run
from kit.run.settings import Recipe, Settings, digest_of
from kit.task import CAMERA, ROWS

FIRST = {  # what kit 0.1.0 wrote, as it wrote it
    "arch": "dense", "epochs": 3, "batch_size": 128, "optimizer": "adam", "learning_rate": 0.001,
    "schedule": "constant", "l2": 0.01, "dropout": None, "augment": False, "patience": None, "monitor": "val_loss",
    "validation_split": 0.2, "precision": "float32", "seed": 0, "split_seed": 0, "from_run": None, "data": "data",
    "fingerprint": "0" * 64,
}  # fmt: skip


def test_what_the_first_version_wrote_is_read() -> None:
    settings = Settings.read(json.loads(json.dumps(FIRST)), "settings.json")
    assert settings.task == ROWS and settings.warm_up == 0.3
    assert {name: getattr(settings, name) for name in FIRST} == FIRST


def test_every_setting_since_is_marked_as_later() -> None:
    """A new field without `later=True` would refuse the runs that there are."""
    unmarked = {field.name for field in dataclasses.fields(Settings) if not about(field).later}
    assert unmarked == FIRST.keys()


def test_settings_are_a_recipe_and_what_is_given_in_its_place() -> None:
    recipe = Recipe(epochs=7, batch_size=64, l2=0.5)
    own = {"arch": "x", "seed": 3, "split_seed": 3, "from_run": None, "data": "", "fingerprint": ""}
    settings = Settings(**dataclasses.asdict(recipe) | own | {"epochs": 9})
    assert (settings.epochs, settings.batch_size, settings.l2, settings.optimizer) == (9, 64, 0.5, "adam")


def test_the_camera_is_a_task_with_a_share_of_background() -> None:
    camera = FIRST | {"camera": True, "background_share": 0.3}
    assert Settings(**camera | {"size": 96}).task == CAMERA
    assert Settings.read(camera, "settings.json").task == CAMERA.of_size(64)  # from before there was a choice
    with pytest.raises(KitError, match="--background-share"):
        Settings(**FIRST | {"camera": True})
    with pytest.raises(KitError, match="no background: add --camera"):
        Settings(**FIRST | {"background_share": 0.3})


def test_the_digest_follows_from_every_value() -> None:
    assert digest_of(FIRST) == digest_of(dict(reversed(FIRST.items())))
    assert digest_of(FIRST) != digest_of(FIRST | {"seed": 1})


def test_a_setting_that_kit_learned_later_does_not_change_which_run_it_is(tmp_path: Path) -> None:
    """An export names its run by a digest; it may be of the settings as written, or with the defaults of later ones."""
    (tmp_path / "settings.json").write_text(json.dumps({"settings": FIRST}))
    run = Run(tmp_path)
    assert run.digest == digest_of(FIRST) and run.is_of(run.digest)
    assert run.is_of(digest_of(dataclasses.asdict(Settings(**FIRST)))) and not run.is_of(digest_of(FIRST | {"seed": 1}))
