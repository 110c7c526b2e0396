"""What would happen to a draft if."""

from __future__ import annotations

from typing import Any

from tumorboard.services.solver_process import place, run_apart
from tumorboard.services.what_if import ask_what_if
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, current_language, database, setup, utc_now
from tumorboard.web.pages.what_if import names_in
from tumorboard.web.schemas.what_if import WhatIfAnswer, WhatIfAsk, present_what_if, read_asked
from tumorboard.words import Words

door = Door("what-if", description="What changes would do to a draft")


@door.post("/drafts/<public_id:draft_id>/what-if")
@door.arguments(WhatIfAsk)
@door.response(200, WhatIfAnswer)
def ask(asked: dict[str, Any], draft_id: str) -> dict[str, Any]:
    """Ask what changes would do to a draft

    A member absent, a case urgent, ready or withdrawn, a meeting added or cancelled: cases and members that would be
    planned otherwise, with the cost before and after. Nothing is stored and nobody hears of it. To make a change real,
    enter it where it belongs and propose again.
    """
    with place():
        view = ask_what_if(
            database(), setup(), asked=read_asked(asked), draft_id=draft_id, by=current_actor(), now=utc_now(),
            call=run_apart,
        )  # fmt: skip
    return present_what_if(view, Words(current_language()), names_in(view))
