"""A case comes back to the minutes it had."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tumorboard.domain.model import AgendaEntry, Attendance, MeetingPlan, Reason, SeatKind
from tumorboard.domain.place_return import find_lost_place, put_back
from tumorboard.domain.timeline import Interval

START = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
MEETING = Interval(START, START + timedelta(minutes=90))


def minutes(begin: int, end: int) -> Interval:
    return Interval(START + timedelta(minutes=begin), START + timedelta(minutes=end))


def window(member: str, plan: dict[str, Interval], *cases: str, specialty: str = "urology") -> Attendance:
    spans = [plan[case] for case in cases]
    whole = Interval(min(span.start for span in spans), max(span.end for span in spans))
    return Attendance(member, SeatKind.ON_DEMAND, whole, (specialty,), cases, ("OV-1",))


def core(member: str) -> Attendance:
    return Attendance(member, SeatKind.CORE, MEETING, ("gynecologic_oncology",))


def published(plan: dict[str, Interval], *parts: Attendance) -> MeetingPlan:
    return MeetingPlan("m-1", tuple(AgendaEntry(name, span) for name, span in plan.items()), parts, {})


THREE = {"C-1": minutes(0, 8), "C-2": minutes(8, 20), "C-3": minutes(20, 30)}
BEFORE = published(
    THREE, core("kim"), window("lee", THREE, "C-1", "C-2"), window("park", THREE, "C-2"), window("yoon", THREE, "C-3")
)
LEFT = {name: span for name, span in THREE.items() if name != "C-2"}
AFTER = published(LEFT, core("kim"), window("lee", THREE, "C-1"), window("yoon", THREE, "C-3"))
LOST = find_lost_place(BEFORE, AFTER, "C-2")


def test_only_parts_that_the_case_changed_are_lost() -> None:
    assert [part.member for part in LOST.parts] == ["lee", "park"]


def test_case_comes_back_as_it_was() -> None:
    back = put_back(AFTER, LOST, MEETING)

    assert isinstance(back, MeetingPlan)
    assert back.agenda == BEFORE.agenda
    assert set(back.attendances) == set(BEFORE.attendances)


def test_a_case_that_took_the_minutes_stays() -> None:
    taken = published({**LEFT, "C-9": minutes(10, 14)})

    assert put_back(taken, LOST, MEETING) == Reason("place-taken", {"reference": "C-2", "other": "C-9"})


def test_minutes_outside_a_moved_meeting_are_no_place() -> None:
    later = Interval(MEETING.start + timedelta(days=1), MEETING.end + timedelta(days=1))

    assert put_back(AFTER, LOST, later) == Reason("place-outside", {"reference": "C-2"})


def test_window_follows_the_cases_that_are_still_there() -> None:
    now = published({"C-3": THREE["C-3"]}, core("kim"), window("yoon", THREE, "C-3"))

    back = put_back(now, LOST, MEETING)

    assert isinstance(back, MeetingPlan)
    assert {part.member: (part.cases, part.span) for part in back.attendances if part.kind is SeatKind.ON_DEMAND} == {
        "yoon": (("C-3",), THREE["C-3"]),
        "lee": (("C-2",), THREE["C-2"]),
        "park": (("C-2",), THREE["C-2"]),
    }


def test_meeting_that_had_no_other_case_invites_everybody_again() -> None:
    alone = published({"C-2": THREE["C-2"]}, core("kim"), window("park", THREE, "C-2"))
    empty = published({})

    assert put_back(empty, find_lost_place(alone, empty, "C-2"), MEETING) == alone


def test_who_sits_the_whole_meeting_by_now_goes_on_doing_so() -> None:
    now = published(LEFT, core("kim"), core("park"), window("lee", THREE, "C-1"), window("yoon", THREE, "C-3"))

    back = put_back(now, LOST, MEETING)

    assert isinstance(back, MeetingPlan)
    assert core("park") in back.attendances


@given(st.lists(st.tuples(st.integers(3, 12), st.sets(st.sampled_from("abcd"))), min_size=1, max_size=7), st.data())
def test_taking_off_and_putting_back_changes_nothing(cases: list[tuple[int, set[str]]], data: st.DataObject) -> None:
    plan, at = {}, 0
    for number, (length, _) in enumerate(cases):
        plan[f"C-{number}"] = minutes(at, at + length)
        at += length
    gone = data.draw(st.sampled_from(sorted(plan)))

    def parts(of: dict[str, Interval]) -> list[Attendance]:
        hers = {who: [name for name, (_, asked) in zip(plan, cases, strict=True) if who in asked and name in of]
                for who in "abcd"}  # fmt: skip
        return [window(who, plan, *names) for who, names in hers.items() if names]

    before = published(plan, *parts(plan))
    rest = {name: span for name, span in plan.items() if name != gone}
    after = published(rest, *parts(rest))

    back = put_back(after, find_lost_place(before, after, gone), MEETING)

    assert isinstance(back, MeetingPlan)
    assert back.agenda == before.agenda
    assert set(back.attendances) == set(before.attendances)
