# Every target starts from a bare python3: it creates .venv and installs what the lock names.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# One more than there are processors: half of what a test of a server takes is waiting for it.
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n < 8 ? n + 1 : 8)))
TESTS = .ci/in-memory $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
# The tests start hundreds of processes: what they import is compiled once, whatever the surroundings say.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install demo test lives test-all test-engine-everywhere chaos crash-matrix lint format docs docs-check docs-site bench bench-analysis bench-impact bench-scale bench-libraries bench-load serve lock sbom audit clean

install: $(STAMP)

$(STAMP): requirements-dev.txt pyproject.toml fastperf.py hatch_build.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(STAMP)

# Without the slow ones and those that need a browser or npm.
test: $(STAMP)
	$(TESTS) --ignore=tests/heavy --ignore=tests/octokit --ignore=tests/browser --ignore=tests/fixes

# Pull requests' lives at random, other ones each time: LIVES=50 takes a while.
lives: $(STAMP)
	FASTPERF_EXPLORE=1 FASTPERF_LIVES=$(or $(LIVES),20) $(BIN)/python -m pytest -s tests/heavy/test_long_lives.py

test-all: $(STAMP)
	$(TESTS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMP)
	$(BIN)/python -m rules.engine.page
	$(BIN)/python -m app.review.schema

docs-check: $(STAMP)
	$(BIN)/python -m rules.engine.page --check
	$(BIN)/python -m app.review.schema --check

# The documentation as a site, in site/.
docs-site: $(STAMP)
	$(BIN)/zensical build --clean --strict -f mkdocs.yml

# The App on this machine against the stand-in GitHub; SERVE=1 keeps both up.
demo: $(STAMP)
	$(BIN)/python -m examples.demo $(if $(SERVE),--serve)

serve: $(STAMP)
	$(BIN)/fastperf serve

# fastperf against its peers, which get an environment of their own.
bench: bench-analysis
bench-analysis: $(STAMP)
	$(BIN)/python -m benchmarks.analysis $(if $(PROJECT),--project $(PROJECT))

# What each rule's advice is worth, under load; RULE="FP101 FP201" measures only those. Writes rules/measured.json.
bench-impact: $(STAMP)
	$(BIN)/python -m benchmarks.impact $(RULE)

# What `fastperf scale` says against endpoints loaded to saturation.
bench-scale: $(STAMP)
	$(BIN)/python -m benchmarks.impact --scale

# Are the names of rules/libraries there in the libraries of today? Installs them one after another, for an hour or so, and
# leaves nothing behind; LIBRARY="stripe redis" asks only for these.
bench-libraries: $(STAMP)
	$(BIN)/python -m benchmarks.libraries $(LIBRARY)

# The engine must read code the same on each Python: its tests run on every other python3 found here.
test-engine-everywhere:
	$(firstword $(wildcard $(BIN)/python) $(PYTHON)) -m tests.everywhere

# The crash matrix by a seeded schedule of faults, on SQLite and on PostgreSQL; ends with 1 on any violation.
chaos: $(STAMP)
	$(BIN)/python -m tests.chaos --seconds $(or $(SECONDS),60) $(if $(SEED),--seed $(SEED)) $(if $(DATABASE),--database $(DATABASE))

# kill -9 at every point that a server comes to, each by itself, on both databases: ten minutes where nothing else runs.
crash-matrix: $(STAMP)
	$(BIN)/python -m tests.chaos --every-point $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) $(if $(DATABASE),--database $(DATABASE))

# The server under load, against a bare echo of the same bodies in the same run.
bench-load: $(STAMP)
	$(BIN)/python -m benchmarks.load $(if $(PARTS),$(PARTS))

# What the image is made of, and whether anything in it is known to be vulnerable (asks PyPI's advisories).
AUDIT := .venv-audit
$(AUDIT)/.installed: requirements-audit.txt
	test -x $(AUDIT)/bin/python || $(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.txt
	touch $@

sbom: $(AUDIT)/.installed
	mkdir -p dist
	$(AUDIT)/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --of JSON -o dist/fastperf.cdx.json requirements.txt

audit: $(AUDIT)/.installed
	$(AUDIT)/bin/pip-audit --strict --progress-spinner off --disable-pip --require-hashes -r requirements.txt -r requirements-build.txt

# Lock files carry hashes, never addresses.
lock: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements.txt pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements-build.txt requirements-build.in
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements-audit.txt requirements-audit.in
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev -o requirements-dev.txt pyproject.toml

clean:
	rm -rf $(VENV) $(AUDIT) .pytest_cache .mypy_cache .ruff_cache dist
