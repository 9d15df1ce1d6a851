"""How long a training may take: what people write for it, how much of it is used, and how many epochs still fit."""

import math
import numbers
import re
import time

from kit import KitError

_SHORTEST = 5.0  # seconds; TensorFlow alone takes that to be imported
LEAST_SHARE = 0.25  # of a fold's planned epochs, which it has however late it is: fewer are no training
_LONGEST = 1e9  # seconds, thirty years; longer ones are that long
_WRITTEN = re.compile("(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")


def seconds_of(limit: str | float) -> float:
    """The seconds of a time limit: of 90s, 60m, 2h, 1h30m or such, or of a number of them.

    Raises:
        KitError: It is none of these, or shorter than any training.
    """
    seconds = _seconds_written(limit) if isinstance(limit, str) else _seconds_counted(limit)
    if not seconds > 0:  # what is no number, too
        raise KitError(f"--time-limit {limit or repr(limit)}: give a time such as 90s, 60m, 2h or 1h30m")
    if seconds < _SHORTEST:
        least = "the least is about 30s on two cores, and less for few rows"
        raise KitError(f"--time-limit {limit}: too short to begin in: {least}")
    return min(seconds, _LONGEST)


def _seconds_written(limit: str) -> float:
    found = _WRITTEN.fullmatch(limit)
    hours, minutes, seconds = (float(part or 0) for part in found.groups()) if found else (math.nan,) * 3
    return 3600 * hours + 60 * minutes + seconds


def _seconds_counted(limit: object) -> float:
    counts = isinstance(limit, numbers.Real) and not isinstance(limit, bool) and math.isfinite(limit)
    return float(limit) if counts else math.nan  # type: ignore[arg-type]  # mypy does not follow


def in_words(seconds: float) -> str:
    """Seconds as people say them, to about a hundredth: 54 s, 4 min 44 s, 54 min, 3 h 20 min."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 600:
        return _both(*divmod(whole, 60), "min", "s")
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else _both(*divmod(minutes, 60), "h", "min")


def _both(large: int, small: int, name: str, smaller: str) -> str:
    return f"{large:,} {name}" + (f" {small} {smaller}" if small else "")


def fitting_epochs(planned: int, folds: int, pace: float, left: float) -> int:
    """How many epochs each of the folds that are left gets: those planned, or fewer where time is short.

    Args:
        planned: Of each fold.
        folds: How many are left.
        pace: Seconds that an epoch takes now, with all that belongs to it; more than 0.
        left: Seconds until the limit.
    """
    fits = planned if pace * folds * planned <= left else int(left / (pace * folds))
    return max(fits, math.ceil(LEAST_SHARE * planned))


class Clock:
    """The seconds that a training has taken, over all commands that it was gone on with; those between do not count.

    Args:
        started: When this command began, on the monotonic clock; now without it.

    Attributes:
        before: Seconds of earlier commands.
    """

    def __init__(self, started: float | None = None) -> None:
        self.before = 0.0
        self._started = time.monotonic() if started is None else started

    def used(self) -> float:
        return self.before + time.monotonic() - self._started

    def verdict(self, limit: float) -> str:
        """How long it took beside its limit."""
        used = self.used()
        if used <= limit:
            return f"took {in_words(used)} of {in_words(limit)}"
        return f"took {in_words(used)}, {in_words(used - limit)} over the limit: the machine was slower than measured"
