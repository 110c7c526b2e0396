"""`flask plan solve` and `flask plan check`, in processes of their own as an operator runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from tests.domain.cores import instance_file
from tests.formats.boards import a_board_file, an_answer_file
from tumorboard.cli.plan_files import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
GROUP = click.Group("plan", commands=list(COMMANDS))


def run(*words: object, typed: str | None = None) -> Result:
    """A command in this process."""
    result = CliRunner().invoke(GROUP, [str(word) for word in words], input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def refusal(*words: object, typed: str | None = None) -> str:
    """The one line of a refused command."""
    result = run(*words, typed=typed)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
    return result.stderr.removesuffix("\n")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The small instance in a file."""
    return write(tmp_path / "two.json", a_board_file())


def write(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def test_solve_gives_the_best_plan_in_the_words_of_the_format(file: Path) -> None:
    answer = json.loads(run("solve", file, "--json").stdout)

    seconds = answer.pop("seconds")
    assert answer == {key: value for key, value in an_answer_file().items() if key != "seconds"}
    assert seconds > 0


def test_solve_reads_standard_input_and_speaks_to_people(file: Path) -> None:
    result = run("solve", "-", typed=file.read_text())

    assert (result.exit_code, result.stdout.splitlines()[1]) == (0, "2 of 2 cases on 1 of 2 meetings")
    assert result.stdout.splitlines()[0].startswith("cost 30 after ")
    assert result.stdout.splitlines()[0].endswith(" s, proven optimal")


def test_solve_says_what_is_left_out_and_why(tmp_path: Path) -> None:
    content = a_board_file()
    content["cases"][1]["duration"] = 90

    result = run("solve", write(tmp_path / "x.json", content))

    assert result.stdout.splitlines()[-1] == "left out: c1 (longer-than-session)"


def test_equal_work_gives_equal_answers(file: Path) -> None:
    first, second = (json.loads(run("solve", file, "--work", "1", "--seed", "3", "--json").stdout) for _ in range(2))

    del first["seconds"], second["seconds"]
    assert first == second


def test_progress_goes_to_standard_error(file: Path) -> None:
    result = run("solve", file, "--progress", "--json")

    assert json.loads(result.stdout)["cost"] == 30
    assert [line.split()[2] for line in result.stderr.splitlines()][::2] != []
    assert result.stderr.splitlines()[0].split("  ")[-1] == "first-fit: cost 30"


def test_check_agrees_with_a_right_answer(file: Path, tmp_path: Path) -> None:
    solution = write(tmp_path / "answer.json", an_answer_file())

    result = run("check", file, solution, "--json")

    assert (result.exit_code, json.loads(result.stdout)) == (0, {"valid": True, "cost": 30, "violations": []})


def test_check_names_broken_rules_and_ends_with_one(file: Path, tmp_path: Path) -> None:
    solution = write(tmp_path / "answer.json", an_answer_file(attend={"s0": ["p0"]}, cost=0, lower_bound=0))

    report = run("check", file, solution, "--json")
    words = run("check", file, solution)

    assert report.exit_code == words.exit_code == 1
    assert json.loads(report.stdout)["violations"] == [
        {"rule": "specialty-missing", "ids": ["s0", "c1", "surgery"],
         "message": "c1 is on s0, which no specialist of surgery attends"},
    ]  # fmt: skip
    assert words.stdout.splitlines()[-1] == "cost 0; 1 rule broken"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"sessions": []}, "no-sessions: sessions: there is none; give at least one"),
        ({"specialists": []}, "no-specialists: specialists: there is none; give at least one"),
        (
            {"specialists": [{"id": "p0", "specialty": "x", "busy": []}]},
            "unknown-reference: specialists[0].specialty of 'p0': 'x' is none of the specialties",
        ),
    ],
)
def test_bad_instance_is_one_line(changes: dict[str, Any], line: str, tmp_path: Path) -> None:
    file = write(tmp_path / "x.json", a_board_file(**changes))

    assert refusal("solve", file) == line
    assert refusal("check", file, write(tmp_path / "a.json", an_answer_file())) == line


@pytest.mark.parametrize(
    ("words", "start"),
    [
        (("solve", "/nowhere.json"), "unreadable-file: /nowhere.json cannot be read"),
        (("solve", "."), "unreadable-file: . cannot be read"),
        (("solve", "-", "--seconds", "0"), "usage: Invalid value for '--seconds'"),
        (("solve", "-", "--seed", "-1"), "usage: Invalid value for '--seed'"),
        (("solve", "-"), "broken-json: -: no valid JSON"),
    ],
)
def test_bad_command_line_is_one_line(words: tuple[str, ...], start: str) -> None:
    assert refusal(*words, typed="[").startswith(start)


def serve(*words: object) -> subprocess.Popen[str]:
    """A command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "plan", *(str(word) for word in words)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ},
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stop_signal_gives_the_best_plan_so_far(number: signal.Signals) -> None:
    process = serve("solve", instance_file("medium-1"), "--seconds", "300", "--progress", "--json")
    assert process.stderr is not None
    assert "first-fit" in process.stderr.readline()
    process.stderr.readline()

    began = time.monotonic()
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)

    answer = json.loads(output)
    assert (process.returncode, answer["cost"] <= 4278) == (0, True)
    assert time.monotonic() - began < 30


def test_solution_of_a_public_instance_passes_the_check(tmp_path: Path) -> None:
    file = instance_file("small-1")

    answer = json.loads(run("solve", file, "--seconds", "20", "--json").stdout)
    result = run("check", file, write(tmp_path / "answer.json", answer))

    assert (answer["cost"], answer["lower_bound"], answer["gap"]) == (940, 940, 0.0)
    assert (result.exit_code, result.stdout) == (0, "cost 940; 0 rules broken\n")
