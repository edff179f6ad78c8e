# Two commands: `make run` and `make test`. Each sets up what it needs: Python 3.11 or newer and
# make are all it takes. Packages go to .venv, data to .gatehouse/, nothing outside this directory.

.DEFAULT_GOAL := help
SHELL := /bin/sh
PORT ?= 8123
# The interpreter to build .venv with; `make run PYTHON=/path/to/python3.12` chooses another.
PYTHON ?=
PY := .venv/bin/python
export UV_PYTHON_DOWNLOADS := never
export PYTHONUNBUFFERED := 1
export NO_PROXY := $(if $(NO_PROXY),$(NO_PROXY),localhost,127.0.0.1)

# Prints the first interpreter that is new enough and can create a virtual environment. pyenv's
# shims exist for versions that do not, hence the trial.
find_python = \
	for candidate in $(PYTHON) python3 python3.11 python3.12 python3.13 python3.14; do \
	  "$$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' \
	    >/dev/null 2>&1 && { echo "$$candidate"; break; }; \
	done
no_python = gatehouse: no Python 3.11 or newer with venv was found. On Debian 12 or newer and \
	Ubuntu 24.04 or newer: apt-get install python3 python3-venv; elsewhere name one: make $@ PYTHON=/path/to/python3.11
found_python = python=$$($(find_python)); \
	[ -n "$$python" ] || { echo "$(no_python)" >&2; exit 1; }; "$$python"
ready = $(found_python) requirements/install.py

.PHONY: help base dev mlflow run run-mlflow stop test test-mlflow coverage lint format schema bench \
	test-cluster lock reset

help:  ## Say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

base:  ## Install what the portal needs
	@$(ready) base

dev:  ## Install what tests and linters need as well
	@$(ready) dev

mlflow:  ## Install MLflow's own server; `make run` starts it beside the rest from then on
	@$(found_python) requirements/install_mlflow.py

run: base  ## Start the portal with everything it needs: make run PORT=8123
	@exec $(PY) -m portal.embedded run --port '$(PORT)' $(if $(filter 0 no false,$(DEMO)),--no-demo,$(if $(DEMO),--demo))

run-mlflow: mlflow run  ## Start the portal with an MLflow server and the demo's credit model in it

stop:  ## Stop the portal that runs from this checkout
	@test -x $(PY) || exit 0; exec $(PY) -m portal.embedded stop

# Tests wait for databases, browsers and clusters a third of their time, so that three processes keep two cores
# busy; `make test WORKERS=6` for more cores, `make test TESTS="tests/audit -x"` for a part.
WORKERS ?= 3
TESTS ?= tests
test: dev  ## Run the whole test suite: make test TESTS="tests/audit -x" runs a part
	@$(PY) -m pytest -n $(WORKERS) $(TESTS)

# With a real MLflow server in its own environment; where that cannot be installed, a sentence says so.
test-mlflow: dev  ## Run the tests of the model registry against a real MLflow server
	@$(found_python) requirements/install_mlflow.py \
	  || { echo "gatehouse: skipped: MLflow's own server could not be installed (the words above say why)."; exit 0; }; \
	  MLFLOW_PYTHON="$(CURDIR)/.venv-mlflow/bin/python" $(PY) -m pytest tests/mlflow $(ARGS)

coverage: dev  ## Run the test suite and fail below 95 % of lines and branches
	@$(PY) -m pytest -n $(WORKERS) --cov --cov-report=term:skip-covered

templates = $$(find templates */templates -name '*.html' 2>/dev/null)
lint: dev  ## Check style, types, layers, templates, migrations and locks
	@echo "gatehouse: ruff"; $(PY) -m ruff check --quiet . && $(PY) -m ruff format --check --quiet .
	@echo "gatehouse: locks"; ! grep -n '://' requirements/*.lock
	@echo "gatehouse: layers"; .venv/bin/lint-imports --no-logo > .gatehouse/lint-imports.log \
	  || { cat .gatehouse/lint-imports.log; exit 1; }
	@echo "gatehouse: templates"; files="$(templates)"; [ -z "$$files" ] || { \
	  .venv/bin/djade --check --target-version 5.2 $$files \
	  && { .venv/bin/djlint --quiet --check $$files \
	    || { echo "Some templates are not in form:  make format" >&2; exit 1; }; } \
	  && .venv/bin/djlint --quiet --lint $$files; }
	@echo "gatehouse: migrations"; DJANGO_SETTINGS_MODULE=portal.settings.test \
	  $(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@echo "gatehouse: API schema"; DJANGO_SETTINGS_MODULE=portal.settings.test \
	  $(PY) manage.py spectacular --validate --fail-on-warn --format openapi-json --file .gatehouse/openapi.json \
	  && diff -u docs/openapi.json .gatehouse/openapi.json \
	  || { echo "The API changed. If that is meant:  make schema" >&2; exit 1; }
	@echo "gatehouse: types"; $(PY) -m mypy

format: dev  ## Put everything into the form that `make lint` checks
	@$(PY) -m ruff check --quiet --fix-only .; $(PY) -m ruff format --quiet .
	@files="$(templates)"; [ -z "$$files" ] || { .venv/bin/djade --target-version 5.2 $$files; \
	  .venv/bin/djlint --quiet --reformat $$files; true; }

schema: dev  ## Write docs/openapi.json anew
	@DJANGO_SETTINGS_MODULE=portal.settings.test \
	  $(PY) manage.py spectacular --validate --fail-on-warn --format openapi-json --file docs/openapi.json

bench: dev  ## Measure; docs/performance.md says what and how
	@$(PY) -m benchmarks $(ARGS)

test-cluster: dev  ## Run the contract tests on a real cluster: make test-cluster KUBECONFIG=~/.kube/config
	@test -n "$(KUBECONFIG)" || { echo "Name the cluster:  make test-cluster KUBECONFIG=…" >&2; exit 1; }
	@KUBECONFIG="$(KUBECONFIG)" $(PY) -m pytest --force-enable-socket tests/contract

lock: dev  ## Resolve requirements/*.in anew
	@cd requirements && for name in bootstrap base dev mlflow peers; do \
	  ../.venv/bin/uv pip compile --quiet --universal --upgrade --generate-hashes --no-header \
	    --no-annotate --python ../$(PY) --python-version 3.11 $$name.in --output-file $$name.lock \
	  || exit 1; done; ! grep -n '://' *.lock

reset: base  ## Give up all data of `make run` in this checkout
	@exec $(PY) -m portal.embedded reset
