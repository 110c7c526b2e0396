"""What the page of an open draft says of today: what is wrong by now, what came after it, what comes late."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from tumorboard.domain.model import Reason
from tumorboard.services.boards import DraftView
from tumorboard.services.draft_today import read_today
from tumorboard.services.planning import LONGEST_WEEKS
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.frame import words
from tumorboard.words.phrases import Names, say_reason


@dataclass(frozen=True, slots=True)
class LateLine:
    """A case that comes after its limit: where it stands in the draft, and by how many days."""

    reference: str
    case_id: str
    meeting: str
    days: int
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class TodayLines:
    """An open draft beside the facts of now, as its page says it.

    `wrong` stops the publication; `is_changed` when meetings are other ones by now. `came_after` are references with
    the ids of cases that wait for the next proposal. `lost` are the places by hand that the proposal could not keep.
    `weeks` reach from now to the end of the draft.
    """

    wrong: tuple[str, ...]
    is_changed: bool
    came_after: tuple[tuple[str, str], ...]
    closed: tuple[str, ...]
    late: tuple[LateLine, ...]
    by_hand: int
    lost: tuple[tuple[str, str], ...]
    weeks: int


def today_of(view: DraftView, names: Names) -> TodayLines | None:
    """What an open draft is worth now; None for a closed one."""
    if view.row.status != "open":
        return None
    now = utc_now()
    today = read_today(database(), setup(), view, by=current_actor(), now=now)
    placed = {entry.reference: plan.meeting for plan in view.proposal.meetings for entry in plan.agenda}
    weeks = -((now - view.row.until) // timedelta(weeks=1))
    return TodayLines(
        wrong=tuple(dict.fromkeys(say_all(today.wrong, names))),
        is_changed=bool(today.changed),
        came_after=tuple((reference, today.case_ids.get(reference, "")) for reference in today.came_after),
        closed=today.closed,
        late=tuple(
            LateLine(
                reference, view.case_ids.get(reference, ""), placed[reference], days, reference in today.late_urgent
            )
            for reference, days in today.late.items()
        ),
        by_hand=today.by_hand,
        lost=tuple(_lost(view, names)),
        weeks=min(LONGEST_WEEKS, max(1, weeks)),
    )


def _lost(view: DraftView, names: Names) -> list[tuple[str, str]]:
    known = {ref: reasons for plan in view.proposal.meetings for ref, reasons in plan.reasons.items()}
    return [
        (reference, say_reason(reason, words(), names))
        for reference, reasons in {**known, **view.proposal.left_out}.items()
        for reason in reasons
        if reason.code == "hand-place-lost"
    ]


CENTRE_LACKS = ("no-member-for-specialty", "nobody-certified")
"""Reasons for leaving a case out that stay until somebody is entered: no meeting and no placing by hand helps."""


def list_lacks(left_out: Iterable[tuple[str, tuple[Reason, ...]]], names: Names) -> list[tuple[str, int]]:
    """Whom the centre lacks, in words, and how many cases are left out for it; most cases first."""
    found = Counter(
        said
        for _, reasons in left_out
        for said in {say_reason(reason, words(), names) for reason in reasons if reason.code in CENTRE_LACKS}
    )
    return sorted(found.items(), key=lambda each: (-each[1], each[0]))


def say_all(reasons: tuple[Reason, ...], names: Names) -> list[str]:
    """Reasons as sentences."""
    return [say_reason(reason, words(), names) for reason in reasons]
