"""Two commands in turn, A B A B …, so that a machine whose speed drifts slows both; the figure is the ratio."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence


def seconds_of(command: Sequence[str]) -> float:
    """Wall seconds of the whole process."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def printed_by(command: Sequence[str]) -> float:
    """The number that the process prints last: seconds it measured itself, without its start."""
    finished = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return float(finished.stdout.split()[-1])


def compare(
    names: tuple[str, str],
    commands: tuple[Sequence[str], Sequence[str]],
    rounds: int,
    measure: Callable[[Sequence[str]], float] = seconds_of,
) -> float:
    """Prints the medians and the ratio pair by pair, first over second; returns the median ratio."""
    pairs = []
    for number in range(rounds):
        pairs.append((measure(commands[0]), measure(commands[1])))
        print(f"  round {number + 1}: {pairs[-1][0]:.3f} s, {pairs[-1][1]:.3f} s", file=sys.stderr, flush=True)
    ratios = [first / second for first, second in pairs]
    for name, column in zip(names, zip(*pairs, strict=True), strict=True):
        print(f"{name:<44} {statistics.median(column):8.3f} s  ({min(column):.3f} to {max(column):.3f})")
    ratio = statistics.median(ratios)
    print(f"{'ratio, first over second':<44} {ratio:8.3f}    ({min(ratios):.3f} to {max(ratios):.3f})\n")
    return ratio
