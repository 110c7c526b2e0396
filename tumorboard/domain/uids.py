"""UIDs of calendar entries that are worked out (RFC 7986, 5.3): the same text has the same one, which tells nothing."""

from __future__ import annotations

import hashlib
import uuid


def derive_uid(text: str) -> str:
    """A UUID. Its dashes part what would else be, in one entry of some hundreds, thirteen digits in a row: those look
    like a resident registration number to whoever watches the mail of a hospital."""
    return str(uuid.UUID(hex=hashlib.sha256(text.encode()).hexdigest()[:32]))
