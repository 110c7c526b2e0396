"""The settings of a board: each weight and habit with its meaning, its default, and a way back to it."""

from __future__ import annotations

from collections.abc import Iterable

from flask import flash
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.domain.identity import without_resident_number
from tumorboard.services.access import Permission, require
from tumorboard.services.board_settings import CHOICES, GROUPS, Setting, Value, change_settings, read_board_settings
from tumorboard.web.auth import current_actor, database, utc_now
from tumorboard.web.pages.forms import join_form, write_opened
from tumorboard.web.pages.frame import form_text, go_to, pages, show, words
from tumorboard.words.refusals import say_error
from tumorboard.words.settings import explain_setting, name_choice, name_setting

RESET = "reset"
LONGEST_NUMBER = 12


@pages.get("/boards/<key>/settings", endpoint="show_settings")
def show_settings(key: str) -> Response:
    """The form with every setting."""
    return _page(key)


@pages.post("/boards/<key>/settings")
def save_settings(key: str) -> Response:
    """Keep what was changed, or put every default back. A refused form comes back as it was filled in."""
    is_reset = form_text(RESET) == "all"
    _, settings = read_board_settings(database(), board=key, by=current_actor())
    try:
        if not is_reset:
            join_form(_texts(settings))
        values = {name: None if is_reset else _read(name) for name in _names()}
        changed = change_settings(database(), board=key, values=values, by=current_actor(), now=utc_now())
    except (BadInput, Conflict) as error:
        wrong = str(error.values.get("key") or error.values.get("field") or "")
        return _page(key, say_error(error, words()), wrong, theirs=error.values.get("theirs"))
    done = words().gettext("Kept. The next proposal plans with it; what is published stays.")
    flash(done if changed else words().gettext("Nothing was changed."), "done")
    return go_to("pages.show_settings", key=key)


def _names() -> list[str]:
    return [name for names in GROUPS.values() for name in names]


def _read(name: str) -> Value | None:
    """A number or a choice of the form; an empty field stands for the default."""
    text = form_text(name)
    if not text:
        return None
    if name in CHOICES:
        return {"true": True, "false": False}.get(text, text)
    number = _whole(text)
    if number is None:
        raise BadInput("no whole number", code="bad-setting", key=name)
    return number


def _whole(text: str) -> int | None:
    return int(text) if len(text) <= LONGEST_NUMBER and text.removeprefix("-").isdecimal() else None


def _say_problem(setting: Setting) -> str:
    """What is wrong with the number given for a setting, by its label; a number within its range lacks another."""
    label = name_setting(setting.name, words())
    if setting.choices:
        return words().gettext("%(setting)s: choose one of the list.") % {"setting": label}
    number = _whole(form_text(setting.name) or str(setting.default))
    if number is not None and setting.low <= number <= setting.high:
        return words().gettext("%(setting)s is missing: a break needs both its numbers.") % {"setting": label}
    limits = {"setting": label, "low": setting.low, "high": setting.high}
    return words().gettext("%(setting)s: give a whole number from %(low)s to %(high)s.") % limits


def _texts(settings: Iterable[Setting]) -> dict[str, object]:
    return {setting.name: _as_text(setting.value) for setting in settings}


def _page(key: str, problem: str = "", wrong: str = "", theirs: object = None) -> Response:
    require(current_actor(), Permission.MEETING_EDIT)
    board, settings = read_board_settings(database(), board=key, by=current_actor())
    by_name = {setting.name: setting for setting in settings}
    if isinstance(theirs, dict) and wrong in by_name:
        other = words().gettext("The other value:")
        problem = f"{name_setting(wrong, words())}: {problem} {other} {theirs[wrong]}"
    elif wrong in by_name:
        problem = _say_problem(by_name[wrong])
    return show(
        "board_settings.html",
        422 if problem else 200,
        board=board,
        groups=[(group, [_field(by_name[name], wrong, is_again=bool(problem)) for name in names])
                for group, names in GROUPS.items()],
        is_default=all(setting.is_default for setting in settings),
        problem=problem,
        opened=write_opened(_texts(settings)),
    )  # fmt: skip


def _field(setting: Setting, wrong: str, *, is_again: bool) -> dict[str, object]:
    return {
        "setting": setting,
        "label": name_setting(setting.name, words()),
        "meaning": explain_setting(setting.name, words()),
        "shown": without_resident_number(form_text(setting.name)) if is_again else _as_text(setting.value),
        "is_wrong": setting.name == wrong,
        "choices": [(choice, name_choice(choice, words())) for choice in setting.choices],
        "default": name_choice(_as_text(setting.default), words()) if setting.choices else "",
    }


def _as_text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
