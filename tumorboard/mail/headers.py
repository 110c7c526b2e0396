"""Header lines that hold people's words, so that every reader sees the same words (RFC 5322, RFC 2047).

Python folds a long name with a comma or a colon without its quotes, and a Korean subject at a blank that readers drop.
"""

from __future__ import annotations

import re
from email.header import Header

from tumorboard.domain.errors import BadInput

_BREAK = "\r\n"
_LONGEST_LINE = 78
_LONGEST_LINE_ALLOWED = 998
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LOOKS_ENCODED = re.compile(r"=\?|\?=")
_LINK = re.compile(r"https?://[!-;=?-~]+")


def write_text(name: str, text: str) -> str:
    """A header of plain words, folded; the text is a single line.

    RFC 2047 section 6.2: white space between adjacent encoded words is not shown, so none may be lost there.
    """
    charset = "us-ascii" if text.isascii() and not _LOOKS_ENCODED.search(text) else "utf-8"
    return f"{name}: {_encode(name, text, charset)}"


def write_address(name: str, display_name: str, email: str) -> str:
    """A header with one address; both are checked by the caller: a single line, and an address of ASCII."""
    if not display_name.strip():
        return f"{name}: {email}"
    shown = f"{name}: {_write_phrase(name, display_name)}"
    has_room = len(shown.rpartition(_BREAK)[2]) + len(f" <{email}>") <= _LONGEST_LINE
    return f"{shown}{'' if has_room else _BREAK} <{email}>"


def write_link(name: str, url: str) -> str:
    """A header with one link on one line: programs that read it are known to stumble over folds.

    Raises BadInput (`bad-header`) for a link with anything but ASCII in it, or too long for a line.
    """
    line = f"{name}: <{url}>"
    if not _LINK.fullmatch(url) or len(line) > _LONGEST_LINE_ALLOWED:
        raise BadInput("the link in the letter's header is too long or no https:// or http:// link", code="bad-header")
    return line


def _write_phrase(name: str, words: str) -> str:
    """A display name: as it is, between quotes, or as encoded words where it is not ASCII."""
    if not words.isascii() or _LOOKS_ENCODED.search(words):
        return _encode(name, words, "utf-8")
    if _ATOMS.fullmatch(words):
        return _fold(words, len(name) + 2)
    quoted = words.replace("\\", "\\\\").replace('"', '\\"')
    return _fold(f'"{quoted}"', len(name) + 2)


def _encode(name: str, words: str, charset: str) -> str:
    return Header(words, charset, header_name=name).encode(linesep=_BREAK)


def _fold(text: str, used: int) -> str:
    """Break before a blank where the line would be too long; a reader takes the line break out, and the blank stays."""
    lines, line, room = [], "", _LONGEST_LINE - used
    for word in re.split(r"(?= )", text):
        if line.strip(' "') and word.strip() and len(line) + len(word) > room:
            lines.append(line)
            line, room = "", _LONGEST_LINE
        line += word
    return _BREAK.join([*lines, line])
