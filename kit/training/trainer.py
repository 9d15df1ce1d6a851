"""`kit train`: a training begun, or one that was stopped gone on with."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit import KitError
from kit.files import remove
from kit.options import parameters_of
from kit.run.folder import Run
from kit.run.runs import RunName, find
from kit.run.settings import RUNS, Recipe
from kit.training import networks
from kit.training.arguments import Arguments
from kit.training.beginning import begin
from kit.training.folds import Folds
from kit.training.loop import DIVERGED, Training
from kit.training.progress import Progress
from kit.training.source_code import source_of
from kit.training.teaching import lessons
from kit.training.time_limit import Clock

if TYPE_CHECKING:
    from kit.training.cluster import Engine


@parameters_of(Arguments, overrides=Recipe)
def train(given: dict[str, Any]) -> Run:
    """Trains a network and keeps its best epoch by validation loss. What is left out, the network's recipe says.

    The validation rows are drawn at random, stratified, from the seed, and never trained on; starting weights, order,
    augmentation and dropout follow from it too. With `from_run` on the same data they are that run's, so that nothing
    validates on what it has learned. With `folds` each row is held out by one of so many networks, which the run
    averages; with `cluster` they are trained at once, by workers of Dask's. A training that goes on ends as if it had
    never been stopped. With `time_limit` it is the best recipe
    that this machine finishes in that time, counted from this call.

    Raises:
        KitError: The data or an option is wrong (nothing is written then), or the loss became NaN.
        KeyboardInterrupt: Ctrl-C; the finished epochs are saved.
    """
    clock, cluster = Clock(given.pop("started", None)), given.pop("cluster", None)
    if cluster is None:
        return _trained(given, clock)
    say = Progress(0, shown=given.get("progress", True)).say
    _require_many(given)
    from kit.training.cluster import connect

    with connect(str(cluster), say=say) as engine:
        say(f"{engine.workers} at once on {cluster}, see {engine.dashboard}")
        return _trained(given, clock, engine)


def _trained(given: dict[str, Any], clock: Clock, engine: "Engine | None" = None) -> Run:
    runs, data = Path(given.pop("runs", RUNS)), given.pop("data", None)
    resume, shown = given.pop("resume", None), given.pop("progress", True)
    inspect, callbacks = given.pop("inspect", lambda model, task: ()), given.pop("callbacks", ())
    if not given.get("camera"):
        given.pop("camera", None)
    if resume is None:
        training = begin(given, data, runs, inspect, shown, clock, engine)
    else:
        builder = given.pop("arch") if callable(given.get("arch")) else None
        stopped = _stopped(resume, given, runs)
        if builder and not _is_of(stopped, builder):
            raise KitError("arch cannot be changed by resume: the run has a network of its own: leave arch out")
        if stopped.finished:
            Progress(0, shown=shown).say(f"{stopped} is finished already")
            remove(stopped.state)
            return stopped
        training = _go_on(stopped, data, builder, clock, engine)
    training.callbacks = callbacks
    with training.run.locked():
        if not training.run.finished:  # by a process that held the lock until now
            training.go(shown)
            if training.settings.time_limit:
                Progress(0, shown=shown).say(clock.verdict(training.settings.time_limit))
    remove(training.run.state)
    return training.run


def _require_many(given: dict[str, Any]) -> None:
    """KitError where what is asked for is nothing for a cluster."""
    if "time_limit" in given:
        raise KitError("--cluster: --time-limit plans by how fast this computer is: leave one of the two out")
    if given.get("callbacks"):
        raise KitError("--cluster: callbacks hear nothing of trainings in other processes: leave one of the two out")
    if "resume" in given:
        settings = find(given["resume"], given.get("runs", RUNS)).settings
        if settings.time_limit:
            raise KitError(f"--cluster: {given['resume']} was planned for this computer, by --time-limit: leave it out")
        if settings.folded:
            return
    elif "folds" in given:
        return
    raise KitError("--cluster: it is for several trainings, and this is one: add --folds 5 or leave it out")


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


def _is_of(run: Run, builder: Callable[..., Any]) -> bool:
    """Whether a run's network is built by that function, as far as can be known."""
    if run.settings.code is None:
        return run.settings.function is not None
    code = source_of(builder)
    return code is not None and code.digest == run.settings.code


def _go_on(
    stopped: Run,
    data: Path | str | None,
    builder: Callable[..., Any] | None,
    clock: Clock,
    engine: "Engine | None",
) -> Training | Folds:
    settings, digits, network = stopped.settings, stopped.digits(data), networks.of_run(stopped, builder)
    taught = lessons(settings, digits, find(settings.teacher, stopped.home)) if settings.teacher else None
    if settings.folded:
        return Folds(digits, settings, network, run=stopped, lessons=taught, clock=clock, engine=engine)
    training = Training(digits, settings, network, taught)
    training.run = stopped
    clock.before = stopped.metrics.get("seconds", 0.0) if stopped.judged else 0.0
    if settings.from_run and not training.checkpoint.exists():
        training.take_weights(find(settings.from_run, stopped.home))
    return training
