"""What every page stands in: its words, its times, its navigation, and how a form answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from tumorboard.domain.cells import read_date
from tumorboard.domain.errors import BadInput, Conflict, DomainError
from tumorboard.domain.model import Text
from tumorboard.services.access import Actor, Permission
from tumorboard.services.centre_settings import look_up_centre
from tumorboard.services.invitations import ASKED_FOR
from tumorboard.store.meetings import Board
from tumorboard.store.people import Account, Centre, Department
from tumorboard.web.assets import WithoutIndents
from tumorboard.web.auth import current_account, current_actor, current_language, database, setup, shortcuts_on
from tumorboard.web.pages.whole import keep_whole, list_people
from tumorboard.web.schemas.base import EARLIEST_AT, LATEST_AT
from tumorboard.words import Words, format_date, labels
from tumorboard.words.labels import say_code
from tumorboard.words.refusals import say_error
from tumorboard.words.sources import say_source

pages = Blueprint("pages", __name__)

YEAR_SECONDS = 365 * 24 * 3600

MENU = (
    ("pages.list_cases", "cases", "g c", Permission.CASE_READ),
    ("pages.list_boards", "boards", "g b", Permission.BOARD_READ),
    ("pages.list_answers", "answers", "g a", Permission.ANSWER_DECIDE),
    ("pages.show_open_needs", "open-needs", "g n", Permission.PLAN_EDIT),
    ("pages.show_mine", "mine", "g m", Permission.FEED_OWN),
    ("pages.list_people", "people", "g p", Permission.PEOPLE_READ),
    ("pages.show_availability", "availability", "g v", Permission.ABSENCE_EDIT_ANY),
)
"""Endpoint, name (its word is in `labels.PLACES`), keys, and who may go there: what stands in the bar of every page."""
MORE = (
    ("pages.show_reports", "reports", "g r", Permission.REPORT_READ),
    ("pages.show_exports", "exports", "g x", Permission.CASE_EXPORT),
    ("pages.list_rules", "rules", "g u", Permission.BOARD_READ),
    ("pages.show_centre", "centre", "g e", Permission.CENTRE_EDIT),
    ("pages.list_letters", "outbox", "g o", Permission.OUTBOX_READ),
)
"""The same, for what is opened less often."""


_PART_OF = {"/drafts": "/boards", "/meetings": "/boards", "/absences": "/people"}
"""Where pages belong that are in no menu."""


def words() -> Words:
    """The words of the reader's language."""
    try:
        return cast("Words", g.words)
    except AttributeError:  # the first of hundreds of questions of a page
        g.words = known = Words(current_language())
        return known


def install_words(app: Flask) -> None:
    """Give templates gettext in the reader's language, times in a zone, and the frame around each page."""
    environment = cast("Any", app.jinja_env)
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.add_extension(WithoutIndents)
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.install_gettext_callables(
        lambda message: words().gettext(message),
        lambda one, many, number: words().ngettext(one, many, number),
        newstyle=True,
    )
    environment.filters.update(
        text=lambda text: cast("Text", text).in_language(words().language),
        day=show_day,
        moment=show_moment,
        clock=show_clock,
        hour=show_hour,
        clocks=show_clocks,
        period=show_period,
        said=keep_whole,
        people=list_people,
        own_name=own_name,
        cited=lambda source: say_source(source, words()),
    )
    environment.globals.update(label=_label, zone_of=ZoneInfo, asked_for=ASKED_FOR)
    app.context_processor(_frame)


def _label(table: str, code: str) -> str:
    """The words of a code, by the name of its list in `tumorboard.words.labels`."""
    return say_code(code, words(), getattr(labels, table))


def show_day(day: date) -> Markup:
    """`2026-11-24 (Tue)` that is never split over two lines."""
    return _time(day.isoformat(), format_date(day, words().language))


def show_moment(instant: datetime, zone: str) -> Markup:
    """`2026-11-24 (Tue) 07:30` in an IANA zone; the page names the zone once."""
    local = instant.astimezone(ZoneInfo(zone))
    return _time(local.isoformat(timespec="minutes"), f"{format_date(local.date(), words().language)} {local:%H:%M}")


def show_clock(instant: datetime, zone: str) -> Markup:
    """`07:30` in an IANA zone."""
    local = instant.astimezone(ZoneInfo(zone))
    return _time(local.isoformat(timespec="minutes"), f"{local:%H:%M}")


def show_hour(instant: datetime, zone: str) -> str:
    """`07:30` in an IANA zone, as plain text for drawings."""
    return f"{instant.astimezone(ZoneInfo(zone)):%H:%M}"


def _time(machine: str, said: str) -> Markup:
    """Of figures and weekdays alone, which need no escaping: a page shows hundreds."""
    return Markup(f'<time datetime="{machine}">{said}</time>')  # noqa: S704 - see above


def show_clocks(start: datetime, end: datetime, zone: str) -> Markup:
    """`07:30–08:10` in an IANA zone, never split."""
    return Markup(f'<span class="clocks">{show_clock(start, zone)}–{show_clock(end, zone)}</span>')  # noqa: S704


def show_period(start: datetime, end: datetime, zone: str) -> Markup:
    """Whole days as days, the last one included; else with times, and the day once where it is the same."""
    first, last = start.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))
    if first.time() == time(0) == last.time():
        last_day = last.date() - timedelta(days=1)
        return show_day(first.date()) if first.date() >= last_day else _join(show_day(first.date()), show_day(last_day))
    if first.date() == last.date():
        return Markup("{} {}").format(show_day(first.date()), show_clocks(start, end, zone))
    return _join(show_moment(start, zone), show_moment(end, zone))


def _join(first: Markup, last: Markup) -> Markup:
    return Markup("{} – {}").format(first, last)


def _frame() -> dict[str, Any]:
    """What the layout needs beside the page's own values; it must not fail, for errors stand in it too."""
    account = known_account()
    actor = current_actor() if account else None
    return {
        "language": words().language,
        "account": account,
        "actor": actor,
        "menu": _menu(MENU, actor) if actor else (),
        "more_places": _menu(MORE, actor) if actor else (),
        "centre": centre_name() if account else "",
        "zone": setup().time_zone,
        "shortcuts": shortcuts_on(),
        "may": actor.may if actor else _may_nothing,
        "Permission": Permission,
    }


def _may_nothing(_permission: Permission) -> bool:
    return False


def known_account() -> Account | None:
    """The account behind the request, None when there is none or the question itself is refused."""
    try:
        return current_account()
    except DomainError:
        return None


def centre_name() -> str:
    """What the centre is called, in the reader's language."""
    row = look_up_centre(database())
    return own_name(row) if row else ""


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the menu: where it leads, its name, the keys that lead there, whether the reader is there."""

    address: str
    name: str
    keys: str
    is_here: bool


def _menu(places: Sequence[tuple[str, str, str, Permission]], actor: Actor) -> tuple[Place, ...]:
    """The places the actor may go to. Her own windows come first for who plans nothing."""
    here = f"/{request.path.strip('/').partition('/')[0]}"
    here = _PART_OF.get(here, here)
    allowed = [place for place in places if actor.may(place[3]) and (place[1] != "mine" or actor.member_id)]
    if not actor.may(Permission.PLAN_EDIT):
        allowed.sort(key=lambda place: place[1] != "mine")
    return tuple(
        Place(address, name, keys, here == address)
        for address, name, keys in ((url_for(endpoint), name, keys) for endpoint, name, keys, _ in allowed)
    )


def show(template: str, status: int = 200, /, **values: object) -> Response:
    """A page made of a template."""
    return Response(render_template(template, **values), status, content_type="text/html; charset=utf-8")


def go_to(endpoint: str, *, anchor: str | None = None, **values: Any) -> Response:
    """A redirect after a form was sent."""
    return redirect(url_for(endpoint, _anchor=anchor, **values), 303)


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, the address of the form that takes it back at one click, and where that leads (here if empty)."""

    said: str
    undo_at: str
    back: str = ""


def say_done(done: Done | str) -> None:
    """Let the next page say what was done, with a button that takes it back where there is one."""
    flash(done if isinstance(done, str) else cast("Any", asdict(done)), "done")  # a message may be any JSON


def answer_form(back: str, action: Callable[[], Done | str]) -> Response:
    """Run a use case, then go back to a page that says what was done, or why it was refused.

    What is not there or not allowed leaves as an error page.
    """
    try:
        say_done(action())
    except (BadInput, Conflict) as error:
        return refuse_form(back, error)
    return redirect(back, 303)


def refuse_form(back: str, error: DomainError, *, subject: str = "") -> Response:
    """Go back to a page that says why a form was refused, and which of several things is meant."""
    said = say_error(error, words())
    flash(f"{subject}: {said}" if subject and subject not in said else said, "problem")
    return redirect(back, 303)


def keep_cookie(answer: Response, name: str, value: str) -> None:
    """Let the browser keep a choice for a year."""
    answer.set_cookie(name, value, max_age=YEAR_SECONDS, secure=request.is_secure, httponly=True, samesite="Lax")


def form_text(name: str) -> str:
    """A text of the form, without outer space; empty when it is not there."""
    return request.form.get(name, "").strip()


def form_date(name: str) -> date | None:
    """A day of the form, None when the field is empty. Raises BadInput `not-a-date`."""
    text = form_text(name)
    if not text:
        return None
    try:
        return read_date(text)
    except BadInput as error:
        raise BadInput(str(error), code=error.code, field=name) from None


def form_instant(name: str) -> datetime:
    """An ISO instant of the form with its offset, of our times, in UTC. Raises BadInput `bad-input`."""
    try:
        instant = datetime.fromisoformat(form_text(name))
        if instant.tzinfo is not None and EARLIEST_AT <= instant <= LATEST_AT:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadInput("no instant; write it as 2026-12-01T08:00+09:00", code="bad-input", field=name)


def form_number(name: str, default: int) -> int:
    """A whole number of the form, the default when the field is empty. Raises BadInput `not-a-number`."""
    text = form_text(name)
    if not text:
        return default
    if not text.isdecimal() or len(text) > 6:
        raise BadInput("no whole number", code="not-a-number", field=name)
    return int(text)


def own_name(row: Board | Centre | Department) -> str:
    """What a row with a name in each language is called in the reader's."""
    return row.name_ko if words().language == "ko" else row.name_en
