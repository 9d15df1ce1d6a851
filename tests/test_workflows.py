"""The workflows for hosted CI, which cannot run here: linted, and held to the project's own files."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8"))


def jobs() -> list[Any]:
    return [job for path in WORKFLOWS for job in read(path.stem)["jobs"].values()]


def steps() -> list[Any]:
    return [step for job in jobs() for step in job.get("steps", [])]


def test_the_linter_of_make_lint_sees_a_mistake() -> None:
    """That it finds none in the workflows, tests/test_structure.py says."""
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    for right, wrong in (("matrix.python }}", "matrix.pyhton }}"), ("runs-on:", "run-on:"), ("@v7", "")):
        command = [Path(sys.executable).with_name("actionlint"), "-shellcheck=", "-pyflakes=", "-"]
        finished = subprocess.run(
            command, input=text.replace(right, wrong, 1), capture_output=True, text=True, cwd=ROOT
        )
        assert finished.returncode == 1 and "<stdin>" in finished.stdout, (wrong, finished)


def test_the_suite_runs_on_every_python_that_the_package_is_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ours = re.findall(r":: Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    suite = read("ci")["jobs"]["suite"]
    assert suite["strategy"]["matrix"]["python"] == ours and suite["strategy"]["fail-fast"] is False
    systems = {system.partition("-")[0] for system in suite["strategy"]["matrix"]["system"]}
    assert systems == {"ubuntu", "windows", "macos"} and "ubuntu-24.04-arm" in suite["strategy"]["matrix"]["system"]


def test_the_suite_runs_as_make_test_runs_it() -> None:
    suite = read("ci")["jobs"]["suite"]
    [threads] = re.findall(r"^ONE_THREAD = (.+)$", MAKEFILE, re.MULTILINE)
    assert suite["env"] == dict(setting.split("=") for setting in threads.split()) | {"PYTHONUTF8": "1"}
    assert not any("PYTHONUTF8" in str(job) for job in read("dist")["jobs"].values())  # as users have it
    [command] = re.findall(r"^SUITE = (.+)$", MAKEFILE, re.MULTILINE)
    assert suite["steps"][-1]["run"] == f"python {command}"


def test_the_ends_of_the_ranges_are_those_of_all_extras() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(re.findall(r"--extra (\w+)", MAKEFILE)) == set(extras) - {"dev", "release"}


def test_what_is_made_is_a_target_and_what_is_run_is_a_file() -> None:
    targets = set(re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[0].split())
    matrix = read("ci")["jobs"]["ranges"]["strategy"]["matrix"]["versions"]
    told = "\n".join(step.get("run", "") for step in steps())
    made = {target for word in re.findall(r"make (\S+)", told) for target in ([word] if word != "${{" else matrix)}
    assert {"lint", "dist", "lowest", "newest"} == made <= targets
    for path in re.findall(r"python (\S+\.py)", told):
        assert (ROOT / path).is_file(), path


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_little_and_ends(path: Path) -> None:
    workflow = read(path.stem)
    assert workflow["permissions"] == {"contents": "read"}
    assert "concurrency" in workflow or path.stem == "dist"  # which has its callers'
    for name, job in workflow["jobs"].items():
        assert "uses" in job or 1 <= job["timeout-minutes"] <= 60, name
        writes = (path.stem, name) == ("release", "release")
        assert job.get("permissions") == ({"contents": "write"} if writes else None), name


def test_actions_are_pinned_and_keep_no_credentials() -> None:
    used = [step for step in steps() if "uses" in step]
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]) for step in used)
    assert len({step["uses"] for step in used}) == len({step["uses"].partition("@")[0] for step in used})
    checkouts = [step for step in used if "checkout" in step["uses"]]
    assert checkouts and all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_a_release_is_of_the_packages_version_and_holds_what_was_tried() -> None:
    release = read("release")
    assert release[True] == {"push": {"tags": ["v*"]}}
    assert release["jobs"]["release"]["needs"] == "dist" and release["jobs"]["dist"]["needs"] == "version"
    assert "kit.__version__" in release["jobs"]["version"]["steps"][-1]["run"]
    tried = read("dist")["jobs"]
    assert tried["try"]["needs"] == "build" and "installed.py dist" in tried["try"]["steps"][-1]["run"]
    assert re.search(r"^\t.+twine check --strict dist/\*$", MAKEFILE, re.MULTILINE)
