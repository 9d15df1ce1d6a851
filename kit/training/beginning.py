"""A training begun: settings of recipe and options, everything checked, then the run's folder."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit import KitError, options
from kit.data.loading import LabelledDigits, folder_or_file, load
from kit.run.folder import Run
from kit.run.network_code import FILE
from kit.run.runs import create, find, name_in
from kit.run.settings import OPTIMIZERS, RUNS, Settings, typed
from kit.task import CAMERA, ROWS, Task
from kit.training import networks
from kit.training.arguments import BACKGROUND_SHARE, TEACHER_SHARE, Inspection
from kit.training.folds import Folds
from kit.training.loop import Training
from kit.training.networks import Network
from kit.training.own_network import OwnNetwork
from kit.training.planning import LADDER, check_alone, choose
from kit.training.progress import Progress
from kit.training.teaching import lessons, with_teacher
from kit.training.time_limit import Clock, seconds_of

if TYPE_CHECKING:
    from kit.training.cluster import Engine

_UNKNOWN = "unknown"  # in place of a fingerprint: what a network was trained on elsewhere


def begin(
    given: dict[str, Any],
    data: Path | str | None,
    runs: Path,
    inspect: Inspection,
    shown: bool,
    clock: Clock,
    engine: "Engine | None" = None,
) -> Training | Folds:
    """Checks everything first; the run's folder appears when nothing is left to refuse."""
    limit, say = given.pop("time_limit", None), Progress(0, shown=shown).say
    if limit is not None:
        return _begin_planned(limit, given, data, runs, say, clock)
    name = given.pop("name", None)
    teaching = {key: given.pop(key, None) for key in ("teacher", "teacher_share", "unlabelled")}
    source, teacher = (
        find(run, runs) if run is not None else None for run in (given.get("from_run"), teaching["teacher"])
    )
    network = _network(given.pop("arch", None), _task_of(given, source), source)
    settings = settings_with(network, given, data, source)
    digits = load("train", data)
    settings = dataclasses.replace(settings, fingerprint=digits.fingerprint)
    if source:
        called, weights = name_in(runs, source), source.weights
        settings = dataclasses.replace(_after(source, settings, given), from_run=called, from_weights=weights)
    settings = _taught(settings, teacher, teaching["teacher_share"], teaching["unlabelled"], say)
    if teacher:
        settings = dataclasses.replace(settings, teacher=name_in(runs, teacher))
    training = _training(digits, settings, network, clock, source, teacher, engine)
    if source:
        say(f"{training.taken} from {source}")
    files = {}
    if isinstance(network, OwnNetwork):
        with network.known():
            for line in inspect(training.kept, settings.task):
                say(line)
        if network.code:
            files[FILE] = network.code.content
        else:
            say(f"the source of {network.name} cannot be had: this training can be gone on with in this Python alone")
    training.run = create(settings, name, runs, files)
    return training


def _begin_planned(
    limit: str | float,
    given: dict[str, Any],
    data: Path | str | None,
    runs: Path,
    say: Callable[[str], None],
    clock: Clock,
) -> Training | Folds:
    """A training whose recipe is chosen by how long it may take; says which before it begins."""
    check_alone(given)
    seconds, name = seconds_of(limit), given.pop("name", None)

    def settings_of(recipe: dict[str, Any]) -> Settings:
        settings = settings_with(networks.named(recipe["arch"]), {**recipe, **given}, data, None)
        return dataclasses.replace(settings, time_limit=seconds)

    settings_of(LADDER[0].given | {"epochs": LADDER[0].least})  # what is wrong with it is said before the data is read
    digits = load("train", data)
    plan = choose(seconds, digits, settings_of, clock)
    settings = dataclasses.replace(settings_of(plan.given), fingerprint=digits.fingerprint)
    training = _training(digits, settings, networks.named(settings.arch), clock)
    training.run = create(settings, name, runs)
    own = {"data": data, "runs": runs if runs != RUNS else None, "name": name, **given}
    for line in plan.lines({key: value for key, value in own.items() if value is not None}):
        say(line)
    return training


def _network(arch: "networks.Arch | None", task: Task, source: Run | None) -> Network | OwnNetwork:
    """The network that is asked for; where none is, that of the run whose weights it starts from."""
    if arch is not None or not source or source.settings.imported or source.task.examples != task.examples:
        return networks.find(arch, task)
    theirs = source.settings
    if theirs.function and not theirs.code:
        raise KitError(
            f"--from {source}: its network was a function whose source could not be had: give it, "
            f"train(arch={theirs.function}, from_run={source.name!r})"
        )
    network = networks.of_run(source)
    return dataclasses.replace(network, name=theirs.arch) if isinstance(network, OwnNetwork) else network


def _training(
    digits: LabelledDigits,
    settings: Settings,
    network: Network | OwnNetwork,
    clock: Clock,
    source: Run | None = None,
    teacher: Run | None = None,
    engine: "Engine | None" = None,
) -> Training | Folds:
    """The training, or the trainings, with these settings."""
    taught = lessons(settings, digits, teacher) if teacher else None
    if settings.folded:
        return Folds(digits, settings, network, source=source, lessons=taught, clock=clock, engine=engine)
    training = Training(digits, settings, network, taught)
    if source:
        training.take_weights(source)
    return training


def _taught(
    settings: Settings,
    teacher: Run | None,
    share: float | None,
    unlabelled: Path | str | None,
    say: Callable[[str], None],
) -> Settings:
    """The settings with a teacher; KitError where something is said of one that is not named."""
    if teacher:
        return with_teacher(settings, teacher, TEACHER_SHARE if share is None else share, unlabelled, say)
    for flag, value in (("--teacher-share", share), ("--unlabelled", unlabelled)):
        if value is not None:
            raise KitError(f"{flag}: there is no teacher: add --teacher RUN or leave it out")
    return settings


def _after(source: Run, settings: Settings, given: dict[str, Any]) -> Settings:
    """The settings of a training that starts from another run's weights; KitError as `_with_rows_of` has it."""
    if source.settings.fingerprint == settings.fingerprint:
        return _with_rows_of(source, settings, given)
    learned = _rows_behind(source)
    seen = bool({_UNKNOWN, settings.fingerprint} & {*learned})
    return dataclasses.replace(settings, seen=seen, learned=" ".join(learned))


def _rows_behind(run: Run) -> list[str]:
    """Fingerprints of the rows that a run's weights come from; `_UNKNOWN` stands for those that nobody knows of."""
    settings = run.settings
    found = [*(settings.learned or "").split(), settings.fingerprint]
    if settings.imported or (settings.seen and settings.fingerprint not in found[:-1]):  # what else could it have seen
        found.append(_UNKNOWN)
    if settings.from_run and settings.from_weights is None:  # by a version that did not note what was before
        try:
            found += _rows_behind(find(settings.from_run, run.home))
        except (KitError, RecursionError):
            found.append(_UNKNOWN)
    return list(dict.fromkeys(found))


def _with_rows_of(source: Run, settings: Settings, given: dict[str, Any]) -> Settings:
    """The settings by which those rows are held out that the source, trained on the same data, held out.

    Raises:
        KitError: Other rows are asked for: the source has learned from some of them.
    """
    theirs = source.settings
    split, folds = theirs.validation_split, theirs.folds
    if theirs.folded and not settings.folded:
        raise KitError(
            f"--from {source}: together its networks have learned from all of these rows: add --folds {folds}, or take "
            f"one of them, --from {source}/folds/1"
        )
    if settings.folded and not theirs.folded:
        raise KitError(
            f"--folds {settings.folds}: {source} has learned from rows that would be held out: leave out --folds "
            "or --from"
        )
    if settings.folded and folds != settings.folds:
        raise KitError(
            f"--folds {settings.folds}: {source} has {folds} folds of these rows, and each network has learned from "
            f"rows that would be held out: give --folds {folds}"
        )
    if given.get("validation_split", split) != split:
        raise KitError(
            f"--validation-split {given['validation_split']}: {source} holds out {split} of these rows and has "
            "learned from the others: leave the option out"
        )
    return dataclasses.replace(
        settings, validation_split=split, split_seed=theirs.split_seed, folds=folds, fold=theirs.fold,
        seen=theirs.seen, learned=" ".join(_rows_behind(source)),
    )  # fmt: skip


def _task_of(given: dict[str, Any], source: Run | None) -> Task:
    """What the network is to read; scenes of the source's size, where it has learned from some and no other is given.

    Raises:
        KitError: There are no scenes of that size.
    """
    if not given.get("camera"):
        return ROWS
    size = given.get("size")
    options.require(Settings, size=size)
    if size is None and source and source.task.examples == CAMERA.examples:
        return source.task
    return CAMERA.of_size(size)


def settings_with(
    network: Network | OwnNetwork, given: dict[str, Any], data: Path | str | None, source: Run | None = None
) -> Settings:
    """The network's recipe, with what was given in its place; the data is yet to be read."""
    task = _task_of(given, source)
    values = dataclasses.asdict(network.recipe) | {"arch": network.name, "seed": 0, "from_run": None}
    if isinstance(network, OwnNetwork):
        values |= {"function": network.function, "code": network.code and network.code.digest}
    if task.background:
        values |= {"augment": False, "background_share": BACKGROUND_SHARE, "size": task.size}
    given = typed({name: value for name, value in given.items() if name != "from_run"})
    if given.get("optimizer", network.recipe.optimizer) != network.recipe.optimizer and "learning_rate" not in given:
        values["learning_rate"] = OPTIMIZERS.get(given["optimizer"], values["learning_rate"])  # it was for another one
    values |= given
    if not values["augment"] and "movements" not in given:  # the recipe's were meant for pictures that are moved
        values["movements"] = 1.0
    settings = Settings(**values, data=folder_or_file(data).as_posix(), fingerprint="", split_seed=values["seed"])
    if settings.folds is None:
        return settings
    if "validation_split" in given:
        raise KitError(
            f"--validation-split {settings.validation_split}: --folds {settings.folds} says how many rows each network "
            "holds out: leave one of the two out"
        )
    return dataclasses.replace(settings, validation_split=1 / settings.folds)
