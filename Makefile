# Two commands do all set-up on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# The exported model lies beside the environment, so that a clone makes nothing outside itself.
export MEMGUARD_CACHE ?= $(CURDIR)/$(VENV)/cache

.PHONY: demo test test-all check bench clean

demo: $(INSTALLED)
	$(BIN)/memguard demo

test: check
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"

test-all: check
	$(BIN)/python -m pytest

check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# torch comes first and pinned: left to itself, pip may take a build with gigabytes of CUDA libraries.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "memguard needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

bench: $(INSTALLED)
	$(BIN)/python -m bench.retrieval
	$(BIN)/python -m bench.developer
	$(BIN)/python -m bench.changes
	$(BIN)/python -m bench.privacy
	$(BIN)/python -m bench.serve
	$(BIN)/python -m bench.store

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
