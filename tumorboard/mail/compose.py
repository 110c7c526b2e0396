"""Facts become words: the letter and the text of its calendar entry, in the member's language and time zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from tumorboard.domain.model import SeatKind
from tumorboard.domain.timeline import Interval
from tumorboard.mail.frame import Row, one_line, render_letter
from tumorboard.mail.letters import EntryFacts, EventWords, InvitationFacts, Letter, LetterKind, Previous, Why
from tumorboard.words import Words, format_date, format_span, is_same_clock
from tumorboard.words.hours import say_hours

_KEPT = 1024
"""Words that are the same in many entries: of boards, rules, video rooms."""


def compose(facts: InvitationFacts) -> Letter:
    """The letter in `facts.language`; text and HTML say the same, and nothing in it is loaded from elsewhere."""
    words = Words(facts.language)
    return render_letter(
        "letter",
        words,
        subject=_write_subject(facts, words),
        name=facts.recipient.name,
        title=facts.recipient_title,
        organizer=facts.organizer.name,
        preferences_url=facts.preferences_url or "",
        lead=_write_lead(facts, words),
        rows=tuple(_list_rows(facts, words)),
        closing=_write_closing(facts, words),
        answers=_list_answers(facts, words),
        answers_lead=words.gettext("No buttons there? Follow one of these links and confirm; no log-in is needed:"),
    )


def compose_event(facts: InvitationFacts) -> EventWords:
    """Title, description and place of the calendar entry. The title is made of the board's name alone."""
    entry = compose_entry(facts)
    if not facts.kind.is_cancellation:
        return entry
    words = Words(facts.language)
    told = [_write_lead(facts, words)]
    if facts.seat is SeatKind.ON_DEMAND:
        told.append(_say_row(_row_of_meeting(facts, words)))
    return replace(entry, description="\n".join(told))


def compose_entry(facts: EntryFacts) -> EventWords:
    """As `compose_event` for an entry that stands: feeds have thousands, so what many of them share is kept."""
    language, board_name, required, words = facts.language, facts.board_name, facts.required, Words(facts.language)
    is_core = facts.seat is SeatKind.CORE
    told = [_say_invited(language, board_name, is_core, required, facts.is_urgent)]
    if is_core:
        told += _rows_before(language, facts.in_place_of, facts.video_url, (), required).told
    else:
        told.append(_say_row(_row_of_meeting(facts, words)))
        told += _rows_before(language, facts.in_place_of, facts.video_url, facts.why, required).told
        if facts.case_references:
            told.append(_say_row(_row_of_cases(facts, words)))
        told += _rows_after(language, facts.question_count).told
    told.append(_say_row(_row_of_page(facts, words)))
    place = one_line(facts.room or "") or (words.gettext("Video call") if facts.video_url else "")
    return EventWords(_write_title(language, board_name, is_core, facts.is_urgent), "\n".join(told), place)


def _say_row(row: Row) -> str:
    return f"{row.label}: {', '.join(row.lines)}"


@lru_cache(maxsize=_KEPT)
def _write_title(language: str, board_name: str, is_core: bool, is_urgent: bool) -> str:
    words, board = Words(language), one_line(board_name)
    if is_urgent:
        return words.gettext("URGENT – %(subject)s") % {"subject": board}
    return board if is_core else words.gettext("%(board)s (your part)") % {"board": board}


def _write_subject(facts: InvitationFacts, words: Words) -> str:
    pattern = {
        LetterKind.INVITATION: words.gettext("Invitation: %(board)s, %(when)s"),
        LetterKind.REMINDER: words.gettext("Reminder: %(board)s, %(when)s"),
        LetterKind.MOVED: words.gettext("New time: %(board)s, %(when)s"),
        LetterKind.CHANGED: words.gettext("Changed: %(board)s, %(when)s"),
        LetterKind.WITHDRAWN: words.gettext("Invitation withdrawn: %(board)s, %(when)s"),
        LetterKind.CANCELLED: words.gettext("Meeting cancelled: %(board)s, %(when)s"),
    }[facts.kind]
    zone = facts.board_time_zone if facts.hour_changes else facts.time_zone
    subject = pattern % {"board": one_line(facts.board_name), "when": _show(facts.window, zone, facts)}
    return words.gettext("URGENT – %(subject)s") % {"subject": subject} if facts.is_urgent else subject


def _write_lead(facts: InvitationFacts, words: Words) -> str:
    if facts.kind is LetterKind.INVITATION:
        is_core = facts.seat is SeatKind.CORE
        return _say_invited(facts.language, facts.board_name, is_core, facts.required, facts.is_urgent)
    if facts.kind is LetterKind.REMINDER:
        return _remind(facts, words)
    if facts.kind is LetterKind.WITHDRAWN and facts.has_declined:
        pattern = words.gettext("%(board)s: it is noted that you cannot come, and your invitation is withdrawn.")
        return pattern % {"board": one_line(facts.board_name)}
    pattern = {
        LetterKind.MOVED: words.gettext("%(board)s: your time has changed. Please answer again."),
        LetterKind.CHANGED: words.gettext("%(board)s: the time stays, other details have changed."),
        LetterKind.WITHDRAWN: words.gettext(
            "%(board)s: you are no longer needed at this meeting. The meeting itself takes place."
        ),
        LetterKind.CANCELLED: words.gettext("%(board)s: this meeting does not take place."),
    }[facts.kind]
    return pattern % {"board": one_line(facts.board_name)}


@lru_cache(maxsize=_KEPT)
def _say_invited(language: str, board_name: str, is_core: bool, required: bool, is_urgent: bool) -> str:
    words = Words(language)
    if is_urgent and required:
        pattern = words.gettext("%(board)s: an urgent meeting has been called, and you are needed at the time below.")
    elif is_urgent:
        pattern = words.gettext("%(board)s: an urgent meeting has been called, and your advice would help.")
    elif is_core:
        pattern = words.gettext("%(board)s: you are invited to the whole meeting.")
    elif required:
        pattern = words.gettext("%(board)s: you are needed for part of the meeting, only for the time below.")
    else:
        pattern = words.gettext("%(board)s: your advice would help for part of the meeting, only for the time below.")
    return pattern % {"board": one_line(board_name)}


def _remind(facts: InvitationFacts, words: Words) -> str:
    """She is invited already: what is missing is the answer, and by when."""
    board, until = one_line(facts.board_name), facts.answer_until
    if until is None:
        pattern = words.gettext("%(board)s: your answer to this invitation is still missing. Please answer at once.")
        return pattern % {"board": board}
    pattern = words.gettext("%(board)s: your answer to this invitation is still missing. Please answer by %(until)s.")
    return pattern % {"board": board, "until": _show_moment(until, facts)}


def _write_closing(facts: InvitationFacts, words: Words) -> str:
    if facts.kind.is_cancellation:
        return words.gettext("You need do nothing: the attached calendar message removes the entry.")
    if facts.kind is LetterKind.CHANGED:
        return _say_update(facts, words)
    if facts.is_urgent:
        return words.gettext("Please accept or decline at once: when you cannot come, somebody else has to be asked.")
    return words.gettext("Please accept or decline with the buttons of the calendar invitation.")


def _say_update(facts: InvitationFacts, words: Words) -> str:
    """Only an answer that was given can stay."""
    if facts.has_answered:
        return words.gettext("Your answer stays as it is: the attached calendar message updates the entry.")
    if facts.has_answered is None:
        return words.gettext("The attached calendar message updates the entry.")
    return words.gettext(
        "The attached calendar message updates the entry. Your answer is still missing: please give it."
    )


def _list_answers(facts: InvitationFacts, words: Words) -> tuple[tuple[str, str], ...]:
    """Label and address of each answer, while one is asked for."""
    links = facts.answer_links
    if links is None or facts.kind.is_cancellation:
        return ()
    return (
        (words.gettext("I accept"), one_line(links.accept)),
        (words.gettext("Perhaps"), one_line(links.tentative)),
        (words.gettext("I decline"), one_line(links.decline)),
    )


def _list_rows(facts: InvitationFacts, words: Words) -> Iterator[Row]:
    yield from _list_changes(facts, words)
    yield Row(words.gettext("When"), _show_everywhere(facts.window, facts))
    if facts.seat is SeatKind.ON_DEMAND:
        yield _row_of_meeting(facts, words)
    if facts.room:
        yield Row(words.gettext("Where"), (one_line(facts.room),))
    if not facts.kind.is_cancellation:
        yield from _list_preparation(facts, words)


def _row_of_meeting(facts: EntryFacts, words: Words) -> Row:
    return Row(words.gettext("Whole meeting"), (_show(facts.meeting, facts.time_zone, facts),))


def _list_preparation(facts: InvitationFacts, words: Words) -> Iterator[Row]:
    """Links and, for on-demand members, reasons: the letter to a core member speaks of the meeting, not of cases."""
    is_core = facts.seat is SeatKind.CORE
    why = () if is_core else facts.why
    yield from _rows_before(facts.language, facts.in_place_of, facts.video_url, why, facts.required).rows
    if not is_core:
        if facts.case_references:
            yield _row_of_cases(facts, words)
        yield from _rows_after(facts.language, facts.question_count).rows
    yield _row_of_page(facts, words)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of a letter, and what they say as lines of an entry."""

    rows: tuple[Row, ...]
    told: tuple[str, ...]


@lru_cache(maxsize=_KEPT)
def _rows_before(language: str, in_place_of: str, video_url: str | None, why: tuple[Why, ...], required: bool) -> _Rows:
    """What stands before the cases."""
    words, rows = Words(language), []
    if in_place_of:
        rows.append(Row(words.gettext("In the place of"), (one_line(in_place_of),)))
    if video_url:
        rows.append(Row(words.gettext("Video call"), (one_line(video_url),), is_link=True))
    if why:
        label = words.gettext("Why you are needed") if required else words.gettext("Why you are asked")
        reasons = ((one_line(one.label.in_language(language)), one_line(one.rule)) for one in why)
        rows.append(Row(label, tuple(f"{reason} ({rule})" if rule else reason for reason, rule in reasons)))
    return _Rows(tuple(rows), tuple(map(_say_row, rows)))


def _row_of_cases(facts: EntryFacts, words: Words) -> Row:
    return Row(words.gettext("Cases"), (_list_cases(facts.case_references),))


@lru_cache(maxsize=_KEPT)
def _rows_after(language: str, number: int) -> _Rows:
    """What stands after the cases: how many questions there are."""
    if not number:
        return _Rows((), ())
    words = Words(language)
    counted = words.ngettext("%(number)d question", "%(number)d questions", number)
    row = Row(words.gettext("Questions on these cases"), (counted % {"number": number},))
    return _Rows((row,), (_say_row(row),))


def _row_of_page(facts: EntryFacts, words: Words) -> Row:
    return Row(words.gettext("Details, after log-in"), (one_line(facts.page_url),), is_link=True)


def _list_changes(facts: InvitationFacts, words: Words) -> Iterator[Row]:
    previous = facts.previous
    if previous is None or facts.kind not in (LetterKind.MOVED, LetterKind.CHANGED):
        return
    changes = tuple(_say_changes(facts, previous, words))
    if changes:
        yield Row(words.gettext("What changed"), changes)


def _say_changes(facts: InvitationFacts, previous: Previous, words: Words) -> Iterator[str]:
    now_and_then = [
        (words.gettext("Time"), *(_show(span, facts.time_zone, facts) for span in (previous.window, facts.window))),
        (words.gettext("Room"), one_line(previous.room or ""), one_line(facts.room or "")),
        (words.gettext("Video call"), one_line(previous.video_url or ""), one_line(facts.video_url or "")),
    ]
    nothing = words.gettext("none")
    for label, before, now in now_and_then:
        if before != now:
            yield f"{label}: {before or nothing} → {now or nothing}"
    cases = _list_came_and_went(previous.case_references, facts.case_references)
    if facts.seat is SeatKind.ON_DEMAND and cases:
        label = words.gettext("Cases")
        yield f"{label}: {cases}"


def _list_came_and_went(before: tuple[str, ...], now: tuple[str, ...]) -> str:
    """`+C-0021, −C-0017`: in a long list nobody would find the one that is new."""
    came = [f"+{one_line(reference)}" for reference in now if reference not in before]
    went = [f"−{one_line(reference)}" for reference in before if reference not in now]
    return ", ".join([*came, *went])


def _list_cases(references: tuple[str, ...]) -> str:
    return ", ".join(map(one_line, references))


def _show(span: Interval, zone: str, facts: EntryFacts) -> str:
    return format_span(span.start, span.end, zone, facts.language)


def _show_moment(instant: datetime, facts: InvitationFacts) -> str:
    local = instant.astimezone(ZoneInfo(facts.time_zone))
    return f"{format_date(local.date(), facts.language)} {local:%H:%M} ({facts.time_zone})"


def _show_everywhere(span: Interval, facts: InvitationFacts) -> tuple[str, ...]:
    """In the member's zone, and in the board's where the clock there shows another time, or will."""
    changes, zone, own_zone = facts.hour_changes, facts.board_time_zone, facts.time_zone
    if changes:
        return say_hours(span, changes, zone=zone, own_zone=own_zone, language=facts.language)
    own = _show(span, facts.time_zone, facts)
    if is_same_clock(span.start, facts.time_zone, facts.board_time_zone):
        return (own,)
    return (own, _show(span, facts.board_time_zone, facts))
