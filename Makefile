# `make` builds .venv with haneul in it; `make help` lists the rest.
PYTHON ?= /usr/bin/python3
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
BUILT := $(VENV)/.built
REPORTS := build/reports

PYTEST = $(BIN)/pytest -q --junitxml=$(REPORTS)/$@.xml
REAL_THINGS := machine or databases or broker
# What other lanes run, so that the unit lane stays quick.
ELSEWHERE = $(addprefix --ignore=tests/,style laws cli clients contracts host tools benchmarks)

.DEFAULT_GOAL := build
.DELETE_ON_ERROR:

##@ Run

.PHONY: demo
demo: $(BUILT) packages-guest packages-network ## Start a cloud, boot a server in it, show its console and the time of each step
	$(BIN)/haneul demo

.PHONY: up
up: $(BUILT) packages-guest packages-network ## Start the cloud on this machine, or see that it runs
	$(BIN)/haneul up

.PHONY: down
down: $(BUILT) ## Stop the cloud
	$(BIN)/haneul down

##@ Test

.PHONY: test
test: $(BUILT) packages ## Everything below in lanes, with the time of each: what has to pass before a change lands
	$(BIN)/python tools/run_lanes.py check check-docs test-unit test-contracts test-laws test-commands test-machine test-databases test-broker

.PHONY: test-unit
test-unit: $(BUILT) ## What needs neither root nor servers, on two processes
	$(PYTEST) -n $(WORKERS) --dist loadfile -m "not ($(REAL_THINGS))" $(ELSEWHERE) tests

.PHONY: test-contracts
test-contracts: $(BUILT) packages-guest packages-discs ## What every driver and bus keeps, the machine's side, and the tools, on two processes
	$(PYTEST) -n $(WORKERS) --dist loadfile -m "not ($(REAL_THINGS))" tests/contracts tests/host tests/tools tests/benchmarks

.PHONY: test-laws
test-laws: $(BUILT) ## What every route, operation, driver and reconciler must keep, on two processes
	$(PYTEST) -n $(WORKERS) --dist load -m "not ($(REAL_THINGS))" tests/laws

.PHONY: test-commands
test-commands: $(BUILT) ## The command line in real process trees, and the unmodified client, on two processes
	$(PYTEST) -n $(WORKERS) --dist loadfile -m "not ($(REAL_THINGS))" tests/cli tests/clients

.PHONY: test-machine
test-machine: $(BUILT) packages-guest packages-network packages-objects packages-ceph ## As root, with real guests and real stores of objects
	$(PYTEST) -n $(WORKERS) --dist loadfile -m machine tests

.PHONY: test-databases
test-databases: $(BUILT) packages-databases packages-broker ## On real MariaDB and PostgreSQL servers, on two processes
	$(PYTEST) -n $(WORKERS) --dist loadfile -m databases tests

.PHONY: test-broker
test-broker: $(BUILT) packages-broker ## On a real RabbitMQ
	$(PYTEST) -m broker tests

FUZZ_S ?= 300
FUZZ := build/fuzz

.PHONY: fuzz
fuzz: ## Fuzz the readers of image files for FUZZ_S seconds, guided by coverage, in an environment of its own
	$(PYTHON) -m venv $(FUZZ)
	$(FUZZ)/bin/pip install --quiet --disable-pip-version-check atheris==3.0.0
	$(FUZZ)/bin/python tools/fuzz.py --folder $(FUZZ)/found --seconds $(FUZZ_S)

.PHONY: bench
bench: $(BUILT) packages-guest packages-network ## Measure, and write a table and a plot to bench/results
	$(BIN)/python -m bench

##@ Check

.PHONY: check
check: lint types imports style ## Lint, types, imports and style

.PHONY: lint
lint: $(BUILT) ## Ruff's rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(BUILT) ## Strict types
	$(BIN)/mypy
	$(BIN)/mypy tools

.PHONY: imports
imports: $(BUILT) ## Which room may import which
	$(BIN)/lint-imports --no-logo

.PHONY: style
style: $(BUILT) ## Sizes, names, words and docstrings
	$(PYTEST) tests/style

.PHONY: format
format: $(BUILT) ## Mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

##@ Write

.PHONY: docs
docs: $(BUILT) ## Write docs/generated from the code
	$(BIN)/python -m tools.generate_docs

.PHONY: check-docs
check-docs: docs ## Fail if what 'make docs' writes wasn't what the code says; it is now
	@stale=$$(git status --porcelain -- docs/generated 'src/haneul/services/*/unbuilt.txt' | grep -v '^[ADMR] ' || true); \
	test -z "$$stale" || { echo "$$stale"; echo "These were out of date and have been written anew: commit them." >&2; exit 1; }

.PHONY: scaffold
scaffold: $(BUILT) ## Make the folder of a resource and its tests: make scaffold SERVICE=network RESOURCE=routers
	$(BIN)/python tools/scaffold.py $(SERVICE) $(RESOURCE) $(if $(URL),--url $(URL))

##@ Build

.PHONY: build
build: $(BUILT) ## Build .venv, with haneul in it (plain make does this)

$(BUILT): requirements.lock pyproject.toml
	tools/install-packages build
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.PHONY: lock
lock: $(BUILT) ## Choose the newest versions that pyproject.toml allows, with their hashes
	$(BIN)/uv pip compile -q pyproject.toml --extra dev --upgrade --generate-hashes \
	--no-emit-index-url --no-annotate --no-header -o requirements.lock

.PHONY: packages
packages: ## Install the Debian packages that anything here needs
	tools/install-packages build guest network databases broker objects ceph discs

PACKAGES = $(addprefix packages-,guest network databases broker objects ceph discs)
.PHONY: $(PACKAGES)
$(PACKAGES): packages-%:
	@tools/install-packages $*

.PHONY: clean
clean: ## Remove .venv, reports and caches
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.PHONY: help
help: ## List these targets
	@awk 'BEGIN { FS = ":.*## " } \
	/^##@ / { printf "\n%s\n", substr($$0, 5) } \
	/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
