"""Forms that keep what was typed: what stands in their fields, and what is wrong with which of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import redirect, request
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, Conflict, DomainError
from tumorboard.domain.identity import without_resident_number
from tumorboard.web.pages.frame import Done, form_text, say_done, words
from tumorboard.words.refusals import say_error

LONGEST_NUMBER = 9


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a page. `name` is its anchor; a refused one is open, and says its problem at the field `wrong`."""

    name: str
    values: Mapping[str, object] = field(default_factory=dict)
    problem: str = ""
    wrong: str = ""
    is_sent: bool = False

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
        if refused is None or refused.name != name:
            return Form(name, values)
        return Form(name, values, say_error(refused.error, words()), refused.wrong, is_sent=True)

    return make


def take_form(name: str, action: Callable[[], Done | str], back: str, again: Callable[[Refused], Response]) -> Response:
    """Run a use case and go back with what was done; a refused form is shown again as it was filled in."""
    try:
        done = action()
    except (BadInput, Conflict) as error:
        return show_refused(Refused(name, error), again)
    say_done(done)
    return redirect(back, 303)


def show_refused(refused: Refused, again: Callable[[Refused], Response]) -> Response:
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
