# Two commands on a fresh machine (Python 3.11+, git, make): `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo serve test test-slow test-spark fuzz lint docs lock bench clean

help:  ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Agnes needs Python 3.11 or newer; choose one with: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY)  ## Make a catalog from the starter pack and walk through it
	@$(BIN)/python scripts/demo.py

serve: $(READY)  ## Serve the starter pack with sample data, from ./agnes-demo
	@$(BIN)/da serve --demo

test: $(READY) lint  ## Linter, types and the test suite
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

test-slow: $(READY)  ## The longer tests
	$(BIN)/python -m pytest -n 2 --dist worksteal -m slow

test-spark: $(READY)  ## The tests on Spark; installs PySpark (400 MB), needs Java 17
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/spark.txt
	$(BIN)/python -m pytest -m slow tests/engines/test_spark.py

fuzz: $(READY)  ## The fuzz tests, with forty times the inputs
	AGNES_FUZZ=20000 $(BIN)/python -m pytest -n 2 --timeout 3600 tests/test_fuzz.py tests/yaml/test_loader.py tests/sql/test_gate.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(READY)  ## Generate the reference pages from the code
	$(BIN)/python scripts/reference.py

bench: $(READY)  ## Measure; see benchmarks/README.md
	$(BIN)/python -m benchmarks.search

LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11

lock: $(READY)  ## Choose the versions anew
	$(BIN)/python -m pip install --quiet uv
	$(LOCK) pyproject.toml -o requirements/runtime.txt
	$(LOCK) --extra dev pyproject.toml -o requirements/dev.txt
	$(LOCK) --extra server --extra postgres --extra oidc --extra mcp -c requirements/dev.txt pyproject.toml -o requirements/server.txt
	echo 'ibis-framework[pyspark]' | $(LOCK) --no-annotate -c requirements/dev.txt - -o requirements/spark.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python scripts/duckdb_names.py
	echo hatchling | $(LOCK) --no-annotate -c requirements/dev.txt - -o requirements/build.txt

clean:
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
