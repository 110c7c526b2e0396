"""What people type into a search stands in the address of the page; a resident number must not stay there."""

from __future__ import annotations

from flask import flash, redirect, request
from werkzeug.wrappers import Response

from tumorboard.domain.identity import has_resident_number
from tumorboard.web.pages.frame import pages, words


@pages.before_request
def forget_numbers() -> Response | None:
    """Lead a page asked for with a resident number on to itself without it, so that it stays in no history."""
    if request.method != "GET" or not any(has_resident_number(value) for value in request.args.values()):
        return None
    flash(
        words().gettext(
            "Holds what looks like a resident registration number. Such a number must not be entered "
            "anywhere; remove it."
        ),
        "problem",
    )
    return redirect(request.path, 303)
