"""`flask agenda order`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Terminal
from tumorboard.standalone import find_standalone

INSTANCE: dict[str, Any] = {
    "kind": "agenda-order",
    "name": "three",
    "specialties": [{"id": "s1", "cost": 10}, {"id": "s2", "cost": 1}],
    "cases": [
        {"id": "c1", "duration": 5, "requires": ["s1"]},
        {"id": "c2", "duration": 10, "requires": ["s2"]},
        {"id": "c3", "duration": 5, "requires": ["s1", "s2"]},
    ],
}


@pytest.fixture
def terminal() -> Terminal:
    """A terminal on the small application, which has no database."""
    app = find_standalone(["agenda", "order"])
    assert app is not None
    return Terminal(app)


def test_order_answers_in_json(terminal: Terminal) -> None:
    answer = terminal.json("agenda", "order", "-", typed=json.dumps(INSTANCE))

    seconds = answer.pop("seconds")
    assert 0 <= seconds < 5
    assert answer == {
        "name": "three",
        "order": ["c1", "c3", "c2"],
        "held": 115,
        "waiting": 0,
        "proven": True,
        "lower_bound": 115,
        "windows": {"s1": [[0, 10]], "s2": [[5, 20]]},
        "starts": {"c1": 0, "c3": 5, "c2": 10},
        "violations": [],
    }


def test_order_prints_a_table(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "three.json"
    file.write_text(json.dumps(INSTANCE), encoding="utf-8")

    text = terminal.text("agenda", "order", file)

    assert text.splitlines() == [
        "minute  case  minutes  needs",
        "0       c1    5        s1",
        "5       c3    5        s1, s2",
        "10      c2    10       s2",
        "held 115, of it waiting 0; proven best",
    ]


def test_order_says_whose_window_is_not_kept(terminal: Terminal) -> None:
    typed = json.dumps({**INSTANCE, "present": {"s1": [[0, 15]]}, "fixed_start": {"c1": 0, "c3": 12}})

    result = terminal.run("agenda", "order", "-", "--json", typed=typed)

    assert result.exit_code == 0
    assert result.stderr == "s1 is held from minute 0 to 17, 2 minutes of it outside its windows\n"
    assert json.loads(result.stdout)["violations"] == [{"specialty": "s1", "window": [0, 17], "minutes_outside": 2}]


def test_order_refuses_contradictory_times_in_one_line(terminal: Terminal) -> None:
    refusal = terminal.refusal(
        "agenda", "order", "-", typed=json.dumps({**INSTANCE, "fixed_start": {"c1": 0, "c2": 3}})
    )

    assert refusal.startswith("fixed-times-clash: cases c1 (minute 0 to 5) and c2 (from minute 3) are fixed")


def test_order_refuses_a_file_that_is_none(terminal: Terminal) -> None:
    assert terminal.refusal("agenda", "order", "-", typed="{").startswith("broken-json: standard input")
    assert terminal.refusal("agenda", "order", "/nowhere.json").startswith("unreadable-file: ")
    assert "--seconds" in terminal.refusal("agenda", "order", "-", "--seconds", "0", typed="{}")
