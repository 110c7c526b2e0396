"""Facts of the letters by the clock of a fictional board, with good defaults."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tests.letters.samples import BOARD_NAMES, MEETING, WINDOW
from tumorboard.domain.model import ReadinessState, SeatKind, Text
from tumorboard.domain.timeline import Interval
from tumorboard.mail.digest import DigestLine, DigestMeeting
from tumorboard.mail.letters import AnswerLinks, Mailbox
from tumorboard.mail.notices_facts import (
    Addressee,
    AgendaFacts,
    AgendaLine,
    Answers,
    ChangedMeeting,
    ChangesFacts,
    Material,
    MorningFacts,
    PreparationFacts,
    PreparedCase,
    Sitting,
    Unanswered,
    Unready,
)
from tumorboard.mail.reminders import MissingAnswer

BASE = "https://board.hospital.example"
LINK = f"{BASE}/letters/WyJtZW1iZXIiXQ.c2lnbmVk"
CT = Text("CT of chest, abdomen and pelvis", "흉부·복부·골반 CT")
MRI = Text("MRI of the pelvis", "골반 MRI")
RADIOLOGY = Text("Radiology", "영상의학과")
LINES = tuple(
    AgendaLine(reference, Interval(MEETING.start + timedelta(minutes=at), MEETING.start + timedelta(minutes=at + 15)))
    for reference, at in (("C-0017", 0), ("C-0021", 15), ("C-0030", 30))
)


def an_addressee(language: str, **changes: object) -> Addressee:
    """A member who reads the language."""
    to = Addressee(
        recipient=Mailbox("박서준" if language == "ko" else "Seojun Park", "seojun.park@hospital.example"),
        organizer=Mailbox(BOARD_NAMES[language], "board@hospital.example"),
        language=language,
        time_zone="Asia/Seoul",
        preferences_url=LINK,
        unsubscribe_url=LINK,
        title="교수" if language == "ko" else "Professor",
    )
    return replace(to, **changes)  # type: ignore[arg-type]


def a_sitting(language: str, **changes: object) -> Sitting:
    """The meeting of the other sample letters."""
    meeting = Sitting(
        board_name=BOARD_NAMES[language], span=MEETING, time_zone="Asia/Seoul", page_url=f"{BASE}/meetings/7f3a"
    )
    return replace(meeting, **changes)  # type: ignore[arg-type]


def some_missing_answers(language: str) -> tuple[MissingAnswer, ...]:
    """Of a called-in member: one meeting with time left to answer, one abroad for which it is due."""
    soon = MissingAnswer(
        meeting=a_sitting(language),
        window=WINDOW,
        room="본관 3층 301호" if language == "ko" else "Main building, room 301",
        until=MEETING.start - timedelta(days=2),
        answer_links=AnswerLinks(accept=f"{BASE}/answer/a", tentative=f"{BASE}/answer/t", decline=f"{BASE}/answer/d"),
    )
    week = timedelta(days=7)
    abroad = replace(soon.meeting, span=Interval(MEETING.start + week, MEETING.end + week), time_zone="Europe/Berlin")
    window = Interval(WINDOW.start + week, WINDOW.end + week)
    return soon, replace(soon, meeting=abroad, window=window, room="", until=None)


def an_agenda(language: str = "en", **changes: object) -> AgendaFacts:
    """A core member's agenda of three cases."""
    facts = AgendaFacts(
        to=an_addressee(language),
        meeting=a_sitting(language),
        window=MEETING,
        seat=SeatKind.CORE,
        room="본관 3층 301호" if language == "ko" else "Main building, room 301",
        video_url="https://video.hospital.example/gyn?room=301",
        lines=LINES,
        answer="accepted",
    )
    return replace(facts, **changes)  # type: ignore[arg-type]


def an_agenda_on_demand(language: str = "en", **changes: object) -> AgendaFacts:
    """What a called-in member abroad gets who has not answered, after the meeting moved."""
    links = AnswerLinks(accept=f"{BASE}/answer/a", tentative=f"{BASE}/answer/t", decline=f"{BASE}/answer/d")
    facts = an_agenda(
        language, to=an_addressee(language, time_zone="Europe/Berlin"), window=WINDOW, seat=SeatKind.ON_DEMAND,
        lines=LINES[1:2], answer="needs-action", answer_links=links, is_new_time=True,
    )  # fmt: skip
    return replace(facts, **changes)  # type: ignore[arg-type]


def a_preparation(language: str = "en", **changes: object) -> PreparationFacts:
    """A radiologist's list: one case with everything, one that waits, one that owes nothing."""
    facts = PreparationFacts(
        to=an_addressee(language),
        meeting=a_sitting(language),
        specialties=(RADIOLOGY,),
        cases=(
            PreparedCase(
                LINES[0], 1, (Material(MRI, ReadinessState.MISSING), Material(CT, ReadinessState.CURRENT))
            ),
            PreparedCase(
                LINES[1], 2,
                (
                    Material(CT, ReadinessState.STALE, blocks=True),
                    Material(MRI, ReadinessState.EXPECTED, date(2026, 11, 23)),
                ),
            ),
            PreparedCase(LINES[2], 0, ()),
        ),
    )  # fmt: skip
    return replace(facts, **changes)  # type: ignore[arg-type]


def a_change(language: str = "en", **changes: object) -> ChangedMeeting:
    """One case came, one went, two changed places."""
    changed = ChangedMeeting(
        meeting=a_sitting(language),
        added=LINES[2:],
        removed=("C-0009",),
        is_reordered=True,
        order=("C-0017", "C-0021", "C-0030"),
        answers=Answers(accepted=5, tentative=0, declined=1, open=2),
    )
    return replace(changed, **changes)  # type: ignore[arg-type]


def some_changes(language: str = "en", **changes: object) -> ChangesFacts:
    """Two meetings, the second one of a called-in member."""
    later = Interval(MEETING.start + timedelta(days=7), MEETING.end + timedelta(days=7))
    second = a_change(
        language, meeting=a_sitting(language, span=later, page_url=f"{BASE}/meetings/8b2c"), added=(), removed=(),
        order=("C-0033", "C-0031"), answers=None,
    )  # fmt: skip
    facts = ChangesFacts(to=an_addressee(language), meetings=(a_change(language), second))
    return replace(facts, **changes)  # type: ignore[arg-type]


def a_morning(language: str = "en", **changes: object) -> MorningFacts:
    """Something of each kind."""
    name = "코디네이터" if language == "ko" else "Coordinator"
    who = ("박서준",) if language == "ko" else ("Seojun Park",)
    findings = DigestMeeting(
        BOARD_NAMES[language], MEETING, "Asia/Seoul", f"{BASE}/meetings/7f3a",
        (DigestLine("case-not-ready", ("C-0017",)), DigestLine("member-absent", ("C-0030",), who)),
    )  # fmt: skip
    facts = MorningFacts(
        to=an_addressee(language, recipient=Mailbox(name, "coordinator@hospital.example"), title=""),
        finding_count=2,
        new_count=1,
        findings=(findings,),
        unanswered=(Unanswered(a_sitting(language), who),),
        unready=(Unready(a_sitting(language), ("C-0021",), ("C-0022", "C-0023")),),
        message_count=2,
        messages_url=f"{BASE}/answers",
        dead_count=1,
        unreached=("정유진",) if language == "ko" else ("Yujin Jung",),
        outbox_url=f"{BASE}/outbox",
    )
    return replace(facts, **changes)  # type: ignore[arg-type]


AT = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
