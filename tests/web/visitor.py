"""A person at a browser without JavaScript: follows links, fills in forms, reads words."""

from __future__ import annotations

import re
import time
from html import unescape
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.builders import PASSWORD
from tumorboard.services.access import Role

LONGEST_RUN_SECONDS = 30
VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})


class Page(HTMLParser):
    """The words of a page, its headings, links and forms."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__()
        self.status = response.status_code
        self.html = response.get_data(as_text=True)
        self.words: list[str] = []
        self.links: dict[str, str] = {}
        self.actions: list[str] = []
        self.rows: list[list[str]] = []
        self._link: str | None = None
        self._in_row = False
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a":
            self._link = values.get("href") or ""
        elif tag == "form":
            self.actions.append(values.get("action") or "")
        elif tag == "tr":
            self.rows.append([])
            self._in_row = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._link = None
        elif tag == "tr":
            self._in_row = False

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if not text:
            return
        self.words.append(text)
        if self._link is not None:
            self.links.setdefault(text, self._link)
        if self._in_row:
            self.rows[-1].append(text)

    @property
    def text(self) -> str:
        """All words of the page, in order."""
        return " ".join(self.words)

    def action(self, ending: str) -> str:
        """The address of the only form whose address has this ending."""
        found = {action for action in self.actions if re.fullmatch(f".*{ending}", action)}
        assert len(found) == 1, (ending, self.actions)
        return found.pop()


class Visitor:
    """A browser session; `see` follows redirects, `send` fills in a form with the token of the last page."""

    def __init__(self, app: Flask, language: str = "en") -> None:
        self.client = app.test_client()
        self.language = language
        self.token = ""
        self.address = "/"

    def log_in(self, email: str, password: str = PASSWORD) -> Page:
        """Log in at the form; the page one lands on."""
        self.see("/log-in")
        return self.send("/log-in", email=email, password=password)

    def see(self, address: str) -> Page:
        """Open an address."""
        return self._arrive(self.client.get(address, headers=self._headers(), follow_redirects=True))

    def send(self, address: str, **fields: Any) -> Page:
        """Send a form; the page one lands on."""
        body = {"csrf_token": self.token, **fields}
        response = self.client.post(address, data=body, headers=self._headers(), follow_redirects=True)
        return self._arrive(response)

    def propose(self, board: str, **fields: Any) -> Page:
        """Ask for a proposal and wait, as somebody who looks at the run's page; the page one lands on in the end."""
        page = self.send(f"/boards/{board}/propose", **fields)
        until = time.monotonic() + LONGEST_RUN_SECONDS
        while self.address.startswith("/runs/") and any(action.endswith("/stop") for action in page.actions):
            assert time.monotonic() < until, page.text
            time.sleep(0.1)
            page = self.see(self.address)
        return page

    def _headers(self) -> dict[str, str]:
        return {"Accept-Language": self.language}

    def _arrive(self, response: TestResponse) -> Page:
        page = Page(response)
        self.address = response.request.full_path.rstrip("?")
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.html)
        self.token = unescape(found[1]) if found else self.token
        return page


def a_visitor(app: Flask, role: Role = Role.COORDINATOR, language: str = "en") -> Visitor:
    """Somebody with a role who has logged in."""
    visitor = Visitor(app, language)
    visitor.log_in(f"{role}@hospital.example")
    return visitor
