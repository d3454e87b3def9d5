PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The module that all compiled ones share stands beside the packages, also for commands in other folders.
PLATLIB = $$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
COMPILE = MCP_ADMISSION_COMPILE=1 $(BIN)/python setup.py --quiet build_ext --inplace && cp *.so $(PLATLIB)
UNCOMPILE = find webhook -name '*.so' -delete; rm -f *.so $(PLATLIB)/mcp_admission__mypyc*.so

# Tests start hundreds of processes: none of them is to compile the product anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-compiled fast one debug lint format bench bench-quick bench-compare bench-record bench-sizing bench-fleet bench-console docs screenshots cluster lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

demo: $(VENV)/demo ## show the main job on a real-looking MCP server
	@$(BIN)/python -m tools.demo

test: $(VENV)/dev ## run all tests: without a cluster, with coverage; on clusters; attacks, alone
	@$(BIN)/python -m tools.browser > /dev/null || [ "$$CI" != true ]
	@$(BIN)/python -m tools.cluster build > /dev/null || [ "$$CI" != true ]
	$(BIN)/python -m pytest -n logical -rfEs -m 'not control_plane' --cov --cov-report=term --cov-fail-under=95
	$(BIN)/python -m coverage report --include='webhook/rules/*,webhook/pods/*,webhook/admission/*,certs/*' --fail-under=100
	$(BIN)/python -m pytest -n auto -rfEs -m control_plane --ignore=tests/hostile
	$(BIN)/python -m pytest -rfEs tests/hostile

test-compiled: $(VENV)/dev ## run all tests on the compiled engine
	$(COMPILE)
	trap "$(UNCOMPILE)" EXIT; \
	$(BIN)/python -m pytest -n auto -rfEs --ignore=tests/hostile \
	&& $(BIN)/python -m pytest -rfEs tests/hostile

fast: $(VENV)/dev ## run the tests that need no control plane
	$(BIN)/python -m pytest -q -n logical -m 'not control_plane'

one: $(VENV)/dev ## run some tests (T=tests/rules/checks/test_capabilities.py, or T="tests -k name")
	$(BIN)/python -m pytest -q $(T)

lint: $(VENV)/dev ## check style, types and the order of the layers
	$(BIN)/ruff check && $(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev ## write the code as the linter wants it
	$(BIN)/ruff format && $(BIN)/ruff check --fix

bench: $(VENV)/dev ## measure the product beside Go webhooks in ten minutes; needs Go, writes bench.json
	$(COMPILE)
	trap "$(UNCOMPILE)" EXIT; $(BIN)/python -m tools.bench

bench-quick: $(VENV)/dev ## less of that, in a minute
	$(COMPILE)
	trap "$(UNCOMPILE)" EXIT; $(BIN)/python -m tools.bench --quick

bench-compare: $(VENV)/dev ## say what differs between two runs, and what is noise (A=old.json B=new.json)
	@$(BIN)/python -m tools.bench.compare $(A) $(B)

bench-record: $(VENV)/dev ## record the reviews of the bench anew, on a control plane
	$(BIN)/python -m tools.bench.record

bench-sizing: $(VENV)/dev ## measure what a replica takes at steady rates of reviews, in five minutes; writes sizing.json
	$(COMPILE)
	trap "$(UNCOMPILE)" EXIT; $(BIN)/python -m tools.bench.sizing

bench-fleet: $(VENV)/dev ## print what ten thousand servers cost the controller (SERVERS=10000)
	$(BIN)/python -m tools.bench.fleet_run $(SERVERS)

bench-console: $(VENV)/dev ## print what ten thousand servers cost the console (SERVERS=10000); writes console.json
	$(BIN)/python -m tools.bench.console_run $(SERVERS)

docs: $(VENV)/dev ## make docs/rules.md from the rules, and what is made from settings, chart and the kept bench run
	$(BIN)/mcp-admission rules -o markdown > docs/rules.new && mv docs/rules.new docs/rules.md
	$(BIN)/python -m tools.chart
	$(BIN)/python -m tools.bench.page

screenshots: $(VENV)/dev ## take the pictures of docs/console.md anew, on a control plane
	$(BIN)/python -m tools.screenshots

cluster: $(VENV)/dev ## run a Kubernetes control plane with the product on it, until Ctrl-C
	@$(BIN)/python -m tools.release

debug: $(VENV)/dev ## run a control plane that calls a webhook which you start under a debugger
	@$(BIN)/python -m tools.debug

lock: ## pin every dependency by version and hash
	sh locks/make.sh

clean: ## remove what the other targets made
	rm -rf $(VENV) build dist *.egg-info .*_cache .coverage* bench.json bench.svg sizing.json console.json
	$(UNCOMPILE)

$(VENV)/demo: locks/demo.txt pyproject.toml
	@sh locks/install.sh $(PYTHON) $(VENV) locks/demo.txt && touch $@

$(VENV)/dev: locks/dev.txt pyproject.toml
	@sh locks/install.sh $(PYTHON) $(VENV) locks/dev.txt && touch $@ $(VENV)/demo
