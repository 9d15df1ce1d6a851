"""kit: from Kaggle's digit-recognizer CSVs to a scored submission, one command line and one library."""

__version__ = "0.1.0"


class KitError(Exception):
    """A mistake that its user can mend, said in one line: which file, which row, what to do.

    The command line prints the message and exits with `exit_code`: 2 where the input is wrong (the default),
    1 where something outside refused or failed (Kaggle, the network, a diverged training).
    """

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code


# What a notebook needs, and where it lives; imported when first asked for, so that `import kit` stays quick.
_DOORS = {
    "Run": "kit.run.folder",
    "analyze": "kit.reporting.report",
    "best": "kit.run.folder",
    "check": "kit.data.loading",
    "export": "kit.exporting.export",
    "fetch": "kit.competition.sources",
    "find": "kit.run.folder",
    "load": "kit.data.loading",
    "predict": "kit.run.prediction",
    "predict_pictures": "kit.reading.recognition",
    "runs": "kit.run.folder",
    "serve": "kit.web.server",
    "show": "kit.data.loading",
    "submit": "kit.competition.submission",
    "train": "kit.training.trainer",
    "verify": "kit.exporting.proof",
}

__all__ = ["KitError", "__version__", *_DOORS]


def __getattr__(name: str) -> object:
    if name not in _DOORS:
        raise AttributeError(f"module 'kit' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_DOORS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
