"""`kit --help` against a Python that does nothing: python benchmarks/startup.py [ROUNDS]"""

import sys

from pairs import KIT, compare


def main(rounds: int = 20) -> None:
    compare(("kit --help", "python -c pass"), ([*KIT, "--help"], [sys.executable, "-c", "pass"]), rounds)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
