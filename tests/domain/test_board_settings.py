"""The settings of a board: read whole or refused with the key that is wrong."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from tumorboard.domain.agenda_model import AgendaWeights
from tumorboard.domain.board_settings import BoardSettings, read_settings
from tumorboard.domain.errors import BadInput
from tumorboard.domain.planning_problem import Weights


def test_no_settings_are_the_defaults() -> None:
    assert read_settings({}) == BoardSettings(Weights(), AgendaWeights(), 0, 0, 0)


def test_given_settings_replace_the_defaults() -> None:
    found = read_settings(
        {
            "break_after_minutes": 90,
            "break_minutes": 10,
            "complex_minutes": 12,
            "weights": {"late_day": 50, "urgent": 20},
            "agenda": {"held_minute": 3},
        }
    )

    assert found == BoardSettings(Weights(late_day=50, urgent=20), AgendaWeights(held_minute=3), 90, 10, 12)


def test_what_follows_from_an_answer_can_be_set() -> None:
    given = {"answer_days": 5, "remind_days": 1, "substitutes": "invite", "allow_proposals": False}

    found, usual = read_settings(given), BoardSettings()

    assert {name: getattr(found, name) for name in given} == given
    assert (usual.answer_days, usual.remind_days, usual.substitutes, usual.allow_proposals) == (3, 2, "offer", True)


@pytest.mark.parametrize("name", [known.name for known in fields(Weights)])
def test_every_weight_can_be_set(name: str) -> None:
    assert getattr(read_settings({"weights": {name: 7}}).weights, name) == 7


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"colour": 1}, "colour"),
        ({"weights": {"lateday": 1}}, "weights.lateday"),
        ({"agenda": {"late_day": 1}}, "agenda.late_day"),
        ({"weights": {"late_day": -1}}, "weights.late_day"),
        ({"weights": {"late_day": 1_000_001}}, "weights.late_day"),
        ({"weights": {"late_day": 1.5}}, "weights.late_day"),
        ({"weights": {"late_day": True}}, "weights.late_day"),
        ({"weights": {"urgent": 0}}, "weights.urgent"),
        ({"agenda": {"inversion": "much"}}, "agenda.inversion"),
        ({"weights": 3}, "weights"),
        ({"break_after_minutes": -5}, "break_after_minutes"),
        ({"break_after_minutes": 60}, "break_minutes"),
        ({"break_minutes": 10}, "break_after_minutes"),
        ({"complex_minutes": 481}, "complex_minutes"),
        ({"answer_days": 61}, "answer_days"),
        ({"remind_days": True}, "remind_days"),
        ({"substitutes": "always"}, "substitutes"),
        ({"substitutes": ["invite"]}, "substitutes"),
        ({"allow_proposals": 1}, "allow_proposals"),
        ({"allow_proposals": "yes"}, "allow_proposals"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_key(values: dict[str, Any], key: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_settings(values)

    assert (refused.value.code, refused.value.values) == ("bad-setting", {"key": key})
    assert f"'{key}'" in str(refused.value)


@pytest.mark.parametrize(
    ("minutes", "breaks"),
    [(90, ()), (100, ()), (101, ((90, 10),)), (200, ((90, 10),)), (201, ((90, 10), (190, 10)))],
)
def test_a_long_meeting_pauses_but_not_right_before_its_end(minutes: int, breaks: tuple[tuple[int, int], ...]) -> None:
    settings = BoardSettings(break_after_minutes=90, break_minutes=10)

    assert settings.breaks_of(minutes) == breaks


def test_a_board_without_breaks_never_pauses() -> None:
    assert BoardSettings().breaks_of(480) == ()
