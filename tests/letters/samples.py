"""Facts, invitations and whole messages of a fictional board, with good defaults."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tumorboard.domain.model import SeatKind, Text
from tumorboard.domain.timeline import Interval
from tumorboard.formats.ical import FeedEvent, Invitation, write_cancel, write_request
from tumorboard.mail.compose import compose, compose_event
from tumorboard.mail.letters import AnswerLinks, InvitationFacts, LetterKind, Mailbox, Previous, Why
from tumorboard.mail.message import build_message

STAMP = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)
MEETING = Interval(datetime(2026, 11, 23, 22, 30, tzinfo=UTC), datetime(2026, 11, 23, 23, 30, tzinfo=UTC))
WINDOW = Interval(datetime(2026, 11, 23, 22, 45, tzinfo=UTC), datetime(2026, 11, 23, 23, 5, tzinfo=UTC))
DUE = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
EARLIER = Interval(datetime(2026, 11, 23, 22, 30, tzinfo=UTC), datetime(2026, 11, 23, 22, 50, tzinfo=UTC))
WEEKLY = Interval(datetime(2026, 11, 26, 6, 30, tzinfo=UTC), datetime(2026, 11, 26, 7, 30, tzinfo=UTC))
BOARD_NAMES = {"ko": "부인암 다학제", "en": "Gynecologic tumor board"}
WHY = (
    Why("R10", Text("Disease in the upper abdomen", "상복부 병변")),
    Why("R14", Text("Liver metastases; resection is asked for", "간 전이, 절제 여부 문의")),
)
LINKS = AnswerLinks(*(f"https://board.hospital.example/answer/{name}" for name in ("WyJhIl0", "WyJiIl0", "WyJjIl0")))

LETTER_LINK = "https://board.hospital.example/letters/WyJtZW1iZXIiXQ.c2lnbmVk"


def some_facts(**changes: object) -> InvitationFacts:
    """An on-demand member's invitation in Korean."""
    language = str(changes.get("language", "ko"))
    facts = InvitationFacts(
        kind=LetterKind.INVITATION,
        recipient=Mailbox("박서준" if language == "ko" else "Seojun Park", "seojun.park@hospital.example"),
        organizer=Mailbox(BOARD_NAMES[language], "board@hospital.example"),
        language=language,
        time_zone="Asia/Seoul",
        board_name=BOARD_NAMES[language],
        board_time_zone="Asia/Seoul",
        meeting=MEETING,
        window=WINDOW,
        seat=SeatKind.ON_DEMAND,
        room="본관 3층 301호" if language == "ko" else "Main building, room 301",
        video_url="https://video.hospital.example/gyn?room=301",
        page_url="https://board.hospital.example/meetings/7f3a",
        why=WHY,
        case_references=("C-0017", "C-0021"),
        question_count=2,
        answer_links=LINKS,
    )
    return replace(facts, **changes)  # type: ignore[arg-type]


def sample_facts(name: str, language: str) -> InvitationFacts:
    """One of the letters that `tests/letters` shows."""
    on_demand = some_facts(language=language)
    core = some_facts(
        language=language, seat=SeatKind.CORE, window=MEETING, why=(), case_references=(), question_count=0
    )
    previous = Previous(window=EARLIER, room=on_demand.room, video_url=on_demand.video_url, case_references=("C-0017",))
    return {
        "on-demand": on_demand,
        "core": core,
        "reminder": replace(
            on_demand,
            kind=LetterKind.REMINDER,
            answer_until=DUE,
            recipient_title="교수" if language == "ko" else "MD",
            preferences_url=LETTER_LINK,
            unsubscribe_url=LETTER_LINK,
        ),
        "moved": replace(on_demand, kind=LetterKind.MOVED, previous=previous, time_zone="Europe/Berlin"),
        "changed": replace(
            core,
            kind=LetterKind.CHANGED,
            previous=replace(previous, window=MEETING, room="B1"),
            has_answered=True,
            answer_links=None,
        ),
        "withdrawn": replace(on_demand, kind=LetterKind.WITHDRAWN, answer_links=None),
        "cancelled": replace(core, kind=LetterKind.CANCELLED, answer_links=None),
        "urgent": replace(on_demand, is_urgent=True, window=MEETING),
        "series": replace(
            core,
            window=WEEKLY,
            meeting=WEEKLY,
            board_time_zone="Europe/Berlin",
            hour_changes=(datetime(2027, 4, 1, 5, 30, tzinfo=UTC),),
        ),
        "deputy": replace(core, in_place_of="김민준" if language == "ko" else "Minjun Kim"),
    }[name]


SAMPLE_NAMES = (
    "on-demand",
    "core",
    "reminder",
    "moved",
    "changed",
    "withdrawn",
    "cancelled",
    "urgent",
    "series",
    "deputy",
)


def an_invitation(**changes: object) -> Invitation:
    """A plain invitation of 20 minutes in Seoul."""
    invitation = Invitation(
        uid="1f0c9a7e5b3d4826a1c2e4f608b9d7e3@board.hospital.example",
        sequence=0,
        stamp=STAMP,
        starts_at=WINDOW.start,
        ends_at=WINDOW.end,
        time_zone="Asia/Seoul",
        title="Gynecologic tumor board",
        description="You are needed.\nDetails: https://board.hospital.example/meetings/7f3a",
        location="Room 301",
        video_url="https://video.hospital.example/gyn?room=301",
        url="https://board.hospital.example/meetings/7f3a",
        organizer_email="board@hospital.example",
        organizer_name="Gynecologic tumor board",
        attendee_email="seojun.park@hospital.example",
        attendee_name="Seojun Park",
        language="en",
    )
    return replace(invitation, **changes)  # type: ignore[arg-type]


def a_feed_event(**changes: object) -> FeedEvent:
    """The same meeting as it stands in a feed."""
    event = FeedEvent(
        uid="1f0c9a7e5b3d4826a1c2e4f608b9d7e3@board.hospital.example",
        sequence=0,
        stamp=STAMP,
        starts_at=WINDOW.start,
        ends_at=WINDOW.end,
        time_zone="Asia/Seoul",
        title="Gynecologic tumor board",
        description="You are needed.",
        location="Room 301",
        video_url="https://video.hospital.example/gyn?room=301",
        url="https://board.hospital.example/meetings/7f3a",
    )
    return replace(event, **changes)  # type: ignore[arg-type]


def invitation_of(facts: InvitationFacts, *, sequence: int = 0) -> Invitation:
    """The calendar entry that goes with a letter."""
    event = compose_event(facts)
    return an_invitation(
        sequence=sequence,
        starts_at=facts.window.start,
        ends_at=facts.window.end,
        time_zone=facts.time_zone,
        title=event.title,
        description=event.description,
        location=event.location,
        video_url=facts.video_url,
        url=facts.page_url,
        organizer_name=facts.organizer.name,
        attendee_name=facts.recipient.name,
        language=facts.language,
    )


def ics_of(facts: InvitationFacts) -> bytes:
    """The calendar object of a letter."""
    if facts.kind.is_cancellation:
        return write_cancel(invitation_of(facts, sequence=1), whole_meeting=facts.kind is LetterKind.CANCELLED)
    return write_request(invitation_of(facts, sequence=1 if facts.kind is LetterKind.MOVED else 0))


def message_of(facts: InvitationFacts) -> bytes:
    """The whole e-mail of a letter."""
    return build_message(
        compose(facts),
        ics_of(facts),
        "CANCEL" if facts.kind.is_cancellation else "REQUEST",
        mail_from="tumorboard@hospital.example",
        organizer=facts.organizer,
        to=facts.recipient,
        message_id="<5e1d@board.hospital.example>",
        date=STAMP,
        unsubscribe_url=facts.unsubscribe_url,
    )
