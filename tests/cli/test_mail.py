"""`flask mail …`: interpret needs no database, receive asks a mail server to try again without one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Terminal
from tests.formats.mails import (
    KIM,
    LEE,
    PARK,
    PLAIN,
    UID,
    a_mail,
    a_report,
    an_object,
)

NOTHING: dict[str, Any] = dict.fromkeys(
    ("effect", "attendee", "partstat", "instance", "proposed", "comment", "address", "reason")
)
STATE: dict[str, Any] = {
    "event": {
        "uid": UID,
        "sequence": 2,
        "last_sent_dtstamp": "20270201T000000Z",
        "organizer": "board@clinic.example",
        "service_mailbox": "board@clinic.example",
        "dtstart": "Asia/Seoul 2027-03-04T07:30",
        "dtend": "Asia/Seoul 2027-03-04T08:30",
        "rrule": "FREQ=WEEKLY;COUNT=8",
        "attendees": {KIM: "NEEDS-ACTION", LEE: "ACCEPTED"},
    },
    "note": "Weekly",
}


@pytest.fixture
def bare(terminal_on: Callable[..., Terminal], tmp_path: Path) -> Iterator[Terminal]:
    """A terminal whose database is not there and must not be made."""
    database = tmp_path / "none.db"
    yield terminal_on(f"sqlite:///{database}")
    assert not database.exists()


@pytest.fixture
def state_file(tmp_path: Path) -> Path:
    file = tmp_path / "state.json"
    file.write_text(json.dumps(STATE), encoding="utf-8")
    return file


def with_event(**changes: Any) -> dict[str, Any]:
    return {**STATE, "event": {**STATE["event"], **changes}}


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (a_mail(an_object("COMMENT:네")),
         {"effect": "partstat", "attendee": KIM, "partstat": "ACCEPTED", "comment": "네"}),
        (a_mail(an_object("RECURRENCE-ID:20270310T223000Z")),
         {"effect": "partstat", "attendee": KIM, "partstat": "ACCEPTED", "instance": "2027-03-11T07:30 Asia/Seoul"}),
        (a_mail(an_object("DTSTART:20270304T000000Z", "DTEND:20270304T010000Z", method="COUNTER")),
         {"effect": "proposal", "attendee": KIM, "partstat": "ACCEPTED",
          "proposed": ["20270304T000000Z", "20270304T010000Z"]}),
        (a_mail(an_object(attendee=f'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:{PARK}":mailto:{KIM}')),
         {"effect": "delegate", "attendee": KIM, "partstat": "DELEGATED", "address": PARK}),
        (a_mail(an_object(method="REFRESH")), {"effect": "resend", "attendee": KIM}),
        (a_mail(sender=LEE),
         {"effect": "quarantine", "attendee": KIM, "partstat": "ACCEPTED", "address": LEE,
          "reason": "sender-not-attendee"}),
        (a_mail(an_object(attendee=f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{PARK}"), sender=PARK),
         {"effect": "queue", "attendee": PARK, "partstat": "ACCEPTED", "address": PARK, "reason": "not-invited"}),
        (a_mail(a_report(f"Final-Recipient: rfc822; {LEE}\r\nAction: failed")), {"effect": "bounce", "address": LEE}),
        (a_mail(PLAIN), {"effect": "none", "reason": "no-calendar"}),
        (a_mail(an_object(sequence=1)), {"effect": "none", "attendee": KIM, "reason": "stale-sequence"}),
    ],
)  # fmt: skip
def test_interpret_prints_what_a_mail_would_do(
    bare: Terminal, state_file: Path, mail: bytes, expected: dict[str, Any]
) -> None:
    assert bare.json("mail", "interpret", "-", "--state", state_file, typed=mail) == {**NOTHING, **expected}


@pytest.mark.parametrize("where", ["state", "event"])
def test_interpret_knows_the_answers_already_taken(bare: Terminal, tmp_path: Path, where: str) -> None:
    processed = {KIM.upper(): "20270202T010000Z"}
    known = {**STATE, "processed": processed} if where == "state" else with_event(processed=processed)
    (tmp_path / "mail.eml").write_bytes(a_mail())

    said = bare.json("mail", "interpret", tmp_path / "mail.eml", "--state", "-", typed=json.dumps(known))

    assert (said["effect"], said["reason"]) == ("none", "stale-stamp")


@pytest.mark.parametrize(
    ("changes", "effect"),
    [
        ({"rrule": None}, "none"),
        ({"rrule": "FREQ=WEEKLY;UNTIL=20270310T223000Z"}, "partstat"),
        ({"rrule": "FREQ=WEEKLY;UNTIL=20270310T222959Z"}, "none"),
        ({"rrule": "FREQ=WEEKLY"}, "partstat"),
        ({"exdate": ["Asia/Seoul 2027-03-11T07:30"]}, "none"),
    ],
)
def test_interpret_finds_the_instances_of_the_rule(
    bare: Terminal, state_file: Path, changes: dict[str, Any], effect: str
) -> None:
    state_file.write_text(json.dumps(with_event(**changes)), encoding="utf-8")
    mail = a_mail(an_object("RECURRENCE-ID;TZID=Asia/Seoul:20270311T073000"))

    assert bare.json("mail", "interpret", "-", "--state", state_file, typed=mail)["effect"] == effect


def test_interpret_in_words(bare: Terminal, state_file: Path) -> None:
    said = bare.text("mail", "interpret", "-", "--state", state_file, typed=a_mail())

    assert said.splitlines() == ["effect: partstat", f"attendee: {KIM}", "partstat: ACCEPTED"]


@pytest.mark.parametrize(
    ("state", "begin"),
    [
        ("{", "broken-json: state.json: "),
        ("[]", "bad-value: state.json, the whole file: "),
        ("{}", "bad-value: state.json, the whole file: "),
        (json.dumps(with_event(sequence=-1)), "bad-value: state.json, event.sequence: "),
        (json.dumps(with_event(dtstart="soon")), "bad-value: state.json, event.dtstart: 'soon' is no time"),
        (json.dumps(with_event(dtstart="Mars/Olympus 2027-03-04T07:30")), "bad-value: state.json, event.dtstart: "),
        (json.dumps(with_event(dtend="Asia/Seoul 2027-03-04T07:30")), "bad-value: state.json, event.dtend: "),
        (json.dumps(with_event(rrule="FREQ=SECONDLY")), "bad-value: state.json, event.rrule: "),
        (json.dumps(with_event(attendees={"kim": "ACCEPTED"})), "bad-value: state.json, event.attendees: "),
        (json.dumps({**STATE, "processed": {KIM: "soon"}}), f"bad-value: state.json, processed.{KIM}: "),
    ],
)
def test_interpret_refuses_a_broken_state(bare: Terminal, state_file: Path, state: str, begin: str) -> None:
    state_file.write_text(state, encoding="utf-8")

    assert bare.refusal("mail", "interpret", "-", "--state", state_file, typed=a_mail()).startswith(begin)


def test_interpret_refuses_files_that_are_not_there(bare: Terminal, state_file: Path) -> None:
    assert bare.refusal("mail", "interpret", "no.eml", "--state", state_file).startswith("unreadable-file: no.eml")
    assert bare.refusal("mail", "interpret", "-", "--state", "no.json", typed=b"").startswith(
        "unreadable-file: no.json"
    )
    assert bare.refusal("mail", "interpret", "-", "--state", "-", typed=b"").startswith("bad-input: ")
    assert bare.refusal("mail", "interpret", "-", typed=b"").startswith("usage: ")


def test_receive_takes_in_a_mail_once(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(a_mail())

    first = terminal.json("mail", "receive", typed=a_mail())
    again = terminal.text("mail", "receive", tmp_path / "mail.eml")

    assert {**first, "message": ""} == {
        "message": "", "effect": "none", "reason": "unknown-uid", "state": "done", "is_repeated": False,
    }  # fmt: skip
    assert again == f"{first['message']}: had come before: none (unknown-uid), done\n"


@pytest.mark.parametrize("typed", [b"", b"\0\xff" * 100, b"x" * 12_000_000])
def test_receive_takes_whatever_comes(terminal: Terminal, typed: bytes) -> None:
    assert terminal.json("mail", "receive", "-", typed=typed)["effect"] == "none"


def test_receive_asks_to_try_again_without_a_database(terminal_on: Callable[..., Terminal], tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database at all, but long enough to be looked at" * 100)

    result = terminal_on(f"sqlite:///{broken}").run("mail", "receive", typed=a_mail())

    assert (result.exit_code, result.stdout) == (75, "")
    assert result.stderr.startswith("database-unreachable: ")
    assert result.stderr.count("\n") == 1


def test_receive_refuses_a_file_that_is_not_there(terminal: Terminal) -> None:
    assert terminal.refusal("mail", "receive", "no.eml").startswith("unreadable-file: no.eml")
