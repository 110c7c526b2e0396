"""The one letter a coordinator gets in the morning: what is to be mended, asked, noted and read."""

from __future__ import annotations

from collections.abc import Iterator

from tumorboard.mail.digest import list_rows
from tumorboard.mail.frame import Row, one_line
from tumorboard.mail.letters import Letter
from tumorboard.mail.notices import Section, name_start, render
from tumorboard.mail.notices_facts import MorningFacts, Unready
from tumorboard.words import Words

__all__ = ["compose_morning"]


def compose_morning(facts: MorningFacts) -> Letter:
    """What waits for a coordinator; a part of which there is nothing is left out."""
    words = Words(facts.to.language)
    counted = words.ngettext("%(number)d thing to look at", "%(number)d things to look at", facts.count)
    parts = (_mend(facts, words), _ask(facts, words), _note(facts, words), _read(facts, words))
    return render(
        facts.to,
        subject=words.gettext("This morning: %(what)s") % {"what": counted % {"number": facts.count}},
        lead=words.gettext("Good morning. This is what waits for you:"),
        sections=tuple(part for part in parts if part.rows),
        closing=words.gettext("Nothing changes by itself. The board's page shows what to do, and the fewest moves."),
    )


def _mend(facts: MorningFacts, words: Words) -> Section:
    title = words.ngettext(
        "%(number)d thing is no longer right about published meetings.",
        "%(number)d things are no longer right about published meetings.",
        facts.finding_count,
    ) % {"number": facts.finding_count}
    if facts.new_count:
        title += " " + words.gettext("New: %(number)d.") % {"number": facts.new_count}
    return Section(tuple(list_rows(facts.findings, words)), title)


def _ask(facts: MorningFacts, words: Words) -> Section:
    """Who has not answered in the time allowed, soonest meeting first."""
    rows = tuple(
        Row(name_start(each.meeting, each.meeting.span.start, facts.to), (", ".join(map(one_line, each.members)),))
        for each in facts.unanswered
    )
    return Section(rows, words.gettext("No answer in the time allowed"))


def _note(facts: MorningFacts, words: Words) -> Section:
    rows = (
        Row(name_start(each.meeting, each.meeting.span.start, facts.to), tuple(_say_unready(each, words)))
        for each in facts.unready
    )
    return Section(tuple(rows), words.gettext("Meetings of today and tomorrow"))


def _say_unready(unready: Unready, words: Words) -> Iterator[str]:
    if unready.blocked:
        yield words.gettext("Cannot be discussed like this: %(cases)s") % {"cases": _list(unready.blocked)}
    if unready.owed:
        yield words.gettext("Something is still owed: %(cases)s") % {"cases": _list(unready.owed)}


def _list(references: tuple[str, ...]) -> str:
    return ", ".join(map(one_line, references))


def _read(facts: MorningFacts, words: Words) -> Section:
    """Messages that wait for a decision, and letters that never arrived."""
    rows = []
    if facts.message_count:
        said = words.ngettext(
            "%(number)d message waits for your decision",
            "%(number)d messages wait for your decision",
            facts.message_count,
        )
        rows.append(Row(said % {"number": facts.message_count}, (one_line(facts.messages_url),), is_link=True))
    if facts.dead_count:
        said = words.ngettext(
            "%(number)d letter could not be delivered", "%(number)d letters could not be delivered", facts.dead_count
        )
        rows.append(Row(said % {"number": facts.dead_count}, (one_line(facts.outbox_url),), is_link=True))
    if facts.unreached:
        rows.append(Row(words.gettext("No letter reaches"), (", ".join(map(one_line, facts.unreached)),)))
    return Section(tuple(rows), words.gettext("Mail"))
