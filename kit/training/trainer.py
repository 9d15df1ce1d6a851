"""`kit train`: one training begun, or one that was stopped gone on with."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kit import KitError
from kit.data.loading import folder_or_file, load
from kit.options import parameters_of
from kit.run import network_code
from kit.run.folder import Run
from kit.run.network_code import FILE
from kit.run.runs import RunName, create, find
from kit.run.settings import OPTIMIZERS, RUNS, Recipe, Settings
from kit.task import CAMERA, ROWS
from kit.training import networks, own_network
from kit.training.arguments import TEACHER_SHARE, Arguments, Inspection
from kit.training.folds import Folds
from kit.training.loop import DIVERGED, Training
from kit.training.networks import Network
from kit.training.own_network import OwnNetwork
from kit.training.progress import Progress
from kit.training.teaching import lessons, with_teacher

BACKGROUND_SHARE = 0.3


@parameters_of(Arguments, overrides=Recipe)
def train(given: dict[str, Any]) -> Run:
    """Trains a network and keeps its best epoch by validation loss. What is left out, the network's recipe says.

    The validation rows are drawn at random, stratified, from the seed, and never trained on; starting weights, order,
    augmentation and dropout follow from it too. With `from_run` on the same data they are that run's, so that nothing
    validates on what it has learned. With `folds` each row is held out by one of so many networks, which the run
    averages. A training that goes on ends as if it had never been stopped.

    Raises:
        KitError: The data or an option is wrong (nothing is written then), or the loss became NaN.
        KeyboardInterrupt: Ctrl-C; the finished epochs are saved.
    """
    runs, data = Path(given.pop("runs", RUNS)), given.pop("data", None)
    resume, shown = given.pop("resume", None), given.pop("progress", True)
    inspect = given.pop("inspect", lambda model, task: ())
    if not given.get("camera"):
        given.pop("camera", None)
    if resume is None:
        training = _begin(given, data, runs, inspect, shown)
    else:
        builder = given.pop("arch") if callable(given.get("arch")) else None
        stopped = _stopped(resume, given, runs)
        if stopped.finished:
            Progress(0, shown=shown).say(f"{stopped} is finished already")
            shutil.rmtree(stopped.state, ignore_errors=True)
            return stopped
        training = _go_on(stopped, data, builder)
    with training.run.locked():
        if not training.run.finished:  # by a process that held the lock until now
            training.go(shown)
    shutil.rmtree(training.run.state, ignore_errors=True)
    return training.run


def _begin(
    given: dict[str, Any], data: Path | str | None, runs: Path, inspect: Inspection, shown: bool
) -> Training | Folds:
    """Checks everything first; the run's folder appears when nothing is left to refuse."""
    name = given.pop("name", None)
    say = Progress(0, shown=shown).say
    share, unlabelled = given.pop("teacher_share", None), given.pop("unlabelled", None)
    teacher = find(given.pop("teacher"), runs) if "teacher" in given else None
    for flag, value in (("--teacher-share", share), ("--unlabelled", unlabelled)):
        if value is not None and teacher is None:
            raise KitError(f"{flag}: there is no teacher: add --teacher RUN or leave it out")
    source = find(given["from_run"], runs) if "from_run" in given else None
    network = networks.find(given.pop("arch", None), CAMERA if given.get("camera") else ROWS)
    settings = _settings(network, given, data, source)
    digits = load("train", data)
    settings = dataclasses.replace(settings, fingerprint=digits.fingerprint)
    if source and source.settings.fingerprint == settings.fingerprint:
        settings = _with_rows_of(source, settings, given)
    elif source and source.settings.imported:  # nobody knows which of these rows it has learned from
        settings = dataclasses.replace(settings, seen=True)
    taught = None
    if teacher:
        settings = with_teacher(settings, teacher, TEACHER_SHARE if share is None else share, unlabelled, say)
        taught = lessons(settings, digits, teacher)
    training: Training | Folds
    if settings.folded:
        training = Folds(digits, settings, network, source=source, lessons=taught)
    else:
        training = Training(digits, settings, network, taught)
        if source:
            training.take_weights(source)
    files = {}
    if isinstance(network, OwnNetwork):
        for line in inspect(training.kept, settings.task):
            say(line)
        if network.code:
            files[FILE] = network.code.content
        else:
            say(f"the source of {network.name} cannot be had: this training can be gone on with in this Python alone")
    training.run = create(settings, name, runs, files)
    return training


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
        settings, validation_split=split, split_seed=theirs.split_seed, folds=folds, fold=theirs.fold, seen=theirs.seen
    )


def _settings(
    network: Network | OwnNetwork, given: dict[str, Any], data: Path | str | None, source: Run | None
) -> Settings:
    """The network's recipe, with what was given in its place; the data is yet to be read."""
    task = CAMERA if given.get("camera") else ROWS
    values = dataclasses.asdict(network.recipe) | {"arch": network.name, "seed": 0, "from_run": None}
    if isinstance(network, OwnNetwork):
        values |= {"function": network.function, "code": network.code and network.code.digest}
    if task.background:
        values |= {"augment": False, "background_share": BACKGROUND_SHARE}
    if "optimizer" in given and "learning_rate" not in given:  # the recipe's rate was meant for another one
        values["learning_rate"] = OPTIMIZERS.get(given["optimizer"], values["learning_rate"])
    values |= given | ({"from_run": source.name} if source else {})
    settings = Settings(**values, data=str(folder_or_file(data)), fingerprint="", split_seed=values["seed"])
    if settings.folds is None:
        return settings
    if "validation_split" in given:
        raise KitError(
            f"--validation-split {settings.validation_split}: --folds {settings.folds} says how many rows each network "
            "holds out: leave one of the two out"
        )
    return dataclasses.replace(settings, validation_split=1 / settings.folds)


def _stopped(resume: RunName, given: dict[str, Any], runs: Path) -> Run:
    """The run to go on with; KitError where something else was asked for too, or it cannot go on."""
    if given:
        option = "--from" if "from_run" in given else "--" + next(iter(given)).replace("_", "-")
        raise KitError(f"{option} cannot be changed by --resume: the run's own settings hold")
    stopped = find(resume, runs)
    if stopped.settings.imported:
        raise KitError(
            f"--resume {resume}: trained elsewhere, so there is nothing to go on with: start from it, --from"
        )
    if stopped.finished and stopped.metrics["stopped"] == DIVERGED:
        raise KitError(f"{stopped.folder}: its loss became NaN: start a new training with a lower --learning-rate")
    return stopped


def _go_on(stopped: Run, data: Path | str | None, builder: Callable[..., Any] | None) -> Training | Folds:
    settings, digits, network = stopped.settings, stopped.digits(data), _network_of(stopped, builder)
    taught = lessons(settings, digits, find(settings.teacher, stopped.home)) if settings.teacher else None
    if settings.folded:
        return Folds(digits, settings, network, run=stopped, lessons=taught)
    training = Training(digits, settings, network, taught)
    training.run = stopped
    if settings.from_run and not training.checkpoint.exists():
        training.take_weights(find(settings.from_run, stopped.home))
    return training


def _network_of(run: Run, builder: Callable[..., Any] | None) -> Network | OwnNetwork:
    """What a run's network is built by: the code that it keeps, where it is somebody's own."""
    settings = run.settings
    if settings.function is None:
        return networks.named(settings.arch)
    if settings.code is not None:
        return own_network.of_code(network_code.of_run(run.folder, settings.code), settings.function)
    if builder is None:
        raise KitError(
            f"{run}: its network was a function whose source could not be had: go on where it is defined, with "
            f"train(arch={settings.function}, resume={run.name!r}), or start a new training"
        )
    return own_network.of_function(builder)
