"""My calendar feeds: new address, list, revoke. The feeds themselves are served by `tumorboard.web.feeds`."""

from __future__ import annotations

from typing import Any

from tumorboard.domain.errors import BadInput
from tumorboard.services import feeds, lists
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.schemas.operation import FeedAsk, FeedDetailAsk, FeedListAnswer, NewFeedAnswer, present_feed

door = Door("feeds", description="Secret calendar addresses")


@door.get("/feeds")
@door.response(200, FeedListAnswer)
def list_feeds() -> dict[str, Any]:
    """List my living feeds, without their secrets"""
    items = [present_feed(row, subject) for row, subject in lists.list_own_feeds(database(), by=current_actor())]
    return {"items": items, "total": len(items)}


@door.post("/feeds")
@door.arguments(FeedAsk)
@door.response(201, NewFeedAnswer)
def rotate_feed(asked: dict[str, Any]) -> dict[str, Any]:
    """Make a new secret address for a feed

    It is shown this once; my older addresses of the same feed end at once.
    """
    by = current_actor()
    scope = asked["scope"]
    subject = asked["subject"] or (by.member_id if scope in feeds.OF_MEMBERS else None)
    if not subject:
        raise BadInput("say whose feed: a member's id, or the key of a board or department", field="subject")
    token = feeds.rotate_feed(
        database(), setup(), scope=scope, subject=subject, detail=asked["detail"], by=by, now=utc_now()
    )
    url = f"{setup().base_url}/feeds/{token}.ics"
    return {"scope": scope, "subject": subject, "url": url, "webcal_url": f"webcal://{url.partition('://')[2]}"}


@door.patch("/feeds/<key:scope>/<key:subject>")
@door.arguments(FeedDetailAsk)
@door.response(204)
def change_detail(asked: dict[str, Any], scope: str, subject: str) -> None:
    """Show more or less in a feed

    Its address stays, so calendars that use it go on.
    """
    feeds.change_detail(
        database(), setup(), scope=scope, subject=subject, detail=asked["detail"], by=current_actor(), now=utc_now()
    )


@door.delete("/feeds/<key:scope>/<key:subject>")
@door.response(204)
def revoke_feed(scope: str, subject: str) -> None:
    """Revoke my addresses of a feed"""
    feeds.revoke_feed(database(), scope=scope, subject=subject, by=current_actor(), now=utc_now())
