"""Whether kit fits beside what a hosted notebook ships, and which packages it brings there.

    python benchmarks/hosted.py PYTHON FREEZE

FREEZE is what `pip freeze` prints in that notebook; googlecolab/backend-info keeps Colab's. uv resolves what kit needs
for that Python on Linux x86-64, of wheels alone, with each of these versions held: nothing that is there may change.
Nothing is installed or run. Needs uv, which the extra `dev` brings. Exit code 1 where there is no such set.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLATFORM = "x86_64-manylinux_2_28"


def main(python: str, freeze: str) -> None:
    held = versions(Path(freeze).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder, "held.txt")
        constraints.write_text("\n".join(f"{name}=={version}" for name, version in held.items()), encoding="utf-8")
        command = [str(Path(sys.executable).with_name("uv")), "pip", "compile", "pyproject.toml", "--quiet"]
        command += ["--no-header", "--no-annotate", "--only-binary", ":all:", "--constraint", str(constraints)]
        command += ["--python-platform", PLATFORM, "--python-version", python]
        finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if finished.returncode:
        sys.exit(f"error: {' '.join(command)}\n{finished.stderr}")
    needed = versions(finished.stdout)
    print(f"of the {len(needed)} packages that kit needs, {len(needed.keys() & held.keys())} are there and stay")
    print("added:", ", ".join(f"{name} {version}" for name, version in needed.items() if name not in held))


def versions(lines: str) -> dict[str, str]:
    """Package → version, of lines NAME==VERSION; names as pip compares them."""
    found = re.findall(r"^([\w.-]+)==([^\s;+]+)", lines, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


if __name__ == "__main__":
    main(*sys.argv[1:])
