"""Members of the centre as an administrator or coordinator edits them."""

from __future__ import annotations

from flask import flash, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import NotFound
from tumorboard.services.access import Permission, require
from tumorboard.services.centre_members import (
    MemberValues,
    add_member,
    change_member,
    list_members,
    readmit_member,
    retire_member,
)
from tumorboard.services.lists import list_departments, list_specialties
from tumorboard.services.preferences import list_zones
from tumorboard.store.people import Member
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.forms import Refused, form_list, form_maybe_whole, forms_of, take_form
from tumorboard.web.pages.frame import answer_form, form_text, own_name, pages, show, words
from tumorboard.web.pages.names import all_specialties, full_name
from tumorboard.web.pages.people import certificate_names


@pages.get("/centre/members", endpoint="list_centre_members")
def list_centre_members() -> Response:
    """Everybody, also who left, and the form for somebody new."""
    return _list()


def _list(refused: Refused | None = None) -> Response:
    members = list_members(database(), by=current_actor())
    return show("centre_members.html", members=members, form=forms_of(refused), **_options(members))


@pages.get("/centre/members/<member_id>", endpoint="show_centre_member")
def show_centre_member(member_id: str) -> Response:
    """One member with everything that can be changed."""
    return _page(member_id)


def _page(member_id: str, refused: Refused | None = None) -> Response:
    members = list_members(database(), by=current_actor())
    member = next((row for row in members if row.public_id == member_id), None)
    if member is None:
        raise NotFound("there is no such member", code="unknown-member")
    values = {
        "name": member.name, "title": member.title, "email": member.email, "department": member.department.key,
        "language": member.language, "time_zone": member.time_zone, "most_calls_per_week": member.most_calls_per_week,
        "specialties": [held.specialty for held in member.specialties],
        "certificates": [held.certificate for held in member.certificates],
        "deputies": [row.deputy.public_id for row in member.deputies],
    }  # fmt: skip
    deputies = {row.deputy_id for row in member.deputies}
    others = [row for row in members if row is not member and (row.active or row.id in deputies)]
    return show(
        "centre_member.html", member=member, name=full_name(member), form=forms_of(refused)("member", **values),
        **_options(others),
    )  # fmt: skip


def _options(members: list[Member]) -> dict[str, object]:
    """What the lists of the forms offer. The centre's specialties, and every certificate of a programme."""
    names = all_specialties()
    specialties = list_specialties(database(), by=current_actor())
    return {
        "departments": [(row.key, own_name(row)) for row in list_departments(database(), by=current_actor())],
        "specialties": sorted(((row.key, names.get(row.key, row.key)) for row in specialties),
                              key=lambda pair: pair[1]),
        "names": names,
        "certificates": sorted(certificate_names().items(), key=lambda pair: pair[1]),
        "deputies": [(row.public_id, full_name(row)) for row in sorted(members, key=lambda row: row.name)],
        "languages": (("ko", "한국어"), ("en", "English")),
        "zones": list_zones(),
        "usual_zone": setup().time_zone,
    }  # fmt: skip


def _read() -> MemberValues:
    return MemberValues(
        name=form_text("name"), title=form_text("title"), email=form_text("email"),
        department=form_text("department"), language=form_text("language") or setup().language,
        time_zone=form_text("time_zone"),
        most_calls_per_week=form_maybe_whole("most_calls_per_week", code="bad-calls"),
        specialties=form_list("specialties"), certificates=form_list("certificates"), deputies=form_list("deputies"),
    )  # fmt: skip


@pages.post("/centre/members")
def add_member_here() -> Response:
    """Somebody new."""

    def act() -> str:
        row = add_member(database(), setup(), values=_read(), by=current_actor(), now=utc_now())
        return words().gettext("%(name)s is added.") % {"name": full_name(row)}

    return take_form("new-member", act, url_for("pages.list_centre_members"), _list)


@pages.post("/centre/members/<member_id>")
def save_member(member_id: str) -> Response:
    """What changed about her."""

    def act() -> str:
        change_member(database(), setup(), member_id=member_id, values=_read(), by=current_actor(), now=utc_now())
        return words().gettext("Kept. The next proposal plans with it; what is published stays.")

    require(current_actor(), Permission.CENTRE_EDIT)
    back = url_for("pages.show_centre_member", member_id=member_id)
    return take_form("member", act, back, lambda refused: _page(member_id, refused))


@pages.post("/centre/members/<member_id>/active")
def save_active(member_id: str) -> Response:
    """She leaves, or is back."""

    def act() -> str:
        if form_text("active") == "yes":
            readmit_member(database(), member_id=member_id, by=current_actor(), now=utc_now())
            return words().gettext("Back, and can be planned. The log-in is opened on the page of log-ins.")
        meetings = retire_member(database(), member_id=member_id, by=current_actor(), now=utc_now())
        if meetings:
            said = words().ngettext(
                "Still invited to %(number)d published meeting: propose and publish its board again.",
                "Still invited to %(number)d published meetings: propose and publish their boards again.",
                len(meetings),
            )
            flash(said % {"number": len(meetings)}, "warning")
        return words().gettext("Noted as left: nobody plans with this member any more, and the log-in is closed.")

    return answer_form(url_for("pages.show_centre_member", member_id=member_id), act)
