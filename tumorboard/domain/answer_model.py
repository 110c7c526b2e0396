"""The words in which incoming mail about an invitation is spoken of: the mail, the state it meets, the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from tumorboard.domain.timeline import Interval


class Effect(StrEnum):
    """What a message does. `none`, `queue` and `quarantine` change nothing by themselves."""

    PARTSTAT = "partstat"
    """An invited person answered."""
    DELEGATE = "delegate"
    """She names somebody else, whom a coordinator may ask."""
    PROPOSAL = "proposal"
    """She proposes another time, for a coordinator to accept or decline."""
    RESEND = "resend"
    """She asks for the current invitation again."""
    QUEUE = "queue"
    """Somebody who is not invited answered: a coordinator looks."""
    QUARANTINE = "quarantine"
    """The sender is not the person who answers: a coordinator looks."""
    BOUNCE = "bounce"
    """A letter could not be delivered to an address."""
    NONE = "none"


class Reason(StrEnum):
    """Why a message does no more than it does; beside these stands any `problem` of InboundMail."""

    AUTOMATIC = "automatic"
    BAD_SEQUENCE = "bad-sequence"
    CONTRADICTION = "contradiction"
    DELEGATE_MISSING = "delegate-missing"
    FUTURE_SEQUENCE = "future-sequence"
    FUTURE_STAMP = "future-stamp"
    NO_ATTENDEE = "no-attendee"
    NO_CALENDAR = "no-calendar"
    NO_STAMP = "no-stamp"
    NO_TIME = "no-time"
    NOT_AN_ANSWER = "not-an-answer"
    NOT_INVITED = "not-invited"
    ORGANIZER_ONLY = "organizer-only"
    SENDER_NOT_ATTENDEE = "sender-not-attendee"
    SEVERAL_DELEGATES = "several-delegates"
    STALE_SEQUENCE = "stale-sequence"
    STALE_STAMP = "stale-stamp"
    THIS_AND_FUTURE = "this-and-future"
    UNKNOWN_ASSISTANT = "unknown-assistant"
    UNKNOWN_INSTANCE = "unknown-instance"
    UNKNOWN_METHOD = "unknown-method"
    UNKNOWN_UID = "unknown-uid"


@dataclass(frozen=True, slots=True)
class InboundAttendee:
    """An ATTENDEE line: addresses without `mailto:`, in small letters; `partstat` as written, in capitals."""

    address: str
    partstat: str = "NEEDS-ACTION"
    delegated_to: tuple[str, ...] = ()
    sent_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEvent:
    """A VEVENT of a message. Instants are UTC; what could not be read is None.

    `has_recurrence` says that a RECURRENCE-ID stands there, read or not: as an instant, as a naive wall clock of the
    event's own zone, or as a day there. `bad_sequence` says that SEQUENCE is no number, `and_later` is
    RANGE=THISANDFUTURE. A start or an end that the clock of its zone leaves out makes both None.
    """

    uid: str
    sequence: int | None = None
    bad_sequence: bool = False
    stamp: datetime | None = None
    has_recurrence: bool = False
    recurrence_at: datetime | None = None
    recurrence_wall: datetime | None = None
    recurrence_on: date | None = None
    and_later: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    attendees: tuple[InboundAttendee, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMail:
    """What counts in a mail. `sender` is the one address of From, empty unless there is just one.

    `method` is that of the calendar object's body, else the MIME parameter. `digest` is the SHA-256 of all that
    counts, so that the same message by two ways is one. `is_automatic` is an out-of-office note or a list; `bounced`
    are the addresses a delivery report gives up on, `returned_id` the Message-ID of the letter it gives back.
    `problem` is the code of why a calendar object could not be read, empty when it could: `no-calendar`, `html-only`,
    `winmail`, `not-a-calendar`, `incomplete-calendar`, `no-event`, `method-missing`, `several-events`,
    `duplicate-event`, `too-large`, `unreadable`.
    """

    sender: str
    digest: str
    message_id: str = ""
    is_automatic: bool = False
    bounced: tuple[str, ...] = ()
    returned_id: str = ""
    method: str = ""
    method_parameter: str = ""
    events: tuple[InboundEvent, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventState:
    """What the service knows of the event that a message names.

    `sequence` and `last_sent` are of the last message sent. `attendees` has the PARTSTAT per address in small letters,
    `processed` the DTSTAMP of the last answer for the whole event taken from it since SEQUENCE was raised last,
    `delegates` who may answer for it (SENT-BY). `instances` are the original starts of a series, None for a single
    event; `span` is the event, or the first instance; `time_zone` the IANA name of its wall clock. Instances with a
    SEQUENCE or answers of their own stand in `instance_sequences` and `processed_instances`.
    """

    uid: str
    sequence: int
    last_sent: datetime
    organizer: str
    span: Interval
    attendees: Mapping[str, str]
    processed: Mapping[str, datetime] = field(default_factory=dict)
    delegates: Mapping[str, frozenset[str]] = field(default_factory=dict)
    instances: frozenset[datetime] | None = None
    time_zone: str = "UTC"
    instance_sequences: Mapping[datetime, int] = field(default_factory=dict)
    processed_instances: Mapping[tuple[str, datetime], datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The effect, with what it is about; `reason` is a code that says why it is no stronger one.

    `address` is the delegate, the bounced address or a sender who is not the attendee. `instance` is the original
    start of one instance, None for the whole event. `also` are further effects of the same message: a series and
    instances of it may be answered in one.
    """

    effect: Effect
    reason: str = ""
    uid: str = ""
    attendee: str = ""
    partstat: str = ""
    instance: datetime | None = None
    proposed: Interval | None = None
    comment: str = ""
    address: str = ""
    sequence: int | None = None
    stamp: datetime | None = None
    also: tuple[Verdict, ...] = ()
