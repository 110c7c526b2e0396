# make install, lint, format, test, demo, lock, rules, words, shots, tasks; nothing to install but Python and make.
PY = .venv/bin/python

.PHONY: install lint format test demo lock rules words shots tasks

install:
	python3 -m venv --without-pip .venv
	pip --python .venv install -q -r requirements-dev.txt

lint:
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -m djlint tumorboard --lint --quiet

format:
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

test:
	$(PY) -m pytest -q -n auto

demo:
	.venv/bin/flask --app wsgi demo

lock:
	uv pip compile -q --generate-hashes requirements.in -o requirements.txt
	uv pip compile -q --generate-hashes requirements-dev.in -o requirements-dev.txt

rules:
	.venv/bin/flask --app wsgi rules --markdown > docs/rules.md

words:
	$(PY) -m tumorboard.words

shots:
	$(PY) -m tests.browser.shots docs/img

tasks:
	TUMORBOARD_REQUIRE_BROWSER=1 $(PY) -m pytest -q -n auto $$(grep -l "^from tests.browser.counting" tests/browser/test_*.py)
	$(PY) -m tests.browser.tasks
