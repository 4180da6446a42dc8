# Veilway's verbs. Each sets up what it needs: a virtual environment beside the code from the hashed locks, and a Debian
# package only where a test or a benchmark cannot do without; where it cannot be had, one line says what is left out.
#
#   make demo     one order from shop to door, on this machine, with couriers to practise on
#   make test     the whole default suite, on every core
#   make check    format, lint, types, import contract, then the tests
#   make bench    requests a second beside a bare pass-through, as one JSON line
#   make bench-parts  what masking, labels, scans and look-ups cost alone
#   make load     a mixed day of orders, scans and calls; report in out/load.html
#   make proofs   the longer proofs: kill -9, big properties, simulations
#   make fuzz     five minutes of hostile bytes for each parser (ARGS="--seconds 60 --only json")
#   make mutation every small change of a masker, and whether a test notices it
#   make format   put the code into shape
#   make lock     renew the locks from pyproject.toml
#   make clean    remove what these verbs made

PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
RUN     := $(VENV)/.ready-run
DEV     := $(VENV)/.ready-dev
WORKERS ?= auto
ARGS    ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check bench bench-parts load proofs fuzz mutation format lock clean browser telephony benchtools

help:
	@sed -n 's/^#   //p' Makefile

demo: $(RUN)
	$(BIN)/veilway demo $(ARGS)

test: $(DEV) browser telephony
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not slow" $(ARGS)

check: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

bench: $(DEV) benchtools
	$(BIN)/python -m load.bench --json $(ARGS)

bench-parts: $(DEV)
	for part in masking labels scan; do $(BIN)/python -m load.bench_$$part --json || exit 1; done
	$(BIN)/python -m load.bench_lookup

load: $(DEV)
	$(BIN)/python -m load.scenario $(ARGS)

proofs: $(DEV)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m slow --timeout 1800 $(ARGS)
	for scheme in axn-ext axn700 axb; do $(BIN)/python -m virtual_numbers.proof --steps 300000 --scheme $$scheme || exit 1; done
	$(BIN)/python -m gateway.proof_tickets

fuzz: $(DEV)
	nice $(BIN)/python -m tests.fuzz --seconds 300 $(ARGS)

mutation: $(DEV)
	tools/mutation.sh

format: $(DEV)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The run lock comes first and holds for the other, so that a demo and a test never run different versions.
lock: out/lock/bin/pip-compile
	$< $(LOCKING) --build-deps-for editable -o requirements.lock pyproject.toml
	$< $(LOCKING) --build-deps-for editable --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

LOCKING := --quiet --upgrade --no-header --annotation-style=line --generate-hashes --allow-unsafe --strip-extras \
           --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

out/lock/bin/pip-compile:
	$(PYTHON) -m venv out/lock
	out/lock/bin/pip install --quiet pip-tools

clean:
	rm -rf $(VENV) out build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# --- what the verbs stand on -----------------------------------------------------------------------------------------

# Without build isolation the build backend, too, comes from the lock and its hashes.
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Veilway needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "no virtual environment: on Debian install python3-venv" >&2; exit 2; }

$(RUN): requirements.lock pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements-dev.lock pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes -r requirements-dev.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@ $(RUN)

# $(call debian,COMMAND,PACKAGES,WHAT IS LEFT OUT): installs as root where apt is, else says what the reader will miss.
debian = @PATH=$$PATH:/usr/sbin; command -v $(1) >/dev/null 2>&1 \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && apt-get -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=20 update >/dev/null 2>&1 \
	     && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $(2) >/dev/null 2>&1; } \
	|| echo "$(1) is not here and cannot be installed: $(3) (Debian: apt-get install $(2))" >&2

benchtools:
	$(call debian,nginx,nginx-light,the benchmark needs it and will stop)
	$(call debian,wrk,wrk,the benchmark uses its own generator instead)

# Asked for only where a test is marked to use them.
marked = $(shell grep -rl --include='*.py' 'mark\.$(1)\b' tests)

browser:
	$(if $(call marked,browser),$(call debian,chromium,chromium,tests in a browser are skipped))

telephony:
	$(if $(call marked,telephony),$(call debian,kamailio,kamailio kamailio-extra-modules,tests with a real switch are skipped))
	$(if $(call marked,telephony),$(call debian,sipp,sip-tester,tests with real calls are skipped))
