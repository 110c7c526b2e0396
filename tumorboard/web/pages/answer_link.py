"""The page behind the links of a letter: it asks for a confirmation, so that no link scanner answers for anybody."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import redirect, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput, Conflict
from tumorboard.services.answer_links import LinkQuestion, answer_by_link, read_answer_link
from tumorboard.services.answer_tokens import ANSWERS
from tumorboard.web.auth import database, limiter, setup, utc_now
from tumorboard.web.pages.frame import form_text, own_name, pages, refuse_form, show, words
from tumorboard.web.pages.unlisted import speak, unlisted
from tumorboard.words import format_date, format_span
from tumorboard.words.answers import say_answer
from tumorboard.words.hours import say_hours
from tumorboard.words.refusals import REFUSALS


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
    speak(read_answer_link(database(), setup(), token=token, now=utc_now()).member.language)
    try:
        answer_by_link(
            database(), setup(), token=token, answer=form_text("answer") or None, comment=form_text("comment"),
            now=utc_now(),
        )  # fmt: skip
    except (BadInput, Conflict) as error:
        return unlisted(refuse_form(back, error))
    return unlisted(redirect(back, 303))


def _page(token: str, question: LinkQuestion) -> Response:
    """Board and time, and nothing of cases or other people: whoever holds the letter may see it."""
    speak(question.member.language)
    ended, until = question.ended, question.until
    language, changes = words().language, question.hour_changes
    zone = question.board_zone if changes else question.time_zone
    zones = {"zone": zone, "own_zone": question.time_zone}
    return unlisted(
        show(
            "answer.html",
            token=token,
            board_name=own_name(question.board),
            when=format_span(question.span.start, question.span.end, zone, language),
            hours=say_hours(question.span, changes, language=language, **zones) if changes else (),
            until=format_date(until.astimezone(ZoneInfo(zone)).date(), language) if until else "",
            room=question.room,
            apart=[format_span(span.start, span.end, zone, language) for span in question.apart],
            chosen=question.answer,
            choices=[(code, say_answer(code, words())) for code in ANSWERS],
            answered=say_answer(question.answered, words()) if question.answered and not ended else "",
            ended=words().gettext(REFUSALS[ended]) if ended else "",
        )
    )
