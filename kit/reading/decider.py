"""What lies between the network and the eye: which digit to show, when to show it, when to let go.

The probabilities of frame after frame become one calm answer. The iPhone app (mobile/DigitKit) does the same in Swift;
mobile/golden holds the two together.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kit import KitError

HALF_LIFE = 0.15  # seconds after which a frame weighs half
SETTLE = 0.3  # seconds for which a digit must lead before it is shown
RELEASE = 0.75  # of the threshold: below that a shown digit is let go
GAP = 1.0  # seconds without a frame after which nothing before counts


@dataclass(frozen=True)
class Decision:
    """What to show after a frame.

    Attributes:
        state: "silent", "candidate" (a digit leads, and not for long enough yet) or "shown".
        label: Of the candidate or the shown digit; None when silent.
        confidence: The shown digit's smoothed probability; 0 otherwise.
        announce: Whether a digit has just been shown that was not before.
        probabilities: All of them, smoothed.
    """

    state: str
    label: str | None
    confidence: float
    announce: bool
    probabilities: tuple[float, ...]


class Decider:
    """Probabilities of frame after frame → one calm answer.

    Probabilities fade exponentially by the time between frames, so the answer does not depend on the frame rate. A
    digit that leads with at least `threshold` for SETTLE seconds is shown; it stays until it falls below RELEASE of the
    threshold, background leads, or another digit has settled in its place. After GAP seconds without a frame all is
    forgotten.
    """

    def __init__(self, labels: Sequence[str], background: str | None, threshold: float) -> None:
        if not labels or not 0 <= threshold <= 1:
            raise KitError(f"threshold {threshold}: give a probability between 0 and 1")
        self._labels = tuple(labels)
        self._background = labels.index(background) if background in labels else None
        self._threshold = threshold
        self._forget()

    def _forget(self) -> None:
        self._smoothed: list[float] = []
        self._time = -math.inf
        self._shown: int | None = None
        self._leader: int | None = None
        self._since = 0.0

    def update(self, probabilities: Sequence[float], time: float) -> Decision:
        """Takes one frame.

        A frame that is older than the one before, or whose probabilities are not finite numbers, one a label, changes
        nothing.

        Args:
            probabilities: One a label, in order.
            time: The frame's, in seconds of any clock.
        """
        whole = len(probabilities) == len(self._labels) and all(map(math.isfinite, probabilities))
        if not whole or not math.isfinite(time) or time < self._time:
            return self._decision(announce=False)
        if time - self._time > GAP:
            self._forget()
        self._smooth(probabilities, time)
        best = self._smoothed.index(max(self._smoothed))
        leads = best != self._background and self._smoothed[best] >= self._threshold
        if not leads or best == self._shown:
            self._leader = None
        elif best != self._leader:
            self._leader, self._since = best, time
        announce = self._leader is not None and time - self._since >= SETTLE
        if announce:
            self._shown, self._leader = self._leader, None
        elif self._shown is not None and (
            best == self._background or self._smoothed[self._shown] < RELEASE * self._threshold
        ):
            self._shown = None
        return self._decision(announce)

    def _smooth(self, probabilities: Sequence[float], time: float) -> None:
        if self._smoothed:
            kept = math.exp2((self._time - time) / HALF_LIFE)
            self._smoothed = [new + kept * (old - new) for old, new in zip(self._smoothed, probabilities, strict=True)]
        else:
            self._smoothed = [float(new) for new in probabilities]
        self._time = time

    def _decision(self, announce: bool) -> Decision:
        smoothed = tuple(self._smoothed)
        if self._shown is not None:
            return Decision("shown", self._labels[self._shown], smoothed[self._shown], announce, smoothed)
        if self._leader is not None:
            return Decision("candidate", self._labels[self._leader], 0.0, announce, smoothed)
        return Decision("silent", None, 0.0, announce, smoothed)
