"""The rooms of the centre."""

from __future__ import annotations

from typing import Any

from flask import url_for
from werkzeug.wrappers import Response

from tumorboard.services.access import Permission, require
from tumorboard.services.centre_rooms import add_room, change_room, remove_room
from tumorboard.services.lists import list_rooms as find_rooms
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.forms import Refused, form_whole, forms_of, take_form
from tumorboard.web.pages.frame import form_text, pages, show, words


@pages.get("/centre/rooms", endpoint="list_rooms")
def list_rooms() -> Response:
    """Every room."""
    return _page()


def _page(refused: Refused | None = None) -> Response:
    require(current_actor(), Permission.CENTRE_EDIT)
    return show("centre_rooms.html", rooms=find_rooms(database(), by=current_actor()), form=forms_of(refused))


@pages.post("/centre/rooms")
def add_room_here() -> Response:
    """A new room."""

    def act() -> str:
        add_room(database(), **_read(), by=current_actor(), now=utc_now())
        return words().gettext("The room is added.")

    return take_form("new-room", act, url_for("pages.list_rooms"), _page)


@pages.post("/centre/rooms/<key>")
def save_room(key: str) -> Response:
    """What changed about a room, or it goes."""

    def act() -> str:
        if form_text("do") == "remove":
            remove_room(database(), key=key, by=current_actor(), now=utc_now())
            return words().gettext("The room is removed.")
        change_room(database(), setup(), key=key, **_read(), by=current_actor(), now=utc_now())
        return words().gettext("Kept.")

    return take_form(f"room-{key}", act, url_for("pages.list_rooms", _anchor=f"room-{key}"), _page)


def _read() -> dict[str, Any]:
    require(current_actor(), Permission.CENTRE_EDIT)
    return {
        "name": form_text("name"),
        "capacity": form_whole("capacity", code="bad-capacity"),
        "video_url": form_text("video_url"),
    }
