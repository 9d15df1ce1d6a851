"""For which platforms and Pythons there is a whole set of wheels, of pinned, lowest and newest versions.

    python benchmarks/platforms.py > table.md

uv resolves what kit and its users' extras need, of wheels alone, for platforms that this computer need not be. Nothing
is installed or run. Needs uv, which the extra `dev` brings. Exit code 1 where PLATFORMS has it otherwise.
"""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ["3.11", "3.12", "3.13"]
PLATFORMS = {  # as uv names them → for people, and whether there is a set
    "x86_64-manylinux_2_28": ("Linux x86-64, glibc 2.28", True),
    "aarch64-manylinux_2_28": ("Linux aarch64, glibc 2.28", True),
    "x86_64-pc-windows-msvc": ("Windows x86-64", True),
    "aarch64-apple-darwin": ("macOS 14 arm64", True),
    "x86_64-apple-darwin": ("macOS 14 x86-64", False),
    "aarch64-pc-windows-msvc": ("Windows arm64", False),
    "x86_64-unknown-linux-musl": ("Linux x86-64, musl", False),
}
VERSIONS = {
    "pinned": ["--constraint", "constraints.txt"],
    "lowest": ["--resolution", "lowest-direct"],
    "newest": ["--resolution", "highest"],
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = [name for name in PROJECT["optional-dependencies"] if name not in ("dev", "release")]


def main() -> bool:
    """Prints the table; whether it is as PLATFORMS has it."""
    print(f"| platform | Python | {' | '.join(VERSIONS)} |\n|---|---|{'---:|' * len(VERSIONS)}")
    as_known = True
    for platform, (name, known) in PLATFORMS.items():
        for python in PYTHONS:
            counts = [packages(platform, python, options) for options in VERSIONS.values()]
            as_known &= all((count is not None) is known for count in counts)
            shown = ["none" if count is None else f"{count} packages" for count in counts]
            print(f"| {name} | {python} | {' | '.join(shown)} |", flush=True)
    return as_known


def packages(platform: str, python: str, options: list[str]) -> int | None:
    """How many packages the set has; None where there is none."""
    command = [str(Path(sys.executable).with_name("uv")), "pip", "compile", "pyproject.toml", "--quiet"]
    command += ["--no-header", "--no-annotate", "--only-binary", ":all:", *options]
    command += ["--python-platform", platform, "--python-version", python]
    command += [word for extra in EXTRAS for word in ("--extra", extra)]
    environment = {**os.environ, "MACOSX_DEPLOYMENT_TARGET": "14.0"}  # what onnxruntime needs
    finished = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if finished.returncode and "No solution found" not in finished.stderr:
        sys.exit(f"error: {' '.join(command)}\n{finished.stderr}")
    return None if finished.returncode else len(finished.stdout.splitlines())


if __name__ == "__main__":
    sys.exit(not main())
