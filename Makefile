# matpi: `make sim` to try it, `make test` for everything that must pass. Both do all set-up they need, and no more.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
BENCHES := core_year arriving frame panel process reader appliance growth bank cost breath zero_year recorded web_page web_session accuracy slow_disk wakeups
CAD    := .venv-hardware
RUNS   := $(VENV)/.runs
STAMP  := $(VENV)/.ready
TYPES  := $(VENV)/.mypy-said

# Hundreds of processes start in a run of the tests: what was compiled is kept, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help sim lint test soak test-hermetic test-trixie test-arm64 test-homeassistant test-card test-guest powercut check mutants size bench accuracy docs wheels hardware hardware-write install upgrade uninstall clean
.DEFAULT_GOAL := help

help: ## What can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

$(RUNS): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "matpi needs Python 3.11 or newer; set one with: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python's venv module is missing; on Debian: apt install python3-venv"; exit 1; }
	@echo "Installing what matpi needs in $(VENV), once; about a minute and 90 MB ..." >&2
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) -e .
	@touch $@

$(STAMP): $(RUNS)
	@echo "Installing what the tests need in $(VENV), once; a minute or two and 350 MB more ..." >&2
	@$(PIP) -e '.[dev]'
	@touch $@

sim: $(RUNS) ## Run the device on a simulated mat, in the browser
	@$(BIN)/matpi sim $(ARGS)

# mypy runs beside the tests. sh gives a process in the background no Ctrl-C, so that is passed on.
test: lint ## Everything: checks, and every test
	@$(BIN)/mypy >$(TYPES) 2>&1 & mypy=$$!; trap 'kill $$mypy 2>/dev/null; exit 130' HUP INT TERM; \
	  $(BIN)/python -m pytest -n 4 --dist worksteal $(ARGS); tested=$$?; \
	  wait $$mypy; typed=$$?; echo "mypy:"; cat $(TYPES); \
	  [ $$typed -eq 0 ] || echo "mypy has found what is above, and make test fails for it" >&2; \
	  exit $$((tested ? tested : typed))

soak: $(STAMP) ## Hours: ten times as many clock cases, hostile inputs and stories, 200 kills, and days of random faults
	MATPI_FUZZ=10 $(BIN)/python -m pytest -n 4 --dist worksteal tests/reliability tests/core/test_device_any_order.py $(ARGS)

test-hermetic: ## The tests as a plain user, at 03:00, in random order, on a busy machine
	@sh tests/hermetic/run.sh $(ARGS)

test-trixie: ## With sudo: the tests on Debian 13 and Python 3.13
	@sh tests/chroots/run.sh trixie $(ARGS)

test-arm64: ## With sudo: wheels, drivers and the core's tests on an emulated 64-bit Arm
	@sh tests/chroots/run.sh arm64 $(ARGS)

test-homeassistant: ## With sudo: what goes to Home Assistant, against the real one
	@sh tests/chroots/run.sh homeassistant $(ARGS)

test-card: ## With sudo: what is copied onto a new card, under the real cloud-init
	@sh tests/chroots/run.sh card

test-guest: ## With sudo: the service in a virtual machine: killed, hung, rebooted, upgraded, taken away; the real drivers
	@$(PYTHON) -m tests.guest.service
	@$(PYTHON) -m tests.guest.board

powercut: ## With sudo: pull the plug of a virtual machine that writes, again and again
	@$(PYTHON) -m tests.guest.powercut $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check: lint ## ruff, mypy strict, architecture, stale generated docs
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py tests/test_docs.py tests/test_dev_docs.py

bench: $(STAMP) ## The figures, one JSON line each
	@for name in $(BENCHES); do PYTHONPATH=. $(BIN)/python benchmarks/$$name.py || exit 1; done

mutants: $(STAMP) ## Change texts and rules one at a time: a named test must fail for each
	@PYTHONPATH=. $(BIN)/python benchmarks/mutants.py

size: $(STAMP) ## How large and how tangled the code is, one line a figure
	@PYTHONPATH=. $(BIN)/python benchmarks/size.py

accuracy: $(STAMP) ## The whole scenario bank against the peers; writes docs/dev/accuracy.md
	@PYTHONPATH=. $(BIN)/python benchmarks/accuracy.py --full

docs: $(STAMP) ## Write the generated parts of docs/ anew
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/make_config.py
	$(BIN)/python hardware/make_wiring.py

wheels: $(STAMP) ## Ask pip anew what a Raspberry Pi gets; writes docs/dev/wheels.md
	$(BIN)/python docs/make_wheels.py

$(CAD)/.ready: pyproject.toml hardware/constraints.txt
	@echo "Installing build123d in $(CAD), once; a minute or two and 1 GB ..." >&2
	@$(PYTHON) -m venv --clear $(CAD)
	@$(CAD)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -c hardware/constraints.txt -e '.[hardware]'
	@touch $@

hardware: $(CAD)/.ready ## STEP and STL of the build in build/hardware, every part checked
	$(CAD)/bin/python hardware/loads.py
	$(CAD)/bin/python hardware/cost.py
	$(CAD)/bin/python hardware/make_parts.py $(ARGS)

hardware-write: $(CAD)/.ready ## The same, and its pictures and measures anew
	$(CAD)/bin/python hardware/make_parts.py --write

install: ## On a Raspberry Pi, with sudo: run matpi as a service
	@sh systemd/install.sh install

upgrade: ## With sudo: this version in place of the installed one, or back to it
	@sh systemd/install.sh upgrade

uninstall: ## With sudo: take the service away; the log and the config stay
	@sh systemd/install.sh uninstall

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) $(CAD) build .mypy_cache .ruff_cache .pytest_cache
