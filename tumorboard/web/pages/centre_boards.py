"""Boards and their seats as an administrator or coordinator edits them."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from tumorboard.services.access import Permission, require
from tumorboard.services.centre_boards import (
    SEAT_KINDS,
    BoardValues,
    add_board,
    change_board,
    remove_board,
    remove_seat,
    set_seat,
)
from tumorboard.services.centre_members import list_members
from tumorboard.services.centre_overview import list_specialty_keys, read_overview
from tumorboard.services.meetings import find_board
from tumorboard.services.preferences import list_zones
from tumorboard.store.meetings import Board, Seat
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.forms import Refused, form_list, forms_of, take_form
from tumorboard.web.pages.frame import form_text, pages, show, words
from tumorboard.web.pages.names import all_specialties, full_name
from tumorboard.words import centre


@pages.get("/centre/boards", endpoint="list_centre_boards")
def list_centre_boards() -> Response:
    """Every board with its seats, and the form for another one."""
    return _list()


def _list(refused: Refused | None = None) -> Response:
    overview = read_overview(database(), setup(), by=current_actor(), now=utc_now())
    language = words().language
    programs = [(key, program.name.in_language(language)) for key, program in setup().programs.items()]
    return show(
        "centre_boards.html", boards=overview.boards, programs=programs, names=dict(programs), form=forms_of(refused),
        zones=list_zones(), usual_zone=setup().time_zone, usual_email=setup().mail_from,
    )  # fmt: skip


@pages.post("/centre/boards")
def add_board_here() -> Response:
    """Another board; its seats come from the programme and can be changed on its page."""
    made: list[str] = []

    def act() -> str:
        row = add_board(
            database(), setup(), program=form_text("program"), values=_read(), by=current_actor(), now=utc_now()
        )
        made.append(row.key)
        return words().gettext("The board is added. Look at its seats, then give it a weekly meeting.")

    answer = take_form("new-board", act, url_for("pages.list_centre_boards"), _list)
    return redirect(url_for("pages.show_centre_board", key=made[0]), 303) if made else answer


@pages.get("/centre/boards/<key>", endpoint="show_centre_board")
def show_centre_board(key: str) -> Response:
    """One board: name, organizer, seats with who sits on them."""
    return _page(key)


def _page(key: str, refused: Refused | None = None) -> Response:
    require(current_actor(), Permission.CENTRE_EDIT)
    board = find_board(database(), key)
    values = {name: getattr(board, name) for name in ("name_ko", "name_en", "time_zone", "organizer_email")}
    form = forms_of(refused)
    return show(
        "centre_board.html", board=board, form=form, form_of_board=form("board", **values,
        organizer_name=board.organizer_name), rows=_seat_rows(board, form),
        kinds=[(kind, words().gettext(centre.SEAT_KINDS[kind])) for kind in SEAT_KINDS], kind_names=_kind_names(),
        program=setup().programs.get(board.program), zones=list_zones(), usual_zone=setup().time_zone,
        usual_email=setup().mail_from,
    )  # fmt: skip


def _kind_names() -> dict[str, str]:
    return {kind: words().gettext(name) for kind, name in centre.SEAT_KINDS.items()}


def _seat_rows(board: Board, form: Any) -> list[dict[str, Any]]:
    """The seats in their order, then the specialties of the programme for which there is none."""
    names, here = all_specialties(), list_specialty_keys(database())
    members = list_members(database(), by=current_actor())
    seats = {seat.specialty: seat for seat in board.seats}
    program = setup().programs.get(board.program)
    wanted = [*seats, *(key for key in (program.specialties if program else ()) if key not in seats and key in here)]
    rows = []
    for specialty in wanted:
        seat = seats.get(specialty)
        fit = [row for row in members if any(held.specialty == specialty for held in row.specialties)]
        sitting = [holder.member for holder in seat.holders] if seat else []
        values = {"kind": _kind_of(seat), "holders": [row.public_id for row in sitting]}
        rows.append({
            "specialty": specialty, "name": names.get(specialty, specialty), "seat": seat, "kind": values["kind"],
            "sitting": [full_name(row) for row in sitting if row.active],
            "is_empty": seat is not None and not any(row.active for row in sitting),
            "fit": [(row.public_id, full_name(row)) for row in fit if row.active or row in sitting],
            "form": form(f"seat-{specialty}", **values),
        })  # fmt: skip
    return rows


def _kind_of(seat: Seat | None) -> str:
    if seat is None:
        return ""
    if seat.kind == "core":
        return "core" if seat.in_quorum else "core_without_quorum"
    return "on_demand"


@pages.post("/centre/boards/<key>")
def save_board(key: str) -> Response:
    """Name, zone and organizer; or the board goes."""
    back = url_for("pages.list_centre_boards" if form_text("do") == "remove" else "pages.show_centre_board", key=key)

    def act() -> str:
        if form_text("do") == "remove":
            remove_board(database(), board=key, by=current_actor(), now=utc_now())
            return words().gettext("The board is removed.")
        change_board(database(), setup(), board=key, values=_read(), by=current_actor(), now=utc_now())
        return words().gettext("Kept.")

    return take_form("board", act, back, lambda refused: _page(key, refused))


@pages.post("/centre/boards/<key>/seats/<specialty>")
def save_seat(key: str, specialty: str) -> Response:
    """Whether the board has this seat, of which kind, and who sits on it."""

    def act() -> str:
        kind = form_text("kind")
        if not kind:
            remove_seat(database(), board=key, specialty=specialty, by=current_actor(), now=utc_now())
            return words().gettext("The seat is removed.")
        holders = form_list("holders") if "holders-all" in request.form else None
        set_seat(
            database(), setup(), board=key, specialty=specialty, kind=kind, holders=holders or None,
            by=current_actor(), now=utc_now(),
        )  # fmt: skip
        return words().gettext("Kept. The next proposal plans with it; what is published stays.")

    back = url_for("pages.show_centre_board", key=key, _anchor=f"seat-{specialty}")
    return take_form(f"seat-{specialty}", act, back, lambda refused: _page(key, refused))


def _read() -> BoardValues:
    names = ("name_ko", "name_en", "time_zone", "organizer_email", "organizer_name")
    return BoardValues(**{name: form_text(name) for name in names})
