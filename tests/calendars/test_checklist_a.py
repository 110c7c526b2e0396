"""A of the conformance checklist: bytes and text of everything that leaves."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import ics as ics_library
import pytest
import vobject
from ical.calendar_stream import IcsCalendarStream

from tests.calendars.objects import HOSTILE, content_lines, emitted, lint, messages, properties
from tests.letters.samples import an_invitation
from tumorboard.formats.content_lines import clean_line
from tumorboard.formats.ical import write_request

REPOSITORY = Path(__file__).resolve().parents[2]
WORDS = {"title": HOSTILE * 3, "description": HOSTILE * 9, "location": HOSTILE, "attendee_name": HOSTILE,
         "organizer_name": HOSTILE}  # fmt: skip
OBJECTS = {**emitted(**WORDS), **{f"plain {name}": ics for name, ics in {**emitted(), **messages()}.items()}}
EACH = pytest.mark.parametrize("ics", OBJECTS.values(), ids=OBJECTS.keys())
KOREAN = "부인암 다학제 회의, 3층; 세미나실"
TEXTS = (
    KOREAN,
    unicodedata.normalize("NFD", KOREAN),
    "👩🏽‍⚕️ 🏥",
    r"back\slash; semi, comma",
    'say "yes"',
    "a" * 300,
    "가" * 200,
)


@EACH
def test_a1_every_line_ends_with_crlf(ics: bytes) -> None:
    assert ics.endswith(b"\r\n")
    assert ics.count(b"\n") == ics.count(b"\r") == ics.count(b"\r\n")


@EACH
def test_a2_no_line_is_longer_than_75_octets(ics: bytes) -> None:
    assert max(map(len, ics.split(b"\r\n"))) <= 75


@EACH
def test_a3_no_character_is_split_by_a_fold(ics: bytes) -> None:
    for line in ics.split(b"\r\n"):
        line.decode()


@EACH
def test_a4_no_mark_control_character_or_empty_line(ics: bytes) -> None:
    text = ics.decode()

    assert not text.startswith("\ufeff")
    assert re.findall("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]", text) == []
    assert "\r\n\r\n" not in text


@pytest.mark.parametrize("padding", range(75))
def test_a5_no_fold_inside_an_escape(padding: int) -> None:
    ics = write_request(an_invitation(title="x" * padding + "\\" * 60, description="x" * padding + "\n;," * 60))

    odd = [line for line in ics.split(b"\r\n") if len(re.search(rb"\\*$", line).group()) % 2]  # type: ignore[union-attr]

    assert odd == []


@EACH
def test_a6_text_has_the_four_escapes_and_nothing_bare(ics: bytes) -> None:
    for name in ("SUMMARY", "DESCRIPTION", "LOCATION", "NAME", "X-WR-CALNAME"):
        for line in properties(ics, name):
            text = line.split(":", 1)[1]
            assert re.fullmatch(r"(?:[^\\;,]|\\[\\;,n])*", text), line


@EACH
def test_a7_components_balance_and_nothing_stands_outside(ics: bytes) -> None:
    inside: list[str] = []
    for line in content_lines(ics):
        if line.startswith("BEGIN:"):
            inside.append(line[6:])
        else:
            assert inside, line
            if line.startswith("END:"):
                assert inside.pop() == line[4:]
    assert inside == []


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Kim: one, two; three", '"Kim: one, two; three"'),
        ('Kim "the" surgeon', "\"Kim ^'the^' surgeon\""),
        ("a ^ b", '"a ^^ b"'),
    ],
)
def test_a8_names_are_quoted_and_escaped(name: str, written: str) -> None:
    ics = write_request(an_invitation(attendee_name=name))

    assert properties(ics, "ATTENDEE")[0].startswith(f"ATTENDEE;CN={written};CUTYPE=")


def test_a9_ten_thousand_hostile_words_add_no_property() -> None:
    dice = random.Random(9)
    pieces = ["\r\n", "\n", "\\", '"', "\u2028", "\x85", "\x07", "ATTENDEE:mailto:x@evil.example", "END:VEVENT", ";",
              ",", ":", "난소암", "é", " ", "^n", "\t", "=", "BEGIN:VALARM"]  # fmt: skip
    plain = [line.split(":")[0].split(";")[0] for line in content_lines(write_request(an_invitation()))]

    for _ in range(3_334):
        title, name, room = ("x" + "".join(dice.choices(pieces, k=dice.randint(1, 8))) for _ in range(3))
        ics = write_request(an_invitation(title=title, attendee_name=name, organizer_name=name, location=room))
        assert [re.split("[;:]", line, maxsplit=1)[0] for line in content_lines(ics)] == plain


@pytest.mark.parametrize("text", TEXTS)
def test_a10_words_come_back_from_three_parsers(text: str) -> None:
    written = write_request(an_invitation(title=text, location=text, description=f"{text}\n{text}", attendee_name=text))

    one = vobject.readOne(written.decode()).vevent
    other = IcsCalendarStream.calendar_from_ics(written.decode()).events[0]
    (third,) = ics_library.Calendar(written.decode()).events
    wanted = (text, text, f"{text}\n{text}")
    assert (one.summary.value, one.location.value, one.description.value) == wanted
    assert (other.summary, other.location, other.description) == wanted
    assert (third.name, third.location, third.description) == wanted
    assert (
        other.attendees[0].common_name == clean_line(text).replace('"', "^'") or other.attendees[0].common_name == text
    )


def test_a11_equal_state_gives_equal_bytes_from_any_process() -> None:
    code = (
        "import sys, hashlib; from tests.calendars.objects import emitted, letters;"
        "objects = {**emitted(), **letters()};"
        "print(hashlib.sha256(b''.join(objects[name] for name in sorted(objects))).hexdigest())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in [("1", "Asia/Seoul"), ("2", "America/New_York")]
    }

    assert len(runs) == 1


@EACH
def test_a1_a2_a3_a4_a5_a6_a7_a8_rfclint_finds_nothing(ics: bytes, tmp_path: Path) -> None:
    file = tmp_path / "object.ics"
    file.write_bytes(ics)

    found = lint("rfclint.py", file)

    assert found["errors"] == []
