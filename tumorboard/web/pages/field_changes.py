"""What an import changes of a case, each thing by its label, with its value before and after."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tumorboard.domain.model import Value
from tumorboard.domain.program import Program
from tumorboard.services.case_changes import Change, Changed
from tumorboard.web.pages.fields import say_value
from tumorboard.web.pages.frame import words
from tumorboard.words import format_date, labels
from tumorboard.words.labels import say_code


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A thing by its label; `before` and `after` are empty where there is no value."""

    label: str
    before: str
    after: str


def say_changes(changes: Iterable[Change], program: Program) -> list[ChangeLine]:
    """One line for each change, in the reader's language."""
    return [_line(change, program) for change in changes]


def _line(change: Change, program: Program) -> ChangeLine:
    label = _label(change, program)
    if change.kind is Changed.FLAG:
        remark = say_code(change.name, words(), labels.FLAGS)
        return ChangeLine(label, remark if change.before else "", remark if change.after else "")
    return ChangeLine(label, _say(change, change.before, program), _say(change, change.after, program))


def _label(change: Change, program: Program) -> str:
    language = words().language
    if change.kind is Changed.FIELD and change.name in program.fields:
        return program.fields[change.name].label.in_language(language)
    if change.kind is Changed.FLAG:
        return words().gettext("Remark")
    items = {item.id: item.label.in_language(language) for item in program.readiness}
    if change.kind is Changed.REPORTED:
        return words().gettext("%(report)s: reported on") % {"report": items.get(change.name, change.name)}
    if change.kind is Changed.EXPECTED:
        return words().gettext("%(report)s: expected on") % {"report": items.get(change.name, change.name)}
    return change.name.replace("_", " ")


def _say(change: Change, value: Value | None, program: Program) -> str:
    if value is None:
        return ""
    if change.kind is Changed.FIELD and change.name in program.fields:
        return say_value(program.fields[change.name], value, {})
    return format_date(value, words().language) if isinstance(value, date) else str(value)
