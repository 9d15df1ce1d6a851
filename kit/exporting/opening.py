"""Reading a saved model of any format."""

from pathlib import Path

from kit import KitError
from kit.exporting import core_ml_model, portable
from kit.exporting.saved_model import SavedModel
from kit.model_files import instead_of_an_export, kind_of


def read(path: Path | str) -> SavedModel:
    """Reads a model of any format, which its content tells and not its name.

    Raises:
        KitError: There is none, it is damaged, or it is one that kit does not read; the message says what to give.
    """
    path = Path(path)
    kind = kind_of(path) or path.suffix.lower().removeprefix(".")  # a damaged one is still what it is called
    if kind in portable.FORMATS:
        return portable.read(path, kind)
    if kind not in core_ml_model.KINDS and (instead := instead_of_an_export(path)):
        raise KitError(f"{path}: {instead}")
    return core_ml_model.read(path)
