"""The page behind the link of a letter by the clock: no log-in, and looking at it changes nothing.

A mail program sends `List-Unsubscribe=One-Click` here when its reader wants no more such letters (RFC 8058).
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from tumorboard.services.letter_links import (
    LetterChoice,
    change_by_letter_link,
    read_letter_link,
    switch_off_by_letter_link,
)
from tumorboard.services.preferences import flatten
from tumorboard.web.auth import database, limiter, setup, utc_now
from tumorboard.web.pages.frame import pages, show, words
from tumorboard.web.pages.preferences import form_parts, save_form
from tumorboard.web.pages.unlisted import speak, unlisted
from tumorboard.words.preferences import say_preference


@pages.get("/letters/<token>")
def show_letters(token: str) -> Response:
    """What she gets, and a button for this kind of letter."""
    return _page(token, _read(token))


@pages.post("/letters/<token>")
@limiter.limit("30 per minute")
def choose_letters(token: str) -> Response:
    """Switch off the kind of letter that brought her here, or keep what the form says."""
    choice = _read(token)
    if request.form.get("List-Unsubscribe") == "One-Click":
        switch_off_by_letter_link(database(), setup(), token=token, now=utc_now())
        return unlisted(show("letters_off.html", kind_label=_say(choice)[0], action=_address(token)))
    if "switch-off" in request.form:
        switch_off_by_letter_link(database(), setup(), token=token, now=utc_now())
        flash(words().gettext("These letters are switched off."), "done")
        return _back(token)

    def change(given: Mapping[str, object]) -> tuple[str, ...]:
        return change_by_letter_link(database(), setup(), token=token, values=given, now=utc_now())

    return save_form(
        flatten(choice.chosen),
        change,
        lambda given, problem, wrong: _page(token, choice, given, problem, wrong),
        lambda: _back(token),
    )


def _read(token: str) -> LetterChoice:
    choice = read_letter_link(database(), setup(), token=token)
    speak(choice.language)
    return choice


def _address(token: str) -> str:
    return url_for("pages.show_letters", token=token)


def _back(token: str) -> Response:
    return unlisted(redirect(_address(token), 303))


def _say(choice: LetterChoice) -> tuple[str, str]:
    return say_preference(choice.kind, words())


def _page(
    token: str, choice: LetterChoice, given: Mapping[str, object] | None = None, problem: str = "", wrong: str = ""
) -> Response:
    """Nothing of boards, cases or other people: whoever holds the letter may see it."""
    label, meaning = _say(choice)
    return unlisted(
        show(
            "letters.html",
            422 if problem else 200,
            name=choice.name,
            kind_label=label,
            kind_meaning=meaning,
            is_on=choice.is_on,
            action=_address(token),
            **form_parts(given or flatten(choice.chosen), problem, wrong),
        )
    )
