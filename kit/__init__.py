"""kit: from Kaggle's digit-recognizer CSVs to a scored submission, one command line and one library."""

__version__ = "0.1.0"

TYPE_CHECKING = False  # typing's own would have to be imported
if TYPE_CHECKING:  # for editors and mypy; _DOORS is the same for Python
    from kit.cli.demo import demo as demo
    from kit.competition.sources import fetch as fetch
    from kit.competition.submission import submit as submit
    from kit.data.checks import check as check
    from kit.data.loading import load as load
    from kit.exporting.export import export as export
    from kit.exporting.proof import verify as verify
    from kit.importing.import_model import import_model as import_model
    from kit.reading.recognition import predict as predict
    from kit.reporting.data_pictures import show as show
    from kit.reporting.report import analyze as analyze
    from kit.reporting.viewer import open_run as open_run
    from kit.run.folder import Run as Run
    from kit.run.prediction import probabilities as probabilities
    from kit.run.runs import best as best
    from kit.run.runs import find as find
    from kit.run.runs import runs as runs
    from kit.search.sweep import sweep as sweep
    from kit.training.networks import networks as networks
    from kit.training.trainer import train as train
    from kit.web.server import serve as serve


class KitError(Exception):
    """A mistake that its user can mend, said in one line: which file, which row, what to do.

    The command line prints the message and exits with `exit_code`: 2 where the input is wrong (the default),
    1 where something outside refused or failed (Kaggle, the network, a diverged training). A notebook
    shows the message alone.
    """

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback."""
        return [f"{type(self).__name__}: {self}"]


# What a notebook needs, and where it lives; imported when first asked for, so that `import kit` stays quick.
_DOORS = {
    "Run": "kit.run.folder",
    "analyze": "kit.reporting.report",
    "best": "kit.run.runs",
    "check": "kit.data.checks",
    "demo": "kit.cli.demo",
    "export": "kit.exporting.export",
    "fetch": "kit.competition.sources",
    "find": "kit.run.runs",
    "import_model": "kit.importing.import_model",
    "load": "kit.data.loading",
    "networks": "kit.training.networks",
    "open_run": "kit.reporting.viewer",
    "predict": "kit.reading.recognition",
    "probabilities": "kit.run.prediction",
    "runs": "kit.run.runs",
    "serve": "kit.web.server",
    "show": "kit.reporting.data_pictures",
    "submit": "kit.competition.submission",
    "sweep": "kit.search.sweep",
    "train": "kit.training.trainer",
    "verify": "kit.exporting.proof",
}

__all__ = ["KitError", "__version__", *_DOORS]


if not TYPE_CHECKING:  # or mypy would believe in any name

    def __getattr__(name: str) -> object:
        if name not in _DOORS:
            raise AttributeError(f"module 'kit' has no attribute {name!r}")
        import importlib

        return getattr(importlib.import_module(_DOORS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
