"""What is searched: around the network's recipe, as its file and a TOML file have it."""

from pathlib import Path
from typing import Any

import pytest

from kit import KitError
from kit.run.settings import Recipe
from kit.search.space import Choice, Range, Space, space_of

RECIPE = Recipe(epochs=4, batch_size=64, optimizer="rmsprop", learning_rate=0.002)


def space(given: Any = None, recipe: Recipe = RECIPE, **options: Any) -> Space:
    return space_of(recipe, **{"has_dropout": True, "given": given, **options})


def test_what_is_searched_without_a_word_lies_around_the_recipe() -> None:
    found = space()
    assert found.searched.keys() == {
        "learning_rate", "batch_size", "optimizer", "l2", "augment", "movements", "dropout",
    }  # fmt: skip
    rate, batch = found.searched["learning_rate"], found.searched["batch_size"]
    assert isinstance(rate, Range) and rate.log and rate.low < 0.002 < rate.high
    assert isinstance(batch, Choice) and {32, 64, 128} <= {*batch.values}
    assert "dropout" not in space(has_dropout=False).searched
    assert not found.outside() and found.given(found.first()) == {}


@pytest.mark.parametrize("changes", [{"l2": 0.02}, {"dropout": 0.35}, {"augment": True, "movements": 3.0},
                                     {"optimizer": "lion"}, {"batch_size": 48}, {"learning_rate": 1e-7}])  # fmt: skip
def test_every_recipe_is_a_point_of_its_space(changes: dict[str, Any]) -> None:
    recipe = Recipe(epochs=4, **{"batch_size": 64, **changes})
    found = space(recipe=recipe)
    assert not found.outside() and found.given(found.first()) == {}


def test_a_file_narrows_widens_and_fixes(tmp_path: Path) -> None:
    path = tmp_path / "space.toml"
    path.write_text(
        "learning_rate = { low = 0.001, high = 0.1 }\nbatch_size = [16, 64]\nepochs = {low=2, high=8}\n"
        "optimizer = 'rmsprop'\nl2 = {low=1e-6, high=1e-2, log=true}\nlabel_smoothing = [0, 0.1]\ndropout=['own', 0.5]"
    )
    found = space(path)
    assert found.searched["learning_rate"] == Range(0.001, 0.1, log=True)
    assert found.searched["epochs"] == Range(2, 8, whole=True) and found.most_epochs == 8
    assert found.searched["batch_size"] == Choice((16, 64)) and found.searched["dropout"] == Choice(("own", 0.5))
    assert found.searched["label_smoothing"] == Choice((0.0, 0.1))
    assert found.fixed == {"optimizer": "rmsprop"} and "optimizer" not in found.searched
    assert found.outside() == ["l2"] and found.first()["l2"] == 1e-6
    assert "1e-06 to 0.01, by its logarithm" in found.described()["l2"]


def test_a_file_comes_after_what_the_network_declares() -> None:
    declared = {"l2": {"low": 0, "high": 0.1}, "label_smoothing": (0.0, 0.2)}
    found = space({"l2": [0, 1]}, declared=declared, declared_in="mine.py")
    assert found.searched["l2"] == Choice((0.0, 1.0)) and found.searched["label_smoothing"] == Choice((0.0, 0.2))


def test_a_point_is_what_train_is_given() -> None:
    found = space({"epochs": 9, "learning_rate": {"low": 0.001, "high": 0.0315}})
    point = {**found.first(), "learning_rate": 0.012345678, "dropout": 0.3}
    assert found.given(point) == {"epochs": 9, "learning_rate": 0.0123, "dropout": 0.3}
    assert found.given({**point, "learning_rate": 0.03149999})["learning_rate"] == 0.0315
    # The recipe's rate must be said where another optimizer would have a default of its own.
    assert found.given({**found.first(), "optimizer": "sgd"}) == {
        "epochs": 9, "optimizer": "sgd", "learning_rate": 0.002,
    }  # fmt: skip
    fixed = space({"learning_rate": 0.002})
    assert fixed.given({**fixed.first(), "optimizer": "sgd"})["learning_rate"] == 0.002


def test_movements_count_only_where_something_is_moved() -> None:
    found = space()
    still, moved = ({**found.first(), "augment": augment, "movements": 1.7} for augment in (False, True))
    assert "movements" not in found.given(still) and "movements" not in found.values(still)
    assert found.given(moved) == {"augment": True, "movements": 1.7}
    assert "movements" not in space({"augment": False}).searched
    assert "movements" in space({"augment": True}).searched


@pytest.mark.parametrize(
    ("text", *("words",)),
    [
        ("learning_rat = [1]", ["learning_rat", "did you mean learning_rate?"]),
        ("xyz = [1]", ["'xyz' is no setting", "choose from epochs"]),
        ("schedule = ['constant']", ["'schedule' is no setting that can be searched"]),
        ("validation_split = [0.1, 0.2]", ["validation_split: --folds decides"]),
        ("l2 = { low = 0.1, high = 0.1 }", ["l2: empty: low is 0.1 and high 0.1"]),
        ("l2 = { low = 0.2, high = 0.1 }", ["l2: empty"]),
        ("l2 = { low = 0, high = 0.1, log = true }", ["l2: 0 has no logarithm"]),
        ("l2 = { low = 0, high = 0.1, log = 1 }", ["log is 1: give true or false"]),
        ("l2 = { low = 0.2 }", ["l2: high is missing"]),
        ("l2 = { min = 0.2 }", ["l2: 'min': a range has low, high"]),
        ("l2 = { low = '0', high = 1 }", ["l2: low is '0', which is no number"]),
        ("l2 = { low = nan, high = 1 }", ["l2: low: nan is no number"]),
        ("l2 = [0, inf]", ["l2: inf is no number"]),
        ("l2 = []", ["l2: an empty list"]),
        ("l2 = [0, 0.0]", ["l2: 0 stands there twice"]),
        ("l2 = [-1]", ["l2: --l2 -1", "give 0 or more"]),
        ("l2 = ['a']", ["l2: l2: input should be a valid number, not 'a'"]),
        ("l2 = [[1]]", ["l2: l2: input should be a valid number"]),
        ("optimizer = ['adam', 'adm']", ["optimizer: --optimizer adm: choose from"]),
        ("optimizer = { low = 1, high = 2 }", ["optimizer: has no numbers between"]),
        ("augment = { low = 0, high = 1 }", ["augment: has no numbers between"]),
        ("augment = ['yes']", ["augment: augment: input should be a valid boolean"]),
        ("batch_size = { low = 0, high = 10 }", ["batch_size: low: --batch-size 0"]),
        ("batch_size = [1.5]", ["batch_size: batch_size: input should be a valid integer"]),
        ("movements = [9.0, 1.0]", ["movements: --movements 9"]),
        ("dropout = ['mine']", ["dropout: dropout: input should be a valid number, not 'mine'"]),
        ("learning_rate = {", ["not TOML"]),
        ("\ud800".encode("utf-8", "surrogatepass").decode("latin-1") + "=", ["not TOML"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said_with_its_name_and_the_setting(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    path = tmp_path / "space.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KitError) as refused:
        space(path)
    said = str(refused.value)
    assert said.startswith(f"{path}: ") and all(word in said for word in words), said
    assert "\n" not in said


def test_a_space_without_anything_to_search_is_refused() -> None:
    fixed = {
        "learning_rate": 0.1, "batch_size": 10, "optimizer": "sgd", "l2": 0, "augment": False, "dropout": "own",
    }  # fmt: skip
    with pytest.raises(KitError, match="nothing to search"):
        space(fixed)


def test_dropout_is_refused_where_there_is_none() -> None:
    with pytest.raises(KitError, match="dropout: the network has no dropout layer"):
        space({"dropout": [0.1, 0.2]}, has_dropout=False)


def test_what_a_networks_file_declares_is_blamed_on_it() -> None:
    with pytest.raises(KitError, match=r"^mine\.py: SEARCH: l3: |^mine\.py: SEARCH: 'l3' is no setting"):
        space(declared={"l3": [1]}, declared_in="mine.py")
    with pytest.raises(KitError, match=r"^mine\.py: SEARCH: no dictionary"):
        space(declared=[1], declared_in="mine.py")


@pytest.mark.parametrize("name", ["nothing.toml", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(KitError) as refused:
        space(tmp_path / name)
    assert str(tmp_path / name) in str(refused.value)
