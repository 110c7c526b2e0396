"""Codes with values become sentences: why a case is where it is, what is missing, what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from tumorboard.domain.model import Finding, ReadinessState, Reason
from tumorboard.words import Words, format_date
from tumorboard.words import to_translate as _
from tumorboard.words.labels import READINESS, say_code


@dataclass(frozen=True, slots=True)
class Names:
    """What ids are called, in the reader's language: meetings by when they are, the rest by their names."""

    meetings: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    specialties: Mapping[str, str] = field(default_factory=dict)
    certificates: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    logins: Mapping[str, str] = field(default_factory=dict)


_REASONS: Mapping[str, str] = {
    "earliest-possible": _("Earliest meeting possible"),
    "kept-as-published": _("Stays where it was published"),
    "moved-from": _("Moved from %(meeting)s"),
    "added-after-closing": _("Urgent: added after the list closed"),
    "outweighed": _("%(meetings)s: also possible, but %(points)s points dearer (%(mostly)s)"),
    "equally-good": _("%(meetings)s: would be just as good"),
    "better-earlier": _("%(meeting)s: would be %(points)s points cheaper; propose again, or place it by hand"),
    "not-ready": _("Not ready: %(items)s"),
    "not-ready-before": _("Ready on %(day)s at the earliest: %(items)s"),
    "no-longer-ready": _("%(meetings)s: too old by then: %(items)s"),
    "not-there-yet": _("%(meetings)s: not there before the list closes: %(items)s"),
    "list-closed": _("%(meeting)s: the list is closed"),
    "fixed-time": _("%(meetings)s: its fixed time does not fall into the meeting"),
    "room-taken": _("%(meetings)s: the room is taken"),
    "call-limit-reached": _("%(meetings)s: everybody free has all the calls of the week, %(specialty)s"),
    "meeting-full": _("%(meetings)s: less than %(minutes)s minutes left"),
    "no-member-free": _("%(meetings)s: nobody free, %(specialty)s"),
    "certificate-missing": _("%(meetings)s: nobody free with the certificate, %(specialty)s (%(certificate)s)"),
    "named-member-absent": _("%(meetings)s: cannot come, %(member)s"),
    "named-member-gone": _(
        "Asks for somebody who is not a member any more; name somebody else in the facts of the case"
    ),
    "window-does-not-fit": _("%(meetings)s: the free time does not fit, %(specialty)s"),
    "no-member-for-specialty": _("The centre has no member for %(specialty)s"),
    "nobody-certified": _("No member holds the certificate that is asked for: %(specialty)s (%(certificate)s)"),
    "no-capacity": _("All meetings are full (%(minutes)s minutes needed); add an extra meeting"),
    "no-meeting": _("No meeting in the planned weeks; add one or plan more weeks"),
    "not-examined": _("%(meetings)s: not examined in the time allowed"),
    "outweighed-by": _("%(meeting)s: possible in place of %(references)s, but %(points)s points dearer"),
    "better-instead-of": _(
        "%(meeting)s: possible in place of %(references)s, %(points)s points cheaper; propose again"
    ),
    "place-taken-by": _("%(meeting)s: its place went to %(references)s"),
    # What would help, tried out.
    "possible-at": _("Earliest meeting that would do: %(starts)s"),
    "helps-if-moved": _("%(meeting)s would do if %(member)s could move the appointment of %(at)s"),
    "helps-longer": _("%(meeting)s would do if it were %(minutes)s minutes longer"),
    "helps-moving": _("%(meeting)s would do if %(reference)s moved to %(to)s"),
    "left-out-by-hand": _("Left out by hand (%(by)s)"),
    "placed-by-hand": _("Placed by hand (%(by)s)"),
    "hand-place-lost": _("Was placed by hand on %(meeting)s, which is no longer possible: %(obstacle)s"),
    "not-restored": _("Stood on no agenda before; the next proposal plans it"),
    "left-for-later": _("Not part of a repair; the next proposal plans it"),
    # Why a meeting cannot move to a proposed time.
    "move-room-taken": _("the room %(room)s is taken"),
    "move-member-busy": _("%(name)s is not free"),
    "move-fixed-time": _("%(reference)s has a fixed time"),
    # Why a withdrawn case does not come back to its place.
    "place-gone": _("the meeting it stood on has begun, or is no longer held"),
    "place-taken": _("%(reference)s: its minutes belong to %(other)s by now"),
    "place-outside": _("%(reference)s: its meeting is at another time by now"),
    # Why a draft is not right: these stop its publication.
    "meeting-gone": _("The meeting of %(at)s is no longer held; another place is needed for %(references)s"),
    "meeting-changed": _("%(meeting)s: its agenda changed since the proposal; propose again"),
    "meetings-differ": _("The meetings changed since the proposal; propose again"),
    "unknown-case": _(
        "%(reference)s: withdrawn, discussed or called to an urgent meeting since; leave it out, or propose again"
    ),
    "case-twice": _("%(reference)s: stands on the draft twice"),
    "case-forgotten": _("%(reference)s: open now, but not part of the draft; propose again"),
    "case-not-ready": _("%(reference)s: not ready for %(meeting)s"),
    "case-after-closing": _("%(reference)s: the list for %(meeting)s is closed, and the case is not urgent"),
    "meeting-started": _("%(meeting)s: has begun; propose again"),
    "meeting-too-long": _("%(meeting)s: too long with %(minutes)s minutes of cases"),
    "agenda-times-wrong": _("%(reference)s: its minutes changed since the proposal; propose again"),
    "agenda-blocks-wrong": _("%(meeting)s: urgent cases come first, listed ones last"),
    "fixed-time-missed": _("%(reference)s, %(meeting)s: does not begin at its fixed time"),
    "room-in-use": _("%(meeting)s: the room belongs to another meeting at that time"),
    "member-called-too-often": _("%(meeting)s: called in more often that week than agreed, %(member)s"),
    "need-uncovered": _("%(reference)s, %(meeting)s: nobody attends for %(specialty)s"),
    "named-member-missing": _("%(reference)s, %(meeting)s: must be there, %(member)s"),
    "uncovered-not-reported": _("%(reference)s, %(meeting)s: a gap is not noted for %(specialty)s; propose again"),
    "member-unknown": _("%(meeting)s: a member left the centre; propose again"),
    "member-busy": _("%(meeting)s: no longer free, %(member)s"),
    "member-in-two-places": _("%(meeting)s: at another meeting at that time, %(member)s"),
    "member-twice": _("%(meeting)s: listed twice, %(member)s"),
    "window-wrong": _("%(meeting)s: the window no longer fits the cases, %(member)s"),
    "seat-wrong": _("%(meeting)s: another member has to sit for %(specialty)s; propose again"),
    "empty-meeting-attended": _("%(meeting)s: people are invited although there is no case"),
}

_OVERRULED: Mapping[str, str] = {
    "no-meeting": _("the meeting is over or no longer held"),
    "not-ready": _("the case is not ready"),
    "not-ready-before": _("the case is not ready by then"),
    "no-longer-ready": _("a report is too old by then"),
    "not-there-yet": _("a report is not there before the list closes"),
    "list-closed": _("the list is closed"),
    "fixed-time": _("its fixed time does not fall into the meeting"),
    "room-taken": _("the room is taken"),
    "call-limit-reached": _("everybody free has all the calls of the week"),
    "no-capacity": _("the meeting is shorter than the case"),
    "meeting-full": _("the meeting is full"),
    "no-member-free": _("a needed specialty has nobody free"),
    "certificate-missing": _("a needed certificate is missing"),
    "named-member-absent": _("a named member cannot come"),
    "named-member-gone": _("asks for somebody who is not a member any more"),
    "window-does-not-fit": _("a specialist's free time does not fit"),
    "no-member-for-specialty": _("the centre has no member for a needed specialty"),
    "nobody-certified": _("no member holds a needed certificate"),
}

_MOSTLY: Mapping[str, str] = {
    "calls": _("more members called in"),
    "advice": _("recommended advice missing"),
    "moved": _("published cases moved"),
    "waiting": _("cases later"),
    "left-out": _("cases left out"),
    "balance": _("the balance between meetings and members"),
}


def say_reason(reason: Reason, words: Words, names: Names) -> str:
    """A reason of the planner, or a violation of its checker, as one sentence without a full stop."""
    special = _SPECIAL.get(reason.code)
    if special is not None:
        return special(reason, words)
    pattern = _REASONS.get(reason.code)
    if pattern is None:
        return reason.code.replace("-", " ")
    return words.gettext(pattern) % _values(reason, words, names)


def _values(reason: Reason, words: Words, names: Names) -> dict[str, str]:
    """Every value a sentence may name, in the reader's words; what is unknown stays as its id."""
    given = {name: str(value) for name, value in reason.values.items()}
    first = names.meetings.get(given.get("meeting", ""), words.gettext(_("a meeting that is no longer ahead")))
    mostly = _MOSTLY.get(given.get("mostly", ""))
    obstacle = _OVERRULED.get(given.get("rule", ""))
    items = [names.items.get(item, item) for item in given.get("items", "").split(",") if item]
    return {
        **dict.fromkeys(("reference", "minutes", "by", "points"), ""),
        **given,
        **({"by": names.logins.get(given["by"], given["by"])} if "by" in given else {}),
        "meeting": first,
        "to": names.meetings.get(given.get("to", ""), words.gettext(_("a meeting that is no longer ahead"))),
        "references": ", ".join(given.get("references", "").split(",")),
        "obstacle": words.gettext(obstacle) if obstacle else given.get("rule", ""),
        "mostly": words.gettext(mostly) if mostly else "–",
        "starts": _say_day(given.get("starts_on", ""), words),
        "at": _say_moment(given.get("at", ""), words),
        "meetings": _several(first, int(reason.values.get("meetings", 1)), words),
        "member": names.members.get(given.get("member", ""), words.gettext(_("a member"))),
        "specialty": names.specialties.get(given.get("specialty", ""), given.get("specialty", "")),
        "certificate": names.certificates.get(given.get("certificate", ""), given.get("certificate", "")),
        "items": ", ".join(items),
        "day": _say_day(given.get("ready_on", ""), words),
    }


def _several(first: str, count: int, words: Words) -> str:
    if count <= 1:
        return first
    pattern = words.ngettext("%(meeting)s and %(number)d more", "%(meeting)s and %(number)d more", count - 1)
    return pattern % {"meeting": first, "number": count - 1}


def _say_day(text: str, words: Words) -> str:
    return format_date(date.fromisoformat(text), words.language) if text else "–"


def _say_moment(text: str, words: Words) -> str:
    if not text:
        return "–"
    local = datetime.fromisoformat(text)
    return f"{format_date(local.date(), words.language)} {local:%H:%M}"


def _say_bundled(reason: Reason, words: Words) -> str:
    number = int(reason.values.get("cases", 1))
    pattern = words.ngettext(
        "Together with %(number)d more case for the same specialist",
        "Together with %(number)d more cases for the same specialist",
        number,
    )
    return pattern % {"number": number}


def _say_late(reason: Reason, words: Words) -> str:
    number = int(reason.values.get("days", 0))
    return words.ngettext("%(number)d day late", "%(number)d days late", number) % {"number": number}


def _say_overruled(reason: Reason, words: Words) -> str:
    obstacle = _OVERRULED.get(str(reason.values.get("rule", "")), "")
    return words.gettext("Placed by hand although %(obstacle)s") % {
        "obstacle": words.gettext(obstacle) if obstacle else str(reason.values.get("rule", ""))
    }


_SPECIAL: Mapping[str, Callable[[Reason, Words], str]] = {
    "bundled-with": _say_bundled,
    "late-by-days": _say_late,
    "overruled": _say_overruled,
}


def say_finding(finding: Finding, words: Words, *, owed_by: str = "") -> str:
    """What is known of a readiness item, whom to ask, since when and until when, in one line.

    `owed_by` is what the specialty is called that owes it; a name noted with the item comes first.
    """
    parts = [f"{finding.label.in_language(words.language)}: {_say_state(finding, words)}"]
    record = finding.record
    open_states = (ReadinessState.MISSING, ReadinessState.STALE, ReadinessState.EXPECTED)
    if finding.state in open_states:
        owing = (record.owed_by if record and record.owed_by else "") or owed_by
        if owing:
            parts.append(words.gettext("ask %(who)s") % {"who": owing})
        if record and record.owed_since:
            day = format_date(record.owed_since, words.language)
            parts.append(words.gettext("asked since %(day)s") % {"day": day})
        if record and record.expected_on:
            day = format_date(record.expected_on, words.language)
            parts.append(words.gettext("expected on %(day)s") % {"day": day})
    return " · ".join(parts)


def _say_state(finding: Finding, words: Words) -> str:
    if finding.state is ReadinessState.STALE and finding.age_days is not None:
        if finding.limit_days is not None:
            return words.gettext("%(age)d days old, %(limit)d allowed") % {
                "age": finding.age_days,
                "limit": finding.limit_days,
            }
        return words.gettext("%(age)d days old") % {"age": finding.age_days}
    said = say_code(finding.state.value, words, READINESS)
    return said if words.language.startswith("ko") else said[:1].lower() + said[1:]
