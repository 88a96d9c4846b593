# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# `make demo` shows the collection at work, `make test` is all that CI runs. Both need python3 >= 3.11, make and git;
# everything else is installed into .venv.

PYTHON ?= python3
# `make test SANITY=sanity-all` checks every release of ansible-core that the interpreters found can run.
SANITY ?= sanity
# `make matrix CORES="2.17 2.21"` runs these releases only.
CORES ?=
# `make mutants MUTANTS="--seed 7 --number 200"` takes another sample, or a larger one.
MUTANTS ?=
# `make demo KEEP=1` leaves the emulator running, to look at in a browser.
KEEP ?=
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
READY := $(VENV)/.ready
NODE_READY := .build/ews_javascript/.ready .build/axe_core/.ready
# antsibull-docs writes a log into the home directory, whether asked to or not.
ANTSIBULL_DOCS := HOME=$(CURDIR)/.build/ansible $(BIN)/antsibull-docs

# The working copy is the only collection that the tools may find.
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.build/collections
export ANSIBLE_HOME := $(CURDIR)/.build/ansible
# Some images forbid Python to keep what it compiles; then every emulator and every test run would compile all anew.
export PYTHONDONTWRITEBYTECODE :=
# ansible, antsibull and molecule start each other by name.
export PATH := $(BIN):$(PATH)
# ansible refuses to start without a UTF-8 locale; a bare environment has none.
ifeq ($(LANG)$(LC_ALL),)
export LC_ALL := C.UTF-8
endif

# Each one's output in one piece, where make can do that (GNU make 4).
SIDE_BY_SIDE = $(MAKE) --no-print-directory --jobs=$(JOBS) $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
# What ansible packs and compiles, shared by pytest's workers and molecule.
PAYLOADS := $(CURDIR)/.build/payloads
# A worker that has nothing left to do takes tests from the others. One more than there are cores, for many tests wait.
WORKERS := --numprocesses=$(shell expr $(JOBS) + 1) --dist=worksteal

.DEFAULT_GOAL := help
.PHONY: help venv tree node-packages demo test all-tests lint lint-python lint-ansible reuse format types sanity sanity-all matrix \
	unit all-cases integration conformance molecule no-payloads bench docs docs-lint docs-site changelog changelog-lint importer release mutants screenshots clean

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

venv: $(READY) ## make .venv with everything the project needs

# Built anew only when a list of requirements is newer than the last good installation.
$(READY): tests/requirements.txt emulator/pyproject.toml
	@$(PYTHON) tests/support/check_python.py
	@$(PYTHON) -m tests.support.install $(VENV)
	@touch $@

tree: $(READY)
	@mkdir -p $(ANSIBLE_HOME)
	@$(BIN)/python tests/support/collection_tree.py > /dev/null

# Node is nothing that the project needs: a public client of Exchange is written for it, and what judges pages for people
# who see or work otherwise. pytest's summary says what has not run.
node-packages: $(if $(shell command -v npm),$(NODE_READY)) ## what the tests take from npm, where that is found

.build/ews_javascript/.ready: tests/conformance/ews_javascript/package.json
.build/axe_core/.ready: tests/integration/browser/package.json
$(NODE_READY):
	@mkdir -p $(@D)
	cp $< $(@D)
	@(cd $(@D) && npm install --no-audit --no-fund --no-package-lock --ignore-scripts --loglevel=error \
	  --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=3000) && touch $@ || \
	  echo "npm has not installed them: the tests that need them will be skipped, and the summary of pytest says so"

demo: tree ## configure an emulated cluster, break it, heal it
	@KEEP="$(KEEP)" $(BIN)/python -m demo.run

# First what takes a minute, so that it fails at once; then pytest beside the checks that keep one core busy. Its output
# comes last, whatever the others print.
test: tree node-packages ## everything that CI runs
	+@$(SIDE_BY_SIDE) lint types
	@$(BIN)/python -m tests.support.matrix --say-skipped
	@rm -f .build/pytest.txt
	+@status=0; $(SIDE_BY_SIDE) --keep-going all-tests $(SANITY) molecule || \
	  { status=$$?; echo "Not everything has passed; what the checks found stands above, what pytest found below."; }; \
	  cat .build/pytest.txt; exit $$status

# The jobs of make are no business of the tests.
all-tests: tree no-payloads
	@echo "pytest runs; what it has printed so far is in .build/pytest.txt"
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL PAYLOADS_FOLDER=$(PAYLOADS) $(BIN)/python -m pytest $(WORKERS) > .build/pytest.txt 2>&1

lint: lint-python lint-ansible reuse docs-lint changelog-lint ## style of Python, YAML, roles, playbooks, licences and docs

lint-python: tree
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/vulture
	PYTHONPATH=$(ANSIBLE_COLLECTIONS_PATH) $(BIN)/lint-imports --cache-dir .build/import-linter

lint-ansible: tree no-payloads
	$(BIN)/yamllint --strict .
	ANSIBLE_CONFIG=$(CURDIR)/tests/support/ansible.cfg PAYLOADS_FOLDER=$(PAYLOADS) PATH=$(CURDIR)/tests/support/bin:$(PATH) \
	  $(BIN)/ansible-lint

reuse: tree ## every file says its copyright and licence
	$(BIN)/reuse lint --lines

format: tree ## rewrite Python files in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: tree ## static types
	$(BIN)/mypy --python-version 3.10 --package ansible_collections.ucops.imp.plugins
	$(BIN)/mypy --python-version 3.10 --package imp_emulator.client --module imp_emulator.testing
	$(BIN)/mypy emulator/src tests demo examples

sanity: tree ## ansible-test sanity with the ansible-core of .venv
	$(BIN)/python -m tests.support.sanity

sanity-all: tree ## ansible-test sanity with every ansible-core that the found interpreters can run
	$(BIN)/python -m tests.support.sanity --all

matrix: tree ## sanity, units and integration on every ansible-core that the found interpreters can run; long
	$(BIN)/python -m tests.support.matrix $(CORES)

unit: tree ## planner, rules, formats: no process, no network
	$(BIN)/python -m pytest $(WORKERS) tests/unit

all-cases: tree ## every generated name, series of meetings, odd answer, odd value, attack, fault and kill, of which make test tries a sample
	ALL_CASES=1 $(BIN)/python -m pytest $(WORKERS) tests/unit/emulator/test_verdict_names.py \
	  tests/unit/emulator/test_calendar_oracle.py tests/unit/plugins/test_odd_settings.py \
	  tests/integration/modules/test_malformed_answers.py tests/integration/modules/test_odd_values.py \
	  tests/integration/emulator/test_attacks.py tests/faults/test_every_fault.py tests/faults/test_emulator_killed.py \
	  tests/faults/test_killed_anywhere.py

integration: tree ## every module against the running emulator, and what must be there for each
	$(BIN)/python -m pytest $(WORKERS) tests/meta tests/integration tests/faults

conformance: tree node-packages ## public clients and schemas against the emulator and the collection
	$(BIN)/python -m pytest $(WORKERS) tests/conformance

# molecule sets PYTHONWARNINGS where nobody has; a module with other settings for Python than the server's is not its.
molecule: tree no-payloads ## one scenario per role
	PYTHONWARNINGS="ignore:Blowfish has been deprecated" ANSIBLE_CALLBACK_PLUGINS=$(CURDIR)/tests/support/callback_plugins PAYLOADS_FOLDER=$(PAYLOADS) \
	  PATH=$(CURDIR)/tests/support/bin:$(PATH) $(BIN)/python -m tests.support.module_server $(BIN)/molecule test --all

# Nothing there looks whether a module has changed since.
no-payloads:
	@rm -rf $(PAYLOADS)

bench: tree ## ratios: converged run to trivial tasks, requests a second per protocol; mailboxes, Presence Engine, a bad day
	PYTHONPATH=$(ANSIBLE_COLLECTIONS_PATH) $(BIN)/python -m tests.benchmarks

screenshots: tree node-packages ## take the pictures of the documentation anew, in a browser
	$(BIN)/python -m pytest tests/integration/browser
	cp .build/screenshots/*.png docs/images

docs: tree ## write .build/docs, a page for each plugin and role, from their own documentation
	mkdir -p .build/docs
	$(ANTSIBULL_DOCS) collection --use-current --squash-hierarchy --no-add-antsibull-docs-version \
	  --output-format simplified-rst --cleanup everything --fail-on-error --dest-dir .build/docs ucops.imp

docs-lint: tree
	$(ANTSIBULL_DOCS) lint-collection-docs --plugin-docs --validate-collection-refs self --check-extra-docs-refs .

docs-site: tree ## the documentation as HTML in .build/site/html
	$(BIN)/python -m tests.support.docs_site

changelog: tree ## write CHANGELOG.md for the version in galaxy.yml from changelogs/fragments
	$(BIN)/python -m tests.support.changelog

changelog-lint: tree
	$(BIN)/antsibull-changelog lint

importer: tree ## what Galaxy checks when the tarball is imported
	$(BIN)/python -m tests.support.importer

release: tree ## build the tarball, and prove that it works in an empty environment; uploads nothing
	$(BIN)/python -m tests.support.release

mutants: tree ## change one thing in a source file and see whether a test fails; a sample; long
	$(BIN)/python -m tests.support.mutants $(MUTANTS)

clean: ## remove all that was made, .venv too
	rm -rf $(VENV) .build .ansible .emulator tests/output .ruff_cache .mypy_cache .pytest_cache
