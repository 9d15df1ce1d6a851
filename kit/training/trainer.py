"""`kit train`: a training begun, or one that was stopped gone on with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kit import KitError
from kit.files import remove
from kit.options import parameters_of
from kit.run import network_code
from kit.run.folder import Run
from kit.run.runs import RunName, find
from kit.run.settings import RUNS, Recipe
from kit.training import networks, own_network
from kit.training.arguments import Arguments
from kit.training.beginning import begin
from kit.training.folds import Folds
from kit.training.loop import DIVERGED, Training
from kit.training.networks import Network
from kit.training.own_network import OwnNetwork
from kit.training.progress import Progress
from kit.training.teaching import lessons
from kit.training.time_limit import Clock


@parameters_of(Arguments, overrides=Recipe)
def train(given: dict[str, Any]) -> Run:
    """Trains a network and keeps its best epoch by validation loss. What is left out, the network's recipe says.

    The validation rows are drawn at random, stratified, from the seed, and never trained on; starting weights, order,
    augmentation and dropout follow from it too. With `from_run` on the same data they are that run's, so that nothing
    validates on what it has learned. With `folds` each row is held out by one of so many networks, which the run
    averages. A training that goes on ends as if it had never been stopped. With `time_limit` it is the best recipe
    that this machine finishes in that time, counted from this call.

    Raises:
        KitError: The data or an option is wrong (nothing is written then), or the loss became NaN.
        KeyboardInterrupt: Ctrl-C; the finished epochs are saved.
    """
    clock = Clock(given.pop("started", None))
    runs, data = Path(given.pop("runs", RUNS)), given.pop("data", None)
    resume, shown = given.pop("resume", None), given.pop("progress", True)
    inspect, callbacks = given.pop("inspect", lambda model, task: ()), given.pop("callbacks", ())
    if not given.get("camera"):
        given.pop("camera", None)
    if resume is None:
        training = begin(given, data, runs, inspect, shown, clock)
    else:
        builder = given.pop("arch") if callable(given.get("arch")) else None
        stopped = _stopped(resume, given, runs)
        if stopped.finished:
            Progress(0, shown=shown).say(f"{stopped} is finished already")
            remove(stopped.state)
            return stopped
        training = _go_on(stopped, data, builder, clock)
    training.callbacks = callbacks
    with training.run.locked():
        if not training.run.finished:  # by a process that held the lock until now
            training.go(shown)
            if training.settings.time_limit:
                Progress(0, shown=shown).say(clock.verdict(training.settings.time_limit))
    remove(training.run.state)
    return training.run


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


def _go_on(stopped: Run, data: Path | str | None, builder: Callable[..., Any] | None, clock: Clock) -> Training | Folds:
    settings, digits, network = stopped.settings, stopped.digits(data), _network_of(stopped, builder)
    taught = lessons(settings, digits, find(settings.teacher, stopped.home)) if settings.teacher else None
    if settings.folded:
        return Folds(digits, settings, network, run=stopped, lessons=taught, clock=clock)
    training = Training(digits, settings, network, taught)
    training.run = stopped
    clock.before = stopped.metrics.get("seconds", 0.0) if stopped.judged else 0.0
    if settings.from_run and not training.checkpoint.exists():
        training.take_weights(find(settings.from_run, stopped.home))
    return training


def _network_of(run: Run, builder: Callable[..., Any] | None) -> Network | OwnNetwork:
    """What a run's network is built by: the code that it keeps, where it is somebody's own."""
    settings = run.settings
    if settings.function is None:
        return networks.named(settings.arch)
    if settings.code is not None:
        return own_network.of_code(network_code.of_run(run.folder, settings.code), settings.function, run.task)
    if builder is None:
        raise KitError(
            f"{run}: its network was a function whose source could not be had: go on where it is defined, with "
            f"train(arch={settings.function}, resume={run.name!r}), or start a new training"
        )
    return own_network.of_function(builder, run.task)
