"""The first start in the browser: a code from the terminal, then four steps that can be left and taken up again."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, session, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, NotAllowed
from tumorboard.services.access import Permission, require
from tumorboard.services.account_links import LINK_DAYS
from tumorboard.services.accounts import MINIMUM_PASSWORD
from tumorboard.services.boards import list_boards
from tumorboard.services.centre_boards import BoardValues
from tumorboard.services.centre_members import list_members
from tumorboard.services.centre_overview import STEPS, list_importers, read_progress
from tumorboard.services.first_start import (
    FirstPeople,
    FirstRoom,
    StaffRow,
    begin_installation,
    check_setup_code,
    is_fresh,
    open_first_board,
    staff_centre,
)
from tumorboard.services.lists import list_departments, list_rooms
from tumorboard.web.auth import (
    current_account,
    current_actor,
    database,
    limit_log_in,
    log_in_account,
    setup,
    utc_now,
)
from tumorboard.web.pages.centre_series import read_series, say_result
from tumorboard.web.pages.forms import Form, Refused, form_list, form_whole, forms_of, take_form
from tumorboard.web.pages.frame import form_text, own_name, pages, show, words
from tumorboard.web.pages.names import all_specialties
from tumorboard.words.centre import WEEKDAYS

CODE = "setup_code"
"""The key of the session under which the code waits until the first account is made."""


@pages.get("/setup", endpoint="show_setup")
def show_setup() -> Response:
    """The step that is next; to be left and come back to."""
    if is_fresh(database()):
        return _begin_page() if CODE in session else _code_page()
    if current_account() is None:
        return redirect(url_for("pages.show_log_in", next="/setup"), 303)
    require(current_actor(), Permission.CENTRE_EDIT)
    step = read_progress(database()).next_step
    place = {
        "people": "pages.show_setup_people",
        "board": "pages.show_setup_board",
        "import": "pages.show_setup_import",
    }
    return redirect(url_for(place.get(step or "", "pages.show_centre")), 303)


def _code_page(refused: Refused | None = None) -> Response:
    return show("setup_code.html", form=forms_of(refused)("code"))


@pages.post("/setup/code")
@limit_log_in
def check_code() -> Response:
    """Look at the code; it counts again when the first account is made."""
    code = form_text("code")

    def act() -> str:
        check_setup_code(database(), setup(), code=code, now=utc_now())
        session[CODE] = code
        return words().gettext("The code is right.")

    return take_form("code", act, url_for("pages.show_setup"), _code_page)


def _begin_page(refused: Refused | None = None) -> Response:
    return show(
        "setup_begin.html", form=forms_of(refused)("begin", is_coordinator=True), steps=_steps("centre"),
        shortest=MINIMUM_PASSWORD,
    )  # fmt: skip


@pages.post("/setup")
@limit_log_in
def begin() -> Response:
    """Name the centre, make the first accounts, log in."""
    links: list[str] = []

    def act() -> str:
        password = request.form.get("password", "")
        if password != request.form.get("again", ""):
            raise BadInput("the two passwords differ", code="passwords-differ", field="again")
        people = FirstPeople(
            name=form_text("name"), email=form_text("email"), password=password,
            is_coordinator="is_coordinator" in request.form, coordinator_name=form_text("coordinator_name"),
            coordinator_email=form_text("coordinator_email"),
        )  # fmt: skip
        begun = begin_installation(
            database(), setup(), code=session.get(CODE, ""), name_ko=form_text("name_ko"),
            name_en=form_text("name_en"), people=people, now=utc_now(),
        )  # fmt: skip
        log_in_account(begun.account)
        links.append(begun.link)
        return words().gettext("The centre is there, and you are logged in.")

    def again(refused: Refused | None) -> Response:
        if refused is None or refused.error.code != "wrong-setup-code":
            return _begin_page(refused)
        session.pop(CODE, None)
        return _code_page(Refused("code", refused.error))

    try:
        answer = take_form("begin", act, url_for("pages.show_setup"), again)
    except NotAllowed:
        session.pop(CODE, None)
        raise
    if not any(links):
        return answer
    return show("setup_link.html", link=links[0], days=LINK_DAYS, steps=_steps("centre"))


def _steps(here: str) -> list[dict[str, Any]]:
    """The steps with what is done, for the line above each of them."""
    done = read_progress(database()).done
    return [{"name": step, "is_done": step in done, "is_here": step == here} for step in STEPS]


def _program(given: str = "") -> str:
    """The programme that was chosen, else the one that asks for most."""
    programs = setup().programs
    wanted = given or form_text("program") or request.args.get("program", "")
    if wanted in programs:
        return wanted
    return max(programs.values(), key=lambda program: len(program.readiness)).id


@pages.get("/setup/people", endpoint="show_setup_people")
def show_setup_people() -> Response:
    """The specialties of a programme, and a line for who holds each."""
    return _people_page()


def _people_page(refused: Refused | None = None) -> Response:
    require(current_actor(), Permission.CENTRE_EDIT)
    program = setup().program(_program())
    names = all_specialties()
    holders: dict[str, list[str]] = {}
    for member in list_members(database(), by=current_actor()):
        for held in member.specialties:
            holders.setdefault(held.specialty, []).append(member.name)
    core = [seat.specialty for seat in program.seats]
    others = [key for key in program.specialties if key not in program.core]
    form = forms_of(refused)("people")
    wrong_place = refused.wrong.partition("-")[2] if refused else ""
    return show(
        "setup_people.html", steps=_steps("people"), program=program, programs=_programs(), names=names,
        core=core, others=sorted(others, key=lambda key: names.get(key, key)), holders=holders, form=form,
        departments=[(row.key, own_name(row)) for row in list_departments(database(), by=current_actor())],
        others_open=wrong_place in others, is_staffed=bool(holders),
        certificates={
            key: [(name, program.certificates[name].in_language(words().language)) for name in asked]
            for key, asked in program.asked_certificates.items()
        },
    )  # fmt: skip


def _programs() -> list[tuple[str, str]]:
    return [(key, program.name.in_language(words().language)) for key, program in setup().programs.items()]


@pages.post("/setup/people")
def save_people() -> Response:
    """Write the lines that are filled in."""
    program = _program()

    def act() -> str:
        rules = setup().program(program)
        rows = [
            StaffRow(specialty=key, name=form_text(f"name-{key}"), email=form_text(f"email-{key}"),
                     title=form_text(f"title-{key}"), department=form_text(f"department-{key}"),
                     certificates=form_list(f"certificates-{key}"))
            for key in dict.fromkeys((*(seat.specialty for seat in rules.seats), *rules.specialties))
            if form_text(f"name-{key}") or form_text(f"email-{key}") or form_list(f"certificates-{key}")
        ]  # fmt: skip
        count = staff_centre(database(), setup(), program=program, rows=rows, by=current_actor(), now=utc_now())
        said = words().ngettext("%(number)d member is added.", "%(number)d members are added.", count)
        return said % {"number": count}

    return take_form("people", act, url_for("pages.show_setup_board", program=program), _people_page)


@pages.get("/setup/board", endpoint="show_setup_board")
def show_setup_board() -> Response:
    """The first board, its room and its weekly meeting."""
    return _board_page()


def _board_page(refused: Refused | None = None) -> Response:
    require(current_actor(), Permission.CENTRE_EDIT)
    program = setup().program(_program())
    names, rooms = all_specialties(), list_rooms(database(), by=current_actor())
    held = {key.specialty for row in list_members(database(), by=current_actor()) if row.active
            for key in row.specialties}  # fmt: skip
    account = current_account()
    values = {
        "name_ko": program.name.ko, "name_en": program.name.en, "weekday": 1, "local_time": "07:30", "minutes": 90,
        "room_capacity": 20, "organizer_email": account.email if account else "",
        "room": rooms[0].key if rooms else "",
    }  # fmt: skip
    return show(
        "setup_board.html", steps=_steps("board"), program=program, programs=_programs(),
        rooms=[(row.key, row.name) for row in rooms], form=forms_of(refused)("board", **values),
        missing=[names.get(seat.specialty, seat.specialty) for seat in program.seats if seat.specialty not in held],
        weekdays=[(number, words().gettext(name)) for number, name in enumerate(WEEKDAYS)],
        boards=list_boards(database(), by=current_actor()),
    )  # fmt: skip


@pages.post("/setup/board")
def save_first_board() -> Response:
    """Make the board with everything it needs to meet."""

    def act() -> str:
        key = form_text("room")
        room = key or FirstRoom(
            name=form_text("room_name"), capacity=form_whole("room_capacity", code="bad-capacity"),
            video_url=form_text("room_video_url"),
        )  # fmt: skip
        values = BoardValues(name_ko=form_text("name_ko"), name_en=form_text("name_en"),
                             organizer_email=form_text("organizer_email"))  # fmt: skip
        _, result = open_first_board(
            database(), setup(), program=_program(), values=values, room=room, series=read_series(),
            by=current_actor(), now=utc_now(),
        )  # fmt: skip
        return say_result(result)

    return take_form("board", act, url_for("pages.show_setup_import"), _board_page)


@pages.get("/setup/import", endpoint="show_setup_import")
def show_setup_import() -> Response:
    """The first list of cases: an empty one to fill in, and where to hand it in."""
    require(current_actor(), Permission.CENTRE_EDIT)
    boards = list_boards(database(), by=current_actor())
    program = setup().program(_program(boards[0].program if boards else ""))
    return show(
        "setup_import.html", steps=_steps("import"), program=program,
        boards=boards, may_import=current_actor().may(Permission.CASE_IMPORT),
        importers=list_importers(database(), by=current_actor()), form=Form("import"),
    )  # fmt: skip
