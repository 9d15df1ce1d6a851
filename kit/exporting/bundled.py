"""The camera model that comes with kit: the one that the iPhone app is built with, in one copy."""

from pathlib import Path

from kit import KitError
from kit.exporting.options import APPS_MODEL

NAME = "camera"  # what it is called where no run is called so
_PLACES = (
    Path(__file__).with_name(APPS_MODEL.name),  # where a wheel has put it, by pyproject.toml
    Path(__file__).parents[2] / APPS_MODEL,  # in a clone
)


def path() -> Path:
    """Where it is.

    Raises:
        KitError: It has been removed.
    """
    for place in _PLACES:
        if place.exists():
            return place
    raise KitError(f"{_PLACES[-1]}: the model that comes with kit is missing: install kit again")
