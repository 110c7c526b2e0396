"""Checklist I, incoming answers: what each mail means (the effects in the database stand in another file)."""

from __future__ import annotations

import json
import random
import time
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.mails import (
    ASSISTANT,
    HTML,
    KIM,
    LEE,
    PARK,
    PLAIN,
    START,
    STRANGER,
    a_mail,
    a_multipart,
    a_part,
    a_report,
    a_state,
    an_object,
    judge,
)
from tumorboard.domain.answers import Effect, EventState, Reason, Verdict, interpret
from tumorboard.formats.itip import read_mail
from tumorboard.formats.itip_state import KnownState, read_state

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "ical" / "corpus" / "imip"
CHANGES = {Effect.PARTSTAT, Effect.DELEGATE, Effect.PROPOSAL, Effect.RESEND}
LEE_ACCEPTS = f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{LEE}"


@lru_cache(maxsize=1)
def corpus() -> dict[str, Any]:
    path = CORPUS / "expected.json"
    return json.loads(path.read_bytes()) if path.exists() else {"messages": {}}


def state_for(entry: dict[str, Any]) -> KnownState:
    """The corpus' state; messages captured from Thunderbird are about a series of their own."""
    state = corpus()["state"]
    if "uid" in entry:
        is_instance = entry["instance"] is not None
        event = {
            **state["event"],
            "uid": entry["uid"],
            "sequence": 1 if is_instance else 3,
            "dtstart": "America/New_York 2026-02-18T07:30",
            "dtend": "America/New_York 2026-02-18T08:30",
        }
        state = {**state, "event": event}
    return read_state(json.dumps(state).encode(), name="state")


def apply(name: str, state: EventState) -> EventState:
    """The state after the answer of a message."""
    verdict = interpret(read_mail((CORPUS / name).read_bytes()), {state.uid: state})
    assert verdict.effect is Effect.PARTSTAT
    assert verdict.stamp is not None
    return replace(
        state,
        attendees={**state.attendees, verdict.attendee: verdict.partstat},
        processed={**state.processed, verdict.attendee: verdict.stamp},
    )


@pytest.mark.parametrize("name", sorted(corpus()["messages"]) or ["all"])
def test_i15_file_of_the_corpus_means_what_is_expected(name: str) -> None:
    if name not in corpus()["messages"]:
        pytest.skip("needs ../shared/ical/corpus/imip")
    entry = corpus()["messages"][name]
    known = state_for(entry)
    state = known.event
    for earlier in entry.get("after", ()):
        state = apply(earlier, state)
    began = time.process_time()

    verdict = interpret(read_mail((CORPUS / name).read_bytes()), {state.uid: state})

    assert time.process_time() - began < entry.get("limit_seconds", 5)
    assert verdict.effect in entry["effect"].split("-or-")
    if verdict.effect in CHANGES:
        assert verdict.attendee == entry["attendee"]
        assert verdict.also == ()
    if verdict.effect in (Effect.PARTSTAT, Effect.DELEGATE):
        at = verdict.instance
        said = f"{at.astimezone(known.zone):%Y-%m-%dT%H:%M} {known.zone.key}" if at else None
        assert (verdict.partstat, said) == (entry["partstat"], entry.get("instance"))
    assert verdict.comment == entry.get("comment", verdict.comment)
    assert verdict.address == entry.get("delegate", verdict.address)
    if "proposed" in entry:
        assert verdict.proposed is not None
        stamps = [f"{moment:%Y%m%dT%H%M%SZ}" for moment in (verdict.proposed.start, verdict.proposed.end)]
        assert stamps == entry["proposed"]


@pytest.mark.parametrize("name", ["reply-huge-description.eml", "reply-method-param-mismatch.eml"])
def test_i1_i15_file_of_the_corpus_that_may_be_refused_is_understood(name: str) -> None:
    if name not in corpus()["messages"]:
        pytest.skip("needs ../shared/ical/corpus/imip")
    state = state_for({}).event

    verdict = interpret(read_mail((CORPUS / name).read_bytes()), {state.uid: state})

    assert (verdict.effect, verdict.attendee, verdict.partstat) == (Effect.PARTSTAT, "kim@hospital.example", "ACCEPTED")


def test_i1_method_comes_from_the_body_and_a_reply_never_becomes_a_cancel() -> None:
    missing = a_mail(a_part(an_object(), kind="text/calendar"))
    mismatch = a_mail(a_part(an_object(), kind="text/calendar; method=CANCEL"))
    reverse = a_mail(a_part(an_object(method="CANCEL"), kind="text/calendar; method=REPLY"))

    assert [judge(mail).effect for mail in (missing, mismatch, reverse)] == ["partstat", "partstat", "none"]


def test_i2_matches_uid_instance_and_address_without_an_organizer() -> None:
    upper = an_object(attendee=f"ATTENDEE;PARTSTAT=TENTATIVE:MAILTO:{KIM.upper()}")
    instants = ("RECURRENCE-ID:20270310T223000Z", "RECURRENCE-ID;TZID=America/New_York:20270310T173000",
                "RECURRENCE-ID;TZID=Korea Standard Time:20270311T073000")  # fmt: skip

    verdict = judge(a_mail(upper, sender=f"KIM <{KIM.upper()}>"))
    found = {judge(a_mail(an_object(line)), a_state(weeks=4)).instance for line in instants}

    assert (verdict.attendee, verdict.partstat) == (KIM, "TENTATIVE")
    assert found == {START + timedelta(weeks=1)}


def test_i3_sender_is_the_attendee_or_her_assistant_else_quarantine() -> None:
    sent_by = f'ATTENDEE;PARTSTAT=ACCEPTED;SENT-BY="mailto:{ASSISTANT}":mailto:{KIM}'
    claimed = f'ATTENDEE;PARTSTAT=ACCEPTED;SENT-BY="mailto:{STRANGER}":mailto:{KIM}'

    assert judge(a_mail(an_object(attendee=sent_by), sender=ASSISTANT)).effect == "partstat"
    assert judge(a_mail(an_object(attendee=claimed), sender=STRANGER)).effect == "queue"
    assert judge(a_mail(an_object(attendee=sent_by), sender=STRANGER)).effect == "quarantine"
    assert judge(a_mail(sender=LEE)).effect == "quarantine"
    assert judge(a_mail(sender=f"{KIM}, {STRANGER}")).effect == "quarantine"
    assert judge(a_mail(sender=f'"{KIM}" <{STRANGER}>')).effect == "quarantine"


def test_i4_older_sequence_is_ignored() -> None:
    assert judge(a_mail(an_object(sequence=1))).reason == Reason.STALE_SEQUENCE
    assert judge(a_mail(an_object(sequence=None))).reason == Reason.STALE_SEQUENCE
    assert judge(a_mail(an_object(sequence=2))).effect == "partstat"


def test_i5_stamp_that_is_not_newer_is_ignored() -> None:
    taken = judge(a_mail()).stamp
    assert taken is not None
    state = a_state(processed={KIM: taken})

    stamps = ("20270202T005959Z", "20270202T010000Z", "20270202T010001Z")
    effects = [judge(a_mail(an_object(stamp=stamp)), state).effect for stamp in stamps]

    assert effects == ["none", "none", "partstat"]


def test_i6_only_the_own_line_and_only_an_answer_counts() -> None:
    asked = f"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{KIM}"
    maybe = f"ATTENDEE;PARTSTAT=X-MAYBE:mailto:{KIM}"

    assert judge(a_mail(an_object(LEE_ACCEPTS, attendee=asked))).effect == "none"
    assert judge(a_mail(an_object(LEE_ACCEPTS, attendee=maybe))).effect == "none"
    assert judge(a_mail(an_object(LEE_ACCEPTS))).attendee == KIM


def test_i7_same_part_twice_counts_once_and_the_same_mail_is_known_again() -> None:
    twice = a_multipart(a_part(an_object()), a_part(an_object()), kind="mixed")
    other_way = a_mail(twice, fields=("Received: from mx by imap",), message_id="<other@clinic.example>")

    verdict = judge(a_mail(twice))

    assert (verdict.effect, verdict.also) == (Effect.PARTSTAT, ())
    assert read_mail(other_way).digest == read_mail(a_mail()).digest
    assert judge(a_mail(twice), a_state(processed={KIM: verdict.stamp or START})).effect == "none"


def test_i8_party_crasher_is_queued() -> None:
    verdict = judge(a_mail(an_object(attendee=f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{PARK}"), sender=PARK))

    assert (verdict.effect, verdict.address, verdict.reason) == (Effect.QUEUE, PARK, Reason.NOT_INVITED)


def test_i9_delegation_names_the_delegate_for_approval() -> None:
    lines = an_object(
        f'ATTENDEE;PARTSTAT=NEEDS-ACTION;DELEGATED-FROM="mailto:{KIM}":mailto:{PARK}',
        attendee=f'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:{PARK}":mailto:{KIM}',
    )

    verdict = judge(a_mail(lines))

    assert (verdict.effect, verdict.attendee, verdict.address) == (Effect.DELEGATE, KIM, PARK)
    assert judge(a_mail(lines, sender=PARK)).effect == "queue"


def test_i10_counter_is_a_proposal_and_an_old_one_nothing() -> None:
    times = ("DTSTART:20270304T000000Z", "DTEND:20270304T010000Z", "COMMENT:later?")

    verdict = judge(a_mail(an_object(*times, method="COUNTER")))

    assert verdict.proposed is not None
    assert (verdict.effect, verdict.attendee, verdict.comment) == (Effect.PROPOSAL, KIM, "later?")
    assert (verdict.proposed.start.hour, verdict.proposed.minutes) == (0, 60)
    assert judge(a_mail(an_object(*times, method="COUNTER", sequence=1))).effect == "none"
    assert judge(a_mail(an_object(*times, method="COUNTER"), sender=LEE)).effect == "quarantine"


@pytest.mark.parametrize(
    "times",
    [
        ("DTSTART:20270304T010000Z", "DTEND:20270304T000000Z"),
        ("DTSTART:20270304T010000Z", "DTEND:20270306T010000Z"),
        ("DTSTART;TZID=Europe/Berlin:20270328T023000", "DTEND;TZID=Europe/Berlin:20270328T043000"),
        ("DTSTART;TZID=Europe/Berlin:20270328T013000", "DTEND;TZID=Europe/Berlin:20270328T023000"),
    ],
)
def test_i10_proposal_of_an_impossible_time_waits_for_a_coordinator(times: tuple[str, str]) -> None:
    verdict = judge(a_mail(an_object(*times, method="COUNTER")))

    assert (verdict.effect, verdict.reason, verdict.proposed) == (Effect.QUEUE, Reason.NO_TIME, None)


def test_i9_several_delegates_wait_for_a_coordinator() -> None:
    to = f'DELEGATED-TO="mailto:{PARK}","mailto:{LEE}"'

    verdict = judge(a_mail(an_object(attendee=f"ATTENDEE;PARTSTAT=DELEGATED;{to}:mailto:{KIM}")))

    assert (verdict.effect, verdict.reason, verdict.address) == (Effect.QUEUE, Reason.SEVERAL_DELEGATES, "")


def test_i11_refresh_is_answered_to_the_invited_alone() -> None:
    asks = an_object(method="REFRESH", sequence=None, attendee=f"ATTENDEE:mailto:{KIM}")
    stranger = an_object(method="REFRESH", attendee=f"ATTENDEE:mailto:{STRANGER}")

    assert (judge(a_mail(asks)).effect, judge(a_mail(asks)).attendee) == (Effect.RESEND, KIM)
    assert judge(a_mail(stranger, sender=STRANGER)).effect == "none"
    assert judge(a_mail(asks, sender=STRANGER)).effect == "quarantine"


def test_i12_answer_for_an_instance_is_about_that_instance_or_nothing() -> None:
    second, unknown = "RECURRENCE-ID:20270310T223000Z", "RECURRENCE-ID:20270311T223000Z"
    state = a_state(weeks=4)

    found, lost = judge(a_mail(an_object(second)), state), judge(a_mail(an_object(unknown)), state)

    assert (found.effect, found.instance is not None) == (Effect.PARTSTAT, True)
    assert (lost.effect, lost.reason) == (Effect.NONE, Reason.UNKNOWN_INSTANCE)
    assert judge(a_mail(an_object(second))).reason == Reason.UNKNOWN_INSTANCE


@pytest.mark.parametrize("line", ["RECURRENCE-ID:20270303T223000Z", "RECURRENCE-ID;TZID=Asia/Seoul:20270304T073000"])
def test_i12_start_of_a_single_event_as_its_recurrence_id_is_the_event(line: str) -> None:
    verdict = judge(a_mail(an_object(line)))

    assert (verdict.effect, verdict.partstat, verdict.instance) == (Effect.PARTSTAT, "ACCEPTED", None)


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", "PUBLISH", "ADD"])
@pytest.mark.parametrize("sender", [KIM, STRANGER, "board@clinic.example"])
def test_i13_what_only_the_organizer_may_say_is_refused(method: str, sender: str) -> None:
    mail = a_mail(an_object("STATUS:CANCELLED", method=method, sequence=9), sender=sender)

    assert (judge(mail).effect, judge(mail).reason) == (Effect.NONE, Reason.ORGANIZER_ONLY)


def test_i14_machines_change_nothing_and_bounces_name_the_address() -> None:
    forwarded = b"Content-Type: message/rfc822\r\n\r\n" + a_mail()
    bounce = a_report(f"Final-Recipient: rfc822; {KIM}\r\nAction: failed\r\nStatus: 5.1.1")
    late = a_report(f"Final-Recipient: rfc822; {KIM}\r\nAction: delayed\r\nStatus: 4.4.1")
    away = ("Auto-Submitted: auto-replied",)

    assert judge(a_mail(PLAIN, fields=away)) == Verdict(effect=Effect.NONE, reason=Reason.AUTOMATIC)
    assert judge(a_mail(a_multipart(PLAIN, forwarded, kind="mixed", boundary="b7"))).reason == "no-calendar"
    assert judge(a_mail(bounce, sender="MAILER-DAEMON@clinic.example")) == Verdict(effect=Effect.BOUNCE, address=KIM)
    assert judge(a_mail(late, sender="MAILER-DAEMON@clinic.example")).effect == "none"
    assert judge(a_mail(HTML)).reason == "html-only"
    assert judge(a_mail(fields=away)).effect == "partstat", "a server may answer for a person, marked as automatic"


def test_i16_comment_is_kept_for_the_coordinator() -> None:
    text = "수술 일정과 겹칩니다\\, 다음 주에."

    verdict = judge(a_mail(an_object(f"COMMENT:{text}")))

    assert verdict.comment == "수술 일정과 겹칩니다, 다음 주에."


def test_i15_mail_of_a_megabyte_is_read_within_five_seconds() -> None:
    mail = a_mail(an_object("DESCRIPTION:" + "x" * 500_000, "COMMENT:" + "\r\n y" * 200_000))
    began = time.process_time()

    verdict = judge(mail)

    assert verdict.effect == "partstat"
    assert time.process_time() - began < 5


SERIES = a_state(weeks=4)
SEEDS = [
    a_mail(an_object("COMMENT:가나다"), sender=LEE),
    a_mail(an_object(LEE_ACCEPTS, "RECURRENCE-ID;TZID=Asia/Seoul:20270311T073000"), sender=LEE),
    a_mail(an_object(sequence=1)),
    a_mail(an_object("DTSTART:20270304T000000Z", method="COUNTER"), sender=STRANGER),
    a_mail(an_object(method="CANCEL")),
    a_mail(a_part(an_object(), encoding="8bit"), sender=STRANGER),
    a_mail(a_multipart(PLAIN, a_part(an_object(attendee=LEE_ACCEPTS), encoding="8bit"), HTML), sender=STRANGER),
    a_mail(a_report(f"Final-Recipient: rfc822; {PARK}\r\nAction: delayed")),
    a_mail(a_multipart(PLAIN, b"Content-Type: message/rfc822\r\n\r\n" + a_mail(), boundary="b5")),
]
PIECES = [
    b"\r\n", b"\n", b'"', b"<", b">", b"@", b";", b":", b",", b"=", b"\\", b"\0", b"\xff\xfe", b"(", b"=?utf-8?b?",
    b"?=", b"BEGIN:VEVENT\r\n", b"END:VEVENT\r\n", b"METHOD:REPLY\r\n", b"multipart/mixed", b"base64",
    b"\x1b$)C\x0e", b"*0*=utf-8''%41", b"TZID=", b"RECURRENCE-ID", b"99999999T999999Z", b"\xc7\xd1",
]  # fmt: skip


def mutate(content: bytes, chance: random.Random) -> bytes:
    """The mail with a few bytes changed, put in, left out or doubled."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        at, other = chance.randrange(len(changed) + 1), chance.randrange(len(changed) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            changed[at:at] = chance.choice(PIECES) * chance.choice((1, 1, 1, 40))
        elif kind == 1:
            changed[at : at + chance.randint(1, 30)] = b""
        elif kind == 2:
            changed[at : at + 1] = bytes([chance.randrange(256)])
        else:
            changed[at:at] = changed[other : other + chance.randint(1, 200)]
    return bytes(changed)


def is_justified(verdict: Verdict, sender: str) -> bool:
    """A change is that of the sender herself, or of an assistant the service knows."""
    return verdict.effect not in CHANGES or (
        verdict.attendee in SERIES.attendees
        and (sender == verdict.attendee or sender in SERIES.delegates.get(verdict.attendee, ()))
    )


@settings(max_examples=300, deadline=None)
@given(seed=st.sampled_from(SEEDS), chance=st.randoms(use_true_random=False))
def test_i15_fuzzed_mail_never_crashes_and_changes_nothing_for_somebody_else(
    seed: bytes, chance: random.Random
) -> None:
    mail = read_mail(mutate(seed, chance))

    verdict = interpret(mail, {SERIES.uid: SERIES})

    assert mail.problem != "unreadable"
    assert is_justified(verdict, mail.sender)
    assert all(is_justified(more, mail.sender) for more in verdict.also)


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=2_000))
def test_i15_any_bytes_in_a_calendar_part_are_read_or_refused(content: bytes) -> None:
    for inside in (content, b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n" + content):
        verdict = judge(a_mail(a_part(inside)))

        assert verdict.effect is Effect.NONE
