"""Members whose letters come back, and what mends it."""

from __future__ import annotations

from typing import Any

from tumorboard.services import addresses
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.schemas.addresses import (
    AddressCorrectionAsk,
    UnreachedListAnswer,
    WrittenAgainAnswer,
    present_unreached,
)

door = Door("addresses", description="Addresses from which letters come back")


@door.get("/unreached")
@door.response(200, UnreachedListAnswer)
def list_unreached() -> dict[str, Any]:
    """List the members whose letters come back, the longest first"""
    return present_unreached(addresses.list_unreached(database(), by=current_actor()))


@door.post("/people/<public_id:member_id>/address-works")
@door.response(200, WrittenAgainAnswer)
def confirm_address(member_id: str) -> dict[str, Any]:
    """Say that letters reach a member again

    The invitations ahead leave once more.
    """
    letters = addresses.confirm_address(
        database(), setup(), member_id=member_id, by=current_actor(), now=utc_now()
    )  # fmt: skip
    return {"letters": letters}


@door.post("/people/<public_id:member_id>/address")
@door.arguments(AddressCorrectionAsk)
@door.response(200, WrittenAgainAnswer)
def correct_address(asked: dict[str, Any], member_id: str) -> dict[str, Any]:
    """Give a member another address

    The invitations ahead leave to it.
    """
    letters = addresses.correct_address(
        database(), setup(), member_id=member_id, email=asked["email"], by=current_actor(), now=utc_now()
    )
    return {"letters": letters}
