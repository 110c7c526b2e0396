"""What I receive and how: letters, alarm, language and zone. A coordinator finds the same form for every member."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import flash, g, request, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.services.member_preferences import change_of_member, read_of_member
from tumorboard.services.people import find_member
from tumorboard.services.preferences import ALARMS, PAGE, change_own, flatten, list_zones, read_own
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.forms import join_form, write_opened
from tumorboard.web.pages.frame import form_text, go_to, pages, show, words
from tumorboard.web.pages.names import full_name
from tumorboard.words.preferences import LETTERS, say_alarm, say_preference
from tumorboard.words.refusals import say_error


@pages.get(PAGE)
def show_preferences() -> Response:
    """The form with what is chosen now."""
    return _page(flatten(read_own(database(), by=current_actor())))


@pages.post(PAGE)
def save_preferences() -> Response:
    """Keep what was chosen. A refused form comes back as it was filled in."""
    chosen = flatten(read_own(database(), by=current_actor()))

    def change(given: Mapping[str, object]) -> tuple[str, ...]:
        return change_own(database(), setup(), values=given, by=current_actor(), now=utc_now())

    return save_form(chosen, change, _page, lambda: go_to("pages.show_preferences"))


@pages.get("/people/<member_id>/preferences")
def show_member_preferences(member_id: str) -> Response:
    """The same form of a member, for a coordinator."""
    return _page_of(member_id, flatten(read_of_member(database(), member_id=member_id, by=current_actor())))


@pages.post("/people/<member_id>/preferences")
def save_member_preferences(member_id: str) -> Response:
    """Keep what the coordinator chose for her."""
    chosen = flatten(read_of_member(database(), member_id=member_id, by=current_actor()))

    def change(given: Mapping[str, object]) -> tuple[str, ...]:
        return change_of_member(
            database(), setup(), member_id=member_id, values=given, by=current_actor(), now=utc_now()
        )

    return save_form(
        chosen,
        change,
        lambda given, problem, wrong: _page_of(member_id, given, problem, wrong),
        lambda: go_to("pages.show_member_preferences", member_id=member_id),
    )


def save_form(
    chosen: Mapping[str, object],
    change: Callable[[Mapping[str, object]], tuple[str, ...]],
    again: Callable[[Mapping[str, object], str, str], Response],
    done: Callable[[], Response],
) -> Response:
    """Keep what the form holds of the preferences in `chosen`, and say so; `again` shows a refused form as it was."""
    g.preferences_now = chosen
    try:
        join_form(chosen)
        changed = change(_read_all(chosen))
    except Conflict as error:
        return again(_read_all(chosen), say_error(error, words()), str(error.values.get("field") or ""))
    except BadInput as error:
        wrong = str(error.values.get("field") or "")
        return again(_read_all(chosen), _say_problem(wrong), wrong)
    flash(words().gettext("Kept.") if changed else words().gettext("Nothing was changed."), "done")
    return done()


def _read_all(chosen: Mapping[str, object]) -> dict[str, object]:
    return {name: _read(name, value) for name, value in chosen.items()}


def _read(name: str, now: object) -> object:
    """A box is ticked or not there; the alarm is a number, or empty for none."""
    if isinstance(now, bool):
        return name in request.form
    text = form_text(name)
    if name == "alarm_minutes":
        return int(text) if text.isdecimal() and len(text) <= len("10080") else (text or None)
    return text


def _say_problem(name: str) -> str:
    if name == "time_zone":
        return words().gettext("There is no such time zone; choose one of the list.")
    return words().gettext("This preference is wrong; choose one that is offered.")


def form_parts(chosen: Mapping[str, object], problem: str = "", wrong: str = "") -> dict[str, object]:
    """What the form shows besides the address it is sent to."""
    minutes = chosen.get("alarm_minutes")
    alarms = ALARMS if minutes in ALARMS or not isinstance(minutes, int) else (*ALARMS, minutes)
    return {
        "chosen": chosen,
        "letters": [(name, *say_preference(name, words())) for name in LETTERS if name in chosen],
        "series": say_preference("whole_series", words()),
        "alarms": [("" if each is None else each, say_alarm(each, words())) for each in alarms],
        "zones": list_zones(),
        "opened": write_opened(g.get("preferences_now", chosen)),
        "problem": problem,
        "wrong": wrong,
    }


def _page(chosen: Mapping[str, object], problem: str = "", wrong: str = "") -> Response:
    action = url_for("pages.save_preferences")
    return show("preferences.html", 422 if problem else 200, action=action, **form_parts(chosen, problem, wrong))


def _page_of(member_id: str, chosen: Mapping[str, object], problem: str = "", wrong: str = "") -> Response:
    return show(
        "member_preferences.html",
        422 if problem else 200,
        name=full_name(find_member(database(), member_id)),
        member_id=member_id,
        action=url_for("pages.save_member_preferences", member_id=member_id),
        **form_parts(chosen, problem, wrong),
    )
