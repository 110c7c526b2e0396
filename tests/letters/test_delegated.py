"""The letter to who delegated, word by word; her deputy's is `deputy` in `test_letters.py`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.letters.samples import invitation_of, some_facts
from tests.letters.test_letters import assert_reviewed
from tumorboard.formats.ical import OtherAttendee, Partstat, write_request
from tumorboard.mail.delegated import compose_delegated
from tumorboard.mail.letters import LetterKind


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize(
    ("name", "kind"), [("delegated", LetterKind.INVITATION), ("delegated-moved", LetterKind.MOVED)]
)
def test_letter_to_the_delegator_equals_the_one_reviewed(name: str, kind: LetterKind, language: str) -> None:
    facts = some_facts(language=language, kind=kind, time_zone="Europe/Berlin", answer_links=None)
    deputy = OtherAttendee(
        "jiwoo.lee@hospital.example", "이지우" if language == "ko" else "Jiwoo Lee", Partstat.ACCEPTED
    )

    letter = compose_delegated(facts, deputy.name)

    entry = replace(invitation_of(facts), time_zone="Asia/Seoul", partstat=Partstat.DELEGATED, delegated_to=deputy)
    assert_reviewed(f"{name}.{language}.txt", f"Subject: {letter.subject}\n\n{letter.text}".encode())
    assert_reviewed(f"{name}.{language}.html", letter.html.encode())
    assert_reviewed(f"{name}.{language}.ics", write_request(entry))
