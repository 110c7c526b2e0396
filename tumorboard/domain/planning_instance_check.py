"""Judges an answer to a board-planning instance from the instance alone: the rules it breaks, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tumorboard.domain.planning_instance import (
    BoardAnswer,
    BoardInstance,
    InstanceCase,
    InstanceMeeting,
    InstanceSpecialist,
    lateness_cost,
    overlap,
)


class InstanceRule(StrEnum):
    """The hard rules of a board-planning instance, and what an answer may not say wrongly of itself."""

    UNKNOWN_REFERENCE = "unknown-reference"
    WRONG_BOARD = "wrong-board"
    NOT_READY = "not-ready"
    OVER_CAPACITY = "over-capacity"
    SPECIALTY_MISSING = "specialty-missing"
    NAMED_MISSING = "named-missing"
    SPECIALIST_BUSY = "specialist-busy"
    DOUBLE_BOOKED = "double-booked"
    LISTED_TWICE = "listed-twice"
    ROOM_CLASH = "room-clash"
    WRONG_COST = "wrong-cost"
    WRONG_BOUND = "wrong-bound"
    WRONG_UNSCHEDULED = "wrong-unscheduled"


@dataclass(frozen=True, slots=True)
class InstanceViolation:
    """A broken rule with the ids it concerns, most general first, and a sentence in English."""

    rule: InstanceRule
    ids: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """What holds of an answer: its violations, in the order of the instance, and its cost as the instance says."""

    violations: tuple[InstanceViolation, ...]
    cost: int


class _Judge:
    """The instance by id, and the part of the answer that names things that exist."""

    def __init__(self, instance: BoardInstance, answer: BoardAnswer) -> None:
        self.instance = instance
        self.answer = answer
        self.cases = {case.id: case for case in instance.cases}
        self.meetings = {meeting.id: meeting for meeting in instance.meetings}
        self.people = {person.id: person for person in instance.specialists}
        self.placed: dict[str, list[InstanceCase]] = {}
        for case, where in answer.assign.items():
            if case in self.cases and where in self.meetings:
                self.placed.setdefault(where, []).append(self.cases[case])
        self.attending: dict[str, list[InstanceSpecialist]] = {
            where: [self.people[person] for person in dict.fromkeys(people) if person in self.people]
            for where, people in answer.attend.items()
            if where in self.meetings
        }

    def cost(self) -> int:
        specialties = {found.id: found for found in self.instance.specialties}
        total = 0
        for case in self.instance.cases:
            where = self.answer.assign.get(case.id)
            if where in self.meetings:
                total += lateness_cost(case, self.meetings[where])
            else:
                total += case.unscheduled_cost
        for people in self.attending.values():
            total += sum(specialties[person.specialty].attendance_cost for person in people)
        return total + sum(found.open_cost for found in self.instance.meetings if found.optional and self._used(found))

    def _used(self, meeting: InstanceMeeting) -> bool:
        return bool(self.placed.get(meeting.id))

    def unknown(self) -> Iterator[InstanceViolation]:
        rule = InstanceRule.UNKNOWN_REFERENCE
        for case, where in self.answer.assign.items():
            if case not in self.cases:
                yield InstanceViolation(rule, (case,), f"assign: there is no case {case!r}")
            if where not in self.meetings:
                yield InstanceViolation(rule, (where,), f"assign: there is no session {where!r}")
        for where, people in self.answer.attend.items():
            if where not in self.meetings:
                yield InstanceViolation(rule, (where,), f"attend: there is no session {where!r}")
            for person in people:
                if person not in self.people:
                    yield InstanceViolation(rule, (person,), f"attend: there is no specialist {person!r}")

    def cases_in_place(self) -> Iterator[InstanceViolation]:
        for meeting in self.instance.meetings:
            load = sum(case.duration for case in self.placed.get(meeting.id, ()))
            if load > meeting.capacity:
                text = f"{meeting.id}: {load} minutes of cases, {meeting.capacity} fit"
                yield InstanceViolation(InstanceRule.OVER_CAPACITY, (meeting.id,), text)
            for case in self.placed.get(meeting.id, ()):
                yield from self._judge_place(case, meeting)

    def _judge_place(self, case: InstanceCase, meeting: InstanceMeeting) -> Iterator[InstanceViolation]:
        ids = (meeting.id, case.id)
        if meeting.board not in case.boards:
            text = f"{case.id} is on {meeting.id} of the board {meeting.board!r}, which is none of its boards"
            yield InstanceViolation(InstanceRule.WRONG_BOARD, ids, text)
        if meeting.start < case.ready:
            text = f"{case.id} is on {meeting.id} at {meeting.start}, but ready only at {case.ready}"
            yield InstanceViolation(InstanceRule.NOT_READY, ids, text)
        present = self.attending.get(meeting.id, ())
        covered = {person.specialty for person in present}
        for specialty in dict.fromkeys(case.requires):
            if specialty not in covered:
                text = f"{case.id} is on {meeting.id}, which no specialist of {specialty} attends"
                yield InstanceViolation(InstanceRule.SPECIALTY_MISSING, (*ids, specialty), text)
        if case.named is not None and case.named not in {person.id for person in present}:
            text = f"{case.id} is on {meeting.id}, which {case.named} does not attend"
            yield InstanceViolation(InstanceRule.NAMED_MISSING, (*ids, case.named), text)

    def people_in_place(self) -> Iterator[InstanceViolation]:
        booked: dict[str, list[InstanceMeeting]] = {}
        for meeting in sorted(self.instance.meetings, key=lambda found: (found.start, found.end)):
            listed = self.answer.attend.get(meeting.id, ())
            for person_id in sorted({found for found in listed if listed.count(found) > 1}):
                text = f"{person_id} is listed more than once at {meeting.id}"
                yield InstanceViolation(InstanceRule.LISTED_TWICE, (meeting.id, person_id), text)
            for person in self.attending.get(meeting.id, ()):
                if any(start < meeting.end and meeting.start < end for start, end in person.busy):
                    text = f"{person.id} attends {meeting.id} and is busy then"
                    yield InstanceViolation(InstanceRule.SPECIALIST_BUSY, (meeting.id, person.id), text)
                booked.setdefault(person.id, []).append(meeting)
        for person_id, meetings in booked.items():
            for first, second in _overlapping(meetings):
                text = f"{person_id} attends {first.id} and {second.id} at one time"
                yield InstanceViolation(InstanceRule.DOUBLE_BOOKED, (first.id, second.id, person_id), text)

    def rooms(self) -> Iterator[InstanceViolation]:
        by_room: dict[str, list[InstanceMeeting]] = {}
        for meeting in sorted(self.instance.meetings, key=lambda found: (found.start, found.end)):
            if not meeting.optional or self._used(meeting):
                by_room.setdefault(meeting.room, []).append(meeting)
        for room, meetings in by_room.items():
            for first, second in _overlapping(meetings):
                text = f"{first.id} and {second.id} are in room {room} at one time"
                yield InstanceViolation(InstanceRule.ROOM_CLASH, (first.id, second.id, room), text)

    def claims(self, cost: int) -> Iterator[InstanceViolation]:
        if self.answer.cost != cost:
            text = f"cost: the answer says {self.answer.cost}, the instance makes it {cost}"
            yield InstanceViolation(InstanceRule.WRONG_COST, (), text)
        if self.answer.bound is not None and self.answer.bound > cost:
            text = f"lower_bound: {self.answer.bound} is above the cost {cost} of this very plan"
            yield InstanceViolation(InstanceRule.WRONG_BOUND, (), text)
        if self.answer.unscheduled is None:
            return
        left_out = {case.id for case in self.instance.cases} - set(self.answer.assign)
        for case in sorted(left_out.symmetric_difference(self.answer.unscheduled)):
            said = "is not in the list" if case in left_out else "is in the list, yet placed or unknown"
            text = f"unscheduled: {case} {said}"
            yield InstanceViolation(InstanceRule.WRONG_UNSCHEDULED, (case,), text)


def check_answer(instance: BoardInstance, answer: BoardAnswer) -> AnswerReport:
    """The hard rules that an answer breaks and its cost, recomputed without any planner.

    A case on an unknown meeting counts as left out; somebody listed twice at a meeting is paid once.
    """
    judge = _Judge(instance, answer)
    cost = judge.cost()
    violations = (
        *judge.unknown(), *judge.cases_in_place(), *judge.people_in_place(), *judge.rooms(), *judge.claims(cost),
    )  # fmt: skip
    return AnswerReport(violations, cost)


def _overlapping(meetings: list[InstanceMeeting]) -> Iterator[tuple[InstanceMeeting, InstanceMeeting]]:
    """The pairs that share a minute, of meetings sorted by start."""
    for position, first in enumerate(meetings):
        for second in meetings[position + 1 :]:
            if second.start >= first.end:
                break
            if overlap(first, second):
                yield first, second
