"""Use cases: one function, one transaction. No Flask: every door calls the same functions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from tumorboard.domain.errors import Conflict
from tumorboard.store.db import begin_writing
from tumorboard.store.meetings import OVERLAP_MESSAGE


@contextmanager
def transaction(session: Session) -> Iterator[Session]:
    """One writing transaction: all of it or nothing.

    Raises Conflict `double-booked` where the schema's guard refused an overlap, `changed-meanwhile` where somebody else
    changed the same rows first, `busy` where the database stayed locked.
    """
    try:
        begin_writing(session)
        yield session
        session.commit()
    except StaleDataError:
        session.rollback()
        raise Conflict(
            "somebody else changed this in the meantime; load it again and repeat the change", code="changed-meanwhile"
        ) from None
    except IntegrityError as error:
        session.rollback()
        text = str(error.orig)
        if OVERLAP_MESSAGE in text or "ex_booking_overlap" in text:
            raise Conflict(
                "a member or room is already booked for part of this time; choose another time, room or member",
                code="double-booked",
            ) from None
        raise Conflict(
            "this already exists, or something it refers to does not; load the page again", code="already-exists"
        ) from error
    except OperationalError as error:
        session.rollback()
        if "locked" in str(error.orig) or "deadlock" in str(error.orig):
            raise Conflict("the database is busy; try again in a moment", code="busy") from error
        raise
    except BaseException:
        session.rollback()
        raise
