"""`kit train --folds K`: K trainings, each with another K-th of the rows held out, and one run of them all.

The run's network is the average of the K networks. What is known of it was said of each row by the one network that
never saw it: so `validation.npz`, and all that follows from it, is of every row of the training file.
"""

import contextlib
import dataclasses
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kit import KitError, plots
from kit.data.loading import LabelledDigits
from kit.files import remove, remove_abandoned, whole_file, write_text
from kit.run import keras_file, network_code
from kit.run.folder import FOLDS, Run
from kit.run.metrics import threshold
from kit.run.runs import create_fold, find
from kit.run.settings import Settings
from kit.run.validation import Validation, joined
from kit.training.canonical import averaged
from kit.training.examples import fingerprint
from kit.training.loop import DIVERGED, DivergedError, Training, resumable, summary
from kit.training.networks import Network
from kit.training.own_network import OwnNetwork
from kit.training.progress import Progress, Together
from kit.training.split import split_of
from kit.training.teaching import Lessons
from kit.training.time_limit import Clock, fitting_epochs

if TYPE_CHECKING:
    import keras

    from kit.training.cluster import Engine

_LAYOUT = 2**23  # bytes of a network's file that are no weights
_JUDGED = ("loss", "accuracy", "val_loss", "val_accuracy")


class Folds:
    """The trainings of a run in folds, one after the other or on a cluster, and the run's own files.

    Each is a `Training` by settings of its own, in a folder of its own, that knows nothing of the others: it comes to
    the same bits wherever and whenever it is trained. One that is finished is not trained again.

    Args:
        digits: The rows.
        settings: Of the run.
        network: What is trained.
        run: The run to go on with; None where it is yet to be made.
        source: The run that the weights are taken from; None looks for the one that the settings name.
        lessons: What a teacher says, where there is one.
        clock: Of the command; None starts one.
        engine: Of a cluster that trains them; None trains them here.
    """

    run: Run
    callbacks: "Sequence[keras.callbacks.Callback]" = ()  # somebody's own, told of each of the trainings

    def __init__(
        self,
        digits: LabelledDigits,
        settings: Settings,
        network: Network | OwnNetwork,
        *,
        run: Run | None = None,
        source: Run | None = None,
        lessons: Lessons | None = None,
        clock: Clock | None = None,
        engine: "Engine | None" = None,
    ) -> None:
        assert settings.folds
        if engine and settings.function and not settings.code:
            raise KitError(f"--cluster: the source of {network.name} cannot be had, so no worker could build it")
        self.digits, self.settings, self.network, self.source = digits, settings, network, source
        self.lessons, self.clock, self.engine = lessons, clock or Clock(), engine
        self._pace: float | None = None  # seconds of an epoch in the fold before
        self._epochs = settings.epochs  # of a fold that is yet to begin
        self.numbers = range(1, settings.folds + 1)
        self._next: Training | None = None  # so that what is wrong is said before there is a run
        if run is None:
            self._next = self._training(1)
            self._check_size()
        else:
            self.run = run

    @property
    def kept(self) -> "keras.Model":
        """The network that is trained first."""
        assert self._next
        return self._next.kept

    @property
    def taken(self) -> str:
        """What the first of them has of the run that it starts from, in words."""
        assert self._next
        return self._next.taken

    def go(self, shown: bool) -> None:
        """Trains what is left of the folds, then makes the run of them."""
        remove_abandoned(self.run.folder)
        options = ["--cluster", self.engine.address] if self.engine else []
        with resumable(self.run, self._how_far, shown, options):
            if not self.run.judged:
                self._write_progress()
            self.clock.before = sum(_metrics_of(fold).get("seconds", 0.0) for fold in self.run.folds if fold.judged)
            try:
                if self.engine:
                    self._train_on(self.engine, shown)
                else:
                    self._train_all(shown)
            except DivergedError:
                self._write_progress(DIVERGED)
                shutil.rmtree(self.run.state, ignore_errors=True)
                raise
            self._finish()

    def _how_far(self) -> str:
        folds = [fold for fold in self.run.folds if fold.judged]
        epochs = sum(fold.metrics.get("epochs_done", 0) for fold in folds)
        finished = sum(fold.finished for fold in folds)
        are = "is" if finished == 1 else "are"
        saved = "epoch is" if epochs == 1 else "epochs are"
        return f"{finished} of {len(self.numbers)} folds {are} finished, {epochs} {saved} saved in {self.run.folder}"

    def _keep_pace(self, number: int, say: Callable[[str], None]) -> None:
        """Gives the folds from this one on fewer epochs where a time limit would be passed otherwise, and says so."""
        if self.settings.time_limit is None or self._pace is None or self._folder(number).exists():
            return
        left = sum(not self._folder(each).exists() for each in self.numbers)
        seconds = self.settings.time_limit - self.clock.used()
        epochs = fitting_epochs(self.settings.epochs, left, self._pace, seconds)
        if epochs != self._epochs:
            folds = f"folds {number} to {self.numbers[-1]} get" if left > 1 else f"fold {number} gets"
            number_of = f"{epochs} epoch{'s' * (epochs != 1)}"
            if epochs == self.settings.epochs:
                say(f"as fast as measured again: {folds} all of {'their' if left > 1 else 'its'} {number_of}")
            else:
                say(f"slower than measured: {folds} {number_of} instead of {self.settings.epochs}")
        self._epochs = epochs

    def _train_all(self, shown: bool) -> None:
        """Trains the folds here, one after the other."""
        for number in self.numbers:
            self._keep_pace(number, Progress(0, shown=shown).say)
            self._train(number, shown)
            self._write_progress()

    def _train_on(self, engine: "Engine", shown: bool) -> None:
        """Trains the folds that are left on the workers of a cluster, as many at once as there are."""
        from kit.training.events import Begun, Epoch, Failed, Finished

        self._next = None
        left = {str(number): self._begun(number) for number in self.numbers if not self._is_finished(number)}
        with Together(self.settings.epochs, len(self.numbers), shown) as progress:
            for key, fold in left.items():
                engine.start(key, fold, self.digits, self.lessons)
            for event in engine.events():
                match event:
                    case Begun():
                        progress.begin(int(event.key), _epochs_done(left[event.key]), event.worker)
                    case Epoch():
                        progress.end_epoch(int(event.key), event.row, event.kept)
                    case Finished():
                        progress.end(int(event.key))
                        self._write_progress()
                    case Failed():
                        raise self._as_here(left[event.key], event.error)

    def _as_here(self, fold: Run, error: Exception) -> Exception:
        """The error of a fold that was trained elsewhere, as it is here: of the network's file, not of its copy."""
        code = self.network.code if isinstance(self.network, OwnNetwork) else None
        if code is None or not isinstance(error, KitError):
            return error
        return type(error)(str(error).replace(str(fold.folder / network_code.FILE), code.path), error.exit_code)

    def _begun(self, number: int) -> Run:
        """The folder of a fold, with its first checkpoint where that has the weights of another run."""
        fold = self._fold(number)
        if self.settings.from_run and not (fold.state / "checkpoint.npz").exists():
            training = self._training(number, fold)
            training.run = fold
            with fold.locked():
                training.start()
        return fold

    def _is_finished(self, number: int) -> bool:
        """Whether there is nothing left to do of a fold; DivergedError where its loss became NaN."""
        if not self._folder(number).exists():
            return False
        fold = self._fold(number)
        if not (fold.judged and _metrics_of(fold).get("finished")):
            return False
        remove(fold.state)
        _require_converged(fold)
        return True

    def _train(self, number: int, shown: bool) -> None:
        """Trains one fold to its end, unless it is there; DivergedError where its loss became NaN, now or before."""
        fold = self._fold(number)
        done, begun = _epochs_done(fold), self.clock.used()
        if not (fold.judged and _metrics_of(fold).get("finished")):
            training, self._next = self._next or self._training(number, fold), None
            training.run, training.callbacks = fold, self.callbacks
            with fold.locked():
                if not fold.finished:  # by a process that held the lock until now
                    with _replaceable(fold) if training.checkpoint.exists() else contextlib.nullcontext():
                        training.start()
                    epochs, saved = training.settings.epochs, training.saved
                    training.train(Progress(epochs, saved, shown, (number, len(self.numbers))))
        remove(fold.state)
        if (trained := _epochs_done(fold) - done) > 0:
            self._pace = (self.clock.used() - begun) / trained
        elif done:
            self._pace = _metrics_of(fold).get("seconds", 0) / done or None
        _require_converged(fold)

    def _fold(self, number: int) -> Run:
        """The folder of a fold, made where it is not there yet."""
        settings, folder = self.settings.of_fold(number), self._folder(number)
        if not folder.exists():
            settings = dataclasses.replace(settings, epochs=self._epochs)
            code = settings.code and network_code.of_run(self.run.folder, settings.code).content
            return create_fold(self.run, settings, {network_code.FILE: code} if code else {})
        fold = Run(folder)
        with _replaceable(fold):
            if settings.time_limit and fold.settings.epochs < settings.epochs:  # there was no time for more
                settings = dataclasses.replace(settings, epochs=fold.settings.epochs)
            if fold.settings != settings:
                raise KitError(f"{folder}: a training by other settings than this run's")
        return fold

    def _folder(self, number: int) -> Path:
        return self.run.folder / FOLDS / str(number)

    def _training(self, number: int, fold: Run | None = None) -> Training:
        settings = fold.settings if fold else self.settings.of_fold(number)
        training = Training(self.digits, settings, self.network, self.lessons)
        begun = fold is not None and (fold.state / "checkpoint.npz").exists()
        if self.settings.from_run and not begun:
            training.take_weights(self.source or find(self.settings.from_run, self.run.home))
        return training

    def _check_size(self) -> None:
        """KitError where the average would be larger than the network of a run may be."""
        folds, kept = len(self.numbers), self.kept
        weights, config = folds * 4 * kept.count_params(), folds * len(kept.to_json())
        if weights > keras_file.LARGEST - _LAYOUT or config > keras_file.LARGEST_CONFIG / 2:
            raise KitError(
                f"--folds {folds}: {folds} networks of {self.settings.arch} have {weights:,} bytes of weights and "
                f"{config:,} of layers, too much for the one that averages them: give fewer or a smaller network"
            )

    def _finish(self) -> None:
        """The files of the run; the metrics last, which say that it is finished."""
        run, folds = self.run, self.run.folds
        validation = joined([self._judged(fold) for fold in folds])
        with self.network.known():
            network = averaged([_model(fold) for fold in folds])
        run.write_validation(validation)
        with whole_file(run.folder / "model.keras") as temporary:
            network.save(temporary)
        history = mean_history([fold.history for fold in folds])
        run.write_history(history)
        what = f"{len(validation.rows):,} {self.settings.task.examples}"
        title = f"{run}: mean and range over {len(folds)} folds of {what}, each held out once"
        plots.save(plots.history(history, title), run.folder / "history.png")
        write_text(run.folder / "summary.txt", summary(network))
        run.write_metrics(self._metrics(folds, validation, network.count_params()))

    def _judged(self, fold: Run) -> Validation:
        """What a fold's network says of the rows that it held out; KitError where it is of others."""
        with _replaceable(fold):
            validation = fold.validation
            held_out = split_of(self.digits.labels, fold.settings)[1]
            if not np.array_equal(validation.rows[validation.rows >= 0], held_out):
                raise KitError(f"{fold.folder / 'validation.npz'}: of other rows than this fold held out")
        return validation

    def _metrics(self, folds: Sequence[Run], validation: Validation, parameters: int) -> dict[str, Any]:
        """As a training has them; of what each fold has its own of, the mean."""
        outcomes, task = [fold.outcome for fold in folds], self.settings.task
        mean = {key: float(np.mean([outcome[key] for outcome in outcomes])) for key in ("best_epoch", *_JUDGED)}
        rows = [len(fold.validation.rows) for fold in folds]
        found: dict[str, Any] = {
            **self._progress(outcomes),
            "parameters": parameters,
            **mean,
            "best_epoch": round(mean["best_epoch"]),
            "val_loss": float(np.average([outcome["val_loss"] for outcome in outcomes], weights=rows)),
            "val_accuracy": float((validation.probabilities.argmax(axis=1) == validation.labels).mean()),
        }
        if task.background:
            found["threshold"] = threshold(validation.labels, validation.probabilities, task.background_class)
            found["validation_scenes"] = fingerprint([outcome["validation_scenes"] for outcome in outcomes])
        if self.settings.seen:
            found["seen"] = True
        return found | {"finished": True, "stopped": None}

    def _write_progress(self, stopped: str | None = None) -> None:
        """What `kit runs` shows of a run that is not finished, or never will be."""
        metrics = [_metrics_of(fold) for fold in self.run.folds if fold.judged]
        values = self._progress(metrics) | {"finished": stopped is not None, "stopped": stopped}
        self.run.write_metrics(values)

    def _progress(self, metrics: Sequence[dict[str, Any]]) -> dict[str, Any]:
        return {
            "arch": self.settings.arch,
            "parameters": sum(each.get("parameters", 0) for each in metrics),
            "folds": len(self.numbers),
            "epochs": len(self.numbers) * self.settings.epochs,
            "epochs_done": sum(each.get("epochs_done", 0) for each in metrics),
            "seconds": round(sum(each.get("seconds", 0) for each in metrics), 3),
        }


def _metrics_of(fold: Run) -> dict[str, Any]:
    with _replaceable(fold):
        return fold.metrics


def _epochs_done(fold: Run) -> int:
    return int(_metrics_of(fold).get("epochs_done", 0)) if fold.judged else 0


def _model(fold: Run) -> "keras.Model":
    with _replaceable(fold):
        return fold.model()


def _require_converged(fold: Run) -> None:
    if _metrics_of(fold)["stopped"] == DIVERGED:
        raise DivergedError(f"{fold.folder}: its loss became NaN: start a new run with a lower --learning-rate", 1)


@contextlib.contextmanager
def _replaceable(fold: Run) -> Iterator[None]:
    """What is wrong with a fold's files costs no more than this fold: it can be trained again."""
    try:
        yield
    except KitError as error:
        raise KitError(f"{error}; or remove {fold.folder}, then this fold is trained again") from error


def mean_history(histories: Sequence[list[dict[str, float]]]) -> list[dict[str, float]]:
    """The mean over the folds, an epoch a row, with the lowest and the highest beside it as loss_low, loss_high …

    An epoch that some folds did not come to is the mean of the others.
    """
    rows = []
    for epoch in range(max(map(len, histories))):
        each = [history[epoch] for history in histories if epoch < len(history)]
        row = {key: float(np.mean([one[key] for one in each])) for key in each[0]}
        for key in _JUDGED:
            values = [one[key] for one in each]
            row |= {f"{key}_low": min(values), f"{key}_high": max(values)}
        rows.append({**row, "epoch": epoch + 1})
    return rows
