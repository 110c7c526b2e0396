"""What an incoming message means for an invitation."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tumorboard.domain.answers import (
    Effect,
    EventState,
    InboundAttendee,
    InboundEvent,
    InboundMail,
    Reason,
    Verdict,
    interpret,
)
from tumorboard.domain.timeline import Interval

UID = "m-1@tumorboard.clinic.example"
KIM, LEE, PARK = "kim@clinic.example", "lee@clinic.example", "park@clinic.example"
ASSISTANT, STRANGER = "office@clinic.example", "mallory@elsewhere.example"
START = datetime(2027, 3, 3, 22, 30, tzinfo=UTC)
STAMP = datetime(2027, 2, 2, 1, 0, tzinfo=UTC)
WEEK, MINUTE = timedelta(weeks=1), timedelta(minutes=1)


def a_state(**changes: object) -> EventState:
    values: dict[str, object] = {
        "uid": UID,
        "sequence": 2,
        "last_sent": datetime(2027, 2, 1, tzinfo=UTC),
        "organizer": "board@clinic.example",
        "span": Interval(START, START + timedelta(hours=1)),
        "attendees": {KIM: "NEEDS-ACTION", LEE: "ACCEPTED"},
        "delegates": {KIM: frozenset({ASSISTANT})},
        "time_zone": "Asia/Seoul",
    }
    return EventState(**{**values, **changes})  # type: ignore[arg-type]


def a_series(**changes: object) -> EventState:
    return a_state(instances=frozenset(START + WEEK * week for week in range(4)), **changes)


def an_event(*attendees: InboundAttendee, **changes: object) -> InboundEvent:
    values: dict[str, object] = {
        "uid": UID,
        "sequence": 2,
        "stamp": STAMP,
        "attendees": attendees or (InboundAttendee(KIM, "ACCEPTED"),),
    }
    return InboundEvent(**{**values, **changes})  # type: ignore[arg-type]


def a_mail(*events: InboundEvent, sender: str = KIM, method: str = "REPLY", **changes: object) -> InboundMail:
    return InboundMail(sender=sender, digest="d", method=method, events=events or (an_event(),), **changes)  # type: ignore[arg-type]


def judge(mail: InboundMail, state: EventState | None = None) -> Verdict:
    known = state or a_state()
    return interpret(mail, {known.uid: known})


def said(mail: InboundMail, state: EventState | None = None) -> tuple[str, str, str, str]:
    """Effect, attendee, PARTSTAT and reason."""
    verdict = judge(mail, state)
    return verdict.effect, verdict.attendee, verdict.partstat, verdict.reason


@pytest.mark.parametrize("partstat", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_answer_of_an_invited_person_is_taken(partstat: str) -> None:
    verdict = judge(a_mail(an_event(InboundAttendee(KIM, partstat), comment="later")))

    assert verdict == Verdict(
        effect=Effect.PARTSTAT, uid=UID, attendee=KIM, partstat=partstat, comment="later", sequence=2, stamp=STAMP
    )


@pytest.mark.parametrize("partstat", ["NEEDS-ACTION", "X-MAYBE", "COMPLETED", ""])
def test_what_is_no_answer_changes_nothing(partstat: str) -> None:
    assert said(a_mail(an_event(InboundAttendee(KIM, partstat)))) == ("none", KIM, partstat, Reason.NOT_AN_ANSWER)


def test_lines_about_others_do_not_count() -> None:
    mail = a_mail(an_event(InboundAttendee(LEE, "DECLINED"), InboundAttendee(KIM, "ACCEPTED")))

    assert said(mail) == ("partstat", KIM, "ACCEPTED", "")


def test_own_line_twice_must_not_contradict_itself() -> None:
    twice = an_event(InboundAttendee(KIM, "ACCEPTED"), InboundAttendee(KIM, "DECLINED"))
    asked = an_event(InboundAttendee(KIM, "NEEDS-ACTION"), InboundAttendee(KIM, "DECLINED"))

    assert said(a_mail(twice))[::3] == ("none", Reason.CONTRADICTION)
    assert said(a_mail(asked)) == ("partstat", KIM, "DECLINED", "")


def test_series_and_instance_in_one_reply_are_two_effects() -> None:
    series = an_event()
    instance = an_event(InboundAttendee(KIM, "DECLINED"), recurrence_at=START + WEEK, has_recurrence=True)

    verdict = judge(a_mail(instance, series), a_series())

    assert (verdict.partstat, verdict.instance) == ("ACCEPTED", None)
    assert [(more.partstat, more.instance) for more in verdict.also] == [("DECLINED", START + WEEK)]


def test_instance_without_an_answer_beside_an_answered_series_is_no_effect() -> None:
    copied = an_event(InboundAttendee(KIM), InboundAttendee(LEE, "ACCEPTED"), recurrence_at=START + WEEK)

    verdict = judge(a_mail(copied, an_event()), a_series())

    assert (verdict.effect, verdict.instance, verdict.also) == (Effect.PARTSTAT, None, ())


@pytest.mark.parametrize(
    ("sequence", "effect", "reason"),
    [
        (1, "none", "stale-sequence"),
        (None, "none", "stale-sequence"),
        (2, "partstat", ""),
        (3, "queue", "future-sequence"),
    ],
)
def test_answer_to_an_older_revision_is_stale(sequence: int | None, effect: str, reason: str) -> None:
    assert said(a_mail(an_event(sequence=sequence)))[::3] == (effect, reason)


def test_missing_sequence_is_zero() -> None:
    assert judge(a_mail(an_event(sequence=None)), a_state(sequence=0)).effect is Effect.PARTSTAT


@pytest.mark.parametrize(("late", "effect"), [(-MINUTE, "none"), (0 * MINUTE, "none"), (MINUTE, "partstat")])
def test_answer_must_be_newer_than_the_last_one_taken(late: timedelta, effect: str) -> None:
    mail = a_mail(an_event(stamp=STAMP + late))

    assert judge(mail, a_state(processed={KIM: STAMP})).effect == effect
    assert judge(mail, a_state(processed={LEE: STAMP + WEEK})).effect == "partstat"


def test_answer_that_crossed_a_change_of_room_stands() -> None:
    """A new room keeps SEQUENCE and has a newer DTSTAMP than the answer."""
    assert judge(a_mail(), a_state(last_sent=STAMP + WEEK)).effect is Effect.PARTSTAT


def test_answer_without_a_stamp_cannot_be_told_from_a_replay() -> None:
    assert said(a_mail(an_event(stamp=None)))[::3] == ("none", Reason.NO_STAMP)


def test_instance_has_its_own_sequence_and_last_answer() -> None:
    second = START + WEEK
    state = a_series(instance_sequences={second: 4}, processed_instances={(KIM, START): STAMP})

    of_second = an_event(recurrence_at=second, sequence=3)
    of_first = an_event(recurrence_at=START)
    newer = an_event(recurrence_at=second, sequence=4)

    assert said(a_mail(of_second), state)[3] == Reason.STALE_SEQUENCE
    assert said(a_mail(of_first), state)[3] == Reason.STALE_STAMP
    assert judge(a_mail(newer), state).instance == second
    assert judge(a_mail(), state).effect is Effect.PARTSTAT


def test_unknown_event_is_left_alone() -> None:
    assert judge(a_mail(an_event(uid="other@x", comment="private"))) == Verdict(
        effect=Effect.NONE, reason=Reason.UNKNOWN_UID, uid="other@x", sequence=2, stamp=STAMP
    )


@pytest.mark.parametrize(
    "event",
    [
        an_event(recurrence_at=START + timedelta(days=1)),
        an_event(has_recurrence=True),
        an_event(has_recurrence=True, recurrence_wall=datetime(2027, 3, 4, 8, 30)),  # noqa: DTZ001 - a wall clock
        an_event(has_recurrence=True, recurrence_on=date(2027, 3, 5)),
        an_event(recurrence_at=datetime(2027, 3, 11, 15, 0, tzinfo=UTC)),
        an_event(recurrence_at=datetime(2027, 3, 11, 0, 0, tzinfo=UTC)),
    ],
    ids=["other-day", "unreadable", "wall", "day", "other-midnight", "midnight-elsewhere"],
)
def test_unknown_instance_is_left_alone(event: InboundEvent) -> None:
    assert said(a_mail(event), a_series())[::3] == ("none", Reason.UNKNOWN_INSTANCE)
    assert said(a_mail(event), a_state())[::3] == ("none", Reason.UNKNOWN_INSTANCE)


@pytest.mark.parametrize(
    "event",
    [
        an_event(recurrence_at=START + WEEK),
        an_event(has_recurrence=True, recurrence_wall=datetime(2027, 3, 11, 7, 30)),  # noqa: DTZ001 - a wall clock
        an_event(has_recurrence=True, recurrence_on=date(2027, 3, 11)),
        an_event(has_recurrence=True, recurrence_wall=datetime(2027, 3, 11)),  # noqa: DTZ001 - a wall clock
        an_event(recurrence_at=datetime(2027, 3, 10, 15, 0, tzinfo=UTC)),
    ],
    ids=["instant", "wall", "day", "midnight", "midnight-instant"],
)
def test_instance_is_found_by_instant_wall_clock_and_day(event: InboundEvent) -> None:
    assert judge(a_mail(event), a_series()).instance == START + WEEK


def test_answer_for_this_and_all_later_ones_is_for_a_coordinator() -> None:
    event = an_event(recurrence_at=START + WEEK, and_later=True)

    assert said(a_mail(event), a_series())[::3] == ("queue", Reason.THIS_AND_FUTURE)


def test_forged_answer_is_put_aside() -> None:
    verdict = judge(a_mail(sender=STRANGER))

    assert (verdict.effect, verdict.reason) == (Effect.QUARANTINE, Reason.SENDER_NOT_ATTENDEE)
    assert (verdict.attendee, verdict.address) == (KIM, STRANGER)


def test_answer_for_an_invited_person_by_another_invited_person_is_put_aside() -> None:
    assert said(a_mail(sender=LEE)) == ("quarantine", KIM, "ACCEPTED", Reason.SENDER_NOT_ATTENDEE)


def test_answer_of_nobody_is_put_aside_also_when_an_attendee_has_no_address() -> None:
    assert judge(a_mail(sender="")).effect is Effect.QUARANTINE
    assert judge(a_mail(an_event(InboundAttendee("", "ACCEPTED")), sender="")).effect is Effect.QUARANTINE


def test_assistant_answers_only_where_the_service_knows_her() -> None:
    known = an_event(InboundAttendee(KIM, "DECLINED", sent_by=ASSISTANT))
    unknown = an_event(InboundAttendee(KIM, "DECLINED", sent_by=STRANGER))
    of_lee = an_event(InboundAttendee(LEE, "DECLINED", sent_by=ASSISTANT))

    assert said(a_mail(known, sender=ASSISTANT)) == ("partstat", KIM, "DECLINED", "")
    assert said(a_mail(unknown, sender=STRANGER)) == ("queue", KIM, "DECLINED", Reason.UNKNOWN_ASSISTANT)
    assert said(a_mail(of_lee, sender=ASSISTANT)) == ("queue", LEE, "DECLINED", Reason.UNKNOWN_ASSISTANT)
    assert judge(a_mail(sender=ASSISTANT)).effect is Effect.QUARANTINE


def test_party_crasher_waits_for_a_coordinator() -> None:
    verdict = judge(a_mail(an_event(InboundAttendee(PARK, "ACCEPTED")), sender=PARK))

    assert (verdict.effect, verdict.reason, verdict.address) == (Effect.QUEUE, Reason.NOT_INVITED, PARK)


def test_reply_without_attendees_says_nothing() -> None:
    bare = InboundEvent(uid=UID, sequence=2, stamp=STAMP)

    assert said(a_mail(bare))[::3] == ("none", Reason.NO_ATTENDEE)


def test_delegation_names_whom_to_ask() -> None:
    kim = InboundAttendee(KIM, "DELEGATED", (KIM, PARK))

    verdict = judge(a_mail(an_event(kim, InboundAttendee(PARK))))

    assert (verdict.effect, verdict.attendee, verdict.address) == (Effect.DELEGATE, KIM, PARK)
    assert judge(a_mail(an_event(InboundAttendee(KIM, "DELEGATED")))).reason == Reason.DELEGATE_MISSING


def test_proposal_has_a_time_and_may_have_no_end() -> None:
    later, hour = START + timedelta(hours=2), timedelta(hours=1)
    whole = an_event(InboundAttendee(KIM, "TENTATIVE"), starts_at=later, ends_at=later + 2 * hour, comment="?")
    open_end = an_event(starts_at=later)

    verdict = judge(a_mail(whole, method="COUNTER"))

    assert (verdict.effect, verdict.proposed) == (Effect.PROPOSAL, Interval(later, later + 2 * hour))
    assert (verdict.attendee, verdict.comment, verdict.sequence) == (KIM, "?", 2)
    assert judge(a_mail(open_end, method="COUNTER")).proposed == Interval(later, later + hour)


@pytest.mark.parametrize(
    ("changes", "effect", "reason"),
    [
        ({"sequence": 1}, "none", Reason.STALE_SEQUENCE),
        ({"starts_at": None}, "queue", Reason.NO_TIME),
        ({"ends_at": START}, "queue", Reason.NO_TIME),
        ({"ends_at": START + WEEK}, "queue", Reason.NO_TIME),
    ],
)
def test_proposal_that_is_stale_or_impossible(changes: dict[str, object], effect: str, reason: str) -> None:
    event = an_event(**{"starts_at": START, "ends_at": START + timedelta(hours=1), **changes})

    assert said(a_mail(event, method="COUNTER"))[::3] == (effect, reason)


def test_refresh_is_for_the_invited_alone() -> None:
    old = an_event(InboundAttendee(KIM), sequence=None, stamp=None)
    bare = InboundEvent(uid=UID)
    strange = an_event(InboundAttendee(STRANGER))

    assert said(a_mail(old, method="REFRESH")) == ("resend", KIM, "", "")
    assert said(a_mail(bare, method="REFRESH")) == ("resend", KIM, "", "")
    assert said(a_mail(strange, sender=STRANGER, method="REFRESH"))[::3] == ("none", Reason.NOT_INVITED)
    assert said(a_mail(bare, sender=STRANGER, method="REFRESH"))[::3] == ("none", Reason.NO_ATTENDEE)
    assert said(a_mail(old, sender=STRANGER, method="REFRESH"))[0] == "quarantine"


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", "PUBLISH", "ADD", "DECLINECOUNTER"])
@pytest.mark.parametrize("sender", [KIM, STRANGER, "board@clinic.example"])
def test_what_only_the_organizer_says_is_refused_from_anybody(method: str, sender: str) -> None:
    assert said(a_mail(sender=sender, method=method))[::3] == ("none", Reason.ORGANIZER_ONLY)


def test_unknown_method_is_refused() -> None:
    assert said(a_mail(method="X-ACCEPT"))[::3] == ("none", Reason.UNKNOWN_METHOD)


def test_real_answer_of_a_server_counts_though_it_is_automatic() -> None:
    assert judge(a_mail(is_automatic=True)).effect is Effect.PARTSTAT


def test_mail_without_an_answer_says_why() -> None:
    note = InboundMail(sender=KIM, digest="d", is_automatic=True, problem="no-calendar")
    winmail = InboundMail(sender=KIM, digest="d", problem="winmail")

    assert interpret(note, {}) == Verdict(effect=Effect.NONE, reason=Reason.AUTOMATIC)
    assert interpret(winmail, {}) == Verdict(effect=Effect.NONE, reason="winmail")
    assert interpret(InboundMail(sender=KIM, digest="d"), {}).reason == Reason.NO_CALENDAR


def test_bounce_names_the_address_and_no_answer_in_it_counts() -> None:
    assert judge(a_mail(bounced=(KIM,))) == Verdict(effect=Effect.BOUNCE, address=KIM)


def test_sequence_that_is_no_number_is_not_taken_for_the_first() -> None:
    event = an_event(sequence=None, bad_sequence=True)

    assert said(a_mail(event), a_state(sequence=0)) == ("none", KIM, "ACCEPTED", "bad-sequence")


@pytest.mark.parametrize(
    ("starts_at", "effect"),
    [
        (datetime(2027, 1, 30, tzinfo=UTC), "queue"),
        (datetime(2027, 1, 31, 1, tzinfo=UTC), "proposal"),
        (datetime(2029, 3, 1, tzinfo=UTC), "proposal"),
        (datetime(2029, 3, 10, tzinfo=UTC), "queue"),
        (datetime(9999, 12, 31, 23, tzinfo=UTC), "queue"),
    ],
)
def test_proposal_lies_between_the_invitation_and_two_years_after_the_event(starts_at: datetime, effect: str) -> None:
    verdict = judge(a_mail(an_event(starts_at=starts_at), method="COUNTER"))

    assert (verdict.effect, verdict.reason) == (effect, "no-time" if effect == "queue" else "")
