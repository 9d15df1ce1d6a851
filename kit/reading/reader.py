"""A run or an exported model → a network that is ready to read."""

from collections.abc import Sequence
from pathlib import Path

from kit import KitError
from kit.contract import BACKGROUND, DIGITS, LABELS
from kit.exporting import graph, portable, proof
from kit.reading.frames import Reader
from kit.reading.picture_files import has_wildcards, is_named_like_a_picture
from kit.run.folder import RUNS, Run, best, find
from kit.run.metrics import Analysis
from kit.run.prediction import predictor

PACKAGES = frozenset({*graph.FORMATS, *portable.FORMATS})


def open_reader(name: str | Path | Run | None = None, folder: Path | str = RUNS) -> Reader:
    """Opens what a command was given.

    Args:
        name: A run's name, number or path, or an `.mlpackage`, `.mlmodel`, `.tflite` or `.onnx` of `kit export`, which
            is computed without Keras; the best run without it.
        folder: Where the runs are.

    Raises:
        KitError: There is no such run or model, or it is damaged.
    """
    if name is None:
        return _of_run(best(folder))
    return _of_run(find(name, Path(folder))) if isinstance(name, Run) or not is_package(name) else _of_package(name)


def best_for_pictures(folder: Path | str = RUNS) -> Run:
    """The best camera run; where there is none, the best of the others, which read 28 x 28 pixels only.

    Raises:
        KitError: There is no trained run.
    """
    try:
        return best(folder, camera=True)
    except KitError:
        return best(folder)


def is_package(name: str | Path) -> bool:
    """Whether this is called like an exported model."""
    return Path(name).suffix in PACKAGES


def name_and_pictures(arguments: Sequence[str], folder: Path | str = RUNS) -> tuple[str | None, list[str]]:
    """Tells a run or a package in front of pictures from the first picture.

    Returns:
        The run's or package's name, None where the first argument is a picture, and the pictures.

    Raises:
        KitError: The first argument is none of these, or no picture follows.
    """
    first, *others = arguments
    if not is_package(first):
        try:
            find(first, Path(folder))
        except KitError:
            if Path(first).exists() or has_wildcards(first) or is_named_like_a_picture(first):
                return None, list(arguments)
            raise
    if not others:
        raise KitError(f"{first}: and which pictures? give files, folders or globs behind it")
    return first, others


def _of_run(run: Run) -> Reader:
    model = run.model()
    camera = run.settings.camera
    threshold = run.metrics.get("threshold")
    if threshold is None:
        threshold = Analysis(run.name, run.validation).silence
    return Reader(
        name=run.name,
        labels=LABELS if camera else DIGITS,
        background=BACKGROUND if camera else None,
        size=model.input_shape[1],
        polarity="any" if camera else "white on black",
        crop="box" if camera else "centred",
        threshold=round(float(threshold), 4),  # as `kit export` has it
        network=predictor(model),
    )


def _of_package(path: str | Path) -> Reader:
    saved = proof.read(path)
    if problems := proof.structure(saved):
        raise KitError(f"{path}: {problems[0]}: export it again with kit export")
    contract = saved.contract
    return Reader(
        name=Path(path).name,
        labels=contract.labels,
        background=contract.background,
        size=contract.size,
        polarity=contract.polarity,
        crop=contract.crop,
        threshold=contract.threshold,
        network=lambda images: proof.evaluate(saved, images),
    )
