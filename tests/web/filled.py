"""A form of a page as a browser would send it: what stands in its fields, what is ticked, what is chosen."""

from __future__ import annotations

from html.parser import HTMLParser

from tests.web.visitor import Page


class _Fields(HTMLParser):
    def __init__(self, action: str) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self._action = action
        self._is_inside = False
        self._select = ""
        self._first: str | None = None
        self._choice: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_inside = values.get("action") == self._action
        elif not self._is_inside:
            return
        elif tag == "input" and (values.get("type") not in ("checkbox", "radio") or "checked" in values):
            self._add(values.get("name", ""), values.get("value", ""))
        elif tag == "select":
            self._select, self._first, self._choice = values.get("name", ""), None, None
        elif tag == "option" and "selected" in values:
            self._choice = values.get("value", "")
        elif tag == "option" and self._choice is None:
            self._first = self._first if self._first is not None else values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "select" and self._is_inside:
            self._add(self._select, self._choice if self._choice is not None else self._first or "")

    def _add(self, name: str, value: str) -> None:
        if name:
            self.fields.setdefault(name, []).append(value)


def filled(page: Page, action: str) -> dict[str, list[str]]:
    """The fields of the form with this address, without its token."""
    reader = _Fields(action)
    reader.feed(page.html)
    reader.fields.pop("csrf_token", None)
    assert reader.fields, (action, page.actions)
    return reader.fields
