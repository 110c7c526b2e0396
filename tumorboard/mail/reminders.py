"""One letter about all the answers of a member that are missing. It has no calendar object: those she has already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from tumorboard.domain.timeline import Interval
from tumorboard.mail.frame import Row, one_line
from tumorboard.mail.letters import AnswerLinks, Letter
from tumorboard.mail.notices import Section, name_start, render
from tumorboard.mail.notices_facts import Addressee, Sitting
from tumorboard.words import Words, format_date, format_span, is_same_clock


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingAnswer:
    """An invitation without an answer: her `window`, and until when it is expected, at once where `until` is None."""

    meeting: Sitting
    window: Interval
    room: str
    until: datetime | None
    answer_links: AnswerLinks | None


def compose_reminders(to: Addressee, missing: tuple[MissingAnswer, ...]) -> Letter:
    """The letter, soonest meeting first."""
    words = Words(to.language)
    lead = words.ngettext(
        "Your answer to %(number)d invitation is still missing.",
        "Your answers to %(number)d invitations are still missing.",
        len(missing),
    )
    subject = words.ngettext(
        "Reminder: %(number)d answer is missing", "Reminder: %(number)d answers are missing", len(missing)
    )
    return render(
        to,
        subject=subject % {"number": len(missing)},
        lead=lead % {"number": len(missing)},
        sections=tuple(
            Section(tuple(_list_rows(one, to, words)), title=name_start(one.meeting, one.window.start, to))
            for one in missing
        ),
        closing=words.gettext("The buttons of the invitations that you have in your calendar do the same."),
    )


def _list_rows(one: MissingAnswer, to: Addressee, words: Words) -> Iterator[Row]:
    times = [format_span(one.window.start, one.window.end, to.time_zone, to.language)]
    if not is_same_clock(one.window.start, to.time_zone, one.meeting.time_zone):
        times.append(format_span(one.window.start, one.window.end, one.meeting.time_zone, to.language))
    yield Row(words.gettext("When"), tuple(times))
    if one.room:
        yield Row(words.gettext("Where"), (one_line(one.room),))
    yield Row(words.gettext("Please answer by"), (_say_until(one.until, to, words),))
    if one.answer_links is not None:
        yield Row(words.gettext("I accept"), (one_line(one.answer_links.accept),), is_link=True)
        yield Row(words.gettext("Perhaps"), (one_line(one.answer_links.tentative),), is_link=True)
        yield Row(words.gettext("I decline"), (one_line(one.answer_links.decline),), is_link=True)
    yield Row(words.gettext("Details, after log-in"), (one_line(one.meeting.page_url),), is_link=True)


def _say_until(until: datetime | None, to: Addressee, words: Words) -> str:
    if until is None:
        return words.gettext("now, please")
    local = until.astimezone(ZoneInfo(to.time_zone))
    return f"{format_date(local.date(), to.language)} {local:%H:%M} ({to.time_zone})"
