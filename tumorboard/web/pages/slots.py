"""Find a time: free slots for a board or a group of specialties, one click to hold one."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.slots_facts import Slot
from tumorboard.services.centre_overview import list_specialty_keys
from tumorboard.services.slots import SlotView, SlotWish, find_slots, hold_slot
from tumorboard.services.specialty_groups import LONGEST_NAME, list_groups, remove_group, rename_group, save_group
from tumorboard.store.plans import SpecialtyGroup
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.boards import say_added
from tumorboard.web.pages.frame import Done, answer_form, form_instant, form_number, form_text, pages, show, words
from tumorboard.web.pages.names import all_specialties, names_of
from tumorboard.words.moments import say_slot_reason

USUAL_MINUTES = 60
USUAL_WEEKS = 8
SHOWN_REJECTED = 40
USUAL_SHOWN = 12
MOST_SHOWN = 96
USUAL_EACH_DAY = 2
MOST_EACH_DAY = 24


@pages.get("/boards/<key>/slots", endpoint="find_time")
def show_slots(key: str) -> Response:
    """Slots at which everybody wanted can attend, and why the others are none."""
    wish = SlotWish(
        specialties=tuple(request.args.getlist("specialty")), minutes=_number("minutes", USUAL_MINUTES),
        weeks=_number("weeks", USUAL_WEEKS), room=request.args.get("room") or None,
    )  # fmt: skip
    shown = min(_number("shown", USUAL_SHOWN), MOST_SHOWN)
    each_day = min(_number("each_day", USUAL_EACH_DAY), MOST_EACH_DAY)
    view = find_slots(
        database(), setup(), board=key, wish=wish, by=current_actor(), now=utc_now(), limit=max(shown, 1),
        most_per_day=max(each_day, 1), language=words().language,
    )  # fmt: skip
    program = setup().program(view.board.program)
    names = names_of(program, members=view.members.values())
    rooms = {row.key: row.name for row in view.rooms.values()}
    rejected = view.slots.rejected
    wanted = [each.specialty for each in view.question.wanted if each.required]
    specialties = all_specialties()
    return show(
        "slots.html",
        board=view.board,
        wish=wish,
        wanted=wanted,
        chosen=list(wish.specialties),
        offered=_offered(view, specialties),
        saved=[_saved(row, specialties) for row in list_groups(database(), board=key, by=current_actor())],
        longest_name=LONGEST_NAME,
        groups=[(group, ", ".join(specialties.get(name, name) for name in group)) for group in view.groups],
        core=[seat.specialty for seat in view.board.seats if seat.kind == "core" and seat.in_quorum],
        slots=[_slot(slot, view, specialties) for slot in view.slots.best],
        possible=view.slots.possible,
        looked_at=view.slots.looked_at,
        more=_more(key, view, shown, each_day),
        each_day=each_day,
        rejected=[
            (each, [say_slot_reason(reason, words(), names, rooms) for reason in each.reasons])
            for each in rejected[:SHOWN_REJECTED]
        ],
        hidden=max(0, len(rejected) - SHOWN_REJECTED),
        rooms=sorted(rooms.items(), key=lambda room: room[1]),
    )


def _more(key: str, view: SlotView, shown: int, each_day: int) -> list[tuple[str, str]]:
    """What else of the possible slots can be listed: words and address."""
    found = len(view.slots.best)
    if found == view.slots.possible:
        return []
    kept = (name for name in request.args if name not in ("shown", "each_day"))
    asked: dict[str, Any] = {name: request.args.getlist(name) for name in kept}
    ways = []
    if found >= shown and shown < MOST_SHOWN:
        ways.append((words().gettext("Show more days"), min(2 * shown, MOST_SHOWN), each_day))
    if each_day < MOST_EACH_DAY and shown < MOST_SHOWN:
        more = min(3 * each_day, MOST_EACH_DAY)
        ways.append((words().gettext("Show more times of each day"), min(2 * shown, MOST_SHOWN), more))
    return [
        (said, url_for("pages.find_time", key=key, **asked, shown=limit, each_day=most, _anchor="slots"))
        for said, limit, most in ways
    ]


def _saved(row: SpecialtyGroup, specialties: Any) -> dict[str, Any]:
    keys = list(row.specialties["required"])
    return {"row": row, "keys": keys, "said": ", ".join(specialties.get(key, key) for key in keys)}


def _offered(view: SlotView, specialties: Any) -> list[tuple[str, str]]:
    """The specialties of the centre, those of the board first."""
    seats = [seat.specialty for seat in view.board.seats]
    others = sorted(list_specialty_keys(database()).difference(seats))
    return [(key, specialties.get(key, key)) for key in (*seats, *others)]


def _slot(slot: Slot, view: SlotView, specialties: Any) -> dict[str, Any]:
    return {
        "slot": slot,
        "room": view.rooms[slot.room].name if slot.room else "",
        "attendees": [
            (
                specialties.get(specialty, specialty),
                [view.members[name].name for name in names],
                slot.spare.get(specialty, 0),
            )
            for specialty, names in slot.attendees
        ],
        "unadvised": [specialties.get(name, name) for name in slot.unadvised],
    }


def _number(name: str, usual: int) -> int:
    text = request.args.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 5 else usual


@pages.post("/boards/<key>/slots")
def hold(key: str) -> Response:
    """Make a slot an extra meeting of the board."""

    def act() -> Done:
        meeting = hold_slot(
            database(), setup(), board=key, at=form_instant("at"), minutes=form_number("minutes", USUAL_MINUTES),
            room=form_text("room"), by=current_actor(), now=utc_now(),
        )  # fmt: skip
        return say_added(meeting)

    return answer_form(url_for("pages.show_board", key=key), act)


@pages.post("/boards/<key>/groups")
def save_group_of_board(key: str) -> Response:
    """Save the ticked specialties under a name, and show their slots."""
    chosen = request.form.getlist("specialty")

    def act() -> str:
        group = save_group(
            database(), board=key, name=form_text("name"), specialties=chosen, by=current_actor(), now=utc_now()
        )  # fmt: skip
        return words().gettext("Saved: %(group)s") % {"group": group.name}

    return answer_form(url_for("pages.find_time", key=key, specialty=chosen), act)


@pages.post("/boards/<key>/groups/<group_id>")
def change_group(key: str, group_id: str) -> Response:
    """Rename a group, or remove it."""

    def act() -> str:
        if form_text("act") == "remove":
            remove_group(database(), group_id=group_id, by=current_actor(), now=utc_now())
            return words().gettext("The group is removed.")
        group = rename_group(
            database(), group_id=group_id, name=form_text("name"), by=current_actor(), now=utc_now()
        )  # fmt: skip
        return words().gettext("Saved: %(group)s") % {"group": group.name}

    return answer_form(url_for("pages.find_time", key=key, _anchor="groups"), act)
