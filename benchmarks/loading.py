"""Loading train.csv: kit cold and from its cache, each against a plain pandas.read_csv.

python benchmarks/loading.py data/train.csv [ROUNDS]

Every measurement is a fresh process that has imported what it needs before the clock starts.
"""

import os
import sys
import tempfile
import time

from pairs import compare, printed_by

PANDAS = (
    "import sys, time, pandas; t = time.perf_counter(); pandas.read_csv(sys.argv[1]); print(time.perf_counter() - t)"
)
KIT = (
    "import sys, time; from kit import load; t = time.perf_counter(); load('train', sys.argv[1]); "
    "print(time.perf_counter() - t)"
)
COLD = "import os, shutil; shutil.rmtree(os.environ['KIT_CACHE'], ignore_errors=True); "


def main(path: str, rounds: int = 5) -> None:
    with tempfile.TemporaryDirectory() as cache:
        os.environ["KIT_CACHE"] = f"{cache}/kit"
        pandas = [sys.executable, "-c", PANDAS, path]
        compare(
            ("kit, cold", "pandas.read_csv"), ([sys.executable, "-c", COLD + KIT, path], pandas), rounds, printed_by
        )
        time.sleep(2.1)  # a file must have rested for its cached copy to be trusted
        printed_by([sys.executable, "-c", KIT, path])
        compare(
            ("kit, from its cache", "pandas.read_csv"), ([sys.executable, "-c", KIT, path], pandas), rounds, printed_by
        )


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
