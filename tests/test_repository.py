"""The repository keeps its own promises: what the papers say is what the files do."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from config import SETTINGS, settings_table

ROOT = Path(__file__).resolve().parents[1]
DEMO_COMMAND = (
    "python3 -m venv --without-pip .venv && pip --python .venv install -q -r requirements.txt"
    " && .venv/bin/flask --app wsgi demo"
)
TEST_COMMAND = "pip --python .venv install -q -r requirements-dev.txt && .venv/bin/python -m pytest -q -n auto"
LOCKS = ("requirements", "requirements-dev")
LEAVES_NO_TRACE = {
    "a path of one machine": re.compile(r"(?<![\w.}/-])/(?:work|root|home/\w+|Users/\w+)/"),
    "a package index": re.compile(r"(?:--(?:extra-)?index-url|--trusted-host|--find-links)[ =]|^index-url *=", re.M),
    "a host of packages": re.compile(
        r"files\.pythonhosted|pypi\.org|artifactory|nexus|://(?:\d{1,3}\.){3}\d+:\d+/simple"
    ),
}
NO_TEXT = {".png", ".jpg", ".xlsx", ".pdf", ".ico", ".gz", ".zip"}


def tracked_files() -> list[Path]:
    """Every file that belongs to the repository; without git, every file outside hidden folders."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        return sorted(ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file())
    inside = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return sorted(
        ROOT / path
        for path in inside
        if not any(part.startswith(".") or part == "instance" for part in path.parts[:-1])
    )


def text_files() -> list[tuple[str, str]]:
    """Name and content of every tracked text file."""
    return [
        (str(path.relative_to(ROOT)), path.read_bytes().decode(errors="replace"))
        for path in tracked_files()
        if path.suffix not in NO_TEXT
    ]


def read(name: str) -> str:
    """A file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def direct_dependencies(name: str) -> list[tuple[str, str]]:
    """Each requirement of an `.in` file as (line before it, package name)."""
    lines = read(f"{name}.in").splitlines()
    return [
        (before, match[0].lower())
        for before, line in zip(["", *lines], lines, strict=False)
        if (match := re.match(r"[A-Za-z][\w.-]*", line))
    ]


def pinned(name: str) -> dict[str, str]:
    """Package → its whole entry in a lock file, hashes included."""
    entries = re.split(r"(?m)^(?=[A-Za-z])", re.sub(r"(?m)^\s*#.*\n", "", read(f"{name}.txt")))
    return {re.match(r"[\w.-]+", entry)[0].lower(): entry for entry in entries if entry.strip()}  # type: ignore[index]


def test_configuration_page_has_the_table_of_the_settings() -> None:
    page = read("docs/configuration.md")

    assert settings_table() in page, "stale: put the output of `.venv/bin/python config.py` into docs/configuration.md"


def test_papers_name_only_settings_that_exist() -> None:
    switches_of_tests = {
        "TUMORBOARD_REQUIRE_BROWSER",
        "TUMORBOARD_UPDATE_LETTERS",
        "TUMORBOARD_CALENDAR_TOOLS",
        "TUMORBOARD_COUNTS",
    }
    named = {
        name
        for file, text in text_files()
        if file.endswith(".md") or file == ".ci/run"
        for name in re.findall(r"TUMORBOARD_[A-Z][A-Z_]*[A-Z]", text)
    }

    assert named - switches_of_tests - set(SETTINGS) == set()


def test_only_config_reads_the_environment() -> None:
    readers = [
        file
        for file, text in text_files()
        if file.startswith("tumorboard/")
        and file.endswith(".py")
        and re.search(r"os\.environ(\[|\.get\()|getenv|import environ", text)  # handing it on is not reading it
    ]

    assert readers == []


def test_web_asks_the_database_through_services_only() -> None:
    asking = [
        file
        for file, text in text_files()
        if file.startswith("tumorboard/web/") and file.endswith(".py") and re.search(r"(?<![\w.])select\(", text)
    ]

    assert asking == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_direct_dependency_says_what_it_is_for(name: str) -> None:
    silent = [package for before, package in direct_dependencies(name) if not re.match(r"# \S", before)]

    assert silent == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_direct_dependency_is_locked(name: str) -> None:
    wanted = {package for _, package in direct_dependencies(name)}

    assert wanted - set(pinned(name)) == set()


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_version_and_hashes(name: str) -> None:
    loose = [
        package
        for package, entry in pinned(name).items()
        if not re.match(r"[\w.\[\],-]+==\S+", entry) or "--hash=sha256:" not in entry
    ]

    assert loose == []


def test_both_locks_agree() -> None:
    service, everything = ({package: entry.split()[0] for package, entry in pinned(name).items()} for name in LOCKS)

    assert {package: everything.get(package) for package in service} == service


@pytest.mark.parametrize("trace", LEAVES_NO_TRACE)
def test_no_file_names(trace: str) -> None:
    found = [
        f"{file}: {match[0].strip()}" for file, text in text_files() if (match := LEAVES_NO_TRACE[trace].search(text))
    ]

    assert [line for line in found if not line.startswith("tests/test_repository.py:")] == []


def test_no_file_holds_a_resident_registration_number() -> None:
    found = [
        file
        for file, text in text_files()
        if not file.startswith("tests/") and re.search(r"(?<!\d)\d{6}-[1-8]\d{6}(?!\d)", text)
    ]

    assert found == []


def test_links_between_papers_lead_somewhere() -> None:
    broken = [
        f"{file}: {target}"
        for file, text in text_files()
        if file.endswith(".md")
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
        if "://" not in target
        and not target.startswith("mailto:")
        and not (ROOT / file).parent.joinpath(target).exists()
    ]

    assert broken == []


def test_decisions_are_numbered_without_gap_and_have_the_four_parts() -> None:
    decisions = sorted((ROOT / "docs/adr").glob("*.md"))

    assert [path.name[:4] for path in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    for path in decisions:
        parts = ["Context", "Options", "Decision", "Consequences"]
        assert re.findall(r"(?m)^## (.+)$", path.read_text(encoding="utf-8")) == parts, path.name


def test_continuous_integration_can_be_started() -> None:
    assert os.access(ROOT / ".ci/run", os.X_OK)


@pytest.mark.parametrize("command", [DEMO_COMMAND, TEST_COMMAND])
def test_commands_of_the_readme_are_run_by_continuous_integration(command: str) -> None:
    assert command in read("README.md").splitlines()
    assert command in read(".ci/run")
