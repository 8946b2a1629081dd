# Everything a person does with a checkout. `make` alone lists it.
#
# Each target makes what it needs: `.venv` from the machine's own Python (3.11 or newer, with its
# venv module), filled from the hashed lock files. Nothing here needs root but `make system`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
ARGS ?=

BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-input
PACKAGES := zones playlists alerts firmware_profiles broadcaster
TYPED := $(PACKAGES) $(wildcard benchmarks) tests

# What the tests use of a Debian system: peers to compare with, a voice for placeholder messages,
# namespaces to send in, a compiler for the benchmarks' C floor, strace for power cuts.
SYSTEM_PACKAGES := ffmpeg gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
	gstreamer1.0-plugins-bad gstreamer1.0-libav gir1.2-gstreamer-1.0 \
	python3-gi pulseaudio liquidsoap espeak-ng iproute2 gcc libc6-dev make python3-venv procps strace \
	mosquitto snmp snmpd chromium fonts-nanum fonts-noto-cjk

.PHONY: help demo run test check format bench wheel system lock clean

help: ## this list
	@echo 'make TARGET [ARGS="..."]'
	@echo
	@sed -n 's/^\([a-z][a-z]*\):.*## \(.*\)/  \1 \2/p' $(firstword $(MAKEFILE_LIST)) \
		| while read -r target line; do printf '  %-8s %s\n' "$$target" "$$line"; done
	@echo
	@echo 'The first demo, run or test makes .venv; that takes about a minute.'

demo: .venv/installed-run ## the station with 14 virtual amplifiers, on this machine alone
	@$(BIN)/broadcaster demo $(ARGS)

run: .venv/installed-run ## a real station: make run ARGS="--config config.yaml"
	@$(BIN)/broadcaster run $(ARGS)

test: .venv/installed-dev ## all tests this machine can run; what it skips is named: ARGS="-k engine"
	@$(BIN)/python -m pytest --numprocesses auto --dist loadgroup $(ARGS)

check: .venv/installed-dev ## format, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(TYPED)
	$(BIN)/lint-imports

format: .venv/installed-dev ## put the sources into the form that check asks for
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/installed-dev ## measure against the goals: ARGS="--only engine"; result in build/bench.json
	@$(BIN)/python -m benchmarks $(ARGS)

wheel: .venv/installed-dev ## the installable file, in dist/
	@$(BIN)/python -m hatchling build --target wheel

# Asks dpkg first, so that a machine with everything answers at once and needs no root.
system: ## Debian packages that the tests and benchmarks use (root or sudo)
	@missing=(); \
	for package in $(SYSTEM_PACKAGES); do \
		state=$$(dpkg-query --show --showformat='$${db:Status-Status}' "$$package" 2>/dev/null || true); \
		[[ $$state == installed ]] || missing+=("$$package"); \
	done; \
	if (( $${#missing[@]} == 0 )); then echo 'system: all packages are installed'; exit 0; fi; \
	root=(env DEBIAN_FRONTEND=noninteractive); \
	if ! command -v apt-get >/dev/null; then \
		echo "system: no apt-get here; install these by hand: $${missing[*]}" >&2; exit 1; \
	elif (( EUID != 0 )); then \
		if ! command -v sudo >/dev/null; then \
			echo "system: must be root (and there is no sudo) to install: $${missing[*]}" >&2; exit 1; \
		fi; \
		root=(sudo "$${root[@]}"); \
	fi; \
	echo "system: installing $${missing[*]}"; \
	"$${root[@]}" apt-get update --quiet=2; \
	"$${root[@]}" apt-get install --quiet=2 --yes --no-install-recommends "$${missing[@]}"

lock: .venv/bin/python ## write the lock files anew from pyproject.toml (needs the package index)
	@[[ -x build/lock/bin/uv ]] || { $(PYTHON) -m venv build/lock; \
		build/lock/bin/python -m pip install --quiet --quiet --disable-pip-version-check 'uv>=0.5'; }
	@rm -f build/lock/*.lock
	@compile() { build/lock/bin/uv pip compile pyproject.toml --quiet --upgrade --universal \
		--fork-strategy fewest --python-version 3.11 --generate-hashes \
		--custom-compile-command 'make lock' "$$@"; }; \
	compile --group build --no-annotate --output-file build/lock/requirements.lock; \
	compile --group build --group dev --constraints build/lock/requirements.lock \
		--no-annotate --output-file build/lock/requirements-dev.lock
	@mv build/lock/requirements.lock build/lock/requirements-dev.lock .
	@echo 'lock: wrote requirements.lock and requirements-dev.lock'

clean: ## remove what make made (.venv, build, dist, caches)
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(PACKAGES) $(wildcard benchmarks) tests -name __pycache__ -prune -exec rm -rf {} +

# --- the virtual environment ------------------------------------------------------------------
# The stamps are older than their lock file or pyproject.toml exactly when a reinstall is due. They
# go with an interpreter that has gone; make has looked at them before it would run a recipe.

$(shell [[ -x .venv/bin/python ]] || rm -f .venv/installed-run .venv/installed-dev)

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: $(PYTHON) must be Python 3.11 or newer; name another with PYTHON=" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "make: $(PYTHON) has no venv module; on Debian: apt install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv

.venv/installed-run: requirements.lock pyproject.toml | .venv/bin/python
	@echo 'make: installing what the station needs into .venv (half a minute)'
	@$(PIP_INSTALL) --require-hashes --requirement requirements.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed-run
	@echo 'make: installing what the tests need into .venv (half a minute)'
	@$(PIP_INSTALL) --require-hashes --requirement requirements-dev.lock
	@touch $@
