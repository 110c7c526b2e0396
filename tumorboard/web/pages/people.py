"""People: who belongs to which department, what they can do, and when they cannot come."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import flash, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput
from tumorboard.domain.timeline import at_wall_clock
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.boards import list_people, list_windows
from tumorboard.services.people import add_absence, find_member, remove_absence, require_own
from tumorboard.store.meetings import Meeting
from tumorboard.store.people import Absence, Member
from tumorboard.web.auth import current_actor, database, next_path, setup, utc_now
from tumorboard.web.pages.frame import answer_form, form_date, form_text, pages, show, words
from tumorboard.web.pages.meetings import labels_of
from tumorboard.web.pages.names import all_specialties, full_name, say_when


@pages.get("/people", endpoint="list_people")
def show_people() -> Response:
    """Everybody, by department."""
    specialties = all_specialties()
    chosen = request.args.get("specialty", "")
    members = list_people(
        database(), by=current_actor(), now=utc_now(), specialty=chosen if chosen in specialties else None
    )
    departments: dict[int, list[Member]] = {}
    for member in members:
        departments.setdefault(member.department_id, []).append(member)
    return show(
        "people.html",
        departments=[(people[0].department, people) for people in departments.values()],
        number=len(members),
        specialties=specialties,
        options=sorted(specialties.items(), key=lambda option: option[1]),
        certificates=certificate_names(),
        chosen=chosen,
    )


@pages.get("/people/<member_id>")
def show_member(member_id: str) -> Response:
    """One member: her windows and her absences."""
    actor, now = current_actor(), utc_now()
    require(actor, Permission.PEOPLE_READ)
    member = find_member(database(), member_id)
    return show(
        "member.html",
        member=member,
        name=full_name(member),
        specialties=all_specialties(),
        certificates=certificate_names(),
        windows=list_windows(database(), member_id=member_id, by=actor, now=now),
        absences=absences_ahead(member, now),
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


def absences_ahead(member: Member, now: datetime) -> list[Absence]:
    """Absences and busy times that are not over, soonest first."""
    query = select(Absence).where(Absence.member_id == member.id, Absence.ends_at > now)
    return list(database().scalars(query.order_by(Absence.starts_at)))


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


@pages.post("/people/<member_id>/absences")
def add_absence_of(member_id: str) -> Response:
    """Note an absence, and warn of the published meetings it touches."""

    def act() -> str:
        require_own(current_actor(), member_id)  # first: who may not write learns nothing of who there is
        zone = ZoneInfo(find_member(database(), member_id).time_zone)
        starts_at, ends_at = _read_times(zone)
        _, touched = add_absence(
            database(), member_id=member_id, starts_at=starts_at, ends_at=ends_at,
            kind=form_text("kind") or "absence", by=current_actor(), now=utc_now(), setup=setup(),
        )  # fmt: skip
        for public_id in touched:
            flash(_warning(public_id), "warning")
        return words().gettext("The absence is noted.")

    return answer_form(next_path(url_for("pages.show_member", member_id=member_id)), act)


def _read_times(zone: ZoneInfo) -> tuple[datetime, datetime]:
    """First and last day, both included; with times, from the one to the other."""
    first = form_date("first")
    last = form_date("last") or first
    if first is None or last is None:
        raise BadInput("name the first day", code="not-a-date", field="first")
    try:
        start = time.fromisoformat(form_text("from") or "00:00")
        end = time.fromisoformat(form_text("to")) if form_text("to") else None
    except ValueError:
        raise BadInput("no time; write it as 07:30", code="bad-input", field="from") from None
    if start.tzinfo or (end and end.tzinfo):
        raise BadInput("no time; write it as 07:30", code="bad-input", field="from")
    starts_at = at_wall_clock(first, start, zone)
    ends_at = at_wall_clock(last, end, zone) if end else at_wall_clock(last + timedelta(days=1), time(0), zone)
    return starts_at, ends_at


def _warning(meeting_id: str) -> str:
    meeting = database().scalars(select(Meeting).where(Meeting.public_id == meeting_id)).one()
    said = words().gettext(
        "Already invited on %(when)s. The board now shows the coordinator that somebody else is needed."
    )
    return said % {"when": say_when(meeting.starts_at, meeting.time_zone)}


@pages.post("/people/<member_id>/absences/<absence_id>/remove")
def remove(member_id: str, absence_id: str) -> Response:
    """Take an absence back."""

    def act() -> str:
        remove_absence(database(), absence_id=absence_id, by=current_actor(), now=utc_now(), setup=setup())
        return words().gettext("The absence is removed.")

    return answer_form(next_path(url_for("pages.show_member", member_id=member_id)), act)
