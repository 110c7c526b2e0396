"""The letter with a one-time link, word by word; see `test_letters.py` for how the files are written anew."""

from __future__ import annotations

import pytest

from tests.letters.test_letters import assert_reviewed
from tumorboard.domain.errors import BadInput
from tumorboard.mail.password_link import compose_password_link

GIVEN = {"ko": ("김서연", "한강여성암센터"), "en": ("Seoyeon Kim", "Hangang Centre")}
LINK = "https://board.hospital.example/password/eyJ0b2tlbiI.abc"


@pytest.mark.parametrize("language", ["ko", "en"])
def test_letter_is_as_reviewed(language: str) -> None:
    name, centre = GIVEN[language]

    letter = compose_password_link(name=name, centre=centre, link=LINK, days=7, language=language)

    assert_reviewed(f"password.{language}.txt", f"Subject: {letter.subject}\n\n{letter.text}".encode())
    assert_reviewed(f"password.{language}.html", letter.html.encode())


def test_nothing_but_a_web_address_becomes_a_link() -> None:
    with pytest.raises(BadInput):
        compose_password_link(name="A", centre="B", link="javascript:alert(1)", days=7, language="en")
