"""Two commands in turn, A B B A …, so that a machine whose speed drifts slows both; the figure is the ratio."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

KIT = [sys.executable, "-m", "kit"]  # that of the Python which runs the benchmark, whatever is on the path


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
    """Prints the medians and the ratio pair by pair, first over second; returns the median ratio.

    Whole processes are compared by CPU seconds too, which a machine shared with others disturbs less.
    """
    pairs, used = [], []
    for number in range(rounds):
        found, cpu = [0.0, 0.0], [0.0, 0.0]
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            before = cpu_seconds()
            found[side] = measure(commands[side])
            cpu[side] = cpu_seconds() - before
        pairs.append(found)
        used.append(cpu)
        print(f"  round {number + 1}: {found[0]:.3f} s, {found[1]:.3f} s", file=sys.stderr, flush=True)
    for name, column in zip(names, zip(*pairs, strict=True), strict=True):
        print(f"{name:<44} {statistics.median(column):8.3f} s  ({min(column):.3f} to {max(column):.3f})")
    ratio = _print_ratio("ratio, first over second", pairs)
    if measure is seconds_of and all(map(all, used)):
        _print_ratio("ratio of CPU seconds", used)
    print()
    return ratio


def _print_ratio(name: str, pairs: Sequence[Sequence[float]]) -> float:
    ratios = [first / second for first, second in pairs]
    print(f"{name:<44} {statistics.median(ratios):8.3f}    ({min(ratios):.3f} to {max(ratios):.3f})")
    return statistics.median(ratios)


def cpu_seconds() -> float:
    """Of all processes that have ended; Windows does not count them."""
    used = os.times()
    return used.children_user + used.children_system
