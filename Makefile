# Every target sets up what it needs: a fresh machine needs Python 3.11+ and make, nothing else.
PYTHON ?= python3
BIN    := .venv/bin
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help demo browser migration words numbers test test-clock test-clocks test-clocks-long lint format bench lock clean

help:            ## what can be done here
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

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

# The page is tested in a real browser. Where none is found and we may, Debian's is installed.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	 { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	   { apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1 || \
	     { apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends chromium >/dev/null; }; }; } || \
	 echo "no browser here: the tests of the status page need Chromium (Debian: apt install chromium)"

test: .venv/.installed browser   ## the gate: lint, format, import contracts, types, tests
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports && $(BIN)/mypy && $(BIN)/pytest $(ARGS)

test-clock: .venv/.installed    ## the tests that read the day, at a time of yours: CLOCK="2026-12-31 23:59:15+08:00"
	$(BIN)/python -m tests.clocks --at "$(CLOCK)" $(ARGS)

test-clocks: .venv/.installed   ## the same under eight clocks, by hand: midnights, ends of months, Sundays, 29 February
	$(BIN)/python -m tests.clocks $(ARGS)

test-clocks-long: .venv/.installed   ## the same under two of them
	$(BIN)/python -m tests.clocks --long $(ARGS)

lint: .venv/.installed   ## the gate without the tests
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports && $(BIN)/mypy

format: .venv/.installed ## put the code into the house's form
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

migration: .venv/.installed ## generate a migration from the declarations (MESSAGE="Add the devices")
	@$(BIN)/python -m tests.new_migration $(MESSAGE)

words: .venv/.installed  ## lower the numbers of riddle words that files may hold (tests/guards)
	@$(BIN)/python -m tests.guards.words

numbers:         ## lines by package, long files, private functions with one caller: for reading
	@$(PYTHON) -m tests.guards.numbers

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
