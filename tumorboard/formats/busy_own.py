"""Which events of somebody's calendar are our own invitations: they must not make her busy against herself."""

from __future__ import annotations

_WRAP = "7643616c2d556964" + "01000000"
"""`vCal-Uid` and a version in hexadecimal: so Exchange keeps a foreign UID in its own (MS-OXCICAL 2.1.3.1.1.20.26)."""


def is_own(uid: str, domain: str) -> bool:
    """True for a UID of this domain (RFC 7986, 5.3), also as Exchange wraps it; not for one of a domain below it."""
    return _domain_of(uid) == domain.strip().casefold() or _domain_of(_unwrap(uid)) == domain.strip().casefold()


def _domain_of(uid: str) -> str | None:
    before, mark, domain = uid.strip().casefold().rpartition("@")
    return domain if mark and before else None


def _unwrap(uid: str) -> str:
    """What Exchange wrapped; empty when it wrapped nothing."""
    _, found, wrapped = uid.strip().lower().partition(_WRAP)
    try:
        return bytes.fromhex(wrapped).rstrip(b"\0").decode("ascii") if found else ""
    except ValueError:
        return ""
