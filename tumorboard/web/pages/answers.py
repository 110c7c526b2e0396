"""What came back: messages for the coordinator, answers to a meeting, a member's own answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import flash, g, redirect, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from tumorboard.domain.answers import Effect
from tumorboard.domain.answers import Reason as Doubt
from tumorboard.domain.errors import BadInput, Conflict, DomainError, NotFound
from tumorboard.domain.model import Reason
from tumorboard.services import proposals
from tumorboard.services.access import Permission
from tumorboard.services.answer_tokens import ANSWERS
from tumorboard.services.parts import holds_place, is_asked_again
from tumorboard.store.calendars import InboundMessage
from tumorboard.store.meetings import Meeting, MeetingInvitation
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.frame import answer_form, form_text, known_account, pages, refuse_form, show, words
from tumorboard.web.pages.names import full_name, say_when
from tumorboard.words import format_span
from tumorboard.words.answers import STATES, say_answer, say_channel, say_message, say_reason_code
from tumorboard.words.phrases import Names, say_reason
from tumorboard.words.refusals import say_error

LATELY = 50
"""How many decided messages the page shows."""


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message as the page shows it, with what can be done about it; `move` says what its acceptance would move."""

    row: InboundMessage
    said: str
    why: str
    state: str
    meeting: Meeting | None
    can_accept: bool
    can_believe: bool
    is_bounce: bool
    move: str


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
    moves = _say_moves(waiting.rows)
    return show(
        "answers.html",
        waiting=[_line(row, moves.get(row.id, "")) for row in waiting.rows],
        total=waiting.total,
        lately=[_line(row) for row in lately.rows if row.state != "open"],
        has_inbox=bool(setup().inbox_url),
    )


def _line(row: InboundMessage, move: str = "") -> MessageLine:
    is_open = row.state == "open"
    zone = row.meeting.time_zone if row.meeting else setup().time_zone
    return MessageLine(
        row=row,
        said=say_message(
            Effect.QUARANTINE if _is_for_another(row) else row.effect,
            words(),
            who=full_name(row.member) if row.member else "",
            sender=row.sender,
            address=row.address,
            answer=row.partstat,
            proposed=_say_proposed(row, zone),
        ),
        why=say_reason_code(row.reason, words(), has_mailbox=bool(setup().inbox_url)),
        state=words().gettext(STATES[row.state]),
        meeting=row.meeting,
        can_accept=is_open and row.effect in (Effect.PROPOSAL, Effect.DELEGATE),
        can_believe=is_open
        and row.effect in (Effect.QUEUE, Effect.QUARANTINE)
        and row.reason != Doubt.NOT_INVITED
        and row.member is not None
        and row.partstat.lower() in ANSWERS,
        is_bounce=row.effect == Effect.BOUNCE and row.member is not None,
        move=move,
    )


def _is_for_another(row: InboundMessage) -> bool:
    """An assistant or a stranger answers, and it is known whose invitation it is."""
    return row.effect == Effect.QUEUE and row.member is not None and row.member.email.lower() != row.sender.lower()


def _say_moves(rows: Iterable[InboundMessage]) -> dict[int, str]:
    """By row id of each proposal: from when to when the whole meeting would move, and how many it concerns."""
    proposals_open = [row for row in rows if row.effect == Effect.PROPOSAL and row.meeting and row.proposed_start]
    if not proposals_open:
        return {}
    wanted = {row.meeting_id for row in proposals_open if row.meeting_id}
    invited = proposals.list_invited(database(), wanted)
    return {
        row.id: said
        for row in proposals_open
        if (said := _say_move(row, [one for one in invited if one.meeting_id == row.meeting_id]))
    }


def _say_move(row: InboundMessage, invited: list[MeetingInvitation]) -> str:
    own = next((one.starts_at for one in invited if one.member_id == row.member_id), None)
    if own is None or row.meeting is None or row.proposed_start is None:
        return ""
    meeting, shift = row.meeting, row.proposed_start - own
    said = words().ngettext(
        "Yes, move from %(before)s to %(after)s; %(number)d letter leaves at most.",
        "Yes, move from %(before)s to %(after)s; %(number)d letters leave at most.",
        len(invited),
    )
    try:
        before, after = (say_when(at, meeting.time_zone) for at in (meeting.starts_at, meeting.starts_at + shift))
    except (ArithmeticError, ValueError):  # as in `_say_proposed`
        return ""
    return said % {"before": before, "after": after, "number": len(invited)}


def _say_proposed(row: InboundMessage, zone: str) -> str:
    """Empty, too, for what a row of earlier versions holds that no zone can say."""
    if row.proposed_start is None:
        return ""
    try:
        if row.proposed_end is None or row.proposed_end <= row.proposed_start:
            return say_when(row.proposed_start, zone)
        return format_span(row.proposed_start, row.proposed_end, zone, words().language)
    except (ArithmeticError, ValueError):  # the ends of the calendar of the language
        return ""


@pages.post("/answers/<message_id>/accept")
def accept_proposal(message_id: str) -> Response:
    """Do what was proposed; everybody whom it concerns hears of it."""
    back = url_for("pages.list_answers")
    if form_text("sure") != "yes":
        flash(words().gettext("Tick first that this is to be done; nothing is changed yet."), "problem")
        return redirect(back, 303)

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
            return words().gettext("Declined; the member hears that the invitation stays as it is.")
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


@pages.app_template_global("answers_to")
def answers_to(meeting: Meeting) -> list[AnswerLine]:
    """What everybody invited to a meeting said, for coordinators; nothing for others."""
    if not current_actor().may(Permission.ANSWER_DECIDE):
        return []
    rows = [row for row in meeting.invitations if row.status == "invited" or row.answer == "delegated"]
    rows.sort(key=lambda row: (row.kind != "core", row.starts_at, row.member.name))
    return [_answer_line(row) for row in rows]


@pages.app_template_global("open_answers_count")
def open_answers_count() -> int:
    """How many messages wait, for the menu; none for who does not decide."""
    if known_account() is None or not current_actor().may(Permission.ANSWER_DECIDE):
        return 0
    if "open_answers" not in g:
        try:
            g.open_answers = proposals.count_open(database(), by=current_actor())
        except SQLAlchemyError:
            return 0  # the page of an error has a menu too
    return int(g.open_answers)


def _answer_line(row: MeetingInvitation) -> AnswerLine:
    return AnswerLine(
        row=row,
        name=full_name(row.member),
        answer=say_answer(row.answer, words()),
        channel=say_channel(row.answer_by, words()),
        comment=row.comment,
        is_open=row.status == "invited"
        and row.meeting.status != "cancelled"
        and row.starts_at > utc_now()
        and (holds_place(row) or is_asked_again(row)),
    )
