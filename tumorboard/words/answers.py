"""Answers and what came in with them, in words: for the coordinator's page, the meeting's and the API."""

from __future__ import annotations

from collections.abc import Mapping

from tumorboard.words import Words
from tumorboard.words import to_translate as _

ANSWERS: Mapping[str, str] = {
    "needs-action": _("no answer yet"),
    "accepted": _("accepted"),
    "tentative": _("perhaps"),
    "declined": _("declined"),
    "delegated": _("deputy asked"),
}
"""What a member said to an invitation."""

CHANNELS: Mapping[str, str] = {
    "mail": _("by mail"),
    "link": _("by the link in the letter"),
    "page": _("on a page of the service"),
    "coordinator": _("entered by a coordinator"),
}
"""Which way an answer came."""

STATES: Mapping[str, str] = {
    "open": _("open"),
    "done": _("done"),
    "accepted": _("acted on"),
    "declined": _("turned down"),
    "dismissed": _("dismissed"),
}
"""What became of a message, in words that are no answers: beside an answer they would be read as one."""

REASONS: Mapping[str, str] = {
    "automatic": _("an automatic note, no answer"),
    "bad-sequence": _("does not say which invitation it answers"),
    "cannot-be-handled": _("could not be handled"),
    "contradiction": _("says two things at once"),
    "delegate-missing": _("names nobody to ask instead"),
    "double-booked": _("comes after all, but is booked elsewhere at that time by now"),
    "duplicate-event": _("holds the same entry twice"),
    "future-sequence": _("answers an invitation we have not sent"),
    "future-stamp": _("says that it was written in the future; the sender's clock is wrong, or it is forged"),
    "has-delegated": _("somebody comes instead already; enter the deputy's no first"),
    "html-only": _("holds no calendar answer that can be read"),
    "incomplete-calendar": _("was cut short"),
    "kept-for-week": _("kept until that week is published, and counted from then on"),
    "meeting-cancelled": _("the meeting is cancelled"),
    "meeting-past": _("the meeting has begun"),
    "method-missing": _("does not say what kind of message it is"),
    "never-written-to": _("is about a letter we did not send"),
    "no-attendee": _("names nobody who answers"),
    "no-calendar": _("holds no calendar answer"),
    "no-event": _("holds no calendar entry"),
    "no-returned-letter": _(
        "the report gives back no letter of ours, so nobody is marked; write to the member to find out"
    ),
    "no-stamp": _("does not say when it was written"),
    "no-time": _("names no time that is possible"),
    "not-a-calendar": _("holds a calendar object that cannot be read"),
    "not-an-answer": _("holds no answer we know"),
    "not-invited": _("not invited to this meeting"),
    "not-published-yet": _("is about a meeting for which nothing is published yet; enter an absence if need be"),
    "organizer-only": _("only the board itself may do this"),
    "proposals-forbidden": _("the board allows no proposals; declined at once"),
    "publish-week-first": _("came before that week was published; once it is, accept or decline here"),
    "resend-too-soon": _("was sent again less than a minute before"),
    "sender-not-attendee": _("the sender is not the person who answers"),
    "several-delegates": _("names several people to come instead; ask the member whom, then enter one deputy"),
    "several-events": _("holds several calendar entries"),
    "several-methods": _("says two things at once"),
    "stale-sequence": _("answers a time that is no longer asked for"),
    "stale-stamp": _("is older than the answer we have"),
    "superseded": _("a later message of the same person replaces it"),
    "this-and-future": _("is about this and all later meetings; enter the answers by hand"),
    "too-large": _("too large to be read"),
    "unknown-answer": _("holds no answer we know"),
    "unknown-assistant": _("somebody we do not know answers for the member"),
    "unknown-instance": _("is about a day on which there is no meeting"),
    "unknown-method": _("is of a kind that is not read"),
    "unknown-uid": _("is about no invitation of ours"),
    "unreadable": _("cannot be read"),
    "weeks-moved-since": _("not taken for weeks that were moved since the question; a letter about each has left"),
    "winmail": _("came as winmail.dat, which cannot be read"),
}
"""Why a message did no more than it did."""

_FOR_PEOPLE = frozenset(
    {"cannot-be-handled", "html-only", "incomplete-calendar", "no-calendar", "too-large", "unreadable", "winmail"}
)
"""Messages that only a person can make sense of. Where no mailbox is read, nobody here has them."""
_IN_MAILBOX = _("%(why)s; look at it in the mailbox, where it is flagged")
_NOT_KEPT = _("%(why)s; the mail itself is not kept here, so ask the sender")

_SENTENCES: Mapping[str, str] = {
    "partstat": _("%(who)s: %(answer)s"),
    "delegate": _("%(who)s names %(address)s as deputy"),
    "proposal": _("%(who)s proposes %(proposed)s"),
    "resend": _("%(who)s asked for the invitation again"),
    "queue": _("%(sender)s answered: %(answer)s"),
    "quarantine": _("%(sender)s answered for %(who)s: %(answer)s"),
    "bounce": _("A letter to %(address)s came back"),
    "none": _("A mail of %(sender)s changed nothing"),
}
_UNKNOWN_SENDER = _("an unknown sender")


def say_message(effect: str, words: Words, *, who: str, sender: str, address: str, answer: str, proposed: str) -> str:
    """What came in, in one sentence without a full stop."""
    stranger = words.gettext(_UNKNOWN_SENDER)
    values = {
        "who": who or sender or stranger,
        "sender": sender or stranger,
        "address": address or sender or stranger,
        "answer": words.gettext(ANSWERS.get(answer.lower(), ANSWERS["needs-action"])),
        "proposed": proposed or words.gettext(_("another time")),
    }
    return words.gettext(_SENTENCES.get(effect, _SENTENCES["none"])) % values


def say_reason_code(code: str, words: Words, *, has_mailbox: bool) -> str:
    """Why, or the code itself where there are no words for it; empty for none. Says where the mail is to be found."""
    if code not in REASONS:
        return code.replace("-", " ")
    why = words.gettext(REASONS[code])
    if code not in _FOR_PEOPLE:
        return why
    return words.gettext(_IN_MAILBOX if has_mailbox else _NOT_KEPT) % {"why": why}


def say_answer(code: str, words: Words) -> str:
    """An answer as it stands in a table."""
    return words.gettext(ANSWERS.get(code, code))


def say_channel(code: str, words: Words) -> str:
    """Which way an answer came; empty for none."""
    return words.gettext(CHANNELS[code]) if code in CHANNELS else ""
