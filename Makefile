# Every target only calls commands that a person could type.
VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
SYNC := $(UV) sync --frozen --quiet
unexport PYTHONDONTWRITEBYTECODE  # the tests start the portal hundreds of times: compile it once

.PHONY: run test check bench setup setup-test format clean

run: setup            ## the sample MateCost app behind the gate, at http://127.0.0.1:8000/
	$(VENV)/bin/portal store upgrade
	$(VENV)/bin/portal serve

test: setup-test check ## everything, on SQLite and on PostgreSQL, with a real browser where there is one
	$(PY) -m pytest -n 3  # on two cores: one works while two wait for a browser, a store, a minute

check: setup-test     ## style, types, known weaknesses
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/bandit --quiet --configfile pyproject.toml --recursive portal middleware wsgi.py

bench: setup-test     ## what the gate costs, side by side, in one run
	$(PY) -m benchmarks

setup: $(UV)
	$(SYNC)

setup-test: $(UV)
	$(SYNC) --all-extras

format: setup-test
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

clean:                ## removes the virtual environment; data under instance/ stays
	rm -rf $(VENV)

$(UV):
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check uv==0.13.9
