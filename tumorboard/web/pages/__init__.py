"""DOOR: pages for people. Every page works without JavaScript: forms post, the answer redirects."""

from __future__ import annotations

from flask import Flask

from tumorboard.web.pages import (
    absences,
    accounts,
    answer_link,
    answers,
    availability,
    board_settings,
    boards,
    busy,
    case,
    case_places,
    cases,
    centre,
    centre_boards,
    centre_members,
    centre_rooms,
    centre_series,
    clean_addresses,
    draft_moves,
    drafts,
    exports,
    findings,
    first_start,
    guide,
    home,
    imports,
    letter_link,
    log_in,
    meetings,
    mine,
    open_needs,
    outbox,
    own_account,
    own_answers,
    people,
    preferences,
    reports,
    room,
    rules,
    runs,
    slots,
    tokens,
    urgent,
    weekly_hours,
    what_if,
)
from tumorboard.web.pages.frame import install_words, pages

__all__ = [
    "absences", "availability", "weekly_hours",
    "accounts", "centre", "centre_boards", "centre_members", "centre_rooms", "centre_series", "first_start",
    "own_account", "own_answers",
    "exports", "reports",
    "answer_link", "answers", "clean_addresses", "draft_moves",
    "board_settings", "boards", "busy",
    "case", "case_places", "cases", "drafts", "findings", "guide", "home", "imports",
    "letter_link", "log_in",
    "meetings", "mine", "open_needs", "outbox", "people", "preferences", "register_pages", "room",
    "rules", "runs", "slots",
    "tokens", "urgent", "what_if",
]  # fmt: skip
"""Every module hangs its pages on the one blueprint when it is imported."""


def register_pages(app: Flask) -> None:
    """Register every page, and the words and filters their templates use."""
    install_words(app)
    app.register_blueprint(pages)
