"""DOOR: pages for people. Every page works without JavaScript: forms post, the answer redirects."""

from __future__ import annotations

from flask import Flask

from tumorboard.web.pages import (
    answer_link,
    answers,
    board_settings,
    boards,
    busy,
    case,
    cases,
    drafts,
    findings,
    home,
    imports,
    log_in,
    meetings,
    mine,
    open_needs,
    outbox,
    people,
    preferences,
    rules,
    runs,
    slots,
    urgent,
    what_if,
)
from tumorboard.web.pages.frame import install_words, pages

__all__ = [
    "answer_link", "answers",
    "board_settings", "boards", "busy", "case", "cases", "drafts", "findings", "home", "imports", "log_in",
    "meetings", "mine", "open_needs", "outbox", "people", "preferences", "register_pages", "rules", "runs", "slots",
    "urgent", "what_if",
]  # fmt: skip
"""Every module hangs its pages on the one blueprint when it is imported."""


def register_pages(app: Flask) -> None:
    """Register every page, and the words and filters their templates use."""
    install_words(app)
    app.register_blueprint(pages)
