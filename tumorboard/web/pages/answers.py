"""What came back: messages for the coordinator, answers to a meeting, a member's own answers."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.answers import Effect
from tumorboard.domain.errors import BadInput, Conflict, DomainError, NotFound
from tumorboard.domain.model import Reason
from tumorboard.services import proposals
from tumorboard.services.access import Permission
from tumorboard.services.answer_tokens import ANSWERS
from tumorboard.services.answers import answer_for, answer_own
from tumorboard.store.calendars import InboundMessage
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.web.auth import current_actor, database, next_path, setup, utc_now
from tumorboard.web.pages.frame import answer_form, form_text, pages, refuse_form, show, words
from tumorboard.web.pages.names import full_name, say_when
from tumorboard.words import format_span
from tumorboard.words.answers import STATES, say_answer, say_channel, say_message, say_reason_code
from tumorboard.words.phrases import Names, say_reason
from tumorboard.words.refusals import say_error

LATELY = 50
"""How many decided messages the page shows."""


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message as the page shows it, with what can be done about it."""

    row: InboundMessage
    said: str
    why: str
    state: str
    meeting: Meeting | None
    can_accept: bool
    can_believe: bool
    is_bounce: bool


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """What one member said to one invitation, which way and when."""

    row: MeetingInvitation
    name: str
    answer: str
    channel: str
    comment: str
    is_open: bool


@pages.get("/answers")
def list_answers() -> Response:
    """What waits for a coordinator, then what was done lately."""
    actor = current_actor()
    waiting = proposals.list_messages(database(), by=actor, state="open", limit=200)
    lately = proposals.list_messages(database(), by=actor, limit=LATELY)
    return show(
        "answers.html",
        waiting=[_line(row) for row in waiting.rows],
        total=waiting.total,
        lately=[_line(row) for row in lately.rows if row.state != "open"],
        has_inbox=bool(setup().inbox_url),
    )


def _line(row: InboundMessage) -> MessageLine:
    is_open = row.state == "open"
    zone = row.meeting.time_zone if row.meeting else setup().time_zone
    return MessageLine(
        row=row,
        said=say_message(
            row.effect,
            words(),
            who=full_name(row.member) if row.member else "",
            sender=row.sender,
            address=row.address,
            answer=row.partstat,
            proposed=_say_proposed(row, zone),
        ),
        why=say_reason_code(row.reason, words()),
        state=words().gettext(STATES[row.state]),
        meeting=row.meeting,
        can_accept=is_open and row.effect in (Effect.PROPOSAL, Effect.DELEGATE),
        can_believe=is_open
        and row.effect in (Effect.QUEUE, Effect.QUARANTINE)
        and row.member is not None
        and row.partstat.lower() in ANSWERS,
        is_bounce=row.effect == Effect.BOUNCE,
    )


def _say_proposed(row: InboundMessage, zone: str) -> str:
    if row.proposed_start is None:
        return ""
    if row.proposed_end is None or row.proposed_end <= row.proposed_start:
        return say_when(row.proposed_start, zone)
    return format_span(row.proposed_start, row.proposed_end, zone, words().language)


@pages.post("/answers/<message_id>/accept")
def accept_proposal(message_id: str) -> Response:
    """Do what was proposed; everybody whom it concerns hears of it."""
    back = url_for("pages.list_answers")

    def act() -> str:
        moved = proposals.accept_message(database(), setup(), message_id=message_id, by=current_actor(), now=utc_now())
        if moved is None:
            return words().gettext("The deputy is invited instead.")
        said = words().ngettext(
            "The meeting is moved; %(number)d letter is written.",
            "The meeting is moved; %(number)d letters are written.",
            moved.letters,
        )
        return said % {"number": moved.letters}

    try:
        flash(act(), "done")
    except (BadInput, Conflict, NotFound) as error:
        if error.code == "unknown-message":
            raise
        return _refuse(back, error)
    return redirect(back, 303)


def _refuse(back: str, error: DomainError) -> Response:
    """Why it is not done, with everybody and everything that is in the way."""
    reasons = error.values.get("reasons", ())
    said = [say_reason(one, words(), Names()) for one in reasons if isinstance(one, Reason)]  # type: ignore[attr-defined]
    if not said:
        return refuse_form(back, error)
    flash(f"{say_error(error, words())} {'; '.join(said)}", "problem")
    return redirect(back, 303)


@pages.post("/answers/<message_id>/decline")
def decline_proposal(message_id: str) -> Response:
    """All stays as it is; who proposed another time hears so."""

    def act() -> str:
        posted = proposals.decline_message(
            database(), setup(), message_id=message_id, by=current_actor(), now=utc_now()
        )  # fmt: skip
        if posted:
            return words().gettext("Declined; she hears that her invitation stays as it is.")
        return words().gettext("Declined; all stays as it is.")

    return answer_form(url_for("pages.list_answers"), act)


@pages.post("/answers/<message_id>/dismiss")
def dismiss_message(message_id: str) -> Response:
    """Seen; nothing is to be done."""

    def act() -> str:
        proposals.dismiss_message(database(), message_id=message_id, by=current_actor(), now=utc_now())
        return words().gettext("Put away.")

    return answer_form(url_for("pages.list_answers"), act)


@pages.post("/answers/<message_id>/believe")
def believe_message(message_id: str) -> Response:
    """It was really she: her answer counts."""

    def act() -> str:
        proposals.believe_message(database(), setup(), message_id=message_id, by=current_actor(), now=utc_now())
        return words().gettext("The answer is noted.")

    return answer_form(url_for("pages.list_answers"), act)


@pages.post("/invitations/<invitation_id>/answer")
def answer_invitation(invitation_id: str) -> Response:
    """A member answers for herself, or a coordinator enters what she was told."""
    actor = current_actor()
    use_case = answer_for if form_text("for") == "member" else answer_own

    def act() -> str:
        use_case(
            database(), setup(), invitation_id=invitation_id, answer=form_text("answer"), comment=form_text("comment"),
            by=actor, now=utc_now(),
        )  # fmt: skip
        return words().gettext("The answer is noted.")

    return answer_form(next_path(url_for("pages.show_mine")), act)


@pages.app_template_global("answers_to")
def answers_to(meeting: Meeting) -> list[AnswerLine]:
    """What everybody invited to a meeting said, for coordinators; nothing for others."""
    if not current_actor().may(Permission.ANSWER_DECIDE):
        return []
    rows = [row for row in meeting.invitations if row.status == "invited" or row.answer == "delegated"]
    rows.sort(key=lambda row: (row.kind != "core", row.starts_at, row.member.name))
    return [_answer_line(row) for row in rows]


@pages.app_template_global("my_answers")
def my_answers(windows: list[MeetingInvitation]) -> list[AnswerLine]:
    """A member's own answers to her windows."""
    return [_answer_line(row) for row in windows]


def _answer_line(row: MeetingInvitation) -> AnswerLine:
    return AnswerLine(
        row=row,
        name=full_name(row.member),
        answer=say_answer(row.answer, words()),
        channel=say_channel(row.answer_by, words()),
        comment=row.comment,
        is_open=row.status == "invited" and row.meeting.status != "cancelled" and row.starts_at > utc_now(),
    )
