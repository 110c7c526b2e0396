"""What an incoming message means for an invitation: who answers what, and what must change nothing (RFC 5546, 6047)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from tumorboard.domain.answer_model import (
    Effect,
    EventState,
    InboundAttendee,
    InboundEvent,
    InboundMail,
    Reason,
    Verdict,
)
from tumorboard.domain.timeline import Interval

__all__ = ["Effect", "EventState", "InboundAttendee", "InboundEvent", "InboundMail", "Reason", "Verdict", "interpret"]

_ANSWERS = frozenset({"ACCEPTED", "TENTATIVE", "DECLINED"})
_OF_ORGANIZERS = frozenset({"REQUEST", "CANCEL", "PUBLISH", "ADD", "DECLINECOUNTER"})
_OF_ATTENDEES = frozenset({"REPLY", "COUNTER", "REFRESH"})
_ORDER = (Effect.PARTSTAT, Effect.DELEGATE, Effect.PROPOSAL, Effect.RESEND, Effect.QUARANTINE, Effect.QUEUE)
_CHANGES = frozenset(_ORDER[:4])
_LONGEST_MEETING = timedelta(hours=24)
_EARLIER, _LATER = timedelta(days=1), timedelta(days=731)


def interpret(mail: InboundMail, states: Mapping[str, EventState]) -> Verdict:
    """What a message does to the events the service knows, by UID (RFC 5546, 3.2.3, 3.2.6, 3.2.7).

    Only the sender's own line counts, and only when her address is that of From, or she lets From answer for her. A
    server may mark a real answer as automatic; a note without a calendar object so marked means nothing.
    """
    if mail.bounced:
        return Verdict(effect=Effect.BOUNCE, address=mail.bounced[0])
    if mail.problem or not mail.events:
        reason = Reason.AUTOMATIC if mail.is_automatic else mail.problem or Reason.NO_CALENDAR
        return Verdict(effect=Effect.NONE, reason=reason)
    verdicts = sorted((_judge(mail, event, states) for event in mail.events), key=_rank)
    also = tuple(verdict for verdict in verdicts[1:] if verdict.effect in _CHANGES)
    return replace(verdicts[0], also=also)


def _rank(verdict: Verdict) -> tuple[int, bool]:
    """The strongest effect first, the whole event before its instances."""
    place = _ORDER.index(verdict.effect) if verdict.effect in _ORDER else len(_ORDER)
    return place, verdict.instance is not None


def _judge(mail: InboundMail, event: InboundEvent, states: Mapping[str, EventState]) -> Verdict:
    state = states.get(event.uid)
    found = Verdict(effect=Effect.NONE, uid=event.uid, sequence=event.sequence, stamp=event.stamp)
    if state is None:
        return replace(found, reason=Reason.UNKNOWN_UID)
    if mail.method not in _OF_ATTENDEES:
        own = mail.method in _OF_ORGANIZERS
        return replace(found, reason=Reason.ORGANIZER_ONLY if own else Reason.UNKNOWN_METHOD)
    found = replace(found, comment=event.comment)
    lines = _find_own_lines(mail, event, state)
    if not lines:
        return _judge_other(mail, event, state, found)
    answers = {line.partstat for line in lines} - {"NEEDS-ACTION"}
    line = next((line for line in lines if line.partstat in answers), lines[0])
    found = replace(found, attendee=line.address, partstat=line.partstat)
    if line.address not in state.attendees:
        effect = Effect.NONE if mail.method == "REFRESH" else Effect.QUEUE
        return replace(found, effect=effect, reason=Reason.NOT_INVITED, address=mail.sender)
    if len(answers) > 1:
        return replace(found, reason=Reason.CONTRADICTION)
    return _judge_own(mail, event, state, line, found)


def _find_own_lines(mail: InboundMail, event: InboundEvent, state: EventState) -> list[InboundAttendee]:
    """The lines about the sender, or about the one she is known to answer for. A REFRESH may leave its line out."""
    if not mail.sender:
        return []
    own = [line for line in event.attendees if line.address == mail.sender]
    if not own and not event.attendees and mail.method == "REFRESH" and mail.sender in state.attendees:
        own = [InboundAttendee(mail.sender)]
    if own:
        return own
    sent = [line for line in event.attendees if line.sent_by == mail.sender]
    return [
        line
        for line in sent
        if line.address == sent[0].address and mail.sender in state.delegates.get(line.address, ())
    ]


def _judge_other(mail: InboundMail, event: InboundEvent, state: EventState, found: Verdict) -> Verdict:
    """From is none of the attendees: an assistant nobody named, a forgery, or a line too few."""
    if not event.attendees:
        return replace(found, reason=Reason.NO_ATTENDEE)
    sent = next((line for line in event.attendees if mail.sender and line.sent_by == mail.sender), None)
    invited = next((line for line in event.attendees if line.address in state.attendees), event.attendees[0])
    claimed = sent or invited
    return replace(
        found,
        effect=Effect.QUEUE if sent else Effect.QUARANTINE,
        reason=Reason.UNKNOWN_ASSISTANT if sent else Reason.SENDER_NOT_ATTENDEE,
        attendee=claimed.address,
        partstat=claimed.partstat,
        address=mail.sender,
    )


def _judge_own(
    mail: InboundMail, event: InboundEvent, state: EventState, line: InboundAttendee, found: Verdict
) -> Verdict:
    """An invited person about herself."""
    instance = _find_instance(event, state)
    names_one = event.has_recurrence or event.recurrence_at is not None
    if instance is None and names_one and not _names_all(event, state):
        return replace(found, reason=Reason.UNKNOWN_INSTANCE)
    found = replace(found, instance=instance)
    if mail.method == "REFRESH":
        return replace(found, effect=Effect.RESEND, partstat="")
    reason = _find_stale(event, state, line.address, instance)
    if reason is not None:
        effect = Effect.QUEUE if reason is Reason.FUTURE_SEQUENCE else Effect.NONE
        return replace(found, effect=effect, reason=reason)
    if mail.method == "COUNTER":
        return _judge_proposal(event, state, found)
    if line.partstat != "DELEGATED" and line.partstat not in _ANSWERS:
        return replace(found, reason=Reason.NOT_AN_ANSWER)
    if event.and_later:
        return replace(found, effect=Effect.QUEUE, reason=Reason.THIS_AND_FUTURE)
    if line.partstat in _ANSWERS:
        return replace(found, effect=Effect.PARTSTAT)
    delegates = [address for address in line.delegated_to if address != line.address]
    if not delegates:
        return replace(found, effect=Effect.QUEUE, reason=Reason.DELEGATE_MISSING)
    if len(delegates) > 1:
        return replace(found, effect=Effect.QUEUE, reason=Reason.SEVERAL_DELEGATES)
    return replace(found, effect=Effect.DELEGATE, address=delegates[0])


def _find_stale(event: InboundEvent, state: EventState, attendee: str, instance: datetime | None) -> Reason | None:
    """RFC 5546, 2.1.5: the answer to an older revision, or one not newer than that already taken.

    The answer to a revision that was never sent may be a forgery, or ours before a restore: a coordinator looks.
    DTSTAMP is not compared with the last message sent: a new room keeps SEQUENCE, and answers that cross it stand.
    """
    sent, taken = state.sequence, [state.processed.get(attendee)]
    if instance is not None:
        sent = state.instance_sequences.get(instance, sent)
        taken.append(state.processed_instances.get((attendee, instance)))
    if event.bad_sequence:
        return Reason.BAD_SEQUENCE
    if (event.sequence or 0) < sent:
        return Reason.STALE_SEQUENCE
    if event.stamp is None:
        return Reason.NO_STAMP
    if any(at is not None and event.stamp <= at for at in taken):
        return Reason.STALE_STAMP
    return Reason.FUTURE_SEQUENCE if (event.sequence or 0) > sent else None


def _find_instance(event: InboundEvent, state: EventState) -> datetime | None:
    """The instance a RECURRENCE-ID names. Some programs know only its day and write that, or its midnight."""
    starts = state.instances or frozenset()
    if event.recurrence_at in starts:
        return event.recurrence_at
    zone = ZoneInfo(state.time_zone)
    walls = {start.astimezone(zone).replace(tzinfo=None): start for start in starts}
    wall, day = event.recurrence_wall, event.recurrence_on
    if event.recurrence_at is not None:
        wall = event.recurrence_at.astimezone(zone).replace(tzinfo=None)
    if wall is not None and (wall in walls or wall.time() != time.min):
        return walls.get(wall)
    day = wall.date() if wall is not None else day
    on_day = [start for at, start in walls.items() if at.date() == day]
    return on_day[0] if len(on_day) == 1 else None


def _names_all(event: InboundEvent, state: EventState) -> bool:
    """True where RECURRENCE-ID is the very start of an event that does not recur: some programs always write one."""
    at = event.recurrence_at
    if at is None and event.recurrence_wall is not None:
        at = event.recurrence_wall.replace(tzinfo=ZoneInfo(state.time_zone))
    return state.instances is None and at == state.span.start


def _judge_proposal(event: InboundEvent, state: EventState, found: Verdict) -> Verdict:
    """A proposal without an end lasts as long as the event; it lies neither before the invitation nor years ahead."""
    start = event.starts_at
    about = found.instance or state.span.start
    if start is None or state.last_sent - start > _EARLIER or start - about > _LATER:
        return replace(found, effect=Effect.QUEUE, reason=Reason.NO_TIME)
    length = (state.span.end - state.span.start) if event.ends_at is None else event.ends_at - start
    if not timedelta() < length <= _LONGEST_MEETING:
        return replace(found, effect=Effect.QUEUE, reason=Reason.NO_TIME)
    return replace(found, effect=Effect.PROPOSAL, proposed=Interval(start, start + length))
