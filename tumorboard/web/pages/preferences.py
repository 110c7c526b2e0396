"""What I receive and how: letters, alarm, language and zone. Every letter by the clock leads here."""

from __future__ import annotations

from flask import flash, request
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.services.preferences import ALARMS, PAGE, change_own, flatten, list_zones, read_own
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.frame import form_text, go_to, pages, show, words
from tumorboard.words.preferences import LETTERS, say_alarm, say_preference
from tumorboard.words.refusals import say_error


@pages.get(PAGE)
def show_preferences() -> Response:
    """The form with what is chosen now."""
    chosen = flatten(read_own(database(), by=current_actor()))
    return _page(chosen)


@pages.post(PAGE)
def save_preferences() -> Response:
    """Keep what was chosen. A refused form comes back as it was filled in."""
    chosen = flatten(read_own(database(), by=current_actor()))
    given = {name: _read(name, value) for name, value in chosen.items()}
    try:
        changed = change_own(database(), setup(), values=given, by=current_actor(), now=utc_now())
    except Conflict as error:
        return _page(given, say_error(error, words()))
    except BadInput as error:
        return _page(given, _say_problem(wrong := str(error.values.get("field") or "")), wrong)
    flash(words().gettext("Kept.") if changed else words().gettext("Nothing was changed."), "done")
    return go_to("pages.show_preferences")


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


def _page(chosen: dict[str, object], problem: str = "", wrong: str = "") -> Response:
    minutes = chosen.get("alarm_minutes")
    alarms = ALARMS if minutes in ALARMS or not isinstance(minutes, int) else (*ALARMS, minutes)
    return show(
        "preferences.html",
        422 if problem else 200,
        chosen=chosen,
        letters=[(name, *say_preference(name, words())) for name in LETTERS if name in chosen],
        series=say_preference("whole_series", words()),
        alarms=[("" if each is None else each, say_alarm(each, words())) for each in alarms],
        zones=list_zones(),
        problem=problem,
        wrong=wrong,
    )
