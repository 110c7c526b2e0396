"""What a person wants to receive, and how: of members and of accounts. Everything has a default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from tumorboard.domain.errors import BadInput

LONGEST_ALARM_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class MemberPreferences:
    """A member's. `alarm_minutes` before the start her calendar reminds her (VALARM), None for no alarm.

    `whole_series` sends her a changed instance with the whole series, for servers that lose it otherwise (calendars of
    the sabre family). The others switch letters: the `agenda` a day before, the `preparation` list when the case list
    closes, `changes` since the last digest, and `reminders` of a question without an answer.
    """

    alarm_minutes: int | None = None
    whole_series: bool = False
    agenda: bool = True
    preparation: bool = True
    changes: bool = True
    reminders: bool = True


@dataclass(frozen=True, slots=True)
class AccountPreferences:
    """An account's: the `morning` digest of coordinators."""

    morning: bool = True


def read_member_preferences(values: Mapping[str, object]) -> MemberPreferences:
    """From stored or submitted values, defaults for what is not given. Raises BadInput `bad-preference`."""
    known = {one.name for one in fields(MemberPreferences)}
    _refuse_unknown(values, known)
    given: dict[str, Any] = {name: _read_switch(name, values[name]) for name in values if name != "alarm_minutes"}
    alarm = values.get("alarm_minutes")
    if alarm is not None and (
        isinstance(alarm, bool) or not isinstance(alarm, int) or not 0 <= alarm <= LONGEST_ALARM_MINUTES
    ):
        raise BadInput(
            f"'alarm_minutes' is a whole number from 0 to {LONGEST_ALARM_MINUTES}, or nothing for no alarm",
            code="bad-preference",
            field="alarm_minutes",
        )
    return MemberPreferences(**{**given, "alarm_minutes": alarm})


def read_account_preferences(values: Mapping[str, object]) -> AccountPreferences:
    """From stored or submitted values, defaults for what is not given. Raises BadInput `bad-preference`."""
    _refuse_unknown(values, {one.name for one in fields(AccountPreferences)})
    return AccountPreferences(**{name: _read_switch(name, value) for name, value in values.items()})


def write_preferences(preferences: MemberPreferences | AccountPreferences) -> dict[str, Any]:
    """As a document that the readers understand."""
    return asdict(preferences)


def _read_switch(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise BadInput(f"'{name}' is true or false", code="bad-preference", field=name)
    return value


def _refuse_unknown(values: Mapping[str, object], known: set[str]) -> None:
    for name in values:
        if name not in known:
            raise BadInput(
                f"'{name}' is no preference; known: {', '.join(sorted(known))}", code="bad-preference", field=name
            )
