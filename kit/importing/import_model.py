"""`kit import`: a Keras classifier that was trained elsewhere becomes a run."""

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kit import KitError
from kit.data.loading import LabelledDigits, folder_or_file, load
from kit.files import scratch, write_text
from kit.importing import foreign_file, pixel_search
from kit.importing.arguments import ImportArguments
from kit.importing.foreign_file import Foreign
from kit.importing.pixel_search import Tried
from kit.names import check_name, composed
from kit.options import parameters_of
from kit.run import keras_file
from kit.run.folder import Run
from kit.run.prediction import predictor
from kit.run.runs import create
from kit.run.settings import Recipe, Settings
from kit.task import ROWS
from kit.training.canonical import Copies, canonical, check_shapes
from kit.training.judging import Judge, Judged
from kit.training.loop import summary
from kit.training.pixels import AS_THEY_COME, PIXELS, Pixels
from kit.training.split import split_rows

if TYPE_CHECKING:
    import keras

_UNKNOWN = Recipe(epochs=1, batch_size=1)  # nobody knows how it was trained; what stands here is not shown
_DIFFERENT = 1e-3  # of a probability


@parameters_of(ImportArguments)
def import_model(given: dict[str, Any]) -> Run:
    """Takes over a Keras classifier of digits that was trained elsewhere; nothing in its file is run.

    Which pixels it wants is found out by trying them on a thousand labelled rows, and built into the run's network,
    which takes 0 to 255 as all others do. Its accuracy is that on the rows of `validation`, or on those that
    `kit train` would hold out: these it may have learned from, unless `seed` or `validation_split` says that it has
    not.

    Raises:
        KitError: The file is no such classifier, or damaged; the data or an option is wrong; or with no kind of pixels
            it does better than by guessing. Nothing is written then.
    """
    options = ImportArguments(**given)
    notify = options.notify or (lambda line: None)
    path = Path(options.model)
    name = check_name(options.name, _name_of(path))
    digits = load("train", options.validation or options.data)
    foreign = foreign_file.read(path)
    network = _Network(path, foreign)
    pixels, how = _pixels(network, digits, options.pixels)
    settings = _settings(options, path, digits, pixels)
    model = network.with_pixels(pixels)
    rows = np.arange(len(digits))
    if options.validation is None:
        _, rows = split_rows(digits.labels, settings.validation_split, settings.split_seed)
    judged = Judge(model)(digits.images[rows], digits.labels[rows])
    run = create(settings, name, Path(options.runs), _files(settings, model, judged, rows, digits.labels[rows]))
    for line in [f"{path.resolve().name}: {foreign.saved_by}, {network}", *filter(None, [network.caution]), *how]:
        notify(line)
    seen = ": it may have been trained on these rows, so expect less on others" if settings.seen else ""
    notify(f"validation accuracy {judged.accuracy:.2%} on {len(rows):,} rows{seen}")
    return run


class _Network:
    """A network that was read, in kit's form: with the pixels that it wants itself, and with those of kit.

    Raises:
        KitError: It takes no digits or does not tell ten classes apart.
    """

    def __init__(self, path: Path, foreign: Foreign) -> None:
        self._path, self._model = path, foreign.model
        check_shapes(self._model, ROWS, self.refused)
        self._plain = self.with_pixels(AS_THEY_COME)
        self.predict = predictor(self._plain)
        self.caution = self._caution()

    def with_pixels(self, pixels: Pixels) -> "keras.Model":
        """Takes 0 to 255 and makes these pixels of them."""
        return canonical(
            self._model, ROWS, Copies(), name="imported", pixels=pixels, refused=self.refused, sigmoid=True
        )

    def __str__(self) -> str:
        takes = " x ".join(map(str, self._model.input_shape[1:]))
        return f"takes {takes}, {self._model.count_params():,} parameters"

    def _caution(self) -> str:
        """What it gives, where that is no probabilities."""
        pictures = np.random.default_rng(0).uniform(size=(64, 28, 28, 1)).astype(np.float32)
        shaped = pictures.reshape(-1, *self._model.input_shape[1:])
        own = np.asarray(self._model(shaped, training=False), np.float64).reshape(len(pictures), -1)
        if np.abs(own - self.predict(pictures)).max() < _DIFFERENT:
            return ""
        if (own >= 0).all() and (own <= 1).all():
            return (
                "it gives ten numbers from 0 to 1 that do not sum to 1, as by sigmoid: kit takes the softmax of what "
                "they are made of; the labels stay, the probabilities are not its own"
            )
        return "it gives logits, or numbers that are no probabilities: kit takes their softmax"

    def refused(self, what: str) -> KitError:
        return KitError(f"{self._path}: {what}")


def _pixels(network: _Network, digits: LabelledDigits, wanted: str | None) -> tuple[Pixels, list[str]]:
    """The pixels that a network wants, or those that a person says it does; and how that was found, in lines.

    Raises:
        KitError: It reads digits with none of them.
    """
    rows = pixel_search.sample(digits)
    images, labels = digits.images[rows], digits.labels[rows]
    tried = pixel_search.try_all(network.predict, images, labels, PIXELS.values())
    best, width = tried[0], max(map(len, PIXELS))
    lines = [f"{'pixels':<{width}}  {'':<42}   right  log loss of {len(rows):,} rows"]
    for one in tried:
        lines.append(f"{one.pixels.name:<{width}}  {one.pixels.meaning:<42}  {one.accuracy:6.1%}  {one.loss:8.3g}")
    if wanted is None and not best.reads:
        raise network.refused(_reads_nothing(network, tried, images, labels))
    if wanted is None:
        ties = " and ".join(one.pixels.name for one in tried[1:] if one.ties_with(best))
        why = (
            f": {ties} may be read as well, but with a higher log loss, counting digits moved by a pixel"
            if ties
            else ""
        )
        return best.pixels, [*lines, f"it wants pixels {best.pixels.name}, {best.pixels.meaning}{why}"]
    chosen = next(one for one in tried if one.pixels.name == wanted)
    if chosen is not best and not chosen.ties_with(best):
        lines.append(f"pixels {wanted} as you say, though {best.pixels.name} is what it reads {best.accuracy:.1%} of")
    return chosen.pixels, lines


def _reads_nothing(network: _Network, tried: list[Tried], images: np.ndarray, labels: np.ndarray) -> str:
    """Why it is refused, with the table of what was tried."""
    spread = 200 * (0.1 * 0.9 / len(labels)) ** 0.5  # two standard deviations
    table = ", ".join(map(str, sorted(tried, key=lambda one: -one.accuracy)))
    turned = pixel_search.try_all(network.predict, images.transpose(0, 2, 1, 3), labels, PIXELS.values())[0]
    advice = "was it trained on digits, and with other pixels than these? --pixels NAME takes it all the same"
    if turned.reads:
        advice = (
            f"on digits turned over their diagonal, as EMNIST has them, it reads {turned.accuracy:.1%} with "
            f"{turned.pixels.name}: put keras.layers.Permute((2, 1, 3)) in front of it and save it again"
        )
    return (
        f"with no kind of pixels does it read digits better than by guessing, which has 10 ± {spread:.0f} % of these "
        f"{len(labels):,} rows right at log loss {pixel_search.GUESSED:.3g}: {table}: {advice}"
    )


def _settings(options: ImportArguments, path: Path, digits: LabelledDigits, pixels: Pixels) -> Settings:
    told = options.seed is not None or options.validation_split is not None
    return Settings(
        epochs=_UNKNOWN.epochs,
        batch_size=_UNKNOWN.batch_size,
        validation_split=options.validation_split or _UNKNOWN.validation_split,
        arch=_name_of(path),
        seed=options.seed or 0,
        split_seed=options.seed or 0,
        from_run=None,
        data=folder_or_file(options.validation or options.data).as_posix(),
        fingerprint=digits.fingerprint,
        imported=path.resolve().name,
        imported_sha256=_digest(path),
        pixels=pixels.name,
        seen=options.validation is None and not told,
    )


def _name_of(path: Path) -> str:
    """What a run of this file is called: its name without its ending, with nothing in it that a name must not have."""
    name = re.sub(r"\.(keras|h5|hdf5)$", "", composed(path.resolve().name), flags=re.IGNORECASE)
    name = re.sub(r"[^\w.+-]+", "-", name).strip(".-")[:100]
    return name or "imported"


def _digest(path: Path) -> str:
    """SHA-256 of a file, or of a folder's files with their names."""
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            digest.update(b"" if file is path else f"{file.relative_to(path).as_posix()}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _files(
    settings: Settings, model: "keras.Model", judged: Judged, rows: np.ndarray, labels: np.ndarray
) -> dict[str, bytes]:
    """Everything of a run but its settings; KitError where kit could not read its network again."""
    metrics = {
        "arch": settings.arch, "parameters": model.count_params(), "val_loss": judged.loss,
        "val_accuracy": judged.accuracy, "imported": True, "seen": settings.seen, "finished": True, "stopped": None,
    }  # fmt: skip
    with scratch() as folder:
        run = Run(folder)
        model.save(run.folder / "model.keras")
        keras_file.load(run.folder / "model.keras", ROWS)
        run.write_validation(judged.validation(rows, labels))
        run.write_metrics(metrics)
        write_text(run.folder / "summary.txt", summary(model))
        return {path.name: path.read_bytes() for path in run.folder.iterdir() if path.is_file()}
