"""Board-planning files: what is read, and every refusal with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.domain.cores import instance_file
from tests.formats.boards import a_board_file, an_answer_file
from tumorboard.domain.errors import BadInput
from tumorboard.domain.planning_instance import BoardAnswer, InstanceCase, InstanceMeeting
from tumorboard.formats.board_instances import read_board_answer, read_board_instance, write_board_answer


def read(value: dict[str, Any]) -> Any:
    return read_board_instance(json.dumps(value).encode(), "x.json")


def refusal(value: dict[str, Any]) -> tuple[str, str]:
    """Code and message."""
    with pytest.raises(BadInput) as caught:
        read(value)
    return caught.value.code, str(caught.value)


def test_instance_is_read_as_it_stands() -> None:
    instance = read(a_board_file())

    assert (instance.name, instance.horizon_days, len(instance.specialists)) == ("two", 7, 3)
    assert instance.meetings[1] == InstanceMeeting("s1", "ovary", "r1", 1500, 1560, 60, True, 20)
    assert instance.cases[0] == InstanceCase("c0", ("ovary",), 15, ("radiology",), None, 0, 1440, 1, 100)
    assert instance.specialists[0].busy == ((0, 30),)


@pytest.mark.parametrize(
    ("key", "position", "field", "value", "where"),
    [
        ("cases", 1, "duration", -5, "cases[1].duration"),
        ("cases", 1, "duration", 0, "cases[1].duration"),
        ("cases", 0, "duration", 1.5, "cases[0].duration"),
        ("cases", 0, "duration", "15", "cases[0].duration"),
        ("cases", 0, "boards", [], "cases[0].boards"),
        ("cases", 0, "weight", -1, "cases[0].weight"),
        ("cases", 0, "unscheduled_cost", 10**30, "cases[0].unscheduled_cost"),
        ("sessions", 0, "capacity", -1, "sessions[0].capacity"),
        ("sessions", 0, "optional", "no", "sessions[0].optional"),
        ("specialists", 0, "busy", [[0, 30], [40]], "specialists[0].busy[1]"),
        ("specialists", 0, "busy", [[0, True]], "specialists[0].busy[0]"),
        ("specialists", 0, "id", "", "specialists[0].id"),
        ("specialties", 0, "attendance_cost", None, "specialties[0].attendance_cost"),
    ],
)
def test_bad_value_is_refused_with_its_place(key: str, position: int, field: str, value: Any, where: str) -> None:
    file = a_board_file()
    file[key][position][field] = value

    code, message = refusal(file)

    assert (code, message.split(":")[0]) == ("bad-value", f"x.json, {where}")


def test_another_kind_of_file_is_refused() -> None:
    code, message = refusal(a_board_file(kind="agenda-order"))

    assert (code, message.split(":")[0]) == ("bad-value", "x.json, kind")


def test_unknown_key_of_a_row_is_refused() -> None:
    file = a_board_file()
    file["cases"][0]["nmaed"] = "p0"

    code, message = refusal(file)

    assert (code, message.split(":")[0]) == ("bad-value", "x.json, cases[0]")


def test_missing_key_is_refused() -> None:
    file = a_board_file()
    del file["cases"]

    assert refusal(file)[0] == "bad-value"


def test_file_may_say_more_about_itself() -> None:
    assert read(a_board_file(seed=7)) == read(a_board_file())


@pytest.mark.parametrize("content", [b"", b"{", b"[1,2", b"\xff\xfe", b'{"kind": NaN}', b"[" * 100_000])
def test_broken_json_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        read_board_instance(content, "x.json")

    assert caught.value.code == "broken-json"


def test_answer_is_written_and_read_back() -> None:
    answer = BoardAnswer({"c0": "s0"}, {"s0": ("p0", "p1")}, 40, 30, 1.5, {"c1": ("full",)})

    written = write_board_answer(answer)

    assert (written["lower_bound"], written["gap"]) == (30, 0.25)
    assert read_board_answer(json.dumps(written).encode(), "a.json") == answer


def test_answer_without_a_bound_has_no_gap() -> None:
    written = write_board_answer(BoardAnswer({}, {}, 40))

    assert (written["lower_bound"], written["gap"], written["unscheduled"]) == (None, None, {})


def test_bound_between_two_costs_counts_as_the_higher_one() -> None:
    answer = read_board_answer(json.dumps(an_answer_file(lower_bound=12.3)).encode(), "a.json")

    assert answer.bound == 13


def test_answer_of_another_shape_is_refused() -> None:
    with pytest.raises(BadInput) as caught:
        read_board_answer(json.dumps(an_answer_file(assign=[["c0", "s0"]])).encode(), "a.json")

    assert (caught.value.code, str(caught.value).split(":")[0]) == ("bad-value", "a.json, assign")


@pytest.mark.parametrize("name", ["small-1", "medium-1", "large-1"])
def test_public_instance_is_read(name: str) -> None:
    path = instance_file(name)

    instance = read_board_instance(path.read_bytes(), path.name)

    assert (instance.name, len(instance.meetings) > 0) == (name, True)
