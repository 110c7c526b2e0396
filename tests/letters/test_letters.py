"""What members receive, word by word. `TUMORBOARD_UPDATE_LETTERS=1` writes the files anew; read the difference."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.letters.samples import SAMPLE_NAMES, ics_of, sample_facts
from tumorboard.mail.compose import compose

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_letter_equals_the_one_reviewed(name: str, language: str) -> None:
    facts = sample_facts(name, language)

    letter = compose(facts)

    assert_reviewed(f"{name}.{language}.txt", f"Subject: {letter.subject}\n\n{letter.text}".encode())
    assert_reviewed(f"{name}.{language}.html", letter.html.encode())
    assert_reviewed(f"{name}.{language}.ics", ics_of(facts))


def assert_reviewed(file_name: str, content: bytes) -> None:
    file = FOLDER / file_name
    if os.environ.get("TUMORBOARD_UPDATE_LETTERS") == "1":
        file.write_bytes(content)

    assert file.read_bytes() == content
