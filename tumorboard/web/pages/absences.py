"""An absence, from its dates to the substitutes of every meeting it touches; and all of it taken back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.domain.timeline import at_wall_clock
from tumorboard.services.access import Permission
from tumorboard.services.cover_steps import list_undoable, undo_cover
from tumorboard.services.covering import Affected, Choices, cover_absence, need_name, read_cover
from tumorboard.services.meetings import find_meeting
from tumorboard.services.need_facts import OpenNeed
from tumorboard.services.people import (
    add_absence,
    change_absence,
    find_absence,
    find_member,
    load_members,
    remove_absence,
    require_own,
)
from tumorboard.store.people import Absence, Member
from tumorboard.web.auth import current_actor, database, next_path, setup, utc_now
from tumorboard.web.pages.forms import Refused, show_refused, take_form
from tumorboard.web.pages.frame import (
    Done,
    answer_form,
    form_date,
    form_text,
    pages,
    say_done,
    show,
    show_period,
    words,
)
from tumorboard.web.pages.names import full_name, names_of, say_when
from tumorboard.web.pages.own_forms import show_back, show_with
from tumorboard.words.phrases import Names
from tumorboard.words.substitutes import say_lost, say_place, say_rejection

FIELD = "instead"
"""How the fields begin that say who is asked; the meeting and the need follow."""


@dataclass(frozen=True, slots=True)
class NeedLine:
    """One need of a meeting as the page says it: `people` are (id, name, how she stands to it, how often asked)."""

    need: OpenNeed
    field: str
    said: str
    chosen: str
    people: tuple[tuple[str, str, str, int], ...]
    rejected: tuple[tuple[str, str], ...]

    @property
    def asked_often(self) -> tuple[tuple[str, int], ...]:
        """Who of them was asked lately, and how often."""
        return tuple((person, times) for _, person, _, times in self.people if times)


@pages.post("/people/<member_id>/absences")
def add_absence_of(member_id: str) -> Response:
    """Note an absence, and go on to the substitutes of the meetings it touches."""
    back = next_path(url_for("pages.show_member", member_id=member_id))
    try:
        require_own(current_actor(), member_id)  # first: who may not write learns nothing of who there is
        zone = ZoneInfo(find_member(database(), member_id).time_zone)
        return enter_absence(member_id, *_read_times(zone), form_text("kind") or "absence", back)
    except (BadInput, Conflict) as error:
        return show_refused(Refused("a", error), show_back(back, member_id=member_id))


def enter_absence(member_id: str, starts_at: datetime, ends_at: datetime, kind: str, back: str) -> Response:
    """Note it. Who publishes is led to the page with the substitutes where there are meetings; others are told."""
    row, touched = add_absence(
        database(), member_id=member_id, starts_at=starts_at, ends_at=ends_at, kind=kind, by=current_actor(),
        now=utc_now(), setup=setup(),
    )  # fmt: skip
    zone = row.member.time_zone
    said = words().gettext("The absence is noted: %(name)s") % {"name": full_name(row.member)}
    remove_at = url_for("pages.remove", member_id=member_id, absence_id=row.public_id)
    say_done(Done(f"{said}, {show_period(starts_at, ends_at, zone).striptags()}", remove_at, back=back))
    if touched and current_actor().may(Permission.PLAN_PUBLISH):
        return redirect(url_for("pages.show_absence", absence_id=row.public_id, next=back), 303)
    for public_id in touched:
        flash(say_touched(public_id), "warning")
    return redirect(back, 303)


def _read_times(zone: ZoneInfo) -> tuple[datetime, datetime]:
    """First and last day, both included; with times, from the one to the other."""
    first = form_date("first")
    last = form_date("last") or first
    if first is None or last is None:
        raise BadInput("name the first day", code="not-a-date", field="first")
    starts_at, end = at_wall_clock(first, form_time("from") or time(0), zone), form_time("to")
    return starts_at, at_wall_clock(last, end, zone) if end else night_of(last, zone)


def night_of(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day ends."""
    return at_wall_clock(day + timedelta(days=1), time(0), zone)


def form_time(name: str) -> time | None:
    """A local time of the form, None when the field is empty. Raises BadInput `bad-input`."""
    text = form_text(name)
    if not text:
        return None
    try:
        found = time.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        raise BadInput("no time; write it as 07:30", code="bad-input", field=name)
    return found


def say_touched(meeting_id: str) -> str:
    """That somebody is invited to a meeting at which she cannot come now."""
    meeting = find_meeting(database(), meeting_id)
    said = words().gettext(
        "Already invited on %(when)s. The board now shows the coordinator that somebody else is needed."
    )
    return said % {"when": say_when(meeting.starts_at, meeting.time_zone)}


@pages.get("/absences/<absence_id>")
def show_absence(absence_id: str) -> Response:
    """What an absence costs, with the best substitute chosen for each meeting: one button asks them all."""
    actor, now = current_actor(), utc_now()
    cover = read_cover(database(), setup(), absence_id=absence_id, by=actor, now=now)
    absence = cover.absence
    zone = ZoneInfo(absence.member.time_zone)
    members = load_members(database())
    names: dict[str, Names] = {}
    for one in cover.meetings:
        program = one.meeting.board.program
        if program in setup().programs and program not in names:
            names[program] = names_of(setup().program(program), members=members)
    chosen = [(one.meeting, member) for one in cover.meetings for member in one.chosen if member]
    detail = cover.done.detail if cover.done else {}
    last = (absence.ends_at - timedelta(seconds=1)).astimezone(zone)
    return show(
        "absence.html",
        cover=cover,
        absence=absence,
        member=absence.member,
        name=full_name(absence.member),
        lines={one.row.id: _lines(one, names.get(one.meeting.board.program, Names())) for one in cover.meetings},
        asked=_asked(detail, members),
        asked_said=_say_asked(set(detail.get("asked", ())), len(detail.get("meetings", ()))),
        ask_said=_say_ask({member for _, member in chosen}, len({meeting.id for meeting, _ in chosen})),
        first_day=absence.starts_at.astimezone(zone).date(),
        last_day=last.date(),
        times=_times_of(absence, zone),
        back=next_path(url_for("pages.show_member", member_id=absence.member.public_id)),
        this_page=request.full_path.rstrip("?"),
    )


def _lines(one: Affected, names: Names) -> tuple[NeedLine, ...]:
    return tuple(
        NeedLine(
            need=need,
            field=f"{FIELD}:{one.meeting.public_id}:{need_name(need.lost)}",
            said=say_lost(need.lost, words(), names),
            chosen=chosen or "",
            people=tuple(
                (each.member, names.members.get(each.member, ""), say_place(each.place, words()), each.asked)
                for each in need.ranking.candidates
            ),
            rejected=tuple(
                (names.members.get(each.member, ""), say_rejection(each.code, words()))
                for each in need.ranking.rejected
            ),
        )
        for need, chosen in zip(one.needs, one.chosen, strict=True)
    )


def _asked(detail: Mapping[str, Any], members: list[Member]) -> tuple[str, ...]:
    names = {member.public_id: full_name(member) for member in members}
    return tuple(dict.fromkeys(names.get(str(name), "") for name in detail.get("asked", ())))


def _say_ask(people: Collection[str], meetings: int) -> str:
    said = words().ngettext("Ask %(num)d substitute", "Ask all %(num)d substitutes", len(people))
    return _with_meetings(said, people, meetings)


def _say_asked(people: Collection[str], meetings: int) -> str:
    said = words().ngettext("%(num)d substitute is asked", "%(num)d substitutes are asked", len(people))
    return _with_meetings(said, people, meetings)


def _with_meetings(said: str, people: Collection[str], meetings: int) -> str:
    """The number of people; that of the meetings too, where somebody is asked for several."""
    said = said % {"num": len(people)}
    if meetings <= len(people):
        return said
    of_meetings = words().ngettext("%(num)d meeting", "%(num)d meetings", meetings) % {"num": meetings}
    return f"{said} ({of_meetings})"


def _times_of(absence: Absence, zone: ZoneInfo) -> dict[str, str]:
    """From when to when on the clock, as the form says it; nothing for whole days."""
    start, end = (at.astimezone(zone).time() for at in (absence.starts_at, absence.ends_at))
    return {} if start == end == time(0) else {"from": f"{start:%H:%M}", "to": f"{end:%H:%M}"}


@pages.post("/absences/<absence_id>/substitutes")
def accept_substitutes(absence_id: str) -> Response:
    """Ask everybody who is chosen, at once."""

    def act() -> str:
        done = cover_absence(
            database(), setup(), absence_id=absence_id, choices=_read_choices(), by=current_actor(), now=utc_now()
        )
        people = {member.public_id for _, member in done.asked}
        said = _say_asked(people, len({meeting.id for meeting, _ in done.asked}))
        letters = words().ngettext("%(num)d letter leaves.", "%(num)d letters leave.", done.letters)
        return f"{said}. {letters % {'num': done.letters}}"

    return answer_form(_absence_page(absence_id), act)


def _read_choices() -> Choices | None:
    """Who is chosen in the form; None where it has no such fields."""
    found: dict[tuple[str, str], str] = {}
    for name, value in request.form.items():
        head, _, rest = name.partition(":")
        meeting, _, need = rest.partition(":")
        if head == FIELD:
            found[meeting, need] = value.strip()
    return found or None


def _absence_page(absence_id: str) -> str:
    return url_for("pages.show_absence", absence_id=absence_id, next=next_path("") or None)


@pages.post("/substitutions/<change_id>/undo")
def undo_substitutes(change_id: str) -> Response:
    """Everybody is expected again who was expected before."""

    def act() -> str:
        done = undo_cover(database(), setup(), change_id=change_id, by=current_actor(), now=utc_now())
        number = len(done.meetings)
        said = words().ngettext("%(num)d meeting is as it was.", "%(num)d meetings are as they were.", number)
        for meeting in done.left:
            kept = words().gettext("%(when)s is over or changed since; it stays as it is.")
            flash(kept % {"when": say_when(meeting.starts_at, meeting.time_zone)}, "warning")
        letters = words().ngettext("%(num)d letter leaves.", "%(num)d letters leave.", done.letters)
        return f"{said % {'num': number}} {letters % {'num': done.letters}}"

    return answer_form(next_path(url_for("pages.list_people")), act)


@pages.post("/absences/<absence_id>/times")
def change_times(absence_id: str) -> Response:
    """Other days for an absence."""

    def act() -> str:
        absence = find_absence(database(), absence_id, current_actor())
        starts_at, ends_at = _read_times(ZoneInfo(absence.member.time_zone))
        change_absence(
            database(), setup(), absence_id=absence_id, starts_at=starts_at, ends_at=ends_at, by=current_actor(),
            now=utc_now(),
        )  # fmt: skip
        return words().gettext("The absence is changed.")

    return take_form("a", act, _absence_page(absence_id), show_with(lambda: show_absence(absence_id)))


@pages.post("/people/<member_id>/absences/<absence_id>/remove")
def remove(member_id: str, absence_id: str) -> Response:
    """Take an absence back; where substitutes were asked for it, her page offers to restore what was."""
    actor, now = current_actor(), utc_now()
    hers = url_for("pages.show_member", member_id=member_id)
    asked = [
        row for row in list_undoable(database(), member_id=member_id, by=actor, now=now)
        if row.detail.get("absence") == absence_id
    ]  # fmt: skip

    def act() -> str:
        remove_absence(database(), absence_id=absence_id, by=actor, now=now, setup=setup())
        return words().gettext("The absence is removed.")

    return answer_form(f"{hers}#restore" if asked else next_path(hers), act)
