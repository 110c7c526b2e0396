"""The page behind the links of a letter: it asks for a confirmation, so that no link scanner answers for anybody."""

from __future__ import annotations

import logging
import re
from typing import cast
from zoneinfo import ZoneInfo

from flask import Flask, g, make_response, redirect, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.services.answer_links import LinkQuestion, answer_by_link, read_answer_link
from tumorboard.services.answer_tokens import ANSWERS
from tumorboard.web.auth import LANGUAGE_COOKIE, database, limiter, setup, utc_now
from tumorboard.web.pages.frame import form_text, known_account, own_name, pages, refuse_form, show, words
from tumorboard.words import Words, format_date, format_span
from tumorboard.words.answers import say_answer
from tumorboard.words.refusals import REFUSALS

_TOKEN = re.compile(r"(/answer/)[^\s\"'?&/]+")
_LOGGERS = (
    "tumorboard",
    "werkzeug",
    "gunicorn.access",
    "gunicorn.error",
    "waitress",
    "waitress.queue",
    "flask-limiter",
)


class HideAnswerTokens(logging.Filter):
    """Takes the secret out of every log record that holds the address of an answer."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true; a record with a token is rewritten."""
        text = record.getMessage()
        if "/answer/" in text:
            record.msg, record.args = _TOKEN.sub(r"\1…", text), ()
        return True


@pages.record_once
def _hide_tokens(state: BlueprintSetupState) -> None:
    for name in {*_LOGGERS, cast("Flask", state.app).logger.name}:
        logger = logging.getLogger(name)
        if not any(isinstance(known, HideAnswerTokens) for known in logger.filters):
            logger.addFilter(HideAnswerTokens())


@pages.get("/answer/<token>")
def show_answer(token: str) -> Response:
    """What the link asks. Nothing is changed by looking at it."""
    question = read_answer_link(database(), setup(), token=token, now=utc_now())
    return _page(token, question)


@pages.post("/answer/<token>")
@limiter.limit("30 per minute")
def confirm_answer(token: str) -> Response:
    """Take the answer, then show it."""
    back = url_for("pages.show_answer", token=token)
    _speak(read_answer_link(database(), setup(), token=token, now=utc_now()))
    try:
        answer_by_link(
            database(), setup(), token=token, answer=form_text("answer") or None, comment=form_text("comment"),
            now=utc_now(),
        )  # fmt: skip
    except (BadInput, Conflict) as error:
        return _unlisted(refuse_form(back, error))
    return _unlisted(redirect(back, 303))


def _page(token: str, question: LinkQuestion) -> Response:
    """Board and time, and nothing of cases or other people: whoever holds the letter may see it."""
    _speak(question)
    ended, until = question.ended, question.until
    zone, language = question.time_zone, words().language
    return _unlisted(
        show(
            "answer.html",
            token=token,
            board_name=own_name(question.board),
            when=format_span(question.span.start, question.span.end, zone, language),
            until=format_date(until.astimezone(ZoneInfo(zone)).date(), language) if until else "",
            room=question.room,
            chosen=question.answer,
            choices=[(code, say_answer(code, words())) for code in ANSWERS],
            answered=say_answer(question.answered, words()) if question.answered and not ended else "",
            ended=words().gettext(REFUSALS[ended]) if ended else "",
        )
    )


def _speak(question: LinkQuestion) -> None:
    """In the member's language, unless whoever looks has chosen one."""
    if not (request.cookies.get(LANGUAGE_COOKIE) or request.args.get("lang") or known_account()):
        g.words = Words(question.member.language)


def _unlisted(response: Response) -> Response:
    found = make_response(response)
    found.headers["X-Robots-Tag"] = "noindex, nofollow"
    return found
