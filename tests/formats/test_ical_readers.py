"""Two parsers that share no code with icalendar read back what was written (A9, A10)."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream

from tests.letters.samples import SAMPLE_NAMES, a_feed_event, an_invitation, ics_of, invitation_of, sample_facts
from tumorboard.formats.content_lines import clean_line, clean_text
from tumorboard.formats.ical import write_feed, write_request

HOSTILE = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("\r\n\t\v\f\x85\u2028\u2029\\\";,:^nN'한😀")),
    min_size=1,
    max_size=120,
).filter(lambda text: clean_line(text).strip() != "")

PROPERTY_NAMES = [child.name for child in vobject.readOne(write_request(an_invitation()).decode()).vevent.getChildren()]


def read_with_vobject(ics: bytes) -> Any:
    return vobject.readOne(ics.decode())


def read_with_ical(ics: bytes) -> Any:
    return IcsCalendarStream.calendar_from_ics(ics.decode())


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_both_parsers_read_the_same_event(name: str, language: str) -> None:
    facts = sample_facts(name, language)
    invitation = invitation_of(facts)

    ics = ics_of(facts)

    one, other = read_with_vobject(ics).vevent, read_with_ical(ics).events[0]
    assert one.uid.value == other.uid == invitation.uid
    assert one.dtstart.value.astimezone(UTC) == other.dtstart.astimezone(UTC) == facts.window.start
    assert one.dtend.value.astimezone(UTC) == other.dtend.astimezone(UTC) == facts.window.end
    assert int(one.sequence.value) == other.sequence
    assert (
        [one.attendee.value]
        == [str(person.uri) for person in other.attendees]
        == ["mailto:seojun.park@hospital.example"]
    )
    assert one.summary.value == other.summary == invitation.title
    assert one.description.value == other.description == invitation.description


@settings(max_examples=300, deadline=None)
@given(title=HOSTILE, name=HOSTILE, room=HOSTILE)
def test_hostile_words_come_back_as_they_were_cleaned_a9_a10(title: str, name: str, room: str) -> None:
    invitation = an_invitation(title=title, description=room, location=room, attendee_name=name, organizer_name=name)

    ics = write_request(invitation)

    one, other = read_with_vobject(ics).vevent, read_with_ical(ics).events[0]
    assert len(list(one.getChildren())) == len(
        list(read_with_vobject(write_request(an_invitation())).vevent.getChildren())
    )
    assert one.summary.value == clean_line(title)
    assert one.location.value == clean_line(room)
    assert one.description.value == clean_text(room)
    assert other.summary == clean_line(title)
    assert other.location == clean_line(room)
    assert max(len(line) for line in ics.split(b"\r\n")) <= 75


@pytest.mark.parametrize("count", [0, 1, 3])
def test_both_parsers_read_a_feed(count: int) -> None:
    ics = write_feed("x", [a_feed_event(uid=f"{index}@x") for index in range(count)])

    assert len(read_with_vobject(ics).contents.get("vevent", [])) == count
    assert len(read_with_ical(ics).events) == count
