"""The epochs of one training: fit, judge, keep, save; from where the run stands to its end."""

import contextlib
import math
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kit import KitError, backend, plots
from kit.data.loading import LabelledDigits
from kit.files import remove_abandoned, whole_file, write_text
from kit.run.folder import Run, versions
from kit.run.metrics import threshold
from kit.run.runs import RUNS
from kit.run.settings import Settings
from kit.text import command_line
from kit.training import checkpoint, optimizers
from kit.training.callbacks import Audience
from kit.training.canonical import of_member, seed_states
from kit.training.examples import examples
from kit.training.judging import Judge, Judged, sharpened
from kit.training.networks import Network
from kit.training.own_network import OwnNetwork
from kit.training.progress import Progress
from kit.training.schedule import rates
from kit.training.split import split_of
from kit.training.teaching import Lessons, one_hot, smoothed

if TYPE_CHECKING:
    import keras

DIVERGED = "diverged"  # why a training ended, in its metrics
DRAW_EVERY = 10  # seconds between pictures of the history, each of which costs a third of one
_LESS = "a smaller --batch-size needs less"  # of memory
_LOOK_EVERY = 32  # steps, whether the folder is still there: a second or so


class _DivergedError(Exception):
    pass


class DivergedError(KitError):
    """The loss became NaN: there is nothing to go on with."""


@dataclass(frozen=True)
class _Fitted:
    """One pass over the training examples: mean loss and accuracy, the first batch's rate."""

    loss: float
    accuracy: float
    learning_rate: float


class Training:
    """The networks and examples of one training, and the epochs over them.

    Randomness is drawn anew from the seed and the epoch's number, never carried over from the epoch before: so a
    training that goes on from a checkpoint meets the same order, warps and dropout as one that was never stopped.
    """

    run: Run
    taken: str  # what it has of the run that it starts from, in words
    callbacks: "Sequence[keras.callbacks.Callback]" = ()  # somebody's own
    _audience: Audience | None = None

    def __init__(
        self,
        digits: LabelledDigits,
        settings: Settings,
        network: Network | OwnNetwork,
        lessons: Lessons | None = None,
    ) -> None:
        self.settings, self._network = settings, network
        self.state = checkpoint.State()
        self.saved = 0  # epochs in the checkpoint
        self.trained = 0  # examples of an epoch
        self.drawn = -math.inf  # when the history was, on the monotonic clock
        rows, validation_rows = split_of(digits.labels, settings)
        options: dict[str, Any] = {
            "task": settings.task, "l2": settings.l2, "dropout": settings.dropout, "seed": settings.seed,
        }  # fmt: skip
        soft = lessons or settings.label_smoothing
        with self._plainly():
            self.model = network.build(precision=settings.precision, **options)
            # A second copy takes each epoch's weights, is judged and saved: in float32 and without the optimizer.
            self.kept = network.build(**options)
            network.check_same(self.model, self.kept)
            self.judge = Judge(self.kept, settings.label_smoothing)
            self.model.compile(
                optimizer=optimizers.build(settings.optimizer, settings.learning_rate),
                loss="categorical_crossentropy" if soft else "sparse_categorical_crossentropy",
                metrics=["accuracy"],
                jit_compile=False,  # XLA is 15 times slower on a CPU
            )
            self.model.optimizer.build(self.model.trainable_variables)
        self.examples = examples(digits, settings, rows, validation_rows, lessons)

    @property
    def checkpoint(self) -> Path:
        return self.run.state / "checkpoint.npz"

    def take_weights(self, source: Run) -> None:
        """Copies the weights of every layer that has the same name and shapes in the source's network.

        Of a source in folds it is the network of the same fold; they are counted round.

        Raises:
            KitError: There is no such layer, or the source has another network than when this training was begun.
        """
        if self.settings.from_weights is not None and self.settings.from_weights != source.weights:
            raise KitError(
                f"--from {source}: it has another network than when this was begun: put the old one back, or start anew"
            )
        theirs = {layer.name: layer.get_weights() for layer in source.model().layers}
        if source.settings.folded and source.settings.folds:
            number = ((self.settings.fold or 1) - 1) % source.settings.folds + 1
            theirs = of_member(theirs, number)
        taken, layers = 0, [layer for layer in self.model.layers if layer.weights]
        for layer in layers:
            own, other = layer.get_weights(), theirs.get(layer.name, [])
            if [array.shape for array in own] == [array.shape for array in other]:
                layer.set_weights(other)
                taken += 1
        self.taken = f"the weights of {taken} of {len(layers)} layers of {self.settings.arch} are"
        if not taken:
            raise KitError(
                f"--from {source}: no layer of {self.settings.arch} has the shape of one there: leave it out"
            )

    def go(self, shown: bool) -> None:
        """Trains from where the run stands to its end."""
        self.start()
        with resumable(self.run, self.how_far, shown):
            self.train(Progress(self.settings.epochs, self.state.epoch, shown))

    def how_far(self) -> str:
        are = "is" if self.saved == 1 else "are"
        return f"{self.saved} of {self.settings.epochs} epochs {are} saved in {self.run.folder}"

    def start(self) -> None:
        """Takes up what the run has, or writes the first files of a new one."""
        remove_abandoned(self.run.folder)
        remove_abandoned(self.run.state)
        if self.checkpoint.exists():
            with self._plainly():
                self.state = checkpoint.load(self.checkpoint, self.model)
            self.saved = self.state.epoch
            self._require_same_examples()
        else:
            self._prepare()

    def _require_same_examples(self) -> None:
        """KitError where what judged it until now is drawn otherwise by this version of kit, as all scenes then are."""
        known = self.run.metrics if self.run.judged else {}
        if any(known.get(name, value) != value for name, value in self.examples.about().items()):
            raise KitError(
                f"{self.run.folder}: begun by a version of kit that draws other scenes: start a new training"
            )

    def train(self, progress: Progress) -> None:
        """The epochs that are left, told to `progress`, which is entered for them."""
        for _ in self.rows(progress):
            pass

    def rows(self, progress: Progress) -> Generator[dict[str, float]]:
        """The same an epoch at a time, each as its row of the history.

        Whoever closes this before its end leaves a run that can be gone on with.
        """
        state, settings = self.state, self.settings
        with progress:
            if changed := [f"{name} {old}" for name, old in self.run.versions.items() if versions().get(name) != old]:
                progress.say(f"begun with {', '.join(changed)}: the last bits of the weights may come out differently")
            try:
                if self.callbacks:
                    self._audience = Audience(self.callbacks, self.model, settings.epochs)
                    self._audience.start()
                while state.epoch < settings.epochs and not state.stopped:
                    self.epoch(progress)
                    yield state.history[-1]
                if self._audience:
                    self._audience.end()
                self._write_metrics(finished=True, stopped=state.stopped)
            except _DivergedError:
                if state.history:
                    self._draw_history()
                self._write_metrics(finished=True, stopped=DIVERGED)
                shutil.rmtree(self.run.state, ignore_errors=True)
                raise DivergedError(self._diverged(), exit_code=1) from None
            finally:
                self.examples.close()
            if state.stopped:
                progress.say(state.stopped)

    def _prepare(self) -> None:
        """The files of a new run; where they cannot be written, the run is gone again."""
        try:
            write_text(self.run.folder / "summary.txt", summary(self.kept))
            self._save_checkpoint()
        except KitError:
            shutil.rmtree(self.run.folder, ignore_errors=True)
            raise

    @contextlib.contextmanager
    def _plainly(self) -> Iterator[None]:
        """What fails inside by the network's own code, in TensorFlow or for want of memory is a KitError."""
        with backend.computed(_LESS), self._network.blamed():
            yield

    def epoch(self, progress: Progress) -> None:
        """One epoch: fitted, judged, kept where it is the best, saved."""
        with self._plainly():
            self._epoch(progress)

    def _epoch(self, progress: Progress) -> None:
        started = time.monotonic()
        progress.start_epoch(self.state.epoch)
        if self._audience:
            self._audience.start_epoch(self.state.epoch)
        fitted = self._fit(progress)
        self.kept.set_weights(self.model.get_weights())
        judged = self._judge()
        row = self._enter(fitted, judged, time.monotonic() - started)
        if kept := row is self.state.best:
            self._keep(judged)
        self._watch(row)
        if self._audience and self._audience.end_epoch(row) and self.state.epoch < self.settings.epochs:
            self.state.stopped = self.state.stopped or f"stopped after epoch {self.state.epoch}, as a callback asked"
        self._save()
        progress.end_epoch(row, kept)

    def _fit(self, progress: Progress) -> _Fitted:
        """One pass over the training examples."""
        keras = backend.keras()
        settings, epoch = self.settings, self.state.epoch
        generator = np.random.default_rng([settings.seed, epoch])
        images, labels = self.examples.epoch(epoch, generator)
        self.trained = len(labels)
        if settings.label_smoothing and labels.ndim == 1:
            labels = smoothed(one_hot(labels, settings.task.classes), settings.label_smoothing)
        for state in seed_states(self.model):
            state.assign(np.array([generator.integers(2**32), 0], state.dtype))
        steps = math.ceil(len(labels) / settings.batch_size)
        learning_rates, optimizer = rates(settings, epoch, steps), self.model.optimizer

        def before(batch: int, logs: Any = None) -> None:
            optimizer.learning_rate.assign(learning_rates[batch])

        def after(batch: int, logs: Any = None) -> None:
            if not math.isfinite(logs["loss"]):
                raise _DivergedError
            if batch % _LOOK_EVERY == 0:
                _require(self.run)
            progress.batch(batch + 1, steps, logs["loss"], logs["accuracy"])

        each_batch = keras.callbacks.LambdaCallback(on_train_batch_begin=before, on_train_batch_end=after)
        batches = _batches(images, labels, settings.batch_size)
        heard = [self._audience.of_batches()] if self._audience else []
        fitted = self.model.fit(batches, shuffle=False, verbose=0, callbacks=[each_batch, *heard])
        return _Fitted(fitted.history["loss"][0], fitted.history["accuracy"][0], learning_rates[0])

    def _judge(self) -> Judged:
        """What the network of this epoch says of the validation examples."""
        judged = self.judge(self.examples.images, self.examples.labels)
        if not math.isfinite(judged.loss):
            raise _DivergedError
        return judged

    def _enter(self, fitted: _Fitted, judged: Judged, seconds: float) -> dict[str, float]:
        """Adds a row to the history; where its validation loss is the lowest, it is the best."""
        state = self.state
        state.epoch += 1
        row = {
            "epoch": state.epoch, "loss": fitted.loss, "accuracy": fitted.accuracy, "val_loss": judged.loss,
            "val_accuracy": judged.accuracy, "learning_rate": fitted.learning_rate, "seconds": round(seconds, 3),
        }  # fmt: skip
        state.history.append(row)
        if state.best is None or judged.loss < state.best["val_loss"]:
            state.best = row
        return row

    def _keep(self, judged: Judged) -> None:
        """Writes the network and what it says of the validation examples, no less sure than it is right."""
        if self.settings.label_smoothing:
            judged = sharpened(self.kept, judged, self.examples.labels)
        with whole_file(self.run.folder / "model.keras") as temporary:
            self.kept.save(temporary)
        task, labels = self.settings.task, self.examples.labels
        if task.background:
            self.state.threshold = threshold(labels, judged.probabilities, task.background_class)
        self.run.write_validation(judged.validation(self.examples.numbers, labels))

    def _save(self) -> None:
        """Writes how far it is; the checkpoint last: a stop before it repeats this epoch to the same files."""
        self.run.write_history(self.state.history)
        last = self.state.epoch == self.settings.epochs or self.state.stopped
        if last or time.monotonic() - self.drawn > DRAW_EVERY:
            self._draw_history()
        self._write_metrics(finished=False, stopped=None)
        self._save_checkpoint()

    def _draw_history(self) -> None:
        what, validation = self.settings.task.examples, len(self.examples.labels)
        title = f"{self.run}: loss and accuracy on {self.trained:,} training and {validation:,} validation {what}"
        plots.save(plots.history(self.state.history, title), self.run.folder / "history.png")
        self.drawn = time.monotonic()

    def _save_checkpoint(self) -> None:
        checkpoint.save(self.checkpoint, self.model, self.state)
        self.saved = self.state.epoch

    def _watch(self, row: dict[str, float]) -> None:
        """Early stopping, as Keras' callback does it."""
        state, settings = self.state, self.settings
        if settings.patience is None:
            return
        value = -row["val_loss"] if settings.monitor == "val_loss" else row[settings.monitor]
        state.waited += 1
        if state.watched is None or value > state.watched:
            state.watched, state.waited = value, 0
        if state.waited >= settings.patience and state.epoch < settings.epochs:
            what = "validation loss" if settings.monitor == "val_loss" else "training accuracy"
            state.stopped = f"stopped after epoch {state.epoch}: {what} has not improved for {state.waited} epochs"
            state.stopped = state.stopped.replace("1 epochs", "1 epoch")

    def _diverged(self) -> str:
        settings = self.settings
        remedy = f"lower --learning-rate (now {settings.learning_rate:g})"
        if settings.precision != "float32":
            remedy += " or leave out --precision"
        kept = f"epoch {self.state.best['epoch']:.0f} is kept" if self.state.best else "nothing is kept"
        return f"{self.run.folder}: the loss became NaN in epoch {self.state.epoch + 1}, {kept}: {remedy}"

    def _write_metrics(self, *, finished: bool, stopped: str | None) -> None:
        state, settings = self.state, self.settings
        judged = ("loss", "accuracy", "val_loss", "val_accuracy")
        best = {"best_epoch": state.best["epoch"], **{key: state.best[key] for key in judged}} if state.best else {}
        self.run.write_metrics(
            {
                "arch": settings.arch,
                "parameters": self.kept.count_params(),
                "epochs": settings.epochs,
                "epochs_done": state.epoch,
                "seconds": round(sum(row["seconds"] for row in state.history), 3),
                **best,
                **({"threshold": state.threshold} if settings.task.background else {}),
                **self.examples.about(),
                **({"seen": True} if settings.seen else {}),
                "finished": finished,
                "stopped": stopped,
            }
        )


@contextlib.contextmanager
def resumable(run: Run, how_far: Callable[[], str], shown: bool, options: Sequence[str] = ()) -> Iterator[None]:
    """Whatever ends a training too early inside, what comes out says how to go on with it, by these options too."""
    try:
        with backend.computed(_LESS):
            yield
    except DivergedError:
        raise
    except KitError as error:  # a full disk, too little memory
        _require(run, ": start a new one")
        raise KitError(f"{error}; then go on with: {_way_on(run, options)}", error.exit_code) from error
    except KeyboardInterrupt:
        _require(run, ": start a new one")
        Progress(0, shown=shown).say(f"stopped: {how_far()}; go on with: {_way_on(run, options)}")
        raise


def _require(run: Run, remedy: str = "") -> None:
    """KitError where somebody has removed the run: then there is nothing to go on with, and it is not made anew."""
    if not (run.folder / "settings.json").exists():
        raise KitError(f"{run.folder}: removed while it was trained, so that ends here{remedy}")


def _way_on(run: Run, options: Sequence[str]) -> str:
    return command_line(["kit", "train", "--resume", run.name if run.folder.parent == RUNS else run.folder, *options])


def summary(model: Any) -> str:
    """The layers of a network, their output shapes and parameters, a line each."""
    lines = [f"{'layer':<16}{'type':<24}{'output shape':<20}{'parameters':>12}"]
    for layer in model.layers:
        shape = " x ".join(str(size) for size in layer.output.shape[1:])
        lines.append(f"{layer.name:<16}{type(layer).__name__:<24}{shape:<20}{layer.count_params():>12,}")
    lines.append(f"{'total':<60}{model.count_params():>12,}")
    return "\n".join(lines) + "\n"


def _batches(images: np.ndarray, labels: np.ndarray, batch_size: int) -> Any:
    """The rows in order, as a tf.data pipeline without autotuning.

    The thread for that sleeps 10, 20, 40 … ms and, in TensorFlow 2.21, the end of an epoch waits until it wakes: an
    epoch of 13 s then takes 20.
    """
    tf = backend.tensorflow()
    options = tf.data.Options()
    options.autotune.enabled = False
    return tf.data.Dataset.from_tensor_slices((images, labels)).batch(batch_size).prefetch(2).with_options(options)
