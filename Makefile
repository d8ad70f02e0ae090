# EdgeBazaar: `make help` lists what there is to do.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
NODE ?= node
UV_VERSION := 0.13.9
SOLC_VERSION := 0.8.37

UV := .tools/bin/uv
BIN := .venv/bin
BROWNIE := .venv-brownie/bin/brownie
BROWNIE_NETWORK ?= edgebazaar-anvil
ifeq ($(BROWNIE_NETWORK),edgebazaar-ganache)
export EDGEBAZAAR_BROWNIE_GAS_PRICE ?= 3000000000
endif

export SOLCX_BINARY_PATH ?= $(CURDIR)/.solc
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
export FOUNDRY_DISABLE_NIGHTLY_WARNING := 1

TOOLS_READY := .tools/.ready-$(UV_VERSION)
VENV_READY := .venv/.ready
BROWNIE_READY := .venv-brownie/.ready
PROVE_READY := .venv-prove/.ready
NODE_READY := node_modules/.ready
SOLC_READY := .solc/.ready

COMPILE_LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-header --no-annotate

.PHONY: help setup lock build demo test test-all python-test brownie-test fuzz fuzz-long coverage lint gas prove bench clean distclean

##@ Start here
help: ## show this list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n\033[1m%s\033[0m\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  \033[36mmake %-13s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nNeeded beforehand: Python 3.11+, Node 20+ and make. Everything else comes from the lock files.\n'

demo: build ## run the whole lifecycle on an embedded chain (ONCE=1: end after it; IMAGES=folder: your own pictures)
	$(BIN)/edgebazaar demo $(if $(filter-out 0,$(ONCE)),--once) $(if $(IMAGES),--images "$(IMAGES)")

test: build ## everything but the tests marked slow: brownie and forge beside pytest
	@mkdir -p var/test; log=var/test/beside.log; \
	echo "== brownie, forge and browser tests run beside the others; their log is $$log =="; \
	{ $(MAKE) --no-print-directory brownie-test && $(MAKE) --no-print-directory fuzz \
	  && $(MAKE) --no-print-directory python-test SUITES=tests/browser PYTEST_ARGS='-m "not slow" $(PYTEST_ARGS)'; \
	} > $$log 2>&1 & beside=$$!; \
	trap 'pkill -TERM -P $$beside 2> /dev/null || true; kill $$beside 2> /dev/null || true' EXIT; \
	echo '== unit and integration tests in pytest =='; python=0; \
	$(MAKE) --no-print-directory python-test SUITES='tests/unit tests/integration' PYTEST_ARGS='-m "not slow" $(PYTEST_ARGS)' \
	  || python=$$?; \
	echo '== brownie, forge and browser tests =='; other=0; wait $$beside || other=$$?; \
	if [ $$other -eq 0 ]; then grep -E '^=+ .*(passed|failed)|^Ran .* test suites' $$log || true; else tail -n 80 $$log; fi; \
	exit $$((python > other ? python : other))

test-all: build ## everything, the tests marked slow included
	@$(MAKE) --no-print-directory brownie-test
	@$(MAKE) --no-print-directory fuzz
	@$(MAKE) --no-print-directory fuzz-long
	@$(MAKE) --no-print-directory python-test

lint: setup ## style, types, import rules, and whether the compiled artifacts are up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m edgebazaar.chain.build --check

gas: build ## gas of every function beside budgets and other contracts; fails 1 % above snapshots/gas.json (UPDATE=1: rewrites it)
	$(BIN)/python -m benchmarks.gas $(if $(filter-out 0,$(UPDATE)),--update)

bench: build ## measure speed, scale and gas (BENCHMARKS="gas outbox": only these)
	$(BIN)/python -m benchmarks $(BENCHMARKS)

##@ Parts of it
setup: $(VENV_READY) $(BROWNIE_READY) $(NODE_READY) $(SOLC_READY) ## environments, npm packages, compiler (once)

build: setup ## compile contracts/ into backend/edgebazaar/chain/artifacts/ where they are stale
	@$(BIN)/python -m edgebazaar.chain.build

SUITES ?= tests/unit tests/integration tests/browser
python-test: setup
	@$(BIN)/pytest $(SUITES) $(PYTEST_ARGS) || { code=$$?; \
	[ $$code -eq 5 ] && echo "Nothing in $(SUITES) was selected." || exit $$code; }

brownie-test: setup ## contract tests in brownie, on an Anvil of their own (BROWNIE_ARGS=...)
	@# brownie stumbles over what it compiled from sources that were moved or removed since
	@names=$$(find contracts -name '*.sol' | sort | cksum); \
	[ "$$names" = "$$(cat build/.sources 2> /dev/null)" ] || rm -rf build; mkdir -p build; echo "$$names" > build/.sources
	@if [ -d tests/contracts ]; then \
	  port=$$($(BIN)/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'); \
	  EDGEBAZAAR_BROWNIE_PORT=$$port $(BROWNIE) test --network $(BROWNIE_NETWORK) $(BROWNIE_ARGS); \
	else echo 'There are no brownie tests yet.'; fi

fuzz: setup ## fuzz and invariant tests in forge (FORGE_ARGS=...)
	@# The npm wrapper of forge ends with 0 even where tests fail, so the binary behind it is called.
	@if compgen -G 'tests/fuzz/*.sol' > /dev/null; then node_modules/@foundry-rs/forge-*/bin/forge test $(FORGE_ARGS); \
	else echo 'There are no forge tests yet.'; fi

fuzz-long: setup ## the invariants through more than a million calls
	FOUNDRY_PROFILE=long node_modules/@foundry-rs/forge-*/bin/forge test --match-test '^invariant_' $(FORGE_ARGS)

COVERAGE_REPORT := var/coverage/lcov.info
coverage: setup ## lines and branches of contracts/ that the forge tests run
	@# The size test counts gas, which code that is instrumented and not optimised does not keep to.
	@mkdir -p $(dir $(COVERAGE_REPORT))
	node_modules/@foundry-rs/forge-*/bin/forge coverage --report lcov --report-file $(COVERAGE_REPORT) --no-match-contract Size $(FORGE_ARGS) \
	  > var/coverage/forge.log
	$(BIN)/python scripts/coverage_report.py $(COVERAGE_REPORT)

prove: setup $(PROVE_READY) ## slither over the contracts, and what halmos proves of them (PROVE_ARGS=...)
	.venv-prove/bin/python scripts/prove_slither.py
	PATH="$(CURDIR)/.venv-prove/bin:$$PATH" FOUNDRY_PROFILE=prove .venv-prove/bin/python scripts/halmos_run.py \
	  --forge-build-out var/prove/out --loop 17 --solver-timeout-assertion 900s $(PROVE_ARGS)

lock: $(TOOLS_READY) ## resolve the dependencies of pyproject.toml and package.json again
	$(COMPILE_LOCK) $(LOCK_ARGS) --extra dev pyproject.toml -o requirements/backend.lock
	$(PYTHON) scripts/contracts_requirements.py > .tools/brownie.in
	$(COMPILE_LOCK) $(LOCK_ARGS) .tools/brownie.in -o requirements/brownie.lock
	$(PYTHON) scripts/contracts_requirements.py prove > .tools/prove.in
	$(COMPILE_LOCK) $(LOCK_ARGS) .tools/prove.in -o requirements/prove.lock
	npm install --package-lock-only --ignore-scripts

clean: ## remove what builds, tests and runs left behind (environments stay)
	rm -rf var build dist reports .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .benchmarks
	find backend tests scripts -name __pycache__ -prune -exec rm -rf {} +

distclean: clean ## also remove the environments
	rm -rf .tools .venv .venv-brownie .venv-prove node_modules .solc

# A stamp is newer than its lock file once the folder behind it holds what the lock says.
$(TOOLS_READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || { \
	  echo 'EdgeBazaar needs Python 3.11 or newer; name one with `make PYTHON=/path/to/python3.11`.' >&2; exit 1; }
	@echo '-- uv $(UV_VERSION)'
	@rm -rf .tools && $(PYTHON) -m venv .tools && .tools/bin/pip install --quiet uv==$(UV_VERSION) 2>&1 \
	  | { grep -v '^WARNING: Location' >&2 || true; }
	@touch $@

$(VENV_READY): requirements/backend.lock pyproject.toml | $(TOOLS_READY)
	@echo '-- Python environment .venv'
	@[ -x .venv/bin/python ] || $(UV) venv --quiet --python "$$(command -v $(PYTHON))" .venv
	@$(UV) pip install --quiet --python .venv --require-hashes -r requirements/backend.lock
	@$(UV) pip install --quiet --python .venv --no-deps --no-build-isolation --editable .
	@touch $@

$(BROWNIE_READY): requirements/brownie.lock pyproject.toml scripts/brownie_setup.py scripts/brownie_networks.yaml | $(TOOLS_READY)
	@echo '-- Python environment .venv-brownie, brownie networks'
	@[ -x .venv-brownie/bin/python ] || $(UV) venv --quiet --python "$$(command -v $(PYTHON))" .venv-brownie
	@$(UV) pip install --quiet --python .venv-brownie --require-hashes -r requirements/brownie.lock
	@$(UV) pip install --quiet --python .venv-brownie --no-deps --no-build-isolation --editable .
	@.venv-brownie/bin/python scripts/brownie_setup.py
	@touch $@

$(PROVE_READY): requirements/prove.lock | $(TOOLS_READY)
	@echo '-- Python environment .venv-prove'
	@[ -x .venv-prove/bin/python ] || $(UV) venv --quiet --python "$$(command -v $(PYTHON))" .venv-prove
	@$(UV) pip install --quiet --python .venv-prove --require-hashes -r requirements/prove.lock
	@touch $@

# Not `npm ci`: a registry mirror may lack Foundry's builds for other platforms, which npm then leaves out of the lock
# file; `install` takes every version and checksum from the lock file and skips those, `ci` refuses.
$(NODE_READY): package-lock.json package.json scripts/openzeppelin_shanghai.py
	@$(NODE) -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' 2> /dev/null || { \
	  echo 'EdgeBazaar needs Node 20 or newer (with npm).' >&2; exit 1; }
	@echo '-- npm packages: Anvil, forge, Ganache, solc, OpenZeppelin'
	@npm install --no-save --ignore-scripts --loglevel=error
	@$(PYTHON) scripts/openzeppelin_shanghai.py
	@touch $@

$(SOLC_READY): scripts/install_solc.py scripts/solc/solc-v$(SOLC_VERSION) $(VENV_READY) $(NODE_READY)
	@$(BIN)/python scripts/install_solc.py $(SOLC_VERSION)
	@touch $@
