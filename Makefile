# Every target sets up what it needs: a fresh machine needs Python 3.11+ and make, nothing else.
PYTHON ?= python3
BIN    := .venv/bin
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench lock clean

help:            ## what can be done here
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

# Installing is needed again only when the lock or the project file changed. uv is taken where it is
# there; otherwise pip puts it into the environment, which Debian's externally managed Python allows.
.venv/.installed: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@command -v uv >/dev/null 2>&1 || test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@uv="$$(command -v uv || echo $(BIN)/uv)"; \
	 "$$uv" pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock && \
	 "$$uv" pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps -e .
	@touch $@

demo: .venv/.installed   ## everything at once: embedded Postgres, emulated vendor, backfill, live sync (ARGS=--once stops)
	@$(BIN)/wpsync demo $(ARGS)

test: .venv/.installed   ## the gate: lint, format, import contracts, types, tests
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports && $(BIN)/mypy && $(BIN)/pytest $(ARGS)

lint: .venv/.installed   ## the gate without the tests
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports && $(BIN)/mypy

format: .venv/.installed ## put the code into the house's form
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: .venv/.installed  ## measure the backfill against an ordinary script and against the limit
	@$(BIN)/python -m bench $(ARGS)

COMPILE = pip compile --quiet --universal --upgrade --generate-hashes --python-version 3.11 --no-header \
          --no-emit-index-url --no-emit-find-links
lock: .venv/.installed   ## resolve the dependencies anew into the lock files
	@uv="$$(command -v uv || echo $(BIN)/uv)"; \
	 "$$uv" $(COMPILE) --all-extras --group dev pyproject.toml -o requirements.lock && \
	 "$$uv" $(subst --upgrade,,$(COMPILE)) -c requirements.lock pyproject.toml -o requirements.runtime.lock

clean:                   ## remove the environment and the caches
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .wpsync-demo
