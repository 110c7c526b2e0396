"""Forms that stand on several pages of a member: a refused one is shown again where it was sent from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from flask import g, url_for
from werkzeug.wrappers import Response

from tumorboard.web.pages.forms import Form, Refused, forms_of
from tumorboard.web.pages.frame import form_text, pages, refuse_form, words
from tumorboard.web.pages.meetings import show_meeting
from tumorboard.web.pages.mine import show_mine
from tumorboard.web.pages.people import show_member
from tumorboard.words import labels
from tumorboard.words.labels import say_code

Again = Callable[[Refused | None], Response]


@pages.context_processor
def _give_forms() -> dict[str, Any]:
    """What the templates of these forms need beside the page's own values."""
    return {"form_of": form_of, "kind_options": kind_options}


def form_of(name: str, /, **values: object) -> Form:
    """The form of a name with its usual values, or as it was sent where it is the refused one."""
    form = forms_of(g.get("refused_form"))(name, **values)
    g.refused_form_stands = g.get("refused_form_stands", False) or form.is_sent
    return form


def kind_options(table: str, codes: Iterable[str]) -> list[tuple[str, str]]:
    """The options of a choice between codes, by the name of their list in `tumorboard.words.labels`."""
    return [(code, say_code(code, words(), getattr(labels, table))) for code in codes]


def show_with(page: Callable[[], Response], *, back: str = "") -> Again:
    """A page that shows the refused form as it was filled in; `back` says the problem where it has no such form."""

    def again(refused: Refused | None) -> Response:
        if refused is None:
            return page()
        g.refused_form = replace(refused, fields=_fields())
        response = page()
        return response if g.get("refused_form_stands") or not back else refuse_form(back, refused.error)

    return again


def show_back(back: str, *, member_id: str) -> Again:
    """The page that a form of a member leads back to: her own, that of a meeting, or hers as others see it."""
    path = urlsplit(back).path
    meeting_id = path.removeprefix(url_for("pages.show_meeting", meeting_id="-")[:-1])
    if path == url_for("pages.show_mine"):
        return show_with(show_mine, back=path)
    if meeting_id != path and "/" not in meeting_id:
        return show_with(lambda: show_meeting(meeting_id), back=path)
    return show_with(lambda: show_member(member_id), back=url_for("pages.show_member", member_id=member_id))


def _fields() -> dict[str, str]:
    """The field of the form at which a refusal of the service is said."""
    is_hours = bool(form_text("to")) and form_text("last") in ("", form_text("first"))
    return {
        "starts_at": "first", "ends_at": "to" if is_hours else "last", "first_on": "first", "last_on": "last",
        "starts": "from", "ends": "to", "weekdays": "weekday",
    }  # fmt: skip
