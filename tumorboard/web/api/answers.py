"""Answers to invitations: what came back, the coordinator's decisions, and answers given here."""

from __future__ import annotations

from typing import Any

from tumorboard.services import answers, proposals
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, current_language, database, setup, utc_now
from tumorboard.web.schemas.answers import (
    AcceptedAnswer,
    AnswerAsk,
    DeclinedAnswer,
    FollowedAnswer,
    InvitationListAnswer,
    MessageListAsk,
    MessagePageAnswer,
    present_accepted,
    present_followed,
    present_invitation,
    present_message,
)
from tumorboard.web.schemas.base import page_of
from tumorboard.words import Words

door = Door("answers", description="Answers to invitations, and what waits for a coordinator")


@door.get("/answers")
@door.arguments(MessageListAsk, location="query")
@door.response(200, MessagePageAnswer)
def list_messages(asked: dict[str, Any]) -> dict[str, Any]:
    """List what came back by mail, newest first

    Stale, forged and uninvited answers stand there with their reason; they changed nothing.
    """
    found = proposals.list_messages(database(), by=current_actor(), state=asked.pop("state", None), **asked)
    words, has_mailbox = Words(current_language()), bool(setup().inbox_url)
    items = [present_message(row, words, has_mailbox=has_mailbox) for row in found.rows]
    return page_of(items, total=found.total, **asked)


@door.post("/answers/<public_id:message_id>/accept")
@door.response(200, AcceptedAnswer)
def accept_message(message_id: str) -> dict[str, Any]:
    """Accept a proposed time or a deputy

    The whole meeting moves, if its room and everybody invited are free; else `cannot-move` with a reason for each.
    """
    moved = proposals.accept_message(database(), setup(), message_id=message_id, by=current_actor(), now=utc_now())
    return present_accepted(moved)


@door.post("/answers/<public_id:message_id>/decline")
@door.response(200, DeclinedAnswer)
def decline_message(message_id: str) -> dict[str, Any]:
    """Decline a proposed time or a deputy

    All stays as it is. Who proposed another time hears so (DECLINECOUNTER).
    """
    told = proposals.decline_message(database(), setup(), message_id=message_id, by=current_actor(), now=utc_now())
    return {"told": told}


@door.post("/answers/<public_id:message_id>/dismiss")
@door.response(204)
def dismiss_message(message_id: str) -> None:
    """Put a message away; nothing is to be done"""
    proposals.dismiss_message(database(), message_id=message_id, by=current_actor(), now=utc_now())


@door.post("/answers/<public_id:message_id>/believe")
@door.response(204)
def believe_message(message_id: str) -> None:
    """Take an answer that came from another address: it was really the member"""
    proposals.believe_message(database(), setup(), message_id=message_id, by=current_actor(), now=utc_now())


@door.get("/meetings/<public_id:meeting_id>/invitations")
@door.response(200, InvitationListAnswer)
def list_invitations(meeting_id: str) -> dict[str, Any]:
    """List who is invited to a meeting, and what each said

    For coordinators.
    """
    rows = answers.list_invitations(database(), meeting_id=meeting_id, by=current_actor())
    return {"items": [present_invitation(row) for row in rows], "total": len(rows)}


@door.post("/invitations/<public_id:invitation_id>/answer")
@door.arguments(AnswerAsk)
@door.response(200, FollowedAnswer)
def answer_invitation(given: dict[str, Any], invitation_id: str) -> dict[str, Any]:
    """Answer one's own invitation, or enter what a member said"""
    use_case = answers.answer_for if given["on_behalf"] else answers.answer_own
    followed = use_case(
        database(), setup(), invitation_id=invitation_id, answer=given["answer"], comment=given["comment"],
        by=current_actor(), now=utc_now(),
    )  # fmt: skip
    return present_followed(followed)
