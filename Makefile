# Tessera on a fresh machine: python3 >= 3.11 and make are enough, every target makes .venv first.
# `make` alone shows what there is.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

BIN := .venv/bin
STAMP := .venv/.stands
# Passed on to the command of the target: make demo ARGS=--check, make test ARGS='-k split -x'
ARGS ?=

# A server or an editor may carry settings of another project; they do not belong in this one.
unexport PYTHONPATH VIRTUAL_ENV

.PHONY: help env demo test check bench faults mutation format reference lock browser clean \
	check-format check-lint check-types check-imports check-tidy check-sql

help: ## This list
	@echo 'Tessera: every target makes its own environment in .venv first (a minute, once).'
	@echo
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name what; \
	do printf '%-16s %s\n' "$$name" "$$what"; done
	@echo
	@echo 'ARGS goes to the command:  make demo ARGS=--check    make test ARGS="-k split -x"'
	@echo 'Start with:                make demo'

env: $(STAMP) ## Make .venv from the locked, hashed requirements

demo: $(STAMP) ## A small shop with two years of receipts, served; ARGS=--check proves it and ends
	$(BIN)/tessera demo $(ARGS)

# Where there is room in memory the tests' databases lie there: a fifth faster (measured).
MEMORY = $(shell free=$$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $$4 }'); \
	left=$$(awk '/^MemAvailable/ { print $$2 }' /proc/meminfo 2>/dev/null); \
	if [ "$${free:-0}" -gt 10000000 ] && [ "$${left:-0}" -gt 16000000 ]; \
	then echo PYTEST_DEBUG_TEMPROOT=/dev/shm; fi)

# One more than processors: a test often waits, for a browser or for a clock (a tenth faster, measured).
WORKERS = $(shell expr `getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2` + 1)

test: $(STAMP) ## All tests, several files at a time; browser tests skip without a Chromium (make browser)
	$(MEMORY) $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

# One line per check, so that `make -k check` shows all that is wrong and `make -j2 check` is faster.
check: check-format check-lint check-types check-imports check-tidy check-sql ## Format, lint, types, import contracts, tidy tests, SQL

bench: $(STAMP) ## Measure what the README claims into bench/results.json
	$(BIN)/tessera bench $(ARGS)

faults: $(STAMP) ## The long runs: kill, proxy, disk, every page in every look
	$(BIN)/pytest -m 'faults or faults_long' --long tests $(ARGS)

mutation: $(STAMP) ## Change the pure cores a little, 600 times: some test must notice; see docs/mutation.md
	cd tests && nice -n 10 ../$(BIN)/python -m support.mutation $(ARGS)

format: $(STAMP) ## Let ruff write the format and the safe fixes
	$(BIN)/ruff format
	$(BIN)/ruff check --fix-only

reference: $(STAMP) ## Write docs/reference from the mechanics' and conditions' own files
	$(BIN)/python -m tessera.doors.cli.reference docs/reference

lock: $(STAMP) ## Resolve requirements/*.in into locks again; ARGS=--upgrade for newer versions
	@for room in core dedup dev; do \
		$(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
			--custom-compile-command 'make lock' $(ARGS) \
			requirements/$$room.in --output-file requirements/$$room.txt || exit 1; \
	done

# The shell of Chromium is the same browser without windows: it takes half the time (measured).
browser: ## A system Chromium for the browser tests (installs on Debian as root, else says how)
	@shell=chromium-headless-shell; fonts='fonts-inter fonts-noto-cjk'; \
	if [ -f /etc/debian_version ] && [ "`id -u`" = 0 ] && ! command -v $$shell >/dev/null 2>&1; then \
		export DEBIAN_FRONTEND=noninteractive; \
		order='apt-get install -y -qq --no-install-recommends'; \
		apt-get update -qq; $$order $$shell $$fonts || $$order chromium $$fonts || true; \
	fi; \
	for name in $$shell chromium chromium-browser google-chrome; do \
		if command -v $$name >/dev/null 2>&1; then \
			echo "browser: `command -v $$name`"; exit 0; \
		fi; \
	done; \
	echo 'browser: no Chromium found. Install it with your system, then run this again:'; \
	echo "  Debian, Ubuntu   sudo apt-get install chromium $$fonts"; \
	echo '  Fedora           sudo dnf install chromium'; \
	echo '  macOS            brew install --cask chromium'; \
	exit 1

clean: ## Remove .venv, caches and builds (never your data)
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .schemathesis \
		build dist mutants
	find src tests migrations bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

check-format: $(STAMP)
	$(BIN)/ruff format --check

check-lint: $(STAMP)
	$(BIN)/ruff check

check-types: $(STAMP)
	$(BIN)/mypy

check-imports: $(STAMP)
	$(BIN)/lint-imports --no-logo

check-tidy: $(STAMP)
	$(BIN)/pytest -q tests/tidy

# A folder without .sql files yet is nothing to complain about.
check-sql: $(STAMP)
	@files=`find src migrations -name '*.sql' 2>/dev/null | sort`; \
	if [ -n "$$files" ]; then echo '$(BIN)/sqlfluff lint'; $(BIN)/sqlfluff lint $$files; fi

# The environment. The stamp is written last, so a half-made one is made again. uv is fetched by pip
# with the hashes of the lock, then installs the rest in seconds; where uv cannot reach the packages
# (it does not read pip's settings for a mirror) pip installs the same lock with the same hashes.
# The system's Python goes first: it is built with profiles, and one compiled without them took
# 1.45 times as long for the same work (measured). PYTHON=... says another.
$(STAMP): requirements/dev.txt pyproject.toml
	@for needs in 'venv, ensurepip' sys; do \
		for python in "$$PYTHON" /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11; do \
			if [ -z "$$found" ] && [ -n "$$python" ] && "$$python" -c \
				"import $$needs, sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; \
			then found=$$python; fi; \
		done; \
	done; \
	if [ -z "$$found" ]; then \
		echo 'Tessera needs Python 3.11 or newer; python3 here is:' \
			"`python3 --version 2>&1 || true`" >&2; \
		echo '  Debian 12+, Ubuntu 24.04+   apt-get install python3 python3-venv' >&2; \
		echo '  Fedora                      dnf install python3' >&2; \
		echo '  macOS                       brew install python' >&2; \
		echo '  elsewhere installed         make env PYTHON=/where/it/is/bin/python3' >&2; \
		exit 1; \
	fi; \
	if ! "$$found" -c 'import venv, ensurepip' 2>/dev/null; then \
		echo "$$found has no venv or ensurepip, which make .venv:" >&2; \
		echo '  Debian, Ubuntu   apt-get install python3-venv' >&2; \
		echo '  elsewhere        install the complete Python, then: make env PYTHON=its/bin/python3' >&2; \
		exit 1; \
	fi; \
	rm -f $@; \
	if ! $(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "making .venv with `$$found --version`"; \
		"$$found" -m venv --clear .venv; \
	fi
	@sed -n '/^uv==/,/# via/p' requirements/dev.txt >.venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
	@echo 'installing requirements/dev.txt (locked, hashed)'
	@$(BIN)/uv pip install --quiet --no-config --python $(BIN)/python --require-hashes \
		-r requirements/dev.txt || { \
		echo 'uv could not; pip installs the same lock, which takes longer'; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
			-r requirements/dev.txt; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-index \
		--no-build-isolation --editable .
	@touch $@
