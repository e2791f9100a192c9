# Everything that a developer or an operator does, one command each. `make` alone lists them.
# Needs Python 3.11 or newer and make; the rest lands in .venv (VENV=… PANEL_PYTHON=… choose others).

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON := $(BIN)/python
INSTALLED := $(VENV)/.installed
# Compiled once and kept: hundreds of tests' and panels' files, in every process that starts
export PYTHONDONTWRITEBYTECODE :=
TYPED := manage.py panel accounts billing catalog orders lib outbound tests $(wildcard benchmarks/*.py)
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements" pyproject.toml
# What `check --deploy` judges is a start in production, not the defaults of one's own machine
PRODUCTION := SITE_URL=https://panel.example DATABASE_URL=postgres://panel@database.example/panel \
	REDIS_URL=redis://broker.example/0 STATIC_STORAGE=hashed DEBUG=off \
	SECRET_KEY=checked-only-checked-only-0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ

# The running demo's data, and what else its processes are told
DEMO := PANEL_DATA_DIR=var/demo DATABASE_URL= REDIS_URL= PANEL_NAME="Demo panel" \
	PROVIDER_ALLOW_PRIVATE=on WEBHOOK_ALLOW_PRIVATE=on
DEMO_RUNS := $(PYTHON) -c 'import sys; from panel.embedded import is_running; sys.exit(not is_running("var/demo"))' \
	|| { echo "No demo runs here: start it with make demo, in another terminal" >&2; exit 1; }
PORT ?= 8001
# One process more than there are cores, since many tests wait; tests/spread.py says what stays together
SPREAD := -n $(or $(WORKERS),$$(($$(nproc 2>/dev/null || echo 2) + 1)))
QUICK := -m "not browser and not stack and not slow"

.PHONY: help setup demo up shell dev test test-quick lint format bench requirements assets \
	chromium languages chaos figures mutants contract

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 15

setup: $(INSTALLED) ## make .venv and install everything pinned; quick when nothing changed
	@:

# A stamp newer than the pins: nothing to do. Hashes are required, so nothing else can slip in.
$(INSTALLED): requirements/dev.txt
	@if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		for name in "$$PANEL_PYTHON" python3.13 python3.12 python3.11 python3 python; do \
			if [ -n "$$name" ] && "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$name; break; fi; \
		done; \
		if [ -z "$$found" ]; then echo "Python 3.11 or newer is needed: install it, or name it with PANEL_PYTHON=/path/to/python make setup" >&2; exit 1; fi; \
		if ! "$$found" -c 'import ensurepip; ensurepip.version()' 2>/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing $${found##*/}-venv, which Debian keeps apart from Python"; \
			apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$${found##*/}-venv" >/dev/null; \
		fi; \
		echo "Making $(VENV) with $$("$$found" --version)"; \
		"$$found" -m venv --clear $(VENV) || { echo "$$found cannot make a virtual environment: install its venv module (Debian: $${found##*/}-venv)" >&2; exit 1; }; \
	fi
	@echo "Installing the pinned packages"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r requirements/dev.txt
	@touch $(INSTALLED)

demo: setup ## run a shop with a demo provider, users, money and orders; Ctrl-C stops it
	@PANEL_STOPS_WITH_PARENT=on exec $(PYTHON) manage.py demo $(ARGS)

up: setup ## run the panel on this machine; Ctrl-C stops it
	@PANEL_STOPS_WITH_PARENT=on exec $(PYTHON) manage.py up $(ARGS)

shell: setup ## a Django shell on the running demo's data
	@$(DEMO_RUNS)
	@$(DEMO) $(PYTHON) manage.py shell $(ARGS)

dev: setup ## an autoreloading web server on the running demo's data (PORT=8001)
	@$(DEMO_RUNS)
	@$(DEMO) DEBUG=on SITE_URL=http://127.0.0.1:$(PORT) exec $(PYTHON) manage.py runserver 127.0.0.1:$(PORT) $(ARGS)

test: setup chromium languages ## run the whole suite (ARGS=… go to pytest)
	@$(PYTHON) -m pytest $(SPREAD) $(ARGS)

test-quick: setup ## the tests that need neither Chromium nor a started panel
	@$(PYTHON) -m pytest $(SPREAD) $(QUICK) $(ARGS)

# Playwright's own Chromium where it is installed, else the system's, else Debian's package
chromium: setup
	@$(PYTHON) -m tests.chromium && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium"; \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium >/dev/null; \
	else \
		echo "The browser tests need Chromium: install the package chromium, or run $(BIN)/playwright install chromium" >&2; exit 1; \
	fi

# What runs the samples of the documents; where it cannot be installed, its tests are skipped outside CI
languages:
	@for need in curl:curl node:nodejs php:php-cli; do \
		command -v "$${need%%:*}" >/dev/null || missing="$$missing $${need#*:}"; \
	done; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing$$missing for the samples of the documents"; \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $$missing >/dev/null; \
	fi

lint: setup ## style, types, layers, migrations, deployment settings, templates
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy $(TYPED)
	@$(BIN)/lint-imports
	@$(PRODUCTION) $(PYTHON) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@$(PRODUCTION) $(PYTHON) manage.py check --deploy --fail-level WARNING
	@$(BIN)/djlint --lint --quiet templates

format: setup ## let ruff rewrite what it can
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

bench: setup ## run the benchmarks and print their ratios
	@$(PYTHON) -m benchmarks $(ARGS)

chaos: setup ## hurt a running panel at random and judge what is left (SEEDS=1 ORDERS=10000)
	@$(PYTHON) -m tests.chaos --seeds $(or $(SEEDS),1) --orders $(or $(ORDERS),10000) $(ARGS)

figures: setup ## time what customers wait for when a part is lost (on a machine that does nothing else)
	@$(PYTHON) -m tests.faults

mutants: setup ## switch the guards off one by one and show that each is missed
	@$(PYTHON) -m tests.mutants $(ARGS)

contract: setup ## ask the API whatever its OpenAPI description allows (EXAMPLES=2000)
	@CONTRACT_EXAMPLES=$(or $(EXAMPLES),2000) $(PYTHON) -m pytest tests/orders/api/test_openapi_contract.py $(ARGS)

requirements: setup ## pin the newest versions that pyproject.toml allows
	@$(COMPILE) --upgrade -o requirements/base.txt
	@$(COMPILE) --upgrade --group dev -o requirements/dev.txt

assets: ## compile styles, fonts and vendored scripts (needs Node; the result is committed)
	@cd assets && npm ci --no-audit --no-fund --silent && npm run build
