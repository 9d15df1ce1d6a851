"""One training: split, augmentation, the epochs, what is kept of them, and going on after a stop."""

import dataclasses
import json
import math
import shutil
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax

from kit import KitError, backend, plots
from kit.data.loading import Digits, folder_or_file, load, load_for
from kit.files import remove_temporary, whole_file, write_text
from kit.run.folder import RUNS, Run, Settings, Validation, create, find, versions
from kit.run.metrics import threshold
from kit.run.prediction import predictor
from kit.scenes.drawing import BACKGROUND
from kit.training import networks, optimizers
from kit.training.examples import SceneExamples, examples
from kit.training.progress import Progress

BACKGROUND_SHARE = 0.3
_FLOAT16 = float(np.finfo(np.float16).max)
DIVERGED = "diverged"  # why a training ended, in its metrics


def train(
    arch: str | None = None,
    *,
    camera: bool | None = None,
    background_share: float | None = None,
    data: Path | str | None = None,
    name: str | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    optimizer: str | None = None,
    learning_rate: float | None = None,
    l2: float | None = None,
    dropout: float | None = None,
    validation_split: float | None = None,
    augment: bool | None = None,
    patience: int | None = None,
    precision: str | None = None,
    seed: int | None = None,
    from_run: str | Path | Run | None = None,
    resume: str | Path | Run | None = None,
    runs: Path | str = RUNS,
    progress: bool = True,
) -> Run:
    """Trains a network and keeps its best epoch by validation loss. What is left out, the network's recipe says.

    Args:
        arch: A name that `kit networks` lists; the kit's own network for rows or for the camera without it.
        camera: Learn from scenes of the digits, 64 × 64 as a phone sees them, with the eleventh class background.
        background_share: Of these scenes, those without a digit.
        data: A folder, `.csv`, `.csv.gz` or `.zip` with `train.csv`.
        name: The run's name after its number; the network's without it.
        epochs, batch_size, optimizer, learning_rate, l2, dropout, augment, patience: As in Keras. The learning rate
            is the peak where the recipe has a one-cycle schedule; `dropout` sets every dropout layer; `patience`
            counts epochs without improvement.
        validation_split: Share of the rows that is drawn at random, stratified, and never trained on.
        precision: "float32" or "mixed_bfloat16".
        seed: Starting weights, validation rows, order, augmentation and dropout all follow from it.
        from_run: Start from this run's weights in every layer of the same name and shape. On the same data the
            validation rows are that run's, so that nothing validates on what it has learned.
        resume: Go on with a stopped training instead; it ends as if it had never been stopped.
        runs: Where the run's folder is made.
        progress: Report on standard error.

    Raises:
        KitError: The data or an option is wrong (nothing is written then), or the loss became NaN.
        KeyboardInterrupt: Ctrl-C; the finished epochs are saved.
    """
    given = {
        "arch": arch, "camera": camera or None, "background_share": background_share, "name": name, "epochs": epochs,
        "batch_size": batch_size, "optimizer": optimizer, "learning_rate": learning_rate, "l2": l2, "dropout": dropout,
        "validation_split": validation_split, "augment": augment, "patience": patience, "precision": precision,
        "seed": seed, "from_run": from_run,
    }  # fmt: skip
    given = {option: value for option, value in given.items() if value is not None}
    if resume is None:
        training = _begin(given, data, Path(runs))
    else:
        if given:
            option = "--from" if "from_run" in given else "--" + next(iter(given)).replace("_", "-")
            raise KitError(f"{option} cannot be changed by --resume: the run's own settings hold")
        stopped = find(resume, Path(runs))
        if stopped.finished and stopped.metrics["stopped"] == DIVERGED:
            raise KitError(f"{stopped.folder}: its loss became NaN: start a new training with a lower --learning-rate")
        if stopped.finished:
            Progress(0, shown=progress).say(f"{stopped} is finished already")
            shutil.rmtree(stopped.state, ignore_errors=True)
            return stopped
        training = _go_on(stopped, data)
    with training.run.locked():
        if not training.run.finished:  # by a process that held the lock until now
            training.go(progress)
    shutil.rmtree(training.run.state, ignore_errors=True)
    return training.run


def split_rows(labels: np.ndarray, validation_split: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws the validation rows, stratified by class.

    Returns:
        Row numbers for training and for validation, each ascending.

    Raises:
        KitError: Too few rows for it.
    """
    from sklearn.model_selection import train_test_split

    counts = np.bincount(labels, minlength=10)
    validation_rows = math.ceil(len(labels) * validation_split)
    if counts.min() < 2:
        label = counts.argmin()
        raise KitError(f"label {label} has {counts[label]} row: a split into training and validation needs two or more")
    if validation_rows < 10 or len(labels) - validation_rows < 10:
        raise KitError(
            f"--validation-split {validation_split}: leaves {validation_rows} of {len(labels)} rows for validation; "
            "both sides need 10 or more"
        )
    chosen = train_test_split(np.arange(len(labels)), test_size=validation_rows, random_state=seed, stratify=labels)
    return np.sort(chosen[0]), np.sort(chosen[1])


def one_cycle(step: int, steps: int, peak: float, warm_up: float) -> float:
    """The learning rate before batch `step` of `steps`: up from peak / 25 in that share of them, then down to about 0.

    Both ways follow a cosine (L. N. Smith, Super-Convergence, 2018; the shape is fast.ai's).
    """
    warm = warm_up * steps
    start, end, done = (peak / 25, peak, step / warm) if step < warm else (peak, 0.0, (step - warm) / (steps - warm))
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2


@dataclass
class _State:
    """How far a training is; with the weights and the optimizer, all that a resume needs."""

    epoch: int = 0  # finished ones
    history: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, float] | None = None  # the row of the history that is kept
    watched: float | None = None  # the best value of what `patience` watches
    waited: int = 0  # epochs since then
    stopped: str | None = None  # why it ends before its last epoch
    threshold: float | None = None  # of the kept epoch, with --camera


def _begin(given: dict[str, Any], data: Path | str | None, folder: Path) -> "_Training":
    """Checks everything first; the run's folder appears when nothing is left to refuse."""
    name = given.pop("name", None)
    camera = "camera" in given
    network = networks.find(given.get("arch", networks.CAMERA if camera else networks.DEFAULT))
    values = dataclasses.asdict(network.recipe) | {
        "arch": network.name, "dropout": None, "precision": "float32", "seed": 0, "from_run": None,
        "data": str(folder_or_file(data)), "fingerprint": "",
    }  # fmt: skip
    if camera:
        values |= {"augment": False, "background_share": BACKGROUND_SHARE}
    if "optimizer" in given and "learning_rate" not in given:  # the recipe's rate was meant for another one
        values["learning_rate"] = optimizers.OPTIMIZERS.get(given["optimizer"], values["learning_rate"])
    values |= given
    source = find(given["from_run"], folder) if "from_run" in given else None
    if source:
        values["from_run"] = source.name
    settings = Settings(**values, split_seed=values["seed"])
    digits = load("train", data)
    settings = dataclasses.replace(settings, fingerprint=digits.fingerprint)
    if source and source.settings.fingerprint == settings.fingerprint:
        split = source.settings.validation_split
        if given.get("validation_split", split) != split:
            raise KitError(
                f"--validation-split {given['validation_split']}: {source} holds out {split} of these rows and has "
                "learned from the others: leave the option out"
            )
        settings = dataclasses.replace(settings, validation_split=split, split_seed=source.settings.split_seed)
    training = _Training(digits, settings)
    if source:
        training.take_weights(source)
    training.run = create(settings, name, folder)
    return training


def _go_on(stopped: Run, data: Path | str | None) -> "_Training":
    settings = stopped.settings
    training = _Training(load_for(stopped, data), settings)
    training.run = stopped
    if settings.from_run and not training.checkpoint.exists():
        training.take_weights(find(settings.from_run, stopped.folder.parent))
    return training


def _batches(images: np.ndarray, labels: np.ndarray, batch_size: int) -> Any:
    """The rows in order, as a tf.data pipeline without autotuning.

    The thread for that sleeps 10, 20, 40 … ms and, in TensorFlow 2.21, the end of an epoch waits until it wakes: an
    epoch of 13 s then takes 20.
    """
    tf = backend.tensorflow()
    options = tf.data.Options()
    options.autotune.enabled = False
    return tf.data.Dataset.from_tensor_slices((images, labels)).batch(batch_size).prefetch(2).with_options(options)


class _DivergedError(Exception):
    pass


class _Training:
    """The networks and rows of one training, and the epochs over them.

    Randomness is drawn anew from the seed and the epoch's number, never carried over from the epoch before: so a
    training that goes on from a checkpoint meets the same order, warps and dropout as one that was never stopped.
    """

    run: Run

    def __init__(self, digits: Digits, settings: Settings) -> None:
        keras = backend.keras()
        self.settings = settings
        self.state = _State()
        self.saved = 0  # epochs in the checkpoint
        self.trained = 0  # examples of the last epoch
        assert digits.labels is not None
        self.rows, validation_rows = split_rows(digits.labels, settings.validation_split, settings.split_seed)
        options: dict[str, Any] = {
            "size": settings.size, "classes": settings.classes, "l2": settings.l2, "dropout": settings.dropout,
            "seed": settings.seed,
        }  # fmt: skip
        self.model = networks.build(settings.arch, precision=settings.precision, **options)
        # A second copy takes each epoch's weights, is judged and saved: in float32 and without the optimizer.
        self.kept = networks.build(settings.arch, **options)
        last = self.kept.get_layer("logits")
        both = keras.layers.Concatenate()([last.output, last.input])  # one pass gives logits and last hidden layer
        self.judged = predictor(keras.Model(self.kept.input, both))
        self.model.compile(
            optimizer=optimizers.build(settings.optimizer, settings.learning_rate),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            jit_compile=False,  # XLA is 15 times slower on a CPU
        )
        self.model.optimizer.build(self.model.trainable_variables)
        self.examples = examples(digits, settings, self.rows, validation_rows)

    @property
    def checkpoint(self) -> Path:
        return self.run.state / "checkpoint.npz"

    def take_weights(self, source: Run) -> None:
        """Copies the weights of every layer that has the same name and shapes in the source's network."""
        theirs = {layer.name: layer.get_weights() for layer in source.model().layers}
        taken = 0
        for layer in self.model.layers:
            own, other = layer.get_weights(), theirs.get(layer.name, [])
            if own and [array.shape for array in own] == [array.shape for array in other]:
                layer.set_weights(other)
                taken += 1
        if not taken:
            raise KitError(
                f"--from {source}: no layer of {self.settings.arch} has the shape of one there: leave it out"
            )

    def go(self, shown: bool) -> None:
        """Trains from where the run stands to its end."""
        remove_temporary(self.run.folder)
        remove_temporary(self.run.state)
        if self.checkpoint.exists():
            self._load_checkpoint()
        else:
            self._prepare()
        state, settings = self.state, self.settings
        with Progress(settings.epochs, state.epoch, shown) as progress:
            if changed := [f"{name} {old}" for name, old in self.run.versions.items() if versions().get(name) != old]:
                progress.say(f"begun with {', '.join(changed)}: the last bits of the weights may come out differently")
            try:
                while state.epoch < settings.epochs and not state.stopped:
                    self._epoch(progress)
            except _DivergedError:
                self._write_metrics(finished=True, stopped=DIVERGED)
                shutil.rmtree(self.run.state, ignore_errors=True)
                raise KitError(self._diverged(), exit_code=1) from None
            except KitError as error:  # a full disk
                raise KitError(f"{error}; then go on with: {self._way_on()}", error.exit_code) from error
            except KeyboardInterrupt:
                progress.say(
                    f"stopped: {self.saved} of {settings.epochs} epochs are saved in {self.run.folder}; "
                    f"go on with: {self._way_on()}"
                )
                raise
            finally:
                self.examples.close()
            if state.stopped:
                progress.say(state.stopped)
        self._write_metrics(finished=True, stopped=state.stopped)

    def _prepare(self) -> None:
        """The files of a new run; where they cannot be written, the run is gone again."""
        try:
            self._write_summary()
            self._save_checkpoint()
        except KitError:
            shutil.rmtree(self.run.folder, ignore_errors=True)
            raise

    def _epoch(self, progress: Progress) -> None:
        state = self.state
        started = time.monotonic()
        progress.start_epoch(state.epoch)
        loss, accuracy, rate = self._fit(progress)
        self.kept.set_weights(self.model.get_weights())
        judged = self.judged(self.examples.images)
        logits, features = np.split(judged.astype(np.float64), [self.kept.output_shape[-1]], axis=1)
        probabilities = softmax(logits, axis=1).astype(np.float32)
        val_loss, val_accuracy = self._judge(logits)
        if not math.isfinite(val_loss):
            raise _DivergedError
        state.epoch += 1
        row = {
            "epoch": state.epoch, "loss": loss, "accuracy": accuracy, "val_loss": val_loss,
            "val_accuracy": val_accuracy, "learning_rate": rate, "seconds": round(time.monotonic() - started, 3),
        }  # fmt: skip
        state.history.append(row)
        kept = state.best is None or val_loss < state.best["val_loss"]
        if kept:
            state.best = row
            with whole_file(self.run.folder / "model.keras") as temporary:
                self.kept.save(temporary)
            if self.settings.camera:
                state.threshold = threshold(self.examples.labels, probabilities, BACKGROUND)
            self.run.write_validation(
                Validation(
                    self.examples.numbers,
                    self.examples.labels,
                    probabilities,
                    np.clip(features, -_FLOAT16, _FLOAT16).astype(np.float16),
                )
            )
        self._watch(row)
        self.run.write_history(state.history)
        what = "scenes" if self.settings.camera else "rows"
        title = f"{self.run}: loss and accuracy on {self.trained:,} training and {len(judged):,} validation {what}"
        plots.save(plots.history(state.history, title), self.run.folder / "history.png")
        self._write_metrics(finished=False, stopped=None)
        self._save_checkpoint()  # last: a stop before it repeats this epoch to the same files
        progress.end_epoch(row, kept)

    def _fit(self, progress: Progress) -> tuple[float, float, float]:
        """One pass over the training rows; returns mean loss, accuracy and the first batch's learning rate."""
        keras = backend.keras()
        settings, epoch = self.settings, self.state.epoch
        generator = np.random.default_rng([settings.seed, epoch])
        images, labels = self.examples.epoch(epoch, generator)
        for layer in self.model.layers:
            if seeds := getattr(layer, "seed_generator", None):
                seeds.state.assign(np.array([generator.integers(2**32), 0], seeds.state.dtype))
        self.trained = len(labels)
        steps = math.ceil(len(labels) / settings.batch_size)
        rates = [self._rate(epoch * steps + step, settings.epochs * steps) for step in range(steps)]
        optimizer = self.model.optimizer

        def before(batch: int, logs: Any = None) -> None:
            optimizer.learning_rate.assign(rates[batch])

        def after(batch: int, logs: Any = None) -> None:
            if not math.isfinite(logs["loss"]):
                raise _DivergedError
            progress.batch(batch + 1, steps, logs["loss"], logs["accuracy"])

        each_batch = keras.callbacks.LambdaCallback(on_train_batch_begin=before, on_train_batch_end=after)
        batches = _batches(images, labels, settings.batch_size)
        fitted = self.model.fit(batches, shuffle=False, verbose=0, callbacks=[each_batch])
        return fitted.history["loss"][0], fitted.history["accuracy"][0], rates[0]

    def _rate(self, step: int, steps: int) -> float:
        settings = self.settings
        if settings.schedule == "one-cycle":
            return one_cycle(step, steps, settings.learning_rate, settings.warm_up)
        return settings.learning_rate

    def _judge(self, logits: np.ndarray) -> tuple[float, float]:
        """Loss, with the penalties that Keras adds to it, and accuracy of the validation rows.

        From the logits, as Keras has it: a probability that float32 rounds to 0 would have no loss.
        """
        labels = self.examples.labels
        log_of_truth = log_softmax(logits, axis=1)[np.arange(len(labels)), labels]
        penalty = sum(float(loss) for loss in self.kept.losses)
        return float(penalty - log_of_truth.mean()), float((logits.argmax(axis=1) == labels).mean())

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

    def _way_on(self) -> str:
        name = self.run.name if self.run.folder.parent == RUNS else self.run.folder
        return f"kit train --resume {name}"

    def _write_summary(self) -> None:
        lines = [f"{'layer':<16}{'type':<24}{'output shape':<20}{'parameters':>12}"]
        for layer in self.kept.layers:
            shape = " x ".join(str(size) for size in layer.output.shape[1:])
            lines.append(f"{layer.name:<16}{type(layer).__name__:<24}{shape:<20}{layer.count_params():>12,}")
        lines.append(f"{'total':<60}{self.kept.count_params():>12,}")
        write_text(self.run.folder / "summary.txt", "\n".join(lines) + "\n")

    def _write_metrics(self, *, finished: bool, stopped: str | None) -> None:
        state = self.state
        judged = ("loss", "accuracy", "val_loss", "val_accuracy")
        best = {"best_epoch": state.best["epoch"], **{key: state.best[key] for key in judged}} if state.best else {}
        self.run.write_metrics(
            {
                "arch": self.settings.arch,
                "parameters": self.kept.count_params(),
                "epochs": self.settings.epochs,
                "epochs_done": state.epoch,
                "seconds": round(sum(row["seconds"] for row in state.history), 3),
                **best,
                **self._camera_metrics(),
                "finished": finished,
                "stopped": stopped,
            }
        )

    def _camera_metrics(self) -> dict[str, Any]:
        if not isinstance(self.examples, SceneExamples):
            return {}
        return {"threshold": self.state.threshold, "validation_scenes": self.examples.fingerprint}

    def _save_checkpoint(self) -> None:
        arrays = {f"model{number}": array for number, array in enumerate(self.model.get_weights())}
        variables = self.model.optimizer.variables
        arrays |= {f"optimizer{number}": variable.numpy() for number, variable in enumerate(variables)}
        state = np.array(json.dumps(dataclasses.asdict(self.state)))
        with whole_file(self.checkpoint) as temporary:
            np.savez(temporary, state=state, **arrays)
        self.saved = self.state.epoch

    def _load_checkpoint(self) -> None:
        variables = self.model.optimizer.variables
        try:
            with np.load(self.checkpoint) as arrays:
                self.state = _State(**json.loads(str(arrays["state"])))
                self.saved = self.state.epoch
                self.model.set_weights([arrays[f"model{number}"] for number in range(len(self.model.weights))])
                for number, variable in enumerate(variables):
                    variable.assign(arrays[f"optimizer{number}"])
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise KitError(f"{self.checkpoint}: damaged: this training cannot go on; start a new one") from error
