# Makes its own .venv; the second time only what changed is done again.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$python && break; done)
INSTALL = .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable

# Two workers on two cores: more threads in each would only wait for one another.
ONE_THREAD = KIT_THREADS=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 TF_NUM_INTEROP_THREADS=1
SUITE = -m pytest --numprocesses 2 --dist loadscope

.PHONY: demo dist lint lowest newest test
demo: .venv/installed
	.venv/bin/kit demo

lint: .venv/installed-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache
	.venv/bin/actionlint -shellcheck= -pyflakes=

test: .venv/installed-dev
	$(ONE_THREAD) .venv/bin/python $(SUITE)

# The ends of the ranges in pyproject.toml, each in an environment of its own. Lint is of the pinned versions alone.
lowest: RESOLUTION = lowest-direct
newest: RESOLUTION = highest
lowest newest: .venv/installed-dev
	.venv/bin/uv pip compile --quiet --resolution $(RESOLUTION) pyproject.toml --output-file .venv/$@.txt \
		--extra cluster --extra heic --extra kaggle --extra onnx --extra serve --extra sweep --extra tflite
	.venv/bin/uv venv --quiet --clear --python .venv/bin/python .venv/$@
	.venv/bin/uv pip install --quiet --python .venv/$@ --constraint .venv/$@.txt --editable ".[dev]"
	$(ONE_THREAD) .venv/$@/bin/python $(SUITE) --ignore tests/test_structure.py

# What a release holds: dist/ has the source and the wheel, and both are what an index takes.
dist: .venv/installed
	$(INSTALL) ".[release]"
	rm -rf dist
	.venv/bin/uv build --quiet --build-constraint constraints.txt
	.venv/bin/twine check --strict dist/*

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11, 3.12 or 3.13 found: install one, or name it with make PYTHON=..."; exit 1; }
	@$(PYTHON) -m kit.installation
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	$(INSTALL) .
	@touch $@

.venv/installed-dev: .venv/bin/python pyproject.toml constraints.txt
	$(INSTALL) ".[dev]"
	@touch $@ .venv/installed
