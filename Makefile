# The study's commands. They need Python 3.11, 3.12 or 3.13 and make, nothing else.
#
#   make study PROFILE=full            another profile: smoke, quick (default), full
#   make study ONLY=07                 one notebook
#   make study DATASET=phantom         another data set: auto (default), sunnybrook, phantom
#   make study PYTHON=python3.12       another Python to make the environment with
#   make test PYTEST_ARGS="-x -k tools"
#   make study WORKERS=1               one notebook after the other, not two side by side
#   make study AGAIN=1                 run also the notebooks that would run as they did
#   make test WORKERS=4               so many test files side by side
#   make lab LAB_ARGS="--allow-root --no-browser"    options of JupyterLab

PROFILE ?= quick
DATASET ?= auto
SEED ?= 0
ONLY ?=
BENCH ?=
PYTHON ?= python3
PYTEST_ARGS ?=
WORKERS ?=
AGAIN ?=
LAB_ARGS ?=
# SEGLIB_DATA_DIR, where it is set, reaches every command through the environment.

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
# Files are begun in the order of tests/conftest.py, the slow ones first.
PYTEST := $(PY) -m pytest --numprocesses $(or $(WORKERS),2) --dist loadgroup --no-loadscope-reorder
# The peers of the benchmarks are large, so they have an environment of their own.
BENCH_PY := .venv-bench/bin/python
BENCH_STAMP := .venv-bench/.installed

.DEFAULT_GOAL := help
.PHONY: help study check test test-colab lab report runs bench notebooks lint book slides

help:  ## print this list
	@echo "make TARGET, where TARGET is one of"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile
	@echo "Variables: PROFILE=$(PROFILE) DATASET=$(DATASET) SEED=$(SEED) PYTHON=$(PYTHON)"

study: $(STAMP)  ## run the notebooks and print the results (PROFILE, DATASET, SEED, ONLY)
	@$(PY) -m study notebooks --profile $(PROFILE) --dataset $(DATASET) --seed $(SEED) \
		$(if $(ONLY),--only $(ONLY)) $(if $(WORKERS),--workers $(WORKERS)) \
		$(if $(AGAIN),--again)

check: lint  ## lint, and every test that is not marked slow (PYTEST_ARGS)
	@$(PYTEST) -m "not slow" $(PYTEST_ARGS)

test: $(STAMP)  ## run the tests, every notebook included (PYTEST_ARGS)
	@$(PYTEST) $(PYTEST_ARGS)

# Colab's packages, 3 GB, in an environment of their own that the test makes and deletes.
test-colab: $(STAMP)  ## run the first notebooks on Colab's stack (needs Python 3.13 too)
	@SEGLIB_TEST_COLAB=1 $(PY) -m pytest -m colab tests/notebooks $(PYTEST_ARGS)

# The list of files shows each notebook once: its .py half is hidden there, and opens no less.
lab: $(STAMP)  ## open the notebooks in JupyterLab (LAB_ARGS)
	@$(PY) -m jupyterlab --LabApp.default_url=/lab/tree/notebooks \
		--ContentsManager.hide_globs='["__pycache__", "*.pyc", ".DS_Store", "[0-9][0-9]_*.py"]' \
		$(LAB_ARGS)

report: $(STAMP)  ## rebuild reports/ from the stored results, without training
	@$(PY) -m study report

runs: $(STAMP)  ## compute the stored results that are missing (hours)
	@$(PY) -m study run all --workers 2
	@$(PY) -m study collect

bench: $(BENCH_STAMP)  ## measure against peers on a quiet machine (BENCH: names and options)
	@$(BENCH_PY) -m benchmarks $(BENCH)

notebooks: $(STAMP)  ## write every .ipynb from its .py half
	@$(PY) -m tools.notebooks sync

book: $(STAMP)  ## build the site from what has been run; ends with the line that serves it
	@$(PY) -m tools.book

slides: $(STAMP)  ## build the slides of the six sessions alone
	@$(PY) -m tools.book --slides

lint: $(STAMP)  ## check the code's style, the spelling, and that the notebook pairs agree
	@$(PY) -m ruff check .
	@$(PY) -m codespell_lib
	@$(PY) -m tools.notebooks check

# Made once, and again only when the locked versions or the package change.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v < (3, 14) or sys.exit("%s is Python %d.%d; this project needs 3.11, 3.12 or 3.13. Name one: make PYTHON=python3.12 ..." % ((sys.executable,) + v))'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make an environment: its venv module is missing. On Debian or Ubuntu: sudo apt install python3-venv"; exit 1; }
	@echo "Making the environment $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@echo "Installing the exact versions of requirements.lock (about 3.2 GB on disk, a few minutes)"
	@$(PY) -m pip install --disable-pip-version-check -r requirements.lock
	@echo "Installing seglib from this folder"
	@$(PY) -m pip install --disable-pip-version-check --no-deps --quiet -e .
	@touch $@
	@echo "The environment is ready."

$(BENCH_STAMP): requirements.lock benchmarks/requirements.txt
	@$(PYTHON) -m venv .venv-bench
	@echo "Installing requirements.lock and the peers of benchmarks/requirements.txt (several GB)"
	@$(BENCH_PY) -m pip install --disable-pip-version-check -r requirements.lock -r benchmarks/requirements.txt
	@touch $@
