"""What a member answers for herself: that she comes or not, or who comes in her place."""

from __future__ import annotations

from flask import url_for
from werkzeug.wrappers import Response

from tumorboard.services.answers import answer_for, answer_own
from tumorboard.services.my_parts import delegate_own, take_back_own
from tumorboard.web.auth import current_actor, database, next_path, setup, utc_now
from tumorboard.web.pages.forms import take_form
from tumorboard.web.pages.frame import Done, answer_form, form_text, pages, words
from tumorboard.web.pages.names import full_name
from tumorboard.web.pages.own_forms import show_back


@pages.post("/invitations/<invitation_id>/answer")
def answer_invitation(invitation_id: str) -> Response:
    """A member answers for herself, or a coordinator enters what she was told."""
    actor = current_actor()
    use_case = answer_for if form_text("for") == "member" else answer_own

    def act() -> str:
        use_case(
            database(), setup(), invitation_id=invitation_id, answer=form_text("answer"), comment=form_text("comment"),
            by=actor, now=utc_now(),
        )  # fmt: skip
        return words().gettext("The answer is noted.")

    back = next_path(url_for("pages.show_mine"))
    if use_case is answer_for:
        return answer_form(back, act)
    return take_form(f"r{invitation_id}", act, back, show_back(back, member_id=actor.member_id or ""))


@pages.post("/invitations/<invitation_id>/delegate")
def delegate_invitation(invitation_id: str) -> Response:
    """Somebody of my specialty comes in my place."""
    actor = current_actor()

    def act() -> Done:
        deputy = delegate_own(
            database(), setup(), invitation_id=invitation_id, deputy=form_text("deputy"), comment=form_text("comment"),
            by=actor, now=utc_now(),
        )  # fmt: skip
        said = words().gettext("%(name)s is invited in your place; both of you get a letter.")
        return Done(said % {"name": full_name(deputy)}, url_for("pages.take_part_back", invitation_id=invitation_id))

    back = next_path(url_for("pages.show_mine"))
    return take_form(f"r{invitation_id}", act, back, show_back(back, member_id=actor.member_id or ""))


@pages.post("/invitations/<invitation_id>/take-back")
def take_part_back(invitation_id: str) -> Response:
    """I come myself, and not my deputy."""

    def act() -> str:
        deputy = take_back_own(
            database(), setup(), invitation_id=invitation_id, by=current_actor(), now=utc_now()
        )  # fmt: skip
        said = words().gettext("You come yourself: your answer is noted as accepted, and %(name)s gets a letter.")
        return said % {"name": full_name(deputy)}

    return answer_form(next_path(url_for("pages.show_mine")), act)
