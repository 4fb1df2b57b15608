# Two commands are all a newcomer needs: `make demo` and `make test`. Both set up what they need.
# Debian packages are installed only when they are missing and the user is root.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
LAB_PACKAGES := mmdebstrap systemd-container iproute2 openssh-client e2fsprogs ethtool qemu-system-x86
PACKAGES := python3-venv libcap2-bin $(LAB_PACKAGES)
DEV_PACKAGES := gcc libc6-dev softhsm2 openssl chromium fonts-dejavu-core groff-base
BENCH_PACKAGES := openssh-server openssh-client iproute2 prometheus-blackbox-exporter
# Whatever index it is from, a package is taken only if its hash is in the requirements. Wheels alone: building one from
# source would fetch tools that nobody pinned (for a platform without wheels: make BINARY= setup).
BINARY ?= --only-binary :all:
INSTALL := $(BIN)/pip install -q --disable-pip-version-check --require-hashes $(BINARY)
PIN := uv pip compile -q --universal --generate-hashes --no-strip-extras --no-header --no-annotate
NOT_FETCHED := the packages could not be installed: pip says why above; offline, it needs an index or folder that has them (pip.conf)
# An environment stays with the Python that made it: another one that is asked for must not be ignored in silence.
SAME_PYTHON := asked=$$($(PYTHON) -c 'import sys; print(*sys.version_info[:2])'); has=$$($(BIN)/python -c 'import sys; print(*sys.version_info[:2])'); \
    [ "$(origin PYTHON)" = file ] || [ "$$asked" = "$$has" ] || \
    { echo "$(VENV) has another Python than $(PYTHON): remove it (make clean), or name another with VENV=" >&2; exit 1; }
KEEP ?=
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: setup ## Take three requests through the procedure on real throwaway servers (KEEP=1 leaves them up)
	@$(BIN)/sopctl demo $(if $(KEEP),--keep); ended=$$?; \
	if [ -n "$$SUDO_UID" ]; then chown -R "$$SUDO_UID:$$SUDO_GID" "$(VENV)" demo-site .cache 2>/dev/null; fi; exit $$ended

.PHONY: test
test: lint ## Check the code, then run the whole suite, real servers included
	@mkdir -p .cache
	@SOPCTL_SECONDS=$(CURDIR)/.cache/seconds.json $(BIN)/python -m pytest -q -n 4 --dist worksteal -p tests.timing

BATTERY := .cache/battery/$(shell git rev-parse --short HEAD 2>/dev/null)

.PHONY: battery
battery: setup-dev ## Run what is too long for every change (hours); broken off, it goes on with what has not passed (ONLY=tests/faults)
	@test -d .cache/atheris || $(BIN)/pip install -q --disable-pip-version-check --no-deps --target .cache/atheris 'atheris==3.0.0'
	@test -x .cache/wapiti/bin/wapiti || { $(BIN)/python -m venv --clear .cache/wapiti && \
	    .cache/wapiti/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements-wapiti.txt; }
	@mkdir -p $(BATTERY)
	@ended=0; SOPCTL_BATTERY=1 SOPCTL_FIGURES=$(CURDIR)/$(BATTERY)/figures.jsonl SOPCTL_PASSED=$(CURDIR)/$(BATTERY)/passed \
	    nice -n 19 $(BIN)/pytest -q -n 2 --dist worksteal -p tests.faults.resuming -m 'battery or scaled' $(ONLY) || ended=$$?; \
	test ! -e $(BATTERY)/figures.jsonl || $(BIN)/python -m tests.faults.report $(BATTERY)/figures.jsonl; \
	test $$ended = 5 || exit $$ended
	@$(if $(ONLY),,$(MAKE) -s --no-print-directory mutate)

.PHONY: mutate
mutate: setup-dev ## Do the tests notice wrong code? MUTANTS=300 of model/ and store/ by SEED=1, ONLY=store/journal.py (goes on like battery)
	@mkdir -p $(BATTERY)
	@SOPCTL_FIGURES=$(CURDIR)/$(BATTERY)/figures.jsonl nice -n 19 $(BIN)/python -m tests.faults.mutate --judged $(BATTERY)/mutants.jsonl --covering $(BATTERY)/covering \
	    $(if $(MUTANTS),--mutants $(MUTANTS)) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))
	@$(if $(ONLY),,$(BIN)/python -m tests.faults.report $(BATTERY)/figures.jsonl)

.PHONY: bench
bench: setup-dev ## Run every benchmark at a bounded size, beside its peers (ONLY=checks; sizes for figures: docs/explanation/benchmarks.md)
	@$(MAKE) -s --no-print-directory system PACKAGES="$(BENCH_PACKAGES)"
	@$(BIN)/python -m benchmarks $(ONLY)

.PHONY: coverage
coverage: setup-dev ## Run the suite traced, and say which lines no test reaches (twice as long)
	@$(BIN)/pytest -q -n 4 --dist worksteal --cov --cov-report=term-missing:skip-covered

.PHONY: test-paramiko4
test-paramiko4: setup-dev ## Run the tests of SSH with paramiko 4, the older of the two that pyproject.toml allows
	@test -d .cache/paramiko4 || $(INSTALL) --no-deps --target .cache/paramiko4 -r requirements-paramiko4.txt
	@PYTHONPATH=.cache/paramiko4:$(CURDIR) $(BIN)/python -m pytest -q -n 2 --dist worksteal tests/adapters/test_spoken.py tests/adapters/ssh tests/adapters/switch

.PHONY: matrix
matrix: setup-dev ## Run what needs no servers under each stated Python, in a Debian that has it if need be (PYTHONS="3.12 trixie", REQUIRED=3.13, SECONDS=600 at most, ONLY=tests/model)
	@$(BIN)/python -m distribution.pythons matrix $(if $(PYTHONS),--pythons "$(PYTHONS)") \
	    $(if $(REQUIRED),--required "$(REQUIRED)") $(if $(SECONDS),--seconds "$(SECONDS)") $(ONLY)

.PHONY: canary
canary: setup-dev ## Run the same with the newest packages that the ranges of pyproject.toml allow, and name them
	@$(BIN)/python -m distribution.pythons canary

.PHONY: lint
lint: setup-dev ## Check style, types, the one-way rule and the playbooks
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo >.lint-imports.log 2>&1 || { cat .lint-imports.log; exit 1; }
	@$(BIN)/ansible-lint --offline -q playbooks

.PHONY: setup
setup: system $(VENV)/.runtime ## Make the virtual environment with the pinned dependencies

.PHONY: setup-dev
setup-dev: setup $(VENV)/.development $(BIN)/promtool $(BIN)/nginx $(BIN)/caddy $(BIN)/nats-server ## The same with what tests and checks need
	@$(MAKE) -s --no-print-directory system PACKAGES="$(DEV_PACKAGES)"

.PHONY: system
system: # Debian packages that are missing; without root or apt, say which
	@if ! command -v dpkg-query >/dev/null; then \
	    echo "this machine has no apt: of itself it should have what these Debian packages have (sopctl doctor tries it): $(PACKAGES)" >&2; \
	    exit 0; fi; missing=""; for package in $(PACKAGES); do \
	    dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then \
	    if [ "$$(id -u)" = 0 ]; then \
	        echo "installing:$$missing" >&2; \
	        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	    else echo "missing Debian packages (the lab needs them):$$missing; as root: apt-get install$$missing" >&2; fi; \
	fi

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo "$(PYTHON) cannot make virtual environments: as root, apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "no virtual environment could be made in $(VENV): see above" >&2; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || { rm -rf $(VENV); \
	    echo "programs may not run below $(abspath $(VENV)) (a file system mounted noexec?): make setup VENV=/elsewhere" >&2; exit 1; }

$(VENV)/.runtime: requirements.txt pyproject.toml | $(VENV)/bin/pip
	@$(SAME_PYTHON)
	@$(INSTALL) -r requirements.txt || { echo "$(NOT_FETCHED)" >&2; exit 1; }
	@$(BIN)/pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.development: requirements-dev.txt $(VENV)/.runtime
	@$(INSTALL) -r requirements.txt -r requirements-dev.txt || { echo "$(NOT_FETCHED)" >&2; exit 1; }
	@touch $@

# Single programs of Debian packages: Prometheus' linter of metrics, the proxies that the page is tried behind, the
# engine's broker. The packages themselves would start servers on this machine. promtool is a package since Debian 13.
$(BIN)/promtool: | $(VENV)/bin/pip
	@$(call program,promtool prometheus,./usr/bin/promtool)

$(BIN)/nginx: | $(VENV)/bin/pip
	@$(call program,nginx,./usr/sbin/nginx)

$(BIN)/caddy: | $(VENV)/bin/pip
	@$(call program,caddy,./usr/bin/caddy)

$(BIN)/nats-server: | $(VENV)/bin/pip
	@$(call program,nats-server,./usr/sbin/nats-server)

define program
fetch() { for each in $(1); do ! apt-get download -qq $$each 2>/dev/null || return 0; done; return 1; }; \
	folder=$$(mktemp -d) && cd $$folder && { fetch || { apt-get update -qq && fetch; }; } && \
	dpkg-deb --fsys-tarfile *.deb | tar -xf - $(2) && install $(2) "$(abspath $@)" || \
	echo "$(@F) (Debian package $(firstword $(1))) cannot be fetched: its test is skipped" >&2; rm -rf $$folder
endef

.PHONY: wheel
wheel: setup ## Build the wheel in dist/, with the pinned build tools, and the pins to install it with beside it
	@rm -rf build/share && $(BIN)/python distribution/manual.py build/share
	@rm -f dist/sopctl-*.whl
	@$(BIN)/pip wheel -q --disable-pip-version-check --no-build-isolation --no-deps -w dist .
	@cp requirements.txt dist/constraints.txt

.PHONY: deb
deb: wheel ## Build the Debian package in dist/, for the Pythons of Debian 12 and 13
	@$(BIN)/python distribution/deb.py

.PHONY: pins
pins: setup-dev ## Write the requirements anew from pyproject.toml, each with all hashes of its release (UPGRADE=1: newest)
	@$(PIN) $(if $(UPGRADE),--upgrade) pyproject.toml -c distribution/held.txt --extra bmc --extra engine --extra netbox --extra oidc --extra page --extra sign --group build -o requirements.txt
	@$(PIN) $(if $(UPGRADE),--upgrade) --group dev -c requirements.txt \
	    $$(sed -n 's/^\([a-z0-9][a-z0-9._-]*\).*==.*/--no-emit-package \1/p' requirements.txt) -o requirements-dev.txt
	@$(PIN) --no-deps $(if $(UPGRADE),--upgrade) --group paramiko4 -o requirements-paramiko4.txt
	@echo 'wapiti3>=3.2,<3.3' | uv pip compile -q --generate-hashes --no-header --no-annotate $(if $(UPGRADE),--upgrade) \
	    --python-version 3.11 - -o requirements-wapiti.txt
	@echo 'mkdocs-material>=9.6,<10' | uv pip compile -q --generate-hashes --no-header --no-annotate $(if $(UPGRADE),--upgrade) \
	    --python-version 3.11 - -o requirements-docs.txt

.PHONY: docs
docs: setup ## Make what is generated in docs/: commands, what they print as JSON, errors, settings, causes, the schema of facts, the text for auditors
	@$(BIN)/python docs/generate/commands.py >docs/reference/commands.md
	@$(BIN)/python docs/generate/facts_schema.py >docs/reference/facts.schema.json
	@$(BIN)/python docs/generate/errors.py >docs/reference/errors.md
	@$(BIN)/python docs/generate/documents.py >docs/reference/json.md
	@$(BIN)/python docs/generate/documents.py --schema >docs/reference/json.schema.json
	@cp sopctl/adapters/documents/templates/verify.md docs/id/verify.md
	@$(BIN)/python docs/generate/causes.py >docs/reference/causes.md
	@$(BIN)/python docs/generate/settings.py >docs/reference/settings.md
	@$(BIN)/python docs/generate/roles.py

.PHONY: catalog
catalog: setup-dev ## Collect sopctl's texts into the catalogs of translations (sopctl/locale), and compile them
	@$(BIN)/python -m distribution.catalog

.PHONY: docs-site
docs-site: setup-dev leaflet ## Build the documentation as a site in .cache/site, searchable, every link and anchor checked
	@test -x .cache/docs-site/bin/mkdocs || { $(BIN)/python -m venv --clear .cache/docs-site && \
	    .cache/docs-site/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements-docs.txt; }
	@NO_MKDOCS_2_WARNING=1 .cache/docs-site/bin/mkdocs build -q --strict
	@echo ".cache/site/index.html"

.PHONY: leaflet
leaflet: setup ## Make the leaflet for heads, docs/id/selebaran.pdf, to be printed
	@$(BIN)/python -c 'import typst; typst.compile("docs/id/selebaran.typ", output="docs/id/selebaran.pdf")'

.PHONY: pictures
pictures: setup-dev ## Take the screenshots of the page that the docs show, in Debian's chromium
	@SOPCTL_PICTURES=$(CURDIR)/docs/images $(BIN)/pytest -q -n 0 tests/page/test_browser.py -k pictures_of_the_docs

.PHONY: clean
clean: ## Remove what setup, tests and demo made here
	@$(BIN)/sopctl lab down --name demo 2>/dev/null || true
	@rm -rf $(VENV) build .cache demo-site .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* .lint-imports.log
