"""A wheel in an empty environment, used in an empty folder: does what works in a clone, and how long and how large?

    python benchmarks/installed.py DIST [OPTION OF PIP ...] > table.md

DIST holds a wheel and its source, as `make dist` leaves them. Without options pip takes the newest versions that the
wheel allows, as it does for everybody. Needs the standard library alone; ends with exit code 1 where something fails.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]  # a stroke on the pad of kit serve, and in a picture


class Installed:
    """kit in an environment of its own, which begins empty, and a folder that begins empty."""

    def __init__(self, folder: Path) -> None:
        self.environment, self.empty = folder / "environment", folder / "empty"
        self.empty.mkdir()
        venv.create(self.environment, with_pip=True)
        self.programs = self.environment / ("Scripts" if os.name == "nt" else "bin")
        hidden = ("PYTHON", "KIT_")
        self.variables = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        self.variables["KIT_CACHE"] = str(folder / "cache")
        self.picture = folder / "seven.pgm"
        self.picture.write_bytes(_seven())

    def install(self, *requirements: str) -> str:
        self.run("python", "-m", "pip", "install", "--quiet", *requirements)
        return f"{_size(self.environment):.0f} MB in all"

    def run(self, program: str, *arguments: str, code: int = 0) -> str:
        """What a program prints, or complains where it must fail; ends everything where its exit code is another."""
        command = [str(self.programs / program), *arguments]
        finished = subprocess.run(command, cwd=self.empty, env=self.variables, capture_output=True, text=True)
        if finished.returncode != code:
            sys.exit(f"error: {' '.join(command)}: exit code {finished.returncode}\n{finished.stdout}{finished.stderr}")
        return (finished.stderr if code else finished.stdout).strip()

    def kit(self, *arguments: str, code: int = 0) -> str:
        return self.run("kit", *arguments, code=code)

    def demo(self) -> str:
        self.kit("demo")
        left = sorted(path.relative_to(self.empty).as_posix() for path in self.empty.glob("demo/exports/*"))
        for pattern in ("runs/*/report.html", "runs/*/history.png", "submissions/*.csv", "data/show/*.png"):
            if not list((self.empty / "demo").glob(pattern)):
                sys.exit(f"error: kit demo left no demo/{pattern}")
        return ", ".join(left)

    def predict(self, *arguments: str) -> str:
        found = json.loads(self.kit("predict", *arguments, str(self.picture), "--json"))
        return f"{found['model']} reads {found['pictures'][0]['label']}"

    def serve(self) -> str:
        """What the page reads of a drawn 7."""
        command = [str(self.programs / "kit"), "serve", "--port", "0"]
        with subprocess.Popen(command, cwd=self.empty, env=self.variables, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout
                address = server.stdout.readline().strip()
                page = _asked(address)
                answer = json.loads(_asked(f"{address}/drawing", json.dumps({"strokes": [SEVEN]}).encode()))
            finally:
                server.terminate()
        if "<canvas" not in page or answer["label"] != "7":
            sys.exit(f"error: kit serve: a page of {len(page)} characters, and {answer} for a drawn 7")
        return f"{address.rpartition(':')[0]}:… reads the drawn 7, {answer['confidence']:.0%}"


def main(dist: str, *options: str) -> None:
    [wheel], [source] = Path(dist).resolve().glob("*.whl"), Path(dist).resolve().glob("*.tar.gz")
    print(f"{wheel.name}: {_size(wheel):.2f} MB; {source.name}: {_size(source):.2f} MB\n")
    print("| step | seconds | |\n|---|---:|---|")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        installed = Installed(Path(folder).resolve())
        kit = installed.kit
        _timed("pip install WHEEL[serve]", lambda: installed.install(f"{wheel}[serve]", *options))
        _timed("kit --version", lambda: ", ".join(kit("--version").splitlines()))
        _timed("kit predict camera seven.pgm", lambda: installed.predict("camera"))
        _timed("kit predict seven.pgm", installed.predict)
        _timed("kit serve", installed.serve)
        _timed("kit export --app, refused", lambda: kit("export", "--app", code=2))
        _timed("kit demo", installed.demo)


def _timed(step: str, work: Callable[[], str]) -> None:
    """Prints a row of the table."""
    began = time.perf_counter()
    said = work()
    print(f"| `{step}` | {time.perf_counter() - began:.1f} | {said} |", flush=True)


def _size(path: Path) -> float:
    """Megabytes of a file, or of all in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if not file.is_dir()) / 1e6


def _seven(side: int = 300) -> bytes:
    """A 7 in dark pen on paper, as a PGM file."""
    rows = [bytearray(b"\xeb" * side) for _ in range(side)]
    for (x, y), (other_x, other_y) in pairwise(SEVEN):
        for step in range(side + 1):
            way = step / side
            across, down = (round(side * (a + way * (b - a))) for a, b in ((x, other_x), (y, other_y)))
            for row in rows[down - side // 30 : down + side // 30]:
                row[across - side // 30 : across + side // 30] = b"\x1e" * (2 * (side // 30))
    return b"P5 %d %d 255\n" % (side, side) + b"".join(rows)


def _asked(address: str, body: bytes | None = None) -> str:
    with urllib.request.urlopen(urllib.request.Request(address, body), timeout=60) as answer:
        return answer.read().decode("utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
