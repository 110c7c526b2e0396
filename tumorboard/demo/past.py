"""The weeks before the demo: boards that were held, with who was there and what became of each case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import cycle, islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.demo.material import OWN_KEYS, write_case_list
from tumorboard.domain.discussions import Outcome, stamp_of
from tumorboard.domain.errors import BadInput
from tumorboard.domain.model import SeatKind
from tumorboard.services.access import Actor
from tumorboard.services.attendance import check_in, check_out
from tumorboard.services.case_lists import import_cases
from tumorboard.services.cases import withdraw_cases
from tumorboard.services.discussions import record_outcome, start_discussion
from tumorboard.services.meeting_records import sign_off
from tumorboard.services.meetings import find_board, hold_series
from tumorboard.services.outbox import deliver_post
from tumorboard.services.planning import propose
from tumorboard.services.publishing import publish_draft
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.meetings import Meeting, MeetingInvitation

WEEKS = 8
"""How many weeks before the demo have a board that was held."""

WEEK_WITHOUT_ALL = 5
"""In this one somebody of the core team is away."""

CASES_A_WEEK = 5
FIRST_REFERENCE = 1801
_UNUSUAL = (OWN_KEYS - {"referred", "reported"}) | {"named_members", "molecular_pending"}
"""Keys of a case that make it too special to be repeated."""


class NoMailer:
    """The letters of those weeks arrived long ago: nothing leaves now."""

    def send(self, message: bytes, *, sender: str, recipient: str) -> None:
        """Take the letter."""


def begin_of_past(now: datetime) -> datetime:
    """When the centre was set up: before the first board that was held."""
    return now - timedelta(weeks=WEEKS)


class Past:
    """Holds the boards of the weeks before the demo, one after the other, as people would have done."""

    def __init__(
        self, session: Session, setup: Setup, *, board: str, cases: Mapping[str, Any], past: Mapping[str, Any],
        by: Actor, now: datetime,
    ) -> None:  # fmt: skip
        self.session = session
        self.setup = replace(setup, plan_seconds=1)
        self.board = board
        self.program = cases["program"]
        self.by = by
        self.now = now
        self.texts: Iterator[str] = cycle(past["recommendations"])
        self.outcomes: Iterator[Mapping[str, str]] = cycle(past["outcomes"])
        patterns = cycle(case for case in cases["cases"] if not _UNUSUAL & case.keys())
        self.cases = (
            {**case, "reference": f"OV-{FIRST_REFERENCE + number}"}
            for number, case in enumerate(islice(patterns, WEEKS * CASES_A_WEEK))
        )

    def hold(self) -> None:
        """Every board that is over, oldest first. What was left open then was settled otherwise."""
        until = self.setup.today(self.now)
        hold_series(self.session, self.setup, until=until, by=self.by, now=begin_of_past(self.now))
        board = find_board(self.session, self.board)
        query = select(Meeting.public_id, Meeting.starts_at).where(
            Meeting.board_id == board.id, Meeting.ends_at < self.now - timedelta(hours=1)
        )
        rows = self.session.execute(query.order_by(Meeting.starts_at.desc()).limit(WEEKS)).all()
        for week, (meeting_id, starts_at) in enumerate(reversed(rows)):
            self._plan(starts_at)
            self._meet(meeting_id, week)
        self._close(self.now - timedelta(days=1))

    def _plan(self, starts_at: datetime) -> None:
        referred, planned = starts_at - timedelta(days=5), starts_at - timedelta(days=3)
        arriving = list(islice(self.cases, CASES_A_WEEK))
        content = write_case_list(arriving, today=self.setup.today(referred), members={})
        import_cases(
            self.session, self.setup, program=self.program, content=content, filename="cases.csv", by=self.by,
            now=referred,
        )  # fmt: skip
        draft = propose(self.session, self.setup, board=self.board, weeks=1, by=self.by, now=planned)
        publish_draft(self.session, self.setup, draft_id=draft.public_id, by=self.by, now=planned)
        deliver_post(self.session, mailer=NoMailer(), sender=self.setup.mail_from, clock=lambda: planned)

    def _meet(self, meeting_id: str, week: int) -> None:
        meeting = self.session.scalars(select(Meeting).where(Meeting.public_id == meeting_id)).one()
        if not meeting.agenda:
            return
        starts_at = meeting.starts_at
        items = [(item.case.public_id, item.ends_at) for item in meeting.agenda]
        people = _people(meeting.invitations, week)
        common: dict[str, Any] = {"meeting_id": meeting_id, "by": self.by}
        core = [member for member, kind, _, _ in people if kind == "core"]
        check_in(self.session, member_ids=core, now=starts_at - timedelta(minutes=2), **common)
        for member, kind, since, until in people:
            if kind != "core":
                check_in(self.session, member_ids=[member], now=since, **common)
                check_out(self.session, member_ids=[member], now=until, **common)
        start_discussion(self.session, case_id=items[0][0], now=starts_at, **common)
        for place, (case_id, until) in enumerate(items):
            what = next(self.outcomes)
            text = next(self.texts) if what["outcome"] == Outcome.DISCUSSED else ""
            more = {**common, "now": until + timedelta(seconds=50 * (place % 3 - 1))}
            self._record(case_id, what["outcome"], what.get("reason", ""), text, more)
        sign_off(self.session, self.setup, now=meeting.ends_at + timedelta(hours=2), **common)

    def _record(self, case_id: str, outcome: str, reason: str, text: str, more: Mapping[str, Any]) -> None:
        """Where a called-in specialist was away her opinion was known."""
        asked = {"case_id": case_id, "outcome": outcome, "text": text, "stamp": stamp_of(""), "go_on": True, **more}
        try:
            record_outcome(self.session, self.setup, reason=reason, **asked)
        except BadInput as refused:
            if refused.code != "quorum-missing":
                raise
            record_outcome(self.session, self.setup, reason="opinion-known", **asked)

    def _close(self, at: datetime) -> None:
        """Cases that wait since then were treated elsewhere: they would only stand in the way of today's."""
        waiting = select(Case.public_id).where(Case.status == "waiting").order_by(Case.id)
        open_ones = list(self.session.scalars(waiting))
        if open_ones:
            withdraw_cases(self.session, case_ids=open_ones, by=self.by, now=at)


def _people(rows: Sequence[MeetingInvitation], week: int) -> list[tuple[str, str, datetime, datetime]]:
    """Who came, and when: somebody is away every week, in one of them from the core; another comes late."""
    invited = [row for row in rows if row.status == "invited"]
    there = [
        row
        for place, row in enumerate(invited)
        if (place + 3 * week) % 11 or (row.kind == SeatKind.CORE and week != WEEK_WITHOUT_ALL)
    ]
    late = timedelta(minutes=4)
    return [
        (
            row.member.public_id,
            row.kind,
            row.starts_at + (late if (place + week) % 7 == 0 else -timedelta(minutes=1)),
            row.ends_at + timedelta(minutes=1),
        )
        for place, row in enumerate(there)
    ]
