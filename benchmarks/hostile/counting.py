"""What became of the inputs that were tried."""

import contextlib
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kit import KitError


@dataclass
class Counts:
    """How many inputs were read and refused, and what must not happen at all.

    Attributes:
        read: Inputs that were read.
        refused: Inputs that were refused in one line.
        tracebacks: What went wrong otherwise, with the input it was.
        wrong: Inputs that were read as something else than they hold.
    """

    read: int = 0
    refused: int = 0
    tracebacks: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def tried(self, what: str, action: Callable[[], Any]) -> Any:
        """Does `action` with the input that `what` describes; what it returns, None where it was refused."""
        try:
            result = action()
        except KitError as error:
            if "\n" in str(error) or not str(error).strip():
                self.tracebacks.append(f"{what}: not one line: {error!r}")
            self.refused += 1
            return None
        except Exception:
            self.tracebacks.append(f"{what}:\n{traceback.format_exc()}")
            return None
        self.read += 1
        return result

    def __str__(self) -> str:
        return (
            f"{self.read + self.refused + len(self.tracebacks):,} inputs: {self.read:,} read, {self.refused:,} "
            f"refused in one line, {len(self.tracebacks)} tracebacks, {len(self.wrong)} read wrong"
        )


def peak_memory() -> int:
    """The most bytes that this process has held at once; 0 on Windows, which Python does not ask."""
    with contextlib.suppress(ImportError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else 1024 * peak
    return 0
