"""People: who belongs to which department, what they can do, and when they cannot come."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, time

from flask import request
from werkzeug.wrappers import Response

from tumorboard.domain.identity import without_resident_number
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.boards import list_windows
from tumorboard.services.cover_steps import list_undoable
from tumorboard.services.lists import list_departments
from tumorboard.services.people import find_member, list_absences_ahead, search_people
from tumorboard.store.people import Member
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.frame import own_name, pages, show, words
from tumorboard.web.pages.names import all_specialties, full_name
from tumorboard.web.pages.part_cards import labels_of

AWAY_DAYS = 28
"""How far ahead the list looks for who is away."""


@pages.get("/people", endpoint="list_people")
def show_people() -> Response:
    """Everybody, by department, narrowed by what stands in the address."""
    actor, now = current_actor(), utc_now()
    specialties = all_specialties()
    names = {row.key: own_name(row) for row in list_departments(database(), by=actor)}
    filters = {
        "search": without_resident_number(" ".join(request.args.get("search", "").split()))[:80],
        "department": request.args.get("department", "") if request.args.get("department") in names else "",
        "specialty": request.args.get("specialty", "") if request.args.get("specialty") in specialties else "",
        "away": "1" if request.args.get("away") else "",
    }
    members = search_people(
        database(), by=actor, now=now, text=filters["search"], department=filters["department"],
        specialty=filters["specialty"], away_days=AWAY_DAYS if filters["away"] else 0,
    )  # fmt: skip
    departments: dict[int, list[Member]] = {}
    for member in members:
        departments.setdefault(member.department_id, []).append(member)
    return show(
        "people.html",
        departments=[(people[0].department, people) for people in departments.values()],
        number=len(members),
        filters=filters,
        now=now,
        specialties=specialties,
        department_options=sorted(names.items(), key=lambda option: option[1]),
        options=sorted(specialties.items(), key=lambda option: option[1]),
        certificates=certificate_names(),
    )


@pages.get("/people/<member_id>")
def show_member(member_id: str) -> Response:
    """One member: her windows, when she cannot come, and who stands in for her."""
    actor, now = current_actor(), utc_now()
    require(actor, Permission.PEOPLE_READ)
    member = find_member(database(), member_id)
    return show(
        "member.html",
        member=member,
        name=full_name(member),
        names={each.deputy.public_id: full_name(each.deputy) for each in member.deputies},
        specialties=all_specialties(),
        certificates=certificate_names(),
        windows=list_windows(database(), member_id=member_id, by=actor, now=now),
        absences=list_absences_ahead(database(), member, now=now),
        undoable=list_undoable(database(), member_id=member_id, by=actor, now=now),
        labels_of=labels_of,
        may_edit=may_edit_absences(actor, member_id),
        today=setup().today(now),
        given=_times_given(),
    )


def _times_given() -> dict[str, str]:
    """Times of an absence that a link proposes (`first`, `last`, `from`, `to`), for the form; nothing is entered."""
    given: dict[str, str] = {}
    for name, read in (("first", date), ("last", date), ("from", time), ("to", time)):
        with suppress(ValueError):
            given[name] = read.fromisoformat(request.args.get(name, "")).isoformat()
    return given


def may_edit_absences(actor: Actor, member_id: str) -> bool:
    """True for a coordinator, and for the member herself."""
    return actor.may(Permission.ABSENCE_EDIT_ANY) or (
        actor.may(Permission.ABSENCE_EDIT_OWN) and actor.member_id == member_id
    )


def certificate_names() -> dict[str, str]:
    """What the certificates of every programme are called."""
    language = words().language
    return {
        key: text.in_language(language)
        for program in setup().programs.values()
        for key, text in program.certificates.items()
    }
