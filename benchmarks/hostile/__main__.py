"""Mutilates files and requests by the thousand and counts what becomes of them.

python benchmarks/hostile [KIND] [COUNT] [SEED]

Without a KIND all of them at full size, each in a process of its own, whose peak of memory is printed.
"""

import importlib
import subprocess
import sys
import tempfile
from pathlib import Path

KINDS = {"csv_files": 10_000, "run_files": 2_000, "packages": 2_000, "pictures": 500, "web_requests": 500}


def main(kind: str = "", count: int = 0, seed: int = 0) -> int:
    if not kind:
        return max(subprocess.run([sys.executable, __file__, kind]).returncode for kind in KINDS)
    from hostile.counting import peak_memory

    with tempfile.TemporaryDirectory() as folder:
        counts = importlib.import_module(f"hostile.{kind}").mutilate(count or KINDS[kind], seed, Path(folder))
    for fault in [*counts.tracebacks, *counts.wrong]:
        print(fault)
    print(f"{kind}: {counts}; peak memory {peak_memory() / 1e6:,.0f} MB", flush=True)
    return 1 if counts.tracebacks or counts.wrong else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.exit(main(*sys.argv[1:2], *map(int, sys.argv[2:])))
