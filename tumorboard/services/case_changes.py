"""What a row of a list changes of a case that is known already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tumorboard.domain.intake import Draft
from tumorboard.domain.model import Value
from tumorboard.store.cases import Case
from tumorboard.store.facts import decode_values


class Changed(StrEnum):
    """What changes: a field, a source column, the days of a report, or a remark."""

    FIELD = "field"
    SOURCE = "source"
    REPORTED = "reported"
    EXPECTED = "expected"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Change:
    """One value before and after; None where there is none. `name` is the id of the field, the report or the remark."""

    kind: Changed
    name: str
    before: Value | None
    after: Value | None


def find_changes(row: Case, draft: Draft) -> tuple[Change, ...]:
    """What writing the draft would change: the fields first, then source columns, remarks and reports."""
    return (*_of_fields(row, draft), *_of_flags(row, draft), *_of_reports(row, draft))


def list_names(changes: tuple[Change, ...]) -> tuple[str, ...]:
    """Each changed thing once, all remarks together as `flags`."""
    return tuple(dict.fromkeys("flags" if each.kind is Changed.FLAG else each.name for each in changes))


def _of_fields(row: Case, draft: Draft) -> Iterator[Change]:
    old = decode_values(row.facts)
    for name, value in draft.values.items():
        if old.get(name) != value:
            yield Change(Changed.FIELD, name, old.get(name), value)
    for name, text in draft.kept.items():
        if row.sources.get(name) != text:
            yield Change(Changed.SOURCE, name, row.sources.get(name), text)


def _of_flags(row: Case, draft: Draft) -> Iterator[Change]:
    flags = frozenset(row.flags.get("flags", []))
    for flag in sorted(flags ^ draft.flags):
        yield Change(Changed.FLAG, flag, flag in flags, flag in draft.flags)


def _of_reports(row: Case, draft: Draft) -> Iterator[Change]:
    noted = {item.item: item for item in row.readiness}
    for entry in draft.readiness:
        have = noted.get(entry.item)
        reported, expected = (have.reported_on, have.expected_on) if have else (None, None)
        if entry.reported_on and entry.reported_on != reported:
            yield Change(Changed.REPORTED, entry.item, reported, entry.reported_on)
        if entry.expected_on and entry.expected_on != expected:
            yield Change(Changed.EXPECTED, entry.item, expected, entry.expected_on)
