"""The centre: what it consists of, what it lacks to begin with, its departments and their specialties."""

from __future__ import annotations

from collections.abc import Mapping

from flask import url_for
from werkzeug.wrappers import Response

from tumorboard.services.access import Permission, roles_with
from tumorboard.services.centre_edits import (
    add_department,
    change_department,
    place_specialty,
    remove_department,
    remove_specialty,
    rename_centre,
)
from tumorboard.services.centre_overview import Gap, read_overview
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.forms import Refused, forms_of, take_form
from tumorboard.web.pages.frame import form_text, own_name, pages, show, words
from tumorboard.web.pages.names import all_specialties
from tumorboard.web.pages.people import certificate_names
from tumorboard.words.centre import GAPS
from tumorboard.words.labels import ROLES

_PLACES = {
    "no-coordinator": ("pages.list_accounts", Permission.ACCOUNT_EDIT),
    "no-member": ("pages.list_centre_members", Permission.CENTRE_EDIT),
    "no-room": ("pages.list_rooms", Permission.CENTRE_EDIT),
    "no-board": ("pages.list_centre_boards", Permission.CENTRE_EDIT),
    "nobody-certified": ("pages.list_centre_members", Permission.CENTRE_EDIT),
    "no-case": ("pages.show_upload", Permission.CASE_IMPORT),
}
"""Where a gap is filled, and the permission that this needs."""


@pages.get("/centre", endpoint="show_centre")
def show_centre() -> Response:
    """The overview."""
    return _page()


def _page(refused: Refused | None = None) -> Response:
    overview = read_overview(database(), setup(), by=current_actor(), now=utc_now())
    specialties = all_specialties()
    placed = {row.key for department in overview.departments for row in department.specialties}
    boards = {board.key: own_name(board) for board in overview.boards}
    return show(
        "centre.html",
        overview=overview,
        gaps=[_say(gap, boards, specialties) for gap in overview.gaps],
        form=forms_of(refused),
        specialties=specialties,
        left=sorted(((key, name) for key, name in specialties.items() if key not in placed), key=lambda pair: pair[1]),
        departments=[(row.key, own_name(row)) for row in overview.departments],
    )


def _say(gap: Gap, boards: dict[str, str], specialties: Mapping[str, str]) -> tuple[str, str, str]:
    """The address where a gap is filled, its words, and without an address who can do it: the reader cannot."""
    said = words().gettext(GAPS[gap.code]) % {
        "board": boards.get(gap.board, gap.board), "specialty": specialties.get(gap.specialty, gap.specialty),
        "certificate": certificate_names().get(gap.certificate, ""),
    }  # fmt: skip
    if gap.code == "no-series":
        return url_for("pages.list_series"), said, ""
    if gap.board and gap.code not in _PLACES:
        return url_for("pages.show_centre_board", key=gap.board), said, ""
    place, permission = _PLACES[gap.code]
    if current_actor().may(permission):
        return url_for(place), said, ""
    roles = ", ".join(words().gettext(ROLES[role]) for role in roles_with(permission))
    return "", said, words().gettext("Who can do this: %(roles)s") % {"roles": roles}


@pages.post("/centre")
def save_centre() -> Response:
    """Give the centre its name."""

    def act() -> str:
        rename_centre(database(), **_names(), by=current_actor(), now=utc_now())
        return words().gettext("Kept.")

    return take_form("centre", act, url_for("pages.show_centre"), _page)


@pages.post("/centre/departments")
def add_department_here() -> Response:
    """A new department."""

    def act() -> str:
        add_department(database(), **_names(), by=current_actor(), now=utc_now())
        return words().gettext("The department is added.")

    return take_form("new-department", act, url_for("pages.show_centre", _anchor="departments"), _page)


@pages.post("/centre/departments/<key>")
def save_department(key: str) -> Response:
    """Another name, or none of it any more."""

    def act() -> str:
        if form_text("do") == "remove":
            remove_department(database(), key=key, by=current_actor(), now=utc_now())
            return words().gettext("The department is removed.")
        change_department(database(), key=key, **_names(), by=current_actor(), now=utc_now())
        return words().gettext("Kept.")

    return take_form(f"department-{key}", act, url_for("pages.show_centre", _anchor="departments"), _page)


@pages.post("/centre/specialties")
def save_specialty() -> Response:
    """Say which department supplies a specialty, or take it from the centre."""
    key = form_text("specialty")

    def act() -> str:
        if form_text("do") == "remove":
            remove_specialty(database(), specialty=key, by=current_actor(), now=utc_now())
            return words().gettext("The specialty is removed.")
        place_specialty(
            database(), setup(), specialty=key, department=form_text("department"), by=current_actor(), now=utc_now()
        )
        return words().gettext("Kept.")

    name = "new-specialty" if form_text("is_new") else f"specialty-{key}"
    return take_form(name, act, url_for("pages.show_centre", _anchor="specialties"), _page)


def _names() -> dict[str, str]:
    return {"name_ko": form_text("name_ko"), "name_en": form_text("name_en")}
