"""The letters by the clock, word by word; see `test_letters.py` for how the files are written anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.letters.notices import (
    a_morning,
    a_preparation,
    an_addressee,
    an_agenda,
    an_agenda_on_demand,
    some_changes,
    some_missing_answers,
)
from tests.letters.test_letters import assert_reviewed
from tumorboard.mail.letters import Letter
from tumorboard.mail.notices import compose_agenda, compose_changes, compose_preparation
from tumorboard.mail.notices_morning import compose_morning
from tumorboard.mail.reminders import compose_reminders

LETTERS: Mapping[str, Callable[[str], Letter]] = {
    "agenda": lambda language: compose_agenda(an_agenda(language)),
    "agenda-on-demand": lambda language: compose_agenda(an_agenda_on_demand(language)),
    "preparation": lambda language: compose_preparation(a_preparation(language)),
    "changes": lambda language: compose_changes(some_changes(language)),
    "morning": lambda language: compose_morning(a_morning(language)),
    "reminders": lambda language: compose_reminders(an_addressee(language), some_missing_answers(language)),
}


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("name", LETTERS)
def test_notice_equals_the_one_reviewed(name: str, language: str) -> None:
    letter = LETTERS[name](language)

    assert_reviewed(f"{name}.{language}.txt", f"Subject: {letter.subject}\n\n{letter.text}".encode())
    assert_reviewed(f"{name}.{language}.html", letter.html.encode())
