"""Forms that keep what was typed: what stands in their fields, and what is wrong with which of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import g, redirect, request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, Conflict, DomainError
from tumorboard.domain.identity import without_resident_number
from tumorboard.domain.joining import Held, join_changes
from tumorboard.web.pages.frame import Done, form_text, say_done, words
from tumorboard.words.refusals import say_error

LONGEST_NUMBER = 9
OPENED = "opened"
"""The hidden field that says what the others held when the form was opened."""
IN_ORDER = "order"
CLASH = "field-changed-meanwhile"


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a page. `name` is its anchor; a refused one is open, and says its problem at the field `wrong`.

    `theirs` is what somebody else wrote meanwhile into fields that were changed here too.
    """

    name: str
    values: Mapping[str, object] = field(default_factory=dict)
    problem: str = ""
    wrong: str = ""
    is_sent: bool = False
    theirs: Mapping[str, str] = field(default_factory=dict)

    @property
    def opened(self) -> str:
        """What the fields hold now, for `join_form`."""
        return write_opened(self.values)

    def text(self, name: str) -> str:
        """What stands in a field; a resident registration number that was sent is not shown again."""
        if self.is_sent:
            return without_resident_number(request.form.get(name, ""))
        value = self.values.get(name)
        return "" if value is None else str(value)

    def chosen(self, name: str) -> list[str]:
        """What is ticked or chosen of several."""
        if self.is_sent:
            return [without_resident_number(value) for value in request.form.getlist(name)]
        value = self.values.get(name)
        return [str(each) for each in value] if isinstance(value, list | tuple | set | frozenset) else []

    def is_ticked(self, name: str) -> bool:
        """True for a box that is ticked."""
        return name in request.form if self.is_sent else bool(self.values.get(name))

    @property
    def is_lost(self) -> bool:
        """True when the problem belongs to no field that the template marks."""
        return bool(self.problem) and not self.wrong


Forms = Callable[..., Form]


@dataclass(frozen=True, slots=True)
class Refused:
    """The form that was refused; None in its place when nothing was sent.

    `fields` says what the form calls a field of the service, where it has another name for it.
    """

    name: str
    error: DomainError
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def wrong(self) -> str:
        """The field the refusal is about; empty for none."""
        found = str(self.error.values.get("field") or "")
        found = self.fields.get(found, found)
        return found if found in request.form or f"{found}-all" in request.form else ""


def forms_of(refused: Refused | None) -> Forms:
    """Gives the form of a name with its usual values, or as it was sent where it is the refused one."""

    def make(name: str, /, **values: object) -> Form:
        if "values_of_forms" in g:
            g.values_of_forms[name] = values
        if refused is None or refused.name != name:
            return Form(name, values)
        theirs = refused.error.values.get("theirs") if refused.error.code == CLASH else None
        told = say_error(refused.error, words())
        return Form(name, values, told, refused.wrong, is_sent=True, theirs=theirs if isinstance(theirs, dict) else {})

    return make


def take_form(
    name: str, action: Callable[[], Done | str], back: str, again: Callable[[Refused | None], Response]
) -> Response:
    """Run a use case and go back with what was done; a refused form is shown again as it was filled in.

    A form that says what it was opened with is joined with what others changed since: `again` without a refusal gives
    the page as it is now.
    """
    try:
        if OPENED in request.form and not form_text("do"):
            join_form(_values_now(name, again))
        done = action()
    except (BadInput, Conflict) as error:
        return show_refused(Refused(name, error), again)
    say_done(done)
    return redirect(back, 303)


def _values_now(name: str, again: Callable[[Refused | None], Response]) -> Mapping[str, object]:
    """What the fields of the form would hold if its page was opened now; nothing for one that is gone."""
    g.values_of_forms = {}
    again(None)
    found: Mapping[str, object] = g.pop("values_of_forms").get(name, {})
    return found


def write_opened(values: Mapping[str, object]) -> str:
    """What the hidden field `opened` says of the values that a form is shown with."""
    return json.dumps(_held_now(values), ensure_ascii=False)


def join_form(now: Mapping[str, object]) -> None:
    """Let the request's form hold what was changed in it on top of what its fields hold `now`.

    Nothing happens to a form that does not say what it was opened with.
    Raises Conflict `field-changed-meanwhile` for the first field that somebody else changed too; both values are told.
    """
    if OPENED not in request.form:
        return
    opened, held = _read_opened(), _held_now(now)
    sent = {name: value for name, like in held.items() if (value := _sent(name, like)) is not None}
    for name in sent.keys() & opened.keys():
        if isinstance(sent[name], tuple) and request.form.get(f"{name}-all") != IN_ORDER:
            sent[name], opened[name], held[name] = (_sorted(each[name]) for each in (sent, opened, held))
    joined = join_changes(opened, held, sent)
    kept = [(name, text) for name, text in request.form.items(multi=True) if name not in joined.values]
    texts = [(name, text) for name, value in joined.values.items() for text in _texts(value)]
    request.form = ImmutableMultiDict([*kept, *texts])
    for name in joined.clashes[:1]:
        theirs = {each: held[each] for each in joined.clashes if isinstance(held[each], str)}
        raise Conflict(
            "somebody changed this in the meantime; send it again to keep yours", code=CLASH, field=name, theirs=theirs
        )


def _held_now(values: Mapping[str, object]) -> dict[str, Held]:
    """The values of a form as its fields hold them."""
    return {name: _held(value) for name, value in values.items()}


def _held(value: object) -> Held:
    if isinstance(value, bool):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(str(each) for each in value)
    return "" if value is None else str(value)


def _read_opened() -> dict[str, Held]:
    try:
        known = json.loads(request.form[OPENED])
    except (ValueError, RecursionError):
        return {}
    return _held_now(known) if isinstance(known, dict) else {}


def _sent(name: str, like: Held) -> Held | None:
    """What was sent for a field that holds something like this; None where the form has no such field."""
    if isinstance(like, bool):
        return name in request.form
    if isinstance(like, tuple):
        return form_list(name) if f"{name}-all" in request.form else None
    return request.form.get(name)


def _texts(value: Held) -> tuple[str, ...]:
    """What a browser sends for it."""
    if isinstance(value, bool):
        return ("yes",) if value else ()
    return (value,) if isinstance(value, str) else value


def _sorted(value: Held) -> Held:
    return tuple(sorted(value)) if isinstance(value, tuple) else value


def show_refused(refused: Refused, again: Callable[[Refused | None], Response]) -> Response:
    """The page with a refused form, as it was filled in; where that leads elsewhere, the way there."""
    response = again(refused)
    if response.status_code < 300:
        response.status_code = 409 if isinstance(refused.error, Conflict) else 422
    return response


def form_whole(name: str, *, code: str) -> int:
    """A whole number of the form. Raises BadInput with the code and the field."""
    number = form_maybe_whole(name, code=code)
    if number is None:
        raise BadInput("give a whole number", code=code, field=name)
    return number


def form_maybe_whole(name: str, *, code: str) -> int | None:
    """A whole number of the form, None for an empty field."""
    given = form_text(name)
    if not given:
        return None
    if not given.isascii() or not given.isdecimal() or len(given) > LONGEST_NUMBER:
        raise BadInput("give a whole number", code=code, field=name)
    return int(given)


def form_list(name: str) -> tuple[str, ...]:
    """What was ticked, in the order of the page, without empty ones."""
    return tuple(value.strip() for value in request.form.getlist(name) if value.strip())
