"""Signed addresses in letters, at which an invitation is answered: written here, read in `answer_links.py`.

A token carries the public id of an invitation or of a whole series, its SEQUENCE and an answer: when the member is
asked anew, it ends by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from itsdangerous import BadData, URLSafeSerializer

from tumorboard.domain.errors import NotFound
from tumorboard.mail.letters import AnswerLinks
from tumorboard.services.parts import is_asked_again
from tumorboard.services.setup import Setup
from tumorboard.store.calendars import StandingInvitation
from tumorboard.store.meetings import MeetingInvitation

ANSWERS = ("accepted", "tentative", "declined")
"""What a member can say by herself; `delegated` needs a coordinator."""

LONGEST_TOKEN = 300
_SALT = "answer-link"
_KINDS = {MeetingInvitation: "one", StandingInvitation: "series"}


@dataclass(frozen=True, slots=True)
class LinkToken:
    """What a link carries."""

    public_id: str
    sequence: int
    answer: str
    is_series: bool


def write_answer_links(setup: Setup, row: MeetingInvitation | StandingInvitation) -> AnswerLinks | None:
    """The links for a letter about one meeting or about a whole series; None where no answer is asked for.

    Equal state gives equal links.
    """
    is_again = isinstance(row, MeetingInvitation) and is_asked_again(row)
    if not setup.link_key or row.status != "invited" or not (row.answer == "needs-action" or is_again):
        return None
    accept, tentative, decline = (f"{setup.base_url}/answer/{write_token(setup, row, answer)}" for answer in ANSWERS)
    return AnswerLinks(accept=accept, tentative=tentative, decline=decline)


def write_token(setup: Setup, row: MeetingInvitation | StandingInvitation, answer: str) -> str:
    """The signed part of a link."""
    token = _serializer(setup).dumps([_KINDS[type(row)], row.public_id, row.sequence, answer])
    return token if isinstance(token, str) else token.decode()


def open_token(setup: Setup, token: str) -> LinkToken:
    """What a token carries. Raises NotFound `unknown-link` for one that we did not write."""
    try:
        if setup.link_key and len(token) <= LONGEST_TOKEN:
            kind, public_id, sequence, answer = _serializer(setup).loads(token)
            return LinkToken(str(public_id), int(sequence), str(answer), is_series=kind == "series")
    except (BadData, ValueError, TypeError):
        pass
    raise unknown_link()


def unknown_link() -> NotFound:
    """The refusal that is the same for every wrong link."""
    return NotFound("there is nothing at this address; use the link of the newest letter", code="unknown-link")


def _serializer(setup: Setup) -> URLSafeSerializer:
    """Whatever else the key signs cannot be used as a link: the salt is its own."""
    options = {"key_derivation": "hmac", "digest_method": sha256}
    return URLSafeSerializer(setup.link_key, salt=_SALT, signer_kwargs=options)
