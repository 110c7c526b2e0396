"""Open needs: what published meetings lack, the most pressing first, and a button that asks the best substitute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import g, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from tumorboard.domain.substitutes import Candidate
from tumorboard.services import addresses
from tumorboard.services.access import Permission
from tumorboard.services.addresses import list_unreached
from tumorboard.services.need_facts import OpenNeed
from tumorboard.services.open_needs import count_open_needs, list_open_needs
from tumorboard.services.people import load_members
from tumorboard.services.substitutes import ask_instead
from tumorboard.store.people import Member
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.frame import answer_form, form_text, known_account, pages, show, words
from tumorboard.web.pages.names import full_name, names_of
from tumorboard.words.phrases import Names
from tumorboard.words.substitutes import say_lost, say_place, say_rejection, say_why

MOST_SHOWN = 3
"""Substitutes shown at once; the others are one click away."""


@dataclass(frozen=True, slots=True)
class NeedCard:
    """An open need as the page says it; candidates are (id, name, how she stands to it, how often she was asked)."""

    need: OpenNeed
    said: str
    why: str
    candidates: tuple[tuple[str, str, str, int], ...]
    rejected: tuple[tuple[str, str], ...]
    case_id: str


@pages.get("/open-needs", endpoint="show_open_needs")
def show_open_needs() -> Response:
    """The list of all boards."""
    needs = list_open_needs(database(), setup(), by=current_actor(), now=utc_now())
    may_correct = current_actor().may(Permission.CENTRE_EDIT)
    return show(
        "open_needs.html", cards=_cards(needs), most=MOST_SHOWN, unreached=_unreached(), may_correct=may_correct
    )


@pages.post("/meetings/<meeting_id>/substitutes")
def ask_substitute(meeting_id: str) -> Response:
    """Ask somebody instead, and go on with the list."""

    def act() -> str:
        asked = ask_instead(
            database(), setup(), meeting_id=meeting_id, member_id=form_text("member"), instead_id=form_text("instead"),
            by=current_actor(), now=utc_now(),
        )  # fmt: skip
        said = words().gettext("%(name)s is asked; the invitation leaves now.")
        return said % {"name": full_name(asked.member)}

    return answer_form(url_for("pages.show_open_needs"), act)


def _cards(needs: Iterable[OpenNeed]) -> list[NeedCard]:
    members = load_members(database())
    names = {
        board.id: names_of(setup().program(board.program), members=members)
        for board in {need.meeting.board for need in needs}
    }
    cards = []
    for need in needs:
        known = names[need.meeting.board.id]
        is_call = need.why == "urgent-call"
        cards.append(
            NeedCard(
                need=need,
                said=say_lost(need.lost, words(), known),
                why=say_why(need.why, need.lost.member, words(), known),
                candidates=tuple(_candidate(one, known) for one in need.ranking.candidates),
                rejected=tuple(
                    (known.members[one.member], say_rejection(one.code, words())) for one in need.ranking.rejected
                ),
                case_id=need.meeting.agenda[0].case.public_id if is_call else "",
            )
        )
    return cards


def _candidate(one: Candidate, known: Names) -> tuple[str, str, str, int]:
    how = say_place(one.place, words(), is_reached=one.is_reached)
    return one.member, known.members[one.member], how, one.asked


def _unreached() -> list[tuple[Member, str]]:
    """Whose letters come back, for who decides on answers."""
    actor = current_actor()
    found = list_unreached(database(), by=actor) if actor.may(Permission.ANSWER_DECIDE) else []
    return [(member, full_name(member)) for member in found]


@pages.post("/people/<member_id>/address-works")
def confirm_address(member_id: str) -> Response:
    """Letters reach her again at the address she has."""

    def act() -> str:
        letters = addresses.confirm_address(
            database(), setup(), member_id=member_id, by=current_actor(), now=utc_now()
        )  # fmt: skip
        return _say_written_again(letters)

    return answer_form(url_for("pages.show_open_needs"), act)


@pages.post("/people/<member_id>/address")
def correct_address(member_id: str) -> Response:
    """She has another address."""

    def act() -> str:
        letters = addresses.correct_address(
            database(), setup(), member_id=member_id, email=form_text("email"), by=current_actor(), now=utc_now()
        )  # fmt: skip
        return _say_written_again(letters)

    return answer_form(url_for("pages.show_open_needs"), act)


def _say_written_again(letters: int) -> str:
    said = words().ngettext(
        "Noted. %(number)d letter leaves again.", "Noted. %(number)d letters leave again.", letters
    )  # fmt: skip
    return said % {"number": letters}


@pages.app_template_global("open_needs_count")
def open_needs_count() -> int | None:
    """How many needs are open, for the menu; None for who does not plan."""
    if known_account() is None or not current_actor().may(Permission.PLAN_EDIT):
        return None
    if "open_needs" not in g:
        try:
            g.open_needs = count_open_needs(database(), by=current_actor(), now=utc_now())
        except SQLAlchemyError:
            return None  # the page of an error has a menu too
    return int(g.open_needs)
