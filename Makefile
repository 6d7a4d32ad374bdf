# make run     set up everything and serve the site        (PORT=8000 HOST=127.0.0.1 DATA_DIR=./data)
# make test    set up everything and run every test        (ARGS="-k import" to choose)
# make check   formatter, linter, types, deployment checks, migrations
# make od-api-tests   the tests that come with the Object Detection API (ARGS="--mode tf2 --jobs 1"; about 25 minutes)
# make faults         days of work with faults put into them    (SEEDS=1-20 ARGS="--variant sqlite --faults 8"; a minute or two each)
# make fuzz           many thousand inputs for each reader      (ARGS="--inputs 10000 --reader voc")
# make contract      the API against its own document            (EXAMPLES=200 SEED=1; about fourteen minutes)
# make audit         known weaknesses of what is installed         (asks pypi.org; needs the internet)
# make pictures      those of README.md and docs, from the running site
# make setup   the set-up alone; leaves .venv/bin/python
SHELL := /bin/bash
PY := .venv/bin/python

.PHONY: run test od-api-tests faults fuzz contract pictures audit check setup setup-dev chromium postgres redis ffmpeg format clean

run: setup
	@exec $(PY) manage.py serve

setup:
	@deploy/setup.sh run

setup-dev:
	@deploy/setup.sh dev

chromium:
	@deploy/chromium.sh

postgres:
	@deploy/postgres.sh

redis:
	@deploy/redis.sh

ffmpeg:
	@deploy/ffmpeg.sh

# Most tests wait for one core, so two run at a time; a browser wants the machine for itself.
test: setup-dev chromium postgres redis ffmpeg
ifdef ARGS
	$(PY) -m pytest $(ARGS)
else
	$(PY) -m pytest -n auto --maxprocesses 4 --dist loadfile -m "not browser"
	$(PY) -m pytest -m browser
endif

od-api-tests: setup-dev
	$(PY) -m tests.od_api $(ARGS)

faults: setup-dev postgres redis
	$(PY) -m tests.faults --seeds $(or $(SEEDS),1-20) $(ARGS)

fuzz: setup-dev ffmpeg
	$(PY) -m tests.fuzz $(ARGS)

# In an environment of its own, because it needs other versions than we do.
audit: setup
	@test -x .venv/audit/bin/pip-audit || { .venv/bin/python -m venv .venv/audit && .venv/audit/bin/pip --quiet install pip-audit==2.10.1; }
	.venv/audit/bin/pip-audit --disable-pip --no-deps -r constraints.txt

pictures: setup-dev chromium
	$(PY) -m tests.e2e.pictures

contract: setup-dev
	SW_CONTRACT_EXAMPLES=$(or $(EXAMPLES),200) SW_CONTRACT_SEED=$(or $(SEED),1) $(PY) -m pytest tests/contract

check: setup-dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy manage.py sw_site datasets training detections
	SW_HTTPS=1 DATA_DIR=$$(mktemp -d) $(PY) manage.py check --deploy --fail-level WARNING
	DATA_DIR=$$(mktemp -d) $(PY) manage.py makemigrations --check --dry-run

format: setup-dev
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache
