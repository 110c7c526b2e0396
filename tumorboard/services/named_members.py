"""What the members of the centre may be called in case lists and forms."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.cells import as_word
from tumorboard.domain.intake_people import People
from tumorboard.store.people import Member


def load_people(session: Session) -> People:
    """Every name, name with title, address and public id of a member who is there."""
    query = select(Member.public_id, Member.name, Member.title, Member.email).where(Member.active)
    found: dict[str, set[str]] = defaultdict(set)
    for member, name, title, email in session.execute(query):
        for called in (member, name, f"{name} {title}", email):
            found[as_word(called)].add(member)
    return found
