"""My windows with what is asked of me, and the deputy I send."""

from __future__ import annotations

from typing import Any

from tumorboard.services.my_parts import delegate_own, list_my_parts, take_back_own
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, current_language, database, setup, utc_now
from tumorboard.web.schemas.my_parts import (
    DeputyAnswer,
    DeputyAsk,
    MyPartListAnswer,
    TakenBackAnswer,
    present_part,
    present_who,
)

door = Door("my-parts", description="My windows, and who comes in my place")


@door.get("/my-parts")
@door.response(200, MyPartListAnswer)
def list_parts() -> dict[str, Any]:
    """List my windows ahead, with each case in them

    Planned procedures, questions and what is missing stand by the reference of the case, and no more of it. That the
    questions are read is recorded.
    """
    parts = list_my_parts(database(), setup(), by=current_actor(), now=utc_now())
    return {"items": [present_part(part, current_language()) for part in parts], "total": len(parts)}


@door.post("/invitations/<public_id:invitation_id>/delegate")
@door.arguments(DeputyAsk)
@door.response(200, DeputyAnswer)
def send_deputy(given: dict[str, Any], invitation_id: str) -> dict[str, Any]:
    """Send somebody of my specialty in my place

    Both are written to at once; my invitation stays, and I am asked again if the deputy does not come.
    """
    deputy = delegate_own(
        database(), setup(), invitation_id=invitation_id, deputy=given["deputy"], comment=given["comment"],
        by=current_actor(), now=utc_now(),
    )  # fmt: skip
    return {"deputy": present_who(deputy)}


@door.post("/invitations/<public_id:invitation_id>/take-back")
@door.response(200, TakenBackAnswer)
def come_myself(invitation_id: str) -> dict[str, Any]:
    """Come myself after I sent somebody in my place

    My answer is accepted. What the deputy was invited for already stays the deputy's; both are written to at once.
    """
    deputy = take_back_own(
        database(), setup(), invitation_id=invitation_id, by=current_actor(), now=utc_now()
    )  # fmt: skip
    return {"deputy": present_who(deputy)}
