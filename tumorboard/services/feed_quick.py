"""The two questions of a feed request, asked of the driver itself: thousands of calendars poll them.

They are the statements of `services/feeds.py`, compiled once; nothing is decided here that is not decided there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Dialect, PoolProxiedConnection, Select

from tumorboard.services.accounts import hash_token
from tumorboard.services.feeds import BODIES, HEAD, FeedHead


class QuickFeeds:
    """The statements in the words of one database."""

    def __init__(self, dialect: Dialect) -> None:
        self._head = _Statement(HEAD, dialect, "token_hash")
        self._bodies = {kind: _Statement(query, dialect, "document_id") for kind, query in BODIES.items()}

    def find(self, connection: PoolProxiedConnection, *, token: str) -> FeedHead | None:
        """As `find_feed`; None where that raises NotFound."""
        row = self._head.ask(connection, hash_token(token))
        if row is None:
            return None
        used_at = None if row[5] is None else _read_instant(row[5])
        return FeedHead(row[0], row[1], row[2], row[3], _read_instant(row[4]), used_at)

    def read(self, connection: PoolProxiedConnection, head: FeedHead, *, compressed: bool) -> bytes | None:
        """As `read_feed`; None where the feed went or changed between the two questions."""
        row = self._bodies[compressed].ask(connection, head.document_id)
        return None if row is None or row[0] is None or row[1] != head.etag else bytes(row[0])


class _Statement:
    """A statement with one value to fill in."""

    def __init__(self, query: Select[*tuple[Any, ...]], dialect: Dialect, name: str) -> None:
        state = query.compile(dialect=dialect).construct_expanded_state({name: None})
        self._text = state.statement
        self._values: Mapping[str, Any] = state.parameters
        self._order: Sequence[str] | None = state.positiontup
        self._name = name

    def ask(self, connection: PoolProxiedConnection, value: object) -> Any:
        values = {**self._values, self._name: value}
        given = values if self._order is None else tuple(values[name] for name in self._order)
        cursor = connection.cursor()
        try:
            cursor.execute(self._text, given)
            return cursor.fetchone()
        finally:
            cursor.close()


def _read_instant(value: datetime | str) -> datetime:
    """SQLite keeps instants as text, PostgreSQL as naive UTC."""
    return (datetime.fromisoformat(value) if isinstance(value, str) else value).replace(tzinfo=UTC)
