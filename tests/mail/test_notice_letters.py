"""The letters by the clock: what they say, in which zone, and what cannot get into them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser

import pytest

from tests.letters.notices import (
    LINES,
    LINK,
    a_change,
    a_morning,
    a_preparation,
    a_sitting,
    an_addressee,
    an_agenda,
    an_agenda_on_demand,
    some_changes,
)
from tumorboard.domain.errors import BadInput
from tumorboard.mail import notices_facts
from tumorboard.mail.letters import AnswerLinks, Letter, Mailbox
from tumorboard.mail.notices import compose_agenda, compose_changes, compose_preparation
from tumorboard.mail.notices_facts import AgendaLine
from tumorboard.mail.notices_morning import compose_morning

EVIL = "C-1\r\nBcc: x@example.org\x07\u202e<b>"


class _Loads(HTMLParser):
    """What a mail program would fetch from elsewhere."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag in ("img", "link", "script", "iframe", "object") or names & {"src", "background"}:
            self.found.append(tag)


LETTERS: list[Callable[[str], Letter]] = [
    lambda language: compose_agenda(an_agenda(language)),
    lambda language: compose_agenda(an_agenda_on_demand(language)),
    lambda language: compose_preparation(a_preparation(language)),
    lambda language: compose_changes(some_changes(language)),
    lambda language: compose_morning(a_morning(language)),
]


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("compose", LETTERS)
def test_every_letter_ends_with_where_it_is_switched_off(compose: Callable[[str], Letter], language: str) -> None:
    letter = compose(language)

    assert letter.text.rstrip("\n").endswith(f": {LINK}")
    assert f'href="{LINK}"' in letter.html


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("compose", LETTERS)
def test_every_letter_is_short_whole_and_loads_nothing(compose: Callable[[str], Letter], language: str) -> None:
    letter = compose(language)

    assert (len(letter.subject) <= 80, "%(" in letter.text + letter.subject) == (True, False)
    assert _Loads(letter.html).found == []


@pytest.mark.parametrize("compose", LETTERS)
def test_korean_letters_are_korean(compose: Callable[[str], Letter]) -> None:
    english, korean = compose("en"), compose("ko")

    same = set(english.text.splitlines()) & set(korean.text.splitlines())
    assert {line for line in same if line and not line.startswith(("- 0", "- 2", "-- ", "0"))} == set()


def test_no_value_of_a_letter_has_a_field_for_a_patient() -> None:
    values = [one for one in vars(notices_facts).values() if isinstance(one, type) and is_dataclass(one)]
    names = {field.name for one in values for field in fields(one)}

    assert len(values) > 10
    assert names & {"patient", "facts", "values", "birth", "age", "age_years", "diagnosis", "question"} == set()


def test_controls_stay_out_of_letters() -> None:
    lines = (AgendaLine(EVIL, LINES[0].span),)
    meeting = a_sitting("en", board_name=f"Board\r\nX: y {EVIL}")

    letters = [
        compose_agenda(an_agenda(lines=lines, meeting=meeting, room=EVIL)),
        compose_changes(
            some_changes(meetings=(a_change(added=lines, removed=(EVIL,), order=(EVIL,), meeting=meeting),))
        ),
    ]

    for letter in letters:
        assert [each for each in ("\r", "\x07", "\u202e") if each in letter.text + letter.html + letter.subject] == []
        assert "\n" not in letter.subject
        assert "<b>" not in letter.html
        assert not any(line.startswith(("Bcc", "X:")) for line in letter.text.splitlines())


@pytest.mark.parametrize(
    "make",
    [
        lambda link: an_addressee("en", preferences_url=link),
        lambda link: a_sitting("en", page_url=link),
        lambda link: an_agenda(video_url=link),
        lambda link: a_morning(messages_url=link),
        lambda link: a_morning(outbox_url=link),
        lambda link: an_agenda_on_demand(answer_links=replace(_links(), decline=link)),
    ],
)
def test_link_that_is_none_is_refused(make: Callable[[str], object]) -> None:
    with pytest.raises(BadInput) as refusal:
        make("javascript:alert(1)")

    assert refusal.value.code == "bad-link"


def _links() -> AnswerLinks:
    links = an_agenda_on_demand().answer_links
    assert links is not None
    return links


def test_agenda_shows_both_clocks_where_they_differ() -> None:
    seoul, berlin = (an_agenda(to=an_addressee("en", time_zone=zone)) for zone in ("Asia/Seoul", "Europe/Berlin"))

    assert "When: 2026-11-24 (Tue) 07:30–08:30 (Asia/Seoul)\n" in compose_agenda(seoul).text
    assert "- 2026-11-24 (Tue) 07:30–08:30 (Asia/Seoul)\n" in compose_agenda(berlin).text
    assert compose_agenda(berlin).subject == "Agenda: Gynecologic tumor board, 2026-11-23 (Mon) 23:30"


def test_agenda_on_the_day_of_a_clock_change_is_right() -> None:
    """22:30 UTC on 28 March 2026 is 23:30 in Berlin; an hour later it is 01:30 and at 01:00 UTC already 03:00."""
    from datetime import UTC, datetime

    from tumorboard.domain.timeline import Interval

    span = Interval(datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
    to = an_addressee("en", time_zone="Europe/Berlin")
    facts = an_agenda(to=to, meeting=a_sitting("en", span=span, time_zone="Europe/Berlin"), window=span)

    assert "When: 2026-03-29 (Sun) 01:30–03:30 (Europe/Berlin)\n" in compose_agenda(facts).text


def test_one_changed_meeting_stands_in_the_subject() -> None:
    letter = compose_changes(some_changes(meetings=(a_change(),)))

    assert letter.subject == "Agenda changed: Gynecologic tumor board, 2026-11-24 (Tue) 07:30"
    assert "the agenda of 1 meeting has changed" in letter.text


def test_morning_leaves_out_what_there_is_nothing_of() -> None:
    letter = compose_morning(
        a_morning(finding_count=0, new_count=0, findings=(), unanswered=(), unready=(), dead_count=0, unreached=())
    )

    assert letter.subject == "This morning: 2 things to look at"
    assert letter.text.split("\n\n")[2].splitlines() == [
        "Mail", "2 messages wait for your decision: https://board.hospital.example/answers",
    ]  # fmt: skip


def test_morning_names_the_coordinator() -> None:
    to = an_addressee("en", recipient=Mailbox("Yuna Seo", "yuna@hospital.example"), title="")

    assert compose_morning(a_morning(to=to)).text.startswith("Dear Yuna Seo,\n")
