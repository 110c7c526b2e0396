"""Facts become words: the letter and the text of its calendar entry, in the member's language and time zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from tumorboard.domain.model import SeatKind
from tumorboard.domain.timeline import Interval
from tumorboard.mail.frame import Row, one_line, render_letter
from tumorboard.mail.letters import EventWords, InvitationFacts, Letter, LetterKind, Previous
from tumorboard.words import Words, format_date, format_span, is_same_clock


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
    words = Words(facts.language)
    board = one_line(facts.board_name)
    title = board if facts.seat is SeatKind.CORE else words.gettext("%(board)s (your part)") % {"board": board}
    if facts.is_urgent:
        title = words.gettext("URGENT – %(subject)s") % {"subject": board}
    lead = _write_lead(facts, words) if facts.kind.is_cancellation else _invite(facts, words)
    rows = [] if facts.kind.is_cancellation else list(_list_preparation(facts, words))
    if facts.seat is SeatKind.ON_DEMAND:
        rows.insert(0, _row_of_meeting(facts, words))
    description = [lead, *(f"{row.label}: {', '.join(row.lines)}" for row in rows)]
    place = one_line(facts.room or "") or (words.gettext("Video call") if facts.video_url else "")
    return EventWords(title, "\n".join(description), place)


def _write_subject(facts: InvitationFacts, words: Words) -> str:
    pattern = {
        LetterKind.INVITATION: words.gettext("Invitation: %(board)s, %(when)s"),
        LetterKind.REMINDER: words.gettext("Reminder: %(board)s, %(when)s"),
        LetterKind.MOVED: words.gettext("New time: %(board)s, %(when)s"),
        LetterKind.CHANGED: words.gettext("Changed: %(board)s, %(when)s"),
        LetterKind.WITHDRAWN: words.gettext("Invitation withdrawn: %(board)s, %(when)s"),
        LetterKind.CANCELLED: words.gettext("Meeting cancelled: %(board)s, %(when)s"),
    }[facts.kind]
    subject = pattern % {"board": one_line(facts.board_name), "when": _show(facts.window, facts.time_zone, facts)}
    return words.gettext("URGENT – %(subject)s") % {"subject": subject} if facts.is_urgent else subject


def _write_lead(facts: InvitationFacts, words: Words) -> str:
    if facts.kind is LetterKind.INVITATION:
        return _invite(facts, words)
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


def _invite(facts: InvitationFacts, words: Words) -> str:
    if facts.is_urgent and facts.required:
        pattern = words.gettext("%(board)s: an urgent meeting has been called, and you are needed at the time below.")
    elif facts.is_urgent:
        pattern = words.gettext("%(board)s: an urgent meeting has been called, and your advice would help.")
    elif facts.seat is SeatKind.CORE:
        pattern = words.gettext("%(board)s: you are invited to the whole meeting.")
    elif facts.required:
        pattern = words.gettext("%(board)s: you are needed for part of the meeting, only for the time below.")
    else:
        pattern = words.gettext("%(board)s: your advice would help for part of the meeting, only for the time below.")
    return pattern % {"board": one_line(facts.board_name)}


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


def _row_of_meeting(facts: InvitationFacts, words: Words) -> Row:
    return Row(words.gettext("Whole meeting"), (_show(facts.meeting, facts.time_zone, facts),))


def _list_preparation(facts: InvitationFacts, words: Words) -> Iterator[Row]:
    """Links and, for on-demand members, reasons: the letter to a core member speaks of the meeting, not of cases."""
    if facts.video_url:
        yield Row(words.gettext("Video call"), (one_line(facts.video_url),), is_link=True)
    if facts.seat is SeatKind.ON_DEMAND:
        yield from _list_reasons(facts, words)
    yield Row(words.gettext("Details, after log-in"), (one_line(facts.page_url),), is_link=True)


def _list_reasons(facts: InvitationFacts, words: Words) -> Iterator[Row]:
    if facts.why:
        label = words.gettext("Why you are needed") if facts.required else words.gettext("Why you are asked")
        reasons = ((one_line(why.label.in_language(facts.language)), one_line(why.rule)) for why in facts.why)
        yield Row(label, tuple(f"{reason} ({rule})" if rule else reason for reason, rule in reasons))
    if facts.case_references:
        yield Row(words.gettext("Cases"), (_list_cases(facts.case_references),))
    if facts.question_count:
        counted = words.ngettext("%(number)d question", "%(number)d questions", facts.question_count)
        yield Row(words.gettext("Questions on these cases"), (counted % {"number": facts.question_count},))


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
    return ", ".join(one_line(reference) for reference in references)


def _show(span: Interval, zone: str, facts: InvitationFacts) -> str:
    return format_span(span.start, span.end, zone, facts.language)


def _show_moment(instant: datetime, facts: InvitationFacts) -> str:
    local = instant.astimezone(ZoneInfo(facts.time_zone))
    return f"{format_date(local.date(), facts.language)} {local:%H:%M} ({facts.time_zone})"


def _show_everywhere(span: Interval, facts: InvitationFacts) -> tuple[str, ...]:
    """In the member's zone, and in the board's where the clock there shows another time."""
    own = _show(span, facts.time_zone, facts)
    if is_same_clock(span.start, facts.time_zone, facts.board_time_zone):
        return (own,)
    return (own, _show(span, facts.board_time_zone, facts))
