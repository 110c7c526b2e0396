"""One published meeting looked at again at once, by the rules of the nightly check; what is new is told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from tumorboard.domain.deadlines import SOON
from tumorboard.services.digest import post_digests
from tumorboard.services.findings import Kept, keep_findings
from tumorboard.services.nightly import find_wrong
from tumorboard.services.published import PublishedBoard, load_published
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Meeting


def recheck_meeting(
    session: Session, setup: Setup, meeting: Meeting, *, now: datetime, tells: bool = True,
    published: PublishedBoard | None = None,
) -> Kept:  # fmt: skip
    """Bring the findings of a meeting to the facts of now, in the caller's transaction.

    With `tells` a new finding that stops a case is written to the coordinators: at once when the meeting is near.
    Whoever has read what is `published` since the last change gives it.
    """
    session.flush()
    if meeting.status != "published" or meeting.starts_at <= now:
        return Kept((), (), 0)
    published = published or load_published(session, setup, meeting.board, now=now)
    wrong = find_wrong(session, setup, published, now=now) if published is not None else ()
    here = [reason for reason in wrong if reason.values["meeting"] == meeting.public_id]
    kept = keep_findings(session, [meeting], here, now=now)
    news = [each for each in kept.new if each.is_blocking]
    if tells and news:
        is_near = meeting.starts_at - now <= SOON
        post_digests(session, setup, [(meeting.board, news)], now=now, at_once=is_near)
    return kept
