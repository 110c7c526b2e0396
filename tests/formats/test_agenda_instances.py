"""Agendas to be ordered, as JSON: what is read, what is refused and where, what is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tumorboard.domain.agenda import order_cases
from tumorboard.domain.agenda_instance import AgendaCase, AgendaInstance, AgendaSpecialty
from tumorboard.domain.agenda_model import Block, Break
from tumorboard.domain.errors import BadInput
from tumorboard.formats.agenda_instances import read_agenda_instance, write_agenda_order

SMALL: dict[str, Any] = {
    "kind": "agenda-order",
    "name": "small",
    "specialties": [{"id": "s1", "cost": 10}, {"id": "s2", "cost": 1}],
    "cases": [
        {"id": "c1", "duration": 5, "requires": ["s1"]},
        {"id": "c2", "duration": 10, "requires": ["s2"]},
        {"id": "c3", "duration": 5, "requires": ["s1", "s2"]},
    ],
}


def read(**changes: Any) -> AgendaInstance:
    """The small instance with some keys replaced."""
    return read_agenda_instance(json.dumps({**SMALL, **changes}).encode(), "small.json")


def a_case(**changes: Any) -> list[dict[str, Any]]:
    """One case with some keys replaced."""
    return [{"id": "c1", "duration": 5, "requires": ["s1"], **changes}]


def test_instance_is_read_with_its_optional_keys() -> None:
    instance = read(
        fixed_start={"c1": 15}, present={"s1": [[0, 60]]}, last=["c3"], **{"break": {"at": 45, "minutes": 10}}
    )

    assert instance == AgendaInstance(
        name="small",
        specialties=(AgendaSpecialty("s1", 10), AgendaSpecialty("s2", 1)),
        cases=(AgendaCase("c1", 5, ("s1",)), AgendaCase("c2", 10, ("s2",)), AgendaCase("c3", 5, ("s1", "s2"))),
        fixed_start={"c1": 15},
        present={"s1": ((0, 60),)},
        last=("c3",),
        pause=Break(45, 10),
    )
    assert [item.block for item in instance.items] == [Block.NORMAL, Block.NORMAL, Block.LAST]


def test_instance_without_cases_or_specialties_is_an_empty_agenda() -> None:
    assert read(cases=[], specialties=[]).items == ()


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"cases": a_case(duration=-5)}, "bad-value", "cases[0].duration: must be bigger than or equal to"),
        ({"cases": a_case(duration=0)}, "bad-value", "cases[0].duration: must be bigger than or equal to"),
        ({"cases": a_case(duration=2.5)}, "bad-value", "cases[0].duration: must be integer, not 2.5"),
        ({"cases": a_case(requires=["s9"])}, "unknown-reference", "cases[0].requires[0]: there is no specialty 's9'"),
        ({"cases": a_case(requires=["s1", "s1"])}, "given-twice", "cases[0].requires: 's1' is given twice"),
        ({"cases": a_case() + a_case()}, "given-twice", "cases: 'c1' is given twice"),
        ({"specialties": [{"id": "s1", "cost": -1}]}, "bad-value", "specialties[0].cost: must be bigger"),
        ({"specialties": SMALL["specialties"] * 2}, "given-twice", "specialties: 's1' is given twice"),
        ({"fixed_start": {"c9": 0}}, "unknown-reference", "fixed_start.c9: there is no case 'c9'"),
        ({"fixed_start": {"c1": -1}}, "bad-value", "fixed_start.c1: must be bigger than or equal to"),
        ({"last": ["c9"]}, "unknown-reference", "last[0]: there is no case 'c9'"),
        ({"present": {"s9": [[0, 5]]}}, "unknown-reference", "present.s9: there is no specialty 's9'"),
        ({"present": {"s1": [[9, 5]]}}, "empty-window", "present.s1[0]: the window from minute 9 to 5"),
        ({"present": {"s1": [[-9, 5]]}}, "bad-value", "present.s1[0][0]: must be bigger than or equal to"),
        ({"present": {"s1": [[0, 8]]}}, "window-too-short", "s1 is needed for 10 minutes, but is there for at most 8"),
        ({"present": {"s1": [[500, 600]]}}, "window-too-short", "present.s1"),
        ({"present": {"s1": []}}, "window-too-short", "at most 0 minutes"),
        ({"break": {"at": 5}}, "bad-value", "break: must contain ['minutes'] properties"),
        ({"kind": "board-planning"}, "bad-value", "kind: must be same as const definition: agenda-order"),
        ({"meetings": []}, "bad-value", "must not contain {'meetings'} properties"),
        ({"cases": a_case() * 1001}, "bad-value", "cases"),
    ],
)
def test_wrong_value_is_refused_with_its_place(changes: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(**changes)

    assert refused.value.code == code
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "content", [b"", b"[", b"\xff\xfe", b"null", b"[]", b'{"kind": "agenda-order"}', b"[" * 100_000]
)
def test_broken_file_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput):
        read_agenda_instance(content, "broken.json")


def test_answer_has_windows_and_says_what_is_violated() -> None:
    instance = read(present={"s1": [[0, 12], [20, 40]]}, fixed_start={"c1": 0, "c3": 5})

    order = order_cases(instance.items, weights=instance.costs, free=instance.present, fixed=instance.fixed_start)
    answer = write_agenda_order(instance, order, seconds=0.12345)

    assert (answer["order"], answer["held"], answer["waiting"]) == (["c1", "c3", "c2"], 115, 0)
    assert answer["windows"] == {"s1": [[0, 10]], "s2": [[5, 20]]}
    assert (answer["starts"], answer["violations"], answer["seconds"]) == ({"c1": 0, "c3": 5, "c2": 10}, [], 0.123)


def test_answer_names_minutes_outside_the_windows() -> None:
    instance = read(present={"s1": [[0, 15]]}, fixed_start={"c1": 0, "c3": 12})

    order = order_cases(instance.items, weights=instance.costs, free=instance.present, fixed=instance.fixed_start)
    answer = write_agenda_order(instance, order, seconds=0)

    assert answer["violations"] == [{"specialty": "s1", "window": [0, 17], "minutes_outside": 2}]
