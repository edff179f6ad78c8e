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
ready = python=$$($(find_python)); \
	[ -n "$$python" ] || { echo "$(no_python)" >&2; exit 1; }; "$$python" requirements/install.py

.PHONY: help run test lint bench lock base dev format schema test-cluster reset

help:  ## Say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

base:  ## Install what the portal needs
	@$(ready) base

dev:  ## Install what tests and linters need as well
	@$(ready) dev
