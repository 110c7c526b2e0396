"""A window of the reader as a card, on the page of her windows and on that of the meeting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tumorboard.services.invitations import ASKED_FOR
from tumorboard.services.my_parts import MyCase, MyPart
from tumorboard.store.meetings import MeetingInvitation
from tumorboard.web.auth import setup
from tumorboard.web.pages.frame import words
from tumorboard.web.pages.names import full_name
from tumorboard.words.answers import say_answer
from tumorboard.words.substitutes import REJECTIONS


@dataclass(frozen=True, slots=True)
class PartCard:
    """One window of mine as a card: why I am needed, case by case what is asked, and what I said.

    `why` are the short words of rules with their ids, which are empty for what is no rule. `is_open` while I can
    answer, `is_asked` while an answer is missing. `deputies` are ids and names, `unfit` names with why they cannot
    come; `stand_in` comes in my place, or with `is_stand_in_asked` has not answered yet, and with `may_come` I can
    still come myself. `fallen` was to come in my place and does not: I am asked again.
    """

    row: MeetingInvitation
    why: tuple[tuple[str, str], ...]
    cases: tuple[MyCase, ...]
    question_count: int
    hers_to_prepare: int
    answer: str
    state: str
    is_open: bool
    is_asked: bool
    deputies: tuple[tuple[str, str], ...]
    unfit: tuple[tuple[str, str], ...]
    stand_in: str
    is_stand_in_asked: bool
    may_come: bool
    fallen: str


def card_of(part: MyPart, now: datetime) -> PartCard:
    """A part as its card says it, in the reader's language."""
    row = part.row
    labels = labels_of(row)
    is_ahead = row.meeting.status != "cancelled" and row.starts_at > now
    is_open = is_ahead and part.stand_in is None
    return PartCard(
        row=row,
        why=tuple((labels.get(rule, rule), "" if rule in ASKED_FOR else rule) for rule in row.details["rules"]),
        cases=part.cases,
        question_count=sum(case.question_count for case in part.cases),
        hers_to_prepare=sum(item.is_hers for case in part.cases for item in case.open_items),
        answer=words().gettext("your deputy cannot come") if part.is_asked_again else say_answer(row.answer, words()),
        state="needs-action" if part.is_asked_again else row.answer,
        is_open=is_open,
        is_asked=is_open and (row.answer == "needs-action" or part.is_asked_again),
        deputies=tuple((member.public_id, full_name(member)) for member in part.deputies) if is_open else (),
        unfit=tuple((full_name(one), words().gettext(REJECTIONS[why])) for one, why in part.unfit) if is_open else (),
        stand_in=full_name(part.stand_in) if part.stand_in else "",
        is_stand_in_asked=part.stand_in_answer == "needs-action",
        fallen=full_name(part.fallen) if part.fallen else "",
        may_come=is_ahead and part.stand_in is not None,
    )


def labels_of(row: MeetingInvitation) -> dict[str, str]:
    """The short words of the rules behind a window."""
    return rule_labels(row.meeting.board.program)


def rule_labels(program: str) -> dict[str, str]:
    """The short words of each rule of a programme, which name no patient fact."""
    language = words().language
    known = setup().programs.get(program)
    rules = {rule.id: rule.label for rule in known.rules} if known else {}
    return {name: label.in_language(language) for name, label in {**rules, **ASKED_FOR}.items()}
