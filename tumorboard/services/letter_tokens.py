"""Signed addresses in letters, at which their kind is switched off: written here, read in `letter_links.py`.

A token carries who was written to, the kind of the letter, and a print of her mail address: when that changes, the
links in letters to the old address end.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from itsdangerous import BadData, URLSafeSerializer

from tumorboard.domain.errors import NotFound
from tumorboard.services.setup import Setup
from tumorboard.store.people import Account, Member

LONGEST_TOKEN = 300
_SALT = "letter-link"
_WHO = {Member: "member", Account: "account"}
_PRINT_LENGTH = 12


@dataclass(frozen=True, slots=True)
class LetterToken:
    """What a link carries: `who` is `member` or `account`, `kind` the name of a preference."""

    who: str
    public_id: str
    kind: str
    address: str


def write_letter_link(setup: Setup, row: Member | Account, kind: str) -> str | None:
    """The address for a letter of a kind to a member or an account, None where nothing is signed.

    Equal state gives equal links.
    """
    if not setup.link_key:
        return None
    token = _serializer(setup).dumps([_WHO[type(row)], row.public_id, kind, print_address(row.email)])
    return f"{setup.base_url}/letters/{token if isinstance(token, str) else token.decode()}"


def open_letter_token(setup: Setup, token: str) -> LetterToken:
    """What a token carries. Raises NotFound `unknown-link` for one that we did not write."""
    try:
        if setup.link_key and len(token) <= LONGEST_TOKEN:
            who, public_id, kind, address = _serializer(setup).loads(token)
            return LetterToken(str(who), str(public_id), str(kind), str(address))
    except (BadData, ValueError, TypeError):
        pass
    raise unknown_letter_link()


def unknown_letter_link() -> NotFound:
    """The refusal that is the same for every wrong link."""
    return NotFound("there is nothing at this address; use the link of the newest letter", code="unknown-link")


def print_address(email: str) -> str:
    """What of a mail address stands in a token: enough to tell whether it is still hers."""
    return sha256(email.casefold().encode()).hexdigest()[:_PRINT_LENGTH]


def _serializer(setup: Setup) -> URLSafeSerializer:
    """Whatever else the key signs cannot be used as a link: the salt is its own."""
    options = {"key_derivation": "hmac", "digest_method": sha256}
    return URLSafeSerializer(setup.link_key, salt=_SALT, signer_kwargs=options)
