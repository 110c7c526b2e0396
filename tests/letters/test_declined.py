"""The letter that declines a proposed time, word by word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.letters.samples import STAMP, WINDOW, invitation_of, some_facts
from tests.letters.test_letters import assert_reviewed
from tumorboard.domain.timeline import Interval
from tumorboard.formats.ical import write_decline_counter
from tumorboard.mail.declined import compose_declined

PROPOSED = Interval(WINDOW.start + timedelta(days=1), WINDOW.end + timedelta(days=1))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_declined_proposal_equals_the_letter_reviewed(language: str) -> None:
    facts = some_facts(language=language, recipient_title="부교수")

    letter = compose_declined(facts, PROPOSED)

    name = f"declined-proposal.{language}"
    assert_reviewed(f"{name}.txt", f"Subject: {letter.subject}\n\n{letter.text}".encode())
    assert_reviewed(f"{name}.html", letter.html.encode())
    assert_reviewed(f"{name}.ics", write_decline_counter(invitation_of(facts, sequence=2)))


def test_letter_about_a_proposal_without_a_time_names_none() -> None:
    letter = compose_declined(some_facts(language="en"), None)

    assert "You proposed" not in letter.text
    assert STAMP.isoformat() not in letter.text
