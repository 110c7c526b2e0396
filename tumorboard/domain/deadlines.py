"""When an answer to an invitation is expected, when it is asked for once more, and when the coordinators hear of it."""

from __future__ import annotations

from datetime import datetime, timedelta

TIME_TO_ANSWER = timedelta(days=1)
"""Everybody has so long for an answer, however late she is asked."""

SOON = timedelta(hours=48)
"""A meeting within this time is too near to wait for a morning."""

GRACE = timedelta(days=1)
SHORT_GRACE = timedelta(hours=2)
"""How long after a reminder nobody else is told: shorter when the meeting is near."""


def answer_due_at(asked_at: datetime, starts_at: datetime, *, answer_days: int) -> datetime:
    """So many days before the meeting, a day after she was asked if that is later; the meeting itself at the latest."""
    return min(starts_at, max(starts_at - timedelta(days=answer_days), asked_at + TIME_TO_ANSWER))


def remind_at(asked_at: datetime, starts_at: datetime, *, answer_days: int, remind_days: int) -> datetime:
    """So many days after she was asked, and not later than the answer is due."""
    due_at = answer_due_at(asked_at, starts_at, answer_days=answer_days)
    return min(asked_at + timedelta(days=remind_days), due_at)


def escalate_at(
    asked_at: datetime, starts_at: datetime, *, answer_days: int, reminded_at: datetime | None, now: datetime
) -> datetime:
    """When the answer is due; who was reminded late has a while to answer first, if the meeting leaves one."""
    due_at = answer_due_at(asked_at, starts_at, answer_days=answer_days)
    if reminded_at is None:
        return due_at
    grace = SHORT_GRACE if starts_at - now <= SOON else GRACE
    return max(due_at, min(reminded_at + grace, starts_at - SHORT_GRACE))
