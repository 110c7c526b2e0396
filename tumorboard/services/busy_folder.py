"""The folder into which the IT staff puts exported calendars: `kim@hospital.example.ics`, read when they change."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tumorboard.domain.errors import BadInput
from tumorboard.formats.busy import LIMITS

ENDING = ".ics"
MOST_FILES = 2_000
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A file of the folder. `stamp` changes when somebody writes it; empty for what is no regular file."""

    name: str
    email: str
    stamp: str


@dataclass(frozen=True, slots=True)
class Folder:
    """The calendars of a folder by the mail address they are named after.

    `strange` are the codes of what was not taken, by name: `doubled-file` or `not-a-file`.
    """

    files: Mapping[str, FolderFile]
    strange: tuple[tuple[str, str], ...]


def list_folder(folder: Path) -> Folder:
    """What lies in the folder itself, nothing below it.

    Raises BadInput `folder-unreadable`, `too-large` for more files than a centre has people.
    """
    files: dict[str, FolderFile] = {}
    strange: list[tuple[str, str]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if not entry.name.lower().endswith(ENDING) or entry.name.startswith("."):
                    continue
                if len(files) >= MOST_FILES:
                    raise BadInput(f"the folder has more than {MOST_FILES} calendars", code="too-large")
                file = _describe(entry)
                if file.email in files:
                    strange.append((say_name(file.name), "doubled-file"))
                    continue
                files[file.email] = file
                if not file.stamp:
                    strange.append((say_name(file.name), "not-a-file"))
    except OSError:
        raise BadInput("the folder of calendars cannot be read; ask the operator", code="folder-unreadable") from None
    return Folder(files, tuple(sorted(strange)))


def _describe(entry: os.DirEntry[str]) -> FolderFile:
    email = entry.name[: -len(ENDING)].strip().lower()
    with suppress(OSError):
        found = entry.stat(follow_symlinks=False)
        if stat.S_ISREG(found.st_mode):
            return FolderFile(entry.name, email, f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}")
    return FolderFile(entry.name, email, "")


def read_folder_file(folder: Path, file: FolderFile) -> bytes:
    """The bytes of a regular file, never through a link.

    Raises BadInput `not-a-file`, `too-large`, `unreadable-file`.
    """
    try:
        handle = os.open(folder / file.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise BadInput(f"{say_name(file.name)} cannot be opened", code="unreadable-file") from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise BadInput(f"{say_name(file.name)} is no regular file", code="not-a-file")
        with open(handle, "rb", closefd=False) as opened:
            content = opened.read(LIMITS.content_bytes + 1)
    except OSError:
        raise BadInput(f"{say_name(file.name)} cannot be read", code="unreadable-file") from None
    finally:
        os.close(handle)
    if len(content) > LIMITS.content_bytes:
        raise BadInput(f"{say_name(file.name)} is larger than {LIMITS.content_bytes / 1e6:.0f} MB", code="too-large")
    return content


def say_name(name: str) -> str:
    """A file's name for the operator: short, and on one line."""
    return "".join(sign if sign.isprintable() else "?" for sign in name[:_LONGEST_NAME])
