"""One run of the whole line, step by step, with its own account of who must hear what.

What is expected is worked out from the windows before and after a publication alone, never from what the service
thinks it has to send.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tumorboard.demo
from tests.cli.conftest import Terminal
from tests.journeys.mailroom import Entry, Letter, Mailroom, read_entries

CENTRE = Path(tumorboard.demo.__file__).parent / "centre.toml"
BOARD = PROGRAM = "ovarian"


@dataclass(frozen=True, slots=True)
class Window:
    """A member's part in one meeting, with all that her letter says."""

    starts_at: datetime
    ends_at: datetime
    said: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """A letter somebody must get."""

    recipient: str
    method: str
    sequence: int
    starts_at: datetime
    ends_at: datetime


@dataclass(slots=True)
class Line:
    """The line on one centre. `windows` are the published ones by meeting and address, `sequences` the last said."""

    terminal: Terminal
    mailroom: Mailroom
    windows: dict[tuple[str, str], Window] = field(default_factory=dict)
    sequences: dict[tuple[str, str], int] = field(default_factory=dict)
    uids: dict[tuple[str, str], str] = field(default_factory=dict)
    heard: list[Letter] = field(default_factory=list)

    def furnish(self, case_list: bytes, *, day: str) -> int:
        """Load the centre, import the list, see the needs, note the reports; gives the number of cases."""
        self.terminal.text("centre", "load", CENTRE)
        report = self.terminal.json("cases", "import", "-", "--program", PROGRAM, typed=case_list)
        again = self.terminal.json("cases", "import", "-", "--program", PROGRAM, typed=case_list)
        needs = self.terminal.json("cases", "needs", "-", "--program", PROGRAM, typed=case_list)
        assert report["refused"] == 0
        assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, report["created"])
        assert len(needs) == report["created"]
        for item in ("ct_chest_abdomen_pelvis", "pathology_report", "cea"):
            self.terminal.text("cases", "note", item, "--all", "--program", PROGRAM, "--reported-on", day)
        return len(needs)

    def propose(self, weeks: int) -> dict[str, Any]:
        """A draft of the next weeks."""
        draft: dict[str, Any] = self.terminal.json("plan", "propose", "--board", BOARD, "--weeks", weeks)
        return draft

    def publish(self, draft: Mapping[str, Any]) -> list[Expected]:
        """Publish a draft and deliver the post; gives what had to be sent, after checking that just this arrived."""
        after = windows_of(draft)
        expected = self._difference(after)
        done = self.terminal.json("plan", "publish", "--draft", draft["draft"])
        assert done["letters"] == len(expected)
        self.windows = after
        self.deliver(expected)
        assert self.published_windows() == {key: (w.starts_at, w.ends_at) for key, w in after.items()}
        return expected

    def cancel(self, meeting: str) -> list[Expected]:
        """Cancel a meeting and deliver the post."""
        gone = {key: window for key, window in self.windows.items() if key[0] == meeting}
        expected = [self._letter(key, "CANCEL", window, step=1) for key, window in gone.items()]
        done = self.terminal.json("meetings", "cancel", meeting)
        assert done["letters"] == len(expected)
        self.windows = {key: window for key, window in self.windows.items() if key not in gone}
        self.deliver(expected)
        return expected

    def deliver(self, expected: list[Expected]) -> None:
        """Send what waits: exactly the expected letters arrive, and each entry keeps its UID."""
        sent = self.terminal.json("jobs", "once", "deliver-post")
        assert sent == {"sent": len(expected), "failed": 0, "dead": 0}
        arrived = self.mailroom.take()
        assert Counter(map(as_expected, arrived)) == Counter(expected)
        days = {window.starts_at.date(): key[0] for key, window in self.windows.items()}
        for letter in arrived:
            meeting = days.get(letter.entry.starts_at.date())
            if meeting is not None:
                assert self.uids.setdefault((meeting, letter.recipient), letter.entry.uid) == letter.entry.uid
        self.heard += arrived
        assert self.terminal.json("check") == []

    def _difference(self, after: Mapping[tuple[str, str], Window]) -> list[Expected]:
        found = []
        for key in sorted({*self.windows, *after}):
            old, new = self.windows.get(key), after.get(key)
            if new is None and old is not None:
                found.append(self._letter(key, "CANCEL", old, step=1))
            elif new is not None and old is None:
                found.append(self._letter(key, "REQUEST", new, step=1))
            elif new is not None and old is not None and new != old:
                is_moved = (new.starts_at, new.ends_at) != (old.starts_at, old.ends_at)
                found.append(self._letter(key, "REQUEST", new, step=int(is_moved)))
        return found

    def _letter(self, key: tuple[str, str], method: str, window: Window, *, step: int) -> Expected:
        """SEQUENCE begins at 0 and grows when the time changes or the entry ends (RFC 5546, 2.1.4)."""
        self.sequences[key] = self.sequences[key] + step if key in self.sequences else 0
        return Expected(key[1], method, self.sequences[key], window.starts_at, window.ends_at)

    def published_windows(self) -> dict[tuple[str, str], tuple[datetime, datetime]]:
        """The windows in the database, of the meetings that have any."""
        addresses = {row["id"]: row["email"] for row in self.terminal.json("members", "list")}
        return {
            (meeting["meeting"], addresses[window["member"]]): (
                instant(window["starts_at"]), instant(window["ends_at"]),
            )
            for meeting in self.terminal.json("meetings", "list", "--board", BOARD)
            for window in meeting["windows"]
        }  # fmt: skip

    def read_feed(self, address: str) -> tuple[str, list[Entry]]:
        """A member's feed as her calendar program fetches it."""
        url = self.terminal.json("feeds", "rotate", "--scope", "member", "--subject", address)["url"]
        answer = self.terminal.app.test_client().get(f"/feeds/{url.rpartition('/')[2]}")
        assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
        return answer.text, read_entries(answer.text)

    def check_feeds(self) -> None:
        """Every invited member's feed shows the windows her letters told her, and no others."""
        for address in sorted({key[1] for key in self.windows}):
            _, entries = self.read_feed(address)
            shown = {(entry.uid, entry.starts_at, entry.ends_at) for entry in entries if not entry.is_cancelled}
            told = {
                (self.uids[key], window.starts_at, window.ends_at)
                for key, window in self.windows.items()
                if key[1] == address
            }
            assert shown == told, address


def as_expected(letter: Letter) -> Expected:
    """A letter that arrived, to compare with what was expected."""
    entry = letter.entry
    assert entry.is_cancelled == (letter.method == "CANCEL")
    return Expected(letter.recipient, letter.method, entry.sequence, entry.starts_at, entry.ends_at)


def windows_of(draft: Mapping[str, Any]) -> dict[tuple[str, str], Window]:
    """The windows a draft plans, by meeting and address. Core members are told nothing about single cases."""
    found = {}
    for meeting in draft["meetings"]:
        for window in meeting["windows"]:
            if window["change"] == "withdrawn":
                continue
            said = [window["kind"], tuple(window["specialties"]), window["required"]]
            if window["kind"] == "on_demand":
                said += [tuple(window["cases"]), tuple(window["rules"])]
            key = (meeting["meeting"], window["email"])
            found[key] = Window(instant(window["starts_at"]), instant(window["ends_at"]), tuple(said))
    return found


def instant(text: str) -> datetime:
    """An instant of the JSON output, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)
