"""What a calendar object is made of: one person's invitations, events and series of a feed. No field is a patient's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Partstat(StrEnum):
    """What the attendee has answered (RFC 5545, 3.2.12)."""

    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    TENTATIVE = "TENTATIVE"
    DECLINED = "DECLINED"
    DELEGATED = "DELEGATED"


class FeedStatus(StrEnum):
    """Whether an event of a feed takes place."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class OtherAttendee:
    """Whom she delegated to, or who delegated to her, with her answer."""

    email: str
    name: str
    partstat: Partstat


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """One person's part in one meeting. `stamp` is when the message was made; `url` needs a login.

    `sequence` grows when the time or the fact of the event changes, never for its room or its title: a person who
    accepted need not accept again then. `required` is False for somebody whose presence is only recommended; her time
    is taken all the same. `alarm_minutes` before the start her calendar reminds her, if she asked for it. With
    `allow_proposals` she may propose another time. `related_uid` is the event that this one takes the place of.
    `delegated_to` and `delegated_from` stand in a request beside her (RFC 5546, 3.2.2.3).
    """

    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    title: str
    description: str
    location: str
    video_url: str | None
    url: str
    organizer_email: str
    organizer_name: str
    attendee_email: str
    attendee_name: str
    language: str
    partstat: Partstat = Partstat.NEEDS_ACTION
    required: bool = True
    alarm_minutes: int | None = None
    allow_proposals: bool = True
    related_uid: str | None = None
    delegated_to: OtherAttendee | None = None
    delegated_from: OtherAttendee | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """One event of a feed; `stamp` is when it last changed, so that an unchanged feed keeps its bytes.

    An event that is not `is_busy` is for information and takes nobody's time. `alarm_minutes` is for a subscriber who
    asked for it.
    """

    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    title: str
    description: str
    location: str
    video_url: str | None
    url: str
    status: FeedStatus = FeedStatus.CONFIRMED
    is_busy: bool = True
    alarm_minutes: int | None = None
    related_uid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """The same wall clock of the event's zone once a week, up to the start `until`, without the starts in `excluded`.

    All are instants at which the rule falls.
    """

    until: datetime
    excluded: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSeries:
    """A weekly series of a feed: its first instance, how it goes on, and the instances that differ.

    `overrides` are the events by the start they had by the rule.
    """

    first: FeedEvent
    weekly: Weekly
    overrides: tuple[tuple[datetime, FeedEvent], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesInvitation:
    """One person's part in a weekly series, as `FeedSeries`; what is no time in `first` holds for all its instances."""

    first: Invitation
    weekly: Weekly
    overrides: tuple[tuple[datetime, Invitation], ...] = ()
