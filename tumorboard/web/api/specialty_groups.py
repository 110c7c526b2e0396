"""Specialties that a board looks for together, saved by name."""

from __future__ import annotations

from typing import Any

from tumorboard.services import specialty_groups
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, database, utc_now
from tumorboard.web.schemas.plan_changes import GroupAnswer, GroupAsk, GroupsAnswer, RenameGroupAsk, present_group

door = Door("groups", description="Saved groups of specialties")


@door.get("/boards/<key:board>/groups")
@door.response(200, GroupsAnswer)
def list_groups(board: str) -> dict[str, Any]:
    """List the saved groups of a board"""
    rows = specialty_groups.list_groups(database(), board=board, by=current_actor())
    return {"items": [present_group(row) for row in rows], "total": len(rows)}


@door.put("/boards/<key:board>/groups")
@door.arguments(GroupAsk)
@door.response(200, GroupAnswer)
def save_group(asked: dict[str, Any], board: str) -> dict[str, Any]:
    """Save specialties under a name

    A group of that name is replaced. `GET /boards/{board}/slots` takes the same specialties.
    """
    return present_group(
        specialty_groups.save_group(database(), board=board, by=current_actor(), now=utc_now(), **asked)
    )


@door.patch("/groups/<public_id:group_id>")
@door.arguments(RenameGroupAsk)
@door.response(200, GroupAnswer)
def rename_group(asked: dict[str, Any], group_id: str) -> dict[str, Any]:
    """Rename a group"""
    return present_group(
        specialty_groups.rename_group(
            database(), group_id=group_id, name=asked["name"], by=current_actor(), now=utc_now()
        )
    )


@door.delete("/groups/<public_id:group_id>")
@door.response(204)
def remove_group(group_id: str) -> None:
    """Remove a group"""
    specialty_groups.remove_group(database(), group_id=group_id, by=current_actor(), now=utc_now())
