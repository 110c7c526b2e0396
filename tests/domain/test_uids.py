"""UIDs that are worked out: always the same, and never like a resident registration number."""

from __future__ import annotations

import re
import uuid

from tumorboard.domain.identity import has_resident_number
from tumorboard.domain.uids import derive_uid

SHAPE = re.compile(r"(?<!\d)\d{6}-?[1-8]\d{6}(?!\d)")


def test_same_text_has_the_same_uid_and_another_text_another() -> None:
    assert derive_uid("free-busy a") == derive_uid("free-busy a") != derive_uid("free-busy b")
    assert uuid.UUID(derive_uid("free-busy a"))


def test_no_uid_looks_like_a_resident_registration_number() -> None:
    found = [derive_uid(str(number)) for number in range(20_000)]

    assert any(SHAPE.search(uid.replace("-", "")) for uid in found)
    assert [uid for uid in found if SHAPE.search(uid) or has_resident_number(uid)] == []


def test_uid_of_digits_alone_does_not_either() -> None:
    assert SHAPE.search(str(uuid.UUID(hex="9" * 12 + "1" * 20))) is None
