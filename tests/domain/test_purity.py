"""The domain stays free of frameworks, and no line of Python knows a programme."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import tumorboard

PACKAGE = Path(tumorboard.__file__).parent
FORBIDDEN = ("flask", "sqlalchemy", "marshmallow", "apscheduler", "icalendar", "openpyxl", "ortools", "requests")
PROGRAMMES = re.compile(r"(?<![a-z])(ovarian|perinatal|cerclage|aletti)(?![a-z])", re.IGNORECASE)


def list_domain_modules() -> list[str]:
    """Every module of the domain; heavy libraries load only when their functions are called."""
    paths = sorted((PACKAGE / "domain").rglob("*.py"))
    names = [path.relative_to(PACKAGE.parent).with_suffix("").parts for path in paths]
    return [".".join(parts).removesuffix(".__init__") for parts in names]


def test_domain_loads_without_any_framework() -> None:
    script = (
        "import importlib, sys\n"
        f"for name in {list_domain_modules()!r}:\n"
        "    importlib.import_module(name)\n"
        f"print(sorted(set({FORBIDDEN!r}) & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )

    assert done.stdout.strip() == "[]"


def test_domain_modules_are_found() -> None:
    assert {"tumorboard.domain", "tumorboard.domain.program", "tumorboard.domain.programs"} <= {*list_domain_modules()}


def test_no_line_of_python_names_a_programme() -> None:
    lines = [
        f"{path.relative_to(PACKAGE.parent)}:{number}: {line.strip()}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "demo.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if PROGRAMMES.search(line)
    ]

    assert lines == []


def test_every_programme_file_is_known_to_the_search_above() -> None:
    files = (
        path for path in (PACKAGE / "domain" / "programs").glob("*.toml") if not path.name.endswith(".intake.toml")
    )

    assert {path.stem for path in files} == {"ovarian", "perinatal", "cerclage"}
