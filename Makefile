# Each target works on a fresh checkout: the environment is made when it is missing or pyproject.toml changed.
VENV := .venv
PEERS := .data/peers
PYTHON ?= python3
PORT ?= 8000
HOST ?= 127.0.0.1

.PHONY: run test check bench peers fuzz clean

$(VENV)/.run: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,peers]'
	touch $@ $(VENV)/.run

run: $(VENV)/.run
	$(VENV)/bin/monitor serve --host $(HOST) --port $(PORT)

test: $(VENV)/.dev
	$(VENV)/bin/python -m pytest -n 2 $(TESTS)

check: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(VENV)/.dev
	$(VENV)/bin/python -m pytest tests/benchmarks -m benchmark --benchmark-only --override-ini addopts= $(BENCH)

# Engines of others that tests talk to and that pip does not bring: without them those tests are skipped.
$(PEERS)/waline/.made: tests/peers/waline/package.json
	mkdir -p $(@D)
	cp $< $(@D)/
	npm install --prefix $(@D) --ignore-scripts --omit=dev --no-audit --no-fund --loglevel=error
	touch $@

peers: $(PEERS)/waline/.made

fuzz: $(VENV)/.dev
	FUZZ_EXAMPLES=10000 $(VENV)/bin/python -m pytest -n 2 -m fuzz tests/scrapers

clean:
	rm -rf $(VENV)
