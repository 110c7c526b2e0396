"""A case leaves its published meeting in one step, and comes back to its place there."""

from __future__ import annotations

from flask import url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import Conflict
from tumorboard.domain.model import Reason
from tumorboard.services.boards import list_people
from tumorboard.services.case_removal import withdraw_scheduled
from tumorboard.services.case_return import find_old_place, return_scheduled
from tumorboard.services.cases import find_case
from tumorboard.services.meetings import find_meeting
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.frame import Done, answer_form, pages, words
from tumorboard.web.pages.names import names_of, say_when
from tumorboard.words.phrases import say_reason


@pages.post("/cases/<case_id>/withdraw-scheduled")
def withdraw_from_meeting(case_id: str) -> Response:
    """Take the case off its published meeting, and off the list."""

    def act() -> Done:
        undo = url_for("pages.put_back", case_id=case_id)
        try:
            letters = withdraw_scheduled(database(), setup(), case_id=case_id, by=current_actor(), now=utc_now())
        except Conflict:  # pressed twice, perhaps
            if find_old_place(database(), find_case(database(), case_id), now=utc_now()) is None:
                raise
            return Done(words().gettext("The case is off its meeting and withdrawn already."), undo)
        said = words().ngettext(
            "Off the meeting and withdrawn; %(number)d letter leaves.",
            "Off the meeting and withdrawn; %(number)d letters leave.",
            letters,
        )
        return Done(said % {"number": letters}, undo)

    return answer_form(url_for("pages.show_case", case_id=case_id), act)


@pages.post("/cases/<case_id>/put-back")
def put_back(case_id: str) -> Response:
    """Put a case that was taken off its meeting back there, or on the list where that is no longer possible."""

    def act() -> Done:
        returned = return_scheduled(database(), setup(), case_id=case_id, by=current_actor(), now=utc_now())
        if returned.meeting is None:
            return Done(_why_not(case_id, returned.reasons), url_for("pages.withdraw", case_id=case_id))
        said = words().ngettext(
            "On its meeting of %(at)s again; %(number)d letter leaves.",
            "On its meeting of %(at)s again; %(number)d letters leave.",
            returned.letters,
        )
        at = say_when(returned.meeting.starts_at, returned.meeting.time_zone)
        return Done(
            said % {"at": at, "number": returned.letters}, url_for("pages.withdraw_from_meeting", case_id=case_id)
        )

    return answer_form(url_for("pages.show_case", case_id=case_id), act)


def _why_not(case_id: str, reasons: tuple[Reason, ...]) -> str:
    program = setup().program(find_case(database(), case_id).program)
    known = {str(reason.values["meeting"]) for reason in reasons if "meeting" in reason.values}
    names = names_of(
        program,
        meetings=[find_meeting(database(), meeting) for meeting in sorted(known)],
        members=list_people(database(), by=current_actor(), now=utc_now()),
    )
    said = "; ".join(say_reason(reason, words(), names) for reason in reasons)
    return words().gettext("The case is on the list again, but not on its meeting: %(why)s") % {"why": said}
