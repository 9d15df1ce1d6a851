"""Reading a saved model of any format."""

from pathlib import Path

from kit.exporting import core_ml_model, portable
from kit.exporting.formats import SUFFIXES
from kit.exporting.saved_model import SavedModel


def read(path: Path | str) -> SavedModel:
    """Reads a model of any format; KitError where it is none of them or damaged."""
    return portable.read(path) if Path(path).suffix in portable.FORMATS else core_ml_model.read(path)


def is_saved_model(name: object) -> bool:
    """Whether this is called like an exported model."""
    return isinstance(name, str | Path) and Path(name).suffix in SUFFIXES.values()
