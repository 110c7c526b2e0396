"""Letters by the clock in words: the agenda, the preparation list and the changes. The morning has its own module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from tumorboard.domain.model import ReadinessState, SeatKind
from tumorboard.domain.timeline import Interval
from tumorboard.mail.frame import Row, one_line, render_letter
from tumorboard.mail.letters import Letter
from tumorboard.mail.notices_facts import (
    Addressee,
    AgendaFacts,
    AgendaLine,
    Answers,
    ChangedMeeting,
    ChangesFacts,
    Material,
    PreparationFacts,
    PreparedCase,
    Sitting,
)
from tumorboard.words import Words, format_date, format_span, is_same_clock
from tumorboard.words import to_translate as _

__all__ = ["Section", "compose_agenda", "compose_changes", "compose_preparation", "render"]

_ANSWERS: Mapping[str, str] = {
    "needs-action": _("none yet – please accept or decline"),
    "accepted": _("you are coming"),
    "tentative": _("perhaps – please decide, so that somebody else can be asked in time"),
    "declined": _("you are not coming"),
    "delegated": _("somebody else comes in your place"),
}


@dataclass(frozen=True, slots=True)
class Section:
    """Rows below a heading, or below none."""

    rows: tuple[Row, ...]
    title: str = ""


def compose_agenda(facts: AgendaFacts) -> Letter:
    """The agenda of a meeting, the day before."""
    words = Words(facts.to.language)
    pattern = words.gettext("Agenda, new time: %(what)s") if facts.is_new_time else words.gettext("Agenda: %(what)s")
    if facts.seat is SeatKind.CORE:
        lead = words.ngettext(
            "%(board)s: %(number)d case is on the agenda.",
            "%(board)s: %(number)d cases are on the agenda.",
            len(facts.lines),
        )
    else:
        lead = words.ngettext(
            "%(board)s: you are expected for %(number)d case, only for the time below.",
            "%(board)s: you are expected for %(number)d cases, only for the time below.",
            len(facts.lines),
        )
    said = lead % {"board": one_line(facts.meeting.board_name), "number": len(facts.lines)}
    if facts.is_new_time:
        said += " " + words.gettext("The time is new; an earlier letter about this meeting no longer counts.")
    return render(
        facts.to,
        subject=pattern % {"what": name_start(facts.meeting, facts.window.start, facts.to)},
        lead=said,
        sections=(Section(tuple(_list_agenda(facts, words))),),
        closing=words.gettext("If you cannot come after all, decline in your calendar: somebody else is asked then."),
    )


def _list_agenda(facts: AgendaFacts, words: Words) -> Iterator[Row]:
    to = facts.to
    yield Row(words.gettext("When"), _show_everywhere(facts.window, facts.meeting.time_zone, to))
    if facts.seat is SeatKind.ON_DEMAND:
        yield Row(words.gettext("Whole meeting"), (_show(facts.meeting.span, to.time_zone, to),))
    if facts.room:
        yield Row(words.gettext("Where"), (one_line(facts.room),))
    if facts.video_url:
        yield Row(words.gettext("Video call"), (one_line(facts.video_url),), is_link=True)
    if facts.lines:
        label = words.gettext("Agenda") if facts.seat is SeatKind.CORE else words.gettext("Your cases")
        yield Row(label, tuple(_say_line(line, to) for line in facts.lines))
    if facts.answer in _ANSWERS:
        yield Row(words.gettext("Your answer"), (words.gettext(_ANSWERS[facts.answer]),))
    if facts.answer_links is not None:
        yield Row(words.gettext("I accept"), (one_line(facts.answer_links.accept),), is_link=True)
        yield Row(words.gettext("I decline"), (one_line(facts.answer_links.decline),), is_link=True)
    yield _link_to(facts.meeting, words)


def compose_preparation(facts: PreparationFacts) -> Letter:
    """The closed list for those who prepare images and slides."""
    words = Words(facts.to.language)
    lead = words.ngettext(
        "%(board)s: the case list is closed. %(number)d case is to be prepared (%(specialties)s).",
        "%(board)s: the case list is closed. %(number)d cases are to be prepared (%(specialties)s).",
        len(facts.cases),
    )
    specialties = ", ".join(one_line(name.in_language(facts.to.language)) for name in facts.specialties)
    given = {"board": one_line(facts.meeting.board_name), "number": len(facts.cases), "specialties": specialties}
    when = Row(words.gettext("When"), _show_everywhere(facts.meeting.span, facts.meeting.time_zone, facts.to))
    cases = tuple(_prepare(case, facts.to, words) for case in facts.cases)
    pattern = words.gettext("To prepare: %(what)s")
    return render(
        facts.to,
        subject=pattern % {"what": name_start(facts.meeting, facts.meeting.span.start, facts.to)},
        lead=lead % given,
        sections=(Section((when, *cases, _link_to(facts.meeting, words))),),
        closing=words.gettext("If something cannot be there in time, please tell the coordinator."),
    )


def _prepare(case: PreparedCase, to: Addressee, words: Words) -> Row:
    lines = []
    if case.question_count:
        counted = words.ngettext("%(number)d question to you", "%(number)d questions to you", case.question_count)
        lines.append(counted % {"number": case.question_count})
    lines += [_say_material(material, to, words) for material in case.materials]
    return Row(_say_line(case.line, to), tuple(lines) or (words.gettext("Nothing is owed"),))


def _say_material(material: Material, to: Addressee, words: Words) -> str:
    """What is owed comes with what it does to the case; what is there is named for the preparation."""
    label = one_line(material.label.in_language(to.language))
    if material.state is ReadinessState.CURRENT:
        return words.gettext("There: %(item)s") % {"item": label}
    if material.state is ReadinessState.EXPECTED and material.expected_on is not None:
        day = format_date(material.expected_on, to.language)
        return words.gettext("Expected %(day)s: %(item)s") % {"day": day, "item": label}
    if material.state is ReadinessState.STALE:
        said = words.gettext("Owed: %(item)s (too old)") % {"item": label}
    else:
        said = words.gettext("Owed: %(item)s") % {"item": label}
    return (
        words.gettext("%(what)s – the case cannot be discussed without it") % {"what": said}
        if material.blocks
        else said
    )


def compose_changes(facts: ChangesFacts) -> Letter:
    """What changed on agendas since the last letter."""
    words = Words(facts.to.language)
    if len(facts.meetings) == 1:
        meeting = facts.meetings[0].meeting
        what = name_start(meeting, meeting.span.start, facts.to)
    else:
        what = ", ".join(dict.fromkeys(one_line(each.meeting.board_name) for each in facts.meetings))
    lead = words.ngettext(
        "Since the last letter the agenda of %(number)d meeting has changed for you.",
        "Since the last letter the agendas of %(number)d meetings have changed for you.",
        len(facts.meetings),
    )
    return render(
        facts.to,
        subject=words.gettext("Agenda changed: %(what)s") % {"what": what},
        lead=lead % {"number": len(facts.meetings)},
        sections=tuple(_tell_changes(each, facts.to, words) for each in facts.meetings),
        closing=words.gettext("The times in your calendar are right; whatever changes them comes as an invitation."),
    )


def _tell_changes(changed: ChangedMeeting, to: Addressee, words: Words) -> Section:
    rows = []
    if changed.added:
        rows.append(Row(words.gettext("New"), tuple(_say_line(line, to) for line in changed.added)))
    if changed.removed:
        rows.append(Row(words.gettext("No longer on it"), (", ".join(map(one_line, changed.removed)),)))
    if changed.is_reordered:
        rows.append(Row(words.gettext("New order"), (", ".join(map(one_line, changed.order)),)))
    if changed.answers is not None:
        rows.append(Row(words.gettext("Answers so far"), (_count(changed.answers, words),)))
    title = f"{one_line(changed.meeting.board_name)}, {_show(changed.meeting.span, to.time_zone, to)}"
    return Section((*rows, _link_to(changed.meeting, words)), title)


def _count(answers: Answers, words: Words) -> str:
    counted = (
        (words.gettext("%(number)d coming"), answers.accepted),
        (words.gettext("%(number)d undecided"), answers.tentative),
        (words.gettext("%(number)d not coming"), answers.declined),
        (words.gettext("%(number)d unanswered"), answers.open),
    )
    return ", ".join(said % {"number": number} for said, number in counted if number)


def render(to: Addressee, *, subject: str, lead: str, sections: tuple[Section, ...], closing: str) -> Letter:
    """A letter from its parts; text and HTML say the same, and the last line is where such letters are switched off."""
    return render_letter(
        "notice",
        Words(to.language),
        subject=subject,
        name=to.recipient.name,
        title=to.title,
        organizer=to.organizer.name,
        preferences_url=to.preferences_url,
        lead=lead,
        sections=sections,
        closing=closing,
    )


def name_start(meeting: Sitting, instant: datetime, to: Addressee) -> str:
    """`Board, 2026-11-24 (Tue) 07:30` on the clock of the reader; short enough for a subject."""
    local = instant.astimezone(ZoneInfo(to.time_zone))
    return f"{one_line(meeting.board_name)}, {format_date(local.date(), to.language)} {local:%H:%M}"


def _link_to(meeting: Sitting, words: Words) -> Row:
    return Row(words.gettext("Details, after log-in"), (one_line(meeting.page_url),), is_link=True)


def _say_line(line: AgendaLine, to: Addressee) -> str:
    zone = ZoneInfo(to.time_zone)
    start, end = line.span.start.astimezone(zone), line.span.end.astimezone(zone)
    return f"{start:%H:%M}–{end:%H:%M} {one_line(line.reference)}"


def _show(span: Interval, zone: str, to: Addressee) -> str:
    return format_span(span.start, span.end, zone, to.language)


def _show_everywhere(span: Interval, board_zone: str, to: Addressee) -> tuple[str, ...]:
    """In the reader's zone, and in the board's where the clock there shows another time."""
    own = _show(span, to.time_zone, to)
    same = is_same_clock(span.start, to.time_zone, board_zone)
    return (own,) if same else (own, _show(span, board_zone, to))
